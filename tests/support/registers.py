"""Rows of registers for tests: people in care and monitoring points of the small world."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from engine.background.births import open_births
from engine.clock import DAY, Instant
from engine.database import Transaction
from engine.definitions import register_file
from engine.definitions.register import Register
from engine.exchange.spreadsheet import write_table
from engine.records import register_keeping
from engine.records.register_keeping import NewRow, Put
from tests.support.cases import MONDAY
from tests.support.door import World

CARE, POINTS = "special-care", "monitoring-points"
HEADERS = ("编码", "姓名", "所在居村", "关怀类别", "联系电话")


def register(key: str = CARE) -> Register:
    return register_file.discover()[key]


def put(world: World, code: str, form: Mapping[str, Any], *, key: str = CARE, at: Instant | None = None) -> Put:
    """A row as its keeper puts it in."""
    now = Instant(MONDAY - 100 * DAY) if at is None else at

    def work(transaction: Transaction) -> Put:
        new = NewRow(code=code, form=form, valid_from=now)
        checked = register_keeping.check(transaction, register(key), new, now)
        return register_keeping.put(transaction, register(key), checked, "tang", now)

    return world.database.acting(work)


def in_care(world: World, code: str = "fx-001", name: str = "吴阿婆", **more: Any) -> Put:
    """Somebody of the village in care."""
    at = more.pop("at", None)
    return put(world, code, {"name": name, "area": "village", "kind": "alone", **more}, at=at)


def point(world: World, code: str = "jd-001", interval: int = 30) -> Put:
    """A monitoring point of the village."""
    form = {"name": "浦江居委台账点", "area": "village", "kind": "ledger", "interval": interval}
    return put(world, code, form, key=POINTS)


def births(world: World) -> int:
    return open_births(world.door, world.database, world.versions, world.clock)


def born_for(world: World, start: str) -> list[str]:
    """The subjects of what a start opened, in order."""
    return [row[0] for row in world.rows("SELECT subject FROM birth WHERE start = ? ORDER BY subject, period", start)]


def table(path: Path, *rows: tuple[str, ...], headers: tuple[str, ...] = HEADERS) -> Path:
    """A table of people in care as an office sends it."""
    write_table(path, headers, rows)
    return path
