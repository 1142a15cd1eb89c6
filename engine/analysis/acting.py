"""What may happen in a case: every act that `decide` allows to somebody, or that a running deadline makes the clock do.

What an act brings about is what `perform` and the rules behind it make of it. Forms are filled in with the choices that
some condition asks for and with a bounded number of units.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import partial
from itertools import product
from typing import Any

from engine.analysis.heeding import Book, Heed, Heeds
from engine.analysis.sketch import AHEAD, ALMANAC, HANDS, MAIN, NOW, REFERENCES, Line, Sketch, View, anybody
from engine.analysis.slicing import Reads, is_idle
from engine.definitions.model import CLOCK, RULE, Action, FieldType, FormItem, Owner, Workflow
from engine.definitions.walk import every_action
from engine.errors import HuyingError
from engine.rules import decide, escalate, refusing, rungs
from engine.rules.acts import Act
from engine.rules.case import THE_CLOCK, THE_RULE, Actor, Case, Run, Timer
from engine.rules.decide import Target
from engine.rules.forms import Filled
from engine.rules.permissions import Standing
from engine.rules.sending import ME
from engine.vocabulary import SETTLED, StateType

#: Steps of other tickets, and the hand-back of a task by a unit that nobody may send to: acts that no file declares.
MAIN_CLOSED, MAIN_VOID, SUB_SETTLED, HANDED_BACK = "main closed", "main void", "sub settled", "handed back"


@dataclass(frozen=True, slots=True, kw_only=True)
class Move:
    """One act, as it may be done again elsewhere."""

    action: str
    #: Where the file says so; 0 for what another ticket does.
    line: int
    #: `person`, `clock`, or what another ticket does.
    by: str
    roles: frozenset[str] = frozenset()
    #: The state of the ticket before it.
    state: str = ""
    #: The task and the request acted on, by the numbers of the case before it.
    task: int | None = None
    request: int | None = None
    kind: str | None = None
    form: dict[str, Any] = field(default_factory=dict)
    #: The number of the person who acts.
    person: int = 1
    #: Tasks with their kinds, and the request, that came of it, by their numbers in the case after it.
    made: tuple[tuple[int, str], ...] = ()
    asked: int | None = None
    #: Everything that came of it, automatic follow-ups included.
    lines: tuple[Line, ...] = ()
    #: Whether a run may count on it: what must be done before a deadline passes it may not.
    sure: bool = True
    #: Which act of all it is: outcomes of one act, of which nobody chooses, have one number.
    act: int = 0
    #: Whether it is a task's own step, which nothing outside of it can tell.
    own: bool = False
    #: The fault with which the rules stopped, if they did.
    fault: HuyingError | None = None


#: An action by where it is declared: kind of task, state or request, line and name.
Place = tuple[str | None, int, str]


@dataclass(frozen=True, slots=True, eq=False)
class Attempt:
    """One thing that may be tried, in all cases that differ in nothing but their ticket's values."""

    heed: Heed
    #: What is tried, called alike wherever it is tried.
    label: tuple[Any, ...]
    #: The task acted on.
    task: int | None
    #: What is possible once for all, where that is all that is asked of it.
    idle: Place | None
    #: With a case: what comes of it, every outcome with the case that it leads to; none beyond the bound of tasks.
    run: Callable[[Case], Iterator["Outcome"]]


Outcome = tuple[Move, Case | None]
#: The actions of a file that a space takes, by what they are in the file that it shares with others.
Reading = Mapping[int, Action]


class Acts:
    """What may happen in the cases of one sliced file, with at most so many tasks of a kind at once."""

    def __init__(self, workflow: Workflow, reads: Reads, view: View, book: Book, bounds: dict[str, int]) -> None:
        self.workflow, self.reads, self.view, self.bounds = workflow, reads, view, bounds
        self.roughly = view.roughly
        #: Actions that were possible since somebody began to ask.
        self.done: set[Place] = set()
        #: How many acts were done.
        self.count = 0
        self._by_rule = {name for one in every_action(workflow) if RULE in one.by for name in one.counts}
        self.heeds = Heeds(workflow, book, self._by_rule)
        self._fills: dict[int, tuple[dict[str, Any], ...]] = {}

    def attempts(
        self, case: Case, parts: dict[int, Any], busy: int | None, reading: Reading
    ) -> Iterator[Attempt]:  # fmt: skip
        """All that may be tried; of tasks that are alike one acts for all, and before a busy one is done no other.

        `parts` are the tasks that are heard, by what each is told apart by.
        """
        here = case.ticket.state
        if not case.ticket.last_seq:
            for start in self.workflow.starts.values():
                yield self._attempt(here, Target(reading[id(start)]))
            return
        if self.workflow.states[here].final:
            return
        yield from (self._attempt(here, target) for target in self._targets(case, parts, busy, reading))
        yield from self._clock(case, busy)
        if busy is None:
            yield from self._sittings(here, reading)
            if case.ticket.open_subs or case.ticket.main_id is not None:
                yield Attempt(self.heeds.of(here, None), ("others",), None, None, self._others)
            yield from self._handed_back(case, parts)

    def all(self, case: Case, busy: int | None, reading: Reading) -> Iterator[Outcome]:
        """All that comes of everything that may be tried."""
        for attempt in self.attempts(case, self.view.parts(case)[1], busy, reading):
            yield from attempt.run(case)

    def _attempt(self, here: str, target: Target) -> Attempt:
        label = ("person", id(target.action), target.answered.name if target.answered else "")
        task = target.task.seq if target.task else None
        heed = self.heeds.of(here, target.action, of_task=task is not None)
        return Attempt(heed, label, task, place_of(target) if _is_idle(target) else None, partial(self._people, target))

    def _targets(self, case: Case, parts: dict[int, Any], busy: int | None, reading: Reading) -> Iterator[Target]:
        """What people may be able to do."""
        told: set[Any] = set()
        for target in decide.targets(case):
            action, task = reading.get(id(target.action)), target.task
            if action is None or not action.by_people() or (busy is not None and (task is None or task.seq != busy)):
                continue
            if task is not None:
                if task.seq not in parts:
                    continue
                key = (parts[task.seq], id(action), target.answered.name if target.answered else "")
                if key in told:
                    continue
                told.add(key)
            yield Target(action, task, target.answered, target.asked)

    def _people(self, target: Target, case: Case) -> Iterator[Outcome]:
        action = target.action
        place = place_of(target)
        idle = _is_idle(target)
        person = _unused(case)
        actor = anybody(person)
        capacity = decide.examine(case, target, actor, NOW)
        if isinstance(capacity, HuyingError):
            return
        if idle:
            self.done.add(place)
            return
        for form in self._forms(action):
            cases, act = self._meant(case, target), self.count
            filled = self._named(case, target, form)
            for meant in cases:
                yield from self._performed(meant, target, _Doing("person", act, actor, filled), capacity)

    def _meant(self, case: Case, target: Target) -> list[Case]:
        """Every outcome of one act has its number: which of them comes, nobody chooses."""
        self.count += 1
        return self.view.meant(case, target.task, {*target.action.counts, *self._by_rule})

    def _performed(self, case: Case, target: Target, doing: "_Doing", capacity: Standing) -> Iterator[Outcome]:
        act = Act(action=target.action.name, actor=doing.actor, references=REFERENCES)
        draft = Sketch(case, act, NOW, ALMANAC)
        error = decide.perform(draft, target, doing.actor, capacity, Filled(facts=dict(doing.form)), {})
        if error is not None:
            # A unit too many, or one that has its task already: with other units it may be done.
            return
        error = decide.settle(draft)
        if error is None:
            self.done.add(place_of(target))
        yield self._settled(draft, case, error, **doing.told(case, target))

    def _settled(self, draft: Sketch, case: Case, error: HuyingError | None, **told: Any) -> Outcome:
        """The act with all that came of it, and the case it leads to; none beyond the bound of tasks."""
        made = tuple((seq, task.kind) for seq, task in draft.tasks.items() if seq not in case.tasks)
        asked = next((seq for seq in draft.asks if seq not in case.asks), None)
        told |= {"lines": draft.lines, "fault": error, "made": made, "asked": asked}
        if error is not None:
            return Move(**told), None
        for kind, bound in self.bounds.items():
            if sum(1 for task in draft.round_of(kind) if task.live) > bound:
                return Move(**told), None
        after, task = self.view.trimmed(draft), told.get("task")
        own = self.roughly and task is not None and self._is_own(draft, case, after, task)
        return Move(**told, own=own), after

    def _is_own(self, draft: Sketch, before: Case, after: Case, seq: int) -> bool:
        """Whether an act was a task's own step, which nothing outside of it can tell."""
        old, new = before.tasks[seq], after.tasks.get(seq)
        if new is None or not new.open or len(draft.lines) != 1 or {one.seq for one in draft.finish().tasks} != {seq}:
            return False
        if {(new.kind, old.state), (new.kind, new.state)} & self.reads.words:
            return False
        asked = {ask.name for case in (before, after) for ask in case.asks.values() if ask.task_seq == seq}
        if asked & self.reads.requests or new.round != old.round:
            return False
        return self.view.outside(before) == self.view.outside(after)

    def _clock(self, case: Case, busy: int | None) -> Iterator[Attempt]:
        here = case.ticket.state
        for timer in case.timers.values():
            if busy not in (None, timer.task_seq):
                continue
            of = case.tasks[timer.task_seq].kind if timer.task_seq is not None else ""
            if timer.run is not Run.RUNNING or of in self.view.bearing.unheard[here]:
                continue
            way = rungs.climb(self.workflow, self.workflow.deadlines[timer.name])
            for rung in range(len(way)):
                if not timer.handled >> rung & 1:
                    step = way.step(rung)
                    name = (step.do if step else way.then) or ""
                    heed = self.heeds.named(here, name, step)
                    request = case.asks[timer.request_seq].name if timer.request_seq is not None else ""
                    label = ("rung", timer.name, rung, request)
                    yield Attempt(heed, label, timer.task_seq, None, partial(self._fired, timer, rung, name))

    def _sittings(self, here: str, reading: Reading) -> Iterator[Attempt]:
        """What a body that meets carries over."""
        for meeting in self.workflow.meetings.values():
            declared = self.workflow.states[here].actions.get(meeting.carry or "")
            action = reading.get(id(declared))
            if here in meeting.agenda and action is not None:
                heed = self.heeds.of(here, action)
                yield Attempt(heed, ("sitting", id(action)), None, None, partial(self._carried, Target(action)))

    def _carried(self, target: Target, case: Case) -> Iterator[Outcome]:
        capacity = decide.examine(case, target, THE_CLOCK, NOW)
        if not isinstance(capacity, HuyingError):
            cases, act = self._meant(case, target), self.count
            for meant in cases:
                yield from self._performed(meant, target, _Doing(CLOCK, act, THE_CLOCK, {}), capacity)

    def _fired(self, timer: Timer, rung: int, name: str, case: Case) -> Iterator[Outcome]:
        self.count += 1
        task = case.tasks[timer.task_seq] if timer.task_seq is not None else None
        target = escalate.target_of(Sketch(case, escalate.clock_act(), NOW, ALMANAC), timer, task, name)
        told: dict[str, Any] = {
            "action": name, "line": self.workflow.deadlines[timer.name].line, "by": CLOCK, "task": timer.task_seq,
            "kind": task.kind if task else None, "act": self.count, "state": case.ticket.state,
        }  # fmt: skip
        if target is not None:
            told = _Doing(CLOCK, self.count, THE_CLOCK, {}).told(case, target)
        for meant in self.view.meant(case, target.task, target.action.counts) if target is not None else (case,):
            yield self._come(meant, timer, rung, dict(told), target)

    def _come(self, case: Case, timer: Timer, rung: int, told: dict[str, Any], target: Target | None) -> Outcome:
        draft = Sketch(case, escalate.clock_act(), NOW, ALMANAC)
        error: HuyingError | None = None
        try:
            escalate.fire(draft, timer.seq, rung, NOW)
        except HuyingError as refusal:
            error = refusal
        if target is not None and any(line.action == target.action.name for line in draft.lines):
            self.done.add(place_of(target))
        if error is None and all(line.moot for line in draft.lines):
            # It may come at another time as well: no case of its own.
            return Move(**told, lines=draft.lines), None
        if self.roughly and draft.timers[timer.seq].ended_at is None and _moved(draft.lines):
            # Its deadline goes on elsewhere. That it has come before is forgotten, so nobody may count on it.
            draft.timer(timer.seq).handled = timer.handled
            told["sure"] = False
        return self._settled(draft, case, error, **told)

    def _others(self, case: Case) -> Iterator[Outcome]:
        """What other tickets do: the main one ends, the last that this one opened is settled."""
        ticket = case.ticket
        steps: list[tuple[str, StateType | None]] = []
        if ticket.main_id is not None and ticket.main_type not in SETTLED:
            steps = [(MAIN_CLOSED, StateType.CLOSED), (MAIN_VOID, StateType.VOID)]
        if ticket.open_subs:
            steps.append((SUB_SETTLED, None))
        for by, ends in steps:
            draft = Sketch(case, Act(action="", actor=THE_RULE), NOW, ALMANAC)
            if ends is None:
                draft.ticket.open_subs = 0
            else:
                draft.ticket.main_type = ends
            self.count += 1
            error = decide.settle(draft)
            yield self._settled(draft, case, error, action="", line=0, by=by, act=self.count, state=ticket.state)

    def _handed_back(self, case: Case, parts: dict[int, Any]) -> Iterator[Attempt]:
        """A unit gives a task back that rests on nothing; looked at where the file asks what is to be then."""
        told: set[Any] = set()
        here = case.ticket.state
        for task in case.tasks.values():
            if not task.open or task.kind not in self.reads.empty or self.workflow.tasks[task.kind].of is Owner.PERSON:
                continue
            if task.seq not in parts or parts[task.seq] in told:
                continue
            told.add(parts[task.seq])
            yield Attempt(
                self.heeds.of(here, None), (HANDED_BACK,), task.seq, None, partial(self._given_back, task.seq)
            )

    def _given_back(self, seq: int, case: Case) -> Iterator[Outcome]:
        draft = Sketch(case, Act(action=refusing.HANDED_BACK, actor=THE_RULE, task=seq), NOW, ALMANAC)
        refusing.retell(draft, seq, draft.seq())
        self.count += 1
        error = decide.settle(draft)
        yield self._settled(
            draft, case, error, action="", line=0, by=HANDED_BACK, act=self.count, state=case.ticket.state, task=seq,
            kind=case.tasks[seq].kind, sure=False,
        )  # fmt: skip

    # -- forms -------------------------------------------------------------------------------------------------------

    def _forms(self, action: Action) -> tuple[dict[str, Any], ...]:
        """Every way to fill a form in that may make a difference; units by how many they are."""
        found = self._fills.get(id(action))
        if found is None:
            sent = {name: kind for kind, names in action.sends.items() for name in names}
            items = [(item.name, self._values(item, sent)) for item in action.form]
            ways = product(*(values for _, values in items))
            found = tuple(
                {name: value for (name, _), value in zip(items, way, strict=True) if value not in (None, 0)}
                for way in ways
            )
            self._fills[id(action)] = found
        return found

    def _values(self, item: FormItem, sent: dict[str, str]) -> list[Any]:
        least = 1 if item.required else 0
        if item.name in sent:
            return list(range(least, (self.bounds[sent[item.name]] if item.many else 1) + 1))
        given: list[Any]
        if item.field.type is FieldType.TICKET:
            return [MAIN]
        if item.field.type in (FieldType.CHOICE, FieldType.YES_NO):
            known = [*item.field.of] if item.field.type is FieldType.CHOICE else ["yes", "no"]
            asked = self.reads.choices.get(item.name, set())
            other = [value for value in known if value not in asked]
            given = [value for value in known if value in asked] + other[:1]
        elif item.field.type in (FieldType.DATE, FieldType.MEETING):
            given = [AHEAD]
        else:
            given = ["item" if item.name == "item" else "given"]
        values = [[value] for value in given] if item.many else given
        return values if item.required else [None, *values]

    def _named(self, case: Case, target: Target, form: dict[str, Any]) -> dict[str, Any]:
        """A form with units of its own in place of their number: none that has a task already."""
        sent = {name: kind for kind, names in target.action.sends.items() for name in names}
        taken = {task.department_id or task.person_id for task in case.tasks.values()}
        free = iter(number for number in range(1, HANDS) if number not in taken)
        filled = dict(form)
        for name, kind in sent.items():
            if name == ME or name not in form:
                continue
            letter = "d" if self.workflow.tasks[kind].of is Owner.DEPARTMENT else "p"
            codes = [f"{letter}{next(free)}" for _ in range(form[name])]
            item = next(item for item in target.action.form if item.name == name)
            filled[name] = codes if item.many else codes[0]
        return filled


@dataclass(frozen=True, slots=True)
class _Doing:
    """How an act is done: by whom, with which form, and which act of all it is."""

    by: str
    number: int
    actor: Actor
    form: dict[str, Any]

    def told(self, case: Case, target: Target) -> dict[str, Any]:
        """What a `Move` says of it."""
        action, task = target.action, target.task
        return {
            "action": action.name, "line": int(action.line), "by": self.by, "roles": action.by_people(),
            "state": case.ticket.state, "task": task.seq if task else None, "kind": task.kind if task else None,
            "request": target.answered.seq if target.answered else None, "form": self.form,
            "person": self.actor.person_id or 0, "sure": action.before is None, "act": self.number,
        }  # fmt: skip


def _is_idle(target: Target) -> bool:
    return target.asked is None and target.answered is None and is_idle(target.action)


def place_of(target: Target) -> Place:
    """Where an action is declared."""
    return (target.task.kind if target.task else None, int(target.action.line), target.action.name)


def _moved(lines: tuple[Line, ...]) -> bool:
    return any(line.source != line.target for line in lines)


def _unused(case: Case) -> int:
    taken = {task.person_id for task in case.tasks.values()}
    return next(number for number in range(1, HANDS) if number not in taken)
