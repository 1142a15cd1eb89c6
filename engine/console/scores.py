"""`huying score SHEET`: who stands where, with each line of one unit's sheet."""

import argparse

from rich.box import SIMPLE_HEAD
from rich.table import Column, Table

from engine.application import Application
from engine.clock import shown
from engine.console.printing import OUT, Add
from engine.definitions.score_file import amount
from engine.records import score_sheets, scores
from engine.records.indicators import Asked
from engine.records.scores import Scored
from engine.rules import cut_off
from engine.rules.scoring import Score


def add(command: Add) -> None:
    """The command about scores."""
    score = command("score", _score)
    score.add_argument("sheet", help="one of the score sheets")
    score.add_argument("--period", default="", metavar="MONTH", help="2026-10; by default the running one")
    score.add_argument("--area", default="", metavar="CODE")
    score.add_argument("--unit", default="", metavar="CODE", help="this unit's sheet, line by line")
    score.add_argument("--all-count", action="store_true", help="count what is exempted as well")


def _score(application: Application, given: argparse.Namespace) -> int:
    """The units of a score sheet with points, grades and places; with --unit one of them line by line."""
    now = application.clock.now()
    with application.database.looking() as transaction:
        formulas = score_sheets.of(transaction, given.sheet)
        label = given.period or cut_off.label_at(now, formulas.sheet.cut_off)
        since, until = cut_off.span(label, formulas.sheet.cut_off)
        asked = Asked(since=since, until=until, as_of=now, area=given.area)
        exempt = not given.all_count
        if given.unit:
            name, found = scores.of_unit(transaction, formulas, asked, given.unit, exempt=exempt)
            OUT.print(f"{formulas.sheet.title.zh} {label} · {name}", markup=False, style="bold")
            OUT.print(_lines(found))
            return 0
        ranking = scores.scored(transaction, formulas, asked, exempt=exempt)
    OUT.print(f"{formulas.sheet.title.zh} / {formulas.sheet.title.en} {label}", markup=False, style="bold")
    OUT.print(f"{shown(since)} – {shown(until)} · 截至 / as of {shown(now)}", markup=False)
    OUT.print(_ranking(ranking))
    return 0


def points(hundredths: int | None) -> str:
    """Points like `87.50`; a dash for none."""
    return "—" if hundredths is None else f"{hundredths // 100}.{hundredths % 100:02}"


def _ranking(found: Scored) -> Table:
    parts = [Column(f"{part.title.zh}\n{amount(part.weight)}", justify="right") for part in found.sheet.parts.values()]
    steps = [Column(step.title.zh, justify="right") for step in found.sheet.steps.values()]
    table = Table(
        "名次\nPlace",
        "单位\nUnit",
        Column("得分\nScore", justify="right"),
        "等级\nGrade",
        *parts,
        *steps,
        box=SIMPLE_HEAD,
    )
    for unit in found.order:
        one = found.scores[unit]
        table.add_row(
            str(found.places.get(unit, "—")), f"{unit} {found.names.get(unit, '')}", points(one.points),
            one.grade or "—", *(points(line.points) for line in one.parts),
            *(f"-{points(line.points)}" for line in one.steps),
        )  # fmt: skip
    return table


def _lines(found: Score) -> Table:
    table = Table(
        "项目\nLine",
        *(Column(name, justify="right") for name in ("÷", "权重\nWeight", "得分\nPoints")),
        box=SIMPLE_HEAD,
    )
    for line in found.parts:
        share = line.share
        over = share.numerator if share.total is None else share.total
        table.add_row(line.part.title.zh, f"{over} ÷ {share.denominator}", amount(line.weight), points(line.points))
    for step in found.steps:
        for taken in step.taken:
            table.add_row(
                f"{step.step.title.zh} {taken.piece.case_no}", f"#{taken.nth}", "", f"-{points(taken.points)}"
            )
        table.add_row(step.step.title.zh, str(len(step.taken)), "", f"-{points(step.points)}")
    table.add_section()
    table.add_row("总分 / Score", found.grade, "", points(found.points), style="bold")
    return table
