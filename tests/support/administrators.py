"""The three administrators of a town, and one more who is in charge of its accounts and files."""

from engine.clock import Instant
from engine.database import Transaction
from engine.records.people import Appointment, NewPerson, appoint, create_people
from tests.support.town import Town

#: Login, name, post; each for the whole installation.
ADMINISTRATORS = (
    ("qin", "秦建斌", "system_admin"),
    ("xu", "许国强", "system_admin"),
    ("jiang", "江雅静", "security_admin"),
    ("fan", "范明", "audit_admin"),
)


def administered(served: Town) -> Town:
    """The town with its administrators."""

    def work(transaction: Transaction) -> None:
        create_people(transaction, [NewPerson(login=login, name=name) for login, name, _ in ADMINISTRATORS])
        appoint(
            transaction,
            [Appointment(login=login, post=post, since=Instant(0)) for login, _, post in ADMINISTRATORS],
        )

    served.database.acting(work)
    return served
