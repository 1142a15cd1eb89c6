"""Whole tickets of a file: every verdict, with its way walked through the door."""

import json
from collections import OrderedDict

import pytest

from engine import resources
from engine.analysis import findings, proven, verdict
from engine.analysis.asides import Parts
from engine.analysis.exploring import Space
from engine.analysis.soundness import Fault
from engine.analysis.verdict import Outcome, Verdict
from engine.definitions.loader import discover, loads
from engine.definitions.model import Workflow
from engine.stages import judging, rehearsal
from engine.stages.rehearsal import Replay
from tests.support.loops import SMALL, small


def judged(old: str, new: str) -> judging.Judged:
    assert SMALL.count(old) == 1, old
    return judging.judge(loads(SMALL.replace(old, new, 1)))


def faults(said: judging.Judged) -> set[Fault]:
    return {one.fault for one in said.verdict.findings}


def test_the_file_of_tests_is_sound_as_whole_tickets() -> None:
    said = verdict.judge(loads(SMALL))
    assert (said.outcome, said.findings) == (Outcome.SOUND, ())


@pytest.mark.slow
def test_shipped_files_are_sound_and_what_is_kept_of_that_is_what_this_code_finds() -> None:
    kept = json.loads((resources.workflows() / proven.NAME).read_text(encoding="utf-8"))
    assert set(kept["sound"]) == {one.sha256 for one in discover()}
    assert kept == proven.prove(), "run python -m engine.analysis.proven"


def test_what_was_proven_is_not_explored_again_and_other_code_or_another_text_is(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    (shipped,) = (one for one in discover() if one.key == "block-calls-line-responds")
    assert judging.judge(shipped).before
    monkeypatch.setattr(judging, "_known", OrderedDict())
    explored: list[str] = []

    def noted(workflow: Workflow) -> Verdict:
        explored.append(workflow.key)
        return Verdict(outcome=Outcome.SOUND)

    monkeypatch.setattr(verdict, "judge", noted)
    judging.judge(shipped)
    assert explored == []
    judging.judge(shipped, anew=True)
    judging.judge(loads(SMALL))
    monkeypatch.setattr(proven, "code", lambda: "other")
    monkeypatch.setattr(judging, "_known", OrderedDict())
    judging.judge(shipped)
    assert explored == [shipped.key, loads(SMALL).key, shipped.key]


@pytest.mark.parametrize("workflow", discover(), ids=lambda workflow: workflow.key)
def test_the_way_to_every_state_is_what_the_door_does(workflow: Workflow) -> None:
    space = Space(Parts(workflow).main(), most=300)
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
