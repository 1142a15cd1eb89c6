"""Tasks sent, stopped, done again and handed over, in rounds."""

from engine.definitions.model import DepartmentScope, Owner, PersonScope, TaskSet
from engine.errors import HuyingError, Malformed, Place
from engine.rules import admitting, claims, deadlines, knowing
from engine.rules.arriving import withdraw
from engine.rules.case import Task
from engine.rules.doing import Doing
from engine.rules.draft import Draft
from engine.vocabulary import StateType

#: The field whose department or person becomes the lead.
LEAD = "lead"
#: The word that sends a task to the actor.
ME = "me"


def withdraw_tasks(doing: Doing) -> HuyingError | None:
    draft = doing.draft
    for kind, which in doing.action.withdraws.items():
        for task in list(draft.round_of(kind)):
            if task.open:
                withdraw(doing, task)
        if which is TaskSet.ALL:
            doing.next_round(kind)
    return None


def reopen(doing: Doing) -> HuyingError | None:
    """Rework: a new round whose tasks point at the finished ones; same department, same part, same history.

    What is not finished goes on, in the new round: a task outside of it would work for no join.
    """
    draft = doing.draft
    for kind, state in doing.action.reopens.items():
        present = draft.ticket.memory.rounds.get(kind, 0) - (kind in doing.begun)
        before = [task for task in draft.tasks.values() if task.kind == kind and task.round == present]
        number = doing.next_round(kind)
        for old in before:
            if old.open:
                draft.task(old.seq).round = number
        for old in before:
            if old.type is not StateType.CLOSED:
                continue
            task = _new_task(doing, kind, number, lead=old.lead, state=state)
            task.department_id, task.department_above, task.person_id = (
                old.department_id, old.department_above, old.person_id,
            )  # fmt: skip
            task.previous, task.memory = old.seq, old.memory.clone()
            _put_to_work(doing, task)
            doing.note("reopened", [task.seq, old.seq])
    return None


def send(doing: Doing) -> HuyingError | None:
    for kind, names in doing.action.sends.items():
        number = _round_for_sending(doing, kind)
        for name in names:
            value = ME if name == ME else doing.filled.get(name)
            for code in value if isinstance(value, list) else [value] if value is not None else []:
                error = _send_one(doing, kind, number, name, code)
                if error is not None:
                    return error
    return None


def urge(doing: Doing) -> None:
    """催办: the open tasks of these kinds are reminded; whoever of its owner acts on a task has heeded it.

    Handing a task over inside is no answer to a reminder.
    """
    draft, urged = doing.draft, doing.draft.ticket.memory.urged
    for kind in doing.action.urges:
        for task in draft.round_of(kind):
            if task.open:
                times, _ = urged.get(task.seq, (0, draft.at))
                urged[task.seq] = (times + 1, draft.at)
    if doing.task is not None and "person" not in doing.filled.facts and _by_owner(doing):
        urged.pop(doing.task.seq, None)


def _by_owner(doing: Doing) -> bool:
    role = doing.draft.definition.roles.get(doing.capacity.role)
    return role is not None and (role.department is DepartmentScope.TASK or role.person is PersonScope.TASK)


def hand_over(doing: Doing) -> HuyingError | None:
    """内部交办: the field `person` of a task's action assigns that task, within its department."""
    login = doing.filled.facts.get("person")
    task = doing.task
    if login is None or task is None or doing.action.sends:
        return None
    person = doing.draft.act.references.people[login]
    if task.department_id is not None and task.department_id not in person.departments:
        return Malformed(
            "此人不在承办部门任职", "this person holds no post in the department", place=Place(field="person")
        )
    task.person_id = person.id
    doing.draft.reach(f"p{person.id}")
    return None


def _round_for_sending(doing: Doing, kind: str) -> int:
    """Tasks sent where the kind already works join its round; sent from elsewhere they begin one."""
    draft = doing.draft
    works_here = draft.ticket.last_seq > 1 and kind in doing.working_here()
    number = draft.ticket.memory.rounds.get(kind, 0)
    if number and (works_here or doing.task is not None or kind in doing.begun):
        return number
    return doing.next_round(kind)


def _send_one(doing: Doing, kind: str, number: int, name: str, code: str) -> HuyingError | None:
    draft, references = doing.draft, doing.draft.act.references
    inherited = doing.task if doing.task is not None and doing.task.kind == kind else None
    task = _new_task(doing, kind, number, lead=inherited.lead if inherited else name == LEAD)
    if draft.definition.tasks[kind].of is Owner.DEPARTMENT:
        department = references.departments[code]
        task.department_id, task.department_above = department.id, department.above
        if error := admitting.carried(doing, task, department, name):
            return error
        about = draft.ticket.memory.about
        if (department.id in about or department.above in about) and knowing.secret(draft):
            return Malformed(
                f"“{department.title or code}”是本案反映的单位或其下属，不得承办",
                f"this matter is about '{code}' or the unit above it, which must not handle it",
                place=Place(field=name),
            )
    else:
        if code == ME and (error := claims.refused(draft.definition.tasks[kind], references.claims.get(kind))):
            return error
        person = doing.actor.person_id if code == ME else references.people[code].id
        task.person_id = person
    if inherited is not None:
        task.previous = inherited.seq
    if _has_one_already(draft, task):
        return Malformed(
            f"“{code}”在本轮已有任务，不能重复派遣",
            f"'{code}' already has a task in this round",
            place=Place(field=name),
        )
    _put_to_work(doing, task)
    doing.sent.append(task)
    doing.note("sent", [task.seq, kind, doing.actor.name if code == ME else code, "lead" if task.lead else "co"])
    return None


def _has_one_already(draft: Draft, task: Task) -> bool:
    return any(
        other.live and (other.department_id, other.person_id) == (task.department_id, task.person_id)
        for other in draft.round_of(task.kind)
    )


def _new_task(doing: Doing, kind: str, number: int, *, lead: bool, state: str | None = None) -> Task:
    draft, definition = doing.draft, doing.draft.definition.tasks[kind]
    first = definition.states[state or definition.first]
    now = draft.at
    return Task(
        seq=draft.seq(), kind=kind, state=first.name, type=first.type, round=number, lead=lead, version=1,
        opened_at=now, entered_at=now,
    )  # fmt: skip


def _put_to_work(doing: Doing, task: Task) -> None:
    draft = doing.draft
    draft.add_task(task)
    if task.department_id is not None:
        draft.reach(f"d{task.department_id}")
    if task.person_id is not None:
        draft.reach(f"p{task.person_id}")
    deadlines.start(draft, draft.definition.tasks[task.kind].states[task.state].deadlines, task, None)
