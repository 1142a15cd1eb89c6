"""The whole loop 块呼条应 over the JSON API, on both databases."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from engine.clock import DAY, HOUR, MINUTE, Instant, SetClock
from engine.database import Database
from engine.records.access import person_of_login, viewer_of
from engine.records.calendar_book import CalendarBook
from engine.records.versions import Versions
from engine.stages.door import Door
from engine.stages.meetings import Meetings
from tests.support.town import BLOCK_CALLS, Town, town


@pytest.fixture
def xidu(database: Database, clock: SetClock, tmp_path: Path) -> Iterator[Town]:
    with town(database, clock, tmp_path / "data") as served:
        yield served


def called(town: Town, case_no: str) -> None:
    """From reported to two departments called."""
    town.act("shen", case_no, "accept", {"item": "part-01-01/1", "urgency": "normal"})
    town.act("shen", case_no, "call", {"kind": "appeal", "lead": "urban", "co": ["water"], "message": "请速办"})


def test_a_block_calls_two_lines_respond_and_the_block_scores_each(xidu: Town) -> None:
    case_no = xidu.report()
    called(xidu, case_no)
    for login, department in (("chen", "urban"), ("lu", "water")):
        xidu.clock.advance(10 * MINUTE)
        task = xidu.task_of(case_no, department)
        assert task["lead"] == (department == "urban")
        xidu.act(login, case_no, "sign", task=task["task"], expected=task["version"])
        xidu.act(login, case_no, "contact", {"note": "已联系"}, task=task["task"])
        photo = xidu.photo(login)
        xidu.act(login, case_no, "finish", {"result": "已修复", "after_photos": [photo]}, task=task["task"])
    ticket = xidu.get("zhou", f"/api/tickets/{case_no}")
    assert (ticket["state"]["code"], ticket["stage"]) == ("checking", "review")
    xidu.act("zhou", case_no, "check", {"check_photos": [xidu.photo("zhou")]})
    offers = {offer["action"]: offer for offer in xidu.get("liu", f"/api/tickets/{case_no}/actions")["actions"]}
    assert len(offers["pass"]["each"]) == 2
    scores = {seq: {"stars": 5, "resolved": "solved"} for seq in offers["pass"]["each"]}
    outcome = xidu.act("liu", case_no, "pass", each=scores)
    assert outcome["state"]["code"] == "published"
    xidu.clock.advance(HOUR)
    events = xidu.get("wang", f"/api/tickets/{case_no}/history")["events"]
    assert [event["action"] for event in events] == [
        "report", "accept", "call", "sign", "responded", "contact", "finish", "sign", "contact", "finish", "checkable",
        "check", "pass",
    ]  # fmt: skip
    assert events[-1]["facts"]["each"] == {seq: {"stars": 5, "resolved": "solved"} for seq in scores}
    assert {event["stage"] for event in events} == {"report", "triage", "dispatch", "resolve", "review"}


def test_a_problem_goes_through_the_joint_meeting_and_is_cleared(xidu: Town) -> None:
    case_no = xidu.report(workflow="multi-grid-in-one")
    xidu.act("liu", case_no, "accept", {"item": "part-01-01/1", "urgency": "normal"})
    listed = {
        "raised_by": "village", "cross": "department", "lead_department": "urban", "leader_in_charge": "shen",
        "measures": "先清障后硬化", "milestones": "十二月完成", "due": "2026-06-30", "reason": "权属不清",
    }  # fmt: skip
    xidu.act("liu", case_no, "list", listed)
    body = Meetings(Door(xidu.database, xidu.clock, Versions(CalendarBook(xidu.database))))
    with xidu.database.looking() as transaction:
        chair = viewer_of(transaction, person_of_login(xidu.database, "liu"), xidu.clock.now())
    at = Instant(xidu.clock.now() + DAY)
    sitting = body.call(chair, "multi-grid-in-one", "joint", "xd-g", at, "网格党群服务站")
    xidu.act("liu", case_no, "table", {"meeting": sitting})
    decision = {
        "lead": "urban", "co": ["water"], "due": "2026-06-30", "ruling": "由城管牵头", "attended": ["urban", "water"],
    }  # fmt: skip
    assert sitting in xidu.refused("liu", case_no, "assign", decision)["zh"]
    body.open(chair, sitting)
    assert xidu.act("liu", case_no, "assign", decision)["state"]["code"] == "tackling"
    for login, department in (("lu", "water"), ("chen", "urban")):
        task = xidu.task_of(case_no, department)
        xidu.act(login, case_no, "finish", {"result": "措施完成"}, task=task["task"], expected=task["version"])
    xidu.act("chen-lead", case_no, "propose", {"result": "申请销号"})
    offers = {offer["action"]: offer for offer in xidu.get("liu", f"/api/tickets/{case_no}/actions")["actions"]}
    scores = {seq: {"stars": 4, "resolved": "solved"} for seq in offers["confirm"]["each"]}
    assert len(scores) == 2
    assert xidu.act("liu", case_no, "confirm", each=scores)["state"]["code"] == "rating"
    events = xidu.get("wang", f"/api/tickets/{case_no}/history")["events"]
    assert {event["stage"] for event in events} == {"report", "triage", "dispatch", "resolve", "review"}


def test_the_sheet_says_what_runs_and_in_which_light(xidu: Town) -> None:
    case_no = xidu.report()
    first = xidu.get("shen", f"/api/tickets/{case_no}")
    assert [(one["name"], one["light"]) for one in first["deadlines"]] == [("accept", "")]
    xidu.clock.advance(25 * MINUTE)
    assert xidu.get("shen", f"/api/tickets/{case_no}")["deadlines"][0]["light"] == "yellow"
    xidu.clock.advance(10 * MINUTE)
    assert xidu.get("shen", f"/api/tickets/{case_no}")["deadlines"][0]["light"] == "red"
    assert xidu.get("shen", "/api/tickets")["items"][0]["due"]["light"] == "red"


def test_a_return_is_asked_and_ruled_on_over_the_api(xidu: Town) -> None:
    case_no = xidu.report()
    called(xidu, case_no)
    task = xidu.task_of(case_no, "urban")["task"]
    asked = xidu.act(
        "chen-lead", case_no, "return", {"ground": "beyond", "suggested": "power", "clause": "三定第四条"}, task=task
    )
    (request,) = xidu.get("shen", f"/api/tickets/{case_no}")["requests"]
    assert request["request"] in asked["created"]
    assert (request["name"]["code"], request["task"]) == ("return", task)
    offers = xidu.get("shen", f"/api/tickets/{case_no}/actions")["actions"]
    possible = {offer["action"] for offer in offers if offer["request"] == request["request"] and offer["possible"]}
    assert {"redispatch", "uphold"} <= possible
    assert "give_up" not in possible
    xidu.act("shen", case_no, "redispatch", {"department": "power"}, request=request["request"])
    assert xidu.task_of(case_no, "power")["lead"] is True


def test_what_cannot_be_done_is_offered_with_the_reason(xidu: Town) -> None:
    case_no = xidu.report()
    offers = {offer["action"]: offer for offer in xidu.get("wang", f"/api/tickets/{case_no}/actions")["actions"]}
    assert offers["withdraw"]["possible"]
    assert not offers["accept"]["possible"]
    assert offers["accept"]["code"] == "not_permitted"
    assert " / " in offers["accept"]["reason"]
    problem = xidu.refused("wang", case_no, "accept", {"item": "part-01-01", "urgency": "normal"})
    assert (problem["status"], problem["code"]) == (403, "not_permitted")


def test_a_second_editor_is_told_that_the_first_was_quicker(xidu: Town) -> None:
    case_no = xidu.report()
    seen = xidu.get("shen", f"/api/tickets/{case_no}")["state_version"]
    xidu.act("shen", case_no, "accept", {"item": "part-01-01", "urgency": "normal"}, expected=seen)
    # Both states know this action.
    problem = xidu.refused("shen", case_no, "answer", {"reply": "已答复"}, expected=seen)
    assert (problem["status"], problem["code"]) == (409, "stale")
    present = xidu.get("shen", f"/api/tickets/{case_no}")["state_version"]
    assert problem["details"] == {"expected": seen, "present": present, "state": "filed"}


def test_a_repeated_key_answers_the_same_ticket_and_makes_no_second(xidu: Town) -> None:
    body: dict[str, Any] = {
        "workflow": BLOCK_CALLS,
        "action": "report",
        "form": {"description": "路灯不亮", "place": {"area": "xd-m"}, "before_photos": [xidu.photo("wang")]},
    }
    first = xidu.ask("wang", "POST", "/api/tickets", json=body, headers={"Idempotency-Key": "k-1"})
    again = xidu.ask("wang", "POST", "/api/tickets", json=body, headers={"Idempotency-Key": "k-1"})
    assert (first.status_code, again.status_code) == (201, 200)
    assert first.json()["case_no"] == again.json()["case_no"]
    assert again.json()["repeated"] is True
    assert first.headers["location"] == f"/api/tickets/{first.json()['case_no']}"
    body["form"] = {**body["form"], "description": "另一件事"}
    other = xidu.ask("wang", "POST", "/api/tickets", json=body, headers={"Idempotency-Key": "k-1"})
    assert (other.status_code, other.json()["code"]) == (422, "key_reused")
    assert len(xidu.get("wang", "/api/tickets")["items"]) == 1


def test_a_phone_that_was_offline_says_when_it_happened(xidu: Town) -> None:
    case_no = xidu.report(claimed_at="2026-03-01T22:10:00+08:00", source="device")
    (event,) = xidu.get("wang", f"/api/tickets/{case_no}/history")["events"]
    assert event["source"] == "device"
    assert event["at"] == "2026-03-01T22:10:00.000000+08:00"
    assert event["recorded_at"] == "2026-03-02T09:00:00.000000+08:00"


@pytest.mark.parametrize(
    ("claim", "field"),
    [
        ({"claimed_at": "2026-03-02T10:00:00+08:00", "source": "device"}, "claimed_at"),
        ({"claimed_at": "1900-03-02T10:00:00+08:00", "source": "device"}, "claimed_at"),
        ({"claimed_at": "2025-03-02T10:00:00+08:00", "source": "device"}, "claimed_at"),
        ({"claimed_at": "2026-03-02T08:00:00", "source": "device"}, "claimed_at"),
        ({"claimed_at": "2026-03-02T08:00:00+08:00"}, "claimed_at"),
        ({"source": "device"}, "claimed_at"),
        ({"source": "import"}, "source"),
    ],
)
def test_a_claimed_time_must_be_possible(xidu: Town, claim: dict[str, str], field: str) -> None:
    body = {"workflow": BLOCK_CALLS, "action": "report", "form": {}, **claim}
    answer = xidu.ask("wang", "POST", "/api/tickets", json=body)
    assert (answer.status_code, answer.json()["where"]) == (422, {"field": field})
