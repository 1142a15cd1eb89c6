"""`huying facts`: how far the facts have come, and folding them anew."""

import argparse

from engine.application import Application
from engine.background.facts import rebuild
from engine.background.relay import relay
from engine.clock import shown
from engine.console.bars import bar
from engine.console.printing import ERR, OUT, Add
from engine.records import facts, rollups


def add(command: Add) -> None:
    """The command about facts."""
    command("facts", _facts).add_argument("--rebuild", action="store_true", help="fold every history anew")


def _facts(application: Application, given: argparse.Namespace) -> int:
    """Show how far the facts have come that indicators count by; fold them anew with --rebuild."""
    if given.rebuild:
        relay(application.database)
        with application.database.looking() as transaction:
            ((total,),) = transaction.rows("SELECT count(*) FROM ticket")
        with bar(ERR, "折算 / folding", total) as hear:
            done = rebuild(application.database, application.versions, application.reporter_key, hear=hear)
        OUT.print(f"已重新折算 / folded anew: {done} 件 / tickets", markup=False)
    with application.database.looking() as transaction:
        state, kept = facts.state(transaction), rollups.state(transaction)
    OUT.print(f"案卷 / tickets {state.tickets} · 任务 / tasks {state.tasks}", markup=False)
    OUT.print(f"尚无事实 / without facts {state.without}", markup=False)
    OUT.print(f"已折算至 / folded up to {state.position} / {state.last}", markup=False)
    if state.behind_since is not None:
        OUT.print(f"最早未折算 / oldest not folded: {shown(state.behind_since)}", markup=False)
    OUT.print(
        f"汇总 / rollups: {kept.rows} 行 / rows · {kept.months} 月 / months · 待重算 / to count anew {kept.anew} · "
        f"待算案卷 / tickets that wait {kept.waiting}",
        markup=False,
    )
    OUT.print(f"汇总截至 / rollups as of {shown(kept.as_of) or '—'}", markup=False)
    return 0
