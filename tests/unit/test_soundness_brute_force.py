"""The verdict is what brute force says: on files drawn by chance, and on shipped ones with something taken out."""

from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, assume, given, settings

from engine import resources
from engine.analysis import verdict
from engine.analysis.soundness import Fault
from engine.analysis.verdict import Outcome, Verdict
from engine.definitions.loader import loads
from engine.definitions.model import Workflow
from engine.errors import DefinitionError
from tests.support.brute import Brute, Found, TooMany
from tests.support.small_files import files

#: A file that differs is small as it is; making it smaller would take minutes.
_OPTIONS: dict[str, Any] = {
    "deadline": None, "derandomize": True, "suppress_health_check": list(HealthCheck), "phases": [Phase.generate],
}  # fmt: skip
_STUCK = {Fault.TRAP, Fault.CIRCLE, Fault.NOBODY}


def faults(said: Verdict) -> set[Fault]:
    return {one.fault for one in said.findings}


def agree(workflow: Workflow, said: Verdict, found: Found) -> None:
    """Fault by fault. What a kind of task cannot leave by itself is not brute force's to say."""
    told = [one for one in said.findings if one.kind is None or one.fault not in _STUCK]
    mine = {one.fault for one in told}
    assert said.outcome is not Outcome.UNDECIDED
    assert (not told) == found.sound, (said.findings, found)
    assert bool(mine & (_STUCK | {Fault.VAIN})) == bool(found.stuck or found.vain), (said.findings, found)
    assert (Fault.ENDLESS in mine) == found.endless, (said.findings, found)
    assert (Fault.UNDONE in mine) == bool(found.undone), (said.findings, found)
    assert (Fault.MOOT in mine) == bool(found.moot), (said.findings, found)
    assert (Fault.UNANSWERED in mine) == bool(found.unanswered), (said.findings, found)
    reached = {f"{one.kind or ''}/{one.state}" for one in told if one.fault is Fault.UNREACHED}
    assert reached == found.unreached, (said.findings, found)
    dead = {int(one.line) for one in told if one.fault is Fault.DEAD}
    assert dead == {line for line, _ in found.dead}, (said.findings, found)


def compared(text: str, **options: int) -> None:
    try:
        workflow = loads(text)
    except DefinitionError:
        assume(False)
    try:
        found = Brute(workflow, most=500).run()
    except TooMany:
        assume(False)
    agree(workflow, verdict.judge(workflow, **options), found)


def mutants() -> list[tuple[str, str]]:
    """A shipped file without one of its actions, each in turn."""
    path = resources.workflows() / "burden-visits.yaml"
    lines = path.read_text(encoding="utf-8").splitlines(keepends=True)
    acts = [
        number for number, line in enumerate(lines) if " by: " in line and "{title:" in line and line[:8] == " " * 8
    ]
    return [(lines[number].split(":")[0].strip(), "".join(lines[:number] + lines[number + 1 :])) for number in acts]


@pytest.mark.parametrize(("gone", "text"), mutants(), ids=[gone for gone, _ in mutants()])
def test_a_shipped_file_without_one_of_its_actions(gone: str, text: str) -> None:
    try:
        workflow = loads(text)
    except DefinitionError:
        return
    agree(workflow, verdict.judge(workflow), Brute(workflow, most_tasks=2).run())


#: The clock's own act asks for a mark that else only people's acts ask for.
_ASKED_BY_THE_CLOCK = """\
workflow: drawn
version: 1
title: 抽样 / Drawn
calendar: cn-mainland
roles: {desk: {title: 受理员 / Desk, post: coordinator, area: street}}
marks: {flag: 标记 / Flag}
deadlines: {late: {title: 时限 / Limit, within: 1 workday, then: lapse}}
starts: {begin: {title: 开始 / Begin, by: desk, to: open, form: [description!]}}
stages:
  triage:
    open:
      title: 待办 / Open
      deadlines: [late]
      actions:
        note:  {title: 记下 / Note, by: desk, sets: flag}
        done:  {title: 办结 / Done, by: desk, to: fin}
        lapse: {title: 逾期 / Lapse, by: clock, when: flag, to: fin}
ends: {fin: {title: 办结 / Done, type: closed}}
"""
#: Only a second task can be given back, in a state that nobody leaves without stopping all tasks.
_OF_A_SECOND_TASK = """\
workflow: drawn
version: 1
title: 抽样 / Drawn
calendar: cn-mainland
roles:
  desk: {title: 受理员 / Desk, post: coordinator, area: street}
  doer: {title: 经办人 / Doer, post: handler, department: task}
starts: {begin: {title: 开始 / Begin, by: desk, to: open, form: [description!]}}
stages:
  triage:
    open:
      title: 待办 / Open
      actions:
        send: {title: 派遣 / Send, by: desk, to: sent, form: [lead!, co*], sends: {job: [lead, co]}}
    sent:
      title: 在办 / Sent
      tasks: [job]
      actions:
        stop: {title: 停办 / Stop, by: desk, to: fin, withdraws: {job: all}}
ends: {fin: {title: 办结 / Done, type: closed}}
tasks:
  job:
    title: 任务 / Job
    of: department
    join: lead
    states:
      at:
        title: 在办 / At work
        actions:
          finish: {title: 完成 / Finish, by: doer, to: done}
          give:   {title: 退回 / Give back, by: doer, to: gone, when: not lead}
    ends:
      done: {title: 完成 / Done, type: closed}
      gone: {title: 退回 / Gone, type: void}
"""


@pytest.mark.parametrize(
    ("text", "wrong"), [(_ASKED_BY_THE_CLOCK, {Fault.MOOT}), (_OF_A_SECOND_TASK, set[Fault]())], ids=["moot", "sound"]
)
def test_what_limits_let_free_must_not_hide_or_invent(text: str, wrong: set[Fault]) -> None:
    exact, free = verdict.judge(loads(text)), verdict.judge(loads(text), small=1)
    assert (faults(exact), faults(free)) == (wrong, wrong)
    assert free.freed


@settings(max_examples=120, **_OPTIONS)
@given(files())
def test_with_limits_let_free_the_verdict_is_the_same(text: str) -> None:
    """As in a file too large to be explored exactly at once: only what is proven either way may be said."""
    try:
        workflow = loads(text)
    except DefinitionError:
        assume(False)
    exact, free = verdict.judge(workflow), verdict.judge(workflow, small=1)
    assert free.outcome in (exact.outcome, Outcome.UNDECIDED), (exact.findings, free.findings)
    # By what a place is stuck is told by whatever was walked through; a large file need not be told all at once.
    stuck = {*_STUCK, Fault.VAIN}
    assert {one.fault for one in free.findings} - stuck <= faults(exact) | {Fault.TOO_MANY}


@settings(max_examples=60, **_OPTIONS)
@given(files())
def test_files_drawn_by_chance(text: str) -> None:
    compared(text)
