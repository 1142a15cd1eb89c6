"""The only column types. Each means the same on SQLite and PostgreSQL.

Left to itself SQLModel makes a 32-bit SERIAL of an `int` key, a native enum of a `StrEnum`, and stores values on SQLite
that break every later read; table classes don't validate. So every column of every table comes from here.
"""

from collections.abc import Iterable
from typing import Any

from sqlalchemy import (
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    ForeignKey,
    Identity,
    Integer,
    String,
    Text,
)
from sqlalchemy import text as sql_text
from sqlalchemy.types import TypeEngine
from sqlmodel import Field, SQLModel

#: Every constraint has a name before the first migration, so that a later one can change it on both databases.
SQLModel.metadata.naming_convention = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_N_name)s",
    "pk": "pk_%(table_name)s",
}

#: For tables with a composed key: on SQLite one tree instead of a heap and an index, half the pages of each commit.
ONE_TREE = {"sqlite_with_rowid": False}

#: Characters of a name that programs use.
WORD = 64
#: Characters of a title that people read.
TITLE = 200

_BIG = BigInteger().with_variant(Integer(), "sqlite")


def big_id() -> Any:
    """A 64-bit identity that the database gives out."""
    return Field(default=None, sa_column=Column(_BIG, Identity(), primary_key=True))


def key_part(references: str | None = None) -> Any:
    """A 64-bit part of a composed key."""
    target = [ForeignKey(references)] if references else []
    return Field(sa_column=Column(_BIG, *target, primary_key=True, autoincrement=False))


def link(references: str | None = None, *, index: bool = False) -> Any:
    """A 64-bit reference that must be there."""
    return Field(sa_column=Column(_BIG, *_target(references), nullable=False, index=index))


def maybe_link(references: str | None = None, *, index: bool = False) -> Any:
    """A 64-bit reference that may be missing."""
    return Field(default=None, sa_column=Column(_BIG, *_target(references), nullable=True, index=index))


def _target(references: str | None) -> list[ForeignKey]:
    return [ForeignKey(references)] if references else []


def word(
    *, key: bool = False, unique: bool = False, index: bool = False, length: int = WORD, bytewise: bool = False
) -> Any:
    """A short name that programs use; the allowed ones, where they are fixed, stand in a CHECK (see `one_of`).

    `bytewise` as in `path`, for codes of which what lies below is asked.
    """
    kind = _bytewise(String(length), length) if bytewise else String(length)
    return Field(sa_column=Column(kind, primary_key=key, nullable=False, unique=unique, index=index))


def maybe_word(*, length: int = WORD, index: bool = False, bytewise: bool = False) -> Any:
    """A short name that may be missing; `bytewise` as in `word`."""
    kind = _bytewise(String(length), length) if bytewise else String(length)
    return Field(default=None, sa_column=Column(kind, nullable=True, index=index))


def _bytewise(kind: String, length: int | None) -> TypeEngine[str]:
    """Ordered by its bytes on every database."""
    return kind.with_variant(type(kind)(length, collation="C"), "postgresql")


def title() -> Any:
    """A short text that people read."""
    return Field(default="", sa_column=Column(String(TITLE), nullable=False))


def text() -> Any:
    """A long text; canonical JSON stands in such a column, never in a JSON type, which would rewrite it."""
    return Field(default="", sa_column=Column(Text(), nullable=False))


def maybe_text() -> Any:
    """A long text that may be missing."""
    return Field(default=None, sa_column=Column(Text(), nullable=True))


def path(*, key: bool = False) -> Any:
    """A way down a tree, `/1/4/9/`, ordered by its bytes on every database: what lies below is one range of it."""
    return Field(default="", sa_column=Column(_bytewise(Text(), None), primary_key=key, nullable=False))


def instant(*, index: bool = False) -> Any:
    """A moment: microseconds since 1970-01-01T00:00:00Z, so that every database keeps the same one."""
    return Field(sa_column=Column(BigInteger(), nullable=False, index=index))


def maybe_instant() -> Any:
    """A moment that may not have come."""
    return Field(default=None, sa_column=Column(BigInteger(), nullable=True))


def number() -> Any:
    """A whole number."""
    return Field(default=0, sa_column=Column(Integer(), nullable=False))


def maybe_number() -> Any:
    """A whole number that may be missing."""
    return Field(default=None, sa_column=Column(Integer(), nullable=True))


def big_number() -> Any:
    """A whole number of 64 bits."""
    return Field(default=0, sa_column=Column(BigInteger(), nullable=False))


def yes_no() -> Any:
    """True or false."""
    return Field(default=False, sa_column=Column(Boolean(create_constraint=False), nullable=False))


def only_where(column: str) -> dict[str, Any]:
    """For a partial index: only rows where the column holds something, on both databases."""
    return where(f"{column} IS NOT NULL")


def where(condition: str) -> dict[str, Any]:
    """For a partial index: only rows for which the condition holds, on both databases."""
    there = sql_text(condition)
    return {"sqlite_where": there, "postgresql_where": there}


def only_while(column: str) -> dict[str, Any]:
    """For a partial index: only rows where the column holds nothing yet, on both databases."""
    there = sql_text(f"{column} IS NULL")
    return {"sqlite_where": there, "postgresql_where": there}


def one_of(column: str, words: Iterable[str]) -> CheckConstraint:
    """A named CHECK that a column holds one of a fixed set of words."""
    listed = ", ".join(f"'{word}'" for word in words)
    return CheckConstraint(f"{column} IN ({listed})", name=column)
