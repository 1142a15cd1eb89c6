"""What the board shows: headline figures with what they were before, the trend, who stands where, the funnel, times.

Each number is asked once for the whole page and knows the list behind it.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from functools import cache

from engine.clock import Instant
from engine.database import Transaction
from engine.definitions.indicator import Indicator
from engine.definitions.indicator_file import discover
from engine.definitions.model import Title
from engine.records.areas import chain
from engine.records.breakdowns import By, Group, breakdown
from engine.records.indicator_sql import NONE
from engine.records.indicators import Asked, Figure, Side
from engine.records.spans import Holding, spans
from engine.vocabulary import Stage
from web import figures
from web.board_scope import Chosen, Period, View, months_later, of_month

#: The figures at the head of the page, for a part of the block and for a department.
_OF_AREA = (
    "closure_area",
    "closed_on_time",
    "handled_on_time",
    "suspended",
    "extended",
    "reworked",
    "satisfied",
    "score",
)
_OF_UNIT = ("closure_unit", *_OF_AREA[1:])
#: Stages by what shows that they were reached.
_FUNNEL = {
    "reached_filed": Title("立案", "Filed"),
    "reached_dispatched": Title("派遣", "Dispatched"),
    "reached_handled": Title("处置完毕", "Handled"),
    "reached_closed": Title("结案", "Closed"),
}
#: Months of the trend: this one and the year before it.
_TREND = 13
_BYS = {
    By.AREA: Title("区域", "Area"),
    By.DEPARTMENT: Title("单位", "Department"),
    By.ITEM: Title("事项", "Item"),
    By.CHANNEL: Title("渠道", "Channel"),
    By.WORKFLOW: Title("流程", "Loop"),
    By.MONTH: Title("月份", "Month"),
}
CHANNELS = {"": Title("未注明", "not said"), "grid": Title("网格上报", "grid"), "birth": Title("定期任务", "planned")}
#: What a map colours: grids, unless it shows one grid or less.
_GRID = "grid"


@dataclass(frozen=True, slots=True, kw_only=True)
class Cell:
    """A figure with the addresses of the lists behind it; "" where none can be asked for."""

    figure: Figure
    numerator: str = ""
    denominator: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """From one period to another: percentage points, or stars. `good` is None where neither way is,
    or where there are too few to say."""

    by: float
    good: bool | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Headline:
    """One of the figures at the head of the page."""

    indicator: Indicator
    cell: Cell
    #: Against the period before and that of a year ago; None where either counts nothing.
    before: Change | None
    year: Change | None
    #: Whether the target is kept; None without one.
    kept: bool | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One of those that stand side by side."""

    key: str
    name: Title
    #: The board of this one; "" where there is none.
    url: str
    cells: Mapping[str, Cell]


@dataclass(frozen=True, slots=True, kw_only=True)
class Board:
    """The figures of a page."""

    headlines: tuple[Headline, ...]
    shown: Indicator
    trend: tuple[tuple[str, Cell], ...]
    by: By
    bys: Mapping[By, Title]
    #: Best first, and those with too few behind them, most first.
    ranked: tuple[Line, ...]
    few: tuple[Line, ...]
    funnel: tuple[tuple[Title, Cell], ...]
    times: tuple[Holding, ...]
    #: Areas of the map, and at which level they lie; "" where there is nothing to draw.
    places: tuple[Line, ...]
    level: str


@cache
def indicators() -> Mapping[str, Indicator]:
    """The indicators that are shipped."""
    return discover()


def list_of(name: str, chosen: Chosen, period: Period, side: Side, **more: str) -> str:
    """The address of the list behind a number: the one place that knows how lists are asked for."""
    given = figures.Chosen(
        since=str(period.first), until=str(period.last + timedelta(days=1)), area=chosen.area,
        department=chosen.department, item=chosen.item, channel=chosen.channel, workflow=chosen.workflow,
    )  # fmt: skip
    return f"{given.at(name, side=side.value, **more)}#list"


def board(transaction: Transaction, seen: View, period: Period, now: Instant, least: int) -> Board:
    """Everything on the page; below `least` nothing is ranked, for chance would decide. Errors: as `breakdown`."""
    chosen = seen.chosen
    heads = [indicators()[name] for name in (_OF_UNIT if seen.department and not seen.area else _OF_AREA)]
    shown = indicators().get(chosen.show) or heads[0]
    wanted = [*heads, *([shown] if shown not in heads else [])]
    asked = _asked(seen, period, now)
    months = _months(transaction, seen, period, now, wanted)
    own, before, year = _compared(transaction, wanted, asked, period, months)
    by = _by(seen)
    groups = breakdown(transaction, wanted, asked, by)
    lines = list(_lines(groups, chosen, period, by))
    ranked, few = _ordered(lines, shown, by, least)
    places, level = _places(transaction, seen, period, asked, shown)
    return Board(
        headlines=tuple(
            Headline(
                indicator=one,
                cell=_cell(own[one.name], one.name, chosen, period),
                before=_change(one, own[one.name], before[one.name], least),
                year=_change(one, own[one.name], year[one.name], least),
                kept=_kept(one, own[one.name]),
            )
            for one in heads
        ),
        shown=shown,
        trend=tuple(
            (month, _cell(found[shown.name], shown.name, chosen, of_month(month))) for month, found in months.items()
        ),
        by=by,
        bys=_BYS,
        ranked=ranked,
        few=few,
        funnel=_funnel(transaction, asked, chosen, period),
        times=_times(transaction, asked),
        places=places,
        level=level,
    )


def _asked(seen: View, period: Period, now: Instant) -> Asked:
    chosen = seen.chosen
    return Asked(
        since=period.since, until=period.until, as_of=now, area=chosen.area, department=chosen.department,
        item=chosen.item, channel=chosen.channel, workflow=chosen.workflow, units=seen.scope.units,
    )  # fmt: skip


def _months(
    transaction: Transaction, seen: View, period: Period, now: Instant, wanted: Sequence[Indicator]
) -> dict[str, dict[str, Figure]]:
    """Month → indicator → figure, the last of them that in which the period ends."""
    last = f"{period.last:%Y-%m}"
    names = [months_later(last, back) for back in range(1 - _TREND, 1)]
    whole = replace(_asked(seen, period, now), since=of_month(names[0]).since, until=of_month(last).until)
    found = breakdown(transaction, wanted, whole, By.MONTH)
    counted = {name: {group.key: group.figure for group in groups} for name, groups in found.items()}
    return {
        month: {one.name: counted[one.name].get(month, _nothing(one)) for one in wanted} for month in names
    }  # fmt: skip


Figures = Mapping[str, Figure]


def _compared(
    transaction: Transaction,
    wanted: Sequence[Indicator],
    asked: Asked,
    period: Period,
    months: Mapping[str, Figures],
) -> tuple[Figures, Figures, Figures]:
    """The figures of the period, of the one before it, and of the same a year ago, all as they are known now."""
    if period.month:
        return months[period.month], months[months_later(period.month, -1)], months[months_later(period.month, -12)]
    length = period.until - period.since
    year = of_month(months_later(f"{period.first:%Y-%m}", -12)).since - of_month(f"{period.first:%Y-%m}").since
    moved = (
        asked,
        replace(asked, since=Instant(period.since - length), until=period.since),
        replace(asked, since=Instant(period.since + year), until=Instant(period.until + year)),
    )
    one, two, three = (_sums(wanted, breakdown(transaction, wanted, part, By.MONTH)) for part in moved)
    return one, two, three


def _sums(wanted: Sequence[Indicator], found: Mapping[str, Sequence[Group]]) -> Figures:
    return {one.name: sum((group.figure for group in found[one.name]), _nothing(one)) for one in wanted}


def _nothing(indicator: Indicator) -> Figure:
    return Figure(numerator=0, denominator=0, total=0 if indicator.mean else None)


def _change(indicator: Indicator, now: Figure, then: Figure, least: int) -> Change | None:
    if now.value is None or then.value is None:
        return None
    by = (now.value - then.value) * (1 if indicator.mean else 100)
    few = min(now.denominator, then.denominator) < least
    aimed = indicator.target is not None or indicator.most is not None or indicator.mean
    up = by > 0 if aimed and not few else None
    return Change(by=by, good=None if up is None else up is (indicator.most is None))


def _kept(indicator: Indicator, figure: Figure) -> bool | None:
    if figure.value is None:
        return None
    if indicator.target is not None:
        return 100 * figure.value >= indicator.target
    return 100 * figure.value <= indicator.most if indicator.most is not None else None


def _cell(figure: Figure, name: str, chosen: Chosen, period: Period, **more: str) -> Cell:
    return Cell(
        figure=figure,
        numerator=list_of(name, chosen, period, Side.NUMERATOR, **more),
        denominator=list_of(name, chosen, period, Side.DENOMINATOR, **more),
    )


def _by(seen: View) -> By:
    """By what is asked; else a department by its parts, everything else by its areas."""
    if seen.chosen.by in _BYS:
        return By(seen.chosen.by)
    return By.DEPARTMENT if seen.department is not None and seen.area is None else By.AREA


def _lines(groups: Mapping[str, Sequence[Group]], chosen: Chosen, period: Period, by: By) -> Iterable[Line]:
    """One line per group that counts anything, its cells linked to the lists of that very group."""
    names = {group.key: group.name for some in groups.values() for group in some}
    found = {(name, group.key): group.figure for name, some in groups.items() for group in some}
    for key, called in names.items():
        if not any(found[name, key].denominator for name in groups if (name, key) in found):
            continue
        narrowed, part = _narrowed(chosen, period, by, key)
        # What lies directly in the unit itself has a list, but no board of its own.
        own = bool(key) and key == {By.AREA: chosen.area, By.DEPARTMENT: chosen.department}.get(by)
        more = {f"{by.value}_alone": "1"} if own else {}
        yield Line(
            key=key,
            name=_said(by, key, called, own),
            url=_board_of(chosen, by, key) if key and not own else "",
            cells={
                name: _cell(found.get((name, key), _nothing(indicators()[name])), name, narrowed, part, **more)
                for name in groups
            },
        )


def _board_of(chosen: Chosen, by: By, key: str) -> str:
    if by is By.MONTH:
        return chosen.at(month=key, since="", until="", by="")
    return chosen.at(**{by.value: key, "by": ""})


def _narrowed(chosen: Chosen, period: Period, by: By, key: str) -> tuple[Chosen, Period]:
    """The choices of one of the groups."""
    if by is By.MONTH:
        whole = of_month(key)
        within = max(whole.since, period.since), min(whole.until, period.until)
        return chosen, Period(since=within[0], until=within[1], month="")
    return replace(chosen, **{by.value: key or NONE}), period


def _said(by: By, key: str, called: str, own: bool) -> Title:
    if by is By.CHANNEL:
        return CHANNELS.get(key, Title(key, key))
    if not key:
        return Title("未定", "none yet")
    zh, _, en = called.partition(" / ")
    name = Title(zh or key, en or zh or key)
    return Title(f"{name.zh}（本级）", f"{name.en} (itself)") if own else name


def _ordered(lines: Sequence[Line], shown: Indicator, by: By, least: int) -> tuple[tuple[Line, ...], tuple[Line, ...]]:
    """The best first, and those with too few to be ranked; months stand in their own order."""
    if by is By.MONTH:
        return tuple(lines), ()
    figures = {one.key: one.cells[shown.name].figure for one in lines}
    enough = [one for one in lines if figures[one.key].denominator >= least]
    enough.sort(key=lambda one: figures[one.key].value or 0.0, reverse=shown.most is None)
    few = [one for one in lines if figures[one.key].denominator < least]
    return tuple(enough), tuple(sorted(few, key=lambda one: -figures[one.key].denominator))


def _funnel(transaction: Transaction, asked: Asked, chosen: Chosen, period: Period) -> tuple[tuple[Title, Cell], ...]:
    wanted = [indicators()[name] for name in _FUNNEL]
    found = _sums(wanted, breakdown(transaction, wanted, asked, By.MONTH))
    base, *_ = wanted
    reports = found[base.name].denominator
    listed = list_of(base.name, chosen, period, Side.DENOMINATOR)
    first = Cell(figure=Figure(numerator=reports, denominator=reports), numerator=listed, denominator=listed)
    reached = ((_FUNNEL[one.name], _cell(found[one.name], one.name, chosen, period)) for one in wanted)
    return (Title("上报", "Reported"), first), *reached


def _times(transaction: Transaction, asked: Asked) -> tuple[Holding, ...]:
    """Stages in their order, in each the holder with most time first."""
    order = [stage.value for stage in Stage]
    found = [one for one in spans(transaction, asked) if one.ended and one.stage in order]
    return tuple(sorted(found, key=lambda one: (order.index(one.stage), -one.time, one.department)))


def _places(
    transaction: Transaction, seen: View, period: Period, asked: Asked, shown: Indicator
) -> tuple[tuple[Line, ...], str]:
    """What the map colours: the grids below, or the parts of a grid."""
    within = {link.level for link in chain(seen.area.lineage)} if seen.area else set()
    level = "" if _GRID in within else _GRID
    groups = breakdown(transaction, [shown], asked, By.AREA, level=level)
    return tuple(one for one in _lines(groups, seen.chosen, period, By.AREA) if one.url), level
