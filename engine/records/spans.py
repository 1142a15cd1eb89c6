"""Spans: how long a ticket lay in a stage, in whose hands; folded from the history beside the other facts.

Each span belongs to a stage and to a holder, so that a ticket that is sent to and fro shows where its time went. While
several departments work at once each holds a span of its own; a null holder is the side of the block and the desk.
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

from sqlalchemy import Index
from sqlmodel import SQLModel

from engine.database import Transaction
from engine.records import span_rollups
from engine.records.asking import Asking
from engine.records.columns import ONE_TREE, instant, key_part, maybe_instant, maybe_link, only_while, path, word
from engine.records.indicator_sql import Asked, lifted, within


class StageSpan(SQLModel, table=True):
    """From one moment to another a ticket lay in a stage, in somebody's hands. Wall time."""

    __tablename__ = "stage_span"
    __table_args__ = (
        Index("ix_stage_span_ended", "until_at", "area_path"),
        Index("ix_stage_span_lasting", "since_at", **only_while("until_at")),
        ONE_TREE,
    )

    ticket_id: int = key_part()
    #: 1, 2, … in the order in which they began.
    seq: int = key_part()
    stage: str = word()
    #: Null for the block and the desk.
    department_id: int | None = maybe_link()
    #: That of its ticket.
    area_path: str = path()
    since_at: int = instant()
    #: Null while it lasts.
    until_at: int | None = maybe_instant()


@dataclass(frozen=True, slots=True, kw_only=True)
class Holding:
    """How long tickets lay in a stage, in one holder's hands."""

    stage: str
    #: Code and name; both empty for the block and the desk.
    department: str
    name: str
    #: Spans that ended in the period, and how long they were together, microseconds of wall time.
    ended: int = 0
    time: int = 0
    #: Spans that last as of then, and how old they are together.
    lasting: int = 0
    age: int = 0


def spans(transaction: Transaction, asked: Asked) -> list[Holding]:
    """Time per stage and holder, by the spans that ended in the period and by those that last; by stage and department.

    A span counts where it ended, with its whole length. Errors: `NotFound` for an area or department never there.
    """

    asked = lifted(transaction, asked)

    def over(ask: Asking, part: Asked) -> str:
        at = "x.until_at"
        return f"{at} >= {ask(part.since)} AND {at} < {ask(part.until)} AND {at} <= {ask(asked.as_of)}"

    def still(ask: Asking) -> str:
        return f"x.since_at <= {ask(asked.as_of)} AND (x.until_at IS NULL OR x.until_at > {ask(asked.as_of)})"

    ended, rest = span_rollups.ended(transaction, asked)
    for part in rest:
        ended = span_rollups.together(ended, _sums(transaction, part, "x.until_at", partial(over, part=part)))
    lasting = span_rollups.lasting(transaction, asked)
    if lasting is None:
        lasting = _sums(transaction, asked, str(int(asked.as_of)), still)
    found = []
    for key in sorted(ended.keys() | lasting.keys()):
        stage, department, name = key
        (count, time), (many, age) = ended.get(key, (0, 0)), lasting.get(key, (0, 0))
        found.append(
            Holding(
                stage=stage, department=department, name=name, ended=count, time=time, lasting=many, age=age,
            )
        )  # fmt: skip
    return found


def _sums(
    transaction: Transaction, asked: Asked, end: str, which: Callable[[Asking], str]
) -> dict[tuple[str, str, str], tuple[int, int]]:
    """Stage, code and name → how many of these spans, and how long together."""
    asking = Asking(transaction)
    where = " AND ".join((which(asking), "NOT k.confidential", *within(transaction, asked, asking, "x")))
    seen = " JOIN ticket t ON t.id = k.ticket_id" if asked.units is not None else ""
    rows = transaction.rows(
        "SELECT y.stage, coalesce(d.code, ''), coalesce(d.name, ''), y.many, y.long FROM ("  # noqa: S608
        f"SELECT x.stage, x.department_id, count(*) AS many, sum({end} - x.since_at) AS long "
        f"FROM stage_span x JOIN ticket_fact k ON k.ticket_id = x.ticket_id{seen} WHERE {where} "
        "GROUP BY x.stage, x.department_id) y LEFT JOIN department d ON d.id = y.department_id",
        asking.parameters,
    )
    return {(stage, code, name): (int(many), int(long)) for stage, code, name, many, long in rows}
