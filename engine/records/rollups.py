"""Rollups: counts of whole months and days beside the facts, so that a board need not count millions of rows.

They are sums of facts as these were counted last (`CountedFact`), each by the very SQL of `figure`, as of one moment. A
fact whose ticket was told anew, or in which a due time has passed, is counted again, and what it counted for before is
taken away; a month is counted anew only when it never was, or when an indicator's file changed. Whoever asks as of that
moment (`moment`) is answered from here for whole months, for whole days around them, and for what these are cut by;
what rows are not cut by is answered from the facts as they were counted. The rest of a period, every other moment and
whoever sees only a part are answered from the facts themselves.
"""

import hashlib
from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache
from itertools import pairwise

from engine.clock import DAY, Instant, moment
from engine.clock import instant as instant_of
from engine.database import Transaction
from engine.definitions.indicator import Counted, Indicator
from engine.records.asking import Asking, marks
from engine.records.rollup_tables import PEOPLE, SLOTS

READER = "rollups"
#: Changes when what is counted changes without a change of the files.
_VERSION = "7"
#: A rollup older than this is no answer to "now": nobody keeps it any more.
STALE = 5 * 60_000_000


class Grain(StrEnum):
    """How long a stretch a row counts."""

    MONTH = "month"
    DAY = "day"  #: beside its month, where that holds so much that the facts of some days are slow


class Cut(StrEnum):
    """What the rows of a stretch are cut by, beside the area."""

    AREA = "area"  #: nothing else, of months down to the smallest areas
    WHOLE = "whole"  #: nothing else, of spans of days, for the largest areas only
    DEPARTMENT = "department"
    ITEM = "item"
    CHANNEL = "channel"
    WORKFLOW = "workflow"
    ALL = "all"  #: all of these at once, of months and for the largest areas only
    #: Two or three of them: for the largest areas only, as far down as these are much fewer than facts.
    CHANNEL_WORKFLOW = "channel_workflow"
    BUT_DEPARTMENT = "but_department"
    ITEM_DEPARTMENT = "item_department"
    BUT_ITEM = "but_item"
    #: Who reached a milestone, with channel and workflow, of tasks also with department, for the largest areas only:
    #: one cut of each milestone that indicators name (`person_cut`), of months. Of tickets there is another one with
    #: the department instead of channel and workflow (`person_in_department_cut`).
    PERSON = "person"
    #: Not cut at all: the facts as they were counted, for what rows of days are not cut by.
    FACT = "fact"


#: Columns by which a row is cut, in their order.
DIMENSIONS = (Cut.DEPARTMENT, Cut.ITEM, Cut.CHANNEL, Cut.WORKFLOW)
COLUMNS = {
    Cut.DEPARTMENT: "department_id", Cut.ITEM: "item", Cut.CHANNEL: "channel", Cut.WORKFLOW: "workflow",
    Cut.PERSON: "person_id",
}  # fmt: skip


#: What rows of each cut are cut by.
DIVIDED: dict[Cut, tuple[Cut, ...]] = {
    Cut.AREA: (),
    Cut.WHOLE: (),
    **{one: (one,) for one in DIMENSIONS},
    Cut.ALL: DIMENSIONS,
    Cut.CHANNEL_WORKFLOW: (Cut.CHANNEL, Cut.WORKFLOW),
    Cut.BUT_DEPARTMENT: (Cut.ITEM, Cut.CHANNEL, Cut.WORKFLOW),
    Cut.ITEM_DEPARTMENT: (Cut.DEPARTMENT, Cut.ITEM),
    Cut.BUT_ITEM: (Cut.DEPARTMENT, Cut.CHANNEL, Cut.WORKFLOW),
}
#: The cuts of each grain, those with few rows before those with many. All at once, rows of days would be single facts.
CUTS: dict[Grain, tuple[Cut, ...]] = {
    Grain.MONTH: (
        Cut.AREA,
        *DIMENSIONS,
        Cut.CHANNEL_WORKFLOW,
        Cut.BUT_ITEM,
        Cut.ITEM_DEPARTMENT,
        Cut.BUT_DEPARTMENT,
        Cut.ALL,
    ),
    Grain.DAY: (
        Cut.AREA,
        *DIMENSIONS,
        Cut.CHANNEL_WORKFLOW,
        Cut.BUT_DEPARTMENT,
        Cut.ITEM_DEPARTMENT,
        Cut.BUT_ITEM,
    ),
}


# -- when they were counted --------------------------------------------------------------------------------------------


def counted_at(transaction: Transaction) -> Instant | None:
    """As of when every stretch is counted; None when that was never done."""

    def find() -> Instant | None:
        mark, *_ = marks(transaction, 1)
        rows = transaction.rows(f"SELECT position FROM cursor WHERE reader = {mark}", (READER,))  # noqa: S608
        return Instant(int(rows[0][0])) if rows else None

    return transaction.once(READER, find)


@dataclass(frozen=True, slots=True, kw_only=True)
class RollupState:
    """How far the rollups have come."""

    rows: int
    #: Months of series that are counted, and how many of them are to be counted anew.
    months: int
    anew: int
    #: Tickets that were told anew since.
    waiting: int
    as_of: Instant | None


def state(transaction: Transaction) -> RollupState:
    """How far the rollups have come."""
    ((rows,),) = transaction.rows("SELECT count(*) FROM rollup")
    ((waiting,),) = transaction.rows("SELECT count(DISTINCT ticket_id) FROM rollup_waiting")
    ((months, anew),) = transaction.rows(
        "SELECT count(*), coalesce(sum(CASE WHEN m.anew <> b.anew THEN 1 ELSE 0 END), 0) FROM rollup_bucket b "
        "JOIN rollup_month m ON m.since = b.since"
    )
    return RollupState(rows=rows, months=months, anew=int(anew), waiting=waiting, as_of=counted_at(transaction))


def newest(transaction: Transaction, now: Instant) -> Instant:
    """The moment to ask figures as of: that of the rollups while they are kept, else now."""
    at = counted_at(transaction)
    return at if at is not None and now - STALE <= at <= now else now


@lru_cache(maxsize=4096)
def month_of(at: int) -> Instant:
    """When the month of a moment begins, local time."""
    local = moment(Instant(at))
    return instant_of(local.replace(day=1, hour=0, minute=0, second=0, microsecond=0))


def next_month(month: Instant) -> Instant:
    """When the month after that of a moment begins."""
    return month_of(month_of(month) + 32 * DAY)


def day_of(at: int) -> Instant:
    """When the day of a moment begins, local time."""
    offset = civil_offset(at)
    return Instant((at + offset) // DAY * DAY - offset)


def next_day(day: Instant) -> Instant:
    """When the day after it begins; the zone has had no summer time since 1991."""
    return Instant(day + DAY)


@lru_cache(maxsize=4096)
def civil_offset(at: int) -> int:
    """Local time minus universal time, microseconds."""
    offset = moment(Instant(at)).utcoffset()
    return int(offset.total_seconds()) * 1_000_000 if offset is not None else 0


#: Grain → when the stretch of a moment begins, and when the one after it.
BEGINS: dict[Grain, Callable[[int], Instant]] = {Grain.MONTH: month_of, Grain.DAY: day_of}
NEXT: dict[Grain, Callable[[Instant], Instant]] = {Grain.MONTH: next_month, Grain.DAY: next_day}


def begins_sql(grain: Grain, column: str, first: Instant, asking: Asking) -> str:
    """When the stretch of a moment begins: of a month, which a statement counts alone, the first one there is.

    That is a parameter, and not to be grouped by: a constant would be read as the number of a column.
    """
    if grain is Grain.MONTH:
        return f"CAST({asking(first)} AS BIGINT)"
    offset = civil_offset(first)
    return f"({column} + {offset}) / {DAY} * {DAY} - {offset}"


def within_sql(grain: Grain, column: str, since: Iterable[Instant], asking: Asking) -> str:
    """Whether a moment lies in one of these stretches, which come in their order."""
    runs: list[tuple[Instant, Instant]] = []
    for one in since:
        first = runs.pop()[0] if runs and runs[-1][1] == one else one
        runs.append((first, NEXT[grain](one)))
    parts = (f"({column} >= {asking(first)} AND {column} < {asking(until)})" for first, until in runs)
    return f"({' OR '.join(parts)})"


#: A span as it waits: what comes or goes, in the order of the columns of `SpanWaiting` from `sign` on.
Span = tuple[int | str | None, ...]
_SPAN = (
    "last_at",
    "sign",
    "area_path",
    "stage",
    "department_id",
    "item",
    "channel",
    "workflow",
    "since_at",
    "until_at",
)


def wait(
    transaction: Transaction, tickets: Iterable[int], spans: Iterable[Span], moments: Collection[int | None]
) -> None:
    """Facts of these tickets became others, these spans come and go, and now there are these moments."""
    mark, *_ = marks(transaction, 1)
    last = max((at for at in moments if at is not None), default=0)
    transaction.run_many(
        f"INSERT INTO rollup_waiting (ticket_id, last_at) VALUES ({mark}, {mark})",  # noqa: S608 (marks)
        [(ticket, last) for ticket in sorted(set(tickets))],
    )
    transaction.run_many(
        f"INSERT INTO span_waiting ({', '.join(_SPAN)}) VALUES ({', '.join([mark] * len(_SPAN))})",  # noqa: S608
        [(last, *one) for one in spans],
    )
    months = {month_of(day) for day in {day_of(at) for at in moments if at is not None}}
    transaction.run_many(
        f"INSERT INTO rollup_month (since, anew) VALUES ({mark}, 0) ON CONFLICT (since) DO NOTHING",  # noqa: S608
        [(month,) for month in sorted(months)],
    )


def touch_months(transaction: Transaction, months: Iterable[Instant]) -> None:
    """Count these months anew."""
    mark, *_ = marks(transaction, 1)
    transaction.run_many(
        f"INSERT INTO rollup_month (since, anew) VALUES ({mark}, 1) "  # noqa: S608 (a mark)
        "ON CONFLICT (since) DO UPDATE SET anew = rollup_month.anew + 1",
        [(month,) for month in sorted(months)],
    )


def touch_all(transaction: Transaction) -> None:
    """Count every month anew."""
    transaction.run("UPDATE rollup_month SET anew = anew + 1")


# -- what stands where -------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Depths:
    """How far down the tree of areas rows of a grain are cut: by one dimension, and by all of them at once."""

    grain: Grain
    singly: int
    wholly: int

    def __str__(self) -> str:
        return f"{self.singly}.{self.wholly}"

    @classmethod
    def read(cls, grain: Grain, layout: str) -> "Depths":
        """Those of a bucket."""
        singly, wholly = layout.split()[0].split(".")
        return cls(grain, int(singly), int(wholly))

    def of(self, cut: str) -> int | None:
        """Of a cut by what its rows say, which is not its name where it is by person; None: to the smallest areas.

        Of days rows are cut less far: further down they would be as many as their facts.
        """
        if self.grain is Grain.DAY and cut == Cut.AREA:
            return self.singly
        if self.grain is Grain.DAY:
            return self.wholly + 1 if cut in (*DIMENSIONS, Cut.CHANNEL_WORKFLOW, Cut.BUT_ITEM) else self.wholly
        if cut == Cut.AREA:
            return None
        if cut in (Cut.ITEM_DEPARTMENT, Cut.BUT_DEPARTMENT):
            return self.wholly + 1
        return self.singly if cut in (*DIMENSIONS, Cut.CHANNEL_WORKFLOW, Cut.BUT_ITEM) else self.wholly


def person_cut(milestone: str) -> str:
    """What rows say that are cut by who reached a milestone."""
    return f"{milestone}_by"


def person_in_department_cut(milestone: str) -> str:
    """What rows of tickets say that are cut by who reached a milestone and by department."""
    return f"{milestone}_by_in_department"


def with_department(unit: Counted) -> bool:
    """Whether rows by person also say for which department."""
    return unit is not Counted.TICKET


@dataclass(frozen=True, slots=True, kw_only=True)
class Series:
    """Indicators of one unit and cohort whose counts stand in one row, in the order of its columns."""

    key: str
    unit: Counted
    cohort: str
    indicators: tuple[Indicator, ...]

    @property
    def people(self) -> tuple[str, ...]:
        """The milestones that people answer for, in the order of the columns of `CountedFact`."""
        return _people(self.indicators)

    def layout(self, depths: Depths) -> str:
        """What its buckets say of their rows."""
        return " ".join((str(depths), *map(digest, self.indicators)))


def _people(indicators: Iterable[Indicator]) -> tuple[str, ...]:
    return tuple(sorted({one.person for one in indicators if one.person}))


def series_of(indicators: Iterable[Indicator]) -> list[Series]:
    """All indicators of a period as series; what stands since before it is not counted by months."""
    found: dict[tuple[Counted, str], list[list[Indicator]]] = {}
    for one in sorted((one for one in indicators if not one.standing), key=lambda one: one.name):
        parts = found.setdefault((one.unit, one.cohort), [[]])
        if len(parts[-1]) == SLOTS or len(_people([*parts[-1], one])) > PEOPLE:
            parts.append([])
        parts[-1].append(one)
    return [
        Series(key=key_of(unit, cohort, number), unit=unit, cohort=cohort, indicators=tuple(some))
        for (unit, cohort), parts in found.items()
        for number, some in enumerate(parts)
    ]


def digest(indicator: Indicator) -> str:
    """What stands for everything by which an indicator is counted."""
    conditions = (indicator.among, indicator.matures, indicator.without, indicator.counts)
    said = (
        _VERSION, indicator.name, indicator.unit, indicator.cohort, indicator.attribution, indicator.exempt,
        indicator.mean, indicator.person, *(one.wanted if one is not None else None for one in conditions),
    )  # fmt: skip
    return hashlib.sha256(repr(said).encode()).hexdigest()[:16]


def depth_of(path: str) -> int:
    """How many areas a way goes through."""
    return path.count("/") - 1


def depth_sql(path: str) -> str:
    """How many areas a way goes through."""
    return f"length({path}) - length(replace({path}, '/', '')) - 1"


def step_sql(deepest: int, path: str, deep: str) -> str:
    """JOIN: as `w`, the step to the area at a depth of a way, or to its last where it ends above that."""
    at = f"CASE WHEN {deep} < {deepest} THEN {deep} ELSE {deepest} END"
    return f" JOIN rollup_way w ON w.entire = {path} AND w.depth = {at}"


def cut_at(path: str, depth: int) -> str:
    """The way as far as that depth."""
    return "/".join(path.split("/", depth + 1)[: depth + 1]) + "/"


def steps_of(path: str) -> Iterable[tuple[int, str, str]]:
    """The rows that count what lies at a way: depth, `above`, `way`; the last one for what lies directly there."""
    ids = path.strip("/").split("/")
    ways = ["/", *(f"/{'/'.join(ids[: n + 1])}/" for n in range(len(ids)))]
    yield from ((depth, above, way) for depth, (above, way) in enumerate(pairwise(ways), 1))
    yield len(ways), path, path


def key_of(unit: Counted, cohort: str, part: int) -> str:
    return f"{unit.value}.{cohort}.{part}"
