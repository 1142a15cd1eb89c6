"""A small world behind a real door: areas, departments, people in every post, some items, the shipped loops active.

`Told` is one ticket as `cases.Story` is, told by the same cast, but through the door and on a database.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from typing import Any

from sqlalchemy import insert

from engine.clock import DAY, HOUR, Instant, SetClock
from engine.database import Database, Transaction
from engine.definitions import words
from engine.definitions.loader import discover
from engine.definitions.model import FormItem, Workflow
from engine.errors import HuyingError
from engine.records import receipts, versions
from engine.records.areas import NewArea, create_areas, set_levels
from engine.records.calendar_book import CalendarBook
from engine.records.catalogue import Item, Standard
from engine.records.departments import NewDepartment, create_departments
from engine.records.feed import Upload
from engine.records.people import Appointment, NewPerson, appoint, create_people
from engine.records.verify import Verdict, verify
from engine.records.versions import Versions
from engine.rules import decide
from engine.rules.acts import Act
from engine.rules.case import THE_RULE, Ask, Case, Task
from engine.stages.calls import Call, Caller, Offer, Outcome
from engine.stages.door import Door
from engine.stages.retelling import Retelling
from engine.vocabulary import StateType
from tests.support.cases import MONDAY, whole
from tests.support.loops import put_in_force

BLOCK_CALLS, MULTI_GRID = "block-calls-line-responds", "multi-grid-in-one"

#: Code, level, parent: a street with two grids, and a street beside it.
AREAS = (
    ("city", "city", None),
    ("district", "district", "city"),
    ("street", "street", "district"),
    ("grid", "grid", "street"),
    ("village", "village", "grid"),
    ("micro", "micro_grid", "village"),
    ("micro-2", "micro_grid", "village"),
    ("grid-2", "grid", "street"),
    ("street-2", "street", "district"),
)
#: Code, name, kind, parent.
DEPARTMENTS = (
    ("bureau", "区住建委", "bureau", None),
    ("urban", "城管中队", "field_office", "bureau"),
    ("water", "自来水公司", "utility", "bureau"),
    ("power", "供电所", "utility", None),
    ("gas", "燃气公司", "utility", None),
)
#: Login, name, post, area, department: `cases.Cast` on a database.
PEOPLE = (
    ("wang", "王网格员", "grid_worker", "micro", None),
    ("zhou", "周网格员", "grid_worker", "micro", None),
    ("liu", "刘网格长", "grid_leader", "grid", None),
    ("tang", "汤书记", "village_head", "village", None),
    ("shen", "沈受理员", "coordinator", "street", None),
    ("gu", "顾区受理员", "coordinator", "district", None),
    ("jin", "金市受理员", "coordinator", "city", None),
    ("he", "何督查员", "supervisor", "district", None),
    ("chen", "陈经办", "handler", None, "urban"),
    ("chen-lead", "陈队长", "lead", None, "urban"),
    ("lu", "陆经办", "handler", None, "water"),
    ("lu-lead", "陆经理", "lead", None, "water"),
    ("dong", "董经办", "handler", None, "power"),
    ("dong-lead", "董所长", "lead", None, "power"),
    ("qi", "戚经办", "handler", None, "gas"),
    ("qi-lead", "戚经理", "lead", None, "gas"),
    ("xu", "徐志愿者", "volunteer", "grid", None),
    ("yang", "杨志愿者", "volunteer", "grid", None),
    ("citizen", "市民", "", None, None),
    ("neighbour", "邻格网格员", "grid_worker", "grid-2", None),
    ("stranger", "邻街受理员", "coordinator", "street-2", None),
)
HANDLERS = {"urban": "chen", "water": "lu", "power": "dong", "gas": "qi"}
LEADS = {code: f"{login}-lead" for code, login in HANDLERS.items()}
ITEMS = (("part-01-01", "4 working hours"), ("event-02-03", ""))


@cache
def shipped() -> tuple[Workflow, ...]:
    """The shipped loops, compiled once per process."""
    return tuple(discover())


class _Compiled(Versions):
    """Stored versions whose source this process has compiled before."""

    def definition(self, transaction: Transaction, version_id: int) -> Workflow:
        known = self._by_id.get(version_id)
        return known if known is not None else self._first(transaction, version_id)

    def _first(self, transaction: Transaction, version_id: int) -> Workflow:
        mark = "%s" if transaction.postgresql else "?"
        rows = transaction.rows(f"SELECT sha256 FROM workflow_version WHERE id = {mark}", (version_id,))
        same = [loop for loop in shipped() if rows and loop.sha256 == rows[0][0]]
        return self.know(version_id, same[0]) if same else super().definition(transaction, version_id)


@dataclass
class World:
    """The small world and its door."""

    database: Database
    clock: SetClock = field(default_factory=lambda: SetClock(MONDAY))
    people: dict[str, int] = field(default_factory=dict)
    areas: dict[str, int] = field(default_factory=dict)
    departments: dict[str, int] = field(default_factory=dict)
    versions: Versions = field(init=False)

    def __post_init__(self) -> None:
        self.versions = _Compiled(CalendarBook(self.database))
        self.door = Door(self.database, self.clock, self.versions)
        if not self.people:
            self.database.acting(self._settle)

    def _settle(self, transaction: Transaction) -> None:
        set_levels(transaction, words.shipped().levels)
        areas = [NewArea(code=code, level=level, name=code, parent=parent) for code, level, parent in AREAS]
        self.areas = create_areas(transaction, areas, MONDAY)
        units = [NewDepartment(code=code, name=name, kind=kind, parent=up) for code, name, kind, up in DEPARTMENTS]
        self.departments = create_departments(transaction, units)
        self.people = create_people(transaction, [NewPerson(login=row[0], name=row[1]) for row in PEOPLE])
        held = [
            Appointment(login=login, post=post, area=area, department=department, since=Instant(MONDAY - DAY))
            for login, _, post, area, department in PEOPLE
            if post
        ]
        appoint(transaction, held)
        _items(transaction)
        _uploads(transaction)
        for loop in shipped():
            versions.store(transaction, loop, MONDAY, activate=True)

    def activate(self, loop: Workflow) -> None:
        """Start new tickets on a loop that is not shipped."""
        put_in_force(self.database, [loop], self.clock.now())

    # -- acting --------------------------------------------------------------------------------------------------

    def caller(self, login: str) -> Caller:
        """A person of the cast, or one of the engine's own hands."""
        if login in self.people:
            return Caller(person_id=self.people[login])
        name, _, secret = login.partition("#")
        return Caller(name=name, receipt=receipts.digest_of(secret) if secret else "")

    def act(self, login: str, action: str, **options: Any) -> Outcome:
        """One act, exactly as given."""
        return self.door.act(Call(caller=self.caller(login), action=action, **options))

    def ticket(self, workflow: str = BLOCK_CALLS) -> "Told":
        """A ticket that is about to be reported."""
        return Told(self, workflow)

    def later(self, microseconds: int = HOUR) -> "World":
        self.clock.advance(microseconds)
        return self

    def unit(self, code: str) -> str:
        """A person, a department or an area as notices name it."""
        for letter, known in (("p", self.people), ("d", self.departments), ("a", self.areas)):
            if code in known:
                return f"{letter}{known[code]}"
        raise KeyError(code)

    # -- looking -------------------------------------------------------------------------------------------------

    def case(self, ticket_id: int) -> Case:
        with self.database.looking() as transaction:
            return self.door.case(transaction, ticket_id)

    def offers(self, ticket_id: int, login: str) -> list[Offer]:
        with self.database.looking() as transaction:
            return self.door.offers(transaction, ticket_id, self.caller(login))

    def rows(self, sql: str, *parameters: Any) -> list[Any]:
        """Rows of a statement written with `?`."""
        with self.database.looking() as transaction:
            text = sql.replace("?", "%s") if transaction.postgresql else sql
            return [tuple(row) for row in transaction.rows(text, parameters)]

    def change(self, sql: str, *parameters: Any) -> None:
        """Somebody with the database's password changes it behind the door's back."""

        def work(transaction: Transaction) -> None:
            transaction.run(sql.replace("?", "%s") if transaction.postgresql else sql, parameters)

        self.database.acting(work)

    def differences(self, ticket_id: int) -> list[str]:
        """What in a ticket's rows is not what its history makes it."""
        with self.database.looking() as transaction:
            return [str(one) for one in Retelling(transaction, self.versions).differences(ticket_id)]

    def verdict(self) -> Verdict:
        return verify(self.database)


def _items(transaction: Transaction) -> None:
    for code, limit in ITEMS:
        kind, class_code, item_code = code.split("-")
        row = {
            "kind": kind,
            "class_code": class_code,
            "class_name": "类",
            "item_code": item_code,
            "name": code,
            "initials": "",
        }
        found = transaction.connection.execute(
            insert(Item).values(code=code, active=True, **row).returning(Item.__table__.c.id)  # type: ignore[attr-defined]
        )
        standard = {"item_id": found.scalar_one(), "ordinal": 1, "limit": limit, "active": True}
        texts = dict.fromkeys(("filing_condition", "closing_condition", "limit_source", "first_limit"), "")
        transaction.connection.execute(insert(Standard).values(**standard, **texts))


def _uploads(transaction: Transaction) -> None:
    rows = [
        {"sha256": name, "media_type": "image/jpeg", "size": 1, "uploaded_at": MONDAY}
        for name in ("photo-1", "photo-2", "file-1")
    ]
    transaction.connection.execute(insert(Upload), rows)


@dataclass
class Told:
    """One ticket, told act by act through the door."""

    world: World
    workflow: str = BLOCK_CALLS
    id: int = 0
    case_no: str = ""

    def do(self, login: str, action: str, **options: Any) -> Outcome:
        """One act with a whole form. `of` names the department whose task is meant."""
        outcome = self.world.act(login, action, **self.options(action, options))
        self.id, self.case_no = outcome.ticket_id, outcome.case_no
        return outcome

    def refused(self, login: str, action: str, **options: Any) -> HuyingError:
        """One act with a whole form, which must be refused."""
        try:
            self.do(login, action, **options)
        except HuyingError as refusal:
            return refusal
        raise AssertionError(f"{action} was allowed")

    def options(self, action: str, options: Mapping[str, Any]) -> dict[str, Any]:
        """What a call of this action must say, with a whole form."""
        found = dict(options)
        if "of" in found:
            found["task"] = self.task_of(found.pop("of")).seq
        form, each = self._asked(action, found)
        found["form"] = whole(form, found.get("form", {}), self.world.clock.now())
        if each and "each" not in found:
            found["each"] = {seq: whole(items, {}, self.world.clock.now()) for seq, items in each.items()}
        return {**({"case_no": self.case_no} if self.id else {"workflow": self.workflow}), **found}

    def _asked(
        self, action: str, options: Mapping[str, Any]
    ) -> tuple[tuple[FormItem, ...], dict[int, tuple[FormItem, ...]]]:
        if not self.id:
            with self.world.database.looking() as transaction:
                loop = self.world.versions.active(transaction, self.workflow)
            return (loop.starts[action].form if action in loop.starts else ()), {}
        case = self.case
        act = Act(action=action, actor=THE_RULE, task=options.get("task"), request=options.get("request"))
        target = decide.find(case, act)
        if isinstance(target, HuyingError):
            return (), {}
        return target.action.form, {
            task.seq: items
            for kind, items in target.action.each.items()
            for task in case.round_of(kind)
            if task.type is StateType.CLOSED
        }

    # -- the way through both shipped loops ----------------------------------------------------------------------

    def reported(self, by: str = "wang") -> "Told":
        self.do(by, "report")
        return self

    def filed(self, item: str = "part-01-01", by: str = "wang") -> "Told":
        self.reported(by).do("shen", "accept", form={"item": item})
        return self

    def called(self, *departments: str, item: str = "part-01-01") -> "Told":
        """Sent to these departments, the first of them in the lead."""
        lead, *co = departments or ("urban",)
        name = "call" if self.workflow == BLOCK_CALLS else "dispatch"
        self.filed(item).do("shen", name, form={"lead": lead, "co": co})
        return self

    def signed(self, *departments: str) -> "Told":
        for code in departments:
            self.do(HANDLERS[code], "sign", of=code)
        return self

    def finished(self, *departments: str) -> "Told":
        for code in departments:
            self.do(HANDLERS[code], "finish", of=code)
        return self

    def scored(self) -> "Told":
        self.do("zhou", "check")
        self.do("liu", "pass")
        return self

    def closed(self) -> "Told":
        """All the way."""
        return self.called("urban").signed("urban").finished("urban").scored()

    def joined_to(self, main: "Told") -> "Told":
        self.do("shen", "join", form={"ticket": main.case_no})
        return self

    # -- looking -------------------------------------------------------------------------------------------------

    @property
    def case(self) -> Case:
        return self.world.case(self.id)

    @property
    def state(self) -> str:
        return self.case.ticket.state

    def sees(self, login: str) -> set[str]:
        """What this person's page offers them to do."""
        return {offer.name for offer in self.world.offers(self.id, login) if offer.possible}

    def told_to(self, *units: str) -> set[str]:
        """The actions that any of these units was told of."""
        rows = self.world.rows(
            "SELECT n.unit, e.action FROM notice n JOIN event e ON e.ticket_id = n.ticket_id AND e.seq = n.event_seq "
            "WHERE n.ticket_id = ?",
            self.id,
        )
        return {action for unit, action in rows if unit in units}

    @property
    def actions(self) -> list[str]:
        """What happened, in order."""
        return [row[0] for row in self.world.rows("SELECT action FROM event WHERE ticket_id = ? ORDER BY seq", self.id)]

    def task_of(self, department: str) -> Task:
        """The newest task of a department, if there is one that counts, else the newest of all."""
        wanted = self.world.departments[department]
        found = [task for task in self.case.tasks.values() if task.department_id == wanted]
        return ([task for task in found if task.live] or found)[-1]

    def ask(self, request: str) -> Ask:
        """The open request of that name that was asked last."""
        return list(self.case.open_asks(request))[-1]
