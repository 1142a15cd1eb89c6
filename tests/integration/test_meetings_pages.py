"""A sitting at a desk without JavaScript: called, opened, attended, decided, closed, signed and printed."""

from collections.abc import Iterator
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from docx import Document as Word

from engine.clock import HOUR, Instant, SetClock, iso, moment
from engine.database import Database
from engine.records.people import Appointment, NewPerson, appoint, create_people
from tests.support.browser import Browser, FormOnPage, Page
from tests.support.town import Town, town

BODY = "multi-grid-in-one|joint|xd-g"


@pytest.fixture
def xidu(database: Database, clock: SetClock, tmp_path: Path) -> Iterator[Town]:
    with town(database, clock, tmp_path / "data") as served:
        people = [NewPerson(login="tang", name="汤芳"), NewPerson(login="min", name="闵镇长")]
        database.acting(lambda transaction: create_people(transaction, people))
        posts = [
            Appointment(login="tang", post="village_head", area="xd-m", since=clock.now()),
            Appointment(login="min", post="chief", area="xd", since=clock.now()),
        ]
        database.acting(lambda transaction: appoint(transaction, posts))
        yield served


def called(xidu: Town, liu: Browser) -> Page:
    at = moment(Instant(xidu.clock.now() + HOUR)).strftime("%Y-%m-%dT%H:%M")
    form = liu.go("/meetings").form("/meetings")
    return liu.send(form, {"body": BODY, "at": at, "place": "网格党群服务站"})


def tabled(xidu: Town, code: str) -> str:
    case_no = xidu.report(workflow="multi-grid-in-one")
    xidu.act("liu", case_no, "accept", {"item": "part-01-01/1", "urgency": "normal"})
    listed = {
        "raised_by": "village", "cross": "department", "lead_department": "urban", "leader_in_charge": "shen",
        "measures": "先清障后硬化", "due": "2026-06-30", "reason": "权属不清",
    }  # fmt: skip
    xidu.act("liu", case_no, "list", listed)
    xidu.act("liu", case_no, "table", {"meeting": code})
    return case_no


def test_a_sitting_from_the_call_to_the_printed_minutes(xidu: Town) -> None:
    liu = Browser(xidu, "liu")
    page = called(xidu, liu)
    assert "已通知" in page.text
    assert "汤芳" in page.text
    code = page.form("/open").action.split("/")[2]
    case_no = tabled(xidu, code)

    page = liu.send(liu.go(f"/meetings/{code}").form("/open"))
    assert "会议中" in page.text
    assert "1 / 3" in page.text
    assert "不足法定的 2 人" in page.text
    assert f"/tickets/{case_no}/do/take_care" not in page.html
    page = liu.send(page.form("/attendance"), {"seat.tang": "present", "seat.min": "excused"})
    assert "2 / 3" in page.text
    form = liu.go(page.link(f"/tickets/{case_no}/do/take_care")).form("/do/take_care")
    liu.send(form, {"lead": "urban", "due": "2026-06-30", "ruling": "由城管先行托底"})
    page = liu.go(f"/meetings/{code}")
    assert "托底" in page.text
    assert "由城管先行托底" in page.text

    page = liu.send(page.form("/close"))
    page = liu.send(page.form(f"/meetings/{code}/sign"), {"remarks": "请假一人"})
    assert "纪要已签发" in page.text
    minutes = liu.go(f"/meetings/{code}/minutes").text
    assert "实到 2 人" in minutes
    assert "由城管先行托底" in minutes
    assert "请假一人" in minutes


def test_a_stranger_finds_no_sitting_and_a_member_only_looks(xidu: Town) -> None:
    page = called(xidu, Browser(xidu, "liu"))
    code = page.form("/open").action.split("/")[2]
    for stranger in ("qian", "chen", "citizen"):
        browser = Browser(xidu, stranger)
        assert browser.client.get(f"/meetings/{code}").status_code == 404
        assert code not in browser.go("/meetings").text
    seen = Browser(xidu, "tang").go(f"/meetings/{code}")
    assert not [form for form in seen.forms if "/meetings/" in form.action]


def test_what_is_wrong_is_said_on_the_page(xidu: Town) -> None:
    liu = Browser(xidu, "liu")
    form = liu.go("/meetings").form("/meetings")
    assert "请填写时间" in liu.send(form, {"body": BODY, "at": "morgen"}).text
    assert "此刻之后" in liu.send(form, {"body": BODY, "at": "2020-01-01T09:00"}).text
    page = called(xidu, liu)
    assert "请填写理由" in liu.send(page.form("/cancel"), {"reason": " "}).text
    assert "没有" in liu.send(page.form("/put"), {"ticket": "20200101-000001"}).text
    assert "已取消" in liu.send(page.form("/cancel"), {"reason": "改期"}).text


def test_the_same_over_the_api(xidu: Town) -> None:
    at = iso(Instant(xidu.clock.now() + HOUR))
    body = {"workflow": "multi-grid-in-one", "meeting": "joint", "area": "xd-g", "at": at, "place": "党群服务站"}
    answer = xidu.ask("liu", "POST", "/api/meetings", json=body)
    assert answer.status_code == 201, answer.text
    code = answer.json()["code"]
    case_no = tabled(xidu, code)
    assert xidu.ask("qian", "GET", f"/api/meetings/{code}").status_code == 404
    assert xidu.ask("tang", "POST", f"/api/meetings/{code}/acts", json={"act": "open"}).status_code == 403

    def acted(**said: object) -> dict[str, Any]:
        found = xidu.ask("liu", "POST", f"/api/meetings/{code}/acts", json=said)
        assert found.status_code == 200, found.text
        return dict(found.json())

    assert acted(act="open")["quorum"] == {"present": 1, "needed": 2, "members": 3, "reached": False}
    assert acted(act="attend", present=["tang"], excused=["min"])["quorum"]["reached"]
    decision = {"lead": "urban", "due": "2026-06-30", "ruling": "由城管先行托底"}
    xidu.act("liu", case_no, "take_care", decision)
    assert acted(act="close")["state"]["code"] == "closed"
    (item,) = acted(act="sign", remarks="请假一人")["agenda"]
    assert (item["case_no"], item["outcome"]["code"], item["decision"]["zh"]) == (case_no, "decided", "托底")
    assert "由城管先行托底" in xidu.get("tang", f"/api/meetings/{code}")["minutes"]
    assert [one["code"] for one in xidu.get("shen", "/api/meetings")["items"]][-1] == code
    wrong = xidu.ask("liu", "POST", f"/api/meetings/{code}/acts", json={"act": "move", "reason": "改期"})
    assert (wrong.status_code, wrong.json()["where"]["field"]) == (422, "at")


def test_minutes_are_issued_as_a_numbered_letter_to_print_and_as_word(xidu: Town) -> None:
    """会议纪要是文书：签发前没有；签发后一个编号一份，再打印还是它；Word 与网页一致；外人看不到。"""
    liu = Browser(xidu, "liu")
    code = called(xidu, liu).form("/open").action.split("/")[2]
    case_no = tabled(xidu, code)
    early = liu.client.post(f"/meetings/{code}/minutes/document", data={"csrf": _csrf(liu, code)})
    assert early.status_code == 409, early.text
    page = liu.send(liu.go(f"/meetings/{code}").form("/open"))
    page = liu.send(page.form("/attendance"), {"seat.tang": "present", "seat.min": "excused"})
    form = liu.go(page.link(f"/tickets/{case_no}/do/take_care")).form("/do/take_care")
    liu.send(form, {"lead": "urban", "due": "2026-06-30", "ruling": "由城管先行托底"})
    page = liu.send(liu.go(f"/meetings/{code}").form("/close"))
    liu.send(page.form(f"/meetings/{code}/sign"), {"remarks": "请假一人"})

    signed = liu.go(f"/meetings/{code}/minutes")
    issued = liu.send(_issuing(liu, code))
    with xidu.database.looking() as transaction:
        ((number,),) = transaction.rows("SELECT number FROM document WHERE kind = 'minutes'")
    assert "2026" in number
    assert number in issued.text
    assert "纪要" in issued.text
    for words in ("实到 2 人", "由城管先行托底", "请假一人", case_no):
        assert words in signed.text
        assert words in issued.text
    word = Word(BytesIO(liu.client.get(issued.link("/files/docx")).content))
    told = "\n".join(one.text for one in word.paragraphs)
    told += "\n".join(cell.text for table in word.tables for row in table.rows for cell in row.cells)
    for words in (number, "实到 2 人", "由城管先行托底", "请假一人", case_no):
        assert words in told
    again = liu.send(_issuing(liu, code))
    assert again.url == issued.url
    assert again.text == issued.text, "printed again it is the same, to the letter"
    path = issued.url.rpartition("testserver")[2]
    assert Browser(xidu, "tang").go(path).status == 200
    for stranger in ("qian", "chen", "citizen"):
        assert Browser(xidu, stranger).go(path).status == 404, stranger
        assert Browser(xidu, stranger).client.get(f"{path}/files/docx").status_code == 404


def _issuing(browser: Browser, code: str) -> FormOnPage:
    return browser.go(f"/meetings/{code}/minutes").form("/minutes/document")


def _csrf(browser: Browser, code: str) -> str:
    return browser.go(f"/meetings/{code}").form("/open").values["csrf"][0]
