"""Tickets as plain values: tests of decisions need no database.

A `Story` is one ticket, told act by act by the standing cast. Whatever a form requires and a test does not care about
is filled in with something right, so that a test says only what it is about.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import timedelta
from functools import cache
from typing import Any

from engine import resources
from engine.clock import DAY, HOUR, Instant, moment
from engine.definitions.loader import load, loads
from engine.definitions.model import FieldType, FormItem, Workflow
from engine.errors import HuyingError
from engine.records import calendars
from engine.rules import decide
from engine.rules.acts import Act, Command, Decision, Event, Notice, Reached, Source
from engine.rules.almanac import Almanac
from engine.rules.case import (
    THE_CLOCK,
    THE_RULE,
    Actor,
    ActorKind,
    AreaLink,
    AreaRef,
    Ask,
    Case,
    DepartmentRef,
    Held,
    ItemRef,
    PersonRef,
    References,
    RequestState,
    Task,
    Ticket,
    TicketRef,
    Timer,
)
from engine.rules.escalate import clock_act, escalate
from engine.rules.worktime import WorkCalendar
from engine.vocabulary import StateType

#: Monday, 2 March 2026, 09:00 in Shanghai.
MONDAY = Instant(1_772_413_200_000_000)

CITY, DISTRICT, STREET, GRID, VILLAGE, MICRO = range(1, 7)
LEVELS = {CITY: "city", DISTRICT: "district", STREET: "street", GRID: "grid", VILLAGE: "village", MICRO: "micro_grid"}
AREA = tuple(AreaLink(area, LEVELS[area]) for area in (MICRO, VILLAGE, GRID, STREET, DISTRICT, CITY))
#: Another grid of the same street, and another street of the same district.
NEXT_GRID, NEXT_STREET = 41, 31

BUREAU, URBAN, WATER, POWER, GAS = range(10, 15)

_NUMBERS = iter(range(1, 100_000))


def person(login: str, post: str = "", area: int | None = None, department: int | None = None) -> Actor:
    """Somebody with one post, or with none."""
    posts = (Held(post, area, department),) if post else ()
    return Actor(kind=ActorKind.PERSON, person_id=sum(map(ord, login)) * 1000 + len(login), name=login, posts=posts)


def also(actor: Actor, *others: Actor) -> Actor:
    """The same person, holding the posts of others besides."""
    return replace(actor, posts=sum((other.posts for other in others), actor.posts))


class Cast:
    """The standing cast of the stories."""

    wang = person("wang", "grid_worker", MICRO)  #: 王 reports
    zhou = person("zhou", "grid_worker", MICRO)  #: 周 checks what 王 reported
    liu = person("liu", "grid_leader", GRID)  #: 刘 leads the grid
    tang = person("tang", "village_head", VILLAGE)  #: 汤, secretary of the village
    shen = person("shen", "coordinator", STREET)  #: 沈 sits at the street's desk
    gu = person("gu", "coordinator", DISTRICT)  #: 顾 sits at the district's
    jin = person("jin", "coordinator", CITY)  #: 金 at the city's
    he = person("he", "supervisor", DISTRICT)  #: 何 audits
    chen = person("chen", "handler", None, URBAN)  #: 陈 handles for urban management
    chen_lead = person("chen-lead", "lead", None, URBAN)
    lu = person("lu", "handler", None, WATER)  #: 陆 for water
    lu_lead = person("lu-lead", "lead", None, WATER)
    dong = person("dong", "handler", None, POWER)  #: 董 for power
    dong_lead = person("dong-lead", "lead", None, POWER)
    qi = person("qi", "handler", None, GAS)  #: 戚 for gas
    qi_lead = person("qi-lead", "lead", None, GAS)
    xu = person("xu", "volunteer", GRID)  #: 徐 and 杨 are Party members of the grid
    yang = person("yang", "volunteer", GRID)
    citizen = person("citizen")
    neighbour = person("neighbour", "grid_worker", NEXT_GRID)  #: of another grid
    stranger = person("stranger", "coordinator", NEXT_STREET)  #: of another street


HANDLERS = {URBAN: Cast.chen, WATER: Cast.lu, POWER: Cast.dong, GAS: Cast.qi}
LEADS = {URBAN: Cast.chen_lead, WATER: Cast.lu_lead, POWER: Cast.dong_lead, GAS: Cast.qi_lead}

REFERENCES = References(
    departments={
        "urban": DepartmentRef(URBAN, "urban", BUREAU),
        "water": DepartmentRef(WATER, "water", BUREAU),
        "power": DepartmentRef(POWER, "power", None),
        "gas": DepartmentRef(GAS, "gas", None),
        "bureau": DepartmentRef(BUREAU, "bureau", None),
    },
    people={
        "chen": PersonRef(Cast.chen.person_id or 0, "chen", frozenset({URBAN})),
        "lu": PersonRef(Cast.lu.person_id or 0, "lu", frozenset({WATER})),
    },
    items={"part-01-01": ItemRef("part-01-01", "4 working hours"), "event-02-03": ItemRef("event-02-03", "")},
    areas={"micro": AreaRef("micro", AREA)},
    uploads={"photo-1": "image/jpeg", "photo-2": "image/png", "file-1": "application/pdf"},
)
PLACE = {"area": "micro"}


@cache
def block_calls() -> Workflow:
    """块呼条应, as shipped."""
    return load(resources.workflows() / "block-calls-line-responds.yaml")


@cache
def multi_grid() -> Workflow:
    """多格合一, as shipped."""
    return load(resources.workflows() / "multi-grid-in-one.yaml")


@cache
def small(body: str, version: int = 1, key: str = "small") -> Workflow:
    """A loop of a few lines, for what the shipped ones do not do. `body` begins with its own sections."""
    head = f"workflow: {key}\nversion: {version}\ntitle: 小流程 / A small loop\ncalendar: cn-mainland\n"
    return loads(head + body)


@cache
def almanac() -> Almanac:
    """The working calendars of the shipped files, as they say themselves: no year is decreed."""
    return Almanac(calendars={file.key: file.calendar for file in calendars.shipped()})


@cache
def calendar() -> WorkCalendar:
    """The working calendar of the shipped loops, as its file says: no year is decreed."""
    (file,) = (file for file in calendars.shipped() if file.key == "cn-mainland")
    return file.calendar


def whole(items: Iterable[FormItem], given: Mapping[str, Any], now: Instant) -> dict[str, Any]:
    """A form with everything that it requires: what a test gives, and something right for the rest."""
    right = {
        item.name: _right(item, now) for item in items if item.required and item.field.type is not FieldType.TICKET
    }
    return {**right, **given}


def _right(item: FormItem, now: Instant) -> Any:
    value: Any = {
        FieldType.TEXT: "情况属实",
        FieldType.CHOICE: next(iter(item.field.of), None),
        FieldType.DATE: f"{moment(now) + timedelta(days=60):%Y-%m-%d}",
        FieldType.MEETING: f"{moment(now) + timedelta(days=7):%Y-%m-%d}",
        FieldType.NUMBER: 3,
        FieldType.STARS: 5,
        FieldType.YES_NO: True,
        FieldType.PERSON: "chen",
        FieldType.DEPARTMENT: "urban",
        FieldType.AREA: "micro",
        FieldType.PLACE: PLACE,
        FieldType.PHOTO: "photo-1",
        FieldType.FILE: "file-1",
        FieldType.ITEM: "part-01-01",
        FieldType.ROW: "row-1",
    }[item.field.type]
    return [value] if item.many else value


@dataclass
class Story:
    """One ticket, its acts, and everything they brought about."""

    definition: Workflow = field(default_factory=block_calls)
    now: Instant = MONDAY
    references: References = field(default_factory=lambda: replace(REFERENCES, tickets={}))
    almanac: Almanac = field(default_factory=lambda: almanac())
    number: int = field(default_factory=lambda: next(_NUMBERS))
    case: Case = field(init=False)
    events: list[Event] = field(default_factory=list)
    reached: list[Reached] = field(default_factory=list)
    notices: list[Notice] = field(default_factory=list)
    commands: list[Command] = field(default_factory=list)

    def __post_init__(self) -> None:
        ticket = Ticket(
            id=self.number, case_no=f"20260302-{self.number:06d}", state="", version=0, state_version=0, last_seq=0,
            head="", head_at=Instant(0), visit=0, area=AREA,
        )  # fmt: skip
        self.case = Case(definition=self.definition, ticket=ticket)

    # -- acting --------------------------------------------------------------------------------------------------

    def tried(self, actor: Actor, action: str, **options: Any) -> Decision | HuyingError:
        """Decide with exactly this form, and keep nothing. `of` names the department whose task is meant."""
        return decide.decide(self.case, self.act(actor, action, **options), self.now, self.almanac)

    def do(self, actor: Actor, action: str, **options: Any) -> Decision:
        """Decide with a whole form, insist that it is allowed, and let it be so."""
        decision = self.tried(actor, action, **self._whole(actor, action, options))
        assert isinstance(decision, Decision), f"{action}: {decision}"
        self.let(decision)
        return decision

    def refused(self, actor: Actor, action: str, **options: Any) -> HuyingError:
        """Decide with a whole form, and insist that it is refused."""
        refusal = self.tried(actor, action, **self._whole(actor, action, options))
        assert isinstance(refusal, HuyingError), f"{action} was allowed"
        return refusal

    def act(self, actor: Actor, action: str, **options: Any) -> Act:
        if "of" in options:
            options["task"] = self.task_of(options.pop("of")).seq
        settings = {"form": {}, "references": self.references, "salt": b"s" * 32, **options}
        return Act(action=action, actor=actor, **settings)

    def _whole(self, actor: Actor, action: str, options: dict[str, Any]) -> dict[str, Any]:
        target = decide.find(self.case, self.act(actor, action, **options))
        if isinstance(target, HuyingError):
            return options
        options = {**options, "form": whole(target.action.form, options.get("form", {}), self.now)}
        if target.action.each and "each" not in options:
            options["each"] = {
                task.seq: whole(items, {}, self.now)
                for kind, items in target.action.each.items()
                for task in self.case.round_of(kind)
                if task.type is StateType.CLOSED
            }
        return options

    def tick(self, microseconds: int = 0) -> Decision | None:
        """Time passes, and the sweep looks at the ticket."""
        self.now = Instant(self.now + microseconds)
        decision = escalate(self.case, clock_act(b"s" * 32), self.now, self.almanac)
        if decision is not None:
            self.let(decision)
        return decision

    def tick_to(self, at: Instant) -> Decision | None:
        """The sweep looks at that moment."""
        return self.tick(at - self.now)

    def let(self, decision: Decision) -> None:
        """What `write` and `load` do between two acts."""
        self.case.ticket = decision.ticket
        self.case.tasks.update({task.seq: task for task in decision.tasks})
        self.case.asks.update({ask.seq: ask for ask in decision.asks})
        self.case.timers.update({timer.seq: timer for timer in decision.timers})
        self.case.timers = {seq: timer for seq, timer in self.case.timers.items() if timer.ended_at is None}
        self.case.cards.update({card.seq: card for card in decision.cards})
        self.case.cards = {seq: card for seq, card in self.case.cards.items() if card.ended_at is None}
        self.reached += decision.reached
        self.events += decision.events
        self.notices += decision.notices
        self.commands += decision.commands

    def later(self, microseconds: int = HOUR) -> "Story":
        self.now = Instant(self.now + microseconds)
        return self

    # -- the way through both shipped loops ----------------------------------------------------------------------

    def reported(self, by: Actor = Cast.wang) -> "Story":
        self.do(by, "report")
        return self

    def filed(self, item: str = "part-01-01") -> "Story":
        self.reported().do(Cast.shen, "accept", form={"item": item})
        return self

    def called(self, *departments: str, item: str = "part-01-01") -> "Story":
        """Sent to these departments, the first of them in the lead."""
        lead, *co = departments or ("urban",)
        name = "call" if self.definition.key.startswith("block") else "dispatch"
        self.filed(item).do(Cast.shen, name, form={"lead": lead, "co": co})
        return self

    def signed(self, *departments: int) -> "Story":
        for department in departments:
            self.do(HANDLERS[department], "sign", of=department)
        return self

    def finished(self, *departments: int) -> "Story":
        for department in departments:
            self.do(HANDLERS[department], "finish", of=department)
        return self

    def asked(self, request: str, department: int, **form: Any) -> Ask:
        """The request that a department's lead makes for its task."""
        self.do(LEADS[department], request, of=department, form=form)
        return self.ask(request)

    def answered(self, actor: Actor, answer: str, request: str, **form: Any) -> "Story":
        self.do(actor, answer, request=self.ask(request).seq, form=form)
        return self

    def scored(self) -> "Story":
        """Checked by somebody else, and scored by the block."""
        self.do(Cast.zhou, "check")
        self.do(Cast.liu, "pass")
        return self

    def ticks(self, action: str) -> "Story":
        """The clock does what a deadline makes it do."""
        self.do(THE_CLOCK, action)
        return self

    def joined_to(self, main: "Story", action: str = "join") -> "Story":
        self.references.tickets[main.case.ticket.case_no] = main.as_ref()
        self.do(Cast.shen, action, form={"ticket": main.case.ticket.case_no})
        main.case.ticket.joined_here += 1
        return self

    def main_moved(self, to: StateType) -> "Story":
        """The rules are asked again, as the command of the main ticket makes the door ask."""
        self.case.ticket.main_type = to
        decision = decide.reconsider(self.case, self.act(THE_RULE, ""), self.now, almanac())
        if decision is not None:
            self.let(decision)
        return self

    # -- looking -------------------------------------------------------------------------------------------------

    def task_of(self, department: int) -> Task:
        """The newest task of a department, if there is one that counts, else the newest of all."""
        found = [task for task in self.case.tasks.values() if task.department_id == department]
        return ([task for task in found if task.live] or found)[-1]

    def ask(self, request: str) -> Ask:
        """The open request of that name that was asked last."""
        return list(self.case.open_asks(request))[-1]

    def has_open(self, request: str) -> bool:
        return any(ask.state is RequestState.OPEN for ask in self.case.open_asks(request))

    def timer(self, name: str, department: int | None = None) -> Timer:
        """The running or paused deadline of that name, of the ticket or of a department's task."""
        task = self.task_of(department).seq if department is not None else None
        (found,) = [timer for timer in self.case.timers.values() if (timer.name, timer.task_seq) == (name, task)]
        return found

    def running(self, department: int | None = None) -> set[str]:
        """The names of the deadlines of the ticket, or of a department's task."""
        task = self.task_of(department).seq if department is not None else None
        return {
            timer.name for timer in self.case.timers.values() if timer.task_seq == task and timer.request_seq is None
        }

    @property
    def state(self) -> str:
        return self.case.ticket.state

    def as_ref(self) -> TicketRef:
        return TicketRef(
            self.case.ticket.id, self.case.ticket.case_no, self.state, self.case.state_type, self.case.ticket.main_id,
            self.case.ticket.confidential,
        )  # fmt: skip


IMPORT = Source.IMPORT
THE_IMPORT = Actor(kind=ActorKind.IMPORT, name="import:old")
THE_PUBLIC = Actor(kind=ActorKind.PUBLIC, name="public:passer_by")
WORKDAY = 390 * 60_000_000
YEAR = 365 * DAY
