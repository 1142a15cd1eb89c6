"""The verdict on a whole file: sound, unsound with the way to each fault, or undecided, naming the bound that was hit.

First comes the quick walk through each scope by itself (`soundness`), which proves what it finds; then whole tickets
are explored. A small file is explored exactly. In a large one, what only bounds people is let free and nobody may count
on it: what then is sound is sound; what then is found is looked for once more, exactly.
"""

import gc
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from enum import StrEnum
from functools import partial
from threading import Lock
from typing import ClassVar, Final

from engine.analysis import findings, soundness
from engine.analysis.asides import Aside, Parts, always_answered, beyond
from engine.analysis.exploring import MOST, TASKS, Common, Space
from engine.analysis.findings import Seen, WayTo
from engine.analysis.influence import LEAD, asked_of, bounded, freed, limit_groups, limits
from engine.analysis.proving import Proof
from engine.analysis.soundness import Fault, Finding
from engine.definitions.model import Title, Workflow
from engine.definitions.walk import actions_of, every_action

#: Cases up to which a file is explored exactly at once.
SMALL = 400

#: What this does not decide, said with every verdict.
UNDECIDED_HERE: Final = Title(
    "不判定：实际时间与梯级先后、岗位上有没有人、回避后有没有人可办、同一单位的重复派遣、案件之间的连环等待",
    "Not decided: real time and the order of rungs, who holds a post, whether anybody is left when those who did it "
    "are barred, the same unit sent to again, chains of tickets that wait for each other",
)

_STUCK = (Fault.TRAP, Fault.CIRCLE, Fault.NOBODY, Fault.VAIN)
#: What is looked for in a group that stands aside.
_ASIDE = (Fault.UNANSWERED, Fault.ENDLESS, Fault.FAILS, *_STUCK)


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
    with _without_collector():
        parts = Parts(workflow)
        common = Common(parts.whole(), tasks=1)
        try:
            return _judged(parts, common, tasks, small, most)
        finally:
            common.grounds.forget()


def _judged(parts: Parts, common: Common, tasks: int, small: int, most: int) -> Verdict:
    quick = [one for one in soundness.examine(parts.workflow) if one.fault is not Fault.TOO_MANY]
    main, sure = parts.main(), True
    proof = Proof(main, tasks, most)
    exact = _small(main, common, tasks, small)
    way_there: WayTo = proof.way_to
    if exact is not None:
        first, found, seen = exact, findings.examine(exact), Seen()
        seen.add(exact)
        way_there = partial(findings.way_to, exact)
    else:
        first, found, seen, sure = _large(main, proof, common, tasks, most)
    for group, part in parts.asides():
        space, wrong, complete = _beside(part, group, main, common, exact is not None, (tasks, small, most))
        seen.add(space)
        sure = sure and complete
        found += _new(wrong, found)
    gone = findings.impossible(parts.workflow, first, seen, way_there)
    if exact is None and any(one.kind is not None for one in gone):
        seen.add(_heard(main, seen, tasks, most))
        gone = findings.impossible(parts.workflow, first, seen, way_there)
    # Where not all was walked through, what was not seen may be there all the same.
    found += gone if not seen.too_many else []
    if seen.too_many or not (found or sure):
        return _undecided(quick, found, seen, tasks, most)
    all_found = _merged(quick, found, way_there, seen)
    outcome = Outcome.UNSOUND if all_found else Outcome.SOUND
    return Verdict(outcome=outcome, findings=tuple(all_found), cases=seen.cases, tasks=tasks, freed=exact is None)


def _beside(
    part: Workflow, group: Aside, main: Workflow, common: Common, exactly: bool, bounds: tuple[int, int, int]
) -> tuple[Space, list[Finding], bool]:
    """A group that stands aside: what was walked through, what is wrong, and whether nothing else can be."""
    tasks, small, most = bounds
    if exactly:
        space = Space(part, tasks=tasks, most=small)
        if not space.too_many:
            return space, findings.examine(space), True
    # What is always answered need not be walked through further than to where each of its acts was possible.
    answered = not exactly and always_answered(part, group)
    space = _aside(part, main, common, beyond(part, main) if answered else frozenset())
    doubts = findings.aside(space)
    wrong, complete = _as_it_is(part, tasks, most) if doubts else ([], True)
    return space, wrong, complete


def _new(wrong: list[Finding], found: list[Finding]) -> list[Finding]:
    """What is wrong with a group that stands aside, and was not found without it."""
    told = {(one.fault, one.kind, one.state) for one in found}
    return [one for one in wrong if one.fault in _ASIDE and (one.fault, one.kind, one.state) not in told]


@contextmanager
def _without_collector() -> Iterator[None]:
    """What is walked through stays until all is said: to look for garbage in it again and again takes a third of the
    time, and finds none."""
    with _pausing:
        pauses = _Pauses.now = _Pauses.now + 1
        if pauses == 1:
            _Pauses.was_on = gc.isenabled()
            gc.disable()
    try:
        yield
    finally:
        with _pausing:
            _Pauses.now -= 1
            if not _Pauses.now and _Pauses.was_on:
                gc.enable()


class _Pauses:
    """How many verdicts are being found in this process, and whether there was a collector before."""

    now: ClassVar[int] = 0
    was_on: ClassVar[bool] = True


_pausing = Lock()


def _small(main: Workflow, common: Common, tasks: int, small: int) -> Space | None:
    """A file as it is, if it is small; not tried if one task of a kind and limits let free are too much already."""
    if Space(freed(main, limits(main))[0], tasks=1, most=small, common=common).too_many:
        return None
    space = Space(main, tasks=tasks, most=small)
    return None if space.too_many else space


def _large(
    main: Workflow, proof: Proof, common: Common, tasks: int, most: int
) -> tuple[Space, list[Finding], Seen, bool]:
    """What steers in a large file: the first space of it, what is surely wrong, what was seen, and whether nothing
    else can be wrong."""
    seen = Seen()
    first, doubts = _with_limits_free(main, limits(main), common, tasks, most, seen)
    if seen.too_many or not doubts:
        return first, [], seen, True
    found = proof.sure()
    if found:
        return first, found, seen, True
    # Marks and choices may be what leads on: only counters are let free.
    seen = Seen()
    first, doubts = _with_limits_free(main, limits(main) & {*main.caps, LEAD}, common, tasks, most, seen)
    if seen.too_many or not doubts:
        return first, [], seen, True
    found, complete = _exactly(main, tasks, most)
    return first, found, seen, complete


def _with_limits_free(
    main: Workflow, free_names: frozenset[str], common: Common, tasks: int, most: int, seen: Seen
) -> tuple[Space, list[Finding]]:
    """One task of a kind step by step, then several; where nothing is found there, there is nothing."""
    free, unsure = freed(main, free_names)
    first = Space(free, tasks=1, most=most, common=common)
    found: list[Finding] = []
    for space in (first, Space(free, tasks=tasks, most=most, roughly=True)):
        found += findings.examine(space, unsure)
        space.unproven = bounded(main, free_names)
        seen.add(space)
    for group in limit_groups(main):
        # What a limit bounds can be done only if it can be done with that limit kept.
        asked = bounded(main, group)
        # Who has the lead makes a difference only among several.
        for number in dict.fromkeys((1, tasks) if LEAD not in group else (tasks,)):
            kept = freed(main, free_names - group)[0]
            space = Space(kept, tasks=number, most=most, until=asked, common=common)
            space.unproven = bounded(main, free_names - group)
            seen.add(space)
            if asked <= {line for _, line, _ in space.done}:
                break
    return first, found


def _heard(main: Workflow, seen: Seen, tasks: int, most: int) -> Space:
    """Every step of all tasks, until all that was not done is: where nobody hears them, they were left out."""
    acts = ((kind.name, one) for kind in main.tasks.values() for one in actions_of(kind.states))
    lines = frozenset(int(one.line) for kind, one in acts if (kind, int(one.line), one.name) not in seen.done)
    gone = limits(main)
    space = Space(freed(main, gone)[0], tasks=tasks, most=most, roughly=True, heard=True, until=lines)
    space.unproven = bounded(main, gone)
    return space


def _aside(part: Workflow, main: Workflow, common: Common, until: frozenset[int]) -> Space:
    """A group that stands aside in a large file: with one task of a kind, and limits let free that are not its own."""
    lines = beyond(part, main)
    own = asked_of(one for one in every_action(part) if int(one.line) in lines)
    gone = limits(main) - own
    space = Space(freed(part, gone)[0], tasks=1, most=MOST, until=until, common=common)
    space.unproven = bounded(part, gone)
    return space


def _as_it_is(part: Workflow, tasks: int, most: int) -> tuple[list[Finding], bool]:
    """What is surely wrong in a part of a file, and whether nothing else can be."""
    found = Proof(part, tasks, most).sure()
    return (found, True) if found else _exactly(part, tasks, most)


def _exactly(part: Workflow, tasks: int, most: int) -> tuple[list[Finding], bool]:
    """What is wrong in a part of a file with several tasks of a kind; and whether that was looked at to the end."""
    space = Space(part, tasks=tasks, most=most)
    return findings.examine(space), not space.too_many


def _undecided(quick: list[Finding], found: list[Finding], seen: Seen, tasks: int, most: int) -> Verdict:
    """More cases than are walked through; what was proven before stands all the same."""
    if quick or found:
        return Verdict(outcome=Outcome.UNSOUND, findings=(*quick, *found), cases=seen.cases, tasks=tasks)
    zh = f"每类任务至多 {tasks} 项时，情形已超过 {most:,} 种，无法判定"
    en = f"with at most {tasks} tasks of a kind there are more than {most:,} situations: undecided"
    bound = Finding(fault=Fault.TOO_MANY, kind=None, state="", line=1, zh=zh, en=en)
    return Verdict(outcome=Outcome.UNDECIDED, findings=(bound,), cases=seen.cases, tasks=tasks)


def _merged(quick: list[Finding], found: list[Finding], way_there: WayTo, seen: Seen) -> list[Finding]:
    """What the quick walk says, with a way that can be walked; and what only the exploration has found."""
    left = list(found)
    merged: list[Finding] = []
    nowhere = {(one.kind, one.state) for one in found if one.fault is Fault.UNREACHED}
    for one in quick:
        if one.fault is not Fault.UNREACHED and (one.kind, one.state) in nowhere:
            # What is wrong in a state that nothing leads to is not to be told before something does.
            continue
        same = [other for other in left if _same(one, other)]
        if (
            not same
            and one.fault in (*_STUCK, Fault.ENDLESS)
            and (one.kind is None or (one.kind, one.state) in seen.left)
        ):
            # Walked through by itself a scope takes more for possible than there is: whole tickets never come there.
            continue
        left = [other for other in left if other not in same]
        way = next((other for other in same if other.way), None)
        if way is not None:
            merged.append(replace(one, way=way.way, trace=way.trace))
        else:
            there = way_there(one.kind, one.state)
            merged.append(replace(one, way=there) if there else one)
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
