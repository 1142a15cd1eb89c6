"""Days as people type them, as the moments between which they lie."""

from datetime import date, datetime, time, timedelta

from engine.clock import CIVIL_ZONE, Instant, instant
from engine.errors import Malformed, Place


def begins(text: str, field: str = "") -> Instant | None:
    """The first moment of a day like 2026-11-01; None for "". Errors: `Malformed` naming the field."""
    return _midnight(_day(text, field)) if text else None


def ends(text: str, field: str = "") -> Instant | None:
    """The first moment after a day; None for "". Errors: as `begins`."""
    return _midnight(_day(text, field) + timedelta(days=1)) if text else None


def _day(text: str, field: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise Malformed(
            f"“{text[:40]}”不是日期，如 2026-11-01",
            f"'{text[:40]}' is no day like 2026-11-01",
            place=Place(field=field),
        ) from None


def _midnight(day: date) -> Instant:
    return instant(datetime.combine(day, time(), CIVIL_ZONE))
