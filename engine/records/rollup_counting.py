"""Rows of rollups as sums of counted facts: of all facts of a month, or of what a round takes away and adds."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from engine.clock import Instant
from engine.database import Transaction
from engine.records.asking import Asking
from engine.records.rollup_tables import SIDES, SLOT_COLUMNS, unpacked
from engine.records.rollups import (
    COLUMNS,
    CUTS,
    DIMENSIONS,
    DIVIDED,
    Cut,
    Depths,
    Grain,
    Series,
    depth_sql,
    person_cut,
    person_in_department_cut,
    step_sql,
    with_department,
)

#: Columns by which a row is known within its series.
KEY = ("grain", "series", "cut", "above", "since", "way", *COLUMNS.values())


@dataclass(frozen=True, slots=True)
class Month:
    """All facts of a month, and whether its days are counted, too."""

    since: Instant
    until: Instant
    days: bool


def add(
    transaction: Transaction, series: Series, depths: dict[Grain, Depths], month: Month | None
) -> list[tuple[object, ...]]:
    """Write the rows of a month, of which there are none yet; or (None) add what stands as changes to those there are.

    Of these changes the keys (`KEY`) of all rows that say nothing any more.
    """
    asking = Asking(transaction)
    statement = _Statement(series, depths, month)
    width = len(SIDES) * len(series.indicators)
    sql = (
        f"INSERT INTO rollup ({', '.join((*KEY, *SLOT_COLUMNS[:width]))}) "
        f"{statement.finest(asking)} {' UNION ALL '.join(statement.parts(asking))}"
    )
    if month is not None:
        transaction.run(sql, asking.parameters)
        return []
    columns = SLOT_COLUMNS[:width]
    added = (f"{one} = nullif(coalesce(rollup.{one}, 0) + coalesce(excluded.{one}, 0), 0)" for one in columns)
    sql += (
        f" ON CONFLICT ({', '.join(KEY)}) DO UPDATE SET {', '.join(added)} "
        f"RETURNING {', '.join(KEY)}, CASE WHEN coalesce({', '.join(columns)}) IS NULL THEN 1 ELSE 0 END"
    )
    return [tuple(key) for *key, nothing in transaction.rows(sql, asking.parameters) if nothing]


@dataclass(frozen=True, slots=True)
class _Statement:
    series: Series
    depths: dict[Grain, Depths]
    month: Month | None

    def finest(self, asking: Asking) -> str:
        """The groups that all cuts but those by person are made of, as the table `c`."""
        named = [f"{column} AS {name}" for name, column in self._slots(range(len(self.series.indicators)))]
        heads = [f"f.{COLUMNS[one]}" for one in DIMENSIONS]
        by = ", ".join(("f.since", "f.area_path", *heads))
        by += "" if self.month is not None else ", f.month, f.days"
        return (
            f"WITH c AS (SELECT min(f.series) AS series, {self._month(asking)}, f.since, f.area_path, "  # noqa: S608
            f"{depth_sql('f.area_path')} AS deep, {', '.join((*heads, *named))} "
            f"FROM {self._source()} WHERE {self._where(asking)} GROUP BY {by})"
        )

    def parts(self, asking: Asking) -> Iterator[str]:
        """The rows of each cut."""
        for grain, depths in self.depths.items():
            if grain is Grain.DAY and self.month is not None and not self.month.days:
                continue
            for cut in CUTS[grain]:
                own = {one: f"c.{COLUMNS[one]}" for one in DIVIDED[cut]}
                yield self._part(grain, cut.value, depths.of(cut), own, self._within(grain, depths.of(cut), own))
        for place, milestone in enumerate(self.series.people):
            yield from self._of_people(place, milestone, asking)

    def _within(self, grain: Grain, deepest: int | None, own: dict[Cut, str]) -> str:
        """Groups of areas as far down as a cut goes."""
        since = "c.since" if grain is Grain.DAY else "c.month"
        slots = ", ".join(f"CAST(sum(c.{one}) AS BIGINT) AS {one}" for one in self._names())
        shown = "".join(f", {column} AS {COLUMNS[one]}" for one, column in own.items())
        top = "c.area_path" if deepest is None else "w.way"
        steps = "" if deepest is None else step_sql(deepest, "c.area_path", "c.deep")
        by = ", ".join((since, top, *own.values()))
        where = " WHERE c.days" if grain is Grain.DAY and self.month is None else ""
        return (
            f"SELECT min(c.series) AS series, {since} AS since, {top} AS area_top{shown}, {slots} "  # noqa: S608
            f"FROM c{steps}{where} GROUP BY {by}"
        )

    def _of_people(self, place: int, milestone: str, asking: Asking) -> Iterator[str]:
        """From the facts themselves: cut by the people of all milestones at once, groups would be single facts."""
        deepest = self.depths[Grain.MONTH].wholly
        slots = [n for n, one in enumerate(self.series.indicators) if one.person == milestone]
        summed = dict(self._slots(slots))
        shown = ", ".join(f"{summed.get(name, '0')} AS {name}" for name in self._names())
        several = {Cut.PERSON: f"coalesce(f.by{place}, 0)", Cut.CHANNEL: "f.channel", Cut.WORKFLOW: "f.workflow"}
        # Whoever works on tasks does so for one department or two; tickets of one worker go to many.
        department = {Cut.DEPARTMENT: "f.department_id"}
        of_tasks = with_department(self.series.unit)
        cuts = {person_cut(milestone): several | (department if of_tasks else {})}
        if not of_tasks:
            cuts[person_in_department_cut(milestone)] = {Cut.PERSON: several[Cut.PERSON]} | department
        steps = step_sql(deepest, "f.area_path", depth_sql("f.area_path"))
        for cut, own in cuts.items():
            listed = ", ".join(f"{column} AS {COLUMNS[one]}" for one, column in own.items())
            month = "" if self.month is not None else ", f.month"
            within = (
                f"SELECT min(f.series) AS series, {self._month(asking, 'since', days=False)}, "  # noqa: S608
                f"w.way AS area_top, {listed}, {shown} FROM {self._source()}{steps} "
                f"WHERE {self._where(asking)} GROUP BY w.way{month}, {', '.join(own.values())}"
            )
            yield self._part(Grain.MONTH, cut, deepest, own, within)

    def _part(self, grain: Grain, cut: str, deepest: int | None, own: dict[Cut, str], within: str) -> str:
        """These groups as rows of every area above them."""
        none = {Cut.DEPARTMENT: "0", Cut.PERSON: "0"}
        heads = ", ".join(f"t.{COLUMNS[one]}" if one in own else none.get(one, "''") for one in COLUMNS)
        slots = ", ".join(f"nullif(sum(t.{one}), 0)" for one in self._names())
        by = ", ".join(("t.since", "s.above", "s.way", *(f"t.{COLUMNS[one]}" for one in own)))
        steps = "" if deepest is None else f" AND s.depth <= {deepest}"
        anything = " OR ".join(f"sum(t.{one}) <> 0" for one in self._names())
        return (
            f"SELECT '{grain.value}', min(t.series), '{cut}', s.above, t.since, s.way, {heads}, {slots} "  # noqa: S608
            f"FROM ({within}) t JOIN rollup_way s ON s.entire = t.area_top{steps} GROUP BY {by} HAVING {anything}"
        )

    def _names(self) -> tuple[str, ...]:
        return SLOT_COLUMNS[: len(SIDES) * len(self.series.indicators)]

    def _slots(self, slots: Sequence[int]) -> Iterator[tuple[str, str]]:
        """Name and sum of each count of these slots."""
        sign = "" if self.month is not None else "f.sign * "
        for slot in slots:
            for side, bits in unpacked("f", slot).items():
                yield f"{side}{slot}", f"sum({sign}CAST(({bits}) AS INTEGER))"

    def _month(self, asking: Asking, name: str = "month", *, days: bool = True) -> str:
        if self.month is not None:
            return f"CAST({asking(self.month.since)} AS BIGINT) AS {name}"
        return f"f.month AS {name}" + (", f.days" if days else "")

    def _source(self) -> str:
        return "counted_fact f" if self.month is not None else "counted_change f"

    def _where(self, asking: Asking) -> str:
        where = f"f.series = {asking(self.series.key)}"
        if self.month is not None:
            where += f" AND f.since >= {asking(self.month.since)} AND f.since < {asking(self.month.until)}"
        return where


def unknown_ways(transaction: Transaction, series: Series, month: Month) -> list[str]:
    """The ways of a month's facts of which the steps are not known."""
    asking = Asking(transaction)
    rows = transaction.rows(
        f"SELECT DISTINCT f.area_path FROM counted_fact f WHERE f.series = {asking(series.key)} "  # noqa: S608 (marks)
        f"AND f.since >= {asking(month.since)} AND f.since < {asking(month.until)} "
        "AND NOT EXISTS (SELECT 1 FROM rollup_way w WHERE w.entire = f.area_path)",
        asking.parameters,
    )
    return [str(path) for (path,) in rows]


def forget(transaction: Transaction, series: Series, month: Month) -> None:
    """Drop the rows of a month and its days."""
    asking = Asking(transaction)
    transaction.run(
        f"DELETE FROM rollup WHERE series = {asking(series.key)} "  # noqa: S608 (marks)
        f"AND grain IN {asking.among(one.value for one in Grain)} "
        f"AND since >= {asking(month.since)} AND since < {asking(month.until)}",
        asking.parameters,
    )
