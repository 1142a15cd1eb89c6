"""What the pages and the API of meetings share: which sittings somebody may see, and by which words they go."""

from engine.application import Application
from engine.database import Transaction
from engine.definitions.model import Meeting, Workflow
from engine.errors import NotFound
from engine.records import bodies, sittings
from engine.records.access import Viewer
from engine.records.sittings import Held

#: Sittings of one list.
MOST = 60


def around(house: Application, transaction: Transaction, viewer: Viewer) -> list[Held]:
    """The sittings of the bodies around somebody, the latest first, at most `MOST`."""
    found = sittings.listed(transaction, "1 = 1", limit=MOST * 5)
    return [held for held in found if _concerns(house, transaction, viewer, held)][:MOST]


def seen(house: Application, transaction: Transaction, viewer: Viewer, code: str) -> tuple[Held, Workflow, Meeting]:
    """A sitting, for whoever has something to do with its body. Errors: `NotFound`, for others too."""
    held = sittings.find(transaction, code)
    if not _concerns(house, transaction, viewer, held):
        raise NotFound(f"没有会议场次“{code[:40]}”", f"there is no sitting '{code[:40]}'")
    return held, *meeting_of(house, transaction, held)


def meeting_of(house: Application, transaction: Transaction, held: Held) -> tuple[Workflow, Meeting]:
    """The body of a sitting, by the words it was called under."""
    loop = house.versions.definition(transaction, held.workflow_id)
    return loop, loop.meetings[held.meeting]


def _concerns(house: Application, transaction: Transaction, viewer: Viewer, held: Held) -> bool:
    """Posts for the body's area or one above it, or a seat."""
    if {link.id for link in held.area} & set(viewer.areas):
        return True
    loop, meeting = meeting_of(house, transaction, held)
    return bodies.standing(transaction, loop, meeting, held.area, viewer.posts, meeting.seats) is not None
