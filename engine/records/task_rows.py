"""What a list of tasks says of each: where, what, its clock with the working time left, who is waited for."""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from engine.clock import Instant
from engine.database import Transaction
from engine.definitions.model import Title, Workflow
from engine.definitions.windows import windows
from engine.records import lights, strips
from engine.records.areas import chain
from engine.records.asking import among
from engine.records.names import Names, names
from engine.records.task_list import Key, checked, signing
from engine.records.versions import Versions
from engine.rules.case import AreaLink, RequestState, Run, Timer
from engine.rules.memory import Memory


@dataclass(frozen=True, slots=True, kw_only=True)
class TaskClock:
    """The deadline of a task that comes first; of its ticket where it has none itself."""

    title: Title
    light: str
    due_at: Instant
    provisional: bool
    paused: bool
    #: When it goes on by itself.
    resumes_at: Instant | None
    #: Microseconds left, negative when overdue; working ones where its limit is counted in working time.
    left: int
    working: bool
    #: Microseconds of one workday of its calendar.
    workday: int
    #: Whose clock it is: a department, an area or a person; "" for nobody's.
    holder: str


@dataclass(frozen=True, slots=True, kw_only=True)
class TaskRow:
    """One task of a list."""

    ticket_id: int
    seq: int
    case_no: str
    workflow_id: int
    kind: str
    state: str
    kind_title: Title
    state_title: Title
    lead: bool
    #: Not signed by anybody of the unit yet; waits for a colleague's check inside.
    unsigned: bool
    to_check: bool
    department: str
    person_id: int | None
    person: str
    description: str
    address: str
    #: From its own area up to the root, with names.
    area: tuple[tuple[AreaLink, str], ...]
    item: str
    confidential: bool
    #: Reminders since its owner last acted, and when the last one came.
    urged: int
    urged_at: Instant | None
    clock: TaskClock | None
    #: Requests that wait for somebody else's answer, with who must answer.
    waits: tuple[tuple[Title, Title], ...]

    @property
    def area_name(self) -> str:
        return self.area[0][1]


def task_rows(transaction: Transaction, versions: Versions, keys: Sequence[Key], now: Instant) -> list[TaskRow]:
    """The tasks behind keys of `task_list.held`, in that order."""
    if not keys:
        return []
    ids = sorted({key.ticket_id for key in keys})
    found = {(row[0], row[1]): row for row in _tasks(transaction, ids)}
    rows = [found[key.ticket_id, key.seq] for key in keys if (key.ticket_id, key.seq) in found]
    timers, asked = _timers(transaction, ids), _asked(transaction, ids)
    called = _called(transaction, rows, timers)
    told = []
    for row in rows:
        definition = versions.definition(transaction, int(row[8]))
        timer = _nearest(timers.get(row[0], ()), row[1], windows(definition))
        clock = _clock(timer, definition, versions, called, now) if timer else None
        told.append(_row(row, definition, called, clock, asked.get((row[0], row[1]), ())))
    return told


def _tasks(transaction: Transaction, ids: Sequence[int]) -> list[Sequence[Any]]:
    match, parameters = among(transaction, ids)
    return transaction.rows(
        "SELECT k.ticket_id, k.seq, k.kind, k.state, k.lead, k.department_id, k.person_id, t.case_no, t.workflow_id, "  # noqa: S608
        "t.memory, t.item, t.confidential, a.lineage, p.description, p.address "
        "FROM task k JOIN ticket t ON t.id = k.ticket_id JOIN area a ON a.id = t.area_id "
        f"LEFT JOIN particulars p ON p.ticket_id = t.id WHERE k.ticket_id {match}",
        parameters,
    )


def _row(
    row: Sequence[Any],
    definition: Workflow,
    called: Names,
    clock: TaskClock | None,
    asked: Iterable[str],
) -> TaskRow:
    (
        ticket_id, seq, name, state, lead, department_id, person_id, case_no, workflow_id, memory, item, confidential,
        lineage, description, address,
    ) = row  # fmt: skip
    kind = definition.tasks[name]
    department, person = called.departments.get(department_id), called.people.get(person_id)
    times, at = Memory.from_json(json.loads(memory or "{}")).urged.get(seq, (0, None))
    return TaskRow(
        ticket_id=ticket_id, seq=seq, case_no=case_no, workflow_id=workflow_id, kind=name, state=state,
        kind_title=kind.title, state_title=kind.states[state].title, lead=bool(lead),
        unsigned=state == kind.first and signing(kind), to_check=state in checked(definition, name),
        department=department.name if department else "", person_id=person_id, person=person.name if person else "",
        description=description or "", address=address or "",
        area=tuple((link, called.areas[link.id].name) for link in chain(lineage)),
        item=item or "", confidential=bool(confidential), urged=times, urged_at=at, clock=clock,
        waits=tuple(_wait(definition, name, request) for request in asked),
    )  # fmt: skip


def _wait(definition: Workflow, kind: str, request: str) -> tuple[Title, Title]:
    """What was asked, and which role must answer."""
    declared = definition.tasks[kind].requests[request]
    roles = dict.fromkeys(
        role for answer in declared.answers.values() for role in sorted(answer.by_people())
    )  # in the order of the file
    titles = [definition.roles[role].title for role in roles]
    return declared.title, Title("、".join(one.zh for one in titles), ", ".join(one.en for one in titles))


def _timers(transaction: Transaction, ids: Sequence[int]) -> dict[int, list[Timer]]:
    match, parameters = among(transaction, ids)
    rows = transaction.rows(
        'SELECT ticket_id, seq, name, task_seq, run, "limit", started_at, due_at, consumed, extensions, provisional, '  # noqa: S608
        "calendar, paused_at, resumes_at, holder FROM deadline "
        f"WHERE ended_at IS NULL AND request_seq IS NULL AND ticket_id {match} ORDER BY due_at, seq",
        parameters,
    )
    found: dict[int, list[Timer]] = {}
    for row in rows:
        found.setdefault(row[0], []).append(
            Timer(
                seq=row[1], name=row[2], task_seq=row[3], request_seq=None, run=Run(row[4]), limit=row[5],
                started_at=row[6], due_at=row[7], next_at=None, consumed=row[8], extensions=row[9],
                provisional=bool(row[10]), calendar=row[11], paused_at=row[12], resumes_at=row[13], holder=row[14],
            )
        )  # fmt: skip
    return found


def _nearest(timers: Iterable[Timer], seq: int, skip: frozenset[str]) -> Timer | None:
    """As the list is ordered: the task's own running deadline that comes first, else its ticket's; then what pauses."""
    own = [timer for timer in timers if timer.name not in skip]
    order = [(run, task) for run in (Run.RUNNING, Run.PAUSED) for task in (seq, None)]
    return next((timer for run, task in order for timer in own if (timer.run, timer.task_seq) == (run, task)), None)


def _asked(transaction: Transaction, ids: Sequence[int]) -> dict[tuple[int, int], list[str]]:
    match, parameters = among(transaction, ids)
    rows = transaction.rows(
        "SELECT ticket_id, task_seq, name FROM request "  # noqa: S608 (constant words)
        f"WHERE state = '{RequestState.OPEN.value}' AND task_seq IS NOT NULL AND ticket_id {match} ORDER BY seq",
        parameters,
    )
    found: dict[tuple[int, int], list[str]] = {}
    for ticket_id, seq, name in rows:
        found.setdefault((ticket_id, seq), []).append(name)
    return found


def _called(transaction: Transaction, rows: Sequence[Sequence[Any]], timers: Mapping[int, Sequence[Timer]]) -> Names:
    units = {timer.holder for listed in timers.values() for timer in listed if timer.holder}
    by_kind = {kind: [int(unit[1:]) for unit in units if unit[0] == kind] for kind in "dap"}
    return names(
        transaction,
        departments=[*(row[5] for row in rows), *by_kind["d"]],
        people=[*(row[6] for row in rows), *by_kind["p"]],
        areas=[*(link.id for row in rows for link in chain(row[12])), *by_kind["a"]],
    )


def _clock(timer: Timer, definition: Workflow, versions: Versions, called: Names, now: Instant) -> TaskClock:
    calendar = versions.calendar_version(timer.calendar)
    left, working = strips.left(timer, calendar, now)
    table = {"d": called.departments, "a": called.areas, "p": called.people}.get(timer.holder[:1], {})
    holder = table.get(int(timer.holder[1:])) if table else None
    return TaskClock(
        title=definition.deadlines[timer.name].title,
        light=lights.light(timer, definition, calendar, now),
        due_at=timer.due_at,
        provisional=timer.provisional,
        paused=timer.run is Run.PAUSED,
        resumes_at=timer.resumes_at,
        left=left,
        working=working,
        workday=calendar.workday,
        holder=holder.name if holder else "",
    )
