"""`huying calendar`: what it says, what it refuses, and that a server that is running sees what it did."""

import os
import subprocess
import sys
from datetime import datetime
from pathlib import Path

import pytest

from engine import serving
from engine.cli import main
from engine.clock import CIVIL_ZONE, SystemClock, instant
from engine.database import Database
from engine.records.calendar_book import CalendarBook
from engine.records.calendars import ensure_calendars
from engine.settings import Settings
from tests.support.calendars import DECREE_2027, OFFICE, written

ROOT = Path(__file__).resolve().parents[2]
NOW = instant(datetime(2026, 11, 26, 10, 0, tzinfo=CIVIL_ZONE))


@pytest.fixture(autouse=True)
def today(monkeypatch: pytest.MonkeyPatch) -> None:
    """It is 26 November 2026 to the commands."""
    monkeypatch.setattr(SystemClock, "now", lambda self: NOW)
    monkeypatch.setenv("COLUMNS", "130")


@pytest.fixture
def house(database: Database, database_url: str, monkeypatch: pytest.MonkeyPatch) -> Database:
    """An installation that commands find by their environment, with the shipped calendars."""
    monkeypatch.setenv("HUYING_DATABASE", database_url)
    ensure_calendars(database, NOW)
    return database


def said(capsys: pytest.CaptureFixture[str], *arguments: object) -> tuple[int, str, str]:
    code = main(["calendar", *(str(argument) for argument in arguments)])
    return code, *capsys.readouterr()


def test_the_package_is_applied_once_and_then_nothing_changes(
    house: Database, capsys: pytest.CaptureFixture[str]
) -> None:
    code, out, _ = said(capsys, "apply", "cn-mainland")
    assert code == 0
    assert "cn-mainland@1 已成为 / is now cn-mainland@2" in out
    assert "changes from: 2003-12-29" in out
    code, out, _ = said(capsys, "apply", "cn-mainland")
    assert (code, out) == (0, "cn-mainland@2: 没有变化 / nothing changes\n")


def test_a_preview_tells_day_by_day_and_writes_nothing(
    house: Database, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    said(capsys, "apply", "cn-mainland")
    decree = written(tmp_path, "2027.yaml", DECREE_2027)
    code, out, _ = said(capsys, "apply", "cn-mainland", "--decree", decree, "--preview")
    assert code == 0
    lines = [" ".join(line.split()) for line in out.splitlines()]
    assert "2027-01-01 周五 09:00-11:30 13:30-17:30 → 休 off" in lines
    assert "2027-01-30 周六 休 off → 09:00-11:30 13:30-17:30" in lines
    assert not any(line.startswith("2027-01-02") for line in lines)  # a Saturday stays off
    assert "公布的年份 / decreed years 2027" in lines
    assert "将成为 / would become cn-mainland@3" in out
    _, out, _ = said(capsys, "apply", "cn-mainland", "--decree", decree)
    assert "已成为 / is now cn-mainland@3" in out


def test_a_preview_of_other_hours_tells_weekdays_once(
    house: Database, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    office = written(tmp_path, "office.yaml", OFFICE)
    _, out, _ = said(capsys, "apply", office, "--preview")
    assert "monday" in out
    said(capsys, "apply", office)
    written(tmp_path, "office.yaml", OFFICE.replace("17:30", "17:00").replace("09:00-12:00", "09:00-11:00"))
    _, out, _ = said(capsys, "apply", office, "--preview", "--correct", "--reason", "夏令作息")
    assert out.count("→") == 6
    assert "每周五 / every friday" in out
    assert "changes from: 全部日期 / every day" in out


def test_a_wrong_file_is_refused_with_its_line_and_writes_nothing(
    house: Database, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    wrong = written(tmp_path, "office.yaml", OFFICE.replace("09:00-12:00", "12:00-09:00"))
    code, out, err = said(capsys, "apply", wrong)
    assert (code, out) == (1, "")
    assert err.startswith("office.yaml:6: weekly.friday：时段 12:00-09:00 的结束不晚于开始")
    decree = written(tmp_path, "2027.yaml", DECREE_2027.replace("2027-01-30", "2027-01-32, 2028-13-01"))
    code, _, err = said(capsys, "apply", "cn-mainland", "--decree", decree)
    assert code == 1
    assert err.count("2027.yaml:4: ") == 2
    assert said(capsys, "show", "office")[0] == 1


def test_what_is_odd_is_told_and_done(house: Database, capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    decree = written(tmp_path, "2027.yaml", "decree: 2027\noff: [2027-01-01]\nwork: [2027-01-04]\n")
    code, out, err = said(capsys, "apply", "cn-mainland", "--decree", decree)
    assert code == 0
    assert "2027.yaml:3: 2027-01-04 本来就是工作日" in err
    assert "cn-mainland@2" in out


@pytest.mark.parametrize("years", ["soon", "2026-2024", "26", "", "2024-2025-2026", "2020-9999"])
def test_years_that_are_none_are_refused(house: Database, capsys: pytest.CaptureFixture[str], years: str) -> None:
    code, _, err = said(capsys, "apply", "cn-mainland", "--years", years)
    assert code == 1
    assert err.startswith("--years: ")


def test_years_are_named_in_ranges(house: Database, capsys: pytest.CaptureFixture[str]) -> None:
    said(capsys, "apply", "cn-mainland", "--years", "2020, 2024-2026")
    _, out, _ = said(capsys, "list")
    assert "2024-2026" in out
    assert "duty-desk@1" in out


def test_a_year_is_shown_month_by_month_with_its_signs(house: Database, capsys: pytest.CaptureFixture[str]) -> None:
    said(capsys, "apply", "cn-mainland", "--reason", "国办发明电")
    code, out, _ = said(capsys, "show", "cn-mainland", "--year", "2026")
    assert code == 0
    october = next(line for line in out.splitlines() if "5-  6-  7-   8   9 10+  11" in line)
    assert october
    assert out.count(" 月") == 12
    assert "■- 放假 holiday" in out
    assert "2026-12-29 … 2026-12-31" in out
    assert "cn-mainland@2 · 2026-11-26 10:00" in out
    assert "国办发明电" in out
    assert said(capsys, "show", "cn-mainland")[1].startswith("2026 · 中国大陆机关工作时间")
    assert "2027-01-01 … 2027-12-31" in said(capsys, "show", "cn-mainland", "--year", "2027")[1]


@pytest.mark.parametrize(
    "arguments", [("show", "nowhere"), ("apply", "nowhere"), ("show", "cn-mainland", "--year", "9")]
)
def test_what_is_not_there_is_said(
    house: Database, capsys: pytest.CaptureFixture[str], arguments: tuple[str, ...]
) -> None:
    code, out, err = said(capsys, *arguments)
    assert (code, out) == (1, "")
    assert " / " in err


def test_calendar_alone_says_what_there_is_to_do(house: Database, capsys: pytest.CaptureFixture[str]) -> None:
    code, _, err = said(capsys)
    assert code == 1
    assert "huying calendar --help" in err


def test_an_account_without_a_name_can_apply(
    house: Database, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def nobody() -> str:
        raise KeyError("uid")

    monkeypatch.setattr("getpass.getuser", nobody)
    said(capsys, "apply", "cn-mainland")
    assert "· terminal" in said(capsys, "show", "cn-mainland")[1]


@pytest.mark.slow
def test_a_process_that_runs_sees_what_another_has_applied(house: Database, database_url: str) -> None:
    ticks = iter([0.0, 0.0, 5.0, 5.0, 5.0])
    book = CalendarBook(house, ticks=lambda: next(ticks))
    assert book.almanac().of("cn-mainland").version == "cn-mainland@1"
    done = subprocess.run(
        [sys.executable, "-m", "engine.cli", "calendar", "apply", "cn-mainland", "--years", "2025-2026"],
        cwd=ROOT,
        env={**os.environ, "HUYING_DATABASE": database_url},
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    assert book.almanac().of("cn-mainland").published == frozenset({2025, 2026})


@pytest.mark.slow
def test_in_the_demo_nothing_of_2026_is_provisional(sqlite_url: str, tmp_path: Path) -> None:
    settings = Settings(database_url=sqlite_url, data=tmp_path)
    for _ in range(2):  # a second start leaves it as it is
        serving.prepare_demo(settings)
    database = Database(sqlite_url)
    try:
        calendar = CalendarBook(database).almanac().of("cn-mainland")
        with database.looking() as transaction:
            names = {name for (name,) in transaction.rows("SELECT DISTINCT calendar FROM deadline")}
    finally:
        database.close()
    assert calendar.version == "cn-mainland@2"
    assert 2026 in (calendar.published or ())
    assert names == {"cn-mainland@2"}
