"""`huying calendar apply`, `list`, `show`: working calendars and their decrees."""

import argparse
import getpass
import re
from pathlib import Path

from engine.application import Application
from engine.background.recount import recount, waiting
from engine.clock import shown
from engine.console.bars import bar
from engine.console.calendar_printing import changed, legend, months, table
from engine.console.printing import ERR, OUT, REFUSED, Add, nested
from engine.errors import Malformed, NotFound, Place
from engine.exchange.calendar_apply import apply_calendar, preview_calendar
from engine.exchange.calendar_decree import read_decree
from engine.exchange.calendar_order import Applied, Order
from engine.records.calendars import load, newest, versions_of
from engine.rules.calendar_changes import FIRST_DAY, LAST_DAY
from engine.rules.decrees import with_decrees

_YEARS = re.compile(r"([0-9]{4})(?:-([0-9]{4}))?")
_FILES = (".yaml", ".yml")


def add(command: Add) -> None:
    """The commands about calendars."""
    calendar = nested(command("calendar", _which))
    applying = calendar("apply", _apply)
    applying.add_argument("what", metavar="KEY|FILE.yaml")
    applying.add_argument("--decree", type=Path, metavar="FILE.yaml", help="the decree of a year as a file")
    applying.add_argument("--years", help="years of the package, like 2026 or 2024-2026; all of them if missing")
    applying.add_argument("--reason", default="", help="why; needed for a correction")
    applying.add_argument("--correct", action="store_true", help="days that have passed may change")
    applying.add_argument("--preview", action="store_true", help="say what would change, write nothing")
    calendar("list", _list)
    showing = calendar("show", _show)
    showing.add_argument("key")
    showing.add_argument("--year", type=int, help="this year if missing")


def _which(application: Application, given: argparse.Namespace) -> int:
    """Working calendars: apply a file or a decree, list them, show a year."""
    raise Malformed("请说明做什么：huying calendar --help", "say what to do: huying calendar --help")


def _apply(application: Application, given: argparse.Namespace) -> int:
    """Make a file, the package's holidays or a decree the next version of a calendar."""
    file = load(Path(given.what)) if given.what.endswith(_FILES) else None
    order = Order(
        key=file.key if file else given.what,
        file=file,
        decree=read_decree(given.decree) if given.decree else None,
        years=_years(given.years) if given.years is not None else None,
        correct=given.correct,
        reason=given.reason,
        now=application.clock.now(),
        by=_who(),
    )
    applied = (preview_calendar if given.preview else apply_calendar)(application.database, order)
    for warning in applied.warnings:
        ERR.print(f"请注意 / note: {warning}", markup=False, style="yellow")
    _tell(applied, preview=given.preview)
    return _recount(application) if applied.changed and not given.preview else 0


def _recount(application: Application) -> int:
    """Count running deadlines again at once; a scheduler that runs would do it within a minute."""
    application.versions.book.look_again()
    total = waiting(application.door, application.database)
    if not total:
        return 0
    with bar(ERR, "重算在走的时限 / Counting running deadlines again", total) as tell:
        swept = recount(application.door, application.database, application.clock, tell=tell)
    OUT.print(f"{swept.moved} 件案卷的时限有变化，已记入历史 / tickets had deadlines moved, each with a line")
    for ticket_id, failure in swept.failures.items():
        ERR.print(f"未能重算 / left out: {ticket_id}: {failure}", style="red", markup=False)
    return REFUSED if swept.failures else 0


def _tell(applied: Applied, *, preview: bool) -> None:
    if not applied.changed:
        OUT.print(f"{applied.new}: 没有变化 / nothing changes", markup=False)
        return
    if preview:
        OUT.print(changed(applied))
    word = "将成为 / would become" if preview else "已成为 / is now"
    OUT.print(f"{applied.old or '—'} {word} {applied.new}", markup=False)
    if applied.old and applied.earliest:
        since = "全部日期 / every day" if applied.earliest == FIRST_DAY else f"{applied.earliest}"
        OUT.print(f"自此起有变化 / changes from: {since}", markup=False)


def _list(application: Application, given: argparse.Namespace) -> int:
    """List every calendar with its newest version."""
    with application.database.looking() as transaction:
        rows = newest(transaction)
    OUT.print(table(rows))
    return 0


def _show(application: Application, given: argparse.Namespace) -> int:
    """Show a year of a calendar, month by month, and the versions there are."""
    with application.database.looking() as transaction:
        rows = versions_of(transaction, given.key)
    if not rows:
        raise NotFound(f"没有日历“{given.key[:60]}”", f"no calendar '{given.key[:60]}'")
    calendar = with_decrees(rows[0].file().calendar, rows[0].decrees, rows[0].name)
    today = calendar.day_of(application.clock.now())
    year = today.year if given.year is None else given.year
    if not FIRST_DAY.year <= year <= LAST_DAY.year:
        raise Malformed(
            f"年份应在 {FIRST_DAY.year} 到 {LAST_DAY.year} 之间",
            f"the year must lie between {FIRST_DAY.year} and {LAST_DAY.year}",
            place=Place(field="--year"),
        )
    OUT.print(f"{year} · {rows[0].title} · {rows[0].name} · {calendar.zone.key}", markup=False, style="bold")
    OUT.print(months(calendar, year, today, OUT.width))
    OUT.print()
    OUT.print(legend(calendar, year))
    for row in rows:
        reason = f" · {row.reason}" if row.reason else ""
        OUT.print(f"{row.name} · {shown(row.applied_at)} · {row.applied_by}{reason}", markup=False, style="dim")
    return 0


def _years(text: str) -> frozenset[int]:
    """`2026`, `2024-2026`, `2024,2026`. Errors: `Malformed`."""
    years: set[int] = set()
    for part in text.split(","):
        form = _YEARS.fullmatch(part.strip())
        first, last = (int(form[1]), int(form[2] or form[1])) if form else (1, 0)
        if first > last:
            raise Malformed(
                f"“{text[:40]}”不是年份，请写 2026 或 2024-2026",
                f"'{text[:40]}' names no years: write 2026 or 2024-2026",
                place=Place(field="--years"),
            )
        years.update(range(first, last + 1))
    return frozenset(years)


def _who() -> str:
    """The account at this terminal; a container may have none."""
    try:
        return getpass.getuser()
    except (OSError, KeyError):
        return "terminal"
