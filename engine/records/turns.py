"""Whose move it is, asked of the definitions and the posts somebody holds; lists turn the answer into SQL.

Three kinds of move: on the ticket (its state names the roles), on a task (its owner's people), on a request that waits
for an answer. Who is kept from a single ticket by what they did before (`not`) is not asked here: only the door knows.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum

from engine.database import Transaction
from engine.definitions.model import RULE, AreaScope, DepartmentScope, PersonScope, Role, State, Workflow
from engine.records.access import Viewer
from engine.records.asking import marks
from engine.records.versions import Versions
from engine.rules.case import Held


class On(StrEnum):
    """What waits for a move."""

    TICKET = "ticket"
    TASK = "task"
    REQUEST = "request"


class By(StrEnum):
    """How the mover is tied to it."""

    AREA = "area"  #: a post for an area that the ticket lies in
    DEPARTMENT = "department"  #: a post in the department of a task
    LEAD = "lead"  #: a post in the department of the lead task
    PERSON = "person"  #: the task is assigned to this person
    REPORTER = "reporter"


@dataclass(frozen=True, slots=True, kw_only=True)
class Turn:
    """Everything in these states waits for a holder of this post."""

    on: On
    by: By
    workflow_id: int
    #: Kind of task; "" for the ticket's own states and requests.
    kind: str
    #: Names of states, or of requests.
    names: tuple[str, ...]
    #: The area, department or person.
    who: int


def turns(transaction: Transaction, versions: Versions, viewer: Viewer) -> list[Turn]:
    """Every move that may be this person's, over all stored workflow versions."""
    levels = _levels(transaction, viewer)
    ids = [int(row[0]) for row in transaction.rows("SELECT id FROM workflow_version ORDER BY id")]
    return [
        turn
        for workflow_id in ids
        for turn in _of_workflow(versions.definition(transaction, workflow_id), workflow_id, viewer, levels)
    ]


def _levels(transaction: Transaction, viewer: Viewer) -> dict[int, str]:
    if not viewer.areas:
        return {}
    listed = ", ".join(marks(transaction, len(viewer.areas)))
    rows = transaction.rows(f"SELECT id, level FROM area WHERE id IN ({listed})", viewer.areas)  # noqa: S608
    return {int(number): level for number, level in rows}


def _of_workflow(definition: Workflow, workflow_id: int, viewer: Viewer, levels: dict[int, str]) -> Iterator[Turn]:
    found: dict[tuple[On, By, str, int], list[str]] = {}
    for on, kind, name, role in _moves(definition):
        for by, who in _ties(definition.roles[role], on, kind, viewer, levels):
            names = found.setdefault((on, by, kind, who), [])
            if name not in names:
                names.append(name)
    for (on, by, kind, who), names in found.items():
        yield Turn(on=on, by=by, workflow_id=workflow_id, kind=kind, names=tuple(names), who=who)


def _moves(definition: Workflow) -> Iterator[tuple[On, str, str, str]]:
    """What waits for whom: on what, kind of task, state or request, role."""
    for state in definition.states.values():
        if not _waits_for_tasks(state):
            yield from ((On.TICKET, "", state.name, role) for role in state.turn)
    for kind in definition.tasks.values():
        for state in kind.states.values():
            yield from ((On.TASK, kind.name, state.name, role) for role in state.turn if not state.final)
    for scope, requests in (("", definition.requests), *((k.name, k.requests) for k in definition.tasks.values())):
        for request in requests.values():
            answering = {role for answer in request.answers.values() for role in answer.by_people()}
            yield from ((On.REQUEST, scope, request.name, role) for role in sorted(answering))


def _waits_for_tasks(state: State) -> bool:
    """A state where tasks work and which a rule leaves when they have is nobody's move but theirs."""
    return bool(state.tasks) and any(RULE in action.by for action in state.actions.values())


def _ties(role: Role, on: On, kind: str, viewer: Viewer, levels: dict[int, str]) -> Iterator[tuple[By, int]]:
    if role.person is PersonScope.REPORTER:
        yield By.REPORTER, viewer.person_id
    elif role.person is PersonScope.TASK:
        yield By.PERSON, viewer.person_id
    else:
        for held in viewer.posts:
            if held.post in role.posts and (held.on_duty or not role.duty):
                yield from _tie(role, on, kind, held, levels)


def _tie(role: Role, on: On, kind: str, held: Held, levels: dict[int, str]) -> Iterator[tuple[By, int]]:
    if role.department is not None:
        # The unit above a lead and the one that called are found through the lead's own task for now.
        by = By.LEAD if role.department in (DepartmentScope.LEAD, DepartmentScope.ABOVE_LEAD) else By.DEPARTMENT
        if held.department_id is not None:
            yield by, held.department_id
        return
    # Taking a task away is possible at any time; that doesn't make it the desk's move.
    if held.area_id is None or (on is On.TASK and kind):
        return
    if role.area in (None, AreaScope.TICKET, levels.get(held.area_id)):
        yield By.AREA, held.area_id
