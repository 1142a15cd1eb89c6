"""Whole tickets of a file: every verdict, with its way walked through the door."""

import os

import pytest

from engine.analysis import findings, verdict
from engine.analysis.exploring import Space
from engine.analysis.influence import main_part
from engine.analysis.soundness import Fault
from engine.analysis.verdict import Outcome
from engine.definitions.loader import discover, loads
from engine.definitions.model import Workflow
from engine.stages import judging, rehearsal
from engine.stages.rehearsal import Replay
from tests.support.loops import SMALL, small

LARGE = ("block-calls-line-responds", "multi-grid-in-one")


def judged(old: str, new: str) -> judging.Judged:
    assert SMALL.count(old) == 1, old
    return judging.judge(loads(SMALL.replace(old, new, 1)))


def faults(said: judging.Judged) -> set[Fault]:
    return {one.fault for one in said.verdict.findings}


@pytest.mark.parametrize("workflow", [*discover(), loads(SMALL)], ids=lambda workflow: workflow.key)
def test_shipped_files_are_sound_as_whole_tickets(workflow: Workflow) -> None:
    if workflow.key in LARGE:
        pytest.skip("below")
    said = verdict.judge(workflow)
    assert (said.outcome, said.findings) == (Outcome.SOUND, ())


@pytest.mark.skipif("HUYING_SOAK" not in os.environ, reason="takes some seconds each: HUYING_SOAK=1")
@pytest.mark.parametrize("key", LARGE)
def test_the_large_shipped_files_are_sound_too(key: str) -> None:
    (workflow,) = (one for one in discover() if one.key == key)
    assert verdict.judge(workflow).outcome is Outcome.SOUND


@pytest.mark.parametrize("workflow", discover(), ids=lambda workflow: workflow.key)
def test_the_way_to_every_state_is_what_the_door_does(workflow: Workflow) -> None:
    space = Space(main_part(workflow), most=300)
    ways = [findings.way_to(space, None, name) for name in workflow.states]
    walked = rehearsal.walk(workflow, [way for way in ways if way])
    assert {one.replay for one in walked} == {Replay.WALKED}, [one for one in walked if one.replay is not Replay.WALKED]


def test_a_trap_is_shown_with_a_way_that_was_walked() -> None:
    said = judging.judge(loads(small(trapped=True)))
    assert (said.verdict.outcome, faults(said)) == (Outcome.UNSOUND, {Fault.TRAP})
    (walked,) = said.walked
    assert (walked.replay, walked.acts) == (Replay.WALKED, 6)


def test_a_ruling_that_a_rule_undoes_at_once_is_found() -> None:
    said = judged(
        "        look: {",
        "        back: {title: 退 / Back, by: rule, when: reworks >= 1, to: reported}\n        look: {",
    )
    assert Fault.UNDONE in faults(said)


def test_a_rung_that_may_not_act_where_it_fires_is_found() -> None:
    said = judged(
        "unchecked: {title: 逾期 / Unchecked, by: clock,", "unchecked: {title: 逾期 / Unchecked, by: clock, when: seen,"
    )
    moot = [one for one in said.verdict.findings if one.fault is Fault.MOOT]
    assert moot
    assert moot[0].trace[-1].moot


def test_a_join_that_waits_for_nobody_is_found() -> None:
    said = judged("when: not lead and not firm, to: withdrawn}", "to: withdrawn}")
    assert Fault.VAIN in faults(said)


def test_a_request_without_an_answer_is_found() -> None:
    said = judged(
        "noted: {title: 已记录 / Noted, by: desk}", "noted: {title: 已记录 / Noted, by: desk, when: reworks >= 9}"
    )
    assert Fault.DEAD in faults(said)


def test_more_cases_than_are_walked_through_are_no_verdict_and_no_permission() -> None:
    said = verdict.judge(loads(SMALL), small=1, most=5)
    assert said.outcome is Outcome.UNDECIDED
    assert "5" in said.findings[0].zh
    assert not judging.Judged(verdict=said, walked=()).sound


def test_a_way_that_cannot_be_walked_is_called_a_fault_of_the_checker(monkeypatch: pytest.MonkeyPatch) -> None:
    workflow = loads(small(trapped=True).replace("小循环", "另一循环", 1))
    way = verdict.judge(workflow).findings[0].way
    forged = (*way[:2], way[-1])
    (walked,) = rehearsal.walk(workflow, [forged])
    assert walked.replay is Replay.DIFFERS
    assert walked.said is not None
    assert "检查器有误" in walked.said.zh
