"""Both sides and the exemptions, as pages and over the API, for those whose posts reach the tickets."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from engine.background.proposals import fold_appraisals
from engine.background.relay import relay
from engine.clock import SetClock
from engine.database import Database
from engine.records import exemptions
from tests.support.browser import Browser
from tests.support.town import Town, png, town


@pytest.fixture
def xidu(database: Database, clock: SetClock, tmp_path: Path) -> Iterator[Town]:
    with town(database, clock, tmp_path / "data") as served:
        yield served


def _exempted(xidu: Town) -> str:
    """The case number of a ticket whose department's score was exempted."""
    case_no = xidu.report()
    xidu.act("shen", case_no, "accept", {"item": "part-01-01/1", "urgency": "normal"})
    xidu.act("shen", case_no, "call", {"kind": "appeal", "lead": "urban"})
    task = xidu.task_of(case_no, "urban")["task"]
    xidu.act("chen", case_no, "sign", task=task)
    done = {"result": "已处置", "after_photos": [xidu.photo("chen", png(2))]}
    xidu.act("chen", case_no, "finish", done, task=task)
    xidu.act("zhou", case_no, "check", {"check_photos": [xidu.photo("zhou", png(3))]})
    xidu.act("shen", case_no, "pass", each={str(task): {"stars": 2, "resolved": "unsolved", "reason": "没修好"}})
    xidu.act("chen-lead", case_no, "appeal", {"reason": "照片是邻单元"})
    offered = xidu.get("he", f"/api/tickets/{case_no}/actions")["actions"]
    (ask,) = [one["request"] for one in offered if one["action"] == "exempt"]
    xidu.act("he", case_no, "exempt", {"excused": ["score"], "reason": "评分对象有误"}, request=ask)
    relay(xidu.database)
    fold_appraisals(xidu.database)
    return case_no


def _page(xidu: Town, login: str, address: str) -> str:
    return Browser(xidu, login).go(address).text


def test_an_exemption_stands_on_the_ticket_in_the_list_and_in_the_account(xidu: Town) -> None:
    case_no = _exempted(xidu)
    page = _page(xidu, "he", f"/tickets/{case_no}")
    assert "不计入考核" in page
    assert "评分对象有误" in page
    for address in ("/exemptions", "/exemptions?indicator=score", "/exemptions?department=urban"):
        assert case_no in _page(xidu, "he", address)
    assert case_no not in _page(xidu, "he", "/exemptions?indicator=on_time")
    (line,) = xidu.get("he", "/api/exemptions", ticket=case_no)["items"]
    assert (line["indicator"], line["department"]["code"], line["stands"]) == ("score", "urban", True)
    assert (line["ground"], line["title"]["zh"]) == ("评分对象有误", "直评得分")
    told = xidu.get("he", "/api/appraisals")
    (called,) = told["called"]
    assert (called["department"]["code"], called["scores"], called["mean"], called["exempted"]) == ("urban", 0, None, 1)
    (caller,) = told["callers"]
    assert (caller["login"], caller["calls"], caller["invalid"]) == ("shen", 1, 0)
    assert "双考核" in _page(xidu, "he", "/appraisals")


def test_who_does_not_reach_the_ticket_learns_nothing_of_it(xidu: Town) -> None:
    case_no = _exempted(xidu)
    assert xidu.get("lu", "/api/exemptions")["items"] == []
    assert xidu.get("lu", "/api/appraisals") == {"callers": [], "called": [], "always_full": []}
    assert case_no not in _page(xidu, "lu", "/exemptions")


def test_a_page_of_exemptions_goes_on_where_it_ended(xidu: Town, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(exemptions, "MOST", 1)
    cases = [_exempted(xidu) for _ in range(3)]
    found, before = [], ""
    for _ in range(len(cases) + 1):
        told = xidu.get("he", "/api/exemptions", before=before)
        found += [line["case_no"] for line in told["items"]]
        before = told["next"] or ""
    assert before == ""
    assert found == cases[::-1]
    assert xidu.ask("he", "GET", "/api/exemptions?before=nonsense").status_code == 422
