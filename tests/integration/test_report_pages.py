"""Reports in pages: asked for by a form, shown while they are made, taken by whom they were made for."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from engine.application import Application
from engine.background import reports
from engine.clock import SetClock
from engine.database import Database
from engine.records import report_jobs
from tests.support.browser import Browser
from tests.support.town import BLOCK_CALLS, Town, town


@pytest.fixture
def xidu(database: Database, clock: SetClock, tmp_path: Path) -> Iterator[Town]:
    with town(database, clock, tmp_path / "data") as served:
        yield served


def run(xidu: Town) -> int:
    return reports.run_reports(Application(settings=xidu.settings, database=xidu.database, clock=xidu.clock))


def test_a_ledger_is_asked_for_shown_on_its_way_and_taken(xidu: Town) -> None:
    case_no = xidu.report()
    desk = Browser(xidu, "shen")
    page = desk.go("/reports")
    form = page.form("/reports")
    assert form.values["period"] == ["2026-02"], "the month before"
    waiting = desk.send(form, {"workflow": BLOCK_CALLS, "period": "2026-03", "area": "xd"})
    assert "排队中" in waiting.text
    assert "<progress" in waiting.html
    number = waiting.url.rpartition("/")[2]
    part = desk.go(f"/reports/{number}", **{"HX-Request": "true", "HX-Request-Type": "partial"})
    assert part.html.startswith("<div"), "the fragment alone"
    assert 'hx-trigger="every 2s"' in part.html
    assert run(xidu) == 1
    done = desk.go(f"/reports/{number}")
    assert "every 2s" not in done.html, "nothing is asked again once it is there"
    answer = desk.client.get(done.link("/files/xlsx"))
    assert answer.status_code == 200
    assert answer.content.startswith(b"PK")
    assert "attachment" in answer.headers["content-disposition"]
    assert case_no not in done.html


def test_nobody_else_sees_or_takes_it(xidu: Town) -> None:
    desk, other, citizen = Browser(xidu, "shen"), Browser(xidu, "qian"), Browser(xidu, "citizen")
    sent = desk.send(desk.go("/reports").form("/reports"), {"workflow": BLOCK_CALLS, "period": "2026-03"})
    number = sent.url.rpartition("/")[2]
    run(xidu)
    for path in (f"/reports/{number}", f"/reports/{number}/files/xlsx"):
        assert other.go(path).status == 404
    assert desk.client.get(f"/reports/{number}/files/xlsx").status_code == 200
    assert citizen.go("/reports").status == 403
    xidu.database.acting(lambda transaction: transaction.run("UPDATE holding SET valid_to = 1"))
    assert desk.go(f"/reports/{number}/files/xlsx").status == 403, "asked again when it is taken"


def test_what_cannot_be_asked_is_said_on_the_page(xidu: Town) -> None:
    desk = Browser(xidu, "shen")
    form = desk.go("/reports").form("/reports")
    for values in ({"period": "2026-13"}, {"period": "昨天"}, {"workflow": "nothing"}, {"area": "nowhere"}):
        page = desk.send(form, {"workflow": BLOCK_CALLS, "period": "2026-03", **values})
        assert page.status in (404, 422)
        assert 'role="alert"' in page.html
    for _ in range(report_jobs.MOST_OPEN):
        assert desk.send(form, {"workflow": BLOCK_CALLS, "period": "2026-03"}).status == 200
    assert desk.send(form, {"workflow": BLOCK_CALLS, "period": "2026-03"}).status == 429
