"""When the rungs of a running deadline come, and which of them are still to be dealt with.

A deadline climbs its ladder; after the last step stands `then`, what the clock does when it passes, at the due time
itself. Rungs are numbered in the file's order, `then` last; `Timer.handled` has a bit for each.

A new generation begins whenever the due time moves. A rung that now lies ahead may come again; one that lies behind
does not come again; but one that was still to come when the due time moved past it comes at once: nothing is missed.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

from engine.clock import Instant
from engine.definitions.model import Deadline, Step, Workflow
from engine.definitions.spans import Counting, Limit, Offset, Share, Side, parse_limit
from engine.rules import worktime
from engine.rules.case import Timer
from engine.rules.worktime import WorkCalendar

UNTIL = "until "
_BY_DAYS = " by days"


@dataclass(frozen=True, slots=True)
class Climb:
    """What one deadline climbs: the steps of its ladder, and what the clock does at the end."""

    steps: tuple[Step, ...]
    then: str | None
    #: Whether the file's order is the order in time whatever the limit: no rung is so long *before* the due time.
    ordered: bool
    #: What an extension adds; None: the limit once more.
    extension: Limit | None = None

    def __len__(self) -> int:
        """How many rungs there are, `then` included."""
        return len(self.steps) + (self.then is not None)

    @property
    def whole(self) -> int:
        """`Timer.handled` when nothing is left."""
        return (1 << len(self)) - 1

    def step(self, rung: int) -> Step | None:
        """The step of a rung; None for `then`."""
        return self.steps[rung] if rung < len(self.steps) else None


def climb(definition: Workflow, deadline: Deadline) -> Climb:
    """The rungs of a deadline."""
    return _climb(definition, deadline.name)


@lru_cache(maxsize=4096)
def _climb(definition: Workflow, name: str) -> Climb:
    deadline = definition.deadlines[name]
    steps = tuple(definition.ladders[deadline.ladder]) if deadline.ladder else ()
    before = any(isinstance(step.at, Offset) and step.at.side is Side.BEFORE for step in steps)
    return Climb(steps, deadline.then, not before, deadline.extension)


def limit_text(limit: Limit) -> str:
    """A limit with its convention, as a deadline's row keeps it."""
    return f"{limit}{_BY_DAYS}" if limit.counting is Counting.DAYS else str(limit)


@lru_cache(maxsize=1024)
def limit_of(text: str) -> Limit | None:
    """The limit of a deadline's row; None when it runs until a date."""
    if text.startswith(UNTIL):
        return None
    counting = Counting.DAYS if text.endswith(_BY_DAYS) else Counting.MINUTES
    return parse_limit(text.removesuffix(_BY_DAYS)).counted(counting)


def whole_limit(timer: Timer, extension: Limit | None) -> Limit | None:
    """The limit with the extensions granted, each of which adds `extension`, or the limit once more; None when it runs
    until a date."""
    limit = limit_of(timer.limit)
    if limit is None or not timer.extensions:
        return limit
    return limit.times(1 + timer.extensions) if extension is None else limit.plus(extension.times(timer.extensions))


def comes(timer: Timer, way: Climb, rung: int, calendar: WorkCalendar) -> Instant:
    """When a rung comes."""
    step = way.step(rung)
    if step is None:
        return timer.due_at
    limit = whole_limit(timer, way.extension)
    return worktime.rung_at(
        step.at,
        start=timer.started_at,
        limit=limit,
        due_at=timer.due_at,
        calendar=calendar,
        consumed=timer.consumed if limit is not None else 0,
    )


def pending(timer: Timer, way: Climb, calendar: WorkCalendar) -> list[tuple[Instant, int]]:
    """The rungs still to come or to be made up for, with their times: by time, at one time in the file's order."""
    found = [(comes(timer, way, rung, calendar), rung) for rung in _left(timer, way)]
    found.sort()
    return found


def first(timer: Timer, way: Climb, calendar: WorkCalendar) -> tuple[Instant, int] | None:
    """The next rung; None when nothing is left."""
    left = _left(timer, way)
    if not left:
        return None
    if not way.ordered:
        return pending(timer, way, calendar)[0]
    found = (comes(timer, way, left[0], calendar), left[0])
    if way.then is None or left[-1] != len(way.steps) or len(left) == 1:
        return found
    return min(found, (timer.due_at, left[-1]))


def _left(timer: Timer, way: Climb) -> Sequence[int]:
    return [rung for rung in range(len(way)) if not timer.handled >> rung & 1]


def behind_at_start(timer: Timer, way: Climb, calendar: WorkCalendar, arm_from: Instant | None) -> int:
    """What lies behind as a deadline starts: warnings ahead of a limit too short for them, and an old system's past.

    What stands at or after the due time is never behind: a deadline until a date that is over has passed at once.
    """
    if way.ordered and arm_from is None and not timer.limit.startswith(UNTIL):
        return 0
    handled = 0
    for rung in range(len(way)):
        at = comes(timer, way, rung, calendar)
        too_late = _warns(way.step(rung)) and min(at, timer.due_at) <= timer.started_at
        if too_late or (arm_from is not None and at < arm_from):
            handled |= 1 << rung
    return handled


def _warns(step: Step | None) -> bool:
    """Whether a rung stands before the due time."""
    if step is None:
        return False
    return step.at.percent < 100 if isinstance(step.at, Share) else step.at.side is Side.BEFORE


def behind_when_moved(timer: Timer, way: Climb, calendar: WorkCalendar, now: Instant) -> int:
    """What was dealt with and lies behind still, as the due time moves at `now`."""
    handled = 0
    for rung in range(len(way)):
        if timer.handled >> rung & 1 and comes(timer, way, rung, calendar) <= now:
            handled |= 1 << rung
    return handled
