"""An accounting period on its pages, without JavaScript: a unit objects, a supervisor rules, the document is served."""

import hashlib
import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from engine.background.facts import fold_facts
from engine.background.periods import keep_periods
from engine.background.relay import relay
from engine.clock import DAY, SetClock
from engine.database import Database
from engine.records import periods
from engine.records.calendar_book import CalendarBook
from engine.records.period_rows import State
from engine.records.versions import Versions
from engine.rules import cut_off
from engine.stages import accounting
from tests.support.browser import Browser, Page
from tests.support.town import Town, town


@pytest.fixture
def xidu(database: Database, clock: SetClock, tmp_path: Path) -> Iterator[Town]:
    with town(database, clock, tmp_path / "data") as served:
        yield served


def _called(xidu: Town) -> str:
    """A ticket that the urban team was called for and never contacted anybody about; its month is over."""
    case_no = xidu.report("wang")
    xidu.act("shen", case_no, "accept", {"item": "part-01-01/1", "urgency": "normal"})
    xidu.act("shen", case_no, "call", {"lead": "urban", "kind": "appeal"})
    label = cut_off.label_at(xidu.clock.now(), None)
    xidu.clock.advance(cut_off.span(label, None)[1] - xidu.clock.now() + DAY)
    relay(xidu.database)
    fold_facts(xidu.database, Versions(CalendarBook(xidu.database)))
    return case_no


def _inbox(xidu: Town, login: str) -> str:
    return Browser(xidu, login).go("/inbox").text


def test_the_engine_drafts_what_is_over_once_and_tells_the_supervisor(xidu: Town) -> None:
    _called(xidu)
    assert keep_periods(xidu.database, xidu.clock) > 0
    assert keep_periods(xidu.database, xidu.clock) == 0
    assert "初稿已生成" in _inbox(xidu, "he")
    assert "初稿" not in _inbox(xidu, "chen-lead")
    page = Browser(xidu, "he").go("/periods")
    assert "接诉即办考核" in page.text
    assert "初稿" in page.text


def test_a_unit_objects_and_a_supervisor_rules_and_makes_it_final(xidu: Town) -> None:
    case_no = _called(xidu)
    number = _drafted(xidu)
    he, lead, other = (Browser(xidu, login) for login in ("he", "chen-lead", "lu-lead"))
    path = f"/periods/{number}"
    he.send(he.go(path).form("/open"))
    keep_periods(xidu.database, xidu.clock)
    assert "可提异议" in _inbox(xidu, "chen-lead")
    assert other.go(path).status == 403
    assert Browser(xidu, "citizen").go(path).status == 403
    page = lead.go(f"{path}?indicator=contacted_first")
    assert case_no in page.text
    assert "/rule" not in page.html
    given = {"ground": "data", "words": "当日已电话联系群众，见通话记录"}
    assert "已提异议" in lead.send(page.form("/object"), given).text
    queue = he.go(path)
    assert "见通话记录" in queue.text
    refused = he.send(queue.form("/rule"), {"verdict": "exclude", "words": " "})
    assert refused.status == 422
    ruled = he.send(queue.form("/rule"), {"verdict": "exclude", "words": "通话记录属实"})
    assert "剔除" in ruled.text
    assert "考核周期裁定：剔除" in he.go(f"/tickets/{case_no}").text
    assert he.send(ruled.form("/close")).status == 409, "the window is not over"
    xidu.clock.advance(6 * DAY)
    keep_periods(xidu.database, xidu.clock)
    he, lead = Browser(xidu, "he"), Browser(xidu, "chen-lead")
    assert "/object" not in lead.go(path).html
    final = he.send(he.go(path).form("/finalise"))
    assert "逐字节相同" in final.text
    _holds_the_document(xidu, he, lead, number, final)


def _holds_the_document(xidu: Town, he: Browser, lead: Browser, number: int, final: Page) -> None:
    with xidu.database.looking() as transaction:
        digest = periods.period(transaction, number).digest
    body = he.client.get(final.link("/document")).content
    assert hashlib.sha256(body).hexdigest() == digest
    kinds = [json.loads(line)[0] for line in body.decode().splitlines()]
    assert (kinds[0], kinds[-1], "ruling" in kinds) == ("head", "results", True)
    assert lead.go(f"/periods/{number}/document").status == 403
    assert "与定稿没有差异" in he.send(final.form("/restate")).text


def _drafted(xidu: Town) -> int:
    label = cut_off.ended(xidu.clock.now(), None)[0]
    return accounting.draft(xidu.database, xidu.clock, "response", "fx", label)


def test_a_final_period_is_checked_when_it_is_read(xidu: Town) -> None:
    _called(xidu)
    number = _drafted(xidu)
    for act in ("open", "close", "finalise"):
        he = Browser(xidu, "he")
        he.send(he.go(f"/periods/{number}").form(f"/{act}"))
        xidu.clock.advance(6 * DAY)
    with xidu.database.looking() as transaction:
        assert periods.period(transaction, number).state is State.FINAL
    xidu.database.acting(
        lambda transaction: transaction.run("UPDATE period_line SET standing = 'out' WHERE number = 1")
    )
    assert "第 1 行" in Browser(xidu, "he").go(f"/periods/{number}").text
