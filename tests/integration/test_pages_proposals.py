"""What is proposed beside a ticket, walked by plain forms and asked of the API."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from engine.background.proposals import keep_up
from engine.background.relay import relay
from engine.clock import DAY, MINUTE, Instant, SetClock, moment
from engine.database import Database
from engine.records.calendar_book import CalendarBook
from engine.records.versions import Versions
from engine.stages.door import Door
from tests.support.browser import Browser
from tests.support.town import BLOCK_CALLS, Town, town

PLACE = {"lon": 121.4567, "lat": 30.9, "datum": "WGS-84", "accuracy": 8, "area": "xd-m"}


@pytest.fixture
def xidu(database: Database, clock: SetClock, tmp_path: Path) -> Iterator[Town]:
    with town(database, clock, tmp_path / "data") as served:
        yield served


def report(xidu: Town, description: str = "窨井盖破损，夜里危险", north: float = 0) -> str:
    place = {**PLACE, "lat": PLACE["lat"] + north}  # type: ignore[operator]
    form = {"description": description, "place": place, "before_photos": [xidu.photo("wang")]}
    body = {"workflow": BLOCK_CALLS, "action": "report", "form": form}
    answer = xidu.ask("wang", "POST", "/api/tickets", json=body)
    assert answer.status_code == 201, answer.text
    return str(answer.json()["case_no"])


def accepted(xidu: Town, **options: Any) -> str:
    case_no = report(xidu, **options)
    xidu.act("shen", case_no, "accept", {"item": "part-01-01/1", "urgency": "normal"})
    return case_no


def background(xidu: Town) -> None:
    relay(xidu.database)
    door = Door(xidu.database, xidu.clock, Versions(CalendarBook(xidu.database)))
    keep_up(door, xidu.database, xidu.clock)


def ruled(xidu: Town) -> str:
    """The water office is called, returns it with a clause, and urban management gets it."""
    case_no = accepted(xidu)
    xidu.act("shen", case_no, "call", {"kind": "appeal", "lead": "water"})
    task = xidu.task_of(case_no, "water")["task"]
    asked = {"ground": "beyond", "suggested": "urban", "clause": "排水条例第九条"}
    xidu.act("lu-lead", case_no, "return", asked, task=task)
    offered = xidu.get("shen", f"/api/tickets/{case_no}/actions")["actions"]
    (ask,) = [one["request"] for one in offered if one["action"] == "redispatch"]
    xidu.act("shen", case_no, "redispatch", {"department": "urban"}, request=ask)
    background(xidu)
    return case_no


def test_a_duplicate_is_shown_and_joined_by_one_button(xidu: Town) -> None:
    main = report(xidu)
    xidu.clock.advance(35 * MINUTE)
    double = report(xidu, "窨井盖破损", north=0.0001)
    shen = Browser(xidu, "shen")
    page = shen.go(f"/tickets/{double}")
    assert "可能是同一件事" in page.text
    assert "相距 11 米（精度 ±16 米）" in page.text
    assert "相隔 35 分钟" in page.text
    (button,) = [form for form in page.forms if form.values.get("ticket") == [main]]
    after = shen.send(button)
    assert after.status == 200
    assert "已并案" in after.text
    assert "可能是同一件事" not in shen.go(f"/tickets/{double}").text


def test_the_api_tells_duplicates_with_figures_and_only_to_who_may_see(xidu: Town) -> None:
    main, double = report(xidu), report(xidu, north=0.0001)
    (only,) = xidu.get("shen", f"/api/tickets/{double}/duplicates")["items"]
    assert (only["case_no"], only["metres"], only["main"]) == (main, 11, None)
    assert only["points"] >= 60
    assert only["reasons"][0]["en"] == "11 m apart (±16 m)"
    assert xidu.ask("qian", "GET", f"/api/tickets/{double}/duplicates").status_code == 404


def test_a_citizen_is_told_of_nobody_elses_report(xidu: Town) -> None:
    report(xidu)
    form = {"description": "窨井盖破损", "place": PLACE, "before_photos": [xidu.photo("citizen")]}
    body = {"workflow": BLOCK_CALLS, "action": "report", "form": form}
    answer = xidu.ask("citizen", "POST", "/api/tickets", json=body)
    case_no = answer.json()["case_no"]
    assert xidu.get("citizen", f"/api/tickets/{case_no}/duplicates")["items"] == []
    assert "可能是同一件事" not in Browser(xidu, "citizen").go(f"/tickets/{case_no}").text


def test_a_proposed_lead_fills_the_form_by_a_plain_link(xidu: Town) -> None:
    earlier = ruled(xidu)
    case_no = accepted(xidu)
    shen = Browser(xidu, "shen")
    page = shen.go(f"/tickets/{case_no}")
    assert "建议主办" in page.text
    assert f"先例 {earlier}" in page.text
    assert "为何不：" not in page.text.partition("城管中队")[0]
    form = shen.go(page.link("fill.lead=urban")).form("/do/call")
    assert form.values["lead"] == ["urban"]
    done = shen.send(form, {"kind": "appeal", "message": "请到场"})
    assert "已派遣，待响应" in done.text
    lines = xidu.get("shen", f"/api/tickets/{case_no}/history")["events"]
    said = [line["facts"] for line in lines if line["action"] == "call"]
    assert (said[0]["proposed"][0], said[0]["taken"]) == ("urban", 1)


def test_a_link_that_fills_nonsense_is_refused_like_any_typed_nonsense(xidu: Town) -> None:
    case_no = accepted(xidu)
    shen = Browser(xidu, "shen")
    page = shen.go(f"/tickets/{case_no}/do/call?fill.lead=%00nobody&fill.kind=%3Cscript%3E&fill.message=%3Cscript%3E")
    assert page.status == 200
    assert "<script>" not in page.html.partition('<div id="act"')[2] + page.html.partition("<textarea")[2]
    assert shen.send(page.form("/do/call"), {"kind": "appeal"}).status == 422


def test_the_api_proposes_to_officials_only(xidu: Town) -> None:
    ruled(xidu)
    case_no = accepted(xidu)
    first, *_ = xidu.get("shen", f"/api/tickets/{case_no}/proposals")["items"]
    assert first["lead"] == {"code": "urban", "name": "城管中队"}
    assert "排水条例第九条" in first["reasons"][0]["zh"]
    assert xidu.ask("qian", "GET", f"/api/tickets/{case_no}/proposals").status_code == 404


def test_precedents_are_searched_on_their_page_and_by_the_api(xidu: Town) -> None:
    case_no = ruled(xidu)
    shen = Browser(xidu, "shen")
    assert case_no in shen.go("/precedents").text
    page = shen.go("/precedents?q=排水条例")
    assert "准退并改派：城管中队" in page.text
    assert "不由" in page.text
    assert "没有裁定" in shen.go("/precedents?q=没有这样的").text
    assert "没有裁定" in Browser(xidu, "qian").go("/precedents").text
    (only,) = xidu.get("shen", "/api/precedents", q="窨井盖")["items"]
    assert (only["winner"]["code"], only["loser"]["code"], only["by"]) == ("urban", "water", "沈静")
    assert xidu.get("citizen", "/api/precedents")["items"] == []


def test_a_relapse_is_shown_on_both_pages(xidu: Town) -> None:
    earlier = accepted(xidu)
    xidu.act("shen", earlier, "answer", {"reply": "已修复"})
    xidu.clock.advance(10 * DAY)
    again = accepted(xidu)
    background(xidu)
    gu = Browser(xidu, "shen")
    assert "复发：同一地点同类问题不久前办结" in gu.go(f"/tickets/{again}").text
    assert earlier in gu.go(f"/tickets/{again}").text
    assert "本案办结后复发" in gu.go(f"/tickets/{earlier}").text
    told = xidu.get("shen", f"/api/tickets/{again}/duplicates")
    assert (told["relapse_of"], told["relapses"]) == (earlier, [])
    assert xidu.get("shen", f"/api/tickets/{earlier}/duplicates")["relapses"] == [again]


def test_what_comes_too_often_is_listed_for_its_grid_leader(xidu: Town) -> None:
    accepted(xidu)
    xidu.clock.advance(200 * DAY)
    xidu.tokens.clear()
    recent = [accepted(xidu) for _ in range(5)]
    liu = Browser(xidu, "liu")
    page = liu.go(liu.go("/tickets").link("/frequent"))
    assert "窨井盖 · 浦江第一微网格" in page.text
    assert "近 30 天 5 件" in page.text
    assert all(case_no in page.text for case_no in recent)
    (only,) = xidu.get("liu", "/api/frequent")["items"]
    assert (only["recent"], only["past"], only["one_place"]) == (5, 1, True)
    assert xidu.get("citizen", "/api/frequent")["items"] == []
    assert "没有明显高于往常" in Browser(xidu, "qian").go("/frequent").text
    form = liu.go(page.link("/report/multi-grid-in-one/list_frequent")).form("/report/")
    assert form.values["place"] == ["xd-m"]
    assert form.values["item"] == ["part-01-01"]
    assert form.values["description"][0].startswith("浦江第一微网格 窨井盖：近 30 天 5 件")
    due = moment(Instant(xidu.clock.now() + 30 * DAY)).date().isoformat()
    rest = {"raised_by": "village", "cross": "department", "lead_department": "urban", "leader_in_charge": "gu",
            "measures": "更换路段全部井盖", "due": due, "reason": "高频"}  # fmt: skip
    assert "难题清单" in liu.send(form, {**form.values, **rest}).text
