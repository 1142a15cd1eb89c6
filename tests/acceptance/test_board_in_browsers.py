"""看板：督查员从区一路看到微网格，每个数点开就是那几件；街镇只看自己的。

The board in a real browser: a supervisor drills from the district to a micro-grid and finds the very tickets behind a
number; everything is there without scripts, too.

何清 督查员 supervisor of the district · 沈静 西渡受理员, 钱进 南桥受理员 two streets' desks
"""

from collections.abc import Iterator

import pytest

from engine.application import Application
from engine.background.facts import fold_facts
from engine.background.relay import relay
from engine.background.sweep import sweep
from engine.clock import DAY, HOUR
from tests.support.axe import watch
from tests.support.clicking import Somebody, Street, street
from tests.support.databases import Files
from tests.support.town import Town

pytestmark = pytest.mark.browser

FILED = {"item": "part-01-01/1", "urgency": "normal"}
DOWN = ("西渡街道", "西渡第一综合网格", "浦江居委", "浦江第一微网格")


@pytest.fixture(scope="module")
def xidu(files: Files, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Street]:
    with street(files, tmp_path_factory.mktemp("street")) as served:
        yield served


@pytest.fixture(scope="module")
def late(xidu: Street) -> set[str]:
    """Two tickets of the micro-grid that a department lets lie, and one of the other street; their numbers."""
    office = xidu.office
    found = {_called(office, f"井盖破损 {number}") for number in range(2)}
    office.report("sun", "nq-m", "南桥路灯不亮")
    office.clock.advance(20 * DAY)
    house = Application(settings=office.settings, database=office.database, clock=office.clock)
    sweep(house.door, house.database, house.clock)
    relay(office.database)
    fold_facts(office.database, house.versions)
    return found


def _called(office: Town, words: str) -> str:
    case_no = office.report(description=words)
    office.clock.advance(HOUR)
    office.act("shen", case_no, "accept", FILED)
    office.act("shen", case_no, "call", {"kind": "appeal", "lead": "urban"})
    return case_no


def _tickets(somebody: Somebody) -> set[str]:
    """The tickets that a page lists."""
    links = somebody.page.locator("main a[href^='/tickets/2']")
    return {str(link.get_attribute("href")).rpartition("/")[2] for link in links.all()}


@pytest.mark.parametrize("javascript", [True, False], ids=["with scripts", "without scripts"])
def test_a_supervisor_drills_down_to_a_micro_grid_and_finds_the_tickets_behind_a_number(
    xidu: Street, late: set[str], javascript: bool
) -> None:
    with xidu.people("he", javascript=javascript) as (he,):
        said = watch(he.page)
        he.go("/")
        he.click("督查", "header")
        he.reads("奉贤区", "main")
        for name in DOWN:
            he.page.locator(".hy-ranking tbody th a", has_text=name).click()
            he.page.locator(".hy-crumbs [aria-current]", has_text=name).wait_for()
        head = he.page.locator(".hy-head-card", has_text="结案率（区域）")
        assert "0.0%" in head.inner_text().replace("\n", "").replace(" ", "")
        head.locator("a", has_text="2").click()
        he.page.wait_for_url("**/figures/closure_area?**")
        assert _tickets(he) == late
        he.page.go_back()
        he.page.locator(".hy-crumbs a", has_text="奉贤区").click()
        he.page.locator(".hy-now-strip a", has_text="逾期").click()
        assert late < _tickets(he), "and the other street's"
        assert not said, said


def test_charts_and_the_map_are_drawn_under_the_policy_and_fit_a_phone(xidu: Street, late: set[str]) -> None:
    with xidu.people("he", width=390) as (he,):
        said = watch(he.page)
        he.go("/board")
        for chart in ("trend", "funnel", "ranking", "times"):
            he.page.locator(f"[data-chart='{chart}'][data-drawn] canvas").first.wait_for()
        assert he.page.evaluate("document.documentElement.scrollWidth") == 390
        before = he.page.locator("[data-chart='trend'] canvas").first.bounding_box()["width"]
        he.page.set_viewport_size({"width": 1440, "height": 900})
        he.page.wait_for_function(
            f"() => document.querySelector(\"[data-chart='trend'] canvas\").getBoundingClientRect().width > {before}"
        )
        assert he.page.evaluate("document.documentElement.scrollWidth") == 1440
        assert not said, said


def test_counts_on_the_diagram_open_the_tickets_in_that_state(xidu: Street, late: set[str]) -> None:
    with xidu.people("he") as (he,):
        he.go("/board/flow?workflow=block-calls-line-responds")
        badge = he.page.locator("#diagram .hy-badge-late[aria-label^='提级裁定']")
        badge.wait_for()
        badge.click()
        he.page.wait_for_url("**/board/open?**")
        assert _tickets(he) == late


def test_a_street_sees_nothing_of_another(xidu: Street, late: set[str]) -> None:
    with xidu.people("qian", javascript=False) as (qian,):
        qian.go("/board")
        assert "西渡" not in qian.page.inner_text("main")
        assert "南桥镇" in qian.page.inner_text(".hy-crumbs")
        assert qian.page.goto("/board?area=xd").status == 403
