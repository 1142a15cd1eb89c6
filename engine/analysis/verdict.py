"""The verdict on a whole file: sound, unsound with the way to each fault, or undecided, naming the bound that was hit.

First comes the quick walk through each scope by itself (`soundness`), which proves what it finds; then whole tickets
are explored. A small file is explored exactly. In a large one, what only bounds people is let free and nobody may count
on it: what then is sound is sound; what then is found is looked for once more, exactly.
"""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Final

from engine.analysis import findings, soundness
from engine.analysis.exploring import MOST, TASKS, Space
from engine.analysis.influence import asides, bounded, freed, limit_groups, limits, main_part
from engine.analysis.soundness import Fault, Finding
from engine.definitions.model import Title, Workflow

#: Cases up to which a file is explored exactly at once.
SMALL = 400

#: What this does not decide, said with every verdict.
UNDECIDED_HERE: Final = Title(
    "不判定：实际时间与梯级先后、岗位上有没有人、回避后有没有人可办、同一单位的重复派遣、案件之间的连环等待",
    "Not decided: real time and the order of rungs, who holds a post, whether anybody is left when those who did it "
    "are barred, the same unit sent to again, chains of tickets that wait for each other",
)

_STUCK = (Fault.TRAP, Fault.CIRCLE, Fault.NOBODY, Fault.VAIN)


class Outcome(StrEnum):
    """What a check of a file comes to."""

    SOUND = "sound"
    UNSOUND = "unsound"
    UNDECIDED = "undecided"


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """What a check of a file comes to, and what it looked at."""

    outcome: Outcome
    findings: tuple[Finding, ...] = ()
    #: Cases that were walked through, and how many tasks of a kind there were at most.
    cases: int = 0
    tasks: int = TASKS
    #: Whether limits on people were let free, because the file has too many cases.
    freed: bool = False


def judge(workflow: Workflow, *, tasks: int = TASKS, small: int = SMALL, most: int = MOST) -> Verdict:
    """The verdict on a file.

    1. walk through each scope alone
    2. explore what steers, exactly if it is small, else with limits let free
    3. explore each group that stands aside, with one task of a kind
    4. states never reached and actions never possible, over all of them
    """
    quick = [one for one in soundness.examine(workflow) if one.fault is not Fault.TOO_MANY]
    main = main_part(workflow)
    exact = Space(main, tasks=tasks, most=small)
    spaces, found, free = [exact], [], exact.too_many
    if not free:
        found = findings.examine(exact)
    else:
        spaces, found = _with_limits_free(main, limits(main), tasks, most)
        if any(one.fault not in (Fault.UNREACHED, Fault.DEAD) for one in found):
            # Marks and choices may be what leads on: only counters are let free.
            spaces, found = _with_limits_free(main, limits(main) & main.caps.keys(), tasks, most)
        if any(space.too_many for space in spaces):
            return _undecided(quick, spaces, tasks, most)
    for _, part in asides(workflow):
        space = _aside(part, tasks, small, free=free)
        if space.too_many:
            return _undecided(quick, [*spaces, space], tasks, most)
        spaces.append(space)
        looked_for = (Fault.UNANSWERED, Fault.ENDLESS, Fault.FAILS, *(_STUCK if not free else ()))
        told = {(one.fault, one.kind, one.state) for one in found}
        found += [
            one for one in findings.examine(space)
            if one.fault in looked_for and (one.fault, one.kind, one.state) not in told
        ]  # fmt: skip
    found += findings.impossible(workflow, spaces)
    if free and found:
        found, complete = _exactly(main, found, tasks, most)
        if not found and not complete:
            return _undecided(quick, spaces, tasks, most)
    all_found = _merged(quick, found, spaces)
    cases = sum(len(space.spots) for space in spaces)
    outcome = Outcome.UNSOUND if all_found else Outcome.SOUND
    return Verdict(outcome=outcome, findings=tuple(all_found), cases=cases, tasks=tasks, freed=free)


def _with_limits_free(
    main: Workflow, free_names: frozenset[str], tasks: int, most: int
) -> tuple[list[Space], list[Finding]]:
    """One task of a kind step by step, then several; where nothing is found there, there is nothing."""
    free, unsure = freed(main, free_names)
    spaces = [Space(free, tasks=1, most=most), Space(free, tasks=tasks, most=most, roughly=True)]
    found = [one for space in spaces for one in findings.examine(space, unsure)]
    for space in spaces:
        space.unproven = bounded(main, free_names)
    for group in limit_groups(main):
        # What a limit bounds can be done only if it can be done with that limit kept.
        asked = bounded(main, group)
        for number in dict.fromkeys((1, tasks)):
            space = Space(freed(main, free_names - group)[0], tasks=number, most=most, until=asked)
            space.unproven = bounded(main, free_names - group)
            spaces.append(space)
            if asked <= {line for _, line, _ in space.done}:
                break
    return spaces, found


def _aside(part: Workflow, tasks: int, small: int, *, free: bool) -> Space:
    """A group that stands aside; in a large file limits are let free, its own are not."""
    space = None if free else Space(part, tasks=tasks, most=small)
    if space is not None and not space.too_many:
        return space
    gone = limits(main_part(part))
    space = Space(freed(part, gone)[0], tasks=1, most=MOST)
    space.unproven = bounded(part, gone)
    return space


def _exactly(main: Workflow, rough: list[Finding], tasks: int, most: int) -> tuple[list[Finding], bool]:
    """What was found with limits let free, looked for as it is; and whether that was looked at to the end."""
    proven = [one for one in rough if one.fault in (Fault.UNREACHED, Fault.DEAD)]
    if len(proven) == len(rough):
        return proven, True
    space = Space(main, tasks=tasks, most=most)
    found = findings.examine(space)
    if space.too_many:
        # Of a part of the space only what was done there is known.
        found = [
            one for one in found if one.fault in (Fault.ENDLESS, Fault.FAILS, Fault.MOOT, Fault.UNDONE, Fault.LEFT)
        ]
    return [*found, *proven], not space.too_many


def _undecided(quick: list[Finding], spaces: Iterable[Space], tasks: int, most: int) -> Verdict:
    """More cases than are walked through; what the quick walk has proven stands all the same."""
    cases = sum(len(space.spots) for space in spaces)
    if quick:
        return Verdict(outcome=Outcome.UNSOUND, findings=tuple(quick), cases=cases, tasks=tasks)
    zh = f"每类任务至多 {tasks} 项时，情形已超过 {most:,} 种，无法判定"
    en = f"with at most {tasks} tasks of a kind there are more than {most:,} situations: undecided"
    found = Finding(fault=Fault.TOO_MANY, kind=None, state="", line=1, zh=zh, en=en)
    return Verdict(outcome=Outcome.UNDECIDED, findings=(found,), cases=cases, tasks=tasks)


def _merged(quick: list[Finding], found: list[Finding], spaces: list[Space]) -> list[Finding]:
    """What the quick walk says, with a way that can be walked; and what only the exploration has found."""
    left = list(found)
    merged: list[Finding] = []
    nowhere = {(one.kind, one.state) for one in found if one.fault is Fault.UNREACHED}
    for one in quick:
        if one.fault is not Fault.UNREACHED and (one.kind, one.state) in nowhere:
            # What is wrong in a state that nothing leads to is not to be told before something does.
            continue
        same = [other for other in left if _same(one, other)]
        if not same and one.fault in (*_STUCK, Fault.ENDLESS) and (one.kind is None or findings.leaves(spaces, one)):
            # Walked through by itself a scope takes more for possible than there is: whole tickets never come there.
            continue
        left = [other for other in left if other not in same]
        way = next((other for other in same if other.way), None)
        if way is not None:
            merged.append(replace(one, way=way.way, trace=way.trace))
        else:
            way_there = findings.way_to(spaces[0], one.kind, one.state)
            merged.append(replace(one, way=way_there) if way_there else one)
    return [*merged, *left]


def _same(quick: Finding, found: Finding) -> bool:
    if quick.fault in _STUCK and found.fault in _STUCK:
        return quick.kind is None and found.kind is None and quick.state == found.state
    if quick.fault is not found.fault:
        return False
    return quick.fault is Fault.ENDLESS or (quick.kind, quick.state, quick.line) == (
        found.kind,
        found.state,
        found.line,
    )
