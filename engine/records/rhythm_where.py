"""What a list asks of a ticket, as SQL: seen from an area, or from one task of a department.

Lights are computed and cards stand in few rows, so both come in as keys found beforehand; the rest is asked of the
rows themselves. Every statement is limited to open tickets by an index that holds no others. Confidential tickets stand
in no list: a list goes to everybody with a post, whoever may know of the tickets in it.
"""

from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass, field
from json import dumps
from typing import Any

from engine.clock import Instant
from engine.database import Transaction
from engine.definitions.rhythm import AllOf, Atom, Wanted
from engine.definitions.rhythm_grammar import OPEN
from engine.definitions.spans import Limit
from engine.rules.calendars import WorkCalendar
from engine.rules.rhythm_spans import horizon, idle_since

_LISTED = ", ".join(f"'{kind}'" for kind in OPEN)
#: An open ticket, in the words of its partial index.
OPEN_TICKET = f"t.settled_at IS NULL AND t.state_type IN ({_LISTED})"
RUNNING = "d.ticket_id = t.id AND d.run = 'running' AND d.ended_at IS NULL"


@dataclass(frozen=True, slots=True, kw_only=True)
class Scope:
    """From where a list looks at tickets."""

    #: FROM and WHERE up to the list's own conditions; `t` is the ticket.
    tables: str
    base: str
    #: The column that says whose part a row belongs to.
    unit: str
    #: What limits a deadline `d` to those that matter here.
    deadline: str
    suspended: str
    #: Nobody has acted since a moment (each `{0}`); what the clock and rules do is not somebody's act.
    idle: str
    #: The text by which lit and carded rows are named.
    lit: str
    carded: str


AREA = Scope(
    tables="ticket t",
    base=f"{OPEN_TICKET} AND NOT t.confidential",
    unit="t.area_id",
    deadline="",
    suspended="(t.state_type = 'suspended' OR EXISTS (SELECT 1 FROM task s WHERE s.ticket_id = t.id "
    "AND s.state_type = 'suspended'))",
    idle="(t.opened_at <= {0} AND (t.head_at <= {0} OR NOT EXISTS (SELECT 1 FROM event e "
    "WHERE e.ticket_id = t.id AND e.at > {0} AND e.actor NOT IN ('clock', 'rule'))))",
    lit="CAST(t.id AS TEXT)",
    carded="CAST(t.id AS TEXT)",
)
TASK = Scope(
    tables="task k JOIN ticket t ON t.id = k.ticket_id",
    base=f"k.state_type IN ({_LISTED}) AND t.state_type IN ({_LISTED}) AND NOT t.confidential",
    unit="k.department_id",
    deadline=" AND d.task_seq = k.seq AND d.request_seq IS NULL",
    suspended="(t.state_type = 'suspended' OR k.state_type = 'suspended')",
    idle="(k.opened_at <= {0} AND NOT EXISTS (SELECT 1 FROM event e WHERE e.ticket_id = t.id "
    "AND e.task_seq = k.seq AND e.at > {0} AND e.actor NOT IN ('clock', 'rule')))",
    lit="CAST(k.ticket_id AS TEXT) || ':' || CAST(k.seq AS TEXT)",
    carded="CAST(k.ticket_id AS TEXT) || ':' || CAST(k.department_id AS TEXT)",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """What was found beforehand: word of a light or card → the keys of what shows it."""

    lights: Mapping[str, Collection[str]] = field(default_factory=dict)
    cards: Mapping[str, Collection[str]] = field(default_factory=dict)


class Asking:
    """Gathers the parameters of a statement in the order of their marks."""

    def __init__(self, transaction: Transaction) -> None:
        self._postgresql = transaction.postgresql
        self.parameters: list[Any] = []

    def __call__(self, value: Any) -> str:
        self.parameters.append(value)
        return "%s" if self._postgresql else "?"

    def among(self, values: Iterable[Any]) -> str:
        """What follows a column's name to ask for any number of values."""
        listed = sorted(values)
        if self._postgresql:
            return f"= ANY({self(listed)})"
        return f"IN (SELECT value FROM json_each({self(dumps(listed))}))"  # noqa: S608 (a mark)


@dataclass(frozen=True, slots=True, kw_only=True)
class Where:
    """Writes the conditions of one list."""

    asking: Asking
    scope: Scope
    calendar: WorkCalendar
    now: Instant
    found: Found
    #: `<workflow id>:<deadline>` of those that are nobody's lag when they pass.
    windows: Collection[str]

    def running(self) -> str:
        """A deadline `d` runs that matters here."""
        named = "CAST(t.workflow_id AS TEXT) || ':' || d.name"
        return f"{RUNNING}{self.scope.deadline} AND NOT {named} {self.asking.among(self.windows)}"

    def of(self, wanted: Wanted) -> str:
        """The SQL of a condition; its parameters go to `asking` in the order of their marks."""
        if isinstance(wanted, Atom):
            return _ATOMS[wanted.name](self, wanted)
        joint = " AND " if isinstance(wanted, AllOf) else " OR "
        return f"({joint.join(self.of(part) for part in wanted.parts) or '1 = 1'})"

    def deadline(self, condition: str) -> str:
        """Some running deadline is like that."""
        return f"EXISTS (SELECT 1 FROM deadline d WHERE {condition} AND {self.running()})"  # noqa: S608

    def overdue(self, atom: Atom) -> str:
        return self.deadline(f"d.due_at < {self.asking(self.now)}")

    def due_within(self, atom: Atom) -> str:
        now, end = self.asking(self.now), self.asking(horizon(_span(atom), self.calendar, self.now))
        return self.deadline(f"d.due_at >= {now} AND d.due_at <= {end}")

    def idle_for(self, atom: Atom) -> str:
        since = idle_since(_span(atom), self.calendar, self.now)
        first, *rest = self.scope.idle.split("{0}")
        return first + "".join(f"{self.asking(since)}{part}" for part in rest)

    def light(self, atom: Atom) -> str:
        return f"{self.scope.lit} {self.asking.among(_keys(self.found.lights, atom.words))}"

    def card(self, atom: Atom) -> str:
        return f"{self.scope.carded} {self.asking.among(_keys(self.found.cards, atom.words or self.found.cards))}"

    def workflow(self, atom: Atom) -> str:
        return f"t.workflow_id IN (SELECT id FROM workflow_version WHERE key {self.asking.among(atom.words)})"  # noqa: S608


def _column(name: str) -> Callable[[Where, Atom], str]:
    return lambda where, atom: f"{name} {where.asking.among(atom.words)}"


_ATOMS: dict[str, Callable[[Where, Atom], str]] = {
    "open": lambda where, atom: "1 = 1",
    "overdue": Where.overdue,
    "due_within": Where.due_within,
    "provisional": lambda where, atom: where.deadline("d.provisional"),
    "light": Where.light,
    "carded": Where.card,
    "card": Where.card,
    "idle_for": Where.idle_for,
    "suspended": lambda where, atom: where.scope.suspended,
    "stage": _column("t.stage"),
    "state": _column("t.state"),
    "state_type": _column("t.state_type"),
    "urgency": _column("coalesce(t.urgency, 'normal')"),
    "workflow": Where.workflow,
}


def _span(atom: Atom) -> Limit:
    if atom.span is None:
        raise ValueError(f"{atom.name} has no span")
    return atom.span


def _keys(found: Mapping[str, Collection[str]], words: Iterable[str]) -> set[str]:
    return {key for word in words for key in found.get(word, ())}
