"""The catalogue comes in as a table and goes out as one: previewed, refused by row, applied in one transaction.

A standard is the same one as before if its item has a standard with the same filing condition (or, where the table has
a column for it, with the same ordinal); its code, which tickets keep, stays. Applying a table twice changes nothing.
"""

import re
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path

from engine.clock import Instant
from engine.database import Database, Transaction
from engine.errors import Malformed
from engine.exchange.catalogue_plan import Entry, Existing, Plan, existing, plan, write
from engine.exchange.limit_units import CatalogueLimit, LimitUnits
from engine.exchange.refusals import Outcome, Refusal, Wrong, filled, whole
from engine.exchange.spreadsheet import Column, Row, open_table, renamed, write_table
from engine.records.columns import TITLE

COLUMNS = (
    Column(name="kind", spellings=("类别", "类型", "部件事件")),
    Column(name="class_code", spellings=("大类代码", "大类编码", "大类编号")),
    Column(name="class_name", spellings=("大类名称", "大类")),
    Column(name="item_code", spellings=("小类代码", "小类编码", "小类编号")),
    Column(name="item_name", spellings=("小类名称", "小类")),
    Column(name="standard", spellings=("标准序号",), required=False),
    Column(name="filing_condition", spellings=("立案条件", "立案标准")),
    Column(name="closing_condition", spellings=("结案条件", "结案标准")),
    Column(name="time_limit", spellings=("处置时限", "时限", "处理时限")),
)
#: What each kind may be called in a table; the first is what an export writes.
KINDS = {"part": ("部件", "部件类"), "event": ("事件", "事件类")}

_HEADERS = (*(column.spellings[0] for column in COLUMNS), "计时 / Counted as")
#: Characters of a condition.
_LONGEST = 2_000
_CODE = re.compile(r"\d{1,4}")


class Vanished(StrEnum):
    """What becomes of standards that are in force but not in the table."""

    KEEP = "keep"
    DEACTIVATE = "deactivate"  #: no new ticket may use them; tickets that do keep their limit


@dataclass(frozen=True, slots=True, kw_only=True)
class UnitUse:
    """How a unit of the table is counted, and how often it stands there."""

    unit: str
    #: E.g. `working hours`.
    counted_in: str
    times: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Preview(Outcome):
    """What a table changes, or would change. Codes are those of standards, e.g. `part-01-02/3`."""

    #: Items among the rows that can be taken.
    items: int
    units: tuple[UnitUse, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Applied:
    """What a table has changed."""

    preview: Preview
    #: Codes of standards taken out of force.
    deactivated: tuple[str, ...]
    at: Instant


@dataclass(slots=True)
class _Reading:
    """What one table says."""

    file: str = ""
    encoding: str = ""
    rows: int = 0
    entries: list[Entry] = field(default_factory=list)
    refused: list[Refusal] = field(default_factory=list)
    units: Counter[str] = field(default_factory=Counter)
    #: Rows of each item so far, refused ones included, so that a row mended later takes its own place.
    places: Counter[str] = field(default_factory=Counter)
    #: What an earlier row said: (what, code) → its words and its row.
    said: dict[tuple[str, str], tuple[str, int]] = field(default_factory=dict)


def preview_catalogue(
    database: Database, path: Path, units: LimitUnits, *, headers: Mapping[str, str] | None = None
) -> Preview:
    """What applying a table would do. `headers` maps column names (`COLUMNS`) to this table's headers.

    Errors: `NotATable`, `TooLarge` for the table as a whole; what is wrong in a row is a refusal of that row.
    """
    reading = _read(path, units, headers or {})
    with database.looking() as transaction:
        return _preview(reading, plan(reading.entries, existing(transaction)), units)


def take_catalogue(
    path: Path, units: LimitUnits, *, headers: Mapping[str, str] | None = None, vanished: Vanished = Vanished.KEEP
) -> Callable[[Transaction], Preview]:
    """Read a table, to be taken in by a transaction of the caller's; while rows are refused nothing is deactivated.

    Errors: as `preview_catalogue`.
    """
    return _taking(_read(path, units, headers or {}), units, vanished)


def apply_catalogue(
    database: Database,
    path: Path,
    units: LimitUnits,
    now: Instant,
    *,
    headers: Mapping[str, str] | None = None,
    vanished: Vanished = Vanished.KEEP,
) -> Applied:
    """Write every row that can be taken, in one transaction, and answer what that changed.

    Errors: as `preview_catalogue`; `Malformed` when standards are to be deactivated while rows are refused, because a
    refused row may be the very standard that seems to have vanished.
    """
    reading = _read(path, units, headers or {})
    if vanished is Vanished.DEACTIVATE and reading.refused:
        raise refused_first(len(reading.refused))

    done = database.acting(_taking(reading, units, vanished))
    return Applied(preview=done, deactivated=done.ended, at=now)


def refused_first(count: int) -> Malformed:
    """Why nothing is deactivated while rows are refused."""
    return Malformed(
        f"有 {count} 行被拒绝，请先改正，再停用表中没有的标准",
        f"{count} rows are refused: mend them before deactivating what the table doesn't have",
    )


def export_catalogue(database: Database, path: Path) -> int:
    """Write what is in force as .xlsx or .csv, to be edited and applied again; how many standards."""
    with database.looking() as transaction:
        found = existing(transaction)
    return write_table(path, _HEADERS, _exported(found))


def _taking(reading: _Reading, units: LimitUnits, vanished: Vanished) -> Callable[[Transaction], Preview]:
    def take(transaction: Transaction) -> Preview:
        planned = plan(reading.entries, existing(transaction))
        gone = planned.vanished if vanished is Vanished.DEACTIVATE and not reading.refused else ()
        write(transaction, planned, gone)
        return _preview(reading, planned, units, gone)

    return take


def _read(path: Path, units: LimitUnits, headers: Mapping[str, str]) -> _Reading:
    with open_table(path, renamed(COLUMNS, headers)) as table:
        reading = _Reading(file=table.file, encoding=table.encoding)
        for row in table.rows:
            reading.rows += 1
            try:
                entry, used = _entry(row, reading, units)
                _agree(entry, reading)
            except Wrong as wrong:
                reading.refused.append(wrong.refusal(row))
                continue
            reading.entries.append(entry)
            reading.units.update(used)
    return reading


def _entry(row: Row, reading: _Reading, units: LimitUnits) -> tuple[Entry, tuple[str, ...]]:
    whole(row)
    kind = _kind(row)
    class_code, number = _code(row, "class_code"), _code(row, "item_code")
    code = f"{kind}-{class_code}-{number}"
    reading.places[code] += 1
    place = reading.places[code]
    limit = _limit(row, units)
    return Entry(
        row=row.number,
        item=code,
        kind=kind,
        class_code=class_code,
        class_name=filled(row, "class_name", most=TITLE),
        number=number,
        name=filled(row, "item_name", most=TITLE),
        place=place,
        ordinal=_ordinal(row),
        filing_condition=filled(row, "filing_condition", most=_LONGEST),
        closing_condition=filled(row, "closing_condition", most=_LONGEST),
        limit_source=row.cells["time_limit"],
        limit=limit.limit,
        first_limit=limit.first,
    ), limit.units


def _kind(row: Row) -> str:
    said = filled(row, "kind", most=TITLE)
    for kind, words in KINDS.items():
        if said.lower() == kind or said in words:
            return kind
    raise Wrong("kind", "应为 部件（part）或 事件（event）", "must be part (部件) or event (事件)")


def _code(row: Row, name: str) -> str:
    said = filled(row, name, most=TITLE)
    if not _CODE.fullmatch(said):
        raise Wrong(name, "代码应为一至四位数字", "a code has one to four digits")
    return said.zfill(2)


def _ordinal(row: Row) -> int | None:
    said = row.cells.get("standard", "")
    if not said:
        return None
    if not _CODE.fullmatch(said) or int(said) == 0:
        raise Wrong("standard", "标准序号应为正整数", "the ordinal of a standard is a whole number from 1")
    return int(said)


def _limit(row: Row, units: LimitUnits) -> CatalogueLimit:
    said = filled(row, "time_limit", most=TITLE)
    try:
        return units.read(said)
    except Malformed as error:
        raise Wrong.of("time_limit", error) from error


def _agree(entry: Entry, reading: _Reading) -> None:
    """Errors: `Wrong` when an earlier row names the class or item otherwise, or has the same standard."""
    same_class = ("class_name", f"{entry.kind}-{entry.class_code}")
    for (name, code), said in ((same_class, entry.class_name), (("item_name", entry.item), entry.name)):
        earlier, row = reading.said.setdefault((name, code), (said, entry.row))
        if earlier != said:
            raise Wrong(
                name,
                f"与第 {row} 行不一致：代码 {code} 在那里叫“{earlier}”",
                f"differs from row {row}, where {code} is called '{earlier}'",
            )
    keys = [("filing_condition", f"{entry.item} {entry.filing_key}")]
    if entry.ordinal is not None:
        keys.append(("standard", f"{entry.item}/{entry.ordinal}"))
    for name, key in keys:
        _, row = reading.said.setdefault((name, key), ("", entry.row))
        if row != entry.row:
            raise Wrong(name, f"与第 {row} 行重复", f"repeats row {row}")


def _preview(reading: _Reading, planned: Plan, units: LimitUnits, gone: tuple[str, ...] = ()) -> Preview:
    return Preview(
        file=reading.file,
        encoding=reading.encoding,
        rows=reading.rows,
        items=len({entry.item for entry in reading.entries}),
        new=planned.new,
        new_rows=tuple(entry.row for entry, _ in planned.standards_new),
        changed=planned.changed,
        unchanged=planned.unchanged,
        ended=gone,
        vanished=planned.vanished,
        refused=tuple(reading.refused),
        units=tuple(
            UnitUse(unit=unit, counted_in=units.units[unit].value, times=times)
            for unit, times in sorted(reading.units.items())
        ),
    )


def _exported(found: Mapping[str, Existing]) -> Iterator[tuple[str, ...]]:
    for item in sorted(found.values(), key=lambda item: (item.kind != "part", item.code)):
        for ordinal, standard in sorted(item.standards.items()):
            if not standard.active:
                continue
            counted = f"{standard.first_limit} + {standard.limit}" if standard.first_limit else standard.limit
            yield (
                KINDS[item.kind][0], item.class_code, item.class_name, item.number, item.name, str(ordinal),
                standard.filing_condition, standard.closing_condition, standard.limit_source, counted,
            )  # fmt: skip
