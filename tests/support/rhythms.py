"""Calendars, words and files that tests of rhythms share."""

from datetime import date, datetime, timedelta
from functools import cache
from zoneinfo import ZoneInfo

from engine.clock import Instant, instant
from engine.database import Database
from engine.definitions.loader import discover
from engine.definitions.rhythm import Rhythm
from engine.definitions.rhythm_file import Known, loads
from engine.definitions.rhythm_grammar import OPEN
from engine.definitions.words import shipped
from engine.records.calendar_book import CalendarBook
from engine.records.versions import Versions
from engine.rules.almanac import Almanac
from engine.rules.timeline import DaySpan, Hours
from engine.rules.worktime import WorkCalendar

SHANGHAI = ZoneInfo("Asia/Shanghai")
ORDINARY: Hours = (DaySpan(9 * 60, 11 * 60 + 30), DaySpan(13 * 60 + 30, 17 * 60 + 30))


def days(text: str) -> list[date]:
    """`2026-02-15..23` is nine days."""
    first, _, last = text.partition("..")
    start = date.fromisoformat(first)
    return [start + timedelta(days=n) for n in range(int(last or start.day) - start.day + 1)]


#: 2026 as decreed: New Year with 4 January made up, Spring Festival with 14 and 28 February, National Day with
#: 20 September and 10 October; 2027 is not decreed yet.
OFFICE = WorkCalendar(zone=SHANGHAI, daily=ORDINARY, weekly=(ORDINARY,) * 5 + ((), ())).with_decrees(
    off=[*days("2026-01-01..03"), *days("2026-02-15..23"), *days("2026-10-01..07")],
    work=[*days("2026-01-04"), *days("2026-02-14"), *days("2026-02-28"), *days("2026-09-20"), *days("2026-10-10")],
    published=[2025, 2026],
    version="2026-1",
)

#: A small file: one job that tests rewrite.
SMALL = """
rhythm: morning
title: 早间 / Morning
calendar: cn-mainland
jobs:
  late:
    title: 超期 / Overdue
    every: workday
    at: "08:30"
    list: {overdue: true}
    to: [{post: [handler, lead], of: department}]
"""


def at(text: str, zone: ZoneInfo = SHANGHAI) -> Instant:
    """A wall-clock time."""
    return instant(datetime.fromisoformat(text).replace(tzinfo=zone))


@cache
def known() -> Known:
    """What a file may name where the shipped loops are active."""
    return Known(
        words=shipped(),
        workflows={
            loop.key: frozenset(state.name for state in loop.states.values() if state.type in OPEN)
            for loop in discover()
        },
        calendars={"cn-mainland": frozenset(range(1, 6))},
    )


def read(text: str = SMALL, **changes: str) -> Rhythm:
    """The rhythm of a text, `changes` being lines of its job: `every="week"` replaces the line `every: …`."""
    return loads(changed(text, **changes), known())


def changed(text: str = SMALL, **changes: str) -> str:
    """The text with other values; a key that is not there is added to the job, one without value is left out."""
    lines = text.splitlines()
    for key, value in changes.items():
        name = key.rstrip("_")
        place = next((n for n, line in enumerate(lines) if line.strip().startswith(f"{name}:") and n > 5), None)
        if place is None:
            lines.append(f"    {name}: {value}")
        elif value:
            lines[place] = f"    {name}: {value}"
        else:
            del lines[place]
    return "\n".join(lines) + "\n"


class OfficeBook(CalendarBook):
    """A book that knows the street office alone, whatever is stored."""

    def almanac(self) -> Almanac:
        return Almanac(calendars={"cn-mainland": OFFICE})


def office_versions(database: Database) -> Versions:
    """Stored workflows, counted by the street office's calendar."""
    return Versions(OfficeBook(database))
