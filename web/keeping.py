"""What the pages and the API of registers share: which register, which rows, who may change them."""

from collections.abc import Mapping
from datetime import date, datetime, timedelta
from typing import Any

from engine.application import Application
from engine.clock import CIVIL_ZONE, Instant, instant, moment
from engine.database import Transaction
from engine.definitions import register_file
from engine.definitions.register import Register
from engine.errors import Malformed, NotFound, Place, Stale
from engine.records import register_keeping, register_rows
from engine.records.access import Viewer
from engine.records.register_keeping import NewRow, Put
from engine.records.register_rows import Row


def register_of(key: str) -> Register:
    """A register of this installation. Errors: `NotFound`."""
    found = register_file.discover().get(key)
    if found is None:
        raise NotFound(f"没有名册“{key[:60]}”", f"there is no register '{key[:60]}'")
    return found


def seen(transaction: Transaction, register: Register, viewer: Viewer, code: str) -> list[Row]:
    """Every version of a row, for somebody whose areas its newest one lies in. Errors: `NotFound`, for others too."""
    newest = register_rows.newest(transaction, register.key, code)
    if not {link.id for link in register_rows.area_of(transaction, newest)} & set(viewer.areas):
        raise NotFound("名册中没有这一行", "the register has no such row")
    return register_rows.history(transaction, register.key, code)


def put(
    house: Application, viewer: Viewer, register: Register, code: str, form: Mapping[str, Any], *,
    since: str | None, until: str | None, expected: int | None,
) -> Put:  # fmt: skip
    """Put in a row, or its next version, for who keeps it: both where it lies now and where it will.

    `expected` is the version that its reader saw, 0 for a new row.
    Errors: `NotPermitted`, `Malformed` naming the field, `Stale` when somebody else changed it in between.
    """
    now = house.clock.now()

    def work(transaction: Transaction) -> Put:
        if transaction.postgresql:
            # Two at once would both be the next version.
            transaction.rows("SELECT pg_advisory_xact_lock(hashtext(%s))", (f"{register.key}/{code}",))
        versions = register_rows.history(transaction, register.key, code)
        old = versions[-1] if versions else None
        if old is not None:
            register_keeping.expect_keeper(transaction, register, viewer, register_rows.area_of(transaction, old))
        present = old.version if old else 0
        if expected not in (None, present):
            raise Stale(expected=expected, present=present)
        begins = _midnight(since, "since") or (old.valid_from if old else now)
        last = _midnight(until, "until")
        ends = instant(moment(last) + timedelta(days=1)) if last is not None else None
        new = NewRow(code=code, form=form, valid_from=begins, valid_to=ends)
        checked = register_keeping.check(transaction, register, new, now)
        register_keeping.expect_keeper(transaction, register, viewer, checked.area)
        return register_keeping.put(transaction, register, checked, viewer.login, now)

    return house.database.acting(work)


def _midnight(text: str | None, field: str) -> Instant | None:
    if not text:
        return None
    try:
        day = date.fromisoformat(text)
    except ValueError as failure:
        raise Malformed(
            "应为日期，如 2026-03-01", "must be a date like 2026-03-01", place=Place(field=field)
        ) from failure
    return instant(datetime(day.year, day.month, day.day, tzinfo=CIVIL_ZONE))
