"""What an act leaves for others: its line in the outbox, notices, commands, the answer to a repeated key."""

from sqlalchemy import Index
from sqlmodel import SQLModel

from engine.records.columns import (
    ONE_TREE,
    big_number,
    instant,
    key_part,
    link,
    maybe_instant,
    maybe_link,
    maybe_number,
    maybe_text,
    number,
    one_of,
    text,
    where,
    word,
    yes_no,
)
from engine.rules.acts import CommandKind


class Outbox(SQLModel, table=True):
    """An act that has no position yet; the relay moves it into the feed."""

    __tablename__ = "outbox"
    __table_args__ = ONE_TREE

    ticket_id: int = key_part()
    #: Seq of the act's first event.
    seq: int = key_part()
    #: Seq of its last.
    last_seq: int = number()
    at: int = instant()


class Feed(SQLModel, table=True):
    """Every act once, in an order without gaps: ids and timestamps are not in commit order, positions are."""

    __tablename__ = "feed"

    position: int = key_part()
    ticket_id: int = link()
    seq: int = number()
    last_seq: int = number()
    at: int = instant()


class Cursor(SQLModel, table=True):
    """How far a reader of the feed has come."""

    __tablename__ = "cursor"

    reader: str = word(key=True)
    position: int = big_number()


class Notice(SQLModel, table=True):
    """Somebody is to be told; who that is in person is asked when it is fanned out."""

    __tablename__ = "notice"
    __table_args__ = (
        Index("ix_notice_waiting", "at", **where("fanned_at IS NULL")),
        Index("ix_notice_nobody", "fanned_at", **where("reached = 0")),
        ONE_TREE,
    )

    ticket_id: int = key_part()
    seq: int = key_part()
    event_seq: int = number()
    role: str = word()
    unit: str = word()
    #: Posts separated by spaces; empty for one person.
    posts: str = text()
    #: Only whoever is on the duty roster of the posts, while anybody is.
    duty: bool = yes_no()
    at: int = instant()
    #: When the people it meant were told; none until then.
    fanned_at: int | None = maybe_instant()
    #: How many people its role meant, wherever they hold its posts and whoever did the act among them: 0 says that
    #: nobody holds any.
    reached: int | None = maybe_number()


class CommandRow(SQLModel, table=True):
    """What an act of one ticket means for another, until it has walked through the door."""

    __tablename__ = "command"
    __table_args__ = (one_of("kind", [kind.value for kind in CommandKind]), ONE_TREE)

    #: The source: its key is `<ticket_id>:<seq>`.
    ticket_id: int = key_part()
    seq: int = key_part()
    kind: str = word()
    target_id: int | None = maybe_link()
    payload: str = text()
    at: int = instant()
    attempts: int = number()
    #: Not before this; None when done.
    next_at: int | None = maybe_instant()
    done_at: int | None = maybe_instant()
    error: str | None = maybe_text()


class IdempotencyKey(SQLModel, table=True):
    """A key an actor used, and what came of it."""

    __tablename__ = "idempotency_key"
    __table_args__ = ONE_TREE

    #: Person or public channel.
    actor: str = word(key=True)
    key: str = word(key=True, length=128)
    fingerprint: str = word()
    outcome: str = text()
    expires_at: int = instant()


class Upload(SQLModel, table=True):
    """A file that came before its ticket."""

    __tablename__ = "upload"

    sha256: str = word(key=True)
    media_type: str = word()
    size: int = number()
    uploader_id: int | None = maybe_link()
    uploaded_at: int = instant()
    #: When and where it was taken, by its EXIF or by the page that sent it; none if neither says.
    taken_at: int | None = maybe_instant()
    #: WGS-84, degrees × 10⁷.
    lon_e7: int | None = maybe_number()
    lat_e7: int | None = maybe_number()
    accuracy_m: int | None = maybe_number()


class Attachment(SQLModel, table=True):
    """Where an upload is used."""

    __tablename__ = "attachment"
    __table_args__ = (Index("ix_attachment_sha256", "sha256", "ticket_id", "event_seq"), ONE_TREE)

    ticket_id: int = key_part()
    event_seq: int = key_part()
    field: str = word(key=True)
    sha256: str = word(key=True)
