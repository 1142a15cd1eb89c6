"""Lines of an accounting period for one reader: whoever supervises it sees all, a unit its own."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from engine.database import Transaction
from engine.definitions.score import Of
from engine.records.access import Viewer
from engine.records.asking import Asking, among
from engine.records.cohorts import head_of
from engine.records.periods import LINE, MOST, Period, line_of
from engine.rules.roll import Line, Tally


@dataclass(frozen=True, slots=True)
class Whose:
    """Whose lines: of these codes or logins in a column; None for everybody's."""

    column: str = ""
    codes: frozenset[str] | None = None


def own(transaction: Transaction, viewer: Viewer, period: Period) -> Whose:
    """The lines for which somebody's units answer, as the trees were."""
    head = head_of(period)
    sheet, trees = head.formulas.sheet, head.trees
    if sheet.of is Of.PERSON:
        return Whose("person", frozenset({viewer.login}))
    departments = sheet.of is Of.DEPARTMENT
    table, tree = ("department", trees.departments) if departments else ("area", trees.areas)
    match, parameters = among(transaction, viewer.departments if departments else viewer.areas)
    rows = transaction.rows(f"SELECT code FROM {table} WHERE id {match}", parameters)  # noqa: S608
    held = {code for (code,) in rows}
    return Whose(table, frozenset(code for code in tree if held.intersection(trees.above(sheet.of, code))))


def page(
    transaction: Transaction,
    period: Period,
    whose: Whose,
    *,
    indicator: str = "",
    out: bool | None = None,
    after: int = 0,
    most: int = MOST,
) -> list[Line]:
    """The next lines behind one: all, those left out, or those counted. Tickets that few may know of by now aren't
    there."""
    asking = Asking(transaction)
    where = _where(asking, period, whose)
    if indicator:
        where += f" AND l.indicator = {asking(indicator)}"
    if out is not None:
        where += f" AND l.standing {'=' if out else '<>'} {asking(Tally.OUT.value)}"
    where += f" AND l.number > {asking(after)}"
    columns = ", ".join(f"l.{name}" for name in LINE.split(", "))
    rows = transaction.rows(
        f"SELECT {columns} FROM period_line l WHERE {where} ORDER BY l.number LIMIT {asking(most)}",  # noqa: S608
        asking.parameters,
    )
    return [line_of(row) for row in rows]


def counts(transaction: Transaction, period: Period, whose: Whose) -> dict[str, tuple[int, int, int]]:
    """Indicator → how many lines are in the numerator, in the base only, and left out."""
    asking = Asking(transaction)
    where = _where(asking, period, whose)
    found: dict[str, dict[str, int]] = {}
    rows: Sequence[Any] = transaction.rows(
        f"SELECT l.indicator, l.standing, count(*) FROM period_line l WHERE {where} GROUP BY l.indicator, l.standing",  # noqa: S608
        asking.parameters,
    )
    for indicator, standing, count in rows:
        found.setdefault(indicator, {})[standing] = int(count)
    return {
        name: (own.get(Tally.NUMERATOR, 0), own.get(Tally.DENOMINATOR, 0), own.get(Tally.OUT, 0))
        for name, own in sorted(found.items())
    }


def concerns(transaction: Transaction, viewer: Viewer, period: Period) -> bool:
    """Whether somebody has lines of their own in a period."""
    return bool(page(transaction, period, own(transaction, viewer, period), most=1))


def _where(asking: Asking, period: Period, whose: Whose) -> str:
    where = f"l.period_id = {asking(period.id)} "
    if whose.codes is not None:
        where += f"AND l.{whose.column} IN {asking.among(sorted(whose.codes) or [''])} "
        where += f"AND l.{whose.column} <> ''"
    return f"{where} AND NOT EXISTS (SELECT 1 FROM ticket t WHERE t.id = l.ticket_id AND t.confidential)"  # noqa: S608
