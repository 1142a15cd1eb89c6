"""The command line: `huying COMMAND`. Every command reads its settings from the environment (see `settings`)."""

import argparse
import sys
from collections.abc import Sequence

import psycopg
from sqlalchemy.exc import OperationalError

from engine.application import Application
from engine.console import (
    admission,
    backup,
    births,
    calendars,
    exchange,
    facts,
    figures,
    installation,
    links,
    meetings,
    mine,
    outbox,
    paths,
    periods,
    points,
    proposals,
    registers,
    reports,
    rhythms,
    roster,
    samples,
    schedule,
    scores,
    seals,
    tickets,
    workflow_files,
)
from engine.console.printing import ERR, INTERRUPTED, REFUSED, USAGE, adder, complain, say_if_behind
from engine.errors import HuyingError
from engine.records import schema
from engine.settings import Settings


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
            if not given.any_schema:
                say_if_behind(schema.expect_current(application.database))
            return int(given.run(application, given) or 0)
        finally:
            application.close()
    except HuyingError as refusal:
        complain(refusal)
        return REFUSED
    except (OperationalError, psycopg.OperationalError) as failure:
        # The driver says where it knocked and what it heard; it never repeats a password.
        said = str(getattr(failure, "orig", None) or failure).splitlines()[0]
        ERR.print(f"数据库没有应答 / The database does not answer: {said}", style="bold red", markup=False)
        return REFUSED
    except KeyboardInterrupt:
        ERR.print("已中断 / Interrupted")
        return INTERRUPTED


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="huying", description="呼应：块呼条应、多格合一 / tickets of grid governance")
    commands = parser.add_subparsers(title="commands", metavar="COMMAND")
    for group in (
        installation,
        backup,
        schedule,
        workflow_files,
        calendars,
        tickets,
        exchange,
        facts,
        figures,
        scores,
        periods,
        reports,
        outbox,
        paths,
        links,
        rhythms,
        meetings,
        mine,
        registers,
        admission,
        births,
        points,
        proposals,
        roster,
        samples,
        seals,
    ):
        group.add(adder(commands))
    return parser


if __name__ == "__main__":
    sys.exit(main())
