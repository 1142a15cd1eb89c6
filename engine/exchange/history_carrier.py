"""One batch of an old system's rows in one transaction; a refused row leaves nothing of itself behind."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from engine.clock import Instant
from engine.database import Transaction
from engine.errors import HuyingError, KeyReused
from engine.exchange.history_map import Lookup, Noun, Step, Template, TicketMap
from engine.exchange.history_rehearsal import Rehearsed
from engine.exchange.history_rows import Due, Life, RowReader
from engine.exchange.history_units import Known, Registry
from engine.exchange.refusals import Wrong
from engine.exchange.spreadsheet import Row
from engine.records.asking import marks
from engine.rules.acts import Source
from engine.stages.calls import Call, Caller, Outcome
from engine.stages.door import Door


class Ending(StrEnum):
    """What becomes of the acts of a batch."""

    KEEP = "keep"
    UNDO = "undo"  #: a rehearsal: everything is done, and then undone


class Fate(StrEnum):
    """What became of a row."""

    IMPORTED = "imported"
    THERE = "there"  #: it was imported before
    REFUSED = "refused"


@dataclass(frozen=True, slots=True, kw_only=True)
class Result:
    """What became of one row."""

    row: Row
    fate: Fate
    wrong: Wrong | None = None
    #: Times that the door drew straight.
    disordered: int = 0
    #: Key and fingerprint of the report, where it was made.
    report: tuple[str, str] | None = None


class _Undone(Exception):
    """Carries what a rehearsal found out of the transaction that it undoes."""

    def __init__(self, results: list[Result], known: Known) -> None:
        self.results, self.known = results, known


@dataclass(slots=True, kw_only=True)
class Carrier:
    """Brings the rows of one table through the door."""

    door: Door
    mapping: TicketMap
    reader: RowReader
    #: Notices and rungs before this moment reach nobody.
    arm_from: Instant
    ending: Ending
    rehearsed: Rehearsed
    known: Known = field(default_factory=Known)
    #: Departments and areas made so far, each once: a rehearsal makes them again in every batch.
    made: dict[str, None] = field(default_factory=dict)

    def carry(self, rows: Sequence[Row]) -> list[Result]:
        """All rows of a batch, in one transaction."""
        try:
            results, known = self.door.database.acting(lambda transaction: self._batch(transaction, rows))
            self.known = known
        except _Undone as undone:
            results, known = undone.results, undone.known
            for result in results:
                if result.report is not None and result.fate is Fate.IMPORTED:
                    self.rehearsed.add(*result.report)
        self.made.update(dict.fromkeys(known.made))
        return results

    def _batch(self, transaction: Transaction, rows: Sequence[Row]) -> tuple[list[Result], Known]:
        """The database may begin it again, so nothing outside of it is changed."""
        now = self.door.clock.now()
        known = self.known.copy()
        results = [self._row(transaction, row, known, now) for row in rows]
        if self.ending is Ending.UNDO:
            raise _Undone(results, known)
        return results, known

    def _row(self, transaction: Transaction, row: Row, known: Known, now: Instant) -> Result:
        try:
            life = self.reader.life(row, now)
        except Wrong as wrong:
            return Result(row=row, fate=Fate.REFUSED, wrong=wrong)
        registry = Registry(self.mapping, transaction, known, now)
        transaction.run("SAVEPOINT imported_row")
        try:
            result = self._live(transaction, row, life, registry, now)
            registry.keep()
        except (Wrong, HuyingError) as failure:
            transaction.run("ROLLBACK TO SAVEPOINT imported_row")
            reason = failure if isinstance(failure, Wrong) else Wrong.of(failure.place.field, failure)
            result = Result(row=row, fate=Fate.REFUSED, wrong=reason)
        transaction.run("RELEASE SAVEPOINT imported_row")
        return result

    def _live(self, transaction: Transaction, row: Row, life: Life, registry: Registry, now: Instant) -> Result:
        """Every act of one row. Errors: `Wrong`, with the column that the refused step took it from."""
        first, *rest = life.steps
        key = self.mapping.key(life.id)
        call = self._call(first, life, registry, workflow=self.mapping.workflow, key=key, channel=life.channel)
        report = (key, call.fingerprint())
        earlier = self.rehearsed.same(*report)
        if earlier is False:
            raise self._otherwise(life)
        begun = None if earlier else self._act(transaction, call, first, life, now)
        if begun is None or begun.repeated:
            return Result(row=row, fate=Fate.THERE)
        for due in rest:
            for task in _targets(transaction, begun.ticket_id, due.step):
                call = self._call(due, life, registry, ticket_id=begun.ticket_id, task=task)
                self._act(transaction, call, due, life, now)
        return Result(row=row, fate=Fate.IMPORTED, disordered=life.disordered, report=report)

    def _call(self, due: Due, life: Life, registry: Registry, **where: Any) -> Call:
        return Call(
            caller=Caller(name=self.mapping.caller),
            action=due.step.action,
            form=_filled(due.form, life, registry),
            claimed_at=due.at,
            source=Source.IMPORT,
            arm_from=self.arm_from,
            **where,
        )

    def _act(self, transaction: Transaction, call: Call, due: Due, life: Life, now: Instant) -> Outcome:
        try:
            return self.door.act_together([call], transaction, now)[0]
        except KeyReused as reused:
            raise self._otherwise(life) from reused
        except HuyingError as refusal:
            column = self._column(due.step, refusal.place.field)
            raise Wrong(column or due.step.action, refusal.zh, refusal.en) from refusal

    def _otherwise(self, life: Life) -> Wrong:
        return Wrong(
            self.mapping.id,
            f"编号“{life.id}”已按另一内容导入，保持原样",
            f"'{life.id}' was imported with other content, which stays",
        )

    def _column(self, step: Step, name: str) -> str:
        """The column of the table that a field of the form was taken from."""
        value = step.form.get(name)
        if isinstance(value, Lookup):
            return value.column
        if isinstance(value, Template):
            return "、".join(value.columns)
        if value is Noun.PLACE and self.mapping.place is not None:
            return f"{self.mapping.place.lon}、{self.mapping.place.lat}"
        section = getattr(self.mapping, value.value) if isinstance(value, Noun) else None
        return section.column if section is not None else name


def _filled(form: Mapping[str, str | Noun], life: Life, registry: Registry) -> dict[str, Any]:
    """A form with its sections looked up. Errors: `Wrong`."""
    looked_up = {
        Noun.DEPARTMENT: registry.department,
        Noun.AREA: registry.area,
        Noun.ITEM: registry.item,
        Noun.PLACE: registry.place,
    }
    filled = {name: looked_up[value](life) if isinstance(value, Noun) else value for name, value in form.items()}
    return {name: value for name, value in filled.items() if value is not None}


def _targets(transaction: Transaction, ticket_id: int, step: Step) -> list[int | None]:
    """The ticket itself, or every open task of the step's kind. Errors: `Wrong` when there is none."""
    if not step.task:
        return [None]
    ticket, kind = marks(transaction, 2)
    rows = transaction.rows(
        f"SELECT seq FROM task WHERE ticket_id = {ticket} AND kind = {kind} "  # noqa: S608 (marks only)
        "AND state_type NOT IN ('closed', 'void') ORDER BY seq",
        (ticket_id, step.task),
    )
    if not rows:
        raise Wrong(
            step.action, f"没有待办的任务“{step.task}”", f"there is no open task '{step.task}' for '{step.action}'"
        )
    return [row[0] for row in rows]
