"""群众个人信息页：安全管理员查、给副本、删除；审计管理员看；系统管理员与其他人都不行。"""

import io
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from engine.clock import Instant, SetClock
from engine.database import Database
from engine.records.people import Appointment, appoint
from tests.support.administrators import administered
from tests.support.browser import Browser, Page
from tests.support.planted import NAME, PHONE, SPELLED, WORDS, in_tables, photo
from tests.support.town import BLOCK_CALLS, Town, town


@pytest.fixture
def xidu(database: Database, clock: SetClock, tmp_path: Path) -> Iterator[Town]:
    with town(database, clock, tmp_path / "data") as served:
        yield administered(served)


def called(xidu: Town) -> str:
    form = {
        "description": WORDS, "place": {"area": "xd-m"}, "source": "hotline", "contact_name": NAME,
        "contact_phone": SPELLED, "before_photos": [xidu.photo("shen", photo(7))],
    }  # fmt: skip
    body = {"workflow": BLOCK_CALLS, "action": "register", "form": form}
    return str(xidu.ask("shen", "POST", "/api/tickets", json=body).json()["case_no"])


def looked(security: Browser, **values: str) -> Page:
    form = security.go("/admin/personal").form("/look")
    return security.send(form, {"ground": "withdrawn", **values})


def test_the_security_administrator_looks_copies_and_erases_and_the_auditor_reads(xidu: Town) -> None:
    case_no = called(xidu)
    security, auditor = Browser(xidu, "jiang"), Browser(xidu, "fan")
    waiting = looked(security, phone=PHONE)
    assert case_no in waiting.text.partition("在办，不在其内")[2]
    page = looked(security, phone=PHONE, running="yes")
    assert case_no in page.text
    assert "1 案卷" in page.text
    copy = security.client.post("/admin/personal/copy", data=dict_of(page, "/copy"))
    assert copy.status_code == 200, copy.text
    assert NAME in zipfile.ZipFile(io.BytesIO(copy.content)).read("index.html").decode()
    done = security.send(page.form("/erase"))
    assert "已全部删除" in done.text
    assert in_tables(xidu.database) == set()
    assert auditor.go(done.url).text.count("个人撤回同意") == 1
    log = auditor.go("/admin/acts").text
    assert all(words in log for words in ("查询群众个人信息", "导出群众个人信息副本", "删除群众个人信息"))
    assert PHONE not in auditor.go("/admin/acts").html + auditor.go("/admin/personal").html
    ticket = Browser(xidu, "shen").go(f"/tickets/{case_no}")
    assert "依法删除个人信息" in ticket.text
    assert "1 张照片已依法删除" in ticket.text
    assert "/thumb" not in ticket.html, "no picture that is not there"
    assert "/erase" not in auditor.go("/admin/personal").html


def dict_of(page: Page, action: str) -> dict[str, str]:
    return {name: values[0] for name, values in page.form(action).values.items()}


def test_what_is_not_as_the_preview_showed_is_shown_again(xidu: Town) -> None:
    called(xidu)
    security = Browser(xidu, "jiang")
    page = looked(security, phone=PHONE, running="yes")
    called(xidu)
    again = security.send(page.form("/erase"))
    assert again.status == 409
    assert "2 案卷" in again.text
    assert in_tables(xidu.database)
    assert "已全部删除" in security.send(again.form("/erase")).text


def test_nobody_else_may(xidu: Town) -> None:
    page = looked(Browser(xidu, "jiang"), phone="13000000000")
    assert page.status == 404
    called(xidu)
    part = Appointment(login="gu", post="security_admin", area="xd", since=Instant(0))
    xidu.database.acting(lambda transaction: appoint(transaction, [part]))
    for login in ("fan", "qin", "shen", "citizen", "gu"):
        browser = Browser(xidu, login)
        assert browser.go("/admin/personal").status == (200 if login == "fan" else 403), login
        # Their own token: else it would be refused as somebody else's form.
        sent = {
            "csrf": browser.go("/sessions").form("/signout").values["csrf"][0],
            "phone": PHONE,
            "ground": "withdrawn",
        }
        for path in ("look", "copy", "erase"):
            answer = browser.client.post(f"/admin/personal/{path}", data={**sent, "running": "yes"})
            assert (answer.status_code, "页面已过期" in answer.text) == (403, False), (login, path)
            assert NAME not in answer.text
    assert in_tables(xidu.database)


def test_the_access_log_is_taken_out_as_a_table(xidu: Town) -> None:
    case_no = called(xidu)
    xidu.ask("shen", "POST", f"/api/tickets/{case_no}/contact", json={"purpose": "call_back"})
    auditor = Browser(xidu, "fan")
    page = auditor.go("/unmaskings")
    text = auditor.client.get(page.link("/unmaskings.csv")).content.decode("utf-8-sig")
    (_, row) = text.strip().splitlines()
    assert row.split(",")[2:] == ["shen", "沈静", case_no, "姓名与电话", "回访", "", "接口"]
    assert "导出" in auditor.go("/admin/acts").text
    assert Browser(xidu, "shen").client.get("/unmaskings.csv").status_code == 403
