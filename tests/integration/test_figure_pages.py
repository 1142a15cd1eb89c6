"""Figures as pages and over the API: every number opens exactly the list it counts, for whoever oversees it."""

import re
from collections.abc import Iterator
from html import unescape
from pathlib import Path
from typing import Any

import pytest

from engine.background.facts import fold_facts
from engine.background.relay import relay
from engine.clock import DAY, SetClock
from engine.database import Database
from engine.definitions.indicator_file import discover
from engine.records.calendar_book import CalendarBook
from engine.records.indicators import Side
from engine.records.versions import Versions
from tests.support.browser import Browser
from tests.support.town import Town, png, town
from web.pages import figures as figure_pages

INDICATORS = discover()
PERIOD = {"since": "2026-01-01", "until": "2027-01-01"}


@pytest.fixture
def xidu(database: Database, clock: SetClock, tmp_path: Path) -> Iterator[Town]:
    with town(database, clock, tmp_path / "data") as served:
        yield served


@pytest.fixture
def lively(xidu: Town) -> Town:
    """A ticket that was scored and exempted, one that nobody handles, one that is void, one that is only reported."""
    case_no = xidu.report()
    xidu.act("shen", case_no, "accept", {"item": "part-01-01/1", "urgency": "normal"})
    xidu.act("shen", case_no, "call", {"kind": "appeal", "lead": "urban"})
    task = xidu.task_of(case_no, "urban")["task"]
    xidu.act("chen", case_no, "sign", task=task)
    xidu.act("chen", case_no, "finish", {"result": "已处置", "after_photos": [xidu.photo("chen", png(2))]}, task=task)
    xidu.act("zhou", case_no, "check", {"check_photos": [xidu.photo("zhou", png(3))]})
    xidu.act("shen", case_no, "pass", each={str(task): {"stars": 2, "resolved": "unsolved", "reason": "没修好"}})
    xidu.act("chen-lead", case_no, "appeal", {"reason": "照片是邻单元"})
    offered = xidu.get("he", f"/api/tickets/{case_no}/actions")["actions"]
    (ask,) = [one["request"] for one in offered if one["action"] == "exempt"]
    xidu.act("he", case_no, "exempt", {"excused": ["score"], "reason": "评分对象有误"}, request=ask)
    other = xidu.report()
    xidu.act("shen", other, "accept", {"item": "part-01-01/1", "urgency": "normal"})
    xidu.act("shen", other, "call", {"kind": "appeal", "lead": "urban", "co": ["water"]})
    xidu.report()
    relay(xidu.database)
    fold_facts(xidu.database, Versions(CalendarBook(xidu.database)))
    return xidu


def _lines(xidu: Town, login: str, name: str, side: Side, **more: Any) -> list[dict[str, Any]]:
    """All pages of a list, two lines each."""
    found: list[dict[str, Any]] = []
    after = ""
    while True:
        told = xidu.get(login, f"/api/figures/{name}/tickets", side=side.value, limit=2, after=after, **PERIOD, **more)
        found += told["items"]
        after = told["next"] or ""
        if not after:
            return found


def _counted(xidu: Town, login: str, name: str, **more: Any) -> dict[Side, int]:
    told = xidu.get(login, f"/api/figures/{name}", **PERIOD, **more)
    return {
        Side.NUMERATOR: told["numerator"], Side.REST: told["denominator"] - told["numerator"],
        Side.DENOMINATOR: told["denominator"], Side.IMMATURE: told["immature"], Side.EXCLUDED: told["excluded"],
    }  # fmt: skip


def test_every_number_is_the_length_of_its_list_over_the_api_and_on_the_page(lively: Town, clock: SetClock) -> None:
    more = 0
    for later in (0, 30 * DAY):
        clock.advance(later)
        lively.tokens.clear()
        every = {one["name"]: one for one in lively.get("he", "/api/figures", **PERIOD)["items"]}
        assert every.keys() == INDICATORS.keys()
        for name, indicator in INDICATORS.items():
            counts = _counted(lively, "he", name)
            assert every[name]["denominator"] == counts[Side.DENOMINATOR]
            for side, count in counts.items():
                if not indicator.mean or side not in (Side.NUMERATOR, Side.REST):
                    assert len(_lines(lively, "he", name, side)) == count, (name, side)
                    more += bool(count)
            if not later:
                continue
            page = Browser(lively, "he").go(f"/figures/{name}?since=2026-01-01&until=2027-01-01").html
            assert _tabs(page) == [
                count for side, count in counts.items()
                if not indicator.mean or side not in (Side.NUMERATOR, Side.REST)
            ], name  # fmt: skip
            assert page.count('class="list-group-item list-group-item-action hy-row"') == counts[Side.DENOMINATOR]
    assert more > 40, "something happened"


def _tabs(page: str) -> list[int]:
    """The numbers of the lists that a page offers."""
    (group,) = re.findall(r'aria-label="[^"]*哪一份名单.*?</p>', page, flags=re.DOTALL)
    return [int(found) for found in re.findall(r"(\d+)</a>", group)]


def test_every_link_of_a_breakdown_opens_what_the_line_says(lively: Town) -> None:
    browser = Browser(lively, "he")
    seen = 0
    for name, by in (("filed_on_time", "area"), ("signed_on_time", "department"), ("closure_area", "item"),
                     ("valid_reports", "item"), ("closure_area", "department"), ("returned", "month")):  # fmt: skip
        todo = [f"/figures/{name}?by={by}&since=2026-01-01&until=2027-01-01"]
        while todo:
            page = browser.go(todo.pop()).html
            for row in re.findall(r"<tr><td>.*?</tr>", page, flags=re.DOTALL):
                address, _, denominator = (unescape(found) for found in re.findall(r'href="([^"#]*)', row))
                count = int(re.findall(r"(\d+)</a></td></tr>", row)[0])
                opened = browser.go(denominator).html
                assert _tabs(opened)[2] == count, (name, by, row)
                seen += 1
                if "by=" in address and count:
                    todo.append(address)
    assert seen > 15


def test_a_long_breakdown_goes_on_on_the_next_page(lively: Town, monkeypatch: pytest.MonkeyPatch) -> None:
    lively.act("shen", lively.report(), "accept", {"item": "part-01-02/1", "urgency": "normal"})
    relay(lively.database)
    fold_facts(lively.database, Versions(CalendarBook(lively.database)))
    browser = Browser(lively, "he")
    whole = "/figures/valid_reports?by=item&since=2026-01-01&until=2027-01-01"
    lines = re.findall(r"<tr><td>.*?</tr>", browser.go(whole).html, flags=re.DOTALL)
    assert len(lines) > 1
    monkeypatch.setattr(figure_pages, "_GROUPS", 1)
    parts, address = [], whole
    while address:
        page = browser.go(address).html
        parts += re.findall(r"<tr><td>.*?</tr>", page, flags=re.DOTALL)
        assert len(parts) <= len(lines)
        more = re.search(r'hy-more" href="([^"#]*start=[^"#]*)', page)
        address = unescape(more[1]) if more else ""
    assert parts == lines


def test_the_page_of_all_figures_says_each_formula_and_keeps_its_limits(lively: Town) -> None:
    browser = Browser(lively, "he")
    page = browser.go("/figures?since=2026-01-01&until=2027-01-01&department=urban").html
    for indicator in INDICATORS.values():
        assert indicator.title.zh in page
        assert indicator.formula.zh in unescape(page)
    assert "department=urban" in page
    assert "2026-01-01" in page


def test_who_does_not_oversee_sees_none_and_others_only_what_their_posts_reach(lively: Town) -> None:
    assert lively.ask("wang", "GET", "/api/figures").status_code == 403
    assert lively.ask("wang", "GET", "/api/figures/returned/tickets").status_code == 403
    assert _counted(lively, "he", "returned")[Side.DENOMINATOR] == 3
    assert _counted(lively, "lu-lead", "returned")[Side.DENOMINATOR] == 2, "one's own ticket, with both its tasks"
    assert len(_lines(lively, "lu-lead", "returned", Side.DENOMINATOR)) == 2


def test_what_cannot_be_asked_is_refused(lively: Town) -> None:
    for query in ("since=2026-13-40", "since=2026-05-01&until=2026-05-01", "since=0001-01-01", "after=x", "side=x"):
        assert lively.ask("he", "GET", f"/api/figures/returned/tickets?{query}").status_code == 422, query
    assert lively.ask("he", "GET", "/api/figures/nothing").status_code == 404
    assert lively.ask("he", "GET", "/api/figures/returned?area=nowhere").status_code == 404
