"""Points of tickets on maps, WGS-84: where given tickets lie, and the newest open ones of a reader's reach."""

from collections.abc import Iterable
from dataclasses import dataclass

from engine.clock import DAY, Instant
from engine.database import Transaction
from engine.records.access import Viewer
from engine.records.asking import among, marks
from engine.rules.ground import Spot

#: Points of one map, the newest.
MOST = 500
#: How long ago a ticket on the map was reported at most: so far back the newest open ones are looked for.
LOOKS_BACK = 90 * DAY


@dataclass(frozen=True, slots=True, kw_only=True)
class Points:
    """Tickets of a map by id, newest first, and whether there are more than it shows."""

    spots: dict[int, Spot]
    more: bool


def spots(transaction: Transaction, tickets: Iterable[int]) -> dict[int, Spot]:
    """The points of tickets that their reader may see; those without one are left out."""
    match, parameters = among(transaction, tickets)
    rows = transaction.rows(
        f"SELECT ticket_id, lon_e7, lat_e7, accuracy_m FROM ticket_place WHERE ticket_id {match}",  # noqa: S608
        parameters,
    )
    return {int(row[0]): Spot(lon_e7=row[1], lat_e7=row[2], accuracy_m=row[3]) for row in rows}


def newest(transaction: Transaction, viewer: Viewer, now: Instant, limit: int = MOST) -> Points:
    """The newest open tickets with a point that this reader reaches, reported within `LOOKS_BACK`.

    Each unit of the reader is walked by the key of `reach`, as lists do.
    """
    mark, *_ = marks(transaction, 1)
    since = now - LOOKS_BACK
    parts = [
        "SELECT * FROM (SELECT r.sort_key, r.ticket_id, p.lon_e7, p.lat_e7, p.accuracy_m FROM reach r "  # noqa: S608
        "JOIN ticket t ON t.id = r.ticket_id JOIN ticket_place p ON p.ticket_id = r.ticket_id "
        f"WHERE r.unit = {mark} AND r.sort_key >= {mark} AND t.settled_at IS NULL "
        f"ORDER BY r.sort_key DESC, r.ticket_id DESC LIMIT {limit + 1}) u{number}"
        for number, _ in enumerate(viewer.units)
    ]
    rows = transaction.rows(
        f"{' UNION '.join(parts)} ORDER BY 1 DESC, 2 DESC LIMIT {limit + 1}",
        [part for unit in viewer.units for part in (unit, since)],
    )
    found = {int(row[1]): Spot(lon_e7=row[2], lat_e7=row[3], accuracy_m=row[4]) for row in rows[:limit]}
    return Points(spots=found, more=len(rows) > limit)
