"""`huying check`, `activate`, `workflows`, `diagram`."""

import argparse
from pathlib import Path

from engine.analysis.diagram import mermaid
from engine.analysis.verdict import UNDECIDED_HERE
from engine.application import Application
from engine.clock import shown
from engine.console import vacancies
from engine.console.printing import OUT, REFUSED, Add, complain
from engine.definitions.loader import discover, load
from engine.errors import DefinitionError
from engine.records import activations, versions
from engine.stages import going_live, judging


def add(command: Add) -> None:
    """The commands about workflow files."""
    check = command("check", _check)
    check.add_argument("files", nargs="+", type=Path)
    check.add_argument("--anew", action="store_true", help="explore also what was proven before")
    diagram = command("diagram", _diagram)
    diagram.add_argument("file", type=Path)
    for reading in (check, diagram):
        reading.set_defaults(any_schema=True)
    activate = command("activate", _activate)
    activate.add_argument("files", nargs="*", type=Path)
    activate.add_argument("--acknowledge", action="store_true", help="activate although nobody holds some of the posts")
    command("workflows", _workflows).add_argument("key", nargs="?", default="")


def _check(application: Application, given: argparse.Namespace) -> int:
    """Read workflow files and say what is wrong with them, by line, and with which way there."""
    failed = 0
    for path in given.files:
        try:
            definition = load(path)
            judged = judging.judge(definition, anew=given.anew)
            if not judged.sound:
                raise judged.refusal(definition, path.name)
        except DefinitionError as error:
            complain(error)
            failed += 1
            continue
        OUT.print(
            f"{path}: {definition.title} v{definition.version} — 可以启用 / reads well and is sound", markup=False
        )
        looked = judged.verdict
        before = ("（此前已证）", ", proven before") if judged.before else ("", "")
        OUT.print(
            f"  每类任务至多 {looked.tasks} 项，看过 {looked.cases:,} 种情形{before[0]} / "
            f"{looked.cases:,} situations with at most {looked.tasks} tasks of a kind{before[1]}",
            markup=False,
        )
    OUT.print(str(UNDECIDED_HERE), markup=False)
    return REFUSED if failed else 0


def _activate(application: Application, given: argparse.Namespace) -> int:
    """Store workflow files and start new tickets on them."""
    now = application.clock.now()
    definitions = [load(path) for path in given.files] or discover()
    vacancies.ask(application, definitions, acknowledged=given.acknowledge)
    new = going_live.activate(application.database, application.versions, definitions, now, versions.COMMAND)
    for definition in definitions:
        said = "已启用 / active" if definition in new else "已在用 / was active already"
        OUT.print(f"{definition.key} v{definition.version}: {said}")
    return 0


def _workflows(application: Application, given: argparse.Namespace) -> int:
    """Say which version of each workflow is in force; of one workflow, its whole history."""
    with application.database.looking() as transaction:
        loops = [activations.loop(transaction, given.key)] if given.key else activations.loops(transaction)
    for loop in loops:
        now = loop.running
        said = f"v{now.version} {now.sha256[:12]}" if now else "未启用 / not active"
        OUT.print(f"{loop.key} {said}", markup=False)
        for one in loop.versions:
            if one.open:
                OUT.print(f"  v{one.version}: 未结 {one.open} 件 / {one.open} open", markup=False)
        for line in loop.history if given.key else loop.history[:1]:
            who = line.name or "命令行 / command line"
            OUT.print(f"  {shown(line.at)} v{line.version} 启用 / activated · {who}", markup=False)
    return 0


def _diagram(application: Application, given: argparse.Namespace) -> int:
    """Draw a workflow file as Mermaid."""
    OUT.print(mermaid(load(given.file)), markup=False)
    return 0
