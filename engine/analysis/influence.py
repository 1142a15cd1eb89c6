"""Where a value of a file matters no more, and which of its limits only bound people.

Reductions of the state space, each exact for what is asked; `docs/soundness.md` argues them one by one:
- a counter, mark or choice is *dead* in a state from which it is cleared before anything asks for it;
- a kind of task is *unheard* in a state that nobody leaves without stopping it, and where nobody asks for it.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace

from engine.analysis.slicing import Reads, clocked, conditions_of, forced, sliced
from engine.definitions.conditions import Condition, Either, Every, InState, Joined, Nobody, Not, Tasks
from engine.definitions.model import CLOCK, RULE, Action, Request, State, TaskKind, TaskSet, Workflow
from engine.definitions.walk import actions_of, every_action

#: What the memory of one action that may be done once is called among the values of a ticket, and a date that a
#: deadline runs until, and the finished tasks of a kind.
ONCE, DATE, TASKS = "once ", "date ", "tasks "
#: What having the lead is called among the limits on people.
LEAD = "lead "


def written(action: Action) -> set[str]:
    """What an action writes down."""
    return {*action.counts, *action.clears, *action.sets, *(item.name for item in action.form)}


@dataclass(slots=True)
class Bearing:
    """What matters in which state of the ticket, of a sliced file."""

    workflow: Workflow
    #: Whether tasks are heard everywhere: then every step of theirs is seen.
    everywhere: bool = False
    #: State → counters, marks, choices and memories of `once` that may still be asked for.
    live: dict[str, frozenset[str]] = field(default_factory=dict)
    #: State → kinds of task that nobody hears there.
    unheard: dict[str, frozenset[str]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        pairs = {
            (state.name, kind)
            for state in self.workflow.states.values()
            for kind in state.tasks
            if not self.everywhere and not self._is_asked(state, kind)
        }
        while True:
            pairs = self._stopped(pairs)
            self._settle(pairs)
            heard = {(here, kind) for here, kind in pairs if self._written(kind) & self.live[here]}
            if not heard:
                break
            pairs -= heard
        for state in self.workflow.states:
            self.unheard[state] = frozenset(kind for here, kind in pairs if here == state)

    def _stopped(self, pairs: set[tuple[str, str]]) -> set[tuple[str, str]]:
        """Those whose every way out stops the kind, at once or in a further state of them."""
        states = self.workflow.states
        left = set(pairs)
        while True:
            gone = {
                (here, kind)
                for here, kind in left
                for action in self._ways(states[here])
                if kind in action.reopens
                or (
                    action.to not in (None, here)
                    and kind in states[action.to or here].tasks
                    and kind not in action.withdraws
                    and (action.to, kind) not in left
                )
            }
            if not gone:
                return left
            left -= gone

    def _is_asked(self, state: State, kind: str) -> bool:
        """Whether anything in the state hangs on the tasks of a kind, or the kind on the state."""
        workflow, task = self.workflow, self.workflow.tasks[kind]
        asked = [atom for one in self._conditions(state, frozenset(state.tasks)) for atom in _atoms(one)]
        if any(isinstance(atom, Joined | Nobody | Tasks) and atom.kind == kind for atom in asked):
            return True
        own = [atom for one in _own(task) for atom in _atoms(one)]
        if any(isinstance(atom, InState) and atom.state == state.name for atom in own):
            return True
        names = {name for one in task.states.values() for name in one.deadlines}
        names |= {name for one in task.requests.values() for name in one.deadlines}
        here = {action.name for action in self._ways(state)}
        return any(forced(workflow, name) & here for name in names & workflow.deadlines.keys())

    def _written(self, kind: str) -> frozenset[str]:
        """What of the ticket the acts of a kind write."""
        task = self.workflow.tasks[kind]
        own = {*task.counters, *task.marks}
        return frozenset(name for one in actions_of(task.states, task.requests) for name in written(one) - own)

    def _ways(self, state: State) -> list[Action]:
        asked = [one for one in self.workflow.requests.values() if state.name in one.states]
        return [*state.actions.values(), *(act for one in asked for act in (one.ask, *one.answers.values()))]

    def _conditions(self, state: State, kinds: frozenset[str]) -> Iterator[Condition | None]:
        """Everything that may be asked while the ticket is there; of tasks, only of these kinds."""
        workflow = self.workflow
        yield from (action.when for action in self._ways(state))
        requests = [one for one in workflow.requests.values() if state.name in one.states]
        names = {*state.deadlines, *(name for one in requests for name in one.deadlines)}
        for kind in kinds:
            task = workflow.tasks[kind]
            yield from _own(task)
            names |= {name for one in task.states.values() for name in one.deadlines}
            names |= {name for one in task.requests.values() for name in one.deadlines}
        for name in names & workflow.deadlines.keys():
            deadline = workflow.deadlines[name]
            yield deadline.when
            yield from (step.when for step in workflow.ladders.get(deadline.ladder or "", ()))

    def _asked_for(self, state: State, kinds: frozenset[str]) -> set[str]:
        """Kinds whose finished tasks are asked for, or opened again, in a state."""
        asked = [atom for one in self._conditions(state, kinds) for atom in _atoms(one)]
        found = {atom.kind for atom in asked if isinstance(atom, Joined | Nobody | Tasks)}
        return found | {kind for action in self._ways(state) for kind in action.reopens}

    def _dates_of(self, state: State) -> set[str]:
        """The dates that are looked up as a ticket comes to a state."""
        found = (self.workflow.deadlines[name].until for name in state.deadlines)
        return {DATE + until for until in found if until}

    def _begun(self, state: State, target: State) -> set[str]:
        """A kind that works there and not here begins a new round there."""
        return {TASKS + kind for kind in target.tasks if kind not in state.tasks}

    def _settle(self, unheard: set[tuple[str, str]]) -> None:
        """Which values are live where, to a fixed point."""
        states = self.workflow.states
        live: dict[str, set[str]] = {}
        for state in states.values():
            kinds = frozenset(kind for kind in state.tasks if (state.name, kind) not in unheard)
            acts = [*self._ways(state), *(a for k in kinds for a in actions_of(self.workflow.tasks[k].states))]
            live[state.name] = Reads.of(self._conditions(state, kinds)).names
            live[state.name] |= {ONCE + action.name for action in acts if action.once}
            live[state.name] |= {TASKS + kind for kind in (*state.tasks, *self._asked_for(state, kinds))}
        grown = True
        while grown:
            grown = False
            for state in states.values():
                for action in self._ways(state):
                    target = states[action.to or state.name]
                    here = live[target.name] | self._dates_of(target)
                    more = here - _overwritten(action) - self._begun(state, target) - live[state.name]
                    if more:
                        live[state.name] |= more
                        grown = True
        self.live = {name: frozenset(names) for name, names in live.items()}


def _overwritten(action: Action) -> set[str]:
    """What an action replaces, whatever it was."""
    given = [item.name for item in action.form if item.required]
    over = [kind for kind, which in action.withdraws.items() if which is TaskSet.ALL and kind not in action.reopens]
    return {*action.clears, *given, *(DATE + name for name in given), *(TASKS + kind for kind in over)}


def _own(task: TaskKind) -> Iterator[Condition | None]:
    yield from (action.when for action in actions_of(task.states, task.requests))


def _atoms(condition: Condition | None) -> Iterator[Condition]:
    return condition.atoms() if condition is not None else iter(())


def limits(workflow: Workflow) -> frozenset[str]:
    """Counters, marks, choices and the lead, where they only bound what people may do; no rule and no clock asks."""
    called = {name for deadline in clocked(workflow) for name in forced(workflow, deadline)}
    acts = list(every_action(workflow))
    quiet = [one for one in acts if not one.by & {RULE, CLOCK} and one.name not in called]
    heard = _bounds(one.when for one in acts if one not in quiet)
    heard |= _bounds(conditions_of(workflow, actions=False))
    if any(kind.join.lead for kind in workflow.tasks.values()):
        heard.add(LEAD)
    return frozenset(_bounds(one.when for one in quiet) - heard)


def _bounds(conditions: Iterable[Condition | None]) -> set[str]:
    """What conditions ask for that may be let free."""
    reads = Reads.of(conditions)
    return reads.names | {LEAD} if reads.lead else reads.names


def asked_of(actions: Iterable[Action]) -> set[str]:
    """What these actions ask for that may be let free."""
    return _bounds(action.when for action in actions)


def freed(workflow: Workflow, names: Iterable[str]) -> tuple[Workflow, frozenset[int]]:
    """A file in which these and everything that may be done once bound nothing; and the lines of the acts that
    they bound, on which nobody may count."""
    gone, lines = frozenset(names), set[int]()

    def free(action: Action) -> Action:
        bound = action.when is not None and _bounds([action.when]) & gone
        if not bound and action.once is None:
            return action
        lines.add(int(action.line))
        when = action.when if not bound else weakened(action.when, gone)
        return replace(action, when=when, once=None)

    return sliced(_mapped(workflow, free)), frozenset(lines)


def bounded(workflow: Workflow, names: Iterable[str]) -> frozenset[int]:
    """The lines of the acts whose conditions ask for these."""
    gone = set(names)
    return frozenset(int(one.line) for one in every_action(workflow) if _bounds([one.when]) & gone)


def limit_groups(workflow: Workflow) -> list[frozenset[str]]:
    """Limits that one condition asks for together: each group is kept while the others are let free."""
    known = limits(workflow)
    asked = (frozenset(_bounds([one.when]) & known) for one in every_action(workflow))
    return [group for group in dict.fromkeys(asked) if group]


def weakened(condition: Condition | None, gone: frozenset[str], *, to: bool = True) -> Condition | None:
    """A condition that holds wherever it might hold whatever these were; None for one that always may."""
    if condition is None:
        return None
    if isinstance(condition, Not):
        inner = weakened(condition.inner, gone, to=not to)
        return None if inner is None else Not(inner)
    if isinstance(condition, Every | Either):
        parts = [weakened(part, gone, to=to) for part in condition.parts]
        kept = tuple(part for part in parts if part is not None)
        if isinstance(condition, Every) == to:
            return type(condition)(kept) if kept else None
        return None if len(kept) < len(parts) else type(condition)(kept)
    return None if _bounds([condition]) & gone else condition


def _mapped(workflow: Workflow, change: Callable[[Action], Action]) -> Workflow:
    """The file with every action changed."""

    def states(of: Mapping[str, State]) -> dict[str, State]:
        return {
            name: replace(one, actions={key: change(action) for key, action in one.actions.items()})
            for name, one in of.items()
        }

    def requests(of: Mapping[str, Request]) -> dict[str, Request]:
        return {
            name: replace(
                one, ask=change(one.ask), answers={key: change(action) for key, action in one.answers.items()}
            )
            for name, one in of.items()
        }

    tasks = {
        name: replace(kind, states=states(kind.states), requests=requests(kind.requests))
        for name, kind in workflow.tasks.items()
    }
    return replace(workflow, states=states(workflow.states), requests=requests(workflow.requests), tasks=tasks)
