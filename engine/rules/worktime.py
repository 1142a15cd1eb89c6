"""Working time: when a limit ends, how much of it has run, when a rung of its ladder comes.

Three clocks. *Continuous*: minutes, hours and days pass on the line of instants. *Working*: minutes and
hours pass only in the hours of a calendar. *Workdays*: that calendar's days. Days and workdays are counted
by one of two conventions, which the rule names:

`Counting.MINUTES` — from the very moment. A day is 24 hours; a workday is the minutes of the calendar's
ordinary day, so half a day's work counts half [R].

`Counting.DAYS` — the law's way. The starting day is not counted [L, Civil Code § 201]. Calendar days end at
24:00 of the last day, and where that is no workday, of the next workday [L, § 203 ¶ 1]; weekends count as
holidays. Workdays end when work ends on the last one [L, § 203 ¶ 2: where there are business hours, the term
ends when business stops].

`due.at` is the last instant of the term: an act at it is in time. A due time that depends on a year whose
holidays are not yet decreed is provisional.
"""

from dataclasses import dataclass
from datetime import date, timedelta

from engine.clock import DAY, HOUR, MINUTE, Instant
from engine.definitions.spans import Counting, Limit, Offset, Rung, Side, Unit
from engine.rules.calendar_form import calendar_from_mapping
from engine.rules.calendars import CalendarError, WorkCalendar, day_number
from engine.rules.timeline import EPOCH_ORDINAL, DaySpan, Hours, Timeline

__all__ = [
    "CalendarError",
    "DaySpan",
    "Due",
    "Hours",
    "WorkCalendar",
    "calendar_from_mapping",
    "consumed",
    "date_after",
    "due",
    "fraction",
    "length",
    "remaining",
    "rung_at",
    "shift",
]

_MICROSECONDS = {
    Unit.MINUTES: MINUTE,
    Unit.HOURS: HOUR,
    Unit.DAYS: DAY,
    Unit.WORKING_MINUTES: MINUTE,
    Unit.WORKING_HOURS: HOUR,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Due:
    """When a limit ends."""

    at: Instant
    #: The holidays of a year it depends on are not decreed yet: compute again when they are.
    provisional: bool


def length(limit: Limit, calendar: WorkCalendar) -> int:
    """The whole limit on its own clock, in microseconds; when days are counted, `DAY` for each of them."""
    if limit.counting is Counting.DAYS:
        return limit.amount * DAY
    return limit.amount * (calendar.workday if limit.unit is Unit.WORKDAYS else _MICROSECONDS[limit.unit])


def continuous(limit: Limit) -> int:
    """A limit on the clock that never stands still, in microseconds."""
    return limit.amount * _MICROSECONDS[limit.unit]


def due(start: Instant, limit: Limit, calendar: WorkCalendar, *, consumed: int = 0) -> Due:
    """When the limit ends that runs from `start`.

    After a suspension `start` is the resumption and `consumed` what ran before (`consumed`). Raises
    `CalendarError` beyond the years a calendar knows.
    """
    if limit.counting is Counting.DAYS:
        return _due_by_days(start, limit, calendar, max(0, limit.amount - consumed // DAY))
    left = max(0, length(limit, calendar) - consumed)
    if not limit.unit.working:
        return Due(at=Instant(start + left), provisional=False)
    at = calendar.add(start, left)
    line = calendar.line(start, at)
    return Due(at=at, provisional=not calendar.known(line.day_of(start), line.last_day_of(at)))


def consumed(start: Instant, until: Instant, limit: Limit, calendar: WorkCalendar) -> int:
    """How much of the limit ran from `start` to `until`, in microseconds of its clock.

    Counted days are those after the starting day up to and with that of `until`: a limit suspended and
    resumed on one day ends when it would have ended anyway.
    """
    if limit.counting is Counting.MINUTES:
        return calendar.measure(start, until) if limit.unit.working else until - start
    line = calendar.line(min(start, until), max(start, until))
    first, last = line.day_of(start), line.day_of(until)
    if limit.unit is Unit.DAYS:
        return (last - first) * DAY
    return (line.workday_after(last, 1) - line.workday_after(first, 1)) * DAY


def remaining(now: Instant, due_at: Instant, limit: Limit, calendar: WorkCalendar) -> int:
    """Microseconds left until the due time, working ones for a working clock; negative when overdue."""
    return calendar.measure(now, due_at) if limit.unit.working else due_at - now


def fraction(start: Instant, limit: Limit, percent: int, calendar: WorkCalendar, *, consumed: int = 0) -> Instant:
    """When so many per cent of the limit have run: the yellow light at floor(70 %) [R].

    The share is rounded down to whole minutes, never to none: no light turns at the very start. Where days
    are counted it is rounded down to whole days, and the light turns as work opens on the day after them, or
    on the last workday before it: never at midnight, when nobody sees it. A share that was used up before
    `start` is at `start`.
    """
    whole = due(start, limit, calendar, consumed=consumed).at
    if percent >= 100:
        return whole
    if limit.counting is Counting.DAYS:
        return min(whole, _opening_of_share(start, limit, percent, calendar, consumed))
    minutes = max(1, length(limit, calendar) * percent // (100 * MINUTE))
    left = max(0, minutes * MINUTE - consumed)
    return calendar.add(start, left) if limit.unit.working else Instant(start + left)


def shift(at: Instant, offset: Offset, calendar: WorkCalendar) -> Instant:
    """The instant of a rung so long before or after a due time.

    Working units are counted in working time, minutes and hours as they pass. Days after the due time pass
    as they do in a limit. A warning days ahead comes no later than it should and when people are at work:
    one that would fall outside working hours comes as work opened last before it.
    """
    limit = offset.limit
    if limit.counting is Counting.DAYS:
        return _shift_by_days(at, offset, calendar)
    span = length(limit, calendar)
    if offset.side is Side.AFTER:
        return calendar.add(at, span) if limit.unit.working else Instant(at + span)
    if limit.unit.working:
        return calendar.subtract(at, span)
    moved = Instant(at - span)
    return _at_work(moved, calendar) if limit.unit is Unit.DAYS else moved


def rung_at(
    rung: Rung,
    *,
    start: Instant,
    limit: Limit | None,
    due_at: Instant,
    calendar: WorkCalendar,
    consumed: int = 0,
) -> Instant:
    """When a rung of a ladder comes.

    Without a limit (a deadline until a given date) a share is one of the time between start and due. A rung
    before the due time may lie before `start`, when the limit is shorter than the warning: it is behind
    then.
    """
    if isinstance(rung, Offset):
        return shift(due_at, rung, calendar)
    if rung.percent == 100:
        return due_at
    if limit is not None:
        return fraction(start, limit, rung.percent, calendar, consumed=consumed)
    return Instant(start + (due_at - start) * rung.percent // (100 * MINUTE) * MINUTE)


def date_after(day: date, limit: Limit, calendar: WorkCalendar) -> date:
    """The day so many days or workdays later: the earliest that `after: 30 workdays` lets a form name."""
    if not limit.unit.of_days:
        raise ValueError("a date lies days or workdays ahead, not hours")
    if limit.unit is Unit.DAYS:
        return day + timedelta(days=limit.amount)
    line, i = _workday(calendar, day_number(day), limit.amount)
    return date.fromordinal(line.days[i] + EPOCH_ORDINAL)


def _due_by_days(start: Instant, limit: Limit, calendar: WorkCalendar, days: int) -> Due:
    first = calendar.line(start).day_of(start)
    if limit.unit is Unit.DAYS:
        named = first + days
        line, i = _workday(calendar, named, 0)
        return Due(at=line.end_of(line.days[i]), provisional=not calendar.known(named, line.days[i]))
    line, i = _workday(calendar, first, days)
    counted_from = min(first + 1, line.days[i])
    return Due(at=Instant(line.closes[i]), provisional=not calendar.known(counted_from, line.days[i]))


def _opening_of_share(start: Instant, limit: Limit, percent: int, calendar: WorkCalendar, consumed: int) -> Instant:
    days = limit.amount * percent // 100 + 1 - consumed // DAY
    if days <= 0:
        return start
    first = calendar.line(start).day_of(start)
    if limit.unit is Unit.DAYS:
        line, i = _workday(calendar, first + days + 1, -1)
    else:
        line, i = _workday(calendar, first, days)
    if line.opens[i] > start:
        return Instant(line.opens[i])
    # The share ends before the next workday: the light turns as people come back.
    return Instant(line.opens[i + 1])


def _shift_by_days(at: Instant, offset: Offset, calendar: WorkCalendar) -> Instant:
    limit = offset.limit
    last = calendar.line(at).last_day_of(at)
    if offset.side is Side.AFTER:
        if limit.unit is Unit.DAYS:
            line, i = _workday(calendar, last + limit.amount, 0)
            return line.end_of(line.days[i])
        line, i = _workday(calendar, last, limit.amount)
        return Instant(line.closes[i])
    if limit.unit is Unit.DAYS:
        line, i = _workday(calendar, last - limit.amount + 1, -1)
    else:
        line, i = _workday(calendar, last, -limit.amount)
    return Instant(line.opens[i])


def _at_work(at: Instant, calendar: WorkCalendar) -> Instant:
    line = calendar.line(at)
    while at < line.opens[0]:
        line = calendar.earlier(line)
    return at if line.open_at(at) else line.last_opening(at)


def _workday(calendar: WorkCalendar, day: int, n: int) -> tuple[Timeline, int]:
    """The n-th workday after a local day, before it if n is negative; n = 0: the day itself or the next.

    The line goes on for one more workday at least.
    """
    line = calendar.around(day)
    while True:
        i = line.workday_after(day, n) if n >= 0 else line.workday_before(day, -n)
        if 0 <= i < len(line.days) - 1:
            return line, i
        line = calendar.earlier(line) if i < 0 else calendar.later(line)
