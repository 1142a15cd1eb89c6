"""A year at a glance: what kind of day each day of it is, month by month, week by week."""

import calendar as weeks
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import Final

from engine.clock import Instant
from engine.rules.almanac import Almanac
from engine.rules.calendars import WorkCalendar
from engine.rules.timeline import Hours


class DayKind(StrEnum):
    """What a day is to a working calendar."""

    WORKDAY = "workday"  #: the hours of its weekday
    REST = "rest"  #: a weekday that is never worked
    HOLIDAY = "holiday"  #: off by decree, or by the calendar's own exception
    MAKE_UP = "make_up"  #: worked though its weekday is off 调休
    SPECIAL = "special"  #: worked, with other hours than its weekday has


#: What officials read: 中文, English.
KIND_TITLES: Final = {
    DayKind.WORKDAY: ("工作日", "workday"),
    DayKind.REST: ("公休日", "day of rest"),
    DayKind.HOLIDAY: ("放假", "holiday"),
    DayKind.MAKE_UP: ("调休上班", "make-up workday"),
    DayKind.SPECIAL: ("特别时间", "special hours"),
}
#: From then on the decree for the coming year is due: it has come in October or November.
_DECREE_MONTH = 11


@dataclass(frozen=True, slots=True, kw_only=True)
class Day:
    """One day of a calendar."""

    date: date
    kind: DayKind
    hours: Hours
    #: The year to which it belongs is not decreed.
    provisional: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Month:
    """One month: its weeks from Monday to Sunday, None where a day belongs to another month."""

    number: int
    weeks: tuple[tuple[Day | None, ...], ...]

    @property
    def days(self) -> tuple[Day, ...]:
        return tuple(day for week in self.weeks for day in week if day is not None)


def year_of(calendar: WorkCalendar, year: int) -> tuple[Month, ...]:
    """The twelve months of a year."""
    return tuple(_month(calendar, year, number) for number in range(1, 13))


def kind_of(calendar: WorkCalendar, day: date) -> DayKind:
    """What kind of day a day is."""
    usual, hours = calendar.weekly[day.weekday()], calendar.hours(day)
    if not hours:
        # A Saturday within a decreed holiday is one of its days.
        return DayKind.HOLIDAY if usual or day in calendar.days else DayKind.REST
    if not usual:
        return DayKind.MAKE_UP
    return DayKind.WORKDAY if hours == usual else DayKind.SPECIAL


def awaited(almanac: Almanac, now: Instant) -> tuple[str, ...]:
    """Keys of the calendars that want the coming year's decree, once it is time for it."""
    found = []
    for key, calendar in sorted(almanac.calendars.items()):
        today = calendar.day_of(now)
        if calendar.published is None or today.month < _DECREE_MONTH:
            continue
        if today.year + 1 not in calendar.published:
            found.append(key)
    return tuple(found)


def _month(calendar: WorkCalendar, year: int, number: int) -> Month:
    return Month(
        number=number,
        weeks=tuple(
            tuple(_day(calendar, date(year, number, day)) if day else None for day in week)
            for week in weeks.Calendar().monthdayscalendar(year, number)
        ),
    )


def _day(calendar: WorkCalendar, day: date) -> Day:
    return Day(date=day, kind=kind_of(calendar, day), hours=calendar.hours(day), provisional=not calendar.decreed(day))
