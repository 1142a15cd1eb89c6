"""Carries tickets from an old system through the door, at the times that system claims.

The table is streamed; so many rows go into one transaction, and a row that is refused leaves nothing behind. Each row
has an idempotency key of its source and identifier: an import that was interrupted, however it was, is run again and
goes on where it stood.
"""

from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

from engine.clock import Instant
from engine.database import Transaction
from engine.errors import HuyingError, Malformed, NotFound, Place
from engine.exchange.history_carrier import Carrier, Ending, Fate, Result
from engine.exchange.history_check import check_map
from engine.exchange.history_map import TicketMap
from engine.exchange.history_refused import RefusedRows, refused_path
from engine.exchange.history_rehearsal import Rehearsed
from engine.exchange.history_rows import RowReader
from engine.exchange.history_units import check_codes
from engine.exchange.spreadsheet import Column, NotATable, Row, Table, open_table
from engine.exchange.text_files import BadText
from engine.exchange.workbooks import BadWorkbook
from engine.stages.door import Door

__all__ = ["Ending", "Report", "import_tickets", "refused_path"]

#: Rows of one transaction. More save little, and keep the one writer of SQLite from others for longer.
ROWS_PER_COMMIT = 100


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
    #: Times drawn straight because an earlier step claims a later one; each is marked in the history.
    disordered: int = 0
    #: Departments and areas that were made.
    made: tuple[str, ...] = ()
    refused_file: Path | None = None
    #: Why the table could not be read on; the rows before are in.
    broken: HuyingError | None = None

    def count(self, result: Result) -> None:
        """One row more."""
        self.read += 1
        self.imported += result.fate is Fate.IMPORTED
        self.there += result.fate is Fate.THERE
        self.refused += result.fate is Fate.REFUSED
        self.disordered += result.disordered


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
    Errors: `DefinitionError` for a map that fits neither its workflow nor this installation, `NotFound` when that
    workflow isn't active, `NotATable` and `TooLarge` for a table that can't be read at all, `Malformed` when the
    refused rows can't be written.
    """
    armed = door.clock.now() if arm_from is None else arm_from
    _prepare(door, mapping)
    columns = [Column(name=column) for column in mapping.columns]
    target = refused_path(path) if refused is None else refused
    if target.exists() and path.exists() and target.samefile(path):
        raise Malformed(
            "被拒绝的行不能写进原文件", "the refused rows can't go into the table itself", place=Place(file=path.name)
        )
    with (
        open_table(path, columns, sheet=sheet or mapping.sheet) as table,
        RefusedRows(target, table.headers) as away,
        closing(Rehearsed()) as rehearsed,
    ):
        report = Report(file=path.name, source=mapping.source, workflow=mapping.workflow)
        reader = RowReader(mapping, table.encoding)
        carrier = Carrier(door=door, mapping=mapping, reader=reader, arm_from=armed, ending=ending, rehearsed=rehearsed)
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


def _prepare(door: Door, mapping: TicketMap) -> None:
    """Whatever the map says about the workflow and the installation is true."""

    def check(transaction: Transaction) -> None:
        check_map(mapping, door.versions.active(transaction, mapping.workflow))
        check_codes(mapping, transaction)

    with door.database.looking() as transaction:
        try:
            check(transaction)
        except NotFound as missing:
            raise NotFound(
                f"{missing.zh}；请先运行 huying activate", f"{missing.en}: run `huying activate` first"
            ) from missing


def _until_broken(table: Table, report: Report) -> Iterator[Row]:
    """The rows of a table, up to where it can't be read on."""
    try:
        yield from table.rows
    except BadText as failure:
        report.broken = NotATable(failure.zh, failure.en, place=Place(file=table.file, row=failure.row))
    except BadWorkbook as failure:
        report.broken = NotATable(failure.zh, failure.en, place=Place(file=table.file))
