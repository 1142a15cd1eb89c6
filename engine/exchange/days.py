"""Days in tables: from the beginning of one to the end of another."""

from datetime import date, datetime, timedelta

from engine.clock import CIVIL_ZONE, Instant, instant, moment
from engine.exchange.refusals import Wrong
from engine.exchange.spreadsheet import Row


def day(row: Row, name: str) -> date | None:
    """The day in a cell, None if it is empty. Errors: `Wrong`."""
    said = row.cells.get(name, "").replace("/", "-").replace(".", "-")
    if not said:
        return None
    try:
        return datetime.strptime(said, "%Y-%m-%d").replace(tzinfo=CIVIL_ZONE).date()
    except ValueError as error:
        raise Wrong(name, "应为日期，如 2026-03-01", "must be a date like 2026-03-01") from error


def midnight(at: date | None) -> Instant | None:
    """When a day begins."""
    return instant(datetime(at.year, at.month, at.day, tzinfo=CIVIL_ZONE)) if at else None


def after(last: date | None) -> Instant | None:
    """When a last day is over."""
    return midnight(last + timedelta(days=1)) if last else None


def first_day(at: Instant) -> str:
    """The day on which something begins."""
    return moment(at).date().isoformat()


def last_day(until: Instant | None) -> str:
    """The last day of something that is over at `until`; "" if it is open."""
    return "" if until is None else first_day(Instant(until - 1))
