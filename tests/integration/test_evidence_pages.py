"""Photos on the pages: marked thumbnails with what was held against them, and a form that says where it stands."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from engine.clock import SetClock, moment
from engine.database import Database
from tests.support.browser import Browser
from tests.support.chromium import chromium, on_a_port, sign_in
from tests.support.pictures import exif, halved, jpeg, scene
from tests.support.town import BLOCK_CALLS, Town, town

HERE, AFAR = (121.44, 31.05), (121.75, 31.05)
FORM = f"/report/{BLOCK_CALLS}/report"


@pytest.fixture
def office(database: Database, clock: SetClock, tmp_path: Path) -> Iterator[Town]:
    with town(database, clock, tmp_path / "data") as served:
        yield served


def photo(office: Town, content: bytes) -> str:
    answer = office.ask("wang", "POST", "/api/uploads", files={"file": ("a.jpg", content, "image/jpeg")})
    return str(answer.json()["sha256"])


def reported(office: Town, *photos: str) -> str:
    place = {"area": "xd-m", "lon": HERE[0], "lat": HERE[1], "datum": "WGS-84"}
    form = {"description": "窨井盖破损", "place": place, "before_photos": [*photos]}
    body = {"workflow": BLOCK_CALLS, "action": "report", "form": form}
    return str(office.ask("wang", "POST", "/api/tickets", json=body).json()["case_no"])


def told(office: Town) -> tuple[str, str]:
    """A first ticket, and a second one with a good photo, one from afar and the first ticket's, halved."""
    first = reported(office, photo(office, jpeg(scene(1))))
    taken = moment(office.clock.now())
    good, bad = (jpeg(scene(seed), exif=exif(taken, "+08:00", *spot)) for seed, spot in ((2, HERE), (3, AFAR)))
    return first, reported(office, *(photo(office, one) for one in (good, bad, jpeg(halved(scene(1)), 40))))


def test_a_checker_reads_beside_each_photo_what_was_held_against_it(office: Town) -> None:
    first, second = told(office)
    text = Browser(office, "shen").go(f"/tickets/{second}").text
    for words in ("时间相符", "地点相符", "地点不符：相距 29.5 公里", "拍摄时间、地点未知", f"与 {first} 的照片相同"):
        assert words in text


def test_a_form_without_scripts_keeps_its_photo_and_says_nothing_of_the_place(office: Town) -> None:
    browser = Browser(office, "wang")
    page = browser.go(FORM)
    assert "capture.before_photos" in page.form(FORM).names


def comes(page: Any, there: Callable[[], bool]) -> bool:
    """Whether something comes within ten seconds; the pages let nobody evaluate texts, so the browser can't wait."""
    for _ in range(100):
        if there():
            return True
        page.wait_for_timeout(100)
    return False


@pytest.mark.browser
@pytest.mark.slow
@pytest.mark.parametrize("width", [390, 1440])
def test_in_a_real_browser_photos_stand_as_thumbnails_with_badges(office: Town, width: int) -> None:
    _, second = told(office)
    with on_a_port(office) as address, chromium() as browser:
        context = browser.new_context(viewport={"width": width, "height": 900})
        sign_in(context, office, address, "shen")
        page, said = context.new_page(), []
        page.on("console", lambda message: said.append(message.text))
        page.goto(f"{address}/tickets/{second}")
        page.evaluate("document.querySelectorAll('.hy-photo img').forEach(image => image.loading = 'eager')")
        drawn = "[...document.querySelectorAll('.hy-photo img')].every(image => image.naturalWidth === 320)"
        assert comes(page, lambda: page.evaluate(drawn))
        assert page.locator(".hy-photo img").count() == 3
        assert page.locator(".hy-shown .badge.bg-red-lt").count() == 2
        assert page.evaluate("document.documentElement.scrollWidth") <= width, "nothing sticks out at the side"
        assert said == []
        context.close()


@pytest.mark.browser
@pytest.mark.slow
@pytest.mark.parametrize("leave", [True, False])
def test_in_a_real_browser_the_form_says_where_it_stands_if_it_may(office: Town, tmp_path: Path, leave: bool) -> None:
    fresh = tmp_path / "now.jpg"
    fresh.write_bytes(jpeg(scene(9)))
    here: dict[str, Any] = {"geolocation": {"longitude": HERE[0], "latitude": HERE[1], "accuracy": 12}}
    with on_a_port(office) as address, chromium() as browser:
        context = browser.new_context(**({**here, "permissions": ["geolocation"]} if leave else {}))
        sign_in(context, office, address, "wang")
        page = context.new_page()
        page.goto(address + FORM)
        page.set_input_files("input[name=before_photos]", str(fresh))
        hidden = "document.querySelector(\"[name='capture.before_photos']\").value"
        assert comes(page, lambda: ("lon" if leave else "taken_at") in page.evaluate(hidden))
        assert ("lon" in page.evaluate(hidden)) is leave
        context.close()
