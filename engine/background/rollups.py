"""Rollups are kept behind the facts: what was told anew, or in which a due time passed, is counted again.

A round is as of one moment. What moved since the last one is written in one transaction together with that moment, so
that whoever asks as of it is answered by one state; only months that are counted anew, when they are many (the first
time, a changed file), are written as they come, and the moment moves at the end.
"""

from bisect import bisect_right
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial

from engine.clock import DAY, Clock, Instant
from engine.database import Database, Transaction
from engine.definitions.indicator import Indicator
from engine.records import counted_facts, rollup_writing, rollups, span_rollups, standing, standing_counts
from engine.records.areas import chain, way
from engine.records.rollup_writing import Anew, CountedSpans, Moved, MovedSpans, Stands, know, known_ways
from engine.records.rollups import Cut, Depths, Grain, Series, Span, next_month
from engine.records.versions import Versions

#: Rows are cut by department, item, channel or workflow down to the depth at which there are at most so many areas, and
#: by all of them at once down to the one above that with at most so many.
_SINGLY, _WHOLLY = 256, 64
#: Days are counted of months in which a series has so many facts, and then of these for good: fewer are quick to count.
WORTH = 20_000
#: Tickets that are counted again one by one in a round, at most: of more, as after a rebuild, every month is counted
#: anew; and how many of them are looked at together.
_MOST, _TOGETHER = 50_000, 2_000


@dataclass(frozen=True, slots=True)
class _Bucket:
    """What is known of a month of a series."""

    anew: int
    layout: str
    many: int
    days: bool


@dataclass(frozen=True, slots=True)
class _Round:
    """What was found at the beginning of a round."""

    as_of: Instant
    depths: dict[Grain, Depths]
    #: Whenever months begin, the oldest first, and how often each was to be counted anew.
    months: dict[Instant, int]
    #: Series, month → what is known of it.
    buckets: dict[tuple[str, int], _Bucket]
    #: Of tickets that were told anew, what says so → which; and the same of spans.
    waiting: dict[int, int]
    spans: dict[int, Span]
    #: Whether there is more of either, told by clocks that are ahead.
    ahead: bool
    #: Series → tickets in which a time has passed.
    due: dict[str, set[int]]
    ends: Sequence[tuple[Instant, Instant]]

    def month(self, at: int) -> Instant | None:
        """The month of a moment, if there is any in which facts have moments."""
        place = bisect_right(self.ends, at, key=lambda month: month[0])
        since, until = self.ends[place - 1] if place else (Instant(0), Instant(0))
        return since if at < until else None

    @property
    def crowded(self) -> bool:
        """Whether it is too much to go through one by one."""
        return max(len(self.waiting), len(self.spans)) > _MOST

    def current(self, series: str, month: Instant, layout: str) -> bool:
        """Whether a month of a series need not be counted anew."""
        known = self.buckets.get((series, month))
        return not self.crowded and known is not None and (known.anew, known.layout) == (self.months[month], layout)

    def grown(self, series: str, month: Instant, more: int) -> bool:
        """Whether a month now holds so much that its days are worth counting, which they were not."""
        known = self.buckets[series, month]
        return not known.days and known.many + more >= WORTH

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
    _know_areas(database)
    with database.looking(anew=True) as transaction:
        round_ = _round(transaction, clock)
        # On the state in which it was seen what waits.
        spans, stale = _moved_spans(transaction, round_)
        spans_anew = _stale_spans(database, transaction, round_, stale, stopping)
    if spans_anew is None:
        return 0
    writes = round_.writes()
    anew = {(one.series.key, one.since): one for one in _anew(round_, every)}
    moved = [one for series in every.values() for one in _moved(database, round_, series, anew)]
    # A few, as at the beginning of a month, are written with the moment; many as they come.
    together = list(anew.values()) if len(anew) <= len(every) else []
    for done, one in enumerate([] if together else anew.values()):
        if stopping():
            return done
        if done in (0, len(every)):
            database.acting(_told_to_the_planner)
        database.acting(partial(rollup_writing.count, round_=writes, one=one))
        hear(done + 1, len(anew))
    if stopping():
        return 0
    found = rollup_writing.Found(
        read=round_.waiting.keys(),
        moved=moved,
        spans=spans,
        spans_anew=spans_anew,
        spans_written={} if spans_anew else {month: round_.months[month] for month in stale},
        stands=_stands(database, versions, round_.as_of),
    )

    def work(transaction: Transaction) -> None:
        for one in together:
            rollup_writing.count(transaction, writes, one)
        known = [*every, span_rollups.SERIES, standing_counts.SERIES]
        rollup_writing.ended(transaction, writes, found, known)

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
    months = dict(transaction.rows("SELECT since, anew FROM rollup_month ORDER BY since"))
    told = transaction.rows("SELECT id, ticket_id, last_at FROM rollup_waiting")
    as_of = clock.now()
    spans = span_rollups.waiting(transaction, as_of)
    ((every,),) = transaction.rows("SELECT count(*) FROM span_waiting")
    waiting = {int(one): int(ticket) for one, ticket, last in told if last <= as_of}
    rows = transaction.rows("SELECT series, since, anew, layout, many, days FROM rollup_bucket")
    return _Round(
        as_of=as_of, depths=_depths(transaction), months=months,
        buckets={(series, since): _Bucket(*more) for series, since, *more in rows},
        waiting=waiting, spans=spans, ahead=len(waiting) < len(told) or len(spans) < every,
        due=counted_facts.due(transaction, as_of), ends=[(month, next_month(month)) for month in months],
    )  # fmt: skip


def _told_to_the_planner(transaction: Transaction) -> None:
    """What was just written for the first time: PostgreSQL would join it row by row."""
    for table in ("rollup_way", "counted_fact") if transaction.postgresql else ():
        transaction.run(f"ANALYZE {table}")


def _know_areas(database: Database) -> None:
    """Note the ways of all areas, as they are and as they were."""
    with database.looking() as transaction:
        rows = transaction.rows("SELECT lineage FROM area UNION SELECT lineage FROM former_area")
        unknown = {way(lineage) for (lineage,) in rows} - known_ways(transaction)
    if unknown:
        database.acting(partial(know, paths=unknown))


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
    for month in reversed(round_.months):
        for series in every.values():
            if not round_.current(series.key, month, series.layout(round_.depths[Grain.MONTH])):
                yield _whole(round_, series, month)


def _whole(round_: _Round, series: Series, month: Instant) -> Anew:
    known = round_.buckets.get((series.key, month))
    return Anew(
        series=series, since=month, until=next_month(month), anew=round_.months[month],
        layout=series.layout(round_.depths[Grain.MONTH]), days=known is not None and known.days,
    )  # fmt: skip


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
            known = round_.buckets[series.key, month]
            one = moved.setdefault(month, Moved(series, month, known.days))
            one.before.update({key: before[key]} if key in before else {})
            one.after.update({key: after[key]} if key in after else {})
    for month, one in moved.items():
        if round_.grown(series.key, month, one.more):
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


def _moved_spans(transaction: Transaction, round_: _Round) -> tuple[MovedSpans, list[Instant]]:
    """What came and went in months that need not be counted anew, and those that do, the newest first.

    None is while clocks are ahead: what they told would be counted now, and come and go once more.
    """
    layout = span_rollups.layout(round_.depths[Grain.MONTH])
    stale = {month for month in round_.months if not round_.current(span_rollups.SERIES, month, layout)}
    sums: span_rollups.Sums = {}
    while True:
        sums, more = _added(round_, stale)
        grown = {month for month, many in more.items() if round_.grown(span_rollups.SERIES, month, many)}
        if not grown:
            break
        stale |= grown
    if stale and round_.ahead:
        return MovedSpans(read=(), sums={}, more={}), []
    read = round_.spans.keys()
    return MovedSpans(read=read, sums=sums, more=more), sorted(stale, reverse=True)


def _added(round_: _Round, stale: Collection[Instant]) -> tuple[span_rollups.Sums, dict[Instant, int]]:
    """What spans are to other months than these, and how many more ended in each."""
    sums: span_rollups.Sums = {}
    more: dict[Instant, int] = {}
    for span in round_.spans.values():
        *_, since_at, until_at = span
        month = round_.month(int(until_at or since_at or 0))
        if month is None or month in stale:
            continue
        days = round_.buckets[span_rollups.SERIES, month].days
        more[month] = more.get(month, 0) + span_rollups.add_up(sums, span, month, round_.depths, days=days)
    return sums, more


def _stale_spans(
    database: Database, transaction: Transaction, round_: _Round, stale: Sequence[Instant], stopping: Callable[[], bool]
) -> list[CountedSpans] | None:
    """The spans of the one month that is counted anew; several are written as they come. None for a round that cannot
    go on.
    """
    for month in stale:
        counted = _spans_anew(transaction, round_, month)
        if counted is None or stopping():
            return None
        if len(stale) == 1:
            return [counted]
        database.acting(partial(rollup_writing.keep_spans, as_of=round_.as_of, one=counted, early=True))
    return []


def _spans_anew(transaction: Transaction, round_: _Round, month: Instant) -> CountedSpans | None:
    """A month counted anew; None while an area in it is too new for this look."""
    depths = round_.depths
    rows = {(Grain.MONTH, month): span_rollups.counted(transaction, [month], round_.as_of, depths[Grain.MONTH])[month]}
    if not {str(row[1]) for row in rows[Grain.MONTH, month] if row[0] == Cut.AREA} <= known_ways(transaction):
        return None
    known = round_.buckets.get((span_rollups.SERIES, month))
    many = span_rollups.many(rows[Grain.MONTH, month])
    days = many >= WORTH or (known is not None and known.days)
    if days:
        every = [Instant(day) for day in range(month, next_month(month), DAY)]
        counted = span_rollups.counted(transaction, every, round_.as_of, depths[Grain.DAY])
        rows |= {(Grain.DAY, day): found for day, found in counted.items()}
    layout = span_rollups.layout(depths[Grain.MONTH])
    return CountedSpans(month=month, anew=round_.months[month], layout=layout, many=many, days=days, rows=rows)
