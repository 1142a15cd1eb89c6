"""A year at a glance."""

from datetime import date, datetime

import pytest

from engine.clock import CIVIL_ZONE, instant
from engine.exchange.calendar_package import package_decrees
from engine.rules.almanac import Almanac
from engine.rules.calendar_year import DayKind, awaited, kind_of, year_of
from engine.rules.calendars import WorkCalendar
from engine.rules.decrees import with_decrees
from tests.support.calendars import OFFICE, calendar_file


def office() -> WorkCalendar:
    calendar = calendar_file(OFFICE + '  2026-12-24: ["09:00-12:00"]\n').calendar
    return with_decrees(calendar, package_decrees(calendar), "office@2")


@pytest.mark.parametrize(
    ("day", "kind"),
    [
        ("2026-10-01", DayKind.HOLIDAY),
        ("2026-10-03", DayKind.HOLIDAY),  # a Saturday within the holiday
        ("2026-10-10", DayKind.MAKE_UP),
        ("2026-10-08", DayKind.WORKDAY),
        ("2026-10-17", DayKind.REST),
        ("2026-11-05", DayKind.HOLIDAY),  # the place's own exception
        ("2026-12-24", DayKind.SPECIAL),
    ],
)
def test_each_day_is_of_its_kind(day: str, kind: DayKind) -> None:
    assert kind_of(office(), date.fromisoformat(day)) is kind


def test_a_year_has_twelve_months_of_whole_weeks_from_monday() -> None:
    months = year_of(office(), 2026)
    days = [day for month in months for day in month.days]
    assert [month.number for month in months] == list(range(1, 13))
    assert len(days) == 365
    assert all(len(week) == 7 for month in months for week in month.weeks)
    assert all(day is None or day.date.weekday() == n for m in months for week in m.weeks for n, day in enumerate(week))


def test_days_that_wait_for_the_next_decree_are_provisional() -> None:
    provisional = [day.date for month in year_of(office(), 2026) for day in month.days if day.provisional]
    assert provisional == [date(2026, 12, 29), date(2026, 12, 30), date(2026, 12, 31)]
    assert all(day.provisional for month in year_of(office(), 2027) for day in month.days)


@pytest.mark.parametrize(
    ("today", "waiting"),
    [("2026-10-31", ()), ("2026-11-01", ("office",)), ("2026-12-31", ("office",)), ("2025-12-01", ())],
)
def test_the_coming_years_decree_is_awaited_from_november_on(today: str, waiting: tuple[str, ...]) -> None:
    desk = calendar_file(OFFICE.replace("chinesecalendar", "none")).calendar
    almanac = Almanac(calendars={"office": office(), "desk": desk})
    now = instant(datetime.fromisoformat(today).replace(tzinfo=CIVIL_ZONE))
    assert awaited(almanac, now) == waiting
