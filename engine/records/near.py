"""Tickets near one, in place and time: a few cells of an index, however many tickets there are."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from json import dumps
from typing import Any

from engine.clock import DAY, HOUR, Instant
from engine.database import Transaction
from engine.definitions.thresholds import Duplicates, Relapses
from engine.records.asking import among, marks
from engine.records.knowledge import hidden
from engine.rules.ground import Spot, cells_around
from engine.rules.likeness import Matter, item_of
from engine.vocabulary import StateType

#: Tickets of one neighbourhood that are looked at; more reports of one hour are a flood that nobody reads one by one.
MOST = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class Near:
    """A ticket near another one."""

    ticket_id: int
    case_no: str
    state_type: StateType
    #: The case number of the ticket that carries it, if it was joined.
    main: str | None
    settled_at: Instant | None
    matter: Matter
    #: As lists show it; empty when it was erased.
    description: str


def matter_of(transaction: Transaction, ticket_id: int) -> Matter | None:
    """What of a ticket is compared; None when no point is known."""
    mark, *_ = marks(transaction, 1)
    rows = transaction.rows(f"{_NEAR} WHERE p.ticket_id = {mark}", (ticket_id,))
    return _near(rows[0]).matter if rows else None


def near_in_time(
    transaction: Transaction, ticket_id: int, matter: Matter, units: Iterable[str], rules: Duplicates
) -> list[Near]:
    """Tickets that these units reach, opened about the same time near the same place, whatever became of them.

    Void ones are left out: they were nobody's matter. So are the demands of one call: they were told apart by a person.
    """
    mark, *_ = marks(transaction, 1)
    units = list(units)
    cells, listed = _cells(transaction, matter.spot, rules.metres, rules.accuracy)
    reached, parameters = among(transaction, units)
    rows = transaction.rows(
        f"{_NEAR} WHERE p.cell {cells} AND p.opened_at BETWEEN {mark} AND {mark} AND p.ticket_id <> {mark} "  # noqa: S608
        f"AND t.state_type <> '{StateType.VOID.value}' AND EXISTS (SELECT 1 FROM reach r "
        f"WHERE r.sort_key = t.opened_at AND r.ticket_id = t.id AND r.unit {reached}) "
        f"AND NOT EXISTS (SELECT 1 FROM ticket o WHERE o.id = {mark} "
        "AND (o.parent_id = t.id OR t.parent_id = o.id OR t.parent_id = o.parent_id)) "
        f"ORDER BY p.opened_at DESC LIMIT {MOST}",
        (
            *listed,
            matter.opened_at - rules.hours * HOUR,
            matter.opened_at + rules.hours * HOUR,
            ticket_id,
            *parameters,
            ticket_id,
        ),
    )
    found = [_near(row) for row in rows]
    kept = hidden(transaction, units, (near.main for near in found if near.main))
    return [replace(near, main=None) if near.main in kept else near for near in found]


def closed_before(transaction: Transaction, ticket_id: int, matter: Matter, item: str, rules: Relapses) -> list[Near]:
    """Tickets of the same item near the same place that were closed within the last days before this one was opened.

    Confidential ones are left out: the link will stand in the history of this one.
    """
    mark, *_ = marks(transaction, 1)
    cells, listed = _cells(transaction, matter.spot, rules.metres, rules.accuracy)
    rows = transaction.rows(
        f"{_NEAR} WHERE p.cell {cells} AND p.opened_at <= {mark} AND p.ticket_id <> {mark} AND NOT t.confidential "
        f"AND t.state_type = '{StateType.CLOSED.value}' AND t.settled_at BETWEEN {mark} AND {mark} "
        f"AND (t.item = {mark} OR t.item LIKE {mark}) ORDER BY t.settled_at DESC LIMIT {MOST}",
        (
            *listed,
            matter.opened_at,
            ticket_id,
            matter.opened_at - rules.days * DAY,
            matter.opened_at,
            item_of(item),
            f"{item_of(item)}/%",
        ),
    )
    return [_near(row) for row in rows]


_NEAR = (
    "SELECT t.id, t.case_no, t.state_type, m.case_no, t.settled_at, t.opened_at, t.item, p.lon_e7, p.lat_e7, "
    "p.accuracy_m, x.bigrams, w.description FROM ticket_place p JOIN ticket t ON t.id = p.ticket_id "
    "LEFT JOIN ticket_text x ON x.ticket_id = t.id LEFT JOIN particulars w ON w.ticket_id = t.id "
    "LEFT JOIN ticket m ON m.id = t.main_id"
)


def _near(row: Sequence[Any]) -> Near:
    ticket, case_no, kind, main, settled, opened, item, lon, lat, accuracy, words, description = row
    spot = Spot(lon_e7=lon, lat_e7=lat, accuracy_m=accuracy)
    return Near(
        ticket_id=int(ticket),
        case_no=case_no,
        state_type=StateType(kind),
        main=main,
        settled_at=settled,
        matter=Matter(spot=spot, opened_at=Instant(opened), item=item, words=words or ""),
        description=description or "",
    )


def _cells(transaction: Transaction, spot: Spot, apart: int, most: int) -> tuple[str, Sequence[Any]]:
    """What follows the column in a WHERE: the other's accuracy is unknown yet, so it is taken at its bound."""
    listed = sorted(cells_around(spot, apart + min(spot.accuracy_m or 0, most) + most))
    if transaction.postgresql:
        return "= ANY(%s)", [listed]
    return "IN (SELECT value FROM json_each(?))", [dumps(listed)]
