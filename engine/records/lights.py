"""The light of a deadline: computed whenever somebody looks, never stored."""

from engine.clock import Instant
from engine.definitions.model import Workflow
from engine.rules import worktime
from engine.rules.case import Run, Timer
from engine.rules.rungs import limit_of
from engine.rules.worktime import WorkCalendar

#: What a deadline without a ladder shows when it has passed.
OVERDUE = "red"


def light(timer: Timer, definition: Workflow, calendar: WorkCalendar, now: Instant) -> str:
    """The word of the last light whose rung has come; "" while none has, or while the deadline stands still."""
    if timer.run is not Run.RUNNING:
        return ""
    deadline = definition.deadlines[timer.name]
    shown, since = ("", Instant(0)) if now <= timer.due_at else (OVERDUE, timer.due_at)
    limit = limit_of(timer.limit)
    for step in definition.ladders[deadline.ladder] if deadline.ladder else ():
        if step.light is None:
            continue
        at = worktime.rung_at(
            step.at,
            start=timer.started_at,
            limit=limit.times(1 + timer.extensions) if limit else None,
            due_at=timer.due_at,
            calendar=calendar,
            consumed=timer.consumed if limit else 0,
        )
        if since <= at <= now:
            shown, since = step.light, at
    return shown
