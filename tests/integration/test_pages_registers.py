"""Registers on pages and in the API: seen within one's areas, kept by their keepers; one's own points."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from engine.clock import SetClock
from engine.database import Database
from engine.exchange.registers import apply_rows
from tests.support.browser import Browser
from tests.support.registers import HEADERS, register, table
from tests.support.rhythms import at
from tests.support.town import Town, town

ROWS = (
    ("fx-001", "吴阿婆", "xd-v", "独居老人", "13800000001"),
    ("fx-002", "钱奶奶", "nq-g", "低保家庭", ""),
)
MINE = "/api/registers/special-care/rows"


@pytest.fixture
def xidu(database: Database, clock: SetClock, tmp_path: Path) -> Iterator[Town]:
    clock.at = at("2026-03-04 10:00")
    with town(database, clock, tmp_path / "data") as served:
        file = table(tmp_path / "people.csv", *ROWS, headers=HEADERS)
        assert apply_rows(database, register(), file, clock.now()).refused == ()
        yield served


def test_each_sees_the_rows_of_their_own_areas(xidu: Town) -> None:
    mine = Browser(xidu, "shen").go("/registers/special-care")
    theirs = Browser(xidu, "qian").go("/registers/special-care")
    assert "吴阿婆" in mine.text
    assert "钱奶奶" not in mine.text
    assert "钱奶奶" in theirs.text
    assert "13800000001" not in mine.text, "a list shows nothing personal but the name"
    assert [row["code"] for row in xidu.get("gu", MINE)["items"]] == ["fx-001", "fx-002"]
    assert [row["code"] for row in xidu.get("gu", MINE, after="fx-001")["items"]] == ["fx-002"]
    assert xidu.ask("shen", "GET", f"{MINE}/fx-002").status_code == 404
    assert Browser(xidu, "shen").go("/registers/special-care/rows/fx-002").status == 404


def test_who_does_not_keep_a_register_changes_nothing(xidu: Town) -> None:
    form = {"name": "吴婆婆", "area": "xd-v", "kind": "alone"}
    answer = xidu.ask("shen", "PUT", f"{MINE}/fx-001", json={"form": form})
    assert (answer.status_code, answer.json()["code"]) == (403, "not_permitted")
    assert len(xidu.get("shen", f"{MINE}/fx-001")["items"]) == 1
    assert "/change" not in Browser(xidu, "shen").go("/registers/special-care/rows/fx-001").html


def test_a_keeper_changes_a_row_through_the_api_unless_it_has_changed_since(xidu: Town) -> None:
    put = "/api/registers/monitoring-points/rows/jd-001"
    form = {"name": "浦江居委台账点", "area": "xd-v", "kind": "ledger", "interval": 30}
    assert xidu.ask("shen", "PUT", put, json={"form": form, "expected": 0}).json() == {"result": "new"}
    assert xidu.ask("shen", "PUT", put, json={"form": form, "expected": 1}).json() == {"result": "same"}
    again = {"form": {**form, "interval": 60}, "expected": 1, "until": "2026-12-31"}
    assert xidu.ask("shen", "PUT", put, json=again).json() == {"result": "changed"}
    stale = xidu.ask("shen", "PUT", put, json=again)
    assert (stale.status_code, stale.json()["code"]) == (409, "stale")
    versions = xidu.get("shen", put)["items"]
    assert [(row["version"], row["fields"]["interval"], row["recorded_by"]) for row in versions] == [
        (1, 30, "shen"),
        (2, 60, "shen"),
    ]


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"form": {"name": "x", "area": "nowhere", "kind": "ledger", "interval": 30}}, "area"),
        ({"form": {"name": "x", "area": "xd-v", "kind": "king", "interval": 30}}, "kind"),
        ({"form": {"name": "x", "area": "xd-v", "kind": "ledger"}}, "interval"),
        ({"form": {"name": "x", "area": "xd-v", "kind": "ledger", "interval": 30}, "since": "soon"}, "since"),
    ],
)
def test_a_wrong_row_is_refused_with_its_field(xidu: Town, change: dict[str, object], field: str) -> None:
    answer = xidu.ask("shen", "PUT", "/api/registers/monitoring-points/rows/jd-001", json=change)
    assert answer.status_code == 422
    assert field in answer.text


def test_a_keeper_adds_and_changes_a_row_on_pages(xidu: Town) -> None:
    browser = Browser(xidu, "shen")
    page = browser.go("/registers/monitoring-points/new")
    form = next(one for one in page.forms if one.action.endswith("/new"))
    wrong = {"code": "jd-001", "name": "台账点", "area": "xd-v", "kind": "ledger", "interval": "often"}
    refused = browser.send(form, wrong)
    assert refused.status == 422
    assert "应为数字" in refused.text
    form = next(one for one in refused.forms if one.action.endswith("/new"))
    done = browser.send(form, {**wrong, "interval": "30"})
    assert "台账点" in done.text
    page = browser.go("/registers/monitoring-points/rows/jd-001/change")
    form = next(one for one in page.forms if one.action.endswith("/change"))
    changed = browser.send(form, {"interval": "45"})
    assert "第 Version 2" in changed.text or "2 版" in changed.text
    assert "45" in changed.text


def test_the_registers_and_their_fields_are_told(xidu: Town) -> None:
    told = {one["key"]: one for one in xidu.get("shen", "/api/registers")["items"]}
    assert told.keys() == {"special-care", "monitoring-points", "village-duties"}
    assert {field["name"]: field["personal"] for field in told["special-care"]["fields"]}["phone"]
    page = Browser(xidu, "shen").go("/registers")
    assert "由您维护" in page.text
    assert xidu.ask("shen", "GET", "/api/registers/nothing/rows").status_code == 404


def test_everybody_sees_their_own_points(xidu: Town) -> None:
    assert xidu.get("wang", "/api/points") == {"balance": 0, "lines": []}
    assert "还没有积分" in Browser(xidu, "wang").go("/points").text
