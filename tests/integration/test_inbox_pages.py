"""The inbox as pages, without JavaScript and in a real browser."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import expect

from engine.clock import SetClock
from engine.database import Database
from engine.records import wishes
from engine.records.access import open_session, person_of_login
from tests.integration.test_inbox import filed, listing
from tests.support.browser import Browser, Page
from tests.support.chromium import chromium as installed
from tests.support.chromium import on_a_port
from tests.support.town import Town, town
from web.sessions import COOKIE


@pytest.fixture
def office(sqlite_database: Database, clock: SetClock, tmp_path: Path) -> Iterator[Town]:
    with town(sqlite_database, clock, tmp_path / "data") as served:
        yield served


def of_list(page: Page) -> str:
    """The link to the first list on a page."""
    return next(link for link in page.links if re.fullmatch(r"/inbox/[0-9a-f]{24}", link))


def test_the_badge_on_every_page_counts_what_is_unread(office: Town) -> None:
    wang = Browser(office, "wang")
    assert "未读" not in wang.go("/").html
    filed(office)
    filed(office)
    for path in ("/", "/tickets", "/report", "/workflows", "/inbox", "/inbox/settings"):
        assert 'aria-label="2 条未读 / unread">2<' in wang.go(path).html, path
    assert "条未读" not in Browser(office, "shen").go("/").html


def test_a_badge_has_room_for_two_figures(office: Town) -> None:
    for number in range(101):
        listing(office, "wang", period=f"p{number}")
    assert ">99+<" in Browser(office, "wang").go("/").html


def test_opening_a_message_leads_to_its_ticket_and_reads_it(office: Town) -> None:
    case_no = filed(office, "路灯不亮")
    wang = Browser(office, "wang")
    page = wang.go("/inbox")
    assert "立案 → 已立案，待派遣" in page.text
    assert "路灯不亮" in page.text
    ticket = wang.go(page.link("/inbox/2"))
    assert ticket.url.endswith(f"/tickets/{case_no}")
    assert "条未读" not in ticket.html


def test_one_message_is_marked_as_read_and_then_all(office: Town) -> None:
    for number in range(3):
        filed(office, f"第 {number} 件")
    wang = Browser(office, "wang")
    forms = [form for form in wang.go("/inbox").forms if "message" in form.values]
    assert len(forms) == 3
    page = wang.send(forms[0])
    assert ">2<" in page.html
    (all_read,) = [form for form in page.forms if "until" in form.values]
    filed(office, "新的")
    page = wang.send(all_read)
    assert 'aria-label="1 条未读' in page.html


def test_a_list_is_a_table_of_its_tickets(office: Town) -> None:
    case_no, theirs = filed(office), office.report("sun", "nq-m")
    listing(office, "shen", case_no, theirs)
    shen = Browser(office, "shen")
    page = shen.go(of_list(shen.go("/inbox")))
    for words in ("滞后提醒", "2026-W10", case_no, "处置时限", "2026-03-02 10:01", "红灯", "黄牌", "已立案"):
        assert words in page.text, words
    assert page.link(f"/tickets/{case_no}")
    assert theirs not in page.text
    assert "您已看不到这件案卷" in page.text
    assert "条未读" not in page.html


def test_of_what_one_may_not_see_any_more_the_page_says_nothing(office: Town) -> None:
    case_no = filed(office, "路灯不亮")
    wang = Browser(office, "wang")
    link = wang.go("/inbox").link(f"/inbox/{case_no}")
    office.database.acting(lambda t: t.run("DELETE FROM reach"))
    page = wang.go("/inbox")
    assert "您已看不到" in page.text
    assert case_no not in page.text
    assert "路灯不亮" not in page.html
    opened = wang.go(link)
    assert opened.status == 200
    assert "路灯不亮" not in opened.html


def test_nothing_that_a_list_says_is_markup(office: Town) -> None:
    evil = "<script>alert(1)</script>"
    case_no = filed(office, f"{evil} 描述")
    listing(office, "wang", case_no, title={"zh": evil, "en": evil}, period=evil)
    wang = Browser(office, "wang")
    page = wang.go("/inbox")
    assert "<script>alert" not in page.html
    opened = wang.go(of_list(page))
    assert "&lt;script&gt;alert" in opened.html
    assert "<script>alert" not in opened.html


def test_the_inbox_goes_on_by_links(office: Town) -> None:
    for number in range(31):
        listing(office, "wang", period=f"期{number:02d}")
    wang = Browser(office, "wang")
    first = wang.go("/inbox")
    assert ("期30" in first.text) + ("期00" in first.text) == 1
    rest = wang.go(first.link("cursor="))
    assert len([form for form in rest.forms if "message" in form.values]) == 1
    part = wang.go(first.link("cursor="), **{"HX-Request-Type": "partial"})
    assert "<html" not in part.html
    assert part.html.count("hy-message") == 1


def test_htmx_gets_the_list_and_the_badge_anew(office: Town) -> None:
    filed(office)
    filed(office)
    wang = Browser(office, "wang")
    form = next(form for form in wang.go("/inbox").forms if "message" in form.values)
    wang.client.headers["HX-Request-Type"] = "partial"
    part = wang.send(form)
    assert part.html.lstrip().startswith('<div id="inbox">')
    assert 'id="unread" class="hy-unread" hx-swap-oob="true"' in part.html
    assert 'aria-label="1 条未读' in part.html


class TestSettings:
    def test_they_are_saved_as_they_are_filled_in(self, office: Town) -> None:
        wang = Browser(office, "wang")
        form = wang.go("/inbox/settings").form("/inbox/settings")
        assert (form.values["quiet"], form.values["begins"], form.values["ends"]) == (["default"], ["21:30"], ["07:30"])
        values = {"quiet": "own", "begins": "23:00", "ends": "06:00", "digest": "daily", "digest_at": "09:15"}
        page = wang.send(form, {**values, "urgent": "yes"})
        assert "已保存" in page.text
        again = page.form("/inbox/settings")
        assert {name: again.values[name] for name in values} == {name: [value] for name, value in values.items()}
        assert again.values["urgent"] == ["yes"]
        assert office.get("wang", "/api/inbox/settings")["quiet"] == "23:00-06:00"
        none = wang.send(again, {"quiet": "none", "digest": "once"})
        assert none.form("/inbox/settings").values["quiet"] == ["none"]

    @pytest.mark.parametrize(
        "wrong",
        [
            {"quiet": "own", "begins": "25:00"},
            {"quiet": "own", "begins": ""},
            {"digest": "daily", "digest_at": "x"},
            {"quiet": "x"},
            {"digest": "x"},
        ],
    )
    def test_what_is_wrong_comes_back_as_it_was_typed(self, office: Town, wrong: dict[str, str]) -> None:
        wang = Browser(office, "wang")
        form = wang.go("/inbox/settings").form("/inbox/settings")
        page = wang.send(form, {"urgent": "yes", **wrong})
        assert page.status == 422
        again = page.form("/inbox/settings").values
        assert again["urgent"] == ["yes"]
        for name in ("begins", "digest_at"):
            assert again[name] == [wrong.get(name, form.values[name][0])]
        assert office.get("wang", "/api/inbox/settings")["urgent"] is False

    def test_of_destinations_only_the_kind_is_shown(self, office: Town) -> None:
        person = person_of_login(office.database, "wang")
        found = [("WeCom Bot", "wecombot://the-secret-key")]
        office.database.acting(lambda t: wishes.set_goals(t, person, found, office.clock.now()))
        page = Browser(office, "wang").go("/inbox/settings")
        assert "WeCom Bot" in page.text
        assert "本系统目前不向外发送" in page.text
        assert "secret" not in page.html


@pytest.mark.parametrize(
    "path", ["/inbox/nothing", "/inbox/20260302-000001.1", "/inbox/" + "0" * 24, "/inbox?cursor=x"]
)
def test_a_wrong_address_is_a_page_that_says_so(office: Town, path: str) -> None:
    page = Browser(office, "wang").go(path)
    assert page.status in (404, 422)
    assert "回首页" in page.text


@pytest.fixture
def address(office: Town) -> Iterator[str]:
    """The town on a port of this machine."""
    with on_a_port(office) as served:
        yield served


@pytest.fixture
def chromium() -> Iterator[Any]:
    with installed() as browser:
        yield browser


@pytest.mark.browser
@pytest.mark.slow
@pytest.mark.parametrize("width", [390, 1440])
def test_in_a_real_browser_the_badge_falls_with_each_message_read(
    office: Town, address: str, chromium: Any, width: int
) -> None:
    for number in range(32):
        filed(office, f"第 {number} 件")
    secret = open_session(office.database, person_of_login(office.database, "wang"), office.clock.now())
    context = chromium.new_context(viewport={"width": width, "height": 900})
    context.add_cookies([{"name": COOKIE, "value": secret, "url": address}])
    page, said = context.new_page(), []
    page.on("console", lambda message: said.append(message.text))
    page.goto(f"{address}/inbox")
    assert page.inner_text("#unread") == "32"
    assert page.locator(".hy-message").count() == 30
    page.click(".hy-message button >> nth=0")
    expect(page.locator("#unread")).to_have_text("31")
    page.click("text=更多")
    expect(page.locator(".hy-message")).to_have_count(32)
    page.click(".hy-read-all button")
    expect(page.locator("#unread")).to_have_text("")
    assert page.evaluate("document.documentElement.scrollWidth") <= width, "nothing sticks out at the side"
    assert page.url == f"{address}/inbox"
    assert said == []
    context.close()
