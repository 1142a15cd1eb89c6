"""What a case answers to the conditions of its file."""

from typing import Any

import pytest

from engine.rules.acts import CommandKind
from engine.rules.facts import CaseFacts
from engine.vocabulary import StateType
from tests.support.cases import URBAN, WATER, Cast, Story, small

_LOOP = """
roles:
  anyone: {title: 上报人 / Reporter, person: reporter}
  desk:   {title: 受理员 / Desk, post: coordinator, area: street}
  line:   {title: 经办人 / Handler, post: handler, department: task}
fields:
  level:   {title: 难度 / Level, type: choice, of: {easy: 易 / Easy, hard: 难 / Hard}}
  public:  {title: 可公开 / Public, type: yes_no}
  remark:  {title: 备注 / Remark, type: text}
counters: {visits: 次数 / Visits}
marks:    {urgent: 紧急 / Urgent}
starts:
  report: {title: 上报 / Report, by: anyone, to: filed, form: [place!, level, public, remark, item]}
stages:
  triage:
    filed:
      title: 待办 / Filed
      actions:
        visit:    {title: 走访 / Visit, by: desk, counts: visits}
        forget:   {title: 清零 / Forget, by: desk, clears: [visits, urgent]}
        hurry:    {title: 加急 / Hurry, by: desk, sets: urgent}
        judge:    {title: 研判 / Judge, by: desk, form: [level, public]}
        if_easy:  {title: 易办 / If easy, by: desk, when: level is easy}
        if_yes:   {title: 公开 / If public, by: desk, when: public is yes}
        if_no:    {title: 不公开 / If not, by: desk, when: public is no}
        if_said:  {title: 有备注 / If said, by: desk, when: remark given}
        if_item:  {title: 有事项 / If item, by: desk, when: item given}
        if_often: {title: 多次 / If often, by: desk, when: visits >= 2}
        if_marked: {title: 已加急 / If marked, by: desk, when: urgent and not level is hard}
        spawn:    {title: 衍生 / Spawn, by: desk, to: waiting, opens: {workflow: small, start: report}}
        call:     {title: 派遣 / Call, by: desk, to: working, form: [lead!, co*], sends: {line: [lead, co]}}
    waiting:
      title: 等待衍生案件 / Waiting for what was opened
      actions:
        back: {title: 衍生案件已结 / What was opened is settled, by: rule, when: no sub open, to: filed}
  resolve:
    working:
      title: 办理中 / Working
      tasks: [line]
      actions:
        joined: {title: 汇合 / Joined, by: rule, when: line joined, to: filed}
ends: {closed: {title: 办结 / Closed, type: closed}}
tasks:
  line:
    title: 任务 / Task
    of: department
    marks: {signed: 已签 / Signed}
    counters: {delays: 拖延 / Delays}
    states:
      sent:
        title: 已派 / Sent
        actions:
          sign:    {title: 签收 / Sign, by: line, sets: signed}
          unsign:  {title: 撤签 / Unsign, by: line, clears: [signed, delays, visits]}
          delay:   {title: 拖延 / Delay, by: line, counts: delays}
          count:   {title: 计数 / Count, by: line, counts: visits}
          finish:  {title: 办结 / Finish, by: line, when: signed and delays < 2 and visits < 3, to: done}
          if_lead: {title: 主办 / If lead, by: line, when: lead}
    ends: {done: {title: 已办 / Done, type: closed}}
"""


def _story(**form: Any) -> Story:
    story = Story(small(_LOOP))
    story.do(Cast.citizen, "report", form=form)
    return story


def _allowed(story: Story, action: str, **options: Any) -> bool:
    actor = Cast.chen if "of" in options else Cast.shen
    return getattr(story.tried(actor, action, **options), "code", "") != "not_allowed_now"


def test_a_choice_is_the_last_one_made() -> None:
    story = _story()
    assert not _allowed(story, "if_easy")
    story.do(Cast.shen, "judge", form={"level": "easy"})
    assert _allowed(story, "if_easy")
    story.do(Cast.shen, "judge", form={"level": "hard"})
    assert not _allowed(story, "if_easy")


@pytest.mark.parametrize(("said", "yes", "no"), [(True, True, False), (False, False, True), ("yes", True, False)])
def test_yes_and_no_are_two_choices(said: Any, yes: bool, no: bool) -> None:
    story = _story(public=said)
    assert (_allowed(story, "if_yes"), _allowed(story, "if_no")) == (yes, no)


def test_what_nobody_answered_is_neither_yes_nor_no() -> None:
    story = _story()
    assert not _allowed(story, "if_yes")
    assert not _allowed(story, "if_no")


def test_that_a_text_was_given_is_known_and_what_it_said_is_not() -> None:
    assert not _allowed(_story(), "if_said")
    story = _story(remark="一段说明")
    assert _allowed(story, "if_said")
    assert "一段说明" not in str(story.case.ticket.memory)


def test_an_item_is_given_once_the_ticket_has_one() -> None:
    assert not _allowed(_story(), "if_item")
    assert _allowed(_story(item="part-01-01"), "if_item")


def test_counters_count_and_are_cleared_and_marks_likewise() -> None:
    story = _story()
    story.do(Cast.shen, "visit")
    assert not _allowed(story, "if_often")
    story.do(Cast.shen, "visit")
    story.do(Cast.shen, "hurry")
    assert _allowed(story, "if_often")
    assert _allowed(story, "if_marked")
    story.do(Cast.shen, "forget")
    assert not _allowed(story, "if_often")
    assert not _allowed(story, "if_marked")
    assert not story.case.ticket.memory.counters


def test_a_tasks_own_counters_and_marks_are_its_own_and_the_tickets_are_everybodys() -> None:
    story = _story()
    story.do(Cast.shen, "call", form={"lead": "urban", "co": ["water"]})
    story.do(Cast.chen, "sign", of=URBAN)
    story.do(Cast.lu, "sign", of=WATER)
    for _ in range(2):
        story.do(Cast.chen, "delay", of=URBAN)
    assert not _allowed(story, "finish", of=URBAN)
    assert story.task_of(WATER).memory.counters == {}
    assert story.task_of(URBAN).memory.counters == {"delays": 2}
    for _ in range(3):
        story.do(Cast.lu, "count", of=WATER)
    assert story.case.ticket.memory.counters == {"visits": 3}
    refusal = story.refused(Cast.lu, "finish", of=WATER)
    assert refusal.code == "not_allowed_now"


def test_a_task_clears_its_own_marks_and_counters_and_the_tickets() -> None:
    story = _story()
    story.do(Cast.shen, "call", form={"lead": "urban"})
    for action in ("sign", "delay", "count"):
        story.do(Cast.chen, action, of=URBAN)
    story.do(Cast.chen, "unsign", of=URBAN)
    task = story.task_of(URBAN)
    assert (task.memory.marks, task.memory.counters) == (frozenset(), {})
    assert not story.case.ticket.memory.counters


def test_only_the_lead_is_the_lead() -> None:
    story = _story()
    story.do(Cast.shen, "call", form={"lead": "urban", "co": ["water"]})
    story.do(Cast.chen, "if_lead", of=URBAN)
    assert story.refused(Cast.lu, "if_lead", of=WATER).code == "not_allowed_now"


def test_a_ticket_waits_for_the_one_it_opens_from_the_moment_it_opens_it() -> None:
    story = _story()
    story.do(Cast.shen, "spawn")
    assert story.state == "waiting"
    assert [command.kind for command in story.commands] == [CommandKind.OPEN]
    assert CaseFacts(story.case).open_subs() == 1


def test_a_ticket_goes_on_when_the_one_it_opened_is_settled() -> None:
    story = _story()
    story.do(Cast.shen, "spawn")
    story.case.ticket.open_subs = 0
    story.main_moved(StateType.CLOSED)
    assert story.state == "filed"


@pytest.mark.parametrize("main_type", StateType)
def test_a_main_ticket_is_what_its_state_says(main_type: StateType) -> None:
    story = _story()
    story.case.ticket.main_type = main_type
    facts = CaseFacts(story.case)
    assert {word: facts.main_is(word) for word in ("closed", "void")} == {
        "closed": main_type is StateType.CLOSED,
        "void": main_type is StateType.VOID,
    }
