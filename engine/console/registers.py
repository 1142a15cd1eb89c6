"""`huying register list | check | show | import | export | erase`: lists with fields of their own."""

import argparse
from pathlib import Path

from engine.application import Application
from engine.clock import shown as shown_moment
from engine.console.exchange import told
from engine.console.printing import OUT, REFUSED, Add, complain, nested
from engine.database import Transaction
from engine.definitions import register_file
from engine.definitions.register import Register
from engine.errors import DefinitionError, Malformed, NotFound
from engine.exchange import registers
from engine.records import register_keeping, register_rows


def add(command: Add) -> None:
    """The commands about registers."""
    register = nested(command("register", _which))
    register("list", _list)
    check = register("check", _check)
    check.add_argument("files", nargs="+", type=Path)
    check.set_defaults(any_schema=True)
    show = register("show", _show)
    show.add_argument("register")
    show.add_argument("code", nargs="?", help="one row with its history; all rows if missing")
    taking = register("import", _import)
    taking.add_argument("register")
    taking.add_argument("file", type=Path)
    taking.add_argument("--preview", action="store_true", help="say what would change, write nothing")
    taking.add_argument("--refused", type=Path, help="where the refused rows go; FILE.refused.csv here if missing")
    giving = register("export", _export)
    giving.add_argument("register")
    giving.add_argument("file", type=Path)
    erasing = register("erase", _erase)
    erasing.add_argument("register")
    erasing.add_argument("code")


def _which(application: Application, given: argparse.Namespace) -> int:
    """Lists with fields of their own: list, check, show, import, export, erase."""
    raise Malformed("请说明做什么：huying register --help", "say what to do: huying register --help")


def found(key: str) -> Register:
    """A register of this installation. Errors: `NotFound`."""
    known = register_file.discover()
    if key not in known:
        there = sorted(known)
        raise NotFound(
            f"没有名册“{key[:60]}”，现有：{'、'.join(there)}",
            f"there is no register '{key[:60]}'; there are {', '.join(there)}",
        )
    return known[key]


def _list(application: Application, given: argparse.Namespace) -> int:
    """Every register with its keepers and how many rows are in force."""
    with application.database.looking() as transaction:
        counts = register_rows.counted(transaction, application.clock.now())
    for register in register_file.discover().values():
        kept = f"{'、'.join(sorted(register.posts))} · {register.level}"
        OUT.print(f"{register.key} · {register.title} · {counts.get(register.key, 0)} 行 / rows · {kept}", markup=False)
    return 0


def _check(application: Application, given: argparse.Namespace) -> int:
    """Read register files and say what is wrong with them, by line."""
    failed = 0
    for path in given.files:
        try:
            register = register_file.load(path)
        except DefinitionError as error:
            complain(error)
            failed += 1
            continue
        OUT.print(
            f"{path}: {register.title} · {len(register.fields)} 项 / fields — 可以读取 / reads well", markup=False
        )
    return REFUSED if failed else 0


def _show(application: Application, given: argparse.Namespace) -> int:
    """The rows in force, or one row with every version of it."""
    register = found(given.register)
    with application.database.looking() as transaction:
        rows = _rows(transaction, register, application, given.code)
    for row in rows:
        filled = zip(register.fields.values(), registers.shown(register, row), strict=True)
        said = " · ".join(f"{field.title.zh} {text}" for field, text in filled if text)
        OUT.print(f"{row.code} · 第 {row.version} 版 / version · {said}", markup=False)
        OUT.print(f"  {shown_moment(row.recorded_at)} {row.recorded_by}", markup=False)
    return 0


def _rows(
    transaction: Transaction, register: Register, application: Application, code: str | None
) -> list[register_rows.Row]:
    if code is None:
        return register_rows.listed(transaction, register.key, application.clock.now(), limit=None)
    register_rows.newest(transaction, register.key, code)
    return register_rows.history(transaction, register.key, code)


def _import(application: Application, given: argparse.Namespace) -> int:
    """Put in the rows of a table; each change is a new version."""
    register = found(given.register)
    take = registers.preview_rows if given.preview else registers.apply_rows
    return told(given, take(application.database, register, given.file, application.clock.now()))


def _export(application: Application, given: argparse.Namespace) -> int:
    """Write the rows in force as CSV or Excel; what comes out can be imported again."""
    count = registers.export_rows(application.database, found(given.register), given.file, application.clock.now())
    OUT.print(f"{count} 行 / rows → {given.file}", markup=False)
    return 0


def _erase(application: Application, given: argparse.Namespace) -> int:
    """Erase the personal part of a row, in all of its versions."""
    key = found(given.register).key
    count = application.database.acting(lambda transaction: register_keeping.erase(transaction, key, given.code))
    OUT.print(f"{count} 个版本的个人信息已删除 / versions erased")
    return 0
