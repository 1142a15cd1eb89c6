"""A ticket with everything that a decision may look at, as plain values.

A `Case` is what `load` brings and `decide` reads. `decide` works on a `Draft` forked from it, so that the same case can
be asked many questions (available actions, replay, simulation) and never changes under the asker.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from engine.clock import Instant
from engine.definitions.model import RULE, TaskKind, Workflow
from engine.rules.basis import Bound
from engine.rules.evidence import Photo, Spot
from engine.rules.memory import Clonable, Memory
from engine.rules.sittings import SittingRef
from engine.vocabulary import SETTLED, StateType


class ActorKind(StrEnum):
    """What kind of actor acts."""

    PERSON = "person"
    PUBLIC = "public"  #: a passer-by without account
    LINK = "link"  #: a unit without accounts, by the link of its task
    CLOCK = "clock"
    RULE = "rule"
    IMPORT = "import"  #: an old system's history; holds every role, and each of its events says so


@dataclass(frozen=True, slots=True)
class Held:
    """A post somebody holds now: for an area, or in a department."""

    post: str
    area_id: int | None = None
    department_id: int | None = None
    #: The person on leave in whose place it is held (a deputy).
    behalf_of: int | None = None
    #: On the duty roster of the post now, or nobody is.
    on_duty: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Actor:
    """Who acts, with the posts held at that moment."""

    kind: ActorKind
    person_id: int | None = None
    #: What the history calls the actor: a person's login, or the kind.
    name: str = ""
    posts: tuple[Held, ...] = ()
    #: For a link: the ticket and the task that it opens.
    opens: tuple[int, int] | None = None
    #: For a passer-by: the ticket whose receipt is held, so that its reporter is known again.
    reported: int | None = None


THE_CLOCK = Actor(kind=ActorKind.CLOCK, name="clock")
THE_RULE = Actor(kind=ActorKind.RULE, name=RULE)


@dataclass(frozen=True, slots=True)
class AreaLink:
    """One step of an area's way up to the root."""

    id: int
    level: str


@dataclass(slots=True, kw_only=True)
class Ticket(Clonable):
    """The ticket's own row."""

    id: int
    case_no: str
    state: str
    #: Every write adds one.
    version: int
    #: Bumped only by what matters to a reader: state, round, urgency, item, join.
    state_version: int
    #: The one counter of everything that belongs to the ticket.
    last_seq: int
    #: The hash of its newest event, hex; "" before the first.
    head: str
    #: When its newest event happened, so that the next is never before it.
    head_at: Instant
    #: The seq of the event that entered the present state.
    visit: int
    #: From its own area up to the root.
    area: tuple[AreaLink, ...]
    creator_department: int | None = None
    reporter_id: int | None = None
    channel: str = ""
    item: str | None = None
    urgency: str | None = None
    main_id: int | None = None
    main_type: StateType | None = None
    parent_id: int | None = None
    #: Tickets it opened that are not settled.
    open_subs: int = 0
    #: The highest level of areas the matter has risen to; "" while it has not.
    level: str = ""
    #: Tickets joined to it.
    joined_here: int = 0
    #: Only those whom its file names may know that it exists.
    confidential: bool = False
    opened_at: Instant = Instant(0)
    entered_at: Instant = Instant(0)
    settled_at: Instant | None = None
    memory: Memory = field(default_factory=Memory)


@dataclass(slots=True, kw_only=True)
class Task(Clonable):
    """One department's or person's part of the work."""

    seq: int
    kind: str
    state: str
    type: StateType
    round: int
    lead: bool
    version: int
    opened_at: Instant
    entered_at: Instant
    department_id: int | None = None
    department_above: int | None = None
    person_id: int | None = None
    #: The task that this one replaces or does again.
    previous: int | None = None
    settled_at: Instant | None = None
    memory: Memory = field(default_factory=Memory)

    @property
    def open(self) -> bool:
        return self.type not in SETTLED

    @property
    def live(self) -> bool:
        """Counts for the join: neither returned, withdrawn nor replaced."""
        return self.type is not StateType.VOID


class RequestState(StrEnum):
    """Where a request stands."""

    OPEN = "open"
    ANSWERED = "answered"
    LAPSED = "lapsed"  #: its owner left the states in which it could be asked


@dataclass(slots=True, kw_only=True)
class Ask(Clonable):
    """A request that was asked."""

    seq: int
    name: str
    task_seq: int | None
    state: RequestState
    asked_at: Instant
    person_id: int | None = None
    department_id: int | None = None
    answer: str | None = None
    settled_at: Instant | None = None
    #: The fields of the ask that are facts: an answer's effects may read them (the date of a suspension).
    form: dict[str, Any] = field(default_factory=dict)


class Run(StrEnum):
    """Whether a deadline runs."""

    RUNNING = "running"
    PAUSED = "paused"
    MET = "met"
    STOPPED = "stopped"


@dataclass(slots=True, kw_only=True)
class Timer(Clonable):
    """A deadline of a ticket, a task or a request."""

    seq: int
    name: str
    task_seq: int | None
    request_seq: int | None
    run: Run
    #: As a workflow file writes it (`5 workdays`), or `until YYYY-MM-DD`.
    limit: str
    #: Since when it runs; after a pause, since its resumption.
    started_at: Instant
    due_at: Instant
    #: The next moment at which the sweep must look; None when nothing is left to do.
    next_at: Instant | None
    #: Microseconds of its own clock used up before `started_at`.
    consumed: int = 0
    #: Raised by everything that moves `due_at`.
    generation: int = 1
    #: Extensions granted, each adding the original limit once.
    extensions: int = 0
    provisional: bool = False
    #: The calendar version the moments were computed with; "" for none.
    calendar: str = ""
    #: While paused: since when, and when it resumes by itself (None: when it is answered).
    paused_at: Instant | None = None
    resumes_at: Instant | None = None
    ended_at: Instant | None = None
    #: Whose clock it is, as notices name units: the department of a task, the area whose desk must move.
    holder: str = ""
    #: Which rungs of this generation were dealt with or lay behind when it began: bit n is rung n, the last is `then`.
    handled: int = 0
    #: The stretches it ran before `started_at`, from–to: what any limit and any calendar can be measured by again.
    ran: tuple[tuple[Instant, Instant], ...] = ()


class CardEnd(StrEnum):
    """How a card came to its end."""

    RAISED = "raised"  #: a graver one took its place
    LIFTED = "lifted"  #: by the same or a higher organisation
    CLEARED = "cleared"  #: the ticket was closed
    VOID = "void"  #: the ticket is void


@dataclass(slots=True, kw_only=True)
class Card(Clonable):
    """A card 黄牌/红牌 given to a task's department, or for the ticket itself: a fact, not a colour of the moment."""

    seq: int
    card: str
    #: The task it was given for; None for the ticket itself.
    task_seq: int | None
    department_id: int | None
    #: Rank of the organisation that gave it: that of its level of areas; 0 for the clock and for posts without area.
    rank: int
    given_at: Instant
    #: The event that gave it.
    event_seq: int
    ended_at: Instant | None = None
    ended_by: CardEnd | None = None
    ended_seq: int | None = None


@dataclass(frozen=True, slots=True)
class DepartmentRef:
    """A department that a form names."""

    id: int
    code: str
    above: int | None
    title: str = ""
    #: Kind of unit, e.g. bureau, village; "" where nobody asks.
    kind: str = ""


@dataclass(frozen=True, slots=True)
class PersonRef:
    """A person that a form names."""

    id: int
    login: str
    departments: frozenset[int] = frozenset()


@dataclass(frozen=True, slots=True)
class TicketRef:
    """Another ticket that a form names, locked with this one."""

    id: int
    case_no: str
    state: str
    type: StateType
    main_id: int | None
    confidential: bool = False


@dataclass(frozen=True, slots=True)
class ItemRef:
    """A catalogue item or one of its standards that a form names."""

    code: str
    #: As a workflow file writes it; "" when the catalogue sets none.
    limit: str = ""


@dataclass(frozen=True, slots=True)
class AreaRef:
    """An area that a form names or a place falls into: its way up to the root."""

    code: str
    chain: tuple[AreaLink, ...]


@dataclass(frozen=True, slots=True)
class RowRef:
    """A row of a register that a form names: its area's way up to the root."""

    register: str
    code: str
    chain: tuple[AreaLink, ...]


@dataclass(frozen=True, slots=True)
class ClaimCount:
    """How many tasks of a kind the actor has claimed: open now, and since Monday."""

    open: int = 0
    week: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Number:
    """The number of an admission or of a letter."""

    prefix: str
    year: int
    serial: int

    @property
    def text(self) -> str:
        return f"{self.prefix}〔{self.year}〕{self.serial}号"


@dataclass(slots=True, kw_only=True)
class References:
    """What the codes in a form mean, looked up before the decision; a code that isn't here doesn't exist."""

    departments: dict[str, DepartmentRef] = field(default_factory=dict)
    people: dict[str, PersonRef] = field(default_factory=dict)
    tickets: dict[str, TicketRef] = field(default_factory=dict)
    items: dict[str, ItemRef] = field(default_factory=dict)
    areas: dict[str, AreaRef] = field(default_factory=dict)
    #: Digest of an upload → what kind of file it is, as a media type.
    uploads: dict[str, str] = field(default_factory=dict)
    #: What is known of the uploads that are named, and where the ticket lies.
    photos: dict[str, Photo] = field(default_factory=dict)
    spot: Spot | None = None
    #: Code → the rows of that code, one per register.
    rows: dict[str, tuple[RowRef, ...]] = field(default_factory=dict)
    #: Kind of task with a quota → what the actor has of it.
    claims: dict[str, ClaimCount] = field(default_factory=dict)
    #: Person → points given on the day of the act so far, reversals left out.
    given_today: dict[int, int] = field(default_factory=dict)
    #: Bound units that the act may send to, by id: what each may be asked.
    bound: dict[int, Bound] = field(default_factory=dict)
    #: What the ticket's item, or that of the form, is called.
    matter: str = ""
    #: The number that an admission would get.
    number: Number | None = None
    #: Issuing organisation (`a<area id>`, `d<department id>`) → the number that its next letter gets.
    letters: dict[str, Number] = field(default_factory=dict)
    #: Name of a body → its sitting that has the ticket on its agenda, undecided.
    sittings: dict[str, SittingRef] = field(default_factory=dict)
    #: What a meeting field says → the called sitting meant; None where the workflow has no body: then it holds a day.
    called: dict[str, SittingRef] | None = None


@dataclass(slots=True, kw_only=True)
class Case:
    """A ticket, its tasks, requests and deadlines, on the definition it was started on."""

    definition: Workflow
    ticket: Ticket
    tasks: dict[int, Task] = field(default_factory=dict)
    asks: dict[int, Ask] = field(default_factory=dict)
    #: Running and paused deadlines.
    timers: dict[int, Timer] = field(default_factory=dict)
    #: Standing cards.
    cards: dict[int, Card] = field(default_factory=dict)

    @property
    def state(self) -> str:
        """What the compiled machine reads."""
        return self.ticket.state

    @property
    def state_type(self) -> StateType:
        return self.definition.states[self.ticket.state].type

    def scope(self, task: Task | None) -> "Workflow | TaskKind":
        return self.definition.scope(task.kind if task else None)

    def round_of(self, kind: str) -> Iterator[Task]:
        """The tasks of a kind's present round."""
        number = self.ticket.memory.rounds.get(kind, 0)
        return (task for task in self.tasks.values() if task.kind == kind and task.round == number)

    def present(self) -> Iterator[Task]:
        """The live tasks of every kind's present round."""
        rounds = self.ticket.memory.rounds
        return (task for task in self.tasks.values() if task.live and task.round == rounds.get(task.kind, 0))

    def open_asks(self, name: str | None = None, task_seq: int | None = None) -> Iterator[Ask]:
        """Requests that wait for an answer: all, of a name, or of a task."""
        for ask in self.asks.values():
            if ask.state is RequestState.OPEN and name in (None, ask.name) and task_seq in (None, ask.task_seq):
                yield ask
