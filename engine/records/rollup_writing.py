"""Rollups are written: months counted anew, what a round takes away and adds, and what else it counted."""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field

from engine.clock import Instant
from engine.database import Transaction
from engine.records import counted_facts, rollup_counting, rollups, span_rollups, standing_counts
from engine.records.asking import Asking, among, marks
from engine.records.counted_facts import Key, Row
from engine.records.following import read_to
from engine.records.rollup_counting import KEY, Month
from engine.records.rollup_tables import FACT_COLUMNS
from engine.records.rollups import Depths, Grain, Series

#: How often a month was to be counted anew, while a round that counts it has not come to its end: never so often.
_UNFINISHED = -1


@dataclass(frozen=True, slots=True, kw_only=True)
class Anew:
    """A month of a series that is to be counted anew."""

    series: Series
    since: Instant
    until: Instant
    #: What its bucket says then.
    anew: int
    layout: str
    #: Whether its days are counted whatever it holds.
    days: bool


@dataclass(frozen=True, slots=True)
class Moved:
    """What facts of a series counted for in a month, and what they count for now."""

    series: Series
    month: Instant
    days: bool
    before: dict[Key, Row] = field(default_factory=dict)
    after: dict[Key, Row] = field(default_factory=dict)

    @property
    def more(self) -> int:
        """How many facts more there are."""
        return len(self.after) - len(self.before)


@dataclass(frozen=True, slots=True, kw_only=True)
class CountedSpans:
    """The spans of a month, counted anew."""

    month: Instant
    anew: int
    layout: str
    many: int
    days: bool
    #: The rows of the month, and of its days where these are counted.
    rows: dict[tuple[Grain, Instant], list[Sequence[object]]]


@dataclass(frozen=True, slots=True, kw_only=True)
class MovedSpans:
    """Spans that came and went."""

    #: What said so.
    read: Collection[int]
    sums: span_rollups.Sums
    #: Month → how many more ended in it.
    more: dict[Instant, int]


@dataclass(frozen=True, slots=True, kw_only=True)
class Stands:
    """What stands now."""

    #: The end of the next workday.
    until: Instant
    rows: standing_counts.Rows


@dataclass(frozen=True, slots=True, kw_only=True)
class Round:
    """What is the same for everything that a round writes."""

    as_of: Instant
    depths: dict[Grain, Depths]
    #: Days of a month of a series with so many facts are counted, and then for good.
    worth: int


def count(transaction: Transaction, round_: Round, one: Anew) -> None:
    """Count a month of a series in the place of what was known of it."""
    many = counted_facts.count_month(transaction, one.series, one.since, one.until, round_.as_of)
    month = Month(one.since, one.until, one.days or many >= round_.worth)
    know(transaction, rollup_counting.unknown_ways(transaction, one.series, month))
    rollup_counting.forget(transaction, one.series, month)
    rollup_counting.add(transaction, one.series, round_.depths, month)
    key = (one.series.key, one.since)
    _bucket(transaction, key, one.anew, round_.as_of, None, one.layout, many, month.days)


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """What a round found beside months that are counted anew."""

    #: What said that tickets were told anew, and what their facts count for.
    read: Collection[int]
    moved: Sequence[Moved]
    spans: MovedSpans
    spans_anew: Sequence[CountedSpans]
    #: Months of spans that were written early, and how often they were to be counted anew.
    spans_written: dict[Instant, int]
    stands: Stands


def ended(transaction: Transaction, round_: Round, found: Found, known: Iterable[str]) -> None:
    """The end of a round: what it found, and as of when; series that are none of the `known` ones are dropped."""
    _move(transaction, round_, found.moved)
    _forget(transaction, "rollup_waiting", found.read)
    for one in found.spans_anew:
        keep_spans(transaction, round_.as_of, one)
    mark, *_ = marks(transaction, 1)
    transaction.run_many(
        f"UPDATE rollup_bucket SET anew = {mark} WHERE series = '{span_rollups.SERIES}' AND since = {mark}",  # noqa: S608
        [(anew, month) for month, anew in found.spans_written.items()],
    )
    span_rollups.add(transaction, found.spans.sums)
    _more(transaction, ((span_rollups.SERIES, month, many) for month, many in found.spans.more.items()))
    _forget(transaction, "span_waiting", found.spans.read)
    key = (standing_counts.SERIES, Instant(0))
    _bucket(transaction, key, 0, round_.as_of, found.stands.until, standing_counts.LAYOUT, 0, False)
    standing_counts.keep(transaction, found.stands.rows)
    _drop_others(transaction, sorted(known))
    read_to(transaction, rollups.READER, round_.as_of)


def keep_spans(transaction: Transaction, as_of: Instant, one: CountedSpans, *, early: bool = False) -> None:
    """The spans of a month in the place of what was known of them; `early`, before the end of the round.

    What came and went is in them and waits still: should the round not come to its end, they are counted anew.
    """
    anew = _UNFINISHED if early else one.anew
    _bucket(transaction, (span_rollups.SERIES, one.month), anew, as_of, None, one.layout, one.many, one.days)
    for (grain, since), rows in one.rows.items():
        span_rollups.keep(transaction, grain, since, rows)


def _forget(transaction: Transaction, table: str, read: Collection[int]) -> None:
    match, parameters = among(transaction, read)
    transaction.run(f"DELETE FROM {table} WHERE id {match}", parameters)  # noqa: S608 (constant words)


def _more(transaction: Transaction, those: Iterable[tuple[str, Instant, int]]) -> None:
    """So many more are counted in these months of a series."""
    mark, *_ = marks(transaction, 1)
    transaction.run_many(
        f"UPDATE rollup_bucket SET many = many + {mark} WHERE series = {mark} AND since = {mark}",  # noqa: S608
        [(more, series, month) for series, month, more in those if more],
    )


def _move(transaction: Transaction, round_: Round, those: Sequence[Moved]) -> None:
    if not those:
        return
    know(transaction, {str(row[3]) for one in those for row in one.after.values()})
    mark, *_ = marks(transaction, 1)
    transaction.run("DELETE FROM counted_change")
    columns = ("series", "line", "sign", "month", "days", *FACT_COLUMNS)
    transaction.load("counted_change", columns, _changes(those))
    for one in those:
        transaction.run_many(
            f"DELETE FROM counted_fact WHERE series = {mark} AND ticket_id = {mark} AND seq = {mark} "  # noqa: S608
            f"AND since = {mark}",
            [(one.series.key, *key) for key in one.before],
        )
    listed = ("series", *counted_facts.COLUMNS)
    transaction.load("counted_fact", listed, ((one.series.key, *row) for one in those for row in one.after.values()))
    for series in {one.series.key: one.series for one in those}.values():
        empty = rollup_counting.add(transaction, series, round_.depths, None)
        where = " AND ".join(f"{column} = {mark}" for column in KEY)
        transaction.run_many(f"DELETE FROM rollup WHERE {where}", empty)  # noqa: S608 (constant words)
    _more(transaction, ((one.series.key, one.month, one.more) for one in those))
    transaction.run("DELETE FROM counted_change")


def _changes(those: Iterable[Moved]) -> Iterable[Sequence[object]]:
    """What goes and what comes, but for what only changes its next time."""
    line = 0
    for one in those:
        for sign, rows, others in ((-1, one.before, one.after), (1, one.after, one.before)):
            for key, row in rows.items():
                if key in others and others[key][:-1] == row[:-1]:
                    continue
                line += 1
                yield (one.series.key, line, sign, one.month, one.days, *row[2:-1])


def known_ways(transaction: Transaction) -> set[str]:
    """The ways of which the steps are known."""
    return {str(path) for (path,) in transaction.rows("SELECT DISTINCT entire FROM rollup_way")}


def know(transaction: Transaction, paths: Iterable[str]) -> None:
    """Note the steps of these ways, and of every way above them."""
    wanted = sorted({way for path in paths for _, _, way in rollups.steps_of(path)})
    mark, *_ = marks(transaction, 1)
    transaction.run_many(
        f"INSERT INTO rollup_way (entire, depth, above, way) VALUES ({mark}, {mark}, {mark}, {mark}) "  # noqa: S608
        "ON CONFLICT DO NOTHING",
        [(path, *step) for path in wanted for step in rollups.steps_of(path)],
    )


def _bucket(transaction: Transaction, key: tuple[str, Instant], *values: str | int | None) -> None:
    """What is known of a month of a series, in the order of the columns."""
    transaction.run(
        "INSERT INTO rollup_bucket (series, since, anew, as_of, next_at, layout, many, days) "  # noqa: S608
        f"VALUES ({', '.join(marks(transaction, 8))}) ON CONFLICT (series, since) DO UPDATE SET "
        "anew = excluded.anew, as_of = excluded.as_of, next_at = excluded.next_at, layout = excluded.layout, "
        "many = excluded.many, days = excluded.days",
        (*key, *values),
    )


def _drop_others(transaction: Transaction, known: Sequence[str]) -> None:
    for (series,) in transaction.rows("SELECT DISTINCT series FROM rollup_bucket"):
        if series not in known:
            for table in ("rollup", "counted_fact", "rollup_bucket"):
                asking = Asking(transaction)
                transaction.run(f"DELETE FROM {table} WHERE series = {asking(series)}", asking.parameters)  # noqa: S608
