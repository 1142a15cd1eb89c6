"""The light of a deadline: computed whenever somebody looks, never stored."""

from engine.clock import Instant
from engine.definitions.model import Workflow
from engine.definitions.windows import windows
from engine.rules import rungs
from engine.rules.case import Run, Timer
from engine.rules.worktime import WorkCalendar

#: What a deadline without a ladder shows when it has passed.
OVERDUE = "red"


def light(timer: Timer, definition: Workflow, calendar: WorkCalendar, now: Instant) -> str:
    """The word of the last light whose rung has come; "" while none has, or while the deadline stands still.

    A window (until when something may be asked) that has passed is nobody's lag and shows no light.
    """
    if timer.run is not Run.RUNNING or timer.name in windows(definition):
        return ""
    shown, since = ("", Instant(0)) if now <= timer.due_at else (OVERDUE, timer.due_at)
    way = rungs.climb(definition, definition.deadlines[timer.name])
    for rung, step in enumerate(way.steps):
        if step.light is not None and since <= (at := rungs.comes(timer, way, rung, calendar)) <= now:
            shown, since = step.light, at
    return shown
