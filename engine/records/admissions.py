"""Admissions that were given, and what bound units may be asked: lists and admissions together.

An admission is a row that never changes; its end is a row of its own. It counts from `since` to the end of the day
`until`, unless it was ended before. Written with the act that gives or ends it.
"""

import re
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from itertools import groupby

from sqlalchemy import Index
from sqlmodel import SQLModel

from engine.clock import Instant, moment
from engine.database import Transaction
from engine.definitions.admission_rules import AdmissionRules, Listing
from engine.records import register_rows
from engine.records.areas import chain
from engine.records.asking import Question, among, ask_one, marks
from engine.records.columns import ONE_TREE, instant, key_part, link, text, title, word
from engine.records.columns import number as whole_number
from engine.records.register_rows import Row
from engine.rules.basis import Bound, Duty, Permit
from engine.rules.case import Number

#: What stands between the codes of a row's items.
_BETWEEN = re.compile(r"[\s,，、;；]+")
#: Former admissions of one unit that a refusal may name.
_FORMER = 50


class Admission(SQLModel, table=True):
    """An admission that was given."""

    __tablename__ = "admission"
    __table_args__ = (
        Index("ix_admission_serial", "prefix", "year", "serial"),
        Index("ix_admission_ticket", "ticket_id"),
        ONE_TREE,
    )

    #: As people write it; whoever wins the race for a number has its row, the other takes the next one.
    number: str = word(key=True)
    prefix: str = word()
    year: int = whole_number()
    serial: int = whole_number()
    #: Key of the loop that gave it.
    workflow: str = word()
    ticket_id: int = link()
    matter: str = title()
    #: Codes of catalogue items, blanks between them.
    items: str = text()
    #: The last day, YYYY-MM-DD.
    until: str = word(length=10)
    since: int = instant()


class AdmissionUnit(SQLModel, table=True):
    """A unit that an admission is for."""

    __tablename__ = "admission_unit"
    __table_args__ = (Index("ix_admission_unit_department", "department_id", "number"), ONE_TREE)

    number: str = word(key=True)
    department_id: int = key_part()


class AdmissionEnd(SQLModel, table=True):
    """The end of an admission, by the action that brought it: revoked, finished, expired."""

    __tablename__ = "admission_end"
    __table_args__ = (ONE_TREE,)

    number: str = word(key=True)
    at: int = instant()
    action: str = word()


@dataclass(frozen=True, slots=True, kw_only=True)
class Unit:
    """A bound unit."""

    id: int
    code: str
    name: str
    #: The ids from its own area up to the root; empty for one that is stationed nowhere.
    area: tuple[int, ...]


def day_of(now: Instant) -> str:
    """The civil day, as dates of forms are written."""
    return moment(now).date().isoformat()


def next_number(transaction: Transaction, prefix: str, now: Instant) -> Number:
    """The number that the next admission gets; two at once ask again, for its row is there once only."""
    year = moment(now).year
    first, second = marks(transaction, 2)
    ((last,),) = transaction.rows(
        f"SELECT max(serial) FROM admission WHERE prefix = {first} AND year = {second}",  # noqa: S608
        (prefix, year),
    )
    return Number(prefix=prefix, year=year, serial=int(last or 0) + 1)


def units(transaction: Transaction, rules: AdmissionRules, ids: Collection[int] | None = None) -> list[Unit]:
    """The bound units that are there, by code: all, or those of these ids."""
    return ask_one(transaction, asked_units(transaction, rules, ids))


def asked_units(
    transaction: Transaction, rules: AdmissionRules, ids: Collection[int] | None = None
) -> Question[list[Unit]]:
    """The question of `units`."""
    kinds, parameters = among(transaction, rules.binds)
    where = ""
    if ids is not None:
        wanted, more = among(transaction, ids)
        where, parameters = f" AND d.id {wanted}", [*parameters, *more]
    rows = yield (
        (
            "SELECT d.id, d.code, d.name, a.lineage FROM department d LEFT JOIN area a ON a.id = d.area_id "  # noqa: S608
            f"WHERE d.valid_to IS NULL AND d.kind {kinds}{where} ORDER BY d.code"
        ),
        parameters,
    )
    return [
        Unit(id=int(unit), code=code, name=name, area=tuple(link.id for link in chain(lineage)) if lineage else ())
        for unit, code, name, lineage in rows
    ]


def bounds(transaction: Transaction, rules: AdmissionRules, wanted: Iterable[Unit], now: Instant) -> dict[int, Bound]:
    """What each of these units may be asked now, and what it might once."""
    chosen = list(wanted)
    if not chosen:
        return {}
    rows = [
        (listing, row)
        for listing in rules.listings
        for row in register_rows.listed(transaction, listing.register, now, limit=None)
    ]
    permits = _permits(transaction, rules, [unit.id for unit in chosen])
    lists = tuple(title for listing in rules.listings for title in (listing.lists.values() or (listing.title,)))
    return {
        unit.id: Bound(
            name=unit.name,
            today=day_of(now),
            lists=lists,
            duties=tuple(_duty(listing, row) for listing, row in rows if row.area_id in unit.area),
            permits=tuple(permits.get(unit.id, ())),
        )
        for unit in chosen
    }


def _duty(listing: Listing, row: Row) -> Duty:
    which = str(row.get(listing.list)) if listing.list else ""
    return Duty(
        register=listing.register,
        list=listing.lists.get(which, listing.title),
        code=row.code,
        matter=str(row.get(listing.matter) or row.code),
        items=frozenset(codes(row.get(listing.items))),
    )


def codes(said: object) -> tuple[str, ...]:
    """The codes of catalogue items that a row names, in its order."""
    return tuple(code for code in _BETWEEN.split(str(said or "")) if code)


def _permits(transaction: Transaction, rules: AdmissionRules, ids: Sequence[int]) -> dict[int, list[Permit]]:
    """The newest admissions of units, those that are over too."""
    if not ids or not rules.admitted_by:
        return {}
    departments, first = among(transaction, ids)
    workflows, second = among(transaction, rules.admitted_by)
    rows = transaction.rows(
        "SELECT u.department_id, a.number, a.ticket_id, t.case_no, a.matter, a.items, a.until, e.number "  # noqa: S608
        "FROM admission_unit u JOIN admission a ON a.number = u.number JOIN ticket t ON t.id = a.ticket_id "
        f"LEFT JOIN admission_end e ON e.number = a.number WHERE u.department_id {departments} "
        f"AND a.workflow {workflows} ORDER BY u.department_id, a.since DESC, a.serial DESC",
        (*first, *second),
    )
    found: dict[int, list[Permit]] = {}
    for unit, own in groupby(rows, key=lambda row: int(row[0])):
        all_of_it = [
            Permit(
                number=row[1], ticket_id=int(row[2]), case_no=row[3], matter=row[4], items=frozenset(row[5].split()),
                until=row[6], over=row[7] is not None,
            )
            for row in own
        ]  # fmt: skip
        live = [one for one in all_of_it if not one.over]
        found[unit] = live + [one for one in all_of_it if one.over][:_FORMER]
    return found
