"""Refusals: an answer with a code, naming what stands in the way; nothing is changed by one."""

import json

import pytest

from engine.clock import DAY, HOUR, MINUTE, Instant
from engine.errors import Endless, Malformed, NotAllowedNow, Stale
from engine.rules import decide
from engine.rules.acts import Act, Source
from engine.rules.case import THE_RULE
from tests.support.cases import IMPORT, THE_IMPORT, URBAN, WATER, Cast, Story, almanac, small


class TestOnce:
    def test_what_is_done_once_per_task_is_refused_the_second_time_and_allowed_to_another_task(self) -> None:
        story = Story().called("urban", "water").signed(URBAN, WATER)
        story.do(Cast.chen, "contact", of=URBAN)
        refusal = story.refused(Cast.chen, "contact", of=URBAN)
        assert isinstance(refusal, NotAllowedNow)
        story.do(Cast.lu, "contact", of=WATER)

    def test_a_double_click_approves_once(self) -> None:
        """A bug of peers: approving twice by clicking twice."""
        story = Story().called("urban", item="event-02-03").signed(URBAN)
        ask = story.asked("extension", URBAN)
        story.do(Cast.shen, "grant_extension", request=ask.seq)
        assert isinstance(story.refused(Cast.shen, "grant_extension", request=ask.seq), NotAllowedNow)
        assert story.task_of(URBAN).memory.counters == {"extensions": 1}

    def test_each_person_rates_once_in_one_visit(self) -> None:
        story = Story().called("urban").signed(URBAN).finished(URBAN).scored()
        story.do(Cast.wang, "rate")
        assert isinstance(story.refused(Cast.wang, "rate"), NotAllowedNow)

    def test_after_re_handling_the_reporter_rates_again(self) -> None:
        story = Story().called("urban").signed(URBAN).finished(URBAN).scored()
        story.do(Cast.wang, "rate")
        story.do(Cast.wang, "redo")
        story.finished(URBAN).scored()
        story.do(Cast.wang, "rate")

    def test_what_is_done_once_per_ticket_is_refused_for_ever(self) -> None:
        story = Story().reported().do(Cast.shen, "answer")
        once = Story().reported()
        once.do(Cast.shen, "answer")
        once.do(Cast.wang, "not_accepted")
        once.do(Cast.shen, "answer")
        assert isinstance(once.refused(Cast.wang, "not_accepted"), NotAllowedNow)
        assert story.ticket.state == "answered"


class TestStale:
    def test_an_action_on_the_ticket_carries_the_state_version_that_its_reader_saw(self) -> None:
        story = Story().reported()
        seen = story.case.ticket.state_version
        story.do(Cast.shen, "accept", expected=seen)
        refusal = story.refused(Cast.shen, "withdraw", expected=seen)
        assert isinstance(refusal, Stale)
        assert (refusal.details["expected"], refusal.details["present"]) == (seen, story.case.ticket.state_version)

    def test_three_departments_with_open_forms_do_not_refuse_each_other(self) -> None:
        story = Story().called("urban", "water", "power").signed(URBAN, WATER)
        urban, water = story.task_of(URBAN), story.task_of(WATER)
        story.do(Cast.chen, "progress", task=urban.seq, expected=urban.version)
        story.do(Cast.lu, "progress", task=water.seq, expected=water.version)
        story.do(Cast.dong, "sign", of=13, expected=1)

    def test_two_people_of_one_department_do_refuse_each_other(self) -> None:
        story = Story().called("urban").signed(URBAN)
        task = story.task_of(URBAN)
        story.do(Cast.chen, "progress", task=task.seq, expected=task.version)
        assert isinstance(story.refused(Cast.chen, "finish", task=task.seq, expected=task.version), Stale)

    def test_what_departments_do_does_not_make_the_desks_open_form_stale(self) -> None:
        story = Story().called("urban", "water").signed(URBAN)
        seen = story.case.ticket.state_version
        story.do(Cast.chen, "progress", of=URBAN)
        story.signed(WATER)
        story.do(Cast.shen, "consult", expected=seen)

    def test_the_tickets_version_is_not_the_tasks(self) -> None:
        story = Story().called("urban", "water").signed(URBAN)
        assert story.case.ticket.state_version != story.task_of(URBAN).version
        refusal = story.refused(Cast.chen, "progress", of=URBAN, expected=story.case.ticket.state_version)
        assert isinstance(refusal, Stale)

    def test_who_does_not_care_is_not_asked(self) -> None:
        Story().reported().do(Cast.shen, "accept", expected=None)


class TestNowhere:
    def test_an_action_of_another_state_is_refused_with_the_state(self) -> None:
        refusal = Story().reported().refused(Cast.shen, "call")
        assert isinstance(refusal, NotAllowedNow)
        assert refusal.code == "not_allowed_now"
        assert (refusal.details["action"], refusal.details["state"]) == ("call", "reported")

    @pytest.mark.parametrize("action", ["", "to_closed", "__init__", "state", "trigger", "report", "审批"])
    def test_an_action_that_nobody_declared_is_refused(self, action: str) -> None:
        assert isinstance(Story().reported().refused(Cast.shen, action), NotAllowedNow)

    def test_a_start_that_nobody_declared_is_refused(self) -> None:
        assert isinstance(Story().refused(Cast.wang, "accept"), NotAllowedNow)

    @pytest.mark.parametrize("seq", [0, -1, 1, 999, 2**40])
    def test_a_task_or_request_that_is_not_there_is_refused(self, seq: int) -> None:
        story = Story().called("urban")
        assert isinstance(story.tried(Cast.chen, "sign", task=seq), NotAllowedNow)
        assert isinstance(story.tried(Cast.shen, "uphold", request=seq), NotAllowedNow)

    def test_the_answer_to_one_request_is_no_answer_to_another(self) -> None:
        story = Story().called("urban").signed(URBAN)
        ask = story.asked("extension", URBAN)
        assert isinstance(story.refused(Cast.shen, "uphold", request=ask.seq), NotAllowedNow)

    def test_a_finished_task_takes_no_more_acts(self) -> None:
        story = Story().called("urban", "water").signed(URBAN).finished(URBAN)
        for action in ("sign", "finish", "return", "extension", "replace"):
            assert isinstance(story.tried(Cast.shen, action, of=URBAN), NotAllowedNow)


def test_a_condition_that_does_not_hold_is_named() -> None:
    story = Story().called("urban", "water")
    refusal = story.refused(Cast.shen, "release", of=URBAN)
    assert refusal.details["condition"] == "not lead"
    assert (refusal.zh, refusal.en) == (
        "“撤下协办”须满足：不是主办任务",
        "'Release' is possible only if: not the task of the lead",
    )


def test_asking_back_ends_after_twice() -> None:
    story = Story().reported(Cast.citizen)
    for _ in range(2):
        story.do(Cast.shen, "ask_back")
        story.do(Cast.citizen, "supplement")
    assert isinstance(story.refused(Cast.shen, "ask_back"), NotAllowedNow)


def test_a_ticket_is_not_accepted_while_its_verification_waits() -> None:
    story = Story().reported()
    story.do(Cast.shen, "verification")
    assert isinstance(story.refused(Cast.shen, "accept"), NotAllowedNow)
    story.answered(Cast.zhou, "genuine", "verification")
    story.do(Cast.shen, "accept")


def test_who_reported_does_not_verify() -> None:
    story = Story().reported(Cast.wang)
    ask = story.do(Cast.shen, "verification").asks[0]
    assert story.refused(Cast.wang, "genuine", request=ask.seq).code == "not_permitted"


def test_a_ticket_cannot_be_joined_to_itself_to_a_joined_one_or_to_a_settled_one() -> None:
    main, joined, settled = Story().filed(), Story().reported(), Story().reported()
    joined.joined_to(main)
    settled.do(Cast.wang, "handle_on_the_spot")
    story = Story().reported()
    for other, code in ((story, "malformed"), (joined, "not_allowed_now"), (settled, "not_allowed_now")):
        story.references.tickets[other.case.ticket.case_no] = other.as_ref()
        refusal = story.refused(Cast.shen, "join", form={"ticket": other.case.ticket.case_no})
        assert (refusal.code, refusal.place.field) == (code, "ticket")


_LOOP = """
roles: {anyone: {title: 上报人 / Reporter, person: reporter}}
counters: {turns: 圈数 / Turns}
starts: {report: {title: 上报 / Report, by: anyone, to: left, form: [place!]}}
stages:
  triage:
    left:
      title: 左 / Left
      actions:
        go:   {title: 走 / Go, by: anyone, to: right}
        stop: {title: 停 / Stop, by: anyone, to: closed}
    right:
      title: 右 / Right
      actions: {over: {title: 过 / Over, by: rule, when: turns >= 0, to: far, counts: turns}}
    far:
      title: 远 / Far
      actions: {back: {title: 回 / Back, by: rule, when: turns >= 1, to: right}}
ends: {closed: {title: 办结 / Closed, type: closed}}
"""


def test_automatic_transitions_without_end_are_refused_and_nothing_is_changed() -> None:
    story = Story(small(_LOOP))
    story.do(Cast.citizen, "report")
    before = story.case.ticket.clone()
    refusal = story.refused(Cast.citizen, "go")
    assert isinstance(refusal, Endless)
    assert refusal.details["loop"] == "over → back"
    assert story.case.ticket == before
    assert not story.case.ticket.memory.counters
    story.do(Cast.citizen, "stop")


class TestTwoTimes:
    """`at`: when it happened as claimed; `recorded_at`: the engine's own clock."""

    def test_without_a_claim_both_are_now(self) -> None:
        story = Story().reported()
        assert (story.events[0].at, story.events[0].recorded_at) == (story.now, story.now)

    def test_a_claim_is_kept_beside_the_engines_clock(self) -> None:
        story = Story()
        story.do(Cast.wang, "report", claimed_at=story.now - HOUR, source=Source.DEVICE)
        (event,) = story.events
        assert (event.at, event.recorded_at, event.source) == (story.now - HOUR, story.now, "device")
        assert "claimed" not in json.loads(event.facts)

    def test_nothing_happens_before_what_happened_before_it_and_the_event_says_what_was_claimed(self) -> None:
        story = Story().reported()
        story.later(HOUR).do(Cast.shen, "accept", claimed_at=story.now - DAY, source=Source.DEVICE)
        first, second = story.events
        assert second.at == first.at
        assert second.recorded_at == story.now
        assert json.loads(second.facts)["claimed"] == story.now - DAY

    def test_nothing_happens_later_than_it_was_written_down(self) -> None:
        story = Story()
        story.do(Cast.wang, "report", claimed_at=story.now + DAY, source=Source.DEVICE)
        assert story.events[0].at == story.now
        assert json.loads(story.events[0].facts)["claimed"] == story.now + DAY
        story.later(MINUTE).do(Cast.shen, "accept")
        assert story.events[1].at == story.now

    def test_what_a_claim_enters_on_the_ticket_is_the_time_of_its_event(self) -> None:
        story = Story().reported()
        story.do(Cast.shen, "accept", claimed_at=story.now + DAY, source=Source.DEVICE)
        assert story.case.ticket.entered_at == story.events[-1].at

    def test_a_clock_that_was_put_back_does_not_turn_history_round(self) -> None:
        story = Story().reported()
        story.later(-HOUR).do(Cast.shen, "accept")
        assert story.events[1].at == story.events[0].at
        assert story.events[1].recorded_at == story.now

    def test_limits_that_bind_others_start_when_the_act_was_recorded(self) -> None:
        story = Story().filed()
        story.do(Cast.shen, "call", form={"lead": "urban"}, claimed_at=story.now - HOUR, source=Source.DEVICE)
        assert story.timer("sign", URBAN).started_at == story.now

    def test_an_imports_limits_start_when_its_history_says(self) -> None:
        story = Story()
        when = story.now - 300 * DAY
        story.do(THE_IMPORT, "report", claimed_at=when, source=IMPORT)
        assert story.timer("accept").started_at == when

    def test_an_imported_return_was_in_time_if_it_was_in_time_then(self) -> None:
        story = Story()
        when = story.now - 300 * DAY
        for action, options in (("report", {}), ("accept", {}), ("call", {"form": {"lead": "urban"}})):
            story.do(THE_IMPORT, action, claimed_at=when, source=IMPORT, **options)
        story.do(THE_IMPORT, "return", of=URBAN, claimed_at=when + MINUTE, source=IMPORT)
        assert story.has_open("return")

    def test_an_imported_return_that_was_too_late_then_is_too_late(self) -> None:
        story = Story()
        when = story.now - 300 * DAY
        for action, options in (("report", {}), ("accept", {}), ("call", {"form": {"lead": "urban"}})):
            story.do(THE_IMPORT, action, claimed_at=when, source=IMPORT, **options)
        refusal = story.refused(THE_IMPORT, "return", of=URBAN, claimed_at=when + 10 * DAY, source=IMPORT)
        assert isinstance(refusal, NotAllowedNow)

    def test_a_phone_that_was_offline_cannot_return_in_time_by_its_own_word(self) -> None:
        story = Story().called("urban")
        story.now = Instant(story.timer("object", URBAN).due_at + 1)
        refusal = story.refused(Cast.chen_lead, "return", of=URBAN, claimed_at=story.now - HOUR, source=Source.DEVICE)
        assert isinstance(refusal, NotAllowedNow)


def test_facts_never_hold_a_citizens_words() -> None:
    words = {
        "description": "张三家门口的路灯不亮",
        "address": "幸福路一号",
        "contact_name": "张三",
        "contact_phone": "13800000000",
    }
    story = Story()
    story.do(Cast.shen, "register", form=words)
    story.do(Cast.shen, "accept")
    story.do(Cast.shen, "call", form={"lead": "urban"})
    for event in story.events:
        for word in words.values():
            assert word not in event.facts
    first = story.events[0]
    assert json.loads(first.personal) == words
    assert first.personal_digest
    assert first.salt == b"s" * 32
    assert all(word not in str(vars_of(story)) for word in words.values())


def vars_of(story: Story) -> list[object]:
    """All that is kept of a ticket outside its particulars and the personal part of its history."""
    return [
        story.case.ticket,
        *story.case.tasks.values(),
        *story.case.asks.values(),
        *story.case.timers.values(),
        *story.notices,
        *story.commands,
    ]


def test_an_event_without_personal_words_has_neither_salt_nor_digest() -> None:
    story = Story().filed()
    assert (story.events[1].personal, story.events[1].salt, story.events[1].personal_digest) == ("", b"", "")


def test_rules_that_no_longer_hold_change_nothing_when_they_are_asked_again() -> None:
    story = Story().filed()
    act = Act(action="", actor=THE_RULE)
    assert decide.reconsider(story.case, act, story.now, almanac()) is None


def test_what_another_tickets_act_means_for_this_one_is_a_line_that_moves_nothing() -> None:
    story = Story().filed()
    before = story.case.ticket.clone()
    act = Act(action="joined_by", actor=Cast.shen)
    decision = decide.remark(story.case, act, story.now, almanac(), {"ticket": "20260302-000009"})
    story.let(decision)
    assert story.state == before.state
    assert story.case.ticket.state_version == before.state_version + 1
    assert [event.action for event in decision.events] == ["joined_by"]


def test_scores_for_tasks_that_are_not_there_are_refused() -> None:
    story = Story().called("urban").signed(URBAN).finished(URBAN)
    story.do(Cast.zhou, "check")
    refusal = story.tried(Cast.liu, "pass", each={99: {}})
    assert isinstance(refusal, Malformed)
    assert refusal.place.field == "each.99"


def test_every_finished_department_is_scored_or_the_score_is_refused() -> None:
    story = Story().called("urban").signed(URBAN).finished(URBAN)
    story.do(Cast.zhou, "check")
    refusal = story.tried(Cast.liu, "pass", each={})
    assert isinstance(refusal, Malformed)
    assert refusal.place.field == f"each.{story.task_of(URBAN).seq}.stars"
