"""The holidays that the package `chinesecalendar` knows; the only place that imports it."""

from collections.abc import Iterable
from importlib.metadata import version
from typing import Final

import chinese_calendar

from engine.errors import Malformed, Place
from engine.rules.calendars import WorkCalendar
from engine.rules.decrees import Decree

#: What calendar files call the package.
PACKAGE: Final = "chinesecalendar"


def known_years() -> range:
    """The years whose decrees are in the package; outside them it refuses to answer."""
    return range(min(chinese_calendar.holidays).year, max(chinese_calendar.holidays).year + 1)


def package_decrees(calendar: WorkCalendar, years: Iterable[int] | None = None) -> tuple[Decree, ...]:
    """The decrees of these years, or of all that the package knows, by the years that the calendar gives its days to.

    Errors: `Malformed` for a year that the package does not know.
    """
    known = known_years()
    wanted = sorted({*(known if years is None else years)})
    for year in wanted:
        if year not in known:
            raise Malformed(
                f"软件包没有 {year} 年的节假日，只有 {known[0]}—{known[-1]} 年；请用 --decree 给出通知文件",
                f"the package knows {known[0]} to {known[-1]}, not {year}: write the decree into a file for --decree",
                place=Place(field="--years"),
            )
    source = f"{PACKAGE} {version(PACKAGE)}"
    return tuple(
        Decree(
            year=year,
            source=source,
            off=frozenset(day for day in chinese_calendar.holidays if calendar.year_of(day) == year),
            work=frozenset(day for day in chinese_calendar.workdays if calendar.year_of(day) == year),
        )
        for year in wanted
    )
