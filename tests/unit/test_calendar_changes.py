"""What a version changes against the one before, and what of it had passed."""

from datetime import date

from engine.exchange.calendar_package import package_decrees
from engine.rules.calendar_changes import FIRST_DAY, Changes, changes
from engine.rules.calendars import WorkCalendar
from engine.rules.decrees import Decree, with_decrees
from engine.rules.timeline import DaySpan
from tests.support.calendars import OFFICE, calendar_file

TODAY = date(2026, 11, 26)


def office(old: str = "", new: str = "", *decrees: Decree) -> WorkCalendar:
    """The office's calendar with a change in its file and these decrees, else those of the package."""
    calendar = calendar_file(OFFICE.replace(old, new) if old else OFFICE).calendar
    return with_decrees(calendar, decrees or package_decrees(calendar), "office@1")


def compared(new: WorkCalendar, old: WorkCalendar | None = None) -> Changes:
    return changes(old or office(), new, TODAY)


def decree(year: int, *off: str) -> Decree:
    return Decree(year=year, source="a", off=frozenset(map(date.fromisoformat, off)), work=frozenset())


def test_nothing_changes_between_equals() -> None:
    same = compared(office())
    assert (same.days, same.weekly, same.daily, same.years) == ((), {}, None, ())
    assert (same.earliest, same.settled) == (None, None)


def test_the_first_decrees_fill_in_years_that_were_provisional() -> None:
    bare = calendar_file().calendar
    found = compared(office(), bare)
    assert found.years == tuple(range(2004, 2027))
    assert found.settled is None
    # The decree of 2004 might have said something about the last days of 2003.
    assert found.earliest == date(2003, 12, 29)
    assert all(bare.hours(one.day) == one.before for one in found.days)


def test_a_new_decree_changes_from_the_first_day_it_decides_about() -> None:
    before = package_decrees(calendar_file().calendar)
    found = compared(office("", "", *before, decree(2027, "2027-01-01", "2027-01-02")))
    assert [(one.day, one.after) for one in found.days] == [(date(2027, 1, 1), ())]
    assert found.years == (2027,)
    assert found.earliest == date(2026, 12, 29)
    assert found.settled is None


def test_a_decree_that_changes_no_hours_still_settles_its_year() -> None:
    before = package_decrees(calendar_file().calendar)
    found = compared(office("", "", *before, decree(2027, "2027-01-02")))
    assert found.days == ()
    assert found.earliest == date(2026, 12, 29)


def test_a_day_of_a_decreed_year_that_has_passed_is_settled() -> None:
    before = package_decrees(calendar_file().calendar)
    amended = [one if one.year != 2026 else decree(2026, "2026-01-05") for one in before]
    assert compared(office("", "", *amended)).settled == date(2026, 1, 1)


def test_a_day_to_come_is_not_settled() -> None:
    found = compared(office("2026-11-05: off", "2026-11-05: off\n  2026-11-26: off\n  2026-12-01: off"))
    assert [one.day for one in found.days] == [TODAY, date(2026, 12, 1)]
    assert (found.earliest, found.settled) == (TODAY, None)


def test_another_exception_in_the_past_is_settled() -> None:
    found = compared(office("2026-11-05: off", "2026-11-05: daily"))
    assert (found.earliest, found.settled) == (date(2026, 11, 5), date(2026, 11, 5))


def test_other_hours_of_a_weekday_change_every_one_of_them() -> None:
    found = compared(office('friday: ["09:00-12:00"]', 'friday: ["09:00-11:00"]'))
    assert found.weekly == {4: ((DaySpan(540, 720),), (DaySpan(540, 660),))}
    assert found.days == ()
    assert found.earliest == date(1901, 1, 4)
    assert found.settled == date(2004, 1, 2)


def test_an_ordinary_day_of_another_length_changes_what_a_workday_is() -> None:
    found = compared(office("13:30-17:30", "13:30-17:00"))
    assert found.daily is not None
    assert found.earliest == FIRST_DAY
    assert found.settled == date(2003, 12, 29)
    # Make-up workdays follow the ordinary day: they are no news of their own.
    assert found.days == ()


def test_before_any_year_is_decreed_hours_may_change_freely() -> None:
    new = calendar_file(OFFICE.replace("09:00-12:00", "09:00-11:00").replace("17:30", "17:00")).calendar
    assert changes(calendar_file().calendar, new, TODAY).settled is None


def test_a_calendar_that_begins_to_keep_holidays_changes_everywhere() -> None:
    without = OFFICE.replace("chinesecalendar", "none")
    found = changes(calendar_file(without).calendar, office(), TODAY)
    assert found.earliest == FIRST_DAY
    assert found.settled is not None


def test_other_days_at_the_years_end_touch_every_decree() -> None:
    found = compared(office("reaches_back: 3", "reaches_back: 2"))
    assert found.years == tuple(range(2004, 2027))
    assert found.earliest == date(2003, 12, 29)
