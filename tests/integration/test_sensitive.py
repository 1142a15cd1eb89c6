"""敏感个人信息：默认遮蔽；持有流程文件所列岗位的人说明用途才看得到，先记录后显示；下游仍须敏感。"""

from collections.abc import Iterator
from pathlib import Path

import pytest

from engine.clock import SetClock
from engine.database import Database
from engine.definitions import opening
from engine.definitions.loader import loads
from engine.definitions.model import Workflow
from engine.errors import DefinitionError
from engine.records import versions
from tests.support.browser import Browser
from tests.support.town import Town, town

ILLNESS = "尿毒症晚期"
LOOP = """
workflow: home-care
version: 1
title: 上门照护 / Home care
calendar: cn-mainland
roles:
  anyone: {title: 上报人 / Reporter, person: reporter}
  desk: {title: 受理员 / Desk, post: coordinator, area: street}
  leader: {title: 网格长 / Grid leader, post: grid_leader, area: ticket}
fields:
  illness: {title: 健康状况 / Health, type: text, class: sensitive, purpose: 安排上门照护 / To arrange care, seen_by: [leader]}
starts:
  report: {title: 上报 / Report, by: anyone, to: reported, form: [description!, place!, illness]}
stages:
  report:
    reported:
      title: 已上报 / Reported
      actions:
        close: {title: 办结 / Close, by: [desk, leader], to: closed, form: [note]}
ends:
  closed: {title: 已结案 / Closed, type: closed}
"""  # noqa: E501


def loop(**changed: str) -> Workflow:
    text = LOOP
    for was, becomes in changed.items():
        text = text.replace(was, becomes)
    return loads(text, file="home-care.yaml")


@pytest.fixture
def xidu(database: Database, clock: SetClock, tmp_path: Path) -> Iterator[Town]:
    with town(database, clock, tmp_path / "data") as served:
        database.acting(lambda transaction: versions.store(transaction, loop(), clock.now(), activate=True))
        yield served


def reported(xidu: Town) -> str:
    form = {"description": "独居老人需要照护", "place": {"area": "xd-m"}, "illness": ILLNESS}
    body = {"workflow": "home-care", "action": "report", "form": form}
    answer = xidu.ask("citizen", "POST", "/api/tickets", json=body)
    assert answer.status_code == 201, answer.text
    return str(answer.json()["case_no"])


def logged(xidu: Town) -> list[tuple[str, ...]]:
    with xidu.database.looking() as transaction:
        rows = transaction.rows(
            "SELECT p.login, u.purpose, u.field, u.page, u.note FROM unmasking u JOIN person p ON p.id = u.person_id "
            "ORDER BY u.id"
        )
        return [tuple(row) for row in rows]


def test_it_is_masked_for_everybody_and_shown_to_the_post_for_a_purpose(xidu: Town) -> None:
    case_no = reported(xidu)
    for login in ("shen", "liu", "he", "wang"):
        for path in (f"/tickets/{case_no}", f"/api/tickets/{case_no}", f"/api/tickets/{case_no}/history"):
            text = xidu.ask(login, "GET", path).text if path.startswith("/api") else Browser(xidu, login).go(path).html
            assert ILLNESS not in text, (login, path)
    assert "＊＊＊" in Browser(xidu, "shen").go(f"/tickets/{case_no}").text
    assert "/sensitive" not in Browser(xidu, "shen").go(f"/tickets/{case_no}").html, "she holds no post for it"
    leader = Browser(xidu, "liu")
    form = leader.go(f"/tickets/{case_no}").form("/sensitive")
    assert leader.send(form, {"purpose": "看"}).status == 422
    assert logged(xidu) == []
    shown = leader.send(form, {"purpose": "联系社区医院安排透析接送"})
    assert ILLNESS in shown.text
    assert ILLNESS not in leader.go(f"/tickets/{case_no}").html
    assert logged(xidu) == [("liu", "stated", "illness", "ticket", "联系社区医院安排透析接送")]
    assert "联系社区医院安排透析接送" in Browser(xidu, "he").go("/unmaskings").text
    assert ILLNESS in Browser(xidu, "citizen").go(f"/tickets/{case_no}").html, "it is their own"


def test_programs_are_held_to_the_same(xidu: Town) -> None:
    case_no = reported(xidu)
    path, asked = f"/api/tickets/{case_no}/sensitive", {"field": "illness", "purpose": "安排上门照护"}
    assert xidu.ask("shen", "POST", path, json=asked).status_code == 403
    assert xidu.ask("qian", "POST", path, json=asked).status_code == 404
    assert xidu.ask("liu", "POST", path, json={**asked, "field": "description"}).status_code == 422
    assert xidu.ask("liu", "POST", path, json={**asked, "purpose": " "}).status_code == 422
    assert logged(xidu) == []
    assert xidu.ask("liu", "POST", path, json=asked).json() == {"field": "illness", "value": ILLNESS}
    assert [row[3] for row in logged(xidu)] == ["api"]


def test_what_is_sensitive_stays_so_in_a_ticket_that_is_opened() -> None:
    opens = (
        "actions:\n        hand_on: {title: 转办 / Hand on, by: desk, form: [note], "
        "opens: {workflow: other, start: report, takes: [illness]}}\n"
    )
    one = loop(**{"actions:\n": opens})
    rule = {
        "home-care": "other",
        "by: anyone": "by: rule",
        "description!, place!, illness": "description, place, illness",
    }
    plain = {"class: sensitive, purpose: 安排上门照护 / To arrange care, seen_by: [leader]": "personal: true"}
    opening.opened_exist(one, {"other": loop(**rule)})
    with pytest.raises(DefinitionError) as refused:
        opening.opened_exist(one, {"other": loop(**rule, **plain)})
    assert "敏感" in refused.value.zh
