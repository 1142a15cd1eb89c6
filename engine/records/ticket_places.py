"""Where tickets lie, and a shadow of their words: what likeness is asked of, kept beside the tickets.

Both are made from what is kept elsewhere - the place from the history's facts, the words from the particulars - and can
be made again. The shadow holds personal words: whoever erases particulars deletes it too (`forget`).
"""

from sqlalchemy import Index
from sqlmodel import SQLModel

from engine.database import Transaction
from engine.records.asking import marks
from engine.records.columns import big_number, instant, key_part, maybe_number, text, word


class TicketPlace(SQLModel, table=True):
    """The point of a ticket, as its own acts last gave it."""

    __tablename__ = "ticket_place"
    # Near in place and time: a few cells, and of each a stretch of days.
    __table_args__ = (Index("ix_ticket_place_cell", "cell", "opened_at"),)

    ticket_id: int = key_part()
    #: See `rules.ground.cell`.
    cell: int = big_number()
    #: The ticket's own.
    opened_at: int = instant()
    #: WGS-84, degrees × 10⁷.
    lon_e7: int = big_number()
    lat_e7: int = big_number()
    accuracy_m: int | None = maybe_number()
    #: As received; see `datums.DATUMS`.
    datum: str = word()


class TicketText(SQLModel, table=True):
    """The words of a ticket's description and address as `rules.likeness.bigrams`, for likeness and search; erased
    together with the particulars."""

    __tablename__ = "ticket_text"

    ticket_id: int = key_part()
    bigrams: str = text()
    address: str = text()


def forget(transaction: Transaction, ticket_id: int) -> None:
    """Delete the shadow of a ticket's words, as part of erasing its particulars."""
    mark, *_ = marks(transaction, 1)
    transaction.run(f"DELETE FROM ticket_text WHERE ticket_id = {mark}", (ticket_id,))  # noqa: S608
