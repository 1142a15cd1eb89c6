"""The cards that stand: given, and not lifted yet.

Cards are not recorded yet. Whoever records them answers here, and nowhere else in the lists of rhythms.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass

from engine.database import Transaction


@dataclass(frozen=True, slots=True, kw_only=True)
class StandingCard:
    """A card that nobody has lifted."""

    ticket_id: int
    #: Whose card it is; None for one of the ticket itself.
    department_id: int | None
    #: Its word, e.g. `yellow`.
    card: str


def standing_cards(transaction: Transaction, ticket_ids: Collection[int] | None = None) -> Sequence[StandingCard]:
    """The standing cards of these tickets, or (None) of every open ticket."""
    return ()
