"""Signing in and out, and forms that come from elsewhere."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from engine.clock import HOUR, MINUTE, SetClock
from engine.database import Database
from engine.records.access import check_password, set_password
from engine.records.people import NewPerson, create_people
from tests.support.browser import Browser, Page
from tests.support.town import BLOCK_CALLS, Town, town
from web.sessions import COOKIE, SAFE, VISITOR


@pytest.fixture
def office(sqlite_database: Database, clock: SetClock, tmp_path: Path) -> Iterator[Town]:
    with town(sqlite_database, clock, tmp_path / "data") as served:
        yield served


def test_a_password_opens_the_page_that_was_wanted(office: Town) -> None:
    set_password(office.database, "shen", "correct horse")
    browser = Browser(office)
    page = browser.go("/tickets?stage=report")
    assert page.url.endswith("/signin?next=/tickets")
    opened = browser.send(page.form("/signin"), {"login": "shen", "password": "correct horse"})
    assert opened.url.endswith("/tickets")
    assert "沈静" in opened.text


@pytest.mark.parametrize(
    ("login", "password"),
    [
        ("shen", "wrong password"),
        ("nobody", "correct horse"),
        ("wang", "correct horse"),
        ("shen", ""),
        ("", "x" * 10_000),
    ],
)
def test_a_wrong_login_and_a_wrong_password_look_alike(office: Town, login: str, password: str) -> None:
    set_password(office.database, "shen", "correct horse")
    browser = Browser(office)
    page = browser.send(browser.go("/signin").form("/signin"), {"login": login, "password": password})
    assert page.status == 401
    assert "账号或密码不对" in page.text
    assert browser.go("/").url.endswith("/signin?next=/")


def _tried(browser: Browser, login: str, password: str) -> Page:
    return browser.send(browser.go("/signin").form("/signin"), {"login": login, "password": password})


@pytest.mark.parametrize("login", ["shen", "nobody-of-this-name"])
def test_after_five_wrong_passwords_a_login_waits_whether_it_exists_or_not(office: Town, login: str) -> None:
    set_password(office.database, "shen", "correct horse")
    anyone = Browser(office)
    assert [_tried(anyone, login, f"wrong {count}").status for count in range(5)] == [401] * 5
    refused = _tried(anyone, login, "correct horse")
    assert refused.status == 429
    assert refused.headers["retry-after"] == str(15 * 60)
    assert "请 15 分钟后再试" in refused.text
    # Another login of the same office goes on, and from elsewhere this one waits too.
    set_password(office.database, "wang", "battery staple")
    assert "王芳" in _tried(Browser(office), "wang", "battery staple").text
    assert _tried(Browser(office), login.upper(), "correct horse").status == 429
    office.clock.advance(15 * MINUTE)
    assert _tried(anyone, login, "correct horse").status == (200 if login == "shen" else 401)


def test_a_right_password_forgets_the_wrong_ones_before_it(office: Town) -> None:
    set_password(office.database, "shen", "correct horse")
    for _ in range(3):
        for count in range(4):
            assert _tried(Browser(office), "shen", f"wrong {count}").status == 401
        assert _tried(Browser(office), "shen", "correct horse").status == 200


def test_an_address_that_tries_many_logins_waits_and_a_busy_office_does_not(office: Town) -> None:
    set_password(office.database, "shen", "correct horse")
    for _ in range(40):
        assert _tried(Browser(office), "shen", "correct horse").status == 200
    statuses = [_tried(Browser(office), f"guess-{count}", "password1").status for count in range(31)]
    assert statuses == [401] * 30 + [429]
    assert _tried(Browser(office), "shen", "correct horse").status == 429
    office.clock.advance(10 * MINUTE)
    assert _tried(Browser(office), "shen", "correct horse").status == 200


@pytest.mark.parametrize("password", ["short", "x" * 201, ""])
def test_a_password_has_a_length(office: Town, password: str) -> None:
    with pytest.raises(Exception, match="8 to 200"):
        set_password(office.database, "shen", password)


def test_a_password_is_kept_as_a_hash(office: Town) -> None:
    set_password(office.database, "shen", "correct horse")
    with office.database.looking() as transaction:
        ((kept,),) = transaction.rows("SELECT password_hash FROM person WHERE login = 'shen'")
    assert kept.startswith("$argon2id$")
    assert check_password(office.database, "shen", "correct horse")


@pytest.mark.parametrize(
    "to", ["https://elsewhere.example", "//elsewhere.example", "/\\elsewhere.example", "javascript:x"]
)
def test_signing_in_leads_nowhere_else(office: Town, to: str) -> None:
    set_password(office.database, "shen", "correct horse")
    browser = Browser(office)
    form = browser.go("/signin").form("/signin")
    answer = browser.client.post(
        "/signin",
        data={"csrf": form.values["csrf"][0], "next": to, "login": "shen", "password": "correct horse"},
        follow_redirects=False,
    )
    assert (answer.status_code, answer.headers["location"]) == (303, "/")


def test_cookies_are_out_of_reach_of_scripts_and_of_other_sites(office: Town) -> None:
    set_password(office.database, "shen", "correct horse")
    browser = Browser(office)
    form = browser.go("/signin").form("/signin")
    visitor = browser.client.cookies[VISITOR]
    for base, before in (("http://testserver", ""), ("https://testserver", SAFE)):
        answer = browser.client.post(
            f"{base}/signin",
            data={"csrf": form.values["csrf"][0], "login": "shen", "password": "correct horse"},
            headers={"Cookie": f"{before}{VISITOR}={visitor}"},
            follow_redirects=False,
        )
        (cookie,) = [line for line in answer.headers.get_list("set-cookie") if line.startswith(f"{before}{COOKIE}=")]
        assert "httponly" in cookie.lower()
        assert "samesite=lax" in cookie.lower()
        assert "path=/" in cookie.lower()
        assert "domain" not in cookie.lower()
        assert ("secure" in cookie.lower()) == bool(before)


def test_a_session_ends_by_signing_out_and_with_the_day(office: Town) -> None:
    browser, other = Browser(office, "shen"), Browser(office, "shen")
    copied = browser.client.cookies[COOKIE]
    browser.send(browser.go("/").form("/signout"))
    stolen = Browser(office)
    stolen.client.cookies.set(COOKIE, copied)
    assert "/signin" in stolen.go("/").url
    assert "/signin" not in other.go("/").url
    office.clock.advance(13 * HOUR)
    assert "/signin" in other.go("/").url


def test_a_session_is_no_token_and_a_token_no_session(office: Town) -> None:
    session = Browser(office, "shen").client.cookies[COOKIE]
    assert office.client.get("/api/me", headers={"Authorization": f"Bearer {session}"}).status_code == 401
    browser = Browser(office)
    browser.client.cookies.set(COOKIE, office.token("shen"))
    assert "/signin" in browser.go("/").url


def test_a_form_from_elsewhere_does_nothing(office: Town) -> None:
    shen, wang = Browser(office, "shen"), Browser(office, "wang")
    theirs = wang.go("/").form("/signout").values["csrf"][0]
    case_no = office.report()
    sent: dict[str, Any] = {"reason": "不属本区"}
    for token in ({}, {"csrf": ""}, {"csrf": theirs}, {"csrf": "x" * 64}, {"csrf": "令牌"}):
        answer = shen.client.post(f"/tickets/{case_no}/do/refuse", data={**sent, **token})
        assert answer.status_code == 403, token
        assert "页面已过期" in answer.text
    assert office.get("shen", f"/api/tickets/{case_no}")["state"]["code"] == "reported"
    assert shen.client.post("/signin", data={"login": "shen", "password": "x"}).status_code == 403


def test_who_is_not_signed_in_posts_nothing(office: Town) -> None:
    answer = Browser(office).client.post(f"/report/{BLOCK_CALLS}/report", data={"x": "y"}, follow_redirects=False)
    assert (answer.status_code, answer.headers["location"]) == (303, "/signin?next=/")


def test_a_form_with_a_character_that_cannot_be_stored_is_refused(office: Town) -> None:
    case_no = office.report()
    shen = Browser(office, "shen")
    form = shen.go(f"/tickets/{case_no}/do/refuse").form("/do/refuse")
    assert shen.send(form, {"reason": "一\0二"}).status == 422


def test_the_cast_signs_in_by_one_click_in_the_demo_only(
    sqlite_database: Database, clock: SetClock, tmp_path: Path
) -> None:
    with town(sqlite_database, clock, tmp_path / "data", demo=True) as served:
        member = [NewPerson(login="chen.desk", name="陈静")]
        served.database.acting(lambda transaction: create_people(transaction, member))
        browser = Browser(served)
        page = browser.go("/signin")
        assert "街镇城运受理员" in page.text
        assert "受理、并案、派遣" in page.text
        assert "陈静" in browser.send(page.form("/signin/as"), {"login": "chen.desk"}).text
        # Whoever is not of the cast has a password.
        assert Browser(served).client.get("/signin").status_code == 200
        again = Browser(served)
        assert again.send(again.go("/signin").form("/signin/as"), {"login": "shen"}).status == 404


def test_without_the_demo_nobody_signs_in_by_one_click(office: Town) -> None:
    browser = Browser(office)
    page = browser.go("/signin")
    assert "演示" not in page.text
    token = page.form("/signin").values["csrf"][0]
    answer = browser.client.post("/signin/as", data={"csrf": token, "login": "shen"})
    assert answer.status_code == 404


def _changed(browser: Browser, present: str, new: str, again: str | None = None) -> Page:
    typed = {"present": present, "new": new, "again": again if again is not None else new}
    return browser.send(browser.go("/password").form("/password"), typed)


def test_a_changed_password_ends_what_was_open_elsewhere(office: Town) -> None:
    set_password(office.database, "shen", "correct horse")
    here, elsewhere = Browser(office, "shen"), Browser(office, "shen")
    assert "/posts" in _changed(here, "correct horse", "battery staple").url
    assert here.go("/").url.endswith("/")
    assert "/signin" in elsewhere.go("/").url
    assert check_password(office.database, "shen", "battery staple")


@pytest.mark.parametrize(
    ("present", "new", "again", "word"),
    [
        ("wrong horse", "battery staple", None, "当前密码不对"),
        ("correct horse", "battery staple", "battery stable", "两次输入的新密码不同"),
        ("correct horse", "short", None, "密码应为"),
        ("correct horse", "x" * 201, None, "密码应为"),
    ],
)
def test_a_password_that_cannot_be_changed_stays(
    office: Town, present: str, new: str, again: str | None, word: str
) -> None:
    set_password(office.database, "shen", "correct horse")
    page = _changed(Browser(office, "shen"), present, new, again)
    assert page.status == 422
    assert word in page.text
    assert check_password(office.database, "shen", "correct horse")


def test_a_present_password_cannot_be_tried_out(office: Town) -> None:
    set_password(office.database, "shen", "correct horse")
    browser = Browser(office, "shen")
    tried = [_changed(browser, f"guess {number}", "battery staple").status for number in range(6)]
    assert tried == [422] * 5 + [429]
