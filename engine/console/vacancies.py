"""`huying vacancies`: in which areas and units nobody holds the posts that a workflow file waits for."""

import argparse
from collections.abc import Iterable, Sequence
from pathlib import Path

from engine.application import Application
from engine.console.printing import ERR, OUT, REFUSED, Add
from engine.definitions.loader import discover, load
from engine.definitions.model import Workflow
from engine.records import activations
from engine.records.vacancies import Unacknowledged, Vacancy, vacancies


def add(command: Add) -> None:
    """The command that lists them, every unit by name."""
    command("vacancies", _vacancies).add_argument("files", nargs="*", type=Path)


def _vacancies(application: Application, given: argparse.Namespace) -> int:
    """List for each workflow file where nobody holds a post that it waits for; exits with 1 if there is any."""
    asked = found_in(application, [load(path) for path in given.files] or discover())
    for workflow, found in asked:
        OUT.print(str(workflow.title), style="bold", markup=False)
        for one in found:
            OUT.print(f"  {told(one)}", markup=False)
            for code, name in one.units:
                OUT.print(f"    {name}（{code}）", markup=False)
    if not asked:
        OUT.print("各岗位均有人任职 / every post is held")
    return REFUSED if asked else 0


def ask(application: Application, definitions: Iterable[Workflow], *, acknowledged: bool) -> None:
    """Say what is vacant for those that are not in force yet.

    Errors: `Unacknowledged`, unless whoever typed the command has acknowledged it.
    """
    with application.database.looking() as transaction:
        running = {sha256 for _, sha256 in activations.in_force(transaction).values()}
    asked = found_in(application, [one for one in definitions if one.sha256 not in running])
    for workflow, found in asked:
        for one in found:
            few = "、".join(name for _, name in one.few)
            more = "…" if len(one.units) > len(one.few) else ""
            ERR.print(f"{workflow.key}: {told(one)}{'：' if few else ''}{few}{more}", style="yellow", markup=False)
    if asked and not acknowledged:
        raise Unacknowledged(
            "有的岗位无人任职（全部见 huying vacancies）；看过后加 --acknowledge 启用",
            "nobody holds some of the posts (huying vacancies lists all); look, then activate with --acknowledge",
        )


def found_in(application: Application, definitions: Sequence[Workflow]) -> list[tuple[Workflow, tuple[Vacancy, ...]]]:
    """The files for which something is vacant, with what that is."""
    now = application.clock.now()
    with application.database.looking() as transaction:
        asked = [(one, vacancies(transaction, one, now)) for one in definitions]
    return [(workflow, found) for workflow, found in asked if found]


def told(one: Vacancy) -> str:
    """One vacancy in a line, without its units."""
    posts_zh, posts_en = "、".join(post.zh for post in one.posts), " or ".join(post.en for post in one.posts)
    if not one.units:
        where = one.where if one.where.zh else None
        zh, en = (where.zh, where.en) if where else ("无人任职", "nobody holds it anywhere")
        return f"{one.title.zh}：{zh}（{posts_zh}） / {one.title.en}: {en} ({posts_en})"
    count = len(one.units)
    return (
        f"{one.title.zh}（{posts_zh}）：{count} 个{one.where.zh}无人任职 / "
        f"{one.title.en} ({posts_en}): vacant in {count} ({one.where.en})"
    )
