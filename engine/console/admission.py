"""`huying admission check | show`: what binds villages, and what one of them may be asked now."""

import argparse
from pathlib import Path

from engine import resources
from engine.application import Application
from engine.console.printing import OUT, REFUSED, Add, complain, nested
from engine.definitions import admission_rules
from engine.errors import DefinitionError, Malformed, NotFound
from engine.records import admissions
from engine.records.asking import ids_of


def add(command: Add) -> None:
    """The commands about admission."""
    admission = nested(command("admission", _which))
    check = admission("check", _check)
    check.add_argument("file", nargs="?", type=Path, help="the rules of this installation if missing")
    check.set_defaults(any_schema=True)
    admission("show", _show).add_argument("unit")


def _which(application: Application, given: argparse.Namespace) -> int:
    """What villages may be asked: check, show."""
    raise Malformed("请说明做什么：huying admission --help", "say what to do: huying admission --help")


def _check(application: Application, given: argparse.Namespace) -> int:
    """Read the rules of admission and say what is wrong with them, by line."""
    path = given.file or resources.workflows() / admission_rules.FILE
    try:
        rules = admission_rules.read(path)
    except DefinitionError as error:
        complain(error)
        return REFUSED
    OUT.print(f"{path}: {rules.title} — 可以读取 / reads well", markup=False)
    return 0


def _show(application: Application, given: argparse.Namespace) -> int:
    """What a village may be asked now: its lists and the admissions in force."""
    rules, now = admission_rules.shipped(), application.clock.now()
    with application.database.looking() as transaction:
        ids = ids_of(transaction, "department", "code", [given.unit]).values()
        found = admissions.units(transaction, rules, list(ids))
        if not found:
            raise NotFound(
                f"没有编码为“{given.unit[:60]}”的居村组织", f"no village has the code '{given.unit[:60]}'"
            )  # fmt: skip
        bound = admissions.bounds(transaction, rules, found, now)[found[0].id]
    OUT.print(bound.name, markup=False)
    for duty in bound.duties:
        items = "、".join(sorted(duty.items))
        OUT.print(f"  {duty.list.zh} · {duty.code} {duty.matter}{f'（{items}）' if items else ''}", markup=False)
    for permit in bound.permits:
        if permit.in_force(bound.today):
            items = "、".join(sorted(permit.items))
            OUT.print(f"  {permit.number} {permit.matter}（{items}） 至 / until {permit.until}", markup=False)
    return 0
