"""块呼条应: what the shipped loop allows, from the report to the archive."""

import json
from dataclasses import replace

import pytest

from engine.clock import DAY, HOUR
from engine.errors import Malformed, NotAllowedNow, NotPermitted
from engine.rules.acts import CommandKind
from engine.rules.case import THE_CLOCK
from engine.vocabulary import StateType
from tests.support.cases import GAS, POWER, URBAN, WATER, Cast, Story, also


def test_a_call_goes_through_all_five_stages() -> None:
    story = Story().called("urban", "water").signed(URBAN, WATER).finished(URBAN, WATER)
    story.scored().do(Cast.wang, "rate")
    story.ticks("archive")

    assert [(event.action, event.stage, event.state_to) for event in story.events] == [
        ("report", "report", "reported"),
        ("accept", "triage", "filed"),
        ("call", "dispatch", "called"),
        ("sign", "dispatch", "signed"),
        ("responded", "resolve", "handling"),
        ("sign", "resolve", "signed"),
        ("finish", "resolve", "done"),
        ("finish", "resolve", "done"),
        ("checkable", "review", "checking"),
        ("check", "review", "scoring"),
        ("pass", "review", "published"),
        ("rate", "review", "published"),
        ("archive", "review", "closed"),
    ]
    assert not story.running()


def test_a_call_remembers_in_which_capacity_each_hand_acted() -> None:
    story = Story().called("urban").signed(URBAN)
    report, accept, call, sign, responded = story.events

    assert (report.actor, report.post, report.department_id) == ("wang", "grid_worker", None)
    assert (accept.actor, accept.post) == ("shen", "coordinator")
    assert json.loads(call.facts)["role"] in ("desk", "block")
    assert (sign.actor, sign.post, sign.department_id) == ("chen", "handler", URBAN)
    assert (responded.actor, responded.post, responded.person_id) == ("rule", "", None)


def test_each_department_has_its_own_task_and_its_own_times() -> None:
    story = Story().called("urban", "water")
    story.later().signed(WATER)
    story.later().signed(URBAN)
    story.later(DAY).do(Cast.lu, "contact", of=WATER)

    urban, water = story.task_of(URBAN), story.task_of(WATER)
    assert urban.opened_at == water.opened_at
    assert urban.entered_at - water.entered_at == HOUR
    assert "contact" in story.running(URBAN)
    assert "contact" not in story.running(WATER)


def test_the_clock_starts_at_dispatch_and_signing_late_does_not_move_it() -> None:
    story = Story().called("urban")
    before = story.timer("handle", URBAN)
    story.later(20 * HOUR).signed(URBAN)

    after = story.timer("handle", URBAN)
    assert (after.seq, after.started_at, after.due_at) == (before.seq, before.started_at, before.due_at)
    assert "sign" not in story.running(URBAN)


def test_the_first_department_that_signs_brings_the_ticket_to_handling_and_the_second_changes_nothing() -> None:
    story = Story().called("urban", "water")
    assert story.state == "called"
    story.signed(WATER)
    assert story.state == "handling"
    seen = story.case.ticket.state_version
    story.signed(URBAN)
    assert (story.state, story.case.ticket.state_version) == ("handling", seen)


def test_a_grid_worker_handles_on_the_spot_and_the_ticket_is_closed() -> None:
    story = Story().reported()
    story.do(Cast.wang, "handle_on_the_spot")
    assert (story.state, story.case.state_type) == ("self_handled", StateType.CLOSED)
    assert story.case.ticket.settled_at == story.now
    assert not story.case.tasks


def test_what_is_not_the_desks_to_accept_is_refused_with_a_reason_and_the_reporter_hears_of_it() -> None:
    story = Story().reported()
    story.do(Cast.shen, "refuse", form={"reason": "不属受理范围"})
    assert story.state == "refused"
    assert [(notice.role, notice.unit) for notice in story.notices] == [("reporter", f"p{Cast.wang.person_id}")]
    assert "不属受理范围" in story.events[-1].personal
    assert "不属受理范围" not in story.events[-1].facts


@pytest.mark.parametrize("where", ["police", "court", "petition"])
def test_what_belongs_to_police_court_or_petition_is_referred_there_and_counts_as_no_demand(where: str) -> None:
    for story in (Story().reported(Cast.citizen), Story().filed()):
        story.do(Cast.shen, "refer", form={"referral": where})
        assert (story.state, story.case.state_type) == ("referred", StateType.VOID)
        assert json.loads(story.events[-1].facts)["form"] == {"referral": where}
        assert [notice.role for notice in story.notices if notice.event_seq == story.events[-1].seq] == ["reporter"]


def test_the_desk_answers_directly_and_the_reply_is_the_citizens_own() -> None:
    story = Story().reported(Cast.citizen)
    story.do(Cast.shen, "answer", form={"reply": "该路段本月底前修复"})
    assert (story.state, story.case.state_type) == ("answered", StateType.CLOSED)
    assert "该路段" not in story.events[-1].facts
    assert isinstance(story.refused(Cast.wang, "rate_answer"), NotPermitted)
    story.do(Cast.citizen, "rate_answer")
    assert story.state == "closed"


def test_a_lead_checks_inside_before_the_department_has_fed_back() -> None:
    story = Story().called("urban").signed(URBAN)
    story.do(Cast.chen, "submit", of=URBAN)
    assert story.state == "handling"
    assert isinstance(story.refused(Cast.chen, "approve", of=URBAN), NotPermitted)
    story.do(Cast.chen_lead, "not_yet", of=URBAN)
    story.do(Cast.chen, "submit", of=URBAN)
    story.do(Cast.chen_lead, "approve", of=URBAN)
    assert story.state == "checking"


def test_the_desk_records_the_answer_of_a_unit_without_accounts() -> None:
    story = Story().called("urban", "water").signed(URBAN).finished(URBAN)
    story.do(Cast.shen, "record", of=WATER)
    assert story.state == "checking"
    assert story.events[-2].actor == "shen"


def test_a_reporter_withdraws_their_own_report_and_nobody_elses() -> None:
    story = Story().reported(Cast.citizen)
    assert isinstance(story.refused(Cast.yang, "withdraw"), NotPermitted)
    story.do(Cast.citizen, "withdraw")
    assert story.state == "withdrawn"


def test_who_records_somebody_elses_words_is_not_the_reporter() -> None:
    story = Story()
    story.do(Cast.wang, "report", form={"description": "路灯不亮"})
    assert story.case.ticket.reporter_id == Cast.wang.person_id


def test_who_handled_may_not_check_whichever_post_they_hold() -> None:
    story = Story().called("urban").signed(URBAN).finished(URBAN)
    assert isinstance(story.refused(Cast.chen, "check"), NotPermitted)
    both = also(Cast.chen, Cast.zhou)
    assert isinstance(story.refused(both, "check"), NotPermitted)
    story.do(Cast.zhou, "check")
    assert story.state == "scoring"


def test_who_handled_in_an_earlier_round_may_not_check_a_later_one() -> None:
    story = Story().called("urban").signed(URBAN).finished(URBAN)
    story.do(Cast.zhou, "rework")
    helper = replace(also(Cast.chen, Cast.zhou), person_id=99, name="second")
    story.do(helper, "finish", of=URBAN)
    turned = replace(Cast.chen, posts=Cast.zhou.posts)
    assert isinstance(story.refused(turned, "check"), NotPermitted)
    assert isinstance(story.refused(helper, "check"), NotPermitted)


def test_the_block_scores_every_department_that_finished() -> None:
    story = Story().called("urban", "water").signed(URBAN, WATER).finished(URBAN, WATER)
    urban, water = story.task_of(URBAN).seq, story.task_of(WATER).seq
    scores = {
        urban: {"stars": 5, "resolved": "solved"},
        water: {"stars": 2, "resolved": "unsolved", "reason": "两次到场都无工具"},
    }
    story.do(Cast.zhou, "check")
    story.do(Cast.tang, "pass", each=scores)

    facts = json.loads(story.events[-1].facts)
    assert facts["each"] == {
        str(urban): {"resolved": "solved", "stars": 5},
        str(water): {"resolved": "unsolved", "stars": 2},
    }
    assert "两次到场" in story.events[-1].personal


def test_a_department_that_was_replaced_is_not_scored() -> None:
    story = Story().called("urban").signed(URBAN)
    replaced = story.task_of(URBAN).seq
    story.do(Cast.shen, "replace", of=URBAN, form={"department": "water"})
    story.signed(WATER).finished(WATER).do(Cast.zhou, "check")
    refusal = story.tried(
        Cast.liu,
        "pass",
        each={
            replaced: {"stars": 1, "resolved": "unsolved"},
            story.task_of(WATER).seq: {"stars": 5, "resolved": "solved"},
        },
    )
    assert isinstance(refusal, Malformed)
    assert refusal.place.field == f"each.{replaced}"


def test_an_unscored_ticket_is_passed_by_the_clock_and_says_so() -> None:
    story = Story().called("urban").signed(URBAN).finished(URBAN)
    story.do(Cast.zhou, "check")
    story.later(5 * DAY).ticks("pass_unscored")
    assert story.state == "published"
    assert "each" not in json.loads(story.events[-1].facts)


def test_rework_is_the_same_department_the_same_part_and_the_same_history_in_a_new_round() -> None:
    story = Story().called("urban", "water").signed(URBAN, WATER).finished(URBAN, WATER)
    first = {task.seq: task for task in story.case.tasks.values()}
    story.do(Cast.zhou, "rework")

    again = [task for task in story.case.tasks.values() if task.seq not in first]
    assert [(task.department_id, task.lead, task.round, task.state) for task in again] == [
        (URBAN, True, 2, "signed"),
        (WATER, False, 2, "signed"),
    ]
    assert [task.previous for task in again] == list(first)
    assert story.state == "handling"


def test_the_third_failed_check_rises_to_the_district() -> None:
    story = Story().called("urban").signed(URBAN)
    for _ in range(2):
        story.finished(URBAN).do(Cast.zhou, "rework")
        assert story.state == "handling"
    story.finished(URBAN).do(Cast.zhou, "rework")
    assert story.state == "arbitration"
    assert story.events[-1].action == "raised"


def test_what_the_district_designates_begins_its_reworks_anew() -> None:
    story = Story().called("urban").signed(URBAN)
    for _ in range(3):
        story.finished(URBAN).do(Cast.zhou, "rework")
    story.do(Cast.gu, "designate", form={"lead": "water"})
    assert story.state == "called"
    assert not story.case.ticket.memory.counters
    story.signed(WATER).finished(WATER).do(Cast.zhou, "rework")
    assert story.state == "handling"


def test_the_desk_adds_a_co_handler_and_the_join_waits_for_it() -> None:
    story = Story().called("urban").signed(URBAN)
    story.do(Cast.shen, "add", form={"co": ["power"]})
    story.finished(URBAN)
    assert story.state == "handling"
    assert not story.task_of(POWER).lead
    story.signed(POWER).finished(POWER)
    assert story.state == "checking"


def test_nobody_stops_working_while_others_consult() -> None:
    story = Story().called("urban", "water").signed(URBAN)
    story.do(Cast.shen, "consult")
    assert story.state == "consulting"
    story.signed(WATER).finished(WATER, URBAN)
    assert story.state == "consulting"
    story.do(Cast.shen, "agree", form={"lead": "gas"})
    assert story.state == "called"
    assert [task.state for task in story.case.round_of("line")] == ["sent"]
    assert story.task_of(GAS).lead


def test_consultation_that_fails_goes_up_and_up_and_each_ruling_binds() -> None:
    story = Story().called("urban").signed(URBAN)
    story.do(Cast.shen, "consult")
    story.do(Cast.shen, "unresolved")
    assert isinstance(story.refused(Cast.shen, "designate"), NotPermitted)
    story.do(Cast.gu, "to_city")
    assert isinstance(story.refused(Cast.gu, "designate"), NotPermitted)
    story.do(Cast.jin, "designate", form={"lead": "gas", "co": ["urban"]})
    assert story.state == "called"
    assert all("designated" in task.memory.marks for task in story.case.round_of("line"))
    assert story.task_of(GAS).lead


def test_calling_off_stops_every_department_and_tells_all_of_them() -> None:
    story = Story().called("urban", "water").signed(URBAN)
    story.do(Cast.shen, "call_off")
    assert story.state == "withdrawn"
    assert {task.state for task in story.case.tasks.values()} == {"withdrawn"}
    assert not story.case.timers
    told = {notice.unit for notice in story.notices if notice.event_seq == story.events[-1].seq}
    assert told == {f"p{Cast.wang.person_id}", f"d{URBAN}", f"d{WATER}"}


def test_a_lead_hands_over_inside_the_department_and_to_nobody_elses_people() -> None:
    story = Story().called("urban", "water")
    story.do(Cast.chen_lead, "hand_over", of=URBAN, form={"person": "chen"})
    assert story.task_of(URBAN).person_id == Cast.chen.person_id
    refusal = story.refused(Cast.chen_lead, "hand_over", of=URBAN, form={"person": "lu"})
    assert refusal.place.field == "person"
    assert isinstance(story.refused(Cast.chen_lead, "hand_over", of=WATER, form={"person": "lu"}), NotPermitted)


def test_a_co_handler_can_be_released_and_the_lead_only_replaced() -> None:
    story = Story().called("urban", "water").signed(URBAN, WATER)
    assert isinstance(story.refused(Cast.shen, "release", of=URBAN), NotAllowedNow)
    story.do(Cast.shen, "release", of=WATER)
    assert story.task_of(WATER).state == "withdrawn"
    story.finished(URBAN)
    assert story.state == "checking"


def test_only_the_clock_archives() -> None:
    story = Story().called("urban").signed(URBAN).finished(URBAN)
    story.scored()
    assert isinstance(story.refused(Cast.shen, "archive"), NotPermitted)
    assert isinstance(story.refused(THE_CLOCK, "rate"), NotPermitted)
    story.ticks("archive")
    assert story.state == "closed"


def test_a_closed_ticket_takes_no_act_at_all() -> None:
    story = Story().reported()
    story.do(Cast.wang, "handle_on_the_spot")
    for name in story.definition.states["reported"].actions:
        refusal = story.tried(Cast.shen, name)
        assert isinstance(refusal, NotAllowedNow)
        assert refusal.details["state"] == "self_handled"


def test_a_main_ticket_that_closes_leaves_a_command_for_those_joined_to_it() -> None:
    main = Story().filed()
    other = Story().reported(Cast.citizen).joined_to(main)
    assert (other.state, other.case.state_type) == ("joined", StateType.JOINED)

    main.do(Cast.shen, "call", form={"lead": "urban"})
    main.signed(URBAN).finished(URBAN).scored()
    assert [command.kind for command in main.commands] == [CommandKind.MAIN_MOVED]


@pytest.mark.parametrize(
    ("main_type", "state"),
    [
        (StateType.CLOSED, "answered"),
        (StateType.VOID, "filed"),
        (StateType.WORKING, "joined"),
        (StateType.JOINED, "joined"),
    ],
)
def test_a_joined_ticket_asks_its_rules_again_when_its_main_moved(main_type: StateType, state: str) -> None:
    other = _joined()
    other.main_moved(main_type)
    assert other.state == state
    assert (other.case.ticket.main_id is None) == (state == "filed")


def test_the_reporter_of_a_joined_ticket_rates_what_its_main_brought() -> None:
    other = _joined().main_moved(StateType.CLOSED)
    other.do(Cast.citizen, "rate_answer")
    assert other.state == "closed"


def test_a_ticket_split_off_again_is_on_its_own() -> None:
    other = _joined()
    other.do(Cast.shen, "split")
    assert other.state == "filed"
    assert other.case.ticket.main_id is None
    other.do(Cast.shen, "call", form={"lead": "urban"})
    assert other.state == "called"


def _joined() -> Story:
    return Story().reported(Cast.citizen).joined_to(Story().filed())
