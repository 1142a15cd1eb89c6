"""`huying import …` and `huying export …`: tables of other systems, previewed, refused by row."""

import argparse
from collections.abc import Sized
from pathlib import Path

from rich.table import Table

from engine.application import Application
from engine.console import history
from engine.console.printing import OUT, Add, Run, nested
from engine.errors import Malformed
from engine.exchange.catalogue import Vanished
from engine.exchange.refusals import Outcome, Refusal, write_refusals
from engine.exchange.tables import TABLES, Incoming, apply_at_the_machine, rehearse, sha256_of

#: Refused rows that a terminal shows; the file has them all.
_SHOWN = 20


def add(command: Add) -> None:
    """The commands about tables."""
    incoming, outgoing = nested(command("import", _which)), nested(command("export", _which_out))
    for key in TABLES:
        taking = incoming(key, _taking(key))
        if key == "catalogue":
            taking.add_argument("--units", type=Path, help="which limit unit means which clock; the shipped if missing")
            taking.add_argument("--deactivate-vanished", action="store_true")
        taking.add_argument("file", type=Path)
        taking.add_argument("--preview", action="store_true", help="say what would change, write nothing")
        taking.add_argument("--refused", type=Path, help="where the refused rows go; FILE.refused.csv here if missing")
        outgoing(key, _writing(key)).add_argument("file", type=Path, metavar="FILE.csv|.xlsx")
    history.add(incoming)


def _which(application: Application, given: argparse.Namespace) -> int:
    """Import a table: catalogue, responsibilities, areas, departments, people, tickets."""
    raise Malformed("请说明导入什么：huying import --help", "say what to import: huying import --help")


def _which_out(application: Application, given: argparse.Namespace) -> int:
    """Export a table: catalogue, responsibilities, areas, departments, people."""
    raise Malformed("请说明导出什么：huying export --help", "say what to export: huying export --help")


_TAKEN = {
    "areas": "Import areas: code, level, name, parent.",
    "departments": "Import units of the line: code, name, kind, parent, area.",
    "people": "Import people and the posts they hold.",
    "catalogue": "Import the catalogue of items and standards from CSV or Excel.",
    "responsibilities": "Import who leads and who joins in, by item, area and level.",
}


def _taking(key: str) -> Run:
    def run(application: Application, given: argparse.Namespace) -> int:
        coming = Incoming(
            path=given.file,
            name=given.file.name,
            sha256=sha256_of(given.file),
            now=application.clock.now(),
            vanished=Vanished.DEACTIVATE if getattr(given, "deactivate_vanished", False) else Vanished.KEEP,
            units=getattr(given, "units", None),
        )
        if given.preview:
            return told(given, rehearse(application.database, TABLES[key], coming).outcome)
        return told(given, apply_at_the_machine(application.database, TABLES[key], coming))

    run.__doc__ = _TAKEN[key]
    return run


def _writing(key: str) -> Run:
    def run(application: Application, given: argparse.Namespace) -> int:
        count = TABLES[key].write(application.database, given.file, application.clock.now())
        OUT.print(f"{count} 条 / rows → {given.file}", markup=False)
        return 0

    run.__doc__ = f"Export the {key} as CSV or Excel; what comes out can be imported again."
    return run


def told(given: argparse.Namespace, outcome: Outcome) -> int:
    """Say what a table changed, or would change; refused rows are shown and written to a file."""
    title = "预览 / preview" if given.preview else "已导入 / imported"
    _counts(title, outcome.new, outcome.changed, outcome.unchanged, outcome.refused)
    return _refused(given, outcome.refused)


def _counts(title: str, new: Sized, changed: Sized, unchanged: int, refused: Sized) -> None:
    table = Table(title, "新增 / new", "变更 / changed", "未变 / unchanged", "拒收 / refused")
    table.add_row("", str(len(new)), str(len(changed)), str(unchanged), str(len(refused)))
    OUT.print(table)


def _refused(given: argparse.Namespace, refusals: tuple[Refusal, ...]) -> int:
    """Show the first refused rows and write all of them to a file in the present folder, or where `--refused` says."""
    for refusal in refusals[:_SHOWN]:
        OUT.print(str(refusal), markup=False, style="yellow")
    if refusals and (given.refused or not given.preview):
        target = given.refused or Path(f"{given.file.stem}.refused.csv")
        write_refusals(target, refusals)
        OUT.print(f"拒收明细 / refused rows: {target}", markup=False)
    return 0
