"""`huying report`, `act`, `show`, `actions`: tickets from the command line, through the same door."""

import argparse
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from rich.table import Table

from engine.application import Application
from engine.background.commands import run_commands
from engine.clock import shown
from engine.console.printing import OUT, Add
from engine.errors import Malformed, Place
from engine.records import uploads
from engine.stages.calls import Call, Caller, Offer
from engine.stages.door import ticket_id


def add(command: Add) -> None:
    """The commands about tickets."""
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
        doing.add_argument("--form", nargs="+", action="extend", default=[], metavar="NAME=VALUE")
        doing.add_argument("--as", dest="as_", required=True, metavar="LOGIN")
        doing.add_argument("--key", help="idempotency key")
    upload = command("upload", _upload)
    upload.add_argument("file", type=Path)
    upload.add_argument("--as", dest="as_", required=True, metavar="LOGIN")
    command("show", _show).add_argument("case")
    actions = command("actions", _actions)
    actions.add_argument("case")
    actions.add_argument("--as", dest="as_", required=True, metavar="LOGIN")


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
    OUT.print_json(json.dumps(outcome.to_json()))
    return 0


def _upload(application: Application, given: argparse.Namespace) -> int:
    """Keep a photo or a PDF; prints the digest by which forms name it."""
    person = _person(application, given.as_).person_id
    try:
        with given.file.open("rb") as stream:
            stored = uploads.store(
                application.database,
                application.store,
                stream,
                person or 0,
                application.clock.now(),
                name=given.file.name,
            )
    except OSError as failure:
        raise Malformed(f"无法读取 {given.file}", f"cannot read {given.file}: {failure}") from failure
    OUT.print(stored.sha256)
    return 0


def _show(application: Application, given: argparse.Namespace) -> int:
    """Show a ticket: state, tasks, and its history."""
    with application.database.looking() as transaction:
        own = ticket_id(transaction, given.case)
        case = application.door.case(transaction, own)
        mark = "%s" if transaction.postgresql else "?"
        events = transaction.rows(
            "SELECT e.seq, e.at, e.actor, o.login, e.post, e.action, e.scope, e.state_from, e.state_to, e.stage "  # noqa: S608
            "FROM event e LEFT JOIN person o ON o.id = e.behalf_of "
            f"WHERE e.ticket_id = {mark} ORDER BY e.seq",
            (own,),
        )
    state = case.definition.states[case.ticket.state]
    OUT.print(f"{case.ticket.case_no} · {case.definition.title} · {state.title}", markup=False)
    for task in case.tasks.values():
        title = case.definition.tasks[task.kind].states[task.state].title
        part = case.definition.words["lead" if task.lead else "co"]
        OUT.print(f"  #{task.seq} {task.kind} {part} · {title} · v{task.version}", markup=False)
    for ask in case.open_asks():
        title = case.scope(case.tasks[ask.task_seq] if ask.task_seq else None).requests[ask.name].title
        OUT.print(f"  #{ask.seq} {title} — 待答复 / waiting", markup=False)
    table = Table("#", "时间 / at", "谁 / who", "办理 / act", "状态 / state", "阶段 / stage")
    for seq, at, actor, owner, post, action, scope, before, after, stage in events:
        who = f"{actor} 代 {owner}" if owner else actor
        who = f"{who} ({post})" if post else who
        table.add_row(str(seq), shown(at), who, f"{scope}.{action}" if scope else action, f"{before} → {after}", stage)
    OUT.print(table)
    return 0


def _actions(application: Application, given: argparse.Namespace) -> int:
    """What somebody may do with a ticket now, and why not the rest."""
    caller = _person(application, given.as_)
    with application.database.looking() as transaction:
        offers = application.door.offers(transaction, ticket_id(transaction, given.case), caller)
    for offer in sorted(offers, key=lambda offer: not offer.possible):
        OUT.print(_offer_line(offer), markup=False, style="" if offer.possible else "dim")
    return 0


def _offer_line(offer: Offer) -> str:
    target = f"--task {offer.task} " if offer.task else f"--request {offer.request} " if offer.request else ""
    form = " ".join(f"{item.name}{item.need.value}" for item in offer.form)
    reason = f" — {offer.reason}" if offer.reason else ""
    return f"{'✓' if offer.possible else '✗'} {target}{offer.name} ({offer.title}) [{form}]{reason}"
