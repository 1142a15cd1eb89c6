"""`huying paths`: which ways tickets really took through their workflow, how often and how long."""

import argparse
from collections.abc import Mapping

from rich.box import SIMPLE_HEAD
from rich.table import Table

from engine.analysis.path_diagram import lasting
from engine.analysis.paths import Part, Use, titles
from engine.application import Application
from engine.background.paths import rebuild
from engine.background.relay import relay
from engine.console.bars import bar
from engine.console.printing import ERR, OUT, Add
from engine.exchange.conformance import Conformance, conformance
from engine.records import paths
from engine.records.paths import Wanted
from engine.rules.days import begins, ends

_USES = {Use.USED: "", Use.NEVER: "从未走过 / never", Use.FORMER: "旧版 / former version"}


def add(command: Add) -> None:
    """The command about paths."""
    asking = command("paths", _paths)
    asking.add_argument("workflow", nargs="?", default="", help="one of the workflows; without it, which have paths")
    asking.add_argument("--from", dest="since", default="", metavar="DAY", help="reported on this day or later")
    asking.add_argument("--to", dest="until", default="", metavar="DAY", help="reported on this day or before")
    asking.add_argument("--version", type=int, metavar="N", help="only tickets of this version of the file")
    for name in ("area", "department", "item", "channel"):
        asking.add_argument(f"--{name}", default="", metavar="CODE")
    asking.add_argument("--rebuild", action="store_true", help="fold every path anew first")


def _paths(application: Application, given: argparse.Namespace) -> int:
    """Print the paths that tickets took through a workflow, the moves they made, and the histories that do not fit."""
    if given.rebuild:
        relay(application.database)
        with bar(ERR, "折算路径 / Folding paths", None) as tell:
            done = rebuild(application.database, application.versions, hear=tell)
        OUT.print(f"已重新折算 / folded anew: {done} 件 / tickets", markup=False)
    with application.database.looking() as transaction:
        if not given.workflow:
            for key, number in paths.workflows(transaction):
                OUT.print(f"{key}: {number} 条路径 / paths", markup=False)
            return 0
        wanted = Wanted(
            workflow=given.workflow, since=begins(given.since, "--from"), until=ends(given.until, "--to"),
            version=given.version, area=given.area, department=given.department, item=given.item,
            channel=given.channel,
        )  # fmt: skip
        found = conformance(transaction, application.versions.active(transaction, given.workflow), wanted)
        faulty = paths.listed(transaction, wanted, [""])
    _print(found)
    for line in faulty:
        ERR.print(f"{line.case_no} {line.fault}", markup=False, style="red")
    return 0


def _print(found: Conformance) -> None:
    said = titles(found.definition)
    table = Table("路径 / Path", "件 / tickets", "%", "中位 / median", "90 %", box=SIMPLE_HEAD)
    for way in found.ways:
        words = " → ".join(_said(part, said) for part in way.parts)
        share, taken = f"{way.share:.1%}", way.variant.taken
        table.add_row(f"v{taken.version} {words}", str(taken.tickets), share, lasting(way.median), lasting(way.most))
    OUT.print(f"{found.definition.title} · {found.tickets} 件 / tickets", markup=False, style="bold")
    OUT.print(table)
    if found.others:
        OUT.print(f"其他路径 / other paths: {found.others}（{found.others_tickets} 件 / tickets）", markup=False)
    moves = Table("环节 / Move", "次 / times", "中位 / median", "90 %", "", box=SIMPLE_HEAD)
    for flow in found.flows:
        before, action, after = flow.move
        words = f"{before} —{said.get(action, action)}→ {after}"
        moves.add_row(words, str(flow.passes), lasting(flow.median), lasting(flow.most), _USES[flow.use])
    OUT.print(moves)
    OUT.print(f"历史无法重演 / histories that cannot be told again: {found.faults}", markup=False)


def _said(part: Part, said: Mapping[str, str]) -> str:
    names = " → ".join(said.get(action, action) for _, action, _ in part.moves)
    return f"({names})×{part.times}" if part.times > 1 else names
