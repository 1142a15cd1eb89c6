"""When a job comes: pure arithmetic over a working calendar.

A period has one occurrence at most, and a later period's never comes before an earlier one's. One that would fall on a
day off moves, also into the neighbouring period; it keeps the name of its own. Where a year's holidays are not decreed
the hours of the week count, and the occurrence is provisional.
"""

import itertools
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import NamedTuple

from engine.clock import Instant, instant
from engine.definitions.rhythm import LAST, Every, Moves, On, When
from engine.rules.calendars import FIRST_YEAR, LAST_YEAR, WorkCalendar, day_number
from engine.rules.periods import first_day, last_day, name_of, number_of

_ONE_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Occurrence:
    """One time that a job comes."""

    #: The name of its period, which no two occurrences of a job share.
    period: str
    at: Instant
    #: The local day of `at`.
    day: date
    #: Depends on a year whose holidays are not decreed.
    provisional: bool


def latest(when: When, calendar: WorkCalendar, now: Instant) -> Occurrence | None:
    """The newest occurrence that has come by `now`; none when the calendar's years hold none."""
    return next(_backward(when, calendar, now), None)


def coming(when: When, calendar: WorkCalendar, now: Instant) -> Iterator[Occurrence]:
    """The occurrences after `now`, the next one first, to the end of the calendar's years."""
    today = calendar.day_of(now)
    number = number_of(when.every, today)
    # One that moved to a later day may come when its period is over.
    while _falls(when, calendar, number - 1).day >= today:
        number -= 1
    while first_day(when.every, number + 1).year < LAST_YEAR:
        found = _occurrence(when, calendar, number)
        if found is not None and found.at > now:
            yield found
        number += 1


def missed(when: When, calendar: WorkCalendar, after: Instant, until: Instant) -> list[Occurrence]:
    """What came after one moment up to another, oldest first."""
    return list(itertools.takewhile(lambda one: one.at <= until, coming(when, calendar, after)))


def _backward(when: When, calendar: WorkCalendar, now: Instant) -> Iterator[Occurrence]:
    """The occurrences up to `now`, the newest first."""
    today = calendar.day_of(now)
    number = number_of(when.every, today)
    # One that moved to an earlier day may come before its period begins.
    while _falls(when, calendar, number + 1).day <= today:
        number += 1
    while first_day(when.every, number).year > FIRST_YEAR + 1:
        found = _occurrence(when, calendar, number)
        if found is not None and found.at <= now:
            yield found
        number -= 1


class _Fall(NamedTuple):
    """Where the occurrence of a period falls."""

    #: The day it was looked for from: the one named, or the first that is counted.
    named: date
    day: date
    #: Not on a day off.
    comes: bool = True


def _occurrence(when: When, calendar: WorkCalendar, number: int) -> Occurrence | None:
    """The occurrence of one period; none when it falls on a day off and is left out then."""
    named, day, comes = _falls(when, calendar, number)
    if not comes:
        return None
    known = when.every is Every.DAY or calendar.known(*sorted((day_number(day), day_number(named))))
    at = datetime(day.year, day.month, day.day, when.at // 60, when.at % 60, tzinfo=calendar.zone)
    return Occurrence(period=name_of(when.every, number), at=instant(at), day=day, provisional=not known)


def _falls(when: When, calendar: WorkCalendar, number: int) -> _Fall:
    on = when.on or On(day=1)
    if on.workdays:
        return _nth_workday(when.every, on.day, calendar, number)
    named = _named(when.every, on, number)
    if when.every is Every.DAY or calendar.is_workday(named):
        return _Fall(named, named)
    if when.every is Every.WORKDAY or when.moves is Moves.SKIP:
        return _Fall(named, named, comes=False)
    return _Fall(named, _workday(calendar, named, 1 if when.moves is Moves.NEXT else -1))


def _named(every: Every, on: On, number: int) -> date:
    """The day that the file names, whether people work on it or not."""
    if on.day == LAST:
        return last_day(every, number)
    begins = first_day(every, number)
    if on.month > 1:
        begins = first_day(Every.MONTH, number_of(Every.MONTH, begins) + on.month - 1)
    return begins + timedelta(days=on.day - 1)


def _nth_workday(every: Every, nth: int, calendar: WorkCalendar, number: int) -> _Fall:
    """The n-th workday counted from the first day of the period on, or the last one up to its last day."""
    if nth == LAST:
        last = last_day(every, number)
        return _Fall(last, _workday(calendar, last, -1))
    first = first_day(every, number)
    day = _workday(calendar, first, 1)
    for _ in range(nth - 1):
        day = _workday(calendar, day + _ONE_DAY, 1)
    return _Fall(first, day)


def _workday(calendar: WorkCalendar, day: date, step: int) -> date:
    """The day itself, or the nearest workday after it (step 1) or before it (-1)."""
    while not calendar.is_workday(day):
        day += step * _ONE_DAY
    return day
