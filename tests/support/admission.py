"""Villages that tasks can be sent to, their lists, and who decides on admission, in the small world."""

from dataclasses import dataclass

from engine.background.sweep import sweep
from engine.clock import DAY, Instant, moment
from engine.database import Transaction
from engine.records.departments import NewDepartment, create_departments
from engine.records.people import Appointment, NewPerson, appoint, create_people
from engine.rules.case import Ask
from engine.stages.calls import Outcome
from engine.stages.refusals import refuse
from tests.support import registers
from tests.support.cases import MONDAY
from tests.support.door import Told, World

ADMISSION, LISTS = "village-task-admission", "village-duties"
#: Code, name, area.
VILLAGES = (("pujiang", "浦江居民委员会", "village"), ("luqiao", "陆桥村民委员会", "grid-2"))
#: Login, name, post, area, department; 汤 is the secretary of 浦江 and its head.
PEOPLE = (
    ("tang", "汤书记", "lead", None, "pujiang"),
    ("ding", "丁干事", "handler", None, "pujiang"),
    ("an", "安书记", "lead", None, "luqiao"),
    ("bureau-lead", "鲍局长", "lead", None, "bureau"),
    ("fang", "方副区长", "chief", "district", None),
)
#: The item that nobody has put on a list.
OPEN_ITEM, LISTED_ITEM = "part-01-01", "event-02-03"


def settle(world: World) -> None:
    """Put in the villages, their people and one row of a list."""

    def work(transaction: Transaction) -> None:
        world.departments |= create_departments(
            transaction,
            [NewDepartment(code=code, name=name, kind="village", area=area) for code, name, area in VILLAGES],
        )
        news = [NewPerson(login=row[0], name=row[1]) for row in PEOPLE if row[0] not in world.people]
        world.people |= create_people(transaction, news)
        since = Instant(MONDAY - DAY)
        appoint(
            transaction,
            [Appointment(login=row[0], post=row[2], area=row[3], department=row[4], since=since) for row in PEOPLE],
        )

    world.database.acting(work)
    listed(world)


def listed(
    world: World, code: str = "yf-001", items: str = LISTED_ITEM, area: str = "district", **more: object
) -> None:
    """A row of the lists."""
    form = {
        "matter": "组织居民议事协商",
        "area": area,
        "list": "duty",
        "items": items,
        "basis": "居民委员会组织法第三条",
    }
    registers.put(world, code, {**form, **more}, key=LISTS)


@dataclass
class Application(Told):
    """One application for admission, told act by act."""

    workflow: str = ADMISSION

    def applied(self, *villages: str, days: int = 90, **more: object) -> "Application":
        form = {
            "task_name": "窨井盖安全排查", "area": "district", "villages": list(villages or ("pujiang",)),
            "items": [OPEN_ITEM], "end_day": day(self.world, days),
        }  # fmt: skip
        self.do("bureau-lead", "apply", form={**form, **more})
        return self

    def reviewed(self, *departments: str) -> "Application":
        self.do("gu", "send_to_review", form={"reviewers": list(departments or ("urban",))})
        for code in departments or ("urban",):
            self.do({"urban": "chen", "water": "lu", "power": "dong"}[code], "give", of=code, form={"view": "agree"})
        return self

    def admitted(self, *villages: str, days: int = 90) -> "Application":
        self.applied(*villages, days=days).reviewed()
        self.do("fang", "admit", form={"villages": list(villages or ("pujiang",)), "end_day": day(self.world, days)})
        return self

    def answer(self, login: str, action: str, request: str, **more: object) -> Outcome:
        asked: Ask = self.ask(request)
        return self.do(login, action, request=asked.seq, **more)

    @property
    def number(self) -> str:
        """The number it was admitted under."""
        return str(self.world.rows("SELECT number FROM admission WHERE ticket_id = ?", self.id)[-1][0])


def day(world: World, days: int) -> str:
    """The civil day so many days ahead."""
    return moment(Instant(world.clock.now() + days * DAY)).date().isoformat()


def clock_runs(world: World, days: int) -> None:
    """So many days go by, and the clock does what is due."""
    world.later(days * DAY)
    sweep(world.door, world.database, world.clock)


def asked_of(world: World, village: str = "pujiang", item: str = OPEN_ITEM) -> Told:
    """A ticket that the desk means to send to a village; not sent yet."""
    return world.ticket().filed(item)


def hand_back(world: World, told: Told, village: str, login: str) -> Told:
    """One tap of the village; the report it opens."""
    outcome = refuse(world.door, world.caller(login), told.id, told.task_of(village).seq)
    return Told(world, ADMISSION, outcome.ticket_id, outcome.case_no)
