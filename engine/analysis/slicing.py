"""What of a file steers it: a copy of its definition without what no move, no condition and no clock's act hangs on.

The copy is read by the same compiled machine and the same rules as every ticket. Words, scores, cards, letters and
notices are left out; every deadline has some length. Why each omission is harmless is argued in `docs/soundness.md`.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Final

from engine.definitions.conditions import Asked, Choice, Condition, Counter, Given, Lead, Mark, Nobody, Subs, Tasks
from engine.definitions.model import Action, Deadline, Once, Request, State, Step, TaskKind, Workflow
from engine.definitions.spans import parse_limit, parse_rung
from engine.definitions.walk import every_action

#: The calendar that the copy counts by, and the length of every limit in it.
CALENDAR: Final = "check"
_LENGTH = parse_limit("720 hours")
_AT = parse_rung("100%")

#: For each comparison, how far above its constant the answer changes.
_CHANGES = {">=": (0,), "<": (0,), ">": (1,), "<=": (1,), "=": (0, 1)}

#: A request by its owner (a kind of task, None for the ticket) and its name.
Named = tuple[str | None, str]


@dataclass(slots=True)
class Reads:
    """What conditions ask for."""

    #: Counter → the numbers at which some answer changes, from 0 on, in order.
    steps: dict[str, tuple[int, ...]] = field(default_factory=dict)
    marks: set[str] = field(default_factory=set)
    #: Choice field → the choices that are asked for.
    choices: dict[str, set[str]] = field(default_factory=dict)
    given: set[str] = field(default_factory=set)
    requests: set[str] = field(default_factory=set)
    #: Kinds of task, with the words that are asked of them.
    words: set[tuple[str, str]] = field(default_factory=set)
    #: Kinds of task of which a condition asks whether anybody is left.
    empty: set[str] = field(default_factory=set)
    subs: bool = False
    #: Whether some condition asks a task if it has the lead.
    lead: bool = False

    @classmethod
    def of(cls, conditions: Iterable[Condition | None]) -> "Reads":
        reads = cls()
        for condition in conditions:
            for atom in condition.atoms() if condition is not None else ():
                reads._note(atom)
        return reads

    def _note(self, atom: Condition) -> None:
        if isinstance(atom, Counter):
            changes = {atom.value + more for more in _CHANGES[atom.operator]}
            self.steps[atom.name] = tuple(sorted({0, *changes, *self.steps.get(atom.name, ())}))
        elif isinstance(atom, Mark):
            self.marks.add(atom.name)
        elif isinstance(atom, Choice):
            self.choices.setdefault(atom.field, set()).add(atom.value)
        elif isinstance(atom, Given):
            self.given.add(atom.field)
        elif isinstance(atom, Asked):
            self.requests.add(atom.request)
        elif isinstance(atom, Tasks):
            self.words.add((atom.kind, atom.word))
        elif isinstance(atom, Nobody):
            self.empty.add(atom.kind)
        elif isinstance(atom, Subs):
            self.subs = True
        elif isinstance(atom, Lead):
            self.lead = True

    @property
    def names(self) -> set[str]:
        """Counters, marks and fields."""
        return {*self.steps, *self.marks, *self.choices, *self.given}


def steerless(workflow: Workflow) -> dict[Named, Request]:
    """Requests that steer nothing but themselves, such as an extension: each of them may be looked at alone."""
    found: dict[Named, Request] = {}
    for kind in (None, *workflow.tasks):
        for request in workflow.scope(kind).requests.values():
            if _steers_nothing(workflow, kind, request):
                found[(kind, request.name)] = request
    return found


def _steers_nothing(workflow: Workflow, kind: str | None, request: Request) -> bool:
    rest = without(workflow, {(kind, request.name)})
    reads, running = Reads.of(conditions_of(rest)), clocked(rest)
    if request.name in reads.requests or any(name in running for name in request.pauses):
        return False
    acts = (request.ask, *request.answers.values())
    if any(forced(workflow, name) - request.answers.keys() for name in request.deadlines):
        return False
    changes = {name for act in acts for name in (*act.counts, *act.clears, *act.sets, *(i.name for i in act.form))}
    moved = any(
        act.to or act.sends or act.withdraws or act.reopens or act.joins or act.splits or act.opens for act in acts
    )
    met = {name for act in acts for name in act.meets}
    return not moved and not changes & (reads.names | _dates(rest)) and not met & running


def without(workflow: Workflow, requests: Iterable[Named]) -> Workflow:
    """The file without some requests."""
    gone = set(requests)
    kept = {name: request for name, request in workflow.requests.items() if (None, name) not in gone}
    tasks = {
        kind.name: replace(
            kind, requests={name: one for name, one in kind.requests.items() if (kind.name, name) not in gone}
        )
        for kind in workflow.tasks.values()
    }
    return replace(workflow, requests=kept, tasks=tasks)


def sliced(workflow: Workflow) -> Workflow:
    """The copy that is explored."""
    return _Slicer(workflow).sliced()


def conditions_of(workflow: Workflow, *, actions: bool = True) -> Iterator[Condition | None]:
    """Every condition that may steer: of actions, and of deadlines that make the clock do something."""
    if actions:
        yield from (action.when for action in every_action(workflow))
    for name in clocked(workflow):
        deadline = workflow.deadlines[name]
        yield deadline.when
        yield from (step.when for step in workflow.ladders.get(deadline.ladder or "", ()) if step.do)


def _listed(workflow: Workflow) -> set[str]:
    """Deadlines that run somewhere."""
    scopes: list[Workflow | TaskKind] = [workflow, *workflow.tasks.values()]
    states = (state for scope in scopes for state in scope.states.values())
    requests = (request for scope in scopes for request in scope.requests.values())
    return {name for one in states for name in one.deadlines} | {name for one in requests for name in one.deadlines}


def clocked(workflow: Workflow) -> set[str]:
    """Deadlines that make the clock do something, or before which alone something can be done."""
    before = {action.before for action in every_action(workflow) if action.before}
    return {name for name in _listed(workflow) if name in before or forced(workflow, name)}


def forced(workflow: Workflow, name: str) -> set[str]:
    """Actions that the clock does as a deadline runs."""
    deadline = workflow.deadlines[name]
    steps = workflow.ladders.get(deadline.ladder or "", ())
    return {action for action in (deadline.then, *(step.do for step in steps)) if action}


def _dates(workflow: Workflow) -> set[str]:
    """Fields whose date such a deadline runs until."""
    return {until for name in clocked(workflow) if (until := workflow.deadlines[name].until)}


class _Slicer:
    def __init__(self, workflow: Workflow) -> None:
        self.workflow = workflow
        self.reads = Reads.of(conditions_of(workflow))
        self.clocked = clocked(workflow)
        self.fields = {*self.reads.choices, *self.reads.given, *_dates(workflow)}

    def sliced(self) -> Workflow:
        workflow = self.workflow
        copy = replace(
            workflow,
            calendar=CALENDAR,
            starts=self._actions(workflow.starts),
            states=self._states(workflow.states),
            requests=self._requests(workflow.requests),
            tasks={name: self._kind(kind) for name, kind in workflow.tasks.items()},
            deadlines={name: _limited(workflow.deadlines[name]) for name in workflow.deadlines if name in self.clocked},
            ladders={name: _rungs(steps) for name, steps in workflow.ladders.items()},
            tracked=frozenset({*self.reads.choices, *self.reads.given}),
            caps={name: steps[-1] for name, steps in self.reads.steps.items()},
            admits=None,
            confidential=None,
            daily_points=None,
            milestones={},
        )
        once = {action.name for action in every_action(copy) if action.once}
        return replace(copy, remembered=frozenset(once))

    def _kind(self, kind: TaskKind) -> TaskKind:
        return replace(kind, states=self._states(kind.states), requests=self._requests(kind.requests), quota=None)

    def _states(self, states: Mapping[str, State]) -> dict[str, State]:
        return {
            name: replace(state, actions=self._actions(state.actions), deadlines=self._kept(state.deadlines), turn=())
            for name, state in states.items()
        }

    def _requests(self, requests: Mapping[str, Request]) -> dict[str, Request]:
        return {
            name: replace(
                request,
                ask=self._action(request.ask),
                answers=self._actions(request.answers),
                pauses=self._kept(request.pauses),
                deadlines=self._kept(request.deadlines),
            )
            for name, request in requests.items()
        }

    def _kept(self, names: Iterable[str]) -> tuple[str, ...]:
        return tuple(name for name in names if name in self.clocked)

    def _actions(self, actions: Mapping[str, Action]) -> dict[str, Action]:
        return {name: self._action(action) for name, action in actions.items()}

    def _action(self, action: Action) -> Action:
        sent = {name for names in action.sends.values() for name in names}
        asked = self.fields | sent | {action.joins}
        bare = Action(
            name=action.name, title=action.title, by=action.by, to=action.to, when=action.when, line=action.line,
            before=action.before, sends=action.sends, withdraws=action.withdraws, reopens=action.reopens,
            joins=action.joins, splits=action.splits,
            form=tuple(item for item in action.form if item.name in asked),
            counts=tuple(name for name in action.counts if name in self.reads.steps),
            clears=tuple(name for name in action.clears if name in self.reads.names),
            sets=tuple(name for name in action.sets if name in self.reads.marks),
            meets=self._kept(action.meets),
            opens=action.opens if self.reads.subs else None,
        )  # fmt: skip
        # Doing it once and for all matters only where doing it matters; another person may always be found.
        matters = action.once in (Once.TICKET, Once.TASK) and not is_idle(bare)
        return replace(bare, once=action.once) if matters else bare


def is_idle(action: Action) -> bool:
    """Whether an action of a sliced file changes nothing at all."""
    return not (
        action.to or action.sends or action.withdraws or action.reopens or action.joins or action.splits
        or action.opens or action.counts or action.clears or action.sets or action.meets or action.form or action.once
    )  # fmt: skip


def _limited(deadline: Deadline) -> Deadline:
    limit = None if deadline.until else _LENGTH
    return replace(deadline, within=limit, extension=None, catalogue=False, calendar=None)


def _rungs(steps: Iterable[Step]) -> tuple[Step, ...]:
    return tuple(Step(at=_AT, do=step.do, when=step.when, line=step.line) for step in steps if step.do)
