"""Figures: an indicator's condition over the facts, counted or listed by the very same WHERE.

Everything is asked as of a moment: what came later has not come. The denominator is what falls into the period by the
cohort date, is mature, and is not left out; the numerator is a part of it.
"""

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Any

from engine.clock import Instant
from engine.database import Transaction
from engine.definitions.indicator import Condition, Counted, Indicator
from engine.records.asking import Asking
from engine.records.indicator_sql import (
    TABLES,
    Asked,
    Shared,
    about,
    base,
    counted,
    kept,
    lifted,
    mature,
    of_person,
    scope,
    source,
)
from engine.records.rollup_answers import Answered, Book, Stretch

__all__ = ["Asked"]

#: Lines of one page of a list, at most.
MOST = 500
#: Facts that are looked through for one part of a list, about, once something was found.
_LOOKED = 150_000


class Side(StrEnum):
    """What is listed of a figure."""

    NUMERATOR = "numerator"
    DENOMINATOR = "denominator"
    REST = "rest"  #: the denominator without the numerator
    IMMATURE = "immature"  #: what it is about, but cannot be judged yet
    EXCLUDED = "excluded"  #: what it is about, but is left out: by the file or by an exemption


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

    def __add__(self, other: "Figure") -> "Figure":
        """Both together, as if they had been counted at once."""
        return Figure(
            numerator=self.numerator + other.numerator,
            denominator=self.denominator + other.denominator,
            total=None if self.total is None else self.total + (other.total or 0),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Apart:
    """What a figure is about and does not count."""

    immature: int
    excluded: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One ticket, or one department's task, behind a figure."""

    ticket_id: int
    case_no: str
    workflow: str
    item: str
    #: The task's, or the decision's; 0 for a ticket.
    seq: int
    department: str
    cohort_at: Instant

    @property
    def cursor(self) -> str:
        """What asks for the lines after this one."""
        return f"{self.cohort_at}~{self.case_no}~{self.seq}"


#: What `Line.cursor` wrote.
CURSOR = r"(\d{1,18})~([\w.-]{1,40})~(\d{1,9})"
#: Behind which line a page begins: its cohort moment, ticket and task.
Cursor = tuple[Instant, int, int]
#: Since, until, and how many facts have to be looked through.
Window = tuple[Instant, Instant, int]


def figure(transaction: Transaction, indicator: Indicator, asked: Asked) -> Figure:
    """Count an indicator. Errors: `NotFound` for an area or a department that was never there."""
    return figures(transaction, [indicator], asked)[indicator.name]


def figures(transaction: Transaction, indicators: Iterable[Indicator], asked: Asked) -> dict[str, Figure]:
    """Count several, those of one unit and cohort in one statement. Errors: as `figure`."""
    book = Book(transaction, lifted(transaction, asked))
    return {
        name: sum((figure for _, figure in rows[1:]), rows[0][1])
        for shared, some in together(indicators)
        # What one person answers for is counted beforehand by the milestone.
        for same in (by_milestone(some) if asked.person else [some])
        for name, rows in grouped(transaction, book, shared, same).items()
    }


def grouped(
    transaction: Transaction, book: Book, shared: Shared, indicators: Sequence[Indicator], column: str = ""
) -> dict[str, list[tuple[Any, Figure]]]:
    """Indicators that one statement counts, each with the values of a column (one None for "") and their figures.

    Whole months and days come from the rollups where they can; a value may come more than once.
    """

    def columns(rest: Asked, asking: Asking) -> str:
        return ", ".join(counts(one, rest, asking) for one in indicators)

    rows = _rows(transaction, book.answer(shared, indicators), shared, columns, column)
    if not column and not rows:
        rows = [(None, *[0] * (3 * len(indicators)))]
    found: dict[str, list[tuple[Any, Figure]]] = {one.name: [] for one in indicators}
    for value, *row in rows:
        for name, figure in read(indicators, row).items():
            found[name].append((value, figure))
    return found


def _rows(
    transaction: Transaction, known: Answered, shared: Shared, columns: Callable[[Asked, Asking], str], column: str = ""
) -> list[Sequence[Any]]:
    """What the rollups know, and the same columns of the facts for what they leave to these."""
    rows = [*known.rows]
    for rest in known.rest:
        asking = Asking(transaction)
        listed = columns(rest, asking)
        where = scope(transaction, rest, asking, shared)
        rows += transaction.rows(
            f"SELECT {column or 'NULL'}, {listed} FROM {source(shared.unit, tickets=rest.units is not None)} "  # noqa: S608
            f"WHERE {where}{f' GROUP BY {column}' if column else ''}",
            asking.parameters,
        )
    return rows


def together(indicators: Iterable[Indicator]) -> list[tuple[Shared, list[Indicator]]]:
    """Indicators that one statement can count."""
    found: dict[Shared, list[Indicator]] = {}
    for one in indicators:
        found.setdefault(Shared.of(one), []).append(one)
    return list(found.items())


def by_milestone(indicators: Iterable[Indicator]) -> list[list[Indicator]]:
    """Those together for which the same person answers."""
    found: dict[str, list[Indicator]] = {}
    for one in indicators:
        found.setdefault(one.person, []).append(one)
    return list(found.values())


def counts(indicator: Indicator, asked: Asked, asking: Asking) -> str:
    """The three columns of an indicator, for `read`: numerator, denominator, sum of the stars."""

    def within() -> str:
        return " AND ".join((base(indicator, asking, asked.as_of), *of_person(indicator, asked, asking)))

    numerator = f"count(CASE WHEN {within()} AND {counted(indicator, asking, asked.as_of)} THEN 1 END)"
    denominator = f"count(CASE WHEN {within()} THEN 1 END)"
    total = f"sum(CASE WHEN {within()} THEN s.score END)" if indicator.mean else "NULL"
    return f"{numerator}, {denominator}, {total}"


def read(indicators: Sequence[Indicator], row: Sequence[Any]) -> Mapping[str, Figure]:
    """What `counts` of these indicators brought."""
    return {
        one.name: Figure(
            numerator=int(row[3 * n]), denominator=int(row[3 * n + 1]),
            total=int(row[3 * n + 2] or 0) if one.mean else None,
        )
        for n, one in enumerate(indicators)
    }  # fmt: skip


def apart(transaction: Transaction, indicator: Indicator, asked: Asked) -> Apart:
    """How many are not in the denominator, and why. Errors: as `figure`."""
    asked, shared = lifted(transaction, asked), Shared.of(indicator)
    known = Book(transaction, asked).apart(shared, [indicator])
    rows = _rows(transaction, known, shared, lambda rest, asking: counts_apart(indicator, rest, asking))
    return Apart(immature=sum(int(one) for _, one, _ in rows), excluded=sum(int(one) for *_, one in rows))


def counts_apart(indicator: Indicator, asked: Asked, asking: Asking) -> str:
    """Two columns of an indicator: how many are immature, how many are excluded."""
    sides = (
        " AND ".join((side_sql(indicator, side, asking, asked.as_of), *of_person(indicator, asked, asking)))
        for side in (Side.IMMATURE, Side.EXCLUDED)
    )
    return ", ".join(f"count(CASE WHEN {side} THEN 1 END)" for side in sides)


def side_sql(indicator: Indicator, side: Side, asking: Asking, as_of: Instant) -> str:
    """Which of the scope stand on a side; every one of what it is about stands in denominator, immature or excluded."""
    if side is Side.EXCLUDED:
        return f"{about(indicator, asking, as_of)} AND NOT {kept(indicator, asking, as_of)}"
    if side is Side.IMMATURE:
        within = f"{about(indicator, asking, as_of)} AND {kept(indicator, asking, as_of)}"
        return f"{within} AND NOT {mature(indicator, asking, as_of)}"
    whole = base(indicator, asking, as_of)
    if side is Side.DENOMINATOR:
        return whole
    return f"{whole} AND {'NOT ' if side is Side.REST else ''}{counted(indicator, asking, as_of)}"


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
    asked, asking, alias = lifted(transaction, asked), Asking(transaction), TABLES[indicator.unit]
    parts = [scope(transaction, asked, asking, Shared.of(indicator))]
    parts += [side_sql(indicator, side, asking, asked.as_of), *of_person(indicator, asked, asking)]
    parted = indicator.unit is not Counted.TICKET
    seq = f"{alias}.seq" if parted else "0"
    key = f"{alias}.{indicator.cohort}_at, {alias}.ticket_id{f', {seq}' if parted else ''}"
    if after is not None:
        parts.append(f"({key}) > ({', '.join(asking(value) for value in (after if parted else after[:2]))})")
    rows = transaction.rows(
        f"SELECT t.id, t.case_no, k.workflow, coalesce(k.item, ''), {seq}, d.name, {alias}.{indicator.cohort}_at "  # noqa: S608
        f"FROM {source(indicator.unit, tickets=True)} LEFT JOIN department d ON d.id = {alias}.department_id "
        f"WHERE {' AND '.join(parts)} ORDER BY {key} LIMIT {asking(most)}",
        asking.parameters,
    )
    return [
        Line(
            ticket_id=ticket, case_no=case_no, workflow=workflow, item=item, seq=number, department=name or "",
            cohort_at=Instant(at),
        )
        for ticket, case_no, workflow, item, number, name, at in rows
    ]  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class Listed:
    """A part of a list, and whether more comes after its last line."""

    lines: list[Line]
    more: bool

    @property
    def following(self) -> str:
        """What asks for the part after this one; "" at the end."""
        return self.lines[-1].cursor if self.more else ""


def listed(
    transaction: Transaction,
    indicator: Indicator,
    asked: Asked,
    side: Side,
    *,
    after: Cursor | None = None,
    most: int = MOST,
) -> Listed:
    """The same list for somebody who waits for it: months and days in which nothing stands on this side are left out,
    and where little stands among much the part ends early, but never empty while more comes. Errors: as `figure`.
    """
    lines: list[Line] = []
    looked = 0
    for since, until, held in _windows(transaction, indicator, asked, side):
        if after is not None and until <= after[0]:
            continue
        if lines and looked > _LOOKED:
            return Listed(lines=lines, more=True)
        part = replace(asked, since=since, until=until)
        lines += behind(transaction, indicator, part, side, after=after, most=most + 1 - len(lines))
        if len(lines) > most:
            return Listed(lines=lines[:most], more=True)
        looked += held
    return Listed(lines=lines, more=False)


def _windows(transaction: Transaction, indicator: Indicator, asked: Asked, side: Side) -> list[Window]:
    """Where in the period something stands on this side."""
    asked = lifted(transaction, asked)
    stretches = Book(transaction, asked, "month").stretches(Shared.of(indicator), indicator)
    if stretches is None:
        return [(asked.since, asked.until, 0)]
    return _joined(
        (one.since, one.until, one.denominator + one.immature + one.excluded)
        for one in stretches
        if one.since <= asked.as_of and (not one.known or _stand(one, side))
    )


def _joined(windows: Iterable[Window]) -> list[Window]:
    """What follows upon each other is asked at once, as long as it is not too much."""
    found: list[Window] = []
    for since, until, held in windows:
        if found and found[-1][1] == since and found[-1][2] + held <= _LOOKED:
            found[-1] = (found[-1][0], until, found[-1][2] + held)
        else:
            found.append((since, until, held))
    return found


def _stand(stretch: Stretch, side: Side) -> int:
    """How many stand on a side in a stretch."""
    return {
        Side.NUMERATOR: stretch.numerator,
        Side.DENOMINATOR: stretch.denominator,
        Side.REST: stretch.denominator - stretch.numerator,
        Side.IMMATURE: stretch.immature,
        Side.EXCLUDED: stretch.excluded,
    }[side]


def read_cursor(transaction: Transaction, given: str) -> Cursor | None:
    """What `Line.cursor` wrote; None for nothing, or for a ticket that is not there."""
    found = re.fullmatch(CURSOR, given)
    if not found:
        return None
    asking = Asking(transaction)
    rows = transaction.rows(f"SELECT id FROM ticket WHERE case_no = {asking(found[2])}", asking.parameters)  # noqa: S608
    return (Instant(int(found[1])), int(rows[0][0]), int(found[3])) if rows else None


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
