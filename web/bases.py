"""What tasks of bound units rest on, in the words of the history and beside the task."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from engine.application import Application
from engine.database import Transaction
from engine.definitions import admission_rules
from engine.definitions.model import Title
from engine.records.access import Viewer
from engine.records.sheet import Sheet
from engine.rules.basis import said
from engine.stages.refusals import resting_on


@dataclass(frozen=True, slots=True, kw_only=True)
class Rests:
    """What one open task rests on today; nothing when it has lost its basis."""

    on: Title | None
    #: Whether the reader may hand it back with one tap.
    refusable: bool


def told(facts: Mapping[str, Any], whose: Callable[[int], str]) -> Iterator[tuple[Title, tuple[Title | str, ...]]]:
    """The lines of an event about admission; `whose` says whose task a seq is."""
    given, bases = facts.get("admission"), facts.get("basis")
    if isinstance(given, Mapping):
        text = Title(
            f"{given['number']}，有效至 {given['until']}", f"{given['number']}, in force until {given['until']}"
        )
        yield Title("准入编号", "Admission number"), (text,)
    if "admission_ended" in facts:
        yield Title("准入失效", "Admission ended"), (str(facts["admission_ended"]),)
    for one in bases if isinstance(bases, list) else ():
        yield Title("派遣依据", "Basis"), (f"{whose(int(one['task']))}：{said(one).zh}",)


def rests(house: Application, transaction: Transaction, viewer: Viewer, sheet: Sheet) -> dict[int, Rests]:
    """What the open tasks of bound units rest on, by seq; for officials only."""
    if not sheet.sight.official:
        return {}
    rules = admission_rules.shipped()
    own = {held.department_id for held in viewer.posts if held.post in rules.refusing}
    found = resting_on(transaction, rules, sheet.case, house.clock.now())
    return {
        seq: Rests(
            on=basis.said() if basis else None,
            refusable=basis is None and sheet.case.tasks[seq].department_id in own,
        )
        for seq, (_, basis) in found.items()
    }
