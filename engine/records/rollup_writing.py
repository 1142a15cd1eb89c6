"""Rollups are written: what was counted of a stretch comes in the place of what was known of it."""

from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from engine.clock import Instant
from engine.database import Transaction
from engine.records import rollups, span_rollups, standing_counts
from engine.records.asking import among, marks
from engine.records.following import read_to
from engine.records.rollup_tables import SIDES, SLOT_COLUMNS
from engine.records.rollups import KEY_COLUMNS, Grain, Series

#: `cut`, `above`, `way` and the columns by which it is cut → counts.
Rows = dict[tuple[Any, ...], tuple[int, ...]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Counted:
    """A stretch of a series as of a moment: rows that go, and rows that come in their place."""

    series: str
    grain: Grain
    since: Instant
    touched: int
    layout: str
    next_at: int | None
    many: int
    gone: list[tuple[Any, ...]]
    come: Rows


@dataclass(frozen=True, slots=True, kw_only=True)
class CountedSpans:
    """The spans of a stretch."""

    grain: Grain
    since: Instant
    touched: int
    layout: str
    rows: list[Sequence[Any]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Stands:
    """What stands now."""

    #: The end of the next workday.
    until: Instant
    rows: standing_counts.Rows


def former(transaction: Transaction, series: Series, grain: Grain, since: Collection[Instant]) -> dict[Instant, Rows]:
    """What is known of stretches of a series: for all at once, for the key has the cut and the area before them.

    ▸ An index by stretches alone would be taken for figures, too, where it brings twenty times the rows.
    """
    found: dict[Instant, Rows] = {one: {} for one in since}
    if not found:
        return found
    mark, *_ = marks(transaction, 1)
    match, parameters = among(transaction, found)
    width = len(SIDES) * len(series.indicators)
    listed = ", ".join((*KEY_COLUMNS, *SLOT_COLUMNS[:width]))
    rows = transaction.rows(
        f"SELECT since, {listed} FROM rollup WHERE grain = {mark} AND series = {mark} AND since {match}",  # noqa: S608
        (grain.value, series.key, *parameters),
    )
    keys = len(KEY_COLUMNS)
    for one, *row in rows:
        found[one][tuple(row[:keys])] = tuple(count or 0 for count in row[keys:])
    return found


def kept(
    waiting: Sequence[Counted | CountedSpans | Stands], as_of: Instant, known: Iterable[str] | None
) -> Callable[[Transaction], None]:
    """Write what was counted; with the keys of all series also the moment, and drop series that are no more."""

    def work(transaction: Transaction) -> None:
        for one in waiting:
            if isinstance(one, CountedSpans):
                key = (one.grain.value, span_rollups.SERIES, one.since)
                _bucket(transaction, key, one.touched, as_of, None, one.layout, span_rollups.many(one.rows))
                span_rollups.keep(transaction, one.grain, one.since, one.rows)
            elif isinstance(one, Stands):
                key = (Grain.MONTH.value, standing_counts.SERIES, Instant(0))
                _bucket(transaction, key, 0, as_of, one.until, standing_counts.LAYOUT, 0)
                standing_counts.keep(transaction, one.rows)
            else:
                _keep(transaction, one, as_of)
        if known is not None:
            _drop_others(transaction, sorted(known))
            read_to(transaction, rollups.READER, as_of)

    return work


def _bucket(transaction: Transaction, key: tuple[str, str, Instant], *values: str | int | None) -> None:
    """What is known of a stretch of a series, in the order of the columns."""
    transaction.run(
        "INSERT INTO rollup_bucket (grain, series, since, touched, as_of, next_at, layout, many) "  # noqa: S608
        f"VALUES ({', '.join(marks(transaction, 8))}) ON CONFLICT (grain, series, since) DO UPDATE SET "
        "touched = excluded.touched, as_of = excluded.as_of, next_at = excluded.next_at, layout = excluded.layout, "
        "many = excluded.many",
        (*key, *values),
    )


def _keep(transaction: Transaction, one: Counted, as_of: Instant) -> None:
    """The rows of a stretch in the place of what was known of it."""
    mark, *_ = marks(transaction, 1)
    first = (one.grain.value, one.series, one.since)
    _bucket(transaction, first, one.touched, as_of, one.next_at, one.layout, one.many)
    where = " AND ".join(f"{column} = {mark}" for column in ("grain", "series", "since", *KEY_COLUMNS))
    transaction.run_many(
        f"DELETE FROM rollup WHERE {where}",  # noqa: S608 (constant words)
        [(*first, *key) for key in one.gone],
    )
    width = len(next(iter(one.come.values()), ()))
    transaction.load(
        "rollup",
        ("grain", "series", "since", *KEY_COLUMNS, *SLOT_COLUMNS[:width]),
        # Most are zero, and nothing takes less room than a zero.
        ((*first, *key, *(count or None for count in counted)) for key, counted in one.come.items()),
    )


def _drop_others(transaction: Transaction, known: Sequence[str]) -> None:
    mark, *_ = marks(transaction, 1)
    for (series,) in transaction.rows("SELECT DISTINCT series FROM rollup_bucket"):
        if series not in known:
            transaction.run(f"DELETE FROM rollup WHERE series = {mark}", (series,))  # noqa: S608
            transaction.run(f"DELETE FROM rollup_bucket WHERE series = {mark}", (series,))  # noqa: S608
