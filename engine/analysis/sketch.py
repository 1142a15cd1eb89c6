"""Cases as an exploration holds them: changed by the rules themselves, written down nowhere, and told apart only by
what can matter.

A case is never invented: it is what `decide` made of the one before, with counters cut off above the largest number
that is asked for, and without what no rule can reach any more. Two cases with one key answer every condition alike and
allow the same acts, whatever units and people they name; `docs/soundness.md` argues it.
"""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import date, timedelta
from typing import Any, Final, NamedTuple
from zoneinfo import ZoneInfo

from engine.analysis.influence import DATE, ONCE, TASKS, Bearing
from engine.analysis.slicing import CALENDAR, Reads
from engine.clock import Instant
from engine.definitions.model import Once, Workflow
from engine.definitions.walk import every_action
from engine.rules.acts import Act
from engine.rules.almanac import Almanac
from engine.rules.calendars import WorkCalendar
from engine.rules.case import (
    Actor,
    ActorKind,
    Case,
    DepartmentRef,
    ItemRef,
    PersonRef,
    References,
    RequestState,
    Task,
    Ticket,
    TicketRef,
    Timer,
)
from engine.rules.draft import Draft
from engine.rules.memory import Deed, Memory
from engine.rules.timeline import DaySpan
from engine.vocabulary import StateType

#: The moment at which everything happens, and a day that lies far ahead of it.
NOW = Instant(1_772_413_200_000_000)
AHEAD: Final = f"{date(2026, 3, 2) + timedelta(days=60):%Y-%m-%d}"
#: Units and people that a form may name: more than any round of tasks that is explored.
HANDS = 12
MAIN: Final = "main"

_WHOLE_DAY = (DaySpan(0, 24 * 60),)
ALMANAC = Almanac(
    calendars={
        CALENDAR: WorkCalendar(
            zone=ZoneInfo("UTC"), weekly=(_WHOLE_DAY,) * 7, daily=_WHOLE_DAY, published=None, version=CALENDAR
        )
    }
)
REFERENCES = References(
    departments={f"d{n}": DepartmentRef(n, f"d{n}", 100 + n) for n in range(1, HANDS)},
    people={f"p{n}": PersonRef(n, f"p{n}") for n in range(1, HANDS)},
    tickets={MAIN: TicketRef(-1, MAIN, "", StateType.WAITING, None)},
    items={"item": ItemRef("item")},
)


def anybody(number: int) -> Actor:
    """Somebody who holds every role: who holds which is not what is looked at here."""
    return Actor(kind=ActorKind.IMPORT, person_id=number, name=ActorKind.IMPORT.value)


class Line(NamedTuple):
    """One event of an act, as far as a way is told by it."""

    action: str
    #: The kind of the task it is about, "" for the ticket; and the request.
    kind: str
    request: str
    source: str
    target: str
    actor: str
    #: Why the clock could not do what it was to do.
    moot: str


class Sketch(Draft):
    """A draft that is never written: no hashes, no notices, no commands."""

    __slots__ = ("lines",)

    def __init__(self, case: Case, act: Act, now: Instant, almanac: Almanac) -> None:
        super().__init__(case, act, now, almanac)
        self.lines: tuple[Line, ...] = ()

    def record(self, **event: Any) -> None:
        source, target = event["moved"]
        asked = self.asks.get(event["request_seq"] or 0)
        line = Line(
            event["action"], event["scope"], asked.name if asked else "", source, target, event["actor"].name,
            event["facts"].get("moot", ""),
        )  # fmt: skip
        self.lines = (*self.lines, line)

    def notice(self, *_: Any, **__: Any) -> None:
        """Nobody is told."""

    def command(self, *_: Any, **__: Any) -> None:
        """No other ticket hears of it."""

    def reach(self, *_: str) -> None:
        """Nobody learns of it."""


def unborn(workflow: Workflow) -> Case:
    """Before a start."""
    ticket = Ticket(
        id=1, case_no="1", state="", version=0, state_version=0, last_seq=0, head="", head_at=Instant(0), visit=0,
        area=(),
    )  # fmt: skip
    return Case(definition=workflow, ticket=ticket)


@dataclass(frozen=True, slots=True)
class View:
    """What of a case of one sliced file is told apart."""

    #: Counter → where some answer changes, from 0 on.
    steps: dict[str, tuple[int, ...]]
    #: Kinds of task whose void ones are asked for.
    void: frozenset[str]
    #: Actions that may be done once only, on a ticket or on a task.
    once: frozenset[str]
    bearing: Bearing
    #: Whether anything asks who has the lead.
    leads: bool
    #: Whether a counter stands for every number up to the next at which an answer changes.
    roughly: bool = False

    @classmethod
    def of(cls, workflow: Workflow, reads: Reads, *, roughly: bool, heard: bool = False) -> "View":
        kinds = workflow.tasks
        void = {
            kind
            for kind, word in reads.words
            if word == "void" or (word in kinds[kind].states and kinds[kind].states[word].type is StateType.VOID)
        }
        once = {action.name for action in every_action(workflow) if action.once in (Once.TICKET, Once.TASK)}
        leads = reads.lead or any(kind.join.lead for kind in kinds.values())
        bearing = Bearing(workflow, everywhere=heard or not roughly)
        return cls(reads.steps, frozenset(void), frozenset(once), bearing, leads, roughly)

    def trimmed(self, draft: Case) -> Case:
        """What an act has made, without what no rule can reach any more."""
        ticket = draft.ticket
        self._cut(ticket.memory)
        self._forget(ticket)
        tasks = self._tasks(draft)
        for task in tasks.values():
            self._cut(task.memory)
        ticket.open_subs = min(ticket.open_subs, 1)
        ticket.memory.deeds = tuple(
            {
                (deed.action, deed.task_seq): deed
                for deed in ticket.memory.deeds
                if deed.action in self.once and self._may_ask(ticket, tasks, deed)
            }.values()
        )
        asks = {seq: ask for seq, ask in draft.asks.items() if ask.state is RequestState.OPEN}
        timers = {seq: timer for seq, timer in draft.timers.items() if timer.ended_at is None}
        return Case(definition=draft.definition, ticket=ticket, tasks=tasks, asks=asks, timers=timers)

    def meant(self, case: Case, task: Task | None, names: Iterable[str]) -> list[Case]:
        """What a case stands for as these counters are about to be counted: just begun, and just below a step."""
        found = [case]
        for name in names if self.roughly else ():
            own = task is not None and name in case.definition.tasks[task.kind].counters
            memory = task.memory if own and task is not None else case.ticket.memory
            value = memory.counters.get(name, 0)
            above = next((step for step in self.steps.get(name, ()) if step > value), 0)
            if above > value + 1:
                found += [_counted(one, task if own else None, name, above - 1) for one in found]
        return found

    def _may_ask(self, ticket: Ticket, tasks: dict[int, Task], deed: Deed) -> bool:
        """Whether it may still matter that something was done once."""
        if ONCE + deed.action in self.bearing.live[ticket.state] and deed.task_seq is None:
            return True
        return deed.task_seq is not None and deed.task_seq in tasks and tasks[deed.task_seq].open

    def _forget(self, ticket: Ticket) -> None:
        """What is cleared before anybody asks for it again."""
        live, memory = self.bearing.live[ticket.state], ticket.memory
        for name in [name for name in memory.counters if name not in live]:
            del memory.counters[name]
        for name in [name for name in memory.choices if name not in live]:
            del memory.choices[name]
        for name in [name for name in memory.dates if DATE + name not in live]:
            del memory.dates[name]
        memory.marks &= live

    def _cut(self, memory: Memory) -> None:
        for name, value in list(memory.counters.items()):
            steps = self.steps[name]
            if self.roughly:
                memory.counters[name] = max(step for step in steps if step <= value)
            elif value > steps[-1]:
                memory.counters[name] = steps[-1]
            if not memory.counters[name]:
                # What stands below the first step is as if it had never been counted.
                del memory.counters[name]

    def _tasks(self, case: Case) -> dict[int, Task]:
        """Those at work, and of the present round what is finished; one void one of a state, where any is asked for."""
        kept: dict[int, Task] = {}
        void: set[tuple[str, str]] = set()
        live = self.bearing.live[case.ticket.state]
        for seq, task in case.tasks.items():
            if not task.open and TASKS + task.kind not in live:
                continue
            present = task.round == case.ticket.memory.rounds.get(task.kind, 0)
            if present and task.type is StateType.VOID and task.kind in self.void:
                if (task.kind, task.state) not in void:
                    kept[seq] = task
                void.add((task.kind, task.state))
            elif task.open or (present and task.live):
                kept[seq] = task
        return kept

    def outside(self, case: Case) -> tuple[Any, ...]:
        """All that a case is told apart by but its tasks."""
        return (self.parts(case)[0], _facts(case.ticket.memory))

    def parts(self, case: Case) -> tuple[tuple[Any, ...], dict[int, tuple[Any, ...]]]:
        """What a case is told apart by beside the counters, marks and choices of its ticket: the ticket's own part, and
        each task that is heard. Equal for cases that differ in names and order only.
        """
        ticket, memory = case.ticket, case.ticket.memory
        clocks: dict[tuple[int | None, int | None], list[tuple[Any, ...]]] = {}
        for timer in case.timers.values():
            clocks.setdefault((timer.task_seq, timer.request_seq), []).append(_clock(timer))
        asked: dict[int | None, list[tuple[Any, ...]]] = {}
        for ask in case.asks.values():
            asked.setdefault(ask.task_seq, []).append((ask.name, _sorted(clocks.get((ask.task_seq, ask.seq)))))
        unheard = self.bearing.unheard[ticket.state] if ticket.state else ()
        heard = (task for task in case.tasks.values() if task.kind not in unheard)
        tasks = {task.seq: self._task_key(case, task, clocks, asked) for task in heard}
        own = (
            ticket.state,
            ticket.item is not None, ticket.urgency is not None,
            None if ticket.main_id is None else ticket.main_type,
            ticket.open_subs,
            tuple(sorted(memory.dates)),
            tuple(sorted(deed.action for deed in memory.deeds if deed.task_seq is None)),
            _sorted(clocks.get((None, None))),
            _sorted(asked.get(None)),
        )  # fmt: skip
        return own, tasks

    def signature(self, case: Case, task: Task) -> tuple[Any, ...]:
        """What one task is told apart by."""
        clocks: dict[Any, list[tuple[Any, ...]]] = {}
        for timer in case.timers.values():
            if timer.task_seq == task.seq:
                clocks.setdefault((timer.task_seq, timer.request_seq), []).append(_clock(timer))
        asked: dict[Any, list[tuple[Any, ...]]] = {}
        for ask in case.asks.values():
            if ask.task_seq == task.seq:
                asked.setdefault(task.seq, []).append((ask.name, _sorted(clocks.get((task.seq, ask.seq)))))
        return self._task_key(case, task, clocks, asked)

    def _task_key(
        self, case: Case, task: Task, clocks: dict[Any, list[tuple[Any, ...]]], asked: dict[Any, list[tuple[Any, ...]]]
    ) -> tuple[Any, ...]:
        done = sorted(deed.action for deed in case.ticket.memory.deeds if deed.task_seq == task.seq)
        stale = task.round != case.ticket.memory.rounds.get(task.kind, 0)
        if not task.live:
            return (task.kind, task.state, False, stale, (), (), (), ())
        return (
            task.kind, task.state, self.leads and task.lead, stale, _facts(task.memory), tuple(done),
            _sorted(clocks.get((task.seq, None))), _sorted(asked.get(task.seq)),
        )  # fmt: skip


def _counted(case: Case, task: Task | None, name: str, value: int) -> Case:
    """The same case with a counter that stands elsewhere."""
    if task is None:
        ticket = case.ticket.clone()
        ticket.memory = ticket.memory.clone()
        ticket.memory.counters[name] = value
        return replace(case, ticket=ticket)
    twin = case.tasks[task.seq].clone()
    twin.memory = twin.memory.clone()
    twin.memory.counters[name] = value
    return replace(case, tasks={**case.tasks, task.seq: twin})


def _clock(timer: Timer) -> tuple[Any, ...]:
    return (timer.name, timer.run.value, timer.handled)


def _facts(memory: Memory) -> tuple[Any, ...]:
    return (
        tuple(sorted(memory.counters.items())),
        tuple(sorted(memory.marks)),
        tuple(sorted((name, str(value)) for name, value in memory.choices.items())),
    )


def _sorted(parts: list[tuple[Any, ...]] | None) -> tuple[tuple[Any, ...], ...]:
    return tuple(sorted(parts)) if parts else ()
