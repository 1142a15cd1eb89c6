"""The supervisor's desk: overdue tasks, demands and notices that wait for an answer, cards given; by reach."""

from collections.abc import Collection
from dataclasses import dataclass

from engine.clock import Instant
from engine.database import Transaction
from engine.records.asking import Asking, among
from engine.rules.case import Number
from engine.vocabulary import SETTLED, StateType

#: Rows of one list.
MOST = 50

_OPEN = ", ".join(f"'{one.value}'" for one in StateType if one not in SETTLED)
_REACHED = "EXISTS (SELECT 1 FROM reach r WHERE r.ticket_id = t.id AND r.sort_key = t.opened_at AND r.unit {units})"


@dataclass(frozen=True, slots=True, kw_only=True)
class Overdue:
    """A department's task whose time is over."""

    case_no: str
    workflow_id: int
    workflow: str
    task_seq: int
    kind: str
    state: str
    department: str
    #: The deadline that was missed first, and when.
    deadline: str
    due_at: Instant
    #: The card that stands on it; "" for none.
    card: str
    #: A written demand is open already.
    supervised: bool
    description: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Unanswered:
    """A letter that waits for its answer."""

    number: str
    case_no: str
    workflow_id: int
    #: The action that sent it, and the kind of task it is about; "" for the ticket.
    action: str
    kind: str
    #: Who must answer; "" where it went to several.
    department: str
    sent_at: Instant
    due_at: Instant | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Given:
    """A card that was given."""

    case_no: str
    card: str
    department: str
    given_at: Instant
    #: Raised, lifted, cleared or void; "" while it stands.
    ended_by: str
    #: Who gave it; "" for the clock.
    by: str


def overdue(transaction: Transaction, units: Collection[str] | None, now: Instant, most: int = MOST) -> list[Overdue]:
    """Overdue tasks of departments, the longest first. `units` None asks for the whole installation."""
    asking = Asking(transaction)
    due = (
        "SELECT d.ticket_id, d.task_seq, min(d.due_at) AS due_at FROM deadline d WHERE d.ended_at IS NULL "  # noqa: S608
        f"AND d.run = 'running' AND d.due_at <= {asking(now)} AND d.task_seq IS NOT NULL AND d.request_seq IS NULL "
        "GROUP BY d.ticket_id, d.task_seq"
    )
    rows = transaction.rows(
        f"SELECT t.case_no, t.workflow_id, w.key, k.seq, k.kind, k.state, u.name, x.due_at, "  # noqa: S608
        "(SELECT min(e.name) FROM deadline e WHERE e.ticket_id = x.ticket_id AND e.task_seq = x.task_seq "
        "AND e.due_at = x.due_at AND e.ended_at IS NULL), "
        "(SELECT c.card FROM card c WHERE c.ticket_id = x.ticket_id AND c.task_seq = x.task_seq "
        "AND c.ended_at IS NULL), "
        "EXISTS (SELECT 1 FROM request q JOIN event e ON e.ticket_id = q.ticket_id AND e.request_seq = q.seq "
        "JOIN letter l ON l.ticket_id = e.ticket_id AND l.event_seq = e.seq "
        "WHERE q.ticket_id = x.ticket_id AND q.task_seq = x.task_seq AND q.state = 'open'), "
        f"coalesce(p.description, '') FROM ({due}) x JOIN ticket t ON t.id = x.ticket_id "
        "JOIN workflow_version w ON w.id = t.workflow_id "
        "JOIN task k ON k.ticket_id = x.ticket_id AND k.seq = x.task_seq JOIN department u ON u.id = k.department_id "
        "LEFT JOIN particulars p ON p.ticket_id = t.id "
        f"WHERE k.state_type IN ({_OPEN}){_within(transaction, asking, units)} "
        f"ORDER BY x.due_at, t.id LIMIT {int(most)}",
        asking.parameters,
    )
    return [
        Overdue(
            case_no=row[0], workflow_id=row[1], workflow=row[2], task_seq=row[3], kind=row[4], state=row[5],
            department=row[6], due_at=Instant(row[7]), deadline=row[8] or "", card=row[9] or "",
            supervised=bool(row[10]), description=row[11],
        )
        for row in rows
    ]  # fmt: skip


def unanswered(transaction: Transaction, units: Collection[str] | None, most: int = MOST) -> list[Unanswered]:
    """Letters that wait: demands whose request is open, and notices of which a task is; what is due first on top."""
    asking = Asking(transaction)
    demanded = (
        "SELECT l.ticket_id, l.event_seq, l.prefix, l.year, l.serial, l.at, q.task_seq AS task_seq, "
        "(SELECT min(d.due_at) FROM deadline d WHERE d.ticket_id = q.ticket_id AND d.request_seq = q.seq "
        "AND d.ended_at IS NULL) AS due_at FROM request q "
        "JOIN event e ON e.ticket_id = q.ticket_id AND e.request_seq = q.seq "
        "JOIN letter l ON l.ticket_id = e.ticket_id AND l.event_seq = e.seq WHERE q.state = 'open'"
    )
    noticed = (
        "SELECT l.ticket_id, l.event_seq, l.prefix, l.year, l.serial, l.at, k.seq, "  # noqa: S608
        "(SELECT min(d.due_at) FROM deadline d WHERE d.ticket_id = k.ticket_id AND d.task_seq = k.seq "
        "AND d.ended_at IS NULL) FROM letter l "
        "JOIN event e ON e.ticket_id = l.ticket_id AND e.seq = l.event_seq AND e.request_seq IS NULL "
        f"JOIN task k ON k.ticket_id = l.ticket_id AND k.state_type IN ({_OPEN})"
    )
    rows = transaction.rows(
        "SELECT x.prefix, x.year, x.serial, t.case_no, t.workflow_id, e.action, e.scope, coalesce(u.name, ''), x.at, "  # noqa: S608
        f"x.due_at FROM ({demanded} UNION ALL {noticed}) x JOIN ticket t ON t.id = x.ticket_id "
        "JOIN event e ON e.ticket_id = x.ticket_id AND e.seq = x.event_seq "
        "LEFT JOIN task k ON k.ticket_id = x.ticket_id AND k.seq = x.task_seq "
        f"LEFT JOIN department u ON u.id = k.department_id WHERE t.settled_at IS NULL"
        f"{_within(transaction, asking, units)} "
        f"ORDER BY coalesce(x.due_at, {2**62}), x.at LIMIT {int(most)}",
        asking.parameters,
    )
    return [
        Unanswered(
            number=Number(prefix=row[0], year=row[1], serial=row[2]).text, case_no=row[3], workflow_id=row[4],
            action=row[5], kind=row[6], department=row[7], sent_at=Instant(row[8]),
            due_at=Instant(row[9]) if row[9] is not None else None,
        )
        for row in rows
    ]  # fmt: skip


def given(transaction: Transaction, units: Collection[str] | None, since: Instant, most: int = MOST) -> list[Given]:
    """Cards given since a moment, the newest first."""
    asking = Asking(transaction)
    rows = transaction.rows(
        "SELECT t.case_no, c.card, coalesce(u.name, ''), c.given_at, coalesce(c.ended_by, ''), coalesce(p.name, '') "  # noqa: S608
        "FROM card c JOIN ticket t ON t.id = c.ticket_id "
        "JOIN event e ON e.ticket_id = c.ticket_id AND e.seq = c.event_seq "
        "LEFT JOIN department u ON u.id = c.department_id LEFT JOIN person p ON p.id = e.person_id "
        f"WHERE c.given_at >= {asking(since)}{_within(transaction, asking, units)} "
        f"ORDER BY c.given_at DESC, t.id LIMIT {int(most)}",
        asking.parameters,
    )
    return [
        Given(case_no=row[0], card=row[1], department=row[2], given_at=Instant(row[3]), ended_by=row[4], by=row[5])
        for row in rows
    ]


def _within(transaction: Transaction, asking: Asking, units: Collection[str] | None) -> str:
    if units is None:
        return ""
    match, parameters = among(transaction, units)
    asking.parameters += parameters
    return f" AND {_REACHED.format(units=match)}"
