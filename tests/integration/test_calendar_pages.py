"""Calendars on pages and over the API: a year at a glance, and a badge while the coming year is not decreed."""

from collections.abc import Iterator
from datetime import datetime
from importlib.metadata import version
from pathlib import Path

import pytest

from engine.clock import CIVIL_ZONE, SetClock, instant
from engine.database import Database
from engine.exchange.calendar_apply import apply_calendar, apply_package
from engine.exchange.calendar_decree import read_decree
from engine.exchange.calendar_order import Order
from tests.support.browser import Browser, Page
from tests.support.calendars import DECREE_2027, standing_in, written
from tests.support.town import Town, town

BADGE = "日历 Calendars 暂定"


@pytest.fixture
def clock() -> SetClock:
    return SetClock(instant(datetime(2026, 11, 26, 10, 0, tzinfo=CIVIL_ZONE)))


@pytest.fixture
def xidu(database: Database, clock: SetClock, tmp_path: Path) -> Iterator[Town]:
    with town(database, clock, tmp_path / "data") as served:
        yield served


@pytest.fixture
def decreed(xidu: Town) -> Town:
    """The town with everything that the package knows."""
    apply_package(xidu.database, xidu.clock.now())
    return xidu


def days(page: Page, kind: str) -> list[str]:
    """The days of a kind on a year's page."""
    cells = [given for tag, given in page.tags if tag == "td" and f"hy-day-{kind}" in given.get("class", "").split()]
    return [cell["title"].split()[0] for cell in cells]


def test_calendars_are_listed_with_their_hours_and_decreed_years(decreed: Town) -> None:
    page = Browser(decreed, "citizen").go("/calendars")
    assert "cn-mainland@2" in page.text
    assert "周一至周五 09:00–11:30、13:30–17:30；周六至周日 休" in page.text
    assert "已公布 decreed 2004-2026" in page.text
    assert "周一至周日 00:00–24:00" in page.text
    assert "不设节假日" in page.text
    assert page.link("/calendars/duty-desk")


def test_without_a_decree_every_year_is_provisional(xidu: Town) -> None:
    assert "尚未公布，一律暂定" in Browser(xidu, "shen").go("/calendars").text


def test_a_stand_in_names_its_areas(decreed: Town) -> None:
    order = Order(key="district", file=standing_in("cn-mainland", "xd", "nq"), now=decreed.clock.now(), by="gu")
    apply_calendar(decreed.database, order)
    page = Browser(decreed, "shen").go("/calendars")
    assert "cn-mainland · 西渡街道、南桥镇" in page.text


def test_a_year_shows_holidays_make_up_days_and_today(decreed: Town) -> None:
    page = Browser(decreed, "wang").go("/calendars/cn-mainland")
    assert [f"2026-10-0{n}" for n in range(1, 8)] == [day for day in days(page, "holiday") if day.startswith("2026-10")]
    assert "2026-10-10" in days(page, "make_up")
    assert days(page, "today") == ["2026-11-26"]
    assert days(page, "open") == ["2026-12-29", "2026-12-30", "2026-12-31"]
    assert "依据 by chinesecalendar" in page.text
    assert page.link("year=2025")
    assert page.link("year=2027")


def test_a_year_that_is_not_decreed_is_marked(decreed: Town) -> None:
    page = Browser(decreed, "wang").go("/calendars/cn-mainland?year=2027")
    assert "暂定：2027-01-01 至 2027-12-31 的放假安排尚未公布" in page.text
    assert len(days(page, "open")) == 365
    assert "暂定：" not in Browser(decreed, "wang").go("/calendars/cn-mainland?year=2025").text
    assert days(Browser(decreed, "wang").go("/calendars/duty-desk?year=2027"), "open") == []


def test_the_badge_shows_from_november_until_the_decree_is_applied(decreed: Town, tmp_path: Path) -> None:
    browser = Browser(decreed, "shen")
    assert BADGE in browser.go("/").text
    decree = read_decree(written(tmp_path, "2027.yaml", DECREE_2027))
    apply_calendar(decreed.database, Order(key="cn-mainland", decree=decree, now=decreed.clock.now(), by="gu"))
    house = browser.client.app.state.house  # type: ignore[attr-defined]
    house.versions.book.look_again()
    assert BADGE not in browser.go("/").text
    page = browser.go("/calendars/cn-mainland?year=2027")
    assert "依据 by 国办发明电〔2026〕99号" in page.text
    # Its last three days wait for the decree after it.
    assert days(page, "open") == ["2027-12-29", "2027-12-30", "2027-12-31"]


def test_in_october_nobody_waits_for_a_decree(decreed: Town) -> None:
    decreed.clock.at = instant(datetime(2026, 10, 31, 23, 59, tzinfo=CIVIL_ZONE))
    assert BADGE not in Browser(decreed, "shen").go("/").text


def test_whoever_is_not_signed_in_sees_no_calendar(xidu: Town) -> None:
    assert "/signin" in Browser(xidu).go("/calendars").url
    assert xidu.client.get("/api/calendars").status_code == 401


@pytest.mark.parametrize(
    ("path", "status"),
    [("nowhere", 404), ("cn-mainland?year=1900", 422), ("cn-mainland?year=2200", 422), ("cn-mainland?year=next", 422)],
)
def test_what_is_not_there_is_refused(xidu: Town, path: str, status: int) -> None:
    assert Browser(xidu, "shen").go(f"/calendars/{path}").status == status
    assert xidu.ask("shen", "GET", f"/api/calendars/{path}").status_code == status


def test_the_first_and_the_last_year_can_be_shown(xidu: Town) -> None:
    for year in (1901, 2199):
        page = Browser(xidu, "shen").go(f"/calendars/cn-mainland?year={year}")
        assert page.status == 200
        assert len(days(page, "open")) == 365


def test_the_api_tells_the_same(decreed: Town) -> None:
    items = decreed.get("citizen", "/api/calendars")["items"]
    assert [item["key"] for item in items] == ["cn-mainland", "duty-desk"]
    office, desk = items
    assert office["version"] == 2
    assert office["title"] == {"zh": "中国大陆机关工作时间", "en": "Mainland China office hours"}
    assert office["daily"] == office["weekly"]["monday"] == ["09:00-11:30", "13:30-17:30"]
    assert office["weekly"]["sunday"] == []
    assert office["decreed"] == list(range(2004, 2027))
    assert (desk["decreed"], desk["stands_for"], desk["areas"]) == (None, None, [])


def test_the_api_tells_a_year_and_every_version(decreed: Town) -> None:
    found = decreed.get("citizen", "/api/calendars/cn-mainland", year=2026)
    assert {"date": "2026-10-01", "kind": "holiday", "hours": []} in found["days"]
    assert {"date": "2026-10-10", "kind": "make_up", "hours": ["09:00-11:30", "13:30-17:30"]} in found["days"]
    assert (found["year"], found["provisional"], found["basis"]) == (
        2026,
        True,
        f"chinesecalendar {version('chinesecalendar')}",
    )
    assert [one["name"] for one in found["versions"]] == ["cn-mainland@2", "cn-mainland@1"]
    assert found["versions"][0]["applied_at"] == "2026-11-26T10:00:00.000000+08:00"
    assert "statutory: chinesecalendar" in found["source"]
    next_year = decreed.get("citizen", "/api/calendars/cn-mainland", year=2027)
    assert (next_year["days"], next_year["provisional"], next_year["basis"]) == ([], True, None)
    assert not decreed.get("citizen", "/api/calendars/cn-mainland", year=2025)["provisional"]
