"""How a table of the organisation comes in: previewed, refused by row, applied in one transaction.

A preview does everything an import does and then undoes it, so the two can't disagree.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeAlias, TypeVar

from engine.clock import Instant
from engine.database import Database, Transaction
from engine.exchange.refusals import Change, Outcome, Refusal, Wrong, whole
from engine.exchange.spreadsheet import Column, Row, open_table, renamed
from engine.records.areas import NewArea
from engine.records.departments import NewDepartment

#: Column name → this table's header.
Headers: TypeAlias = Mapping[str, str] | None

New = TypeVar("New", NewArea, NewDepartment)


@dataclass(slots=True)
class Work:
    """One table on its way in."""

    file: str
    encoding: str
    rows: list[Row]
    now: Instant
    new: list[str] = field(default_factory=list)
    new_rows: list[int] = field(default_factory=list)
    changed: list[Change] = field(default_factory=list)
    unchanged: int = 0
    ended: list[str] = field(default_factory=list)
    vanished: list[str] = field(default_factory=list)
    refused: list[Refusal] = field(default_factory=list)

    def refuse(self, row: Row, wrong: Wrong) -> None:
        self.refused.append(wrong.refusal(row))

    def created(self, row: Row, code: str) -> None:
        """Note that a row brings something new."""
        self.new.append(code)
        self.new_rows.append(row.number)

    def compared(self, row: Row, code: str, fields: dict[str, tuple[str, str]]) -> None:
        """Note what a row changes about something that is there."""
        if fields:
            self.changed.append(Change(row=row.number, code=code, fields=fields))
        else:
            self.unchanged += 1

    def outcome(self) -> Outcome:
        return Outcome(
            file=self.file,
            encoding=self.encoding,
            rows=len(self.rows),
            new=tuple(self.new),
            new_rows=tuple(self.new_rows),
            changed=tuple(self.changed),
            unchanged=self.unchanged,
            ended=tuple(self.ended),
            vanished=tuple(self.vanished),
            refused=tuple(sorted(self.refused, key=lambda one: one.row)),
        )


#: Takes a table in, row by row.
Import: TypeAlias = Callable[[Transaction, Work], None]
#: Takes a table that has been read in; may be run again from the start.
Take: TypeAlias = Callable[[Transaction], Outcome]


class _Undo(Exception):
    """Carries a preview's answer out of the transaction that it takes back."""

    def __init__(self, outcome: Outcome) -> None:
        self.outcome = outcome


def taking(path: Path, now: Instant, columns: Sequence[Column], headers: Headers, take_in: Import) -> Take:
    """Read a table, to be taken in by a transaction of the caller's. Errors: `NotATable`, `TooLarge`."""
    read = _read(path, columns, headers)

    def take(transaction: Transaction) -> Outcome:
        work = Work(*read, now)
        take_in(transaction, work)
        return work.outcome()

    return take


def apply(
    database: Database, path: Path, now: Instant, columns: Sequence[Column], headers: Headers, take_in: Import
) -> Outcome:
    """Take a table in. Errors: as `taking`."""
    return database.acting(taking(path, now, columns, headers, take_in))


def preview(
    database: Database, path: Path, now: Instant, columns: Sequence[Column], headers: Headers, take_in: Import
) -> Outcome:
    """What `apply` would do; nothing stays written. Errors: as `taking`."""
    return rehearse(database, taking(path, now, columns, headers, take_in))


def rehearse(database: Database, take: Take) -> Outcome:
    """What taking a table in would do; all of it is undone."""

    def act(transaction: Transaction) -> Outcome:
        raise _Undo(take(transaction))

    try:
        return database.acting(act)
    except _Undo as undone:
        return undone.outcome


def each(work: Work, read: Callable[[Row], New]) -> dict[str, tuple[Row, New]]:
    """What the rows say by code; a row that can't be read, or repeats a code, is refused."""
    wanted: dict[str, tuple[Row, New]] = {}
    for row in work.rows:
        try:
            whole(row)
            new = read(row)
            if new.code in wanted:
                first = wanted[new.code][0].number
                raise Wrong("code", f"与第 {first} 行重复", f"repeats row {first}")
        except Wrong as wrong:
            work.refuse(row, wrong)
            continue
        wanted[new.code] = (row, new)
    return wanted


def keep_sound(work: Work, wanted: dict[str, tuple[Row, New]], check: Callable[[New], None]) -> None:
    """Refuse the rows that `check` refuses, and those that only these would have made right."""
    while True:
        refused = []
        for code, (row, new) in wanted.items():
            try:
                check(new)
            except Wrong as wrong:
                work.refuse(row, wrong)
                refused.append(code)
        if not refused:
            return
        for code in refused:
            del wanted[code]


def fields_of(*pairs: tuple[str, str, str]) -> dict[str, tuple[str, str]]:
    """Of (field, before, after) those that differ."""
    return {name: (before, after) for name, before, after in pairs if before != after}


def _read(path: Path, columns: Sequence[Column], headers: Headers) -> tuple[str, str, list[Row]]:
    with open_table(path, renamed(columns, headers or {})) as table:
        return table.file, table.encoding, list(table.rows)
