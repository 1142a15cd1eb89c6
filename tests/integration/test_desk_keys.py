"""The desk by keyboard, in a real browser; off while somebody types."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from engine.background.proposals import keep_up
from engine.background.relay import relay
from engine.clock import SetClock
from engine.database import Database
from engine.records.calendar_book import CalendarBook
from engine.records.versions import Versions
from engine.stages.door import Door
from tests.support.browser import Browser
from tests.support.chromium import chromium, on_a_port, sign_in
from tests.support.town import Town, town

pytestmark = pytest.mark.browser


@pytest.fixture
def office(sqlite_database: Database, clock: SetClock, tmp_path: Path) -> Iterator[Town]:
    with town(sqlite_database, clock, tmp_path / "data") as served:
        yield served


@pytest.fixture
def desk(office: Town) -> Iterator[Any]:
    """沈静's page at the desk."""
    with on_a_port(office) as address, chromium() as browser:
        context = browser.new_context(viewport={"width": 1440, "height": 900}, base_url=address)
        sign_in(context, office, address, "shen")
        page = context.new_page()
        page.set_default_timeout(8_000)
        yield page
        context.close()


def filed(office: Town, urgency: str) -> str:
    case_no = office.report()
    office.act("shen", case_no, "accept", {"item": "part-01-01/1", "urgency": urgency})
    return case_no


def test_a_ticket_is_taken_acted_on_and_the_next_one_taken_by_keys_alone(office: Town, desk: Any) -> None:
    urgent, ordinary = filed(office, "urgent"), filed(office, "normal")
    desk.goto("/")
    assert desk.inner_text("form.hy-next button kbd") == "n"
    desk.keyboard.press("n")
    desk.wait_for_url(f"**/tickets/{urgent}")
    acts = desk.locator("#ticket .hy-deeds .btn")
    number = next(at for at in range(acts.count()) if "直接答复" in acts.nth(at).inner_text()) + 1
    assert acts.nth(number - 1).locator("kbd").inner_text() == str(number)
    desk.keyboard.press(str(number))
    desk.wait_for_function("() => document.activeElement?.closest('#act form')")
    desk.focus("#act textarea[name=reply]")
    desk.keyboard.type("n1已由物业处理")
    assert desk.input_value("#act textarea[name=reply]") == "n1已由物业处理", "keys are letters while one types"
    desk.keyboard.press("Control+Enter")
    desk.wait_for_selector("#ticket .alert-success")
    assert office.get("shen", f"/api/tickets/{urgent}")["state"]["code"] == "answered"
    desk.keyboard.press("Escape")
    desk.keyboard.press("n")
    desk.wait_for_url(f"**/tickets/{ordinary}")
    desk.keyboard.press("r")
    desk.wait_for_url("**/")
    assert "您在处理" not in desk.inner_text("main")


def test_lists_are_walked_and_searched_by_keys(office: Town, desk: Any) -> None:
    for urgency in ("urgent", "normal"):
        filed(office, urgency)
    desk.goto("/queue")
    links = [one.get_attribute("href") for one in desk.locator("a.hy-row").all()]
    here = "() => document.activeElement.getAttribute('href')"
    desk.keyboard.press("j")
    assert desk.evaluate(here) == links[0]
    desk.keyboard.press("j")
    assert desk.evaluate(here) == links[1]
    desk.keyboard.press("k")
    desk.keyboard.press("Enter")
    desk.wait_for_url(f"**{links[0]}")
    desk.keyboard.press("/")
    desk.wait_for_url("**/tickets#find")
    desk.wait_for_function("() => document.activeElement.name === 'q'")


def test_the_list_of_keys_opens_and_closes(desk: Any) -> None:
    desk.goto("/")
    desk.keyboard.press("?")
    assert "采纳建议" in desk.inner_text("#hy-keys")
    desk.keyboard.press("n")
    assert desk.locator("#hy-keys").is_visible(), "behind it no key does anything"
    desk.keyboard.press("Escape")
    assert not desk.locator("#hy-keys").is_visible()


def test_the_proposed_lead_is_filled_in_by_a_key(office: Town, desk: Any) -> None:
    ruled = filed(office, "normal")
    office.act("shen", ruled, "call", {"kind": "appeal", "lead": "water"})
    returned = {"ground": "beyond", "suggested": "urban", "clause": "排水条例第九条"}
    office.act("lu-lead", ruled, "return", returned, task=office.task_of(ruled, "water")["task"])
    offered = office.get("shen", f"/api/tickets/{ruled}/actions")["actions"]
    (ask,) = [one["request"] for one in offered if one["action"] == "redispatch"]
    office.act("shen", ruled, "redispatch", {"department": "urban"}, request=ask)
    relay(office.database)
    keep_up(Door(office.database, office.clock, Versions(CalendarBook(office.database))), office.database, office.clock)
    desk.goto(f"/tickets/{filed(office, 'urgent')}")
    assert desk.locator("#leads [data-key=a]").count() == 1
    desk.keyboard.press("a")
    desk.wait_for_function("() => document.activeElement?.closest('#act form')")
    assert desk.input_value("#act select[name=lead]") == "urban"


def test_a_phrase_goes_in_at_the_cursor(office: Town, desk: Any) -> None:
    shen = Browser(office, "shen")
    adding = next(form for form in shen.go("/phrases").forms if form.action == "/phrases")
    shen.send(adding, {"words": "请补充照片", "unit": adding.choices["unit"][0]})
    case_no = office.report()
    desk.goto(f"/tickets/{case_no}/do/ask_back")
    desk.fill("textarea[name=message]", "您好，。谢谢")
    desk.focus("textarea[name=message]")
    desk.evaluate("() => document.activeElement.setSelectionRange(3, 3)")
    desk.keyboard.press("Alt+1")
    assert desk.input_value("textarea[name=message]") == "您好，请补充照片。谢谢"
    desk.select_option("select[data-phrases=message]", "请补充照片")
    assert desk.input_value("textarea[name=message]") == "您好，请补充照片请补充照片。谢谢"
    assert not desk.locator("button[name=look][value='phrase.message']").is_visible()


def test_the_scripts_keep_to_the_policy_of_the_pages(office: Town, desk: Any) -> None:
    said: list[str] = []
    desk.on("console", lambda message: said.append(message.text))
    desk.on("pageerror", lambda failure: said.append(str(failure)))
    for path in ("/", "/queue", "/phrases", f"/tickets/{filed(office, 'normal')}"):
        desk.goto(path)
        desk.keyboard.press("?")
        desk.keyboard.press("Escape")
    assert said == []
