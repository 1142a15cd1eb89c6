"""一个来电、三个诉求：分单后各自立案，来电人与来源照旧，来源案卷上看得到。

One call with three demands: the desk divides it, each demand is a ticket of its own, whoever called stays known.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from engine.background.commands import run_commands
from engine.clock import SetClock
from engine.database import Database
from engine.stages.retelling import Retelling
from tests.support.browser import Browser
from tests.support.town import BLOCK_CALLS, Town, town

CALL = {
    "description": "路灯不亮，垃圾桶满了，楼道堆物",
    "source": "hotline",
    "place": {"area": "xd-m"},
    "address": "西渡路 8 弄",
    "contact_name": "李群",
    "contact_phone": "138 0000 1234",
}


@pytest.fixture
def desk(database: Database, clock: SetClock, tmp_path: Path) -> Iterator[Town]:
    with town(database, clock, tmp_path / "data") as served:
        yield served


def called(served: Town) -> str:
    body = {"workflow": BLOCK_CALLS, "action": "register", "form": CALL}
    answer = served.ask("shen", "POST", "/api/tickets", json=body)
    assert answer.status_code == 201, answer.text
    return str(answer.json()["case_no"])


def reported_at(served: Town, point: dict[str, Any]) -> str:
    form = {"description": "窨井盖破损", "place": point, "before_photos": [served.photo("wang")]}
    return served.report(form=form)


def born(served: Town) -> int:
    """Do what waits to be done in the background; how many commands were done."""
    house = served.client.app.state.house  # type: ignore[attr-defined]
    return run_commands(house.door, served.database, served.clock)


def parts(served: Town, case_no: str) -> list[dict[str, Any]]:
    return [served.get("shen", f"/api/tickets/{one}") for one in served.get("shen", f"/api/tickets/{case_no}")["subs"]]


def differences(served: Town) -> list[str]:
    house = served.client.app.state.house  # type: ignore[attr-defined]
    with served.database.looking() as transaction:
        ids = [row[0] for row in transaction.rows("SELECT id FROM ticket ORDER BY id")]
        retelling = Retelling(transaction, house.versions)
        return [str(one) for ticket_id in ids for one in retelling.differences(ticket_id)]


def test_a_call_with_three_demands_becomes_three_tickets(desk: Town) -> None:
    case_no = called(desk)
    shen = Browser(desk, "shen")
    shen.do(case_no, "divide", {"demand": "垃圾桶满了，三天没人收"})
    page = shen.do(case_no, "divide", {"demand": "楼道堆物", "find.demand_item": "井盖", "demand_item": "part-01-01/1"})
    assert "分单，另立诉求" in page.text
    assert born(desk) == 2
    waste, clutter = parts(desk, case_no)
    assert {waste["description"], clutter["description"]} == {"垃圾桶满了，三天没人收", "楼道堆物"}
    for part in (waste, clutter):
        assert part["state"]["code"] == "reported"
        assert part["parent"] == case_no
        assert part["address"] == CALL["address"]
        assert part["area"]["code"] == "xd-m"
    assert born(desk) == 0, "none is born twice"
    assert desk.get("shen", f"/api/tickets/{case_no}")["description"] == CALL["description"]
    assert differences(desk) == []


def test_each_demand_goes_its_own_way(desk: Town) -> None:
    case_no = called(desk)
    desk.act("shen", case_no, "divide", {"demand": "垃圾桶满了"})
    born(desk)
    (part,) = parts(desk, case_no)
    number = str(part["case_no"])
    desk.act("shen", number, "answer", {"reply": "已联系物业"})
    assert desk.get("shen", f"/api/tickets/{number}")["state"]["code"] == "answered"
    assert desk.get("shen", f"/api/tickets/{case_no}")["state"]["code"] == "reported"
    page = Browser(desk, "shen").go(f"/tickets/{number}")
    assert case_no in page.text, "the page of the part leads back to the call"


def test_the_caller_is_found_again_however_the_number_is_written(desk: Town) -> None:
    case_no = called(desk)
    desk.act("shen", case_no, "divide", {"demand": "垃圾桶满了"})
    born(desk)
    (part,) = parts(desk, case_no)
    body = {"workflow": BLOCK_CALLS, "action": "register", "form": {**CALL, "contact_phone": "+86 138-0000-1234"}}
    again = desk.ask("shen", "POST", "/api/tickets", json=body).json()["case_no"]
    page = Browser(desk, "shen").go(f"/tickets/{again}")
    assert case_no in page.text
    assert str(part["case_no"]) in page.text


def test_who_reported_sees_both_and_may_rate_the_part(desk: Town) -> None:
    case_no = desk.report("citizen")
    desk.act("shen", case_no, "divide", {"demand": "另外，路灯也不亮"})
    born(desk)
    (part,) = parts(desk, case_no)
    number = str(part["case_no"])
    assert desk.get("citizen", f"/api/tickets/{number}")["state"]["code"] == "reported"
    desk.act("citizen", number, "withdraw", {"reason": "已经亮了"})
    assert differences(desk) == []


def test_the_parts_of_a_call_are_not_taken_for_duplicates(desk: Town) -> None:
    point = {"area": "xd-m", "lon": 121.40, "lat": 30.99, "datum": "wgs84"}
    case_no = reported_at(desk, point)
    desk.act("shen", case_no, "divide", {"demand": "窨井盖破损"})
    born(desk)
    (part,) = parts(desk, case_no)
    twin = reported_at(desk, point)
    found = {one["case_no"] for one in desk.get("shen", f"/api/tickets/{part['case_no']}/duplicates")["items"]}
    assert twin in found
    assert case_no not in found


def test_only_the_desk_divides_and_only_before_the_dispatch(desk: Town) -> None:
    case_no = called(desk)
    assert desk.refused("chen", case_no, "divide", {"demand": "楼道堆物"})["code"] == "not_found"
    assert desk.refused("shen", case_no, "divide", {})["code"] == "malformed"
    desk.act("shen", case_no, "accept", {"item": "part-01-01/1", "urgency": "normal"})
    desk.act("shen", case_no, "call", {"kind": "appeal", "lead": "urban"})
    assert desk.refused("shen", case_no, "divide", {"demand": "楼道堆物"})["code"] == "not_allowed_now"
    assert born(desk) == 0
