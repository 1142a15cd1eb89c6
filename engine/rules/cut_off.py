"""Accounting periods 考核周期 by the calendar: one per month, ending with it or on a day of its own (26th to 25th)."""

import re
from datetime import date, datetime, time, timedelta

from engine.clock import CIVIL_ZONE, Instant, instant, moment
from engine.errors import Malformed


def span(label: str, cut_off: int | None) -> tuple[Instant, Instant]:
    """From when to before when a period goes: `2026-10` with a cut-off on the 25th is 26 September to 25 October.

    Errors: `Malformed` for a label that is no month.
    """
    found = re.fullmatch(r"(20[0-9]{2})-(0[1-9]|1[0-2])", label)
    if not found:
        raise Malformed(f"“{label[:40]}”不是周期，如 2026-10", f"'{label[:40]}' is no period like 2026-10")
    first = date(int(found[1]), int(found[2]), 1)
    before = (first - timedelta(days=1)).replace(day=1)
    if cut_off is None:
        return _midnight(first), _midnight(_next(first))
    day = timedelta(days=cut_off)
    return _midnight(before + day), _midnight(first + day)


def label_at(at: Instant, cut_off: int | None) -> str:
    """The period that a moment falls into."""
    day = moment(at).date()
    month = day.replace(day=1)
    return f"{_next(month) if cut_off is not None and day.day > cut_off else month:%Y-%m}"


def ended(now: Instant, cut_off: int | None, count: int = 1) -> list[str]:
    """The last periods that are over, the newest first."""
    found: list[str] = []
    at = span(label_at(now, cut_off), cut_off)[0] - 1
    for _ in range(count):
        label = label_at(Instant(at), cut_off)
        found.append(label)
        at = span(label, cut_off)[0] - 1
    return found


def _next(month: date) -> date:
    return (month + timedelta(days=31)).replace(day=1)


def _midnight(day: date) -> Instant:
    return instant(datetime.combine(day, time(), CIVIL_ZONE))
