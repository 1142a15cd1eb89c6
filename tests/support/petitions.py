"""The people of petitions in the small world: the office, its reviewer, the city's, the conference, a bureau."""

from engine.clock import DAY, Instant, moment
from engine.database import Transaction
from engine.records.people import Appointment, NewPerson, appoint, create_people
from tests.support.cases import MONDAY
from tests.support.door import Told, World

PETITIONS = "petitions"
#: Login, name, post, area, department.
PEOPLE = (
    ("qu", "瞿信访", "petition_officer", "district", None),
    ("yan", "严复查", "petition_officer", "district", None),
    ("hua", "华复核", "petition_officer", "city", None),
    ("min", "闵召集人", "chief", "district", None),
    ("zhu", "祝主任", "lead", None, "bureau"),
)


def staffed(world: World) -> World:
    """The world with whoever works on petitions."""

    def work(transaction: Transaction) -> None:
        world.people |= create_people(transaction, [NewPerson(login=row[0], name=row[1]) for row in PEOPLE])
        appoint(
            transaction,
            [
                Appointment(login=login, post=post, area=area, department=unit, since=Instant(MONDAY - DAY))
                for login, _, post, area, unit in PEOPLE
            ],
        )

    world.database.acting(work)
    return world


def petition(world: World, **form: object) -> Told:
    """The citizen's own petition, handed in online."""
    told = world.ticket(PETITIONS)
    told.do("citizen", "petition", form={"demand": "redress", "area": "street", **form})
    return told


def due(told: Told, name: str) -> str:
    """The last day of a deadline that runs or stands still."""
    (timer,) = [one for one in told.case.timers.values() if one.name == name]
    return f"{moment(Instant(timer.due_at - 1)):%Y-%m-%d}"
