"""Deadlines of a ticket, its tasks and its requests: started, paused, resumed, extended, ended.

A deadline belongs to whoever holds the ticket or the task; it starts at dispatch, not at signing. Whatever moves its
due time raises its generation, so that rungs now ahead may fire again and rungs behind do not.
"""

from collections.abc import Iterable
from datetime import date
from functools import lru_cache

from engine.clock import Instant
from engine.definitions.model import Deadline
from engine.definitions.spans import Counting, Limit, parse_limit
from engine.rules import worktime
from engine.rules.case import Ask, Run, Task, Timer
from engine.rules.draft import Draft, binding
from engine.rules.facts import CaseFacts
from engine.rules.worktime import WorkCalendar

_UNTIL = "until "
_BY_DAYS = " by days"


def limit_text(limit: Limit) -> str:
    """A limit with its convention, as a deadline's row keeps it."""
    return f"{limit}{_BY_DAYS}" if limit.counting is Counting.DAYS else str(limit)


@lru_cache(maxsize=1024)
def limit_of(text: str) -> Limit | None:
    """The limit of a deadline's row; None when it runs until a date."""
    if text.startswith(_UNTIL):
        return None
    counting = Counting.DAYS if text.endswith(_BY_DAYS) else Counting.MINUTES
    return parse_limit(text.removesuffix(_BY_DAYS)).counted(counting)


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
            calendar=draft.calendar.version,
        )
        _reckon(timer, draft)
        draft.add_timer(timer)


def _limit(deadline: Deadline, draft: Draft) -> str | None:
    memory = draft.ticket.memory
    if deadline.until is not None:
        day = memory.dates.get(deadline.until)
        return f"{_UNTIL}{day}" if day else None
    if deadline.catalogue and memory.limit:
        return memory.limit
    return limit_text(deadline.within) if deadline.within is not None else None


def _reckon(timer: Timer, draft: Draft) -> None:
    """The due time from what the row says, and when the sweep must look next."""
    limit = limit_of(timer.limit)
    if limit is None:
        timer.due_at = Instant(day_after(timer.limit.removeprefix(_UNTIL), draft.calendar) + timer.consumed)
        timer.provisional = False
    else:
        whole = limit.times(1 + timer.extensions) if timer.extensions else limit
        due = worktime.due(timer.started_at, whole, draft.calendar, consumed=timer.consumed)
        timer.due_at, timer.provisional = due.at, due.provisional
    deadline = draft.definition.deadlines[timer.name]
    past = draft.act.arm_from is not None and timer.due_at < draft.act.arm_from
    if timer.run is Run.PAUSED:
        timer.next_at = timer.resumes_at
        return
    timer.next_at = timer.due_at if (deadline.then or deadline.ladder) and not past else None


def pause(draft: Draft, seq: int, resumes_at: Instant | None = None) -> None:
    """The clock stands still: until it is answered, or until `resumes_at`."""
    timer = draft.timer(seq)
    if timer.run is Run.PAUSED:
        timer.resumes_at = timer.next_at = max(filter(None, (timer.resumes_at, resumes_at)), default=None)
        return
    timer.run, timer.paused_at = Run.PAUSED, _moment(draft)
    timer.resumes_at = timer.next_at = resumes_at


def resume(draft: Draft, seq: int) -> None:
    """The clock goes on with what was left."""
    timer = draft.timer(seq)
    if timer.paused_at is None:
        return
    now = _moment(draft)
    limit = limit_of(timer.limit)
    if limit is None:
        # A date that stood still moves by as long as it stood still.
        timer.consumed += now - timer.paused_at
    else:
        timer.consumed += worktime.consumed(timer.started_at, timer.paused_at, limit, draft.calendar)
        timer.started_at = now
    timer.run, timer.paused_at, timer.resumes_at = Run.RUNNING, None, None
    timer.generation += 1
    _reckon(timer, draft)


def extend(draft: Draft, seq: int) -> None:
    """延期: the original limit once more [R]."""
    timer = draft.timer(seq)
    timer.extensions += 1
    timer.generation += 1
    _reckon(timer, draft)


def end(draft: Draft, timers: Iterable[Timer], run: Run) -> None:
    """Met or stopped; the row stays, for whoever asks later whether it was in time."""
    for ended in list(timers):
        timer = draft.timer(ended.seq)
        timer.run, timer.ended_at, timer.next_at = run, _moment(draft), None


def _moment(draft: Draft) -> Instant:
    """Limits that bind others start from when the act was recorded; an import's own clock is its claimed time."""
    return binding(draft, draft.act, draft.now)
