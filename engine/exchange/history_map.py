"""How an old system's table becomes acts: the values of a MAP file (read by `history_reading`)."""

import unicodedata
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import TypeAlias
from zoneinfo import ZoneInfo

from engine.exchange.refusals import Wrong

#: The cells of a row by column.
Cells: TypeAlias = Mapping[str, str]


class Noun(StrEnum):
    """What a form takes from a section of its own, because it means a row of this installation."""

    DEPARTMENT = "department"
    AREA = "area"
    ITEM = "item"
    PLACE = "place"


@dataclass(frozen=True, slots=True)
class Template:
    """Words with columns in braces: `{RequestType} · {Address}`."""

    #: Words and the column behind them; "" for none.
    parts: tuple[tuple[str, str], ...]

    @property
    def columns(self) -> tuple[str, ...]:
        return tuple(column for _, column in self.parts if column)

    def fill(self, cells: Cells) -> str:
        """The words with the cells in them; "" where it names columns and all of them are empty."""
        if self.columns and not any(cells[column] for column in self.columns):
            return ""
        return "".join(words + (cells[column] if column else "") for words, column in self.parts)


@dataclass(frozen=True, slots=True, kw_only=True)
class Lookup:
    """A column as written, or translated word by word."""

    column: str
    values: Mapping[str, str] | None = None
    #: What an empty cell means, and one that `values` doesn't list.
    default: str | None = None
    line: int = 0

    def read(self, cells: Cells) -> str:
        """What a row says; "" for nothing. Errors: `Wrong` for a word without a translation."""
        said = cells[self.column]
        if self.values is None:
            return said or self.default or ""
        if said in self.values:
            return self.values[said]
        if self.default is not None or not said:
            return self.default or ""
        raise untranslated(self.column, said, self.values)


@dataclass(frozen=True, slots=True)
class Named:
    """A code that the map gives, and the name that something made under it gets."""

    code: str
    name: str
    line: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Above:
    """An area that is made above those of the table."""

    code: str
    name: str
    level: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Create:
    """How a department or an area that isn't there is made."""

    #: Kind of department, or level of area.
    kind: str
    #: With `{value}` for the cell.
    code: Template
    name: Template
    #: From the root down; areas only.
    under: tuple[Above, ...] = ()
    line: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Units:
    """Which departments or areas a column means."""

    column: str
    values: Mapping[str, Named] = field(default_factory=dict)
    #: What an empty cell means, and one that nothing else explains.
    default: Named | None = None
    #: Makes what isn't there; None refuses the row.
    create: Create | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Items:
    """Which standards of the catalogue the columns mean."""

    column: str
    values: Mapping[str, Named] = field(default_factory=dict)
    default: Named | None = None
    #: Columns that tell the standards of one item apart: its filing condition, its limit.
    filing: str = ""
    limit: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Point:
    """Which columns hold a place."""

    lon: str
    lat: str
    datum: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Times:
    """How moments are written."""

    zone: ZoneInfo
    #: As `strptime` reads them, tried in this order.
    formats: tuple[str, ...]
    #: Columns that are written otherwise.
    columns: Mapping[str, tuple[str, ...]] = field(default_factory=dict)

    def of(self, column: str) -> tuple[str, ...]:
        return self.columns.get(column, self.formats)


Value: TypeAlias = Lookup | Template | Noun


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One act of the path."""

    action: str
    #: The kind of task acted on, every open one of it; "" for the ticket.
    task: str = ""
    #: The first of these columns that is filled says when.
    at: tuple[str, ...]
    #: The statuses of which it is a step; None: of all.
    when: frozenset[str] | None = None
    form: Mapping[str, Value] = field(default_factory=dict)
    line: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class TicketMap:
    """A whole MAP file."""

    file: str
    #: Names the old system in every event and every key.
    source: str
    workflow: str
    #: The column that identifies a row for ever.
    id: str
    times: Times
    steps: tuple[Step, ...]
    sheet: str = ""
    #: What is written in cells that hold nothing.
    blank: frozenset[str] = frozenset()
    department: Units | None = None
    area: Units | None = None
    item: Items | None = None
    place: Point | None = None
    status: Lookup | None = None
    channel: Value | None = None

    @property
    def caller(self) -> str:
        """Whom the history names as the actor."""
        return f"import:{self.source}"

    def key(self, name: str) -> str:
        """The idempotency key of a row, by its identifier."""
        return f"{self.caller}:{name}"

    @property
    def columns(self) -> tuple[str, ...]:
        """Every column that it reads."""
        return tuple(dict.fromkeys(self._columns()))

    def _columns(self) -> Iterator[str]:
        yield self.id
        for step in self.steps:
            yield from step.at
            for value in step.form.values():
                yield from _columns_of(value)
        for lookup in (self.status, self.channel):
            yield from _columns_of(lookup)
        for units in (self.department, self.area):
            if units is not None:
                yield units.column
        if self.item is not None:
            yield from filter(None, (self.item.column, self.item.filing, self.item.limit))
        if self.place is not None:
            yield from (self.place.lon, self.place.lat)

    def clean(self, cells: Cells) -> dict[str, str]:
        """The cells of a row, each character in one form, those that hold nothing empty."""
        normal = {column: unicodedata.normalize("NFC", cell) for column, cell in cells.items()}
        return {column: "" if cell in self.blank else cell for column, cell in normal.items()}


def _columns_of(value: Value | None) -> tuple[str, ...]:
    if isinstance(value, Lookup):
        return (value.column,)
    return value.columns if isinstance(value, Template) else ()


def untranslated(column: str, said: str, values: Mapping[str, object]) -> Wrong:
    """The refusal of a word that a map doesn't list."""
    listed = "、".join(values) if len(values) <= 12 else f"{'、'.join(list(values)[:12])}…"
    return Wrong(
        column,
        f"对照表里没有“{said[:60]}”（已有：{listed}）",
        f"the map lists no '{said[:60]}' (there are {listed})",
    )
