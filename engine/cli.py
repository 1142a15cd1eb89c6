"""The command line: `huying COMMAND`. Every command reads its settings from the environment (see `settings`)."""

import argparse
import sys
from collections.abc import Sequence
from importlib import import_module

import psycopg
from sqlalchemy.exc import OperationalError

from engine.application import Application
from engine.console.printing import ERR, INTERRUPTED, REFUSED, USAGE, adder, complain, say_if_behind
from engine.errors import DatabaseAway, HuyingError
from engine.records import schema
from engine.settings import Settings

#: The modules of `engine.console` and their commands. Each command loads only what it needs: half as much as all.
MODULES = {
    "installation": "demo serve migrate verify work password token bench",
    "schedule": "schedule",
    "workflow_files": "check diagram activate workflows",
    "calendars": "calendar",
    "tickets": "report act upload show actions",
    "exchange": "import export",
    "facts": "facts",
    "figures": "figures",
    "scores": "score",
    "periods": "period",
    "reports": "reports",
    "outbox": "outbox notify",
    "paths": "paths",
    "links": "contact",
    "rhythms": "rhythm",
    "meetings": "meeting",
    "mine": "mine",
    "registers": "register",
    "admission": "admission",
    "births": "draw",
    "personal": "personal",
    "points": "points",
    "proposals": "frequent rebuild",
    "roster": "handover roster",
    "samples": "sample",
    "seals": "seal seals",
    "explain": "explain",
    "vacancies": "vacancies",
    "backup": "backup restore",
}


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; expected failures print one clear line and exit with `REFUSED` or `USAGE`."""
    words = sys.argv[1:] if arguments is None else list(arguments)
    parser = _parser(words[0] if words else None)
    given = parser.parse_args(words)
    if not hasattr(given, "run"):
        parser.print_help()
        return USAGE
    try:
        application = Application.of(Settings.from_environment())
        try:
            if not given.any_schema:
                say_if_behind(schema.expect_current(application.database))
            return int(given.run(application, given) or 0)
        finally:
            application.close()
    except (DatabaseAway, OperationalError, psycopg.OperationalError) as failure:
        # The driver says where it knocked and what it heard; it never repeats a password.
        heard = failure.__cause__ if isinstance(failure, DatabaseAway) else failure
        said = str(getattr(heard, "orig", None) or heard).splitlines()[0]
        ERR.print(f"数据库没有应答 / The database does not answer: {said}", style="bold red", markup=False)
        return REFUSED
    except HuyingError as refusal:
        complain(refusal)
        return REFUSED
    except KeyboardInterrupt:
        ERR.print("已中断 / Interrupted")
        return INTERRUPTED


def _parser(command: str | None = None) -> argparse.ArgumentParser:
    """The parser of that command, of all if there is no such one."""
    parser = argparse.ArgumentParser(prog="huying", description="呼应：块呼条应、多格合一 / tickets of grid governance")
    commands = parser.add_subparsers(title="commands", metavar="COMMAND")
    wanted = [module for module, names in MODULES.items() if command in names.split()]
    for module in wanted or MODULES:
        import_module(f"engine.console.{module}").add(adder(commands))
    return parser


if __name__ == "__main__":
    sys.exit(main())
