"""Roles that come by a task link: what a file may say of them, and what they may do."""

import pytest

from engine.errors import DefinitionError
from engine.records.unmasking import masked_name, masked_phone
from engine.rules.case import Actor, ActorKind
from engine.rules.linking import hands_out, linkable
from tests.support.cases import URBAN, WATER, Cast, Story, block_calls, small

_LOOP = """roles:
  desk: {{title: 受理员, post: coordinator}}
  unit: {role}
starts: {{report: {{title: 上报, by: desk, to: open, form: [description!, area!, lead!], sends: {{job: lead}}}}}}
stages: {{resolve: {{open: {{title: 在办, tasks: [job], actions: {{done: {{title: 办结, by: {by}, to: closed}}}}}}}}}}
ends: {{closed: {{title: 已结, type: closed}}}}
tasks:
  job:
    title: 任务
    of: department
    links: [{links}]
    states: {{sent: {{title: 待办, actions: {{finish: {{title: 反馈, by: [unit, desk], to: fixed}}}}}}}}
    ends: {{fixed: {{title: 已反馈, type: closed}}}}
"""
_UNIT = "{title: 无账号单位, department: task, link: true}"


def loop(role: str = _UNIT, links: str = "desk", by: str = "desk", key: str = "linked") -> str:
    return small(_LOOP.format(role=role, links=links, by=by), key=key).key


def by_link(story: Story, department: int) -> Actor:
    return Actor(kind=ActorKind.LINK, name="link", opens=(story.number, story.task_of(department).seq))


def test_a_file_may_let_a_unit_come_by_link() -> None:
    assert loop() == "linked"
    assert linkable(block_calls())


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"role": "{title: 单位, post: handler, department: task, link: true}"}, "takes no `post`"),
        ({"role": "{title: 单位, link: true}"}, "`department` is `task`"),
        ({"role": "{title: 单位, department: called, link: true}"}, "`department` is `task`"),
        ({"role": "{title: 单位, post: handler}"}, "no role comes by one"),
        ({"links": "unit"}, "can't hand links out"),
        ({"links": "nobody"}, "nobody"),
        ({"by": "unit"}, "seen from a task"),
    ],
)
def test_what_makes_no_sense_of_a_link_is_refused_with_its_line(given: dict[str, str], said: str) -> None:
    with pytest.raises(DefinitionError) as refusal:
        loop(**given)
    assert said in refusal.value.en or said in str(refusal.value.details)
    assert refusal.value.place.line


def test_a_link_opens_its_own_task_alone() -> None:
    story = Story().called("urban", "water")
    holder = by_link(story, URBAN)
    story.do(holder, "sign", of=URBAN)
    assert story.refused(holder, "sign", of=WATER).code == "not_permitted"
    assert story.refused(holder, "urge").code == "not_permitted"
    assert story.refused(holder, "hand_over", of=URBAN).code == "not_permitted"
    event = next(event for event in story.events if event.action == "sign")
    assert (event.actor, event.person_id, event.department_id) == ("link", None, URBAN)


def test_only_the_desk_hands_links_out() -> None:
    story = Story().called("urban")
    task = story.task_of(URBAN)
    allowed = [
        actor.name for actor in (Cast.shen, Cast.he, Cast.chen, Cast.stranger) if hands_out(actor, story.case, task)
    ]
    assert allowed == ["shen"]
    assert hands_out(by_link(story, URBAN), story.case, task) is None


def test_who_reported_is_masked() -> None:
    assert masked_name("王小明") == "王**"
    assert masked_phone("13900001234") == "*******1234"
    assert masked_phone("110") == "***"
