"""Who may: posts, areas, departments and persons, seen from the ticket or the task."""

from dataclasses import replace

import pytest

from engine.clock import Instant
from engine.errors import NotAllowedNow, NotPermitted
from engine.rules.case import THE_CLOCK, THE_RULE, Actor, ActorKind, Held
from engine.rules.decide import examine, targets
from tests.support.cases import (
    CITY,
    GRID,
    MICRO,
    NEXT_GRID,
    STREET,
    THE_IMPORT,
    THE_PUBLIC,
    URBAN,
    VILLAGE,
    Cast,
    Story,
    also,
    block_calls,
    multi_grid,
    person,
    small,
)

_ROLES = """
roles:
  anyone:   {title: 上报人 / Reporter, person: reporter}
  nearby:   {title: 附近 / Nearby,     post: grid_worker, area: ticket}
  district: {title: 区 / District,     post: coordinator, area: district}
  anywhere: {title: 任何督查 / Any supervisor, post: supervisor}
  line:     {title: 经办 / Handler,    post: handler, department: task}
  called:   {title: 被呼 / Called,     post: lead, department: called}
  lead:     {title: 主办 / Lead,       post: lead, department: lead}
  above:    {title: 主管 / Above,      post: chief, department: above lead}
  creator:  {title: 发起 / Creator,    post: handler, department: creator}
  mine:     {title: 认领人 / Claimed,  person: task}
  fresh:    {title: 旁人 / Not who reported, post: grid_worker, area: ticket, not: [report]}
starts:
  report:
    title: 上报 / Report
    by: [anyone, creator]
    to: working
    form: [place!, lead!, co*]
    sends: {line: [lead, co]}
stages:
  resolve:
    working:
      title: 办理中 / Working
      tasks: [line, help]
      actions:
        by_anyone:   {title: 上报人办 / By reporter, by: anyone}
        by_nearby:   {title: 附近办 / By nearby, by: nearby}
        by_district: {title: 区办 / By district, by: district}
        by_anywhere: {title: 督查办 / By supervisor, by: anywhere}
        by_called:   {title: 被呼办 / By called, by: called}
        by_lead:     {title: 主办办 / By lead, by: lead}
        by_above:    {title: 主管办 / By above, by: above}
        by_creator:  {title: 发起办 / By creator, by: creator}
        by_fresh:    {title: 旁人办 / By others, by: fresh}
        claim:       {title: 认领 / Claim, by: nearby, sends: {help: me}}
        end:         {title: 结束 / End, by: district, to: closed}
ends: {closed: {title: 办结 / Closed, type: closed}}
tasks:
  line:
    title: 任务 / Task
    of: department
    states: {sent: {title: 已派 / Sent, actions: {finish: {title: 办结 / Finish, by: line, to: done}}}}
    ends: {done: {title: 已办 / Done, type: closed}}
  help:
    title: 帮忙 / Help
    of: person
    states: {claimed: {title: 已认领 / Claimed, actions: {helped: {title: 完成 / Done, by: mine, to: helped_out}}}}
    ends: {helped_out: {title: 已完成 / Helped, type: closed}}
"""


def _story(by: Actor = Cast.citizen) -> Story:
    story = Story(small(_ROLES))
    story.do(by, "report", form={"lead": "urban", "co": ["water"]})
    return story


@pytest.mark.parametrize("area", [MICRO, VILLAGE, GRID, STREET, CITY])
def test_a_post_for_the_tickets_area_or_any_area_around_it_is_near(area: int) -> None:
    _story().do(person("someone", "grid_worker", area), "by_nearby")


def test_a_post_for_another_area_is_not_near() -> None:
    assert isinstance(_story().refused(person("someone", "grid_worker", NEXT_GRID), "by_nearby"), NotPermitted)


def test_a_post_without_an_area_reaches_no_area() -> None:
    assert isinstance(_story().refused(person("someone", "grid_worker"), "by_nearby"), NotPermitted)


def test_a_role_of_a_level_wants_the_post_at_that_level() -> None:
    story = _story()
    story.do(Cast.gu, "by_district")
    for actor in (Cast.shen, Cast.jin, Cast.he):
        assert isinstance(story.refused(actor, "by_district"), NotPermitted)


def test_a_role_without_area_or_department_asks_for_the_post_alone() -> None:
    _story().do(person("someone", "supervisor", NEXT_GRID), "by_anywhere")


def test_departments_are_asked_by_the_tasks_of_the_present_round() -> None:
    story = _story()
    story.do(Cast.chen_lead, "by_called")
    story.do(Cast.lu_lead, "by_called")
    story.do(Cast.chen_lead, "by_lead")
    assert isinstance(story.refused(Cast.lu_lead, "by_lead"), NotPermitted)
    assert isinstance(story.refused(Cast.qi_lead, "by_called"), NotPermitted)


def test_who_stands_above_the_lead_department_is_its_parent() -> None:
    story = _story()
    story.do(person("someone", "chief", None, 10), "by_above")
    assert isinstance(story.refused(person("someone", "chief", None, URBAN), "by_above"), NotPermitted)


def test_the_department_that_started_a_ticket_keeps_its_part_in_it() -> None:
    story = _story(Cast.lu)
    assert story.case.ticket.creator_department == Cast.lu.posts[0].department_id
    story.do(Cast.lu, "by_creator")
    assert isinstance(story.refused(Cast.chen, "by_creator"), NotPermitted)


def test_a_task_is_its_own_departments_only() -> None:
    story = _story()
    assert isinstance(story.refused(Cast.lu, "finish", of=URBAN), NotPermitted)
    story.do(Cast.chen, "finish", of=URBAN)


def test_a_claimed_task_is_its_claimers_only() -> None:
    story = _story()
    story.do(Cast.wang, "claim")
    (task,) = story.case.round_of("help")
    assert isinstance(story.refused(Cast.zhou, "helped", task=task.seq), NotPermitted)
    story.do(Cast.wang, "helped", task=task.seq)


def test_one_persons_several_posts_are_each_tried() -> None:
    both = also(Cast.chen, Cast.lu)
    story = _story()
    story.do(both, "finish", of=URBAN)
    assert story.events[-1].department_id == URBAN


def test_a_post_says_more_of_a_capacity_than_being_the_reporter() -> None:
    story = _story(Cast.lu)
    assert story.events[0].post == "handler"


def test_nobody_means_nobody_who_did_it() -> None:
    story = _story(Cast.wang)
    assert isinstance(story.refused(Cast.wang, "by_fresh"), NotPermitted)
    story.do(Cast.zhou, "by_fresh")


def standing_in(deputy: Actor, owner: Actor) -> Actor:
    """The deputy, holding the owner's posts on the owner's behalf besides."""
    lent = tuple(replace(held, behalf_of=owner.person_id) for held in owner.posts)
    return replace(deputy, posts=(*deputy.posts, *lent))


def test_a_deputy_may_what_the_owner_may_and_the_event_says_in_whose_place() -> None:
    story = _story()
    story.do(standing_in(Cast.citizen, Cast.chen), "finish", of=URBAN)
    event = story.events[-1]
    assert (event.person_id, event.post, event.behalf_of) == (Cast.citizen.person_id, "handler", Cast.chen.person_id)


def test_a_capacity_of_ones_own_goes_before_one_on_behalf() -> None:
    story = _story()
    story.do(standing_in(Cast.chen, replace(Cast.lu, posts=Cast.chen.posts)), "finish", of=URBAN)
    assert story.events[-1].behalf_of is None


def test_being_the_reporter_or_having_claimed_is_not_lent() -> None:
    story = _story(Cast.wang)
    deputy = standing_in(Cast.citizen, Cast.wang)
    assert isinstance(story.refused(deputy, "by_anyone"), NotPermitted)
    story.do(Cast.wang, "claim")
    (task,) = story.case.round_of("help")
    assert isinstance(story.refused(deputy, "helped", task=task.seq), NotPermitted)


def test_nobody_who_did_it_means_the_deputy_and_whom_they_stand_for() -> None:
    story = _story(Cast.wang)
    assert isinstance(story.refused(standing_in(Cast.citizen, Cast.wang), "by_fresh"), NotPermitted)
    assert isinstance(story.refused(standing_in(Cast.wang, Cast.zhou), "by_fresh"), NotPermitted)
    story.do(standing_in(Cast.citizen, Cast.zhou), "by_fresh")


def test_what_a_deputy_did_in_ones_place_counts_as_done_by_both() -> None:
    body = _ROLES.replace("by: [anyone, creator]", "by: nearby")
    for late in (Cast.zhou, Cast.citizen):
        story = Story(small(body))
        story.do(standing_in(Cast.citizen, Cast.zhou), "report", form={"lead": "urban", "co": ["water"]})
        nearby = replace(late, posts=Cast.zhou.posts)
        assert isinstance(story.refused(nearby, "by_fresh"), NotPermitted)
        story.do(Cast.wang, "by_fresh")


def test_being_away_gives_nobody_a_second_turn() -> None:
    body = _ROLES.replace("by: nearby}", "by: nearby, once: person}", 1)
    story = Story(small(body))
    story.do(Cast.citizen, "report", form={"lead": "urban"})
    story.do(Cast.zhou, "by_nearby")
    assert isinstance(story.refused(standing_in(Cast.citizen, Cast.zhou), "by_nearby"), NotAllowedNow)
    story.do(standing_in(Cast.citizen, Cast.wang), "by_nearby")
    assert isinstance(story.refused(Cast.wang, "by_nearby"), NotAllowedNow)


def test_whoever_is_not_on_duty_may_not_what_the_roster_decides() -> None:
    body = _ROLES.replace("post: grid_worker, area: ticket}", "post: grid_worker, area: ticket, duty: true}", 1)
    story = Story(small(body))
    story.do(Cast.citizen, "report", form={"lead": "urban"})
    off = replace(Cast.zhou, posts=tuple(replace(held, on_duty=False) for held in Cast.zhou.posts))
    assert isinstance(story.refused(off, "by_nearby"), NotPermitted)
    story.do(off, "by_fresh")
    story.do(Cast.zhou, "by_nearby")


_PUBLIC = _ROLES.replace("by: [anyone, creator]", "by: [anyone, creator]\n    public: true", 1)
_PUBLIC = _PUBLIC.replace("form: [place!, lead!, co*]", "form: [place!, lead, co*]", 1)


def test_a_passer_by_begins_only_what_the_file_calls_public() -> None:
    assert isinstance(Story(small(_ROLES)).refused(THE_PUBLIC, "report", form={"lead": "urban"}), NotPermitted)


def test_a_passer_by_without_account_is_not_taken_for_another_one() -> None:
    story = Story(small(_PUBLIC))
    story.do(THE_PUBLIC, "report", form={"lead": "urban"})
    assert story.case.ticket.reporter_id is None
    assert isinstance(story.refused(THE_PUBLIC, "by_anyone"), NotPermitted)
    assert isinstance(story.refused(replace(Cast.wang, person_id=None), "by_anyone"), NotPermitted)


def test_whoever_holds_the_receipt_of_a_ticket_is_its_reporter_and_no_other_ones() -> None:
    story = Story(small(_PUBLIC))
    story.do(THE_PUBLIC, "report", form={"lead": "urban"})
    own = story.case.ticket.id
    assert isinstance(story.refused(replace(THE_PUBLIC, reported=own + 1), "by_anyone"), NotPermitted)
    story.do(replace(THE_PUBLIC, reported=own), "by_anyone")
    of_a_person = _story()
    holder = replace(THE_PUBLIC, reported=of_a_person.case.ticket.id)
    assert isinstance(of_a_person.refused(holder, "by_anyone"), NotPermitted)


def test_an_undeclared_actor_is_denied_everything() -> None:
    nobody = person("nobody")
    for story in (Story().called("urban"), Story(multi_grid()).called("urban")):
        for target in targets(story.case):
            assert isinstance(examine(story.case, target, nobody, story.now), NotPermitted)


def test_a_post_that_no_role_names_opens_no_door() -> None:
    administrator = Actor(
        kind=ActorKind.PERSON, person_id=7, name="root", posts=(Held("system_admin", CITY), Held("audit_admin", CITY))
    )
    story = Story().called("urban")
    for target in targets(story.case):
        assert isinstance(examine(story.case, target, administrator, story.now), NotPermitted)


def test_clock_and_rule_do_only_what_names_them() -> None:
    story = Story().called("urban")
    for target in targets(story.case):
        for machine in (THE_CLOCK, THE_RULE):
            if machine.kind.value not in target.action.by:
                assert isinstance(examine(story.case, target, machine, story.now), NotPermitted)


def test_an_import_holds_every_role_and_says_so_in_each_event() -> None:
    story = Story()
    story.do(THE_IMPORT, "report")
    story.do(THE_IMPORT, "accept")
    assert {event.actor for event in story.events} == {"import:old"}
    assert all('"role":"import"' in event.facts for event in story.events)


def test_permission_is_asked_before_anything_else_is_told() -> None:
    story = Story().called("urban")
    story.now = Instant(story.timer("object", URBAN).due_at + 1)
    assert isinstance(story.refused(Cast.citizen, "return", of=URBAN), NotPermitted)
    assert isinstance(story.refused(Cast.chen_lead, "return", of=URBAN), NotAllowedNow)


def test_the_refusal_names_the_roles_that_may() -> None:
    refusal = Story().reported().refused(Cast.citizen, "accept")
    assert refusal.details["roles"] == ["desk"]
    assert refusal.status == 403


@pytest.mark.parametrize("definition", [block_calls(), multi_grid()], ids=["block calls", "multi-grid"])
def test_every_role_by_area_reaches_an_area_that_its_shipped_posts_can_hold(definition: object) -> None:
    """A village's secretary holds the post for the village: a role that wants it at the street reaches nobody."""
    for role in definition.roles.values():  # type: ignore[attr-defined]
        if role.area == "street":
            assert not role.posts & {"village_head", "grid_worker", "grid_leader"}, role.name
