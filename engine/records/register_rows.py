"""The rows of registers: every change is a version of its own, so that one can see what a register said when.

A row is there from `valid_from` to `valid_to` (a person moves away, a point is given up). A version counts from
`recorded_at` until the next one is recorded. Versions are never changed, but their personal part can be erased.
"""

import json
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Index
from sqlmodel import SQLModel

from engine.clock import Instant
from engine.database import Transaction
from engine.errors import NotFound
from engine.records.areas import chain
from engine.records.asking import Question, among, marks
from engine.records.columns import (
    ONE_TREE,
    instant,
    key_part,
    link,
    maybe_instant,
    maybe_text,
    only_while,
    text,
    title,
    word,
)
from engine.rules.case import AreaLink, RowRef

#: Rows of one answer.
MOST = 200


class RegisterRow(SQLModel, table=True):
    """One version of one row of a register."""

    __tablename__ = "register_row"
    __table_args__ = (
        Index("ix_register_row_present", "register_key", "area_id", "code", **only_while("replaced_at")),
        Index("ix_register_row_code", "code", "register_key", **only_while("replaced_at")),
        ONE_TREE,
    )

    register_key: str = word(key=True)
    code: str = word(key=True)
    #: From 1.
    version: int = key_part()
    area_id: int = link("area.id")
    #: Canonical JSON of the fields that are not personal.
    facts: str = text()
    #: Canonical JSON of the personal ones; none when there are none, or when they were erased.
    personal: str | None = maybe_text()
    valid_from: int = instant()
    valid_to: int | None = maybe_instant()
    recorded_at: int = instant()
    replaced_at: int | None = maybe_instant()
    #: Who recorded it: a login, or `import`.
    recorded_by: str = title()


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """A version of a row, as its readers see it."""

    register: str
    code: str
    version: int
    area_id: int
    area: str
    facts: Mapping[str, Any]
    personal: Mapping[str, Any]
    valid_from: Instant
    valid_to: Instant | None
    recorded_at: Instant
    recorded_by: str

    def get(self, name: str) -> Any:
        """A field's value; None for one that is empty or erased."""
        return self.facts.get(name, self.personal.get(name))

    def there(self, at: Instant) -> bool:
        """Whether the row is in force at a moment."""
        return self.valid_from <= at and (self.valid_to is None or at < self.valid_to)


_COLUMNS = (
    "r.register_key, r.code, r.version, r.area_id, a.code, r.facts, r.personal, r.valid_from, r.valid_to, "
    "r.recorded_at, r.recorded_by"
)
_FROM = "FROM register_row r JOIN area a ON a.id = r.area_id"


def _row(row: Any) -> Row:
    register, code, version, area_id, area, facts, personal, since, until, at, by = row
    return Row(
        register=register, code=code, version=version, area_id=area_id, area=area, facts=json.loads(facts),
        personal=json.loads(personal) if personal else {}, valid_from=since, valid_to=until, recorded_at=at,
        recorded_by=by,
    )  # fmt: skip


def newest(transaction: Transaction, register: str, code: str) -> Row:
    """The newest version of a row. Errors: `NotFound`."""
    found = history(transaction, register, code)
    if not found:
        raise NotFound(f"名册中没有“{code[:60]}”这一行", f"the register has no row '{code[:60]}'")
    return found[-1]


def history(transaction: Transaction, register: str, code: str) -> list[Row]:
    """Every version of a row, the first one first."""
    first, second = marks(transaction, 2)
    sql = f"SELECT {_COLUMNS} {_FROM} WHERE r.register_key = {first} AND r.code = {second} ORDER BY r.version"
    return [_row(row) for row in transaction.rows(sql, (register, code))]


def listed(
    transaction: Transaction,
    register: str,
    at: Instant,
    *,
    within: Collection[int] | None = None,
    after: str = "",
    limit: int | None = MOST,
) -> list[Row]:
    """Rows in force at a moment by their newest versions, in order of code.

    `within`: only those that lie in one of these areas or below; `after`: behind this code; `limit` None: all.
    """
    mark = marks(transaction, 1)[0]
    where = [
        f"r.register_key = {mark}", "r.replaced_at IS NULL", f"r.valid_from <= {mark}",
        f"(r.valid_to IS NULL OR r.valid_to > {mark})", f"r.code > {mark}",
    ]  # fmt: skip
    parameters: list[Any] = [register, at, at, after]
    sql = f"SELECT {_COLUMNS}, a.lineage {_FROM} WHERE {' AND '.join(where)} ORDER BY r.code"
    found = []
    for *row, lineage in transaction.rows(sql, parameters):
        if within is None or any(step.id in within for step in chain(lineage)):
            found.append(_row(row))
            if len(found) == limit:
                break
    return found


def as_of(transaction: Transaction, register: str, at: Instant) -> list[Row]:
    """The rows that were in force at a moment as the register then said: asked later, the answer is the same."""
    mark = marks(transaction, 1)[0]
    sql = (
        f"SELECT {_COLUMNS} {_FROM} WHERE r.register_key = {mark} AND r.recorded_at <= {mark} "
        f"AND (r.replaced_at IS NULL OR r.replaced_at > {mark}) AND r.valid_from <= {mark} "
        f"AND (r.valid_to IS NULL OR r.valid_to > {mark}) ORDER BY r.code"
    )
    return [_row(row) for row in transaction.rows(sql, (register, at, at, at, at))]


def counted(transaction: Transaction, at: Instant) -> dict[str, int]:
    """Register → how many rows are in force."""
    since, until = marks(transaction, 2)
    rows = transaction.rows(
        f"SELECT register_key, count(*) FROM register_row WHERE replaced_at IS NULL AND valid_from <= {since} "  # noqa: S608
        f"AND (valid_to IS NULL OR valid_to > {until}) GROUP BY register_key",
        (at, at),
    )
    return {register: int(count) for register, count in rows}


def asked_rows(
    transaction: Transaction, codes: Collection[str], at: Instant
) -> Question[dict[str, tuple[RowRef, ...]]]:
    """The rows of these codes that are in force, in whichever register."""
    match, parameters = among(transaction, codes)
    since, until = marks(transaction, 2)
    sql = (
        "SELECT r.register_key, r.code, a.lineage FROM register_row r JOIN area a ON a.id = r.area_id "  # noqa: S608
        f"WHERE r.replaced_at IS NULL AND r.valid_from <= {since} AND (r.valid_to IS NULL OR r.valid_to > {until}) "
        f"AND r.code {match}"
    )
    rows = yield sql, (at, at, *parameters)
    found: dict[str, tuple[RowRef, ...]] = {}
    for register, code, lineage in rows:
        found[code] = (*found.get(code, ()), RowRef(register, code, chain(lineage)))
    return found


def area_of(transaction: Transaction, row: Row) -> tuple[AreaLink, ...]:
    """The way up from a row's area to the root."""
    mark = marks(transaction, 1)[0]
    ((lineage,),) = transaction.rows(f"SELECT lineage FROM area WHERE id = {mark}", (row.area_id,))  # noqa: S608
    return chain(lineage)
