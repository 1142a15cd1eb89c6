"""What an import does not take: the row, the field, the author's own words, and why."""

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from engine.errors import HuyingError
from engine.exchange.spreadsheet import Row, write_table

_HEADERS = ("行 / Row", "列 / Field", "原文 / As written", "原因", "Reason")
#: Characters of a cell that a refusal repeats.
_SHOWN = 500


@dataclass(frozen=True, slots=True, kw_only=True)
class Refusal:
    """One row that was not taken, for one reason."""

    row: int
    field: str
    value: str
    zh: str
    en: str

    def __str__(self) -> str:
        return f"第 {self.row} 行 {self.field}“{self.value}”：{self.zh} / row {self.row}: {self.en}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """What an import changes about something that is there."""

    row: int
    code: str
    #: Field → what stood there and what will.
    fields: dict[str, tuple[str, str]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What a table changes, or would change."""

    file: str
    encoding: str
    #: Rows below the header that hold anything.
    rows: int
    new: tuple[str, ...]
    #: The row of each that is new.
    new_rows: tuple[int, ...] = ()
    changed: tuple[Change, ...]
    unchanged: int
    #: What the table ends: posts by the last day it names, standards that it was asked to take out of force.
    ended: tuple[str, ...] = ()
    #: What is there but not in the table; nothing is done about it.
    vanished: tuple[str, ...]
    refused: tuple[Refusal, ...]

    @property
    def idle(self) -> bool:
        """Whether nothing at all would change."""
        return not (self.new or self.changed or self.ended)


class Wrong(Exception):
    """A cell that an import can't take; caught where the row is known."""

    def __init__(self, field: str, zh: str, en: str) -> None:
        super().__init__(en)
        self.field, self.zh, self.en = field, zh, en

    @classmethod
    def of(cls, field: str, error: HuyingError) -> "Wrong":
        return cls(field, error.zh, error.en)

    def refusal(self, row: Row) -> Refusal:
        return Refusal(
            row=row.number,
            field=self.field,
            value=row.cells.get(self.field, "、".join(row.surplus))[:_SHOWN],
            zh=self.zh,
            en=self.en,
        )


def whole(row: Row) -> None:
    """Errors: `Wrong` for a row with cells that no header covers: it is shifted."""
    if row.surplus:
        raise Wrong(
            "",
            f"多出 {len(row.surplus)} 个单元格，可能有未加引号的逗号使各列错位",
            f"has {len(row.surplus)} cells too many: a comma without quotes may have shifted it",
        )


def filled(row: Row, field: str, *, most: int) -> str:
    """A cell that must be filled, of at most so many characters. Errors: `Wrong`."""
    text = row.cells[field]
    if not text:
        raise Wrong(field, "不能为空", "must not be empty")
    if len(text) > most:
        raise Wrong(
            field, f"过长（{len(text)} 字，最多 {most} 字）", f"is too long ({len(text)} characters, {most} at most)"
        )
    return text


def write_refusals(path: Path, refusals: Iterable[Refusal]) -> int:
    """Write refusals as .csv or .xlsx for the author of the file; how many."""
    rows = ((str(one.row), one.field, one.value, one.zh, one.en) for one in refusals)
    return write_table(path, _HEADERS, rows)
