"""Rollups are kept behind the facts: what was folded, or in which a due time passed, is counted again.

A round is as of one moment. What it counted is written in one transaction together with that moment, so that whoever
asks as of it is answered by one state; only a round that is too large for that (the first, a changed file) writes as it
goes and moves the moment at its end.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from engine.clock import Clock, Instant
from engine.database import Database, Transaction
from engine.definitions.indicator import Indicator
from engine.records import rollups, span_rollups, standing, standing_counts
from engine.records.areas import chain
from engine.records.asking import Asking, marks
from engine.records.rollup_counting import NEXT_DUE, Stretches, statement
from engine.records.rollup_tables import SIDES
from engine.records.rollup_writing import Counted, CountedSpans, Stands, former, kept
from engine.records.rollups import (
    COLUMNS,
    Cut,
    Depths,
    Grain,
    Series,
    month_of,
    steps_of,
)
from engine.records.versions import Versions

#: Rows are cut by department, item, channel or workflow down to the depth at which there are at most so many areas, and
#: by all of them at once down to the one above that with at most so many.
_SINGLY, _WHOLLY = 256, 64
#: Days are counted of months in which a series has so many facts, and then of these for good: fewer are quick to count.
WORTH = 20_000
#: Rows that wait for the end of a round, at most.
_WAITING = 100_000


#: Since when stretches of a grain are, and how often they were folded, the newest first.
_Folded = dict[Grain, dict[Instant, int]]


@dataclass(frozen=True, slots=True)
class _Bucket:
    """What is known of a stretch of a series."""

    touched: int
    next_at: int | None
    layout: str
    many: int


#: Grain, series, since.
_Buckets = dict[tuple[str, str, int], _Bucket]


@dataclass(frozen=True, slots=True)
class _Round:
    """What is the same for all buckets of a round."""

    as_of: Instant
    depths: Mapping[Grain, Depths]
    folded: _Folded
    buckets: _Buckets


def refresh(
    database: Database,
    clock: Clock,
    versions: Versions,
    indicators: Iterable[Indicator],
    *,
    stopping: Callable[[], bool] = lambda: False,
    hear: Callable[[int, int], None] = lambda done, all_: None,
) -> int:
    """Count again what has changed; how many months, and days of months, of a series that were. `hear` is told how many
    of how many.

    What is folded meanwhile is left to the next round: stretches are read before the clock is asked.
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
        round_ = _round(transaction, clock)
    waiting: list[Counted | CountedSpans] = []
    done, due = 0, list(_due(round_, every, Grain.MONTH))
    for grain in (Grain.MONTH, Grain.DAY):
        if grain is Grain.DAY:
            # Which months hold so much that days are worth it is known only now.
            due += _due(round_, every, grain)
        for series, since in due[done:]:
            if stopping():
                return done
            waiting = _unless_many(database, round_, [*waiting, *_count(database, round_, series, grain, since)])
            done += 1
            hear(done, len(due))
    for grain, depths in round_.depths.items():
        for begins in _spans_due(round_, grain, span_rollups.layout(depths)):
            if stopping():
                return done
            waiting = _unless_many(database, round_, [*waiting, *_count_spans(database, round_, grain, begins)])
    with database.looking(anew=True) as transaction:
        until = standing.tomorrow(versions, round_.as_of)
        skip = standing.passed_windows(transaction, versions)
        stands = Stands(until=until, rows=standing_counts.counted(transaction, skip, round_.as_of, until))
    known = [*every, span_rollups.SERIES, standing_counts.SERIES]
    database.acting(kept([*waiting, stands], round_.as_of, known))
    return done


def _unless_many(
    database: Database, round_: _Round, waiting: list[Counted | CountedSpans]
) -> list[Counted | CountedSpans]:
    """What waits for the end of the round; nothing once that was too much and is written."""
    if sum(len(one.gone) + len(one.come) if isinstance(one, Counted) else len(one.rows) for one in waiting) <= _WAITING:
        return waiting
    database.acting(kept(waiting, round_.as_of, None))
    return []


def _round(transaction: Transaction, clock: Clock) -> _Round:
    depths = _depths(transaction)
    folded: _Folded = {grain: {} for grain in Grain}
    for grain, since, touched in transaction.rows(
        "SELECT grain, since, touched FROM rollup_stretch ORDER BY since DESC"
    ):
        folded[Grain(grain)][Instant(since)] = touched
    as_of = clock.now()
    rows = transaction.rows("SELECT grain, series, since, touched, next_at, layout, many FROM rollup_bucket")
    buckets = {(grain, series, since): _Bucket(*more) for grain, series, since, *more in rows}
    return _Round(as_of, depths, folded, buckets)


def series_by_key(indicators: Iterable[Indicator]) -> dict[str, Series]:
    """All indicators as series, by their keys."""
    return {one.key: one for one in rollups.series_of(indicators)}


def _due(round_: _Round, every: dict[str, Series], grain: Grain) -> Iterator[tuple[Series, tuple[Instant, ...]]]:
    """What has to be counted again, the newest first: months one by one, days of a month together."""
    depths, months = round_.depths[grain], _by_month(round_.folded[grain])
    for month, stretches in months.items():
        for series in every.values():
            if grain is Grain.DAY and not _worth(round_, series.key, month, stretches):
                continue
            layout = series.layout(depths)
            stale = [one for one in stretches if _stale(round_, series.key, grain, one, layout)]
            if stale:
                yield series, tuple(sorted(stale))


def _stale(round_: _Round, series: str, grain: Grain, since: Instant, layout: str) -> bool:
    known = round_.buckets.get((grain, series, since))
    if known is None or known.touched != round_.folded[grain][since] or known.layout != layout:
        return True
    return known.next_at is not None and known.next_at <= round_.as_of


def _worth(round_: _Round, series: str, month: Instant, days: Iterable[Instant]) -> bool:
    """Whether the days of a month of a series are counted."""
    whole = round_.buckets.get((Grain.MONTH, series, month))
    return (whole is not None and whole.many >= WORTH) or any(
        (Grain.DAY, series, day) in round_.buckets for day in days
    )


def _by_month(stretches: Iterable[Instant]) -> dict[Instant, list[Instant]]:
    """Stretches by the month in which they lie, in the order in which they are given."""
    found: dict[Instant, list[Instant]] = {}
    for since in stretches:
        found.setdefault(month_of(since), []).append(since)
    return found


def _spans_due(round_: _Round, grain: Grain, layout: str) -> Iterator[tuple[Instant, ...]]:
    """Whose spans have to be counted again, as `_due`: time alone does not change what has ended."""
    for month, stretches in _by_month(round_.folded[grain]).items():
        if grain is Grain.DAY and not _worth(round_, span_rollups.SERIES, month, stretches):
            continue
        stale = [one for one in stretches if _stale(round_, span_rollups.SERIES, grain, one, layout)]
        if stale:
            yield tuple(sorted(stale))


def _count_spans(database: Database, round_: _Round, grain: Grain, since: tuple[Instant, ...]) -> list[CountedSpans]:
    depths = round_.depths[grain]
    with database.looking(anew=True) as transaction:
        counted = span_rollups.counted(transaction, since, round_.as_of, depths)
        # Those of days are known by then.
        months = counted.values() if grain is Grain.MONTH else ()
        unknown = _unknown(transaction, {row[1] for rows in months for row in rows if row[0] == Cut.AREA}, depths)
    if unknown:
        database.acting(lambda writing: _know(writing, unknown, depths))
        with database.looking(anew=True) as transaction:
            counted = span_rollups.counted(transaction, since, round_.as_of, depths)
    layout, found = span_rollups.layout(depths), []
    for one, rows in counted.items():
        touched = _note(round_, span_rollups.SERIES, grain, one, None, layout, span_rollups.many(rows))
        found.append(CountedSpans(grain=grain, since=one, touched=touched, layout=layout, rows=rows))
    return found


def _note(
    round_: _Round, series: str, grain: Grain, since: Instant, next_at: int | None, layout: str, many: int
) -> int:
    """Count it no more in this round; how often it had been folded."""
    touched = round_.folded[grain][since]
    round_.buckets[grain, series, since] = _Bucket(touched, next_at, layout, many)
    return touched


def _depths(transaction: Transaction) -> dict[Grain, Depths]:
    """How deep rows are cut: grids by one dimension where a district has a hundred or two, streets where a city has."""
    found: dict[int, int] = {}
    for (lineage,) in transaction.rows("SELECT lineage FROM area WHERE valid_to IS NULL"):
        depth = len(chain(lineage))
        found[depth] = found.get(depth, 0) + 1
    singly, wholly = (
        max((depth for depth, count in found.items() if count <= most), default=1) for most in (_SINGLY, _WHOLLY)
    )
    return {grain: Depths(grain, singly, wholly - 1) for grain in Grain}


# -- counting ----------------------------------------------------------------------------------------------------------


def _count(
    database: Database, round_: _Round, series: Series, grain: Grain, since: tuple[Instant, ...]
) -> list[Counted]:
    stretches = Stretches(series=series, since=since, as_of=round_.as_of, depths=round_.depths[grain])
    with database.looking(anew=True) as transaction:
        told, paths = _told(transaction, stretches)
        unknown = _unknown(transaction, paths, stretches.depths)
    if unknown:
        database.acting(lambda writing: _know(writing, unknown, stretches.depths))
        with database.looking(anew=True) as transaction:
            told, _ = _told(transaction, stretches)
    with database.looking(anew=True) as transaction:
        known = former(transaction, series, grain, [one for one in since if (grain, series.key, one) in round_.buckets])
    layout, found = series.layout(stretches.depths), []
    for one in since:
        rows, before = told[one].rows, known.get(one, {})
        many, next_at = told[one].many(), told[one].next_at
        touched = _note(round_, series.key, grain, one, next_at, layout, many)
        found.append(Counted(
            series=series.key, grain=grain, since=one, touched=touched, layout=layout, next_at=next_at, many=many,
            gone=[key for key, counted in before.items() if rows.get(key) != counted],
            come={key: counted for key, counted in rows.items() if before.get(key) != counted},
        ))  # fmt: skip
    return found


@dataclass(slots=True)
class _Told:
    """A stretch as the facts have it."""

    rows: dict[tuple[Any, ...], Any] = field(default_factory=dict)
    next_at: int | None = None

    def many(self) -> int:
        """How many facts its indicators are about: as many as the one that is about most."""
        tops = [counted for (cut, above, *_), counted in self.rows.items() if (cut, above) == (Cut.AREA, "/")]
        # Of each: denominator, what is immature, what is excluded.
        sums = [sum(column) for column in zip(*tops, strict=True)]
        return max((sum(sums[n + 1 : n + len(SIDES)]) for n in range(0, len(sums), len(SIDES))), default=0)


def _told(transaction: Transaction, stretches: Stretches) -> tuple[dict[Instant, _Told], set[str]]:
    """Each stretch, and the ways that are in a month: those of its days are known by then."""
    asking = Asking(transaction)
    found = {since: _Told() for since in stretches.since}
    paths: set[str] = set()
    for cut, since, path, *more in transaction.rows(statement(transaction, stretches, asking), asking.parameters):
        by, counted = more[: len(COLUMNS)], more[len(COLUMNS) :]
        told = found[since]
        if cut == NEXT_DUE:
            told.next_at = min((value for value in counted if value is not None), default=None)
            continue
        if cut == Cut.AREA and stretches.grain is Grain.MONTH:
            paths.add(path)
        for above, way in steps_of(path, whole=stretches.depths.deeper(cut, path)):
            sums = told.rows.setdefault((cut, above, way, *by), [0] * len(counted))
            # Most are zero.
            for n, value in enumerate(counted):
                if value:
                    sums[n] += value
    slots = len(SIDES) * len(stretches.series.indicators)
    for told in found.values():
        told.rows = {key: tuple(sums[:slots]) for key, sums in told.rows.items() if any(sums[:slots])}
    return found, paths


def _unknown(transaction: Transaction, paths: set[str], depths: Depths) -> set[str]:
    """The ways of which it is not known where they are cut."""
    asking = Asking(transaction)
    wanted = depths.every()
    known = transaction.rows(
        f"SELECT entire FROM rollup_way WHERE depth IN {asking.among(wanted)} "  # noqa: S608 (constant words)
        f"GROUP BY entire HAVING count(*) = {len(wanted)}",
        asking.parameters,
    )
    return paths - {row[0] for row in known}


def _know(transaction: Transaction, paths: Iterable[str], depths: Depths) -> None:
    """Note where ways are cut."""
    mark, *_ = marks(transaction, 1)
    transaction.run_many(
        f"INSERT INTO rollup_way (depth, entire, top) VALUES ({mark}, {mark}, {mark}) ON CONFLICT DO NOTHING",  # noqa: S608
        [(at, path, rollups.cut_at(path, at)) for path in sorted(paths) for at in depths.every()],
    )
