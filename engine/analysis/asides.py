"""What of a file steers the rest of it, and what stands aside.

An *aside* is a group of counters, marks and requests that nothing else depends on: each is looked at by itself, which
is exact for what is asked (`docs/soundness.md`).
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace

from engine.analysis.influence import freed, written
from engine.analysis.slicing import Named, Reads, conditions_of, is_idle, sliced, steerless, without
from engine.definitions.model import CLOCK, RULE, Action, Request, State, TaskKind, Workflow
from engine.definitions.walk import actions_of, every_action


@dataclass(frozen=True, slots=True)
class Aside:
    """A group that nothing else depends on."""

    names: frozenset[str] = frozenset()
    requests: frozenset[Named] = frozenset()


class Parts:
    """A file in what steers it and what stands aside; what both are told apart by is found once."""

    def __init__(self, workflow: Workflow) -> None:
        self.workflow = workflow
        self._requests = tuple(steerless(workflow))
        rest = sliced(without(workflow, self._requests))
        self._steering = _steering(rest)
        self._names = [frozenset(names) for names in _groups(rest, self._steering)]

    def main(self) -> Workflow:
        """What steers, sliced."""
        return self._with(Aside())

    def whole(self) -> Workflow:
        """What steers with all that stands aside, sliced; nothing is to be done once only."""
        names = frozenset[str]().union(*self._names)
        return freed(self._with(Aside(names, frozenset(self._requests))), ())[0]

    def asides(self) -> list[tuple[Aside, Workflow]]:
        """Each group that stands aside, with what steers and itself, sliced."""
        found = [Aside(requests=frozenset({name})) for name in self._requests]
        found += [Aside(names=names) for names in self._names]
        return [(one, self._with(one)) for one in found]

    def _with(self, aside: Aside) -> Workflow:
        workflow = self.workflow
        kept = sliced(without(workflow, [name for name in self._requests if name not in aside.requests]))
        own = {name for named in aside.requests for name in _touched(_request(workflow, named))}
        return sliced(_pruned(kept, self._steering | aside.names | own))


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
    own: dict[tuple[int, str], list[Action]] = {}
    for one in every_action(main):
        own.setdefault((int(one.line), one.name), []).append(one)
    return frozenset(int(one.line) for one in every_action(part) if one not in own.get((int(one.line), one.name), ()))


def _request(workflow: Workflow, named: Named) -> Request:
    return workflow.scope(named[0]).requests[named[1]]


def _touched(request: Request) -> Iterator[str]:
    for action in (request.ask, *request.answers.values()):
        yield from written(action)
        yield from Reads.of([action.when]).names


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
            if more and written(action) & steering:
                steering |= more
                grown = True
    return steering


def _groups(workflow: Workflow, steering: set[str]) -> list[set[str]]:
    """What does not steer, in groups that actions tie together."""
    groups: list[set[str]] = []
    for action in _alone(workflow):
        names = (Reads.of([action.when]).names | written(action)) - steering
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
