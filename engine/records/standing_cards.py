"""The cards that stand: given, and neither raised, lifted nor cleared yet."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass

from engine.database import Transaction

#: Tickets asked for in one statement.
_AT_ONCE = 500


@dataclass(frozen=True, slots=True, kw_only=True)
class StandingCard:
    """A card that nobody has lifted."""

    ticket_id: int
    #: Whose card it is; None for one of the ticket itself.
    department_id: int | None
    #: Its word, e.g. `yellow`.
    card: str


def standing_cards(transaction: Transaction, ticket_ids: Collection[int] | None = None) -> Sequence[StandingCard]:
    """The standing cards of these tickets, or (None) of every ticket; those of one ticket in the order of giving."""
    if ticket_ids is None:
        return _asked(transaction, "", ())
    listed = sorted(ticket_ids)
    mark = "%s" if transaction.postgresql else "?"
    found: list[StandingCard] = []
    for first in range(0, len(listed), _AT_ONCE):
        some = listed[first : first + _AT_ONCE]
        found += _asked(transaction, f" AND ticket_id IN ({', '.join([mark] * len(some))})", some)
    return found


def _asked(transaction: Transaction, more: str, parameters: Sequence[int]) -> list[StandingCard]:
    rows = transaction.rows(
        f"SELECT ticket_id, department_id, card FROM card WHERE ended_at IS NULL{more} ORDER BY ticket_id, seq",  # noqa: S608
        parameters,
    )
    return [StandingCard(ticket_id=ticket, department_id=department, card=card) for ticket, department, card in rows]
