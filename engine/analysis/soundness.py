"""Is a file sound: can everything in it happen, and does every run find an end? What can't is shown by a way there.

The ticket, and each kind of task by itself, is walked through breadth first, so that the way shown is the shortest.
Where it is: its state, the counters and marks that conditions ask for, and which kinds of task it has sent. The moves
are those of the compiled machine, the conditions are those that `decide` asks. What stays open here (answers in forms,
how far tasks are, other tickets, who holds a post, times) is taken as possible either way. So a state said to be out of
reach is out of reach, and from a trap there is no way out; but a file in which nothing is found may still go wrong by
how tasks and answers meet.
"""

from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from enum import StrEnum
from itertools import product

from engine.analysis.acting import Move
from engine.analysis.spots import Known, Spot, backwards
from engine.definitions.machine import BEFORE, Machine
from engine.definitions.model import RULE, Action, State, TaskKind, Title, Workflow
from engine.definitions.names import WITHDRAWN
from engine.definitions.walk import actions_of
from engine.vocabulary import StateType

#: Places that are walked through at most, for the ticket or for one kind of task.
MOST = 30_000


class Fault(StrEnum):
    """What can be wrong with a whole file."""

    TRAP = "trap"  #: a state that nobody can leave any more
    CIRCLE = "circle"  #: states that lead to each other and never to an end
    ENDLESS = "endless"  #: rules that go on by themselves for ever
    UNREACHED = "unreached"  #: a state that nothing leads to
    DEAD = "dead"  #: an action whose condition never holds where it stands
    TOO_MANY = "too many"  #: more places than are walked through: undecided
    # What only the exploration of whole tickets finds:
    NOBODY = "nobody"  #: a place in which neither people nor a clock can do anything
    VAIN = "vain"  #: a join that is waited for and cannot hold any more
    MOOT = "moot"  #: a rung that makes the clock do what may not be done there
    UNDONE = "undone"  #: an act that a rule undoes at once
    LEFT = "left behind"  #: tasks at work that no round and no end knows of
    SUBS = "open subs"  #: an end with sub-tickets open, in a file that waits for them elsewhere
    UNANSWERED = "unanswered"  #: a request that is asked and can never be answered
    UNHEARD = "unheard"  #: an outcome of the main ticket that no rule hears
    FAILS = "fails"  #: a rule that must act and cannot


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One act on the way."""

    action: Action
    source: str
    target: str
    #: The request that it asks or answers.
    request: str | None = None
    #: The kind of the task whose act it is.
    kind: str | None = None
    #: The kind of task whose states these are, "" for the ticket; None for those that the finding is about.
    of: str | None = None
    #: Whether the clock was to do it and may not.
    moot: bool = False
    #: Counters that this act brings to a number by having been done so often.
    times: tuple[tuple[str, int], ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One thing that is wrong, with the shortest way to where it shows."""

    fault: Fault
    #: The kind of task it is about; None for the ticket.
    kind: str | None
    state: str
    line: int
    zh: str
    en: str
    trace: tuple[Step, ...] = ()
    #: The same way as acts that can be done one after the other; none where nothing leads there.
    way: tuple[Move, ...] = ()


def examine(workflow: Workflow) -> tuple[Finding, ...]:
    """What is wrong with a file as a whole, the ticket first; nothing for a file that is sound."""
    kinds = {name: _Walk(Known(workflow, name, frozenset())) for name in workflow.tasks}
    finished = frozenset(name for name, walk in kinds.items() if walk.finishes())
    ticket = _Walk(Known(workflow, None, finished))
    return tuple(found for walk in (ticket, *kinds.values()) for found in walk.findings())


@dataclass(slots=True)
class _Walk:
    """The walk through one scope: every place, and how it was reached first."""

    known: Known
    #: Place → the one before it on the shortest way, and the act between them.
    reached: dict[Spot, tuple[Spot | None, Step | None]] = field(init=False, default_factory=dict)
    onward: dict[Spot, list[Spot]] = field(init=False, default_factory=dict)
    #: Places that a rule surely leaves by itself, and where to.
    pushed: dict[Spot, tuple[Spot, Step]] = field(init=False, default_factory=dict)
    #: Lines and names of the actions that were possible somewhere.
    done: set[tuple[int, str]] = field(init=False, default_factory=set)
    too_many: bool = field(init=False, default=False)
    _steps: dict[tuple[str, frozenset[str]], tuple[Step, ...]] = field(init=False, default_factory=dict)

    def __post_init__(self) -> None:
        for spot in self._begin():
            self.reached[spot] = (None, None)
        waiting = deque(self.reached)
        while waiting:
            spot = waiting.popleft()
            if len(self.reached) > MOST:
                self.too_many = True
                return
            onward = self.onward[spot] = []
            for step, after in self._moves(spot):
                self.done.add((step.action.line, step.action.name))
                onward.append(after)
                if after not in self.reached:
                    self.reached[after] = (spot, step)
                    waiting.append(after)

    @property
    def scope(self) -> Workflow | TaskKind:
        return self.known.scope

    def finishes(self) -> bool:
        """Whether a task of this kind can come to a closed end."""
        return any(self.scope.states[spot.state].type is StateType.CLOSED for spot in self.reached)

    def _begin(self) -> list[Spot]:
        """Before a start; a task where it is sent to, or where a finished one is opened again."""
        kind, workflow = self.known.kind, self.known.workflow
        if kind is None:
            return [Spot(state=BEFORE)]
        acts = actions_of(workflow.states, workflow.requests, workflow.tasks)
        again = {action.reopens[kind] for action in acts if kind in action.reopens}
        return [Spot(state=name) for name in dict.fromkeys((workflow.tasks[kind].first, *sorted(again)))]

    def _moves(self, spot: Spot) -> list[tuple[Step, Spot]]:
        """What may happen next. A rule that surely holds comes before whatever people could do."""
        possible: list[tuple[Step, Spot]] = []
        pushing: list[tuple[Step, Spot]] = []
        for step in self._steps_from(spot):
            held = self.known.truth(step.action.when, spot)
            if held is False:
                continue
            afters = list(self._after(spot, step))
            possible += afters
            pushes = RULE in step.action.by and step.target != spot.state and step.kind is None
            if pushes and spot.state != BEFORE:
                if held and not pushing:
                    self.pushed[spot] = (afters[0][1], afters[0][0])
                pushing += afters
                if held:
                    return pushing
        return possible

    def _steps_from(self, spot: Spot) -> tuple[Step, ...]:
        key = (spot.state, spot.sent)
        if key not in self._steps:
            self._steps[key] = tuple(self._declared(spot))
        return self._steps[key]

    def _declared(self, spot: Spot) -> Iterator[Step]:
        """What the file declares there, whatever the conditions say; and what tasks at work may do to their ticket."""
        workflow, kind, here = self.known.workflow, self.known.kind, spot.state
        for edge in Machine.of(workflow, kind).edges():
            if edge.source == here:
                yield Step(action=edge.action, source=here, target=edge.target or here, request=edge.request)
        for request in self.scope.requests.values():
            if here in request.states:
                yield Step(action=request.ask, source=here, target=here, request=request.name)
        if kind is not None or here == BEFORE:
            return
        for name in (name for name in workflow.states[here].tasks if name in spot.sent):
            task = workflow.tasks[name]
            for action in actions_of(task.states, task.requests):
                heard = {*action.counts, *action.clears, *action.sets} - {*task.counters, *task.marks}
                if heard or action.sends:
                    # Whether it holds is the task's to know.
                    yield Step(action=replace(action, when=None), source=here, target=here, kind=name)

    def _after(self, spot: Spot, step: Step) -> Iterator[tuple[Step, Spot]]:
        """Where it may be after an act, with the act as it is told."""
        action, known = step.action, self.known
        if not (action.counts or action.clears or action.sets or action.sends or action.reopens):
            yield step, spot if step.target == spot.state else Spot(step.target, *spot[1:])
            return
        task = known.workflow.tasks[step.kind] if step.kind else None
        own = {*task.counters, *task.marks} if task else set()
        cleared, counted = set(action.clears) - own, [name for name in action.counts if name not in own]
        before = {name: value for name, value in spot.counters if name not in cleared}
        counts = [name for name in counted if name in known.steps]
        marks = (spot.marks - cleared) | {mark for mark in action.sets if mark in known.marks - own}
        sent = spot.sent | {*action.sends, *action.reopens} if known.kind is None else spot.sent
        for values in product(*(known.counted(name, before.get(name, 0)) for name in counts)):
            now = {**before, **dict(zip(counts, values, strict=True))}
            times = tuple((name, now[name]) for name in counts if now[name] > before.get(name, 0) + 1)
            counters = tuple(sorted((name, value) for name, value in now.items() if value))
            after = Spot(step.target, counters, marks, sent)
            yield replace(step, times=times) if times else step, after

    def findings(self) -> Iterator[Finding]:
        """What this walk has found, the gravest first."""
        if self.too_many:
            zh, en = f"情形超过 {MOST:,} 种，无法判定", f"more than {MOST:,} situations: undecided"
            yield self._found(Fault.TOO_MANY, BEFORE, 1, zh, en)
            return
        endless = list(self._endless())
        yield from endless or self._stuck()
        there = {spot.state for spot in self.reached}
        for state in self.scope.states.values():
            if state.name not in there and not (self.known.kind and state.name == WITHDRAWN):
                zh, en = f"没有任何办法到达{_zh(state)}", f"nothing leads to {_en(state)}"
                yield self._found(Fault.UNREACHED, state.name, state.line, zh, en)
        yield from self._dead(there)

    def _stuck(self) -> Iterator[Finding]:
        """Places without a way to an end: those that nobody leaves, else those that lead only to each other."""
        saved = backwards(self.onward, (spot for spot in self.reached if self._final(spot)))
        lost = [spot for spot in self.reached if spot not in saved and spot.state != BEFORE]
        traps = [spot for spot in lost if not {after.state for after in self.onward[spot]} - {spot.state}]
        traps = [spot for spot in traps if not set(self.onward[spot]) - set(traps)]
        for name in dict.fromkeys(spot.state for spot in traps):
            state, first = self.scope.states[name], next(spot for spot in traps if spot.state == name)
            zh = f"到了{_zh(state)}就再也出不来：没有人、时钟或规则能使它离开"
            en = f"whatever comes to {_en(state)} stays there: nobody, no clock and no rule can move it on"
            yield self._found(Fault.TRAP, name, state.line, zh, en, self._way(first))
        caught = backwards(self.onward, traps)
        around = [spot for spot in lost if spot not in caught]
        if around:
            states = [self.scope.states[name] for name in dict.fromkeys(spot.state for spot in around)]
            zh = f"{'、'.join(map(_zh, states))}之间来回打转，永远到不了终态"
            en = f"{', '.join(map(_en, states))} only lead to each other, never to an end"
            yield self._found(Fault.CIRCLE, states[0].name, states[0].line, zh, en, self._way(around[0]))

    def _endless(self) -> Iterator[Finding]:
        """Rules that surely hold and lead back to where they began."""
        settled: set[Spot] = set()
        for start in self.pushed:
            path: dict[Spot, Step] = {}
            here = start
            while here in self.pushed and here not in settled and here not in path:
                after, path[here] = self.pushed[here]
                here = after
            if here in path:
                circle = list(path)[list(path).index(here) :]
                states = [self.scope.states[spot.state] for spot in (*circle, here)]
                zh = f"自动流转没有尽头：{' → '.join(map(_zh, states))}"
                en = f"automatic transitions without end: {' → '.join(map(_en, states))}"
                around = [path[spot] for spot in circle]
                trace = (*self._way(here), *around)
                yield self._found(Fault.ENDLESS, here.state, around[0].action.line, zh, en, trace)
            settled |= path.keys()

    def _dead(self, there: set[str]) -> Iterator[Finding]:
        """Actions that stand in states which are reached, and can be done in none of them."""
        told: set[tuple[int, str]] = set()
        for state in (state for state in self.scope.states.values() if state.name in there):
            for action in state.actions.values():
                declared = (action.line, action.name)
                if declared in self.done or declared in told:
                    continue
                told.add(declared)
                first = next(spot for spot in self.reached if spot.state == state.name)
                why_zh = f"条件“{action.when}”从不成立" if action.when else "规则总是先使它离开"
                why_en = f"'{action.when}' never holds" if action.when else "a rule always moves it on first"
                zh = f"在{_zh(state)}永远办不了“{action.title.zh}”：{why_zh}"
                en = f"'{action.title.en or action.title.zh}' can never be done in {_en(state)}: {why_en}"
                yield self._found(Fault.DEAD, state.name, action.line, zh, en, self._way(first))

    def _way(self, spot: Spot) -> tuple[Step, ...]:
        """The acts that lead there, the first first."""
        steps: list[Step] = []
        here: Spot | None = spot
        while here is not None:
            here, step = self.reached[here]
            if step is not None:
                steps.append(step)
        return tuple(reversed(steps))

    def _final(self, spot: Spot) -> bool:
        return spot.state in self.scope.states and self.scope.states[spot.state].final

    def _found(self, fault: Fault, state: str, line: int, zh: str, en: str, trace: tuple[Step, ...] = ()) -> Finding:
        kind = self.known.kind
        if kind is not None:
            title: Title = self.known.workflow.tasks[kind].title
            zh, en = f"任务“{title.zh}”：{zh}", f"the task '{title.en or title.zh}': {en}"
        return Finding(fault=fault, kind=kind, state=state, line=line, zh=zh, en=en, trace=trace)


def _zh(state: State) -> str:
    return f"“{state.title.zh}”"


def _en(state: State) -> str:
    return f"'{state.title.en or state.title.zh}'"
