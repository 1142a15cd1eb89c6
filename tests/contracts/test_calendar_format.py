"""The published format of calendars cannot lie: its keys, examples and commands are those of the code."""

import re
from pathlib import Path

import pytest

from engine import cli
from engine.exchange.calendar_decree import KEYS as DECREE_KEYS
from engine.exchange.calendar_decree import LONGEST_RANGE, check_decree, read_decree
from engine.records import calendars
from engine.rules.calendar_file import CalendarFile, read_calendar
from engine.rules.calendar_form import KEYS, REQUIRED, SOURCES

FOLDER = Path(__file__).resolve().parents[2] / "workflows" / "calendars"
README = (FOLDER / "README.md").read_text(encoding="utf-8")
CALENDAR, DECREE = re.findall(r"```yaml\n(.*?)```", README, flags=re.DOTALL)


def documented(heading: str) -> dict[str, bool]:
    """The keys of the table below a heading: key → whether it is required."""
    section = README.split(f"\n## {heading}\n", 1)[1].split("\n## ", 1)[0]
    return {key: bool(mark.strip()) for key, mark in re.findall(r"^\| `(\w+)` \|([^|]*)\|", section, flags=re.M)}


def example() -> CalendarFile:
    return read_calendar(CALENDAR, key="fengxian", file="README.md")


def test_every_key_of_a_calendar_file_is_documented() -> None:
    assert documented("日历文件 / A calendar file") == {key: key in REQUIRED for key in KEYS}


def test_every_key_of_a_decree_is_documented() -> None:
    assert documented("放假安排 / A decree") == {key: key == "decree" for key in DECREE_KEYS}


def test_every_source_of_holidays_is_documented() -> None:
    (line,) = (line for line in README.splitlines() if line.startswith("| `statutory` |"))
    assert {word for word in SOURCES if f"`{word}`" in line} == {*SOURCES}


def test_the_example_of_a_calendar_is_one() -> None:
    file = example()
    assert file.stands_in is not None
    assert file.stands_in.areas == ("310120",)
    assert [bool(hours) for hours in file.calendar.weekly] == [True] * 6 + [False]
    # Every key but the one that goes with another source.
    assert {*re.findall(r"^(\w+):", CALENDAR, flags=re.M)} == {*KEYS} - {"published"}


def test_the_example_of_a_decree_is_one_for_the_example_of_a_calendar(tmp_path: Path) -> None:
    path = tmp_path / "2027.yaml"
    path.write_text(DECREE, encoding="utf-8")
    read = read_decree(path)
    check_decree(read, example().calendar)
    assert read.decree.year == 2027
    assert f"最多 {LONGEST_RANGE} 天" in README


def test_every_shipped_calendar_is_listed_and_loads() -> None:
    listed = set(re.findall(r"^\| `([\w-]+)\.yaml` \|", README, flags=re.M))
    assert listed == {path.stem for path in FOLDER.glob("*.yaml")} == {file.key for file in calendars.shipped()}


@pytest.mark.parametrize("line", sorted(set(re.findall(r"`huying (calendar (?:list|\w+ [^`]+))`", README))))
def test_every_command_line_is_understood(line: str) -> None:
    assert callable(cli._parser().parse_args(line.split()).run)
