"""When the rungs of a deadline come, counted day by day from the file and the calendar: the engine is not asked.

Only what drills need: limits and rungs in minutes, hours, working minutes, working hours and workdays, counted from the
very moment, on a deadline that was neither paused nor extended.
"""

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

from engine.clock import HOUR, MINUTE, Instant, instant, moment
from engine.definitions.model import Workflow
from engine.definitions.spans import Offset, Share, Side
from engine.rules.calendars import WorkCalendar


@dataclass(frozen=True, kw_only=True)
class Way:
    """What a deadline climbs."""

    due: Instant
    #: Rung → when it comes; what would have come before the start never does.
    rungs: dict[int, Instant]


def way_of(definition: Workflow, name: str, limit: str, started: Instant, calendar: WorkCalendar) -> Way:
    """The way of a deadline that started with this limit."""
    deadline = definition.deadlines[name]
    whole, working = _span(limit, calendar)
    due = _after(started, whole, working, calendar)
    steps = definition.ladders[deadline.ladder] if deadline.ladder else ()
    rungs: dict[int, Instant] = {}
    for number, step in enumerate(steps):
        if isinstance(step.at, Share):
            minutes = max(1, whole * step.at.percent // (100 * MINUTE))
            at = due if step.at.percent == 100 else _after(started, minutes * MINUTE, working, calendar)
        else:
            at = _beside(due, step.at, calendar)
        if at > started:
            rungs[number] = at
    if deadline.then is not None:
        rungs[len(steps)] = due
    return Way(due=due, rungs=rungs)


def _beside(due: Instant, offset: Offset, calendar: WorkCalendar) -> Instant:
    span, working = _span(str(offset.limit), calendar)
    if offset.side is Side.AFTER:
        return _after(due, span, working, calendar)
    assert not working, f"no drill warns in working time: {offset}"
    return Instant(due - span)


def _span(text: str, calendar: WorkCalendar) -> tuple[int, bool]:
    """How long a limit is in microseconds, and whether only working time counts."""
    amount, unit = text.split(" ", 1)
    daily = sum(closes - opens for opens, closes in calendar.daily) * MINUTE
    working = {"working minute": MINUTE, "working hour": HOUR, "workday": daily}
    length = ({"minute": MINUTE, "hour": HOUR} | working)[unit.removesuffix("s")]
    return int(amount) * length, unit.removesuffix("s") in working


def _after(start: Instant, span: int, working: bool, calendar: WorkCalendar) -> Instant:
    if not working:
        return Instant(start + span)
    day = moment(start, calendar.zone).date()
    while True:
        midnight = instant(datetime.combine(day, time(), calendar.zone))
        for opens, closes in _hours(day, calendar):
            begins, ends = max(start, midnight + opens * MINUTE), midnight + closes * MINUTE
            if span <= ends - begins:
                return Instant(begins + span)
            span -= max(0, ends - begins)
        day += timedelta(days=1)


def _hours(day: date, calendar: WorkCalendar) -> tuple[tuple[int, int], ...]:
    return calendar.days.get(day, calendar.weekly[day.weekday()])
