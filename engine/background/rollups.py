"""Rollups are kept behind the facts: months whose facts were folded, or in which a due time passed, are counted again.

A round is as of one moment. What it counted is written in one transaction together with that moment, so that whoever
asks as of it is answered by one state; only a round that is too large for that (the first, a changed file) writes as it
goes and moves the moment at its end.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from engine.clock import Clock, Instant
from engine.database import Database, Transaction
from engine.definitions.indicator import Indicator
from engine.records import rollups, span_months, standing, standing_counts
from engine.records.areas import chain
from engine.records.asking import Asking, marks
from engine.records.following import read_to
from engine.records.rollup_counting import NEXT_DUE, statement
from engine.records.rollups import (
    COLUMNS,
    KEY_COLUMNS,
    SIDES,
    SLOT_COLUMNS,
    Cut,
    Depths,
    Series,
    depth_of,
    steps_of,
)
from engine.records.versions import Versions

#: Rows are cut by department, item, channel or workflow down to the depth at which there are at most so many areas, and
#: by all of them at once down to the one above that with at most so many.
_SINGLY, _WHOLLY = 256, 64
#: Rows that wait for the end of a round, at most.
_WAITING = 100_000
#: `cut`, `above`, `way` and the columns by which it is cut → counts.
_Rows = dict[tuple[Any, ...], tuple[int, ...]]


@dataclass(frozen=True, slots=True)
class _Counted:
    """A month of a series as of a moment."""

    series: str
    month: Instant
    touched: int
    layout: str
    next_at: int | None
    gone: list[tuple[Any, ...]]
    come: _Rows


@dataclass(frozen=True, slots=True)
class _Spans:
    """The spans of a month."""

    month: Instant
    touched: int
    rows: list[Sequence[Any]]


@dataclass(frozen=True, slots=True)
class _Stands:
    """What stands now."""

    #: The end of the next workday.
    until: Instant
    rows: standing_counts.Rows


@dataclass(frozen=True, slots=True)
class _Round:
    """What is the same for all buckets of a round."""

    as_of: Instant
    depths: Depths


def refresh(
    database: Database,
    clock: Clock,
    versions: Versions,
    indicators: Iterable[Indicator],
    *,
    stopping: Callable[[], bool] = lambda: False,
    hear: Callable[[int, int], None] = lambda done, all_: None,
) -> int:
    """Count again what has changed; how many months of a series that were. `hear` is told how many of how many.

    What is folded meanwhile is left to the next round: months are read before the clock is asked.
    """
    with database.looking() as holding:
        # On PostgreSQL one process at a time counts; what another would do meanwhile it does in its next round.
        if (
            holding.postgresql
            and not holding.rows("SELECT pg_try_advisory_xact_lock(hashtext('huying/rollups'))")[0][0]
        ):
            return 0
        return _refresh(database, clock, versions, series_by_key(indicators), stopping, hear)


def _refresh(
    database: Database,
    clock: Clock,
    versions: Versions,
    every: dict[str, Series],
    stopping: Callable[[], bool],
    hear: Callable[[int, int], None],
) -> int:
    with database.looking(anew=True) as transaction:
        depths = _depths(transaction)
        months = dict(transaction.rows("SELECT month, touched FROM rollup_month ORDER BY month DESC"))
        as_of = clock.now()
        due = list(_due(transaction, every, months, as_of, depths))
        spans = list(_spans_due(transaction, months, span_months.layout(depths)))
    round_ = _Round(as_of, depths)
    waiting: list[_Counted] = []
    for done, (series, month) in enumerate(due, 1):
        if stopping():
            return done - 1
        waiting.append(_count(database, round_, series, month, months[month]))
        if sum(len(one.gone) + len(one.come) for one in waiting) > _WAITING:
            database.acting(_kept(waiting, round_, None))
            waiting = []
        hear(done, len(due))
    counted = [_count_spans(database, round_, month, months[month]) for month in spans]
    with database.looking(anew=True) as transaction:
        until = standing.tomorrow(versions, as_of)
        skip = standing.passed_windows(transaction, versions)
        stands = _Stands(until, standing_counts.counted(transaction, skip, as_of, until))
    database.acting(_kept([*waiting, *counted, stands], round_, [*every, span_months.SERIES, standing_counts.SERIES]))
    return len(due)


def series_by_key(indicators: Iterable[Indicator]) -> dict[str, Series]:
    """All indicators as series, by their keys."""
    return {one.key: one for one in rollups.series_of(indicators)}


def _due(
    transaction: Transaction, every: dict[str, Series], months: dict[int, int], as_of: Instant, depths: Depths
) -> Iterator[tuple[Series, Instant]]:
    """What has to be counted again, the newest months first."""
    rows = transaction.rows("SELECT series, month, touched, next_at, layout FROM rollup_bucket")
    buckets = {(series, month): more for series, month, *more in rows}
    for month, touched in months.items():
        for series in every.values():
            counted, next_at, layout = buckets.get((series.key, month), (None, None, ""))
            passed = next_at is not None and next_at <= as_of
            if counted != touched or passed or layout != series.layout(depths):
                yield series, Instant(month)


def _spans_due(transaction: Transaction, months: dict[int, int], layout: str) -> Iterator[Instant]:
    """The months whose spans have to be counted again: time alone does not change what has ended."""
    asking = Asking(transaction)
    rows = transaction.rows(
        f"SELECT month, touched, layout FROM rollup_bucket WHERE series = {asking(span_months.SERIES)}",  # noqa: S608
        asking.parameters,
    )
    known = {month: (touched, layout) for month, touched, layout in rows}
    for month, touched in months.items():
        if known.get(month) != (touched, layout):
            yield Instant(month)


def _count_spans(database: Database, round_: _Round, month: Instant, touched: int) -> "_Spans":
    depths = round_.depths
    with database.looking(anew=True) as transaction:
        rows = span_months.counted(transaction, month, round_.as_of, depths)
        unknown = _unknown(transaction, {row[1] for row in rows if row[0] == Cut.AREA}, _wanted(depths))
    if unknown:
        database.acting(lambda writing: _know(writing, unknown, _wanted(depths)))
        with database.looking(anew=True) as transaction:
            rows = span_months.counted(transaction, month, round_.as_of, depths)
    return _Spans(month, touched, rows)


def _depths(transaction: Transaction) -> Depths:
    """How deep rows are cut: grids by one dimension where a district has a hundred or two, streets where a city has."""
    found: dict[int, int] = {}
    for (lineage,) in transaction.rows("SELECT lineage FROM area WHERE valid_to IS NULL"):
        depth = len(chain(lineage))
        found[depth] = found.get(depth, 0) + 1
    singly, wholly = (
        max((depth for depth, count in found.items() if count <= most), default=1) for most in (_SINGLY, _WHOLLY)
    )
    return Depths(singly, wholly - 1)


# -- counting ----------------------------------------------------------------------------------------------------------


def _count(database: Database, round_: _Round, series: Series, month: Instant, touched: int) -> _Counted:
    with database.looking(anew=True) as transaction:
        rows, next_at, paths = _told(transaction, round_, series, month)
        wanted = _wanted(round_.depths)
        unknown = _unknown(transaction, paths, wanted)
    if unknown:
        database.acting(lambda writing: _know(writing, unknown, wanted))
        with database.looking(anew=True) as transaction:
            rows, next_at, _ = _told(transaction, round_, series, month)
    with database.looking(anew=True) as transaction:
        former = _former(transaction, series, month)
    return _Counted(
        series=series.key, month=month, touched=touched, layout=series.layout(round_.depths), next_at=next_at,
        gone=[key for key, counted in former.items() if rows.get(key) != counted],
        come={key: counted for key, counted in rows.items() if former.get(key) != counted},
    )  # fmt: skip


def _told(
    transaction: Transaction, round_: _Round, series: Series, month: Instant
) -> tuple[_Rows, int | None, set[str]]:
    """The rows of a month as the facts have them, the next due time in it, and the ways that are in it."""
    asking = Asking(transaction)
    found: dict[tuple[Any, ...], list[int]] = {}
    next_at: int | None = None
    paths: set[str] = set()
    sql = statement(transaction, series, month, round_.as_of, round_.depths, asking)
    for cut, path, *more in transaction.rows(sql, asking.parameters):
        by, counted = more[: len(COLUMNS)], more[len(COLUMNS) :]
        if cut == NEXT_DUE:
            next_at = min((value for value in counted if value is not None), default=None)
            continue
        if cut == Cut.AREA:
            paths.add(path)
        depth = round_.depths.of(cut)
        for above, way in steps_of(path, whole=cut == Cut.AREA or depth_of(path) < depth):
            sums = found.setdefault((cut, above, way, *by), [0] * len(counted))
            for n, value in enumerate(counted):
                sums[n] += value or 0
    slots = len(SIDES) * len(series.indicators)
    rows = {key: tuple(sums[:slots]) for key, sums in found.items() if any(sums[:slots])}
    return rows, next_at, paths


def _wanted(depths: Depths) -> list[int]:
    return sorted({depths.singly, depths.wholly})


def _unknown(transaction: Transaction, paths: set[str], depths: Sequence[int]) -> set[str]:
    """The ways of which it is not known where they are cut."""
    asking = Asking(transaction)
    known = transaction.rows(
        f"SELECT entire FROM rollup_way WHERE depth IN {asking.among(depths)} "  # noqa: S608 (constant words)
        f"GROUP BY entire HAVING count(*) = {len(depths)}",
        asking.parameters,
    )
    return paths - {row[0] for row in known}


def _know(transaction: Transaction, paths: Iterable[str], depths: Sequence[int]) -> None:
    """Note where ways are cut."""
    mark, *_ = marks(transaction, 1)
    transaction.run_many(
        f"INSERT INTO rollup_way (depth, entire, top) VALUES ({mark}, {mark}, {mark}) ON CONFLICT DO NOTHING",  # noqa: S608
        [(at, path, rollups.cut_at(path, at)) for path in sorted(paths) for at in depths],
    )


# -- writing -----------------------------------------------------------------------------------------------------------


def _former(transaction: Transaction, series: Series, month: Instant) -> _Rows:
    mark, *_ = marks(transaction, 1)
    width = len(SIDES) * len(series.indicators)
    listed = ", ".join((*KEY_COLUMNS, *SLOT_COLUMNS[:width]))
    rows = transaction.rows(
        f"SELECT {listed} FROM rollup WHERE series = {mark} AND month = {mark}",  # noqa: S608 (constant words)
        (series.key, month),
    )
    keys = len(KEY_COLUMNS)
    return {tuple(row[:keys]): tuple(count or 0 for count in row[keys:]) for row in rows}


def _kept(
    waiting: Sequence[_Counted | _Spans | _Stands], round_: _Round, known: Iterable[str] | None
) -> Callable[[Transaction], None]:
    """Write what was counted; with the keys of all series also the moment, and drop series that are no more."""

    def work(transaction: Transaction) -> None:
        for one in waiting:
            if isinstance(one, _Spans):
                _bucket(
                    transaction,
                    span_months.SERIES,
                    one.month,
                    one.touched,
                    round_.as_of,
                    None,
                    span_months.layout(round_.depths),
                )
                span_months.keep(transaction, one.month, one.rows)
            elif isinstance(one, _Stands):
                _bucket(
                    transaction, standing_counts.SERIES, 0, 0, round_.as_of, one.until, standing_counts.LAYOUT
                )  # fmt: skip
                standing_counts.keep(transaction, one.rows)
            else:
                _keep(transaction, one, round_.as_of)
        if known is not None:
            _drop_others(transaction, sorted(known))
            read_to(transaction, rollups.READER, round_.as_of)

    return work


def _bucket(transaction: Transaction, *values: str | int | None) -> None:
    """What is known of a month of a series, in the order of the columns."""
    transaction.run(
        "INSERT INTO rollup_bucket (series, month, touched, as_of, next_at, layout) "  # noqa: S608 (constant words)
        f"VALUES ({', '.join(marks(transaction, 6))}) ON CONFLICT (series, month) DO UPDATE SET "
        "touched = excluded.touched, as_of = excluded.as_of, next_at = excluded.next_at, layout = excluded.layout",
        values,
    )


def _keep(transaction: Transaction, one: _Counted, as_of: Instant) -> None:
    """The rows of a month in the place of what was known of it."""
    mark, *_ = marks(transaction, 1)
    _bucket(transaction, one.series, one.month, one.touched, as_of, one.next_at, one.layout)
    where = " AND ".join(f"{column} = {mark}" for column in KEY_COLUMNS)
    transaction.run_many(
        f"DELETE FROM rollup WHERE series = {mark} AND month = {mark} AND {where}",  # noqa: S608 (constant words)
        [(one.series, one.month, *key) for key in one.gone],
    )
    width = len(next(iter(one.come.values()), ()))
    transaction.load(
        "rollup",
        ("series", "month", *KEY_COLUMNS, *SLOT_COLUMNS[:width]),
        # Most are zero, and nothing takes less room than a zero.
        ((one.series, one.month, *key, *(count or None for count in counted)) for key, counted in one.come.items()),
    )


def _drop_others(transaction: Transaction, known: Sequence[str]) -> None:
    mark, *_ = marks(transaction, 1)
    for (series,) in transaction.rows("SELECT DISTINCT series FROM rollup_bucket"):
        if series not in known:
            transaction.run(f"DELETE FROM rollup WHERE series = {mark}", (series,))  # noqa: S608
            transaction.run(f"DELETE FROM rollup_bucket WHERE series = {mark}", (series,))  # noqa: S608
