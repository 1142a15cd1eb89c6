"""`huying facts`: how far the facts have come, and folding them anew."""

import argparse

from engine.application import Application
from engine.background.facts import rebuild
from engine.background.relay import relay
from engine.clock import shown
from engine.console.printing import OUT, Add
from engine.records import facts


def add(command: Add) -> None:
    """The command about facts."""
    command("facts", _facts).add_argument("--rebuild", action="store_true", help="fold every history anew")


def _facts(application: Application, given: argparse.Namespace) -> int:
    """Show how far the facts have come that indicators count by; fold them anew with --rebuild."""
    if given.rebuild:
        relay(application.database)
        done = rebuild(application.database, application.versions)
        OUT.print(f"已重新折算 / folded anew: {done} 件 / tickets", markup=False)
    with application.database.looking() as transaction:
        state = facts.state(transaction)
    OUT.print(f"案卷 / tickets {state.tickets} · 任务 / tasks {state.tasks}", markup=False)
    OUT.print(f"尚无事实 / without facts {state.without}", markup=False)
    OUT.print(f"已折算至 / folded up to {state.position} / {state.last}", markup=False)
    if state.behind_since is not None:
        OUT.print(f"最早未折算 / oldest not folded: {shown(state.behind_since)}", markup=False)
    return 0
