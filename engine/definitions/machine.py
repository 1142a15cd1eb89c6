"""A compiled definition as a table of transitions; the only place that knows the package `transitions`.

One shared machine per scope holds no model and no guard: who may, and on which condition, `decide` has examined before
it asks here. Automatic transitions are off, no callback and no condition is ever given by name.
"""

from collections import OrderedDict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from threading import Lock
from typing import Any, ClassVar, Protocol

from transitions import Machine as Table
from transitions import MachineError
from transitions import Transition as TableTransition

from engine.definitions.model import Action, TaskKind, Workflow
from engine.errors import NotAllowedNow

#: Where a ticket or a task is before it exists; no file can give this name.
BEFORE = "(start)"

#: Definitions whose machines are kept.
_KEPT = 256


class HasState(Protocol):
    """A ticket or a task: anything whose state can be read and set."""

    state: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Edge:
    """One transition of the table. Without `target` the action stays where it is."""

    source: str
    target: str | None
    action: Action
    #: The request whose answer (or ask) this is.
    request: str | None = None


class _Transition(TableTransition):
    """A transition that knows the edge it came from."""

    def __init__(self, *args: Any, edge: Edge, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.edge = edge


class _Table(Table):
    transition_cls = _Transition


class Machine:
    """The transitions of a ticket, or of one kind of task."""

    __slots__ = ("_edges", "_events", "_moved")

    _cache: ClassVar[OrderedDict[int, tuple[Workflow, dict[str | None, "Machine"]]]] = OrderedDict()
    _lock: ClassVar[Lock] = Lock()

    def __init__(self, definition: Workflow, kind: str | None) -> None:
        scope = definition.scope(kind)
        self._edges = tuple(_edges(scope))
        table = _Table(
            model=None,
            states=[BEFORE, *scope.states],
            initial=BEFORE,
            auto_transitions=False,
            send_event=True,
        )
        for edge in self._edges:
            table.add_transition(_trigger(edge.action.name, edge.request), edge.source, edge.target, edge=edge)
        self._events = table.events
        #: State and trigger → the state after, as the table has answered: without guards it answers alike every time.
        self._moved: dict[tuple[str, str], str] = {}

    @classmethod
    def of(cls, definition: Workflow, kind: str | None = None) -> "Machine":
        """The machine of a scope, compiled once per definition and shared by every thread."""
        # A definition is told by identity: two with the same source may still differ (an analysis alters copies).
        with cls._lock:
            found = cls._cache.get(id(definition))
            if found is None or found[0] is not definition:
                found = cls._cache[id(definition)] = (definition, {})
                if len(cls._cache) > _KEPT:
                    cls._cache.popitem(last=False)
            if kind not in found[1]:
                found[1][kind] = cls(definition, kind)
            return found[1][kind]

    def move(self, case: HasState, action: str, request: str | None = None) -> str:
        """Do an action, or an answer to a request; sets `case.state` and returns it.

        Errors: `NotAllowedNow` when the table has no such transition from the present state, or refuses it.
        """
        trigger = _trigger(action, request)
        moved = self._moved.get((case.state, trigger))
        if moved is not None:
            case.state = moved
            return moved
        event, before = self._events.get(trigger), case.state
        if event is None:
            raise _not_here(case.state, action)
        try:
            done = event.trigger(case)
        except (MachineError, ValueError) as error:  # no such transition; a state that no file knows
            raise _not_here(case.state, action) from error
        if not done:
            raise _not_here(case.state, action)
        self._moved[before, trigger] = case.state
        return case.state

    def actions_in(self, state: str) -> tuple[Action, ...]:
        """The actions, asks left out, that the table knows in a state."""
        return tuple(edge.action for edge in self._edges if edge.source == state and edge.request is None)

    def edges(self) -> tuple[Edge, ...]:
        """Every transition, in the file's order."""
        return self._edges


class _Moving:
    """The smallest thing with a state."""

    __slots__ = ("state",)

    def __init__(self, state: str) -> None:
        self.state = state


def move(definition: Workflow, kind: str | None, state: str, action: str, *, request: str | None = None) -> str:
    """The state after an action of the ticket or of a task of `kind`; `BEFORE` is the state before a start.

    Errors: as `Machine.move`.
    """
    return Machine.of(definition, kind).move(_Moving(state), action, request)


def _edges(scope: Workflow | TaskKind) -> Iterator[Edge]:
    if isinstance(scope, Workflow):
        yield from _from(BEFORE, scope.starts.values())
    for state in scope.states.values():
        yield from _from(state.name, state.actions.values())
    for request in scope.requests.values():
        for name in (name for name in scope.states if name in request.states):
            yield from _from(name, request.answers.values(), request.name)


def _from(source: str, actions: Iterable[Action], request: str | None = None) -> Iterator[Edge]:
    for action in actions:
        yield Edge(source=source, target=action.to, action=action, request=request)


def _trigger(action: str, request: str | None) -> str:
    """What the table calls it: a name of its own, so that an action may be called `state` or `trigger`."""
    return f"do {action}" if request is None else f"answer {request} {action}"


def _not_here(state: str, action: str) -> NotAllowedNow:
    return NotAllowedNow(
        f"“{state}”状态下不能办理“{action}”", f"'{action}' is not possible in '{state}'", state=state, action=action
    )
