"""`huying period`: drafts, windows, documents, checks and restatements of accounting periods."""

import argparse
import json
from pathlib import Path

from rich.box import SIMPLE_HEAD
from rich.table import Table

from engine.application import Application
from engine.clock import shown
from engine.console.printing import OUT, REFUSED, Add, nested
from engine.errors import Malformed
from engine.exchange.period_check import findings
from engine.records import periods
from engine.records.access import Viewer, person_of_login, viewer_of
from engine.records.period_rows import State
from engine.stages import accounting
from engine.stages.accounting import By


def add(command: Add) -> None:
    """The commands about accounting periods."""
    below = nested(command("period", _list))
    draft = below("draft", _draft)
    draft.add_argument("sheet")
    draft.add_argument("area", help="code of the area")
    draft.add_argument("label", metavar="MONTH", help="2026-10")
    for name, work in (("open", _open), ("close", _close), ("final", _final), ("restate", _restate)):
        acting = below(name, work)
        acting.add_argument("number", type=int)
        acting.add_argument("--as", dest="login", required=True, help="login of the supervisor who acts")
    for name, work in (("show", _show), ("verify", _verify)):
        below(name, work).add_argument("number", type=int)
    export = below("export", _export)
    export.add_argument("number", type=int)
    export.add_argument("file", type=Path)


def _list(application: Application, given: argparse.Namespace) -> int:
    """The newest accounting periods; `draft`, `open`, `close`, `final`, `restate` move one, `verify` checks it."""
    table = Table("#", "周期\nPeriod", "考核表\nSheet", "区域\nArea", "状态\nState", "待裁定\nWaiting", box=SIMPLE_HEAD)
    with application.database.looking() as transaction:
        for one in periods.listed(transaction):
            table.add_row(str(one.id), one.label, one.sheet, one.area, one.state_title.zh, str(one.waiting))
    OUT.print(table)
    return 0


def _draft(application: Application, given: argparse.Namespace) -> int:
    """Draft a period that is over, as the engine does by itself on the day after."""
    number = accounting.draft(application.database, application.clock, given.sheet, given.area, given.label)
    OUT.print(f"初稿 / draft: {number}")
    return 0


def _open(application: Application, given: argparse.Namespace) -> int:
    """Let units object, for as many days as the sheet says."""
    accounting.open_window(application.database, application.clock, given.number, _by(application, given.login))
    return _show(application, given)


def _close(application: Application, given: argparse.Namespace) -> int:
    """End a window whose days are over."""
    accounting.close_window(application.database, application.clock, given.number, _by(application, given.login))
    return _show(application, given)


def _final(application: Application, given: argparse.Namespace) -> int:
    """Make a period final; nothing changes it from then on."""
    accounting.finalise(application.database, application.clock, given.number, _by(application, given.login))
    return _show(application, given)


def _restate(application: Application, given: argparse.Namespace) -> int:
    """Say, ticket by ticket, what facts that came later would change of a final period."""
    by = _by(application, given.login)
    _, text = accounting.restate(application.database, application.clock, given.number, by)
    told = json.loads(text)["differences"]
    for one in told:
        before, after = (" ".join(filter(None, one[side][:2])) for side in ("before", "after"))
        OUT.print(f"{one['case_no']} {one['indicator']}: {before} → {after}", markup=False)
    OUT.print(f"{len(told)} 处差异 / differences")
    return 0


def _show(application: Application, given: argparse.Namespace) -> int:
    """A period and everything that was done with it."""
    with application.database.looking() as transaction:
        one, acts = periods.period(transaction, given.number), periods.acts(transaction, given.number)
    OUT.print(f"{one.label} {one.sheet} {one.area} · {one.state_title.zh} / {one.state_title.en}", markup=False)
    OUT.print(f"{shown(one.since)} – {shown(one.until)} · {one.lines} 行 / lines", markup=False)
    if one.state is State.FINAL:
        OUT.print(f"sha256 {one.digest} · 封存 / seal {one.seal or '—'}", markup=False)
    for act in acts:
        OUT.print(f"  {shown(act.at)} {act.action} {act.name or '—'} {act.post}".rstrip(), markup=False)
    return 0


def _verify(application: Application, given: argparse.Namespace) -> int:
    """Work a period out again from what was frozen; everything that is not the same to the byte is named."""
    with application.database.looking() as transaction:
        found = findings(transaction, given.number)
    for one in found:
        OUT.print(one, markup=False, style="red")
    if not found:
        OUT.print("逐字节相同 / The same to the byte", style="green")
    return REFUSED if found else 0


def _export(application: Application, given: argparse.Namespace) -> int:
    """Write the document of a final period."""
    with application.database.looking() as transaction:
        one = periods.period(transaction, given.number)
        if one.state is not State.FINAL:
            raise Malformed("此周期尚未定稿", "the period is not final")
        lines = accounting.document(transaction, one)
    given.file.write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")
    OUT.print(f"sha256 {one.digest}")
    return 0


def _by(application: Application, login: str) -> By:
    person = person_of_login(application.database, login)
    with application.database.looking() as transaction:
        viewer: Viewer = viewer_of(transaction, person, application.clock.now())
    return By(viewer)
