"""What the next version of a calendar may not do, and what is odd about it though harmless."""

from collections.abc import Iterator, Sequence
from datetime import date

from engine.database import Transaction
from engine.errors import Malformed, Place
from engine.exchange.calendar_order import Order
from engine.records.calendars import newest
from engine.records.organisation import lookup_areas
from engine.rules.calendar_changes import Changes
from engine.rules.calendar_file import CalendarFile
from engine.rules.calendars import WorkCalendar
from engine.rules.decrees import Decree


def same_zone(file: CalendarFile, former: WorkCalendar | None) -> None:
    """Instants were counted in the old zone; another zone would move every one of them."""
    if former is not None and former.zone.key != file.calendar.zone.key:
        raise file.wrong(
            "zone",
            f"时区不能更改（现为 {former.zone.key}）；请用新的日历",
            f"cannot change (it is {former.zone.key}): make another calendar",
        )


def claimed_once(transaction: Transaction, file: CalendarFile) -> None:
    """Whether the calendar may stand in where it says."""
    if file.stands_in is None:
        return
    others = {row.key: row for row in newest(transaction) if row.key != file.key}
    of = file.stands_in.of
    if of not in others:
        raise file.wrong("of", f"没有日历“{of[:60]}”", f"there is no calendar '{of[:60]}'")
    there = lookup_areas(transaction, file.stands_in.areas)
    for n, code in enumerate(file.stands_in.areas):
        if code not in there:
            raise file.wrong(f"areas[{n}]", f"没有区域“{code[:60]}”", f"there is no area '{code[:60]}'")
        for row in others.values():
            if row.stands_for == of and code in row.areas:
                raise file.wrong(
                    f"areas[{n}]",
                    f"区域“{code}”已由日历“{row.key}”代替“{of}”",
                    f"in the area '{code}' the calendar '{row.key}' stands in for '{of}' already",
                )


def past_stays(order: Order, compared: Changes | None) -> None:
    """Errors: `Malformed` when days that have passed would change, unless this is a correction with its reason."""
    if order.correct and not order.reason.strip():
        raise Malformed("更正须说明理由", "a correction needs its reason", place=Place(field="--reason"))
    day = compared.settled if compared else None
    if day is None or order.correct:
        return
    raise Malformed(
        f"{day} 已经过去，其工作时间不能悄悄改变；如须更正，请加 --correct 与 --reason",
        f"{day} has passed and its hours were settled: to correct them add --correct and --reason",
        place=_said(order, day),
    )


def _said(order: Order, day: date) -> Place:
    """Where it is said what a day is: in the decree, or in the calendar's file."""
    if order.decree is not None:
        return Place(file=order.decree.file, line=order.decree.lines.get(day, order.decree.line))
    if order.file is None:
        return Place(field=order.key)
    named = f"days.{day}"
    return order.file.place(named if named in order.file.lines else "weekly")


def odd(order: Order, file: CalendarFile, new: Sequence[Decree]) -> Iterator[str]:
    """Days that new decrees name for nothing, 中文 / English."""
    for decree in new:
        for day in sorted(decree.off | decree.work):
            if day in file.calendar.days:
                yield f"{_at(order, day)}{day} 以日历自己的例外为准 / the calendar's own exception is stronger on {day}"
            elif day in decree.work and file.calendar.hours(day):
                yield f"{_at(order, day)}{day} 本来就是工作日 / {day} is a workday anyway"


def _at(order: Order, day: date) -> str:
    return f"{_said(order, day)}: " if order.decree is not None else ""
