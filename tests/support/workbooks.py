"""Workbooks read back: their texts and types as Excel would see them, and their formulas worked out anew."""

import re
from pathlib import Path
from typing import Any

from openpyxl import load_workbook
from openpyxl.utils import range_boundaries

_RANGE = re.compile(r"'([^']+)'!(\$?[A-Z]+\$?[0-9]+:\$?[A-Z]+\$?[0-9]+)")


def cells(path: Path, sheet: str) -> list[tuple[Any, ...]]:
    """The rows of a sheet; formulas as they are written."""
    book = load_workbook(path)
    try:
        return [tuple(row) for row in book[sheet].iter_rows(values_only=True)]
    finally:
        book.close()


def kinds(path: Path, sheet: str) -> set[str]:
    """What the cells of a sheet are: `s` text, `n` number, `d` moment, `f` formula."""
    book = load_workbook(path)
    try:
        return {cell.data_type for row in book[sheet].iter_rows() for cell in row if cell.value is not None}
    finally:
        book.close()


def formulas(path: Path, sheet: str) -> dict[str, tuple[Any, Any]]:
    """Cell → the value it was written with, and what its formula gives when it is worked out here.

    Only what reports write is understood: SUBTOTAL(103|109, ranges), SUM(range) and IFERROR(cell/cell,"").
    """
    written, kept = load_workbook(path), load_workbook(path, data_only=True)
    try:
        return {
            cell.coordinate: (kept[sheet][cell.coordinate].value, _value(written, sheet, str(cell.value)))
            for row in written[sheet].iter_rows()
            for cell in row
            if cell.data_type == "f"
        }
    finally:
        written.close()
        kept.close()


def _value(book: Any, sheet: str, formula: str) -> Any:
    if found := re.fullmatch(r"=SUBTOTAL\((103|109),(.+)\)", formula):
        values = [value for name, area in _RANGE.findall(found[2]) for value in _area(book[name], area)]
        given = [value for value in values if value is not None]
        return len(given) if found[1] == "103" else sum(given)
    if found := re.fullmatch(r"=SUM\(([A-Z]+[0-9]+:[A-Z]+[0-9]+)\)", formula):
        return sum(value for value in _area(book[sheet], found[1]) if value is not None)
    if found := re.fullmatch(r'=IFERROR\(([A-Z]+[0-9]+)/([A-Z]+[0-9]+),""\)', formula):
        above, below = (_cell(book, sheet, one) for one in found.groups())
        return above / below if below else None
    raise AssertionError(f"{formula} is none of ours")


def _cell(book: Any, sheet: str, place: str) -> Any:
    value = book[sheet][place].value
    return _value(book, sheet, value) if isinstance(value, str) and value.startswith("=") else value


def _area(sheet: Any, area: str) -> list[Any]:
    first, top, last, bottom = range_boundaries(area.replace("$", ""))
    rows = sheet.iter_rows(min_col=first, max_col=last, min_row=top, max_row=bottom, values_only=True)
    return [value for row in rows for value in row]
