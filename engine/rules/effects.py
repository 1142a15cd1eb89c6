"""What an action brings about, word by word of the file: each function is one word of the grammar."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

from engine.clock import Instant
from engine.definitions.model import Action, FieldType, Owner, Request, TaskSet, Workflow
from engine.errors import HuyingError, Malformed, NotAllowedNow, Place
from engine.rules import deadlines
from engine.rules.acts import Act, CommandKind
from engine.rules.case import Actor, Ask, Case, RequestState, Run, Task
from engine.rules.draft import Draft
from engine.rules.forms import Filled, fill
from engine.rules.notices import units
from engine.rules.permissions import Standing
from engine.vocabulary import SETTLED, StateType

#: The field whose department or person becomes the lead.
LEAD = "lead"
#: The word that sends a task to the actor.
ME = "me"
#: The void end that every kind of task has.
WITHDRAWN = "withdrawn"
#: Fields kept on lists and pages outside the history, erasable.
_PARTICULARS = ("description", "address", "contact_name", "contact_phone")


@dataclass(slots=True, kw_only=True)
class Doing:
    """One action being done: its inputs, and what its event will say."""

    draft: Draft
    action: Action
    task: Task | None
    actor: Actor
    capacity: Standing
    filled: Filled
    answers: dict[int, Filled]
    event_seq: int
    answered: Ask | None = None
    asked: Request | None = None
    request_seq: int | None = None
    facts: dict[str, Any] = field(default_factory=dict)
    personal: dict[str, Any] = field(default_factory=dict)
    #: Tasks sent by this action.
    sent: list[Task] = field(default_factory=list)
    #: Kinds whose round was begun by this action.
    begun: set[str] = field(default_factory=set)

    def value(self, name: str) -> Any:
        """A field of the form, or, for an answer, of the request it answers."""
        value = self.filled.get(name)
        return self.answered.form.get(name) if value is None and self.answered else value

    def note(self, key: str, value: Any) -> None:
        """Add one line to a list in the event's facts."""
        self.facts.setdefault(key, []).append(value)


def fill_each(case: Case, action: Action, act: Act, now: Instant, *, evidence: bool) -> dict[int, Filled] | HuyingError:
    """`each`: the questions asked once per finished task of the present round, all of them answered."""
    answers: dict[int, Filled] = {}
    wanted = {
        task.seq: items
        for kind, items in action.each.items()
        for task in case.round_of(kind)
        if task.type is StateType.CLOSED
    }
    for seq in act.each:
        if seq not in wanted:
            return Malformed("没有这项待评价的任务", "there is no such task to score", place=Place(field=f"each.{seq}"))
    for seq, items in wanted.items():
        filled = fill(items, act.each.get(seq, {}), act.references, now, evidence=evidence)
        if isinstance(filled, HuyingError):
            return filled.at(Place(field=f"each.{seq}.{filled.place.field}"))
        answers[seq] = filled
    return answers


def apply(doing: Doing) -> HuyingError | None:
    """Every effect of an action but its move, in this order: words first, then requests, tasks, tickets, deadlines."""
    _keep(doing)
    if doing.event_seq == 1:
        _begin(doing)
    _count(doing)
    for step in (_ask, _answer, _withdraw, _reopen, _send, _hand_over, _join, _split, _time, _open):
        error = step(doing)
        if error is not None:
            return error
    _mark(doing)
    return None


def _keep(doing: Doing) -> None:
    """Store the form: in the event, and what the ticket remembers of it."""
    draft, filled, ticket = doing.draft, doing.filled, doing.draft.ticket
    doing.facts["role"] = doing.capacity.role
    if filled.facts:
        doing.facts["form"] = dict(filled.facts)
    if doing.answers:
        doing.facts["each"] = {str(seq): dict(answer.facts) for seq, answer in doing.answers.items()}
        words = {str(seq): answer.personal for seq, answer in doing.answers.items() if answer.personal}
        if words:
            doing.personal["each"] = words
    if filled.waived:
        doing.facts["waived"] = list(filled.waived)
    doing.personal.update(filled.personal)
    for name, value in filled.facts.items():
        _remember(doing, name, value)
    for name in _PARTICULARS:
        value = filled.get(name)
        if value is not None:
            draft.decision.particulars[name] = value
    before = (ticket.item, ticket.urgency)
    if "item" in filled.facts:
        ticket.item = filled.facts["item"]
        ticket.memory.limit = draft.act.references.items[filled.facts["item"]].limit
    ticket.urgency = filled.facts.get("urgency", ticket.urgency)
    if (ticket.item, ticket.urgency) != before:
        ticket.state_version += 1


def _remember(doing: Doing, name: str, value: Any) -> None:
    memory, definition = doing.draft.ticket.memory, doing.draft.definition
    if name in definition.tracked:
        branches = definition.fields[name].type in (FieldType.CHOICE, FieldType.YES_NO)
        memory.choices[name] = value if branches else ""
    if name in _dated(definition):
        memory.dates[name] = value
    for upload in _uploads(doing, name, value):
        doing.draft.decision.attachments.append((name, upload, doing.event_seq))


@lru_cache(maxsize=256)
def _dated(definition: Workflow) -> frozenset[str]:
    """Fields whose date some deadline runs until."""
    return frozenset(deadline.until for deadline in definition.deadlines.values() if deadline.until)


def _uploads(doing: Doing, name: str, value: Any) -> Iterator[str]:
    field_type = doing.draft.definition.fields[name].type if name in doing.draft.definition.fields else ""
    if field_type in (FieldType.PHOTO, FieldType.FILE):
        yield from value if isinstance(value, list) else [value]


def _begin(doing: Doing) -> None:
    """A ticket is born: whose it is, and who may know of it."""
    draft, ticket = doing.draft, doing.draft.ticket
    ticket.creator_department = doing.capacity.department_id
    ticket.opened_at = draft.at
    # Whoever records somebody else's words is not the reporter: they may neither withdraw nor rate in their place.
    for_another = any(doing.filled.get(name) for name in ("contact_name", "contact_phone"))
    if not for_another and doing.actor.person_id is not None:
        ticket.reporter_id = doing.actor.person_id
    if doing.actor.person_id is not None:
        draft.reach(f"p{doing.actor.person_id}")
    draft.reach(*(f"a{link.id}" for link in ticket.area))
    if ticket.creator_department is not None:
        draft.reach(f"d{ticket.creator_department}")


def _count(doing: Doing) -> None:
    draft, task = doing.draft, doing.task
    for name in doing.action.clears:
        memory = draft.memory(task, name, "counters")
        memory.counters.pop(name, None)
        memory.marks -= {name}
    for name in doing.action.counts:
        counters = draft.memory(task, name, "counters").counters
        counters[name] = counters.get(name, 0) + 1


def _mark(doing: Doing) -> None:
    """A mark is the ticket's, the acted task's, or that of the tasks just sent: whichever declares it."""
    draft = doing.draft
    for name in doing.action.sets:
        if name in draft.definition.marks:
            draft.ticket.memory.marks |= {name}
        elif doing.task is not None and name in draft.definition.tasks[doing.task.kind].marks:
            doing.task.memory.marks |= {name}
        else:
            for task in doing.sent:
                if name in draft.definition.tasks[task.kind].marks:
                    task.memory.marks |= {name}


def _ask(doing: Doing) -> HuyingError | None:
    request, draft, task = doing.asked, doing.draft, doing.task
    if request is None:
        return None
    ask = Ask(
        seq=draft.seq(),
        name=request.name,
        task_seq=task.seq if task else None,
        state=RequestState.OPEN,
        asked_at=draft.at,
        person_id=doing.actor.person_id,
        department_id=doing.capacity.department_id,
        form=dict(doing.filled.facts),
    )
    draft.add_ask(ask)
    doing.request_seq = ask.seq
    for timer in draft.timers_of(task):
        if timer.name in request.pauses:
            deadlines.pause(draft, timer.seq)
    deadlines.start(draft, request.deadlines, task, ask)
    return None


def _answer(doing: Doing) -> HuyingError | None:
    if doing.answered is None:
        return None
    doing.request_seq = doing.answered.seq
    _settle_ask(doing.draft, doing.answered, RequestState.ANSWERED, doing.action.name)
    return None


def _settle_ask(draft: Draft, open_ask: Ask, state: RequestState, answer: str | None) -> None:
    ask = draft.ask(open_ask.seq)
    ask.state, ask.answer, ask.settled_at = state, answer, draft.at
    task = draft.tasks[ask.task_seq] if ask.task_seq is not None else None
    deadlines.end(draft, draft.timers_of(task, ask), Run.MET if answer else Run.STOPPED)
    pauses = draft.scope(task).requests[ask.name].pauses
    still = {
        name
        for other in draft.open_asks()
        if other.task_seq == ask.task_seq
        for name in draft.scope(task).requests[other.name].pauses
    }
    for timer in draft.timers_of(task):
        if timer.name in pauses and timer.name not in still and timer.resumes_at is None:
            deadlines.resume(draft, timer.seq)


def _withdraw(doing: Doing) -> HuyingError | None:
    draft = doing.draft
    for kind, which in doing.action.withdraws.items():
        for task in list(draft.round_of(kind)):
            if task.open:
                withdraw(doing, task)
        if which is TaskSet.ALL:
            _next_round(doing, kind)
    return None


def withdraw(doing: Doing, task: Task) -> None:
    """Stop an unfinished task."""
    enter_task(doing, doing.draft.task(task.seq), WITHDRAWN)
    doing.note("withdrawn", task.seq)


def _next_round(doing: Doing, kind: str) -> int:
    """Begin a round of the kind, once per action."""
    rounds = doing.draft.ticket.memory.rounds
    if kind not in doing.begun:
        doing.begun.add(kind)
        rounds[kind] = rounds.get(kind, 0) + 1
        doing.draft.ticket.state_version += 1
    return rounds[kind]


def _reopen(doing: Doing) -> HuyingError | None:
    """Rework: a new round whose tasks point at the finished ones; same department, same part, same history.

    What is not finished goes on, in the new round: a task outside of it would work for no join.
    """
    draft = doing.draft
    for kind, state in doing.action.reopens.items():
        present = draft.ticket.memory.rounds.get(kind, 0) - (kind in doing.begun)
        before = [task for task in draft.tasks.values() if task.kind == kind and task.round == present]
        number = _next_round(doing, kind)
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


def _send(doing: Doing) -> HuyingError | None:
    for kind, names in doing.action.sends.items():
        number = _round_for_sending(doing, kind)
        for name in names:
            value = ME if name == ME else doing.filled.get(name)
            for code in value if isinstance(value, list) else [value] if value is not None else []:
                error = _send_one(doing, kind, number, name, code)
                if error is not None:
                    return error
    return None


def _round_for_sending(doing: Doing, kind: str) -> int:
    """Tasks sent where the kind already works join its round; sent from elsewhere they begin one."""
    draft = doing.draft
    works_here = draft.ticket.last_seq > 1 and kind in _state_tasks(draft)
    number = draft.ticket.memory.rounds.get(kind, 0)
    if number and (works_here or doing.task is not None or kind in doing.begun):
        return number
    return _next_round(doing, kind)


def _state_tasks(draft: Draft) -> tuple[str, ...]:
    state = draft.definition.states.get(draft.ticket.state)
    return state.tasks if state else ()


def _send_one(doing: Doing, kind: str, number: int, name: str, code: str) -> HuyingError | None:
    draft, references = doing.draft, doing.draft.act.references
    inherited = doing.task if doing.task is not None and doing.task.kind == kind else None
    task = _new_task(doing, kind, number, lead=inherited.lead if inherited else name == LEAD)
    if draft.definition.tasks[kind].of is Owner.DEPARTMENT:
        department = references.departments[code]
        task.department_id, task.department_above = department.id, department.above
    else:
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


def _hand_over(doing: Doing) -> HuyingError | None:
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


def _join(doing: Doing) -> HuyingError | None:
    """并案: this ticket is carried by the main one until it is split off."""
    if doing.action.joins is None:
        return None
    ticket, place = doing.draft.ticket, Place(field=doing.action.joins)
    main = doing.draft.act.references.tickets[doing.value(doing.action.joins)]
    if main.id == ticket.id:
        return Malformed("不能并入自身", "a ticket cannot be joined to itself", place=place)
    if main.type is StateType.JOINED:
        return NotAllowedNow(
            f"{main.case_no} 已并入另一案卷，请并入其主案",
            f"{main.case_no} is itself joined to another",
            place=place,
        )
    if main.type in SETTLED:
        return NotAllowedNow(f"{main.case_no} 已办结，不能再并入", f"{main.case_no} is settled already", place=place)
    ticket.main_id, ticket.main_type = main.id, main.type
    ticket.state_version += 1
    doing.facts["main"] = main.case_no
    return None


def _split(doing: Doing) -> HuyingError | None:
    if not doing.action.splits:
        return None
    ticket = doing.draft.ticket
    doing.facts["was_joined"] = ticket.main_id is not None
    ticket.main_id = ticket.main_type = None
    ticket.state_version += 1
    return None


def _time(doing: Doing) -> HuyingError | None:
    """`meets`, `extends` and `suspends`, on the acted task's deadlines, else the ticket's."""
    draft, task, action = doing.draft, doing.task, doing.action
    deadlines.end(draft, (t for t in draft.timers_of(task) if t.name in action.meets), Run.MET)
    if action.extends is not None:
        for timer in _named(draft, task, action.extends):
            deadlines.extend(draft, timer.seq)
            doing.facts["due"] = draft.timers[timer.seq].due_at
    if action.suspends is None:
        return None
    return _suspend(doing, action.suspends)


def _suspend(doing: Doing, name: str) -> HuyingError | None:
    draft, until = doing.draft, doing.value(name)
    resumes = deadlines.day_after(until, draft.calendar)
    if resumes <= draft.now and doing.actor.kind.value != "import":
        return Malformed("恢复日期应在今天之后", "the date of resumption must lie ahead", place=Place(field=name))
    for timer in draft.timers_of(doing.task):
        deadlines.pause(draft, timer.seq, resumes)
    doing.facts["resumes"] = resumes
    return None


def _named(draft: Draft, task: Task | None, name: str) -> Iterable[Any]:
    own = [timer for timer in draft.timers_of(task) if timer.name == name]
    return own or [timer for timer in draft.timers_of(None) if timer.name == name]


def _open(doing: Doing) -> HuyingError | None:
    opens = doing.action.opens
    if opens is not None:
        form = {name: value for name, value in doing.filled.facts.items() if name not in (LEAD, "co")}
        doing.draft.command(CommandKind.OPEN, None, {"workflow": opens.workflow, "start": opens.start, "form": form})
        # It is born in the background; whoever waits for it waits from now on.
        doing.draft.ticket.open_subs += 1
    return None


def enter_task(doing: Doing, task: Task, new: str) -> None:
    """A task arrives in a state: deadlines end and start, requests that no longer fit lapse."""
    draft = doing.draft
    state = draft.definition.tasks[task.kind].states[new]
    task.state, task.type, task.entered_at = new, state.type, draft.at
    task.settled_at = draft.at if state.type in SETTLED else None
    ended = Run.STOPPED if state.type is StateType.VOID else Run.MET
    running = list(draft.timers_of(task))
    deadlines.end(draft, (timer for timer in running if timer.name not in state.deadlines), ended)
    deadlines.start(draft, _not_running(state.deadlines, running), task, None)
    _lapse(doing, task, new)


def enter_ticket(doing: Doing, new: str) -> None:
    """The ticket arrives in a state: tasks that may not work there stop, deadlines end and start, others are told."""
    draft, ticket = doing.draft, doing.draft.ticket
    state = draft.definition.states[new]
    for kind in state.tasks:
        # A round is one visit to the states that list its kind: what a former visit finished joins nothing now.
        if kind not in doing.begun and kind not in _state_tasks(draft):
            _next_round(doing, kind)
    ticket.state, ticket.visit, ticket.entered_at = new, doing.event_seq, draft.at
    ticket.state_version += 1
    for task in list(draft.tasks.values()):
        if task.open and task.kind not in state.tasks:
            withdraw(doing, task)
    running = list(draft.timers_of(None))
    ended = Run.STOPPED if state.type is StateType.VOID else Run.MET
    deadlines.end(draft, (timer for timer in running if timer.name not in state.deadlines), ended)
    deadlines.start(draft, _not_running(state.deadlines, running), None, None)
    _lapse(doing, None, new)
    if state.type not in SETTLED:
        ticket.settled_at = None
        return
    ticket.settled_at = ticket.settled_at or draft.at
    if ticket.joined_here:
        draft.command(CommandKind.MAIN_MOVED)
    if ticket.parent_id is not None:
        draft.command(CommandKind.SUB_SETTLED, ticket.parent_id)


def _not_running(names: tuple[str, ...], running: list[Any]) -> tuple[str, ...]:
    """A deadline that both states list runs on."""
    there = {timer.name for timer in running}
    return tuple(name for name in names if name not in there)


def _lapse(doing: Doing, task: Task | None, state: str) -> None:
    draft = doing.draft
    for ask in list(draft.open_asks()):
        if ask.task_seq == (task.seq if task else None) and state not in draft.scope(task).requests[ask.name].states:
            _settle_ask(draft, ask, RequestState.LAPSED, None)
            doing.note("lapsed", ask.seq)


def tell(doing: Doing) -> None:
    """`tells`: a notice per unit, written with the act."""
    draft = doing.draft
    stopped = [draft.tasks[seq] for seq in doing.facts.get("withdrawn", ())]
    for name in doing.action.tells:
        role = draft.definition.roles[name]
        for unit in units(role, draft, doing.task, stopped):
            draft.notice(doing.event_seq, name, unit, tuple(sorted(role.posts)))
