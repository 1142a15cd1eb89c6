"""Time as the engine counts it: whole microseconds, so that a moment is the same bytes on every database."""

import contextlib
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import NewType, Protocol
from zoneinfo import ZoneInfo

#: Microseconds since 1970-01-01T00:00:00Z.
Instant = NewType("Instant", int)

SECOND = 1_000_000
MINUTE = 60 * SECOND
HOUR = 60 * MINUTE
DAY = 24 * HOUR

#: The zone in which moments are shown to people and local days begin.
CIVIL_ZONE = ZoneInfo("Asia/Shanghai")

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


class Clock(Protocol):
    """Says what time it is; an act asks it once and hands the answer down."""

    def now(self) -> Instant: ...


class SystemClock:
    """The machine's own clock."""

    def now(self) -> Instant:
        return Instant(time.time_ns() // 1000)


class ShiftedClock:
    """The machine's clock moved by so many seconds as a file says, asked each time: for drills with real processes.

    A file that is missing, half written or no number leaves the last shift that was read.
    """

    def __init__(self, file: Path) -> None:
        self._file, self._shift = file, 0

    def now(self) -> Instant:
        # The machine's clock first: whoever is interrupted between the two is never ahead of a clock that was set back.
        at = time.time_ns() // 1000
        with contextlib.suppress(OSError, ValueError):
            self._shift = round(float(self._file.read_text()) * SECOND)
        return Instant(at + self._shift)


class SetClock:
    """A clock that stands still until it is moved: for tests, the demo and simulation."""

    def __init__(self, at: Instant) -> None:
        self.at = at

    def now(self) -> Instant:
        return self.at

    def advance(self, microseconds: int) -> Instant:
        self.at = Instant(self.at + microseconds)
        return self.at


def instant(moment: datetime) -> Instant:
    """The instant of an aware datetime; a naive one is refused, because its zone would be a guess."""
    if moment.tzinfo is None:
        raise ValueError("a moment without a zone is no instant")
    return Instant((moment - _EPOCH) // timedelta(microseconds=1))


def moment(at: Instant, zone: ZoneInfo = CIVIL_ZONE) -> datetime:
    """The aware datetime of an instant, in the zone people read."""
    return (_EPOCH + timedelta(microseconds=at)).astimezone(zone)


def shown(at: Instant | None) -> str:
    """An instant as people read it, e.g. ``2026-11-22 09:30``; empty for none."""
    return "" if at is None else moment(at).strftime("%Y-%m-%d %H:%M")


def iso(at: Instant) -> str:
    """An instant in ISO 8601 with its offset, e.g. ``2026-11-22T09:30:00.000000+08:00``."""
    return moment(at).isoformat(timespec="microseconds")
