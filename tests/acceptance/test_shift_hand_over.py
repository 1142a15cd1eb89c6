"""交接班：说明、点明的案卷、当时的待办；接班只有一次；别处的人看不到。

A desk changes hands: what is said and pointed to, what waited then, taken over once, seen by nobody elsewhere.
"""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Barrier

import pytest

from engine.clock import HOUR, Instant, SetClock
from engine.database import Database
from engine.errors import NotAllowedNow
from engine.records import shift_handovers
from engine.records.access import person_of_login, viewer_of
from engine.records.people import Appointment, NewPerson, appoint, create_people
from engine.records.shifts import NewShift, put_on_duty
from tests.support.browser import Browser, FormOnPage
from tests.support.town import Town, town

SHEN, YU, QIAN = "shen", "yu", "qian"
SAID = "大件垃圾那件已电话催过，等回音"


@pytest.fixture
def desk(database: Database, clock: SetClock, tmp_path: Path) -> Iterator[Town]:
    with town(database, clock, tmp_path / "data") as served:

        def hire(transaction: object) -> None:
            create_people(transaction, [NewPerson(login=YU, name="于晴")])  # type: ignore[arg-type]
            appoint(transaction, [Appointment(login=YU, post="coordinator", area="xd", since=Instant(0))])  # type: ignore[arg-type]

        served.database.acting(hire)
        yield served


def hand_over(served: Town, login: str, *tickets: str, words: str = SAID) -> str:
    browser = Browser(served, login)
    values = {"words": words, **({"ticket": list(tickets)} if tickets else {})}
    return browser.send(browser.go("/shifts").form("/shifts"), values).text


def test_a_shift_is_handed_over_and_taken_over(desk: Town) -> None:
    first, second = desk.report(), desk.report(description="大件垃圾")
    shen = Browser(desk, SHEN)
    shen.send(shen.go("/").form("/next"))
    assert "您正在处理" in shen.go(f"/tickets/{first}").text
    assert "已交班" in hand_over(desk, SHEN, second)
    assert "您正在处理" not in shen.go(f"/tickets/{first}").text, "what was in hand is free again"

    yu = Browser(desk, YU)
    assert "份未接班" in yu.go("/").text
    page = yu.go("/shifts")
    assert SAID in page.text
    assert "大件垃圾" in page.text
    assert page.link(f"/tickets/{second}")
    desk.clock.advance(HOUR)
    taken = yu.send(page.form("/take"))
    assert "已接班" in taken.text
    assert "于晴" in taken.text
    assert not [form for form in taken.forms if form.action.endswith("/take")]
    assert "份未接班" not in yu.go("/").text


def test_nobody_takes_over_from_oneself_and_nobody_elsewhere_sees_it(desk: Town) -> None:
    hand_over(desk, SHEN)
    shen, qian = Browser(desk, SHEN), Browser(desk, QIAN)
    assert not [form for form in shen.go("/shifts").forms if form.action.endswith("/take")]
    assert SAID not in qian.go("/shifts").text
    take = Browser(desk, YU).go("/shifts").form("/take").action
    for browser, status in ((qian, 404), (shen, 409)):
        token = browser.go("/shifts").form("/signout").values["csrf"]
        assert browser.send(FormOnPage(take, "post", {"csrf": token})).status == status


def test_of_two_who_take_over_at_once_one_does(desk: Town) -> None:
    hand_over(desk, SHEN)

    def hire(transaction: object) -> None:
        create_people(transaction, [NewPerson(login="wu", name="吴越")])  # type: ignore[arg-type]
        appoint(transaction, [Appointment(login="wu", post="coordinator", area="xd", since=Instant(0))])  # type: ignore[arg-type]

    desk.database.acting(hire)
    barrier = Barrier(2)

    def take(login: str) -> bool:
        now = desk.clock.now()
        with desk.database.looking() as transaction:
            viewer = viewer_of(transaction, person_of_login(desk.database, login), now)
            units = {f"a{area}": "" for area in viewer.areas}
            (number,) = (one.id for one in shift_handovers.recent(transaction, units))
        barrier.wait()
        try:
            desk.database.acting(lambda writing: shift_handovers.take_over(writing, viewer, units, number, now))
        except NotAllowedNow:
            return False
        return True

    with ThreadPoolExecutor(2) as pool:
        assert sorted(pool.map(take, (YU, "wu"))) == [False, True]


def test_a_ticket_out_of_reach_is_counted_and_not_shown(desk: Town) -> None:
    """A reader of the same desk may still not reach each ticket: a confidential one, or one of another street."""
    case_no = desk.report(description="只给沈静看的")
    hand_over(desk, SHEN, case_no)
    desk.database.acting(lambda transaction: transaction.run("DELETE FROM reach WHERE unit LIKE 'a%'"))
    page = Browser(desk, YU).go("/shifts")
    assert "只给沈静看的" not in page.text
    assert "另有 1 件不在您的范围内" in page.text


@pytest.mark.parametrize(("words", "ticket"), [("", None), ("x" * 2_001, None), (SAID, "20260101-999999")])
def test_what_is_refused_comes_back_as_typed(desk: Town, words: str, ticket: str | None) -> None:
    browser = Browser(desk, SHEN)
    form = browser.go("/shifts").form("/shifts")
    form.values |= {"words": [words], **({"ticket": [ticket]} if ticket else {})}
    answer = browser.send(form)
    assert answer.status in (404, 422)
    assert words in answer.text
    with desk.database.looking() as transaction:
        assert transaction.rows("SELECT count(*) FROM shift_handover") == [(0,)]


def test_who_keeps_no_shift_hands_none_over(desk: Town) -> None:
    worker = Browser(desk, "wang")
    assert "您的岗位不值班" in worker.go("/shifts").text
    assert "交接班" not in worker.go("/").text


def test_the_page_says_who_is_on_duty(desk: Town) -> None:
    now = desk.clock.now()
    new = NewShift(login=YU, post="coordinator", area="xd", since=now, until=Instant(now + 8 * HOUR))
    desk.database.acting(lambda transaction: put_on_duty(transaction, new))
    page = Browser(desk, SHEN).go("/shifts")
    assert "于晴 · 城运受理派遣员" in page.text
    assert "正在值班" in page.text


def test_requests_that_wait_for_a_ruling_are_one_click_away(desk: Town) -> None:
    plain, returned = desk.report(), desk.report()
    desk.act(SHEN, returned, "accept", {"item": "part-01-01/1", "urgency": "normal"})
    desk.act(SHEN, returned, "call", {"kind": "appeal", "lead": "urban"})
    task = desk.task_of(returned, "urban")
    form = {"ground": "beyond", "suggested": "power", "clause": "三定第 4 条"}
    desk.act("chen-lead", returned, "return", form, task=task["task"])
    page = Browser(desk, SHEN).go("/queue?on=request")
    assert returned in page.text
    assert plain not in page.text
