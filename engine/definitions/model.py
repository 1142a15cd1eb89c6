"""The compiled form of a workflow file: frozen values that `decide`, the analyses and the pages read.

A definition is immutable and shared by every ticket that was started on it; nothing here knows a ticket.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum
from typing import Any

from engine.definitions.conditions import Condition
from engine.definitions.occasions import When
from engine.definitions.spans import Limit, Rung
from engine.vocabulary import Stage, StateType

#: The actors that are not people.
CLOCK = "clock"
RULE = "rule"


@dataclass(frozen=True, slots=True)
class Title:
    """What officials read: Chinese first, English second."""

    zh: str
    en: str

    def __str__(self) -> str:
        return f"{self.zh} / {self.en}" if self.en and self.en != self.zh else self.zh


class FieldType(StrEnum):
    """What a form field holds."""

    TEXT = "text"
    CHOICE = "choice"
    DATE = "date"
    NUMBER = "number"
    STARS = "stars"
    YES_NO = "yes_no"
    PERSON = "person"
    DEPARTMENT = "department"
    AREA = "area"
    TICKET = "ticket"
    MEETING = "meeting"
    PLACE = "place"
    PHOTO = "photo"
    FILE = "file"
    ITEM = "item"
    ROW = "row"


@dataclass(frozen=True, slots=True, kw_only=True)
class Sensitive:
    """Why a field may hold 敏感个人信息 (个人信息保护法 art. 28), and who may be shown what it holds."""

    purpose: Title
    #: Roles by post, in the file's order.
    seen_by: tuple[str, ...]
    line: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Field:
    """One thing a form may ask for."""

    name: str
    title: Title
    type: FieldType
    #: The choices of a choice field, in the file's order.
    of: Mapping[str, Title] = field(default_factory=dict)
    #: A date must lie at least this far ahead of the act.
    after: Limit | None = None
    #: A date may lie at most this far ahead.
    latest: Limit | None = None
    #: Personal data: goes to the erasable part of the history, never to facts; no rule may read it.
    personal: bool = False
    #: Set for sensitive personal data, which is shown to some posts alone, for a purpose, and each time logged.
    sensitive: Sensitive | None = None
    #: The register whose rows a row field names.
    register: str = ""
    #: The kinds of unit that a department field may name; empty for any.
    kinds: frozenset[str] = frozenset()


class Need(StrEnum):
    """How many values a form wants of a field, by the mark behind its name."""

    ONE = "!"  #: exactly one
    MAYBE = ""  #: none or one
    ANY = "*"  #: any number
    SOME = "+"  #: at least one


@dataclass(frozen=True, slots=True)
class FormItem:
    """A field as one form asks for it."""

    field: Field
    need: Need

    @property
    def name(self) -> str:
        return self.field.name

    @property
    def required(self) -> bool:
        return self.need in (Need.ONE, Need.SOME)

    @property
    def many(self) -> bool:
        return self.need in (Need.ANY, Need.SOME)


class AreaScope(StrEnum):
    """The one area scope that is not a level of the tree."""

    TICKET = "ticket"  #: the post's area is the ticket's area or contains it


class DepartmentScope(StrEnum):
    """Which department a role's post must belong to."""

    TASK = "task"  #: the one whose task is acted on
    CALLED = "called"  #: any with a live or finished task of the present round
    LEAD = "lead"  #: the one whose present task is the lead
    ABOVE_LEAD = "above lead"  #: the parent of the lead
    CREATOR = "creator"  #: the one that started the ticket


#: What somebody in the street knows of a matter: the fields that a public start may require.
STREET = frozenset(
    {
        FieldType.TEXT, FieldType.CHOICE, FieldType.DATE, FieldType.NUMBER, FieldType.STARS, FieldType.YES_NO,
        FieldType.PLACE, FieldType.PHOTO,
    }
)  # fmt: skip


class PersonScope(StrEnum):
    """Which single person a role means."""

    REPORTER = "reporter"  #: who reported the ticket
    TASK = "task"  #: to whom the task is assigned


@dataclass(frozen=True, slots=True, kw_only=True)
class Role:
    """Who may act, seen from the ticket or the task. Undeclared means denied."""

    name: str
    title: Title
    #: Any one of these posts; empty for a role by person.
    posts: frozenset[str] = frozenset()
    #: `AreaScope.TICKET` or the word of a level: the post's area is the ticket's area or above it, at that level.
    area: str | None = None
    department: DepartmentScope | None = None
    person: PersonScope | None = None
    #: Nobody who did one of these actions on this ticket.
    not_who: frozenset[str] = frozenset()
    #: Only whoever is on the duty roster of the post now; while nobody is, everyone with it.
    duty: bool = False
    #: Whoever holds the link of the task: a unit whose people have no account.
    link: bool = False


class TaskSet(StrEnum):
    """Which tasks `withdraws` stops."""

    OPEN = "open"  #: the unfinished ones; the round goes on
    ALL = "all"  #: the unfinished ones, and the round is over


class Ruling(StrEnum):
    """How an action rules on who is to handle a matter: what precedents are made of."""

    DESIGNATE = "designate"  #: named by the authority above, binding
    AGREE = "agree"  #: named by agreement of those concerned
    UPHOLD = "uphold"  #: the department that asked to return keeps it
    REDISPATCH = "redispatch"  #: returned, and another department named
    RELEASE = "release"  #: returned, and nobody named


class Appraisal(StrEnum):
    """What an action says of either side: both who calls and who is called are appraised [双考核]."""

    CALL = "call"  #: the first of a ticket counts one call for its caller
    INVALID = "invalid"  #: the call counts against its caller
    SCORE = "score"  #: the stars of the form are a department's score


class Origin(StrEnum):
    """What a start is offered beside, filled in."""

    FREQUENT = "frequent"  #: an item that comes too often at a place or in an area


class Once(StrEnum):
    """Within what an action may happen once.

    `ticket` and `task` count over the whole life; `person` and `department` count within the present visit to the
    state, so that a ticket which comes back after re-handling may be rated again.
    """

    TICKET = "ticket"
    TASK = "task"
    PERSON = "person"
    DEPARTMENT = "department"


@dataclass(frozen=True, slots=True, kw_only=True)
class Opens:
    """A ticket that an action gives birth to, of this workflow or another.

    What the action's form says goes into the fields of the same names in the form of the start.
    """

    workflow: str
    start: str
    #: Field of the start → the field of the action's form that fills it.
    fills: Mapping[str, str] = field(default_factory=dict)
    #: Fields of the start that are what this ticket's history says of them, where the act says nothing.
    takes: tuple[str, ...] = ()
    #: Whether whoever reported this ticket is the reporter of the new one too.
    same_reporter: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Draw:
    """How many of the rows a round draws: a share in percent, or a number."""

    percent: int = 0
    count: int = 0

    def of(self, total: int) -> int:
        """How many of so many; a share is rounded up, so that a short list is drawn from too."""
        return min(total, -(-total * self.percent // 100) if self.percent else self.count)

    def __str__(self) -> str:
        return f"{self.percent}%" if self.percent else str(self.count)


@dataclass(frozen=True, slots=True, kw_only=True)
class Birth:
    """When the clock opens tickets, and about what: each row of a register, or each area of a level."""

    #: Key of the register; "" for areas.
    register: str = ""
    #: Level of the areas; "" for rows.
    level: str = ""
    #: Days between two births of a row; 0 where `interval`, `when` or the campaign says.
    days: int = 0
    #: The field of a row that holds these days.
    interval: str = ""
    when: When | None = None
    draw: Draw | None = None
    #: The days of a campaign, both included.
    since: date | None = None
    until: date | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Quota:
    """How many tasks of a kind a person may claim: open at once, and in a week from Monday."""

    open: int | None = None
    week: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Action:
    """What can be done: the one grammar of starts, states, tasks, asks and answers."""

    name: str
    title: Title
    #: Roles of people, and `CLOCK` or `RULE`.
    by: frozenset[str] = frozenset()
    #: The state moved to; None stays.
    to: str | None = None
    when: Condition | None = None
    form: tuple[FormItem, ...] = ()
    once: Once | None = None
    #: On the continuous clock: not again within this span of the last time in the present visit to the state.
    apart: Limit | None = None
    #: Only while this deadline runs and has not passed.
    before: str | None = None
    #: Asked once per finished task of the kind in its present round.
    each: Mapping[str, tuple[FormItem, ...]] = field(default_factory=dict)
    #: Task kind → names of form fields that hold departments or persons; `lead` makes the lead, `me` is the actor.
    sends: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    withdraws: Mapping[str, TaskSet] = field(default_factory=dict)
    #: Task kind → state in which the finished tasks of the round are opened again, in a new round.
    reopens: Mapping[str, str] = field(default_factory=dict)
    #: Kinds whose open tasks are reminded: first among their owner's tasks until the owner acts on them.
    urges: tuple[str, ...] = ()
    counts: tuple[str, ...] = ()
    clears: tuple[str, ...] = ()
    sets: tuple[str, ...] = ()
    meets: tuple[str, ...] = ()
    extends: str | None = None
    #: The name of the form field (of this form or of the ask) that holds the date of resumption.
    suspends: str | None = None
    #: The name of the form field that holds the main ticket.
    joins: str | None = None
    splits: bool = False
    opens: Opens | None = None
    #: The body in whose sitting alone it may be done.
    meeting: str | None = None
    #: The card that the acted task, else the ticket, is given.
    card: str | None = None
    #: Lifts the card that the acted task, else the ticket, has.
    lifts: bool = False
    #: For a start by the clock: the interval of its rounds, and the level whose areas have one each.
    every: Limit | None = None
    per: str | None = None
    #: For a start by the clock about the rows of a register, or once per area in a campaign.
    birth: Birth | None = None
    #: For a start by people: where else than under reports it is offered.
    origin: Origin | None = None
    #: For a start: whoever passes by may do it without an account.
    public: bool = False
    #: How it rules on who is to handle the matter.
    ruling: Ruling | None = None
    #: What it says of who calls or who is called.
    appraises: Appraisal | None = None
    #: Who gets how many points: a role that means a person, or `me`.
    points: Mapping[str, int] = field(default_factory=dict)
    #: Actions whose points are taken back.
    reverses: tuple[str, ...] = ()
    #: The name of the form field whose choices name the indicators that leave this out, or count it again.
    exempts: str | None = None
    restores: str | None = None
    #: What the number of the letter begins with that this act sends, e.g. 督; "" for an act that is no letter.
    letter: str = ""
    #: The name of the form field whose tickets get a line in their history.
    mentions: str | None = None
    #: Roles that get a notice.
    tells: tuple[str, ...] = ()
    #: Where the file says so.
    line: int = 0

    def by_people(self) -> frozenset[str]:
        """The roles of people that may do it."""
        return self.by - {CLOCK, RULE}


@dataclass(frozen=True, slots=True, kw_only=True)
class State:
    """A place where a ticket or a task can be. One with no actions and `final` is an end."""

    name: str
    title: Title
    type: StateType
    #: The stage it belongs to; tasks' states have none, ends belong to review.
    stage: Stage | None = None
    final: bool = False
    #: Kinds of task that may work here; entering a state that doesn't name a kind withdraws its unfinished tasks.
    tasks: tuple[str, ...] = ()
    deadlines: tuple[str, ...] = ()
    actions: Mapping[str, Action] = field(default_factory=dict)
    #: Roles whose move it is here; unless the file says so, the people with a moving action, the reporter left out.
    turn: tuple[str, ...] = ()
    line: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Deadline:
    """A limit that runs in the states which list it."""

    name: str
    title: Title
    #: It starts only if this holds at that moment: arriving within 30 minutes is for emergencies.
    when: Condition | None = None
    #: A fixed limit; None when it comes from the catalogue or a form.
    within: Limit | None = None
    #: What an approved extension adds, in the unit of `within`; None: the limit once more.
    extension: Limit | None = None
    #: Take the limit of the ticket's catalogue standard, `within` being the default.
    catalogue: bool = False
    #: The form field whose date it is.
    until: str | None = None
    #: The key of a working calendar other than the workflow's.
    calendar: str | None = None
    #: The name of a ladder.
    ladder: str | None = None
    #: The action that the clock does when it passes.
    then: str | None = None
    line: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One rung of a ladder: what happens when a deadline reaches a point."""

    at: Rung
    light: str | None = None
    card: str | None = None
    #: The level of areas that the matter has risen to.
    level: str | None = None
    do: str | None = None
    when: Condition | None = None
    tells: tuple[str, ...] = ()
    line: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """Something asked and answered while work goes on: return, extension, suspension, appeal, objection."""

    name: str
    title: Title
    ask: Action
    #: States of the owner in which it may be asked, and outside of which an open one lapses.
    states: frozenset[str]
    answers: Mapping[str, Action]
    pauses: tuple[str, ...] = ()
    deadlines: tuple[str, ...] = ()
    line: int = 0


class Owner(StrEnum):
    """To whom a kind of task is given."""

    DEPARTMENT = "department"
    PERSON = "person"


@dataclass(frozen=True, slots=True)
class Join:
    """When the tasks of a round count as joined: `share` of them, or `count`, or the lead alone."""

    word: str
    count: int | None = None
    #: Numerator and denominator, e.g. (2, 3).
    share: tuple[int, int] | None = None
    lead: bool = False

    def needed(self, total: int) -> int:
        """How many of `total` live or finished tasks must be finished (not used when `lead`)."""
        if self.count is not None:
            return self.count
        if self.share is None:
            return total
        over, under = self.share
        return -(-total * over // under)


@dataclass(frozen=True, slots=True, kw_only=True)
class Seat:
    """A place in a body: everybody who holds such a post at the time is a member."""

    name: str
    title: Title
    posts: frozenset[str]
    #: `here`, `within`, or the word of a level at or above the body's own.
    area: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Meeting:
    """A body that decides over many tickets, one for each area of a level."""

    name: str
    title: Title
    #: The level of areas that has such a body.
    per: str
    seats: Mapping[str, Seat]
    #: The seat that opens, decides, closes and signs.
    chair: str
    #: Seats and roles that call, set the agenda and keep attendance and minutes, the chair's seat included.
    convenes: tuple[str, ...]
    #: How many members must be there.
    quorum: Join
    #: States whose tickets are its business.
    agenda: tuple[str, ...]
    #: Its regular day and time; None where each sitting is called by somebody.
    when: When | None = None
    #: What the clock does to a ticket that was not decided.
    carry: str | None = None
    line: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class TaskKind:
    """One kind of task: a small loop of its own that speaks to the ticket through its states and counters."""

    name: str
    title: Title
    of: Owner
    join: Join
    states: Mapping[str, State]
    first: str
    counters: Mapping[str, Title] = field(default_factory=dict)
    marks: Mapping[str, Title] = field(default_factory=dict)
    requests: Mapping[str, Request] = field(default_factory=dict)
    quota: Quota | None = None
    #: Roles that hand out, renew and revoke the links of these tasks.
    links: tuple[str, ...] = ()
    line: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Admits:
    """What a ticket admits while it is in one of these states; a number is given when it comes there."""

    states: frozenset[str]
    #: What the number begins with, e.g. 奉村准.
    number: str
    #: Names of the fields that hold the matter, its catalogue items, the units that may be asked, and the last day.
    matter: str
    items: str
    units: str
    until: str
    line: int = field(default=0, compare=False)

    @property
    def fields(self) -> frozenset[str]:
        """The fields whose values the ticket remembers for it."""
        return frozenset((self.matter, self.items, self.units, self.until))


@dataclass(frozen=True, slots=True, kw_only=True)
class Milestone:
    """What a loop calls filed, signed, handled: by which actions it is reached, and by which deadline on time."""

    by: frozenset[str] = frozenset()
    deadlines: frozenset[str] = frozenset()
    #: A yes-or-no field of the action's form that must say yes; "" for none.
    field: str = ""
    #: Of `handled`: the kinds of task that handle the matter.
    of: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True, kw_only=True)
class Confidential:
    """Who alone may know that a ticket exists, besides its reporter and the persons who hold a task of it."""

    #: Names of roles.
    known_to: tuple[str, ...]
    #: Only while this holds; None: always.
    when: Condition | None = None
    #: The field that names the departments it is about: these, and the units right below them, never know.
    not_about: str | None = None
    line: int = 0


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Workflow:
    """A whole closed loop."""

    key: str
    version: int
    title: Title
    calendar: str
    roles: Mapping[str, Role]
    #: Every field any form of this file uses, standard ones included.
    fields: Mapping[str, Field]
    counters: Mapping[str, Title]
    marks: Mapping[str, Title]
    deadlines: Mapping[str, Deadline]
    ladders: Mapping[str, tuple[Step, ...]]
    starts: Mapping[str, Action]
    #: Ticket states in the file's order, ends last.
    states: Mapping[str, State]
    requests: Mapping[str, Request]
    tasks: Mapping[str, TaskKind]
    #: Choice and yes/no fields, and fields tested for presence, that some condition reads.
    tracked: frozenset[str]
    #: Actions whose doer some rule asks for later (`not`, `once`).
    remembered: frozenset[str]
    #: Counter → the largest constant it is compared with; counting stops one above it.
    caps: Mapping[str, int]
    #: Bodies that decide over its tickets.
    meetings: Mapping[str, Meeting] = field(default_factory=dict)
    #: Points that a person gets in a day at most; None without bound.
    daily_points: int | None = None
    #: Which states admit a matter to units that are bound; None for a loop that admits nothing.
    admits: Admits | None = None
    confidential: Confidential | None = None
    #: Milestones that indicators count by, as far as the file names them.
    milestones: Mapping[str, Milestone] = field(default_factory=dict)
    #: What this loop calls things, complete: its own words, and the usual ones for the rest.
    words: Mapping[str, Title] = field(default_factory=dict)
    #: Posts and levels of areas that this file brings beyond the shipped ones.
    posts: Mapping[str, Title] = field(default_factory=dict)
    levels: Mapping[str, Title] = field(default_factory=dict)
    #: Level of areas → its rank, the larger the area the higher; a level of the file's own has none.
    ranks: Mapping[str, int] = field(default_factory=dict)
    #: Card → how grave it is.
    gravity: Mapping[str, int] = field(default_factory=dict)
    #: The exact source, and its digest, for the immutable row.
    source: str = ""
    sha256: str = ""

    def scope(self, kind: str | None) -> "Workflow | TaskKind":
        """The ticket's own definition, or that of a kind of task."""
        return self if kind is None else self.tasks[kind]

    def action(self, *, kind: str | None, state: str, request: str | None, name: str) -> Action | None:
        """The action of that name in a state of the ticket or of a task, or the answer to a request."""
        scope = self.scope(kind)
        if request is not None:
            asked = scope.requests.get(request)
            return asked.answers.get(name) if asked else None
        declared = scope.states.get(state)
        return declared.actions.get(name) if declared else None


def plain(title: Title | None) -> dict[str, Any]:
    """A title as JSON."""
    return {"zh": title.zh, "en": title.en} if title else {}
