"""Closed, open, on time and how long it took, per department: asked of the database, as of one moment.

A ticket counts for the department of its last lead task. *On time* is a closed ticket whose handling deadline was met
by its due time; the handling deadline is the one that takes its limit from the catalogue. A cancelled ticket (void) is
neither closed nor open, a joined one is in no figure. Beside the closed stand the open ones that are overdue: closed
tickets alone flatter [R].
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

from engine.clock import SECOND, Instant, iso
from engine.database import Transaction
from engine.records.asking import marks
from engine.records.versions import Versions

#: Rows of tickets that no department has had.
NOBODY = ("", "未派遣 / Not dispatched")


@dataclass(frozen=True, slots=True, kw_only=True)
class Figure:
    """One department's figures, or those of all."""

    code: str
    name: str
    closed: int
    #: Closed ones whose handling deadline was met by its due time.
    on_time: int
    open: int
    #: Open ones whose handling deadline has passed.
    overdue: int
    #: Void ones, counted nowhere else.
    cancelled: int
    #: Microseconds from report to settlement of the closed ones, the middle one or the mean of the two; None for none.
    median: Fraction | None

    def to_json(self) -> dict[str, Any]:
        return {
            "code": self.code,
            "name": self.name,
            "closed": self.closed,
            "on_time": self.on_time,
            "open": self.open,
            "overdue": self.overdue,
            "cancelled": self.cancelled,
            "median_seconds": None if self.median is None else float(self.median / SECOND),
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class Figures:
    """What was true at one moment."""

    as_of: Instant
    departments: tuple[Figure, ...]
    total: Figure

    def to_json(self) -> dict[str, Any]:
        return {
            "as_of": iso(self.as_of),
            "by": "department",
            "departments": [figure.to_json() for figure in self.departments],
            "total": self.total.to_json(),
        }


def by_department(transaction: Transaction, versions: Versions, now: Instant) -> Figures:
    """The figures of every department that has had a ticket, by code; tickets without a department come last."""
    cases, parameters = _cases(transaction, _handling(transaction, versions))
    counts = _counts(transaction, cases, parameters, now)
    medians = _medians(transaction, cases, parameters)
    names = {number: (code, name) for number, code, name in transaction.rows("SELECT id, code, name FROM department")}
    figures = [
        _figure(names.get(department, NOBODY), counted, medians.get(department))
        for department, counted in counts.items()
    ]
    figures.sort(key=lambda figure: (not figure.code, figure.code))
    whole = [sum(column) for column in zip(*counts.values(), strict=True)] or [0] * 5
    return Figures(
        as_of=now,
        departments=tuple(figures),
        total=_figure(("", "合计 / Total"), whole, medians.get("all")),
    )


def _figure(called: tuple[str, str], counted: Sequence[int], median: Fraction | None) -> Figure:
    closed, on_time, still_open, overdue, cancelled = counted
    return Figure(
        code=called[0], name=called[1], closed=closed, on_time=on_time, open=still_open, overdue=overdue,
        cancelled=cancelled, median=median,
    )  # fmt: skip


def _handling(transaction: Transaction, versions: Versions) -> list[tuple[int, str]]:
    """Workflow version and name of every deadline that takes its limit from the catalogue."""
    used = [row[0] for row in transaction.rows("SELECT id FROM workflow_version ORDER BY id")]
    return [
        (number, deadline.name)
        for number in used
        for deadline in versions.definition(transaction, number).deadlines.values()
        if deadline.catalogue
    ]


def _cases(transaction: Transaction, handling: Sequence[tuple[int, str]]) -> tuple[str, list[Any]]:
    """A WITH clause whose last table `cases` has a row per ticket that counts, and its parameters."""
    number, name = marks(transaction, 2)
    cast = f"(CAST({number} AS BIGINT), CAST({name} AS VARCHAR))"
    rows = ", ".join([cast] * len(handling)) or "(CAST(NULL AS BIGINT), CAST(NULL AS VARCHAR))"

    def handled(whose: str) -> str:
        # ▸ By key, ticket for ticket: right after an import PostgreSQL knows nothing of its tables' sizes, and joins of
        # ranked rows turn into nested loops (4.9 s instead of 0.1 for 3,000 tickets).
        return f"""(
            SELECT MAX(e.seq) FROM deadline e WHERE e.ticket_id = t.id AND e.request_seq IS NULL AND {whose}
            AND EXISTS (SELECT 1 FROM handling h WHERE h.workflow_id = t.workflow_id AND h.name = e.name))"""  # noqa: S608

    return (
        f"""
        WITH handling(workflow_id, name) AS (VALUES {rows}),
        led AS (
            SELECT t.id, t.workflow_id, t.state_type, t.opened_at, t.settled_at,
                (SELECT MAX(k.seq) FROM task k
                 WHERE k.ticket_id = t.id AND k.lead AND k.department_id IS NOT NULL) AS task_seq
            FROM ticket t WHERE t.state_type <> 'joined'
        ),
        limited AS (
            SELECT t.*, COALESCE({handled("e.task_seq = t.task_seq")}, {handled("e.task_seq IS NULL")}) AS limit_seq
            FROM led t
        ),
        cases AS (
            SELECT k.department_id, d.due_at, d.ended_at, t.settled_at - t.opened_at AS took,
                CASE t.state_type WHEN 'closed' THEN 'closed' WHEN 'void' THEN 'void' ELSE 'open' END AS kind
            FROM limited t
            LEFT JOIN task k ON k.ticket_id = t.id AND k.seq = t.task_seq
            LEFT JOIN deadline d ON d.ticket_id = t.id AND d.seq = t.limit_seq
        )""",  # noqa: S608 (marks only)
        [part for pair in handling for part in pair],
    )


def _counts(
    transaction: Transaction, cases: str, parameters: list[Any], now: Instant
) -> Mapping[int | None, list[int]]:
    (mark,) = marks(transaction, 1)
    rows = transaction.rows(
        f"""{cases}
        SELECT department_id,
            SUM(CASE WHEN kind = 'closed' THEN 1 ELSE 0 END),
            SUM(CASE WHEN kind = 'closed' AND ended_at <= due_at THEN 1 ELSE 0 END),
            SUM(CASE WHEN kind = 'open' THEN 1 ELSE 0 END),
            SUM(CASE WHEN kind = 'open' AND ended_at IS NULL AND due_at < {mark} THEN 1 ELSE 0 END),
            SUM(CASE WHEN kind = 'void' THEN 1 ELSE 0 END)
        FROM cases GROUP BY department_id""",  # noqa: S608 (marks only)
        [*parameters, now],
    )
    return {row[0]: [int(number) for number in row[1:]] for row in rows}


def _medians(transaction: Transaction, cases: str, parameters: list[Any]) -> dict[int | str | None, Fraction]:
    """The median of each department and, under `all`, of all: of the two middle rows, which are one for odd counts."""
    found: dict[int | str | None, Fraction] = {}
    for key, of in (("department_id", "PARTITION BY department_id"), ("'all'", "")):
        rows = transaction.rows(
            f"""{cases},
            ranked AS (
                SELECT {key} AS key, took, row_number() OVER ({of} ORDER BY took) AS nth,
                    count(*) OVER ({of}) AS many
                FROM cases WHERE kind = 'closed'
            )
            SELECT key, MIN(took), MAX(took) FROM ranked WHERE nth IN ((many + 1) / 2, (many + 2) / 2) GROUP BY key""",  # noqa: S608 (marks only)
            parameters,
        )
        found |= {row[0]: Fraction(int(row[1]) + int(row[2]), 2) for row in rows}
    return found
