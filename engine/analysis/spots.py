"""Where a ticket or a task may be, as far as conditions ask; and what they answer there: yes, no, or either."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import NamedTuple

from engine.definitions.conditions import Condition, Counter, Either, Every, Mark, Not
from engine.definitions.model import TaskKind, Workflow
from engine.definitions.walk import actions_of

#: For each comparison, how far above its constant the answer changes.
_CHANGES = {">=": (0,), "<": (0,), ">": (1,), "<=": (1,), "=": (0, 1)}


class _Unsaid(Exception):
    """Asked for what stays open."""


class Spot(NamedTuple):
    """Where a ticket or a task is. A counter stands at the smallest number that all conditions answer alike."""

    state: str
    counters: tuple[tuple[str, int], ...] = ()
    marks: frozenset[str] = frozenset()
    #: Kinds of task that have been sent.
    sent: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Known:
    """What is known in the scope of the ticket, or of one kind of task."""

    workflow: Workflow
    kind: str | None
    #: Kinds of task that can come to a closed end.
    finished: frozenset[str]
    #: Counter → the numbers, from 0, where some answer changes.
    steps: dict[str, list[int]] = field(init=False, default_factory=dict)
    #: Marks that conditions ask for and only this scope sets.
    marks: frozenset[str] = field(init=False, default=frozenset())

    def __post_init__(self) -> None:
        scope = self.scope
        conditions = [action.when for action in actions_of(scope.states, scope.requests) if action.when]
        atoms = [atom for condition in conditions for atom in condition.atoms()]
        for atom in atoms:
            if isinstance(atom, Counter) and atom.name in scope.counters:
                changes = {atom.value + more for more in _CHANGES[atom.operator]}
                self.steps[atom.name] = sorted({0, *changes, *self.steps.get(atom.name, ())})
        elsewhere = self._set_by_the_ticket() if self.kind is not None else set()
        asked = {atom.name for atom in atoms if isinstance(atom, Mark)}
        object.__setattr__(self, "marks", frozenset(asked & scope.marks.keys() - elsewhere))

    @property
    def scope(self) -> Workflow | TaskKind:
        return self.workflow.scope(self.kind)

    def _set_by_the_ticket(self) -> set[str]:
        workflow = self.workflow
        return {mark for one in actions_of(workflow.starts, workflow.states, workflow.requests) for mark in one.sets}

    def counted(self, name: str, value: int) -> tuple[int, ...]:
        """Where a counter may stand after one more, having stood at `value`."""
        steps = self.steps[name]
        place = steps.index(value)
        if place + 1 == len(steps):
            return (value,)
        return (steps[place + 1],) if steps[place + 1] == value + 1 else (value, steps[place + 1])

    def truth(self, condition: Condition | None, spot: Spot) -> bool | None:
        """Whether a condition holds there; None where it may or may not."""
        return True if condition is None else _truth(condition, _Facts(self, spot))


def _truth(condition: Condition, facts: "_Facts") -> bool | None:
    if isinstance(condition, Not):
        inner = _truth(condition.inner, facts)
        return None if inner is None else not inner
    if isinstance(condition, Every | Either):
        parts = [_truth(part, facts) for part in condition.parts]
        settles = isinstance(condition, Either)
        if settles in parts:
            return settles
        return None if None in parts else not settles
    try:
        return condition.holds(facts)
    except _Unsaid:
        return None


class _Facts:
    """Answers what is known of a place, in the words that conditions ask in."""

    __slots__ = ("_known", "_spot")

    def __init__(self, known: Known, spot: Spot) -> None:
        self._known, self._spot = known, spot

    def counter(self, name: str) -> int:
        if name not in self._known.steps:
            raise _Unsaid
        return dict(self._spot.counters).get(name, 0)

    def mark(self, name: str) -> bool:
        if name not in self._known.marks:
            raise _Unsaid
        return name in self._spot.marks

    def choice(self, field: str) -> str | None:
        raise _Unsaid

    def given(self, field: str) -> bool:
        raise _Unsaid

    def in_state(self, state: str) -> bool:
        if self._known.kind is not None:
            raise _Unsaid
        return self._spot.state == state

    def is_lead(self) -> bool:
        if self._known.kind is not None:
            raise _Unsaid
        return False

    def main_is(self, state_type: str) -> bool:
        raise _Unsaid

    def open_subs(self) -> int:
        raise _Unsaid

    def open_requests(self, name: str) -> int:
        asked = self._known.scope.requests.get(name)
        if asked is None or self._spot.state in asked.states:
            raise _Unsaid
        return 0

    def joined(self, kind: str) -> bool:
        if self._may_be(kind) and kind in self._known.finished:
            raise _Unsaid
        return False

    def tasks(self, kind: str, word: str) -> tuple[int, int]:
        if self._may_be(kind):
            raise _Unsaid
        return 0, 0

    def _may_be(self, kind: str) -> bool:
        """Whether there may be tasks of that kind; a task is not told of the others."""
        return self._known.kind is not None or kind in self._spot.sent


def backwards(onward: dict[Spot, list[Spot]], ends: Iterable[Spot]) -> set[Spot]:
    """Every place from which one of these can be reached."""
    before: dict[Spot, list[Spot]] = {}
    for spot, following in onward.items():
        for after in following:
            before.setdefault(after, []).append(spot)
    found = set(ends)
    waiting = list(found)
    while waiting:
        for spot in before.get(waiting.pop(), ()):
            if spot not in found:
                found.add(spot)
                waiting.append(spot)
    return found
