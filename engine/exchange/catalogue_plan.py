"""What a table of standards means for those in force: which are new, changed, as before, or gone."""

import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import insert, update
from sqlmodel import col, select

from engine.database import Transaction
from engine.exchange.refusals import Change
from engine.records.catalogue import Item, Standard
from engine.records.sounds import initials

_ITEM_FIELDS = ("class_name", "name")
_STANDARD_FIELDS = ("filing_condition", "closing_condition", "limit_source", "limit", "first_limit")


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One row of the table, checked."""

    row: int
    #: The item's code.
    item: str
    kind: str
    class_code: str
    class_name: str
    number: str
    name: str
    #: Which row of its item it is.
    place: int
    #: The ordinal that the table itself gives.
    ordinal: int | None
    filing_condition: str
    closing_condition: str
    limit_source: str
    limit: str
    first_limit: str

    @property
    def filing_key(self) -> str:
        return filing_key(self.filing_condition)


@dataclass(slots=True, kw_only=True)
class Existing:
    """An item that is there."""

    id: int
    code: str
    kind: str
    class_code: str
    class_name: str
    number: str
    name: str
    active: bool
    standards: dict[int, Standard] = field(default_factory=dict)


@dataclass(slots=True)
class Plan:
    """What is to be written."""

    new: tuple[str, ...] = ()
    changed: tuple[Change, ...] = ()
    unchanged: int = 0
    vanished: tuple[str, ...] = ()
    items_new: dict[str, Entry] = field(default_factory=dict)
    #: Item id → what its row becomes.
    items_changed: dict[int, dict[str, Any]] = field(default_factory=dict)
    standards_new: list[tuple[Entry, int]] = field(default_factory=list)
    #: Standard id → what its row becomes.
    standards_changed: dict[int, dict[str, Any]] = field(default_factory=dict)
    item_ids: dict[str, int] = field(default_factory=dict)


def filing_key(condition: str) -> str:
    """A filing condition without what a typist changes unseen: width and spaces."""
    return "".join(unicodedata.normalize("NFKC", condition).split())


def existing(transaction: Transaction) -> dict[str, Existing]:
    """The whole catalogue by item code, what is out of force included."""
    connection = transaction.connection
    items = {
        row["id"]: Existing(
            id=row["id"],
            code=row["code"],
            kind=row["kind"],
            class_code=row["class_code"],
            class_name=row["class_name"],
            number=row["item_code"],
            name=row["name"],
            active=row["active"],
        )
        for row in connection.execute(select(Item)).mappings()
    }
    for row in connection.execute(select(Standard)).mappings():
        items[row["item_id"]].standards[row["ordinal"]] = Standard(**row)
    return {item.code: item for item in items.values()}


def plan(entries: Sequence[Entry], there: Mapping[str, Existing]) -> Plan:
    """Compare a table with what is there; pure."""
    made = Plan(item_ids={code: item.id for code, item in there.items()})
    by_item: dict[str, list[Entry]] = {}
    for entry in entries:
        by_item.setdefault(entry.item, []).append(entry)
    new: list[str] = []
    changed: list[Change] = []
    vanished: list[str] = []
    for code, rows in by_item.items():
        _plan_item(made, there.get(code), rows, new, changed)
    for code, item in there.items():
        kept = {ordinal for _, ordinal in _matched(by_item.get(code, []), item.standards)}
        vanished += [
            f"{code}/{ordinal}"
            for ordinal, standard in sorted(item.standards.items())
            if standard.active and ordinal not in kept
        ]
    made.new, made.changed, made.vanished = tuple(new), tuple(changed), tuple(sorted(vanished))
    return made


def write(transaction: Transaction, planned: Plan, gone: Iterable[str]) -> None:
    """Write a plan, and take the standards of these codes out of force."""
    connection = transaction.connection
    if planned.items_new:
        rows = [
            {
                "code": entry.item, "kind": entry.kind, "class_code": entry.class_code, "class_name": entry.class_name,
                "item_code": entry.number, "name": entry.name, "initials": initials(entry.name), "active": True,
            }
            for entry in planned.items_new.values()
        ]  # fmt: skip
        returned = connection.execute(insert(Item).returning(col(Item.code), col(Item.id)), rows)
        planned.item_ids.update({code: int(number) for code, number in returned if number is not None})
    if planned.standards_new:
        fresh = [
            {"item_id": planned.item_ids[entry.item], "ordinal": ordinal, "active": True, **_values(entry)}
            for entry, ordinal in planned.standards_new
        ]
        connection.execute(insert(Standard), fresh)
    for number, values in planned.items_changed.items():
        if "name" in values:
            values = {**values, "initials": initials(values["name"])}
        connection.execute(update(Item).where(col(Item.id) == number).values(**values))
    for number, values in planned.standards_changed.items():
        connection.execute(update(Standard).where(col(Standard.id) == number).values(**values))
    _deactivate(transaction, planned, gone)


def _plan_item(made: Plan, item: Existing | None, rows: list[Entry], new: list[str], changed: list[Change]) -> None:
    first = rows[0]
    renamed: dict[str, tuple[str, str]] = {}
    if item is None:
        made.items_new[first.item] = first
    else:
        renamed = {
            name: (getattr(item, name), getattr(first, name))
            for name in _ITEM_FIELDS
            if getattr(item, name) != getattr(first, name)
        }
        if renamed or not item.active:
            made.items_changed[item.id] = {name: after for name, (_, after) in renamed.items()} | {"active": True}
        if renamed:
            changed.append(Change(row=first.row, code=item.code, fields=renamed))
    standards = item.standards if item else {}
    for entry, ordinal in _matched(rows, standards):
        if ordinal not in standards:
            made.standards_new.append((entry, ordinal))
            new.append(f"{entry.item}/{ordinal}")
            continue
        fields = _differences(standards[ordinal], entry)
        if not fields:
            made.unchanged += 1
            continue
        number = standards[ordinal].id
        if number is not None:
            made.standards_changed[number] = {"active": True, **_values(entry)}
        changed.append(Change(row=entry.row, code=f"{entry.item}/{ordinal}", fields=fields))


def _matched(rows: Sequence[Entry], standards: Mapping[int, Standard]) -> list[tuple[Entry, int]]:
    """Each row with the ordinal of the standard that it is, or will be."""
    by_condition = {filing_key(standard.filing_condition): ordinal for ordinal, standard in standards.items()}
    found: dict[int, int] = {}
    for entry in rows:
        known = entry.ordinal if entry.ordinal is not None else by_condition.get(entry.filing_key)
        if known is not None and known not in found.values():
            found[entry.row] = known
    taken = set(standards) | set(found.values())
    for entry in rows:
        if entry.row not in found:
            # Its place in the table, so that a fresh import numbers standards as the book does.
            ordinal = entry.place if entry.place not in taken else max(taken) + 1
            taken.add(ordinal)
            found[entry.row] = ordinal
    return [(entry, found[entry.row]) for entry in rows]


def _differences(standard: Standard, entry: Entry) -> dict[str, tuple[str, str]]:
    fields = {
        name: (getattr(standard, name), getattr(entry, name))
        for name in _STANDARD_FIELDS
        if getattr(standard, name) != getattr(entry, name)
    }
    if not standard.active:
        fields["active"] = ("no", "yes")
    return fields


def _values(entry: Entry) -> dict[str, str]:
    return {name: getattr(entry, name) for name in _STANDARD_FIELDS}


def _deactivate(transaction: Transaction, planned: Plan, gone: Iterable[str]) -> None:
    for code in gone:
        item, _, ordinal = code.partition("/")
        transaction.connection.execute(
            update(Standard)
            .where(col(Standard.item_id) == planned.item_ids[item], col(Standard.ordinal) == int(ordinal))
            .values(active=False)
        )
    if gone:
        left = select(Standard.item_id).where(col(Standard.active).is_(True))
        transaction.connection.execute(update(Item).where(col(Item.id).not_in(left)).values(active=False))
