"""Time per stage and holder: what ended in a period, by whose hands it was in."""

from dataclasses import dataclass

from engine.database import Transaction
from engine.definitions.indicator import Counted
from engine.records.asking import Asking
from engine.records.indicator_sql import Asked, scope
from engine.vocabulary import Stage


@dataclass(frozen=True, slots=True, kw_only=True)
class StageTime:
    """How long one holder had tickets in one stage."""

    stage: Stage
    #: Code and name of the department; both "" for the block and the desk.
    department: str
    name: str
    tickets: int
    #: Microseconds of wall time, together.
    total: int

    @property
    def mean(self) -> int:
        """Microseconds per ticket."""
        return self.total // self.tickets if self.tickets else 0


def stage_times(transaction: Transaction, asked: Asked) -> list[StageTime]:
    """Stages in their order, in each the holder with most time first. Errors: `NotFound` as `figure`."""
    asking = Asking(transaction)
    # A span is asked like a task whose cohort is its end.
    where = scope(transaction, asked, asking, Counted.TASK, "until")
    own = " JOIN ticket t ON t.id = k.ticket_id" if asked.units is not None else ""
    rows = transaction.rows(
        "SELECT s.stage, d.code, d.name, s.tickets, s.total FROM ("  # noqa: S608 (constant words)
        "SELECT s.stage, s.department_id, count(DISTINCT s.ticket_id) AS tickets, "
        "sum(s.until_at - s.since_at) AS total "
        f"FROM stage_span s JOIN ticket_fact k ON k.ticket_id = s.ticket_id{own} WHERE s.stage <> '' AND {where} "
        "GROUP BY s.stage, s.department_id) s LEFT JOIN department d ON d.id = s.department_id",
        asking.parameters,
    )
    order = list(Stage)
    found = [
        StageTime(stage=Stage(stage), department=code or "", name=name or "", tickets=int(tickets), total=int(total))
        for stage, code, name, tickets, total in rows
    ]
    return sorted(found, key=lambda one: (order.index(one.stage), -one.total, one.department))
