"""`huying points`: somebody's balance and newest lines, or everybody's balance."""

import argparse

from rich.table import Table

from engine.application import Application
from engine.clock import shown
from engine.console.printing import OUT, Add
from engine.database import Transaction
from engine.records import points
from engine.records.people import person_by_login
from engine.records.versions import Versions


def add(command: Add) -> None:
    """The command about points."""
    command("points", _points).add_argument("login", nargs="?", help="whose points; everybody's balance if missing")


def _points(application: Application, given: argparse.Namespace) -> int:
    """Show points: the balance is the sum of lines that are added and never changed."""
    with application.database.looking() as transaction:
        if given.login:
            _one(transaction, application.versions, given.login)
        else:
            _all(transaction)
    return 0


def _one(transaction: Transaction, versions: Versions, login: str) -> None:
    person = person_by_login(transaction, login)
    table = Table("时间 / at", "案卷 / ticket", "事由 / reason", "积分 / points")
    lines = points.lines(transaction, int(person.id or 0))
    titles = points.titles(transaction, versions, lines)
    for line in lines:
        reason = titles[line.workflow_id, line.reason].zh
        table.add_row(shown(line.at), f"{line.case_no} #{line.event_seq}", reason, f"{line.points:+}")
    OUT.print(table)
    OUT.print(f"{person.name} · 合计 / balance {points.balance(transaction, int(person.id or 0))}", markup=False)


def _all(transaction: Transaction) -> None:
    table = Table("账号 / login", "姓名 / name", "积分 / points")
    for login, name, total in points.balances(transaction):
        table.add_row(login, name, str(total))
    OUT.print(table)
