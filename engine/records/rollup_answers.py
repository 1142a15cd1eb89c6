"""Figures from the rollups: sums of whole months for whoever asks as of the moment at which they were counted."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

from engine.clock import DAY, Instant, moment
from engine.database import Transaction
from engine.definitions.indicator import Indicator
from engine.records import areas
from engine.records.asking import Asking, marks
from engine.records.indicator_sql import NONE, Asked, Shared, filters
from engine.records.rollups import (
    COLUMNS,
    DIMENSIONS,
    SIDES,
    Cut,
    Depths,
    counted_at,
    cut_at,
    depth_of,
    digest,
    key_of,
    month_of,
    next_month,
    person_cut,
    with_department,
)

#: What is asked for besides the names of cuts: the smallest areas as they stand.
WAYS = "ways"


@dataclass(frozen=True, slots=True)
class Answered:
    """What the rollups know: rows as `SELECT value, counts` brings them, and what the facts have to be asked beside."""

    rows: list[Sequence[Any]]
    rest: list[Asked]


@dataclass(frozen=True, slots=True, order=True)
class Month:
    """Counts of an indicator in a month that begins at `since`."""

    since: Instant
    numerator: int
    denominator: int
    immature: int
    excluded: int


class Book:
    """The rollups opened at one question, for indicators of any unit and cohort."""

    def __init__(self, transaction: Transaction, asked: Asked, by: str = "", *, deep: int = 0) -> None:
        """`by` is "" for one row, else area, department, item, channel, workflow, person, month or `WAYS`; with that
        `deep` is the depth to which ways matter, 0 for all of it. By person, and of one person, indicators of one
        milestone are asked together.

        Errors: `NotFound` for an area that was never there.
        """
        self.asked = asked
        self._transaction, self._by = transaction, by
        self._period = whole_months(asked)
        self._layouts: dict[str, str] = {}
        self._place = None
        possible = asked.units is None and asked.department != NONE
        if possible and self._period[0] < self._period[1] and asked.as_of == counted_at(transaction):
            self._place = _place(transaction, asked, by, deep)
            self._layouts = layouts(transaction, *self._period)

    def answer(self, shared: Shared, indicators: Sequence[Indicator]) -> Answered:
        """Counts of these indicators: rows as `counts` of `indicators` brings them.

        Months are given as the day on which they begin, in days since 1970; areas as the way to the one asked for or
        to a child of it, with `WAYS` each as the facts have it. What the rollups do not hold is in `rest`: all of it
        if they are not as of the moment asked for.
        """
        return self._answered(shared, indicators, "nd", _as_counts)

    def apart(self, shared: Shared, indicators: Sequence[Indicator]) -> Answered:
        """What they leave apart, as `answer`: of each what is immature, and what is excluded."""
        return self._answered(shared, indicators, "me", lambda _, immature, excluded: (immature, excluded))

    def _answered(
        self,
        shared: Shared,
        indicators: Sequence[Indicator],
        sides: str,
        columns: Callable[[Indicator, int, int], tuple[int | None, ...]],
    ) -> Answered:
        # What stands since before the period is no sum of its months.
        slots = None if shared.standing else self._slots(shared, indicators)
        place = self._place.of(indicators) if self._place is not None else None
        if place is None or slots is None or not all(place.fits(Depths.read(self._layouts[key])) for key in slots):
            return Answered([], [self.asked])
        totals: dict[Any, list[tuple[int, int]]] = {}
        for key, found in slots.items():
            for value, *sums in self._summed(key, [f"{side}{slot}" for _, slot in found for side in sides], place):
                row = totals.setdefault(_value(self._by, value), [(0, 0)] * len(indicators))
                for n, (position, _) in enumerate(found):
                    row[position] = (int(sums[2 * n] or 0), int(sums[2 * n + 1] or 0))
        since, until = self._period
        edges = [replace(self.asked, until=since), replace(self.asked, since=until)]
        return Answered(
            [
                (
                    value,
                    *(
                        one
                        for indicator, pair in zip(indicators, row, strict=True)
                        for one in columns(indicator, *pair)
                    ),
                )
                for value, row in totals.items()
            ],
            [edge for edge in edges if edge.since < edge.until and edge.since <= edge.as_of],
        )

    def months(self, shared: Shared, indicator: Indicator) -> list[Month] | None:
        """The whole months of the period in which anything is counted, in their order; None where the rollups do not
        know. The book must be opened by month.
        """
        if self._by != "month":
            raise ValueError(f"a book by {self._by or 'nothing'} has no months")
        place = self._place.of([indicator]) if self._place is not None else None
        slots = None if shared.standing else self._slots(shared, [indicator])
        if place is None or slots is None:
            return None
        ((key, ((_, slot),)),) = slots.items()
        if not place.fits(Depths.read(self._layouts[key])):
            return None
        found = self._summed(key, [f"{side}{slot}" for side in SIDES], place)
        return sorted(Month(Instant(month), *(int(count or 0) for count in counts)) for month, *counts in found)

    def _slots(self, shared: Shared, indicators: Sequence[Indicator]) -> dict[str, list[tuple[int, int]]] | None:
        """Series → position of each indicator that it holds, and its slot; None unless all are held."""
        prefix = key_of(shared.unit, shared.cohort, 0)[:-1]
        own = {key: layout.split()[1:] for key, layout in self._layouts.items() if key.startswith(prefix)}
        slots: dict[str, list[tuple[int, int]]] = {}
        for position, indicator in enumerate(indicators):
            wanted = digest(indicator)
            key = next((key for key, digests in own.items() if wanted in digests), None)
            if key is None:
                return None
            slots.setdefault(key, []).append((position, own[key].index(wanted)))
        return slots

    def _summed(self, series: str, columns: Sequence[str], place: "_Place") -> Iterator[tuple[Any, ...]]:
        """Value and the sums of these columns."""
        asking, by = Asking(self._transaction), self._by
        value = {"": "0", "month": "r.month", "area": "r.way", WAYS: "r.way"}.get(by) or f"r.{COLUMNS[Cut(by)]}"
        sums = ", ".join(f"sum(r.{column})" for column in columns)
        parts = [
            f"r.series = {asking(series)} AND r.cut = {asking(place.cut)}",
            place.where(asking, Depths.read(self._layouts[series])),
        ]
        parts.append(f"r.month >= {asking(self._period[0])} AND r.month < {asking(self._period[1])}")
        parts += filters(self._transaction, self.asked, asking, department="r.department_id", ticket="r")
        if self.asked.person:
            parts.append(f"r.person_id = {_person(self.asked.person, asking)}")
        rows = self._transaction.rows(
            f"SELECT {value}, {sums} FROM rollup r WHERE {' AND '.join(parts)} GROUP BY 1",  # noqa: S608
            asking.parameters,
        )
        yield from rows


def whole_months(asked: Asked) -> tuple[Instant, Instant]:
    """The whole months in a period; one that goes on beyond the moment asked for is whole as far as it is known."""
    first = month_of(asked.since)
    since = first if first == asked.since else next_month(first)
    until = month_of(asked.until) if asked.until <= asked.as_of else next_month(month_of(asked.as_of))
    return since, until


@dataclass(frozen=True, slots=True)
class _Place:
    """Which rows are asked for."""

    #: What they say that they are cut by; of those by person, before it is known of which milestone, the name alone.
    cut: str
    #: `above` and `way` of the rows; no way: all of them.
    rows: tuple[tuple[str, str | None], ...]
    #: How deep the ways of these rows are.
    depth: int
    #: Instead, what lies directly in any area whose way is in these ranges.
    ranges: tuple[tuple[str, str], ...] = ()
    #: How deep ways matter there; 0 for all of it.
    deep: int = 0
    #: Whether rows have to say for which department.
    departments: bool = False

    def of(self, indicators: Sequence[Indicator]) -> "_Place | None":
        """The same for these indicators; None where no rows are of the people that all of them ask for."""
        if self.cut != Cut.PERSON:
            return self
        milestone, *others = {one.person for one in indicators}
        if not milestone or others or (self.departments and not with_department(indicators[0].unit)):
            return None
        return replace(self, cut=person_cut(milestone))

    def fits(self, depths: Depths) -> bool:
        """Whether there are such rows when they are cut at those depths."""
        if self.cut == Cut.AREA:
            return True
        if self.ranges:
            return 0 < self.deep <= depths.of(self.cut)
        return self.depth <= depths.of(self.cut)

    def where(self, asking: Asking, depths: Depths) -> str:
        """The condition on the rows `r`."""
        parts = [
            f"(r.above = {asking(above)}" + (f" AND r.way = {asking(way)})" if way is not None else ")")
            for above, way in self.rows
        ]
        # By anything but areas alone rows end at the depth to which they are cut, or where what they count lies.
        ends = "r.above = r.way"
        if self.cut != Cut.AREA:
            ends = f"({ends} OR length(r.way) - length(replace(r.way, '/', '')) = {depths.of(self.cut) + 1})"
        parts += [f"({ends} AND r.way >= {asking(first)} AND r.way < {asking(last)})" for first, last in self.ranges]
        return f"({' OR '.join(parts)})"


def _person(login: str, asking: Asking) -> str:
    """The id in the rows of whoever signs in so."""
    return "0" if login == NONE else f"(SELECT id FROM person WHERE login = {asking(login)})"  # noqa: S608


def _cut(asked: Asked, by: str) -> tuple[Cut | None, bool]:
    """What rows have to be cut by, None where none are; and whether by department."""
    asked_by = {Cut.DEPARTMENT: asked.department, Cut.ITEM: asked.item, Cut.CHANNEL: asked.channel}
    asked_by[Cut.WORKFLOW] = asked.workflow
    used = {cut for cut, value in asked_by.items() if value} | {cut for cut in DIMENSIONS if cut.value == by}
    departments = Cut.DEPARTMENT in used
    if by == Cut.PERSON.value or asked.person:
        return None if Cut.ITEM in used else Cut.PERSON, departments
    return Cut.AREA if not used else used.pop() if len(used) == 1 else Cut.ALL, departments


def _place(transaction: Transaction, asked: Asked, by: str, deep: int) -> _Place | None:
    """Where the rows stand; None where there are none."""
    cut, departments = _cut(asked, by)
    return replace(_where(transaction, asked, by, deep, cut), departments=departments) if cut is not None else None


def _where(transaction: Transaction, asked: Asked, by: str, deep: int, cut: Cut) -> _Place:
    starts = areas.ways(transaction, areas.area_by_code(transaction, asked.area)) if asked.area else ["/"]
    depth = max(map(depth_of, starts))
    if asked.area and asked.area_alone:
        return _Place(cut, tuple((start, start) for start in starts), depth + 1)
    if by == WAYS:
        # "0" is the sign after "/".
        return _Place(cut, (), depth, tuple((start, f"{start[:-1]}0") for start in starts), deep)
    if by == Cut.AREA.value:
        return _Place(cut, tuple((start, None) for start in starts), depth + 1)
    if not asked.area:
        return _Place(cut, (("/", None),), 1)
    return _Place(cut, tuple((cut_at(start, depth_of(start) - 1), start) for start in starts), depth)


def layouts(transaction: Transaction, since: int, until: int) -> dict[str, str]:
    """Series → their layout, if every month that has facts in the period holds them alike."""
    mark, *_ = marks(transaction, 1)
    rows = transaction.rows(
        "SELECT b.series, min(b.layout) FROM rollup_month m JOIN rollup_bucket b ON b.month = m.month "  # noqa: S608
        f"WHERE m.month >= {mark} AND m.month < {mark} GROUP BY b.series HAVING min(b.layout) = max(b.layout) "
        f"AND count(*) = (SELECT count(*) FROM rollup_month WHERE month >= {mark} AND month < {mark})",
        (since, until, since, until),
    )
    return {str(series): str(layout) for series, layout in rows}


def _as_counts(indicator: Indicator, upper: int, lower: int) -> tuple[int | None, ...]:
    """Numerator, denominator and sum of the stars; of a mean every one is counted."""
    return (lower, lower, upper) if indicator.mean else (upper, lower, None)


def _value(by: str, given: Any) -> Any:
    """As the facts say it."""
    if by == "month":
        offset = moment(given).utcoffset()
        return (given + (int(offset.total_seconds()) * 1_000_000 if offset else 0)) // DAY
    return given or None
