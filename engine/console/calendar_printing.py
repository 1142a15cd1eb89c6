"""Calendars on a terminal: a list, a year in twelve grids, what a version changes day by day."""

from collections.abc import Sequence
from datetime import date
from typing import Final

from rich.columns import Columns
from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from engine.exchange.calendar_order import Applied
from engine.records.calendars import StoredCalendar
from engine.rules.calendar_year import KIND_TITLES, Day, DayKind, Month, year_of
from engine.rules.calendars import WEEKDAYS, WorkCalendar
from engine.rules.decrees import years_text
from engine.rules.timeline import Hours

_DAYS: Final = ("一", "二", "三", "四", "五", "六", "日")
#: Kind → colour and a sign for terminals without colours.
_LOOKS: Final = {
    DayKind.WORKDAY: ("", " "),
    DayKind.REST: ("dim", " "),
    DayKind.HOLIDAY: ("bold red", "-"),
    DayKind.MAKE_UP: ("bold cyan", "+"),
    DayKind.SPECIAL: ("magenta", "~"),
}
#: Columns of one month: seven days of four, and a gap.
_MONTH_WIDTH: Final = 31


def hours_text(hours: Hours) -> str:
    """`09:00-11:30 13:30-17:30`, or 休."""
    return " ".join(map(str, hours)) or "休 off"


def table(rows: Sequence[StoredCalendar]) -> Table:
    """Every calendar with its newest version."""
    shown = Table()
    for head in ("版本 / version", "名称 / title", "平日 / ordinary day", "已公布 / decreed", "代替 / stands in for"):
        shown.add_column(head, overflow="fold")
    for row in rows:
        calendar = row.file().calendar
        decreed = {decree.year for decree in row.decrees} | set(calendar.published or ())
        published = "不设节假日 / none kept" if calendar.published is None else years_text(decreed) or "—"
        where = f"{row.stands_for}: {', '.join(row.areas)}" if row.stands_for else ""
        shown.add_row(row.name, row.title, hours_text(calendar.daily), published, where)
    return shown


def months(calendar: WorkCalendar, year: int, today: date, width: int) -> RenderableType:
    """Twelve grids, as many beside each other as there is room for."""
    grids = [_grid(month, today) for month in year_of(calendar, year)]
    across = max(1, min(4, width // _MONTH_WIDTH))
    rows = [Columns(grids[n : n + across], padding=(0, 2)) for n in range(0, 12, across)]
    return Group(*(part for row in rows for part in (Text(), row)))


def legend(calendar: WorkCalendar, year: int) -> Text:
    """What colours and signs mean, and which days are not decreed."""
    line = Text()
    for kind, (style, sign) in _LOOKS.items():
        line.append(f"■{sign.strip()} {' '.join(KIND_TITLES[kind])}   ", style)
    open_days = [day.date for month in year_of(calendar, year) for day in month.days if day.provisional]
    if open_days:
        line.append(f"\n暂定，尚未公布 / provisional, not decreed: {open_days[0]} … {open_days[-1]}", "yellow")
    return line


def changed(applied: Applied) -> RenderableType:
    """What a version changes, day by day; of the first version its ordinary hours."""
    grid = Table.grid(padding=(0, 2))
    compared = applied.changes
    if compared is None:
        for name, hours in zip(WEEKDAYS, applied.calendar.weekly, strict=True):
            grid.add_row(name, "", hours_text(hours))
        return grid
    for pair in [compared.daily] if compared.daily else []:
        grid.add_row("平日 / ordinary day", hours_text(pair[0]), "→", hours_text(pair[1]))
    for n, (before, after) in compared.weekly.items():
        grid.add_row(f"每周{_DAYS[n]} / every {WEEKDAYS[n]}", hours_text(before), "→", hours_text(after))
    for one in compared.days:
        weekday = f"{one.day} 周{_DAYS[one.day.weekday()]}"
        grid.add_row(weekday, hours_text(one.before), "→", hours_text(one.after))
    if compared.years:
        grid.add_row("公布的年份 / decreed years", years_text(compared.years))
    if applied.areas:
        grid.add_row("区域 / areas", ", ".join(applied.areas))
    return grid


def _grid(month: Month, today: date) -> Table:
    grid = Table.grid(padding=(0, 1, 0, 0))
    grid.title = f"{month.number} 月"
    for _ in _DAYS:
        grid.add_column(justify="right", width=3)
    grid.add_row(*(Text(f"{name} ", style="dim") for name in _DAYS))
    for week in month.weeks:
        grid.add_row(*(_cell(day, today) for day in week))
    return grid


def _cell(day: Day | None, today: date) -> Text:
    if day is None:
        return Text("")
    style, sign = _LOOKS[day.kind]
    return Text(f"{day.date.day}{sign}", style=f"{style} reverse" if day.date == today else style)
