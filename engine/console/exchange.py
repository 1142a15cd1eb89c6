"""`huying import …` and `huying export …`: tables of other systems, previewed, refused by row."""

import argparse
from collections.abc import Sized
from pathlib import Path

from rich.table import Table

from engine.application import Application
from engine.console import history
from engine.console.printing import OUT, Add, Run, nested
from engine.errors import Malformed
from engine.exchange import organisation, people
from engine.exchange.catalogue import (
    Vanished,
    apply_catalogue,
    export_catalogue,
    preview_catalogue,
)
from engine.exchange.limit_units import read_units, shipped
from engine.exchange.refusals import Outcome, Refusal, write_refusals
from engine.exchange.responsibilities import apply_responsibilities, preview_responsibilities

#: Refused rows that a terminal shows; the file has them all.
_SHOWN = 20


def add(command: Add) -> None:
    """The commands about tables."""
    incoming = nested(command("import", _which))
    catalogue = incoming("catalogue", _catalogue)
    catalogue.add_argument("--units", type=Path, help="which limit unit means which clock; the shipped file if missing")
    catalogue.add_argument("--deactivate-vanished", action="store_true")
    registers = [incoming(name, run) for name, run in _REGISTERS.items()]
    for taking in (catalogue, *registers):
        taking.add_argument("file", type=Path)
        taking.add_argument("--preview", action="store_true", help="say what would change, write nothing")
        taking.add_argument("--refused", type=Path, help="where the refused rows go; FILE.refused.csv here if missing")
    history.add(incoming)
    outgoing = nested(command("export", _which_out))
    outgoing("catalogue", _export).add_argument("file", type=Path)


def _which(application: Application, given: argparse.Namespace) -> int:
    """Import a table: catalogue, responsibilities, areas, departments, people, tickets."""
    raise Malformed("请说明导入什么：huying import --help", "say what to import: huying import --help")


def _which_out(application: Application, given: argparse.Namespace) -> int:
    """Export a table: catalogue."""
    raise Malformed("请说明导出什么：huying export --help", "say what to export: huying export --help")


def _catalogue(application: Application, given: argparse.Namespace) -> int:
    """Import the catalogue of items and standards from CSV or Excel."""
    units = read_units(given.units or shipped())
    if given.preview:
        preview = preview_catalogue(application.database, given.file, units)
        _counts("预览 / preview", preview.new, preview.changed, preview.unchanged, preview.refused)
    else:
        vanished = Vanished.DEACTIVATE if given.deactivate_vanished else Vanished.KEEP
        now = application.clock.now()
        preview = apply_catalogue(application.database, given.file, units, now, vanished=vanished).preview
        _counts("已导入 / imported", preview.new, preview.changed, preview.unchanged, preview.refused)
    return _refused(given, preview.refused)


def _responsibilities(application: Application, given: argparse.Namespace) -> int:
    """Import who leads and who joins in, by item, area and level."""
    take = preview_responsibilities if given.preview else apply_responsibilities
    return told(given, take(application.database, given.file))


def _areas(application: Application, given: argparse.Namespace) -> int:
    """Import areas: code, level, name, parent."""
    take = organisation.preview_areas if given.preview else organisation.apply_areas
    return told(given, take(application.database, given.file, application.clock.now()))


def _departments(application: Application, given: argparse.Namespace) -> int:
    """Import units of the line: code, name, kind, parent, area."""
    take = organisation.preview_departments if given.preview else organisation.apply_departments
    return told(given, take(application.database, given.file, application.clock.now()))


def _people(application: Application, given: argparse.Namespace) -> int:
    """Import people and the posts they hold."""
    take = people.preview_people if given.preview else people.apply_people
    return told(given, take(application.database, given.file, application.clock.now()))


_REGISTERS: dict[str, Run] = {
    "responsibilities": _responsibilities,
    "areas": _areas,
    "departments": _departments,
    "people": _people,
}


def told(given: argparse.Namespace, outcome: Outcome) -> int:
    """Say what a table changed, or would change, and which of its rows were refused."""
    title = "预览 / preview" if given.preview else "已导入 / imported"
    _counts(title, outcome.new, outcome.changed, outcome.unchanged, outcome.refused)
    return _refused(given, outcome.refused)


def _export(application: Application, given: argparse.Namespace) -> int:
    """Export the catalogue as CSV or Excel; what comes out can be imported again."""
    OUT.print(f"{export_catalogue(application.database, given.file)} 条 / rows → {given.file}", markup=False)
    return 0


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
