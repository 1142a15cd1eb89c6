"""Paths: one row per ticket, folded from its history, and one per path; what conformance is counted by.

Nothing else writes them, and folding again makes the same rows. Tickets are counted, times are taken from the newest of
each path.
"""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Index
from sqlmodel import SQLModel

from engine.clock import Instant
from engine.database import Transaction
from engine.records import areas, departments
from engine.records.asking import Asking, among, marks
from engine.records.columns import (
    ONE_TREE,
    instant,
    key_part,
    link,
    maybe_instant,
    maybe_link,
    maybe_word,
    number,
    text,
    word,
    yes_no,
)
from engine.rules.moves import Move, Taken

READER = "paths"
#: Tickets of each path whose times are looked at, the newest.
SAMPLE = 500
#: Lines of one page of a list, at most.
MOST = 200


class PathVariant(SQLModel, table=True):
    """One path that tickets took, of one version of a workflow. Rows are added and never changed."""

    __tablename__ = "path_variant"

    digest: str = word(key=True)
    workflow: str = word(index=True)
    version: int = number()
    #: JSON: a list of [state before, action, state after].
    moves: str = text()


class TicketPath(SQLModel, table=True):
    """The path of one ticket so far, with what paths are filtered by."""

    __tablename__ = "ticket_path"
    __table_args__ = (
        # Counting without a filter, and the newest of a path, walk along it.
        Index("ix_ticket_path_variant", "workflow", "confidential", "variant", "reported_at", "ended_at"),
        ONE_TREE,
    )

    ticket_id: int = key_part()
    workflow: str = word()
    version: int = number()
    #: Digest of its path; "" when its history cannot be told again.
    variant: str = word()
    #: What is wrong with its history: the event, and why; "" when nothing is.
    fault: str = text()
    #: JSON: microseconds in the state before, for each move.
    waits: str = text()
    reported_at: int = instant()
    #: Since when it is closed or void.
    ended_at: int | None = maybe_instant()
    area_id: int = link()
    department_id: int | None = maybe_link()
    item: str | None = maybe_word()
    channel: str = word()
    confidential: bool = yes_no()


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """Whose paths are asked for. "" and None ask for all; codes are those of this installation."""

    workflow: str
    #: Reported from this moment on, and before that one.
    since: Instant | None = None
    until: Instant | None = None
    version: int | None = None
    area: str = ""
    department: str = ""
    item: str = ""
    channel: str = ""
    #: Only tickets that these units reach; None for whoever audits the whole.
    units: tuple[str, ...] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Variant:
    """One path, how many took it, and how long those that are at their end took."""

    taken: Taken
    #: Those of them that are closed or void.
    ended: int
    #: Microseconds from report to end, of the newest that are at their end.
    lasted: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One ticket of a list."""

    ticket_id: int
    case_no: str
    version: int
    reported_at: Instant
    ended_at: Instant | None
    fault: str


#: Behind which line a page begins: its moment of report and its ticket.
Cursor = tuple[Instant, int]


def write(
    transaction: Transaction, rows: Sequence[Mapping[str, Any]], variants: Mapping[str, Mapping[str, Any]]
) -> None:
    """Put the paths of these tickets in the place of what was known of them."""
    match, parameters = among(transaction, [row["ticket_id"] for row in rows])
    transaction.run(f"DELETE FROM ticket_path WHERE ticket_id {match}", parameters)  # noqa: S608 (constant words)
    for table, kept, end in (
        (PathVariant, list(variants.values()), " ON CONFLICT (digest) DO NOTHING"),
        (TicketPath, rows, ""),
    ):
        names = tuple(table.model_fields)
        if kept:
            transaction.run_many(
                f"INSERT INTO {table.__tablename__} ({', '.join(names)}) "  # noqa: S608
                f"VALUES ({', '.join(marks(transaction, len(names)))}){end}",
                [tuple(row[name] for name in names) for row in kept],
            )


def forget_all(transaction: Transaction) -> None:
    """Drop every row."""
    transaction.run("DELETE FROM ticket_path")
    transaction.run("DELETE FROM path_variant")


def counted(transaction: Transaction, wanted: Wanted) -> list[Variant]:
    """Every path with how many took it, the most frequent first; without times. Errors: `NotFound` for a code."""
    known = {
        row[0]: (int(row[1]), _moves(row[2]))
        for row in transaction.rows(
            f"SELECT digest, version, moves FROM path_variant WHERE workflow = {marks(transaction, 1)[0]}",  # noqa: S608
            (wanted.workflow,),
        )
    }
    asking = Asking(transaction)
    where = _where(transaction, wanted, asking)
    rows = transaction.rows(
        f"SELECT p.variant, count(*), count(p.ended_at) FROM ticket_path p WHERE {where} "  # noqa: S608
        "AND p.variant <> '' GROUP BY p.variant",
        asking.parameters,
    )
    found = [
        Variant(taken=Taken(digest=one, version=known[one][0], moves=known[one][1], tickets=int(n)), ended=int(ended))
        for one, n, ended in rows
    ]
    return sorted(found, key=lambda one: (-one.taken.tickets, one.taken.digest))


def timed(transaction: Transaction, wanted: Wanted, variant: Variant) -> Variant:
    """A path with the times of its newest tickets, at most `SAMPLE`."""
    asking = Asking(transaction)
    where = f"{_where(transaction, wanted, asking)} AND p.variant = {asking(variant.taken.digest)}"
    rows = transaction.rows(
        f"SELECT p.waits, p.reported_at, p.ended_at FROM ticket_path p WHERE {where} "  # noqa: S608
        f"ORDER BY p.reported_at DESC LIMIT {asking(SAMPLE)}",
        asking.parameters,
    )
    taken = variant.taken
    return Variant(
        taken=Taken(
            digest=taken.digest, version=taken.version, moves=taken.moves, tickets=taken.tickets,
            waits=[json.loads(row[0]) for row in rows],
        ),
        ended=variant.ended,
        lasted=tuple(sorted(row[2] - row[1] for row in rows if row[2] is not None)),
    )  # fmt: skip


def faults(transaction: Transaction, wanted: Wanted) -> int:
    """How many tickets have a history that cannot be told again."""
    asking = Asking(transaction)
    where = _where(transaction, wanted, asking)
    ((found,),) = transaction.rows(
        f"SELECT count(*) FROM ticket_path p WHERE {where} AND p.variant = ''",  # noqa: S608
        asking.parameters,
    )
    return int(found)


def listed(
    transaction: Transaction, wanted: Wanted, variants: Iterable[str], *, after: Cursor | None = None, most: int = MOST
) -> list[Line]:
    """The tickets of some paths, "" for what cannot be told; the newest first, at most `most` after a line."""
    asking = Asking(transaction)
    where = _where(transaction, wanted, asking)
    match, parameters = among(transaction, variants)
    asking.parameters += parameters
    where += f" AND p.variant {match}"
    if after is not None:
        where += f" AND (p.reported_at, p.ticket_id) < ({asking(after[0])}, {asking(after[1])})"
    rows = transaction.rows(
        "SELECT p.ticket_id, t.case_no, p.version, p.reported_at, p.ended_at, p.fault FROM ticket_path p "  # noqa: S608
        f"JOIN ticket t ON t.id = p.ticket_id WHERE {where} "
        f"ORDER BY p.reported_at DESC, p.ticket_id DESC LIMIT {asking(most)}",
        asking.parameters,
    )
    return [
        Line(
            ticket_id=int(row[0]), case_no=row[1], version=int(row[2]), reported_at=Instant(row[3]), ended_at=row[4],
            fault=row[5],
        )
        for row in rows
    ]  # fmt: skip


def workflows(transaction: Transaction) -> list[tuple[str, int]]:
    """Every workflow that has paths, and how many paths."""
    rows = transaction.rows("SELECT workflow, count(*) FROM path_variant GROUP BY workflow ORDER BY workflow")
    return [(key, int(number)) for key, number in rows]


def _moves(stored: str) -> tuple[Move, ...]:
    return tuple((before, action, after) for before, action, after in json.loads(stored))


def _where(transaction: Transaction, wanted: Wanted, asking: Asking) -> str:
    """What the filters say; parameters are added in the order of their marks."""
    # What few may know of is in nobody's count.
    parts = [f"p.workflow = {asking(wanted.workflow)}", "p.confidential = FALSE"]
    if wanted.since is not None:
        parts.append(f"p.reported_at >= {asking(wanted.since)}")
    if wanted.until is not None:
        parts.append(f"p.reported_at < {asking(wanted.until)}")
    if wanted.version is not None:
        parts.append(f"p.version = {asking(wanted.version)}")
    if wanted.area:
        parts.append(f"p.area_id IN {_below('area', areas.area_by_code(transaction, wanted.area).id, asking)}")
    if wanted.department:
        unit = departments.department_by_code(transaction, wanted.department)
        parts.append(f"p.department_id IN {_below('department', unit.id, asking)}")
    for column, value in (("item", wanted.item), ("channel", wanted.channel)):
        if value:
            parts.append(f"p.{column} = {asking(value)}")
    if wanted.units is not None:
        reached, parameters = among(transaction, wanted.units)
        asking.parameters += parameters
        parts.append(
            "EXISTS (SELECT 1 FROM reach r WHERE r.sort_key = p.reported_at AND r.ticket_id = p.ticket_id "  # noqa: S608
            f"AND r.unit {reached})"
        )
    return " AND ".join(parts)


def _below(table: str, top: int | None, asking: Asking) -> str:
    return (
        f"(WITH RECURSIVE below (id) AS (SELECT id FROM {table} WHERE id = {asking(top)} UNION "  # noqa: S608
        f"SELECT c.id FROM {table} c JOIN below b ON c.parent_id = b.id) SELECT id FROM below)"
    )
