"""People, the posts they hold from–to, and the keys they come in with."""

from sqlalchemy import Index
from sqlmodel import SQLModel

from engine.records.columns import (
    big_id,
    instant,
    link,
    maybe_instant,
    maybe_link,
    maybe_text,
    title,
    word,
    yes_no,
)


class Person(SQLModel, table=True):
    """Somebody with an account."""

    __tablename__ = "person"

    id: int | None = big_id()
    login: str = word(unique=True)
    name: str = title()
    phone: str = title()
    #: argon2; none until one is set.
    password_hash: str | None = maybe_text()
    active: bool = yes_no()


class Holding(SQLModel, table=True):
    """A post held by a person, for an area or in a department, from–to."""

    __tablename__ = "holding"
    __table_args__ = (Index("ix_holding_person", "person_id", "valid_from"),)

    id: int | None = big_id()
    person_id: int = link("person.id")
    post: str = word(index=True)
    area_id: int | None = maybe_link("area.id", index=True)
    department_id: int | None = maybe_link("department.id", index=True)
    valid_from: int = instant()
    valid_to: int | None = maybe_instant()


class Token(SQLModel, table=True):
    """A bearer token or a browser session: only the digest of its secret is kept."""

    __tablename__ = "token"

    #: sha256 of the secret, hex.
    digest: str = word(key=True)
    person_id: int = link("person.id", index=True)
    #: What it is for, in its owner's words; `session` for a browser's.
    purpose: str = title()
    created_at: int = instant()
    expires_at: int = instant()
    revoked_at: int | None = maybe_instant()
