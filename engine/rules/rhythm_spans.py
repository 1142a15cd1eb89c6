"""What a span means in a list: how far ahead `due_within` looks, how far back `idle_for`."""

from engine.clock import Instant
from engine.definitions.spans import Limit
from engine.rules import worktime
from engine.rules.calendars import WorkCalendar


def horizon(span: Limit, calendar: WorkCalendar, now: Instant) -> Instant:
    """Until when a deadline ends within the span: days reach to 24:00 of the last, because people read dates."""
    if span.unit.of_days:
        return calendar.end_of(worktime.date_after(calendar.day_of(now), span, calendar))
    return worktime.due(now, span, calendar).at


def idle_since(span: Limit, calendar: WorkCalendar, now: Instant) -> Instant:
    """Since when nobody may have acted; a workday is the calendar's daily hours, however they lie."""
    length = worktime.length(span, calendar)
    return calendar.subtract(now, length) if span.unit.working else Instant(now - length)
