"""What of a file can steer the rest of it, what stands aside, and where a value matters no more.

Reductions of the state space, each exact for what is asked; `docs/soundness.md` argues them one by one:
- an *aside* is a group of counters, marks and requests that nothing else depends on: each is looked at by itself;
- a counter, mark or choice is *dead* in a state from which it is cleared before anything asks for it;
- a kind of task is *unheard* in a state that nobody leaves without stopping it, and where nobody asks for it.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace

from engine.analysis.slicing import Named, Reads, conditions_of, forced, is_idle, sliced, steerless, without
from engine.definitions.conditions import Condition, Either, Every, InState, Joined, Nobody, Not, Tasks
from engine.definitions.model import CLOCK, RULE, Action, Request, State, TaskKind, TaskSet, Workflow
from engine.definitions.walk import actions_of, every_action

#: What the memory of one action that may be done once is called among the values of a ticket, and a date that a
#: deadline runs until, and the finished tasks of a kind.
ONCE, DATE, TASKS = "once ", "date ", "tasks "


@dataclass(frozen=True, slots=True)
class Aside:
    """A group that nothing else depends on."""

    names: frozenset[str] = frozenset()
    requests: frozenset[Named] = frozenset()


def main_part(workflow: Workflow) -> Workflow:
    """What steers, sliced."""
    return _with(workflow, Aside())


def whole(workflow: Workflow) -> Workflow:
    """What steers with all that stands aside, sliced; nothing is to be done once only."""
    names = frozenset[str]().union(*_groups(_without_requests(workflow)))
    return freed(_with(workflow, Aside(names, frozenset(steerless(workflow)))), ())[0]


def asides(workflow: Workflow) -> list[tuple[Aside, Workflow]]:
    """Each group that stands aside, with what steers and itself, sliced."""
    found = [Aside(requests=frozenset({name})) for name in steerless(workflow)]
    found += [Aside(names=frozenset(names)) for names in _groups(_without_requests(workflow))]
    return [(one, _with(workflow, one)) for one in found]


def always_answered(workflow: Workflow, aside: Aside) -> bool:
    """Whether each request of a group has an answer that people may give whenever it is open, by the file itself."""
    return all(
        any(
            answer.by_people() and answer.when is None and answer.before is None and answer.once is None
            for answer in _request(workflow, named).answers.values()
        )
        for named in aside.requests
    )


def beyond(part: Workflow, main: Workflow) -> frozenset[int]:
    """The lines of the acts of a group that stands aside: all that do not do just the same without it."""
    own = list(every_action(main))
    return frozenset(int(one.line) for one in every_action(part) if one not in own)


def _without_requests(workflow: Workflow) -> Workflow:
    return sliced(without(workflow, steerless(workflow)))


def _with(workflow: Workflow, aside: Aside) -> Workflow:
    kept = sliced(without(workflow, [name for name in steerless(workflow) if name not in aside.requests]))
    steering = _steering(_without_requests(workflow))
    own = {name for named in aside.requests for name in _touched(_request(workflow, named))}
    return sliced(_pruned(kept, steering | aside.names | own))


def _request(workflow: Workflow, named: Named) -> Request:
    return workflow.scope(named[0]).requests[named[1]]


def _touched(request: Request) -> Iterator[str]:
    for action in (request.ask, *request.answers.values()):
        yield from _writes(action)
        yield from Reads.of([action.when]).names


def _writes(action: Action) -> set[str]:
    return {*action.counts, *action.clears, *action.sets, *(item.name for item in action.form)}


def _moves(action: Action) -> bool:
    """Whether it does more than write down."""
    return not is_idle(replace(action, counts=(), clears=(), sets=(), form=(), once=None))


def _alone(workflow: Workflow) -> Iterator[Action]:
    """What people only write down: not asked for nor answered, and nothing is moved by it."""
    scopes: list[Workflow | TaskKind] = [workflow, *workflow.tasks.values()]
    for scope in scopes:
        yield from (
            action for action in actions_of(scope.states) if not _moves(action) and not action.by & {CLOCK, RULE}
        )


def _steering(workflow: Workflow) -> set[str]:
    """Counters, marks and fields on which something depends that moves."""
    alone = list(_alone(workflow))
    quiet = {id(action) for action in alone}
    moving = [action.when for action in every_action(workflow) if id(action) not in quiet]
    steering = Reads.of([*moving, *conditions_of(workflow, actions=False)]).names
    grown = True
    while grown:
        grown = False
        for action in alone:
            more = Reads.of([action.when]).names - steering
            if more and _writes(action) & steering:
                steering |= more
                grown = True
    return steering


def _groups(workflow: Workflow) -> list[set[str]]:
    """What does not steer, in groups that actions tie together."""
    steering = _steering(workflow)
    groups: list[set[str]] = []
    for action in _alone(workflow):
        names = (Reads.of([action.when]).names | _writes(action)) - steering
        if names:
            tied = [group for group in groups if group & names]
            groups = [group for group in groups if not group & names] + [names.union(*tied)]
    asked = Reads.of(action.when for action in _alone(workflow)).names
    return [group for group in groups if group & asked]


def _pruned(workflow: Workflow, names: set[str]) -> Workflow:
    """Without the quiet actions that ask for something else than these."""
    quiet = {id(action) for action in _alone(workflow)}

    def kept(states: Iterable[State]) -> dict[str, State]:
        return {
            state.name: replace(
                state,
                actions={
                    name: action
                    for name, action in state.actions.items()
                    if id(action) not in quiet or not Reads.of([action.when]).names - names
                },
            )
            for state in states
        }

    tasks = {name: replace(kind, states=kept(kind.states.values())) for name, kind in workflow.tasks.items()}
    return replace(workflow, states=kept(workflow.states.values()), tasks=tasks)


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
        return frozenset(name for one in actions_of(task.states, task.requests) for name in _writes(one) - own)

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
    """Counters, marks and choices that only bound what people may do; no rule and no clock asks for them."""
    quiet = [action for action in every_action(workflow) if RULE not in action.by]
    heard = Reads.of(action.when for action in every_action(workflow) if RULE in action.by).names
    heard |= Reads.of(conditions_of(workflow, actions=False)).names
    return frozenset(Reads.of(action.when for action in quiet).names - heard)


def freed(workflow: Workflow, names: Iterable[str]) -> tuple[Workflow, frozenset[int]]:
    """A file in which these and everything that may be done once bound nothing; and the lines of the acts that
    they bound, on which nobody may count."""
    gone, lines = frozenset(names), set[int]()

    def free(action: Action) -> Action:
        bound = action.when is not None and Reads.of([action.when]).names & gone
        if not bound and action.once is None:
            return action
        lines.add(int(action.line))
        when = action.when if not bound else weakened(action.when, gone)
        return replace(action, when=when, once=None)

    return sliced(_mapped(workflow, free)), frozenset(lines)


def bounded(workflow: Workflow, names: Iterable[str]) -> frozenset[int]:
    """The lines of the acts whose conditions ask for these."""
    gone = set(names)
    return frozenset(int(one.line) for one in every_action(workflow) if Reads.of([one.when]).names & gone)


def limit_groups(workflow: Workflow) -> list[frozenset[str]]:
    """Limits that one condition asks for together: each group is kept while the others are let free."""
    known = limits(workflow)
    asked = (frozenset(Reads.of([one.when]).names & known) for one in every_action(workflow))
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
    return None if Reads.of([condition]).names & gone else condition


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
