"""`huying sample list | check | draw | show | verify`: what was drawn, by which seed, and the same draw done again."""

import argparse
from pathlib import Path

from rich.box import SIMPLE_HEAD
from rich.table import Table

from engine.application import Application
from engine.background.facts import fold_facts
from engine.background.samples import again, draw_samples, standings
from engine.clock import shown
from engine.console.printing import OUT, REFUSED, Add, complain, nested
from engine.definitions import sample_file
from engine.errors import DefinitionError, Malformed, NotFound
from engine.records import samples


def add(command: Add) -> None:
    """The commands about samples."""
    sample = nested(command("sample", _which))
    sample("list", _list)
    check = sample("check", _check)
    check.add_argument("files", nargs="*", type=Path)
    check.set_defaults(any_schema=True)
    sample("draw", _draw)
    for name, work in (("show", _show), ("verify", _verify)):
        parser = sample(name, work)
        parser.add_argument("name")
        parser.add_argument("period", help="2026-03, 2026-W10, 2026-Q1")


def _which(application: Application, given: argparse.Namespace) -> int:
    """Samples of what was closed and of monitoring points: list, check, draw, show, verify."""
    raise Malformed("请说明做什么：huying sample --help", "say what to do: huying sample --help")


def _list(application: Application, given: argparse.Namespace) -> int:
    """Every sample, and how it stands with the period that comes next."""
    for one in standings(application.database, application.settings.samples, application.clock.now()):
        said = "已抽 / drawn" if one.drawn else str(one.waits) if one.waits else "待抽 / due"
        OUT.print(f"{one.sample.name} · {one.sample.title} · {one.period} · {said}", markup=False)
    return 0


def _check(application: Application, given: argparse.Namespace) -> int:
    """Read files, by default those of this installation, and name everything that is wrong with line and column."""
    files = given.files or sorted(sample_file.folder_of(application.settings.samples).glob("*.yaml"))
    wrong = False
    for path in files:
        try:
            found = sample_file.load(path)
        except DefinitionError as error:
            complain(error)
            wrong = True
        else:
            OUT.print(f"{path}: {'、'.join(found.samples)}", markup=False)
    return REFUSED if wrong else 0


def _draw(application: Application, given: argparse.Namespace) -> int:
    """Fold the facts, draw what is due now, and open the checks; the background work does the same every minute."""
    house = application
    fold_facts(house.database, house.versions, house.reporter_key, stopping=lambda: False)
    done = draw_samples(house.door, house.database, house.versions, house.settings.samples, house.clock)
    OUT.print(f"{done} 项 / done")
    return _list(application, given)


def _show(application: Application, given: argparse.Namespace) -> int:
    """One draw: seed, strata, lots."""
    with application.database.looking() as transaction:
        found = samples.draws(transaction, given.name, given.period)
        lots = samples.lots(transaction, given.name, given.period, None)
    if not found:
        raise NotFound("没有这次抽样", "there is no such draw")
    (draw,) = found
    OUT.print(
        f"{draw.name} {draw.period} · {draw.drawn}/{draw.total} · 封存 / seal {draw.seal} {draw.seed}\n"
        f"{draw.file} {draw.sha256} · {shown(draw.drawn_at)}",
        markup=False,
    )
    table = Table("分层\nStratum", "另列\nApart", "共\nTotal", "抽\nDrawn", box=SIMPLE_HEAD)
    for one in draw.strata:
        table.add_row(" / ".join(one.codes), "✓" if one.apart else "", str(one.total), str(one.drawn))
    OUT.print(table)
    for lot in lots:
        OUT.print(f"{lot.code} → {lot.check or '—'} {lot.state} · {lot.rank[:12]}", markup=False)
    return 0


def _verify(application: Application, given: argparse.Namespace) -> int:
    """Do a draw again by the kept file and seed, and compare; what differs is named."""
    with application.database.looking() as transaction:
        found = again(transaction, given.name, given.period)
    if not found.true_seed:
        OUT.print("种子不是期末后首次封存的根 / the seed is not the root of the first seal after the period")
    if not found.same_candidates:
        OUT.print("参加抽取的与当时不同 / what takes part is not what took part then")
    for code in found.missing:
        OUT.print(f"当时抽中、现在不中 / drawn then, not now: {code}", markup=False)
    for code in found.extra:
        OUT.print(f"现在抽中、当时不中 / drawn now, not then: {code}", markup=False)
    if found.sound:
        OUT.print(f"重抽一致 / the same again: {found.draw.drawn}/{found.draw.total}", style="bold green")
    return 0 if found.sound else REFUSED
