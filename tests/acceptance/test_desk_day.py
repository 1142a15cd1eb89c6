"""受理台的一天：下一件、预留、放回；队列按紧急程度和灯排列。

A day at the desk, told by two coordinators of one street in browsers without JavaScript, on both databases.

沈静、于晴 西渡街道受理派遣员 both at the desk of Xidu · 钱进 南桥镇受理派遣员 at another desk · 王芳 网格员 reports
"""

import re
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Barrier

import pytest

from engine.clock import MINUTE, Instant, SetClock
from engine.database import Database
from engine.records import queues
from engine.records.access import person_of_login, viewer_of
from engine.records.people import Appointment, NewPerson, appoint, create_people
from engine.records.reservations import LASTS
from tests.support.browser import Browser, Page
from tests.support.town import BLOCK_CALLS, Town, town

SHEN, YU = "shen", "yu"


@pytest.fixture
def desk(database: Database, clock: SetClock, tmp_path: Path) -> Iterator[Town]:
    with town(database, clock, tmp_path / "data") as served:
        second_worker(served)
        yield served


def second_worker(served: Town) -> None:
    """于晴 sits beside 沈静."""

    def hire(transaction: object) -> None:
        create_people(transaction, [NewPerson(login=YU, name="于晴")])  # type: ignore[arg-type]
        appoint(transaction, [Appointment(login=YU, post="coordinator", area="xd", since=Instant(0))])  # type: ignore[arg-type]

    served.database.acting(hire)


def press_next(browser: Browser) -> str:
    """The case number that the button gives; "" for none."""
    page = browser.send(browser.go("/").form("/next"))
    assert page.status == 200, page.text
    number = page.url.rpartition("/")[2]
    return number if number[:1].isdigit() else ""


def filed(served: Town, urgency: str) -> str:
    case_no = served.report()
    served.act(SHEN, case_no, "accept", {"item": "part-01-01/1", "urgency": urgency})
    return case_no


def order(page: Page) -> list[str]:
    """The tickets of a list as they stand on the page."""
    rows = [given["href"] for tag, given in page.tags if tag == "a" and "hy-row" in given.get("class", "").split()]
    return [href.rpartition("/")[2] for href in rows]


def test_two_desks_get_two_tickets_the_most_pressing_first(desk: Town) -> None:
    ordinary, urgent, emergency = (filed(desk, urgency) for urgency in ("normal", "urgent", "emergency"))
    shen, yu = Browser(desk, SHEN), Browser(desk, YU)
    assert press_next(shen) == emergency
    assert press_next(yu) == urgent
    assert press_next(shen) == emergency, "whoever presses again does not take another"
    seen = yu.go(f"/tickets/{emergency}")
    assert "沈静 正在处理" in seen.text
    assert "沈静 正在处理" in yu.go("/queue").text
    assert "沈静 正在处理" in yu.go("/tickets").text
    assert "您正在处理" in shen.go(f"/tickets/{emergency}").text
    assert "正在处理" not in yu.go(f"/tickets/{ordinary}").text


def test_an_act_frees_it_and_the_next_one_follows(desk: Town) -> None:
    first, second = filed(desk, "urgent"), filed(desk, "normal")
    shen = Browser(desk, SHEN)
    assert press_next(shen) == first
    page = shen.do(first, "call", {"kind": "appeal", "lead": "urban"})
    assert "正在处理" not in page.text
    assert shen.send(page.form("/next")).url.endswith(second)
    assert "沈静 正在处理" not in Browser(desk, YU).go(f"/tickets/{first}").text


def test_given_back_it_goes_to_the_other_desk_and_comes_to_oneself_last(desk: Town) -> None:
    first, second = filed(desk, "urgent"), filed(desk, "normal")
    shen, yu = Browser(desk, SHEN), Browser(desk, YU)
    assert press_next(shen) == first
    shen.send(shen.go(f"/tickets/{first}").form("/release"))
    assert press_next(shen) == second
    assert press_next(yu) == first
    page = shen.send(shen.go(f"/tickets/{second}").form("/next"))
    assert page.url.endswith(second), "nothing else is left: what was passed over comes again"


def test_after_the_minutes_it_is_anybodys_again(desk: Town) -> None:
    only = filed(desk, "normal")
    shen, yu = Browser(desk, SHEN), Browser(desk, YU)
    assert press_next(shen) == only
    assert press_next(yu) == ""
    assert "都有人在处理" in yu.send(yu.go("/").form("/next")).text
    desk.clock.advance(LASTS + MINUTE)
    assert press_next(yu) == only
    assert "于晴 正在处理" in shen.go(f"/tickets/{only}").text


def test_a_colleague_may_still_act_and_the_history_says_nothing_of_it(desk: Town) -> None:
    only = filed(desk, "normal")
    shen, yu = Browser(desk, SHEN), Browser(desk, YU)
    before = desk.get(SHEN, f"/api/tickets/{only}/history")
    assert press_next(shen) == only
    assert desk.get(SHEN, f"/api/tickets/{only}/history") == before
    warned = yu.go(f"/tickets/{only}")
    assert "您仍可办理" in warned.text
    assert yu.do(only, "call", {"kind": "appeal", "lead": "urban"}).status == 200
    assert "正在处理" not in shen.go(f"/tickets/{only}").text, "it has moved on, whoever moved it"


def test_who_reported_is_not_told_who_looks_at_it(desk: Town) -> None:
    case_no = desk.report(login="citizen")
    assert press_next(Browser(desk, SHEN)) == case_no
    citizen = Browser(desk, "citizen")
    for path in (f"/tickets/{case_no}", "/tickets", "/"):
        assert case_no in citizen.go(path).html
        assert "沈静" not in citizen.go(path).text


def test_the_queue_is_ordered_counted_and_ends_at_ones_reach(desk: Town) -> None:
    ordinary, emergency = filed(desk, "normal"), filed(desk, "emergency")
    unjudged = desk.report()
    desk.clock.advance(6 * 60 * MINUTE)
    late = filed(desk, "normal")
    elsewhere = desk.report("sun", "nq-m")
    page = Browser(desk, SHEN).go("/queue")
    assert order(page)[0] == emergency
    assert set(order(page)) == {ordinary, emergency, unjudged, late}
    assert order(page).index(ordinary) < order(page).index(late), "what shows a light comes before what shows none"
    piles = [link for link in page.links if "urgency=" in link]
    assert sum(len(order(Browser(desk, SHEN).go(link))) for link in piles) == 4
    assert order(Browser(desk, "qian").go("/queue")) == [elsewhere]
    assert press_next(Browser(desk, "qian")) == elsewhere


def test_many_who_press_at_once_never_get_the_same(desk: Town) -> None:
    """Real threads, each with a connection of its own."""
    numbers = {desk.report() for _ in range(6)}
    now = desk.clock.now()
    with desk.database.looking() as transaction:
        people = [viewer_of(transaction, person_of_login(desk.database, login), now) for login in (SHEN, YU, "gu")]
    versions = desk.client.app.state.house.versions  # type: ignore[attr-defined]
    for _ in range(10):
        barrier = Barrier(6)

        def press(number: int, barrier: Barrier = barrier) -> str | None:
            barrier.wait()
            return queues.take_next(desk.database, versions, people[number % 2], now)

        with ThreadPoolExecutor(6) as pool:
            got = list(pool.map(press, range(6)))
        shens, yus = set(got[0::2]), set(got[1::2])
        assert len(shens) == len(yus) == 1, "one each, however often it is pressed"
        assert shens != yus
        assert shens | yus <= numbers
        desk.database.acting(lambda transaction: transaction.run("DELETE FROM reservation"))


def bulk(browser: Browser, numbers: list[str], action: str) -> Page:
    """The one form of an act on the tickets that were ticked."""
    chosen = "&".join(f"ticket={one}" for one in numbers)
    assert f"/bulk/{action}" in browser.go(f"/bulk?{chosen}").html
    return browser.go(f"/bulk/{action}?{chosen}")


def results(page: Page) -> list[str]:
    """What each row of the answer says."""
    rows = page.html.partition("<tbody>")[2].partition("</tbody>")[0].split("<tr>")[1:]
    return ["done" if "已办理" in row else "refused" for row in rows]


def test_what_is_ticked_is_refused_row_by_row_and_never_done_twice(desk: Town) -> None:
    numbers = [desk.report(description=f"重复来电第{one}件") for one in range(4)]
    shen = Browser(desk, SHEN)
    assert 'name="ticket"' in shen.go("/queue").html
    form = bulk(shen, numbers, "refuse").form("/bulk/refuse")
    desk.act(YU, numbers[1], "answer", {"reply": "于晴先答复了"})
    page = shen.send(form, {"reason": "不属于受理范围"})
    assert results(page) == ["done", "refused", "done", "done"]
    assert "已办理 3 件，未办理 1 件" in page.text
    lines = {one: desk.get(SHEN, f"/api/tickets/{one}/history")["events"] for one in numbers}
    again = shen.send(form, {"reason": "不属于受理范围"})
    assert results(again) == ["done", "refused", "done", "done"]
    assert again.text.count("没有重复办理") == 3
    assert {one: desk.get(SHEN, f"/api/tickets/{one}/history")["events"] for one in numbers} == lines


def test_only_what_all_of_them_allow_is_offered_and_foreign_ones_are_not_there(desk: Town) -> None:
    reported, other = desk.report(), filed(desk, "normal")
    foreign = desk.report("sun", "nq-m")
    shen = Browser(desk, SHEN)
    both = shen.go(f"/bulk?ticket={reported}&ticket={other}").html
    assert "/bulk/answer" in both, "both states have it, by the same form"
    assert "/bulk/accept" not in both
    assert "/bulk/call" not in both
    page = shen.go(f"/bulk?ticket={reported}&ticket={foreign}")
    assert "/bulk/accept" in page.html
    # But for the switch of languages, which leads back to the very address that was asked for.
    assert foreign not in re.sub(r'href="/language[^"]*"', "", page.html)
    form = shen.go(f"/bulk/refuse?ticket={reported}").form("/bulk/refuse")
    forged = {"ticket": [foreign], f"aim.{foreign}": "..1", "reason": "x"}
    form.values[f"aim.{foreign}"] = ["..1"]
    answer = shen.send(form, forged)
    assert results(answer) == ["refused"]
    assert "没有案卷" in answer.text


def test_a_form_that_lacks_something_refuses_every_row_in_words(desk: Town) -> None:
    numbers = [desk.report(), desk.report()]
    shen = Browser(desk, SHEN)
    page = shen.send(bulk(shen, numbers, "refuse").form("/bulk/refuse"))
    assert results(page) == ["refused", "refused"]
    assert "理由" in page.text
    assert page.link("/tickets/").endswith(numbers[0])


def registered(served: Town, login: str, area: str, description: str, phone: str) -> str:
    """A call that a desk wrote down."""
    form = {
        "description": description, "place": {"area": area}, "source": "hotline", "contact_name": "赵女士",
        "contact_phone": phone,
    }  # fmt: skip
    body = {"workflow": BLOCK_CALLS, "action": "register", "form": form}
    answer = served.ask(login, "POST", "/api/tickets", json=body)
    assert answer.status_code == 201, answer.text
    return str(answer.json()["case_no"])


def test_the_caller_is_known_again_within_the_readers_reach(desk: Town) -> None:
    first = registered(desk, SHEN, "xd-m", "楼道灯不亮", "13800001234")
    elsewhere = registered(desk, "qian", "nq-m", "路面积水", "13800001234")
    other = registered(desk, SHEN, "xd-m", "占道停车", "13900005678")
    again = registered(desk, SHEN, "xd-m", "楼道灯又不亮", "13800001234")
    page = Browser(desk, SHEN).go(f"/tickets/{again}")
    section = page.html.partition('id="called"')[2].partition("</ul>")[0]
    assert first in section
    assert "13800001234" not in section
    assert elsewhere not in page.html, "another street's"
    assert other not in page.html
    assert elsewhere in Browser(desk, "gu").go(f"/tickets/{again}").html, "the district reaches both"
    assert 'id="called"' not in Browser(desk, SHEN).go(f"/tickets/{other}").html
