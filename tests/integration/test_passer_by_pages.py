"""The page of a grid's code on a real phone's screen: one tap for the place, one for the whole report."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from engine.clock import SetClock
from engine.database import Database
from tests.support.chromium import chromium, on_a_port, sign_in
from tests.support.pictures import jpeg, scene
from tests.support.town import Town, town

SPOT = {"longitude": 121.47, "latitude": 30.93, "accuracy": 12}
PHOTO = {"name": "a.jpg", "mimeType": "image/jpeg", "buffer": jpeg(scene(4))}


@pytest.fixture
def xidu(sqlite_database: Database, clock: SetClock, tmp_path: Path) -> Iterator[Town]:
    with town(sqlite_database, clock, tmp_path / "data") as served:
        yield served


@pytest.fixture
def street(xidu: Town) -> Iterator[tuple[str, Any]]:
    """丁强's phone: the address of the town, and a browser's context that may know where it is."""
    with on_a_port(xidu) as address, chromium() as browser:
        context = browser.new_context(
            viewport={"width": 390, "height": 800}, geolocation=SPOT, permissions=["geolocation"]
        )
        context.set_default_timeout(8_000)
        yield address, context
        context.close()


def rows(xidu: Town, sql: str) -> list[tuple[Any, ...]]:
    with xidu.database.looking() as transaction:
        return [tuple(row) for row in transaction.rows(sql)]


def fits(page: Any) -> bool:
    """Whether nothing has to be moved sideways to be read."""
    return bool(page.evaluate("document.documentElement.scrollWidth <= window.innerWidth"))


@pytest.mark.browser
def test_a_courier_reports_with_a_photo_a_tap_and_a_few_words(xidu: Town, street: tuple[str, Any]) -> None:
    """拍照，点一下位置，写几个字，连点两下提交：一件，位置准到米，回执打得开。"""
    address, context = street
    page = context.new_page()
    wrong: list[str] = []
    page.on("console", lambda said: wrong.append(said.text) if said.type == "error" else None)
    page.goto(f"{address}/g/xd-g")
    assert fits(page)
    page.set_input_files("input[type=file]", PHOTO)
    page.click("[data-here-ask]")
    page.wait_for_selector("text=已附上您的位置（误差约 12 米）")
    page.fill("textarea[name=description]", "井盖破了")
    page.dblclick(".hy-submit button")
    page.wait_for_url("**/r/*")
    assert "已收到" in page.inner_text("main")
    assert fits(page)
    assert rows(xidu, "SELECT lon_e7, lat_e7, accuracy_m, datum FROM ticket_place") == [
        (1_214_700_000, 309_300_000, 12, "wgs84")
    ]
    assert rows(xidu, "SELECT count(*) FROM ticket") == [(1,)]
    page.click("a[href$='/do/withdraw']")
    page.fill("textarea[name=reason]", "看错了")
    page.click(".hy-submit button")
    page.wait_for_selector("text=已撤销")
    assert not wrong


@pytest.mark.browser
def test_without_scripts_the_report_is_filed_in_the_posters_grid(xidu: Town, street: tuple[str, Any]) -> None:
    address, context = street
    plain = context.browser.new_context(viewport={"width": 390, "height": 800}, java_script_enabled=False)
    page = plain.new_page()
    page.goto(f"{address}/g/xd-g")
    assert not page.locator("[data-here-ask]").is_visible()
    page.set_input_files("input[type=file]", PHOTO)
    page.fill("textarea[name=description]", "井盖破了")
    page.click(".hy-submit button")
    page.wait_for_url("**/r/*")
    assert rows(xidu, "SELECT a.code FROM ticket t JOIN area a ON a.id = t.area_id") == [("xd-g",)]
    plain.close()


@pytest.mark.browser
def test_the_poster_prints_on_one_sheet(xidu: Town, street: tuple[str, Any]) -> None:
    """海报打印为一页，不带导航。"""
    address, context = street
    sign_in(context, xidu, address, "liu")
    page = context.new_page()
    page.goto(f"{address}/grids/xd-g/poster")
    assert fits(page)
    page.emulate_media(media="print")
    assert not page.locator("header").is_visible()
    sheet = page.pdf(format="A4", print_background=True)
    assert sheet.count(b"/Type /Page\n") + sheet.count(b"/Type /Page ") + sheet.count(b"/Type/Page\n") == 1
