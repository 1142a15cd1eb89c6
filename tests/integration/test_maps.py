"""Maps: one datum for points and outlines, tiles only where a setting names them, and keys for everything."""

import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from engine.clock import SetClock
from engine.database import Database
from engine.records.areas import redraw_area
from engine.records.boundaries import boundary
from engine.records.datums import from_wgs84
from tests.support.axe import axe_source, findings, watch
from tests.support.browser import Browser
from tests.support.chromium import REQUIRED, chromium, on_a_port, sign_in
from tests.support.town import BLOCK_CALLS, Town, town

GRID = {"type": "Polygon", "coordinates": [[[121.46, 30.92], [121.48, 30.92], [121.48, 30.94], [121.46, 30.94],
                                           [121.46, 30.92]]]}  # fmt: skip
BOX = "1214600000,309200000,1214800000,309400000"
TILES = "https://tiles.example.gov.cn/{z}/{x}/{y}.png"


@pytest.fixture
def xidu(sqlite_database: Database, clock: SetClock, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Town]:
    if os.environ.get("CI") == "true":
        monkeypatch.setenv(REQUIRED, "required")
    with town(sqlite_database, clock, tmp_path / "data") as served:
        drawn(served)
        yield served


def drawn(served: Town) -> None:
    """The first grid of Xidu gets an outline."""
    now = served.clock.now()
    served.database.acting(lambda transaction: redraw_area(transaction, "xd-g", boundary(GRID), now))


def reported(served: Town, lon: float, lat: float, words: str = "窨井盖破损") -> str:
    place = {"lon": lon, "lat": lat, "datum": "WGS-84", "area": "xd-m"}
    form = {"description": words, "place": place, "before_photos": [served.photo("wang")]}
    answer = served.ask(
        "wang", "POST", "/api/tickets", json={"workflow": BLOCK_CALLS, "action": "report", "form": form}
    )
    assert answer.status_code == 201, answer.text
    return str(answer.json()["case_no"])


def called(served: Town, lon: float, lat: float, words: str) -> str:
    case_no = reported(served, lon, lat, words)
    served.act("shen", case_no, "accept", {"item": "part-01-01/1", "urgency": "normal"})
    served.act("shen", case_no, "call", {"kind": "appeal", "lead": "urban"})
    return case_no


def pins(served: Town, login: str, path: str) -> list[dict[str, str]]:
    return [given for tag, given in Browser(served, login).go(path).tags if tag == "li" and "data-lon" in given]


def outline(served: Town) -> Any:
    answer = Browser(served, "chen").go(f"/map/grids?box={BOX}")
    assert answer.status == 200
    return json.loads(answer.html)


def test_without_tiles_nothing_is_moved_and_nobody_outside_is_asked(xidu: Town) -> None:
    called(xidu, 121.47, 30.93, "井盖")
    ((pin),) = pins(xidu, "chen", "/tasks?by=map")
    assert (pin["data-lon"], pin["data-lat"]) == ("121.4700000", "30.9300000")
    (found,) = outline(xidu)["features"]
    assert found["properties"] == {"code": "xd-g", "name": "西渡第一综合网格"}
    assert [121.46, 30.92] in found["geometry"]["coordinates"][0]
    page = Browser(xidu, "chen").go("/map")
    assert "https://" not in page.html.replace("https://cdn.jsdelivr.net", "")
    assert "img-src 'self' data: blob:;" in page.headers["content-security-policy"]


def test_with_tiles_points_and_outlines_are_moved_together_and_only_maps_may_ask_for_them(
    sqlite_database: Database, clock: SetClock, tmp_path: Path
) -> None:
    settings = {"tiles": TILES, "tiles_credit": "天地图 <b>", "tiles_datum": "gcj02"}
    with town(sqlite_database, clock, tmp_path / "data", **settings) as served:
        drawn(served)
        called(served, 121.47, 30.93, "井盖")
        lon, lat = from_wgs84((121.47, 30.93), "gcj02")
        (pin,) = pins(served, "chen", "/map")
        assert (float(pin["data-lon"]), float(pin["data-lat"])) == pytest.approx((lon, lat), abs=1e-6)
        assert abs(lon - 121.47) > 0.003, "some four hundred metres"
        corners = outline(served)["features"][0]["geometry"]["coordinates"][0]
        moved = from_wgs84((121.46, 30.92), "gcj02")
        assert min(abs(x - moved[0]) + abs(y - moved[1]) for x, y in corners) < 1e-6
        chen = Browser(served, "chen")
        for path in ("/map", "/tasks?by=map"):
            assert "https://tiles.example.gov.cn;" in chen.go(path).headers["content-security-policy"]
        assert "天地图 &lt;b&gt;" in chen.go("/map").html
        for path in ("/", "/queue", "/inbox", "/workflows"):
            assert "tiles.example" not in chen.go(path).headers["content-security-policy"]


def test_a_box_that_is_none_is_refused(xidu: Town) -> None:
    for box in ("", "1,2,3", "a,b,c,d", "2,0,1,1", "0,0,0,9000000000"):
        assert Browser(xidu, "chen").go(f"/map/grids?box={box}").status == 422
    assert json.loads(Browser(xidu, "chen").go("/map/grids?box=0,0,1,1").html)["features"] == []


def test_the_desk_sees_likely_duplicates_around_the_ticket(xidu: Town) -> None:
    first = reported(xidu, 121.47, 30.93, "小区东门窨井盖破损，有异响")
    second = reported(xidu, 121.4701, 30.93, "小区东门窨井盖破损松动")
    far = reported(xidu, 121.4790, 30.93, "小区东门窨井盖破损，有异响")
    page = Browser(xidu, "shen").go(f"/tickets/{second}")
    drawn = page.html.partition('class="hy-mapped"')[2].partition("</ul>")[0]
    assert "data-here" in drawn
    assert f"/tickets/{first}" in drawn
    assert "相距 10 米" in drawn
    assert far not in drawn
    assert 'class="hy-mapped"' not in Browser(xidu, "wang").go(f"/tickets/{second}").html, "no business of the reporter"


@pytest.mark.browser
@pytest.mark.parametrize("width", [390, 1440])
def test_every_point_is_reached_and_opened_by_keys(xidu: Town, width: int) -> None:
    source = axe_source()
    numbers = [called(xidu, 121.462 + 0.004 * one, 30.93, f"井盖{one}") for one in range(3)]
    together = called(xidu, 121.462, 30.93, "同一处")
    with on_a_port(xidu) as address, chromium() as browser:
        context = browser.new_context(viewport={"width": width, "height": 800})
        sign_in(context, xidu, address, "chen")
        page = context.new_page()
        said = watch(page)
        page.goto(f"{address}/tasks?by=map", wait_until="networkidle")
        markers = page.locator(".hy-marker")
        assert markers.count() == 3, "two at one place are one marker"
        assert "2" in markers.all_inner_texts()
        page.wait_for_selector("path.hy-outline")
        assert page.evaluate("() => document.documentElement.scrollWidth") == width
        assert findings(page, source) == []
        reached = set()
        page.locator(".hy-map").focus()
        for _ in range(8):
            page.keyboard.press("Tab")
            label = page.evaluate("() => document.activeElement.getAttribute('aria-label') ?? ''")
            reached |= {one for one in (*numbers, together) if one in label}
        assert reached == {*numbers, together}
        markers.last.focus()
        page.keyboard.press("Enter")
        link = page.evaluate("() => document.activeElement.getAttribute('href')")
        assert link.rpartition("/")[2] in reached
        page.keyboard.press("Escape")
        page.wait_for_function("() => document.activeElement.classList.contains('hy-marker')")
        page.wait_for_function("() => !document.querySelector('.leaflet-popup')")
        page.keyboard.press("Enter")
        page.keyboard.press("Enter")
        page.wait_for_url(f"{address}{link}")
        context.close()
    assert said == []
