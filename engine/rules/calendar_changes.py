"""What one version of a calendar changes against another, day by day."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Final

from engine.rules.calendars import FIRST_YEAR, LAST_YEAR, WorkCalendar
from engine.rules.timeline import Hours

#: The first and the last day about which calendars are asked.
FIRST_DAY: Final = date(FIRST_YEAR + 1, 1, 1)
LAST_DAY: Final = date(LAST_YEAR - 1, 12, 31)


@dataclass(frozen=True, slots=True, kw_only=True)
class DayChange:
    """One day whose hours change."""

    day: date
    before: Hours
    after: Hours


@dataclass(frozen=True, slots=True, kw_only=True)
class Changes:
    """Everything that two versions say differently."""

    #: Days that either version names and whose hours change; not those that merely follow the ordinary day.
    days: tuple[DayChange, ...]
    #: Weekday (Monday is 0) → its hours before and after, where they change.
    weekly: dict[int, tuple[Hours, Hours]]
    #: The hours of an ordinary day before and after, when they change: then a workday is of another length.
    daily: tuple[Hours, Hours] | None
    #: Years that are decreed now and were not, or the other way round, or whose decree decides about other days.
    years: tuple[int, ...]
    #: The earliest local day whose hours or decree change; None when neither does.
    earliest: date | None
    #: The earliest changed day that has passed and whose hours were settled; None when the past stays as it was.
    settled: date | None


def changes(old: WorkCalendar, new: WorkCalendar, today: date) -> Changes:
    """Compare two versions in the same zone; days before `today` have passed.

    Hours of a year without a decree were provisional: filling them in changes nothing that was settled.
    """
    touched = list(_touched(old, new))
    named = {*old.days, *new.days}
    years = _years(old, new)
    daily = None if old.daily == new.daily else (old.daily, new.daily)
    days = (DayChange(day=day, before=old.hours(day), after=new.hours(day)) for day in touched if day in named)
    # Where an ordinary day gets another length, every workday that was counted is touched.
    measured = _every(FIRST_DAY, today) if daily else (day for day in touched if day < today)
    return Changes(
        days=tuple(one for one in days if (one.before, one.after) != daily),
        weekly={n: pair for n, pair in enumerate(zip(old.weekly, new.weekly, strict=True)) if pair[0] != pair[1]},
        daily=daily,
        years=tuple(sorted(years or ())),
        earliest=FIRST_DAY if daily or years is None else min([*touched[:1], *_begins(old, new, years)], default=None),
        settled=next((day for day in measured if old.decreed(day)), None),
    )


def _touched(old: WorkCalendar, new: WorkCalendar) -> Iterator[date]:
    """Days whose hours differ, in order."""
    same_week = old.weekly == new.weekly
    asked = sorted({*old.days, *new.days}) if same_week else _every(FIRST_DAY, LAST_DAY + timedelta(days=1))
    return (day for day in asked if old.hours(day) != new.hours(day))


def _every(first: date, until: date) -> Iterator[date]:
    return (first + timedelta(days=n) for n in range((until - first).days))


def _years(old: WorkCalendar, new: WorkCalendar) -> set[int] | None:
    """Years decreed in one and not in the other; None when only one of the two keeps holidays at all."""
    if old.published is None or new.published is None:
        return None if old.published != new.published else set()
    if old.reaches_back != new.reaches_back:
        # Other days at the end of December belong to each decree there is.
        return set(old.published | new.published)
    return set(old.published ^ new.published)


def _begins(old: WorkCalendar, new: WorkCalendar, years: set[int]) -> list[date]:
    back = timedelta(days=max(old.reaches_back, new.reaches_back))
    return [date(year, 1, 1) - back for year in sorted(years)[:1]]
