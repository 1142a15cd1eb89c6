"""Brute force beside the checker: every act of every case through `decide.decide`, whole forms, nothing left out.

It shares no reduction with `engine.analysis`: no slice, no dead values, nothing let free, one task's steps between any
others. Counters are plain numbers, of which more than enough are told apart; up to three tasks of a kind.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from itertools import product
from typing import Any

from engine.definitions.conditions import Joined, Nobody, Not, Tasks
from engine.definitions.model import RULE, Action, FieldType, Need, Once, Workflow
from engine.definitions.walk import every_action
from engine.errors import Endless, HuyingError
from engine.rules import decide, refusing
from engine.rules.acts import Act, Decision
from engine.rules.case import THE_CLOCK, THE_RULE, Actor, ActorKind, Case, RequestState, Run, Task, Ticket
from engine.rules.decide import Target
from engine.rules.draft import Draft
from engine.rules.facts import CaseFacts
from engine.vocabulary import SETTLED, StateType
from tests.support.cases import MONDAY, REFERENCES, Story, almanac, whole

UNITS = ("urban", "water", "power", "gas")
MAIN = "20260302-999999"


@dataclass
class Found:
    """What brute force has found, fault by fault."""

    stuck: set[str] = field(default_factory=set)
    endless: bool = False
    moot: set[str] = field(default_factory=set)
    undone: set[str] = field(default_factory=set)
    vain: set[str] = field(default_factory=set)
    unanswered: set[str] = field(default_factory=set)
    unreached: set[str] = field(default_factory=set)
    dead: set[tuple[int, str]] = field(default_factory=set)
    cases: int = 0

    @property
    def sound(self) -> bool:
        return not any(
            (self.stuck, self.endless, self.moot, self.undone, self.vain, self.unanswered, self.unreached, self.dead)
        )


class TooMany(Exception):
    """More cases than brute force looks at."""


def whoever(number: int) -> Actor:
    return Actor(kind=ActorKind.IMPORT, person_id=number, name="whoever")


@dataclass
class Brute:
    """Every case that a file can come to."""

    workflow: Workflow
    most_tasks: int = 3
    most: int = 4_000
    cases: list[Case] = field(default_factory=list)
    #: From, to, whether a run may count on it.
    edges: list[tuple[int, int, bool]] = field(default_factory=list)
    known: dict[Any, int] = field(default_factory=dict)
    found: Found = field(default_factory=Found)
    done: set[tuple[int, str]] = field(default_factory=set)
    there: set[tuple[str, str]] = field(default_factory=set)
    #: From, the rules that fired, to.
    rules: list[tuple[int, set[tuple[str, str]], int]] = field(default_factory=list)

    def run(self) -> Found:
        first = Ticket(
            id=1, case_no="20260302-000001", state="", version=0, state_version=0, last_seq=0, head="", head_at=MONDAY,
            visit=0, area=Story(definition=self.workflow).case.ticket.area,
        )  # fmt: skip
        self._reach(Case(definition=self.workflow, ticket=first))
        here = 0
        while here < len(self.cases):
            for outcome, sure, what in self._acts(self.cases[here]):
                self._note(here, outcome, sure, what)
            here += 1
            if here > self.most:
                raise TooMany
        self._judge()
        self.found.cases = len(self.cases)
        return self.found

    def _reach(self, case: Case) -> int:
        key = self._key(case)
        if key not in self.known:
            self.known[key] = len(self.cases)
            self.cases.append(case)
        return self.known[key]

    def _note(self, here: int, outcome: Decision | HuyingError, sure: bool, what: Target | None) -> None:
        case = self.cases[here]
        if isinstance(outcome, Endless):
            self.found.endless = True
            return
        if isinstance(outcome, HuyingError):
            return
        after = _after(case, outcome)
        events = [
            (event.scope, event.state_from, event.state_to, event.action, event.actor) for event in outcome.events
        ]
        if any(sum(1 for task in after.round_of(kind) if task.live) > self.most_tasks for kind in self.workflow.tasks):
            return
        if what is not None:
            self.done.add((int(what.action.line), what.action.name))
        for scope, source, target, name, actor in events:
            self.there |= {(scope, source), (scope, target)}
            if actor == RULE and source in self.workflow.scope(scope or None).states:
                action = self.workflow.scope(scope or None).states[source].actions.get(name)
                if action is not None:
                    self.done.add((int(action.line), name))
        ticket = [event for event in events if not event[0]]
        if (
            what is not None
            and what.task is None
            and ticket
            and ticket[0][1] != ticket[0][2]
            and events[0] == ticket[0]
            and any(event[2] == ticket[0][1] and event[4] == RULE for event in ticket[1:])
        ):
            self.found.undone.add(what.action.name)
        self.there |= {(task.kind, task.state) for task in after.tasks.values()}
        number = self._reach(after)
        self.edges.append((here, number, sure))
        fired = {(event[1], event[3]) for event in ticket if event[4] == RULE}
        self.rules.append((here, fired, number))

    # -- acts --------------------------------------------------------------------------------------------------------

    def _acts(self, case: Case) -> Iterator[tuple[Decision | HuyingError, bool, Target | None]]:
        if not case.ticket.last_seq:
            for start in self.workflow.starts.values():
                yield from self._people(case, Target(start))
            return
        if self.workflow.states[case.ticket.state].final:
            return
        for target in list(decide.targets(case)):
            if target.action.by_people():
                yield from self._people(case, target)
        yield from self._clock(case)
        if case.ticket.main_id is not None and case.ticket.main_type not in SETTLED:
            for ends in (StateType.CLOSED, StateType.VOID):
                moved = replace(case, ticket=case.ticket.clone())
                moved.ticket.main_type = ends
                act = Act(action="", actor=THE_RULE, references=REFERENCES)
                draft = Draft(moved, act, MONDAY, almanac())
                yield decide.settle(draft) or draft.finish(), True, None
        for task in [one for one in case.tasks.values() if one.open and one.kind in self._empties()]:
            draft = Draft(case, Act(action="handed_back", actor=THE_RULE, task=task.seq), MONDAY, almanac())
            refusing.retell(draft, task.seq, draft.seq())
            yield decide.settle(draft) or draft.finish(), False, None

    def _empties(self) -> set[str]:
        atoms = [atom for one in _conditions(self.workflow) for atom in one.atoms()]
        return {atom.kind for atom in atoms if isinstance(atom, Nobody)}

    def _people(self, case: Case, target: Target) -> Iterator[tuple[Decision | HuyingError, bool, Target | None]]:
        action = target.action
        # Somebody new each time, in no department: who it is that acts is not looked at.
        person = 1_000 + case.ticket.last_seq if action.once in (Once.PERSON, Once.DEPARTMENT) else 1
        for form in self._forms(case, action):
            act = Act(
                action=target.asked.name if target.asked else action.name, actor=whoever(person),
                task=target.task.seq if target.task and not target.answered else None,
                request=target.answered.seq if target.answered else None, form=form,
                references=replace(
                    REFERENCES, tickets={MAIN: Story(definition=self.workflow).as_ref()} if action.joins else {}
                ),
                salt=b"s" * 32,
            )  # fmt: skip
            yield decide.decide(case, act, MONDAY, almanac()), action.before is None, target

    def _forms(self, case: Case, action: Action) -> Iterator[dict[str, Any]]:
        base = whole(action.form, {}, MONDAY)
        sent = {name: kind for kind, names in action.sends.items() for name in names}
        taken = {task.department_id for task in case.tasks.values() if task.live}
        free = [code for code in UNITS if REFERENCES.departments[code].id not in taken]
        choices: list[list[Any]] = []
        names: list[str] = []
        for item in action.form:
            empty: list[Any] = [] if item.required else [None]
            if item.name in sent and item.many:
                values: list[Any] = [list(free[-n:]) for n in range(1, self.most_tasks + 1) if n <= len(free)] + empty
            elif item.name in sent:
                values = [free[0] if free else UNITS[0], *empty]
            elif item.field.type is FieldType.CHOICE:
                values = [[one] if item.many else one for one in item.field.of] + empty
            elif item.field.type is FieldType.TICKET:
                values = [MAIN]
            else:
                right = base.get(
                    item.name,
                    whole([replace(item, need=Need.SOME if item.many else Need.ONE)], {}, MONDAY).get(item.name),
                )
                values = [right, *empty]
            names.append(item.name)
            choices.append(values)
        for ways in product(*choices):
            yield {name: value for name, value in zip(names, ways, strict=True) if value is not None}

    def _clock(self, case: Case) -> Iterator[tuple[Decision | HuyingError, bool, Target | None]]:
        for timer in case.timers.values():
            if timer.run is not Run.RUNNING or timer.ended_at is not None:
                continue
            deadline = self.workflow.deadlines[timer.name]
            task = case.tasks[timer.task_seq] if timer.task_seq is not None else None
            steps = self.workflow.ladders.get(deadline.ladder or "", ())
            named = [step.do for step in steps if step.do and (not step.when or step.when.holds(CaseFacts(case, task)))]
            for name in filter(None, (deadline.then, *named)):
                yield from self._forced(case, timer.request_seq, task, name)

    def _forced(
        self, case: Case, request: int | None, task: Task | None, name: str
    ) -> Iterator[tuple[Decision | HuyingError, bool, Target | None]]:
        """The answer of that name, else the task's action, else the ticket's: the first that the clock may do."""
        for on_request, on_task in ((request, None), (None, task.seq if task else None), (None, None)):
            act = Act(action=name, actor=THE_CLOCK, request=on_request, task=on_task, salt=b"s" * 32)
            outcome = decide.decide(case, act, MONDAY, almanac())
            if not isinstance(outcome, HuyingError) or isinstance(outcome, Endless):
                target = decide.find(case, act)
                yield outcome, True, target if isinstance(target, Target) else None
                return
        self.found.moot.add(name)

    # -- telling cases apart -----------------------------------------------------------------------------------------

    def _key(self, case: Case) -> Any:
        ticket, memory = case.ticket, case.ticket.memory
        asks: dict[int | None, list[str]] = {}
        for ask in case.asks.values():
            if ask.state is RequestState.OPEN:
                asks.setdefault(ask.task_seq, []).append(ask.name)
        timers: dict[int | None, list[Any]] = {}
        for timer in case.timers.values():
            if timer.ended_at is None:
                timers.setdefault(timer.task_seq, []).append((timer.name, timer.run, timer.request_seq is not None))
        tasks = [
            (
                task.kind, task.state, task.lead, self._counters(task.memory.counters), sorted(task.memory.marks),
                sorted(asks.get(task.seq, ())), sorted(map(str, timers.get(task.seq, ()))),
                sorted(deed.action for deed in memory.deeds if deed.task_seq == task.seq and self._once(deed.action)),
            )
            for task in case.tasks.values()
            if task.open or (task.live and task.round == memory.rounds.get(task.kind, 0))
        ]  # fmt: skip
        once = {deed.action for deed in memory.deeds if deed.task_seq is None and self._once(deed.action)}
        return repr(
            (
                ticket.state, self._counters(memory.counters), sorted(memory.marks), sorted(memory.choices.items()),
                sorted(memory.dates), ticket.main_id is not None and ticket.main_type, sorted(once),
                sorted(asks.get(None, ())), sorted(map(str, timers.get(None, ()))), sorted(map(repr, tasks)),
            )
        )  # fmt: skip

    def _counters(self, counters: dict[str, int]) -> tuple[tuple[str, int], ...]:
        return tuple(
            sorted((name, min(value, self.workflow.caps.get(name, 0) + 2)) for name, value in counters.items())
        )

    def _once(self, name: str) -> bool:
        """Actions that may be done once; `once: person` is another person's every time."""
        return any(one.name == name and one.once in (Once.TICKET, Once.TASK) for one in every_action(self.workflow))

    # -- judging -----------------------------------------------------------------------------------------------------

    def _judge(self) -> None:
        found, states = self.found, self.workflow.states
        final = {n for n, case in enumerate(self.cases) if case.ticket.last_seq and states[case.ticket.state].final}
        saved = self._back(final, sure=True)
        found.stuck = {self.cases[n].ticket.state for n in range(1, len(self.cases)) if n not in saved}
        for kind in (None, *self.workflow.tasks):
            scope = self.workflow.scope(kind)
            for name, state in scope.states.items():
                if (kind or "", name) not in self.there:
                    if not (kind and name == "withdrawn"):
                        found.unreached.add(f"{kind or ''}/{name}")
                    continue
                found.dead |= {
                    (int(one.line), one.name) for one in state.actions.values()
                    if (int(one.line), one.name) not in self.done and not (one.lifts or one.restores)
                }  # fmt: skip
            for request in scope.requests.values():
                if any((kind or "", name) in self.there for name in request.states):
                    acts = (request.ask, *request.answers.values())
                    found.dead |= {(int(one.line), one.name) for one in acts} - self.done
                self._unanswered(kind, request.name)
        for state in states.values():
            self._vain(state.name)

    def _back(self, goals: set[int], *, sure: bool, inside: set[int] | None = None) -> set[int]:
        before: dict[int, list[int]] = {}
        for source, target, counted in self.edges:
            if (counted or not sure) and (inside is None or {source, target} <= inside):
                before.setdefault(target, []).append(source)
        found, waiting = set(goals), list(goals)
        while waiting:
            for number in before.get(waiting.pop(), ()):
                if number not in found:
                    found.add(number)
                    waiting.append(number)
        return found

    def _unanswered(self, kind: str | None, name: str) -> None:
        def is_open(case: Case) -> bool:
            return any(
                ask.name == name and (case.tasks[ask.task_seq].kind if ask.task_seq is not None else None) == kind
                for ask in case.open_asks()
            )

        opened = {n for n, case in enumerate(self.cases) if is_open(case)}
        able = self._back(set(range(len(self.cases))) - opened, sure=True)
        if opened - able:
            self.found.unanswered.add(name)

    def _vain(self, name: str) -> None:
        state = self.workflow.states[name]
        inside = {n for n, case in enumerate(self.cases) if case.ticket.state == name}
        for kind in self.workflow.tasks:
            rules = {one.name for one in state.actions.values() if RULE in one.by and _waits_for(one.when, kind)}
            if not rules:
                continue
            holds = {n for n in inside if CaseFacts(self.cases[n]).joined(kind)}
            holds |= {
                source for source, fired, _ in self.rules if source in inside and fired & {(name, r) for r in rules}
            }
            able = self._back(holds, sure=False, inside=inside)
            for number in inside - able:
                case = self.cases[number]
                live = [task for task in case.round_of(kind) if task.live]
                lead = self.workflow.tasks[kind].join.lead
                if any(task.lead for task in live) if lead else live:
                    continue
                helped = [
                    one for one in state.actions.values()
                    if one.by_people() and one.when is not None and one.when.holds(CaseFacts(case))
                    and any(isinstance(a, Joined | Nobody | Tasks) and a.kind == kind for a in one.when.atoms())
                ]  # fmt: skip
                if not helped:
                    self.found.vain.add(name)


def _waits_for(condition: Any, kind: str) -> bool:
    if condition is None or isinstance(condition, Not):
        return False
    if isinstance(condition, Joined):
        return condition.kind == kind
    return any(_waits_for(part, kind) for part in getattr(condition, "parts", ()))


def _conditions(workflow: Workflow) -> list[Any]:
    return [one.when for one in every_action(workflow) if one.when is not None]


def _after(case: Case, decision: Decision) -> Case:
    """What writing and loading do between two acts."""
    timers = {**case.timers, **{timer.seq: timer for timer in decision.timers}}
    return Case(
        definition=case.definition, ticket=decision.ticket,
        tasks={**case.tasks, **{task.seq: task for task in decision.tasks}},
        asks={**case.asks, **{ask.seq: ask for ask in decision.asks}},
        timers={seq: timer for seq, timer in timers.items() if timer.ended_at is None},
    )  # fmt: skip
