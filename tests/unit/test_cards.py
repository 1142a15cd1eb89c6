"""Cards: only upward, lifted only by who may, cleared by verified closure and by nothing else."""

import json

import pytest

from engine.clock import DAY, HOUR
from engine.rules.cards import standing_card
from engine.rules.case import Card, CardEnd
from tests.support.cases import DISTRICT, STREET, URBAN, WATER, Cast, Story, also, person, small

_LOOP = """
roles:
  anyone:   {title: 上报人 / Reporter, person: reporter}
  street:   {title: 街道督查 / Street, post: supervisor, area: street}
  district: {title: 区督查 / District, post: supervisor, area: district}
deadlines: {work: {title: 办理 / Work, within: 10 hours, ladder: up}}
ladders:
  up:
    - {at: 100%, card: red, level: street, tells: [street]}
    - {at: +1 hour, card: yellow, level: grid, tells: [street]}
    - {at: +2 hours, level: district, tells: [district]}
starts: {report: {title: 上报 / Report, by: anyone, to: one, form: [place!]}}
stages:
  triage:
    one:
      title: 一 / One
      deadlines: [work]
      actions:
        warn:    {title: 亮黄牌 / Warn, by: [street, district], card: yellow}
        censure: {title: 亮红牌 / Censure, by: [street, district], card: red}
        lift:    {title: 撤牌 / Lift, by: [street, district], lifts: true}
        comment: {title: 批注 / Comment, by: [street, district], form: [note!]}
        close:   {title: 办结 / Close, by: street, to: closed}
        drop:    {title: 作废 / Drop, by: street, to: dropped}
ends: {closed: {title: 办结 / Closed, type: closed}, dropped: {title: 作废 / Dropped, type: void}}
"""
STREET_EYE, DISTRICT_EYE = person("fu", "supervisor", STREET), person("he", "supervisor", DISTRICT)


def story() -> Story:
    told = Story(small(_LOOP))
    told.do(Cast.citizen, "report")
    return told


def standing(told: Story, department: int | None = None) -> Card | None:
    return standing_card(told.case, told.task_of(department) if department else None)


def test_a_card_goes_upward() -> None:
    told = story()
    told.do(STREET_EYE, "warn")
    decision = told.do(STREET_EYE, "censure")
    assert [(card.card, card.ended_by) for card in decision.cards] == [("yellow", CardEnd.RAISED), ("red", None)]


@pytest.mark.parametrize("action", ["warn", "censure"])
def test_a_card_never_goes_downward_nor_is_given_twice(action: str) -> None:
    told = story()
    told.do(STREET_EYE, "censure")
    assert "只升不降" in told.refused(DISTRICT_EYE, action).message


def test_a_rung_does_not_lower_a_card_and_says_that_one_stands() -> None:
    told = story()
    told.tick(10 * HOUR)
    decision = told.tick(HOUR)
    assert decision is not None
    facts = json.loads(decision.events[0].facts)
    assert (facts.get("card"), facts["card_stands"]) == (None, "yellow")
    card = standing(told)
    assert card is not None
    assert card.card == "red"


def test_a_card_of_the_district_is_not_lifted_by_the_street() -> None:
    told = story()
    told.do(DISTRICT_EYE, "warn")
    assert "上级单位" in told.refused(STREET_EYE, "lift").message
    told.do(DISTRICT_EYE, "lift")
    assert standing(told) is None


def test_a_card_of_the_street_may_be_lifted_by_the_street_and_by_the_district() -> None:
    for eye in (STREET_EYE, DISTRICT_EYE):
        told = story()
        told.do(STREET_EYE, "warn")
        decision = told.do(eye, "lift")
        assert [card.ended_by for card in decision.cards] == [CardEnd.LIFTED]


def test_a_card_of_the_clock_may_be_lifted_by_whoever_the_file_lets_lift() -> None:
    told = story()
    told.tick(10 * HOUR)
    told.do(STREET_EYE, "lift")
    assert standing(told) is None


def test_one_with_posts_at_both_levels_acts_by_the_role_that_fits_first_and_is_ranked_by_it() -> None:
    told = story()
    told.do(also(STREET_EYE, DISTRICT_EYE), "warn")
    card = standing(told)
    assert card is not None
    assert card.rank == told.definition.ranks["district"]


def test_nothing_to_lift_is_said() -> None:
    assert "没有可撤的牌" in story().refused(STREET_EYE, "lift").message


def test_a_comment_clears_no_card() -> None:
    told = story()
    told.do(STREET_EYE, "warn")
    told.do(DISTRICT_EYE, "comment", form={"note": "已督促"})
    assert standing(told) is not None


@pytest.mark.parametrize(("action", "how"), [("close", CardEnd.CLEARED), ("drop", CardEnd.VOID)])
def test_the_end_of_the_ticket_ends_its_cards_and_its_level(action: str, how: CardEnd) -> None:
    told = story()
    told.tick(13 * HOUR)
    assert told.case.ticket.level == "district"
    decision = told.do(STREET_EYE, action)
    assert [card.ended_by for card in decision.cards] == [how]
    assert told.case.ticket.level == ""
    assert json.loads(decision.events[0].facts)["cleared"] == [decision.cards[0].seq]


def test_the_level_rises_only() -> None:
    told = story()
    told.tick(10 * HOUR)
    assert told.case.ticket.level == "street"
    told.tick(HOUR)
    assert told.case.ticket.level == "street"
    told.tick(HOUR)
    assert told.case.ticket.level == "district"


def test_a_card_belongs_to_one_departments_task_and_not_to_the_others() -> None:
    told = Story().called("urban", "water", item="event-02-03").signed(URBAN)
    told.tick(2 * DAY)
    late, punctual = standing(told, WATER), standing(told, URBAN)
    assert late is not None
    assert (late.department_id, punctual is None or punctual.task_seq != late.task_seq) == (WATER, True)


def test_a_supervisor_gives_a_department_a_card_and_lifts_it() -> None:
    told = Story().called("urban", "water").signed(URBAN, WATER)
    told.do(Cast.he, "warn", of=URBAN)
    assert standing(told, WATER) is None
    told.do(Cast.he, "censure", of=URBAN)
    told.do(Cast.he, "lift_card", of=URBAN)
    assert standing(told, URBAN) is None
    assert {notice.posts for notice in told.notices[-2:]} == {("lead",), ("handler",)}


def test_a_card_outlives_the_feedback_and_goes_with_the_checked_closure() -> None:
    told = Story().called("urban", item="event-02-03").signed(URBAN)
    told.do(Cast.he, "warn", of=URBAN)
    told.finished(URBAN)
    assert standing(told, URBAN) is not None
    told.do(Cast.zhou, "check")
    assert standing(told, URBAN) is not None
    decision = told.do(Cast.liu, "pass")
    assert [card.ended_by for card in decision.cards] == [CardEnd.CLEARED]


def test_a_department_cannot_lift_its_own_card() -> None:
    told = Story().called("urban").signed(URBAN)
    told.do(Cast.he, "warn", of=URBAN)
    assert told.refused(Cast.chen_lead, "lift_card", of=URBAN).code == "not_permitted"
