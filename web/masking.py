"""Who may see a citizen's contact, and who watches over it."""

from engine.application import Application
from engine.errors import NotPermitted
from engine.records import unmasking
from engine.records.access import Viewer
from engine.records.sheet import Sight
from engine.records.unmasking import NewAccess, Purpose
from engine.records.watching import WATCHERS, watched, watches

__all__ = ["LEADERS", "WATCHERS", "leads", "overseen", "shown_for", "watched", "watches"]

#: Who leads or answers for the work of others, and so sees the figures and lists of what their posts reach.
LEADERS = frozenset(
    {"chief", "coordinator", "shift_leader", "grid_leader", "deputy_grid_leader", "village_head", "lead", *WATCHERS}
)


def leads(viewer: Viewer) -> bool:
    """Whether somebody leads or watches over others' work."""
    return any(held.post in LEADERS for held in viewer.posts)


def overseen(viewer: Viewer) -> tuple[str, ...] | None:
    """The units whose tickets somebody sees figures and lists of; None for the whole installation.

    Errors: `NotPermitted` for whoever neither leads nor watches.
    """
    if not leads(viewer):
        raise NotPermitted(action="board", roles=sorted(LEADERS))
    return watched(viewer) if watches(viewer) else viewer.official_units


def shown_for(house: Application, viewer: Viewer, seen: Sight, purpose: Purpose, page: str) -> None:
    """Write down that an official is about to be shown a contact. Errors: `NotPermitted` for whoever is none."""
    if not seen.official:
        raise NotPermitted(action="contact", roles=[])
    now = house.clock.now()
    new = NewAccess(ticket_id=seen.ticket_id, person_id=viewer.person_id, purpose=purpose, page=page)
    house.database.acting(lambda transaction: unmasking.record(transaction, new, now))
