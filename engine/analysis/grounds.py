"""Cases told apart in three parts: the ticket, its values, each of its tasks; and acts that need not be done again.

A *ground* is all cases that differ in their ticket's values alone. What an act brings about is kept by what it can see
of the values and of the tasks beside the one acted on. Where it has been seen before, only parts are put together: what
the act has made of the ticket and the task, with the other tasks as they are.
"""

from collections.abc import Callable, Container, Iterable, Iterator
from dataclasses import dataclass, field, replace
from typing import Any

from engine.analysis.acting import Acts, Attempt, Move, Place, Reading
from engine.analysis.heeding import Book, Heed, Values
from engine.analysis.sketch import View
from engine.rules.case import Case, RequestState, Task

#: What a ticket, or a task, is told apart by.
Part = tuple[Any, ...]
#: A ground by its ticket, its tasks in order, and the task that is busy.
Key = tuple[Part, tuple[Part, ...], Part | None]


@dataclass(slots=True, eq=False)
class Ground:
    """All cases that differ in their ticket's values alone."""

    #: One of them.
    case: Case
    #: The state of the ticket.
    state: str
    #: The task whose own steps are under way; nobody else acts before they show.
    busy: int | None
    ticket: Part
    #: Number of a task that is heard → what it is told apart by.
    tasks: dict[int, Part]
    #: What may be tried there by each reading of the file, with what has come of it.
    attempts: dict[int, list[tuple[Attempt, "_Known"]]] = field(default_factory=dict)
    #: What has come of an attempt by what it saw of the values, by what is tried and on which task.
    known: dict[tuple[Any, ...], "_Known"] = field(default_factory=dict)

    def with_values(self, values: Values) -> Case:
        """The case of these values."""
        ticket = self.case.ticket.clone()
        memory = ticket.memory = ticket.memory.clone()
        memory.counters, memory.choices = dict(values.counters), dict(values.choices)
        memory.marks = values.marks
        return replace(self.case, ticket=ticket)


@dataclass(frozen=True, slots=True)
class Come:
    """What came of an act where it was done; without a ground it leads nowhere."""

    move: Move
    ground: Ground | None
    before: Values
    after: Values


#: All that came of an act, and the actions that were possible then.
_Result = tuple[list[Come], frozenset[Place]]
_Known = dict[tuple[Any, ...], _Result]


@dataclass(frozen=True, slots=True)
class _Apart:
    """What came of an act that left other tasks as they were, or ended them all: without those that stayed."""

    come: Come
    ticket: Part
    tasks: tuple[Part, ...]
    busy: Part | None
    #: What the act can see of the tasks that stayed.
    stayed: frozenset[Part]


#: What came of an act, with the case that it made and its tasks by what they are told apart by.
_Done = tuple[Come, Case | None, dict[int, Part]]


class Grounds:
    """Every ground of one space, and what acts have brought about on them."""

    def __init__(self, acts: Acts, view: View, book: Book) -> None:
        self._acts, self._view, self._book = acts, view, book
        self._known: dict[Key, Ground] = {}
        self._seen: dict[tuple[Any, ...], tuple[list[_Apart], frozenset[Place]] | None] = {}

    def of(self, case: Case, busy: int | None) -> tuple[Ground, Values]:
        """What a case is told apart by."""
        return self._placed(case, self._view.parts(case), busy)

    def forget(self) -> None:
        """Let go of what acts have brought about: the spots know where they lead, and no act is asked for again."""
        for ground in self._known.values():
            ground.attempts, ground.known = {}, {}
        self._seen.clear()

    def _placed(self, case: Case, parts: tuple[Part, dict[int, Part]], busy: int | None) -> tuple[Ground, Values]:
        ticket, tasks = parts
        key = _key(ticket, tasks.values(), tasks[busy] if busy is not None else None)
        ground = self._known.get(key)
        if ground is None:
            ground = self._known[key] = Ground(case, case.ticket.state, busy, ticket, tasks)
        return ground, self._book.of(case.ticket.memory)

    def comes(
        self, ground: Ground, values: Values, case: Callable[[], Case], reading: Reading, done: set[Place]
    ) -> Iterator[tuple[Heed, _Result]]:
        """All that comes of everything that may be tried in a case; done only where nothing alike was done.

        What is only to be possible once is not asked again if that is `done`.
        """
        attempts = ground.attempts.get(id(reading))
        if attempts is None:
            attempts = ground.attempts[id(reading)] = list(self._attempts(ground, reading))
        for attempt, known in attempts:
            if attempt.idle is not None and attempt.idle in done:
                continue
            seen = attempt.heed.sees(values, case)
            result = known.get(seen)
            if result is None:
                result = known[seen] = self._result(ground, attempt, seen, values, case)
            yield attempt.heed, result

    def _attempts(self, ground: Ground, reading: Reading) -> Iterator[tuple[Attempt, _Known]]:
        for one in self._acts.attempts(ground.case, ground.tasks, ground.busy, reading):
            own = ground.tasks.get(one.task) if one.task is not None else None
            yield one, ground.known.setdefault((one.label, own), {})

    def _result(
        self, ground: Ground, attempt: Attempt, seen: tuple[Any, ...], values: Values, case: Callable[[], Case]
    ) -> _Result:
        if self._acts.heeds.tasks_move:
            done, places = self._done(attempt, values, case())
            return [one for one, _, _ in done], places
        others = {seq: self._shape(ground.case, seq, attempt.heed) for seq in ground.tasks if seq != attempt.task}
        own = ground.tasks.get(attempt.task) if attempt.task is not None else None
        key = (ground.ticket, own, attempt.label, seen, tuple(sorted(others.values())))
        before = self._seen.get(key)
        come = self._put_together(ground, others, before[0]) if before is not None else None
        if before is not None and come is not None:
            return come, before[1]
        done, places = self._done(attempt, values, case())
        if key not in self._seen:
            apart = self._apart(ground, others, done)
            self._seen[key] = (apart, places) if apart is not None else None
        return [one for one, _, _ in done], places

    def _done(self, attempt: Attempt, values: Values, case: Case) -> tuple[list[_Done], frozenset[Place]]:
        found: list[_Done] = []
        self._acts.done = set()
        for move, after in attempt.run(case):
            if move.fault is not None or any(line.moot == "action" for line in move.lines):
                found.append((Come(move, None, values, values), None, {}))
            elif after is not None:
                parts = self._view.parts(after)
                ground, left = self._placed(after, parts, move.task if move.own else None)
                found.append((Come(move, ground, values, left), after, parts[1]))
        return found, frozenset(self._acts.done)

    def _apart(self, ground: Ground, others: dict[int, Part], done: list[_Done]) -> list[_Apart] | None:
        """What came of an act without the other tasks; None if it made something of one of them."""
        found = []
        for come, case, tasks in done:
            if case is None or come.ground is None:
                found.append(_Apart(come, (), (), None, frozenset()))
                continue
            stayed = {seq for seq in others if seq in tasks}
            if any(tasks[seq] != ground.tasks[seq] for seq in stayed) or _follows(case, ground, others):
                return None
            shapes = frozenset(others[seq] for seq in stayed)
            if any(others[seq] in shapes for seq in others.keys() - stayed):
                return None
            rest = tuple(part for seq, part in tasks.items() if seq not in stayed)
            busy = tasks[come.move.task] if come.move.own and come.move.task is not None else None
            found.append(_Apart(come, come.ground.ticket, rest, busy, shapes))
        return found

    def _shape(self, case: Case, seq: int, heed: Heed) -> Part:
        """All that an act and the rules behind it can tell of a task that it is not about."""
        task: Task = case.tasks[seq]
        stale = task.round != case.ticket.memory.rounds.get(task.kind, 0)
        if task.kind in heed.over:
            return (task.kind, stale)
        asks = (ask.name for ask in case.asks.values() if ask.task_seq == seq and ask.state is RequestState.OPEN)
        return (
            task.kind, stale, task.open, task.live,
            self._acts.heeds.leads and task.lead,
            task.state if (task.kind, task.state) in heed.words else "",
            tuple(sorted(name for name in asks if name in heed.requests)) if heed.requests else (),
        )  # fmt: skip

    def _put_together(self, ground: Ground, others: dict[int, Part], before: list[_Apart]) -> list[Come] | None:
        """The same act beside other tasks; None if it leads to where nothing has led."""
        found = []
        for one in before:
            if one.come.ground is None:
                found.append(one.come)
                continue
            stayed = (ground.tasks[seq] for seq, shape in others.items() if shape in one.stayed)
            there = self._known.get(_key(one.ticket, (*one.tasks, *stayed), one.busy))
            if there is None:
                return None
            found.append(Come(one.come.move, there, one.come.before, one.come.after))
        return found


def _key(ticket: Part, tasks: Iterable[Part], busy: Part | None) -> Key:
    return ticket, tuple(sorted(tasks)), busy


def _follows(case: Case, ground: Ground, others: Container[int | None]) -> bool:
    """Whether a task was made of one of the others."""
    return any(task.previous in others for seq, task in case.tasks.items() if seq not in ground.case.tasks)
