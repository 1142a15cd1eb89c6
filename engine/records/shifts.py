"""The duty roster 值班表: who of those holding a post is on duty when."""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import Index
from sqlmodel import SQLModel

from engine.clock import DAY, Instant
from engine.database import Transaction
from engine.errors import NotFound
from engine.records.asking import ids_of, marks, wrong
from engine.records.columns import big_id, instant, link, word

#: A shift lasts so long at most; a longer one is a slip of the pen.
LONGEST = 7 * DAY


class Shift(SQLModel, table=True):
    """One person's turn of duty for a post in a unit, from–to."""

    __tablename__ = "shift"
    __table_args__ = (
        Index("ix_shift_unit", "post", "unit", "valid_to"),
        Index("ix_shift_person", "person_id", "valid_to"),
    )

    id: int | None = big_id()
    #: `a<area id>` or `d<department id>`, as notices name units.
    unit: str = word()
    post: str = word()
    person_id: int = link("person.id")
    valid_from: int = instant()
    valid_to: int = instant()


@dataclass(frozen=True, slots=True, kw_only=True)
class NewShift:
    """A turn of duty somebody is to have; area or department by code."""

    login: str
    post: str
    area: str | None = None
    department: str | None = None
    since: Instant
    until: Instant


@dataclass(frozen=True, slots=True, kw_only=True)
class Turn:
    """A shift as people read it."""

    login: str
    name: str
    post: str
    unit: str
    unit_name: str
    since: Instant
    until: Instant


def put_on_duty(transaction: Transaction, new: NewShift) -> bool:
    """Enter one shift; False when it is there already.

    Errors: `NotFound` for an unknown login, `Malformed` naming the field: a time that can't be, a unit unknown, a post
    that the person does not hold there for the whole shift, another shift of theirs at that time.
    """
    if new.until <= new.since:
        raise wrong("until", "班次的结束应晚于开始", "a shift ends later than it begins")
    if new.until - new.since > LONGEST:
        raise wrong("until", "一个班次最长 7 天", "a shift lasts 7 days at most")
    unit, holding = _place(transaction, new)
    mark, *_ = marks(transaction, 1)
    held = transaction.rows(
        "SELECT p.id FROM holding h JOIN person p ON p.id = h.person_id "  # noqa: S608 (constant words)
        f"WHERE p.login = {mark} AND p.active AND h.post = {mark} AND {holding} = {mark} "
        f"AND h.valid_from <= {mark} AND (h.valid_to IS NULL OR h.valid_to >= {mark})",
        (new.login, new.post, int(unit[1:]), new.since, new.until),
    )
    if not held:
        raise wrong(
            "post", f"“{new.login}”届时不在该单位任此岗位", f"'{new.login}' does not hold this post there for the shift"
        )
    person = int(held[0][0])
    there = transaction.rows(
        f"SELECT valid_from, valid_to FROM shift WHERE person_id = {mark} AND post = {mark} AND unit = {mark} "  # noqa: S608
        f"AND valid_from < {mark} AND valid_to > {mark}",
        (person, new.post, unit, new.until, new.since),
    )
    if (new.since, new.until) in {tuple(row) for row in there}:
        return False
    if there:
        raise wrong("since", "与已有班次重叠", "it overlaps another shift of the same person")
    transaction.run(
        f"INSERT INTO shift (unit, post, person_id, valid_from, valid_to) VALUES ({', '.join(marks(transaction, 5))})",  # noqa: S608
        (unit, new.post, person, new.since, new.until),
    )
    return True


def roster(transaction: Transaction, since: Instant, until: Instant, units: Sequence[str] | None = None) -> list[Turn]:
    """The shifts of that time, at most 1000, the earliest first; `units` as notices name them, None for all."""
    mark, *_ = marks(transaction, 1)
    only = "" if units is None else f"AND s.unit IN ({', '.join(marks(transaction, len(units))) or 'NULL'})"
    rows = transaction.rows(
        "SELECT p.login, p.name, s.post, coalesce(a.code, d.code), coalesce(a.name, d.name), s.valid_from, s.valid_to "  # noqa: S608
        "FROM shift s JOIN person p ON p.id = s.person_id "
        "LEFT JOIN area a ON s.unit = 'a' || a.id LEFT JOIN department d ON s.unit = 'd' || d.id "
        f"WHERE s.valid_to > {mark} AND s.valid_from < {mark} {only} ORDER BY s.valid_from, s.id LIMIT 1000",
        (since, until, *(units or ())),
    )
    names = "login name post unit unit_name since until".split()
    return [Turn(**dict(zip(names, row, strict=True))) for row in rows]


def _place(transaction: Transaction, new: NewShift) -> tuple[str, str]:
    """The unit as notices name it, and the column of a holding that it stands in."""
    if ids_of(transaction, "person", "login", {new.login}) == {}:
        raise NotFound(f"没有账号“{new.login[:60]}”", f"there is no account '{new.login[:60]}'")
    table, code = ("department", new.department) if new.department else ("area", new.area)
    if not code:
        raise wrong("area", "请写明区域或单位", "name the area or the department")
    found = ids_of(transaction, table, "code", {code})
    if code not in found:
        raise wrong(table, f"没有“{code[:60]}”", f"there is no {table} '{code[:60]}'")
    return f"{table[0]}{found[code]}", f"h.{table}_id"
