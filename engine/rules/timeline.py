"""Working hours laid out on the line of instants, with prefix sums: every question is a binary search.

Days belong to a zone, instants don't. An instant is working time exactly when the wall clock then shows a
time inside the hours of its local day. So a day on which clocks jump forward is an hour shorter, one on
which they fall back an hour longer, and a wall time that never came is never worked. China moved its clocks
in the summers of 1986–1991 [L].
"""

from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import accumulate
from typing import NamedTuple
from zoneinfo import ZoneInfo

from engine.clock import DAY, MINUTE, SECOND, Instant

_NONE = timedelta(0)
_MICROSECOND = timedelta(microseconds=1)
#: No zone has kept an offset for less than 3 days and 23 hours since 1900 (Freetown, 1939).
_PROBE = 3 * DAY
#: Ordinal of 1970-01-01: local days are counted from there, so that `day * DAY` is the wall clock at its
#: midnight.
EPOCH_ORDINAL = 719_163


class DaySpan(NamedTuple):
    """Hours of one day: minutes after local midnight, `closes` up to 24:00 and not itself inside."""

    opens: int
    closes: int

    def __str__(self) -> str:
        return "-".join(f"{at // 60:02}:{at % 60:02}" for at in self)


#: The hours of one day in order, none overlapping; empty for a day without work.
Hours = tuple[DaySpan, ...]


class _Regime(NamedTuple):
    """While a zone keeps one offset: from `begins` to before `ends`, wall clock = instant + offset."""

    begins: int
    ends: int
    offset: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Timeline:
    """The working time of the local days `first` to `last`, which are the instants from `lo` to `hi`."""

    lo: int
    hi: int
    first: int
    last: int
    regimes: Sequence[_Regime]
    #: Unbroken stretches of work in order: where each starts, where it ends, and the work done before it
    #: since `lo`.
    starts: Sequence[int]
    ends: Sequence[int]
    before: Sequence[int]
    #: All work between `lo` and `hi`.
    total: int
    #: Local days with working time, the instant each opens first and closes last.
    days: Sequence[int]
    opens: Sequence[int]
    closes: Sequence[int]

    def worked(self, at: int) -> int:
        """Working microseconds from `lo` to the instant."""
        i = bisect_right(self.starts, at) - 1
        return self.before[i] + min(at, self.ends[i]) - self.starts[i] if i >= 0 else 0

    def earliest(self, worked: int) -> Instant:
        """The first instant by which so much work is done; more than none and at most `total`."""
        i = bisect_left(self.before, worked) - 1
        return Instant(self.starts[i] + worked - self.before[i])

    def latest(self, worked: int) -> Instant:
        """The last instant by which only so much work is done; at least none and less than `total`."""
        i = bisect_right(self.before, worked) - 1
        return Instant(self.starts[i] + worked - self.before[i])

    def open_at(self, at: int) -> bool:
        """Is the instant working time? The moment of closing is not."""
        i = bisect_right(self.starts, at) - 1
        return i >= 0 and at < self.ends[i]

    def day_of(self, at: int) -> int:
        """The local day of an instant inside the line."""
        return (at + self.regimes[bisect_right(self.regimes, at, key=_begins) - 1].offset) // DAY

    def last_day_of(self, end: int) -> int:
        """The local day on which a time that ends at this instant ends: midnight closes the day before."""
        return self.day_of(end - 1)

    def last_opening(self, at: int) -> Instant:
        """When work last opened for a day, up to the instant; one must have."""
        return Instant(self.opens[bisect_right(self.opens, at) - 1])

    def end_of(self, day: int) -> Instant:
        """24:00 of a local day: the instant from which the wall clock never shows that day again."""
        return _end_of(self.regimes, day)

    def workday_after(self, day: int, n: int) -> int:
        """Index of the n-th workday after a local day; n = 0 asks for the day itself or the next workday."""
        return bisect_right(self.days, day) + n - 1 if n else bisect_left(self.days, day)

    def workday_before(self, day: int, n: int) -> int:
        """Index of the n-th workday before a local day; below zero means before the line begins."""
        return bisect_left(self.days, day) - n


def draw(zone: ZoneInfo, first: int, last: int, hours_of: Callable[[int], Hours]) -> Timeline:
    """Lay out the hours of the local days `first` to `last`; about a microsecond per day and stretch."""
    regimes = _regimes(zone, (first - 2) * DAY, (last + 3) * DAY)
    stretches: list[_Stretch] = []
    reach = 0
    for day in range(first, last + 1):
        hours = hours_of(day)
        if not hours:
            continue
        midnight = day * DAY
        while regimes[reach].ends + regimes[reach].offset <= midnight:
            reach += 1
        begins, ends, offset = regimes[reach]
        if begins + offset <= midnight and midnight + 2 * DAY < ends + offset:
            shift = midnight - offset
            stretches += [(shift + a * MINUTE, shift + b * MINUTE, day) for a, b in hours]
        else:
            stretches += _near_change(regimes[reach : reach + 3], day, hours)
    # Clocks that fall back across midnight show the old day again after the new one has begun.
    stretches.sort()
    return _summed(regimes, first, last, stretches)


#: Start, end, local day.
_Stretch = tuple[int, int, int]


def _near_change(regimes: Sequence[_Regime], day: int, hours: Hours) -> Iterator[_Stretch]:
    midnight = day * DAY
    for begins, ends, offset in regimes:
        for opens, closes in hours:
            start = max(begins, midnight + opens * MINUTE - offset)
            end = min(ends, midnight + closes * MINUTE - offset)
            if start < end:
                yield start, end, day


def _summed(regimes: Sequence[_Regime], first: int, last: int, stretches: Sequence[_Stretch]) -> Timeline:
    sums = list(accumulate((end - start for start, end, _ in stretches), initial=0))
    # The last stretch of a day is the one that a mapping keeps, so opening times are read backwards.
    opens = {day: start for start, _, day in reversed(stretches)}
    closes = {day: end for _, end, day in stretches}
    days = sorted(opens)
    return Timeline(
        lo=_end_of(regimes, first - 1),
        hi=_end_of(regimes, last),
        first=first,
        last=last,
        regimes=regimes,
        starts=[start for start, _, _ in stretches],
        ends=[end for _, end, _ in stretches],
        before=sums[:-1],
        total=sums[-1],
        days=days,
        opens=[opens[day] for day in days],
        closes=[closes[day] for day in days],
    )


def _end_of(regimes: Sequence[_Regime], day: int) -> Instant:
    midnight = (day + 1) * DAY
    # A regime that begins after midnight has passed starts on a later day; the last one that saw the day
    # ends it.
    near = bisect_right(regimes, midnight + 2 * DAY, key=_begins)
    for begins, ends, offset in reversed(regimes[:near]):
        if begins + offset < midnight:
            return Instant(min(ends, midnight - offset))
    raise ValueError("the day lies before the line")


def _begins(regime: _Regime) -> int:
    return regime.begins


def _regimes(zone: ZoneInfo, lo: int, hi: int) -> list[_Regime]:
    """The offsets of a zone between two instants: looked up now and then, halved where they differ."""
    offset_at = _offsets_of(zone)
    regimes: list[_Regime] = []
    begins, offset = lo, offset_at(lo)
    for at in range(lo + _PROBE, hi + _PROBE, _PROBE):
        then = offset_at(at)
        if then != offset:
            change = _change(offset_at, at - _PROBE, at, then)
            regimes.append(_Regime(begins, change, offset // _MICROSECOND))
            begins, offset = change, then
    regimes.append(_Regime(begins, hi, offset // _MICROSECOND))
    return regimes


def _change(offset_at: Callable[[int], timedelta], lo: int, hi: int, new: timedelta) -> int:
    """The second between two instants from which the new offset holds."""
    while hi - lo > SECOND:
        middle = (lo + hi) // (2 * SECOND) * SECOND
        if offset_at(middle) == new:
            hi = middle
        else:
            lo = middle
    return hi


def _offsets_of(zone: ZoneInfo) -> Callable[[int], timedelta]:
    epoch = datetime(1970, 1, 1, tzinfo=zone)

    def offset_at(at: int) -> timedelta:
        # `fromutc` wants the fields of UTC with the zone's own name on them.
        return zone.fromutc(epoch + timedelta(microseconds=at)).utcoffset() or _NONE

    return offset_at
