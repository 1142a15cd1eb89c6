"""Rollups are kept behind the facts: what was told anew, or in which a due time passed, is counted again.

A round is as of one moment. What moved since the last one is written in one transaction together with that moment, so
that whoever asks as of it is answered by one state; only months that are counted anew, when they are many (the first
time, a changed file), are written as they come, and the moment moves at the end.
"""

from bisect import bisect_right
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import NamedTuple

from engine.clock import Clock, Instant
from engine.database import Database, Transaction
from engine.definitions.indicator import Indicator
from engine.records import counted_facts, rollup_writing, rollups, span_rollups, standing, standing_counts
from engine.records.areas import chain
from engine.records.rollup_writing import Anew, CountedSpans, Moved, Stands, know, known_ways
from engine.records.rollups import Cut, Depths, Grain, Series, month_of, next_month
from engine.records.versions import Versions

#: Rows are cut by department, item, channel or workflow down to the depth at which there are at most so many areas, and
#: by all of them at once down to the one above that with at most so many.
_SINGLY, _WHOLLY = 256, 64
#: Days are counted of months in which a series has so many facts, and then of these for good: fewer are quick to count.
WORTH = 20_000
#: Rows of spans that wait for the end of a round, at most.
_WAITING = 100_000
#: Tickets that are counted again one by one in a round, at most: of more, as after a rebuild, every month is counted
#: anew; and how many of them are looked at together.
_MOST, _TOGETHER = 50_000, 2_000


class _Touched(NamedTuple):
    """How often spans of a stretch became others, and how often it was to be counted anew."""

    spans: int
    anew: int


#: Since when stretches of a grain are, the newest first.
_Folded = dict[Grain, dict[Instant, _Touched]]


@dataclass(frozen=True, slots=True)
class _Bucket:
    """What is known of a stretch of a series."""

    touched: int
    layout: str
    many: int
    days: bool


#: Grain, series, since.
_Buckets = dict[tuple[str, str, int], _Bucket]


@dataclass(frozen=True, slots=True)
class _Round:
    """What was found at the beginning of a round."""

    as_of: Instant
    depths: dict[Grain, Depths]
    folded: _Folded
    buckets: _Buckets
    #: Of tickets that were told anew, what says so → which.
    waiting: dict[int, int]
    #: Series → tickets in which a time has passed.
    due: dict[str, set[int]]
    #: Whenever months begin, the oldest first, and when they end.
    months: Sequence[tuple[Instant, Instant]]

    def month(self, day: int) -> Instant | None:
        """The month of a day, if there is any in which facts have moments."""
        place = bisect_right(self.months, day, key=lambda month: month[0])
        since, until = self.months[place - 1] if place else (Instant(0), Instant(0))
        return since if day < until else None

    @property
    def crowded(self) -> bool:
        """Whether it is too much to go through one by one."""
        return len(self.waiting) > _MOST

    def writes(self) -> rollup_writing.Round:
        """What is the same for all that it writes."""
        return rollup_writing.Round(as_of=self.as_of, depths=self.depths, worth=WORTH)


def refresh(
    database: Database,
    clock: Clock,
    versions: Versions,
    indicators: Iterable[Indicator],
    *,
    stopping: Callable[[], bool] = lambda: False,
    hear: Callable[[int, int], None] = lambda done, all_: None,
) -> int:
    """Count again what has changed; of how many months of a series anything was. `hear` is told how many of those that
    are counted anew are done, and how many they are.

    What is folded meanwhile is left to the next round: what waits is read before the clock is asked.
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
    writes = round_.writes()
    anew = {(one.series.key, one.since): one for one in _anew(round_, every)}
    moved = [one for series in every.values() for one in _moved(database, round_, series, anew)]
    # A few, as at the beginning of a month, are written with the moment; many as they come.
    together = list(anew.values()) if len(anew) <= len(every) else []
    for done, one in enumerate([] if together else anew.values()):
        if stopping():
            return done
        database.acting(partial(rollup_writing.count, round_=writes, one=one))
        hear(done + 1, len(anew))
    if stopping():
        return 0
    counted: list[CountedSpans | Stands] = []
    for grain, depths in round_.depths.items():
        for begins in _spans_due(round_, grain, span_rollups.layout(depths)):
            if stopping():
                return 0
            counted = _unless_many(database, round_, [*counted, *_count_spans(database, round_, grain, begins)])
    counted.append(_stands(database, versions, round_.as_of))

    def work(transaction: Transaction) -> None:
        for one in together:
            rollup_writing.count(transaction, writes, one)
        known = [*every, span_rollups.SERIES, standing_counts.SERIES]
        rollup_writing.ended(transaction, writes, moved, round_.waiting.keys(), counted, known)

    database.acting(work)
    if together:
        hear(len(anew), len(anew))
    return len(anew) + len(moved)


def _stands(database: Database, versions: Versions, as_of: Instant) -> Stands:
    with database.looking(anew=True) as transaction:
        until = standing.tomorrow(versions, as_of)
        skip = standing.passed_windows(transaction, versions)
        return Stands(until=until, rows=standing_counts.counted(transaction, skip, as_of, until))


def _round(transaction: Transaction, clock: Clock) -> _Round:
    depths = _depths(transaction)
    folded: _Folded = {grain: {} for grain in Grain}
    for grain, since, touched, anew in transaction.rows(
        "SELECT grain, since, touched, anew FROM rollup_stretch ORDER BY since DESC"
    ):
        folded[Grain(grain)][Instant(since)] = _Touched(touched, anew)
    waiting = {int(one): int(ticket) for one, ticket in transaction.rows("SELECT id, ticket_id FROM rollup_waiting")}
    as_of = clock.now()
    rows = transaction.rows("SELECT grain, series, since, touched, layout, many, days FROM rollup_bucket")
    buckets = {(grain, series, since): _Bucket(*more) for grain, series, since, *more in rows}
    months = [(month, next_month(month)) for month in sorted(folded[Grain.MONTH])]
    return _Round(as_of, depths, folded, buckets, waiting, counted_facts.due(transaction, as_of), months)


def series_by_key(indicators: Iterable[Indicator]) -> dict[str, Series]:
    """All indicators as series, by their keys."""
    return {one.key: one for one in rollups.series_of(indicators)}


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


# -- figures -----------------------------------------------------------------------------------------------------------


def _anew(round_: _Round, every: Mapping[str, Series]) -> Iterator[Anew]:
    """Months of a series of which all facts have to be counted, the newest first."""
    for month in round_.folded[Grain.MONTH]:
        for series in every.values():
            if round_.crowded or not _current(round_, series, month):
                yield _whole(round_, series, month)


def _whole(round_: _Round, series: Series, month: Instant) -> Anew:
    known = round_.buckets.get((Grain.MONTH, series.key, month))
    return Anew(
        series=series, since=month, until=next_month(month), touched=round_.folded[Grain.MONTH][month].anew,
        layout=_layout(round_, series), known=known is not None, days=known is not None and known.days,
    )  # fmt: skip


def _layout(round_: _Round, series: Series) -> str:
    return series.layout(round_.depths[Grain.MONTH])


def _current(round_: _Round, series: Series, month: Instant) -> bool:
    known = round_.buckets.get((Grain.MONTH, series.key, month))
    anew = round_.folded[Grain.MONTH][month].anew
    return known is not None and known.touched == anew and known.layout == _layout(round_, series)


def _moved(
    database: Database, round_: _Round, series: Series, anew: dict[tuple[str, Instant], Anew]
) -> Iterator[Moved]:
    """What facts of a series count for else than they did, by months; a month that now holds so much that its days are
    worth counting goes to those that are counted anew.
    """
    moved: dict[Instant, Moved] = {}
    for before, after in _differing(database, round_, series):
        for key in {**before, **after}:
            month = round_.month(key[2])
            if month is None or (series.key, month) in anew:
                continue
            known = round_.buckets[Grain.MONTH, series.key, month]
            one = moved.setdefault(month, Moved(series, month, known.days))
            one.before.update({key: before[key]} if key in before else {})
            one.after.update({key: after[key]} if key in after else {})
    for month, one in moved.items():
        if not one.days and round_.buckets[Grain.MONTH, series.key, month].many + one.more >= WORTH:
            anew[series.key, month] = _whole(round_, series, month)
        else:
            yield one


def _differing(
    database: Database, round_: _Round, series: Series
) -> Iterator[tuple[dict[counted_facts.Key, counted_facts.Row], dict[counted_facts.Key, counted_facts.Row]]]:
    tickets = sorted(round_.due.get(series.key, set()) | (set() if round_.crowded else set(round_.waiting.values())))
    for first in range(0, len(tickets), _TOGETHER):
        some = tickets[first : first + _TOGETHER]
        with database.looking(anew=True) as transaction:
            before = counted_facts.kept(transaction, series, some)
            after = counted_facts.of_tickets(transaction, series, round_.as_of, some)
        yield (
            {key: row for key, row in before.items() if after.get(key) != row},
            {key: row for key, row in after.items() if before.get(key) != row},
        )


# -- spans -------------------------------------------------------------------------------------------------------------


def _spans_due(round_: _Round, grain: Grain, layout: str) -> Iterator[tuple[Instant, ...]]:
    """Whose spans have to be counted again, the newest first: months one by one, days of a month together.

    Time alone does not change what has ended.
    """
    months: dict[Instant, list[Instant]] = {}
    for since in round_.folded[grain]:
        months.setdefault(month_of(since), []).append(since)
    for month, stretches in months.items():
        if grain is Grain.DAY and not _worth(round_, month, stretches):
            continue
        stale = [one for one in stretches if not _spans_current(round_, grain, one, layout)]
        if stale:
            yield tuple(sorted(stale))


def _spans_current(round_: _Round, grain: Grain, since: Instant, layout: str) -> bool:
    known = round_.buckets.get((grain, span_rollups.SERIES, since))
    return known is not None and known.touched == round_.folded[grain][since].spans and known.layout == layout


def _worth(round_: _Round, month: Instant, days: Iterable[Instant]) -> bool:
    """Whether the days of a month are counted."""
    whole = round_.buckets.get((Grain.MONTH, span_rollups.SERIES, month))
    return (whole is not None and whole.many >= WORTH) or any(
        (Grain.DAY, span_rollups.SERIES, day) in round_.buckets for day in days
    )


def _count_spans(database: Database, round_: _Round, grain: Grain, since: tuple[Instant, ...]) -> list[CountedSpans]:
    depths = round_.depths[grain]
    with database.looking(anew=True) as transaction:
        counted = span_rollups.counted(transaction, since, round_.as_of, depths)
        # Those of days are known by then.
        months = counted.values() if grain is Grain.MONTH else ()
        unknown = {row[1] for rows in months for row in rows if row[0] == Cut.AREA} - known_ways(transaction)
    if unknown:
        database.acting(lambda writing: know(writing, unknown))
        with database.looking(anew=True) as transaction:
            counted = span_rollups.counted(transaction, since, round_.as_of, depths)
    layout, found = span_rollups.layout(depths), []
    for one, rows in counted.items():
        touched = round_.folded[grain][one].spans
        round_.buckets[grain, span_rollups.SERIES, one] = _Bucket(touched, layout, span_rollups.many(rows), False)
        found.append(CountedSpans(grain=grain, since=one, touched=touched, layout=layout, rows=rows))
    return found


def _unless_many(
    database: Database, round_: _Round, waiting: list[CountedSpans | Stands]
) -> list[CountedSpans | Stands]:
    """What waits for the end of the round; nothing once that was too much and is written."""
    if sum(len(one.rows) for one in waiting) <= _WAITING:
        return waiting
    database.acting(lambda writing: rollup_writing.keep(writing, round_.as_of, waiting))
    return []
