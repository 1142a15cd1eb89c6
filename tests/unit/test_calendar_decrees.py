"""Decrees: copied from the package to the day, or read from a file and refused by its line."""

from datetime import date, timedelta
from pathlib import Path

import chinese_calendar
import pytest

from engine.errors import HuyingError, Malformed
from engine.exchange.calendar_decree import check_decree, read_decree
from engine.exchange.calendar_package import known_years, package_decrees
from engine.records import calendars
from engine.rules.calendars import WorkCalendar
from engine.rules.decrees import Decree, from_json, merged, to_json, with_decrees, years_text
from tests.support.calendars import DECREE_2027, OFFICE, calendar_file, written


def mainland() -> WorkCalendar:
    return next(file.calendar for file in calendars.shipped() if file.key == "cn-mainland")


# ---- the package


def test_the_package_is_copied_to_the_day_over_all_years_it_knows() -> None:
    assert known_years() == range(2004, 2027)
    calendar = with_decrees(mainland(), package_decrees(mainland()), "cn-mainland@2")
    day = date(2004, 1, 1)
    while day.year < 2027:
        assert calendar.is_workday(day) == chinese_calendar.is_workday(day), day
        day += timedelta(days=1)
    assert calendar.published == frozenset(known_years())


def test_every_day_of_the_package_is_in_exactly_one_decree() -> None:
    decrees = package_decrees(mainland())
    off = [day for decree in decrees for day in decree.off]
    work = [day for decree in decrees for day in decree.work]
    assert sorted(off) == sorted(chinese_calendar.holidays)
    assert sorted(work) == sorted(chinese_calendar.workdays)


def test_the_last_days_of_december_belong_to_the_next_decree() -> None:
    (decree,) = package_decrees(mainland(), [2019])
    assert date(2018, 12, 29) in decree.work
    assert {date(2018, 12, 30), date(2018, 12, 31)} <= decree.off
    (whole,) = package_decrees(calendar_file(OFFICE.replace("reaches_back: 3\n", "")).calendar, [2018])
    assert date(2018, 12, 29) in whole.work


@pytest.mark.parametrize("year", [2003, 2027])
def test_a_year_that_the_package_does_not_know_is_refused(year: int) -> None:
    with pytest.raises(Malformed, match="2004 to 2026") as caught:
        package_decrees(mainland(), [year])
    assert caught.value.place.field == "--years"


# ---- decree files


def read(folder: Path, text: str = DECREE_2027) -> Decree:
    return read_decree(written(folder, "2027.yaml", text)).decree


def test_a_decree_file_names_days_and_ranges(tmp_path: Path) -> None:
    decree = read(tmp_path)
    assert (decree.year, decree.source) == (2027, "国办发明电〔2026〕99号")
    assert sorted(decree.work) == [date(2027, 1, 30), date(2027, 10, 9)]
    assert len(decree.off) == 3 + 7 + 7
    across = read(tmp_path, "decree: 2027\noff: [2027-01-30..2027-02-02]\n")
    assert sorted(across.off) == [date(2027, 1, 30), date(2027, 1, 31), date(2027, 2, 1), date(2027, 2, 2)]
    assert across.source == "2027.yaml"


def test_a_weekend_named_off_is_accepted(tmp_path: Path) -> None:
    file = read_decree(written(tmp_path, "2027.yaml", "decree: 2027\noff: [2027-01-02]\n"))
    check_decree(file, mainland())
    assert file.decree.off == {date(2027, 1, 2)}


#: The file, the line that is named, what the author reads.
WRONG = {
    "no year": ("off: [2027-01-01]\n", 1, "缺少 decree"),
    "a year in words": ("decree: next\noff: [2027-01-01]\n", 1, "不是年份"),
    "a year in quotes": ('decree: "2027"\noff: [2027-01-01]\n', 1, "不是年份"),
    "a year before all decrees": ("decree: 1911\noff: [1911-10-10]\n", 1, "不是年份"),
    "no day": ("decree: 2027\noff: []\n", 1, "没有写任何日期"),
    "a day that is none": ("decree: 2027\noff:\n  - 2027-02-30\n", 3, "不是日期"),
    "a day as P1D": ("decree: 2027\noff:\n  - P1D\n", 3, "不是日期"),
    "a day twice": ("decree: 2027\noff:\n  - 2027-01-01\n  - 2027-01-01\n", 4, "第 3 行已经写过"),
    "a day twice by a range": ("decree: 2027\noff:\n  - 2027-01-01..03\n  - 2027-01-02\n", 4, "第 3 行已经写过"),
    "a day both off and worked": ("decree: 2027\noff: [2027-01-01]\nwork:\n  - 2027-01-01\n", 4, "既是假日"),
    "a range backwards": ("decree: 2027\noff:\n  - 2027-01-03..01\n", 3, "从早到晚"),
    "a range of a year": ("decree: 2027\noff:\n  - 2027-01-01..2027-12-31\n", 3, "最多 31 天"),
    "one day instead of a list": ("decree: 2027\noff: 2027-01-01\n", 2, "列表"),
    "an unknown key": ("decree: 2027\nof: [2027-01-01]\n", 2, "是否想写“off”"),
    "a source too long": (f"decree: 2027\nsource: {'号' * 201}\noff: [2027-01-01]\n", 2, "文号过长"),
    "a source without words": ("decree: 2027\nsource:\noff: [2027-01-01]\n", 2, "没有填写"),
}


@pytest.mark.parametrize("mistake", WRONG)
def test_a_wrong_decree_is_refused_with_file_and_line(mistake: str, tmp_path: Path) -> None:
    text, line, why = WRONG[mistake]
    with pytest.raises(HuyingError) as caught:
        read(tmp_path, text)
    assert (caught.value.place.file, caught.value.place.line) == ("2027.yaml", line)
    assert why in caught.value.zh


@pytest.mark.parametrize(
    ("day", "year"), [("2026-12-28", 2026), ("2027-12-29", 2028), ("2028-01-01", 2028), ("2026-01-01", 2026)]
)
def test_a_day_of_another_year_is_refused_with_its_line(day: str, year: int, tmp_path: Path) -> None:
    file = read_decree(written(tmp_path, "2027.yaml", f"decree: 2027\noff:\n  - 2026-12-29\n  - {day}\n"))
    with pytest.raises(HuyingError, match=rf"2027\.yaml:4: .*属于 {year} 年"):
        check_decree(file, mainland())


def test_a_calendar_without_holidays_takes_no_decree(tmp_path: Path) -> None:
    file = read_decree(written(tmp_path, "2027.yaml", DECREE_2027))
    desk = next(file.calendar for file in calendars.shipped() if file.key == "duty-desk")
    with pytest.raises(HuyingError, match=r"2027\.yaml:1: .*不设节假日"):
        check_decree(file, desk)


# ---- decrees together


def decree(year: int, source: str = "a", *off: date) -> Decree:
    return Decree(year=year, source=source, off=frozenset(off or {date(year, 1, 1)}), work=frozenset())


def test_former_decrees_stay_and_new_ones_are_added_by_year() -> None:
    both = merged([decree(2026)], [decree(2025)])
    assert [one.year for one in both] == [2025, 2026]


def test_a_decree_that_decides_the_same_keeps_where_it_was_read_first() -> None:
    assert merged([decree(2026, "document")], [decree(2026, "package")]) == (decree(2026, "document"),)
    other = decree(2026, "package", date(2026, 1, 2))
    assert merged([decree(2026, "document")], [other]) == (other,)


def test_decrees_come_back_from_storage_as_they_were(tmp_path: Path) -> None:
    decrees = (*package_decrees(mainland()), read(tmp_path))
    assert from_json(to_json(decrees)) == decrees
    assert to_json(from_json(to_json(decrees))) == to_json(decrees)


def test_the_calendars_own_exception_is_stronger_than_the_decree() -> None:
    calendar = calendar_file().calendar
    worked = Decree(year=2026, source="a", off=frozenset(), work=frozenset({date(2026, 11, 5), date(2026, 11, 7)}))
    both = with_decrees(calendar, [worked], "office@2")
    assert not both.is_workday(date(2026, 11, 5))
    assert both.is_workday(date(2026, 11, 7))


def test_years_are_told_in_ranges() -> None:
    assert years_text([2026, 2004, 2005, 2028, 2027]) == "2004-2005, 2026-2028"
    assert years_text([]) == ""
