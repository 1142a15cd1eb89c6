"""Versions of working calendars: immutable rows; a deadline names the one it was counted by."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from sqlalchemy import UniqueConstraint
from sqlmodel import SQLModel

from engine import resources
from engine.clock import Instant
from engine.database import Database, Transaction
from engine.definitions.source import decode, read_file
from engine.records.asking import marks
from engine.records.columns import TITLE, big_id, instant, maybe_word, number, text, title, word
from engine.rules.calendar_file import CalendarFile, read_calendar
from engine.rules.chain import canonical
from engine.rules.decrees import Decree, from_json, to_json

#: Who stored what came with the program.
SHIPPED = "huying"


class CalendarVersion(SQLModel, table=True):
    """One version of one calendar: its file and the decrees that count with it. No row ever changes."""

    __tablename__ = "calendar_version"
    __table_args__ = (UniqueConstraint("key", "version"),)

    id: int | None = big_id()
    key: str = word()
    #: 1, 2, 3 … for each key.
    version: int = number()
    title: str = title()
    #: The exact text of the file.
    source: str = text()
    sha256: str = word()
    #: Canonical JSON: `[{year, source, off, work}, …]` by year.
    decrees: str = text()
    #: Key of the calendar in whose place it stands; None when it stands for itself.
    stands_for: str | None = maybe_word()
    #: Canonical JSON: codes of the areas in which it does.
    areas: str = text()
    applied_at: int = instant()
    applied_by: str = word(length=TITLE)
    reason: str = text()


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredCalendar:
    """A row of `calendar_version` as it was read."""

    key: str
    version: int
    title: str
    source: str
    sha256: str
    decrees: tuple[Decree, ...]
    stands_for: str | None
    areas: tuple[str, ...]
    applied_at: Instant
    applied_by: str
    reason: str

    @property
    def name(self) -> str:
        """What deadlines call it."""
        return f"{self.key}@{self.version}"

    def file(self) -> CalendarFile:
        """The file it was made from."""
        return read_calendar(self.source, key=self.key, file=self.name)


@dataclass(frozen=True, slots=True, kw_only=True)
class NewVersion:
    """What a new version of a calendar consists of."""

    file: CalendarFile
    decrees: tuple[Decree, ...] = ()
    at: Instant
    by: str
    reason: str = ""


_COLUMNS = "key, version, title, source, sha256, decrees, stands_for, areas, applied_at, applied_by, reason"


def lock(transaction: Transaction) -> None:
    """Let nobody else store a version until this transaction ends, so that numbers and areas can be given out.

    Reading goes on. On SQLite whoever writes is alone anyway.
    """
    if transaction.postgresql:
        transaction.run("LOCK TABLE calendar_version IN SHARE ROW EXCLUSIVE MODE")


def newest(transaction: Transaction) -> list[StoredCalendar]:
    """The newest version of every calendar, by key."""
    rows = transaction.rows(
        f"SELECT {_COLUMNS} FROM calendar_version v "  # noqa: S608 (constant words)
        "WHERE version = (SELECT max(version) FROM calendar_version WHERE key = v.key) ORDER BY key"
    )
    return [_stored(row) for row in rows]


def versions_of(transaction: Transaction, key: str) -> list[StoredCalendar]:
    """Every version of a calendar, the newest first."""
    mark, *_ = marks(transaction, 1)
    rows = transaction.rows(
        f"SELECT {_COLUMNS} FROM calendar_version WHERE key = {mark} ORDER BY version DESC",  # noqa: S608
        (key,),
    )
    return [_stored(row) for row in rows]


def version_of(transaction: Transaction, key: str, version: int | None = None) -> StoredCalendar | None:
    """One version of a calendar, the newest unless a number is given; None when there is none."""
    mark, number = marks(transaction, 2)
    asked = "" if version is None else f"AND version = {number} "
    rows = transaction.rows(
        f"SELECT {_COLUMNS} FROM calendar_version WHERE key = {mark} {asked}ORDER BY version DESC LIMIT 1",  # noqa: S608
        (key,) if version is None else (key, version),
    )
    return _stored(rows[0]) if rows else None


def store(transaction: Transaction, new: NewVersion, number: int) -> None:
    """Write a version; its number must be the next of its key, which only the holder of `lock` knows."""
    stands_in = new.file.stands_in
    values = (
        new.file.key,
        number,
        new.file.calendar.title,
        new.file.text,
        new.file.sha256,
        to_json(new.decrees),
        stands_in.of if stands_in else None,
        canonical(list(stands_in.areas) if stands_in else []),
        new.at,
        new.by,
        new.reason,
    )
    listed = ", ".join(marks(transaction, len(values)))
    transaction.run(f"INSERT INTO calendar_version ({_COLUMNS}) VALUES ({listed})", values)  # noqa: S608


def ensure_calendars(database: Database, now: Instant) -> None:
    """Store the shipped calendars that are not stored yet (see `ensure`)."""
    database.acting(lambda transaction: ensure(transaction, now))


def ensure(transaction: Transaction, now: Instant) -> None:
    """Store version 1 of every shipped calendar that has none, from its file alone: no year of it is decreed.

    A file that stands in for another one somewhere waits for `huying calendar apply`, because its areas come first.
    """
    wanted = _missing(transaction)
    if not wanted:
        return
    lock(transaction)
    for file in _missing(transaction):
        store(transaction, NewVersion(file=file, at=now, by=SHIPPED), 1)


@cache
def shipped(folder: Path | None = None) -> tuple[CalendarFile, ...]:
    """The calendar files of a folder, by default those that come with the program.

    Errors: `DefinitionError` and `CalendarError` with file and line.
    """
    where = folder or resources.workflows() / "calendars"
    return tuple(load(path) for path in sorted(where.glob("*.yaml")))


def load(path: Path) -> CalendarFile:
    """A calendar file; its name is its key. Errors: `DefinitionError` and `CalendarError` with file and line."""
    return read_calendar(decode(read_file(path), file=path.name), key=path.stem, file=path.name)


def _missing(transaction: Transaction) -> list[CalendarFile]:
    there = {key for (key,) in transaction.rows("SELECT DISTINCT key FROM calendar_version")}
    return [file for file in shipped() if file.key not in there and file.stands_in is None]


def _stored(row: Sequence[Any]) -> StoredCalendar:
    key, version, shown, source, sha256, decrees, stands_for, areas, at, by, reason = row
    return StoredCalendar(
        key=key, version=version, title=shown, source=source, sha256=sha256, decrees=from_json(decrees),
        stands_for=stands_for, areas=tuple(json.loads(areas)), applied_at=at, applied_by=by, reason=reason,
    )  # fmt: skip
