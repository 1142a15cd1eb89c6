"""Does a date lie as far ahead as its field asks for, by the working calendar?"""

from collections.abc import Iterable, Iterator
from datetime import date

from engine.clock import Instant
from engine.definitions.model import FormItem
from engine.errors import Malformed, Place
from engine.rules.almanac import Almanac
from engine.rules.calendars import WorkCalendar
from engine.rules.case import Case
from engine.rules.forms import Filled
from engine.rules.worktime import date_after


def out_of_bounds(
    items: Iterable[FormItem], filled: Filled, case: Case, now: Instant, almanac: Almanac
) -> Malformed | None:
    """The first date that is sooner than its field's `after`, or later than its `latest`; None if all are in order."""
    bounded = [item for item in items if item.field.after is not None or item.field.latest is not None]
    if not bounded:
        return None
    calendar = almanac.of(case.definition.calendar, case.ticket.area)
    return next((found for item in bounded for found in _amiss(item, filled, now, calendar)), None)


def _amiss(item: FormItem, filled: Filled, now: Instant, calendar: WorkCalendar) -> Iterator[Malformed]:
    field, value, today = item.field, filled.get(item.name), calendar.day_of(now)
    for text in value if isinstance(value, list) else [value] if value is not None else []:
        day = date.fromisoformat(text)
        if field.after is not None and day < (soonest := date_after(today, field.after, calendar)):
            zh, en = (
                f"至少应在{field.after.zh}之后（{soonest}）",
                f"must be at least {field.after.en} ahead ({soonest})",
            )
        elif field.latest is not None and day > (latest := date_after(today, field.latest, calendar)):
            zh, en = f"至迟应在{field.latest.zh}之内（{latest}）", f"must be at most {field.latest.en} ahead ({latest})"
        else:
            continue
        yield Malformed(f"“{field.title.zh}”{zh}", f"'{field.title.en}' {en}", place=Place(field=item.name))
