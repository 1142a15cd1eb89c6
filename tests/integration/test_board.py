"""The board: every number opens the list it counts, whatever it is broken down by, and nobody sees past their reach."""

import re
from collections.abc import Iterator
from html import unescape
from pathlib import Path

import pytest

from engine.application import Application
from engine.background.facts import fold_facts
from engine.background.relay import relay
from engine.background.sweep import sweep
from engine.clock import DAY, HOUR, SetClock
from engine.database import Database
from tests.support.browser import Browser, Page
from tests.support.cases import MONDAY
from tests.support.databases import Files
from tests.support.town import Town, town

FILED = {"item": "part-01-01/1", "urgency": "normal"}
_LINKED = re.compile(r'<a href="(/figures/[^"]+)">(\d+)</a>')
_TICKET = re.compile(r'href="/tickets/(2\d{7}-\d+)"')


@pytest.fixture(scope="module")
def xidu(files: Files, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Town]:
    folder = tmp_path_factory.mktemp("town")
    database = Database(files.fresh(folder))
    with town(database, SetClock(MONDAY), folder / "data") as served:
        _lived(served)
        yield served
    database.close()


def _lived(served: Town) -> None:
    """Tickets of two streets and two departments, one of them done, over two months."""
    done = ""
    for number, (lead, area, login) in enumerate(
        (("urban", "xd-m", "shen"), ("urban", "xd-v", "shen"), ("water", "xd-m", "shen"))
    ):
        case_no = served.report(area=area, description=f"第 {number} 件")
        served.clock.advance(HOUR)
        served.act(login, case_no, "accept", FILED)
        served.act(login, case_no, "call", {"kind": "appeal", "lead": lead})
        done = case_no
    task = served.task_of(done, "water")["task"]
    served.act("lu", done, "sign", task=task)
    served.clock.advance(HOUR)
    served.act("lu", done, "finish", {"result": "已修", "after_photos": [served.photo("lu")]}, task=task)
    other = served.report("sun", "nq-m", "南桥的事")
    served.act("qian", other, "accept", FILED)
    served.act("qian", other, "call", {"kind": "appeal", "lead": "power"})
    served.clock.advance(20 * DAY)
    _folded(served)


def _folded(served: Town) -> None:
    house = Application(settings=served.settings, database=served.database, clock=served.clock)
    sweep(house.door, house.database, house.clock)
    relay(served.database)
    fold_facts(served.database, house.versions)


def _numbers(page: Page) -> dict[str, int]:
    """Every number of the page that opens a list → what it says."""
    assert page.status == 200, page.text[:300]
    return {unescape(url): int(number) for url, number in _LINKED.findall(page.html)}


#: Who looks, and at what.
LOOKS = (
    ("he", "by=area"),
    ("he", "area=xd-v&by=area"),
    ("he", "by=department&show=handled_on_time"),
    ("he", "by=item&month=2026-03"),
    ("he", "by=month&since=2026-03-01&until=2026-03-02"),
    ("qian", "by=channel"),
    ("lu-lead", "by=department"),
)


def test_every_number_opens_a_list_of_that_length(database: Database, clock: SetClock, tmp_path: Path) -> None:
    with town(database, clock, tmp_path / "data") as served:
        _lived(served)
        for login, query in LOOKS:
            somebody = Browser(served, login)
            found = _numbers(somebody.go(f"/board?{query}"))
            assert len(found) > 3, (login, query)
            for url, number in found.items():
                listed = _TICKET.findall(somebody.go(url.partition("#")[0]).html)
                assert len(listed) == number, (login, query, url)


def test_each_sees_their_own_part(xidu: Town) -> None:
    whole = Browser(xidu, "he").go("/board")
    assert "西渡街道" in whole.text
    assert "南桥镇" in whole.text
    assert "样本不足" in whole.text, "three tickets are no ranking"
    nanqiao = Browser(xidu, "qian").go("/board")
    assert "西渡" not in nanqiao.text
    assert "城管中队" not in nanqiao.text
    urban = Browser(xidu, "chen-lead").go("/board")
    assert "城管中队" in urban.text
    assert "水务所" not in urban.text
    for login, query in (("wang", ""), ("citizen", ""), ("qian", "?area=xd"), ("chen-lead", "?department=water")):
        assert Browser(xidu, login).go(f"/board{query}").status == 403, (login, query)
    assert Browser(xidu, "he").go("/board?area=nowhere").status == 404
    for query in ("month=2026-13", "since=2026-02-30", "since=2026-03-05&until=2026-03-01", "month=99"):
        assert Browser(xidu, "he").go(f"/board?{query}").status == 422, query


def test_one_drills_down_and_comes_back_up(xidu: Town) -> None:
    he = Browser(xidu, "he")
    page = he.go("/board?show=extended")
    for code in ("xd", "xd-g", "xd-v", "xd-m"):
        page = he.go(page.link(f"area={code}&show=extended"))
        assert page.status == 200
    assert "浦江第一微网格" in page.text
    assert "奉贤区" in he.go(page.link("area=fx&")).text


def test_what_it_was_a_month_before_stands_beside(xidu: Town) -> None:
    # In April nothing was reported: the trend still knows of March.
    page = Browser(xidu, "he").go("/board?month=2026-04&show=suspended")
    rows = {one["data-name"]: one["data-n"] for tag, one in page.tags if tag == "tr" and "data-n" in one}
    assert rows["2026-03"] == "4"
    assert rows["2026-04"] == "0"
    assert len([name for name in rows if re.fullmatch(r"\d{4}-\d\d", name)]) == 13


def test_outlines_are_for_whoever_sees_the_board(xidu: Town) -> None:
    assert Browser(xidu, "he").go("/board/outlines?level=grid").html.startswith('{"type":"FeatureCollection"')
    assert Browser(xidu, "wang").go("/board/outlines").status == 403
