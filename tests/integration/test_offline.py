"""Phones without signal, in a real browser: what is reported waits with its photos and arrives exactly once."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from engine.clock import SetClock
from engine.database import Database
from tests.support.browser import Browser
from tests.support.chromium import chromium, on_a_port, sign_in
from tests.support.phone import REPORT, Phone
from tests.support.pictures import jpeg, scene
from tests.support.town import Town, town


@pytest.fixture
def office(sqlite_database: Database, clock: SetClock, tmp_path: Path) -> Iterator[Town]:
    with town(sqlite_database, clock, tmp_path / "data") as served:
        yield served


@pytest.fixture
def phone(office: Town) -> Iterator[Phone]:
    with on_a_port(office) as address, chromium() as browser:
        context = browser.new_context(viewport={"width": 390, "height": 800})
        sign_in(context, office, address, "wang")
        yield Phone(office, address, context)
        context.close()


@pytest.mark.browser
def test_a_report_without_signal_waits_and_arrives_exactly_once(phone: Phone) -> None:
    phone.stocked()
    phone.go(REPORT)
    phone.fill("河道边护栏倒塌")
    phone.signal(there=False)
    phone.send()
    phone.page.wait_for_selector("#hy-kept:not([hidden])")
    assert "已保存在本机" in phone.page.inner_text("#hy-kept")
    assert phone.unsent() == 1
    phone.go("/unsent")  # opens without signal
    phone.page.wait_for_selector("#hy-unsent-list [data-part=about]")
    assert "河道边护栏倒塌" in phone.page.inner_text("#hy-unsent-list")
    assert phone.page.locator("#hy-unsent-list img").count() == 1
    assert phone.arrived("护栏倒塌") == []
    phone.signal(there=True)
    phone.page.wait_for_selector("#hy-kept a")
    (case_no,) = phone.arrived("护栏倒塌")
    assert phone.page.inner_text("#hy-kept a") == case_no
    assert phone.unsent() == 0
    phone.go("/")
    assert phone.arrived("护栏倒塌") == [case_no]
    assert phone.office.get("shen", f"/api/tickets/{case_no}/history")["events"][0]["facts"]["form"]["before_photos"]


@pytest.mark.browser
def test_a_report_form_opens_without_signal(phone: Phone) -> None:
    phone.stocked()
    phone.signal(there=False)
    phone.go("/report")
    phone.page.click(f"a[href='{REPORT}']")
    assert phone.page.locator("textarea[name=description]").is_visible()


@pytest.mark.browser
def test_a_check_on_site_is_kept_and_done_later(phone: Phone) -> None:
    """核查：没有信号时填好，有信号后自动提交。"""
    office = phone.office
    case_no = office.report(login="citizen")
    office.act("shen", case_no, "accept", {"item": "part-01-01/2", "urgency": "normal"})
    office.act("shen", case_no, "call", {"kind": "appeal", "lead": "urban"})
    task = office.task_of(case_no, "urban")["task"]
    office.act("chen", case_no, "sign", task=task)
    done = {"result": "已更换井盖", "after_photos": [office.photo("chen", jpeg(scene(5)))]}
    office.act("chen", case_no, "finish", done, task=task)
    check = f"/tickets/{case_no}/do/check"
    phone.stocked(check)
    phone.signal(there=False)
    phone.go(f"/tickets/{case_no}")
    act = phone.page.locator(f"a[href^='{check}']").first.get_attribute("href")
    phone.go(act.split("#")[0])
    photo = {"name": "c.jpg", "mimeType": "image/jpeg", "buffer": jpeg(scene(9))}
    phone.page.set_input_files("input[type=file][name=check_photos]", photo)
    phone.send()
    phone.page.wait_for_selector("#hy-kept:not([hidden])")
    assert office.get("shen", f"/api/tickets/{case_no}")["state"]["code"] == "checking"
    phone.signal(there=True)
    phone.page.wait_for_selector("#hy-kept a")
    assert office.get("shen", f"/api/tickets/{case_no}")["state"]["code"] == "scoring"


@pytest.mark.browser
def test_an_answer_that_was_lost_makes_no_second_ticket(phone: Phone) -> None:
    """The server has it, the phone does not know: it is sent again under the same key."""
    phone.stocked()
    phone.go(REPORT)
    phone.fill("电线垂落路面")

    def lose(route: Any) -> None:
        if route.request.method != "POST":
            route.continue_()
            return
        route.fetch()
        route.abort()

    phone.page.route(f"**{REPORT}", lose)
    phone.send()
    phone.page.wait_for_selector("#hy-kept:not([hidden])")
    (case_no,) = phone.arrived("电线垂落")
    assert phone.unsent() == 1
    phone.page.unroute(f"**{REPORT}")
    phone.page.evaluate("() => kept.flush()")
    phone.page.wait_for_selector("#hy-kept a")
    assert phone.arrived("电线垂落") == [case_no]
    assert phone.unsent() == 0


@pytest.mark.browser
def test_what_is_refused_stays_with_the_reason_and_can_be_changed(phone: Phone) -> None:
    phone.stocked()
    phone.go(REPORT)
    phone.fill("楼道堆物")
    phone.signal(there=False)
    phone.send()
    phone.page.wait_for_selector("#hy-kept:not([hidden])")
    # 区域撤并 / The area is gone by the time the report arrives.
    phone.office.database.acting(
        lambda transaction: transaction.run("UPDATE area SET valid_to = 1 WHERE code = 'xd-m'")
    )
    phone.go("/unsent")
    phone.signal(there=True)
    phone.page.wait_for_selector("[data-part=reason]:not([hidden])")
    assert "区域" in phone.page.inner_text("[data-part=reason]")
    assert phone.unsent() == 1
    phone.page.click("[data-part=edit]")
    phone.page.wait_for_url(f"**{REPORT}")
    phone.page.wait_for_function("() => document.querySelector('textarea').value === '楼道堆物'")
    assert phone.page.evaluate("() => document.querySelector('input[type=file]').files.length") == 1


@pytest.mark.browser
def test_what_is_being_typed_survives_a_closed_page(phone: Phone) -> None:
    phone.go(REPORT)
    phone.page.fill("textarea[name=description]", "刚写到一半")
    phone.page.wait_for_timeout(900)
    phone.go("/")
    phone.go(REPORT)
    phone.page.wait_for_function("() => document.querySelector('textarea').value === '刚写到一半'")
    assert "已恢复" in phone.page.inner_text("#hy-kept")


@pytest.mark.browser
def test_what_waits_belongs_to_the_person_and_asks_to_sign_in(phone: Phone) -> None:
    phone.stocked()
    phone.go(REPORT)
    phone.fill("窗口玻璃坠落")
    phone.signal(there=False)
    phone.send()
    phone.page.wait_for_selector("#hy-kept:not([hidden])")
    phone.context.clear_cookies()
    phone.signal(there=True)
    phone.page.wait_for_function("() => document.getElementById('hy-kept').textContent.includes('重新登录')")
    assert phone.arrived("玻璃坠落") == []
    sign_in(phone.context, phone.office, phone.address, "zhou")
    phone.go("/")
    phone.page.wait_for_timeout(500)
    assert phone.unsent() == 0
    assert phone.arrived("玻璃坠落") == []
    sign_in(phone.context, phone.office, phone.address, "wang")
    phone.go("/")
    phone.page.wait_for_selector("#hy-kept a")
    assert len(phone.arrived("玻璃坠落")) == 1


@pytest.mark.browser
def test_with_signal_a_wrong_form_comes_back_as_always(phone: Phone) -> None:
    phone.go(REPORT)
    phone.fill("无效位置")
    phone.page.evaluate("() => { document.querySelector('select[name=place] option:checked').value = 'nowhere' }")
    phone.send()
    phone.page.wait_for_selector(".hy-wrong")
    assert phone.page.input_value("textarea[name=description]") == "无效位置"
    assert phone.unsent() == 0


@pytest.mark.browser
def test_nothing_breaks_the_policy_of_the_pages(phone: Phone) -> None:
    said: list[str] = []
    phone.page.on("console", lambda message: said.append(message.text))
    phone.stocked()
    for path in ("/unsent", REPORT, "/tickets"):
        phone.go(path)
    assert [line for line in said if "Content Security Policy" in line] == []


def test_the_token_is_for_whoever_sits_there(office: Town) -> None:
    wang = Browser(office, "wang")
    answer = wang.client.get("/csrf", headers={"Accept": "application/json"})
    assert answer.json()["login"] == "wang"
    wang.client.cookies.clear()
    lost = wang.client.get("/csrf", headers={"Accept": "application/json"})
    assert (lost.status_code, lost.json()["code"]) == (401, "not_signed_in")


def test_the_pages_can_be_installed(office: Town) -> None:
    client = Browser(office, "wang").client
    manifest = client.get("/manifest.webmanifest")
    assert manifest.headers["content-type"] == "application/manifest+json"
    assert (manifest.json()["start_url"], manifest.json()["display"]) == ("/", "standalone")
    worker = client.get("/sw.js")
    assert worker.headers["content-type"].startswith("text/javascript")
    assert 'rel="manifest"' in client.get("/").text
