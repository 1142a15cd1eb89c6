"""What stands now: every count is the length of its list, and nobody sees more than their posts reach."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from engine.application import Application
from engine.background.sweep import sweep
from engine.clock import DAY, HOUR, Instant, SetClock
from engine.database import Database
from engine.records import standing, standing_lists
from engine.records.standing import Scope
from tests.support.browser import Browser, Page
from tests.support.confided import confiding
from tests.support.town import BLOCK_CALLS, Town, town

ITEM = {"item": "part-01-01/1", "urgency": "normal"}


@pytest.fixture
def xidu(database: Database, clock: SetClock, tmp_path: Path) -> Iterator[Town]:
    with town(database, clock, tmp_path / "data") as served:
        yield served


def _called(served: Town, description: str, lead: str = "urban", **more: str) -> str:
    """Reported, filed and sent to a department of the street."""
    case_no = served.report(description=description, **more)
    served.act("shen", case_no, "accept", ITEM)
    served.act("shen", case_no, "call", {"kind": "appeal", "lead": lead})
    return case_no


def _swept(served: Town) -> None:
    house = Application(settings=served.settings, database=served.database, clock=served.clock)
    sweep(house.door, house.database, house.clock)


def _listed(page: Page) -> list[str]:
    """The tickets of a list, a ticket once per line."""
    assert page.status == 200, page.text[:200]
    return [link.rpartition("/")[2] for link in page.links if re.fullmatch(r"/tickets/[\d-]+", link)]


def test_each_sees_what_is_overdue_in_their_own_reach_and_in_whose_hands(xidu: Town) -> None:
    urban, water = _called(xidu, "路灯不亮"), _called(xidu, "井盖破损", "water")
    xidu.report("sun", "nq-m", "南桥的事")
    xidu.clock.advance(3 * HOUR)
    page = Browser(xidu, "he").go("/board/overdue")
    assert {urban, water} < {*_listed(page)}, "and the other street's, that nobody accepted"
    assert "城管中队" in page.text
    assert "签收时限" in page.text
    assert "超期 1 小时" in page.text
    assert {*_listed(Browser(xidu, "shen").go("/board/overdue"))} == {urban, water}
    assert len({*_listed(Browser(xidu, "qian").go("/board/overdue"))} - {urban, water}) == 1
    assert "西渡" not in Browser(xidu, "qian").go("/board/overdue").text
    assert {*_listed(Browser(xidu, "chen-lead").go("/board/overdue"))} == {urban}
    assert {*_listed(Browser(xidu, "he").go("/board/overdue?department=water"))} == {water}
    assert {*_listed(Browser(xidu, "he").go("/board/overdue?area=nq"))}.isdisjoint({urban, water})
    for login, query in (("qian", "area=xd"), ("chen-lead", "department=water"), ("qian", "area=fx")):
        assert Browser(xidu, login).go(f"/board/overdue?{query}").status == 403, (login, query)
    for login in ("wang", "chen", "citizen"):
        assert Browser(xidu, login).go("/board/overdue").status == 403, login


def test_what_is_due_before_the_next_workday_ends_is_listed_the_day_before(xidu: Town) -> None:
    signed = _called(xidu, "路灯不亮")
    xidu.act("chen", signed, "sign", task=xidu.task_of(signed, "urban")["task"])
    page = Browser(xidu, "he").go("/board/tomorrow")
    assert signed in _listed(page)
    assert "2026-03-03 24:00" in page.text or "2026-03-04 00:00" in page.text or "2026-03-03 23:59" in page.text
    late = Browser(xidu, "he").go("/board/overdue")
    assert signed not in _listed(late)
    xidu.clock.advance(10 * DAY)
    assert signed not in _listed(Browser(xidu, "he").go("/board/tomorrow"))


def test_cards_stand_until_they_are_lifted_and_say_by_whom(xidu: Town) -> None:
    case_no = _called(xidu, "路灯不亮")
    task = xidu.task_of(case_no, "urban")["task"]
    xidu.act("he", case_no, "warn", {"reason": "久未签收"}, task=task)
    he = Browser(xidu, "he")
    page = he.go("/board/cards")
    assert _listed(page) == [case_no]
    assert "何清" in page.text
    assert _listed(he.go("/board/cards?card=red")) == []
    assert _listed(Browser(xidu, "lu-lead").go("/board/cards")) == []
    xidu.clock.advance(HOUR)
    xidu.act("he", case_no, "lift_card", {"reason": "已整改"}, task=task)
    assert _listed(he.go("/board/cards")) == []
    ended = he.go("/board/cards?ended=1")
    assert _listed(ended) == [case_no]
    assert "解除" in ended.text
    xidu.clock.advance(3 * HOUR)
    _swept(xidu)
    assert "系统发出" in he.go("/board/cards").text


def test_the_loop_says_how_many_are_in_each_state_and_each_opens_its_list(xidu: Town) -> None:
    called = [_called(xidu, "路灯不亮"), _called(xidu, "井盖破损", "water")]
    xidu.report("sun", "nq-m", "南桥的事")
    shen = Browser(xidu, "shen").go(f"/board/flow?workflow={BLOCK_CALLS}")
    assert shen.status == 200
    nodes = {one["data-node"]: int(one["data-tickets"]) for tag, one in shen.tags if "data-node" in one}
    assert sum(nodes.values()) == 2
    assert "stateDiagram-v2" in shen.text
    states = [link for link in shen.links if "state=" in link]
    assert len(states) == 1
    assert sorted(_listed(Browser(xidu, "shen").go(states[0]))) == sorted(called)
    whole = Browser(xidu, "he").go(f"/board/flow?workflow={BLOCK_CALLS}")
    assert sum(int(one["data-tickets"]) for tag, one in whole.tags if "data-node" in one) == 3
    part = Browser(xidu, "shen").go(f"/board/flow?workflow={BLOCK_CALLS}", **{"HX-Request-Type": "partial"})
    assert part.html.lstrip().startswith('<div id="flow"')
    assert Browser(xidu, "shen").go("/board/flow?workflow=nowhere").status == 404


def test_what_few_may_know_of_is_in_nobodys_count(xidu: Town) -> None:
    confiding(xidu)
    form = {"description": "密报", "place": {"area": "xd-m"}, "secret": True, "accused": ["urban"]}
    body = {"workflow": "confided", "action": "report", "form": form}
    assert xidu.ask("liu", "POST", "/api/tickets", json=body).status_code == 201
    for login in ("he", "gu", "shen", "liu"):
        page = Browser(xidu, login).go("/board/flow?workflow=confided")
        assert all(one["data-tickets"] == "0" for tag, one in page.tags if "data-node" in one), login
        assert _listed(Browser(xidu, login).go("/board/open?workflow=confided")) == []


def test_counts_are_the_lengths_of_their_lists_page_by_page(xidu: Town, monkeypatch: pytest.MonkeyPatch) -> None:
    for number in range(5):
        _called(xidu, f"第 {number} 件", "urban" if number % 2 else "water")
    xidu.clock.advance(3 * HOUR)
    _swept(xidu)
    monkeypatch.setattr(standing_lists, "MOST", 2)
    house = Application(settings=xidu.settings, database=xidu.database, clock=xidu.clock)
    now = xidu.clock.now()
    until = Instant(now + DAY)
    with xidu.database.looking() as transaction:
        skip = standing.passed_windows(transaction, house.versions)
        items = standing.items_of(transaction, "part-01-01")
        for scope in (Scope(units=None), Scope(units=None, workflow=BLOCK_CALLS, items=items)):
            counted = standing.tally(transaction, scope, skip, now, until)
            assert counted.overdue >= counted.open == 5
            for asked, number in (
                (lambda after, scope=scope: standing_lists.due(
                    transaction, house.versions, scope, skip, now=now, until=now, after=after), counted.overdue),
                (lambda after, scope=scope: standing_lists.due(
                    transaction, house.versions, scope, skip, now=now, since=now, until=Instant(until + 1),
                    after=after), counted.tomorrow),
                (lambda after, scope=scope: standing_lists.opened(
                    transaction, house.versions, scope, skip, now=now, after=after), counted.open),
                (lambda after, scope=scope: standing_lists.cards(
                    transaction, house.versions, scope, after=after), sum(counted.cards.values())),
            ):  # fmt: skip
                keys, after = [], None
                while lines := asked(after):
                    keys += [line.key for line in lines]
                    after = lines[-1].key
                assert len(keys) == len({*keys}) == number > 0
