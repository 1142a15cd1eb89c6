"""任务链接：没有账号的物业公司凭链接办一项任务。

A property company without accounts answers by the link of its one task: named, with photos, and checked by others.
"""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from engine.clock import DAY, SetClock
from engine.database import Database
from engine.records.departments import NewDepartment, create_departments
from engine.records.verify import verify
from tests.support.browser import Browser, Page
from tests.support.town import Town, png, town

WHO = {"by.name": "钱师傅", "by.phone": "13900000000"}


@pytest.fixture
def xidu(database: Database, clock: SetClock, tmp_path: Path) -> Iterator[Town]:
    with town(database, clock, tmp_path / "data") as served:
        units = [NewDepartment(code="estate", name="浦江物业公司", kind="property", area="xd")]
        database.acting(lambda transaction: create_departments(transaction, units))
        yield served


def called(xidu: Town, lead: str = "estate") -> tuple[str, int]:
    """A case sent to a unit: its number, and the unit's task."""
    case_no = xidu.report(description="楼道积水")
    xidu.act("shen", case_no, "accept", {"item": "part-01-02/1", "urgency": "normal"})
    xidu.act("shen", case_no, "call", {"kind": "appeal", "lead": lead, "message": "请今天到场"})
    return case_no, int(xidu.task_of(case_no, lead)["task"])


def link(xidu: Town, case_no: str, task: int) -> str:
    """A new link, as a path."""
    answer = xidu.ask("shen", "POST", f"/api/tickets/{case_no}/tasks/{task}/link")
    assert answer.status_code == 201, answer.text
    return "/t/" + str(answer.json()["url"]).rpartition("/t/")[2]


def did(
    visitor: Browser, path: str, action: str, values: dict[str, Any], files: dict[str, bytes] | None = None
) -> Page:
    form = visitor.go(f"{path}/do/{action}").form(f"/do/{action}")
    return visitor.send(form, {**WHO, **values}, files)


def rows(xidu: Town, sql: str) -> list[tuple[Any, ...]]:
    with xidu.database.looking() as transaction:
        return [tuple(row) for row in transaction.rows(sql)]


def test_a_property_company_without_account_answers_by_its_link(xidu: Town) -> None:
    """受理台在页面上生成链接；物业凭链接签收、联系、传照片反馈；留名留电话；再由他人核查。"""
    case_no, _ = called(xidu)
    desk = Browser(xidu, "shen")
    page = desk.go(desk.go(f"/tickets/{case_no}").link("/link"))
    shown = desk.send(page.form("/link"))
    assert "data:image/svg+xml" in shown.html
    found = re.search(r"/t/[\w-]{43}", shown.html)
    assert found is not None
    path = found[0]
    assert path.rpartition("/")[2] not in str(rows(xidu, "SELECT * FROM task_link")), "only a digest is kept"

    visitor = Browser(xidu)
    page = visitor.go(path)
    assert all(words in page.text for words in ("楼道积水", "请今天到场", "浦江物业公司", "签收"))
    assert page.headers["Referrer-Policy"] == "no-referrer"
    assert "no-store" in page.headers["Cache-Control"]
    (photo,) = [tag[1]["src"] for tag in page.tags if tag[0] == "img"]
    assert visitor.client.get(photo).status_code == 200

    assert "已提交" in did(visitor, path, "sign", {}).text
    did(visitor, path, "contact", {"note": "已与居民约好"})
    form = visitor.go(f"{path}/do/finish").form("/do/finish")
    answer = {**WHO, "result": "已疏通"}
    done = visitor.send(form, answer, {"after_photos": png(7)})
    assert "任务办结" in done.text
    assert "任务办结" in visitor.send(form, answer, {"after_photos": png(7)}).text, "sent twice, done once"
    assert visitor.go(path).status == 404

    page = Browser(xidu, "zhou").go(f"/tickets/{case_no}")
    assert all(words in page.text for words in ("任务链接：钱师傅 13900000000", "生成任务链接", "已疏通"))
    facts = str(rows(xidu, "SELECT facts FROM event"))
    assert "钱师傅" not in facts, "who answered is personal: erasable, in no fact"
    Browser(xidu, "zhou").do(case_no, "check", {}, {"check_photos": png(8)})
    assert xidu.get("shen", f"/api/tickets/{case_no}")["state"]["code"] == "scoring"
    assert verify(xidu.database).sound


def test_a_link_opens_its_one_task_and_nothing_else(xidu: Town) -> None:
    """未知、过期、撤销、换新：同一个回答；跨站与无名的提交都不收。"""
    case_no, task = called(xidu)
    visitor, path = Browser(xidu), link(xidu, case_no, task)
    unknown = visitor.go("/t/" + "x" * 43)
    form = visitor.go(f"{path}/do/sign").form("/do/sign")
    assert visitor.send(form, {**WHO, "csrf": "forged"}).status == 403
    assert visitor.send(form, {**WHO, "by.name": ""}).status == 422
    assert visitor.go(f"{path}/do/hand_over").status == 409

    renewed = link(xidu, case_no, task)
    assert xidu.ask("shen", "DELETE", f"/api/tickets/{case_no}/tasks/{task}/link").status_code == 204
    for gone in (path, renewed):
        page = visitor.go(gone)
        assert (page.status, page.text) == (unknown.status, unknown.text) == (404, unknown.text)
        assert visitor.client.post(f"{gone}/do/sign", data={"csrf": "x"}).status_code == 404
    last = link(xidu, case_no, task)
    xidu.clock.advance((xidu.settings.link_days + 1) * DAY)
    assert visitor.go(last).text == unknown.text


def test_links_are_for_units_without_accounts_and_handed_out_by_the_desk(xidu: Town) -> None:
    case_no, task = called(xidu)
    path = f"/api/tickets/{case_no}/tasks/{task}/link"
    assert xidu.ask("he", "POST", path).status_code == 403
    assert xidu.ask("qian", "POST", path).status_code == 404
    assert xidu.get("shen", path) == {"contact": "", "link": None}
    case_no, task = called(xidu, "urban")
    refused = xidu.ask("shen", "POST", f"/api/tickets/{case_no}/tasks/{task}/link")
    assert (refused.status_code, refused.json()["code"]) == (409, "not_allowed_now")


def test_a_link_that_does_too_much_is_stopped_for_a_while(xidu: Town) -> None:
    case_no, task = called(xidu)
    visitor, path = Browser(xidu), link(xidu, case_no, task)
    form = visitor.go(f"{path}/do/sign").form("/do/sign")
    answers = [visitor.send(form, {**WHO, "by.name": ""}).status for _ in range(41)]
    assert answers == [422] * 40 + [429]
