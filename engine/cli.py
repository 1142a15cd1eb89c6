"""The command line: `huying COMMAND`. Every command reads its settings from the environment (see `settings`)."""

import argparse
import json
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

from engine.analysis.diagram import mermaid
from engine.application import Application
from engine.background.commands import run_commands
from engine.background.relay import relay
from engine.bench.command import DIALECTS, bench, shown_as_table
from engine.clock import shown
from engine.definitions.loader import discover, load
from engine.errors import DefinitionError, HuyingError, Malformed, Place
from engine.records import schema, versions
from engine.records.verify import Verdict, verify
from engine.serving import export, prepare_demo, serve
from engine.settings import Settings
from engine.stages.calls import Call, Caller, Offer
from engine.stages.door import ticket_id

_OUT = Console(highlight=False, soft_wrap=True)
_ERR = Console(stderr=True, highlight=False, soft_wrap=True)

#: Exit codes: 0 done · 1 the answer is no (refused, unsound, broken) · 2 the call itself is wrong.
REFUSED = 1
USAGE = 2


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; expected failures print one clear line and exit with `REFUSED` or `USAGE`."""
    parser = _parser()
    given = parser.parse_args(arguments)
    if not hasattr(given, "run"):
        parser.print_help()
        return USAGE
    try:
        application = Application.of(Settings.from_environment())
        try:
            return int(given.run(application, given) or 0)
        finally:
            application.close()
    except HuyingError as refusal:
        _complain(refusal)
        return REFUSED
    except KeyboardInterrupt:
        _ERR.print("已中断 / Interrupted")
        return 130


def _complain(refusal: HuyingError) -> None:
    every = refusal.details.get("all")
    for error in every if isinstance(every, list | tuple) else [refusal]:
        _ERR.print(str(error), markup=False, style="red")


# -- workflow files ------------------------------------------------------------------------------------------------


def _check(application: Application, given: argparse.Namespace) -> int:
    """Read workflow files and say what is wrong with them, by line."""
    failed = 0
    for path in given.files:
        try:
            definition = load(path)
        except DefinitionError as error:
            _complain(error)
            failed += 1
            continue
        _OUT.print(f"{path}: {definition.title} v{definition.version} — 可以读取 / reads well", markup=False)
    return REFUSED if failed else 0


def _activate(application: Application, given: argparse.Namespace) -> int:
    """Store workflow files and start new tickets on them."""
    now = application.clock.now()
    definitions = [load(path) for path in given.files] or discover()
    versions.activate_all(application.database, definitions, now)
    for definition in definitions:
        _OUT.print(f"{definition.key} v{definition.version}: 已启用 / active")
    return 0


def _diagram(application: Application, given: argparse.Namespace) -> int:
    """Draw a workflow file as Mermaid."""
    _OUT.print(mermaid(load(given.file)), markup=False)
    return 0


# -- tickets -------------------------------------------------------------------------------------------------------


def _person(application: Application, login: str) -> Caller:
    with application.database.looking() as transaction:
        mark = "%s" if transaction.postgresql else "?"
        rows = transaction.rows(f"SELECT id FROM person WHERE login = {mark}", (login,))  # noqa: S608
    if not rows:
        raise Malformed(f"没有账号“{login}”", f"there is no login '{login}'", place=Place(field="--as"))
    return Caller(person_id=int(rows[0][0]))


def _form(pairs: Sequence[str]) -> dict[str, Any]:
    """`name=value` pairs; a value that is JSON is read as JSON, anything else is text."""
    form: dict[str, Any] = {}
    for pair in pairs:
        name, sign, value = pair.partition("=")
        if not sign:
            raise Malformed(f"“{pair}”应写成 名称=值", f"'{pair}' must read name=value", place=Place(field=pair))
        try:
            form[name] = json.loads(value) if value[:1] in '{["' else value
        except ValueError as failure:
            raise Malformed(f"“{name}”不是有效的 JSON", f"'{name}' is not valid JSON: {failure}") from failure
    return form


def _report(application: Application, given: argparse.Namespace) -> int:
    """Report: start a ticket."""
    call = Call(
        caller=_person(application, given.as_),
        action=given.start,
        workflow=given.workflow,
        form=_form(given.form),
        key=given.key,
        channel=given.channel,
    )
    return _done(application, call)


def _act(application: Application, given: argparse.Namespace) -> int:
    """Do one act on a ticket, one of its tasks, or a request that waits."""
    each = {int(seq): form for seq, form in json.loads(given.each or "{}").items()}
    call = Call(
        caller=_person(application, given.as_),
        action=given.action,
        case_no=given.case,
        task=given.task,
        request=given.request,
        form=_form(given.form),
        each=each,
        expected=given.expected,
        key=given.key,
    )
    return _done(application, call)


def _done(application: Application, call: Call) -> int:
    outcome = application.door.act(call)
    run_commands(application.door, application.database, application.clock)
    _OUT.print_json(json.dumps(outcome.to_json()))
    return 0


def _show(application: Application, given: argparse.Namespace) -> int:
    """Show a ticket: state, tasks, and its history."""
    with application.database.looking() as transaction:
        own = ticket_id(transaction, given.case)
        case = application.door.case(transaction, own)
        mark = "%s" if transaction.postgresql else "?"
        events = transaction.rows(
            "SELECT seq, at, actor, post, action, scope, state_from, state_to, stage FROM event "  # noqa: S608
            f"WHERE ticket_id = {mark} ORDER BY seq",
            (own,),
        )
    state = case.definition.states[case.ticket.state]
    _OUT.print(f"{case.ticket.case_no} · {case.definition.title} · {state.title}", markup=False)
    for task in case.tasks.values():
        title = case.definition.tasks[task.kind].states[task.state].title
        part = "主办 / lead" if task.lead else "协办 / co"
        _OUT.print(f"  #{task.seq} {task.kind} {part} · {title} · v{task.version}", markup=False)
    for ask in case.open_asks():
        title = case.scope(case.tasks[ask.task_seq] if ask.task_seq else None).requests[ask.name].title
        _OUT.print(f"  #{ask.seq} {title} — 待答复 / waiting", markup=False)
    table = Table("#", "时间 / at", "谁 / who", "办理 / act", "状态 / state", "阶段 / stage")
    for seq, at, actor, post, action, scope, before, after, stage in events:
        who = f"{actor} ({post})" if post else actor
        table.add_row(str(seq), shown(at), who, f"{scope}.{action}" if scope else action, f"{before} → {after}", stage)
    _OUT.print(table)
    return 0


def _actions(application: Application, given: argparse.Namespace) -> int:
    """What somebody may do with a ticket now, and why not the rest."""
    caller = _person(application, given.as_)
    with application.database.looking() as transaction:
        offers = application.door.offers(transaction, ticket_id(transaction, given.case), caller)
    for offer in sorted(offers, key=lambda offer: not offer.possible):
        _OUT.print(_offer_line(offer), markup=False, style="" if offer.possible else "dim")
    return 0


def _offer_line(offer: Offer) -> str:
    target = f"--task {offer.task} " if offer.task else f"--request {offer.request} " if offer.request else ""
    form = " ".join(f"{item.name}{item.need.value}" for item in offer.form)
    reason = f" — {offer.reason}" if offer.reason else ""
    return f"{'✓' if offer.possible else '✗'} {target}{offer.name} ({offer.title}) [{form}]{reason}"


# -- the installation ----------------------------------------------------------------------------------------------


def _demo(application: Application, given: argparse.Namespace) -> int:
    """Build the demo district and serve it."""
    settings = prepare_demo(application.settings)
    if given.prepare_only:
        return 0
    export(settings)
    _OUT.print(f"演示已就绪，请打开 / The demo is ready: http://{given.host}:{given.port}/", style="bold green")
    _OUT.print("停止：Ctrl+C / Stop with Ctrl+C")
    serve(given.host, given.port)
    return 0


def _serve(application: Application, given: argparse.Namespace) -> int:
    """Serve pages and API, with the background work inside."""
    export(application.settings)
    serve(given.host, given.port)
    return 0


def _migrate(application: Application, given: argparse.Namespace) -> int:
    """Bring the database's schema up to date."""
    for line in schema.migrate(application.database) or ["已是最新 / up to date"]:
        _OUT.print(line, markup=False)
    return 0


def _verify(application: Application, given: argparse.Namespace) -> int:
    """Walk every chain of the history and name the first broken event of each broken ticket."""
    verdict: Verdict = verify(application.database)
    for broken in verdict.broken or ():
        _ERR.print(str(broken), markup=False, style="red")
    word = "完好 / sound" if verdict.sound else "有改动 / broken"
    _OUT.print(
        f"{verdict.tickets} 件 / tickets · {verdict.events} 条 / events · "
        f"{verdict.erased} 条个人信息已删除 / erased · {word}"
    )
    return 0 if verdict.sound else REFUSED


def _work(application: Application, given: argparse.Namespace) -> int:
    """Do once what waits in the background: commands between tickets, positions of the feed."""
    commands = run_commands(application.door, application.database, application.clock)
    moved = relay(application.database)
    _OUT.print(f"{commands} 项跨案处理 / commands · {moved} 条入序 / acts positioned")
    return 0


def _bench(application: Application, given: argparse.Namespace) -> int:
    """Time the same ticket lives through the door and through a frozen yardstick, interleaved, on both databases."""
    results = bench(
        lives=given.lives, slices=given.slices, postgresql_url=given.postgresql, dialects=tuple(given.only or DIALECTS)
    )
    if given.json:
        _OUT.print_json(json.dumps(results))
    else:
        _OUT.print(shown_as_table(results))
    return 0


Run = Callable[[Application, argparse.Namespace], int]


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="huying", description="呼应：块呼条应、多格合一 / tickets of grid governance")
    commands = parser.add_subparsers(title="commands", metavar="COMMAND")

    def command(name: str, run: Run) -> argparse.ArgumentParser:
        text = (run.__doc__ or "").strip().splitlines()[0]
        added = commands.add_parser(name, help=text, description=text)
        added.set_defaults(run=run)
        return added

    command("check", _check).add_argument("files", nargs="+", type=Path)
    command("activate", _activate).add_argument("files", nargs="*", type=Path)
    command("diagram", _diagram).add_argument("file", type=Path)
    demo = command("demo", _demo)
    demo.add_argument("--prepare-only", action="store_true", help="build the district, serve nothing")
    for serving in (demo, command("serve", _serve)):
        serving.add_argument("--host", default="127.0.0.1")
        serving.add_argument("--port", type=int, default=8000)
    command("migrate", _migrate)
    command("verify", _verify)
    command("work", _work)
    timing = command("bench", _bench)
    timing.add_argument("--json", action="store_true")
    timing.add_argument("--lives", type=int, default=20, help="ticket lives per slice and connection")
    timing.add_argument("--slices", type=int, default=15, help="slices of each contestant, in turns")
    timing.add_argument("--postgresql", metavar="URL", help="a server to use; else one from the wheel is started")
    timing.add_argument("--only", action="append", choices=DIALECTS)
    report = command("report", _report)
    report.add_argument("workflow")
    report.add_argument("start")
    report.add_argument("--channel", default="")
    act = command("act", _act)
    act.add_argument("case")
    act.add_argument("action")
    act.add_argument("--task", type=int)
    act.add_argument("--request", type=int)
    act.add_argument("--each", help='{"TASK": {"stars": 5}}')
    act.add_argument("--expected", type=int)
    for doing in (report, act):
        doing.add_argument("form", nargs="*", metavar="NAME=VALUE")
        doing.add_argument("--as", dest="as_", required=True, metavar="LOGIN")
        doing.add_argument("--key", help="idempotency key")
    command("show", _show).add_argument("case")
    actions = command("actions", _actions)
    actions.add_argument("case")
    actions.add_argument("--as", dest="as_", required=True, metavar="LOGIN")
    return parser


if __name__ == "__main__":
    sys.exit(main())
