"""多格合一: from the spot to the grid's own strength, the lines, the problem list, its meeting and the district."""

import json
from typing import Any

import pytest

from engine.clock import DAY
from engine.errors import NotAllowedNow, NotPermitted
from engine.rules.case import THE_CLOCK
from engine.rules.sittings import Quorum, SittingState
from engine.vocabulary import StateType
from tests.support.cases import GAS, URBAN, WATER, Cast, Story, multi_grid
from tests.support.sittings import sits


def _story() -> Story:
    return Story(multi_grid())


def _listed() -> Story:
    story = _story().filed()
    story.do(Cast.tang, "list", form={"raised_by": "village", "cross": "department", "due": "2026-06-30"})
    return story


def _tabled() -> Story:
    story = _listed()
    story.do(Cast.liu, "table", form={"meeting": "2026-03-09"})
    sits(story)
    return story


def _tackling() -> Story:
    story = _tabled()
    story.do(Cast.liu, "assign", form={"lead": "urban", "co": ["water"]})
    return story


class TestTiers:
    def test_what_is_solved_on_the_spot_is_checked_by_somebody_else(self) -> None:
        story = _story().reported()
        story.do(Cast.wang, "solve")
        assert story.state == "checking"
        assert isinstance(story.refused(Cast.wang, "check"), NotPermitted)
        story.do(Cast.zhou, "check")
        story.do(Cast.liu, "pass")
        assert (story.state, story.case.state_type) == ("rating", StateType.CLOSED)

    def test_the_grids_own_strength_claims_helps_and_solves(self) -> None:
        story = _story().filed()
        story.do(Cast.liu, "mobilise")
        story.do(Cast.xu, "claim")
        story.do(Cast.yang, "claim")
        first, second = story.case.round_of("help")
        assert (first.person_id, second.person_id) == (Cast.xu.person_id, Cast.yang.person_id)
        assert isinstance(story.refused(Cast.liu, "solved"), NotAllowedNow)
        story.do(Cast.xu, "helped", task=first.seq)
        story.do(Cast.yang, "give_up", task=second.seq)
        story.do(Cast.liu, "solved")
        assert story.state == "checking"

    def test_one_volunteer_claims_once_and_only_their_own_claim_is_theirs(self) -> None:
        story = _story().filed()
        story.do(Cast.liu, "mobilise")
        story.do(Cast.xu, "claim")
        (task,) = story.case.round_of("help")
        assert isinstance(story.refused(Cast.xu, "claim"), NotAllowedNow)
        assert isinstance(story.refused(Cast.yang, "helped", task=task.seq), NotPermitted)
        assert isinstance(story.refused(Cast.chen, "claim"), NotPermitted)

    def test_what_the_grid_cannot_do_goes_up_to_the_street_and_its_claims_end(self) -> None:
        story = _story().filed()
        story.do(Cast.liu, "mobilise")
        story.do(Cast.xu, "claim")
        story.later(10 * DAY).ticks("hand_up")
        assert story.state == "filed"
        assert [task.state for task in story.case.tasks.values()] == ["withdrawn"]

    def test_mobilised_again_the_claims_are_a_new_round_and_everybody_may_claim_again(self) -> None:
        story = _story().filed()
        for number in (1, 2):
            story.do(Cast.liu, "mobilise")
            story.do(Cast.xu, "claim")
            assert [task.round for task in story.case.round_of("help")] == [number]
            story.do(Cast.liu, "hand_up")

    def test_the_streets_departments_work_in_parallel_and_are_checked(self) -> None:
        story = _story().called("urban", "water").signed(WATER, URBAN).finished(WATER)
        assert story.state == "working"
        story.finished(URBAN)
        assert story.state == "checking"

    def test_rework_goes_to_the_lines_and_do_again_where_no_line_worked(self) -> None:
        lines = _story().called("urban").signed(URBAN).finished(URBAN)
        assert isinstance(lines.refused(Cast.zhou, "do_again"), NotAllowedNow)
        lines.do(Cast.zhou, "rework")
        assert (lines.state, lines.task_of(URBAN).state) == ("working", "signed")
        own = _story().reported()
        own.do(Cast.wang, "solve")
        assert isinstance(own.refused(Cast.zhou, "rework"), NotAllowedNow)
        own.do(Cast.zhou, "do_again")
        assert own.state == "filed"

    def test_the_third_rework_rises_to_the_district(self) -> None:
        story = _story().called("urban").signed(URBAN)
        for _ in range(2):
            story.finished(URBAN).do(Cast.zhou, "rework")
            assert story.state == "working"
        story.finished(URBAN).do(Cast.zhou, "rework")
        assert story.state == "district_list"
        assert not [task for task in story.case.tasks.values() if task.open]


class TestProblemList:
    def test_a_problem_names_where_it_comes_from_what_it_crosses_and_who_is_in_charge(self) -> None:
        story = _story().filed()
        for name in ("raised_by", "cross", "lead_department", "leader_in_charge", "measures", "due"):
            assert story.refused(Cast.tang, "list", form={name: ""}).place.field == name
        story.do(Cast.tang, "list")
        assert "on_list" in story.case.ticket.memory.marks

    def test_it_waits_for_its_meeting_with_a_target_day(self) -> None:
        story = _tabled()
        assert {"meeting", "target"} <= story.running()

    def test_it_can_be_taken_off_the_list_again(self) -> None:
        story = _listed()
        story.do(Cast.shen, "delist")
        assert (story.state, story.case.ticket.memory.marks) == ("filed", frozenset())


class TestJointMeeting:
    def test_assigned_the_departments_tackle_it_and_cannot_return_it(self) -> None:
        story = _tackling()
        assert story.state == "tackling"
        assert [(task.department_id, task.lead, task.state) for task in story.case.round_of("measure")] == [
            (URBAN, True, "advancing"),
            (WATER, False, "advancing"),
        ]
        assert {*story.definition.tasks["measure"].requests} == {"supervise"}, "no return among them"

    def test_an_interim_caretaker_takes_what_nobody_owns(self) -> None:
        story = _tabled()
        story.do(Cast.liu, "take_care", form={"lead": "gas"})
        assert story.state == "tackling"
        assert "caretaker" in story.case.ticket.memory.marks
        assert story.task_of(GAS).lead

    def test_raised_the_district_designates(self) -> None:
        story = _tabled()
        story.do(Cast.liu, "raise")
        assert story.state == "district_list"
        assert isinstance(story.refused(Cast.liu, "designate"), NotPermitted)
        story.do(Cast.gu, "designate", form={"lead": "water"})
        assert story.state == "tackling"

    def test_shelved_it_comes_back_by_itself(self) -> None:
        story = _tabled()
        story.do(Cast.liu, "shelve", form={"resume": "2026-05-01"})
        assert (story.state, story.case.state_type) == ("shelved", StateType.SUSPENDED)
        story.now = story.timer("shelved").due_at
        story.ticks("take_up")
        assert story.state == "listed"

    def test_back_for_more_facts_it_stays_on_the_list(self) -> None:
        story = _tabled()
        story.do(Cast.liu, "more_facts")
        assert story.state == "listed"
        assert story.case.ticket.memory.counters == {"meetings": 1}

    def test_after_three_meetings_it_must_be_decided(self) -> None:
        story = _tabled()
        for _ in range(3):
            story.do(THE_CLOCK, "carried_over")
        assert isinstance(story.refused(Cast.liu, "more_facts"), NotAllowedNow)
        story.do(Cast.liu, "raise")

    @pytest.mark.parametrize(
        ("changed", "why"),
        [
            ({"state": SittingState.CALLED}, "尚未开会"),
            ({"quorum": Quorum(present=1, needed=2, members=3)}, "不足法定的 2 人"),
            ({"chairs": frozenset({999})}, "到会的主持人"),
        ],
    )
    def test_nothing_is_decided_outside_a_sitting_that_can_decide(self, changed: dict[str, Any], why: str) -> None:
        story = _tabled()
        sits(story, **changed)
        assert why in story.refused(Cast.liu, "assign").zh

    def test_nothing_is_decided_that_is_on_no_agenda(self) -> None:
        story = _tabled()
        story.references.sittings.clear()
        assert "不在任何一次的议程上" in story.refused(Cast.liu, "raise").zh

    def test_only_the_chair_decides(self) -> None:
        story = _tabled()
        for actor in (Cast.shen, Cast.tang, Cast.chen_lead, Cast.gu, Cast.he):
            assert isinstance(story.refused(actor, "assign"), NotPermitted)

    def test_a_decision_names_its_sitting_and_the_units_that_were_heard(self) -> None:
        story = _tabled()
        for name in ("ruling", "due"):
            assert story.refused(Cast.liu, "assign", form={name: ""}).place.field == name
        story.do(Cast.liu, "assign", form={"attended": ["urban", "water"]})
        facts = json.loads(story.events[-1].facts)
        assert (facts["form"]["attended"], facts["sitting"]) == (["urban", "water"], ["S20260309-1", 4])


class TestClearing:
    def _proposed(self) -> Story:
        story = _tackling()
        for actor, department in ((Cast.chen, URBAN), (Cast.lu, WATER)):
            story.do(actor, "finish", of=department)
        story.do(Cast.chen_lead, "propose")
        return story

    def test_the_lead_unit_proposes_when_all_measures_are_done(self) -> None:
        story = _tackling()
        assert isinstance(story.refused(Cast.chen_lead, "propose"), NotAllowedNow)
        story.do(Cast.chen, "finish", of=URBAN)
        story.do(Cast.lu, "finish", of=WATER)
        assert isinstance(story.refused(Cast.lu_lead, "propose"), NotPermitted)
        story.do(Cast.chen_lead, "propose")
        assert story.state == "clearing"

    def test_who_listed_it_confirms_and_scores_every_unit(self) -> None:
        story = self._proposed()
        story.do(Cast.tang, "confirm")
        assert story.state == "rating"
        assert story.case.ticket.memory.marks == frozenset()
        assert len(json.loads(story.events[-1].facts)["each"]) == 2

    def test_not_cleared_it_goes_on_in_a_new_round_and_the_fourth_time_it_rises(self) -> None:
        story = self._proposed()
        for _ in range(3):
            story.do(Cast.tang, "not_clear")
            assert story.state == "tackling"
            for actor, department in ((Cast.chen, URBAN), (Cast.lu, WATER)):
                story.do(actor, "finish", of=department)
            story.do(Cast.chen_lead, "propose")
        assert isinstance(story.refused(Cast.tang, "not_clear"), NotAllowedNow)
        story.do(Cast.tang, "not_clear_again")
        assert story.state == "district_list"

    def test_weekly_progress_starts_the_next_week(self) -> None:
        story = _tackling()
        first = story.timer("weekly", URBAN)
        story.later(5 * DAY).do(Cast.chen, "progress", of=URBAN)
        second = story.timer("weekly", URBAN)
        assert second.seq != first.seq
        assert second.started_at == story.now
        assert story.timer("weekly", WATER).started_at == first.started_at

    def test_relapse_lists_it_again(self) -> None:
        story = self._proposed()
        story.do(Cast.tang, "confirm")
        story.do(Cast.tang, "relapse")
        assert story.state == "listed"
        assert story.case.ticket.settled_at is None
        assert story.case.ticket.memory.counters == {"relapses": 1}

    def test_when_no_unit_is_left_it_goes_back_to_the_list(self) -> None:
        story = _tackling()
        story.do(Cast.liu, "release", of=URBAN)
        assert story.state == "tackling"
        story.do(Cast.liu, "release", of=WATER)
        assert story.state == "listed"


class TestManyReports:
    def test_each_reporter_of_a_joined_ticket_is_told_and_rates(self) -> None:
        main = _story().filed()
        other = _story().reported(Cast.citizen).joined_to(main)
        assert [notice.unit for notice in other.notices][-1] == f"p{Cast.citizen.person_id}"
        other.main_moved(StateType.CLOSED)
        assert other.state == "answered"
        other.do(Cast.citizen, "rate")
        assert isinstance(other.refused(Cast.citizen, "rate"), NotAllowedNow)

    def test_a_joined_duplicate_is_neither_closed_nor_void(self) -> None:
        other = _story().reported(Cast.citizen).joined_to(_story().filed())
        assert other.case.state_type is StateType.JOINED
        assert other.case.ticket.settled_at is None

    @pytest.mark.parametrize("by", [Cast.liu, Cast.shen])
    def test_joining_and_splitting_are_reversible(self, by: object) -> None:
        main = _story().filed()
        other = _story().reported(Cast.citizen)
        for _ in range(3):
            other.joined_to(main)
            other.do(by, "split")  # type: ignore[arg-type]
            assert (other.state, other.case.ticket.main_id) == ("filed", None)


def test_returned_three_times_it_rises_to_the_district() -> None:
    story = _story().called("urban")
    for department, code in ((URBAN, "water"), (WATER, "gas")):
        story.asked("return", department)
        story.answered(Cast.shen, "redispatch", "return", department=code)
    story.asked("return", GAS)
    story.answered(Cast.shen, "third", "return")
    assert story.state == "district_list"


def test_the_clock_escalates_what_missed_its_target_day() -> None:
    story = _tackling()
    story.do(THE_CLOCK, "escalate")
    assert story.state == "district_list"
    assert {task.state for task in story.case.tasks.values()} == {"withdrawn"}


def test_only_the_clock_archives_an_unrated_ticket() -> None:
    story = _story().reported()
    story.do(Cast.wang, "solve")
    story.do(Cast.zhou, "check")
    story.do(Cast.liu, "pass")
    assert isinstance(story.refused(Cast.liu, "archive"), NotPermitted)
    story.ticks("archive")
    assert story.state == "closed"
