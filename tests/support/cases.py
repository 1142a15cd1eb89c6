"""Tickets as plain values: tests of decisions need no database."""

from dataclasses import dataclass, field
from typing import Any

from engine.clock import HOUR, Instant
from engine.definitions.model import Workflow
from engine.errors import HuyingError
from engine.records.calendars import calendars
from engine.rules import decide
from engine.rules.acts import Act, Command, Decision, Event, Notice, Source
from engine.rules.case import (
    Actor,
    ActorKind,
    AreaLink,
    AreaRef,
    Case,
    DepartmentRef,
    Held,
    ItemRef,
    PersonRef,
    References,
    Task,
    Ticket,
    TicketRef,
)

#: Monday, 2 March 2026, 09:00 in Shanghai.
MONDAY = Instant(1_772_413_200_000_000)

CITY, DISTRICT, STREET, GRID, VILLAGE, MICRO = range(1, 7)
AREA = tuple(
    AreaLink(area, level)
    for area, level in (
        (MICRO, "micro_grid"), (VILLAGE, "village"), (GRID, "grid"), (STREET, "street"), (DISTRICT, "district"), (CITY, "city"),
    )
)  # fmt: skip

URBAN, WATER, POWER, BUREAU = 11, 12, 13, 10

_NAMES = iter(range(1, 10_000))


def person(login: str, post: str = "", area: int | None = None, department: int | None = None) -> Actor:
    """Somebody with one post, or with none."""
    posts = (Held(post, area, department),) if post else ()
    return Actor(kind=ActorKind.PERSON, person_id=sum(map(ord, login)) * 1000 + len(login), name=login, posts=posts)


@dataclass
class Cast:
    """The standing cast of the stories."""

    wang: Actor = field(default_factory=lambda: person("wang", "grid_worker", MICRO))
    zhou: Actor = field(default_factory=lambda: person("zhou", "grid_worker", MICRO))
    liu: Actor = field(default_factory=lambda: person("liu", "grid_leader", GRID))
    shen: Actor = field(default_factory=lambda: person("shen", "coordinator", STREET))
    gu: Actor = field(default_factory=lambda: person("gu", "coordinator", DISTRICT))
    he: Actor = field(default_factory=lambda: person("he", "supervisor", DISTRICT))
    chen: Actor = field(default_factory=lambda: person("chen", "handler", None, URBAN))
    chen_lead: Actor = field(default_factory=lambda: person("chen-lead", "lead", None, URBAN))
    lu: Actor = field(default_factory=lambda: person("lu", "handler", None, WATER))
    lu_lead: Actor = field(default_factory=lambda: person("lu-lead", "lead", None, WATER))
    power: Actor = field(default_factory=lambda: person("power", "handler", None, POWER))
    citizen: Actor = field(default_factory=lambda: person("citizen"))


REFERENCES = References(
    departments={
        "urban": DepartmentRef(URBAN, "urban", BUREAU),
        "water": DepartmentRef(WATER, "water", BUREAU),
        "power": DepartmentRef(POWER, "power", None),
        "bureau": DepartmentRef(BUREAU, "bureau", None),
    },
    people={"chen": PersonRef(person("chen").person_id or 0, "chen", frozenset({URBAN}))},
    items={"part-01-01": ItemRef("part-01-01", "4 working hours")},
    areas={"micro": AreaRef("micro", AREA)},
    uploads={"photo-1", "photo-2", "file-1"},
)
PLACE = {"area": "micro"}


@dataclass
class Story:
    """One ticket, its acts, and everything they brought about."""

    definition: Workflow
    now: Instant = MONDAY
    references: References = field(default_factory=lambda: REFERENCES)
    case: Case = field(init=False)
    events: list[Event] = field(default_factory=list)
    notices: list[Notice] = field(default_factory=list)
    commands: list[Command] = field(default_factory=list)

    def __post_init__(self) -> None:
        number = next(_NAMES)
        ticket = Ticket(
            id=number, case_no=f"20260302-{number:06d}", state="", version=0, state_version=0, last_seq=0, head="",
            head_at=Instant(0), visit=0, area=AREA,
        )  # fmt: skip
        self.case = Case(definition=self.definition, ticket=ticket)

    def tried(self, actor: Actor, action: str, **options: Any) -> Decision | HuyingError:
        """Decide, and keep nothing."""
        options.setdefault("form", {})
        act = Act(action=action, actor=actor, references=self.references, salt=b"s" * 32, **options)
        return decide.decide(self.case, act, self.now, calendars()["cn-mainland"])

    def do(self, actor: Actor, action: str, **options: Any) -> Decision:
        """Decide, insist that it is allowed, and let it be so."""
        decision = self.tried(actor, action, **options)
        assert isinstance(decision, Decision), decision
        self.let(decision)
        return decision

    def refused(self, actor: Actor, action: str, **options: Any) -> HuyingError:
        """Decide, and insist that it is refused."""
        refusal = self.tried(actor, action, **options)
        assert isinstance(refusal, HuyingError), f"{action} was allowed"
        return refusal

    def let(self, decision: Decision) -> None:
        """What `write` and `load` do between two acts."""
        self.case.ticket = decision.ticket
        self.case.tasks.update({task.seq: task for task in decision.tasks})
        self.case.asks.update({ask.seq: ask for ask in decision.asks})
        self.case.timers.update({timer.seq: timer for timer in decision.timers})
        self.case.timers = {seq: timer for seq, timer in self.case.timers.items() if timer.ended_at is None}
        self.events += decision.events
        self.notices += decision.notices
        self.commands += decision.commands

    def later(self, microseconds: int = HOUR) -> "Story":
        self.now = Instant(self.now + microseconds)
        return self

    def task_of(self, department: int) -> Task:
        """The newest live task of a department."""
        found = [task for task in self.case.tasks.values() if task.department_id == department and task.live]
        return found[-1]

    @property
    def state(self) -> str:
        return self.case.ticket.state

    def as_ref(self) -> TicketRef:
        return TicketRef(
            self.case.ticket.id, self.case.ticket.case_no, self.state, self.case.state_type, self.case.ticket.main_id
        )


IMPORT = Source.IMPORT
