"""`huying figures`: closed, on time, open and how long it took; with a name, one indicator and what is behind it."""

import argparse
import json
from fractions import Fraction

from rich.box import SIMPLE_HEAD
from rich.table import Column, Table

from engine.application import Application
from engine.clock import DAY, HOUR, MINUTE, SECOND, shown
from engine.console.indicator import every_figure, indicator_figure
from engine.console.printing import OUT, Add
from engine.exchange.figures import Figure, Figures, by_department
from engine.records.breakdowns import By
from engine.records.indicators import Side

_HEADINGS = (
    "办结\nClosed",
    "按时\nOn time",
    "按时率\nRate",
    "未结\nOpen",
    "超期\nOverdue",
    "取消\nVoid",
    "时长中位数\nMedian",
)


def add(command: Add) -> None:
    """The command about figures."""
    figures = command("figures", _figures)
    figures.add_argument("indicator", nargs="?", help="one of the indicators; without it, closures by department")
    figures.add_argument("--from", dest="since", metavar="DAY", help="first day of the period, 2026-11-01")
    figures.add_argument("--to", dest="until", metavar="DAY", help="last day of the period")
    figures.add_argument("--as-of", metavar="WHEN", help="2026-11-30 (its end) or 2026-11-30T17:00; now if missing")
    for name in ("area", "department", "item", "channel", "workflow", "person"):
        figures.add_argument(f"--{name}", default="", metavar="CODE")
    figures.add_argument("--list", choices=[side.value for side in Side], help="the case numbers behind it")
    figures.add_argument("--by", choices=[by.value for by in By], help="broken down; areas and units by their children")
    figures.add_argument("--json", action="store_true")


def _figures(application: Application, given: argparse.Namespace) -> int:
    """Closed, on time, open and median duration per department; or one indicator, its formula and its tickets."""
    if given.indicator:
        return indicator_figure(application, given)
    if given.by not in (None, By.DEPARTMENT.value):
        return every_figure(application, given)
    with application.database.looking() as transaction:
        figures = by_department(transaction, application.versions, application.clock.now())
    if given.json:
        OUT.print_json(json.dumps(figures.to_json()))
    else:
        OUT.print(table_of(figures))
    return 0


def table_of(figures: Figures) -> Table:
    """A row per department and one of all."""
    columns = [Column(heading, justify="right", no_wrap=True) for heading in _HEADINGS]
    table = Table("部门\nDepartment", *columns, box=SIMPLE_HEAD, title=f"截至 / As of {shown(figures.as_of)}")
    for figure in figures.departments:
        table.add_row(*_cells(figure))
    table.add_section()
    table.add_row(*_cells(figures.total), style="bold")
    return table


def duration(microseconds: Fraction | None) -> str:
    """A span in days, hours, minutes and seconds, cut to whole seconds: `1d 17:16:57`; a dash for none."""
    if microseconds is None:
        return "—"
    days, rest = divmod(int(microseconds), DAY)
    hours, rest = divmod(rest, HOUR)
    minutes, rest = divmod(rest, MINUTE)
    clock = f"{hours:02}:{minutes:02}:{rest // SECOND:02}"
    return f"{days}d {clock}" if days else clock


def _cells(figure: Figure) -> tuple[str, ...]:
    name = f"{figure.code} {figure.name.split(' / ')[0]}" if figure.code else figure.name
    rate = f"{figure.on_time / figure.closed:.1%}" if figure.closed else "—"
    counts = (figure.open, figure.overdue, figure.cancelled)
    return (
        name,
        f"{figure.closed:,}",
        f"{figure.on_time:,}",
        rate,
        *(f"{n:,}" for n in counts),
        duration(figure.median),
    )
