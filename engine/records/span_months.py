"""Rollups of spans: how long tickets lay in each stage and in whose hands, of whole months and per smallest area.

Kept with the rollups of figures, as of the same moment; what they cannot answer is asked of the spans themselves.
"""

from collections.abc import Iterable, Sequence
from typing import Any

from sqlmodel import SQLModel

from engine.clock import Instant
from engine.database import Transaction
from engine.records.asking import Asking, marks
from engine.records.columns import ONE_TREE, instant, key_part, link, path, word
from engine.records.indicator_sql import NONE, Asked, below, filters
from engine.records.rollup_answers import layouts, whole_months
from engine.records.rollups import counted_at, month_of, next_month

#: What buckets call them, and how their rows are made; another way of making them is another layout.
SERIES, LAYOUT = "spans", "2"


class SpanMonth(SQLModel, table=True):
    """The spans that ended in a month, and those that began in it and last; of one smallest area, stage and holder."""

    __tablename__ = "span_month"
    __table_args__ = (ONE_TREE,)

    #: When it begins, local time.
    month: int = key_part()
    area_path: str = path(key=True)
    stage: str = word(key=True)
    #: 0 for the block and the desk.
    department_id: int = key_part()
    many: int = link()
    #: How long they were together, microseconds.
    time: int = instant()
    lasting: int = link()
    #: How long after the beginning of the month these began, together, microseconds.
    began: int = instant()


_COLUMNS = tuple(SpanMonth.model_fields)


def counted(transaction: Transaction, month: Instant, as_of: Instant) -> list[Sequence[Any]]:
    """The rows of a month as the spans have them, without its first column."""
    found: dict[Sequence[Any], list[int]] = {}
    for place, which, sums in (
        (0, "until_at", "CAST(sum(x.until_at - x.since_at) AS BIGINT)"),
        (2, "since_at", f"CAST(sum(x.since_at - {int(month)}) AS BIGINT)"),
    ):
        asking = Asking(transaction)
        lasts = "" if which == "until_at" else f"AND (x.until_at IS NULL OR x.until_at > {asking(as_of)}) "
        rows = transaction.rows(
            f"SELECT x.area_path, x.stage, coalesce(x.department_id, 0), count(*), {sums} "  # noqa: S608
            "FROM stage_span x JOIN ticket_fact k ON k.ticket_id = x.ticket_id "
            f"WHERE NOT k.confidential {lasts}AND x.{which} >= {asking(month)} "
            f"AND x.{which} < {asking(next_month(month))} AND x.{which} <= {asking(as_of)} "
            "GROUP BY x.area_path, x.stage, coalesce(x.department_id, 0)",
            asking.parameters,
        )
        for *key, many, long in rows:
            found.setdefault(tuple(key), [0, 0, 0, 0])[place : place + 2] = int(many), int(long)
    return [(*key, *counts) for key, counts in found.items()]


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
    limited = asked.units is not None or asked.item or asked.channel or asked.workflow or asked.department == NONE
    if limited or asked.as_of != counted_at(transaction):
        return None
    if layouts(transaction, since, until).get(SERIES) != LAYOUT:
        return None
    asking = Asking(transaction)
    parts = [f"r.month >= {asking(since)} AND r.month < {asking(until)} AND {many[4:-1]} > 0"]
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
