"""Excel workbooks, read as a stream; a small file that unpacks into a huge one is refused before it does."""

import zipfile
import zlib
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from datetime import date, datetime, time, timedelta
from pathlib import Path
from typing import Any, BinaryIO
from warnings import catch_warnings, simplefilter

from openpyxl import load_workbook
from xlsxwriter import Workbook

#: Bytes of all parts together, unpacked; the shared texts are held in memory while reading.
LARGEST_UNPACKED = 1_500_000_000
LARGEST_TEXTS = 300_000_000
#: A part that is larger than this and shrank by more than that is no table of texts.
SUSPICIOUS, TIMES_SMALLER = 50_000_000, 200
MOST_PARTS = 5_000

_WIDTH = 20


class BadWorkbook(Exception):
    """What is wrong with a workbook, in both languages."""

    def __init__(self, zh: str, en: str) -> None:
        super().__init__(en)
        self.zh, self.en = zh, en


class Bomb(BadWorkbook):
    """A workbook that unpacks into too much."""


@contextmanager
def rows_of(path: Path, sheet: str) -> Iterator[tuple[str, Iterator[list[str]]]]:
    """`Excel` and the rows of a sheet as texts. Errors: `BadWorkbook`, `Bomb`."""
    _refuse_bombs(path)
    # Opened here, so that it is closed here too, whatever a damaged file makes the library forget.
    with path.open("rb") as file:
        yield "Excel", _rows(_chosen(_load(file), sheet))


def write(path: Path, headers: Sequence[str], rows: Iterable[Sequence[str]]) -> int:
    """Write a workbook of one sheet, every cell as text; how many rows."""
    options = {"constant_memory": True, "strings_to_formulas": False, "strings_to_urls": False}
    count = 0
    with Workbook(str(path), options) as workbook:
        sheet = workbook.add_worksheet()
        sheet.set_column(0, max(len(headers) - 1, 0), _WIDTH)
        sheet.freeze_panes(1, 0)
        # As text in name too: whoever steps into a cell and out again makes no formula of it.
        bold, text = workbook.add_format({"bold": True, "num_format": "@"}), workbook.add_format({"num_format": "@"})
        for column, header in enumerate(headers):
            sheet.write_string(0, column, header, bold)
        for row in rows:
            count += 1
            for column, cell in enumerate(row):
                sheet.write_string(count, column, cell, text)
    return count


def _refuse_bombs(path: Path) -> None:
    try:
        with zipfile.ZipFile(path) as archive:
            parts = archive.infolist()
            declared = [part.filename for part in parts if part.filename.endswith((".xml", ".rels"))]
            _refuse_sizes(parts)
            for name in declared:
                with archive.open(name) as part:
                    if b"<!DOCTYPE" in part.read(2048).replace(b"\x00", b""):
                        raise BadWorkbook("文件含有不允许的 XML 声明", "the file holds a forbidden XML declaration")
    except (zipfile.BadZipFile, zlib.error, NotImplementedError, RuntimeError, EOFError, OSError) as error:
        raise BadWorkbook("文件已损坏，无法解压", f"the file is damaged and cannot be unpacked: {error}") from error
    if "xl/workbook.xml" not in declared:
        raise BadWorkbook(
            "这是压缩文件，但不是 Excel 工作簿（.xlsx）", "this is a packed file but no Excel workbook (.xlsx)"
        )


def _refuse_sizes(parts: Sequence[zipfile.ZipInfo]) -> None:
    unpacked = sum(part.file_size for part in parts)
    texts = sum(part.file_size for part in parts if "sharedStrings" in part.filename)
    blown = any(
        part.file_size > SUSPICIOUS and part.file_size > TIMES_SMALLER * max(part.compress_size, 1) for part in parts
    )
    if len(parts) > MOST_PARTS or unpacked > LARGEST_UNPACKED or texts > LARGEST_TEXTS or blown:
        raise Bomb(
            f"工作簿解压后过大（{unpacked:,} 字节），请拆分或改用 CSV",
            f"the workbook unpacks into too much ({unpacked:,} bytes): split it or use CSV",
        )


def _load(file: BinaryIO) -> Any:
    try:
        with catch_warnings():
            simplefilter("ignore")  # about looks that are not read
            return load_workbook(file, read_only=True, data_only=True, keep_links=False)
    except Exception as error:  # whatever a damaged file makes the library raise
        raise _damaged(error) from error


def _damaged(error: Exception) -> BadWorkbook:
    return BadWorkbook("工作簿已损坏，无法读取", f"the workbook is damaged and cannot be read: {error}")


def _chosen(workbook: Any, name: str) -> Any:
    sheets = [sheet for sheet in workbook.worksheets if sheet.sheet_state == "visible"]
    for sheet in sheets:
        if name in ("", sheet.title):
            return sheet
    titles = "、".join(sheet.title for sheet in sheets)
    if not name:
        raise BadWorkbook("工作簿里没有可见的工作表", "the workbook has no visible sheet")
    raise BadWorkbook(f"没有工作表“{name}”，只有：{titles}", f"there is no sheet '{name}'; there are: {titles}")


def _rows(sheet: Any) -> Iterator[list[str]]:
    # Some programs write wrong dimensions; without them all rows are read.
    sheet.reset_dimensions()
    rows = sheet.iter_rows(values_only=True)
    while True:
        try:
            row = next(rows)
        except StopIteration:
            return
        except Exception as error:
            raise _damaged(error) from error
        yield [_text(value) for value in row]


def _text(value: object) -> str:
    """A cell as its reader would type it: whole numbers without a point, dates in ISO form."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "TRUE" if value else "FALSE"
    if isinstance(value, float):
        return str(int(value)) if value.is_integer() and abs(value) < 1e15 else repr(value)
    if isinstance(value, datetime):
        return value.date().isoformat() if value.time() == time(0) else value.isoformat(" ", timespec="seconds")
    if isinstance(value, date | time):
        return value.isoformat()
    if isinstance(value, timedelta):
        hours, rest = divmod(round(value.total_seconds()), 3600)
        return f"{hours:02}:{rest // 60:02}:{rest % 60:02}"
    return str(value).strip()
