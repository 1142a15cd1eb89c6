"""How commands speak: one clear line per failure, tables for people, JSON where asked."""

import argparse
from collections.abc import Callable

from rich.console import Console

from engine.application import Application
from engine.errors import HuyingError

OUT = Console(highlight=False, soft_wrap=True)
ERR = Console(stderr=True, highlight=False, soft_wrap=True)

#: Exit codes: 0 done · 1 the answer is no (refused, unsound, broken) · 2 the call itself is wrong.
REFUSED = 1
USAGE = 2
INTERRUPTED = 130

Run = Callable[[Application, argparse.Namespace], int]
#: Adds a command named by its first argument, whose help is the function's docstring.
Add = Callable[[str, Run], argparse.ArgumentParser]


def complain(refusal: HuyingError) -> None:
    """Print a refusal, or every one of those it carries."""
    every = refusal.details.get("all")
    for error in every if isinstance(every, list | tuple) else [refusal]:
        ERR.print(str(error), markup=False, style="red")


def say_if_behind(release: str | None) -> None:
    """A program that is one release behind works on, and says so."""
    if release is not None:
        ERR.print(
            f"数据库已是 {release} 版的结构，本程序较旧，可以继续，请尽快升级 / "
            f"The database's schema is of release {release}; this older program goes on, upgrade it soon",
            style="yellow", markup=False,
        )  # fmt: skip


def adder(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> Add:
    """What a group of commands adds itself with."""

    def add(name: str, run: Run) -> argparse.ArgumentParser:
        text = (run.__doc__ or "").strip().splitlines()[0]
        added = commands.add_parser(name, help=text, description=text)
        added.set_defaults(run=run, any_schema=False)
        return added

    return add


def nested(parser: argparse.ArgumentParser) -> Add:
    """Commands inside a command: `huying import catalogue`."""
    return adder(parser.add_subparsers(title="commands", metavar="WHAT"))
