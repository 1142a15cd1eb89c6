"""Notices: to which areas, departments or persons an act is told."""

from engine.rules.acts import Notice
from tests.support.cases import (
    DISTRICT,
    MONDAY,
    STREET,
    THE_IMPORT,
    THE_PUBLIC,
    URBAN,
    WATER,
    Cast,
    Story,
    multi_grid,
)
from tests.support.sittings import sits


def _last(story: Story) -> list[Notice]:
    return [notice for notice in story.notices if notice.event_seq == story.events[-1].seq]


def _units(story: Story, role: str) -> list[str]:
    return [notice.unit for notice in story.notices if notice.role == role]


def test_a_role_by_level_is_told_at_the_area_of_that_level() -> None:
    story = Story().called("urban").signed(URBAN)
    story.do(Cast.shen, "raise")
    assert [(notice.role, notice.unit, notice.posts) for notice in _last(story)] == [
        ("district", f"a{DISTRICT}", ("coordinator",))
    ]


def test_the_reporter_is_told_as_a_person() -> None:
    story = Story().reported(Cast.citizen)
    story.do(Cast.shen, "refuse")
    assert [(notice.unit, notice.posts) for notice in _last(story)] == [(f"p{Cast.citizen.person_id}", ())]


def test_nobody_is_told_of_a_report_without_account() -> None:
    story = Story().reported(THE_PUBLIC)
    story.do(Cast.shen, "refuse")
    assert not story.notices


def test_those_called_are_all_departments_of_the_present_round() -> None:
    story = Story().called("urban", "water").signed(URBAN)
    story.do(Cast.chen, "progress", of=URBAN)
    assert [notice.unit for notice in _last(story)] == [f"d{URBAN}", f"d{WATER}"]


def test_a_tasks_handler_is_told_as_that_tasks_department() -> None:
    story = Story().called("urban", "water").signed(URBAN, WATER)
    story.asked("extension", WATER)
    story.answered(Cast.shen, "refuse_extension", "extension")
    assert [(notice.role, notice.unit) for notice in _last(story)] == [("line", f"d{WATER}")]


def test_those_who_are_relieved_and_those_who_take_over_are_both_told() -> None:
    story = Story().called("urban").signed(URBAN)
    story.do(Cast.shen, "consult")
    assert [notice.unit for notice in _last(story)] == [f"d{URBAN}"]


def test_a_meetings_decision_tells_the_departments_it_calls() -> None:
    story = Story(multi_grid()).filed()
    story.do(Cast.liu, "list")
    story.do(Cast.liu, "table")
    sits(story)
    story.do(Cast.liu, "assign", form={"lead": "urban", "co": ["water"]})
    assert {f"d{URBAN}", f"d{WATER}"} <= set(_units(story, "called"))


def test_a_post_for_the_tickets_area_is_told_wherever_around_it_that_post_is_held() -> None:
    story = Story(multi_grid()).filed()
    story.do(Cast.liu, "mobilise")
    assert _units(story, "neighbour") == [f"a{link.id}" for link in story.case.ticket.area]


def test_a_rules_own_notices_are_kept_with_its_own_event() -> None:
    story = Story().called("urban").signed(URBAN).finished(URBAN)
    assert story.events[-1].action == "checkable"
    assert {notice.role for notice in _last(story)} == {"checker"}


def test_one_unit_with_the_same_posts_is_told_once_per_act() -> None:
    story = Story().called("urban").signed(URBAN)
    decision = story.do(Cast.shen, "call_off")
    told = [(notice.unit, notice.posts) for notice in decision.notices]
    assert len(told) == len(set(told))


def test_an_old_systems_history_tells_nobody_before_the_day_it_is_armed_from() -> None:
    story = Story()
    for action in ("report", "refuse"):
        story.do(THE_IMPORT, action, arm_from=MONDAY + 1)
    assert not story.notices
    armed = Story().reported(Cast.citizen)
    armed.do(THE_IMPORT, "refuse", arm_from=MONDAY)
    assert armed.notices


def test_who_may_know_of_a_ticket_is_kept_with_it() -> None:
    story = Story()
    reach = story.do(Cast.wang, "report").reach
    assert {f"p{Cast.wang.person_id}", f"a{STREET}", f"a{DISTRICT}"} <= set(reach)
    story.do(Cast.shen, "accept")
    assert set(story.do(Cast.shen, "call", form={"lead": "urban", "co": ["water"]}).reach) == {f"d{URBAN}", f"d{WATER}"}
