"""Calendar files: what they say, and every way in which one is refused, by file and line."""

import pytest

from engine.clock import HOUR
from engine.records import calendars
from engine.rules.calendar_file import LONGEST_KEY
from tests.support.calendars import OFFICE, calendar_file, refused

#: What is changed in the office's file, what it becomes, the line that is named, what the author reads.
WRONG = {
    "hours that overlap": ('"13:30-17:30"', '"11:00-17:30"', 3, "重叠"),
    "hours in the wrong order": ('"09:00-11:30", "13:30-17:30"', '"13:30-17:30", "09:00-11:30"', 3, "次序颠倒"),
    "hours that end before they start": ("09:00-12:00", "22:00-06:00", 6, "结束不晚于开始"),
    "hours that last no minute": ("09:00-12:00", "09:00-09:00", 6, "结束不晚于开始"),
    "an ordinary day that covers nothing": ('["09:00-11:30", "13:30-17:30"]', "[]", 3, "没有工作时间"),
    "a week that covers nothing": (
        '  monday-thursday: daily\n  friday: ["09:00-12:00"]', "  monday-sunday: off\n", 4, "一周没有任何工作时间",
    ),
    "a time of day without quotes": ('["09:00-12:00"]', "[18:00]", 6, "不是时段"),
    "hours as one number": ('["09:00-12:00"]', "[540]", 6, "不是时段"),
    "hours as P1D": ('["09:00-12:00"]', "[P1D]", 6, "不是时段"),
    "a week as P1D": ("friday: [", "friday: P1D #[", 6, "应为列表"),
    "days at the year's end as P1D": ("reaches_back: 3", "reaches_back: P1D", 8, "天数"),
    "more than 31 days at the year's end": ("reaches_back: 3", "reaches_back: 32", 8, "天数"),
    "a time that no clock shows": ("09:00-12:00", "09:00-24:01", 6, "没有这样的时刻"),
    "an unknown zone": ("Asia/Shanghai", "Asia/Beijing", 2, "没有时区"),
    "a zone that is a path": ("Asia/Shanghai", "../etc/localtime", 2, "没有时区"),
    "an unknown source of holidays": ("chinesecalendar", "china", 7, "不认识"),
    "a weekday that is none": ("friday:", "freitag:", 6, "不是星期几"),
    "a weekday given twice": ("friday:", "thursday:", 6, "重复"),
    "a week that runs backwards": ("monday-thursday", "friday-monday", 5, "次序颠倒"),
    "a day that is none": ("2026-11-05", "2026-11-31", 10, "不是日期"),
    "a day in another spelling": ("2026-11-05", "20261105", 10, "不是日期"),
    "a day by its week": ("2026-11-05", "2026-W45-4", 10, "不是日期"),
    "a day beyond all calendars": ("2026-11-05", "9999-12-31", 10, "不是日期"),
    "a day given twice": ("2026-11-05: off\n", "2026-11-05: off\n  2026-11-05: daily\n", 11, "已经写过"),
    "a day with wrong hours": ("2026-11-05: off", '2026-11-05: ["09:00-08:00"]', 10, "结束不晚于开始"),
    "an unknown key": ("reaches_back:", "reaches_bak:", 8, "不认识"),
    "a key given twice": ("reaches_back: 3", "zone: Asia/Shanghai", 8, "已经写过"),
    "a missing key": ("statutory: chinesecalendar\n", "", 1, "必须填写"),
    "a key without a value": ("zone: Asia/Shanghai", "zone:", 2, "必须填写"),
    "a title that is a number": ("街镇 / Street office", "5", 1, "应为文字"),
    "a title of 201 characters": ("街镇 / Street office", "街" * 201, 1, "过长"),
    "decreed years beside the package": ("reaches_back: 3", "published: [2026]", 8, "published"),
    "areas in nobody's place": ("days:", "areas: [xd]\ndays:", 9, "须与 of 同写"),
    "in somebody's place nowhere": ("days:", "of: cn-mainland\ndays:", 9, "须与 areas 同写"),
    "no area at all": ("days:", "of: cn-mainland\nareas: []\ndays:", 10, "没有写任何区域"),
    "one area instead of a list": ("days:", "of: cn-mainland\nareas: xd\ndays:", 10, "应为列表"),
    "an area given twice": ("days:", "of: cn-mainland\nareas:\n  - xd\n  - xd\ndays:", 12, "写了两次"),
    "in its own place": ("days:", "of: office\nareas: [xd]\ndays:", 9, "不能代替自己"),
    "an anchor": ("weekly:", "weekly: &week", 4, "锚点"),
    "a Chinese colon": ("zone: Asia/Shanghai", "zone：Asia/Shanghai", 2, "中文冒号"),
}  # fmt: skip


@pytest.mark.parametrize("mistake", WRONG)
def test_a_wrong_calendar_is_refused_with_file_and_line(mistake: str) -> None:
    old, new, line, why = WRONG[mistake]
    assert OFFICE.count(old) >= 1
    refusal = refused(OFFICE.replace(old, new, 1))
    assert str(refusal).startswith(f"office.yaml:{line}: ")
    assert why in refusal.zh
    assert refusal.en


def test_a_file_that_is_no_mapping_is_refused() -> None:
    assert refused("- title\n- zone\n").place.line == 1


@pytest.mark.parametrize("key", ["two words", "", "a@1", "../office", "日" * (LONGEST_KEY + 1)])
def test_a_file_name_that_cannot_be_a_key_is_refused(key: str) -> None:
    assert "标识" in refused(OFFICE, key=key).zh


def test_a_calendar_file_is_kept_to_the_letter() -> None:
    file = calendar_file()
    assert file.text == OFFICE
    assert len(file.sha256) == 64
    assert file.calendar.statutory == "chinesecalendar"
    assert file.stands_in is None
    assert file.place("days.2026-11-05").line == 10


def test_a_calendar_says_in_whose_place_it_stands_and_where() -> None:
    file = calendar_file(OFFICE + "of: cn-mainland\nareas: [310120, xd]\n", key="fengxian")
    assert file.stands_in is not None
    assert (file.stands_in.of, file.stands_in.areas) == ("cn-mainland", ("310120", "xd"))


def test_the_shipped_calendars_are_the_mainland_office_and_the_duty_desk() -> None:
    files = {file.key: file.calendar for file in calendars.shipped()}
    assert files.keys() == {"cn-mainland", "duty-desk"}
    assert files["duty-desk"].workday == 24 * HOUR
    assert files["duty-desk"].published is None
