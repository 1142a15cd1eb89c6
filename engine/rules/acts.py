"""What goes into a decision and what comes out of it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from engine.clock import Instant
from engine.rules.basis import Ended, Granted
from engine.rules.case import Actor, Ask, Card, Number, References, Task, Ticket, Timer


class Source(StrEnum):
    """Whose word it is that an event happened when it did."""

    ENGINE = "engine"
    DEVICE = "device"
    IMPORT = "import"


@dataclass(frozen=True, slots=True, kw_only=True)
class Act:
    """Somebody wants to do something to one ticket."""

    action: str
    actor: Actor
    #: The task or the request acted on; neither for the ticket itself.
    task: int | None = None
    request: int | None = None
    #: The name of a request to ask (then `action` is that request's name).
    form: Mapping[str, Any] = field(default_factory=dict)
    #: Seq of a finished task → its answers.
    each: Mapping[int, Mapping[str, Any]] = field(default_factory=dict)
    #: The version of the thing acted on, as its reader saw it; None when the actor doesn't care.
    expected: int | None = None
    references: References = field(default_factory=References)
    #: When it happened as claimed, and by whose word; None is now.
    claimed_at: Instant | None = None
    source: Source = Source.ENGINE
    #: 32 random bytes for the digest of personal words.
    salt: bytes = b""
    #: Notices and due times before this moment reach nobody: an old system's history is past. None: everything does.
    arm_from: Instant | None = None
    #: The hash algorithm of its events.
    algorithm: str = "sha256"
    #: What its event says beside the form: the proposals it had before it.
    noted: Mapping[str, Any] = field(default_factory=dict)
    #: Whoever acts by a link says who they are: name and phone, personal words of its event.
    given_as: Mapping[str, str] = field(default_factory=dict)
    #: The login of whoever reported what a new ticket is about, if the ticket that opens it says so.
    reporter: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """One line of a ticket's history."""

    seq: int
    at: Instant
    recorded_at: Instant
    source: str
    action: str
    #: "" for the ticket, else the kind of task.
    scope: str
    task_seq: int | None
    request_seq: int | None
    actor: str
    person_id: int | None
    post: str
    department_id: int | None
    behalf_of: int | None
    state_from: str
    state_to: str
    stage: str
    #: Canonical JSON: the exact bytes that were hashed.
    facts: str
    personal: str
    salt: bytes
    personal_digest: str
    algorithm: str
    hash: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Notice:
    """Somebody is to be told: everyone with one of the posts in a unit, or one person."""

    seq: int
    event_seq: int
    role: str
    #: `a<area id>`, `d<department id>` or `p<person id>`.
    unit: str
    posts: tuple[str, ...]
    #: Of the posts' holders only those on the duty roster, while anybody is.
    duty: bool = False


class CommandKind(StrEnum):
    """What an act of one ticket means for others."""

    MAIN_MOVED = "main_moved"  #: tickets joined to this one ask their rules again
    SUB_SETTLED = "sub_settled"  #: the ticket that opened this one asks its rules again
    OPEN = "open"  #: give birth to a ticket of another workflow
    MENTION = "mention"  #: a line in the history of a ticket that this one is about


@dataclass(frozen=True, slots=True, kw_only=True)
class Command:
    """Work for another ticket, to be walked through the door in the background exactly once."""

    seq: int
    kind: CommandKind
    #: The ticket meant, where there is just one.
    target_id: int | None = None
    payload: str = "{}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Reached:
    """A rung of a ladder that was reached: once per generation, whatever crashes."""

    deadline_seq: int
    generation: int
    #: Which rung, from 0; the number of rungs for `then`.
    rung: int
    #: When it came, and the event that says so.
    at: Instant
    event_seq: int


@dataclass(frozen=True, slots=True, kw_only=True)
class PointsEntry:
    """One line of the ledger of points, behind the event that made it."""

    event_seq: int
    #: Which of the event's lines, from 0.
    part: int
    person_id: int
    #: Below zero for points taken back.
    points: int
    #: The action that gives, or gave, them.
    reason: str
    #: When it was recorded.
    at: Instant


@dataclass(frozen=True, slots=True, kw_only=True)
class ExemptionEntry:
    """One line of the table of exemptions, behind the event that made it."""

    event_seq: int
    #: Which of the event's lines, from 0.
    part: int
    #: A choice of the field that the file names.
    indicator: str
    #: None for the ticket as a whole.
    department_id: int | None
    #: False: left out from here on; True: counted again.
    restored: bool
    #: When it was recorded.
    at: Instant


@dataclass(frozen=True, slots=True, kw_only=True)
class LetterEntry:
    """A letter that an event sends, with its number in the book of the organisation that issues it."""

    event_seq: int
    #: `a<area id>` or `d<department id>`.
    unit: str
    number: Number
    #: When it was recorded.
    at: Instant


@dataclass(slots=True, kw_only=True)
class Decision:
    """Everything one act changes, as values; nothing of it is true before it is written."""

    ticket: Ticket
    #: The version the ticket had when it was read; None for a new one.
    read_version: int | None
    tasks: list[Task] = field(default_factory=list)
    asks: list[Ask] = field(default_factory=list)
    timers: list[Timer] = field(default_factory=list)
    events: list[Event] = field(default_factory=list)
    cards: list[Card] = field(default_factory=list)
    reached: list[Reached] = field(default_factory=list)
    notices: list[Notice] = field(default_factory=list)
    commands: list[Command] = field(default_factory=list)
    #: An admission given, and one ended.
    granted: Granted | None = None
    ended: Ended | None = None
    #: Lines of the ledger.
    points: list[PointsEntry] = field(default_factory=list)
    #: Lines of the table of exemptions.
    exemptions: list[ExemptionEntry] = field(default_factory=list)
    #: Letters sent.
    letters: list[LetterEntry] = field(default_factory=list)
    #: Units that may know of the ticket from now on, and those that may no more.
    reach: list[str] = field(default_factory=list)
    forgets: list[str] = field(default_factory=list)
    #: Title and words for lists, erasable; only what this act gave.
    particulars: dict[str, str] = field(default_factory=dict)
    #: The point that this act gives for the ticket itself, as facts hold it; None if it gives none.
    spot: Mapping[str, Any] | None = None
    #: Uploads that this act refers to: field name, sha256, event seq.
    attachments: list[tuple[str, str, int]] = field(default_factory=list)
