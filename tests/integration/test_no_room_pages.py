"""A full disk behind the pages: what was typed comes back with the reason, and the same form goes through later."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from engine.clock import SetClock
from engine.database import Database, Transaction
from tests.support.browser import Browser
from tests.support.town import Town, town


@pytest.fixture
def office(sqlite_database: Database, clock: SetClock, tmp_path: Path) -> Iterator[Town]:
    with town(sqlite_database, clock, tmp_path / "data") as served:
        yield served


def pages(town: Town, most: int | None) -> None:
    """Let the file of the database have no more pages than it has, or as many as it likes."""

    def work(transaction: Transaction) -> None:
        (now,) = transaction.rows("PRAGMA page_count")[0]
        transaction.rows(f"PRAGMA max_page_count = {now + most if most is not None else 1_073_741_823}")

    town.database.acting(work)


def test_what_was_typed_comes_back_and_goes_through_when_there_is_room(office: Town) -> None:
    case_no = office.report()
    shen = Browser(office, "shen")
    form = shen.go(f"/tickets/{case_no}/do/answer").form("/do/answer")
    form.values["reply"] = ["已安排，" + "详见附件。" * 900]
    before = office.get("shen", f"/api/tickets/{case_no}/history")
    pages(office, 0)
    refused = shen.send(form)
    assert refused.status == 507
    assert "磁盘已满，这一次没有保存，请告知管理员" in refused.text
    assert refused.form("/do/answer").values["reply"] == form.values["reply"]
    assert office.get("shen", f"/api/tickets/{case_no}/history") == before
    pages(office, None)
    done = shen.send(refused.form("/do/answer"))
    assert done.status == 200
    assert office.get("shen", f"/api/tickets/{case_no}")["state"]["code"] == "answered"
