"""A working calendar: weekly hours in a zone, exceptional days, and which years' holidays are decreed."""

import itertools
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta
from typing import Final
from zoneinfo import ZoneInfo

from engine.clock import DAY, MINUTE, Instant, instant
from engine.errors import Malformed
from engine.rules.timeline import EPOCH_ORDINAL, Hours, Timeline, draw

#: Years a calendar can be asked about; far more than any ticket sees, and the end of every search.
FIRST_YEAR: Final = 1900
LAST_YEAR: Final = 2200

_EARLIEST = instant(datetime(FIRST_YEAR + 1, 1, 1, tzinfo=UTC))
_LATEST = instant(datetime(LAST_YEAR, 1, 1, tzinfo=UTC))
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)

#: Monday to Sunday, as calendar files name them.
WEEKDAYS: Final = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")


class CalendarError(Malformed, ValueError):
    """工作日历有误 / The working calendar is wrong"""

    code = "calendar"

    def __init__(self, key: str, zh: str, en: str) -> None:
        super().__init__(f"{key}：{zh}" if key else zh, f"{key}: {en}" if key else en)
        #: The key of the calendar file that is wrong, e.g. `weekly.monday`; empty when none is.
        self.key = key


class _Drawn:
    """The part of a calendar laid out so far; replaced whole, so that threads may share a calendar."""

    __slots__ = ("line",)

    def __init__(self) -> None:
        self.line: Timeline | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class WorkCalendar:
    """When work is done. Immutable; what it has laid out is kept, so share one value per version.

    Raises `CalendarError` for hours that overlap or end before they start, or a week without a working
    minute.
    """

    zone: ZoneInfo
    #: Monday to Sunday.
    weekly: tuple[Hours, Hours, Hours, Hours, Hours, Hours, Hours]
    #: The hours of an ordinary day: what a make-up workday 调休 has, and how long a workday is.
    daily: Hours
    #: Days that are not what their weekday says; a day off has no hours.
    days: Mapping[date, Hours] = field(default_factory=dict)
    #: Years whose holidays are decreed; None for a calendar that keeps no holidays.
    published: frozenset[int] | None = frozenset()
    #: Days at the end of December that belong to the decree of the next year [G: 29 December 2018 was a
    #: make-up day].
    reaches_back: int = 0
    #: Which rows made it, for the deadlines counted by it.
    version: str = ""
    title: str = ""
    #: Where its holidays come from: `none`, `file`, or the source `huying calendar apply` copies.
    statutory: str = "file"
    _drawn: _Drawn = field(default_factory=_Drawn, init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        if len(self.weekly) != 7:
            raise CalendarError("weekly", "应有七天", "must have seven days")
        for key, hours in self._all_hours():
            check_hours(key, hours)
        if not self.daily:
            raise CalendarError("daily", "平日没有工作时间", "an ordinary day has no working minute")
        if not any(self.weekly):
            raise CalendarError("weekly", "一周没有任何工作时间", "the week has no working minute")

    def __hash__(self) -> int:
        return hash((self.zone.key, self.weekly, self.version))

    def _all_hours(self) -> Iterable[tuple[str, Hours]]:
        yield "daily", self.daily
        for name, hours in zip(WEEKDAYS, self.weekly, strict=True):
            yield f"weekly.{name}", hours
        for day, hours in self.days.items():
            yield f"days.{day}", hours

    @property
    def workday(self) -> int:
        """Working microseconds of an ordinary day."""
        return sum(span.closes - span.opens for span in self.daily) * MINUTE

    def with_decrees(
        self,
        *,
        version: str,
        published: Iterable[int],
        off: Iterable[date] = (),
        work: Iterable[date] = (),
        own: Mapping[date, Hours] | None = None,
    ) -> "WorkCalendar":
        """This calendar with decreed holidays, make-up workdays and days with hours of their own.

        Days the calendar already names keep what it says: they are the place's own exceptions.
        """
        if both := set(off := tuple(off)) & set(work := tuple(work)):
            raise CalendarError(f"days.{min(both)}", "既是假日又是工作日", "is both off and a workday")
        decreed = dict.fromkeys(off, ()) | dict.fromkeys(work, self.daily) | dict(own or {})
        years = None if self.published is None else self.published | frozenset(published)
        return replace(self, days=decreed | dict(self.days), published=years, version=version)

    def add(self, start: Instant, working: int) -> Instant:
        """The earliest instant at which so many working microseconds have passed since `start`."""
        if working <= 0:
            return start if working == 0 else self.subtract(start, -working)
        line = self.line(start)
        target = line.worked(start) + working
        while target > line.total:
            line = self.later(line)
            target = line.worked(start) + working
        return line.earliest(target)

    def subtract(self, end: Instant, working: int) -> Instant:
        """The latest instant from which so many working microseconds pass until `end`."""
        if working <= 0:
            return end if working == 0 else self.add(end, -working)
        line = self.line(end)
        target = line.worked(end) - working
        while target < 0:
            line = self.earlier(line)
            target = line.worked(end) - working
        return line.latest(target)

    def measure(self, a: Instant, b: Instant) -> int:
        """Working microseconds from `a` to `b`; negative when `b` comes first."""
        line = self.line(min(a, b), max(a, b))
        return line.worked(b) - line.worked(a)

    def is_open(self, at: Instant) -> bool:
        """Is the instant working time?"""
        return self.line(at).open_at(at)

    def day_of(self, at: Instant) -> date:
        """The local day of an instant."""
        return date.fromordinal(self.line(at).day_of(at) + EPOCH_ORDINAL)

    def is_workday(self, day: date) -> bool:
        """Has the day any working time?"""
        return bool(self.hours(day))

    def hours(self, day: date) -> Hours:
        """The working hours of a day; none for a day off."""
        own = self.days.get(day)
        return self.weekly[day.weekday()] if own is None else own

    def decreed(self, day: date) -> bool:
        """Are the holidays of the year decreed to which the day belongs?"""
        return self.published is None or self.year_of(day) in self.published

    def year_of(self, day: date) -> int:
        """The year whose decree decides about a day: at the end of December it may be the next one."""
        return (day + timedelta(days=self.reaches_back)).year

    def end_of(self, day: date) -> Instant:
        """24:00 of a day: until then a term that names the day runs."""
        number = day_number(day)
        return self.around(number).end_of(number)

    def line(self, start: Instant, end: Instant | None = None) -> Timeline:
        """The laid out time that holds these instants, and at least a year on either side at first."""
        end = start if end is None else end
        line = self._drawn.line
        if line is not None and line.lo <= start and end <= line.hi:
            return line
        if start < _EARLIEST or end > _LATEST:
            raise _outside()
        return self._draw(_year(start) - 1, _year(end) + 3)

    def later(self, line: Timeline) -> Timeline:
        """A line that reaches further into the future, twice as long where the calendar's range allows."""
        if line.hi >= _LATEST:
            raise _outside()
        return self.line(Instant(max(_EARLIEST, line.lo)), Instant(min(_LATEST, 2 * line.hi - line.lo)))

    def earlier(self, line: Timeline) -> Timeline:
        """A line that reaches further into the past."""
        if line.lo <= _EARLIEST:
            raise _outside()
        return self.line(Instant(max(_EARLIEST, 2 * line.lo - line.hi)), Instant(min(_LATEST, line.hi)))

    def around(self, day: int) -> Timeline:
        """The laid out time that holds a numbered local day."""
        noon = Instant(day * DAY + DAY // 2)
        return self.line(Instant(noon - 3 * DAY), Instant(noon + 3 * DAY))

    def _draw(self, first_year: int, last_year: int) -> Timeline:
        first, last = day_number(date(first_year, 1, 1)), day_number(date(last_year, 12, 31))
        old = self._drawn.line
        if old is not None:
            first, last = min(first, old.first), max(last, old.last)
        exceptions = {day_number(day): hours for day, hours in self.days.items()}
        weekly = self.weekly
        line = draw(
            self.zone,
            first,
            last,
            # 1970-01-01, day 0, was a Thursday.
            lambda day: weekly[(day + 3) % 7] if (own := exceptions.get(day)) is None else own,
        )
        self._drawn.line = line
        return line

    def known(self, first: int, last: int) -> bool:
        """Are the holidays of all local days from `first` to `last` decreed?"""
        if self.published is None:
            return True
        years = range(self._decree_of(first), self._decree_of(last) + 1)
        return all(year in self.published for year in years)

    def _decree_of(self, number: int) -> int:
        return date.fromordinal(number + EPOCH_ORDINAL + self.reaches_back).year


def day_number(day: date) -> int:
    """Days since 1970-01-01, as time lines number local days."""
    return day.toordinal() - EPOCH_ORDINAL


def check_hours(key: str, hours: Hours) -> None:
    """Refuse hours that end before they start, overlap, or stand in the wrong order."""
    for span in hours:
        if not 0 <= span.opens < span.closes <= DAY // MINUTE:
            raise CalendarError(
                key,
                f"时段 {span} 的结束不晚于开始；跨夜请分两天写，前一天到 24:00 为止",
                f"the span {span} ends before it starts; split one over midnight at 24:00",
            )
    for earlier, later in itertools.pairwise(hours):
        if later.opens < earlier.closes:
            raise CalendarError(
                key,
                f"时段 {earlier} 与 {later} 重叠或次序颠倒",
                f"the spans {earlier} and {later} overlap or stand in the wrong order",
            )


def _outside() -> CalendarError:
    return CalendarError(
        "",
        f"时间超出工作日历的范围（{FIRST_YEAR + 1}—{LAST_YEAR - 1}年）",
        f"the time is outside the working calendar ({FIRST_YEAR + 1} to {LAST_YEAR - 1})",
    )


def _year(at: Instant) -> int:
    return (_EPOCH + timedelta(microseconds=at)).year
