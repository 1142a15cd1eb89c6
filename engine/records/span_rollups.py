"""Rollups of spans: how long tickets lay in each stage and in whose hands, of whole months and per smallest area;
by item, channel and workflow per area of the depth to which figures are cut by one of these.

Kept with the rollups of figures, as of the same moment; what they cannot answer is asked of the spans themselves.
"""

from collections.abc import Iterable, Sequence
from typing import Any

from sqlalchemy import Index
from sqlmodel import SQLModel

from engine.clock import Instant
from engine.database import Transaction
from engine.records import areas
from engine.records.asking import Asking, marks
from engine.records.columns import ONE_TREE, instant, key_part, link, path, where, word
from engine.records.indicator_sql import NONE, Asked, below, filters
from engine.records.rollup_answers import layouts, whole_months
from engine.records.rollups import COLUMNS, Cut, Depths, counted_at, depth_of, month_of, next_month

#: What buckets call them, and how their rows are made; another way of making them is another layout.
SERIES, VERSION = "spans", "3"


class SpanMonth(SQLModel, table=True):
    """The spans that ended in a month, and those that began in it and last; of one smallest area, stage and holder."""

    __tablename__ = "span_month"
    __table_args__ = (
        # Of all the months, the few rows in which something still lasts.
        Index("ix_span_month_lasting", "cut", "month", **where("lasting > 0")),
        ONE_TREE,
    )

    #: When it begins, local time.
    month: int = key_part()
    cut: str = word(key=True)
    #: The way of the area as of filing, no longer than it is cut.
    area_path: str = path(key=True)
    stage: str = word(key=True)
    #: 0 for the block and the desk.
    department_id: int = key_part()
    #: "" where it is not cut by these.
    item: str = word(key=True)
    channel: str = word(key=True)
    workflow: str = word(key=True)
    many: int = link()
    #: How long they were together, microseconds.
    time: int = instant()
    lasting: int = link()
    #: How long after the beginning of the month these began, together, microseconds.
    began: int = instant()


_COLUMNS = tuple(SpanMonth.model_fields)


#: Beside the smallest areas.
_CUTS = (Cut.ITEM, Cut.CHANNEL, Cut.WORKFLOW)


def layout(depths: Depths) -> str:
    """What buckets say of their rows."""
    return f"{VERSION} {depths.singly}"


def counted(transaction: Transaction, month: Instant, as_of: Instant, depths: Depths) -> list[Sequence[Any]]:
    """The rows of a month as the spans have them, without its first column.

    Where ways are cut must be known of every way (`rollup_way`).
    """
    found: dict[Sequence[Any], list[int]] = {}
    for place, which, long in (
        (0, "until_at", "x.until_at - x.since_at"),
        (2, "since_at", f"x.since_at - {int(month)}"),
    ):
        asking = Asking(transaction)
        lasts = "" if which == "until_at" else f"AND (x.until_at IS NULL OR x.until_at > {asking(as_of)}) "
        finest = "x.area_path, x.stage, coalesce(x.department_id, 0), coalesce(k.item, ''), k.channel, k.workflow"
        each = (
            f"WITH c (path, stage, department_id, item, channel, workflow, many, long) AS (SELECT {finest}, count(*), "  # noqa: S608
            f"CAST(sum({long}) AS BIGINT) FROM stage_span x JOIN ticket_fact k ON k.ticket_id = x.ticket_id "
            f"WHERE NOT k.confidential {lasts}AND x.{which} >= {asking(month)} "
            f"AND x.{which} < {asking(next_month(month))} AND x.{which} <= {asking(as_of)} GROUP BY {finest}) "
        )
        parts = [_cut(Cut.AREA, "c.path", "")]
        parts += [
            _cut(cut, "w.top", f"JOIN rollup_way w ON w.depth = {asking(depths.singly)} AND w.entire = c.path")
            for cut in _CUTS
        ]
        for *key, many, took in transaction.rows(each + " UNION ALL ".join(parts), asking.parameters):
            found.setdefault(tuple(key), [0, 0, 0, 0])[place : place + 2] = int(many), int(took)
    return [(*key, *counts) for key, counts in found.items()]


def _cut(cut: Cut, way: str, ways: str) -> str:
    own = ", ".join(f"c.{COLUMNS[one]}" if one is cut else "''" for one in _CUTS)
    by = f", c.{COLUMNS[cut]}" if cut in _CUTS else ""
    return (
        f"SELECT '{cut.value}', {way}, c.stage, c.department_id, {own}, sum(c.many), sum(c.long) "  # noqa: S608
        f"FROM c {ways} GROUP BY {way}, c.stage, c.department_id{by}"
    )


def keep(transaction: Transaction, month: Instant, rows: Iterable[Sequence[Any]]) -> None:
    """The rows of a month in the place of what was known of it."""
    mark, *_ = marks(transaction, 1)
    transaction.run(f"DELETE FROM span_month WHERE month = {mark}", (month,))  # noqa: S608 (constant words)
    transaction.load("span_month", _COLUMNS, ((month, *row) for row in rows))


#: Stage, code and name of the holder → how many spans, and how long they are together.
Held = dict[tuple[str, str, str], tuple[int, int]]


def ended(transaction: Transaction, asked: Asked) -> Held | None:
    """The spans that ended in the period.

    None where the months do not say it: another moment, days that are no whole months, a limit that they are not cut
    by. Errors: `NotFound` for an area or department never there.
    """
    since, until = whole_months(asked)
    whole = since == asked.since and (until == asked.until or asked.until > asked.as_of)
    if not whole or since >= until:
        return None
    return _summed(transaction, asked, "sum(r.many)", "sum(r.time)", since, until)


def lasting(transaction: Transaction, asked: Asked) -> Held | None:
    """The spans that last as of then, whenever they began. None as for `ended`, but for the days. Errors: likewise."""
    until = next_month(month_of(asked.as_of))
    age = f"sum(r.lasting * ({int(asked.as_of)} - r.month) - r.began)"
    return _summed(transaction, asked, "sum(r.lasting)", age, Instant(0), until)


def _summed(
    transaction: Transaction, asked: Asked, many: str, long: str, since: Instant, until: Instant
) -> Held | None:
    used = [cut for cut in _CUTS if getattr(asked, cut.value)]
    if asked.units is not None or len(used) > 1 or asked.department == NONE or asked.as_of != counted_at(transaction):
        return None
    known = layouts(transaction, since, until).get(SERIES, "").split()
    if known[:1] != [VERSION] or not (used == [] or _fits(transaction, asked, int(known[1]))):
        return None
    asking = Asking(transaction)
    cut = asking((used or [Cut.AREA])[0].value)
    parts = [f"r.cut = {cut} AND r.month >= {asking(since)} AND r.month < {asking(until)} AND {many[4:-1]} > 0"]
    if asked.area:
        parts.append(below(transaction, asked.area, "r.area_path", asking, alone=asked.area_alone))
    parts += filters(transaction, asked, asking, department="r.department_id", ticket="r")
    rows = transaction.rows(
        "SELECT y.stage, coalesce(d.code, ''), coalesce(d.name, ''), y.many, y.time FROM ("  # noqa: S608
        f"SELECT r.stage, r.department_id, {many} AS many, {long} AS time FROM span_month r "
        f"WHERE {' AND '.join(parts)} GROUP BY r.stage, r.department_id) y "
        "LEFT JOIN department d ON d.id = y.department_id",
        asking.parameters,
    )
    return {(stage, code, name): (int(many), int(time)) for stage, code, name, many, time in rows}


def _fits(transaction: Transaction, asked: Asked, depth: int) -> bool:
    """Whether ways that are cut at this depth still say what lies in the area."""
    if not asked.area:
        return True
    found = areas.ways(transaction, areas.area_by_code(transaction, asked.area))
    return not asked.area_alone and max(map(depth_of, found)) <= depth
