"""Excel files written as streams: whatever comes from outside is text, formulas are written by reports alone.

▸ A cell that begins with = + - @ runs when it is opened where a program guesses; here a text is always stored as one.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

from xlsxwriter import Workbook
from xlsxwriter.utility import xl_col_to_name

from engine.clock import Instant, moment

#: Rows of one sheet below its head; Excel has 1,048,576.
MOST_ROWS = 1_000_000
#: Characters of one cell.
LONGEST = 32_000
_CUT = "…（已截断）"

#: What a cell may hold: text, a whole number, a rate, a moment, nothing.
Cell = str | int | float | datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Column:
    """One column of a table."""

    title: str
    width: int = 14
    #: `text`, `number`, `moment` or `percent`.
    kind: str = "text"


@dataclass(slots=True)
class Book:
    """A workbook while it is written; rows come in order and are not kept in memory."""

    workbook: Any
    formats: dict[str, Any] = field(default_factory=dict)

    def table(self, name: str, columns: Sequence[Column], rows: Iterable[Sequence[Cell]]) -> list["Written"]:
        """Write a table with a frozen head and filters, on more sheets if one does not hold it."""
        written: list[Written] = []
        rest = iter(rows)
        while not written or written[-1].rows == MOST_ROWS:
            title = name if not written else f"{name}{len(written) + 1}"
            done = self._sheet(title, columns, rest)
            if written and not done.rows:
                break
            written.append(done)
        return written

    def _sheet(self, name: str, columns: Sequence[Column], rows: Iterator[Sequence[Cell]]) -> "Written":
        sheet = self.workbook.add_worksheet(name)
        for number, column in enumerate(columns):
            sheet.set_column(number, number, column.width)
            sheet.write_string(0, number, column.title, self.formats["head"])
        sheet.freeze_panes(1, 1)
        count = 0
        for row in rows:
            count += 1
            for number, cell in enumerate(row):
                self.put(sheet, count, number, cell, columns[number].kind)
            if count == MOST_ROWS:
                break
        sheet.autofilter(0, 0, count, len(columns) - 1)
        sheet.set_landscape()
        sheet.set_paper(9)
        sheet.fit_to_pages(1, 0)
        sheet.repeat_rows(0)
        return Written(name=name, rows=count)

    def put(self, sheet: Any, row: int, column: int, cell: Cell, kind: str = "text") -> None:
        """Write one cell as what it is."""
        if cell is None:
            return
        if isinstance(cell, str):
            text = cell if len(cell) <= LONGEST else cell[:LONGEST] + _CUT
            sheet.write_string(row, column, text, self.formats["text"])
        elif isinstance(cell, datetime):
            # Excel knows no zones: the local time as people read it.
            sheet.write_datetime(row, column, cell.replace(tzinfo=None), self.formats["moment"])
        else:
            sheet.write_number(row, column, cell, self.formats[kind if kind in self.formats else "number"])

    def formula(self, sheet: Any, row: int, column: int, formula: str, value: float | str, kind: str) -> None:
        """Write a formula of ours with the value it has now, for readers that do not calculate."""
        sheet.write_formula(row, column, formula, self.formats[kind], value)


@dataclass(frozen=True, slots=True, kw_only=True)
class Written:
    """A sheet that was written, for formulas about it."""

    name: str
    rows: int

    def range(self, column: int) -> str:
        """A column of it below the head, as formulas name it; at least one row, so that it is a range."""
        letter = xl_col_to_name(column)
        return f"'{self.name}'!${letter}$2:${letter}${max(self.rows, 1) + 1}"


def ranges(written: Sequence[Written], column: int) -> str:
    """A column of a table that may stand on several sheets."""
    return ",".join(one.range(column) for one in written)


@contextmanager
def book(path: Path, *, title: str, author: str) -> Iterator[Book]:
    """A workbook that is closed, and whole, at the end of the block."""
    options = {"constant_memory": True, "strings_to_formulas": False, "strings_to_urls": False, "tmpdir": path.parent}
    with Workbook(str(path), {**options, "strings_to_numbers": False}) as workbook:
        workbook.set_properties({"title": title, "author": author})
        made = Book(workbook)
        wrapped = {"text_wrap": True, "valign": "top"}
        made.formats = {
            "head": workbook.add_format({"bold": True, "bg_color": "#E8EEF7", "border": 1, **wrapped}),
            "bold": workbook.add_format({"bold": True, "font_size": 14}),
            "text": workbook.add_format({"valign": "top", "num_format": "@"}),
            "wrapped": workbook.add_format(wrapped),
            "number": workbook.add_format({"valign": "top", "num_format": "0"}),
            "percent": workbook.add_format({"valign": "top", "num_format": "0.0%"}),
            "moment": workbook.add_format({"valign": "top", "num_format": "yyyy-mm-dd hh:mm"}),
        }
        yield made


def day_time(at: Instant | None) -> datetime | None:
    """A moment as Excel shows it."""
    return None if at is None else moment(at)


Rows = Callable[[], Iterator[Sequence[Cell]]]
