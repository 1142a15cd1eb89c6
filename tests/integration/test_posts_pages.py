"""My posts and deputies, and what grid leaders did: as pages, over the API, and in a real browser."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from engine.background.fan_out import fan_out
from engine.clock import DAY, Instant, SetClock, iso, moment
from engine.database import Database
from engine.records.access import open_session, person_of_login
from engine.records.calendar_book import CalendarBook
from engine.records.shifts import NewShift, put_on_duty
from engine.records.versions import Versions
from engine.rules.handing_over import Successor
from engine.stages.door import Door
from engine.stages.handovers import move_work
from tests.support.browser import Browser, Page
from tests.support.chromium import chromium as installed
from tests.support.chromium import on_a_port
from tests.support.town import Town, town
from web.sessions import COOKIE

#: Nothing is wider than the window.
_FITS = "document.documentElement.scrollWidth <= window.innerWidth"


@pytest.fixture
def office(sqlite_database: Database, clock: SetClock, tmp_path: Path) -> Iterator[Town]:
    with town(sqlite_database, clock, tmp_path / "data") as served:
        yield served


def day(office: Town, after: int) -> str:
    return moment(Instant(office.clock.now() + after * DAY)).date().isoformat()


def on_leave(office: Town, browser: Browser, deputy: str, **more: str) -> Page:
    (form,) = [form for form in browser.go("/posts").forms if "holding" in form.values]
    filled = {"deputy": deputy, "since": day(office, 0), "until": day(office, 3), "reason": "年休假", **more}
    return browser.send(form, filled)


def test_whoever_goes_on_leave_names_the_deputy_and_comes_back_early(office: Town) -> None:
    lead = Browser(office, "chen-lead")
    page = on_leave(office, lead, "chen")
    assert "已保存" in page.text
    assert "陈刚" in page.text
    assert "代 陈立" in Browser(office, "chen").go("/posts").text
    (ending,) = [form for form in page.forms if "deputyship" in form.values]
    lead.send(ending)
    assert "代 陈立" not in Browser(office, "chen").go("/posts").text


def test_the_history_says_by_name_between_whom_a_post_passed(office: Town) -> None:
    case_no = office.report()
    office.act("shen", case_no, "accept", {"item": "part-01-01/2", "urgency": "normal"})
    office.act("shen", case_no, "call", {"kind": "appeal", "lead": "urban"})
    task = office.task_of(case_no, "urban")["task"]
    office.act("chen", case_no, "sign", task=task)
    office.act("chen-lead", case_no, "hand_over", {"person": "chen"}, task=task)
    people = {login: person_of_login(office.database, login) for login in ("chen", "chen-lead")}
    one = Successor(
        from_id=people["chen"], from_login="chen", to_id=people["chen-lead"], to_login="chen-lead", post="handler",
        reason="调岗",
    )  # fmt: skip
    door = Door(office.database, office.clock, Versions(CalendarBook(office.database)))
    assert move_work(door, office.database, office.clock, one, None) == 1
    assert "陈刚 → 陈立" in Browser(office, "shen").go(f"/tickets/{case_no}").text


def test_only_people_of_the_unit_or_above_it_can_be_chosen(office: Town) -> None:
    page = Browser(office, "chen-lead").go("/posts")
    assert 'value="chen"' in page.html
    for other in ("lu", "wang", "shen", "chen-lead"):
        assert f'value="{other}"' not in page.html


@pytest.mark.parametrize(
    ("changed", "why"),
    [
        ({"deputy": ""}, "请选择代理人"),
        ({"deputy": "lu"}, "本单位"),
        ({"deputy": "nobody"}, "没有账号"),
        ({"until": ""}, "请填写日期"),
        ({"until": "9999-12-31"}, "请填写日期"),
        ({"until": "2020-01-01"}, "晚于"),
        ({"until": "2027-01-01"}, "90 天"),
    ],
)
def test_what_is_refused_comes_back_as_it_was_typed(office: Town, changed: dict[str, str], why: str) -> None:
    page = on_leave(office, Browser(office, "chen-lead"), **{"deputy": "chen", **changed})
    assert why in page.text
    assert "年休假" in page.html
    assert "代 陈立" not in Browser(office, "chen").go("/posts").text


def test_nobody_lends_another_persons_post(office: Town) -> None:
    (form,) = [form for form in Browser(office, "chen-lead").go("/posts").forms if "holding" in form.values]
    chen = Browser(office, "chen")
    (own,) = [form for form in chen.go("/posts").forms if "holding" in form.values]
    page = chen.send(
        own, {"deputy": "lu", "since": day(office, 0), "until": day(office, 1), "holding": form.values["holding"]}
    )
    assert "没有这个岗位" in page.text


def test_nobody_ends_another_persons_deputyship(office: Town) -> None:
    page = on_leave(office, Browser(office, "chen-lead"), "chen")
    (ending,) = [form for form in page.forms if "deputyship" in form.values]
    shen = Browser(office, "shen")
    (form,) = [form for form in shen.go("/posts").forms if "holding" in form.values]
    form.action, form.values = "/posts/end", {**form.values, "deputyship": ending.values["deputyship"]}
    shen.send(form)
    assert "代 陈立" in Browser(office, "chen").go("/posts").text


def test_the_deputy_sees_the_queue_and_the_history_says_in_whose_place(office: Town) -> None:
    case_no = office.report()
    gu = Browser(office, "gu")
    assert f"/tickets/{case_no}/do/accept" not in gu.go(f"/tickets/{case_no}").html
    on_leave(office, Browser(office, "shen"), "gu")
    assert f"/tickets/{case_no}/do/accept" in gu.go(f"/tickets/{case_no}").html
    office.act("gu", case_no, "accept", {"item": "part-01-02", "urgency": "normal"})
    assert "顾平 代 沈静" in gu.go(f"/tickets/{case_no}").text


def test_what_waits_for_whoever_is_on_leave_waits_for_the_deputy_too(office: Town) -> None:
    case_no = office.report()
    office.act("shen", case_no, "accept", {"item": "part-01-02", "urgency": "normal"})

    def waits_for(login: str) -> list[str]:
        return [one["case_no"] for one in office.get(login, "/api/tickets", mine="true")["items"]]

    assert (waits_for("shen"), waits_for("gu")) == ([case_no], [])
    on_leave(office, Browser(office, "shen"), "gu")
    assert (waits_for("shen"), waits_for("gu")) == ([case_no], [case_no])
    office.clock.advance(5 * DAY)
    assert waits_for("gu") == []


def test_an_inbox_says_who_stands_in_for_whom(office: Town) -> None:
    on_leave(office, Browser(office, "shen"), "gu")
    case_no = office.report()
    office.act("gu", case_no, "accept", {"item": "part-01-02", "urgency": "normal"})
    office.act("wang", case_no, "tell_more", {"description": "井盖已碎"})
    fan_out(office.database, office.clock)
    (deputys,) = office.get("gu", "/api/inbox")["items"]
    (owners, *_) = office.get("shen", "/api/inbox")["items"]
    assert (deputys["behalf_of"], deputys["deputy"]) == ("沈静", "")
    assert (owners["behalf_of"], owners["deputy"]) == ("", "顾平")
    assert "代 沈静" in Browser(office, "gu").go("/inbox").text
    assert "由 顾平 代理" in Browser(office, "shen").go("/inbox").text


def test_posts_over_the_api_name_the_deputyship(office: Town) -> None:
    on_leave(office, Browser(office, "chen-lead"), "chen")
    items = office.get("wang", "/api/people/chen/posts")["items"]
    assert [(one["post"], one["unit"]["code"], one["behalf_of"]) for one in items] == [
        ("handler", "urban", ""),
        ("lead", "urban", "陈立"),
    ]
    assert office.ask("citizen", "GET", "/api/people/chen/posts").status_code == 404
    assert office.get("citizen", "/api/people/citizen/posts") == {"items": []}
    assert office.ask("wang", "GET", "/api/people/nobody/posts").status_code == 404


def test_a_leave_is_entered_and_ended_over_the_api_too(office: Town) -> None:
    until = iso(Instant(office.clock.now() + 3 * DAY))
    body = {"post": "lead", "deputy": "chen", "until": until}
    answer = office.ask("chen-lead", "POST", "/api/deputies", json=body)
    assert answer.status_code == 200, answer.text
    (one,) = answer.json()["items"]
    assert (one["owner"]["login"], one["deputy"]["login"], one["until"]) == ("chen-lead", "chen", until)
    assert office.get("chen", "/api/deputies")["items"] == [one]
    held = office.get("wang", "/api/posts/lead/holders", department="urban")["items"]
    assert [(holder["person"]["login"], holder["behalf_of"]) for holder in held] == [
        ("chen-lead", ""),
        ("chen", "陈立"),
    ]
    assert office.ask("chen", "POST", f"/api/deputies/{one['number']}/end").status_code == 404
    ended = office.ask("chen-lead", "POST", f"/api/deputies/{one['number']}/end")
    assert ended.json() == {"items": []}


@pytest.mark.parametrize(
    ("changed", "status"),
    [({"deputy": "lu"}, 422), ({"post": "supervisor"}, 404), ({"until": "2026-13-01"}, 422), ({"more": 1}, 422)],
)
def test_a_leave_that_cannot_be_is_refused_over_the_api(office: Town, changed: dict[str, Any], status: int) -> None:
    until = iso(Instant(office.clock.now() + 3 * DAY))
    body = {"post": "lead", "deputy": "chen", "until": until, **changed}
    assert office.ask("chen-lead", "POST", "/api/deputies", json=body).status_code == status
    assert office.get("chen", "/api/deputies") == {"items": []}


def test_the_roster_over_the_api(office: Town) -> None:
    now = office.clock.now()
    new = NewShift(login="wang", post="grid_worker", area="xd-m", since=now, until=Instant(now + DAY))
    office.database.acting(lambda transaction: put_on_duty(transaction, new))
    (one,) = office.get("shen", "/api/roster")["items"]
    assert (one["person"]["login"], one["unit"]["code"], one["since"]) == ("wang", "xd-m", iso(now))
    assert office.ask("citizen", "GET", "/api/roster").status_code == 404


def test_a_supervisor_sees_what_grid_leaders_did_and_nobody_else_does(office: Town) -> None:
    office.report("liu")
    (one,) = office.get("he", "/api/activity")["items"]
    assert (one["person"]["name"], one["acts"], one["reports"]) == ("刘洋", 1, 1)
    assert "刘洋" in Browser(office, "he").go("/activity").text
    assert office.ask("wang", "GET", "/api/activity").status_code == 403
    assert office.ask("he", "GET", "/api/activity?month=2026-99").status_code == 422
    assert Browser(office, "wang").go("/activity").status == 403


@pytest.fixture
def address(office: Town) -> Iterator[str]:
    """The town on a port of this machine."""
    with on_a_port(office) as served:
        yield served


@pytest.fixture
def chromium() -> Iterator[Any]:
    with installed() as browser:
        yield browser


@pytest.mark.browser
@pytest.mark.slow
@pytest.mark.parametrize("width", [390, 1440])
def test_in_a_real_browser_a_leave_is_entered(
    office: Town, address: str, chromium: Any, width: int, tmp_path: Path
) -> None:
    secret = open_session(office.database, person_of_login(office.database, "chen-lead"), office.clock.now())
    context = chromium.new_context(viewport={"width": width, "height": 900})
    context.add_cookies([{"name": COOKIE, "value": secret, "url": address}])
    page, said = context.new_page(), []
    page.on("console", lambda message: said.append(message.text))
    page.goto(f"{address}/posts")
    page.click("summary")
    page.select_option("select[name=deputy]", "chen")
    page.fill("input[name=until]", day(office, 5))
    page.fill("input[name=reason]", "年休假")
    page.screenshot(path=tmp_path / f"leave-{width}.png", full_page=True)
    assert page.evaluate(_FITS)
    page.click("button.btn-primary:visible")
    page.wait_for_selector(".alert-success")
    assert "陈刚" in page.inner_text("main")
    page.screenshot(path=tmp_path / f"left-{width}.png", full_page=True)
    assert page.evaluate(_FITS)
    assert said == []
    context.close()


@pytest.mark.browser
@pytest.mark.slow
@pytest.mark.parametrize("width", [390, 1440])
def test_in_a_real_browser_a_supervisor_looks_at_grid_leaders(
    office: Town, address: str, chromium: Any, width: int, tmp_path: Path
) -> None:
    office.report("liu")
    secret = open_session(office.database, person_of_login(office.database, "he"), office.clock.now())
    context = chromium.new_context(viewport={"width": width, "height": 700})
    context.add_cookies([{"name": COOKIE, "value": secret, "url": address}])
    page, said = context.new_page(), []
    page.on("console", lambda message: said.append(message.text))
    page.goto(f"{address}/posts")
    page.click("a[href='/activity']")
    assert "刘洋" in page.inner_text("table")
    page.screenshot(path=tmp_path / f"activity-{width}.png", full_page=True)
    assert page.evaluate(_FITS)
    assert said == []
    context.close()
