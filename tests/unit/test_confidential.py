"""Confidentiality: who may know that a ticket exists, as the file says and as the ticket stands."""

from collections.abc import Iterable

import pytest

from engine.definitions.loader import loads
from engine.errors import Malformed, NotAllowedNow, NotPermitted
from engine.records.access import Viewer
from engine.records.knowledge import numbers_in, without
from engine.rules.acts import Decision
from engine.rules.case import THE_CLOCK, DepartmentRef, Held
from tests.support.cases import (
    BUREAU,
    CITY,
    DISTRICT,
    GRID,
    MICRO,
    REFERENCES,
    STREET,
    URBAN,
    VILLAGE,
    WATER,
    Cast,
    Story,
    person,
    small,
)
from tests.support.loops import changed, problems, refusal

_LOOP = """
roles:
  reporter: {title: 举报人 / Reporter, person: reporter}
  office:   {title: 信访办 / Office, post: petition_officer, area: district}
  organ:    {title: 承办 / Organ, post: handler, department: task}
  above:    {title: 上级 / Above, post: lead, department: above lead}
  line:     {title: 城运 / Desk, post: coordinator, area: street}
fields:
  secret:  {title: 保密 / Secret, type: yes_no}
  accused: {title: 被反映单位 / Accused, type: department}
confidential:
  when: secret is yes
  known_to: [office, organ, above]
  not_about: accused
deadlines:
  wait: {title: 等候 / Wait, within: 2 days, ladder: all, then: give_up}
ladders:
  all: [{at: 50%, light: yellow, tells: [office, line]}]
starts:
  report: {title: 举报 / Report, by: [reporter, line], to: filed, form: [secret, accused*, place!],
           tells: [line, office]}
stages:
  report:
    filed:
      title: 已登记 / Filed
      deadlines: [wait]
      actions:
        send:    {title: 转送 / Send, by: office, to: working, form: [lead!, co*], sends: {organ: [lead, co]},
                  tells: [organ]}
        hide:    {title: 调整保密 / Hide, by: office, form: [secret!, accused*]}
        join:    {title: 并案 / Join, by: office, to: joined, form: [ticket!], joins: ticket}
        give_up: {title: 超期 / Give up, by: clock, to: closed}
    joined:
      title: 已并案 / Joined
      actions:
        follow: {title: 随主案 / Follow, by: rule, when: main closed, to: closed}
        revive: {title: 恢复 / Revive, by: rule, when: main void, to: filed, splits: true}
  resolve:
    working:
      title: 办理中 / Working
      tasks: [organ]
      actions:
        stop: {title: 停办 / Stop, by: [office, above], to: closed, withdraws: {organ: all}, tells: [organ]}
        done: {title: 办结 / Done, by: rule, when: organ joined, to: closed}
        bare: {title: 公开 / Lay open, by: office, form: [secret!]}
ends: {closed: {title: 办结 / Closed, type: closed}}
tasks:
  organ:
    title: 机关办理 / Handling
    of: department
    states:
      got:
        title: 已收 / Got
        actions:
          answer: {title: 答复 / Answer, by: organ, to: answered}
          return: {title: 交还 / Give back, by: organ, to: returned}
    ends:
      answered: {title: 已答复 / Answered, type: closed}
      returned: {title: 已交还 / Given back, type: void}
"""

TANG = person("tang-officer", "petition_officer", DISTRICT)
LIES = {f"a{area}/" for area in (MICRO, VILLAGE, GRID, STREET, DISTRICT, CITY)}
AREAS = {f"a{area}" for area in (MICRO, VILLAGE, GRID, STREET, DISTRICT, CITY)}
KNOWING = {f"a{DISTRICT}/petition_officer", f"p{Cast.citizen.person_id}"}
OFFICE = {*LIES, *KNOWING}


def _story(kept: str = "yes", **form: object) -> tuple[Story, Decision]:
    story = Story(small(_LOOP))
    return story, story.do(Cast.citizen, "report", form={"secret": kept, **form})


def _known(decision: Decision) -> set[str]:
    return set(decision.ticket.memory.readers)


def _units(decision: Decision) -> set[str]:
    return {notice.unit for notice in decision.notices}


def test_a_confidential_ticket_is_known_to_the_posts_that_the_file_names_and_to_its_reporter() -> None:
    _, born = _story()
    assert set(born.reach) == OFFICE
    assert born.forgets == []
    assert born.ticket.confidential


def test_where_it_lies_is_written_by_a_name_that_no_reader_has() -> None:
    everybody = Viewer(person_id=1, login="x", name="x", posts=(Held("coordinator", STREET), Held("chief", DISTRICT)))
    assert not LIES & set(everybody.units)


def test_a_reader_goes_by_areas_and_departments_with_and_without_the_post() -> None:
    viewer = Viewer(person_id=7, login="x", name="x", posts=(Held("lead", None, URBAN), Held("coordinator", STREET)))
    assert viewer.units == (f"a{STREET}", f"a{STREET}/coordinator", f"d{URBAN}", f"d{URBAN}/lead", "p7")


def test_an_open_ticket_of_such_a_file_is_known_as_any_other() -> None:
    _, born = _story("no")
    assert set(born.reach) == {*AREAS, f"p{Cast.citizen.person_id}"}
    assert not born.ticket.confidential


def test_whoever_would_review_an_open_one_knows_of_it_too() -> None:
    story, _ = _story("no")
    sent = story.do(TANG, "send", form={"lead": "urban"})
    assert set(sent.reach) == {f"d{URBAN}", f"d{BUREAU}/lead"}


def test_a_department_with_a_task_knows_through_the_posts_named_and_so_does_the_one_above_the_lead() -> None:
    story, _ = _story()
    sent = story.do(TANG, "send", form={"lead": "urban", "co": ["power"]})
    assert set(sent.reach) == {f"d{URBAN}/handler", "d13/handler", f"d{BUREAU}/lead"}


def test_who_gave_the_task_back_knows_no_more_and_whose_task_was_stopped_still_does() -> None:
    story, _ = _story()
    story.do(TANG, "send", form={"lead": "urban", "co": ["power"]})
    returned = story.do(Cast.dong, "return", of=13)
    assert returned.forgets == ["d13/handler"]
    stopped = story.do(TANG, "stop")
    assert f"d{URBAN}/handler" in _known(stopped)
    assert f"d{URBAN}" in _units(stopped)
    assert "d13" not in _units(stopped)


def test_turning_confidential_takes_everybody_else_out_in_the_same_act_and_back_again() -> None:
    story, born = _story("no")
    hidden = story.do(TANG, "hide", form={"secret": "yes"})
    assert set(hidden.forgets) == AREAS
    assert _known(hidden) == OFFICE
    assert hidden.ticket.state_version > born.ticket.state_version
    shown = story.do(TANG, "hide", form={"secret": "no"})
    assert set(shown.forgets) == OFFICE - {f"p{Cast.citizen.person_id}"}
    assert _known(shown) == set(born.reach)


def test_only_who_may_know_is_told_also_by_the_clock() -> None:
    story, born = _story()
    assert _units(born) == {f"a{DISTRICT}"}
    assert [notice.posts for notice in born.notices] == [("petition_officer",)]
    rung = story.tick(25 * 3_600_000_000)
    assert rung is not None
    assert _units(rung) == {f"a{DISTRICT}"}
    open_story, _ = _story("no")
    told = open_story.tick(25 * 3_600_000_000)
    assert told is not None
    assert _units(told) == {f"a{DISTRICT}", f"a{STREET}"}


def test_what_the_clock_does_keeps_who_may_know() -> None:
    story, _ = _story()
    ended = story.do(THE_CLOCK, "give_up")
    assert (ended.reach, ended.forgets) == ([], [])
    assert _known(ended) == OFFICE


class TestNotAbout:
    """The unit that it is about never knows, however it would."""

    def test_it_cannot_be_sent_there_nor_to_a_unit_below(self) -> None:
        for accused in ("urban", "bureau"):
            story, _ = _story(accused=[accused])
            refusal_ = story.refused(TANG, "send", form={"lead": "urban"})
            assert isinstance(refusal_, Malformed)
            assert refusal_.place.field == "lead"
            assert "不得承办" in refusal_.zh

    def test_another_unit_may_handle_it(self) -> None:
        story, _ = _story(accused=["urban"])
        assert f"d{WATER}/handler" in story.do(TANG, "send", form={"lead": "water"}).reach

    def test_it_does_not_review_as_the_unit_above_either(self) -> None:
        story, _ = _story(accused=["bureau"])
        story.references.departments = {**REFERENCES.departments, "far": DepartmentRef(77, "far", None)}
        assert f"d{BUREAU}/lead" not in _known(story.do(TANG, "send", form={"lead": "far"}))

    def test_a_unit_that_has_the_task_loses_sight_when_the_accusation_is_kept_from_it(self) -> None:
        story, _ = _story("no", accused=["urban"])
        sent = story.do(TANG, "send", form={"lead": "urban"})
        assert f"d{URBAN}" in _known(sent)
        hidden = story.do(TANG, "bare", form={"secret": "yes"})
        assert not {f"d{URBAN}", f"d{URBAN}/handler"} & _known(hidden)
        assert isinstance(story.refused(Cast.chen, "answer", of=URBAN), NotPermitted)

    def test_an_open_matter_may_be_handled_by_the_unit_it_is_about(self) -> None:
        story, _ = _story("no", accused=["urban"])
        story.do(TANG, "send", form={"lead": "urban"})
        story.do(Cast.chen, "answer", of=URBAN)
        assert story.state == "closed"


def test_joining_asks_that_both_are_kept_or_neither() -> None:
    main, _ = _story()
    number = main.case.ticket.case_no
    same, _ = _story()
    other, _ = _story("no")
    for story in (same, other):
        story.references.tickets[number] = main.as_ref()
    same.do(TANG, "join", form={"ticket": number})
    assert isinstance(other.refused(TANG, "join", form={"ticket": number}), NotAllowedNow)


def test_facts_lose_the_numbers_that_are_kept_and_nothing_else() -> None:
    facts = {
        "relapse_of": "20260302-000001",
        "form": {"ticket": "20260302-000002", "reason": "见 20260302-000001"},
        "evidence": [
            {"photo": "x", "same_as": ["20260302-000001", "20260302-000003"]},
            {"same_as": ["20260302-000001"]},
        ],
        "metres": 3,
        "attended": [],
    }
    assert set(numbers_in(facts)) == {"20260302-000001", "20260302-000002", "20260302-000003"}
    assert without(facts, {"20260302-000001"}) == {
        "form": {"ticket": "20260302-000002", "reason": "见 20260302-000001"},
        "evidence": [{"photo": "x", "same_as": ["20260302-000003"]}, {}],
        "metres": 3,
        "attended": [],
    }


def _found(text: str) -> Iterable[str]:
    return problems(refusal(text))


class TestTheFile:
    """What a file may say, and what it is refused for."""

    SECTION = "counters: {reworks: 返工 / Reworks}\n"

    def _with(self, section: str) -> str:
        text, _ = changed(self.SECTION, self.SECTION + section)
        return text

    def test_whoever_may_act_must_be_able_to_know(self) -> None:
        found = _found(self._with("confidential: {when: level is hard, known_to: [desk, line, checker]}\n"))
        assert any("“urge”" not in one and "worker" in one and "知悉" in one for one in found)
        assert all("worker" in one for one in found)

    @pytest.mark.parametrize(
        ("section", "words"),
        [
            ("confidential: {when: level is hard}\n", "缺少“知悉”"),
            ("confidential: {known_to: [dsk]}\n", "是否想写“desk”"),
            ("confidential: {when: until given > 3, known_to: [desk]}\n", "until"),
            ("confidential: {when: wish given, known_to: [desk]}\n", "wish"),
            ("confidential: {known_to: [desk], not_about: level}\n", "回避字段“level”应为部门类型"),
            ("confidential: {known_to: [desk], not_about: nobody}\n", "nobody"),
            ("confidential: {known_to: [desk], hidden_from: [line]}\n", "hidden_from"),
        ],
    )
    def test_what_is_wrong_is_named_with_its_line(self, section: str, words: str) -> None:
        line = self._with(section)[: self._with(section).index("confidential")].count("\n") + 1
        found = [one for one in _found(self._with(section)) if f":{line}" in one or f"第 {line} 行" in one]
        assert any(words in one for one in found), found

    def test_the_field_it_is_about_must_be_asked_for(self) -> None:
        section = "confidential: {known_to: [desk, worker, line, checker], not_about: department}\n"
        text = (
            self._with(section)
            .replace("form: [department!],", "form: [co!],")
            .replace("{line: department}", "{line: co}")
        )
        assert any("没有任何表单填写" in one for one in _found(text))

    def test_it_can_be_written_in_chinese(self) -> None:
        section = "保密: {条件: level is hard, 知悉: [desk, worker, line, checker], 回避: lead}\n"
        secret = loads(self._with(section)).confidential
        assert secret is not None
        assert (secret.known_to, str(secret.when), secret.not_about) == (
            ("desk", "worker", "line", "checker"), "level is hard", "lead",
        )  # fmt: skip
