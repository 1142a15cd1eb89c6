"""Keeping a register: a row is put in, changed, closed; its personal part erased. Every change is a new version."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from engine.clock import Instant
from engine.database import Transaction
from engine.definitions.model import FieldType
from engine.definitions.register import Register
from engine.errors import HuyingError, Malformed, NotPermitted, Place
from engine.records import organisation, register_rows
from engine.records.access import Viewer
from engine.records.asking import marks
from engine.records.register_rows import Row
from engine.rules.case import AreaLink, References
from engine.rules.chain import canonical
from engine.rules.forms import Filled, fill

#: Characters of a row's code.
LONGEST_CODE = 64


class Put(StrEnum):
    """What became of a row that was put in."""

    NEW = "new"
    CHANGED = "changed"
    SAME = "same"


@dataclass(frozen=True, slots=True, kw_only=True)
class NewRow:
    """A row as somebody wants it."""

    code: str
    form: Mapping[str, Any]
    valid_from: Instant
    valid_to: Instant | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Checked:
    """A row that may be written: its clean values, and the way up from its area."""

    new: NewRow
    filled: Filled
    area: tuple[AreaLink, ...]


def check(transaction: Transaction, register: Register, new: NewRow, now: Instant) -> Checked:
    """Errors: `Malformed` naming the field at fault."""
    if not 0 < len(new.code) <= LONGEST_CODE or not new.code.isprintable() or "/" in new.code:
        raise _wrong("code", "编码应为 1 至 64 个可见字符，不含斜线", "a code has 1 to 64 visible characters, no slash")
    if new.valid_to is not None and new.valid_to <= new.valid_from:
        raise _wrong("until", "止日早于起日", "it ends before it begins")
    form = {name: _chosen(register, name, value) for name, value in new.form.items() if value not in (None, "")}
    references = _references(transaction, register, form, now)
    filled = fill(register.form, form, references, now)
    if isinstance(filled, HuyingError):
        raise filled
    return Checked(new=new, filled=filled, area=references.areas[filled.facts[register.area]].chain)


def _wrong(field: str, zh: str, en: str) -> Malformed:
    return Malformed(zh, en, place=Place(field=field))


def _chosen(register: Register, name: str, value: Any) -> Any:
    """A choice may be written by its Chinese title, yes and no as 是 and 否."""
    field = register.fields.get(name)
    if field is not None and field.type is FieldType.YES_NO:
        return {"是": "yes", "否": "no"}.get(value, value)
    choices = field.of if field else {}
    return {title.zh: key for key, title in choices.items()}.get(value, value)


def _references(transaction: Transaction, register: Register, form: Mapping[str, Any], now: Instant) -> References:
    def codes(kind: FieldType) -> set[str]:
        named = (form.get(name) for name, field in register.fields.items() if field.type is kind)
        return {code for code in named if isinstance(code, str)}

    return References(
        areas=organisation.lookup_areas(transaction, codes(FieldType.AREA)),
        departments=organisation.lookup_departments(transaction, codes(FieldType.DEPARTMENT)),
        people=organisation.lookup_people(transaction, codes(FieldType.PERSON), now),
    )


def put(transaction: Transaction, register: Register, checked: Checked, by: str, now: Instant) -> Put:
    """Write a row as its newest version, if it says anything new."""
    new, filled = checked.new, checked.filled
    versions = register_rows.history(transaction, register.key, new.code)
    old = versions[-1] if versions else None
    if old is not None and _same(old, checked):
        return Put.SAME
    _write(transaction, register.key, new, checked.area[0].id, filled, by, now, old)
    return Put.CHANGED if old else Put.NEW


def changes(old: Row, checked: Checked) -> dict[str, tuple[str, str]]:
    """Field → what stood there and what will."""
    names = {*old.facts, *old.personal, *checked.filled.facts, *checked.filled.personal}
    pairs = {name: (old.get(name), checked.filled.get(name)) for name in sorted(names)}
    pairs["until"] = (old.valid_to, checked.new.valid_to)
    return {name: (_said(one), _said(other)) for name, (one, other) in pairs.items() if one != other}


def _said(value: Any) -> str:
    return "" if value is None else str(value)


def _same(old: Row, checked: Checked) -> bool:
    return not changes(old, checked) and old.valid_from == checked.new.valid_from


def _write(
    transaction: Transaction, register: str, new: NewRow, area_id: int, filled: Filled, by: str, now: Instant,
    old: Row | None,
) -> None:  # fmt: skip
    if old is not None:
        at, key, code, version = marks(transaction, 4)
        transaction.run(
            f"UPDATE register_row SET replaced_at = {at} WHERE register_key = {key} AND code = {code} "  # noqa: S608
            f"AND version = {version}",
            (now, register, new.code, old.version),
        )
    listed = ", ".join(marks(transaction, 11))
    transaction.run(
        "INSERT INTO register_row (register_key, code, version, area_id, facts, personal, valid_from, valid_to, "  # noqa: S608
        f"recorded_at, replaced_at, recorded_by) VALUES ({listed})",
        (
            register, new.code, old.version + 1 if old else 1, area_id, canonical(filled.facts),
            canonical(filled.personal) if filled.personal else None, new.valid_from, new.valid_to, now, None, by,
        ),
    )  # fmt: skip


def erase(transaction: Transaction, register: str, code: str) -> int:
    """Erase the personal part of every version of a row; of how many. Errors: `NotFound`."""
    register_rows.newest(transaction, register, code)
    first, second = marks(transaction, 2)
    return transaction.run(
        f"UPDATE register_row SET personal = NULL WHERE register_key = {first} AND code = {second} "  # noqa: S608
        "AND personal IS NOT NULL",
        (register, code),
    )


def kept_areas(transaction: Transaction, register: Register, viewer: Viewer) -> frozenset[int]:
    """The areas whose rows somebody keeps: those of the keeper's level for which they hold a keeper's post."""
    held = {post.area_id for post in viewer.posts if post.post in register.posts and post.area_id is not None}
    level = marks(transaction, 1)[0]
    rows = transaction.rows(f"SELECT id FROM area WHERE level = {level}", (register.level,)) if held else []  # noqa: S608
    return frozenset(held & {number for (number,) in rows})


def expect_keeper(transaction: Transaction, register: Register, viewer: Viewer, area: tuple[AreaLink, ...]) -> None:
    """Errors: `NotPermitted` for somebody who doesn't keep the rows of this area."""
    if not kept_areas(transaction, register, viewer) & {link.id for link in area}:
        raise NotPermitted(register=register.key)
