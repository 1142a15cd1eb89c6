"""Tickets that somebody has taken in hand for some minutes 预留: a courtesy among desks, never a lock.

A reservation stands beside the ticket and never enters its history; the door asks nothing of it. It ends when its
minutes are over, when it is given back, or by the history itself: once its person has acted, or once anybody has
moved the ticket on, it holds no more, whichever way the act came in.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Index
from sqlmodel import SQLModel

from engine.clock import MINUTE, Instant
from engine.database import Transaction
from engine.records.access import Viewer
from engine.records.asking import among, marks
from engine.records.columns import instant, key_part, link, number, yes_no

#: How long a ticket is kept for whoever took it.
LASTS = 10 * MINUTE
#: How long what somebody gave back is offered to them last.
PASSED_OVER = 30 * MINUTE


class Reservation(SQLModel, table=True):
    """Who took a ticket in hand last."""

    __tablename__ = "reservation"
    __table_args__ = (Index("ix_reservation_person", "person_id", "until"),)

    ticket_id: int = key_part()
    person_id: int = link("person.id")
    #: The last event of the ticket when it was taken: an act after it ends the reservation.
    seq: int = number()
    until: int = instant()
    given_back: bool = yes_no()


@dataclass(frozen=True, slots=True, kw_only=True)
class Reserved:
    """That a ticket is in somebody's hands."""

    person_id: int
    name: str
    until: Instant


#: Whether a reservation has ended by an act: of its own person, or of anybody who moved the ticket on.
_ACTED = (
    "EXISTS (SELECT 1 FROM event e WHERE e.ticket_id = {v}.ticket_id AND e.seq > {v}.seq "
    "AND (e.person_id = {v}.person_id OR (e.scope = '' AND e.state_from <> e.state_to)))"
)
_HOLDS = f"v.until > {{mark}} AND NOT {_ACTED.format(v='v')}"


def alone(transaction: Transaction, viewer: Viewer) -> None:
    """Whatever else this person asks to take waits until this transaction ends; SQLite has one writer anyway."""
    if transaction.postgresql:
        transaction.rows("SELECT id FROM person WHERE id = %s FOR NO KEY UPDATE", (viewer.person_id,))


def take(
    transaction: Transaction, viewer: Viewer, ticket_id: int, version: int, now: Instant, lasts: int = LASTS
) -> bool:
    """Take a ticket in hand as it stood at `version`; False if it moved on or somebody else was quicker.

    One statement: of two who try at once the second waits for the first and then finds the ticket taken.
    """
    mark, *_ = marks(transaction, 1)
    return bool(
        transaction.run(
            "INSERT INTO reservation (ticket_id, person_id, seq, until, given_back) "  # noqa: S608 (constant words)
            f"SELECT t.id, p.id, t.last_seq, {_bigint(mark)}, false FROM ticket t JOIN person p ON p.id = {mark} "
            f"WHERE t.id = {mark} AND t.version = {mark} "
            "ON CONFLICT (ticket_id) DO UPDATE SET person_id = excluded.person_id, seq = excluded.seq, "
            "until = excluded.until, given_back = excluded.given_back "
            "WHERE reservation.person_id = excluded.person_id "
            f"OR reservation.until <= {mark} OR {_ACTED.format(v='reservation')}",
            (now + lasts, viewer.person_id, ticket_id, version, now),
        )
    )


def give_back(transaction: Transaction, viewer: Viewer, ticket_id: int, now: Instant) -> bool:
    """Let go of a ticket before the minutes are over; False if it was not in this person's hands."""
    mark, *_ = marks(transaction, 1)
    return bool(
        transaction.run(
            f"UPDATE reservation SET until = {mark}, given_back = true "  # noqa: S608
            f"WHERE ticket_id = {mark} AND person_id = {mark} AND until > {mark}",
            (now, ticket_id, viewer.person_id, now),
        )
    )


def in_hand(transaction: Transaction, viewer: Viewer, now: Instant) -> list[int]:
    """The ids of the tickets that are in this person's hands, the one taken first first."""
    mark, *_ = marks(transaction, 1)
    rows = transaction.rows(
        f"SELECT v.ticket_id FROM reservation v WHERE v.person_id = {mark} AND {_HOLDS.format(mark=mark)} "  # noqa: S608
        "ORDER BY v.until, v.ticket_id",
        (viewer.person_id, now),
    )
    return [int(row[0]) for row in rows]


def passed_over(transaction: Transaction, viewer: Viewer, now: Instant) -> set[int]:
    """The tickets that this person gave back a short while ago."""
    mark, *_ = marks(transaction, 1)
    rows = transaction.rows(
        f"SELECT ticket_id FROM reservation WHERE person_id = {mark} AND until > {mark} AND given_back",  # noqa: S608
        (viewer.person_id, now - PASSED_OVER),
    )
    return {int(row[0]) for row in rows}


def reserved(transaction: Transaction, viewer: Viewer, tickets: Sequence[int], now: Instant) -> dict[int, Reserved]:
    """Who has which of these tickets in hand, of those that the reader reaches through a post.

    Whoever reported a ticket is not told which official is looking at it.
    """
    official = viewer.official_units
    if not tickets or not official:
        return {}
    listed, ids = among(transaction, tickets)
    units, names = among(transaction, official)
    mark, *_ = marks(transaction, 1)
    rows: list[Any] = transaction.rows(
        "SELECT v.ticket_id, v.person_id, p.name, v.until FROM reservation v "  # noqa: S608 (constant words)
        "JOIN person p ON p.id = v.person_id JOIN ticket t ON t.id = v.ticket_id "
        f"WHERE v.ticket_id {listed} AND {_HOLDS.format(mark=mark)} AND EXISTS (SELECT 1 FROM reach r "
        f"WHERE r.sort_key = t.opened_at AND r.ticket_id = t.id AND r.unit {units})",
        (*ids, now, *names),
    )
    return {int(row[0]): Reserved(person_id=int(row[1]), name=row[2], until=Instant(row[3])) for row in rows}


def _bigint(mark: str) -> str:
    """A parameter that a SELECT gives out: PostgreSQL takes it for text unless it is told."""
    return f"CAST({mark} AS BIGINT)"
