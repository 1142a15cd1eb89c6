"""One row of an old system as acts to be: read, checked and dated, before any database is asked."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import pairwise
from typing import Any

from engine.clock import Instant, instant
from engine.exchange.history_map import Cells, Lookup, Noun, Step, Template, TicketMap, Times, Units, Value
from engine.exchange.history_map import Named as Code
from engine.exchange.refusals import Wrong, whole
from engine.exchange.spreadsheet import Row
from engine.records.datums import known

#: No system that we take history from is older.
EARLIEST = datetime(2000, 1, 1, tzinfo=UTC)
#: Characters of an idempotency key.
LONGEST_KEY = 128
#: How a workbook's own dates come out of it.
_WORKBOOK = ("%Y-%m-%d %H:%M:%S", "%Y-%m-%d")
_EXCEL = "Excel"


@dataclass(frozen=True, slots=True)
class Sought:
    """A department or an area as a row names it."""

    column: str
    #: The cell.
    text: str
    #: What the map says that it means.
    code: Code | None


@dataclass(frozen=True, slots=True)
class SoughtItem:
    """An item of the catalogue as a row names it."""

    column: str
    text: str
    code: Code | None
    filing: str = ""
    limit: str = ""


@dataclass(frozen=True, slots=True)
class Due:
    """A step with its moment and its form; sections are still to be looked up."""

    step: Step
    at: Instant
    #: Field → text, or the section that it comes from.
    form: Mapping[str, str | Noun]


@dataclass(frozen=True, slots=True, kw_only=True)
class Story:
    """What happened to one ticket of the old system."""

    row: int
    id: str
    channel: str
    steps: tuple[Due, ...]
    department: Sought | None = None
    area: Sought | None = None
    item: SoughtItem | None = None
    #: `{lon, lat, datum}` as written; None for no place.
    point: Mapping[str, Any] | None = None
    #: Steps that claim to have happened before the step ahead of them.
    disordered: int = 0


class RowReader:
    """Reads the rows of one table by one map."""

    def __init__(self, mapping: TicketMap, encoding: str) -> None:
        self.mapping, self._own = mapping, _WORKBOOK if encoding == _EXCEL else ()
        self._text = encoding != _EXCEL

    def story(self, row: Row, now: Instant) -> Story:
        """The acts of a row. Errors: `Wrong`, naming the column."""
        mapping = self.mapping
        whole(row)
        if self._text and row.missing:
            raise _cut_off(row)
        cells = mapping.clean(row.cells)
        name = _identifier(mapping, cells)
        status = mapping.status.read(cells) if mapping.status else ""
        if mapping.status and not status:
            raise Wrong(mapping.status.column, "状态为空", "the status is empty")
        steps = [step for step in mapping.steps if step.when is None or status in step.when]
        moments: dict[str, Instant] = {}
        dues = tuple(Due(step, self._at(step, cells, moments, now), _form(step, cells)) for step in steps)
        _in_order(dues, cells)
        return Story(
            row=row.number,
            id=name,
            channel=_channel(mapping.channel, cells),
            steps=dues,
            department=_sought(mapping.department, cells),
            area=_sought(mapping.area, cells),
            item=self._item(cells),
            point=self._point(cells),
            disordered=sum(after.at < before.at for before, after in pairwise(dues)),
        )

    def _at(self, step: Step, cells: Cells, moments: dict[str, Instant], now: Instant) -> Instant:
        """When a step happened: the first of its columns that is filled. `moments` are those read already."""
        for column in step.at:
            if cells[column]:
                if column not in moments:
                    moments[column] = _moment(column, cells[column], self.mapping.times, self._own, now)
                return moments[column]
        columns = "、".join(step.at)
        raise Wrong(
            step.at[0],
            f"“{step.action}”没有时间：{columns} 为空",
            f"'{step.action}' has no time: {', '.join(step.at)} is empty",
        )

    def _item(self, cells: Cells) -> SoughtItem | None:
        items = self.mapping.item
        if items is None:
            return None
        said = cells[items.column]
        code = items.values.get(said, items.default if not said else None)
        if code is None and not said:
            return None
        filing, limit = (cells[column] if column else "" for column in (items.filing, items.limit))
        return SoughtItem(items.column, said, code, filing, limit)

    def _point(self, cells: Cells) -> Mapping[str, Any] | None:
        point = self.mapping.place
        if point is None:
            return None
        lon, lat = cells[point.lon], cells[point.lat]
        if (not lon and not lat) or (_zero(lon) and _zero(lat)):
            # 0, 0 is what programs write that know no place.
            return None
        for column, cell in ((point.lon, lon), (point.lat, lat)):
            if not cell:
                raise Wrong(column, "经纬度只写了一个", "one half of the place is empty")
        return {"lon": lon, "lat": lat, "datum": known(point.datum)}


def _cut_off(row: Row) -> Wrong:
    return Wrong(
        "",
        f"少了 {row.missing} 个单元格，可能从中间断行",
        f"has {row.missing} cells too few: it may have been cut off",
    )


def _identifier(mapping: TicketMap, cells: Cells) -> str:
    said = cells[mapping.id]
    if not said:
        raise Wrong(mapping.id, "编号为空", "the identifier is empty")
    most = LONGEST_KEY - len(mapping.key(""))
    if len(said) > most or not said.isprintable():
        raise Wrong(
            mapping.id,
            f"编号应为至多 {most} 个可见字符",
            f"an identifier has at most {most} characters, all of which can be seen",
        )
    return said


def _sought(units: Units | None, cells: Cells) -> Sought | None:
    if units is None:
        return None
    said = cells[units.column]
    return Sought(units.column, said, units.values.get(said, units.default if not said else None))


def _channel(value: Value | None, cells: Cells) -> str:
    return _text(value, cells) if value is not None and not isinstance(value, Noun) else ""


def _form(step: Step, cells: Cells) -> dict[str, str | Noun]:
    filled = {name: value if isinstance(value, Noun) else _text(value, cells) for name, value in step.form.items()}
    return {name: value for name, value in filled.items() if value}


def _text(value: Lookup | Template, cells: Cells) -> str:
    return value.read(cells) if isinstance(value, Lookup) else value.fill(cells)


def _moment(column: str, text: str, times: Times, own: tuple[str, ...], now: Instant) -> Instant:
    local = _local(column, text, (*times.of(column), *own))
    aware = local if local.tzinfo is not None else local.replace(tzinfo=times.zone)
    if aware.astimezone(UTC).astimezone(aware.tzinfo).replace(tzinfo=None) != local.replace(tzinfo=None):
        raise Wrong(
            column,
            f"“{text}”这一时刻不存在：当地时钟那时拨快了（{times.zone.key}）",
            f"there was no '{text}': clocks were put forward then ({times.zone.key})",
        )
    if aware < EARLIEST:
        raise Wrong(column, f"“{text}”早于 2000 年", f"'{text}' is before the year 2000")
    at = instant(aware)
    if at > now:
        raise Wrong(column, f"“{text}”在将来", f"'{text}' is in the future")
    return at


def _local(column: str, text: str, formats: tuple[str, ...]) -> datetime:
    for form in formats:
        try:
            return datetime.strptime(text, form)  # noqa: DTZ007 - its zone is the map's, given by the caller
        except ValueError:
            continue
    raise Wrong(
        column,
        f"“{text[:60]}”不是时间，应写成 {' 或 '.join(formats)}",
        f"'{text[:60]}' is no moment as the map writes it: {' or '.join(formats)}",
    )


def _in_order(dues: tuple[Due, ...], cells: Cells) -> None:
    """No step before the first, the last before none; the door draws disorder between them straight and marks it."""
    opened, closed = dues[0], dues[-1]
    for due in dues:
        if due.at < opened.at:
            raise _too_early(due, opened, cells)
        if closed.at < due.at:
            raise _too_early(closed, due, cells)


def _too_early(due: Due, before: Due, cells: Cells) -> Wrong:
    column, said = _said(due, cells)
    other, then = _said(before, cells)
    return Wrong(column, f"“{said}”早于“{other}”的“{then}”", f"'{said}' is before '{then}' of '{other}'")


def _said(due: Due, cells: Cells) -> tuple[str, str]:
    return next((column, cells[column]) for column in due.step.at if cells[column])


def _zero(text: str) -> bool:
    try:
        return float(text) == 0
    except ValueError:
        return False
