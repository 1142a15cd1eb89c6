"""`huying frequent` and `huying rebuild`: what stands out, and what proposals rest on."""

import argparse
import json

from rich.table import Table

from engine.application import Application
from engine.background.proposals import rebuild
from engine.console.printing import OUT, Add
from engine.definitions import thresholds
from engine.records.frequent import Busy, busy, roots
from engine.rules.frequent import said


def add(command: Add) -> None:
    """The commands about proposals."""
    command("frequent", _frequent).add_argument("--json", action="store_true")
    command("rebuild", _rebuild)


def _frequent(application: Application, given: argparse.Namespace) -> int:
    """Items at places and in areas that come more often than they used to, proposed for the problem list."""
    rules = thresholds.shipped().frequent
    with application.database.looking() as transaction:
        found = busy(transaction, roots(transaction), application.clock.now(), rules)
    if given.json:
        OUT.print_json(json.dumps([_plain(one) for one in found], ensure_ascii=False))
        return 0
    table = Table("事项 / item", "区域 / area", "范围 / where", "数字 / figures", "案卷 / tickets")
    for one in found:
        where = "一处 / one place" if one.cell is not None else "全域 / all of it"
        figures = said(one.standout, rules.days)
        table.add_row(one.item_name, one.area_name, where, f"{figures.zh}\n{figures.en}", "\n".join(one.tickets[:5]))
    OUT.print(table if found else "没有 / none")
    return 0


def _plain(one: Busy) -> dict[str, object]:
    counted = one.standout.counted
    return {
        "item": one.item,
        "area": one.area,
        "one_place": one.cell is not None,
        "recent": counted.recent,
        "past": counted.past,
        "past_days": counted.past_days,
        "expected": round(one.standout.expected, 3),
        "chance": one.standout.chance,
        "tickets": list(one.tickets),
    }


def _rebuild(application: Application, given: argparse.Namespace) -> int:
    """Make places, words, precedents and relapse links again from the histories; acts go on meanwhile."""
    counts = rebuild(application.database)
    OUT.print(
        f"{counts['tickets']:,} 件案卷 / tickets："
        f"{counts['places']:,} 个地点 / places，{counts['texts']:,} 份文字 / texts，"
        f"{counts['precedents']:,} 条先例 / precedents，{counts['relapses']:,} 处复发 / relapses，"
        f"{counts['appraisals']:,} 条考评 / appraisals"
    )
    return 0
