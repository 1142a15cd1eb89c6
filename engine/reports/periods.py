"""Periods of reports: a month `2026-10`, a quarter `2026-Q3`, a year `2026`, days `2026-10-01..2026-10-15`."""

import re
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

from engine.clock import CIVIL_ZONE, Instant, instant, moment
from engine.definitions.rhythm import Every
from engine.errors import Malformed, Place
from engine.rules import periods

_MONTH = re.compile(r"([0-9]{4})-(0[1-9]|1[0-2])")
_QUARTER = re.compile(r"([0-9]{4})-Q([1-4])")
_YEAR = re.compile(r"[0-9]{4}")
_DAYS = re.compile(r"([0-9]{4}-[0-9]{2}-[0-9]{2})\.\.([0-9]{4}-[0-9]{2}-[0-9]{2})")
#: Days of a period at most.
_MOST = 366 * 3


@dataclass(frozen=True, slots=True, kw_only=True)
class Period:
    """From a first day to a last one, both included, by the civil calendar."""

    text: str
    zh: str
    first: date
    last: date

    @property
    def since(self) -> Instant:
        return _midnight(self.first)

    @property
    def until(self) -> Instant:
        """The midnight behind its last day."""
        return _midnight(self.last + timedelta(days=1))


def read(text: str) -> Period:
    """A period as it is written. Errors: `Malformed`."""
    try:
        found = _read(text)
    except ValueError:
        found = None
    if found is None or found.last < found.first or (found.last - found.first).days > _MOST or found.first.year < 2000:
        raise Malformed(
            f"“{text[:40]}”不是统计期，应如 2026-10、2026-Q3、2026 或 2026-10-01..2026-10-15",
            f"'{text[:40]}' is no period like 2026-10, 2026-Q3, 2026 or 2026-10-01..2026-10-15",
            place=Place(field="period"),
        )
    return found


def month(text: str) -> Period:
    """A whole month. Errors: `Malformed`."""
    if not _MONTH.fullmatch(text):
        raise Malformed(
            f"“{text[:40]}”不是月份，应如 2026-10",
            f"'{text[:40]}' is no month like 2026-10",
            place=Place(field="period"),
        )
    return read(text)


def last_month(now: Instant) -> str:
    """The month before the present one."""
    number = periods.number_of(Every.MONTH, moment(now).date())
    return periods.name_of(Every.MONTH, number - 1)


def _read(text: str) -> Period | None:
    if found := _MONTH.fullmatch(text):
        year, number = int(found[1]), int(found[2])
        return _whole(text, f"{year}年{number}月", Every.MONTH, date(year, number, 1))
    if found := _QUARTER.fullmatch(text):
        year, number = int(found[1]), int(found[2])
        return _whole(text, f"{year}年第{number}季度", Every.QUARTER, date(year, number * 3, 1))
    if _YEAR.fullmatch(text):
        return Period(text=text, zh=f"{text}年", first=date(int(text), 1, 1), last=date(int(text), 12, 31))
    if found := _DAYS.fullmatch(text):
        first, last = date.fromisoformat(found[1]), date.fromisoformat(found[2])
        return Period(text=text, zh=f"{first}至{last}", first=first, last=last)
    return None


def _whole(text: str, zh: str, every: Every, day: date) -> Period:
    number = periods.number_of(every, day)
    return Period(text=text, zh=zh, first=periods.first_day(every, number), last=periods.last_day(every, number))


def _midnight(day: date) -> Instant:
    return instant(datetime.combine(day, time(), CIVIL_ZONE))
