"""When jobs come: against a walk through every day, and against examples worked out by hand."""

import itertools
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from engine.clock import DAY, Instant, instant, moment
from engine.definitions.rhythm import LAST, Every, Moves, On, When
from engine.definitions.rhythm_days import parse_day
from engine.rules.periods import first_day, last_day, name_of, number_of
from engine.rules.rhythm import Occurrence, coming, latest, missed
from engine.rules.worktime import WorkCalendar
from tests.support.rhythms import OFFICE, ORDINARY, SHANGHAI, at, days

ONE_DAY = timedelta(days=1)
#: A city whose clocks jump in March and fall back in October.
BERLIN = ZoneInfo("Europe/Berlin")


def when(every: Every, on: str | None = None, time: int = 9 * 60, moves: Moves = Moves.NEXT) -> When:
    return When(every=every, on=parse_day(on, every) if on else None, at=time, moves=moves)


def dates(rule: When, since: str, count: int, calendar: WorkCalendar = OFFICE) -> list[str]:
    """The days of the next occurrences."""
    return [str(one.day) for one in itertools.islice(coming(rule, calendar, at(since)), count)]


# ---- the walk: days one by one, periods by what the wall calendar says


def period_name(every: Every, day: date) -> str:
    if every in (Every.DAY, Every.WORKDAY):
        return str(day)
    if every is Every.WEEK:
        year, week, _ = day.isocalendar()
        return f"{year}-W{week:02}"
    if every is Every.TEN_DAYS:
        return f"{day:%Y-%m}-T{1 if day.day <= 10 else 2 if day.day <= 20 else 3}"
    return f"{day:%Y-%m}" if every is Every.MONTH else f"{day.year}-Q{(day.month + 2) // 3}"


def walked(rule: When, calendar: WorkCalendar, first: date, last: date) -> list[tuple[str, date]]:
    """Period and day of every occurrence whose period lies between two days."""
    grouped: dict[str, list[date]] = {}
    for number in range((last - first).days + 1):
        day = first + number * ONE_DAY
        grouped.setdefault(period_name(rule.every, day), []).append(day)
    found = []
    for name, inside in list(grouped.items())[1:-1]:
        came = _day_of(rule, calendar, inside)
        if came is not None:
            found.append((name, came))
    return found


def _day_of(rule: When, calendar: WorkCalendar, inside: list[date]) -> date | None:
    on = rule.on or On(day=1)
    if on.workdays:
        if on.day == LAST:
            return _toward(calendar, inside[-1], -1)
        left, day = on.day, inside[0] - ONE_DAY
        while left:
            day += ONE_DAY
            left -= calendar.is_workday(day)
        return day
    months = [[day for day in inside if day.month == month] for month in dict.fromkeys(day.month for day in inside)]
    among = months[on.month - 1] if rule.every is Every.QUARTER else inside
    planned = inside[-1] if on.day == LAST else among[on.day - 1]
    if rule.every is Every.DAY or calendar.is_workday(planned):
        return planned
    if rule.every is Every.WORKDAY or rule.moves is Moves.SKIP:
        return None
    return _toward(calendar, planned, 1 if rule.moves is Moves.NEXT else -1)


def _toward(calendar: WorkCalendar, day: date, step: int) -> date:
    return day if calendar.is_workday(day) else _toward(calendar, day + step * ONE_DAY, step)


#: A calendar with holidays anywhere, some of them long, in a zone whose clocks may jump.
CALENDARS = st.builds(
    lambda off, work, zone: WorkCalendar(
        zone=zone, daily=ORDINARY, weekly=(ORDINARY,) * 5 + ((), ()), published=None
    ).with_decrees(
        version="x",
        published=(),
        off={start + n * ONE_DAY for start, length in off for n in range(length)} - work,
        work=work,
    ),
    st.lists(st.tuples(st.dates(date(2023, 12, 1), date(2025, 2, 1)), st.integers(1, 16)), max_size=12),
    st.sets(st.dates(date(2023, 12, 1), date(2025, 2, 1)), max_size=12),
    st.sampled_from([SHANGHAI, BERLIN]),
)
DAYS: dict[Every, list[str | None]] = {
    Every.DAY: [None],
    Every.WORKDAY: [None],
    Every.WEEK: ["monday", "wednesday", "sunday"],
    Every.TEN_DAYS: ["1", "8", "last day", "first workday", "workday 3", "last workday"],
    Every.MONTH: ["1", "15", "28", "last day", "first workday", "workday 10", "last workday"],
    Every.QUARTER: ["1", "month 2 day 15", "month 3 day 28", "first workday", "workday 10", "last workday", "last day"],
}
RULES = st.sampled_from(list(Every)).flatmap(
    lambda every: st.builds(
        when,
        st.just(every),
        st.sampled_from(DAYS[every]),
        st.integers(0, 24 * 60 - 1),
        st.sampled_from(list(Moves)),
    )
)


@given(rule=RULES, calendar=CALENDARS)
def test_what_comes_is_what_a_walk_through_every_day_finds(rule: When, calendar: WorkCalendar) -> None:
    expected = walked(rule, calendar, date(2023, 10, 1), date(2025, 6, 30))
    start = instant(datetime(2023, 6, 1, tzinfo=calendar.zone))
    found = {one.period: one for one in missed(rule, calendar, start, Instant(start + 900 * DAY))}
    assume(expected)  # a Sunday that is left out may never come; the reader refuses that
    assert [(name, found[name].day) for name, _ in expected if name in found] == expected
    between = (expected[0][0], expected[-1][0])
    inside = [one for one in found.values() if between[0] <= one.period <= between[1]]
    assert [one.period for one in inside] == [name for name, _ in expected]
    for one in inside:
        shown = moment(one.at, calendar.zone)
        # A wall time that a jump of the clocks leaves out is the one an hour later.
        assert shown.date() == one.day or shown.hour == 0
        assert abs(shown.hour * 60 + shown.minute - rule.at) in (0, 60)


@given(rule=RULES, calendar=CALENDARS, minutes=st.integers(0, 380 * 24 * 60))
def test_the_latest_is_the_last_that_came_and_the_next_the_first_to_come(
    rule: When, calendar: WorkCalendar, minutes: int
) -> None:
    now = Instant(instant(datetime(2024, 1, 1, tzinfo=calendar.zone)) + minutes * 60_000_000)
    everything = missed(rule, calendar, Instant(now - 400 * DAY), Instant(now + 400 * DAY))
    assert [one.at for one in everything] == sorted(one.at for one in everything)
    past = [one for one in everything if one.at <= now]
    assume(past and len(past) < len(everything))
    assert latest(rule, calendar, now) == past[-1]
    assert next(coming(rule, calendar, now)) == everything[len(past)]
    assert len({one.period for one in everything}) == len(everything)


@given(every=st.sampled_from(list(Every)), day=st.dates(date(1950, 1, 1), date(2150, 1, 1)))
def test_every_day_lies_in_the_period_that_is_named_after_it(every: Every, day: date) -> None:
    number = number_of(every, day)
    assert first_day(every, number) <= day <= last_day(every, number)
    assert name_of(every, number) == period_name(every, day)
    assert first_day(every, number + 1) == last_day(every, number) + ONE_DAY


# ---- by hand


def test_a_lag_reminder_is_silent_at_spring_festival_and_comes_on_the_saturday_made_up_for() -> None:
    assert dates(when(Every.WORKDAY), "2026-02-12 12:00", 4) == ["2026-02-13", "2026-02-14", "2026-02-24", "2026-02-25"]
    assert dates(when(Every.WORKDAY), "2026-02-27 12:00", 2) == ["2026-02-28", "2026-03-02"]


def test_the_weekly_inspection_of_a_holiday_moves_on_or_back_or_is_left_out() -> None:
    assert dates(when(Every.WEEK, "monday"), "2026-02-10 00:00", 3) == ["2026-02-24", "2026-02-24", "2026-03-02"]
    assert dates(when(Every.WEEK, "monday", moves=Moves.PREVIOUS), "2026-02-10 00:00", 3) == [
        "2026-02-14",
        "2026-02-14",
        "2026-03-02",
    ]
    assert dates(when(Every.WEEK, "monday", moves=Moves.SKIP), "2026-02-10 00:00", 1) == ["2026-03-02"]


def test_two_weeks_that_move_to_one_day_keep_their_names() -> None:
    both = list(itertools.islice(coming(when(Every.WEEK, "monday"), OFFICE, at("2026-02-10 00:00")), 2))
    assert [one.period for one in both] == ["2026-W08", "2026-W09"]
    assert latest(when(Every.WEEK, "monday"), OFFICE, at("2026-02-24 09:00")) == both[1]


@pytest.mark.parametrize(
    ("since", "expected"),
    [
        ("2026-12-27 00:00", [("2026-W53", "2026-12-28"), ("2027-W01", "2027-01-04")]),
        ("2025-12-28 00:00", [("2026-W01", "2025-12-29"), ("2026-W02", "2026-01-05")]),
        ("2024-12-29 00:00", [("2025-W01", "2024-12-30"), ("2025-W02", "2025-01-06")]),
    ],
)
def test_a_week_at_new_year_belongs_to_the_year_of_its_thursday(since: str, expected: list[tuple[str, str]]) -> None:
    found = itertools.islice(coming(when(Every.WEEK, "monday"), OFFICE, at(since)), 2)
    assert [(one.period, str(one.day)) for one in found] == expected


def test_a_month_ends_in_leap_years_too() -> None:
    calendar = WorkCalendar(zone=SHANGHAI, daily=ORDINARY, weekly=(ORDINARY,) * 7, published=None)
    last = when(Every.MONTH, "last day")
    assert dates(last, "2024-02-01 00:00", 3, calendar) == ["2024-02-29", "2024-03-31", "2024-04-30"]
    assert dates(last, "2100-02-01 00:00", 1, calendar) == ["2100-02-28"]
    assert dates(when(Every.TEN_DAYS, "last day"), "2024-02-01 00:00", 3, calendar) == [
        "2024-02-10",
        "2024-02-20",
        "2024-02-29",
    ]


def test_the_monthly_review_comes_on_the_last_workday_and_the_quarterly_round_on_the_first() -> None:
    monthly = when(Every.MONTH, "last workday")
    assert dates(monthly, "2026-01-01 00:00", 4) == ["2026-01-30", "2026-02-28", "2026-03-31", "2026-04-30"]
    quarterly = when(Every.QUARTER, "first workday")
    assert dates(quarterly, "2025-12-31 12:00", 4) == ["2026-01-04", "2026-04-01", "2026-07-01", "2026-10-08"]


def test_the_first_workday_of_a_ten_days_without_one_lies_in_the_next() -> None:
    festival = OFFICE.with_decrees(version="x", published=[], off=days("2026-02-11..20"))
    found = list(itertools.islice(coming(when(Every.TEN_DAYS, "first workday"), festival, at("2026-02-03 00:00")), 3))
    assert [(one.period, str(one.day)) for one in found] == [
        ("2026-02-T2", "2026-02-14"),  # made up for, whatever else is off
        ("2026-02-T3", "2026-02-24"),
        ("2026-03-T1", "2026-03-02"),
    ]


def test_a_year_not_decreed_goes_by_the_hours_of_the_week_and_is_provisional() -> None:
    found = itertools.islice(coming(when(Every.WORKDAY), OFFICE, at("2026-12-30 12:00")), 3)
    assert [(str(one.day), one.provisional) for one in found] == [
        ("2026-12-31", False),
        ("2027-01-01", True),
        ("2027-01-04", True),
    ]


def test_one_that_moved_out_of_a_year_not_decreed_is_provisional() -> None:
    first = when(Every.QUARTER, "first workday", moves=Moves.NEXT)
    back = when(Every.MONTH, "1", moves=Moves.PREVIOUS)
    decreed = OFFICE.with_decrees(version="x", published=[], off=days("2027-01-01"))
    assert _next(back, decreed, "2026-12-02 00:00") == ("2027-01", "2026-12-31", True)
    assert _next(first, decreed, "2026-12-02 00:00") == ("2027-Q1", "2027-01-04", True)


def test_every_calendar_day_depends_on_no_decree() -> None:
    assert _next(when(Every.DAY), OFFICE, "2027-05-01 00:00") == ("2027-05-01", "2027-05-01", False)


def test_the_time_of_day_is_that_of_the_calendars_zone() -> None:
    berlin = WorkCalendar(zone=BERLIN, daily=ORDINARY, weekly=(ORDINARY,) * 7, published=None)
    found = list(itertools.islice(coming(when(Every.DAY, time=150), berlin, at("2026-03-28 03:00", BERLIN)), 2))
    # 02:30 does not exist on the night that the clocks jump.
    assert [moment(one.at, BERLIN).strftime("%d %H:%M") for one in found] == ["29 03:30", "30 02:30"]


def test_what_never_comes_has_neither_a_last_nor_a_next() -> None:
    never = when(Every.WEEK, "sunday", moves=Moves.SKIP)
    calendar = WorkCalendar(zone=SHANGHAI, daily=ORDINARY, weekly=(ORDINARY,) * 5 + ((), ()), published=None)
    assert latest(never, calendar, at("2026-03-02 09:00")) is None
    assert next(coming(never, calendar, at("2026-03-02 09:00")), None) is None


def test_a_moment_is_due_from_its_very_minute_on() -> None:
    rule = when(Every.WORKDAY, time=510)
    assert _name(latest(rule, OFFICE, at("2026-03-02 08:30"))) == "2026-03-02"
    assert _name(latest(rule, OFFICE, Instant(at("2026-03-02 08:30") - 1))) == "2026-02-28"


def test_what_was_missed_is_told_oldest_first() -> None:
    found = missed(when(Every.WORKDAY, time=510), OFFICE, at("2026-02-13 08:30"), at("2026-02-25 08:29"))
    assert [one.period for one in found] == ["2026-02-14", "2026-02-24"]


def _next(rule: When, calendar: WorkCalendar, since: str) -> tuple[str, str, bool]:
    one = next(coming(rule, calendar, at(since)))
    return one.period, str(one.day), one.provisional


def _name(one: Occurrence | None) -> str:
    return one.period if one else ""
