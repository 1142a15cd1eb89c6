"""Requests: return, dispute, extension, suspension, appeal; asked and answered while work goes on."""

import json
from datetime import date

import pytest

from engine.clock import DAY, HOUR, Instant
from engine.errors import Malformed, NotAllowedNow, NotPermitted
from engine.rules import deadlines
from engine.rules.case import THE_CLOCK, RequestState, Run
from engine.rules.draft import Draft
from tests.support.cases import (
    GAS,
    URBAN,
    WATER,
    WORKDAY,
    Cast,
    Story,
    almanac,
    block_calls,
    calendar,
    small,
)


def _settled(story: Story, name: str) -> tuple[RequestState, str | None]:
    ask = [ask for ask in story.case.asks.values() if ask.name == name][-1]
    return ask.state, ask.answer


class TestReturn:
    def test_only_wrong_area_and_beyond_duty_are_grounds(self) -> None:
        assert set(block_calls().fields["ground"].of) == {"area", "beyond"}
        story = Story().called("urban")
        refusal = story.refused(Cast.chen_lead, "return", of=URBAN, form={"ground": "unclear"})
        assert isinstance(refusal, Malformed)
        assert refusal.place.field == "ground"

    def test_it_names_the_right_unit_and_the_clause(self) -> None:
        story = Story().called("urban")
        for name in ("suggested", "clause"):
            refusal = story.refused(Cast.chen_lead, "return", of=URBAN, form={name: ""})
            assert refusal.place.field == name

    def test_the_lead_of_the_department_asks_and_its_handler_does_not(self) -> None:
        story = Story().called("urban", "water")
        assert isinstance(story.refused(Cast.chen, "return", of=URBAN), NotPermitted)
        assert isinstance(story.refused(Cast.lu_lead, "return", of=URBAN), NotPermitted)

    def test_the_department_stays_responsible_until_it_is_ruled(self) -> None:
        story = Story().called("urban").signed(URBAN)
        story.asked("return", URBAN)
        assert story.task_of(URBAN).state == "signed"
        assert "handle" in story.running(URBAN)
        assert story.timer("handle", URBAN).run is Run.RUNNING

    def test_it_is_asked_within_the_window_only(self) -> None:
        story = Story().called("urban")
        story.now = Instant(story.timer("object", URBAN).due_at + 1)
        assert isinstance(story.refused(Cast.chen_lead, "return", of=URBAN), NotAllowedNow)
        story.later(-1).asked("return", URBAN)

    def test_signing_does_not_open_the_window_anew(self) -> None:
        story = Story().called("urban")
        ends = story.timer("object", URBAN).due_at
        story.later(HOUR).signed(URBAN)
        assert story.timer("object", URBAN).due_at == ends

    def test_one_is_asked_at_a_time(self) -> None:
        story = Story().called("urban", "water")
        story.asked("return", URBAN)
        assert isinstance(story.refused(Cast.chen_lead, "return", of=URBAN), NotAllowedNow)
        story.asked("return", WATER)

    def test_redispatched_its_department_is_free_and_the_new_one_inherits_the_part_with_a_full_limit(self) -> None:
        story = Story().called("urban", "water", item="event-02-03")
        story.later(HOUR).asked("return", URBAN)
        story.later(HOUR).answered(Cast.shen, "redispatch", "return", department="gas")

        assert story.task_of(URBAN).state == "returned"
        assert not story.running(URBAN)
        assert story.task_of(GAS).lead
        assert story.task_of(GAS).previous == story.task_of(URBAN).seq
        assert calendar().measure(story.now, story.timer("handle", GAS).due_at) == 5 * WORKDAY
        assert _settled(story, "return") == (RequestState.ANSWERED, "redispatch")

    def test_redispatch_to_the_one_who_returns_is_refused(self) -> None:
        story = Story().called("urban", "water")
        ask = story.asked("return", URBAN)
        for code in ("urban", "water"):
            refusal = story.refused(Cast.shen, "redispatch", request=ask.seq, form={"department": code})
            assert refusal.place.field == "department"

    def test_a_co_handler_that_is_replaced_by_return_stays_a_co_handler(self) -> None:
        story = Story().called("urban", "water")
        story.asked("return", WATER)
        story.answered(Cast.shen, "redispatch", "return", department="gas")
        assert not story.task_of(GAS).lead

    def test_upheld_the_unit_is_designated_and_cannot_return_again(self) -> None:
        story = Story().called("urban")
        story.asked("return", URBAN)
        story.answered(Cast.shen, "uphold", "return")
        assert "designated" in story.task_of(URBAN).memory.marks
        refusal = story.refused(Cast.chen_lead, "return", of=URBAN)
        assert isinstance(refusal, NotAllowedNow)
        assert refusal.details["condition"] == "not designated"

    def test_a_designated_unit_handles_now_and_has_its_objection_recorded(self) -> None:
        story = Story().called("urban").signed(URBAN)
        assert isinstance(story.refused(Cast.chen_lead, "protest", of=URBAN), NotAllowedNow)
        story.asked("return", URBAN)
        story.answered(Cast.shen, "uphold", "return")
        story.do(Cast.chen_lead, "protest", of=URBAN)
        assert isinstance(story.refused(Cast.chen_lead, "protest", of=URBAN), NotAllowedNow)
        story.finished(URBAN)

    def test_the_third_return_rises_to_the_district(self) -> None:
        story = Story().called("urban")
        for department, code in ((URBAN, "water"), (WATER, "gas")):
            story.asked("return", department)
            story.answered(Cast.shen, "redispatch", "return", department=code)
        ask = story.asked("return", GAS)
        assert isinstance(story.refused(Cast.shen, "redispatch", request=ask.seq), NotAllowedNow)
        story.answered(Cast.shen, "give_up", "return")
        assert story.state == "arbitration"
        assert f"a{2}" in {notice.unit for notice in story.notices if notice.role == "district"}
        story.do(Cast.gu, "designate", form={"lead": "urban"})
        assert isinstance(story.refused(Cast.chen_lead, "return", of=URBAN), NotAllowedNow)

    def test_left_unruled_it_rises(self) -> None:
        story = Story().called("urban")
        ask = story.asked("return", URBAN)
        story.later(DAY).do(THE_CLOCK, "rise", request=ask.seq)
        assert story.state == "arbitration"

    def test_it_is_answered_once(self) -> None:
        story = Story().called("urban")
        ask = story.asked("return", URBAN)
        story.answered(Cast.shen, "uphold", "return")
        for answer in ("uphold", "redispatch"):
            assert isinstance(story.refused(Cast.shen, answer, request=ask.seq), NotAllowedNow)

    def test_nobody_rules_on_their_own_return(self) -> None:
        story = Story().called("urban")
        ask = story.asked("return", URBAN)
        for actor in (Cast.chen_lead, Cast.chen, Cast.gu, Cast.stranger):
            assert isinstance(story.refused(actor, "uphold", request=ask.seq), NotPermitted)

    def test_it_lapses_when_the_department_finishes_after_all(self) -> None:
        story = Story().called("urban", "water").signed(URBAN, WATER)
        ask = story.asked("return", WATER)
        story.finished(WATER)
        assert _settled(story, "return") == (RequestState.LAPSED, None)
        assert json.loads(story.events[-1].facts)["lapsed"] == [ask.seq]
        assert not [timer for timer in story.case.timers.values() if timer.request_seq == ask.seq]
        assert isinstance(story.refused(Cast.shen, "uphold", request=ask.seq), NotAllowedNow)

    def test_it_lapses_when_the_call_is_called_off(self) -> None:
        story = Story().called("urban")
        story.asked("return", URBAN)
        story.do(Cast.shen, "call_off")
        assert _settled(story, "return") == (RequestState.LAPSED, None)
        assert not story.case.timers


class TestDispute:
    def test_unclear_or_overlapping_duty_opens_a_consultation_and_no_return(self) -> None:
        story = Story().called("urban", "water").signed(WATER)
        story.do(Cast.chen_lead, "dispute", of=URBAN, form={"overlap": "unclear"})
        assert story.state == "consulting"
        assert story.task_of(URBAN).state == "sent"
        story.finished(WATER)
        assert story.state == "consulting"

    def test_what_the_consultation_agrees_on_cannot_be_returned_or_disputed(self) -> None:
        story = Story().called("urban")
        story.do(Cast.chen_lead, "dispute", of=URBAN)
        story.do(Cast.shen, "agree", form={"lead": "water"})
        for word in ("return", "dispute"):
            assert isinstance(story.refused(Cast.lu_lead, word, of=WATER), NotAllowedNow)


class TestExtension:
    def test_an_approval_adds_the_original_limit_once(self) -> None:
        story = Story().called("urban", item="event-02-03").signed(URBAN)
        before = story.timer("handle", URBAN)
        story.asked("extension", URBAN)
        assert story.timer("handle", URBAN).due_at == before.due_at
        story.later(DAY).answered(Cast.shen, "grant_extension", "extension")

        after = story.timer("handle", URBAN)
        assert after.seq == before.seq
        assert (after.extensions, after.generation) == (1, before.generation + 1)
        assert calendar().measure(before.due_at, after.due_at) == 5 * WORKDAY
        assert json.loads(story.events[-1].facts)["due"] == after.due_at

    def test_two_are_approved_and_a_third_is_not_asked_for(self) -> None:
        story = Story().called("urban", item="event-02-03").signed(URBAN)
        started, limit = story.timer("handle", URBAN).started_at, 5 * WORKDAY
        for number in (1, 2):
            story.asked("extension", URBAN)
            story.answered(Cast.shen, "grant_extension", "extension")
            assert calendar().measure(started, story.timer("handle", URBAN).due_at) == (1 + number) * limit
        assert isinstance(story.refused(Cast.chen_lead, "extension", of=URBAN), NotAllowedNow)

    def test_refusals_do_not_count(self) -> None:
        story = Story().called("urban", item="event-02-03").signed(URBAN)
        for _ in range(5):
            story.asked("extension", URBAN)
            story.answered(Cast.shen, "refuse_extension", "extension")
        story.asked("extension", URBAN)

    def test_it_is_asked_before_expiry_only(self) -> None:
        story = Story().called("urban", item="event-02-03").signed(URBAN)
        story.now = Instant(story.timer("handle", URBAN).due_at + 1)
        assert isinstance(story.refused(Cast.chen_lead, "extension", of=URBAN), NotAllowedNow)
        story.later(-1).asked("extension", URBAN)

    def test_one_departments_extension_is_no_other_departments(self) -> None:
        story = Story().called("urban", "water", item="event-02-03").signed(URBAN, WATER)
        other = story.timer("handle", WATER)
        story.asked("extension", URBAN)
        story.answered(Cast.shen, "grant_extension", "extension")
        assert story.timer("handle", WATER) == other
        assert not story.task_of(WATER).memory.counters

    def test_rework_keeps_what_was_granted_in_mind(self) -> None:
        story = Story().called("urban", item="event-02-03").signed(URBAN)
        for _ in range(2):
            story.asked("extension", URBAN)
            story.answered(Cast.shen, "grant_extension", "extension")
        story.finished(URBAN).do(Cast.zhou, "rework")
        assert isinstance(story.refused(Cast.chen_lead, "extension", of=URBAN), NotAllowedNow)

    def test_both_sides_are_told(self) -> None:
        story = Story().called("urban", item="event-02-03").signed(URBAN)
        story.asked("extension", URBAN)
        story.answered(Cast.shen, "grant_extension", "extension")
        told = {notice.unit for notice in story.notices if notice.event_seq == story.events[-1].seq}
        assert told == {f"p{Cast.wang.person_id}", f"d{URBAN}"}


class TestSuspension:
    def _suspended(self, until: str = "2026-04-01") -> Story:
        story = Story().called("urban", "water", item="event-02-03").signed(URBAN, WATER)
        story.later(2 * HOUR).asked("suspension", URBAN, resume_on=until)
        return story.answered(Cast.he, "grant_suspension", "suspension")

    def test_the_supervisor_approves_it_and_the_desk_does_not(self) -> None:
        story = Story().called("urban").signed(URBAN)
        ask = story.asked("suspension", URBAN)
        assert isinstance(story.refused(Cast.shen, "grant_suspension", request=ask.seq), NotPermitted)

    def test_it_stops_that_departments_clocks_until_its_date(self) -> None:
        story = self._suspended("2026-04-01")
        handle = story.timer("handle", URBAN)
        ends = calendar().end_of(date(2026, 4, 1))
        assert (handle.run, handle.resumes_at, handle.next_at) == (Run.PAUSED, ends, ends)
        assert story.timer("handle", WATER).run is Run.RUNNING

    def test_it_has_an_end_date_of_its_own_that_lies_ahead(self) -> None:
        story = Story().called("urban").signed(URBAN)
        ask = story.asked("suspension", URBAN, resume_on="2026-03-01")
        refusal = story.refused(Cast.he, "grant_suspension", request=ask.seq)
        assert isinstance(refusal, Malformed)
        assert refusal.place.field == "resume_on"

    def test_it_is_granted_once(self) -> None:
        story = self._suspended()
        assert isinstance(story.refused(Cast.chen_lead, "suspension", of=URBAN), NotAllowedNow)

    def test_it_is_not_asked_for_when_overdue(self) -> None:
        story = Story().called("urban").signed(URBAN)
        story.now = Instant(story.timer("handle", URBAN).due_at + 1)
        assert isinstance(story.refused(Cast.chen_lead, "suspension", of=URBAN), NotAllowedNow)

    def test_it_resumes_with_what_was_left(self) -> None:
        story = self._suspended()
        before = story.timer("handle", URBAN)
        assert before.resumes_at is not None
        ran = calendar().measure(before.started_at, story.now)
        story.now = before.resumes_at
        _resume(story, before.seq)

        after = story.timer("handle", URBAN)
        assert (after.run, after.consumed, after.resumes_at) == (Run.RUNNING, ran, None)
        assert calendar().measure(story.now, after.due_at) == 5 * WORKDAY - ran
        assert after.generation == before.generation + 1

    def test_work_done_while_suspended_ends_the_clock_and_nothing_resumes(self) -> None:
        story = self._suspended().finished(URBAN)
        assert not story.running(URBAN)

    def test_an_extension_granted_while_suspended_does_not_wake_the_clock(self) -> None:
        story = Story().called("urban", item="event-02-03").signed(URBAN)
        story.asked("extension", URBAN)
        story.asked("suspension", URBAN, resume_on="2026-04-01")
        story.answered(Cast.he, "grant_suspension", "suspension")
        asleep = story.timer("handle", URBAN)
        story.answered(Cast.shen, "grant_extension", "extension")
        handle = story.timer("handle", URBAN)
        assert (handle.run, handle.next_at, handle.extensions) == (Run.PAUSED, asleep.resumes_at, 1)


class TestAppeal:
    def _published(self) -> Story:
        story = Story().called("urban", "water").signed(URBAN, WATER).finished(URBAN, WATER)
        return story.scored()

    def test_each_department_appeals_once(self) -> None:
        story = self._published()
        story.do(Cast.chen_lead, "appeal")
        story.do(Cast.lu_lead, "appeal")
        story.answered(Cast.he, "keep", "appeal")
        story.answered(Cast.he, "exempt", "appeal")
        for lead in (Cast.chen_lead, Cast.lu_lead):
            assert isinstance(story.refused(lead, "appeal"), NotAllowedNow)

    def test_who_was_not_called_has_nothing_to_appeal(self) -> None:
        story = self._published()
        assert isinstance(story.refused(Cast.qi_lead, "appeal"), NotPermitted)

    def test_nothing_is_archived_while_an_appeal_waits(self) -> None:
        story = self._published()
        ends = story.timer("publish").due_at
        story.later(DAY).do(Cast.chen_lead, "appeal")
        assert story.timer("publish").run is Run.PAUSED
        story.later(2 * DAY).answered(Cast.he, "keep", "appeal")
        assert story.timer("publish").run is Run.RUNNING
        assert story.timer("publish").due_at > ends

    def test_the_clock_stands_still_until_the_last_appeal_is_answered(self) -> None:
        story = self._published()
        story.do(Cast.chen_lead, "appeal")
        story.do(Cast.lu_lead, "appeal")
        story.answered(Cast.he, "keep", "appeal")
        assert story.timer("publish").run is Run.PAUSED
        story.answered(Cast.he, "keep", "appeal")
        assert story.timer("publish").run is Run.RUNNING


_TWO_LEVELS = """
roles:
  anyone: {title: 上报人 / Reporter, person: reporter}
  desk:   {title: 受理员 / Desk, post: coordinator, area: street}
  line:   {title: 经办人 / Handler, post: handler, department: task}
deadlines:
  whole: {title: 总时限 / Whole, within: 5 workdays, then: late}
  own:   {title: 分时限 / Own, within: 2 workdays}
starts:
  report: {title: 上报 / Report, by: anyone, to: working, form: [place!, lead!, co*], sends: {line: [lead, co]}}
stages:
  resolve:
    working:
      title: 办理中 / Working
      tasks: [line]
      deadlines: [whole]
      actions:
        back: {title: 汇合 / Joined, by: rule, when: line joined, to: closed}
        late: {title: 逾期 / Late, by: clock, to: closed}
ends: {closed: {title: 办结 / Closed, type: closed}}
requests:
  hearing:
    title: 听证 / Hearing
    ask: {title: 申请听证 / Ask, in: [working], by: desk}
    pauses: [whole]
    answers: {held: {title: 已听证 / Held, by: desk}}
tasks:
  line:
    title: 任务 / Task
    of: department
    states:
      sent: {title: 已派 / Sent, deadlines: [own], actions: {finish: {title: 办结 / Finish, by: line, to: done}}}
    ends: {done: {title: 已办 / Done, type: closed}}
    requests:
      help:
        title: 求助 / Help
        ask: {title: 求助 / Ask for help, in: [sent], by: line}
        pauses: [own]
        answers: {given: {title: 已助 / Given, by: desk}}
"""


def test_a_request_of_the_ticket_is_answered_while_one_of_a_task_still_waits() -> None:
    story = Story(small(_TWO_LEVELS))
    story.do(Cast.citizen, "report")
    story.do(Cast.chen, "help", of=URBAN)
    story.do(Cast.shen, "hearing")
    story.answered(Cast.shen, "held", "hearing")
    assert story.timer("whole").run is Run.RUNNING
    assert story.timer("own", URBAN).run is Run.PAUSED
    story.answered(Cast.shen, "given", "help")
    assert story.timer("own", URBAN).run is Run.RUNNING


def test_a_request_of_one_task_does_not_hold_up_the_clock_of_another() -> None:
    story = Story(small(_TWO_LEVELS))
    story.do(Cast.citizen, "report", form={"co": ["water"]})
    story.do(Cast.chen, "help", of=URBAN)
    assert story.timer("own", WATER).run is Run.RUNNING
    assert story.timer("whole").run is Run.RUNNING


def _resume(story: Story, seq: int) -> None:
    """What the sweep does when a suspension's date has come."""
    draft = Draft(story.case, story.act(THE_CLOCK, ""), story.now, almanac())
    deadlines.resume(draft, seq)
    story.let(draft.finish())


@pytest.mark.parametrize("code", ["nobody", "", "urban "])
def test_what_the_desk_redispatches_to_must_exist(code: str) -> None:
    story = Story().called("urban")
    ask = story.asked("return", URBAN)
    refusal = story.refused(Cast.shen, "redispatch", request=ask.seq, form={"department": code})
    assert isinstance(refusal, Malformed)
    assert refusal.place.field == "department"
