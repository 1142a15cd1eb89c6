"""My grids: what is open and overdue, who is there, the problem list; nothing of other streets, nothing counted twice."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from engine.clock import DAY, SetClock
from engine.database import Database
from engine.records.access import person_of_login, viewer_of
from engine.records.grids import grids_within
from engine.records.my_grids import Glance, glances
from engine.vocabulary import Stage
from tests.support.browser import Browser
from tests.support.town import Town, town

PROBLEM = "多家共用的化粪池满溢"


@pytest.fixture
def xidu(database: Database, clock: SetClock, tmp_path: Path) -> Iterator[Town]:
    with town(database, clock, tmp_path / "data") as served:
        yield served


def seen(served: Town, login: str) -> list[Glance]:
    now = served.clock.now()
    with served.database.looking() as transaction:
        viewer = viewer_of(transaction, person_of_login(served.database, login), now)
        return glances(transaction, viewer, grids_within(transaction, viewer.areas), now)


def problem(served: Town) -> str:
    form = {"description": PROBLEM, "place": {"area": "xd-m"}, "before_photos": [served.photo("liu")]}
    body = {"workflow": "multi-grid-in-one", "action": "report", "form": form}
    answer = served.ask("wang", "POST", "/api/tickets", json=body)
    assert answer.status_code == 201, answer.text
    return str(answer.json()["case_no"])


def test_what_is_open_is_counted_by_stage_and_settled_things_are_not(xidu: Town) -> None:
    xidu.report()
    filed, settled = xidu.report(), xidu.report()
    xidu.act("shen", filed, "accept", {"item": "part-01-01/1", "urgency": "normal"})
    xidu.act("shen", settled, "answer", {"reply": "已答复"})
    xidu.report("sun", area="nq-m")
    (glance,) = seen(xidu, "liu")
    assert glance.grid.code == "xd-g"
    assert dict(glance.stages) == {Stage.REPORT: 1, Stage.TRIAGE: 1}
    assert [area.code for area in glance.areas] == ["xd-g", "xd-m", "xd-v"]
    assert {person.name for person in glance.people} == {"王芳", "周敏", "刘洋"}
    assert [one.grid.code for one in seen(xidu, "qian")] == ["nq-g"]
    assert [(one.grid.code, one.open) for one in seen(xidu, "gu")] == [("nq-g", 1), ("xd-g", 2)]


def test_a_post_inside_a_grid_sees_its_own_area(xidu: Town) -> None:
    xidu.report()
    (glance,) = seen(xidu, "wang")
    assert (glance.grid.code, glance.open) == ("xd-m", 1)
    assert seen(xidu, "chen") == []


def test_what_is_late_is_counted(xidu: Town) -> None:
    xidu.report()
    assert seen(xidu, "liu")[0].overdue == 0
    xidu.clock.advance(3 * DAY)
    assert seen(xidu, "liu")[0].overdue == 1


def test_the_page_leads_to_the_tickets_behind_each_number(xidu: Town) -> None:
    case_no, hard = xidu.report(), problem(xidu)
    leader = Browser(xidu, "liu")
    page = leader.go("/grids")
    assert "2 件在办" in page.text
    assert PROBLEM in page.text
    assert page.link("/grids/xd-g/poster")
    behind = leader.go(page.link("area=xd-g"))
    assert case_no in behind.text
    assert hard in behind.text
    assert "没有这个" not in behind.text
    elsewhere = Browser(xidu, "qian")
    assert PROBLEM not in elsewhere.go("/grids").text
    assert case_no not in elsewhere.go("/tickets?area=xd-g").text


def test_whoever_has_no_grid_is_told_who_has(xidu: Town) -> None:
    handler = Browser(xidu, "chen")
    assert "您的岗位没有网格" in handler.go("/grids").text
    assert "/grids" not in handler.go("/").links


def test_words_of_attributes_follow_the_language(xidu: Town) -> None:
    xidu.report()
    leader = Browser(xidu, "liu")
    assert 'aria-label="各阶段在办 / Open by stage"' in leader.go("/grids").html
    leader.go("/language?say=en&to=/")
    assert 'aria-label="Open by stage"' in leader.go("/grids").html
    assert 'aria-label="Main"' in leader.go("/").html
    leader.go("/language?say=zh&to=/")
    assert 'aria-label="主导航"' in leader.go("/").html
