"""Working time against a counter that walks every minute, and against examples worked out by hand."""

import itertools
import time
from bisect import bisect_left
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from threading import Thread
from zoneinfo import ZoneInfo

import chinese_calendar
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from ruamel.yaml import YAML

from engine.clock import DAY, HOUR, MINUTE, SECOND, Instant, instant
from engine.definitions.spans import Counting, Limit, Offset, Side, Unit, parse_limit, parse_rung
from engine.rules.worktime import (
    CalendarError,
    DaySpan,
    Hours,
    WorkCalendar,
    calendar_from_mapping,
    consumed,
    date_after,
    due,
    fraction,
    remaining,
    rung_at,
    shift,
)

SHANGHAI = ZoneInfo("Asia/Shanghai")
ORDINARY: Hours = (DaySpan(9 * 60, 11 * 60 + 30), DaySpan(13 * 60 + 30, 17 * 60 + 30))
FREE: Hours = ()
ROUND_THE_CLOCK: Hours = (DaySpan(0, 24 * 60),)


def days(text: str) -> list[date]:
    """`2025-10-01..08` is eight days."""
    first, _, last = text.partition("..")
    start = date.fromisoformat(first)
    return [start + timedelta(days=n) for n in range(int(last or start.day) - start.day + 1)]


#: 国庆 as decreed: eight days in 2025 with 28 September and 11 October made up, seven in 2026 with
#: 20 September and 10 October; the other holidays play no part in these examples.
OFFICE = WorkCalendar(
    zone=SHANGHAI,
    daily=ORDINARY,
    weekly=(ORDINARY,) * 5 + (FREE, FREE),
).with_decrees(
    off=[*days("2025-10-01..08"), *days("2026-10-01..07")],
    work=[*days("2025-09-28"), *days("2025-10-11"), *days("2026-09-20"), *days("2026-10-10")],
    published=[2025, 2026],
    version="2026-1",
)
DUTY_DESK = WorkCalendar(
    zone=SHANGHAI, daily=ROUND_THE_CLOCK, weekly=(ROUND_THE_CLOCK,) * 7, published=None, statutory="none"
)


def at(text: str, zone: ZoneInfo = SHANGHAI) -> Instant:
    """A wall-clock time; 24:00 is the end of the day."""
    if text.endswith(" 24:00"):
        return Instant(at(text.replace("24:00", "00:00"), zone) + DAY)
    return instant(datetime.fromisoformat(text).replace(tzinfo=zone))


def legal(text: str) -> Limit:
    return parse_limit(text, counting=Counting.DAYS)


def plain(text: str) -> Limit:
    return parse_limit(text)


# ---- the counter that walks every minute


def is_worked(calendar: WorkCalendar, start: int) -> bool:
    """Does the wall clock show a time inside the hours of its day, during the minute that starts here?"""
    wall = datetime.fromtimestamp(start // SECOND, calendar.zone)
    hours = calendar.days.get(wall.date(), calendar.weekly[wall.weekday()])
    return any(span.opens <= wall.hour * 60 + wall.minute < span.closes for span in hours)


def counted(calendar: WorkCalendar, a: int, b: int) -> int:
    return sum(MINUTE for start in range(a, b, MINUTE) if is_worked(calendar, start))


@st.composite
def hours_of_a_day(draw: st.DrawFn) -> Hours:
    """Up to three spans, now and then touching, often reaching midnight."""
    edges = draw(st.lists(st.integers(0, 96), min_size=2, max_size=6))
    marks = sorted(15 * edge for edge in edges)
    spans = [DaySpan(a, b) for a, b in zip(marks[::2], marks[1::2], strict=False) if a < b]
    return tuple(spans)


#: Zones and weeks in which something happened to the clock, and ordinary ones.
MOMENTS = [
    ("Asia/Shanghai", "2025-09-27"),
    ("Asia/Shanghai", "2026-12-29"),
    ("Asia/Shanghai", "1986-05-03"),  # forward, the first summer
    ("Asia/Shanghai", "1986-09-12"),  # back
    ("Asia/Shanghai", "1991-04-12"),
    ("Asia/Shanghai", "1991-09-13"),
    ("Asia/Dhaka", "2009-12-30"),  # back across the midnight of New Year: 31 December had 25 hours
    ("America/Sao_Paulo", "2018-11-02"),  # forward at midnight: 00:00 never came
    ("America/Sao_Paulo", "2018-02-16"),
    ("Australia/Lord_Howe", "2025-04-04"),  # by half an hour
    ("America/Goose_Bay", "2008-11-01"),  # back at 00:01: the old day is shown again after the new one began
    ("Pacific/Apia", "2011-12-28"),  # 30 December never was
]


@st.composite
def calendars_and_times(draw: st.DrawFn) -> tuple[WorkCalendar, Instant, Instant]:
    zone, near = draw(st.sampled_from(MOMENTS))
    first = date.fromisoformat(near)
    weekly = [draw(hours_of_a_day()) for _ in range(7)]
    daily = draw(hours_of_a_day().filter(bool))
    weekly[draw(st.integers(0, 6))] = daily
    monday, tuesday, wednesday, thursday, friday, saturday, sunday = weekly
    exceptions = draw(
        st.dictionaries(
            st.integers(0, 5).map(lambda n: first + timedelta(days=n)),
            st.just(FREE) | st.just(daily) | hours_of_a_day(),
            max_size=4,
        )
    )
    calendar = WorkCalendar(
        zone=ZoneInfo(zone),
        daily=daily,
        weekly=(monday, tuesday, wednesday, thursday, friday, saturday, sunday),
        days=exceptions,
    )
    midnight = instant(datetime(first.year, first.month, first.day, tzinfo=UTC))
    a, b = sorted(midnight + MINUTE * draw(st.integers(-600, 5 * 1440)) for _ in range(2))
    return calendar, Instant(a), Instant(b)


@settings(max_examples=150, deadline=None)
@given(calendars_and_times())
def test_the_measure_is_what_walking_every_minute_counts(case: tuple[WorkCalendar, Instant, Instant]) -> None:
    calendar, a, b = case
    assert calendar.measure(a, b) == counted(calendar, a, b)
    assert calendar.measure(b, a) == -calendar.measure(a, b)


@settings(max_examples=150, deadline=None)
@given(calendars_and_times(), st.integers(1, 40 * HOUR))
def test_adding_time_finds_the_first_instant_by_which_it_has_passed(
    case: tuple[WorkCalendar, Instant, Instant], working: int
) -> None:
    calendar, start, _ = case
    end = calendar.add(start, working)
    assert calendar.measure(start, end) == working
    assert calendar.measure(start, Instant(end - 1)) == working - 1


@settings(max_examples=150, deadline=None)
@given(calendars_and_times(), st.integers(1, 40 * HOUR))
def test_subtracting_time_finds_the_last_instant_from_which_it_passes(
    case: tuple[WorkCalendar, Instant, Instant], working: int
) -> None:
    calendar, end, _ = case
    start = calendar.subtract(end, working)
    assert calendar.measure(start, end) == working
    assert calendar.measure(Instant(start + 1), end) == working - 1


@settings(max_examples=150, deadline=None)
@given(calendars_and_times())
def test_each_local_day_ends_when_the_clock_last_shows_it(
    case: tuple[WorkCalendar, Instant, Instant],
) -> None:
    calendar, a, _ = case
    day = calendar.day_of(a)
    end = calendar.end_of(day)
    assert datetime.fromtimestamp((end - MINUTE) // SECOND, calendar.zone).date() <= day
    following = [datetime.fromtimestamp((end + n * MINUTE) // SECOND, calendar.zone).date() for n in range(180)]
    assert min(following) > day


@pytest.fixture(scope="module")
def worked_minutes() -> list[int]:
    """Every working minute of OFFICE from 2025 to the middle of 2027, found by looking at each."""
    first, last = at("2025-01-01 00:00"), at("2027-07-01 00:00")
    return [start for start in range(first, last, MINUTE) if is_worked(OFFICE, start)]


@settings(deadline=None)
@given(data=st.data())
def test_over_years_a_limit_ends_in_the_minute_that_walking_finds(
    data: st.DataObject, worked_minutes: list[int]
) -> None:
    start = at("2025-01-01 00:00") + MINUTE * data.draw(st.integers(0, 500 * 1440), label="minute of start")
    minutes = data.draw(st.integers(1, 300 * 390), label="working minutes")
    found = worked_minutes[bisect_left(worked_minutes, start) + minutes - 1] + MINUTE
    limit = Limit(amount=minutes, unit=Unit.WORKING_MINUTES)
    assert due(Instant(start), limit, OFFICE).at == found


@settings(deadline=None)
@given(data=st.data())
def test_over_years_counted_workdays_end_when_work_ends_on_the_last(
    data: st.DataObject, worked_minutes: list[int]
) -> None:
    start = at("2025-01-01 00:00") + MINUTE * data.draw(st.integers(0, 500 * 1440), label="minute of start")
    n = data.draw(st.integers(1, 250), label="workdays")
    today = datetime.fromtimestamp(start // SECOND, SHANGHAI).date()
    by_day = itertools.groupby(
        worked_minutes[bisect_left(worked_minutes, start) :],
        key=lambda minute: datetime.fromtimestamp(minute // SECOND, SHANGHAI).date(),
    )
    later = (list(minutes) for day, minutes in by_day if day > today)
    last_day = next(itertools.islice(later, n - 1, None))
    limit = Limit(amount=n, unit=Unit.WORKDAYS, counting=Counting.DAYS)
    assert due(Instant(start), limit, OFFICE).at == last_day[-1] + MINUTE


# ---- by hand: from the very moment


@pytest.mark.parametrize(
    ("start", "limit", "end"),
    [
        ("2025-09-24 09:00", "30 working minutes", "2025-09-24 09:30"),
        ("2025-09-24 08:59", "30 working minutes", "2025-09-24 09:30"),
        ("2025-09-24 11:15", "30 working minutes", "2025-09-24 13:45"),
        ("2025-09-24 17:00", "30 working minutes", "2025-09-24 17:30"),
        ("2025-09-24 17:30", "30 working minutes", "2025-09-25 09:30"),
        ("2025-09-24 23:59", "30 working minutes", "2025-09-25 09:30"),
        ("2025-09-30 15:30", "4 working hours", "2025-10-09 11:00"),
        ("2025-09-26 17:00", "1 workday", "2025-09-28 17:00"),
        ("2025-09-29 16:30", "3 workdays", "2025-10-10 16:30"),
        ("2025-09-29 16:30", "5 workdays", "2025-10-13 16:30"),
        ("2025-10-04 12:00", "1 workday", "2025-10-09 17:30"),
        ("2025-09-24 09:00", "1 workday", "2025-09-24 17:30"),
        ("2026-09-30 13:30", "1 workday", "2026-10-08 11:30"),
        ("2025-09-30 22:00", "2 hours", "2025-09-30 24:00"),
        ("2025-09-30 10:00", "7 days", "2025-10-07 10:00"),
    ],
)
def test_a_limit_counts_from_the_moment(start: str, limit: str, end: str) -> None:
    assert due(at(start), plain(limit), OFFICE).at == at(end)


def test_a_limit_that_starts_out_of_hours_starts_as_work_opens() -> None:
    friday_night, saturday, monday = at("2025-09-19 20:00"), at("2025-09-20 10:00"), at("2025-09-22 09:00")
    ends = {due(start, plain("4 working hours"), OFFICE).at for start in (friday_night, saturday, monday)}
    assert ends == {at("2025-09-22 15:00")}


def test_a_workday_is_as_long_as_an_ordinary_day_of_its_calendar() -> None:
    assert OFFICE.workday == 390 * MINUTE
    assert DUTY_DESK.workday == DAY
    half_day = OFFICE.with_decrees(
        own={date(2025, 9, 25): (DaySpan(9 * 60, 11 * 60 + 30),)}, published=[], version="half"
    )
    assert due(at("2025-09-24 17:30"), plain("1 workday"), half_day).at == at("2025-09-26 15:00")


# ---- by hand: the law's way


@pytest.mark.parametrize(
    ("start", "limit", "end"),
    [
        ("2025-09-29 09:00", "1 workday", "2025-09-30 17:30"),
        ("2025-09-29 16:30", "3 workdays", "2025-10-10 17:30"),
        ("2025-09-29 16:30", "4 workdays", "2025-10-11 17:30"),  # made up on Saturday
        ("2025-09-29 16:30", "5 workdays", "2025-10-13 17:30"),
        ("2025-09-27 10:00", "1 workday", "2025-09-28 17:30"),  # from a Saturday to the made-up Sunday
        ("2026-09-30 00:00", "1 workday", "2026-10-08 17:30"),
        ("2026-09-30 23:59", "3 workdays", "2026-10-10 17:30"),
        ("2025-09-01 08:00", "15 days", "2025-09-16 24:00"),
        ("2025-09-20 08:00", "15 days", "2025-10-09 24:00"),  # 5 October: after the holidays
        ("2025-09-26 08:00", "15 days", "2025-10-11 24:00"),  # a made-up Saturday is no day off
        ("2025-09-27 08:00", "15 days", "2025-10-13 24:00"),  # a Sunday
        ("2026-09-30 08:00", "7 days", "2026-10-08 24:00"),
        ("2026-09-30 23:59", "60 days", "2026-11-30 24:00"),  # 29 November is a Sunday
    ],
)
def test_the_starting_day_does_not_count_and_the_last_runs_to_its_end(start: str, limit: str, end: str) -> None:
    assert due(at(start), legal(limit), OFFICE).at == at(end)


def test_midnight_belongs_to_the_day_it_begins() -> None:
    assert due(at("2025-09-15 24:00"), legal("1 day"), OFFICE).at == at("2025-09-17 24:00")
    assert due(Instant(at("2025-09-15 24:00") - 1), legal("1 day"), OFFICE).at == at("2025-09-16 24:00")


def test_where_work_never_stops_no_term_rolls() -> None:
    assert due(at("2025-09-20 08:00"), legal("15 days"), DUTY_DESK).at == at("2025-10-05 24:00")


@pytest.mark.parametrize("start", ["2025-10-03 10:00", "2026-10-07 12:00"])
def test_an_admission_is_asked_for_thirty_workdays_ahead(start: str) -> None:
    day = date.fromisoformat(start[:10])
    ahead = date_after(day, plain("30 workdays"), OFFICE)
    assert due(at(start), legal("30 workdays"), OFFICE).at == at(f"{ahead} 17:30")
    assert date_after(day, plain("30 days"), OFFICE) == day + timedelta(days=30)
    with pytest.raises(ValueError, match="not hours"):
        date_after(day, plain("30 hours"), OFFICE)


# ---- years not yet decreed


@pytest.mark.parametrize(
    ("start", "limit", "provisional"),
    [
        ("2026-12-28 10:00", plain("3 workdays"), False),
        ("2026-12-31 10:00", plain("1 workday"), True),
        (
            "2026-12-31 13:30",
            plain("4 working hours"),
            False,
        ),  # ends as the last working day of the year ends
        ("2026-12-31 13:31", plain("4 working hours"), True),
        ("2026-12-31 10:00", plain("15 days"), False),  # no holiday moves a continuous clock
        ("2028-06-01 10:00", plain("2 hours"), False),
        ("2026-12-31 10:00", legal("15 days"), True),  # might roll
        ("2026-12-20 10:00", legal("11 days"), False),  # 31 December, a Thursday: work is known
        ("2026-12-31 10:00", legal("1 workday"), True),
        ("2026-12-30 10:00", legal("1 workday"), False),
    ],
)
def test_a_limit_that_needs_an_undecreed_year_is_provisional(start: str, limit: Limit, provisional: bool) -> None:
    assert due(at(start), limit, OFFICE).provisional is provisional


def test_a_starting_day_that_does_not_count_needs_no_decree() -> None:
    next_year_only = WorkCalendar(zone=SHANGHAI, daily=ORDINARY, weekly=OFFICE.weekly, published=frozenset({2027}))
    assert not due(at("2026-12-31 10:00"), legal("2 workdays"), next_year_only).provisional
    assert due(at("2026-12-31 10:00"), plain("2 workdays"), next_year_only).provisional


def test_a_calendar_that_keeps_no_holidays_is_never_provisional() -> None:
    assert not due(at("2040-01-01 10:00"), legal("15 days"), DUTY_DESK).provisional


def test_the_last_days_of_december_wait_for_the_next_decree() -> None:
    calendar = mainland().with_decrees(published=[2018], version="2018")
    assert not due(at("2018-12-27 10:00"), legal("1 workday"), calendar).provisional
    assert due(at("2018-12-28 10:00"), legal("1 workday"), calendar).provisional


def test_a_decree_moves_a_provisional_due_time() -> None:
    before = mainland().with_decrees(published=[2025], version="2025")
    after = before.with_decrees(off=days("2026-10-01..07"), published=[2026], version="2026")
    start = at("2026-09-30 10:00")
    assert due(start, legal("1 workday"), before).at == at("2026-10-01 17:30")
    assert due(start, legal("1 workday"), before).provisional
    assert due(start, legal("1 workday"), after).at == at("2026-10-08 17:30")
    assert not due(start, legal("1 workday"), after).provisional
    assert (before.version, after.version) == ("2025", "2026")


# ---- suspension, what is left


@given(
    start=st.integers(0, 30 * 1440),
    ran=st.integers(0, 20 * 1440),
    limit=st.sampled_from(
        [
            plain("15 days"),
            plain("30 workdays"),
            plain("200 working hours"),
            legal("30 days"),
            legal("20 workdays"),
        ]
    ),
)
def test_a_limit_suspended_and_resumed_at_once_ends_when_it_would_have(start: int, ran: int, limit: Limit) -> None:
    began = Instant(at("2025-09-10 00:00") + start * MINUTE)
    stopped = Instant(min(began + ran * MINUTE, due(began, limit, OFFICE).at))
    used = consumed(began, stopped, limit, OFFICE)
    assert due(stopped, limit, OFFICE, consumed=used) == due(began, limit, OFFICE)


@pytest.mark.parametrize(
    ("limit", "end"),
    [
        (plain("5 workdays"), "2025-10-17 10:00"),
        (plain("5 days"), "2025-10-19 10:00"),
        (legal("5 workdays"), "2025-10-17 17:30"),
        (legal("5 days"), "2025-10-20 24:00"),  # Sunday the 19th rolls
    ],
)
def test_suspended_days_are_added_at_the_end(limit: Limit, end: str) -> None:
    began, stopped, resumed = at("2025-09-22 10:00"), at("2025-09-24 10:00"), at("2025-10-16 10:00")
    if limit.unit is Unit.WORKDAYS:
        resumed = at("2025-10-14 10:00")
    used = consumed(began, stopped, limit, OFFICE)
    assert due(resumed, limit, OFFICE, consumed=used).at == at(end)


def test_a_term_suspended_on_its_last_day_ends_on_the_day_it_is_resumed() -> None:
    used = consumed(at("2025-09-22 10:00"), at("2025-09-23 10:00"), legal("1 workday"), OFFICE)
    assert due(at("2025-10-09 14:00"), legal("1 workday"), OFFICE, consumed=used).at == at("2025-10-09 17:30")
    assert due(at("2025-10-03 14:00"), legal("1 workday"), OFFICE, consumed=used).at == at("2025-10-09 17:30")


def test_what_is_left_is_counted_on_the_clock_of_the_limit() -> None:
    end = at("2025-10-09 11:00")
    assert remaining(at("2025-09-30 16:30"), end, plain("4 working hours"), OFFICE) == 3 * HOUR
    assert remaining(at("2025-10-09 10:00"), end, plain("7 days"), OFFICE) == HOUR
    assert remaining(at("2025-10-09 14:30"), end, plain("4 working hours"), OFFICE) == -(HOUR + HOUR // 2)


# ---- lights and rungs


@pytest.mark.parametrize(
    ("start", "limit", "yellow"),
    [
        ("2025-09-24 09:00", plain("2 hours"), "2025-09-24 10:24"),
        ("2025-09-24 09:00", plain("15 working minutes"), "2025-09-24 09:10"),  # 10.5 minutes, rounded down
        ("2025-09-24 09:00", plain("1 working minute"), "2025-09-24 09:01"),  # never at the very start
        ("2025-09-22 09:00", plain("5 workdays"), "2025-09-25 14:15"),
        # Seven have run by 30 September, with the made-up Sunday; the eighth is after the holidays.
        ("2025-09-22 09:00", legal("10 workdays"), "2025-10-09 09:00"),
        ("2025-09-22 09:00", legal("1 workday"), "2025-09-23 09:00"),
        ("2025-09-01 09:00", legal("15 days"), "2025-09-12 09:00"),  # ten have run
        # The eleventh day is 5 October: before the holidays.
        ("2025-09-24 09:00", legal("15 days"), "2025-09-30 09:00"),
        ("2025-09-19 15:00", legal("2 days"), "2025-09-22 09:00"),  # the 2nd is a Sunday, Friday has begun
    ],
)
def test_the_yellow_light_comes_at_seventy_per_cent_rounded_down(start: str, limit: Limit, yellow: str) -> None:
    assert fraction(at(start), limit, 70, OFFICE) == at(yellow)


LIMITS = st.builds(
    Limit,
    amount=st.integers(1, 40),
    unit=st.sampled_from(Unit),
) | st.builds(
    Limit,
    amount=st.integers(1, 40),
    unit=st.sampled_from([Unit.DAYS, Unit.WORKDAYS]),
    counting=st.just(Counting.DAYS),
)
STARTS = st.integers(0, 60 * 1440).map(lambda n: Instant(at("2025-08-25 00:00") + n * MINUTE))


@given(STARTS, LIMITS, st.integers(1, 99), st.integers(1, 99))
def test_no_light_comes_at_creation_or_after_the_due_time(start: Instant, limit: Limit, low: int, high: int) -> None:
    low, high = sorted((low, high))
    end = due(start, limit, OFFICE).at
    assert start < fraction(start, limit, low, OFFICE) <= fraction(start, limit, high, OFFICE) <= end
    assert fraction(start, limit, 100, OFFICE) == end


@given(STARTS, LIMITS, st.integers(1, 99), st.integers(0, 30 * 1440))
def test_a_light_stays_where_it_was_when_a_limit_is_resumed_at_once(
    start: Instant, limit: Limit, percent: int, ran: int
) -> None:
    stopped = Instant(min(start + ran * MINUTE, due(start, limit, OFFICE).at))
    used = consumed(start, stopped, limit, OFFICE)
    planned = fraction(start, limit, percent, OFFICE)
    resumed = fraction(stopped, limit, percent, OFFICE, consumed=used)
    if limit.counting is Counting.MINUTES:
        assert resumed == max(planned, stopped)
    else:
        assert stopped <= resumed <= due(start, limit, OFFICE).at


@pytest.mark.parametrize(
    ("end", "rung", "comes"),
    [
        ("2025-09-30 17:30", "+1 workday", "2025-10-09 17:30"),
        ("2025-09-30 11:00", "+5 workdays", "2025-10-14 11:00"),
        ("2025-09-30 24:00", "+1 workday", "2025-10-09 17:30"),
        ("2025-09-30 17:30", "+2 hours", "2025-09-30 19:30"),
        ("2025-09-30 17:30", "+3 days", "2025-10-03 17:30"),
        ("2025-10-09 11:00", "-2 working hours", "2025-10-09 09:00"),
        ("2025-10-09 11:00", "-1 workday", "2025-09-30 11:00"),
        ("2025-09-24 17:30", "-1 workday", "2025-09-24 09:00"),
        ("2025-09-24 10:00", "-30 minutes", "2025-09-24 09:30"),
        ("2025-09-25 10:00", "-1 day", "2025-09-24 10:00"),
        ("2025-09-24 24:00", "-1 day", "2025-09-23 09:00"),  # never at midnight
        ("2025-09-25 12:00", "-1 day", "2025-09-24 09:00"),  # nor at lunch
        ("2025-09-25 03:00", "-1 day", "2025-09-23 09:00"),
        ("2025-10-09 24:00", "-3 days", "2025-09-30 09:00"),  # nor in the holidays
        ("2025-10-15 24:00", "-10 days", "2025-09-30 09:00"),
    ],
)
def test_a_rung_before_or_after_the_due_time(end: str, rung: str, comes: str) -> None:
    offset = parse_rung(rung)
    assert isinstance(offset, Offset)
    assert shift(at(end), offset, OFFICE) == at(comes)


@pytest.mark.parametrize(
    ("end", "rung", "comes"),
    [
        ("2025-09-30 17:30", "+1 workday", "2025-10-09 17:30"),
        ("2025-09-30 24:00", "+2 workdays", "2025-10-10 17:30"),
        ("2025-09-30 24:00", "+5 days", "2025-10-09 24:00"),
        ("2025-10-10 17:30", "-1 workday", "2025-10-09 09:00"),
        ("2025-10-15 24:00", "-3 days", "2025-10-11 09:00"),  # the 12th is a Sunday, the 11th made up
    ],
)
def test_a_rung_by_counted_days(end: str, rung: str, comes: str) -> None:
    offset = parse_rung(rung, counting=Counting.DAYS)
    assert isinstance(offset, Offset)
    assert shift(at(end), offset, OFFICE) == at(comes)


@given(STARTS, st.integers(1, 30), st.sampled_from(Counting))
def test_a_warning_days_ahead_comes_in_working_hours_and_never_late(end: Instant, n: int, counting: Counting) -> None:
    warning = shift(end, Offset(Side.BEFORE, Limit(amount=n, unit=Unit.DAYS, counting=counting)), OFFICE)
    assert OFFICE.is_open(warning)
    latest = end - n * DAY if counting is Counting.MINUTES else OFFICE.end_of(OFFICE.day_of(Instant(end - 1 - n * DAY)))
    assert warning <= latest


def test_every_kind_of_rung_has_its_instant() -> None:
    start, limit = at("2025-09-24 09:00"), plain("2 hours")
    end = due(start, limit, OFFICE).at
    comes = {
        text: rung_at(parse_rung(text), start=start, limit=limit, due_at=end, calendar=OFFICE)
        for text in ("50%", "100%", "+1 workday", "-30 minutes")
    }
    assert comes == {
        "50%": at("2025-09-24 10:00"),
        "100%": at("2025-09-24 11:00"),
        "+1 workday": at("2025-09-25 11:00"),
        "-30 minutes": at("2025-09-24 10:30"),
    }


def test_a_share_of_a_date_given_by_hand_is_one_of_the_time_between() -> None:
    start, end = at("2025-09-20 00:00"), at("2025-09-30 00:00")
    assert rung_at(parse_rung("70%"), start=start, limit=None, due_at=end, calendar=OFFICE) == at("2025-09-27 00:00")


# ---- the clock of 1986 to 1991, midnight, and other traps


def test_the_summers_of_1986_to_1991_moved_the_clock() -> None:
    assert DUTY_DESK.measure(at("1986-05-04 00:00"), at("1986-05-05 00:00")) == 23 * HOUR
    assert DUTY_DESK.measure(at("1986-09-14 00:00"), at("1986-09-15 00:00")) == 25 * HOUR
    assert due(at("1986-05-03 17:00"), plain("1 working hour"), OFFICE).at == at("1986-05-05 10:00")
    assert due(at("1991-04-12 09:00"), legal("2 days"), DUTY_DESK).at == at("1991-04-15 00:00")
    assert DUTY_DESK.end_of(date(1991, 4, 14)) - DUTY_DESK.end_of(date(1991, 4, 13)) == 23 * HOUR


def test_no_minute_is_lost_at_midnight() -> None:
    night_desk = WorkCalendar(
        zone=SHANGHAI,
        daily=ROUND_THE_CLOCK,
        weekly=((DaySpan(0, 6 * 60), DaySpan(22 * 60, 24 * 60)),) * 7,
        published=None,
    )
    assert night_desk.measure(at("2025-09-24 23:00"), at("2025-09-25 01:00")) == 2 * HOUR
    assert night_desk.add(at("2025-09-24 23:59"), 2 * MINUTE) == at("2025-09-25 00:01")
    assert night_desk.add(at("2025-09-24 23:59"), MINUTE) == at("2025-09-24 24:00")
    assert night_desk.is_open(at("2025-09-25 00:00"))
    assert DUTY_DESK.measure(at("2024-01-01 00:00"), at("2026-01-01 00:00")) == 731 * DAY


def test_nine_oclock_is_working_time_and_closing_time_is_not() -> None:
    assert OFFICE.is_open(at("2025-09-24 09:00"))
    assert not OFFICE.is_open(Instant(at("2025-09-24 09:00") - 1))
    assert OFFICE.is_open(Instant(at("2025-09-24 17:30") - 1))
    assert not OFFICE.is_open(at("2025-09-24 17:30"))
    assert OFFICE.subtract(at("2025-09-25 09:00"), MINUTE) == at("2025-09-24 17:29")


def test_a_thread_may_look_far_ahead_while_another_looks_back() -> None:
    calendar = mainland()
    wrong: list[int] = []

    def ask(year: int) -> None:
        start = at(f"{year}-03-01 09:00")
        wrong.extend(1 for _ in range(50) if calendar.measure(start, calendar.add(start, DAY)) != DAY)

    threads = [Thread(target=ask, args=(year,)) for year in (1990, 2005, 2024, 2050, 2090, 1960)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert wrong == []


def test_a_search_ends_where_the_calendar_ends() -> None:
    always_off = {date(2026, 1, 1) + timedelta(days=n): FREE for n in range(66_000)}
    exhausted = WorkCalendar(zone=SHANGHAI, daily=ORDINARY, weekly=OFFICE.weekly, days=always_off)
    with pytest.raises(CalendarError, match="outside the working calendar"):
        exhausted.add(at("2026-01-01 00:00"), MINUTE)
    with pytest.raises(CalendarError, match="outside the working calendar"):
        due(at("2026-01-01 00:00"), legal("1 day"), exhausted)
    with pytest.raises(CalendarError, match="outside the working calendar"):
        OFFICE.subtract(at("1990-01-01 00:00"), 100 * 366 * DAY)
    with pytest.raises(CalendarError, match="outside the working calendar"):
        OFFICE.measure(Instant(0), Instant(10**30))


def test_the_sundays_and_holidays_are_those_of_the_decrees_of_twenty_three_years() -> None:
    every = [date(2004, 1, 1) + timedelta(days=n) for n in range((date(2026, 12, 31) - date(2004, 1, 1)).days + 1)]
    off = [day for day in every if day.weekday() < 5 and chinese_calendar.is_holiday(day)]
    work = [day for day in every if day.weekday() >= 5 and chinese_calendar.is_workday(day)]
    calendar = mainland().with_decrees(off=off, work=work, published=range(2004, 2027), version="2026")
    assert all(calendar.is_workday(day) == chinese_calendar.is_workday(day) for day in every)
    total = calendar.measure(at("2004-01-01 00:00"), at("2027-01-01 00:00"))
    assert total == sum(chinese_calendar.is_workday(day) for day in every) * 390 * MINUTE
    assert [day for day in every if day in {*days("2025-10-01..08"), *days("2026-10-01..07")}] == [
        day for day in every if day.month == 10 and day.year >= 2025 and day.day <= 8 and not calendar.is_workday(day)
    ]


# ---- calendar files

CALENDAR_FILE = Path(__file__).parents[2] / "workflows" / "calendars" / "cn-mainland.yaml"
FORM: dict[str, object] = {
    "title": "街镇 / Street",
    "zone": "Asia/Shanghai",
    "daily": ["09:00-11:30", "13:30-17:30"],
    "weekly": {"monday-friday": "daily"},
    "statutory": "file",
    "published": [2025, 2026],
    "days": {"2025-10-01": "off", date(2025, 10, 11): "daily", "2025-10-12": ["09:00-12:00"]},
}


def mainland() -> WorkCalendar:
    return calendar_from_mapping(YAML(typ="safe").load(CALENDAR_FILE.read_text(encoding="utf-8")))


def test_the_mainland_calendar_waits_for_its_decrees() -> None:
    calendar = mainland()
    assert (calendar.statutory, calendar.published, calendar.reaches_back) == (
        "chinesecalendar",
        frozenset(),
        3,
    )
    assert calendar.workday == 390 * MINUTE
    assert calendar.weekly == OFFICE.weekly
    assert calendar.zone.key == "Asia/Shanghai"


def test_a_calendar_file_names_its_days() -> None:
    calendar = calendar_from_mapping(FORM, version="7")
    assert calendar.version == "7"
    assert calendar.published == frozenset({2025, 2026})
    assert not calendar.is_workday(date(2025, 10, 1))
    assert calendar.is_workday(date(2025, 10, 11))
    assert calendar.measure(at("2025-10-12 00:00"), at("2025-10-13 00:00")) == 3 * HOUR


def test_a_calendar_reads_the_same_in_chinese() -> None:
    chinese = {
        **FORM,
        "daily": ["09：00－11：30", "13:30–17:30"],
        "weekly": {"周一至周三": "班", "星期四": "班", "周五": ["09:00-11:30", "13:30-17:30"], "周日": "休"},
    }
    assert calendar_from_mapping(chinese) == calendar_from_mapping(FORM)


def test_a_places_own_exceptions_are_stronger_than_a_decree() -> None:
    calendar = calendar_from_mapping(FORM).with_decrees(
        off=days("2025-10-11"), work=days("2025-10-01"), published=[2027], version="8"
    )
    assert not calendar.is_workday(date(2025, 10, 1))
    assert calendar.is_workday(date(2025, 10, 11))
    assert calendar.published == frozenset({2025, 2026, 2027})


def test_a_decree_cannot_say_both() -> None:
    with pytest.raises(CalendarError, match="both off and a workday"):
        OFFICE.with_decrees(off=days("2027-01-01"), work=days("2027-01-01"), published=[2027], version="x")


@pytest.mark.parametrize(
    ("change", "key", "why"),
    [
        ({"daily": ["09:00-12:00", "11:30-17:30"]}, "daily", "overlap"),
        ({"daily": ["13:30-17:30", "09:00-11:30"]}, "daily", "wrong order"),
        ({"weekly": {"friday": ["22:00-06:00"]}}, "weekly.friday", "ends before it starts"),
        ({"weekly": {"friday": ["09:00-09:00"]}}, "weekly.friday", "ends before it starts"),
        ({"weekly": {"friday": ["09:00-24:01"]}}, "weekly.friday[0]", "no clock shows"),
        ({"weekly": {"friday": ["09:60-10:00"]}}, "weekly.friday[0]", "no clock shows"),
        ({"weekly": {"friday": [540]}}, "weekly.friday[0]", "quoted"),
        ({"weekly": {"friday": "09:00-11:30"}}, "weekly.friday", "must be a list"),
        ({"weekly": {"friday": False}}, "weekly.friday", "must be a list"),
        ({"weekly": {"freitag": "daily"}}, "weekly.freitag", "no weekday"),
        ({"weekly": {"friday-monday": "daily"}}, "weekly.friday-monday", "backwards"),
        ({"weekly": {"monday-friday": "daily", "friday": "off"}}, "weekly.friday", "twice"),
        ({"weekly": ["daily"]}, "weekly", "mapping"),
        ({"weekly": {"monday-sunday": "off"}}, "weekly", "no working minute"),
        ({"weekly": {}}, "weekly", "no working minute"),
        ({"daily": []}, "daily", "no working minute"),
        ({"daily": "daily"}, "daily", "must be a list"),
        ({"zone": "Asia/Beijing"}, "zone", "no zone"),
        ({"zone": "../etc"}, "zone", "no zone"),
        ({"zone": None}, "zone", "missing"),
        ({"title": 5}, "title", "text"),
        ({"statutory": "guess"}, "statutory", "unknown"),
        ({"statutory": "none"}, "published", "only to a calendar"),
        ({"published": ["soon"]}, "published[0]", "no year"),
        ({"reaches_back": True}, "reaches_back", "number of days"),
        ({"days": {"1 October": "off"}}, "days.1 October", "no date"),
        ({"days": {"2025-10-01": ["09:00-08:00"]}}, "days.2025-10-01", "ends before it starts"),
        ({"holidays": []}, "holidays", "unknown"),
    ],
)
def test_a_wrong_calendar_is_refused_by_its_key(change: dict[str, object], key: str, why: str) -> None:
    with pytest.raises(CalendarError, match=why) as refusal:
        calendar_from_mapping({**FORM, **change})
    assert refusal.value.key == key
    assert key in refusal.value.zh
    assert key in refusal.value.en


@pytest.mark.parametrize("key", ["title", "zone", "daily", "weekly", "statutory"])
def test_a_calendar_without_a_necessary_key_is_refused(key: str) -> None:
    with pytest.raises(CalendarError, match="missing") as refusal:
        calendar_from_mapping({name: value for name, value in FORM.items() if name != key})
    assert refusal.value.key == key


def test_hours_are_checked_however_a_calendar_is_made() -> None:
    with pytest.raises(CalendarError, match="ends before it starts"):
        OFFICE.with_decrees(own={date(2027, 5, 1): (DaySpan(600, 540),)}, published=[2027], version="x")
    with pytest.raises(CalendarError, match="seven days"):
        WorkCalendar(zone=SHANGHAI, daily=ORDINARY, weekly=(ORDINARY,))  # type: ignore[arg-type]


# ---- cost


def fastest(work: int, rounds: int) -> float:
    """Seconds per call of one addition, the best of several rounds: the machine may be busy."""
    starts = [Instant(at("2025-01-06 10:00") + n * 7 * HOUR) for n in range(work)]
    best = float("inf")
    for _ in range(rounds):
        began = time.perf_counter()
        for start in starts:
            OFFICE.add(start, 5 * OFFICE.workday if start % 2 else 1_950 * MINUTE)
        best = min(best, (time.perf_counter() - began) / work)
    return best


def test_an_addition_takes_microseconds() -> None:
    assert fastest(work=1_000, rounds=10) < 10e-6


def test_the_first_question_to_a_new_calendar_is_answered_in_the_blink_of_an_eye() -> None:
    best = float("inf")
    for _ in range(5):
        calendar = mainland()
        began = time.perf_counter()
        due(at("2026-12-30 15:00"), plain("15 workdays"), calendar)
        best = min(best, time.perf_counter() - began)
    assert best < 0.05
