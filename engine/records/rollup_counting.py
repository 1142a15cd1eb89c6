"""What a month of a series, or days of one, are counted by: a statement over the facts, by the SQL of `figure`."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from engine.clock import DAY, Instant
from engine.database import Transaction
from engine.definitions.indicator import AllOf, AnyOf, How, Indicator, Moment, Not, Wanted
from engine.records.asking import Asking
from engine.records.indicator_sql import TABLES, Asked, Shared, scope, source
from engine.records.indicators import counts, counts_apart
from engine.records.rollup_tables import SIDES
from engine.records.rollups import (
    COLUMNS,
    CUTS,
    DIMENSIONS,
    DIVIDED,
    NEXT,
    Cut,
    Depths,
    Grain,
    Series,
    begins_sql,
    person_cut,
    with_department,
    within_sql,
)

#: The cut of the row of each stretch that holds when due times pass.
NEXT_DUE = "due"
#: Of each indicator numerator, denominator, sum of the stars, immature and excluded, as `counts` brings them.
_KINDS = "abtme"
_NONE = "CAST(NULL AS BIGINT)"


@dataclass(frozen=True, slots=True, kw_only=True)
class Stretches:
    """What one statement counts: stretches of one grain, in their order, in one month."""

    series: Series
    since: tuple[Instant, ...]
    as_of: Instant
    depths: Depths

    @property
    def grain(self) -> Grain:
        """Months, or days."""
        return self.depths.grain

    @property
    def asked(self) -> Asked:
        """From the first to the last."""
        return Asked(since=self.since[0], until=NEXT[self.grain](self.since[-1]), as_of=self.as_of)


def statement(transaction: Transaction, stretches: Stretches, asking: Asking) -> str:
    """One look at the facts: grouped as finely as any row is cut, and these groups by each cut.

    Rows: cut, when the stretch begins, way, the columns of `COLUMNS`, and the counts of each indicator; of the cut
    `NEXT_DUE` these are when the next due time of each kind passes. Ways of which `rollup_way` knows nothing are cut by
    areas alone, and only of months.
    """
    series, depths = stretches.series, stretches.depths
    dues = sorted(set(_dues(series.indicators)))
    width = max(len(SIDES) * len(series.indicators), len(dues))
    counted = _padded([f"CAST(sum(c.{name}) AS BIGINT)" for one in _shown(series) for name in one], width)
    base = _finest(transaction, stretches, asking, dues)
    by_area = "SELECT '{cut}', c.since, {way}, 0, '', '', '', 0, {counted} FROM c{ways} GROUP BY c.since, {way}"
    at = depths.of(Cut.AREA)
    ways = "" if at is None else f" JOIN rollup_way w ON w.depth = {asking(at)} AND w.entire = c.path"
    parts = [by_area.format(cut=Cut.AREA.value, way="c.path" if at is None else "w.top", counted=counted, ways=ways)]
    parts += [_cut(cut, counted, asking, depths.of(cut)) for cut in CUTS[stretches.grain] if cut is not Cut.AREA]
    if stretches.grain is Grain.MONTH:
        for milestone in sorted({one.person for one in series.indicators if one.person}):
            parts.append(_by_person(transaction, stretches, asking, milestone, width))
    least = _padded([f"min(c.due{n})" for n in range(len(dues))], width)
    parts.append(f"SELECT '{NEXT_DUE}', c.since, '', 0, '', '', '', 0, {least} FROM c GROUP BY c.since")  # noqa: S608
    return base + " UNION ALL ".join(parts)


def _padded(columns: Sequence[str], width: int) -> str:
    return ", ".join([*columns, *[_NONE] * (width - len(columns))])


def _shown(series: Series) -> Iterator[list[str]]:
    """Of each indicator the counts that a row keeps."""
    for n, one in enumerate(series.indicators):
        yield [f"{kind}{n}" for kind in ("t" if one.mean else "a", "b", "m", "e")]


def _finest(transaction: Transaction, stretches: Stretches, asking: Asking, dues: Sequence[str]) -> str:
    """The groups that all cuts but those by person are made of, as the table `c`."""
    series, asked = stretches.series, stretches.asked
    alias, at = TABLES[series.unit], f"{TABLES[series.unit]}.{series.cohort}_at"
    begins = begins_sql(stretches.grain, at, asked.since, asking)
    by = f"{alias}.area_path, coalesce({alias}.department_id, 0), coalesce(k.item, ''), k.channel, k.workflow"
    columns = _counts(series.indicators, asked, asking)
    next_due = "".join(f", min(CASE WHEN {due} > {asking(asked.as_of)} THEN {due} END)" for due in dues)
    where = _within(transaction, stretches, asking)
    named = [f"{kind}{n}" for n in range(len(series.indicators)) for kind in _KINDS]
    listed = ["since", "path", *(COLUMNS[one] for one in DIMENSIONS), *named, *(f"due{n}" for n in range(len(dues)))]
    grouped = f"{begins}, {by}" if stretches.grain is Grain.DAY else by
    return (
        f"WITH c ({', '.join(listed)}) AS (SELECT {begins}, {by}, {columns}{next_due} "  # noqa: S608 (constant words)
        f"FROM {source(series.unit, tickets=False)} WHERE {where} GROUP BY {grouped}) "
    )


def _within(transaction: Transaction, stretches: Stretches, asking: Asking) -> str:
    """Which facts are counted at all."""
    series = stretches.series
    where = scope(transaction, stretches.asked, asking, Shared(series.unit, series.cohort, standing=False))
    at = f"{TABLES[series.unit]}.{series.cohort}_at"
    return f"{where} AND {within_sql(stretches.grain, at, stretches.since, asking)}"


def _counts(indicators: Sequence[Indicator], asked: Asked, asking: Asking) -> str:
    return ", ".join(f"{counts(one, asked, asking)}, {counts_apart(one, asked, asking)}" for one in indicators)


def _cut(cut: Cut, counted: str, asking: Asking, depth: int | None) -> str:
    own = {one: f"c.{COLUMNS[one]}" for one in DIVIDED[cut]}
    shown = ", ".join(own.get(one, "0" if one is Cut.DEPARTMENT else "''") for one in DIMENSIONS)
    return (
        f"SELECT '{cut.value}', c.since, w.top, {shown}, 0, {counted} FROM c JOIN rollup_way w "  # noqa: S608
        f"ON w.depth = {asking(depth)} AND w.entire = c.path GROUP BY c.since, w.top, {', '.join(own.values())}"
    )


def _by_person(transaction: Transaction, stretches: Stretches, asking: Asking, milestone: str, width: int) -> str:
    """From the facts themselves: cut by the people of all milestones at once, groups would be single tickets."""
    series, asked = stretches.series, stretches.asked
    alias, cut = TABLES[series.unit], person_cut(milestone)
    since = begins_sql(stretches.grain, "", asked.since, asking)
    own = [one for one in series.indicators if one.person == milestone]
    shown = [
        ", ".join(f"p.{name}" for name in names) if one in own else ", ".join([_NONE] * len(SIDES))
        for one, names in zip(series.indicators, _shown(series), strict=True)
    ]
    named = [f"{kind}{n}" for n, one in enumerate(series.indicators) if one in own for kind in _KINDS]
    columns = _counts(own, asked, asking)
    at = f"w.depth = {asking(stretches.depths.of(cut))} AND w.entire = {alias}.area_path"
    where = _within(transaction, stretches, asking)
    # Whoever works on tasks does so for one department or two; tickets of one worker go to many.
    department = f"coalesce({alias}.department_id, 0)" if with_department(series.unit) else "0"
    by = f"w.top, k.channel, k.workflow, coalesce({alias}.{cut}, 0), {department}"
    # A constant would be read as the number of a column.
    grouped = by.removesuffix(", 0")
    pad = f", {_NONE}" * (width - len(SIDES) * len(series.indicators))
    # SQLite takes names of columns with a WITH, and not behind a subquery's alias.
    listed = f"{since}, p.top, p.department_id, '', p.channel, p.workflow, p.person_id"
    return (
        f"SELECT '{cut}', {listed}, {', '.join(shown)}{pad} FROM ("  # noqa: S608
        f"WITH q (top, channel, workflow, person_id, department_id, {', '.join(named)}) AS (SELECT {by}, {columns} "
        f"FROM {source(series.unit, tickets=False)} JOIN rollup_way w ON {at} WHERE {where} GROUP BY {grouped}) "
        "SELECT * FROM q) p"
    )


def _dues(indicators: Sequence[Indicator]) -> Iterator[str]:
    """The due times, and the ends of spans, by which these change while nothing happens."""

    def within(wanted: Wanted) -> Iterator[str]:
        match wanted:
            case AllOf(parts) | AnyOf(parts):
                for part in parts:
                    yield from within(part)
            case Not(part):
                yield from within(part)
            case Moment(unit, name, How.DUE):
                yield f"{TABLES[unit]}.{name}_due"
            case Moment(unit, name, How.LASTED, days):
                yield f"({TABLES[unit]}.{name}_at + {days * DAY})"

    for one in indicators:
        for condition in (one.among, one.matures, one.without, one.counts):
            if condition is not None:
                yield from within(condition.wanted)
