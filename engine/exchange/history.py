"""Carries tickets from an old system through the door, at the times that system claims.

The table is streamed; so many rows go into one transaction, and a row that is refused leaves nothing behind. Each row
has an idempotency key of its source and identifier: an import that was interrupted, however it was, is run again and
goes on where it stood.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from itertools import islice
from pathlib import Path
from typing import Any

from engine.clock import Instant
from engine.database import Transaction
from engine.definitions.model import Workflow
from engine.errors import HuyingError, KeyReused, Malformed, NotFound
from engine.exchange.history_check import check_map
from engine.exchange.history_map import Noun, TicketMap
from engine.exchange.history_refused import RefusedRows, refused_path
from engine.exchange.history_rows import Due, Life, RowReader
from engine.exchange.history_units import Known, Registry, check_codes
from engine.exchange.refusals import Wrong
from engine.exchange.spreadsheet import Column, Row, Table, open_table
from engine.records.asking import marks
from engine.rules.acts import Source
from engine.stages.calls import Call, Caller, Outcome
from engine.stages.door import Door

#: Rows of one transaction. More save little, and keep the one writer of SQLite to themselves for longer.
ROWS_PER_COMMIT = 100


class Ending(StrEnum):
    """What becomes of the acts of a batch."""

    KEEP = "keep"
    UNDO = "undo"  #: a rehearsal: everything is done and then undone


class Fate(StrEnum):
    """What became of a row."""

    IMPORTED = "imported"
    THERE = "there"  #: it was imported before
    REFUSED = "refused"


@dataclass(slots=True, kw_only=True)
class Report:
    """What became of a table."""

    file: str
    source: str
    workflow: str
    read: int = 0
    imported: int = 0
    there: int = 0
    refused: int = 0
    #: Times that were drawn straight, because an earlier step claims a later one; each is marked in the history.
    disordered: int = 0
    #: Departments and areas that were made.
    made: tuple[str, ...] = ()
    refused_file: Path | None = None
    #: Where the table could not be read on; the rows before it are in.
    broken: HuyingError | None = None

    def count(self, result: "_Result") -> None:
        self.read += 1
        self.imported += result.fate is Fate.IMPORTED
        self.there += result.fate is Fate.THERE
        self.refused += result.fate is Fate.REFUSED
        self.disordered += result.disordered if result.fate is Fate.IMPORTED else 0


@dataclass(frozen=True, slots=True, kw_only=True)
class _Result:
    """What became of one row."""

    row: Row
    fate: Fate
    disordered: int = 0
    wrong: Wrong | None = None


class _Undone(Exception):
    """Carries what a rehearsal found out of the transaction that it undoes."""

    def __init__(self, results: list[_Result], known: Known) -> None:
        self.results, self.known = results, known


def import_tickets(
    door: Door,
    path: Path,
    mapping: TicketMap,
    *,
    arm_from: Instant | None = None,
    ending: Ending = Ending.KEEP,
    refused: Path | None = None,
    sheet: str = "",
    tell: Callable[[Report], None] = lambda _: None,
) -> Report:
    """Import a table; what is wrong in a row refuses that row and no other.

    `arm_from`: notices and rungs before this moment reach nobody; None: the moment of the import. `refused`: where the
    refused rows go; None: beside the table. `tell` is called after every batch.
    Errors: `DefinitionError` for a map that doesn't fit its workflow or this installation, `NotFound` when that
    workflow isn't active, `NotATable` and `TooLarge` for a table that can't be read at all.
    """
    now = door.clock.now()
    _prepare(door, mapping)
    columns = [Column(name=column) for column in mapping.columns]
    target = refused_path(path) if refused is None else refused
    with open_table(path, columns, sheet=sheet or mapping.sheet) as table, RefusedRows(target, table.headers) as away:
        report = Report(file=path.name, source=mapping.source, workflow=mapping.workflow)
        carrier = _Carrier(door, mapping, table, arm_from if arm_from is not None else now, ending)
        rows = _until_broken(table, report)
        while batch := list(islice(rows, ROWS_PER_COMMIT)):
            for result in carrier.carry(batch):
                report.count(result)
                if result.wrong is not None:
                    away.add(result.row, result.row.cells[mapping.id], result.wrong)
            report.made = tuple(carrier.made)
            tell(report)
        report.refused_file = away.write()
    return report


def _prepare(door: Door, mapping: TicketMap) -> Workflow:
    """The workflow that the map is for, if the map fits it."""

    def work(transaction: Transaction) -> Workflow:
        workflow = door.versions.active(transaction, mapping.workflow)
        check_map(mapping, workflow)
        check_codes(mapping, transaction)
        return workflow

    with door.database.looking() as transaction:
        try:
            return work(transaction)
        except NotFound as missing:
            raise NotFound(
                f"{missing.zh}；请先运行 huying activate", f"{missing.en}: run `huying activate` first"
            ) from missing


def _until_broken(table: Table, report: Report) -> Iterator[Row]:
    """The rows of a table; one that can't be read on ends here, and the report says why."""
    try:
        yield from table.rows
    except Malformed as failure:
        report.broken = failure


@dataclass(slots=True)
class _Carrier:
    """Brings batches of rows through the door."""

    door: Door
    mapping: TicketMap
    table: Table
    arm_from: Instant
    ending: Ending
    known: Known = field(default_factory=Known)
    #: Departments and areas made so far; a rehearsal makes them again for every batch.
    made: dict[str, None] = field(default_factory=dict)
    rehearsed: "_Rehearsed" = field(default_factory=lambda: _Rehearsed())

    def carry(self, rows: Sequence[Row]) -> list[_Result]:
        """All rows of a batch in one transaction."""
        try:
            results, known = self.door.database.acting(lambda transaction: self._batch(transaction, rows))
            self.known = known
        except _Undone as undone:
            results, known = undone.results, undone.known
        self.made.update(dict.fromkeys(known.made))
        return results

    def _batch(self, transaction: Transaction, rows: Sequence[Row]) -> tuple[list[_Result], Known]:
        """May be begun again by the database: nothing outside of it changes."""
        now = self.door.clock.now()
        reader = RowReader(self.mapping, self.table.encoding)
        known = self.known.copy()
        results = []
        for row in rows:
            before = known.copy()
            result = self._row(transaction, row, reader, Registry(self.mapping, transaction, known, now), now)
            known = before if result.fate is Fate.REFUSED else known
            results.append(result)
        if self.ending is Ending.UNDO:
            raise _Undone(results, known)
        return results, known
