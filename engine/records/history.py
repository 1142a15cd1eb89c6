"""The history: events chained per ticket, and the erasable words beside them."""

from sqlalchemy import Column, Index, LargeBinary
from sqlmodel import Field, SQLModel

from engine.records.columns import ONE_TREE, instant, key_part, maybe_link, maybe_number, one_of, only_where, text, word
from engine.rules.acts import Source
from engine.vocabulary import ALGORITHMS


class Event(SQLModel, table=True):
    """One line of a ticket's history; never updated, never deleted."""

    __tablename__ = "event"
    __table_args__ = (
        one_of("source", [source.value for source in Source]),
        one_of("algorithm", ALGORITHMS),
        # What one person did within some time, however much everybody did.
        Index("ix_event_person", "person_id", "at", **only_where("person_id")),
        ONE_TREE,
    )

    ticket_id: int = key_part()
    seq: int = key_part()
    #: When it happened, as claimed by `source`.
    at: int = instant()
    #: When the engine wrote it down.
    recorded_at: int = instant()
    source: str = word()
    action: str = word()
    #: Empty for the ticket, else the kind of task.
    scope: str = word()
    task_seq: int | None = maybe_number()
    request_seq: int | None = maybe_number()
    actor: str = word()
    person_id: int | None = maybe_link()
    post: str = word()
    department_id: int | None = maybe_link()
    behalf_of: int | None = maybe_link()
    state_from: str = word()
    state_to: str = word()
    stage: str = word()
    #: The exact canonical bytes that were hashed.
    facts: str = text()
    personal_digest: str = word()
    algorithm: str = word()
    hash: str = word()


class Personal(SQLModel, table=True):
    """The citizen's words of one event, with the random bytes of their digest; erasure removes the row."""

    __tablename__ = "personal"
    __table_args__ = ONE_TREE

    ticket_id: int = key_part()
    seq: int = key_part()
    salt: bytes = Field(sa_column=Column(LargeBinary(32), nullable=False))
    words: str = text()
