"""A rhythm as its file declares it: jobs that come again and again, and who gets which list of tickets then."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final, TypeAlias

from engine.definitions.model import Title
from engine.definitions.occasions import LAST, Every, Moves, On, When
from engine.definitions.spans import Limit

__all__ = [
    "DEPARTMENT",
    "LAST",
    "AllOf",
    "AnyOf",
    "Atom",
    "Empty",
    "Every",
    "Job",
    "Moves",
    "On",
    "Recipient",
    "Reported",
    "Rhythm",
    "Sort",
    "Wanted",
    "When",
    "atoms",
]

#: The place of a recipient that is no level of areas.
DEPARTMENT: Final = "department"


class Sort(StrEnum):
    """What comes first in a list."""

    DUE = "due"
    OPENED = "opened"
    IDLE = "idle"
    URGENCY = "urgency"


class Empty(StrEnum):
    """What becomes of a list without tickets."""

    SKIP = "skip"
    SEND = "send"


@dataclass(frozen=True, slots=True, kw_only=True)
class Atom:
    """One thing that is true or false of a ticket; its name is a key of the list's grammar."""

    name: str
    #: Any one of these.
    words: tuple[str, ...] = ()
    span: Limit | None = None


@dataclass(frozen=True, slots=True)
class AllOf:
    """All of these hold; of none: every open ticket."""

    parts: tuple["Wanted", ...] = ()


@dataclass(frozen=True, slots=True)
class AnyOf:
    """At least one of these holds."""

    parts: tuple["Wanted", ...]


#: What a ticket must be like to stand in a list.
Wanted: TypeAlias = Atom | AllOf | AnyOf


def atoms(wanted: Wanted) -> tuple[Atom, ...]:
    """Every single condition in it."""
    if isinstance(wanted, Atom):
        return (wanted,)
    return tuple(atom for part in wanted.parts for atom in atoms(part))


@dataclass(frozen=True, slots=True, kw_only=True)
class Recipient:
    """Whoever holds one of these posts, each for the department or the area of a level where it is held."""

    posts: tuple[str, ...]
    #: `DEPARTMENT`, or a level of areas.
    of: str


class Reported(StrEnum):
    """A report that a job asks for in place of a list."""

    LEDGER = "ledger"
    BULLETIN = "bulletin"


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """One list, or one report, that comes again and again."""

    name: str
    title: Title
    when: When
    list: Wanted
    to: tuple[Recipient, ...]
    sort: Sort = Sort.DUE
    #: Tickets of one list; the count says how many there would be.
    most: int = 200
    empty: Empty = Empty.SKIP
    #: Instead of a list: a report of the period before, to each within their own reach; a ledger is of a workflow.
    report: Reported | None = None
    workflow: str = ""
    line: int = field(default=0, compare=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Rhythm:
    """A file of jobs that one calendar drives."""

    key: str
    title: Title
    #: Key of a working calendar.
    calendar: str
    jobs: Mapping[str, Job]
