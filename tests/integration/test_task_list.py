"""The list of tasks: no task lost or shown twice across pages, nothing beyond one's reach, quick by its indexes."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from engine.clock import DAY, Instant, SetClock
from engine.database import Database
from engine.errors import Malformed
from engine.records import map_points, task_list
from engine.records.access import Viewer, person_of_login, viewer_of
from engine.records.task_list import NEVER, Key, Part
from engine.records.task_rows import task_rows
from tests.support.browser import Browser
from tests.support.confided import confiding
from tests.support.town import Town, town

SPOT = {"lon": 121.47, "lat": 30.93, "datum": "WGS-84", "area": "xd-m"}


@pytest.fixture
def xidu(database: Database, clock: SetClock, tmp_path: Path) -> Iterator[Town]:
    with town(database, clock, tmp_path / "data") as served:
        yield served


def _called(served: Town, words: str = "井盖", lead: str = "urban") -> str:
    case_no = served.report(description=words)
    served.act("shen", case_no, "accept", {"item": "part-01-01/1", "urgency": "normal"})
    served.act("shen", case_no, "call", {"kind": "appeal", "lead": lead})
    return case_no


def _viewer(served: Town, login: str) -> Viewer:
    with served.database.looking() as transaction:
        return viewer_of(transaction, person_of_login(served.database, login), served.clock.now())


def _versions(served: Town) -> Any:
    return served.client.app.state.house.versions  # type: ignore[attr-defined]


def _held(served: Town, login: str, **options: Any) -> task_list.Held:
    viewer = _viewer(served, login)
    with served.database.looking() as transaction:
        return task_list.held(transaction, _versions(served), viewer, **options)


def _walked(served: Town, login: str, size: int) -> Iterator[tuple[Key, ...]]:
    """Page after page; a test may act between two of them."""
    cursor = None
    while True:
        found = _held(served, login, cursor=cursor, limit=size)
        yield found.keys
        cursor = found.cursor
        if cursor is None:
            return


def test_equal_due_times_neither_hide_a_task_nor_show_one_twice(xidu: Town) -> None:
    """The clock stands still, so that all seven are due at the very same moment."""
    for number in range(7):
        _called(xidu, f"井盖{number}")
    whole = _held(xidu, "chen").keys
    assert len({key.due for key in whole}) == 1
    for size in (1, 2, 3, 7):
        pages = list(_walked(xidu, "chen", size))
        assert [key for keys in pages for key in keys] == list(whole)
        assert all(len(keys) == size for keys in pages[:-1])


def test_what_comes_and_goes_between_two_pages_moves_nothing_else(xidu: Town) -> None:
    numbers = [_called(xidu, f"井盖{number}") for number in range(6)]
    before = [key.ticket_id for key in _held(xidu, "chen").keys]
    pages = _walked(xidu, "chen", 2)
    seen = [key.ticket_id for key in next(pages)]
    # One that was shown is done, one is new and due later, one comes to the front.
    xidu.act("shen", numbers[0], "call_off", {"reason": "重复"})
    xidu.clock.advance(60_000_000)
    late = _called(xidu, "新来的")
    xidu.act("shen", numbers[1], "urge", {"message": "请签收"})
    seen += [key.ticket_id for keys in pages for key in keys]
    assert seen[:6] == before
    assert len(seen) == len(set(seen)) == 7
    assert _held(xidu, "chen").keys[0].calm == 0
    assert late in Browser(xidu, "chen").go("/tasks").html


def test_a_task_without_a_running_deadline_comes_last(xidu: Town) -> None:
    paused, running = _called(xidu, "挂账的"), _called(xidu, "在走的")
    xidu.act("chen", paused, "sign", task=xidu.task_of(paused, "urban")["task"])
    day = "2026-03-20"
    task = xidu.task_of(paused, "urban")["task"]
    xidu.act("chen-lead", paused, "suspension", {"reason": "待雨季过后", "resume_on": day}, task=task)
    seen = xidu.get("he", f"/api/tickets/{paused}")
    (request,) = seen["requests"]
    xidu.act("he", paused, "grant_suspension", {}, request=request["request"])
    keys = _held(xidu, "chen").keys
    assert [key.due == NEVER for key in keys] == [False, True]
    with xidu.database.looking() as transaction:
        rows = task_rows(transaction, _versions(xidu), keys, xidu.clock.now())
    assert [row.case_no for row in rows] == [running, paused]
    clock = rows[1].clock
    assert clock is not None
    assert clock.paused
    assert clock.resumes_at is not None
    assert "停走" in Browser(xidu, "chen").go("/tasks").text


def test_parts_hold_what_they_say(xidu: Town) -> None:
    signed, unsigned = _called(xidu), _called(xidu)
    xidu.act("chen", signed, "sign", task=xidu.task_of(signed, "urban")["task"])
    assert len(_held(xidu, "chen", part=Part.UNSIGNED).keys) == 1
    assert _held(xidu, "chen", part=Part.MINE).keys == ()
    assert unsigned in Browser(xidu, "chen").go("/tasks?part=unsigned").html
    viewer = _viewer(xidu, "chen")
    with xidu.database.looking() as transaction:
        counts = [task_list.count(transaction, _versions(xidu), viewer, part) for part in Part]
    assert counts == [2, 0, 1, 0]


def test_a_cursor_that_is_not_one_of_ours_is_refused(xidu: Town) -> None:
    for cursor in ("x", "bnVsbA", "WzFd", "WyJhIiwxLDIsM10"):
        with pytest.raises(Malformed):
            _held(xidu, "chen", cursor=cursor)
    assert Browser(xidu, "chen").go("/tasks?cursor=x").status == 422


def test_a_confidential_ticket_is_on_the_list_and_the_map_of_those_who_may_know(xidu: Town) -> None:
    confiding(xidu)
    form = {
        "description": "窨井盖破损，队长收钱不修", "place": SPOT, "before_photos": [xidu.photo("liu")],
        "item": "part-01-01/1", "secret": True, "accused": ["urban"],
    }  # fmt: skip
    body = {"workflow": "confided", "action": "report", "form": form}
    answer = xidu.ask("liu", "POST", "/api/tickets", json=body)
    case_no = str(answer.json()["case_no"])
    xidu.act("qu", case_no, "send", {"lead": "water"})
    for address in ("/tasks", "/tasks?by=place", "/tasks?by=standard", "/tasks?by=map", "/map"):
        assert case_no in Browser(xidu, "lu").go(address).html, address
        for login in ("chen", "shen", "gu", "wang"):
            assert case_no not in Browser(xidu, login).go(address).html, (login, address)


def test_the_map_holds_the_newest_open_ones_of_ones_reach(xidu: Town) -> None:
    here = _at(xidu, "wang", SPOT)
    elsewhere = _at(xidu, "sun", {**SPOT, "area": "nq-m"})
    closed = _at(xidu, "wang", SPOT)
    xidu.act("shen", closed, "refuse", {"reason": "不属受理范围"})
    page = Browser(xidu, "shen").go("/map")
    assert here in page.html
    assert elsewhere not in page.html
    assert closed not in page.html
    viewer = _viewer(xidu, "gu")
    with xidu.database.looking() as transaction:
        assert len(map_points.newest(transaction, viewer, xidu.clock.now()).spots) == 2
        cut = map_points.newest(transaction, viewer, xidu.clock.now(), limit=1)
        assert (len(cut.spots), cut.more) == (1, True)
        later = Instant(xidu.clock.now() + map_points.LOOKS_BACK + DAY)
        assert map_points.newest(transaction, viewer, later).spots == {}


def _at(served: Town, login: str, place: dict[str, Any]) -> str:
    form = {"description": "窨井盖破损", "place": place, "before_photos": [served.photo(login)]}
    body = {"workflow": "block-calls-line-responds", "action": "report", "form": form}
    answer = served.ask(login, "POST", "/api/tickets", json=body)
    assert answer.status_code == 201, answer.text
    return str(answer.json()["case_no"])


def test_the_list_is_read_by_its_indexes(xidu: Town) -> None:
    """However many tickets there are: neither the tickets nor the tasks are walked."""
    _called(xidu)
    viewer = _viewer(xidu, "chen")
    with xidu.database.looking() as transaction:
        definitions = task_list._definitions(transaction, _versions(xidu))
        sql, parameters = task_list._Statement(transaction, definitions, viewer, Part.ALL).page(None, 51)
        if transaction.postgresql:
            # So few rows would be walked whatever the indexes.
            transaction.run("SET LOCAL enable_seqscan = off")
            plan = "\n".join(row[0] for row in transaction.rows(f"EXPLAIN {sql}", parameters))
            assert "Seq Scan" not in plan
        else:
            plan = "\n".join(row[3] for row in transaction.rows(f"EXPLAIN QUERY PLAN {sql}", parameters))
            assert not [line for line in plan.splitlines() if line.startswith(("SCAN k", "SCAN t", "SCAN d", "SCAN r"))]
        assert "ix_task_department" in plan
        assert "ix_task_person" in plan
