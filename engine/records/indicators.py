"""Figures: an indicator's condition over the facts, counted or listed by the very same WHERE.

Everything is asked as of a moment: what came later has not come. The denominator is what falls into the period by the
cohort date, is mature, and is not left out; the numerator is a part of it.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum

from engine.clock import Instant
from engine.database import Transaction
from engine.definitions.indicator import (
    AllOf,
    AnyOf,
    Attribution,
    Choice,
    Condition,
    Counted,
    Flag,
    How,
    Indicator,
    Moment,
    Not,
    Wanted,
)
from engine.records import areas, departments
from engine.records.asking import Asking, among

#: Lines of one page of a list, at most.
MOST = 500
#: Alias of the table of facts.
_TABLES = {Counted.TICKET: "k", Counted.TASK: "s"}


class Side(StrEnum):
    """Which side of a figure is listed."""

    NUMERATOR = "numerator"
    DENOMINATOR = "denominator"


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """What a figure is asked for. Codes are those of this installation; "" and None ask for everything."""

    #: From this moment on, and before that one.
    since: Instant
    until: Instant
    as_of: Instant
    area: str = ""
    department: str = ""
    item: str = ""
    channel: str = ""
    #: Only tickets that these units reach; None for whoever audits the whole.
    units: tuple[str, ...] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Figure:
    """A rate: numerator ÷ denominator; of a mean `total` is the sum of the stars of what is counted."""

    numerator: int
    denominator: int
    total: int | None = None

    @property
    def value(self) -> float | None:
        """The rate, 0 to 1, or the mean; None when nothing is counted."""
        if not self.denominator:
            return None
        return (self.numerator if self.total is None else self.total) / self.denominator


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One ticket, or one department's task, behind a figure."""

    ticket_id: int
    case_no: str
    #: 0 for a ticket.
    seq: int
    department: str
    cohort_at: Instant


#: Behind which line a page begins: its cohort moment, ticket and task.
Cursor = tuple[Instant, int, int]


def figure(transaction: Transaction, indicator: Indicator, asked: Asked) -> Figure:
    """Count an indicator. Errors: `NotFound` for an area or a department that was never there."""
    asking = Asking(transaction)
    counts = _sql(indicator.counts.wanted, asking, asked.as_of) if indicator.counts else "1 = 1"
    total = "sum(s.score)" if indicator.mean else "NULL"
    where = _where(transaction, indicator, asked, asking)
    ((numerator, denominator, stars),) = transaction.rows(
        f"SELECT count(CASE WHEN {counts} THEN 1 END), count(*), {total} FROM {_from(indicator)} WHERE {where}",  # noqa: S608
        asking.parameters,
    )
    return Figure(
        numerator=int(numerator), denominator=int(denominator), total=int(stars or 0) if indicator.mean else None
    )


def behind(
    transaction: Transaction,
    indicator: Indicator,
    asked: Asked,
    side: Side,
    *,
    after: Cursor | None = None,
    most: int = MOST,
) -> list[Line]:
    """What is counted, by its cohort moment, at most `most` lines after one. Errors: as `figure`."""
    asking, alias = Asking(transaction), _TABLES[indicator.unit]
    where = _where(transaction, indicator, asked, asking)
    if side is Side.NUMERATOR and indicator.counts is not None:
        where += f" AND {_sql(indicator.counts.wanted, asking, asked.as_of)}"
    tasks = indicator.unit is Counted.TASK
    seq = "s.seq" if tasks else "0"
    key = f"{alias}.{indicator.cohort}_at, {alias}.ticket_id{', s.seq' if tasks else ''}"
    if after is not None:
        where += f" AND ({key}) > ({', '.join(asking(value) for value in (after if tasks else after[:2]))})"
    rows = transaction.rows(
        f"SELECT t.id, t.case_no, {seq}, d.name, {alias}.{indicator.cohort}_at FROM {_from(indicator)} "  # noqa: S608
        f"LEFT JOIN department d ON d.id = {alias}.department_id WHERE {where} ORDER BY {key} LIMIT {asking(most)}",
        asking.parameters,
    )
    return [
        Line(ticket_id=ticket, case_no=case_no, seq=number, department=name or "", cohort_at=Instant(at))
        for ticket, case_no, number, name, at in rows
    ]


def _from(indicator: Indicator) -> str:
    tickets = "ticket_fact k JOIN ticket t ON t.id = k.ticket_id"
    return f"{tickets} JOIN task_fact s ON s.ticket_id = k.ticket_id" if indicator.unit is Counted.TASK else tickets


def _where(transaction: Transaction, indicator: Indicator, asked: Asked, asking: Asking) -> str:
    """The denominator; parameters are added in the order of their marks."""
    alias, parts = _TABLES[indicator.unit], []
    at = f"{alias}.{indicator.cohort}_at"
    parts.append(f"{at} >= {asking(asked.since)} AND {at} < {asking(asked.until)} AND {at} <= {asking(asked.as_of)}")
    # What few may know of is in nobody's count.
    parts.append("NOT k.confidential")
    for condition in (indicator.among, indicator.matures):
        if condition is not None:
            parts.append(_sql(condition.wanted, asking, asked.as_of))
    if indicator.without is not None:
        parts.append(f"NOT {_sql(indicator.without.wanted, asking, asked.as_of)}")
    parts += _answers(indicator, asking, asked.as_of)
    parts += _exempt(indicator, asking, asked.as_of)
    parts += _scope(transaction, asked, asking, alias)
    return " AND ".join(parts)


def _answers(indicator: Indicator, asking: Asking, as_of: Instant) -> Iterable[str]:
    if indicator.unit is not Counted.TASK:
        return
    if indicator.attribution is Attribution.LEAD:
        yield "s.lead"
    elif indicator.attribution is Attribution.FINAL:
        yield f"NOT {_sql(Moment(Counted.TASK, 'void'), asking, as_of)}"


def _exempt(indicator: Indicator, asking: Asking, as_of: Instant) -> Iterable[str]:
    """Not what was ruled out, as of then, of one of the indicator's words: as a whole, or for this department."""
    if not indicator.exempt:
        return
    alias = _TABLES[indicator.unit]
    yield (
        "NOT EXISTS (SELECT 1 FROM exemption y WHERE y.ticket_id = k.ticket_id "  # noqa: S608 (names of columns)
        f"AND y.indicator IN {asking.among(indicator.exempt)} AND y.at <= {asking(as_of)} AND NOT y.restored "
        f"AND (y.department_id IS NULL OR y.department_id = {alias}.department_id) "
        "AND NOT EXISTS (SELECT 1 FROM exemption z WHERE z.ticket_id = y.ticket_id AND z.indicator = y.indicator "
        f"AND coalesce(z.department_id, 0) = coalesce(y.department_id, 0) AND z.event_seq > y.event_seq "
        f"AND z.at <= {asking(as_of)}))"
    )


def _scope(transaction: Transaction, asked: Asked, asking: Asking, alias: str) -> Iterable[str]:
    if asked.area:
        area = areas.area_by_code(transaction, asked.area)
        yield f"k.area_path LIKE {asking(f'%/{area.id}/%')}"
    if asked.department:
        unit = departments.department_by_code(transaction, asked.department)
        yield (
            f"{alias}.department_id IN (WITH RECURSIVE below (id) AS ("  # noqa: S608 (constant words)
            f"SELECT id FROM department WHERE id = {asking(unit.id)} UNION "
            "SELECT d.id FROM department d JOIN below b ON d.parent_id = b.id) SELECT id FROM below)"
        )
    for column, value in (("item", asked.item), ("channel", asked.channel)):
        if value:
            yield f"k.{column} = {asking(value)}"
    if asked.units is not None:
        reached, parameters = among(transaction, asked.units)
        asking.parameters += parameters
        yield (
            "EXISTS (SELECT 1 FROM reach r WHERE r.sort_key = t.opened_at AND r.ticket_id = t.id "  # noqa: S608
            f"AND r.unit {reached})"
        )


def _sql(wanted: Wanted, asking: Asking, as_of: Instant) -> str:
    """A condition that is true or false, never null: names come from closed lists, values are parameters."""
    match wanted:
        case AllOf(parts):
            return f"({' AND '.join(_sql(part, asking, as_of) for part in parts)})"
        case AnyOf(parts):
            return f"({' OR '.join(_sql(part, asking, as_of) for part in parts)})"
        case Not(part):
            return f"(NOT {_sql(part, asking, as_of)})"
        case Flag(unit, name):
            return f"{_TABLES[unit]}.{name}"
        case Choice(unit, name, value):
            column = f"{_TABLES[unit]}.{name}"
            given = f"({column} IS NOT NULL AND {column} <> '')"
            return given if value is None else f"(coalesce({column}, '') = {asking(value)})"
        case Moment(unit, name, how):
            return _moment(f"{_TABLES[unit]}.{name}", how, asking, as_of)


def _moment(column: str, how: How, asking: Asking, as_of: Instant) -> str:
    at, due = f"{column}_at", f"{column}_due"
    if how is How.TIMED:
        return f"({due} IS NOT NULL)"
    happened = f"({at} IS NOT NULL AND {at} <= {asking(as_of)})"
    if how is How.ON_TIME:
        return f"({happened} AND {due} IS NOT NULL AND {at} <= {due})"
    if how is How.DUE:
        return f"({happened} OR ({due} IS NOT NULL AND {due} <= {asking(as_of)}))"
    return happened


def formula(indicator: Indicator) -> list[tuple[str, str]]:
    """The formula as it is counted: key of the file and what stands there."""
    parts: list[tuple[str, Condition | None]] = [
        ("among", indicator.among),
        ("matures", indicator.matures),
        ("without", indicator.without),
        ("counts", indicator.counts),
    ]
    head = [("unit", indicator.unit.value), ("cohort", indicator.cohort), ("attribution", indicator.attribution.value)]
    shown = [(key, one.text) for key, one in parts if one is not None]
    return [*head, *shown, *([("exempt", " ".join(indicator.exempt))] if indicator.exempt else [])]
