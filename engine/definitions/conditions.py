"""Conditions: words, not code.

    returns >= 3 or reworks >= 3 · not designated · level is easy · line joined · some line signed · no line open
    line none · no appeal open · no sub open · main closed · in called or in handling · lead · item given

The grammar has no comma, colon, quote, dot or call, so nothing needs quoting and nothing can be imported. A condition
reads finite facts only (see `Facts`); dates, numbers and texts may be shown and stored, never branched on.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Protocol


class Facts(Protocol):
    """What a condition may ask of a ticket or a task; each answer comes from a finite set."""

    def counter(self, name: str) -> int: ...
    def mark(self, name: str) -> bool: ...
    def choice(self, field: str) -> str | None: ...
    def given(self, field: str) -> bool: ...
    def in_state(self, state: str) -> bool: ...
    def is_lead(self) -> bool: ...
    def main_is(self, state_type: str) -> bool: ...
    def open_subs(self) -> int: ...
    def open_requests(self, name: str) -> int: ...
    def joined(self, kind: str) -> bool: ...
    def tasks(self, kind: str, word: str) -> tuple[int, int]:
        """How many of the present round's live or finished tasks are in `word` (a state, open, done, closed, void,
        or any), and how many there are in all. Void tasks are counted only when `word` is void or a void state."""
        ...


class Condition(Protocol):
    """A compiled condition."""

    def holds(self, facts: Facts) -> bool: ...
    def atoms(self) -> Iterator["Condition"]: ...


class _Atom:
    __slots__ = ()

    def atoms(self) -> Iterator[Condition]:
        yield self  # type: ignore[misc]


@dataclass(frozen=True, slots=True)
class Counter(_Atom):
    """``returns >= 3``"""

    name: str
    operator: str
    value: int

    def holds(self, facts: Facts) -> bool:
        return OPERATORS[self.operator](facts.counter(self.name), self.value)

    def __str__(self) -> str:
        return f"{self.name} {self.operator} {self.value}"


@dataclass(frozen=True, slots=True)
class Mark(_Atom):
    """``designated``"""

    name: str

    def holds(self, facts: Facts) -> bool:
        return facts.mark(self.name)

    def __str__(self) -> str:
        return self.name


@dataclass(frozen=True, slots=True)
class Lead(_Atom):
    """``lead``: this task has the lead."""

    def holds(self, facts: Facts) -> bool:
        return facts.is_lead()

    def __str__(self) -> str:
        return "lead"


@dataclass(frozen=True, slots=True)
class Choice(_Atom):
    """``level is easy``"""

    field: str
    value: str

    def holds(self, facts: Facts) -> bool:
        return facts.choice(self.field) == self.value

    def __str__(self) -> str:
        return f"{self.field} is {self.value}"


@dataclass(frozen=True, slots=True)
class Given(_Atom):
    """``item given``"""

    field: str

    def holds(self, facts: Facts) -> bool:
        return facts.given(self.field)

    def __str__(self) -> str:
        return f"{self.field} given"


@dataclass(frozen=True, slots=True)
class InState(_Atom):
    """``in handling``"""

    state: str

    def holds(self, facts: Facts) -> bool:
        return facts.in_state(self.state)

    def __str__(self) -> str:
        return f"in {self.state}"


@dataclass(frozen=True, slots=True)
class Joined(_Atom):
    """``line joined``: the join rule of the kind holds for the present round."""

    kind: str

    def holds(self, facts: Facts) -> bool:
        return facts.joined(self.kind)

    def __str__(self) -> str:
        return f"{self.kind} joined"


@dataclass(frozen=True, slots=True)
class Nobody(_Atom):
    """``line none``: the present round has no live or finished task; an empty set never satisfies a join."""

    kind: str

    def holds(self, facts: Facts) -> bool:
        return facts.tasks(self.kind, "any")[1] == 0

    def __str__(self) -> str:
        return f"{self.kind} none"


@dataclass(frozen=True, slots=True)
class Tasks(_Atom):
    """``all|some|no line done``; `word` is open, done, closed, void or a state of the kind."""

    quantifier: str
    kind: str
    word: str

    def holds(self, facts: Facts) -> bool:
        there, total = facts.tasks(self.kind, self.word)
        if self.quantifier == "all":
            return total > 0 and there == total
        return there > 0 if self.quantifier == "some" else there == 0

    def __str__(self) -> str:
        return f"{self.quantifier} {self.kind} {self.word}"


@dataclass(frozen=True, slots=True)
class Asked(_Atom):
    """``no appeal open`` · ``some appeal open``"""

    quantifier: str
    request: str

    def holds(self, facts: Facts) -> bool:
        count = facts.open_requests(self.request)
        return count > 0 if self.quantifier == "some" else count == 0

    def __str__(self) -> str:
        return f"{self.quantifier} {self.request} open"


@dataclass(frozen=True, slots=True)
class Subs(_Atom):
    """``no sub open``: no ticket that this one opened is still unsettled."""

    quantifier: str

    def holds(self, facts: Facts) -> bool:
        count = facts.open_subs()
        return count > 0 if self.quantifier == "some" else count == 0

    def __str__(self) -> str:
        return f"{self.quantifier} sub open"


@dataclass(frozen=True, slots=True)
class Main(_Atom):
    """``main closed`` · ``main void``"""

    state_type: str

    def holds(self, facts: Facts) -> bool:
        return facts.main_is(self.state_type)

    def __str__(self) -> str:
        return f"main {self.state_type}"


@dataclass(frozen=True, slots=True)
class Not:
    """``not …``"""

    inner: Condition

    def holds(self, facts: Facts) -> bool:
        return not self.inner.holds(facts)

    def atoms(self) -> Iterator[Condition]:
        return self.inner.atoms()

    def __str__(self) -> str:
        return f"not {_bracketed(self.inner)}"


@dataclass(frozen=True, slots=True)
class Every:
    """``… and …``"""

    parts: tuple[Condition, ...]

    def holds(self, facts: Facts) -> bool:
        return all(part.holds(facts) for part in self.parts)

    def atoms(self) -> Iterator[Condition]:
        for part in self.parts:
            yield from part.atoms()

    def __str__(self) -> str:
        return " and ".join(_bracketed(part) for part in self.parts)


@dataclass(frozen=True, slots=True)
class Either:
    """``… or …``"""

    parts: tuple[Condition, ...]

    def holds(self, facts: Facts) -> bool:
        return any(part.holds(facts) for part in self.parts)

    def atoms(self) -> Iterator[Condition]:
        for part in self.parts:
            yield from part.atoms()

    def __str__(self) -> str:
        return " or ".join(f"({part})" if isinstance(part, Either) else str(part) for part in self.parts)


def _bracketed(part: Condition) -> str:
    return f"({part})" if isinstance(part, Either | Every) else str(part)


#: How a counter may be compared.
OPERATORS: dict[str, Callable[[int, int], bool]] = {
    ">=": lambda left, right: left >= right,
    "<=": lambda left, right: left <= right,
    ">": lambda left, right: left > right,
    "<": lambda left, right: left < right,
    "=": lambda left, right: left == right,
}
