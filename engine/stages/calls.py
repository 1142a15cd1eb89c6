"""What comes to the door and what it answers: plain values between the engine and whoever calls it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

from engine.clock import Instant
from engine.database import Transaction
from engine.definitions.model import FormItem, Title, Workflow
from engine.records.asking import Question
from engine.rules.acts import Source
from engine.rules.case import Actor
from engine.rules.chain import canonical


@dataclass(frozen=True, slots=True, kw_only=True)
class Caller:
    """Who stands at the door: a person, or one of the engine's own hands."""

    person_id: int | None = None
    #: `clock`, `rule`, `import` or `public:<channel>` when it is no person.
    name: str = ""
    #: The digest of a task link's secret, when somebody comes by one.
    link: str = ""
    #: The digest of a receipt's secret: at a start the one to be kept, later the one that is held.
    receipt: str = ""

    @property
    def key(self) -> str:
        """Whose idempotency keys these are."""
        if self.link:
            # Half of the digest is as good as all of it, and fits where names of actors are kept.
            return f"link:{self.link[:32]}"
        if self.receipt:
            return f"receipt:{self.receipt[:32]}"
        return f"p{self.person_id}" if self.person_id is not None else self.name


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """One act as it is asked for; codes and case numbers, nothing looked up yet."""

    caller: Caller
    action: str
    #: The ticket acted on; none for a start.
    case_no: str | None = None
    ticket_id: int | None = None
    #: For a start: the workflow's key.
    workflow: str | None = None
    task: int | None = None
    request: int | None = None
    form: Mapping[str, Any] = field(default_factory=dict)
    each: Mapping[int, Mapping[str, Any]] = field(default_factory=dict)
    #: The version of the thing acted on as its reader saw it.
    expected: int | None = None
    #: Idempotency key.
    key: str | None = None
    claimed_at: Instant | None = None
    source: Source = Source.ENGINE
    #: By which way a report came, e.g. grid, hotline, passer_by.
    channel: str = ""
    #: Where a new ticket lies when no form says so: the code of an area.
    area: str | None = None
    #: The ticket that gives birth to this one.
    parent_id: int | None = None
    #: The login of whoever reported it; "" for whoever acts.
    reporter: str = ""
    #: Notices and due times before this moment reach nobody (`--arm-from` of an import).
    arm_from: Instant | None = None
    #: Who somebody that comes by a link says they are.
    given_as: Mapping[str, str] = field(default_factory=dict)

    def fingerprint(self) -> str:
        """What a repeated key must repeat."""
        asked = [
            self.action, self.case_no, self.ticket_id, self.workflow, self.task, self.request, _steady(self.form),
            {str(seq): _steady(form) for seq, form in self.each.items()}, self.claimed_at, self.channel, self.area,
        ]  # fmt: skip
        return canonical(asked)


class Proof(Protocol):
    """Who somebody is, and that they may know of the ticket: asked for in the journey in which the act reads."""

    def asked(self, transaction: Transaction, now: Instant) -> Sequence[tuple[str, Question[Any]]]:
        """What is asked, each by its name, right after the ticket is locked; an answer may refuse the act."""

    def actor(self, answers: Mapping[str, Any], /) -> Actor:
        """Who acts, by the answers."""


def _steady(value: Any) -> Any:
    """A form as it came, floats as text: it is compared, not stored."""
    if isinstance(value, Mapping):
        return {str(key): _steady(inner) for key, inner in value.items()}
    if isinstance(value, list | tuple):
        return [_steady(inner) for inner in value]
    return repr(value) if isinstance(value, float) else value


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What came of an act; the same for every repetition of its key."""

    ticket_id: int
    case_no: str
    state: str
    state_version: int
    #: Seq of the act's first and last event.
    seq: int
    last_seq: int
    #: Tasks and requests it created, by seq.
    created: tuple[int, ...] = ()
    #: Whether this is the answer to a repeated key.
    repeated: bool = False
    #: The ticket's workflow, for whoever puts this into words; None for what was kept under a key.
    definition: Workflow | None = field(default=None, compare=False, repr=False)

    def to_json(self) -> dict[str, Any]:
        return {
            "ticket_id": self.ticket_id,
            "case_no": self.case_no,
            "state": self.state,
            "state_version": self.state_version,
            "seq": self.seq,
            "last_seq": self.last_seq,
            "created": list(self.created),
        }

    @classmethod
    def from_json(cls, parts: Mapping[str, Any]) -> "Outcome":
        return cls(**{**parts, "created": tuple(parts["created"]), "repeated": True})


@dataclass(frozen=True, slots=True, kw_only=True)
class Offer:
    """An action as one person sees it now: possible, or not and why."""

    name: str
    title: Title
    #: The task or the request it acts on, if not the ticket itself.
    task: int | None
    request: int | None
    #: Whether it asks for something (an ask) or answers.
    kind: str
    #: What to send back as `expected`.
    expected: int | None
    form: tuple[FormItem, ...]
    #: Seq of a finished task → what is asked about it.
    each: Mapping[int, tuple[FormItem, ...]]
    possible: bool
    #: Why not, 中文 / English; empty when possible.
    reason: str = ""
    #: A stable word for the reason.
    code: str = ""
    to: str | None = None
    #: The body in whose sitting alone it may be done.
    meeting: str = ""
