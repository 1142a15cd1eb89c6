"""Calendar and decree files of the tests, and what their authors are told about mistakes in them."""

from pathlib import Path

import pytest

from engine.errors import HuyingError
from engine.rules.calendar_file import CalendarFile, read_calendar

#: A street's office; each line has its number in the tests of refusals.
OFFICE = """\
title: 街镇 / Street office
zone: Asia/Shanghai
daily: ["09:00-11:30", "13:30-17:30"]
weekly:
  monday-thursday: daily
  friday: ["09:00-12:00"]
statutory: chinesecalendar
reaches_back: 3
days:
  2026-11-05: off
"""

#: As if the State Council had already spoken; the days are made up.
DECREE_2027 = """\
decree: 2027
source: 国办发明电〔2026〕99号
off: [2027-01-01..03, 2027-02-05..11, 2027-10-01..07]
work: [2027-01-30, 2027-10-09]
"""


def calendar_file(text: str = OFFICE, key: str = "office") -> CalendarFile:
    """A calendar file of that text."""
    return read_calendar(text, key=key, file=f"{key}.yaml")


def standing_in(of: str, *areas: str, key: str = "district") -> CalendarFile:
    """A district with hours of its own."""
    listed = ", ".join(areas)
    return calendar_file(f"{OFFICE}of: {of}\nareas: [{listed}]\n", key=key)


def refused(text: str, key: str = "office") -> HuyingError:
    """What the author of a wrong calendar file is told."""
    with pytest.raises(HuyingError) as caught:
        calendar_file(text, key=key)
    return caught.value


def written(folder: Path, name: str, text: str) -> Path:
    """A file of that text."""
    path = folder / name
    path.write_text(text, encoding="utf-8")
    return path
