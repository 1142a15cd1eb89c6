"""Deadlines: started by states, tasks and requests; met, stopped, paused, resumed, moved."""

from datetime import date

import pytest

from engine.clock import DAY, HOUR, MINUTE, Instant
from engine.definitions.spans import Counting, parse_limit
from engine.rules import deadlines, rungs
from engine.rules.case import THE_CLOCK, Run, Timer
from engine.rules.draft import Draft
from tests.support.cases import (
    IMPORT,
    MONDAY,
    THE_IMPORT,
    URBAN,
    WATER,
    WORKDAY,
    Cast,
    Story,
    almanac,
    calendar,
    multi_grid,
    small,
)

_LOOP = """
roles:
  anyone: {title: 上报人 / Reporter, person: reporter}
  desk:   {title: 受理员 / Desk, post: coordinator, area: street}
fields: {target: {title: 目标日 / Target, type: date}}
deadlines:
  whole: {title: 总 / Whole, within: 5 workdays, then: late}
  first: {title: 先 / First, within: 2 hours}
  aim:   {title: 目标 / Aim, within: until target, then: late}
  rule:  {title: 裁定 / Rule, within: 4 working hours}
starts: {report: {title: 上报 / Report, by: anyone, to: one, form: [place!, target]}}
stages:
  triage:
    one:
      title: 一 / One
      deadlines: [whole, first, aim]
      actions:
        on:      {title: 继续 / On, by: desk, to: two, form: [target]}
        again:   {title: 再来 / Again, by: desk, to: one}
        meet:    {title: 达成 / Meet, by: desk, meets: first}
        wait:    {title: 挂账 / Wait, by: desk, form: [until!], suspends: until}
        more:    {title: 延期 / More, by: desk, extends: whole}
        late:    {title: 逾期 / Late, by: clock, to: closed}
        drop:    {title: 作废 / Drop, by: desk, to: dropped}
  resolve:
    two:
      title: 二 / Two
      deadlines: [whole, aim]
      actions:
        late: {by: clock, to: closed}
ends: {closed: {title: 办结 / Closed, type: closed}, dropped: {title: 作废 / Dropped, type: void}}
requests:
  hearing:
    title: 听证 / Hearing
    ask: {title: 申请 / Ask, in: [one], by: desk}
    pauses: [whole, aim]
    deadlines: [rule]
    answers: {held: {title: 已听 / Held, by: desk}}
"""


def _story(**form: str) -> Story:
    story = Story(small(_LOOP))
    story.do(Cast.citizen, "report", form=form)
    return story


def _ended(story: Story, decision: object) -> dict[str, Run]:
    return {timer.name: timer.run for timer in decision.timers if timer.ended_at is not None}  # type: ignore[attr-defined]


def test_a_state_starts_what_it_lists_and_stops_what_the_next_does_not() -> None:
    story = _story()
    assert story.running() == {"whole", "first"}
    whole = story.timer("whole")
    decision = story.later().do(Cast.shen, "on")
    assert _ended(story, decision) == {"first": Run.MET}
    assert story.timer("whole") is whole


def test_a_void_end_stops_what_a_closed_one_meets() -> None:
    decision = _story().do(Cast.shen, "drop")
    assert _ended(_story(), decision) == {"whole": Run.STOPPED, "first": Run.STOPPED}
    story = _story()
    assert _ended(story, story.do(THE_CLOCK, "late")) == {"whole": Run.MET, "first": Run.MET}


def test_a_state_entered_again_lets_its_deadlines_run_on() -> None:
    story = _story()
    due = story.timer("whole").due_at
    story.later().do(Cast.shen, "again")
    assert story.timer("whole").due_at == due


def test_what_is_met_ends_and_the_others_run_on() -> None:
    story = _story()
    story.do(Cast.shen, "meet")
    assert story.running() == {"whole"}


def test_a_deadline_until_a_day_that_nobody_gave_does_not_run() -> None:
    assert "aim" not in _story().running()
    given = _story(target="2026-03-20")
    assert given.timer("aim").due_at == calendar().end_of(date(2026, 3, 20))


def test_a_day_given_later_starts_its_deadline_with_the_next_state() -> None:
    story = _story()
    story.do(Cast.shen, "on", form={"target": "2026-03-20"})
    assert story.timer("aim").due_at == calendar().end_of(date(2026, 3, 20))


def test_a_day_that_stood_still_moves_by_as_long_as_it_stood_still() -> None:
    story = _story(target="2026-03-20")
    story.do(Cast.shen, "hearing")
    story.later(3 * DAY).answered(Cast.shen, "held", "hearing")
    assert story.timer("aim").due_at == calendar().end_of(date(2026, 3, 20)) + 3 * DAY


def test_a_request_pauses_what_it_names_and_what_was_left_runs_on_after_it() -> None:
    story = _story().later(2 * HOUR)
    story.do(Cast.shen, "hearing")
    assert story.timer("whole").run is Run.PAUSED
    assert story.timer("first").run is Run.RUNNING
    story.later(3 * DAY).answered(Cast.shen, "held", "hearing")
    whole = story.timer("whole")
    assert (whole.run, whole.consumed, whole.started_at) == (Run.RUNNING, 2 * HOUR, story.now)
    assert calendar().measure(story.now, whole.due_at) == 5 * WORKDAY - 2 * HOUR


def test_a_change_of_limit_does_not_forget_what_was_paused() -> None:
    """A bug of peers: a changed limit counted the paused time as used."""
    story = _story().later(2 * HOUR)
    story.do(Cast.shen, "hearing")
    story.later(3 * DAY).answered(Cast.shen, "held", "hearing")
    story.do(Cast.shen, "more")
    assert calendar().measure(story.now, story.timer("whole").due_at) == 10 * WORKDAY - 2 * HOUR


def test_a_request_has_a_deadline_of_its_own_that_ends_with_its_answer() -> None:
    story = _story()
    story.do(Cast.shen, "hearing")
    (own,) = [timer for timer in story.case.timers.values() if timer.request_seq is not None]
    assert own.name == "rule"
    assert story.running() == {"whole", "first"}
    decision = story.do(Cast.shen, "held", request=own.request_seq)
    assert {timer.run for timer in decision.timers if timer.name == "rule"} == {Run.MET}


def test_a_request_that_lapses_stops_its_deadline() -> None:
    story = _story()
    story.do(Cast.shen, "hearing")
    decision = story.do(Cast.shen, "on")
    assert {timer.run for timer in decision.timers if timer.name == "rule"} == {Run.STOPPED}
    assert story.timer("whole").run is Run.RUNNING


def test_a_suspension_until_a_day_resumes_when_that_day_is_over() -> None:
    story = _story()
    story.do(Cast.shen, "wait", form={"until": "2026-03-09"})
    whole = story.timer("whole")
    assert whole.resumes_at == whole.next_at == calendar().end_of(date(2026, 3, 9))


@pytest.mark.parametrize("until", ["2026-03-01", "2000-01-01"])
def test_a_suspension_until_a_day_that_is_over_is_refused(until: str) -> None:
    refusal = _story().refused(Cast.shen, "wait", form={"until": until})
    assert refusal.place.field == "until"


def test_a_suspension_beyond_what_the_calendar_knows_is_refused_or_kept_and_never_breaks() -> None:
    story = _story()
    story.do(Cast.shen, "wait", form={"until": "2099-12-31"})
    assert story.timer("whole").resumes_at == calendar().end_of(date(2099, 12, 31))


def test_a_hearing_answered_during_a_suspension_does_not_end_the_suspension() -> None:
    story = _story()
    story.do(Cast.shen, "hearing")
    story.do(Cast.shen, "wait", form={"until": "2026-03-09"})
    story.later().answered(Cast.shen, "held", "hearing")
    assert story.timer("whole").run is Run.PAUSED


def test_a_second_suspension_lasts_until_the_later_day() -> None:
    story = _story()
    story.do(Cast.shen, "wait", form={"until": "2026-03-20"})
    story.do(Cast.shen, "wait", form={"until": "2026-03-09"})
    assert story.timer("whole").resumes_at == calendar().end_of(date(2026, 3, 20))


def test_whatever_moves_the_due_time_opens_a_new_generation() -> None:
    story = _story()
    assert story.timer("whole").generation == 1
    story.do(Cast.shen, "more")
    assert story.timer("whole").generation == 2
    story.do(Cast.shen, "hearing")
    assert story.timer("whole").generation == 2
    story.later().answered(Cast.shen, "held", "hearing")
    assert story.timer("whole").generation == 3


def test_a_catalogue_limit_counts_before_the_files_default() -> None:
    assert Story().called("urban", item="part-01-01").timer("handle", URBAN).limit == "4 working hours"
    assert Story().called("urban", item="event-02-03").timer("handle", URBAN).limit == "5 workdays"


def test_what_only_emergencies_have_starts_for_emergencies_only() -> None:
    story = Story().filed()
    story.do(Cast.shen, "call", form={"kind": "emergency", "lead": "urban"})
    arrive = story.timer("arrive", URBAN)
    assert arrive.due_at == story.now + 30 * MINUTE
    story.signed(URBAN).do(Cast.chen, "arrive", of=URBAN)
    assert "arrive" not in story.running(URBAN)
    calm = Story().filed()
    calm.do(Cast.shen, "call", form={"kind": "appeal", "lead": "urban"})
    assert "arrive" not in calm.running(URBAN)


def test_a_problems_target_day_runs_from_the_list_to_the_end_of_the_work() -> None:
    story = Story(multi_grid()).filed()
    story.do(Cast.liu, "list", form={"due": "2026-06-30"})
    due = story.timer("target").due_at
    assert due == calendar().end_of(date(2026, 6, 30))
    story.do(Cast.liu, "table")
    assert story.timer("target").due_at == due


def test_the_row_of_a_deadline_says_its_convention() -> None:
    for text in ("5 workdays", "30 working minutes", "7 days", "2 hours"):
        for counting in Counting:
            limit = parse_limit(text).counted(counting)
            assert rungs.limit_of(rungs.limit_text(limit)) == limit
    assert rungs.limit_of("until 2026-03-20") is None


def test_due_times_before_an_import_is_armed_wake_nobody() -> None:
    story = Story()
    when = MONDAY - 300 * DAY
    story.do(THE_IMPORT, "report", claimed_at=when, source=IMPORT, arm_from=MONDAY)
    assert story.timer("accept").next_at is None
    assert story.timer("accept").due_at < MONDAY


def test_resuming_what_does_not_stand_still_changes_nothing() -> None:
    story = _story()
    draft = Draft(story.case, story.act(THE_CLOCK, ""), Instant(story.now + HOUR), almanac())
    deadlines.resume(draft, story.timer("whole").seq)
    story.let(draft.finish())
    whole: Timer = story.timer("whole")
    assert (whole.run, whole.generation, whole.started_at) == (Run.RUNNING, 1, story.now)


def test_two_departments_clocks_are_two() -> None:
    story = Story().called("urban", "water").signed(URBAN, WATER).finished(URBAN)
    assert not story.running(URBAN)
    assert {"handle", "contact"} <= story.running(WATER)


def test_an_extension_adds_what_the_file_says_and_the_limit_once_more_where_it_says_nothing() -> None:
    """Sixty days and thirty more, as the law has it; the warning ten days ahead moves along."""
    text = """
roles: {desk: {title: 受理员 / Desk, post: coordinator, area: street}}
deadlines:
  decide: {title: 办理 / Decide, within: 60 days, extension: 30 days, counting: days, ladder: warns}
  tell:   {title: 告知 / Tell, within: 15 days, counting: days}
ladders: {warns: [{at: -10 days, light: yellow, tells: [desk]}]}
starts: {report: {title: 上报 / Report, by: desk, to: one, form: [place!]}}
stages:
  triage:
    one:
      title: 一 / One
      deadlines: [decide, tell]
      actions:
        more:   {title: 延期 / More, by: desk, extends: decide}
        longer: {title: 再延 / Longer, by: desk, extends: tell}
        end:    {title: 办结 / End, by: desk, to: closed}
ends: {closed: {title: 办结 / Closed, type: closed}}
"""
    story = Story(small(text))
    story.do(Cast.shen, "report")
    midnight = calendar().end_of(date(2026, 3, 2))
    assert [story.timer(name).due_at for name in ("decide", "tell")] == [midnight + 60 * DAY, midnight + 15 * DAY]
    for action in ("more", "longer"):
        story.do(Cast.shen, action)
    decide, tell = story.timer("decide"), story.timer("tell")
    assert (decide.due_at, decide.extensions, decide.limit) == (midnight + 91 * DAY, 1, "60 days by days"), (
        "the ninetieth day is a Sunday"
    )
    assert tell.due_at == midnight + 30 * DAY
    assert decide.next_at is not None
    assert 10 * DAY <= decide.due_at - decide.next_at < 11 * DAY
