"""A file that no run gets through is found before it goes live, and shown by a way there."""

import pytest

from engine.analysis import soundness
from engine.analysis.soundness import Fault, Finding
from engine.definitions.loader import discover, loads
from engine.definitions.model import Workflow
from tests.support.loops import SMALL

_HERE = "  review:\n    checking:\n"
_HOLD = "        hold: {title: 挂起 / Hold, by: checker, to: limbo}\n        pass: {"


def with_limbo(state: str, *more: tuple[str, str]) -> str:
    """The small file with one more state, to which the checker may send a ticket."""
    text = SMALL.replace(_HERE, f"  review:\n{state}    checking:\n", 1).replace("        pass: {", _HOLD, 1)
    for old, new in more:
        assert text.count(old) == 1, old
        text = text.replace(old, new)
    return text


def limbo(*actions: str) -> str:
    lines = ["    limbo:", "      title: 待定 / Limbo", *(["      actions:"] if actions else [])]
    return "\n".join([*lines, *(f"        {action}" for action in actions)]) + "\n"


def found(text: str) -> tuple[Finding, ...]:
    return soundness.examine(loads(text))


def line_of(text: str, part: str) -> int:
    return text[: text.index(part)].count("\n") + 1


@pytest.mark.parametrize("workflow", [*discover(), loads(SMALL)], ids=lambda workflow: workflow.key)
def test_the_shipped_files_are_sound(workflow: Workflow) -> None:
    assert soundness.examine(workflow) == ()


def test_a_state_without_a_way_out_is_found_with_the_acts_that_lead_there() -> None:
    text = with_limbo(limbo("note: {title: 记一笔 / Note, by: desk, form: [note!]}"))
    (trap,) = found(text)
    assert (trap.fault, trap.kind, trap.state, trap.line) == (Fault.TRAP, None, "limbo", line_of(text, "    limbo:"))
    assert [step.action.name for step in trap.trace] == ["report", "accept", "send", "fed_back", "hold"]
    assert [step.target for step in trap.trace] == ["reported", "filed", "handling", "checking", "limbo"]
    assert "“待定”就再也出不来" in trap.zh


def test_a_way_out_whose_condition_cannot_hold_any_more_is_none() -> None:
    back = "back: {title: 回 / Back, by: desk, when: reworks >= 2, to: checking}"
    (trap,) = found(with_limbo(limbo(back)))
    assert (trap.fault, trap.state) == (Fault.TRAP, "limbo")
    helped = found(with_limbo(limbo(back, "end: {title: 了结 / End, by: desk, when: reworks < 2, to: closed}")))
    assert helped == ()


def test_an_act_that_must_be_done_several_times_says_how_often() -> None:
    old = "        unchecked: {"
    new = "        give_up: {title: 放弃 / Give up, by: desk, when: reworks >= 2, to: lost}\n" + old
    lost = "    lost: {title: 无主 / Lost}\n"
    trap = found(SMALL.replace(_HERE, f"  review:\n{lost}    checking:\n", 1).replace(old, new))[0]
    assert (trap.fault, trap.state) == (Fault.TRAP, "lost")
    assert [step.times for step in trap.trace if step.action.name == "rework"] == [(("reworks", 2),)]


def test_states_that_only_lead_to_each_other_are_found() -> None:
    text = with_limbo(
        limbo("on: {title: 去 / On, by: desk, to: beyond}")
        + "    beyond: {title: 彼处 / Beyond, actions: {off: {title: 来 / Off, by: desk, to: limbo}}}\n"
    )
    (circle,) = found(text)
    assert (circle.fault, circle.state) == (Fault.CIRCLE, "limbo")
    assert "“待定”、“彼处”之间来回打转" in circle.zh
    assert circle.trace[-1].action.name == "hold"


def test_rules_that_go_round_by_themselves_are_found() -> None:
    text = with_limbo(
        limbo("on: {title: 去 / On, by: rule, when: not seen, to: checking}"),
        ("        hold: {title: 挂起 / Hold, by: checker, to: limbo}",
         "        hold: {title: 挂起 / Hold, by: rule, when: not seen, to: limbo}"),
    )  # fmt: skip
    endless = found(text)[0]
    assert endless.fault is Fault.ENDLESS
    assert {step.action.name for step in endless.trace} >= {"hold", "on"}
    assert "“待核查” → “待定” → “待核查”" in endless.zh or "“待定” → “待核查” → “待定”" in endless.zh


def test_a_start_by_rule_leaves_the_other_starts_possible() -> None:
    born = "starts:\n  born: {title: 衍生 / Born, by: rule, to: filed, form: [description]}\n"
    assert found(SMALL.replace("starts:\n", born, 1)) == ()


def test_what_nothing_leads_to_is_found() -> None:
    state = limbo("on: {title: 去 / On, by: desk, to: closed}")
    text = SMALL.replace(_HERE, f"  review:\n{state}    checking:\n", 1)
    (unreached,) = found(text)
    assert (unreached.fault, unreached.state, unreached.trace) == (Fault.UNREACHED, "limbo", ())


def test_an_action_whose_condition_never_holds_there_is_found() -> None:
    dead = "        early: {title: 早结 / Early, by: desk, when: reworks >= 1, to: refused}\n        accept: {"
    text = SMALL.replace("        accept: {", dead, 1)
    (never,) = found(text)
    assert (never.fault, never.line) == (Fault.DEAD, line_of(text, "        early:"))
    assert "“早结”" in never.zh
    assert [step.action.name for step in never.trace] == ["report"]


def test_a_join_waits_in_vain_for_tasks_that_nobody_sends_or_nobody_can_finish() -> None:
    unsent = found(SMALL.replace("\n               sends: {line: [lead, co]}, sets: firm}", "}", 1))
    assert {(one.fault, one.state) for one in unsent} >= {(Fault.UNREACHED, "checking")}
    unfinished = found(SMALL.replace("by: line, to: done, form: [result!]", "by: line, to: sent, form: [result!]", 1))
    assert (Fault.UNREACHED, None, "checking") in [(one.fault, one.kind, one.state) for one in unfinished]
    assert (Fault.UNREACHED, "line", "done") in [(one.fault, one.kind, one.state) for one in unfinished]


def test_a_task_that_cannot_end_is_found_in_its_own_words() -> None:
    finish = "          finish: {title: 办结 / Finish, by: line, to: done, form: [result!], meets: handle}"
    assert SMALL.count(finish) == 1
    stuck = SMALL.replace(finish, finish.replace("by: line,", "by: line, when: extensions >= 2,"), 1)
    assert found(stuck) == (), "extensions may be granted twice"
    more = "          finish: {title: 办结 / Finish, by: line, to: sent, form: [result!], meets: handle}"
    kinds = [(one.kind, one.fault) for one in found(SMALL.replace(finish, more, 1).replace("[sent, signed]", "[sent]"))]
    assert ("line", Fault.UNREACHED) in kinds


def test_more_places_than_are_walked_through_are_no_verdict(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(soundness, "MOST", 3)
    undecided = found(SMALL)
    assert {one.fault for one in undecided} == {Fault.TOO_MANY}
