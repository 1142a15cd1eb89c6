"""High frequency 高频: items at a place, or in an area, that come more often than they used to there."""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from engine.clock import DAY, Instant
from engine.database import Transaction
from engine.definitions.thresholds import Frequent
from engine.records import registers
from engine.records.asking import among, marks
from engine.rules.frequent import Counted, Standout, standout
from engine.rules.likeness import item_of
from engine.vocabulary import StateType

#: Tickets named with each.
MOST_TICKETS = 20


@dataclass(frozen=True, slots=True, kw_only=True)
class Busy:
    """An item that stands out, in an area or at one place in it."""

    item: str
    item_name: str
    #: Code and name of the tickets' own area.
    area: str
    area_name: str
    #: The cell of the place; None for the whole area.
    cell: int | None
    standout: Standout
    #: Case numbers of the recent tickets, the newest first.
    tickets: tuple[str, ...]


Key = tuple[str, int, int | None]


def busy(transaction: Transaction, units: Iterable[str], now: Instant, rules: Frequent) -> list[Busy]:
    """What stands out among the tickets that these units reach, the least probable first.

    Tickets joined to another are one matter with it, void ones are none: neither is counted. A cell says more than its
    area: where both stand out by the same tickets, the area is left out. The past is counted only where the last days
    hold enough.
    """
    units, turn = sorted(units), now - rules.days * DAY
    recent = {key: count for key, count in _counts(transaction, units, turn, now + DAY).items() if count >= rules.least}
    if not recent:
        return []
    areas = sorted({area for _, area, _ in recent})
    past = _counts(transaction, units, turn - rules.past * DAY, turn, areas)
    days = _days_known(transaction, units, turn, rules.past)
    found: dict[Key, Standout] = {}
    for key, count in recent.items():
        one = standout(Counted(recent=count, past=past.get(key, 0), past_days=days), rules)
        if one is not None:
            found[key] = one
    own = {(item, area, one.counted.recent) for (item, area, cell), one in found.items() if cell is not None}
    kept = {key: one for key, one in found.items() if key[2] is not None or (*key[:2], one.counted.recent) not in own}
    return _told(transaction, units, kept, turn, now + DAY)


def roots(transaction: Transaction) -> list[str]:
    """The units that reach every ticket, confidential ones left out: what is counted for all must not move by them."""
    return [f"a{row[0]}" for row in transaction.rows("SELECT id FROM area WHERE parent_id IS NULL")]


def _reached(transaction: Transaction, units: Sequence[str], begin: int, end: int) -> tuple[str, Sequence[object]]:
    """The tickets that these units reach, opened within a stretch of time, as a table; and its parameters."""
    match, parameters = among(transaction, units)
    mark, *_ = marks(transaction, 1)
    own = (
        f"SELECT DISTINCT r.ticket_id FROM reach r WHERE r.unit {match} "  # noqa: S608
        f"AND r.sort_key >= {mark} AND r.sort_key < {mark}"
    )
    return f"({own}) r", (*parameters, begin, end)


_LEFT_OUT = f"('{StateType.JOINED.value}', '{StateType.VOID.value}')"


def _counts(
    transaction: Transaction, units: Sequence[str], begin: int, end: int, areas: Sequence[int] = ()
) -> dict[Key, int]:
    """How many tickets each item has at each place and in each area (all of them, or these)."""
    reached, parameters = _reached(transaction, units, begin, end)
    listed = f"AND t.area_id IN ({', '.join(marks(transaction, len(areas)))}) " if areas else ""
    rows = transaction.rows(
        f"SELECT t.item, t.area_id, p.cell, count(*) FROM {reached} JOIN ticket t ON t.id = r.ticket_id "  # noqa: S608
        f"LEFT JOIN ticket_place p ON p.ticket_id = t.id WHERE t.item IS NOT NULL {listed}"
        f"AND t.state_type NOT IN {_LEFT_OUT} GROUP BY t.item, t.area_id, p.cell",
        (*parameters, *areas),
    )
    counts: Counter[Key] = Counter()
    for item, area, cell, count in rows:
        for place in {cell, None}:
            counts[item_of(item), int(area), place] += int(count)
    return counts


def _days_known(transaction: Transaction, units: Sequence[str], turn: int, most: int) -> int:
    """Days before the recent ones of which there are any records."""
    match, parameters = among(transaction, units)
    ((oldest,),) = transaction.rows(f"SELECT min(sort_key) FROM reach WHERE unit {match}", parameters)  # noqa: S608
    return max(1, min(most, (turn - oldest) // DAY)) if oldest is not None and oldest < turn else 0


def _told(
    transaction: Transaction, units: Sequence[str], found: dict[Key, Standout], begin: int, end: int
) -> list[Busy]:
    if not found:
        return []
    items = registers.item_names(transaction, {key[0] for key in found})
    listed = ", ".join(marks(transaction, len({key[1] for key in found})))
    areas = {
        int(row[0]): (row[1], row[2])
        for row in transaction.rows(
            f"SELECT id, code, name FROM area WHERE id IN ({listed})",  # noqa: S608
            sorted({key[1] for key in found}),
        )
    }
    order = sorted(found, key=lambda key: (found[key].chance, key[0], key[1], key[2] or 0))
    tickets = _tickets(transaction, units, found, begin, end)
    return [
        Busy(
            item=item,
            item_name=items.get(item, item),
            area=areas[area][0],
            area_name=areas[area][1],
            cell=cell,
            standout=found[item, area, cell],
            tickets=tuple(tickets.get((item, area, cell), ())[:MOST_TICKETS]),
        )
        for item, area, cell in order
    ]


def _tickets(
    transaction: Transaction, units: Sequence[str], found: dict[Key, Standout], begin: int, end: int
) -> dict[Key, list[str]]:
    """Case numbers of the recent tickets behind what stands out."""
    reached, parameters = _reached(transaction, units, begin, end)
    listed = ", ".join(marks(transaction, len({key[1] for key in found})))
    rows = transaction.rows(
        f"SELECT t.item, t.area_id, p.cell, t.case_no FROM {reached} JOIN ticket t ON t.id = r.ticket_id "  # noqa: S608
        f"LEFT JOIN ticket_place p ON p.ticket_id = t.id WHERE t.item IS NOT NULL AND t.area_id IN ({listed}) "
        f"AND t.state_type NOT IN {_LEFT_OUT} ORDER BY t.opened_at DESC, t.id DESC",
        (*parameters, *sorted({key[1] for key in found})),
    )
    named: dict[Key, list[str]] = {}
    for item, area, cell, case_no in rows:
        for place in {cell, None}:
            named.setdefault((item_of(item), int(area), place), []).append(case_no)
    return named
