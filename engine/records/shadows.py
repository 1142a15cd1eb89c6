"""Places and words of tickets made again, from what they were made of."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from engine.clock import Instant
from engine.database import Transaction
from engine.records.asking import marks
from engine.records.write import place_row
from engine.rules.likeness import bigrams

#: Tickets made again in one transaction.
AT_ONCE = 500


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """What one transaction made again; `last` is None when no ticket was left."""

    last: int | None
    tickets: int = 0
    places: int = 0
    texts: int = 0


def rebuild_some(transaction: Transaction, after: int) -> Page:
    """Make the places and words of the next tickets behind an id again; they are locked meanwhile."""
    mark, *_ = marks(transaction, 1)
    lock = " FOR UPDATE" if transaction.postgresql else ""
    rows = transaction.rows(
        f"SELECT id, opened_at FROM ticket WHERE id > {mark} ORDER BY id LIMIT {AT_ONCE}{lock}",  # noqa: S608
        (after,),
    )
    if not rows:
        return Page(last=None)
    opened = {int(row[0]): Instant(row[1]) for row in rows}
    between = (after, max(opened))
    places = _places(transaction, between, opened)
    texts = _texts(transaction, between)
    for table, columns, made in (("ticket_place", 7, places), ("ticket_text", 3, texts)):
        transaction.run(f"DELETE FROM {table} WHERE ticket_id > {mark} AND ticket_id <= {mark}", between)  # noqa: S608
        listed = ", ".join(marks(transaction, columns))
        if made:
            transaction.run_many(f"INSERT INTO {table} VALUES ({listed})", made)  # noqa: S608
    return Page(last=max(opened), tickets=len(opened), places=len(places), texts=len(texts))


def _places(transaction: Transaction, between: tuple[int, int], opened: dict[int, Instant]) -> list[tuple[Any, ...]]:
    """The point that the newest act of each ticket itself gave."""
    mark, *_ = marks(transaction, 1)
    rows = transaction.rows(
        f"SELECT ticket_id, facts FROM event WHERE ticket_id > {mark} AND ticket_id <= {mark} AND scope = '' "  # noqa: S608
        "ORDER BY ticket_id, seq",
        between,
    )
    spots = {int(ticket_id): spot for ticket_id, facts in rows for spot in _spots(facts)}
    return [place_row(ticket_id, opened[ticket_id], spot) for ticket_id, spot in spots.items()]


def _spots(facts: str) -> list[dict[str, Any]]:
    if '"lon_e7":' not in facts:
        return []
    given = json.loads(facts).get("form", {}).values()
    return [value for value in given if isinstance(value, dict) and "lon_e7" in value and "lat_e7" in value]


def _texts(transaction: Transaction, between: tuple[int, int]) -> Sequence[tuple[int, str, str]]:
    mark, *_ = marks(transaction, 1)
    rows = transaction.rows(
        "SELECT ticket_id, description, address FROM particulars "  # noqa: S608
        f"WHERE ticket_id > {mark} AND ticket_id <= {mark} AND (description <> '' OR address <> '')",
        between,
    )
    return [(int(ticket_id), bigrams(description), bigrams(address)) for ticket_id, description, address in rows]
