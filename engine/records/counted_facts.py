"""Facts as they are counted: for which indicators of a series each of them counts, as one narrow row.

What an indicator counts is said by the SQL of `figure` and nothing else; here it is packed into two numbers, so that
what a fact counted for can be kept, taken away, and summed.
"""

from collections.abc import Iterable, Iterator

from engine.clock import DAY, Instant
from engine.database import Transaction
from engine.definitions.indicator import AllOf, AnyOf, Counted, How, Indicator, Moment, Not, Wanted
from engine.records.asking import Asking, among
from engine.records.indicator_sql import TABLES, Asked, Shared, base, counted, scope, source
from engine.records.indicators import Side, side_sql
from engine.records.rollup_tables import BITS, FACT_COLUMNS, PEOPLE, SLOTS
from engine.records.rollups import Grain, Series, begins_sql

#: The key of a row within its series, then where it stands and what it counts, then when that changes by itself.
COLUMNS = ("ticket_id", "seq", *FACT_COLUMNS, "next_at")
#: Later than any moment.
_NEVER = 1 << 62
#: The end of everything, for whoever asks for a ticket whenever it was.
_ALWAYS = Instant(1 << 61)

#: A row, in the order of `COLUMNS`.
Row = tuple[int | str | None, ...]
#: Ticket, task or decision, day.
Key = tuple[int, int, int]


def key_of(row: Row) -> Key:
    """What a row is known by within its series."""
    return int(row[0] or 0), int(row[1] or 0), int(row[2] or 0)


def of_tickets(transaction: Transaction, series: Series, as_of: Instant, tickets: Iterable[int]) -> dict[Key, Row]:
    """What the facts of these tickets count for, as of a moment."""
    asking = Asking(transaction)
    asked = Asked(since=Instant(0), until=_ALWAYS, as_of=as_of)
    sql = _selected(transaction, series, asked, asking)
    match, parameters = among(transaction, tickets)
    sql += f" AND {TABLES[series.unit]}.ticket_id {match}"
    rows = transaction.rows(sql, [*asking.parameters, *parameters])
    return {key_of(row): tuple(row) for row in rows}


def kept(transaction: Transaction, series: Series, tickets: Iterable[int]) -> dict[Key, Row]:
    """What they counted for last."""
    asking = Asking(transaction)
    match, parameters = among(transaction, tickets)
    sql = f"SELECT {', '.join(COLUMNS)} FROM counted_fact WHERE series = {asking(series.key)} AND ticket_id {match}"  # noqa: S608
    return {key_of(row): tuple(row) for row in transaction.rows(sql, [*asking.parameters, *parameters])}


def due(transaction: Transaction, as_of: Instant) -> dict[str, set[int]]:
    """Series → tickets in whose facts a time has passed since they were counted."""
    asking = Asking(transaction)
    found: dict[str, set[int]] = {}
    for series, ticket in transaction.rows(
        f"SELECT series, ticket_id FROM counted_fact WHERE next_at <= {asking(as_of)}",  # noqa: S608 (a mark)
        asking.parameters,
    ):
        found.setdefault(series, set()).add(int(ticket))
    return found


def count_month(transaction: Transaction, series: Series, since: Instant, until: Instant, as_of: Instant) -> int:
    """Count the facts of a month anew, in the place of what was known of them; how many there are."""
    asking = Asking(transaction)
    transaction.run(
        f"DELETE FROM counted_fact WHERE series = {asking(series.key)} AND since >= {asking(since)} "  # noqa: S608 (marks)
        f"AND since < {asking(until)}",
        asking.parameters,
    )
    asking = Asking(transaction)
    key = asking(series.key)
    selected = _selected(transaction, series, Asked(since=since, until=until, as_of=as_of), asking, key)
    return transaction.run(
        f"INSERT INTO counted_fact (series, {', '.join(COLUMNS)}) {selected}",
        asking.parameters,
    )


def _selected(transaction: Transaction, series: Series, asked: Asked, asking: Asking, first: str = "") -> str:
    """SELECT … WHERE …: the rows of a period, behind a first column."""
    alias = TABLES[series.unit]
    at = f"{alias}.{series.cohort}_at"
    seq = "0" if series.unit is Counted.TICKET else f"{alias}.seq"
    by = [f"{alias}.{one}_by" for one in series.people] + ["CAST(NULL AS BIGINT)"] * (PEOPLE - len(series.people))
    columns = [
        *([f"CAST({first} AS VARCHAR)"] if first else []),
        f"{alias}.ticket_id", seq, begins_sql(Grain.DAY, at, asked.since, asking),
        f"{alias}.area_path, coalesce({alias}.department_id, 0), coalesce(k.item, ''), k.channel, k.workflow", *by,
        _counts(series.indicators, asked.as_of, asking), _sides(series.indicators, asked.as_of, asking),
        _next(transaction, series.indicators, asked.as_of, asking),
    ]  # fmt: skip
    where = scope(transaction, asked, asking, Shared(series.unit, series.cohort, standing=False))
    return f"SELECT {', '.join(columns)} FROM {source(series.unit, tickets=False)} WHERE {where}"  # noqa: S608


def _counts(indicators: Iterable[Indicator], as_of: Instant, asking: Asking) -> str:
    parts = []
    for slot, one in enumerate(indicators):
        within = base(one, asking, as_of)
        if one.mean:
            parts.append(f"CASE WHEN {within} THEN coalesce(s.score, 0) ELSE 0 END * {_big(1 << BITS * slot)}")
        else:
            within += f" AND {counted(one, asking, as_of)}"
            parts.append(f"CASE WHEN {within} THEN {_big(1 << BITS * slot)} ELSE 0 END")
    return " + ".join(parts)


def _sides(indicators: Iterable[Indicator], as_of: Instant, asking: Asking) -> str:
    return " + ".join(
        f"CASE WHEN {side_sql(one, side, asking, as_of)} THEN {_big(1 << place * SLOTS + slot)} ELSE 0 END"
        for slot, one in enumerate(indicators)
        for place, side in enumerate((Side.DENOMINATOR, Side.IMMATURE, Side.EXCLUDED))
    )


def _big(number: int) -> str:
    return f"CAST({number} AS BIGINT)"


def _next(transaction: Transaction, indicators: Iterable[Indicator], as_of: Instant, asking: Asking) -> str:
    """When the first time passes by which one of these may change."""
    least = "least" if transaction.postgresql else "min"
    ahead = [
        f"CASE WHEN {due} > {asking(as_of)} THEN {due} ELSE {_NEVER} END" for due in sorted(set(_dues(indicators)))
    ]
    return f"nullif({least}({', '.join([*ahead, *[str(_NEVER)] * 2])}), {_NEVER})"


def _dues(indicators: Iterable[Indicator]) -> Iterator[str]:
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
