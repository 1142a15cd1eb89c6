"""A decree: which days of a year are off by order of the State Council, and which are worked in their place 调休."""

import json
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date

from engine.rules.calendars import WorkCalendar
from engine.rules.chain import canonical


@dataclass(frozen=True, slots=True, kw_only=True)
class Decree:
    """The holidays of one year, and where that is said."""

    year: int
    #: The number of the document, or the package and its version.
    source: str
    off: frozenset[date]
    work: frozenset[date]

    def same(self, other: "Decree") -> bool:
        """Does the other decide the same days in the same way?"""
        return (self.year, self.off, self.work) == (other.year, other.off, other.work)


def with_decrees(calendar: WorkCalendar, decrees: Iterable[Decree], version: str) -> WorkCalendar:
    """The calendar of a file with its decrees, under the name of its version.

    What the file itself says of a day is stronger. Raises `CalendarError` for a day that is both off and worked.
    """
    decrees = tuple(decrees)
    return calendar.with_decrees(
        version=version,
        published=[decree.year for decree in decrees],
        off=[day for decree in decrees for day in decree.off],
        work=[day for decree in decrees for day in decree.work],
    )


def merged(there: Iterable[Decree], new: Iterable[Decree]) -> tuple[Decree, ...]:
    """Decrees by year: a new one takes the place of that year's only where it decides otherwise."""
    years: dict[int, Decree] = {decree.year: decree for decree in there}
    for decree in new:
        former = years.get(decree.year)
        if former is None or not decree.same(former):
            years[decree.year] = decree
    return tuple(years[year] for year in sorted(years))


def to_json(decrees: Iterable[Decree]) -> str:
    """Canonical JSON, as a stored version keeps it."""
    return canonical(
        [
            {
                "year": decree.year,
                "source": decree.source,
                "off": sorted(day.isoformat() for day in decree.off),
                "work": sorted(day.isoformat() for day in decree.work),
            }
            for decree in decrees
        ]
    )


def from_json(text: str) -> tuple[Decree, ...]:
    """What `to_json` wrote."""
    return tuple(
        Decree(year=one["year"], source=one["source"], off=_days(one["off"]), work=_days(one["work"]))
        for one in json.loads(text)
    )


def years_text(years: Iterable[int]) -> str:
    """`2004-2026, 2028`."""
    parts: list[tuple[int, int]] = []
    for year in sorted(years):
        if parts and parts[-1][1] == year - 1:
            parts[-1] = (parts[-1][0], year)
        else:
            parts.append((year, year))
    return ", ".join(f"{first}-{last}" if first < last else f"{first}" for first, last in parts)


def _days(written: Iterable[str]) -> frozenset[date]:
    return frozenset(date.fromisoformat(day) for day in written)
