"""The history as process mining wants it: tickets with their lines, page by page, and never a word about a person.

Who acted is said by post and unit. Texts, names, numbers of telephones and the persons themselves are not read at all.
"""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from operator import attrgetter
from typing import Any

from engine.clock import Instant
from engine.database import Transaction
from engine.records.areas import area_by_code, chain
from engine.records.asking import Asking, among, marks

#: Tickets read in one go; their events are in memory together.
PAGE = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class Selected:
    """Which tickets are exported. "" and None ask for everything."""

    #: Key of the workflow.
    workflow: str = ""
    #: Opened from this moment on, and before that one.
    since: Instant | None = None
    until: Instant | None = None
    #: Code of an area; what lies below it belongs to it.
    area: str = ""
    #: Those too of which only some may know.
    confidential: bool = False
    #: Only tickets that these units reach; None for whoever audits the whole.
    units: tuple[str, ...] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One event, as far as it says nothing about a person."""

    ticket_id: int
    seq: int
    at: Instant
    source: str
    action: str
    #: Kind of task; "" for the ticket.
    scope: str
    task: int | None
    #: Post, and code of the department or area that it is held for; "" for whoever holds none.
    post: str
    department: str
    area: str
    state_from: str
    state_to: str
    stage: str
    #: What the form chose: item and urgency, where the line says them.
    chosen: Mapping[str, str]
    #: Code of the sitting in which it was decided.
    sitting: str

    @property
    def activity(self) -> str:
        """What was done: the action, after the kind of task where it is a task's."""
        return f"{self.scope}.{self.action}" if self.scope else self.action


@dataclass(frozen=True, slots=True, kw_only=True)
class MinedTask:
    """One task of a ticket."""

    seq: int
    kind: str
    department: str
    lead: bool
    round: int
    previous: int | None
    opened_at: Instant


@dataclass(frozen=True, slots=True, kw_only=True)
class MinedTicket:
    """One ticket with its tasks and its lines in their order."""

    id: int
    case_no: str
    workflow: str
    version: int
    channel: str
    item: str
    urgency: str
    #: Code of its area.
    area: str
    opened_at: Instant
    #: Case numbers of the ticket that carries it and of the one that opened it, where these are exported too.
    main: str
    parent: str
    tasks: tuple[MinedTask, ...]
    lines: tuple[Line, ...]


def count(transaction: Transaction, selected: Selected) -> int:
    """How many tickets are exported. Errors: `NotFound` for an area that is not there."""
    asking = Asking(transaction)
    ((found,),) = transaction.rows(
        f"SELECT count(*) FROM ticket t {_JOINS} WHERE {_where(transaction, selected, asking, 't')}",  # noqa: S608
        asking.parameters,
    )
    return int(found)


def tickets(transaction: Transaction, selected: Selected) -> Iterator[MinedTicket]:
    """The tickets by their ids, in constant memory. Errors: as `count`."""
    places, after = _Places(transaction), 0
    while True:
        rows = _page(transaction, selected, after)
        ids = [int(row[0]) for row in rows]
        tasks, lines = _tasks(transaction, ids), _lines(transaction, ids, places, {row[0]: row[8] for row in rows})
        for row in rows:
            yield MinedTicket(
                id=int(row[0]), case_no=row[1], workflow=row[2], version=int(row[3]), channel=row[4],
                item=row[5] or "", urgency=row[6] or "", area=row[7], opened_at=Instant(row[9]), main=row[10] or "",
                parent=row[11] or "", tasks=tasks.get(row[0], ()), lines=lines.get(row[0], ()),
            )  # fmt: skip
        if len(rows) < PAGE:
            return
        after = ids[-1]


def departments(transaction: Transaction) -> Iterator[tuple[str, str, str, str]]:
    """Code, name, kind and the code of the unit above, of every department."""
    return _paged(
        transaction,
        "SELECT d.id, d.code, d.name, d.kind, coalesce(u.code, '') FROM department d "
        "LEFT JOIN department u ON u.id = d.parent_id WHERE d.id > {0} ORDER BY d.id LIMIT {1}",
    )


def areas(transaction: Transaction) -> Iterator[tuple[str, str, str, str]]:
    """Code, name, level and the code of the area above, of every area."""
    return _paged(
        transaction,
        "SELECT a.id, a.code, a.name, a.level, coalesce(u.code, '') FROM area a "
        "LEFT JOIN area u ON u.id = a.parent_id WHERE a.id > {0} ORDER BY a.id LIMIT {1}",
    )


def sittings(transaction: Transaction, selected: Selected) -> Iterator[tuple[str, str, str, Instant]]:
    """Code, body, code of the area and planned moment of every sitting that had an exported ticket on its agenda."""
    asking = Asking(transaction)
    where = _where(transaction, selected, asking, "t")
    rows = transaction.rows(
        "SELECT s.code, s.workflow, s.meeting, a.code, s.planned_at FROM sitting s JOIN area a ON a.id = s.area_id "  # noqa: S608
        "WHERE EXISTS (SELECT 1 FROM sitting_item i JOIN ticket t ON t.id = i.ticket_id "
        f"{_JOINS} WHERE i.sitting_id = s.id AND {where}) ORDER BY s.id",
        asking.parameters,
    )
    return ((code, f"{workflow}.{meeting}", area, Instant(at)) for code, workflow, meeting, area, at in rows)


def agenda(transaction: Transaction, ids: Sequence[int]) -> dict[int, list[tuple[str, int, str]]]:
    """Ticket → its items on agendas: code of the sitting, position, outcome."""
    match, parameters = among(transaction, ids)
    found: dict[int, list[tuple[str, int, str]]] = {}
    for ticket_id, code, position, outcome in transaction.rows(
        "SELECT i.ticket_id, s.code, i.position, i.outcome FROM sitting_item i JOIN sitting s ON s.id = i.sitting_id "  # noqa: S608
        f"WHERE i.ticket_id {match} ORDER BY i.ticket_id, i.sitting_id",
        parameters,
    ):
        found.setdefault(int(ticket_id), []).append((code, int(position), outcome))
    return found


_JOINS = "JOIN workflow_version w ON w.id = t.workflow_id"


def _page(transaction: Transaction, selected: Selected, after: int) -> list[Any]:
    asking = Asking(transaction)
    # Whoever is named by a relation must be among the exported, or the relation would lead nowhere.
    main = _exists(transaction, selected, asking, "main_id")
    parent = _exists(transaction, selected, asking, "parent_id")
    where = _where(transaction, selected, asking, "t")
    return transaction.rows(
        "SELECT t.id, t.case_no, w.key, w.version, t.channel, t.item, t.urgency, a.code, a.lineage, t.opened_at, "  # noqa: S608
        f"({main}), ({parent}) FROM ticket t {_JOINS} JOIN area a ON a.id = t.area_id "
        f"WHERE {where} AND t.id > {asking(after)} ORDER BY t.id LIMIT {asking(PAGE)}",
        asking.parameters,
    )


def _exists(transaction: Transaction, selected: Selected, asking: Asking, column: str) -> str:
    where = _where(transaction, selected, asking, "o").replace("w.key", "v.key")
    return (
        "SELECT o.case_no FROM ticket o JOIN workflow_version v ON v.id = o.workflow_id "  # noqa: S608
        f"WHERE o.id = t.{column} AND {where}"
    )


def _where(transaction: Transaction, selected: Selected, asking: Asking, alias: str) -> str:
    """What the selection says of a ticket; parameters are added in the order of their marks."""
    parts = ["1 = 1"] if selected.confidential else [f"NOT {alias}.confidential"]
    if selected.workflow:
        parts.append(f"w.key = {asking(selected.workflow)}")
    if selected.since is not None:
        parts.append(f"{alias}.opened_at >= {asking(selected.since)}")
    if selected.until is not None:
        parts.append(f"{alias}.opened_at < {asking(selected.until)}")
    if selected.area:
        top = area_by_code(transaction, selected.area)
        parts.append(
            f"{alias}.area_id IN (WITH RECURSIVE below (id) AS (SELECT id FROM area WHERE id = {asking(top.id)} "  # noqa: S608
            "UNION SELECT c.id FROM area c JOIN below b ON c.parent_id = b.id) SELECT id FROM below)"
        )
    if selected.units is not None:
        reached, parameters = among(transaction, selected.units)
        asking.parameters += parameters
        parts.append(
            f"EXISTS (SELECT 1 FROM reach r WHERE r.sort_key = {alias}.opened_at AND r.ticket_id = {alias}.id "  # noqa: S608
            f"AND r.unit {reached})"
        )
    return " AND ".join(parts)


def _tasks(transaction: Transaction, ids: Sequence[int]) -> dict[int, tuple[MinedTask, ...]]:
    match, parameters = among(transaction, ids)
    rows = transaction.rows(
        "SELECT k.ticket_id, k.seq, k.kind, coalesce(d.code, ''), k.lead, k.round, k.previous, k.opened_at FROM task k "  # noqa: S608
        f"LEFT JOIN department d ON d.id = k.department_id WHERE k.ticket_id {match} ORDER BY k.ticket_id, k.seq",
        parameters,
    )
    return {
        int(ticket_id): tuple(
            MinedTask(
                seq=row[1], kind=row[2], department=row[3], lead=bool(row[4]), round=row[5], previous=row[6],
                opened_at=Instant(row[7]),
            )
            for row in own
        )
        for ticket_id, own in groupby(rows, key=lambda row: row[0])
    }  # fmt: skip


def _lines(
    transaction: Transaction, ids: Sequence[int], places: "_Places", lineages: Mapping[int, str]
) -> dict[int, tuple[Line, ...]]:
    match, parameters = among(transaction, ids)
    rows = transaction.rows(
        "SELECT e.ticket_id, e.seq, e.at, e.source, e.action, e.scope, e.task_seq, e.post, e.department_id, "  # noqa: S608
        "e.person_id, e.state_from, e.state_to, e.stage, e.facts FROM event e "
        f"WHERE e.ticket_id {match} ORDER BY e.ticket_id, e.seq",
        parameters,
    )
    places.learn({row[9] for row in rows if row[9] is not None and row[8] is None and row[7]})
    made = (_line(row, places, lineages[row[0]]) for row in rows)
    return {ticket_id: tuple(own) for ticket_id, own in groupby(made, key=attrgetter("ticket_id"))}


def _line(row: Sequence[Any], places: "_Places", lineage: str) -> Line:
    ticket_id, seq, at, source, action, scope, task, post, department, person, before, after, stage, text = row
    coarse = '"item"' in text or '"urgency"' in text or '"sitting"' in text
    facts = json.loads(text) if coarse else {}
    form = facts.get("form", {}) if not scope else {}
    sitting = facts.get("sitting")
    return Line(
        ticket_id=ticket_id, seq=seq, at=Instant(at), source=source, action=action, scope=scope, task=task, post=post,
        department=places.departments.get(department, ""),
        area="" if department is not None or person is None else places.area_of(person, post, Instant(at), lineage),
        state_from=before, state_to=after, stage=stage,
        chosen={name: str(form[name]) for name in ("item", "urgency") if form.get(name)},
        sitting=str(sitting[0]) if isinstance(sitting, list) and sitting else "",
    )  # fmt: skip


class _Places:
    """For which area somebody held a post: what stands in no event, since a post and its ticket say it."""

    def __init__(self, transaction: Transaction) -> None:
        self._transaction = transaction
        self.departments: dict[int, str] = dict(transaction.rows("SELECT id, code FROM department"))
        self._codes: dict[int, str] = dict(transaction.rows("SELECT id, code FROM area"))
        self._held: dict[tuple[int, str], list[tuple[int, int, int | None]]] = {}

    def learn(self, people: set[int]) -> None:
        """Read the posts of these people; those of earlier pages are forgotten."""
        match, parameters = among(self._transaction, people)
        self._held = {}
        for person, post, area, since, until in self._transaction.rows(
            "SELECT person_id, post, area_id, valid_from, valid_to FROM holding "  # noqa: S608
            f"WHERE area_id IS NOT NULL AND person_id {match} ORDER BY id",
            parameters,
        ):
            self._held.setdefault((person, post), []).append((area, since, until))

    def area_of(self, person: int, post: str, at: Instant, lineage: str) -> str:
        """The code of the area among those of the ticket; "" where none is known."""
        above = {link.id for link in chain(lineage)}
        for area, since, until in self._held.get((person, post), ()):
            if area in above and since <= at and (until is None or at < until):
                return self._codes.get(area, "")
        return ""


def _paged(transaction: Transaction, sql: str) -> Iterator[tuple[str, str, str, str]]:
    after, (mark, _) = 0, marks(transaction, 2)
    while True:
        rows = transaction.rows(sql.format(mark, mark), (after, 1_000))
        yield from ((row[1], row[2], row[3], row[4]) for row in rows)
        if len(rows) < 1_000:
            return
        after = rows[-1][0]
