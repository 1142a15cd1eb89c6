"""Phrases: one's own, shared in a unit, put into forms without JavaScript; nobody else's are seen or removed."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from engine.clock import SetClock
from engine.database import Database
from engine.records import phrases
from tests.support.browser import Browser, Page
from tests.support.town import BLOCK_CALLS, Town, town

REPORT = f"/report/{BLOCK_CALLS}/report"


@pytest.fixture
def office(database: Database, clock: SetClock, tmp_path: Path) -> Iterator[Town]:
    with town(database, clock, tmp_path / "data") as served:
        yield served


def kept(browser: Browser, words: str, shelf: int = 0) -> Page:
    """Keep a phrase: on the first shelf one's own."""
    adding = next(form for form in browser.go("/phrases").forms if form.action == "/phrases")
    return browser.send(adding, {"words": words, "unit": adding.choices["unit"][shelf]})


def test_ones_own_phrases_are_offered_to_oneself_alone(office: Town) -> None:
    shen, qian = Browser(office, "shen"), Browser(office, "qian")
    assert "已保存" in kept(shen, "已电话联系诉求人，告知办理时限").text
    assert "告知办理时限" in shen.go("/phrases").text
    assert "告知办理时限" not in qian.go("/phrases").text
    assert "phrase.description" in shen.go(REPORT).html
    assert "phrase.description" not in qian.go(REPORT).html


def test_what_a_unit_shares_is_for_whoever_holds_a_post_there(office: Town) -> None:
    chen, lead, lu = (Browser(office, login) for login in ("chen", "chen-lead", "lu"))
    kept(chen, "现场已围挡，明日更换", shelf=1)
    assert "城管中队共用" in lead.go("/phrases").text
    assert "现场已围挡" not in lu.go("/phrases").text
    removing = lead.go("/phrases").form("/phrases/remove")
    assert lu.send(lu.go("/phrases").forms[-1]).status == 422
    assert "现场已围挡" not in lead.send(removing).text
    assert "没有这条常用语" in lead.send(removing).text


def test_nobody_removes_a_phrase_of_others_or_shares_elsewhere(office: Town) -> None:
    shen, qian = Browser(office, "shen"), Browser(office, "qian")
    kept(shen, "请补充照片")
    mine = shen.go("/phrases").form("/phrases/remove").values["phrase"]
    kept(qian, "南桥自用")
    foreign = qian.go("/phrases").form("/phrases/remove")
    assert qian.send(foreign, {"phrase": mine}).status == 404
    assert "请补充照片" in shen.go("/phrases").text
    adding = next(form for form in qian.go("/phrases").forms if form.action == "/phrases")
    assert qian.send(adding, {"words": "冒充", "unit": "a1"}).status == 422


def test_without_javascript_a_phrase_is_put_behind_what_was_typed(office: Town) -> None:
    shen = Browser(office, "shen")
    kept(shen, "请说明具体楼栋和楼层。")
    case_no = office.report()
    form = shen.go(f"/tickets/{case_no}/do/ask_back").form("/do/ask_back")
    filled = {"message": "您好，", "phrase.message": "请说明具体楼栋和楼层。", "look": "phrase.message"}
    page = shen.send(form, filled)
    again = page.form("/do/ask_back")
    assert again.values["message"] == ["您好，请说明具体楼栋和楼层。"]
    assert shen.send(again).status == 200
    assert office.get("shen", f"/api/tickets/{case_no}")["state"]["code"] == "incomplete"


def test_a_phrase_is_there_once_short_and_not_without_end(office: Town) -> None:
    shen = Browser(office, "shen")
    kept(shen, "同上")
    assert "已有这条" in kept(shen, "同上 ").text
    assert "请填写常用语" in kept(shen, "长" * (phrases.LONGEST + 1)).text
    for number in range(phrases.MOST - 1):
        kept(shen, f"第{number}条")
    assert "请先删去" in kept(shen, "再多一条").text
