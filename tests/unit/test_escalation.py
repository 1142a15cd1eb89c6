"""What time brings: rungs in order, each once, forced actions only while allowed, everything missed made up for."""

import json
from datetime import date
from typing import Any

import pytest

from engine import resources
from engine.clock import DAY, HOUR, MINUTE, Instant
from engine.definitions.loader import load
from engine.errors import Endless
from engine.rules.acts import Decision, Event
from engine.rules.case import Run
from engine.rules.escalate import clock_act, escalate
from engine.vocabulary import StateType
from tests.support.cases import MONDAY, URBAN, WATER, WORKDAY, Cast, Story, almanac, calendar, small

_LOOP = """
roles:
  anyone: {title: 上报人 / Reporter, person: reporter}
  desk:   {title: 受理员 / Desk, post: coordinator, area: street}
  chief:  {title: 区 / District, post: coordinator, area: district}
fields: {target: {title: 目标日 / Target, type: date}}
counters: {laps: 圈数 / Laps}
deadlines:
  work: {title: 办理 / Work, within: 10 hours, ladder: up, then: late}
  aim:  {title: 目标 / Aim, within: until target, ladder: aim, then: late}
ladders:
  up:
    - {at: -30 minutes, light: blue, tells: [desk]}
    - {at: 50%, light: yellow, tells: [desk]}
    - {at: 100%, light: red, card: yellow, tells: [desk, chief]}
    - {at: +2 hours, do: raise, when: in one, level: district}
    - {at: +4 hours, card: red, tells: [chief]}
  aim:
    - {at: 50%, light: yellow, tells: [desk]}
    - {at: 100%, light: red, tells: [desk]}
starts: {report: {title: 上报 / Report, by: anyone, to: one, form: [place!, target]}}
stages:
  triage:
    one:
      title: 一 / One
      deadlines: [work, aim]
      actions:
        more:  {title: 延期 / More, by: desk, extends: work}
        wait:  {title: 挂账 / Wait, by: desk, form: [until!], suspends: until}
        close: {title: 办结 / Close, by: desk, to: closed}
        raise: {title: 提级 / Raise, by: [desk, clock], to: above, form: [reason]}
        away:  {title: 转出 / Away, by: desk, to: two}
        late:  {title: 逾期 / Late, by: clock, counts: laps}
    above:
      title: 上级 / Above
      deadlines: [work]
      actions:
        late:  {by: clock, counts: laps}
        close: {by: desk, to: closed}
    two:
      title: 二 / Two
      deadlines: [work]
      actions:
        late:  {by: clock, when: laps >= 9, counts: laps}
        close: {by: desk, to: closed}
ends: {closed: {title: 办结 / Closed, type: closed}}
requests:
  hearing:
    title: 听证 / Hearing
    ask: {title: 申请 / Ask, in: [one], by: desk}
    pauses: [work]
    answers: {held: {title: 已听 / Held, by: desk}}
"""


def but(*changes: tuple[str, str]) -> Story:
    """A ticket of the same loop with some lines written otherwise."""
    body = _LOOP
    for was, becomes in changes:
        assert was in body
        body = body.replace(was, becomes, 1)
    return Story(small(body))


def story(**form: str) -> Story:
    told = Story(small(_LOOP))
    told.do(Cast.citizen, "report", form=form)
    return told


def facts(event: Event) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(event.facts)
    return found


def rungs_of(decision: Decision | None) -> list[tuple[int, int]]:
    return [(one.generation, one.rung) for one in decision.reached] if decision else []


def test_nothing_comes_before_its_time() -> None:
    told = story()
    assert told.tick(5 * HOUR - 1) is None


def test_a_rung_comes_at_its_moment_once() -> None:
    told = story()
    assert rungs_of(told.tick(5 * HOUR)) == [(1, 1)]
    assert told.tick() is None
    assert told.tick(HOUR) is None


def test_rungs_come_in_order_of_time_whatever_their_order_in_the_file() -> None:
    told = story()
    assert rungs_of(told.tick(5 * HOUR)) == [(1, 1)]
    assert rungs_of(told.tick(4 * HOUR + 30 * MINUTE)) == [(1, 0)]
    assert rungs_of(told.tick(30 * MINUTE)) == [(1, 2), (1, 5)]


def test_a_rungs_event_says_which_and_what_it_brought() -> None:
    told = story()
    decision = told.tick(10 * HOUR)
    assert decision is not None
    *_, red, late = decision.events
    assert (red.action, red.actor, red.at) == ("rung", "clock", MONDAY + 10 * HOUR)
    assert {key: facts(red)[key] for key in ("deadline", "step", "light", "card", "rung")} == {
        "deadline": "work", "step": "100%", "light": "red", "card": "yellow", "rung": 2,
    }  # fmt: skip
    assert (late.action, late.actor, facts(late)["deadline"]) == ("late", "clock", "work")
    assert told.case.ticket.memory.counters == {"laps": 1}


def test_after_an_outage_everything_missed_comes_in_one_act_each_event_at_its_own_time() -> None:
    told = story()
    decision = told.tick(7 * DAY)
    assert decision is not None
    assert rungs_of(decision) == [(1, 1), (1, 0), (1, 2), (1, 5), (1, 3), (1, 4)]
    at = [(event.at - MONDAY) / HOUR for event in decision.events]
    assert at == [5, 9.5, 10, 10, 12, 12, 14]
    assert {event.recorded_at for event in decision.events} == {MONDAY + 7 * DAY}
    assert told.case.ticket.state == "above"


def test_after_an_outage_everybody_is_told_once() -> None:
    decision = story().tick(7 * DAY)
    assert decision is not None
    told = [(notice.unit, notice.posts) for notice in decision.notices]
    assert len(told) == len(set(told)) == 2
    last = {event.seq: facts(event).get("step") for event in decision.events}
    assert {last[notice.event_seq] for notice in decision.notices} == {"100%", "+4 hours"}, (
        "of the gravest they are told"
    )


def test_what_a_forced_action_starts_counts_from_now_not_from_the_missed_moment() -> None:
    """Else an outage would let a whole cascade of limits expire before anybody could act."""
    told = but(
        ("Above\n      deadlines: [work]", "Above\n      deadlines: [own]"),
        ("deadlines:\n", "deadlines:\n  own: {title: 裁定 / Own, within: 2 hours}\n"),
    )
    told.do(Cast.citizen, "report")
    told.tick(7 * DAY)
    assert told.case.ticket.state == "above"
    assert told.timer("own").started_at == MONDAY + 7 * DAY
    assert told.case.ticket.entered_at == MONDAY + 12 * HOUR


def test_a_rung_whose_condition_fails_is_moot_and_says_so() -> None:
    told = story()
    told.do(Cast.shen, "away")
    told.tick(10 * HOUR)
    decision = told.tick(2 * HOUR)
    assert decision is not None
    (event,) = decision.events
    assert facts(event)["moot"] == "when"
    assert told.case.ticket.state == "two"
    assert told.case.ticket.level == ""


def test_what_the_clock_may_not_do_any_more_is_moot_and_says_so() -> None:
    told = story()
    told.do(Cast.shen, "away")
    decision = told.tick(10 * HOUR)
    assert decision is not None
    late = decision.events[-1]
    assert (late.action, facts(late)["do"], facts(late)["moot"]) == ("rung", "late", "action")
    assert rungs_of(told.tick()) == []


def test_a_closed_ticket_is_left_alone() -> None:
    told = story()
    told.do(Cast.shen, "close")
    assert told.tick(30 * DAY) is None


def test_a_forced_action_that_ends_the_deadline_ends_its_ladder() -> None:
    told = but(("to: above, form: [reason]", "to: closed, form: [reason]"))
    told.do(Cast.citizen, "report")
    decision = told.tick(7 * DAY)
    assert rungs_of(decision)[-1] == (1, 3)
    assert told.case.ticket.state == "closed"


def test_an_extension_lets_rungs_that_lie_ahead_again_come_again_and_no_other() -> None:
    told = story()
    told.tick(5 * HOUR)
    told.do(Cast.shen, "more")
    assert told.timer("work").generation == 2
    assert told.tick(5 * HOUR - 1) is None
    assert rungs_of(told.tick(1)) == [(2, 1)]


def test_an_extension_granted_after_a_rung_that_stays_behind_does_not_repeat_it() -> None:
    told = but(("- {at: 50%,", "- {at: 5%,"))
    told.do(Cast.citizen, "report")
    assert rungs_of(told.tick(HOUR)) == [(1, 1)]
    told.do(Cast.shen, "more")
    assert told.tick(30 * MINUTE) is None
    assert told.tick(8 * HOUR) is None


def test_a_rung_that_a_moved_due_time_has_passed_comes_at_once() -> None:
    """The standard is corrected to one with a shorter limit: nothing of the ladder is skipped."""
    told = but(
        ("within: 10 hours", "within: catalogue, default: 100 hours"),
        ("more:  {title: 延期 / More, by: desk, extends: work}", "fix: {title: 更正 / Fix, by: desk, form: [item!]}"),
    )
    told.do(Cast.citizen, "report")
    told.later(3 * HOUR).do(Cast.shen, "fix", form={"item": "part-01-01"})
    work = told.timer("work")
    assert (work.limit, work.generation, work.due_at) == (
        "4 working hours",
        2,
        MONDAY + 6 * HOUR + 30 * MINUTE - 30 * MINUTE,
    )
    assert rungs_of(told.tick()) == [(2, 1)]


def test_a_clock_that_steps_back_repeats_nothing_and_loses_nothing() -> None:
    told = story()
    told.tick(5 * HOUR)
    assert told.tick(-HOUR) is None
    assert told.tick(HOUR) is None
    assert rungs_of(told.tick(5 * HOUR)) == [(1, 0), (1, 2), (1, 5)]


def test_a_suspension_resumes_by_itself_when_its_day_is_over_however_late_somebody_looks() -> None:
    told = story()
    told.later(2 * HOUR).do(Cast.shen, "wait", form={"until": "2026-03-05"})
    over = calendar().end_of(_day("2026-03-05"))
    assert told.tick_to(Instant(over - 1)) is None
    decision = told.tick_to(Instant(over + 2 * HOUR))
    assert decision is not None
    (resumed,) = decision.events
    assert (resumed.action, resumed.at) == ("resumed", over)
    work = told.timer("work")
    assert (work.run, work.consumed, work.started_at, work.generation) == (Run.RUNNING, 2 * HOUR, over, 2)
    assert work.due_at == over + 8 * HOUR


def test_an_outage_over_the_end_of_a_suspension_brings_the_rungs_of_the_resumed_clock() -> None:
    told = story()
    told.later(2 * HOUR).do(Cast.shen, "wait", form={"until": "2026-03-05"})
    over = calendar().end_of(_day("2026-03-05"))
    decision = told.tick_to(Instant(over + 9 * HOUR))
    assert rungs_of(decision) == [(2, 1), (2, 0), (2, 2), (2, 5)]


def test_a_suspension_that_ends_during_a_hearing_goes_on_until_the_hearing_is_answered() -> None:
    told = story()
    told.do(Cast.shen, "wait", form={"until": "2026-03-05"})
    told.do(Cast.shen, "hearing")
    told.tick_to(Instant(calendar().end_of(_day("2026-03-05")) + HOUR))
    assert told.timer("work").run is Run.PAUSED
    assert told.tick(30 * DAY) is None
    told.answered(Cast.shen, "held", "hearing")
    assert told.timer("work").run is Run.RUNNING


def test_a_deadline_until_a_day_that_is_over_passes_at_once_and_warns_of_nothing() -> None:
    told = story(target="2026-02-20")
    decision = told.tick()
    assert decision is not None
    assert [facts(event).get("step", "then") for event in decision.events] == ["100%", "then"]


def test_a_warning_longer_than_its_limit_does_not_come_at_creation() -> None:
    told = but(("within: 10 hours", "within: 20 minutes"))
    told.do(Cast.citizen, "report")
    assert told.tick() is None
    assert rungs_of(told.tick(10 * MINUTE)) == [(1, 1)]


def test_an_old_systems_past_wakes_nobody() -> None:
    told = Story(small(_LOOP))
    told.do(Cast.citizen, "report", arm_from=MONDAY + 9 * HOUR)
    assert rungs_of(told.tick(20 * HOUR)) == [(1, 0), (1, 2), (1, 5), (1, 3), (1, 4)]


def test_a_file_that_leads_the_clock_in_a_circle_is_found_and_nothing_is_kept() -> None:
    """Until a day that is over, from either state: each passes at once and leads to the other."""
    back = "    back:\n      title: 回 / Back\n      deadlines: [again]\n      actions: {late: {by: clock, to: one}}\n"
    told = but(
        ("by: clock, counts: laps}", "by: clock, to: back}"),
        ("    above:\n", f"{back}    above:\n"),
        ("ladders:\n", "  again: {title: 又 / Again, within: until target, then: late}\nladders:\n"),
    )
    told.do(Cast.citizen, "report", form={"target": "2026-02-20"})
    with pytest.raises(Endless):
        escalate(told.case, clock_act(b"s" * 32), told.now, almanac())
    assert told.case.ticket.state == "one"


def test_a_row_that_remembers_a_wrong_moment_is_put_right_without_a_line() -> None:
    told = story()
    told.timer("work").next_at = MONDAY
    decision = told.tick()
    assert decision is not None
    assert not decision.events
    assert told.timer("work").next_at == MONDAY + 5 * HOUR
    assert told.tick() is None


def test_a_return_that_nobody_rules_on_rises_by_the_clock() -> None:
    told = Story().called("urban").signed(URBAN)
    told.asked("return", URBAN)
    decision = told.tick(2 * DAY)
    assert decision is not None
    rise = next(event for event in decision.events if event.action == "rise")
    assert (rise.actor, rise.request_seq is not None, facts(rise)["deadline"]) == ("clock", True, "rule_return")
    assert told.case.ticket.state == "arbitration"


def test_a_department_that_is_far_behind_has_its_ticket_raised_and_the_other_goes_on() -> None:
    told = Story().called("urban", "water", item="event-02-03").signed(URBAN, WATER)
    assert told.case.ticket.state == "handling"
    told.tick(30 * DAY)
    assert told.case.ticket.state == "arbitration"


def test_an_evaluation_that_nobody_makes_passes_unscored_and_the_publication_starts_then() -> None:
    told = Story().called("urban").signed(URBAN).finished(URBAN)
    told.do(Cast.zhou, "check")
    told.tick(10 * DAY)
    assert told.case.ticket.state == "published"
    assert told.case.state_type is StateType.CLOSED
    told.tick(60 * DAY)
    assert told.case.ticket.state == "closed"


@pytest.mark.parametrize("path", ["block-calls-line-responds", "multi-grid-in-one", "service-request"])
def test_every_shipped_deadline_tells_when_to_look_next(path: str) -> None:
    definition = load(resources.workflows() / f"{path}.yaml")
    assert any(deadline.ladder or deadline.then for deadline in definition.deadlines.values())


def test_working_hours_hold_the_rungs_of_a_working_limit() -> None:
    told = Story().called("urban", item="event-02-03")
    handle = told.timer("handle", URBAN)
    assert calendar().measure(handle.started_at, handle.next_at or handle.due_at) == 5 * WORKDAY * 7 // 10


def _day(text: str) -> date:
    return date.fromisoformat(text)
