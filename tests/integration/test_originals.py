"""Photos that go smaller from the phone, and the originals that follow them: proved by their hash, taken once."""

import hashlib
import io
from collections.abc import Callable, Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from PIL import ExifTags, Image

from engine.clock import SetClock, moment
from engine.database import Database
from engine.records.uploads import key_of
from tests.support.browser import Browser
from tests.support.chromium import chromium, on_a_port, sign_in
from tests.support.phone import REPORT, Phone
from tests.support.pictures import exif, jpeg, scene
from tests.support.town import Town, town

HERE = (121.44, 31.05)
#: What the pages say.
COME, AWAITED = "原图已收到，核对一致", "原图未收到，已留存其哈希"


@pytest.fixture
def xidu(database: Database, clock: SetClock, tmp_path: Path) -> Iterator[Town]:
    with town(database, clock, tmp_path / "data") as served:
        yield served


def camera(taken: datetime, seed: int = 1, turned: int = 1) -> bytes:
    """A photo of 2400 by 1600 pixels with what a phone writes; `turned` as EXIF counts."""
    facts = exif(taken, "+08:00", *HERE)
    facts[ExifTags.Base.Orientation] = turned
    return jpeg(scene(seed, (2400, 1600)), exif=facts)


def digest(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def reported(xidu: Town, small: bytes, original: Any, login: str = "wang") -> Any:
    """Report by the form of the pages; `original` is what it says of the photo's original."""
    browser = Browser(xidu, login)
    form = browser.go(REPORT).form(REPORT)
    values = {"description": "窨井盖破损", "place": "xd-m", "original.before_photos": original}
    return browser.send(form, values, {"before_photos": small})


def follow(xidu: Town, login: str, content: bytes, named: str) -> Any:
    browser = Browser(xidu, login)
    token = browser.client.get("/csrf").json()["csrf"]
    files = {"file": ("a.jpg", content, "image/jpeg")}
    headers = {"Accept": "application/json"}
    return browser.client.post(f"/originals/{named}", data={"csrf": token}, files=files, headers=headers)


def promise(content: bytes) -> str:
    return f'[{{"sha256": "{digest(content)}", "size": {len(content)}}}]'


def opened(xidu: Town, login: str, sha256: str) -> int:
    return int(xidu.ask(login, "GET", f"/api/uploads/{sha256}").status_code)


def test_an_original_is_taken_only_if_it_is_the_one_that_was_promised_and_once(xidu: Town) -> None:
    original, small = jpeg(scene(1, (1000, 800))), jpeg(scene(1), 60)
    page = reported(xidu, small, promise(original))
    case_no = page.url.rpartition("/")[2].partition("?")[0]
    facts = xidu.get("shen", f"/api/tickets/{case_no}/history")["events"][0]["facts"]
    assert facts["evidence"][0]["original"] == digest(original), "the promise is within the event's hash"
    assert AWAITED in Browser(xidu, "shen").go(f"/tickets/{case_no}").text
    assert opened(xidu, "shen", digest(original)) == 404
    wrong = follow(xidu, "wang", jpeg(scene(2)), digest(original))
    assert (wrong.status_code, wrong.json()["code"]) == (422, "wrong_original")
    assert "哈希不一致" in wrong.json()["detail"]
    assert Browser(xidu, "wang").client.get("/originals").json() == {"awaited": [digest(original)], "received": []}
    assert [follow(xidu, "wang", original, digest(original)).status_code for _ in range(2)] == [200, 200]
    assert Browser(xidu, "wang").client.get("/originals").json() == {"awaited": [], "received": [digest(original)]}
    shown = Browser(xidu, "shen").go(f"/tickets/{case_no}")
    assert COME in shown.text
    assert AWAITED not in shown.text
    assert shown.link(f"/uploads/{digest(original)}")
    assert xidu.ask("shen", "GET", f"/api/uploads/{digest(original)}").content == original
    assert opened(xidu, "qian", digest(original)) == 404


def test_an_original_comes_from_whoever_filed_it_or_holds_the_same_post(xidu: Town) -> None:
    original = jpeg(scene(3, (1000, 800)))
    reported(xidu, jpeg(scene(3), 60), promise(original))
    assert [follow(xidu, login, original, digest(original)).status_code for login in ("sun", "shen")] == [404, 404]
    assert follow(xidu, "zhou", original, digest(original)).status_code == 200
    unasked = follow(xidu, "wang", jpeg(scene(4)), digest(jpeg(scene(4))))
    assert (unasked.status_code, unasked.json()["code"]) == (404, "not_found")


def test_to_promise_the_hash_of_anothers_file_shows_nothing_of_it(xidu: Town) -> None:
    secret = jpeg(scene(5))
    xidu.photo("chen", secret)
    reported(xidu, jpeg(scene(6)), promise(secret))
    assert opened(xidu, "wang", digest(secret)) == 404


@pytest.mark.parametrize("said", ["[]", "{}", "x", '[{"sha256": "1", "size": 1}]', '[{"sha256": "%s", "size": 0}]'])
def test_a_promise_that_makes_no_sense_is_refused(xidu: Town, said: str) -> None:
    page = reported(xidu, jpeg(scene(7)), said.replace("%s", "0" * 64))
    assert page.status == 422


def test_an_original_is_no_second_showing_of_its_picture(xidu: Town) -> None:
    original = jpeg(scene(8, (1000, 800)))
    reported(xidu, jpeg(scene(8, (1000, 800)), 50), promise(original))
    follow(xidu, "wang", original, digest(original))
    page = reported(xidu, jpeg(scene(9)), "")
    assert "的照片相同" not in page.text


# -- in a real browser ------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    with chromium() as opened:
        yield opened


@pytest.fixture
def phone(browser: Any, sqlite_database: Database, clock: SetClock, tmp_path: Path) -> Iterator[Phone]:
    with town(sqlite_database, clock, tmp_path / "data") as office, on_a_port(office) as address:
        context = browser.new_context(viewport={"width": 390, "height": 800})
        sign_in(context, office, address, "wang")
        yield Phone(office, address, context)
        context.close()


def stored(office: Town, sha256: str) -> bytes:
    return (office.settings.data / "uploads" / key_of(sha256)).read_bytes()


def comes(phone: Phone, there: Callable[[], bool]) -> bool:
    """Whether something comes within ten seconds."""
    for _ in range(100):
        if there():
            return True
        phone.page.wait_for_timeout(100)
    return False


@pytest.mark.browser
def test_a_large_photo_goes_smaller_without_signal_and_its_original_follows(phone: Phone) -> None:
    office = phone.office
    original = camera(moment(office.clock.now()), turned=6)
    phone.stocked()
    phone.go(REPORT)
    phone.signal(there=False)
    phone.fill("河道边护栏倒塌", original)
    phone.send()
    phone.page.wait_for_selector("#hy-kept:not([hidden])")
    phone.go("/unsent")
    phone.page.wait_for_selector("#hy-originals:not([hidden])")
    assert phone.page.locator("#hy-originals-list img").count() == 1
    phone.signal(there=True)
    phone.page.wait_for_selector("#hy-kept a")
    (case_no,) = phone.arrived("护栏倒塌")
    facts = office.get("shen", f"/api/tickets/{case_no}/history")["events"][0]["facts"]
    (told,) = facts["evidence"]
    assert (told["original"], told["time"]) == (digest(original), "confirmed"), "what the camera wrote moved over"
    small = Image.open(io.BytesIO(stored(office, told["photo"])))
    assert small.size == (1067, 1600), "it stands upright"
    assert small.getexif()[ExifTags.Base.Orientation] == 1
    come = office.settings.data / "uploads" / key_of(digest(original))
    assert comes(phone, come.exists)
    assert come.read_bytes() == original
    assert comes(phone, lambda: not phone.page.locator("#hy-originals").is_visible())
    assert phone.arrived("护栏倒塌") == [case_no]
    assert COME in Browser(office, "wang").go(f"/tickets/{case_no}").text


@pytest.mark.browser
def test_an_original_waits_where_data_is_to_be_saved_and_goes_at_a_word(phone: Phone) -> None:
    phone.context.add_init_script(
        "Object.defineProperty(navigator, 'connection', { value: { saveData: true, effectiveType: '4g' } })"
    )
    original = camera(moment(phone.office.clock.now()))
    phone.go(REPORT)
    phone.fill("路灯杆倾斜", original)
    phone.send()
    phone.page.wait_for_url("**/tickets/**")
    assert AWAITED in phone.page.inner_text("#ticket")
    phone.go("/unsent")
    phone.page.wait_for_selector("#hy-originals:not([hidden])")
    come = phone.office.settings.data / "uploads" / key_of(digest(original))
    assert not come.exists()
    phone.page.click("#hy-originals-send")
    assert comes(phone, come.exists)


@pytest.mark.browser
def test_a_passer_by_sends_a_smaller_photo_and_nothing_is_kept_on_the_phone(phone: Phone) -> None:
    phone.context.clear_cookies()
    original = camera(moment(phone.office.clock.now()))
    phone.go("/g/xd-m")
    photo = {"name": "c.jpg", "mimeType": "image/jpeg", "buffer": original}
    phone.page.set_input_files("input[type=file][name=before_photos]", photo)
    phone.page.fill("textarea[name=description]", "路面塌陷")
    phone.page.click(".hy-submit button")
    phone.page.wait_for_url("**/r/**")
    (case_no,) = phone.arrived("路面塌陷")
    (told,) = phone.office.get("shen", f"/api/tickets/{case_no}/history")["events"][0]["facts"]["evidence"]
    assert told["original"] == digest(original)
    assert told["time"] == "confirmed"
    assert max(Image.open(io.BytesIO(stored(phone.office, told["photo"]))).size) == 1600
    assert phone.page.evaluate("async () => (await indexedDB.databases()).length") == 0


@pytest.mark.browser
def test_a_picture_that_no_browser_reads_goes_as_it_is(phone: Phone) -> None:
    phone.go(REPORT)
    small = jpeg(scene(4))
    phone.fill("图片较小", small)
    phone.send()
    phone.page.wait_for_url("**/tickets/**")
    (case_no,) = phone.arrived("图片较小")
    (told,) = phone.office.get("shen", f"/api/tickets/{case_no}/history")["events"][0]["facts"]["evidence"]
    assert told["photo"] == digest(small)
    assert "original" not in told


@pytest.mark.browser
def test_a_photo_of_an_act_with_signal_goes_smaller_too(phone: Phone) -> None:
    office = phone.office
    original = camera(moment(office.clock.now()))
    case_no = office.report()
    phone.go(f"/tickets/{case_no}/do/handle_on_the_spot")
    photo = {"name": "b.jpg", "mimeType": "image/jpeg", "buffer": original}
    phone.page.set_input_files("input[type=file][name=after_photos]", photo)
    phone.page.fill("textarea[name=result]", "已清理")
    phone.send()
    phone.page.wait_for_selector("#ticket .alert-success")
    facts = office.get("shen", f"/api/tickets/{case_no}/history")["events"][-1]["facts"]
    assert facts["evidence"][0]["original"] == digest(original)


def found(phone: Phone) -> list[str]:
    """The choices that the form shows."""
    values = phone.page.eval_on_selector_all(".hy-found input[name=item]", "all => all.map(one => one.value)")
    return list(values)


@pytest.mark.browser
def test_a_standard_is_found_without_signal_by_words_and_by_sounds(phone: Phone) -> None:
    phone.stocked()
    phone.page.evaluate("() => catalogue.refresh()")
    phone.signal(there=False)
    phone.go(REPORT)
    client = Browser(phone.office, "wang").client
    for typed in ("占道", "缺失", "ld", "jg"):
        answer = client.get("/find/item", params={"name": "item", "find.item": typed}).text
        expected = [part.partition('"')[0] for part in answer.split('value="')[1:]]
        phone.page.fill("input[name='find.item']", typed)
        assert comes(phone, lambda: found(phone) == expected), "in the order in which the server finds them"  # noqa: B023 (called at once)
    assert phone.unsent() == 0, "to search is not to send"
    phone.page.check(".hy-found input[value='part-01-01/1']")
    phone.fill("井盖缺失有危险")
    phone.send()
    phone.page.wait_for_selector("#hy-kept:not([hidden])")
    phone.signal(there=True)
    phone.page.wait_for_selector("#hy-kept a")
    (case_no,) = phone.arrived("井盖缺失")
    assert phone.office.get("shen", f"/api/tickets/{case_no}")["item"] == "part-01-01/1"


def test_the_catalogue_comes_again_only_when_it_has_changed(xidu: Town) -> None:
    client = Browser(xidu, "wang").client
    first = client.get("/catalogue")
    names = [item[1] for item in first.json()["items"]]
    assert names == ["窨井盖", "路灯", "占道堆物"]
    tag = first.headers["etag"]
    assert client.get("/catalogue", headers={"If-None-Match": tag}).status_code == 304
    xidu.database.acting(
        lambda transaction: transaction.run("UPDATE item SET name = '消火栓' WHERE code = 'part-01-02'")
    )
    assert client.get("/catalogue", headers={"If-None-Match": tag}).status_code == 200
