"""What a person is told, once: in their inbox, and by the channels they have."""

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum

from sqlalchemy import Index
from sqlmodel import SQLModel

from engine.clock import Instant
from engine.database import Transaction
from engine.records.asking import marks
from engine.records.columns import (
    ONE_TREE,
    instant,
    key_part,
    maybe_instant,
    maybe_link,
    maybe_number,
    maybe_text,
    number,
    one_of,
    only_where,
    text,
    word,
)


class MessageKind(StrEnum):
    """What a message is about."""

    NOTICE = "notice"  #: an act on a ticket
    LIST = "list"  #: a list of tickets that a rhythm made


class Delivery(StrEnum):
    """How far a message has come beyond the inbox."""

    WAITING = "waiting"
    SENT = "sent"
    DEAD = "dead"  #: given up after too many failures; an administrator may send it again


class Message(SQLModel, table=True):
    """One thing that one person is told."""

    __tablename__ = "message"
    __table_args__ = (
        one_of("kind", [kind.value for kind in MessageKind]),
        one_of("delivery", [state.value for state in Delivery]),
        Index("ix_message_next", "next_at", **only_where("next_at")),
        ONE_TREE,
    )

    person_id: int = key_part()
    #: Why: `n:<ticket id>:<event seq>` for an act, `r:<rhythm>:<period>:<unit>` for a list. The same origin reaches a
    #: person once.
    origin: str = word(key=True, length=160)
    kind: str = word()
    at: int = instant()
    ticket_id: int | None = maybe_link()
    event_seq: int | None = maybe_number()
    #: Canonical JSON: for a list its titles and tickets.
    body: str = text()
    read_at: int | None = maybe_instant()
    delivery: str = word()
    attempts: int = number()
    #: Not to be tried before this; None when there is nothing left to do.
    next_at: int | None = maybe_instant()
    sent_at: int | None = maybe_instant()
    error: str | None = maybe_text()


@dataclass(frozen=True, slots=True, kw_only=True)
class NewMessage:
    """A message on its way into somebody's inbox."""

    person_id: int
    origin: str
    kind: MessageKind
    at: Instant
    ticket_id: int | None = None
    event_seq: int | None = None
    body: str = "{}"


def post(transaction: Transaction, messages: Iterable[NewMessage]) -> None:
    """Put messages into inboxes, to be delivered from `at` on; one that is there already stays as it is."""
    columns = "person_id, origin, kind, at, ticket_id, event_seq, body, delivery, attempts, next_at"
    values = ", ".join(marks(transaction, 10))
    rows = [
        (one.person_id, one.origin, one.kind.value, one.at, one.ticket_id, one.event_seq, one.body,
         Delivery.WAITING.value, 0, one.at)
        for one in messages
    ]  # fmt: skip
    if rows:
        transaction.run_many(
            f"INSERT INTO message ({columns}) VALUES ({values}) ON CONFLICT (person_id, origin) DO NOTHING",  # noqa: S608
            rows,
        )
