"""Deadlines of a ticket, its tasks and its requests: started, paused, resumed, extended, ended.

A deadline belongs to whoever holds the ticket or the task; it starts at dispatch, not at signing. Whatever moves its
due time raises its generation, so that rungs now ahead may come again and rungs behind do not (`rules.rungs`).
"""

from collections.abc import Iterable
from datetime import date

from engine.clock import Instant
from engine.definitions.model import Deadline, Workflow
from engine.rules import rungs, worktime
from engine.rules.case import Ask, Run, Task, Timer
from engine.rules.draft import Draft, binding
from engine.rules.facts import CaseFacts
from engine.rules.notices import holder
from engine.rules.rungs import UNTIL, limit_of, limit_text
from engine.rules.worktime import WorkCalendar


def day_after(day: str, calendar: WorkCalendar) -> Instant:
    """The end of a day: a suspension until the 5th resumes when the 5th is over."""
    return calendar.end_of(date.fromisoformat(day))


def start(draft: Draft, names: Iterable[str], task: Task | None, ask: Ask | None) -> None:
    """Start the deadlines of a state; one until a date that nobody gave, or whose `when` fails, does not run."""
    now = _moment(draft)
    for name in names:
        deadline = draft.definition.deadlines[name]
        text = _limit(deadline, draft)
        if text is None or not (deadline.when is None or deadline.when.holds(CaseFacts(draft, task))):
            continue
        calendar = draft.calendar_of(name)
        timer = Timer(
            seq=draft.seq(),
            name=name,
            task_seq=task.seq if task else None,
            request_seq=ask.seq if ask else None,
            run=Run.RUNNING,
            limit=text,
            started_at=now,
            due_at=now,
            next_at=None,
            calendar=calendar.version,
            holder=holder(draft, task, ask),
        )
        timer.due_at, timer.provisional = _due(timer, deadline, calendar)
        way = rungs.climb(draft.definition, deadline)
        if len(way):
            timer.handled = rungs.behind_at_start(timer, way, calendar, draft.act.arm_from)
        look(timer, draft.definition, calendar)
        draft.add_timer(timer)


def _limit(deadline: Deadline, draft: Draft) -> str | None:
    memory = draft.ticket.memory
    if deadline.until is not None:
        day = memory.dates.get(deadline.until)
        return f"{UNTIL}{day}" if day else None
    if deadline.catalogue and memory.limit:
        return memory.limit
    return limit_text(deadline.within) if deadline.within is not None else None


def _due(timer: Timer, deadline: Deadline, calendar: WorkCalendar) -> tuple[Instant, bool]:
    """When it ends by what its row says, and whether that is provisional."""
    limit = rungs.whole_limit(timer, deadline.extension)
    if limit is None:
        return Instant(day_after(timer.limit.removeprefix(UNTIL), calendar) + timer.consumed), False
    due = worktime.due(timer.started_at, limit, calendar, consumed=timer.consumed)
    return due.at, due.provisional


def _used(timer: Timer, calendar: WorkCalendar) -> int:
    """What ran before `started_at`, on the clock of its limit; until a date: for how long it stood still."""
    limit = limit_of(timer.limit)
    if limit is not None:
        return sum(worktime.consumed(a, b, limit, calendar) for a, b in timer.ran)
    goes_on = (*(a for a, _ in timer.ran[1:]), timer.started_at)
    return sum(then - until for (_, until), then in zip(timer.ran, goes_on, strict=True)) if timer.ran else 0


def look(timer: Timer, definition: Workflow, calendar: WorkCalendar) -> None:
    """When the sweep must look next: at the next rung, or when a suspension is over."""
    if timer.ended_at is not None:
        timer.next_at = None
    elif timer.run is Run.PAUSED:
        timer.next_at = timer.resumes_at
    else:
        way = rungs.climb(definition, definition.deadlines[timer.name])
        coming = rungs.first(timer, way, calendar) if timer.handled != way.whole else None
        timer.next_at = coming[0] if coming else None


def _reckon(timer: Timer, draft: Draft) -> None:
    """The due time anew; a new generation if it moved."""
    calendar = draft.calendar_of(timer.name)
    before = timer.due_at
    timer.due_at, timer.provisional = _due(timer, draft.definition.deadlines[timer.name], calendar)
    timer.calendar = calendar.version
    if timer.due_at != before:
        timer.generation += 1
        way = rungs.climb(draft.definition, draft.definition.deadlines[timer.name])
        timer.handled = rungs.behind_when_moved(timer, way, calendar, _moment(draft))
    look(timer, draft.definition, calendar)


def pause(draft: Draft, seq: int, resumes_at: Instant | None = None) -> None:
    """The clock stands still: until it is answered, or until `resumes_at`."""
    timer = draft.timer(seq)
    if timer.run is Run.PAUSED:
        timer.resumes_at = timer.next_at = max(filter(None, (timer.resumes_at, resumes_at)), default=None)
        return
    timer.run, timer.paused_at = Run.PAUSED, _moment(draft)
    timer.resumes_at = timer.next_at = resumes_at


def wait(draft: Draft, seq: int) -> None:
    """A suspension is over, but a request still keeps the clock standing still: until it is answered."""
    timer = draft.timer(seq)
    timer.resumes_at = timer.next_at = None


def resume(draft: Draft, seq: int, at: Instant | None = None) -> None:
    """The clock goes on with what was left, from now or from `at` on."""
    timer = draft.timer(seq)
    if timer.paused_at is None:
        return
    timer.ran = (*timer.ran, (timer.started_at, timer.paused_at))
    timer.started_at = max(timer.paused_at, _moment(draft) if at is None else at)
    timer.run, timer.paused_at, timer.resumes_at = Run.RUNNING, None, None
    timer.consumed = _used(timer, draft.calendar_of(timer.name))
    _reckon(timer, draft)


def extend(draft: Draft, seq: int) -> None:
    """延期: the original limit once more [R], or what the file says."""
    timer = draft.timer(seq)
    timer.extensions += 1
    _reckon(timer, draft)


def relimit(draft: Draft) -> list[int]:
    """The ticket's standard changed: deadlines that take their limit from it get the new one, less what has run."""
    changed = []
    for timer in list(draft.timers.values()):
        deadline = draft.definition.deadlines[timer.name]
        text = _limit(deadline, draft) if deadline.catalogue else None
        if timer.ended_at is None and text is not None and text != timer.limit:
            _recount(draft, timer.seq, text)
            changed.append(timer.seq)
    return changed


def recalendar(draft: Draft) -> list[tuple[Timer, Timer]]:
    """Count again what was counted by an older version of its calendar: before and after, of each that moved."""
    moved = []
    for timer in list(draft.timers.values()):
        if timer.ended_at is None and timer.calendar != draft.calendar_of(timer.name).version:
            after = _recount(draft, timer.seq, timer.limit)
            if (after.due_at, after.provisional, after.next_at) != (timer.due_at, timer.provisional, timer.next_at):
                moved.append((timer, after))
    return moved


def _recount(draft: Draft, seq: int, limit: str) -> Timer:
    timer = draft.timer(seq)
    timer.limit = limit
    timer.consumed = _used(timer, draft.calendar_of(timer.name))
    _reckon(timer, draft)
    return timer


def end(draft: Draft, timers: Iterable[Timer], run: Run) -> None:
    """Met or stopped; the row stays, for whoever asks later whether it was in time."""
    for ended in list(timers):
        timer = draft.timer(ended.seq)
        timer.run, timer.ended_at, timer.next_at = run, _moment(draft), None


def _moment(draft: Draft) -> Instant:
    """Limits that bind others start from when the act was recorded; an import's own clock is its claimed time."""
    return binding(draft, draft.act, draft.now)
