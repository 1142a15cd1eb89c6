"""Sessions: a new secret at every way in, an end when nobody uses them, and a page where their owner ends them."""

import io
from collections.abc import Iterator
from pathlib import Path

import pytest

from engine.clock import MINUTE, SetClock
from engine.console.installation import _password
from engine.database import Database
from engine.errors import Malformed
from engine.records.access import check_password, open_session, person_of_login, set_password
from engine.settings import Settings
from tests.support.browser import Browser, Page
from tests.support.town import Town, town
from web.devices import device_of
from web.sessions import COOKIE, SAFE, VISITOR, token_of

ANDROID = "Mozilla/5.0 (Linux; Android 14) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/126.0 MicroMessenger/8.0"
WINDOWS = "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/126.0 Edg/126.0"


@pytest.fixture
def office(database: Database, clock: SetClock, tmp_path: Path) -> Iterator[Town]:
    with town(database, clock, tmp_path / "data", idle=60) as served:
        set_password(served.database, "shen", "correct horse")
        yield served


def signed_in(office: Town, browser: Browser, **headers: str) -> Page:
    browser.client.headers.update(headers)
    return browser.send(browser.go("/signin").form("/signin"), {"login": "shen", "password": "correct horse"})


def inside(browser: Browser, path: str = "/") -> bool:
    return "/signin" not in browser.go(path).url


def test_a_session_that_nobody_uses_is_over_and_one_in_use_lasts_until_the_day_is(office: Town) -> None:
    used, unused = Browser(office, "shen"), Browser(office, "shen")
    for _ in range(11):
        office.clock.advance(59 * MINUTE)
        assert inside(used)
    assert not inside(unused)
    office.clock.advance(60 * MINUTE)
    assert not inside(used)
    late = Browser(office, "shen")
    for _ in range(12):
        office.clock.advance(59 * MINUTE)
        assert inside(late)
    office.clock.advance(12 * MINUTE)
    assert not inside(late), "twelve hours are the most"


def test_what_a_page_asks_by_itself_is_no_use(office: Town) -> None:
    wall = Browser(office, "shen")
    asks = {"Accept": "application/json"}
    for _ in range(2):
        office.clock.advance(29 * MINUTE)
        assert wall.client.get("/originals", headers=asks).status_code == 200
        assert wall.client.get("/board/flow", headers={"HX-Request-Type": "partial"}).status_code != 303
    office.clock.advance(2 * MINUTE)
    assert wall.client.get("/originals", headers=asks).status_code == 401


def test_a_secret_planted_before_signing_in_opens_nothing_afterwards(office: Town) -> None:
    planted = "huying_" + "x" * 43
    values = {"csrf": token_of(planted), "login": "shen", "password": "correct horse"}

    def given(secrets: str) -> str:
        """Sign in at a browser with these cookies; the secret that it is given."""
        office.client.cookies.clear()
        answer = office.client.post("/signin", data=values, headers={"Cookie": secrets})
        (line,) = [one for one in answer.headers.get_list("set-cookie") if one.startswith(f"{COOKIE}=")]
        return line.partition("=")[2].partition(";")[0]

    first = given(f"{VISITOR}={planted}; {COOKIE}={planted}")
    second = given(f"{VISITOR}={planted}; {COOKIE}={first}")
    assert len({planted, first, second}) == 3
    for secret, status in ((planted, 303), (first, 200), (second, 200)):
        office.client.cookies.clear()
        assert office.client.get("/posts", headers={"Cookie": f"{COOKIE}={secret}"}).status_code == status
    # A form of one session is worth nothing in another, though both are one person's.
    stale = office.client.post("/inbox/read", data={"csrf": token_of(first)}, headers={"Cookie": f"{COOKIE}={second}"})
    assert stale.status_code == 403


def test_my_sessions_are_listed_with_their_browsers_and_each_can_be_ended(office: Town) -> None:
    phone, desk = Browser(office), Browser(office)
    signed_in(office, phone, **{"user-agent": ANDROID})
    office.clock.advance(5 * MINUTE)
    signed_in(office, desk, **{"user-agent": WINDOWS})
    office.token("shen")
    page = desk.go("/sessions")
    assert "微信 / WeChat · Android" in page.text
    assert "Edge · Windows 本次登录" in page.text
    assert "tests" in page.text
    assert page.text.count("本次登录") == 1
    ends = [form for form in page.forms if form.action == "/sessions/end"]
    # The phone's, all others, and the token; there is none for the session one is in.
    assert len(ends) == 3
    done = desk.send(ends[0])
    assert "已结束" in done.text
    assert inside(desk)
    assert not inside(phone)
    assert office.ask("shen", "GET", "/api/me").status_code == 200
    desk.send(done.form("/sessions/end"))
    assert office.ask("shen", "GET", "/api/me").status_code == 401


def test_all_others_end_at_once_and_programs_go_on(office: Town) -> None:
    here, others = Browser(office, "shen"), [Browser(office, "shen") for _ in range(3)]
    wang = Browser(office, "wang")
    office.token("shen")
    form = next(one for one in here.go("/sessions").forms if one.values.get("session") == ["others"])
    here.send(form)
    assert inside(here)
    assert not any(inside(one) for one in others)
    assert inside(wang)
    assert office.ask("shen", "GET", "/api/me").status_code == 200


def test_nobody_ends_another_persons_session(office: Town) -> None:
    shen, wang = Browser(office, "shen"), Browser(office, "wang")
    Browser(office, "shen")
    theirs = next(one for one in shen.go("/sessions").forms if one.action == "/sessions/end").values["session"][0]
    csrf = wang.go("/sessions").form("/signout").values["csrf"][0]
    for name in (theirs, theirs.upper(), "%", "", "x" * 500):
        assert wang.client.post("/sessions/end", data={"csrf": csrf, "session": name}).status_code == 404
    assert shen.go("/sessions").text.count("结束其他所有登录") == 1


def test_a_password_set_at_the_machine_ends_every_session_and_token(
    office: Town, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    browser = Browser(office, "shen")
    office.token("shen")
    monkeypatch.setattr("sys.stdin", io.StringIO("battery staple\n"))
    house = office.client.app.state.house  # type: ignore[attr-defined]
    assert _password(house, type("Given", (), {"login": "shen"})()) == 0
    assert not inside(browser)
    assert office.ask("shen", "GET", "/api/me").status_code == 401
    assert check_password(office.database, "shen", "battery staple")
    assert "battery staple" not in capsys.readouterr().out


def test_by_https_only_the_cookie_counts_that_no_other_site_can_set(office: Town) -> None:
    secret = open_session(office.database, person_of_login(office.database, "shen"), office.clock.now())
    for name, status in ((COOKIE, 303), (f"{SAFE}{COOKIE}", 200)):
        office.client.cookies.clear()
        answer = office.client.get("https://testserver/posts", headers={"Cookie": f"{name}={secret}"})
        assert answer.status_code == status, name
    out = office.client.post(
        "https://testserver/signout", data={"csrf": token_of(secret)}, headers={"Cookie": f"{SAFE}{COOKIE}={secret}"}
    )
    taken = out.headers["set-cookie"]
    assert taken.startswith(f'{SAFE}{COOKIE}=""')
    assert "Secure" in taken


@pytest.mark.parametrize(("said", "words"), [(ANDROID, "微信 / WeChat · Android"), ("curl/8", ""), ("<script>", "")])
def test_of_a_browser_only_known_words_are_kept(said: str, words: str) -> None:
    request = type("Request", (), {"headers": {"user-agent": said}})()
    assert device_of(request) == words


@pytest.mark.parametrize("value", ["0", "721", "-1", "an hour"])
def test_the_idle_limit_is_a_working_day_at_most(value: str) -> None:
    with pytest.raises(Malformed, match="HUYING_IDLE"):
        Settings.from_environment({"HUYING_IDLE": value})
    assert Settings.from_environment({}).idle == 60
    assert Settings.from_environment({"HUYING_IDLE": "720"}).idle == 720
