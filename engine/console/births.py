"""`huying draw explain`: a draw done again, for whoever audits it."""

import argparse
from datetime import date, datetime, timedelta

from rich.table import Table

from engine.application import Application
from engine.background.births import lots, period_of
from engine.clock import CIVIL_ZONE, Instant, instant, shown
from engine.console.printing import OUT, Add, nested
from engine.errors import Malformed, NotFound, Place
from engine.rules.draws import seed_of


def add(command: Add) -> None:
    """The commands about draws."""
    explain = nested(command("draw", _which))("explain", _explain)
    explain.add_argument("workflow")
    explain.add_argument("start")
    explain.add_argument("--at", metavar="DATE", help="a day of the period, 2026-03-02; today if missing")


def _which(application: Application, given: argparse.Namespace) -> int:
    """Stable random draws: explain."""
    raise Malformed("请说明做什么：huying draw --help", "say what to do: huying draw --help")


def _explain(application: Application, given: argparse.Namespace) -> int:
    """Draw again, from the register as it was when the period began, and say how every row ranked."""
    now = _end_of(given.at) if given.at else application.clock.now()
    with application.database.looking() as transaction:
        loop = application.versions.active(transaction, given.workflow)
        start = loop.starts.get(given.start)
        if start is None or start.birth is None or start.birth.draw is None:
            raise NotFound(f"“{given.start[:60]}”没有抽取", f"'{given.start[:60]}' draws nothing")
        period = period_of(start.birth, loop, application.versions, now)
        if period is None:
            raise NotFound("此时没有抽取的一期", "no period of the draw has begun by then")
        ranked = lots(transaction, loop, start, period)
    seed = seed_of(loop.key, start.name, period.name)
    OUT.print(
        f"{start.title} · {period.name} · {start.birth.draw} · {shown(period.begins)}", markup=False, style="bold"
    )
    OUT.print(f"SHA-256({seed}/编码 code)，最小者抽中 / the smallest are drawn", markup=False)
    table = Table("次序 / rank", "编码 / code", "SHA-256", "抽中 / drawn")
    for number, lot in enumerate(ranked, 1):
        table.add_row(str(number), lot.code, lot.rank[:16], "✓" if lot.drawn else "")
    OUT.print(table)
    return 0


def _end_of(text: str) -> Instant:
    try:
        day = date.fromisoformat(text)
    except ValueError as failure:
        raise Malformed(
            f"“{text[:40]}”应为日期，如 2026-03-02",
            f"'{text[:40]}' must be a date like 2026-03-02",
            place=Place(field="--at"),
        ) from failure
    return Instant(instant(datetime(day.year, day.month, day.day, tzinfo=CIVIL_ZONE) + timedelta(days=1)) - 1)
