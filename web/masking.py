"""Who may see a citizen's contact, and who watches over it."""

from engine.application import Application
from engine.errors import NotPermitted
from engine.records import unmasking
from engine.records.access import Viewer
from engine.records.sheet import Sight
from engine.records.unmasking import Purpose

#: Posts that watch over who is shown what.
WATCHERS = frozenset({"supervisor", "audit_admin"})


def watches(viewer: Viewer) -> bool:
    """Whether somebody may see who was shown contacts."""
    return any(held.post in WATCHERS for held in viewer.posts)


def shown_for(house: Application, viewer: Viewer, seen: Sight, purpose: Purpose) -> None:
    """Write down that an official is about to be shown a contact. Errors: `NotPermitted` for whoever is none."""
    if not seen.official:
        raise NotPermitted(action="contact", roles=[])
    now = house.clock.now()
    house.database.acting(
        lambda transaction: unmasking.record(transaction, seen.ticket_id, viewer.person_id, purpose, now)
    )
