"""Who watches over figures, contacts and the history: by which posts, and over which units."""

from engine.errors import NotPermitted
from engine.records.access import Viewer

#: The administrator who audits, usually of the whole installation; and all posts that watch over what others do.
_AUDITOR = "audit_admin"
WATCHERS = frozenset({"supervisor", _AUDITOR})


def watches(viewer: Viewer) -> bool:
    """Whether somebody watches over others."""
    return any(held.post in WATCHERS for held in viewer.posts)


def watched(viewer: Viewer) -> tuple[str, ...] | None:
    """The units whose tickets somebody watches over; None for the whole installation.

    Errors: `NotPermitted` for whoever watches over nothing.
    """
    if not watches(viewer):
        raise NotPermitted(action="unmaskings", roles=sorted(WATCHERS))
    everywhere = any(held.post == _AUDITOR and held.area_id is held.department_id is None for held in viewer.posts)
    return None if everywhere else viewer.official_units
