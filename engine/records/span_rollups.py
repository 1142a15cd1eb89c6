"""Rollups of spans: how long tickets lay in each stage and in whose hands, of whole months and per smallest area;
by item, channel and workflow per area of the depth to which figures are cut by one of these or by all. Of days, where
these are counted, for the largest areas only.

Kept with the rollups of figures, as of the same moment; what they cannot answer is asked of the spans themselves.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from sqlalchemy import Index
from sqlmodel import SQLModel

from engine.clock import Instant
from engine.database import Transaction
from engine.records import areas
from engine.records.asking import Asking, marks
from engine.records.columns import ONE_TREE, instant, key_part, link, path, where, word
from engine.records.indicator_sql import NONE, Asked, below, filters
from engine.records.rollup_answers import joined, layouts, parts
from engine.records.rollups import (
    COLUMNS,
    DIVIDED,
    Cut,
    Depths,
    Grain,
    Span,
    begins_sql,
    counted_at,
    cut_at,
    day_of,
    depth_of,
    depth_sql,
    month_of,
    next_month,
    step_sql,
    within_sql,
)

#: What buckets call them, and how their rows are made; another way of making them is another layout.
SERIES, VERSION = "spans", "5"


class SpanRollup(SQLModel, table=True):
    """The spans that ended in a stretch, and those that began in it and last; of one area, stage and holder."""

    __tablename__ = "span_rollup"
    __table_args__ = (
        # Of all the months, the few rows in which something still lasts.
        Index("ix_span_rollup_lasting", "grain", "cut", "since", **where("lasting > 0")),
        Index("ix_span_rollup_item", "item", "grain", "cut", "since", **where("item <> ''")),
        ONE_TREE,
    )

    grain: str = word(key=True)
    #: When it begins, local time.
    since: int = key_part()
    cut: str = word(key=True)
    #: The way of the area as of filing, no longer than it is cut.
    area_path: str = path(key=True)
    stage: str = word(key=True)
    #: 0 for the block and the desk.
    department_id: int = key_part()
    #: "" where it is not cut by these.
    item: str = word(key=True, bytewise=True)
    channel: str = word(key=True)
    workflow: str = word(key=True)
    many: int = link()
    #: How long they were together, microseconds.
    time: int = instant()
    lasting: int = link()
    #: How long after the beginning of the stretch these began, together, microseconds; of months alone, as `lasting`.
    began: int = instant()


_COLUMNS = tuple(SpanRollup.model_fields)


#: What spans are cut by beside the holder, and by which of these at once, those with few rows first; of days the item
#: only together with the others, for that is hardly more.
_DIMENSIONS = (Cut.ITEM, Cut.CHANNEL, Cut.WORKFLOW)
_CUTS = {
    Grain.MONTH: (Cut.AREA, *_DIMENSIONS, Cut.ALL),
    Grain.DAY: (Cut.WHOLE, Cut.AREA, Cut.CHANNEL, Cut.WORKFLOW, Cut.ALL),
}


def layout(depths: Depths) -> str:
    """What buckets say of their rows."""
    return f"{VERSION} {depths}"


def _deepest(depths: Depths, cut: Cut) -> int | None:
    """How far down a cut goes: a month has so many spans that all at once are few still one step further down."""
    return depths.wholly + 1 if cut is Cut.ALL and depths.grain is Grain.MONTH else depths.of(cut)


def _divided(cut: Cut) -> tuple[Cut, ...]:
    return tuple(one for one in DIVIDED[cut] if one in _DIMENSIONS)


def many(rows: Sequence[Sequence[Any]]) -> int:
    """How many spans ended in the stretch of these rows."""
    return sum(row[-4] for row in rows if row[0] == Cut.AREA)


def counted(
    transaction: Transaction, since: Sequence[Instant], as_of: Instant, depths: Depths
) -> dict[Instant, list[Sequence[Any]]]:
    """One month, or days of one, each with its rows as the spans have them, without their first columns.

    Where ways are cut must be known of every way (`rollup_way`). What lasts is counted of months alone.
    """
    found: dict[Instant, dict[Sequence[Any], list[int]]] = {one: {} for one in since}
    for place, which in ((0, "until_at"), (2, "since_at"))[: 2 if depths.grain is Grain.MONTH else 1]:
        asking = Asking(transaction)
        each = _finest(asking, since, as_of, depths.grain, which)
        cuts = [_cut(cut, _deepest(depths, cut)) for cut in _CUTS[depths.grain]]
        for begins, *key, several, took in transaction.rows(each + " UNION ALL ".join(cuts), asking.parameters):
            counts = found[begins].setdefault(tuple(key), [0, 0, 0, 0])
            counts[place : place + 2] = int(several), int(took)
    return {one: [(*key, *counts) for key, counts in rows.items()] for one, rows in found.items()}


def _finest(asking: Asking, since: Sequence[Instant], as_of: Instant, grain: Grain, which: str) -> str:
    """The groups that all cuts are made of, as the table `c`: of spans that ended, or that began and last."""
    begins = begins_sql(grain, f"x.{which}", since[0], asking)
    long = "x.until_at - x.since_at" if which == "until_at" else f"x.since_at - {asking(since[0])}"
    finest = "x.area_path, x.stage, coalesce(x.department_id, 0), coalesce(k.item, ''), k.channel, k.workflow"
    parts = ["NOT k.confidential"]
    if which == "since_at":
        parts.append(f"(x.until_at IS NULL OR x.until_at > {asking(as_of)})")
    parts += [within_sql(grain, f"x.{which}", since, asking), f"x.{which} <= {asking(as_of)}"]
    grouped = f"{begins}, {finest}" if grain is Grain.DAY else finest
    return (
        "WITH c (since, path, stage, department_id, item, channel, workflow, deep, many, long) AS ("  # noqa: S608
        f"SELECT {begins}, {finest}, {depth_sql('x.area_path')}, count(*), CAST(sum({long}) AS BIGINT) "
        "FROM stage_span x "
        f"JOIN ticket_fact k ON k.ticket_id = x.ticket_id WHERE {' AND '.join(parts)} GROUP BY {grouped}) "
    )


def _cut(cut: Cut, at: int | None) -> str:
    way = "c.path" if at is None else "w.way"
    ways = "" if at is None else step_sql(at, "c.path", "c.deep")
    own = ", ".join(f"c.{COLUMNS[one]}" if one in _divided(cut) else "''" for one in _DIMENSIONS)
    by = "".join(f", c.{COLUMNS[one]}" for one in _divided(cut))
    return (
        f"SELECT c.since, '{cut.value}', {way}, c.stage, c.department_id, {own}, sum(c.many), sum(c.long) "  # noqa: S608
        f"FROM c {ways} GROUP BY c.since, {way}, c.stage, c.department_id{by}"
    )


#: What a row is known by.
_KEY, _COUNTS = _COLUMNS[:-4], _COLUMNS[-4:]
#: Key → how many, how long, how many last, how long after the beginning of the stretch these began.
Sums = dict[tuple[Any, ...], list[int]]


def keep(transaction: Transaction, grain: Grain, since: Instant, rows: Iterable[Sequence[Any]]) -> None:
    """The rows of a stretch in the place of what was known of it."""
    mark, *_ = marks(transaction, 1)
    transaction.run(f"DELETE FROM span_rollup WHERE grain = {mark} AND since = {mark}", (grain.value, since))  # noqa: S608
    transaction.load("span_rollup", _COLUMNS, ((grain.value, since, *row) for row in rows))


def waiting(transaction: Transaction, as_of: Instant) -> dict[int, Span]:
    """What comes and goes of what was told up to a moment: what says so → the span."""
    asking = Asking(transaction)
    rows = transaction.rows(
        "SELECT id, sign, area_path, stage, department_id, item, channel, workflow, since_at, until_at "  # noqa: S608
        f"FROM span_waiting WHERE last_at <= {asking(as_of)}",
        asking.parameters,
    )
    return {int(number): tuple(more) for number, *more in rows}


def add_up(sums: Sums, span: Span, month: Instant, depths: Mapping[Grain, Depths], *, days: bool) -> int:
    """What a span that comes or goes is to the month in which it ended, or in which it began if it lasts; with `days`
    also to the day. How many more ended then."""
    sign, path, stage, department, item, channel, workflow, since_at, until_at = span
    ended, began = until_at is not None, int(since_at or 0)
    long = int(until_at or 0) - began if ended else began - month
    counts = [int(sign or 0) * one for one in ((1, long, 0, 0) if ended else (0, 0, 1, long))]
    day = day_of(int(until_at or 0))
    heads = {Cut.ITEM: item, Cut.CHANNEL: channel, Cut.WORKFLOW: workflow}
    for grain, since in ((Grain.MONTH, month), *([(Grain.DAY, day)] if days and ended else [])):
        for cut in _CUTS[grain]:
            deepest, divided = _deepest(depths[grain], cut), _divided(cut)
            way = str(path) if deepest is None else cut_at(str(path), deepest)
            own = (heads[one] if one in divided else "" for one in _DIMENSIONS)
            found = sums.setdefault((grain.value, since, cut.value, way, stage, department, *own), [0, 0, 0, 0])
            found[:] = (one + more for one, more in zip(found, counts, strict=True))
    return counts[0]


def add(transaction: Transaction, sums: Sums) -> None:
    """Add these to the rows there are; rows that count nothing any more go."""
    mark, *_ = marks(transaction, 1)
    some = [(key, counts) for key, counts in sorted(sums.items()) if any(counts)]
    added = ", ".join(f'"{one}" = span_rollup."{one}" + excluded."{one}"' for one in _COUNTS)
    listed = ", ".join(f'"{one}"' for one in _COLUMNS)
    transaction.run_many(
        f"INSERT INTO span_rollup ({listed}) VALUES ({', '.join([mark] * len(_COLUMNS))}) "  # noqa: S608
        f"ON CONFLICT ({', '.join(_KEY)}) DO UPDATE SET {added}",
        [(*key, *counts) for key, counts in some],
    )
    where = " AND ".join(f"{one} = {mark}" for one in _KEY)
    transaction.run_many(
        f"DELETE FROM span_rollup WHERE {where} AND many = 0 AND lasting = 0",  # noqa: S608 (constant words)
        [key for key, _ in some],
    )


#: Stage, code and name of the holder → how many spans, and how long they are together.
Held = dict[tuple[str, str, str], tuple[int, int]]


def ended(transaction: Transaction, asked: Asked) -> tuple[Held, list[Asked]]:
    """The spans that ended in the period as far as months and days say it, and what they do not: another moment, hours
    of a day, a limit that they are not cut by. Errors: `NotFound` for an area or department never there.
    """
    found: Held = {}
    rest: list[Asked] = []
    for grain, since, until in parts(asked):
        held = _summed(transaction, asked, ("sum(r.many)", "sum(r.time)"), grain, since, until) if grain else None
        if held is None:
            rest = joined(rest, replace(asked, since=since, until=until))
        else:
            found = together(found, held)
    return found, rest


def together(one: Held, other: Held) -> Held:
    """Both, as if they had been counted at once."""
    keys = one.keys() | other.keys()
    return {
        key: (one.get(key, (0, 0))[0] + other.get(key, (0, 0))[0], one.get(key, (0, 0))[1] + other.get(key, (0, 0))[1])
        for key in keys
    }


def lasting(transaction: Transaction, asked: Asked) -> Held | None:
    """The spans that last as of then, whenever they began; None where months do not say it. Errors: as `ended`."""
    until = next_month(month_of(asked.as_of))
    age = f"sum(r.lasting * ({int(asked.as_of)} - r.since) - r.began)"
    return _summed(transaction, asked, ("sum(r.lasting)", age), Grain.MONTH, Instant(0), until)


def _summed(
    transaction: Transaction, asked: Asked, sums: tuple[str, str], grain: Grain, since: Instant, until: Instant
) -> Held | None:
    used = {one for one in _DIMENSIONS if getattr(asked, one.value)}
    if asked.units is not None or asked.department == NONE or asked.as_of != counted_at(transaction):
        return None
    known = layouts(transaction, grain, since, until).get(SERIES, "").split()
    if known[:1] != [VERSION]:
        return None
    depths, (several, long) = Depths.read(grain, known[1]), sums
    cuts = (
        one for one in _CUTS[grain] if used <= set(_divided(one)) and _fits(transaction, asked, _deepest(depths, one))
    )
    cut = next(cuts, None)
    if cut is None:
        return None
    asking = Asking(transaction)
    where = [f"r.grain = {asking(grain.value)} AND r.cut = {asking(cut.value)}"]
    where.append(f"r.since >= {asking(since)} AND r.since < {asking(until)} AND {several[4:-1]} > 0")
    if asked.area:
        where.append(below(transaction, asked.area, "r.area_path", asking, alone=asked.area_alone))
    where += filters(transaction, asked, asking, department="r.department_id", ticket="r")
    if asked.item not in ("", NONE):
        where.append("r.item <> ''")
    rows = transaction.rows(
        "SELECT y.stage, coalesce(d.code, ''), coalesce(d.name, ''), y.many, y.time FROM ("  # noqa: S608
        f"SELECT r.stage, r.department_id, {several} AS many, {long} AS time FROM span_rollup r "
        f"WHERE {' AND '.join(where)} GROUP BY r.stage, r.department_id) y "
        "LEFT JOIN department d ON d.id = y.department_id",
        asking.parameters,
    )
    return {(stage, code, name): (int(count), int(time)) for stage, code, name, count, time in rows}


def _fits(transaction: Transaction, asked: Asked, depth: int | None) -> bool:
    """Whether ways that are cut at this depth still say what lies in the area."""
    if not asked.area or depth is None:
        return True
    found = areas.ways_of(transaction, asked.area)
    return not asked.area_alone and max(map(depth_of, found)) <= depth
