"""Tables that officials send: CSV or Excel, streamed row by row, with the row numbers that they see themselves.

Whatever a file calls itself, its first bytes say what it is. Nothing is guessed silently: the encoding that was read is
told, a file that fits none is refused, and a row that has more cells than the header says so.
"""

import unicodedata
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from itertools import chain, islice
from pathlib import Path
from typing import NamedTuple

from engine.errors import Malformed, Place, TooLarge
from engine.exchange import text_files, workbooks

#: Bytes of a file.
LARGEST = 300_000_000
#: A title and notes may stand above the header: so many rows are looked through for it.
HEADER_WITHIN = 10
MOST_COLUMNS = 300

_OLD_EXCEL = b"\xd0\xcf\x11\xe0"
_ZIP = b"PK\x03\x04"


class NotATable(Malformed):
    """这不是可以读取的表格 / This is no table that can be read"""

    code = "table"


@dataclass(frozen=True, slots=True, kw_only=True)
class Column:
    """A column that an import wants."""

    #: What the import calls it.
    name: str
    #: Headers that mean it, besides its name.
    spellings: tuple[str, ...] = ()
    required: bool = True


class Row(NamedTuple):
    """One row below the header."""

    #: As Excel or WPS numbers it, the header's row included; blank rows count. A quoted line feed starts no new row.
    number: int
    #: Column name (or header, where no column was wanted under it) → text, trimmed; "" for an empty cell.
    cells: dict[str, str]
    #: What stands beyond the last header or under an empty one: such a row is probably shifted.
    surplus: tuple[str, ...]
    #: Cells that it has less than the header; a workbook leaves out empty ones at the end.
    missing: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Table:
    """An open table; its rows can be read once, while it is open."""

    file: str
    #: How its text was read: UTF-8, UTF-16, GB18030, or Excel.
    encoding: str
    headers: tuple[str, ...]
    rows: Iterator[Row]

    def has(self, column: str) -> bool:
        """Whether a column that isn't required is there."""
        return column in self.headers


def renamed(columns: Sequence[Column], headers: Mapping[str, str]) -> tuple[Column, ...]:
    """The same columns under the headers of one file (column name → header).

    Errors: `Malformed` for a column that isn't wanted.
    """
    names = {column.name for column in columns}
    for name in headers:
        if name not in names:
            raise Malformed(
                f"没有“{name}”这一列，可用：{'、'.join(sorted(names))}",
                f"there is no column '{name}'; there are {', '.join(sorted(names))}",
            )
    return tuple(
        replace(column, name=column.name, spellings=(headers[column.name],)) if column.name in headers else column
        for column in columns
    )


@contextmanager
def open_table(path: Path, columns: Sequence[Column] = (), *, sheet: str = "") -> Iterator[Table]:
    """Open a table for reading; `sheet` names a sheet of a workbook, else the first visible one is read.

    Errors: `NotATable` for a file that is missing, empty, damaged, of another kind, in an unknown encoding, or whose
    header lacks a required column or has one twice; `TooLarge` for one that is, or unpacks to be, too large.
    """
    kind = _kind(path)
    opened = workbooks.rows_of(path, sheet) if kind == "excel" else text_files.rows_of(path)
    with _translated(path), opened as (encoding, rows):
        numbered = enumerate(rows, 1)
        yield _table(path, encoding, numbered, columns)


def write_table(path: Path, headers: Sequence[str], rows: Iterable[Sequence[str]]) -> int:
    """Write a table as .xlsx or .csv, by the path's ending; how many rows. Everything is text: `01` stays `01`.

    A cell that a spreadsheet would take for a formula is guarded by an apostrophe in CSV, which reading takes off.
    Errors: `Malformed` for another ending.
    """
    ending = path.suffix.lower()
    if ending == ".xlsx":
        return workbooks.write(path, headers, rows)
    if ending == ".csv":
        return text_files.write(path, headers, rows)
    raise Malformed(
        f"不支持“{ending}”，请用 .xlsx 或 .csv", f"'{ending}' is not supported: write .xlsx or .csv",
        place=Place(file=path.name),
    )  # fmt: skip


@contextmanager
def _translated(path: Path) -> Iterator[None]:
    """What the readers find wrong, with the file's name."""
    try:
        yield
    except text_files.BadText as error:
        raise NotATable(error.zh, error.en, place=Place(file=path.name, row=error.row)) from error
    except workbooks.Bomb as error:
        raise TooLarge(error.zh, error.en, place=Place(file=path.name)) from error
    except workbooks.BadWorkbook as error:
        raise NotATable(error.zh, error.en, place=Place(file=path.name)) from error


def _kind(path: Path) -> str:
    try:
        size = path.stat().st_size
        with path.open("rb") as file:
            start = file.read(512)
    except OSError as error:
        raise NotATable(
            f"无法读取文件：{error.strerror}", f"cannot read the file: {error.strerror}", place=Place(file=path.name)
        ) from error
    if size > LARGEST:
        raise TooLarge(
            f"文件过大（{size:,} 字节），最多 {LARGEST:,} 字节",
            f"the file is too large ({size:,} bytes); the most is {LARGEST:,}",
            place=Place(file=path.name),
        )
    if start.startswith(_ZIP):
        return "excel"
    _refuse_other_kinds(path, start)
    return "text"


def _refuse_other_kinds(path: Path, start: bytes) -> None:
    place = Place(file=path.name)
    if not start:
        raise NotATable("文件是空的", "the file is empty", place=place)
    if start.startswith(_OLD_EXCEL):
        raise NotATable(
            "这是旧版 Excel（.xls）或加密的文件，请取消密码并另存为 .xlsx 或 CSV",
            "this is an old Excel file (.xls) or an encrypted one: save it as .xlsx or CSV without a password",
            place=place,
        )
    opening = start.lstrip(b"\xef\xbb\xbf \t\r\n").lower()
    if opening.startswith((b"<html", b"<!doctype", b"<?xml", b"<table", b"%pdf", b"{", b"[")):
        raise NotATable(
            "这是网页、XML、JSON 或 PDF，不是表格；请在 Excel 中打开并另存为 .xlsx 或 CSV",
            "this is a web page, XML, JSON or PDF, no table: open it in Excel and save it as .xlsx or CSV",
            place=place,
        )


def _table(path: Path, encoding: str, numbered: Iterator[tuple[int, list[str]]], columns: Sequence[Column]) -> Table:
    first = list(islice(numbered, HEADER_WITHIN))
    filled = [(number, row) for number, row in first if any(row)]
    if not filled:
        raise NotATable("表格是空的", "the table is empty", place=Place(file=path.name))
    number, header = max(filled, key=lambda found: _known(found[1], columns)) if columns else filled[0]
    names = _names(path, number, header, columns)
    rest = chain((row for row in first if row[0] > number), numbered)
    return Table(
        file=path.name,
        encoding=encoding,
        headers=tuple(name for name in names if name),
        rows=(_row(number, cells, names) for number, cells in rest if any(cells)),
    )


def _known(row: Sequence[str], columns: Sequence[Column]) -> int:
    spellings = {spelling for column in columns for spelling in _spellings(column)}
    return sum(_plain(cell) in spellings for cell in row)


def _names(path: Path, number: int, header: list[str], columns: Sequence[Column]) -> list[str]:
    """What each column of the file is called; "" for one without a header."""
    place = Place(file=path.name, row=number)
    if len(header) > MOST_COLUMNS:
        raise NotATable(f"超过 {MOST_COLUMNS} 列", f"more than {MOST_COLUMNS} columns", place=place)
    meaning = {spelling: column.name for column in columns for spelling in _spellings(column)}
    names = [meaning.get(_plain(cell), cell) for cell in header]
    for index, name in enumerate(names):
        earlier = names.index(name)
        if name and earlier != index:
            raise NotATable(
                f"第 {_letters(earlier)} 列与第 {_letters(index)} 列的表头重复：“{header[index]}”",
                f"columns {_letters(earlier)} and {_letters(index)} have the same header: '{header[index]}'",
                place=place,
            )
    missing = [column for column in columns if column.required and column.name not in names]
    if missing:
        shown = "、".join(cell for cell in header if cell)[:200]
        raise NotATable(
            f"缺少列：{'、'.join(_called(column) for column in missing)}（表头为：{shown}）",
            f"columns are missing: {', '.join(column.name for column in missing)} (the header is: {shown})",
            place=place,
        )
    return names


def _row(number: int, cells: list[str], names: list[str]) -> Row:
    named: dict[str, str] = {}
    surplus = [cell for cell in cells[len(names) :] if cell]
    for index, name in enumerate(names):
        cell = cells[index] if index < len(cells) else ""
        if name:
            named[name] = cell
        elif cell:
            surplus.append(cell)
    return Row(number, named, tuple(surplus), max(0, len(names) - len(cells)))


def _spellings(column: Column) -> set[str]:
    return {_plain(spelling) for spelling in (column.name, *column.spellings)}


def _called(column: Column) -> str:
    return f"{column.spellings[0]}（{column.name}）" if column.spellings else column.name


def _plain(header: str) -> str:
    """A header without what its looks add: width, case, spaces, the star of a required column."""
    return "".join(unicodedata.normalize("NFKC", header).lower().split()).strip("*")


def _letters(index: int) -> str:
    """The column's letters, as a spreadsheet shows them: 0 is A, 26 is AA."""
    letters = ""
    index += 1
    while index:
        index, rest = divmod(index - 1, 26)
        letters = chr(ord("A") + rest) + letters
    return letters
