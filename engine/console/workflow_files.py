"""`huying check`, `activate`, `diagram`."""

import argparse
from pathlib import Path

from engine.analysis.diagram import mermaid
from engine.application import Application
from engine.console.printing import OUT, REFUSED, Add, complain
from engine.definitions.loader import discover, load
from engine.errors import DefinitionError
from engine.records import versions


def add(command: Add) -> None:
    """The commands about workflow files."""
    check = command("check", _check)
    check.add_argument("files", nargs="+", type=Path)
    diagram = command("diagram", _diagram)
    diagram.add_argument("file", type=Path)
    for reading in (check, diagram):
        reading.set_defaults(any_schema=True)
    command("activate", _activate).add_argument("files", nargs="*", type=Path)


def _check(application: Application, given: argparse.Namespace) -> int:
    """Read workflow files and say what is wrong with them, by line."""
    failed = 0
    for path in given.files:
        try:
            definition = load(path)
        except DefinitionError as error:
            complain(error)
            failed += 1
            continue
        OUT.print(f"{path}: {definition.title} v{definition.version} — 可以读取 / reads well", markup=False)
    return REFUSED if failed else 0


def _activate(application: Application, given: argparse.Namespace) -> int:
    """Store workflow files and start new tickets on them."""
    now = application.clock.now()
    definitions = [load(path) for path in given.files] or discover()
    versions.activate_all(application.database, definitions, now)
    for definition in definitions:
        OUT.print(f"{definition.key} v{definition.version}: 已启用 / active")
    return 0


def _diagram(application: Application, given: argparse.Namespace) -> int:
    """Draw a workflow file as Mermaid."""
    OUT.print(mermaid(load(given.file)), markup=False)
    return 0
