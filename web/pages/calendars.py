"""Working calendars for everybody to read: which hours count, which years are decreed, a year at a glance."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from itertools import groupby
from typing import Annotated, Final

from fastapi import APIRouter, Query, Request
from starlette.responses import Response

from engine.definitions.model import Title
from engine.errors import NotFound
from engine.records.asking import ids_of
from engine.records.calendars import StoredCalendar, newest, versions_of
from engine.records.names import names
from engine.rules.calendar_changes import FIRST_DAY, LAST_DAY
from engine.rules.calendar_year import KIND_TITLES, DayKind, Month, awaited, year_of
from engine.rules.calendars import WorkCalendar
from engine.rules.decrees import years_text
from engine.rules.timeline import Hours
from web.dependencies import House
from web.pages.workflows import Word
from web.rendering import page
from web.sessions import At

router = APIRouter(include_in_schema=False)

#: A year, or nothing for the present one.
Year = Annotated[int | None, Query(ge=FIRST_DAY.year, le=LAST_DAY.year)]

_TITLES = {kind: Title(*words) for kind, words in KIND_TITLES.items()}
#: What is written beside a day, as Chinese wall calendars do.
_MARKS = {DayKind.HOLIDAY: Title("休", "H"), DayKind.MAKE_UP: Title("班", "W")}
_WEEKDAYS: Final = "一二三四五六日"
_DAYS: Final = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
_MONTHS: Final = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")


@dataclass(frozen=True, slots=True, kw_only=True)
class Listed:
    """A calendar with its words looked up."""

    key: str
    name: str
    title: str
    daily: Title
    weekly: Title
    #: Decreed years; None for a calendar that keeps no holidays.
    decreed: str | None
    awaited: bool
    stands_for: str | None
    #: Names of the areas in which it stands in.
    areas: tuple[str, ...]


@router.get("/calendars")
def calendars(request: Request, house: House, here: At) -> Response:
    """Every calendar with its newest version."""
    with house.database.looking() as transaction:
        rows = newest(transaction)
        ids = ids_of(transaction, "area", "code", {code for row in rows for code in row.areas})
        found = names(transaction, areas=ids.values()).areas
    called = {code: found[number].name for code, number in ids.items() if number in found}
    waiting = awaited(house.versions.almanac(), house.clock.now())
    listed = [_listed(row, house.versions.book.version(row.name), called, row.key in waiting) for row in rows]
    return page(request, "calendars.html", here=here, calendars=listed)


@router.get("/calendars/{key}")
def calendar(request: Request, house: House, here: At, key: Word, year: Year = None) -> Response:
    """One year of a calendar, month by month."""
    with house.database.looking() as transaction:
        rows = versions_of(transaction, key)
    if not rows:
        raise NotFound(f"没有日历“{key}”", f"no calendar '{key}'")
    compiled = house.versions.book.version(rows[0].name)
    today = compiled.day_of(house.clock.now())
    shown = today.year if year is None else year
    months = year_of(compiled, shown)
    return page(
        request,
        "calendar.html",
        here=here,
        one=_listed(rows[0], compiled, {}, waiting=False),
        year=shown,
        first=FIRST_DAY.year,
        last=LAST_DAY.year,
        today=today,
        months=months,
        open=_open(months),
        basis=next((decree.source for decree in rows[0].decrees if decree.year == shown), ""),
        versions=rows,
        kinds=list(_TITLES.items()),
        titles=_TITLES,
        marks=_MARKS,
        names=_MONTHS,
    )


def _listed(row: StoredCalendar, calendar: WorkCalendar, called: Mapping[str, str], waiting: bool) -> Listed:
    return Listed(
        key=row.key,
        name=row.name,
        title=row.title,
        daily=_hours(calendar.daily),
        weekly=_week(calendar),
        decreed=None if calendar.published is None else years_text(calendar.published),
        awaited=waiting,
        stands_for=row.stands_for,
        areas=tuple(called.get(code, code) for code in row.areas),
    )


def _hours(hours: Hours) -> Title:
    spans = [str(span).replace("-", "–") for span in hours]
    return Title("、".join(spans) or "休", ", ".join(spans) or "closed")


def _week(calendar: WorkCalendar) -> Title:
    """`周一至周五 09:00–17:30；周六至周日 休 / Mon–Fri 09:00–17:30; Sat–Sun closed`."""
    zh, en = [], []
    for hours, days in groupby(range(7), key=lambda n: calendar.weekly[n]):
        first, *_, last = [*days] * 2
        span = f"周{_WEEKDAYS[first]}" + (f"至周{_WEEKDAYS[last]}" if last > first else "")
        english = _DAYS[first] + (f"–{_DAYS[last]}" if last > first else "")
        zh.append(f"{span} {_hours(hours).zh}")
        en.append(f"{english} {_hours(hours).en}")
    return Title("；".join(zh), "; ".join(en))


def _open(months: tuple[Month, ...]) -> tuple[date, date] | None:
    """The first and the last day of the year that is not decreed."""
    days = [day.date for month in months for day in month.days if day.provisional]
    return (days[0], days[-1]) if days else None
