"""Rounds and joins: parallel work in any order, surviving one unit replaced, returned or withdrawn half-way."""

from itertools import permutations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.errors import Malformed
from engine.rules.case import THE_CLOCK
from engine.rules.facts import CaseFacts
from tests.support.cases import GAS, POWER, URBAN, WATER, Cast, Story, multi_grid, small

_LOOP = """
roles:
  anyone: {title: 上报人 / Reporter, person: reporter}
  desk:   {title: 受理员 / Desk, post: coordinator, area: street}
  line:   {title: 经办人 / Handler, post: handler, department: task}
starts:
  report: {title: 上报 / Report, by: anyone, to: filed, form: [place!]}
stages:
  triage:
    filed:
      title: 待派遣 / Filed
      actions:
        call: {title: 派遣 / Call, by: desk, to: working, form: [lead!, co*], sends: {line: [lead, co]}}
  resolve:
    working:
      title: 办理中 / Working
      tasks: [line]
      actions:
        add:    {title: 增派 / Add, by: desk, form: [co+], sends: {line: co}}
        again:  {title: 重来 / Again, by: desk, form: [lead!, co*], withdraws: {line: all}, sends: {line: [lead, co]}}
        redo:   {title: 返工 / Redo, by: desk, to: working, reopens: {line: sent}}
        joined: {title: 汇合 / Joined, by: rule, when: line joined, to: checking}
        nobody: {title: 无人承办 / Nobody left, by: rule, when: line none, to: filed}
  review:
    checking:
      title: 核查 / Checking
      actions:
        pass:   {title: 通过 / Pass, by: desk, to: closed}
        rework: {title: 返工 / Rework, by: desk, to: working, reopens: {line: sent}}
ends: {closed: {title: 办结 / Closed, type: closed}}
tasks:
  line:
    title: 任务 / Task
    of: department
    join: JOIN
    states:
      sent:
        title: 已派 / Sent
        actions:
          sign:    {title: 签收 / Sign, by: line}
          finish:  {title: 办结 / Finish, by: line, to: done}
          back:    {title: 退回 / Back, by: line, to: returned}
          replace: {title: 更换 / Replace, by: desk, to: withdrawn, form: [department!], sends: {line: department}}
    ends:
      done:     {title: 已办 / Done, type: closed}
      returned: {title: 已退 / Returned, type: void}
"""


def _called(join: str, *departments: str) -> Story:
    story = Story(small(_LOOP.replace("JOIN", join)))
    story.do(Cast.citizen, "report")
    lead, *co = departments
    story.do(Cast.shen, "call", form={"lead": lead, "co": co})
    return story


@pytest.mark.parametrize("order", list(permutations([URBAN, WATER, POWER])))
def test_three_departments_finish_in_any_order_and_the_join_waits_for_the_last(order: tuple[int, ...]) -> None:
    story = Story().called("urban", "water", "power").signed(*order)
    for department in order[:-1]:
        story.finished(department)
        assert story.state == "handling"
    story.finished(order[-1])
    assert story.state == "checking"


@pytest.mark.parametrize(
    ("join", "finish", "state"),
    [
        ("all", [URBAN, WATER, POWER], "working"),
        ("all", [URBAN, WATER, POWER, GAS], "checking"),
        ("any", [GAS], "checking"),
        ("lead", [WATER, POWER, GAS], "working"),
        ("lead", [WATER, URBAN], "checking"),
        ("2", [GAS], "working"),
        ("2", [GAS, WATER], "checking"),
        ("2/3", [URBAN, WATER], "working"),
        ("2/3", [URBAN, WATER, GAS], "checking"),
        ("50%", [URBAN], "working"),
        ("50%", [URBAN, GAS], "checking"),
    ],
)
def test_each_join_rule_holds_when_its_share_is_back_and_not_before(join: str, finish: list[int], state: str) -> None:
    story = _called(join, "urban", "water", "power", "gas").finished(*finish)
    assert story.state == state


@pytest.mark.parametrize("join", ["all", "any", "lead", "1", "2/3"])
def test_an_empty_set_never_joins_and_nobody_left_is_what_the_file_hears(join: str) -> None:
    story = _called(join, "urban", "water")
    story.do(Cast.chen, "back", of=URBAN)
    assert story.state == "working"
    story.do(Cast.lu, "back", of=WATER)
    assert story.state == "filed"
    assert story.events[-1].action == "nobody"


def test_a_join_does_not_wait_for_ever_after_a_branch_was_returned() -> None:
    """A bug of peers: the join went on counting the branch that was returned."""
    story = _called("all", "urban", "water").finished(URBAN)
    assert story.state == "working"
    story.do(Cast.lu, "back", of=WATER)
    assert story.state == "checking"


def test_countersigning_and_returning_does_not_make_the_task_vanish() -> None:
    """A bug of peers: a unit that signed for another and then returned took the other's task along."""
    story = _called("all", "urban", "water")
    story.do(Cast.lu, "sign", of=WATER)
    story.do(Cast.lu, "back", of=WATER)
    assert story.task_of(URBAN).state == "sent"
    assert story.state == "working"
    story.finished(URBAN)
    assert story.state == "checking"


def test_a_replaced_department_does_not_count_and_its_replacement_does() -> None:
    story = _called("all", "urban", "water").finished(URBAN)
    story.do(Cast.shen, "replace", of=WATER, form={"department": "gas"})
    assert story.state == "working"
    assert story.task_of(GAS).previous == story.task_of(WATER).seq
    story.finished(GAS)
    assert story.state == "checking"


def test_a_replacement_takes_over_the_part_of_whom_it_replaces() -> None:
    story = _called("lead", "urban", "water")
    story.do(Cast.shen, "replace", of=WATER, form={"department": "gas"})
    story.do(Cast.shen, "replace", of=URBAN, form={"department": "power"})
    assert (story.task_of(GAS).lead, story.task_of(POWER).lead) == (False, True)
    story.finished(GAS)
    assert story.state == "working"
    story.finished(POWER)
    assert story.state == "checking"


def test_a_department_is_not_sent_a_second_task_in_one_round() -> None:
    story = _called("all", "urban", "water")
    for refusal in (
        story.refused(Cast.shen, "add", form={"co": ["urban"]}),
        story.refused(Cast.shen, "replace", of=WATER, form={"department": "urban"}),
        story.refused(Cast.shen, "replace", of=WATER, form={"department": "water"}),
    ):
        assert isinstance(refusal, Malformed)
        assert refusal.place.field in ("co", "department")


def test_a_department_that_returned_can_be_sent_the_task_again() -> None:
    story = _called("all", "urban", "water")
    story.do(Cast.lu, "back", of=WATER)
    story.do(Cast.shen, "add", form={"co": ["water"]})
    assert [task.state for task in story.case.tasks.values() if task.department_id == WATER] == ["returned", "sent"]


def test_a_join_looks_only_at_the_present_round() -> None:
    story = _called("any", "urban", "water").finished(URBAN)
    assert story.state == "checking"
    story.do(Cast.shen, "rework")
    assert story.state == "working"
    assert [(task.department_id, task.round, task.state) for task in story.case.round_of("line")] == [
        (URBAN, 2, "sent")
    ]
    story.finished(URBAN)
    assert story.state == "checking"


def test_leaving_the_state_withdraws_what_is_still_open() -> None:
    story = _called("lead", "urban", "water").finished(URBAN)
    assert story.state == "checking"
    assert story.task_of(WATER).state == "withdrawn"


def test_a_state_visited_again_begins_a_round_of_its_own() -> None:
    story = _called("all", "urban")
    story.do(Cast.chen, "back", of=URBAN)
    story.do(Cast.shen, "call", form={"lead": "water"})
    assert [task.round for task in story.case.tasks.values()] == [1, 2]
    story.finished(WATER)
    assert story.state == "checking"


def test_what_a_former_visit_finished_joins_nothing_in_the_next() -> None:
    story = Story(multi_grid()).filed()
    story.do(Cast.liu, "mobilise")
    story.do(Cast.xu, "claim")
    (claimed,) = story.case.round_of("help")
    story.do(Cast.xu, "helped", task=claimed.seq)
    assert CaseFacts(story.case).joined("help")
    story.do(Cast.liu, "hand_up")
    story.do(Cast.liu, "mobilise")
    assert not CaseFacts(story.case).joined("help")
    assert CaseFacts(story.case).tasks("help", "any") == (0, 0)


def test_states_that_follow_one_another_with_the_same_kind_are_one_visit() -> None:
    story = Story().called("urban", "water").signed(URBAN)
    story.do(Cast.shen, "consult")
    story.do(Cast.shen, "unresolved")
    story.do(Cast.gu, "carry_on")
    assert [task.round for task in story.case.round_of("line")] == [1, 1]
    story.signed(WATER).finished(URBAN, WATER)
    assert story.state == "checking"


def test_who_is_sent_anew_in_the_same_act_that_stops_all_begins_the_next_round() -> None:
    story = _called("all", "urban", "water")
    story.do(Cast.shen, "again", form={"lead": "urban", "co": ["gas"]})
    assert [(task.department_id, task.round, task.state) for task in story.case.tasks.values()] == [
        (URBAN, 1, "withdrawn"),
        (WATER, 1, "withdrawn"),
        (URBAN, 2, "sent"),
        (GAS, 2, "sent"),
    ]


def test_rework_while_others_still_work_leaves_no_task_behind_in_the_old_round() -> None:
    story = _called("all", "urban", "water").finished(URBAN)
    story.do(Cast.shen, "redo")
    open_tasks = [task for task in story.case.tasks.values() if task.open]
    present = {task.seq for task in story.case.round_of("line")}
    assert {task.seq for task in open_tasks} <= present


@given(st.lists(st.tuples(st.sampled_from([URBAN, WATER, POWER]), st.sampled_from(["finish", "back", "replace"]))))
def test_whatever_becomes_of_three_departments_the_join_holds_exactly_when_all_that_count_are_done(
    deeds: list[tuple[int, str]],
) -> None:
    story = _called("all", "urban", "water", "power")
    present = {URBAN: "open", WATER: "open", POWER: "open"}
    for department, deed in deeds:
        if present.get(department) != "open" or story.state != "working":
            continue
        if deed == "replace":
            if GAS in present:
                continue
            story.do(Cast.shen, "replace", of=department, form={"department": "gas"})
            present[GAS] = "open"
            del present[department]
        else:
            story.do({URBAN: Cast.chen, WATER: Cast.lu, POWER: Cast.dong}[department], deed, of=department)
            present[department] = "done"
            if deed == "back":
                del present[department]
        wanted = "working" if "open" in present.values() else "checking" if present else "filed"
        assert story.state == wanted


def test_what_is_void_counts_among_the_void_only() -> None:
    story = _called("all", "urban", "water", "power")
    facts = CaseFacts(story.case)
    story.do(Cast.lu, "back", of=WATER)
    facts = CaseFacts(story.case)
    assert facts.tasks("line", "any") == (2, 2)
    assert facts.tasks("line", "open") == (2, 2)
    assert facts.tasks("line", "void") == (1, 3)
    assert facts.tasks("line", "returned") == (1, 3)


def test_the_clock_cannot_end_a_task() -> None:
    story = _called("all", "urban")
    refusal = story.refused(THE_CLOCK, "finish", of=URBAN)
    assert refusal.code == "not_permitted"
