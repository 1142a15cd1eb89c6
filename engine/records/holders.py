"""Whom an accounting period concerns: who holds which post now, in its area or in the units behind its lines."""

from collections.abc import Iterable, Sequence
from typing import Any

from engine.clock import Instant
from engine.database import Transaction
from engine.definitions.score import Of
from engine.records.asking import Asking
from engine.records.cohorts import head_of
from engine.records.periods import Period

#: Who speaks for a department, and for an area.
_LEADS = ("lead",)
_AREA_POSTS = ("coordinator", "grid_leader")


def of_area(transaction: Transaction, post: str, area_id: int, now: Instant) -> set[int]:
    """Everybody who holds a post in an area now."""
    asking = Asking(transaction)
    where = f"h.post = {asking(post)} AND h.area_id = {asking(area_id)}"
    return _people(transaction, asking, where, now)


def of_period(transaction: Transaction, period: Period, now: Instant) -> set[int]:
    """The leads of the departments, the desks and leaders of the areas, or the persons that a period's lines name."""
    head = head_of(period)
    sheet, asking = head.formulas.sheet, Asking(transaction)
    if sheet.of is Of.PERSON:
        named = _named(asking, "person", period)
        where = f"p.login IN ({named})"
        return {row[0] for row in transaction.rows(f"SELECT id FROM person p WHERE {where}", asking.parameters)}  # noqa: S608
    if sheet.of is Of.DEPARTMENT:
        where = f"h.post IN {asking.among(_LEADS)} AND d.code IN ({_named(asking, 'department', period)})"
        return _people(transaction, asking, where, now)
    posts: Sequence[str] = (sheet.post,) if sheet.post else _AREA_POSTS
    where = f"h.post IN {asking.among(posts)} AND a.code IN {asking.among(sorted(head.seats) or [''])}"
    return _people(transaction, asking, where, now)


def _named(asking: Asking, column: str, period: Period) -> str:
    return f"SELECT l.{column} FROM period_line l WHERE l.period_id = {asking(period.id)}"  # noqa: S608


def _people(transaction: Transaction, asking: Asking, where: str, now: Instant) -> set[int]:
    held = f"h.valid_from <= {asking(now)} AND (h.valid_to IS NULL OR h.valid_to > {asking(now)})"
    rows: Iterable[Any] = transaction.rows(
        "SELECT DISTINCT h.person_id FROM holding h JOIN person p ON p.id = h.person_id AND p.active "  # noqa: S608
        "LEFT JOIN department d ON d.id = h.department_id LEFT JOIN area a ON a.id = h.area_id "
        f"WHERE {where} AND {held}",
        asking.parameters,
    )
    return {int(row[0]) for row in rows}
