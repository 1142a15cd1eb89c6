"""Working calendars: hours, decreed years, and the days of a year that are not what their weekday says."""

from typing import Annotated

from fastapi import APIRouter, Path, Query

from engine.clock import iso
from engine.definitions.model import Title
from engine.errors import NotFound, NotSignedIn
from engine.records.calendars import StoredCalendar, newest, versions_of
from engine.rules.calendar_changes import FIRST_DAY, LAST_DAY
from engine.rules.calendar_year import DayKind, year_of
from engine.rules.calendars import WEEKDAYS, WorkCalendar
from engine.rules.timeline import Hours
from web.api import calendar_shapes, views
from web.dependencies import House, Me
from web.problems import documented

router = APIRouter(prefix="/calendars", tags=["日历 / Calendars"])

CalendarKey = Annotated[str, Path(pattern=r"^[\w.-]{1,64}$", examples=["cn-mainland"])]
Year = Annotated[
    int | None, Query(ge=FIRST_DAY.year, le=LAST_DAY.year, description="缺省为今年 / This year if missing")
]
_ORDINARY = {DayKind.WORKDAY, DayKind.REST}


@router.get("", operation_id="list_calendars", summary="工作日历 / Calendars", responses=documented(NotSignedIn))
def list_calendars(house: House, me: Me) -> calendar_shapes.CalendarsOut:
    """The newest version of every working calendar."""
    with house.database.looking() as transaction:
        rows = newest(transaction)
    return calendar_shapes.CalendarsOut(items=[_row(row, house.versions.book.version(row.name)) for row in rows])


@router.get("/{key}", operation_id="read_calendar", summary="日历 / Read", responses=documented(NotSignedIn, NotFound))
def read(house: House, me: Me, key: CalendarKey, year: Year = None) -> calendar_shapes.CalendarOut:
    """A calendar with one year of it, and every version stored."""
    with house.database.looking() as transaction:
        rows = versions_of(transaction, key)
    if not rows:
        raise NotFound(f"没有日历“{key}”", f"no calendar '{key}'")
    calendar = house.versions.book.version(rows[0].name)
    asked = calendar.day_of(house.clock.now()).year if year is None else year
    days = [day for month in year_of(calendar, asked) for day in month.days]
    return calendar_shapes.CalendarOut(
        **_row(rows[0], calendar).model_dump(),
        year=asked,
        provisional=any(day.provisional for day in days),
        basis=next((decree.source for decree in rows[0].decrees if decree.year == asked), None),
        days=[
            calendar_shapes.CalendarDayOut(date=day.date.isoformat(), kind=day.kind, hours=_hours(day.hours))
            for day in days
            if day.kind not in _ORDINARY
        ],
        versions=[_version(row) for row in rows],
        source=rows[0].source,
    )


def _row(row: StoredCalendar, calendar: WorkCalendar) -> calendar_shapes.CalendarRowOut:
    zh, _, en = row.title.partition(" / ")
    return calendar_shapes.CalendarRowOut(
        key=row.key,
        version=row.version,
        title=views.title(Title(zh, en)),
        zone=calendar.zone.key,
        daily=_hours(calendar.daily),
        weekly={name: _hours(hours) for name, hours in zip(WEEKDAYS, calendar.weekly, strict=True)},
        decreed=None if calendar.published is None else sorted(calendar.published),
        stands_for=row.stands_for,
        areas=list(row.areas),
    )


def _version(row: StoredCalendar) -> calendar_shapes.CalendarVersionOut:
    return calendar_shapes.CalendarVersionOut(
        name=row.name,
        version=row.version,
        sha256=row.sha256,
        applied_at=iso(row.applied_at),
        applied_by=row.applied_by,
        reason=row.reason,
    )


def _hours(hours: Hours) -> list[str]:
    return [str(span) for span in hours]
