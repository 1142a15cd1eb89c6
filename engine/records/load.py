"""Load: a ticket with all that a decision may look at, in one statement, one ticket or many.

▸ On PostgreSQL the lock is a statement of its own, before the reading one: a `FOR UPDATE` that waited re-reads only the
locked row, so tasks read by the same statement would be those from before the wait.
"""

import json
from collections.abc import Callable, Iterable, Sequence
from typing import Any

from engine.clock import Instant
from engine.database import Transaction
from engine.definitions.model import Workflow
from engine.errors import NotFound, NotSignedIn
from engine.records import posts
from engine.records.areas import chain
from engine.records.asking import Question, ask
from engine.rules.case import Actor, ActorKind, Ask, Card, Case, RequestState, Run, Task, Ticket, Timer
from engine.rules.memory import Memory
from engine.vocabulary import StateType

#: Finds the immutable definition of a stored version.
Definitions = Callable[[Transaction, int], Workflow]

_TICKET = (
    "id case_no state version state_version last_seq head head_at visit creator_department_id reporter_id channel item "
    "urgency main_id parent_id opened_at entered_at settled_at level confidential memory workflow_id"
).split()
#: Where a case row holds its workflow version.
WORKFLOW_AT = len(_TICKET) - 1
_TASK = (
    "t.seq t.kind t.state t.state_type t.round t.lead t.version t.opened_at t.entered_at t.department_id d.parent_id "
    "t.person_id t.previous t.settled_at t.memory"
).split()
_ASK = "q.seq q.name q.task_seq q.state q.asked_at q.person_id q.department_id q.answer q.settled_at q.form".split()
_TIMER = (
    'l.seq l.name l.task_seq l.request_seq l.run l."limit" l.started_at l.due_at l.next_at l.consumed l.generation '
    "l.extensions l.provisional l.calendar l.paused_at l.resumes_at l.ended_at l.holder l.handled l.ran"
).split()
_CARD = "c.seq c.card c.task_seq c.department_id c.rank c.given_at c.event_seq".split()


def _many(dialect: str, columns: Sequence[str], source: str) -> str:
    """A subselect that brings rows as one JSON array of arrays."""
    listed = ", ".join(columns)
    if dialect == "postgresql":
        return f"(SELECT json_agg(json_build_array({listed})) FROM {source})"  # noqa: S608 (constant words)
    return f"(SELECT json_group_array(json_array({listed})) FROM {source})"  # noqa: S608


def _select(dialect: str, wanted: str) -> str:
    return f"""
        SELECT {", ".join("k." + column for column in _TICKET)}, a.lineage,
            (SELECT m.state_type FROM ticket m WHERE m.id = k.main_id),
            (SELECT count(*) FROM ticket s WHERE s.parent_id = k.id AND s.state_type NOT IN ('closed', 'void'))
                + (SELECT count(*) FROM command c WHERE c.ticket_id = k.id AND c.kind = 'open' AND c.done_at IS NULL),
            (SELECT count(*) FROM ticket j WHERE j.main_id = k.id),
            {_many(dialect, _TASK, "task t LEFT JOIN department d ON d.id = t.department_id WHERE t.ticket_id = k.id")},
            {_many(dialect, _ASK, "request q WHERE q.ticket_id = k.id AND q.state = 'open'")},
            {_many(dialect, _TIMER, "deadline l WHERE l.ticket_id = k.id AND l.ended_at IS NULL")},
            {_many(dialect, _CARD, "card c WHERE c.ticket_id = k.id AND c.ended_at IS NULL")}
        FROM ticket k JOIN area a ON a.id = k.area_id WHERE {wanted}"""  # noqa: S608 (constant words)


# ▸ One ticket has a statement of its own: for `= ANY(…)` PostgreSQL guesses ten, finds the plan for any array dearer
# than one for this array, and plans anew each time, which costs four times the reading.
_ONE = {"sqlite": _select("sqlite", "k.id = ?"), "postgresql": _select("postgresql", "k.id = %s")}
_MORE = {
    "sqlite": _select("sqlite", "k.id IN (SELECT value FROM json_each(?)) ORDER BY k.id"),
    "postgresql": _select("postgresql", "k.id = ANY(%s) ORDER BY k.id"),
}
_LOCK_ONE = "SELECT id FROM ticket WHERE id = %s FOR UPDATE"
_LOCK_MORE = "SELECT id FROM ticket WHERE id = ANY(%s) ORDER BY id FOR UPDATE"
_LOCK_FREE = f"{_LOCK_MORE} SKIP LOCKED"
_KEY = "SELECT fingerprint, outcome FROM idempotency_key WHERE actor = {0} AND key = {0}"
_MARKS = {"sqlite": "?", "postgresql": "%s"}
_ACTORS = {
    dialect: f"SELECT p.login, {', '.join('h.' + name for name in posts.COLUMNS)} FROM person p "  # noqa: S608
    f"LEFT JOIN ({posts.held(mark, mark)}) h ON 1 = 1 WHERE p.id = {mark} AND p.active"
    for dialect, mark in _MARKS.items()
}
_KEYS = {dialect: _KEY.format(mark) for dialect, mark in _MARKS.items()}


def asked_lock(transaction: Transaction, ids: Sequence[int]) -> Question[None]:
    """Lock these tickets, in id order; on SQLite the writer has locked everything."""
    one = len(ids) == 1
    yield (_LOCK_ONE, (ids[0],)) if one else (_LOCK_MORE, (sorted(ids),))


def lock_free(transaction: Transaction, ids: Sequence[int], definitions: Definitions) -> dict[int, Case]:
    """Cases of those tickets that nobody else works on, locked; the others and those that are gone are left out."""
    free = set(ids)
    questions: list[Question[Any]] = [_asked_free(ids)] if transaction.postgresql else []
    *locked, rows = ask(transaction, [*questions, asked_cases(transaction, ids)])
    if locked:
        free = locked[0]
    return {row[0]: case_of(row, definitions(transaction, row[WORKFLOW_AT])) for row in rows if row[0] in free}


def _asked_free(ids: Sequence[int]) -> Question[set[int]]:
    rows = yield _LOCK_FREE, (sorted(ids),)
    return {int(row[0]) for row in rows}


def asked_cases(transaction: Transaction, ids: Sequence[int]) -> Question[list[Sequence[Any]]]:
    """The rows that `case_of` reads."""
    one = len(ids) == 1
    many: Any = list(ids) if transaction.postgresql else json.dumps(list(ids))
    rows = yield (_ONE if one else _MORE)[transaction.dialect], (ids[0],) if one else (many,)
    return rows


def asked_actor(transaction: Transaction, person_id: int, now: Instant) -> Question[Actor]:
    """A person with the posts of this moment.

    Errors: `NotSignedIn` when there is no such active person.
    """
    rows = yield _ACTORS[transaction.dialect], (*posts.parameters(person_id, now), person_id)
    return actor_of(rows, person_id)


def asked_key(transaction: Transaction, actor: str, key: str) -> Question[tuple[str, str] | None]:
    """The fingerprint and outcome of a key that was used before."""
    rows = yield _KEYS[transaction.dialect], (actor, key)
    return (rows[0][0], rows[0][1]) if rows else None


def actor_of(rows: Iterable[Sequence[Any]], person_id: int) -> Actor:
    """The actor that `actor_statement` found.

    Errors: `NotSignedIn` when there is no such active person.
    """
    held = list(rows)
    if not held:
        raise NotSignedIn("没有这个账号或已停用", "no such account, or it is not active")
    own = posts.read([row[1:] for row in held])
    return Actor(kind=ActorKind.PERSON, person_id=person_id, name=held[0][0], posts=own)


def load(transaction: Transaction, ids: Sequence[int], definitions: Definitions, *, lock: bool) -> dict[int, Case]:
    """Cases by ticket id.

    Errors: `NotFound` if one is missing.
    """
    locking = [asked_lock(transaction, ids)] if lock and transaction.postgresql else []
    rows = ask(transaction, [*locking, asked_cases(transaction, ids)])[-1]
    cases = {row[0]: case_of(row, definitions(transaction, row[WORKFLOW_AT])) for row in rows}
    for wanted in ids:
        if wanted not in cases:
            raise NotFound("没有这个案卷", "no such ticket")
    return cases


def case_of(row: Sequence[Any], definition: Workflow) -> Case:
    """One row of the case statement as values."""
    (
        ticket_id, case_no, state, version, state_version, last_seq, head, head_at, visit, creator, reporter, channel,
        item, urgency, main, parent, opened, entered, settled, level, confidential, memory, _, lineage, main_type, subs,
        joined, tasks, asks, timers, cards,
    ) = row  # fmt: skip
    ticket = Ticket(
        id=ticket_id, case_no=case_no, state=state, version=version, state_version=state_version, last_seq=last_seq,
        head=head, head_at=head_at, visit=visit, area=chain(lineage), creator_department=creator, reporter_id=reporter,
        channel=channel, item=item, urgency=urgency, main_id=main,
        main_type=StateType(main_type) if main_type else None, parent_id=parent, open_subs=subs, joined_here=joined,
        opened_at=opened, entered_at=entered, settled_at=settled, level=level, confidential=bool(confidential),
        memory=Memory.from_json(json.loads(memory)),
    )  # fmt: skip
    return Case(
        definition=definition,
        ticket=ticket,
        tasks={row[0]: _task(row) for row in sorted(_rows(tasks))},
        asks={row[0]: _ask(row) for row in sorted(_rows(asks))},
        timers={row[0]: _timer(row) for row in sorted(_rows(timers))},
        cards={row[0]: _card(row) for row in sorted(_rows(cards))},
    )


def _rows(listed: Any) -> list[list[Any]]:
    """PostgreSQL's driver has parsed the JSON already; SQLite gives its text."""
    if not listed:
        return []
    rows: list[list[Any]] = json.loads(listed) if isinstance(listed, str) else listed
    return rows


def _task(row: list[Any]) -> Task:
    (
        seq,
        kind,
        state,
        type_,
        number,
        lead,
        version,
        opened,
        entered,
        department,
        above,
        person,
        previous,
        settled,
        memory,
    ) = row
    return Task(
        seq=seq, kind=kind, state=state, type=StateType(type_), round=number, lead=bool(lead), version=version,
        opened_at=opened, entered_at=entered, department_id=department, department_above=above, person_id=person,
        previous=previous, settled_at=settled, memory=Memory.from_json(json.loads(memory)),
    )  # fmt: skip


def _ask(row: list[Any]) -> Ask:
    seq, name, task_seq, state, asked, person, department, answer, settled, form = row
    return Ask(
        seq=seq, name=name, task_seq=task_seq, state=RequestState(state), asked_at=asked, person_id=person,
        department_id=department, answer=answer, settled_at=settled, form=json.loads(form),
    )  # fmt: skip


def _timer(row: list[Any]) -> Timer:
    (
        seq, name, task_seq, request_seq, run, limit, started, due, next_at, consumed, generation, extensions,
        provisional, calendar, paused, resumes, ended, holder, handled, ran,
    ) = row  # fmt: skip
    return Timer(
        seq=seq, name=name, task_seq=task_seq, request_seq=request_seq, run=Run(run), limit=limit, started_at=started,
        due_at=due, next_at=next_at, consumed=consumed, generation=generation, extensions=extensions,
        provisional=bool(provisional), calendar=calendar, paused_at=paused, resumes_at=resumes, ended_at=ended,
        holder=holder, handled=handled, ran=tuple((a, b) for a, b in json.loads(ran)) if ran else (),
    )  # fmt: skip


def _card(row: list[Any]) -> Card:
    seq, card, task_seq, department, rank, given, event_seq = row
    return Card(
        seq=seq, card=card, task_seq=task_seq, department_id=department, rank=rank, given_at=given, event_seq=event_seq
    )
