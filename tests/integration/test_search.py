"""Tickets found by words, on both databases: two Chinese characters, numbers, phrases, what is gone."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from engine.clock import SetClock
from engine.database import Database, Transaction
from engine.records import lists, search, ticket_places
from engine.records.search import Phrase, phrases
from tests.support.browser import Browser
from tests.support.town import BLOCK_CALLS, Town, town


@pytest.fixture
def xidu(database: Database, clock: SetClock, tmp_path: Path) -> Iterator[Town]:
    with town(database, clock, tmp_path / "data") as served:
        yield served


def found(xidu: Town, text: str, login: str = "shen", **more: object) -> list[str]:
    page = xidu.get(login, "/api/tickets", text=text, **more)
    return [item["case_no"] for item in page["items"]]


def reported(xidu: Town, description: str, address: str) -> str:
    form = {
        "description": description,
        "address": address,
        "place": {"area": "xd-m"},
        "before_photos": [xidu.photo("wang")],
    }
    body = {"workflow": BLOCK_CALLS, "action": "report", "form": form}
    answer = xidu.ask("wang", "POST", "/api/tickets", json=body)
    assert answer.status_code == 201, answer.text
    return str(answer.json()["case_no"])


@pytest.fixture
def told(xidu: Town) -> dict[str, str]:
    """Four tickets, by what they are about."""
    reports = {
        "lamp": ("南奉公路路灯不亮，已有三天", "南奉公路 5 号"),
        "lamps": ("小区路灯全部不亮", "西渡一村 12 弄"),
        "water": ("Shop 外雨水倒灌，车牌沪A12345 被淹", "沿港路近 A30 出口"),
        "wide": ("消防通道被占用，联系物业无果", "鸿宝一村"),
    }
    return {name: reported(xidu, words, address) for name, (words, address) in reports.items()}


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("路灯", ["lamps", "lamp"]),
        ("路灯不亮", ["lamp"]),
        ("不亮 小区", ["lamps"]),
        ("公路", ["lamp"]),
        ("灯不", ["lamp"]),
        ("一村", ["wide", "lamps"]),
        ("一村 路灯", ["lamps"]),
        ("沪A123", ["water"]),
        ("ａ１２３４５", ["water"]),
        ("shop", ["water"]),
        ("sho 雨水", ["water"]),
        ("a30出口", ["water"]),
        ("公路5号", ["lamp"]),
        ("灯路", []),
        ("hop", []),
        ("灯", []),
        ("“”'\"*:&|()<->!- AND NOT", []),
        ("路灯' & !'不亮", ["lamps", "lamp"]),
    ],
)
def test_words_are_found_where_they_stand(xidu: Town, told: dict[str, str], text: str, names: list[str]) -> None:
    assert found(xidu, text) == [told[name] for name in names]


def test_a_case_number_is_found_as_a_whole(xidu: Town, told: dict[str, str]) -> None:
    assert found(xidu, f" {told['water']} ") == [told["water"]]
    assert found(xidu, "20200101-000001") == []


def test_nobody_finds_what_their_posts_do_not_reach(xidu: Town, told: dict[str, str]) -> None:
    assert found(xidu, "路灯", login="qian") == []
    assert found(xidu, told["lamp"], login="qian") == []


def test_what_is_found_is_limited_and_paged_like_any_list(xidu: Town, told: dict[str, str]) -> None:
    assert found(xidu, "路灯", stage="report") == [told["lamps"], told["lamp"]]
    assert found(xidu, "路灯", stage="review") == []
    first = xidu.get("shen", "/api/tickets", text="路灯", limit=1)
    second = xidu.get("shen", "/api/tickets", text="路灯", limit=1, cursor=first["next"])
    assert [item["case_no"] for page in (first, second) for item in page["items"]] == [told["lamps"], told["lamp"]]
    assert second["next"] is None


def test_a_common_word_is_found_as_well_as_a_rare_one(
    xidu: Town, told: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Beyond a certain number of matches the list is walked instead of the matches."""
    monkeypatch.setattr(search, "_FEW", 1)
    assert found(xidu, "路灯") == [told["lamps"], told["lamp"]]
    assert found(xidu, "路灯", login="qian") == []


def test_what_was_supplemented_is_found_and_what_it_replaced_is_not(xidu: Town) -> None:
    case_no = reported(xidu, "树枝断裂", "老街")
    xidu.act("shen", case_no, "ask_back", {"message": "请说明位置"})
    xidu.act("wang", case_no, "supplement", {"description": "香樟树枝压断电线"})
    assert found(xidu, "香樟") == [case_no]
    assert found(xidu, "断裂") == []
    assert found(xidu, "老街") == [case_no]


def test_erased_words_are_found_no_more(xidu: Town, told: dict[str, str]) -> None:
    def erase(transaction: Transaction) -> None:
        mark = "%s" if transaction.postgresql else "?"
        ((ticket_id,),) = transaction.rows(f"SELECT id FROM ticket WHERE case_no = {mark}", (told["lamp"],))
        ticket_places.forget(transaction, int(ticket_id))

    xidu.database.acting(erase)
    assert found(xidu, "路灯") == [told["lamps"]]


def test_the_page_finds_and_says_why_nothing_was_found(xidu: Town, told: dict[str, str]) -> None:
    shen = Browser(xidu, "shen")
    page = shen.go("/tickets?q=路灯")
    assert told["lamp"] in page.text
    assert told["water"] not in page.text
    assert 'value="路灯"' in page.html
    assert "中文至少输入两个字" in shen.go("/tickets?q=灯").text
    assert shen.client.get("/tickets?q=%00%22%3E%3Cscript%3E").status_code == 200


def test_what_is_typed_becomes_phrases() -> None:
    assert phrases("路灯不亮 12") == (Phrase(("路灯", "灯不", "不亮"), goes_on=False), Phrase(("12",), goes_on=True))
    assert phrases("淮海路5号楼") == (Phrase(("淮海", "海路", "5", "号楼"), goes_on=False),)
    assert phrases("沪A1") == (Phrase(("a1",), goes_on=True),)
    assert phrases("灯 ， *") == ()
    assert lists.Wanted().text == ""
