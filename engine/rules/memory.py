"""What a ticket or a task remembers for its conditions: finite facts, folded from its history and read with its row."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from typing import Any, Self

from engine.clock import Instant


class Clonable:
    """Values that are copied before they are changed."""

    __slots__ = ()

    def clone(self) -> Self:
        kind = type(self)
        twin = object.__new__(kind)
        for slot in _slots(kind):  # type: ignore[arg-type]
            slot.__set__(twin, slot.__get__(self))
        return twin


@cache
def _slots(kind: type) -> tuple[Any, ...]:
    """The slots of a class as descriptors: copying through them asks for no name."""
    return tuple(kind.__dict__[name] for name in kind.__slots__)  # type: ignore[attr-defined]


@dataclass(frozen=True, slots=True)
class Deed:
    """Who did an action that some rule asks about later (`not`, `once`)."""

    action: str
    seq: int
    person_id: int | None
    department_id: int | None
    task_seq: int | None
    #: In whose place it was done.
    behalf_of: int | None = None

    def of(self, *people: int | None) -> bool:
        """Whether one of these people did it, or it was done in their place."""
        return any(person is not None and person in (self.person_id, self.behalf_of) for person in people)

    def to_json(self) -> list[Any]:
        own = [self.action, self.seq, self.person_id, self.department_id, self.task_seq]
        return own if self.behalf_of is None else [*own, self.behalf_of]


@dataclass(frozen=True, slots=True)
class GivenPoints:
    """Points that an action gave and none took back yet."""

    action: str
    person_id: int
    points: int


@dataclass(frozen=True, slots=True)
class Exempt:
    """What an indicator leaves out at present: a department's part, or (None) the ticket as a whole."""

    indicator: str
    department_id: int | None


#: What the key of a reminded task begins with, so that a list finds it in the row's text.
URGED = "urged/"


@dataclass(slots=True)
class Memory(Clonable):
    """What a ticket or a task remembers for its conditions: finite facts, folded from its history."""

    counters: dict[str, int] = field(default_factory=dict)
    marks: frozenset[str] = frozenset()
    #: Tracked choice fields → the last choice; a field tested for presence → "".
    choices: dict[str, str] = field(default_factory=dict)
    #: Date fields that some deadline runs until, as YYYY-MM-DD.
    dates: dict[str, str] = field(default_factory=dict)
    #: Kind of task → number of its present round.
    rounds: dict[str, int] = field(default_factory=dict)
    deeds: tuple[Deed, ...] = ()
    #: The limit of the catalogue standard, as a workflow file writes it; "" if none.
    limit: str = ""
    #: What a later action may take back.
    points: tuple[GivenPoints, ...] = ()
    #: Values of the fields that an admission is made of.
    kept: dict[str, Any] = field(default_factory=dict)
    #: The admission that a ticket gives, or that carries a task; "" for none.
    admission: str = ""
    #: Departments that a ticket which may be confidential is about, by id.
    about: tuple[int, ...] = ()
    #: The units that know of such a ticket, as `reach` has them: those that may no more can be taken out.
    readers: tuple[str, ...] = ()
    #: Action with `apart` → when it was last done in the present visit to the state.
    moments: dict[str, Instant] = field(default_factory=dict)
    #: Exemptions that stand.
    exempt: tuple[Exempt, ...] = ()
    #: Task → how often its owner was reminded since they last acted on it, and when last. On the ticket, not on the
    #: task: a reminder must not make the form stale that its owner is filling.
    urged: dict[int, tuple[int, Instant]] = field(default_factory=dict)

    def clone(self) -> "Memory":
        return Memory(
            dict(self.counters),
            self.marks,
            dict(self.choices),
            dict(self.dates),
            dict(self.rounds),
            self.deeds,
            self.limit,
            self.points,
            dict(self.kept),
            self.admission,
            self.about,
            self.readers,
            dict(self.moments),
            self.exempt,
            dict(self.urged),
        )

    def to_json(self) -> dict[str, Any]:
        """Only what is there, in short keys: this stands on every ticket and task row."""
        parts: dict[str, Any] = {
            "counters": self.counters,
            "marks": sorted(self.marks),
            "choices": self.choices,
            "dates": self.dates,
            "rounds": self.rounds,
            "deeds": [deed.to_json() for deed in self.deeds],
            "limit": self.limit,
            "points": [[p.action, p.person_id, p.points] for p in self.points],
            "kept": self.kept,
            "admission": self.admission,
            "about": list(self.about),
            "readers": list(self.readers),
            "moments": self.moments,
            "exempt": [[one.indicator, one.department_id] for one in self.exempt],
            "urged": {f"{URGED}{seq}": [times, at] for seq, (times, at) in self.urged.items()},
        }
        return {key: value for key, value in parts.items() if value}

    @classmethod
    def from_json(cls, parts: Mapping[str, Any]) -> "Memory":
        if not parts:
            return cls()
        return cls(
            parts.get("counters", {}),
            frozenset(parts.get("marks", ())),
            parts.get("choices", {}),
            parts.get("dates", {}),
            parts.get("rounds", {}),
            tuple(Deed(*deed) for deed in parts.get("deeds", ())),
            parts.get("limit", ""),
            tuple(GivenPoints(*given) for given in parts.get("points", ())),
            parts.get("kept", {}),
            parts.get("admission", ""),
            tuple(parts.get("about", ())),
            tuple(parts.get("readers", ())),
            {name: Instant(at) for name, at in parts.get("moments", {}).items()},
            tuple(Exempt(*one) for one in parts.get("exempt", ())),
            {int(key.removeprefix(URGED)): (times, Instant(at)) for key, (times, at) in parts.get("urged", {}).items()},
        )
