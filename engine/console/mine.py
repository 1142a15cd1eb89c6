"""`huying mine export`: the history for programs of process mining."""

import argparse
from pathlib import Path

from engine.application import Application
from engine.console.bars import bar
from engine.console.printing import ERR, OUT, Add, nested
from engine.errors import Malformed
from engine.exchange.mining import Format, write
from engine.records import mined
from engine.records.mined import Selected
from engine.rules.days import begins, ends


def add(command: Add) -> None:
    """The commands about process mining."""
    exporting = nested(command("mine", _mine))("export", _export)
    exporting.add_argument("file", type=Path, help="packed by gzip if its name ends in .gz")
    exporting.add_argument("--format", choices=[one.value for one in Format], default=Format.XES.value)
    exporting.add_argument("--workflow", default="", metavar="KEY")
    exporting.add_argument("--from", dest="since", default="", metavar="DAY", help="opened on this day or later")
    exporting.add_argument("--to", dest="until", default="", metavar="DAY", help="opened on this day or before")
    exporting.add_argument("--area", default="", metavar="CODE", help="in this area or below it")
    exporting.add_argument("--confidential", action="store_true", help="those too of which only some may know")


def _mine(application: Application, given: argparse.Namespace) -> int:
    """Export the history for process mining: XES or OCEL 2.0."""
    raise Malformed("请说明做什么：huying mine export --help", "say what to do: huying mine export --help")


def _export(application: Application, given: argparse.Namespace) -> int:
    """Write the history as XES (IEEE 1849) or OCEL 2.0 JSON: by post and unit, nothing about persons."""
    made = Format(given.format)
    selected = Selected(
        workflow=given.workflow, since=begins(given.since, "--from"), until=ends(given.until, "--to"), area=given.area,
        confidential=given.confidential,
    )  # fmt: skip
    if selected.confidential:
        ERR.print("含保密案卷，请妥善保管 / Confidential tickets are in it: keep it safe", style="yellow")
    with application.database.looking() as transaction:
        total = mined.count(transaction, selected)
        with bar(ERR, "导出历史 / Exporting the history", total * made.passes) as tell:
            write(transaction, made, selected, given.file, tell)
    OUT.print(f"{total} 件 / tickets · 已写入 / Written: {given.file}", markup=False)
    return 0
