"""Figures from the rollups: sums of whole months and days for whoever asks as of the moment of their count."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

from engine.clock import DAY, Instant
from engine.database import Transaction
from engine.definitions.indicator import Indicator
from engine.records.asking import Asking, marks
from engine.records.indicator_sql import NONE, Asked, Shared, below, filters
from engine.records.rollup_places import WAYS, Place, lies_at, placed, places
from engine.records.rollup_tables import SIDES, unpacked
from engine.records.rollups import (
    BEGINS,
    COLUMNS,
    NEXT,
    Cut,
    Depths,
    Grain,
    civil_offset,
    counted_at,
    digest,
    key_of,
    month_of,
    next_month,
)


@dataclass(frozen=True, slots=True)
class Answered:
    """What the rollups know: rows as `SELECT value, counts` brings them, and what the facts have to be asked beside."""

    rows: list[Sequence[Any]]
    rest: list[Asked]


#: A part of a period: whole months, whole days of one month, or (None) what is neither; since, until.
Part = tuple[Grain | None, Instant, Instant]


@dataclass(frozen=True, slots=True, order=True)
class Stretch:
    """Counts of an indicator in a month or in a day."""

    since: Instant
    until: Instant
    numerator: int
    denominator: int
    immature: int
    excluded: int
    #: Else nobody counted it, and the counts are zero.
    known: bool = True


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
        self._parts = list(parts(asked))
        self._places: dict[Grain, Place | None] = {}
        self._layouts: dict[Part, dict[str, str]] = {}
        possible = asked.units is None and asked.department != NONE and any(part[0] for part in self._parts)
        if possible and asked.as_of == counted_at(transaction):
            where = places(transaction, asked, by, deep)
            for part in self._parts:
                if part[0] is not None:
                    self._places[part[0]] = placed(where, asked, by, part[0])
                    self._layouts[part] = layouts(transaction, *part)

    def answer(self, shared: Shared, indicators: Sequence[Indicator]) -> Answered:
        """Counts of these indicators: rows as `counts` of `indicators` brings them; a value may come more than once.

        Months are given as a day in them, in days since 1970; areas as a way to the one asked for or into a child of
        it, with `WAYS` each as the facts have it. What the rollups do not hold is in `rest`: all of it if they are not
        as of the moment asked for.
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
        rows: list[Sequence[Any]] = []
        rest: list[Asked] = []
        for part in self._parts:
            known = self._known(part, shared, indicators)
            if known is None:
                rest = joined(rest, replace(self.asked, since=part[1], until=part[2]))
                continue
            place, slots = known
            for value, row in self._totals(part, slots, place, sides, len(indicators)).items():
                counts = (columns(one, *pair) for one, pair in zip(indicators, row, strict=True))
                rows.append((value, *(count for some in counts for count in some)))
        return Answered(rows, [one for one in rest if one.since <= one.as_of])

    def _known(
        self, part: Part, shared: Shared, indicators: Sequence[Indicator]
    ) -> tuple[Place, dict[str, list[tuple[int, int]]]] | None:
        """Where rows of a part stand, and in which slots; None unless all is there."""
        grain, layouts = part[0], self._layouts.get(part)
        # What stands since before the period is no sum of its months.
        if grain is None or layouts is None or shared.standing:
            return None
        place = self._places[grain]
        place = place.of(indicators) if place is not None else None
        slots = _slots(layouts, shared, indicators)
        if place is None or slots is None:
            return None
        depths = [Depths.read(grain, layouts[key]) for key in slots]
        if not all(place.fits(one) for one in depths):
            # Of months, and further down, the facts' own indexes are quicker, but for an item, of which there is less.
            deep = any(lies_at(self._transaction, self.asked) > one.wholly for one in depths)
            if not self.asked.item and (grain is Grain.MONTH or deep):
                return None
            place = replace(place, cut=Cut.FACT.value)
        return place, slots

    def _totals(
        self, part: Part, slots: dict[str, list[tuple[int, int]]], place: Place, sides: str, width: int
    ) -> dict[Any, list[tuple[int, int]]]:
        """Value → two sums of each indicator."""
        totals: dict[Any, list[tuple[int, int]]] = {}
        for key, found in slots.items():
            wanted = [f"{side}{slot}" for _, slot in found for side in sides]
            for value, *sums in self._summed(part, key, wanted, place):
                row = totals.setdefault(_value(self._by, value), [(0, 0)] * width)
                for n, (position, _) in enumerate(found):
                    row[position] = (int(sums[2 * n] or 0), int(sums[2 * n + 1] or 0))
        return totals

    def stretches(self, shared: Shared, indicator: Indicator) -> list[Stretch] | None:
        """The months and days of the period in which anything is counted, and with zeroes what must be looked through
        to know that; in their order. None where the rollups know of nothing. The book must be opened by month.
        """
        if self._by != "month":
            raise ValueError(f"a book by {self._by or 'nothing'} has no months")
        found: list[Stretch] = []
        unknown: list[Asked] = []
        for part in self._parts:
            known = self._known(part, shared, [indicator])
            if known is None or part[0] is None:
                unknown = joined(unknown, replace(self.asked, since=part[1], until=part[2]))
                continue
            place, slots = known
            ((key, ((_, slot),)),) = slots.items()
            for since, *counts in self._summed(part, key, [f"{side}{slot}" for side in SIDES], place):
                until = NEXT[Grain.DAY if place.cut == Cut.FACT else part[0]](Instant(since))
                upper, lower, immature, excluded = (int(count or 0) for count in counts)
                found.append(Stretch(Instant(since), until, upper, lower, immature, excluded))
        if unknown == [self.asked]:
            return None
        found += [Stretch(one.since, one.until, 0, 0, 0, 0, known=False) for one in unknown]
        return sorted(found)

    def _summed(self, part: Part, series: str, columns: Sequence[str], place: Place) -> Iterator[tuple[Any, ...]]:
        """Value and the sums of these columns."""
        grain, since, until = part
        if grain is None:
            raise ValueError("hours of a day are in no rollup")
        if place.cut == Cut.FACT:
            yield from self._of_facts(since, until, series, self._layouts[part][series], columns)
            return
        asking, by = Asking(self._transaction), self._by
        value = {"": "0", "month": "r.since", "area": "r.way", WAYS: "r.way"}.get(by) or f"r.{COLUMNS[Cut(by)]}"
        sums = ", ".join(f"sum(r.{column})" for column in columns)
        where = [
            f"r.grain = {asking(grain.value)} AND r.series = {asking(series)} AND r.cut = {asking(place.cut)}",
            place.where(asking, Depths.read(grain, self._layouts[part][series])),
        ]
        where.append(f"r.since >= {asking(since)} AND r.since < {asking(until)}")
        where += filters(self._transaction, self.asked, asking, department="r.department_id", ticket="r")
        # As the index says it, which leaves out all rows without.
        where += ["r.item <> ''"] if self.asked.item not in ("", NONE) else []
        if self.asked.person:
            where.append(f"r.person_id = {_person(self.asked.person, asking)}")
        rows = self._transaction.rows(
            f"SELECT {value}, {sums} FROM rollup r WHERE {' AND '.join(where)} GROUP BY 1",  # noqa: S608
            asking.parameters,
        )
        yield from rows

    def _of_facts(
        self, since: Instant, until: Instant, series: str, layout: str, columns: Sequence[str]
    ) -> Iterator[Any]:
        """The same from the facts as they were counted."""
        if self._by not in ("", "area", WAYS):
            value = "f.since" if self._by == "month" else f"f.{COLUMNS[Cut(self._by)]}"
            yield from self._counted(since, until, series, columns, value)
            return
        # A page asks for the areas, for their map and for the whole, and of several indicators: looked through once.
        slots = range(len(layout.split()) - 1)
        every = [f"{side}{slot}" for slot in slots for side in {one[0]: None for one in columns}]
        key = (series, since, until, replace(self.asked, since=since, until=until), tuple(every))
        rows = self._transaction.once(key, lambda: list(self._counted(since, until, series, every, "f.area_path")))
        places = [every.index(one) + 1 for one in columns]
        if self._by:
            yield from ((row[0], *(row[place] for place in places)) for row in rows)
        else:
            yield (0, *(sum(row[place] for row in rows) for place in places))

    def _counted(self, since: Instant, until: Instant, series: str, columns: Sequence[str], value: str) -> list[Any]:
        """Counted facts with sums of these columns, by another."""
        asking = Asking(self._transaction)
        sums = ", ".join(f"sum(CAST({unpacked('f', int(one[1:]))[one[0]]} AS INTEGER))" for one in columns)
        where = [f"f.series = {asking(series)} AND f.since >= {asking(since)} AND f.since < {asking(until)}"]
        if self.asked.area:
            alone = self.asked.area_alone
            where.append(below(self._transaction, self.asked.area, "f.area_path", asking, alone=alone))
        where += filters(self._transaction, self.asked, asking, department="f.department_id", ticket="f")
        return self._transaction.rows(
            f"SELECT {value}, {sums} FROM counted_fact f WHERE {' AND '.join(where)} GROUP BY 1",  # noqa: S608
            asking.parameters,
        )


def joined(those: list[Asked], one: Asked) -> list[Asked]:
    """What follows upon the last of these is asked with it."""
    if those and those[-1].until == one.since:
        return [*those[:-1], replace(one, since=those[-1].since)]
    return [*those, one]


def parts(asked: Asked) -> Iterator[Part]:
    """A period in its parts, in their order."""
    since, until = _whole(Grain.MONTH, asked.since, asked.until, asked.as_of)
    if since >= until:
        yield from _days(asked.since, asked.until, asked.as_of)
        return
    yield from _days(asked.since, since, asked.as_of)
    yield Grain.MONTH, since, until
    yield from _days(until, asked.until, asked.as_of)


def _days(since: Instant, until: Instant, as_of: Instant) -> Iterator[Part]:
    """Whole days, by months: not of every month days are counted."""
    first, last = _whole(Grain.DAY, since, until, as_of)
    if first >= last:
        first = last = until
    if since < first:
        yield None, since, first
    while first < last:
        end = min(last, next_month(first))
        yield Grain.DAY, first, end
        first = end
    if last < until:
        yield None, last, until


def _whole(grain: Grain, since: Instant, until: Instant, as_of: Instant) -> tuple[Instant, Instant]:
    """The whole stretches in a period; one that goes on beyond the moment asked for is whole as far as it is known."""
    begin, following = BEGINS[grain], NEXT[grain]
    first = begin(since)
    return first if first == since else following(first), begin(until) if until <= as_of else following(begin(as_of))


def _person(login: str, asking: Asking) -> str:
    """The id in the rows of whoever signs in so."""
    return "0" if login == NONE else f"(SELECT id FROM person WHERE login = {asking(login)})"  # noqa: S608


def _slots(
    layouts: dict[str, str], shared: Shared, indicators: Sequence[Indicator]
) -> dict[str, list[tuple[int, int]]] | None:
    """Series → position of each indicator that it holds, and its slot; None unless all are held."""
    prefix = key_of(shared.unit, shared.cohort, 0)[:-1]
    own = {key: layout.split()[1:] for key, layout in layouts.items() if key.startswith(prefix)}
    slots: dict[str, list[tuple[int, int]]] = {}
    for position, indicator in enumerate(indicators):
        wanted = digest(indicator)
        key = next((key for key, digests in own.items() if wanted in digests), None)
        if key is None:
            return None
        slots.setdefault(key, []).append((position, own[key].index(wanted)))
    return slots


def layouts(transaction: Transaction, grain: Grain | None, since: int, until: int) -> dict[str, str]:
    """Series → their layout, if every month that has facts in the period holds them alike; days lie in one month."""
    if grain is None:
        return {}
    mark, *_ = marks(transaction, 1)
    since, days = (month_of(since), " AND b.days") if grain is Grain.DAY else (Instant(since), "")
    within = f"since >= {mark} AND since < {mark}"
    sql = (
        f"SELECT b.series, min(b.layout) FROM rollup_bucket b JOIN (SELECT since FROM rollup_month WHERE {within}) m "  # noqa: S608
        f"ON m.since = b.since{days} GROUP BY b.series HAVING min(b.layout) = max(b.layout) "
        f"AND count(*) = (SELECT count(*) FROM rollup_month WHERE {within})"
    )
    asked = (since, until, since, until)
    rows = transaction.once((sql, asked), lambda: transaction.rows(sql, asked))
    return {str(series): str(layout) for series, layout in rows}


def _as_counts(indicator: Indicator, upper: int, lower: int) -> tuple[int | None, ...]:
    """Numerator, denominator and sum of the stars; of a mean every one is counted."""
    return (lower, lower, upper) if indicator.mean else (upper, lower, None)


def _value(by: str, given: Any) -> Any:
    """As the facts say it."""
    return (given + civil_offset(given)) // DAY if by == "month" else given or None
