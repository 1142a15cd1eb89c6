"""Indicators as SQL over the facts: names come from closed lists, values are parameters in the order of their marks.

A statement asks one unit and one cohort: `scope` is what every indicator of those shares (period, area, department,
item, channel, who asks), `base` the denominator of one of them, `counted` its numerator.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace

from engine.clock import DAY, Instant
from engine.database import Transaction
from engine.definitions.indicator import (
    AllOf,
    AnyOf,
    Attribution,
    Choice,
    Counted,
    Flag,
    How,
    Indicator,
    Moment,
    Not,
    Repeated,
    Wanted,
)
from engine.records import areas, departments
from engine.records.asking import Asking, among

#: Asks for what has no department yet, no item, no person with an account.
NONE = "-"
#: Alias of the table of facts.
TABLES = {Counted.TICKET: "k", Counted.TASK: "s", Counted.AGENDA_ITEM: "i"}
_FROM = {
    Counted.TICKET: "ticket_fact k",
    Counted.TASK: "task_fact s JOIN ticket_fact k ON k.ticket_id = s.ticket_id",
    Counted.AGENDA_ITEM: "agenda_fact i JOIN ticket_fact k ON k.ticket_id = i.ticket_id",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """What a figure is asked for. Codes are those of this installation; "" and None ask for everything, `NONE` for
    what has none (not an area: everything lies somewhere).
    """

    #: From this moment on, and before that one.
    since: Instant
    until: Instant
    as_of: Instant
    #: Each with everything below it.
    area: str = ""
    department: str = ""
    #: An item with its standards (`part-01-02`), a class (`part-01`) or a kind (`part`) with all items, or a standard.
    item: str = ""
    channel: str = ""
    workflow: str = ""
    #: The login of the person who reached the indicator's milestone; for indicators that name one (`person`).
    person: str = ""
    #: The area or the department itself, without what lies below it.
    area_alone: bool = False
    department_alone: bool = False
    #: Only tickets that these units reach; None for whoever audits the whole.
    units: tuple[str, ...] | None = None


@dataclass(frozen=True, slots=True)
class Shared:
    """What indicators must have in common to be counted by one statement."""

    unit: Counted
    cohort: str
    standing: bool

    @classmethod
    def of(cls, indicator: Indicator) -> "Shared":
        return cls(indicator.unit, indicator.cohort, indicator.standing)


def lifted(transaction: Transaction, asked: Asked) -> Asked:
    """The same question without the limit by units where it cannot go beyond it, for only then rollups answer.

    Whoever holds a post of an area reaches every ticket below it that is not confidential, and those are in no count.
    Whoever holds one area and nothing else asks for that area, of whichever department. Errors: `NotFound` as `scope`.
    """
    own = {unit for unit in asked.units or () if unit[1:].isdigit()}
    held = {unit[1:] for unit in own if unit.startswith("a")}
    if asked.units is None or not own:
        return asked
    if not asked.area and len(own) == len(held) == 1:
        asking = Asking(transaction)
        rows = transaction.rows(f"SELECT code FROM area WHERE id = {asking(int(*held))}", asking.parameters)  # noqa: S608
        asked = replace(asked, area=str(rows[0][0]))
    if asked.area:
        ways = areas.ways_of(transaction, asked.area)
        free = all(held.intersection(way.split("/")) for way in ways)
    elif asked.department and asked.department != NONE:
        free = {f"d{number}" for number in _with_below(transaction, asked.department)} <= own
    else:
        free = False
    return replace(asked, units=None) if free else asked


def _with_below(transaction: Transaction, code: str) -> list[int]:
    """A department and what stands below it, by number. Errors: `NotFound` for one that was never there."""

    def find() -> list[int]:
        asking = Asking(transaction)
        rows = transaction.rows(
            f"WITH RECURSIVE below (id) AS (SELECT id FROM department WHERE code = {asking(code)} UNION "  # noqa: S608
            "SELECT d.id FROM department d JOIN below b ON d.parent_id = b.id) SELECT id FROM below ORDER BY id",
            asking.parameters,
        )
        return [int(number) for (number,) in rows] or [_never(transaction, code)]

    return transaction.once((_with_below, code), find)


def _never(transaction: Transaction, code: str) -> int:
    """Errors: `NotFound`, as whoever looks it up says it."""
    return departments.department_by_code(transaction, code).id or 0


def source(unit: Counted, *, tickets: bool) -> str:
    """FROM: the facts, with the ticket's own row beside them where it is wanted."""
    own = " JOIN ticket t ON t.id = k.ticket_id" if tickets else ""
    return f"{_FROM[unit]}{own}"


def scope(transaction: Transaction, asked: Asked, asking: Asking, shared: Shared) -> str:
    """What indicators of one unit and cohort share. Errors: `NotFound` for an area or a department never there."""
    return " AND ".join(_scope(transaction, asked, asking, shared))


def base(indicator: Indicator, asking: Asking, as_of: Instant) -> str:
    """What belongs to the denominator beyond the scope: about it, kept, and mature; true or false, never null."""
    parts = (part(indicator, asking, as_of) for part in (about, kept, mature))
    return f"({' AND '.join(parts)})"


def about(indicator: Indicator, asking: Asking, as_of: Instant) -> str:
    """What an indicator is about, whether it is mature and counted or not."""
    parts = ["s.lead"] if indicator.unit is Counted.TASK and indicator.attribution is Attribution.LEAD else []
    if indicator.among is not None:
        parts.append(wanted_sql(indicator.among.wanted, asking, as_of))
    return f"({' AND '.join(parts) or '1 = 1'})"


def kept(indicator: Indicator, asking: Asking, as_of: Instant) -> str:
    """What of it is not left out: by the file, by an exemption, or because it did not end with this department."""
    parts = []
    if indicator.without is not None:
        parts.append(f"NOT {wanted_sql(indicator.without.wanted, asking, as_of)}")
    if indicator.unit is Counted.TASK and indicator.attribution is Attribution.FINAL:
        parts.append(f"NOT {wanted_sql(Moment(Counted.TASK, 'void'), asking, as_of)}")
    parts += _exempt(indicator, asking, as_of)
    return f"({' AND '.join(parts) or '1 = 1'})"


def mature(indicator: Indicator, asking: Asking, as_of: Instant) -> str:
    """What of it can be judged already."""
    return wanted_sql(indicator.matures.wanted, asking, as_of) if indicator.matures else "(1 = 1)"


def counted(indicator: Indicator, asking: Asking, as_of: Instant) -> str:
    """Which of the denominator the numerator counts."""
    return wanted_sql(indicator.counts.wanted, asking, as_of) if indicator.counts else "(1 = 1)"


def of_person(indicator: Indicator, asked: Asked, asking: Asking) -> Iterator[str]:
    """Only what one person answers for, if one is asked for: nothing of an indicator that names no milestone."""
    if asked.person == NONE and indicator.person:
        yield f"{TABLES[indicator.unit]}.{indicator.person}_by IS NULL"
    elif asked.person and indicator.person:
        column = f"{TABLES[indicator.unit]}.{indicator.person}_by"
        yield f"{column} = (SELECT id FROM person WHERE login = {asking(asked.person)})"  # noqa: S608
    elif asked.person:
        yield "1 = 0"


def below(transaction: Transaction, code: str, column: str, asking: Asking, *, alone: bool = False) -> str:
    """Whether a way leads to an area or to what lies below it, wherever the area itself lay then."""
    # "0" is the sign after "/": what lies below a way is what begins with it.
    found = areas.ways_of(transaction, code)
    if alone:
        return f"{column} IN {asking.among(found)}"
    ranges = (f"({column} >= {asking(way)} AND {column} < {asking(f'{way[:-1]}0')})" for way in found)
    return f"({' OR '.join(ranges)})"


def _scope(transaction: Transaction, asked: Asked, asking: Asking, shared: Shared) -> Iterator[str]:
    alias = TABLES[shared.unit]
    at = f"{alias}.{shared.cohort}_at"
    if not shared.standing:
        yield f"{at} >= {asking(asked.since)}"
    yield f"{at} < {asking(asked.until)} AND {at} <= {asking(asked.as_of)}"
    # What few may know of is in nobody's count.
    yield "NOT k.confidential"
    yield from within(transaction, asked, asking, alias)


def within(transaction: Transaction, asked: Asked, asking: Asking, alias: str) -> Iterator[str]:
    """Where, whose, what and by whom reached: everything that is asked beside the period. Errors: as `scope`."""
    if asked.area:
        yield below(transaction, asked.area, f"{alias}.area_path", asking, alone=asked.area_alone)
    # A task says of its ticket what is asked for, so that no other ticket need be looked at.
    of_ticket = alias if alias == TABLES[Counted.TASK] else "k"
    yield from filters(transaction, asked, asking, department=f"{alias}.department_id", ticket=of_ticket)
    if asked.units is not None:
        reached, parameters = among(transaction, asked.units)
        asking.parameters += parameters
        yield (
            "EXISTS (SELECT 1 FROM reach r WHERE r.sort_key = t.opened_at AND r.ticket_id = t.id "  # noqa: S608
            f"AND r.unit {reached})"
        )


def filters(transaction: Transaction, asked: Asked, asking: Asking, *, department: str, ticket: str) -> Iterator[str]:
    """Only one department with what stands below it, one item, channel or workflow.

    `department` is the column, `ticket` the alias of the table that holds the others. Errors: as `scope`.
    """
    if asked.department == NONE:
        yield f"{department} IS NULL"
    elif asked.department and asked.department_alone:
        found = departments.department_by_code(transaction, asked.department)
        yield f"{department} = {asking(found.id)}"
    elif asked.department:
        # As numbers, so that a database knows how few these are when it plans.
        match, parameters = among(transaction, _with_below(transaction, asked.department))
        asking.parameters += parameters
        yield f"{department} {match}"
    if asked.item == NONE:
        yield f"coalesce({ticket}.item, '') = ''"
    elif asked.item:
        # What lies below a code is what begins with it and one of these signs, and each is followed by another sign.
        code, column = asked.item, f"{ticket}.item"
        parts = (
            f"({column} >= {asking(code + sign)} AND {column} < {asking(code + chr(ord(sign) + 1))})" for sign in "-/"
        )
        yield f"({column} = {asking(code)} OR {' OR '.join(parts)})"
    for column, value in (("channel", asked.channel), ("workflow", asked.workflow)):
        if value:
            yield f"{ticket}.{column} = {asking('' if value == NONE else value)}"


def _exempt(indicator: Indicator, asking: Asking, as_of: Instant) -> Iterator[str]:
    """Not what was ruled out, as of then, of one of the indicator's words: as a whole, or for this department.

    Exemptions are few and asked once per statement, not once per row.
    """
    if not indicator.exempt:
        return
    alias = TABLES[indicator.unit]
    for column, key in (("", "k.ticket_id"), (", y.department_id", f"k.ticket_id, coalesce({alias}.department_id, 0)")):
        yield (
            f"({key}) NOT IN (SELECT y.ticket_id{column} FROM exemption y "  # noqa: S608 (names of columns)
            f"WHERE y.indicator IN {asking.among(indicator.exempt)} AND y.at <= {asking(as_of)} AND NOT y.restored "
            f"AND y.department_id IS {'NOT NULL' if column else 'NULL'} "
            "AND NOT EXISTS (SELECT 1 FROM exemption z WHERE z.ticket_id = y.ticket_id AND z.indicator = y.indicator "
            "AND coalesce(z.department_id, 0) = coalesce(y.department_id, 0) AND z.event_seq > y.event_seq "
            f"AND z.at <= {asking(as_of)}))"
        )


def wanted_sql(wanted: Wanted, asking: Asking, as_of: Instant) -> str:
    """A condition that is true or false, never null."""
    match wanted:
        case AllOf(parts):
            return f"({' AND '.join(wanted_sql(part, asking, as_of) for part in parts)})"
        case AnyOf(parts):
            return f"({' OR '.join(wanted_sql(part, asking, as_of) for part in parts)})"
        case Not(part):
            return f"(NOT {wanted_sql(part, asking, as_of)})"
        case Flag(unit, name):
            return f"{TABLES[unit]}.{name}"
        case Choice(unit, name, value):
            column = f"{TABLES[unit]}.{name}"
            given = f"({column} IS NOT NULL AND {column} <> '')"
            return given if value is None else f"(coalesce({column}, '') = {asking(value)})"
        case Repeated(days):
            return _repeated(days, asking, as_of)
        case Moment(unit, name, How.LASTED, days):
            return (
                f"({TABLES[unit]}.{name}_at IS NOT NULL AND {TABLES[unit]}.{name}_at <= {asking(as_of - days * DAY)})"
            )
        case Moment(unit, name, how):
            return _moment(f"{TABLES[unit]}.{name}", how, asking, as_of)


def _repeated(days: int, asking: Asking, as_of: Instant) -> str:
    """An earlier ticket of the same reporter under the same standard; not one that came of the same call."""
    return (
        "(k.reporter_key IS NOT NULL AND k.item IS NOT NULL AND EXISTS (SELECT 1 FROM ticket_fact e "  # noqa: S608
        f"WHERE e.reporter_key = k.reporter_key AND e.reported_at >= k.reported_at - {asking(days * DAY)} "
        "AND e.reported_at < k.reported_at AND e.item = k.item AND NOT e.confidential "
        f"AND (e.void_at IS NULL OR e.void_at > {asking(as_of)}) AND NOT EXISTS (SELECT 1 FROM ticket o "
        "WHERE o.id = k.ticket_id AND o.parent_id IS NOT NULL AND (o.parent_id = e.ticket_id "
        "OR o.parent_id = (SELECT s.parent_id FROM ticket s WHERE s.id = e.ticket_id)))))"
    )


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
