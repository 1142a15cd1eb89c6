"""What a person is told, once: in their inbox, and at the destinations they have."""

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum

from sqlalchemy import Index
from sqlmodel import SQLModel

from engine.clock import DAY, SECOND, Instant
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
    maybe_word,
    number,
    one_of,
    only_where,
    text,
    where,
    word,
    yes_no,
)


class MessageKind(StrEnum):
    """What a message is about."""

    NOTICE = "notice"  #: an act on a ticket
    LIST = "list"  #: a list of tickets that a rhythm made


class Delivery(StrEnum):
    """How far a message has come beyond the inbox."""

    WAITING = "waiting"
    SENT = "sent"
    #: It stays in the inbox: there is nowhere to send it, it was read before, its ticket may not be seen any more, or
    #: its person is on leave and the deputy is told.
    KEPT = "kept"
    DEAD = "dead"  #: given up after too many failures; an administrator may send it again


class Message(SQLModel, table=True):
    """One thing that one person is told."""

    __tablename__ = "message"
    __table_args__ = (
        one_of("kind", [kind.value for kind in MessageKind]),
        one_of("delivery", [state.value for state in Delivery]),
        # Whatever is due, whoever waits, what is unread, what is dead: each as quick however much was told before.
        Index("ix_message_next", "next_at", "person_id", **only_where("next_at")),
        Index("ix_message_waiting", "person_id", "next_at", **only_where("next_at")),
        Index("ix_message_unread", "person_id", "at", **where("read_at IS NULL")),
        Index("ix_message_person", "person_id", "at"),
        Index("ix_message_dead", "person_id", **where("delivery = 'dead'")),
        ONE_TREE,
    )

    person_id: int = key_part()
    #: Why: `n:<ticket id>:<event seq>` for an act, `r:<rhythm>:…` for a list. The same origin reaches a person once.
    origin: str = word(key=True, length=160)
    kind: str = word()
    #: May come at night, if its person allows that.
    urgent: bool = yes_no()
    at: int = instant()
    ticket_id: int | None = maybe_link()
    event_seq: int | None = maybe_number()
    #: Canonical JSON: for a list its titles and tickets.
    body: str = text()
    #: For a deputy: whose post it was meant for. For whoever is on leave: who is told in their place.
    behalf_of: int | None = maybe_link()
    deputy_id: int | None = maybe_link()
    read_at: int | None = maybe_instant()
    delivery: str = word()
    #: Deliveries begun.
    attempts: int = number()
    #: Not to be tried before this; None when there is nothing left to do.
    next_at: int | None = maybe_instant()
    #: The delivery that is under way; it is lost when `next_at` has come.
    claim: str | None = maybe_word()
    sent_at: int | None = maybe_instant()
    error: str | None = maybe_text()


@dataclass(frozen=True, slots=True, kw_only=True)
class NewMessage:
    """A message on its way into somebody's inbox."""

    person_id: int
    origin: str
    kind: MessageKind
    at: Instant
    #: Not to be delivered before; None: `at`.
    due: Instant | None = None
    urgent: bool = False
    ticket_id: int | None = None
    event_seq: int | None = None
    body: str = "{}"
    #: Told in this person's place.
    behalf_of: int | None = None
    #: This person is told in the place of whoever gets it, who is on leave: it stays in the inbox.
    deputy_id: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Backlog:
    """What is not delivered."""

    waiting: int
    #: Seconds for which the message that is due longest has been due.
    lag: int
    dead: int
    #: Notices that are not fanned out yet.
    notices: int
    #: Roles that were to be told of an event within the last day, and that nobody held.
    nobody: int


def post(transaction: Transaction, messages: Iterable[NewMessage]) -> None:
    """Put messages into inboxes, to be delivered from then on; one that is there already stays as it is."""
    columns = "person_id, origin, kind, urgent, at, ticket_id, event_seq, body, behalf_of, deputy_id, "
    columns += "delivery, attempts, next_at"
    values = ", ".join(marks(transaction, 13))
    rows = [
        (one.person_id, one.origin, one.kind.value, one.urgent, one.at, one.ticket_id, one.event_seq, one.body,
         one.behalf_of, one.deputy_id, *_first_step(one))
        for one in messages
    ]  # fmt: skip
    if rows:
        transaction.run_many(
            f"INSERT INTO message ({columns}) VALUES ({values}) ON CONFLICT (person_id, origin) DO NOTHING",  # noqa: S608
            rows,
        )


def _first_step(one: NewMessage) -> tuple[str, int, Instant | None]:
    """Delivery, attempts and next moment of a new message."""
    if one.deputy_id is not None:
        return Delivery.KEPT.value, 0, None
    return Delivery.WAITING.value, 0, one.at if one.due is None else one.due


def backlog(transaction: Transaction, now: Instant) -> Backlog:
    """How much waits, was given up or met nobody: by partial indexes alone, so that anybody may ask at any time."""
    mark, *_ = marks(transaction, 1)
    ((waiting,),) = transaction.rows("SELECT count(*) FROM message WHERE next_at IS NOT NULL")
    ((due,),) = transaction.rows(f"SELECT min(next_at) FROM message WHERE next_at <= {mark}", (now,))  # noqa: S608
    ((dead,),) = transaction.rows("SELECT count(*) FROM message WHERE delivery = 'dead'")
    ((notices,),) = transaction.rows("SELECT count(*) FROM notice WHERE fanned_at IS NULL")
    ((nobody,),) = transaction.rows(
        "SELECT count(*) FROM (SELECT DISTINCT ticket_id, event_seq, role FROM notice "  # noqa: S608 (constant words)
        f"WHERE reached = 0 AND fanned_at > {mark}) vacant",
        (now - DAY,),
    )
    lag = 0 if due is None else (now - due) // SECOND
    return Backlog(waiting=waiting, lag=lag, dead=dead, notices=notices, nobody=nobody)


def delivered(transaction: Transaction) -> dict[Delivery, int]:
    """How many messages there are of each kind of delivery; reads all of them."""
    found = dict(transaction.rows("SELECT delivery, count(*) FROM message GROUP BY delivery"))
    return {delivery: int(found.get(delivery.value, 0)) for delivery in Delivery}
