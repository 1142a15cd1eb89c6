"""`huying import tickets`: the history of an old system."""

import argparse
import time
from datetime import UTC, datetime
from pathlib import Path

from engine.application import Application
from engine.clock import CIVIL_ZONE, Instant, instant
from engine.console.printing import OUT, REFUSED, Add
from engine.console.progress import print_report, telling
from engine.errors import Malformed, Place
from engine.exchange.history import Ending, import_tickets
from engine.exchange.history_reading import read_map


def add(incoming: Add) -> None:
    """What `huying import` takes of tickets."""
    tickets = incoming("tickets", _tickets)
    tickets.add_argument("file", type=Path, metavar="FILE.csv|.xlsx")
    tickets.add_argument("--map", type=Path, required=True, metavar="MAP.yaml", help="what the columns mean")
    tickets.add_argument("--sheet", default="", help="the sheet of a workbook; else the first one")
    tickets.add_argument("--arm-from", metavar="DATE", help="no notices and no rungs before it; else before now")
    tickets.add_argument("--dry-run", action="store_true", help="do everything, and undo it")
    tickets.add_argument("--refused", type=Path, metavar="FILE.csv", help="where refused rows go; else beside FILE")


def _tickets(application: Application, given: argparse.Namespace) -> int:
    """Carry tickets from an old system through the door, at the times that system claims."""
    began = time.monotonic()
    mapping = read_map(given.map)
    with telling(OUT, given.file) as tell:
        report = import_tickets(
            application.door,
            given.file,
            mapping,
            arm_from=_moment(given.arm_from),
            ending=Ending.UNDO if given.dry_run else Ending.KEEP,
            refused=given.refused,
            sheet=given.sheet,
            tell=tell,
        )
    if given.dry_run:
        OUT.print("试运行，什么也没有写入 / A dry run: nothing is written", style="bold")
    print_report(OUT, report, time.monotonic() - began)
    return 0 if report.broken is None and report.imported + report.there else REFUSED


def _moment(text: str | None) -> Instant | None:
    """A day or a moment; civil time, unless it says otherwise."""
    if text is None:
        return None
    try:
        at = datetime.fromisoformat(text)
    except ValueError:
        raise Malformed(
            f"“{text}”应为日期，如 2026-03-01",
            f"'{text}' must be a date, like 2026-03-01",
            place=Place(field="--arm-from"),
        ) from None
    return instant((at if at.tzinfo is not None else at.replace(tzinfo=CIVIL_ZONE)).astimezone(UTC))
