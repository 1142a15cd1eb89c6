"""Lists of tickets: newest first, page by page, only what the reader's posts reach.

A page is asked per unit of the reader, each by the key of `reach`, and united: the work is that of the page, however
many tickets there are. The cursor names the last ticket shown, so that what is reported meanwhile neither hides a
ticket nor shows one twice.
"""

import base64
import binascii
import json
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from engine.clock import Instant
from engine.database import Transaction
from engine.definitions.model import Workflow
from engine.definitions.windows import windows
from engine.errors import Malformed, NotFound, Place
from engine.records import lights, reservations, search
from engine.records.access import Viewer
from engine.records.asking import Asking, among, marks
from engine.records.knowledge import within
from engine.records.reservations import Reserved
from engine.records.turns import Turn
from engine.records.versions import Versions
from engine.records.waiting import moves
from engine.rules.case import Run, Timer

#: Tickets on one page.
MOST = 200

_MOST_BIGINT = 2**63 - 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """What a list is limited to; None and empty mean any."""

    workflow: str | None = None
    stage: str | None = None
    state: str | None = None
    state_type: str | None = None
    #: Code of an area: it and all below it.
    area: str | None = None
    #: Code of a department that has, or had, a task.
    department: str | None = None
    #: Code of an item, or of one of its standards.
    item: str | None = None
    reporter_id: int | None = None
    opened_from: Instant | None = None
    #: Not including this moment.
    opened_to: Instant | None = None
    #: Words of the description or the address, or a case number.
    text: str = ""
    #: Only what waits for one of these moves.
    turns: Sequence[Turn] | None = None
    #: Only these tickets, by id.
    ids: Sequence[int] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Due:
    """A running deadline as lists show it."""

    name: str
    at: Instant
    light: str
    #: A year it depends on has no decreed holidays yet.
    provisional: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class OwnTask:
    """An open task of the reader, or of a department of the reader's."""

    seq: int
    kind: str
    state: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One ticket of a list."""

    ticket_id: int
    case_no: str
    workflow_id: int
    state: str
    state_type: str
    stage: str
    area_code: str
    area_name: str
    area_level: str
    item: str | None
    urgency: str | None
    description: str
    address: str
    opened_at: Instant
    entered_at: Instant
    settled_at: Instant | None
    #: Only few may know of it; its reader is one of them.
    confidential: bool = False
    #: The running deadline that comes first.
    due: Due | None = None
    own: tuple[OwnTask, ...] = ()
    #: In whose hands it is just now.
    reserved: Reserved | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """A part of a list, and the cursor of the next part if there is one."""

    rows: tuple[Row, ...]
    cursor: str | None


def page(
    transaction: Transaction,
    versions: Versions,
    viewer: Viewer,
    wanted: Wanted,
    *,
    now: Instant,
    cursor: str | None = None,
    limit: int = 50,
) -> Page:
    """The next `limit` tickets, at most `MOST`.

    Errors: `Malformed` for a cursor that did not come from here, `NotFound` for an area or department that isn't there.
    """
    limit = max(1, min(limit, MOST))
    asking = Asking(transaction)
    area = _id_of(transaction, "area", wanted.area)
    department = _id_of(transaction, "department", wanted.department)
    after = _key(cursor) if cursor else None
    words = _words(transaction, wanted.text)
    # What waits, what is named and what few words match is looked up ticket by ticket; else the list is walked.
    few = wanted.turns is not None or wanted.ids is not None or (words is not None and words.few)
    # Whoever reported a ticket reaches it as a person: that list is short, their office's is not.
    own = wanted.reporter_id == viewer.person_id
    parts = []
    for number, unit in enumerate((f"p{viewer.person_id}",) if own else viewer.units):
        where = [f"r.unit = {asking(unit)}"]
        if after is not None:
            where.append(f"(r.sort_key, r.ticket_id) < ({asking(after[0])}, {asking(after[1])})")
        where += _limits(asking, wanted, area, department)
        # ▸ The second condition is always true; it lets few tickets be found in `reach` by its whole key, and makes
        # PostgreSQL expect nothing at all where a list is walked.
        where += ["r.ticket_id = t.id", "r.sort_key = t.opened_at"] if few else []
        if words is not None:
            where.append(words.where)
            asking.parameters += words.parameters
        parts.append(
            f"SELECT * FROM (SELECT r.sort_key, r.ticket_id FROM {_FROM_FEW if few else _FROM} "  # noqa: S608
            f"JOIN workflow_version w ON w.id = t.workflow_id WHERE {' AND '.join(where)} "
            f"ORDER BY r.sort_key DESC, r.ticket_id DESC LIMIT {limit + 1}) u{number}"
        )
    rows = transaction.rows(
        f"SELECT f.sort_key, f.ticket_id, {_COLUMNS} FROM ({' UNION '.join(parts)}) f {_JOINS} "  # noqa: S608
        f"ORDER BY f.sort_key DESC, f.ticket_id DESC LIMIT {limit + 1}",
        asking.parameters,
    )
    shown = [_row(row) for row in rows[:limit]]
    more = len(rows) > limit
    return Page(
        rows=tuple(_completed(transaction, versions, viewer, shown, now)),
        cursor=_cursor(rows[limit - 1][0], rows[limit - 1][1]) if more else None,
    )


_FROM = "reach r JOIN ticket t ON t.id = r.ticket_id"
#: ▸ The order matters to SQLite, which would else look for three matches in every row of a list.
_FROM_FEW = "ticket t CROSS JOIN reach r"


def _words(transaction: Transaction, text: str) -> search.Match | None:
    """What keeps what somebody looks for; None for nothing, and nothing is found by what cannot be looked for."""
    if not text.strip():
        return None
    number = search.case_number(text)
    if number is not None:
        return search.numbered(transaction, number, "t.id")
    sought = search.phrases(text)
    return search.match(transaction, sought, "t.id") if sought else search.NOTHING


_COLUMNS = (
    "t.case_no, t.workflow_id, t.state, t.state_type, t.stage, a.code, a.name, a.level, t.item, t.urgency, "
    "p.description, p.address, t.opened_at, t.entered_at, t.settled_at, t.confidential"
)
_JOINS = (
    "JOIN ticket t ON t.id = f.ticket_id JOIN area a ON a.id = t.area_id LEFT JOIN particulars p ON p.ticket_id = t.id"
)


def _limits(asking: Asking, wanted: Wanted, area: int | None, department: int | None) -> list[str]:
    where = []
    columns: dict[str, str | int | None] = {"w.key": wanted.workflow, "t.stage": wanted.stage, "t.state": wanted.state}
    columns |= {"t.state_type": wanted.state_type, "t.reporter_id": wanted.reporter_id}
    where += [f"{column} = {asking(value)}" for column, value in columns.items() if value is not None]
    if area is not None:
        where.append(
            "EXISTS (SELECT 1 FROM reach b WHERE b.sort_key = r.sort_key AND b.ticket_id = r.ticket_id "  # noqa: S608
            f"AND b.unit IN {asking.among(within(area))})"
        )
    if department is not None:
        where.append(
            f"EXISTS (SELECT 1 FROM task k WHERE k.ticket_id = t.id AND k.department_id = {asking(department)})"  # noqa: S608
        )
    if wanted.item is not None:
        standard = wanted.item + "/"
        where.append(
            f"(t.item = {asking(wanted.item)} OR substr(t.item, 1, {asking(len(standard))}) = {asking(standard)})"
        )
    if wanted.opened_from is not None:
        where.append(f"r.sort_key >= {asking(wanted.opened_from)}")
    if wanted.opened_to is not None:
        where.append(f"r.sort_key < {asking(wanted.opened_to)}")
    if wanted.turns is not None:
        where.append(f"t.id IN ({moves(asking, wanted.turns)})")
    if wanted.ids is not None:
        where.append(f"t.id IN {asking.among(wanted.ids)}" if wanted.ids else "1 = 0")
    return where


def _id_of(transaction: Transaction, table: str, code: str | None) -> int | None:
    if code is None:
        return None
    mark, *_ = marks(transaction, 1)
    rows = transaction.rows(f"SELECT id FROM {table} WHERE code = {mark}", (code,))  # noqa: S608
    if not rows:
        raise NotFound(f"没有“{code[:60]}”", f"there is no '{code[:60]}'", place=Place(field=table))
    return int(rows[0][0])


def _row(row: Sequence[Any]) -> Row:
    (
        _, ticket_id, case_no, workflow_id, state, state_type, stage, area_code, area_name, area_level, item, urgency,
        description, address, opened, entered, settled, confidential,
    ) = row  # fmt: skip
    return Row(
        ticket_id=ticket_id, case_no=case_no, workflow_id=workflow_id, state=state, state_type=state_type, stage=stage,
        area_code=area_code, area_name=area_name, area_level=area_level, item=item, urgency=urgency,
        description=description or "", address=address or "", opened_at=opened, entered_at=entered, settled_at=settled,
        confidential=bool(confidential),
    )  # fmt: skip


def _completed(
    transaction: Transaction, versions: Versions, viewer: Viewer, rows: list[Row], now: Instant
) -> Iterable[Row]:
    """The rows with their nearest deadline and the reader's own tasks, asked once for all of them."""
    ids = [row.ticket_id for row in rows]
    if not ids:
        return
    due = dues(transaction, versions, [(row.ticket_id, row.workflow_id) for row in rows], now)
    own, held = _own_tasks(transaction, viewer, ids), reservations.reserved(transaction, viewer, ids, now)
    for row in rows:
        yield replace(
            row,
            due=due.get(row.ticket_id),
            own=tuple(own.get(row.ticket_id, ())),
            reserved=held.get(row.ticket_id),
        )


def dues(
    transaction: Transaction, versions: Versions, tickets: Sequence[tuple[int, int]], now: Instant
) -> dict[int, Due]:
    """The running deadline that comes first, per ticket, with its light; tickets with their workflow versions."""
    if not tickets:
        return {}
    definitions = {ticket: versions.definition(transaction, workflow) for ticket, workflow in tickets}
    skip = {ticket: windows(definition) for ticket, definition in definitions.items()}
    return {
        ticket: _due(versions, definitions[ticket], timer, now)
        for ticket, timer in _nearest(transaction, [ticket for ticket, _ in tickets], skip).items()
    }


def _due(versions: Versions, definition: Workflow, timer: Timer, now: Instant) -> Due:
    return Due(
        name=timer.name,
        at=timer.due_at,
        light=lights.light(timer, definition, versions.calendar_version(timer.calendar), now),
        provisional=timer.provisional,
    )


def _nearest(transaction: Transaction, ids: Sequence[int], skip: Mapping[int, Collection[str]]) -> dict[int, Timer]:
    """The running deadline that comes first, per ticket; until when something may be asked is nobody's duty."""
    listed, parameters = among(transaction, ids)
    rows = transaction.rows(
        'SELECT ticket_id, seq, name, "limit", started_at, due_at, consumed, extensions, provisional, calendar '  # noqa: S608
        "FROM deadline "
        f"WHERE ended_at IS NULL AND run = 'running' AND ticket_id {listed} ORDER BY ticket_id, due_at DESC",
        parameters,
    )
    return {
        row[0]: Timer(
            seq=row[1], name=row[2], task_seq=None, request_seq=None, run=Run.RUNNING, limit=row[3], started_at=row[4],
            due_at=row[5], next_at=None, consumed=row[6], extensions=row[7], provisional=bool(row[8]), calendar=row[9],
        )
        for row in rows
        if row[2] not in skip[row[0]]
    }  # fmt: skip


def _own_tasks(transaction: Transaction, viewer: Viewer, ids: Sequence[int]) -> dict[int, list[OwnTask]]:
    asking = Asking(transaction)
    mine = f"person_id = {asking(viewer.person_id)}"
    if viewer.departments:
        mine += f" OR department_id IN {asking.among(viewer.departments)}"
    rows = transaction.rows(
        "SELECT ticket_id, seq, kind, state FROM task WHERE state_type NOT IN ('closed', 'void') "  # noqa: S608
        f"AND ({mine}) AND ticket_id IN {asking.among(ids)} ORDER BY ticket_id, seq",
        asking.parameters,
    )
    own: dict[int, list[OwnTask]] = {}
    for ticket_id, seq, kind, state in rows:
        own.setdefault(ticket_id, []).append(OwnTask(seq=seq, kind=kind, state=state))
    return own


def _cursor(sort_key: int, ticket_id: int) -> str:
    return base64.urlsafe_b64encode(json.dumps([sort_key, ticket_id]).encode()).decode().rstrip("=")


def _key(cursor: str) -> tuple[int, int]:
    try:
        padded = cursor + "=" * (-len(cursor) % 4)
        sort_key, ticket_id = json.loads(base64.b64decode(padded, altchars=b"-_", validate=True))
    except (binascii.Error, ValueError, TypeError) as failure:
        raise _bad_cursor() from failure
    if not all(type(part) is int and abs(part) <= _MOST_BIGINT for part in (sort_key, ticket_id)):
        raise _bad_cursor()
    return sort_key, ticket_id


def _bad_cursor() -> Malformed:
    return Malformed("翻页游标无效", "the cursor is not one of ours", place=Place(field="cursor"))
