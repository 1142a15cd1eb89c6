"""One batch of an old system's rows in one transaction; a refused row leaves nothing of itself behind."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from functools import partial
from typing import Any, TypeVar

from engine.clock import Instant
from engine.database import Transaction
from engine.errors import Busy, HuyingError, KeyReused
from engine.exchange.history_map import Lookup, Noun, Step, Template, TicketMap
from engine.exchange.history_rehearsal import Rehearsed
from engine.exchange.history_rows import Due, RowReader, Story
from engine.exchange.history_units import Known, Registry
from engine.exchange.refusals import Wrong
from engine.exchange.spreadsheet import Row
from engine.rules.acts import Source
from engine.stages.calls import Call, Caller
from engine.stages.door import MOST_TRIES, Door, is_double
from engine.stages.lives import Life, Lives

T = TypeVar("T")


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
    #: Key and fingerprint of the report, for a rehearsal to remember.
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
            results, known = self._kept(rows)
            self.known = known
        except _Undone as undone:
            results, known = undone.results, undone.known
            self._remember(results)
        self.made.update(dict.fromkeys(known.made))
        return results

    def _kept(self, rows: Sequence[Row]) -> tuple[list[Result], Known]:
        """A batch that somebody else imports at the same time is begun again, and then finds it there."""
        for _ in range(MOST_TRIES):
            try:
                return self.door.database.acting(lambda transaction: self._batch(transaction, rows))
            except Exception as failure:
                if not is_double(failure):
                    raise
        raise Busy

    def _remember(self, results: Sequence[Result]) -> None:
        for result in results:
            if result.report is not None and result.fate is Fate.IMPORTED:
                self.rehearsed.add(*result.report)

    def _batch(self, transaction: Transaction, rows: Sequence[Row]) -> tuple[list[Result], Known]:
        """The database may begin it again, so nothing outside of it is changed."""
        now = self.door.clock.now()
        known = self.known.copy()
        stories = [self._story(row, now) for row in rows]
        keys = [(self.mapping.caller, self.mapping.key(story.id)) for story in stories if isinstance(story, Story)]
        lives = Lives(self.door, transaction, now, keys)
        results = []
        for row, story in zip(rows, stories, strict=True):
            registry = Registry(self.mapping, transaction, known, now)
            results.append(self._row(row, story, lives, registry))
        lives.write()
        if self.ending is Ending.UNDO:
            raise _Undone(results, known)
        return results, known

    def _story(self, row: Row, now: Instant) -> Story | Wrong:
        try:
            return self.reader.story(row, now)
        except Wrong as wrong:
            return wrong

    def _row(self, row: Row, story: Story | Wrong, lives: Lives, registry: Registry) -> Result:
        if isinstance(story, Wrong):
            return Result(row=row, fate=Fate.REFUSED, wrong=story)
        try:
            result = self._live(row, story, lives, registry)
        except (Wrong, HuyingError) as failure:
            if registry.undo():
                lives.forget()
            reason = failure if isinstance(failure, Wrong) else Wrong.of(failure.place.field, failure)
            return Result(row=row, fate=Fate.REFUSED, wrong=reason)
        registry.keep()
        return result

    def _live(self, row: Row, story: Story, lives: Lives, registry: Registry) -> Result:
        """Every act of one row. Errors: `Wrong`, with the column that the refused step took it from."""
        first, *rest = story.steps
        key = self.mapping.key(story.id)
        call = self._call(first, story, registry, workflow=self.mapping.workflow, key=key, channel=story.channel)
        report = (key, call.fingerprint()) if self.ending is Ending.UNDO else None
        earlier = self.rehearsed.same(*report) if report is not None else None
        if earlier is False:
            raise self._otherwise(story)
        life = None if earlier else self._done(first, story, partial(lives.begin, call))
        if life is None:
            return Result(row=row, fate=Fate.THERE)
        for due in rest:
            for task in _targets(life, due.step):
                call = self._call(due, story, registry, ticket_id=life.outcome.ticket_id, task=task)
                self._done(due, story, partial(lives.act, life, call))
        lives.keep(life)
        return Result(row=row, fate=Fate.IMPORTED, disordered=story.disordered, report=report)

    def _call(self, due: Due, story: Story, registry: Registry, **where: Any) -> Call:
        return Call(
            caller=Caller(name=self.mapping.caller),
            action=due.step.action,
            form=_filled(due.form, story, registry),
            claimed_at=due.at,
            source=Source.IMPORT,
            arm_from=self.arm_from,
            **where,
        )

    def _done(self, due: Due, story: Story, act: Callable[[], T]) -> T:
        try:
            return act()
        except KeyReused as reused:
            raise self._otherwise(story) from reused
        except Busy:
            # Not the row's fault: the import ends here, and goes on from here when it is run again.
            raise
        except HuyingError as refusal:
            column = self._column(due.step, refusal.place.field)
            raise Wrong(column or due.step.action, refusal.zh, refusal.en) from refusal

    def _otherwise(self, story: Story) -> Wrong:
        return Wrong(
            self.mapping.id,
            f"编号“{story.id}”已按另一内容导入，保持原样",
            f"'{story.id}' was imported with other content, which stays",
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


def _filled(form: Mapping[str, str | Noun], story: Story, registry: Registry) -> dict[str, Any]:
    """A form with its sections looked up. Errors: `Wrong`."""
    looked_up = {
        Noun.DEPARTMENT: registry.department,
        Noun.AREA: registry.area,
        Noun.ITEM: registry.item,
        Noun.PLACE: registry.place,
    }
    filled = {name: looked_up[value](story) if isinstance(value, Noun) else value for name, value in form.items()}
    return {name: value for name, value in filled.items() if value is not None}


def _targets(life: Life, step: Step) -> list[int | None]:
    """The ticket itself, or every open task of the step's kind. Errors: `Wrong` when there is none."""
    if not step.task:
        return [None]
    tasks = life.open_tasks(step.task)
    if not tasks:
        raise Wrong(
            step.action, f"没有待办的任务“{step.task}”", f"there is no open task '{step.task}' for '{step.action}'"
        )
    return [task.seq for task in tasks]
