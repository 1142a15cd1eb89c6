"""Periods of the civil calendar, numbered so that the next one is one more: days, weeks, 旬, months, quarters."""

from datetime import date, timedelta

from engine.definitions.rhythm import Every

_ONE_DAY = timedelta(days=1)
#: Periods in a year, for those of months.
_PER_YEAR = {Every.TEN_DAYS: 36, Every.MONTH: 12, Every.QUARTER: 4}


def number_of(every: Every, day: date) -> int:
    """The number of the period that a day lies in."""
    if every in (Every.DAY, Every.WORKDAY):
        return day.toordinal()
    if every is Every.WEEK:
        return (day.toordinal() - 1) // 7  # 1 January of the year 1 was a Monday
    if every is Every.TEN_DAYS:
        return (day.year * 12 + day.month - 1) * 3 + min(2, (day.day - 1) // 10)
    month = day.year * 12 + day.month - 1
    return month if every is Every.MONTH else month // 3


def first_day(every: Every, number: int) -> date:
    """The day a period begins on."""
    if every in (Every.DAY, Every.WORKDAY):
        return date.fromordinal(number)
    if every is Every.WEEK:
        return date.fromordinal(number * 7 + 1)
    year, index = divmod(number, _PER_YEAR[every])
    if every is Every.TEN_DAYS:
        return date(year, index // 3 + 1, index % 3 * 10 + 1)
    return date(year, index + 1 if every is Every.MONTH else index * 3 + 1, 1)


def last_day(every: Every, number: int) -> date:
    """The day a period ends on."""
    return first_day(every, number + 1) - _ONE_DAY


def name_of(every: Every, number: int) -> str:
    """What a period is called: `2026-03-02`, `2026-W10`, `2026-03-T2`, `2026-03`, `2026-Q1`.

    A week belongs to the year of its Thursday (ISO 8601, GB/T 7408).
    """
    first = first_day(every, number)
    if every in (Every.DAY, Every.WORKDAY):
        return first.isoformat()
    if every is Every.WEEK:
        year, week, _ = first.isocalendar()
        return f"{year:04}-W{week:02}"
    if every is Every.QUARTER:
        return f"{first.year:04}-Q{first.month // 3 + 1}"
    third = f"-T{first.day // 10 + 1}" if every is Every.TEN_DAYS else ""
    return f"{first.year:04}-{first.month:02}{third}"
