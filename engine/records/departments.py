"""Units of the line: commissions and bureaus, field offices, utilities, property companies, contractors."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from sqlalchemy import insert, update
from sqlmodel import SQLModel, col, select

from engine.clock import Instant
from engine.database import Transaction
from engine.errors import NotFound
from engine.records.asking import ids_of, wrong
from engine.records.columns import big_id, maybe_instant, maybe_link, one_of, title, word
from engine.vocabulary import UNIT_KINDS

#: Kinds of unit (domain: Units).
KINDS = tuple(UNIT_KINDS)


class Department(SQLModel, table=True):
    """One unit of the tree."""

    __tablename__ = "department"
    __table_args__ = (one_of("kind", KINDS),)

    id: int | None = big_id()
    code: str = word(unique=True)
    name: str = title()
    kind: str = word()
    parent_id: int | None = maybe_link("department.id", index=True)
    #: Where it is stationed, for field offices and street units.
    area_id: int | None = maybe_link("area.id", index=True)
    #: Dissolved or merged at this moment; nothing new is sent to it. None while it exists.
    valid_to: int | None = maybe_instant()


@dataclass(frozen=True, slots=True, kw_only=True)
class NewDepartment:
    """A unit that is to be."""

    code: str
    name: str
    kind: str
    #: Codes of the unit above and of the area it is stationed in.
    parent: str | None = None
    area: str | None = None


def department_by_code(transaction: Transaction, code: str) -> Department:
    """The unit of that code, also one that is no more. Errors: `NotFound`."""
    found = select(Department).where(col(Department.code) == code)
    row = transaction.connection.execute(found).mappings().first()
    if row is None:
        raise NotFound(f"没有编码为“{code[:60]}”的单位", f"no department has the code '{code[:60]}'")
    return Department(**row)


def create_departments(transaction: Transaction, news: Iterable[NewDepartment]) -> dict[str, int]:
    """Create units, in any order as long as every parent is there or among them; answers code → id.

    Errors: `Malformed` for a code given twice or taken, an unknown kind, parent or area.
    """
    waiting: dict[str, NewDepartment] = {}
    for new in news:
        if new.code in waiting:
            raise wrong("code", f"编码“{new.code}”写了两次", f"the code '{new.code}' is given twice")
        waiting[new.code] = new
    wanted = waiting.keys() | {new.parent for new in waiting.values() if new.parent}
    ids = ids_of(transaction, "department", "code", wanted)
    taken = sorted(ids.keys() & waiting.keys())
    if taken:
        raise wrong("code", f"编码“{taken[0]}”已被使用", f"the code '{taken[0]}' is taken")
    areas = ids_of(transaction, "area", "code", {new.area for new in waiting.values() if new.area})
    created: dict[str, int] = {}
    while waiting:
        ready = [new for new in waiting.values() if new.parent is None or new.parent in ids]
        if not ready:
            lost = next(iter(waiting.values()))
            raise wrong("parent", f"没有上级单位“{lost.parent}”", f"there is no department '{lost.parent}' above")
        fresh = _insert(transaction, ready, ids, areas)
        created |= fresh
        ids |= fresh
        for new in ready:
            del waiting[new.code]
    return created


def alter_department(transaction: Transaction, new: NewDepartment) -> None:
    """Make the unit of that code what `new` says; its code stays.

    Errors: `NotFound`; `Malformed` as `create_departments`, or when the unit would stand below itself.
    """
    found = department_by_code(transaction, new.code)
    above = ids_of(transaction, "department", "code", [new.parent or ""])
    if new.parent is not None and new.parent not in above:
        raise wrong("parent", f"没有上级单位“{new.parent}”", f"there is no department '{new.parent}' above")
    parent: int | None = above.get(new.parent or "")
    while parent is not None:
        if parent == found.id:
            raise wrong("parent", f"“{new.parent}”在“{new.code}”之下", f"'{new.parent}' stands below '{new.code}'")
        parent = transaction.connection.execute(
            select(Department.parent_id).where(col(Department.id) == parent)
        ).scalar_one()
    values = _values(new, above, ids_of(transaction, "area", "code", [new.area or ""]))
    transaction.connection.execute(update(Department).where(col(Department.id) == found.id).values(**values))


def end_department(transaction: Transaction, code: str, now: Instant) -> None:
    """A unit is dissolved or merged: what it holds stays with it, nothing new is sent to it. Errors: `NotFound`."""
    found = department_by_code(transaction, code)
    transaction.connection.execute(update(Department).where(col(Department.id) == found.id).values(valid_to=now))


def _insert(
    transaction: Transaction, ready: Iterable[NewDepartment], above: dict[str, int], areas: dict[str, int]
) -> dict[str, int]:
    rows = [_values(new, above, areas) for new in ready]
    returned = transaction.connection.execute(
        insert(Department).returning(col(Department.code), col(Department.id)), rows
    )
    return {code: int(number) for code, number in returned if number is not None}


def _values(new: NewDepartment, above: Mapping[str, int], areas: Mapping[str, int]) -> dict[str, object]:
    if new.kind not in KINDS:
        raise wrong("kind", f"没有单位类别“{new.kind}”", f"there is no kind of unit '{new.kind}'")
    if new.area is not None and new.area not in areas:
        raise wrong("area", f"没有区域“{new.area}”", f"there is no area '{new.area}'")
    return {
        "code": new.code,
        "name": new.name,
        "kind": new.kind,
        "parent_id": above[new.parent] if new.parent else None,
        "area_id": areas[new.area] if new.area else None,
    }
