"""When somebody wants to be told: quiet hours, digests, and what may come at night all the same."""

import re
from dataclasses import dataclass
from enum import StrEnum

from engine.clock import DAY, HOUR, MINUTE, Instant, moment

_MINUTES = 24 * 60
_TIME = re.compile(r"([01]?[0-9]|2[0-3])[:：]([0-5][0-9])")


class Digest(StrEnum):
    """How what waits is drawn together."""

    ONCE = "once"  #: as it comes; what comes together is one text
    HOURLY = "hourly"
    DAILY = "daily"


@dataclass(frozen=True, slots=True)
class QuietHours:
    """From one minute of the local day to another, midnight in between or not; two equal ones are no quiet hours."""

    begins: int
    ends: int

    def end(self, at: Instant) -> Instant | None:
        """When the quiet hours that `at` lies in are over; None outside of them."""
        minute = _of_day(at) // MINUTE
        if (minute - self.begins) % _MINUTES >= (self.ends - self.begins) % _MINUTES:
            return None
        return next_time(at, self.ends)

    def __str__(self) -> str:
        return "none" if self.begins == self.ends else f"{clock_time(self.begins)}-{clock_time(self.ends)}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Wishes:
    """How one person wants to be told."""

    #: None takes the installation's.
    quiet: QuietHours | None = None
    digest: Digest = Digest.ONCE
    #: Minute of the local day of a daily digest.
    digest_at: int = 8 * 60 + 30
    #: What is urgent comes at once, also in quiet hours and between digests.
    urgent: bool = False

    def may_come(self, *, posted: Instant, now: Instant, urgent: bool, installation: QuietHours) -> Instant:
        """The first moment from `now` on at which something posted at `posted` may be sent."""
        if urgent and self.urgent:
            return now
        quiet = installation if self.quiet is None else self.quiet
        at = max(now, self._drawn_together(posted))
        return quiet.end(at) or at

    def _drawn_together(self, posted: Instant) -> Instant:
        if self.digest is Digest.HOURLY:
            return Instant(-(-posted // HOUR) * HOUR)
        return next_time(posted, self.digest_at) if self.digest is Digest.DAILY else posted


def next_time(at: Instant, minute: int) -> Instant:
    """The next time from `at` on (itself included) that the local clock shows this minute of the day."""
    return Instant(at + (minute * MINUTE - _of_day(at)) % DAY)


def clock_time(minute: int) -> str:
    """A minute of the day as clocks show it, e.g. `07:30`."""
    return f"{minute // 60:02d}:{minute % 60:02d}"


def minute_of_day(text: str) -> int:
    """The minute of the day of `07:30`. Errors: `ValueError`."""
    found = _TIME.fullmatch(text.strip())
    if found is None:
        raise ValueError(text)
    return int(found[1]) * 60 + int(found[2])


def quiet_hours(text: str) -> QuietHours:
    """The quiet hours of `22:00-07:30`; `none` and two equal times are none. Errors: `ValueError`."""
    if text.strip() == "none":
        return QuietHours(0, 0)
    begins, sign, ends = text.replace("–", "-").partition("-")
    if not sign:
        raise ValueError(text)
    return QuietHours(minute_of_day(begins), minute_of_day(ends))


def digest(text: str) -> tuple[Digest, int | None]:
    """What `once`, `hourly` or `daily@08:30` ask for, with the minute of a daily one. Errors: `ValueError`."""
    kind, sign, at = text.strip().partition("@")
    if bool(sign) != (kind == Digest.DAILY):
        raise ValueError(text)
    return Digest(kind), minute_of_day(at) if sign else None


def _of_day(at: Instant) -> int:
    """Microseconds since local midnight: the civil zone has no summer time."""
    local = moment(at)
    return ((local.hour * 60 + local.minute) * 60 + local.second) * 1_000_000 + local.microsecond
