"""What is kept for a while only goes when its time is over; what is still used or still waits stays."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from engine.application import Application
from engine.background.fan_out import fan_out
from engine.background.relay import relay
from engine.background.retention import Kept, prune
from engine.clock import DAY, SetClock
from engine.database import Database
from engine.records import receipts, uploads
from tests.support.browser import Browser
from tests.support.pictures import jpeg, scene
from tests.support.town import BLOCK_CALLS, Town, town

KEPT = Kept(messages=100, uploads=30)


@pytest.fixture
def xidu(database: Database, clock: SetClock, tmp_path: Path) -> Iterator[Town]:
    with town(database, clock, tmp_path / "data") as served:
        yield served


@pytest.fixture
def house(xidu: Town) -> Application:
    return Application(settings=xidu.settings, database=xidu.database, clock=xidu.clock)


def pruned(house: Application) -> int:
    return prune(house.database, house.store, house.settings.data, house.clock, KEPT)


def count(xidu: Town, what: str) -> int:
    with xidu.database.looking() as transaction:
        return int(transaction.rows(f"SELECT count(*) FROM {what}")[0][0])


def test_pictures_of_a_refused_street_report_go_and_those_of_tickets_stay(xidu: Town, house: Application) -> None:
    street = Browser(xidu)
    form = street.go("/g/xd-g").form("/g/xd-g")
    refused = street.send(form, {"description": ""}, {"before_photos": jpeg(scene(9))})
    assert refused.status == 422
    xidu.report("citizen")
    assert count(xidu, "upload") == 2
    with xidu.database.looking() as transaction:
        sent = [row[0] for row in transaction.rows("SELECT sha256 FROM upload WHERE uploader_id IS NULL")]
    xidu.clock.advance(29 * DAY)
    assert pruned(house) == 0
    xidu.clock.advance(2 * DAY)
    assert pruned(house) == 1
    assert not house.store.has(uploads.key_of(sent[0]))
    assert count(xidu, "upload") == count(xidu, "attachment") == 1
    assert count(xidu, "upload_print") == 0 or count(xidu, "upload_print u JOIN upload x ON x.sha256 = u.sha256") > 0


def test_an_original_that_a_ticket_shows_in_small_stays(xidu: Town, house: Application) -> None:
    small, original = xidu.photo("citizen", jpeg(scene(4), 40)), xidu.photo("citizen", jpeg(scene(4)))
    sql = "INSERT INTO original (sha256, original, size, person_id, promised_at) VALUES (@, @, 9, 1, 1)"
    mark = "%s" if xidu.database.dialect == "postgresql" else "?"
    xidu.database.acting(lambda transaction: transaction.run(sql.replace("@", mark), (small, original)))
    form = {"description": "井盖", "place": {"area": "xd-m"}, "before_photos": [small]}
    body = {"workflow": BLOCK_CALLS, "action": "report", "form": form}
    assert xidu.ask("citizen", "POST", "/api/tickets", json=body).status_code == 201
    xidu.clock.advance(40 * DAY)
    assert pruned(house) == 0


def test_messages_and_notices_go_but_for_what_waits(xidu: Town, house: Application) -> None:
    case_no = xidu.report("citizen")
    xidu.act("shen", case_no, "ask_back", {"message": "请补充位置"})
    relay(xidu.database)
    fan_out(xidu.database, xidu.clock)
    told = count(xidu, "message")
    assert told > 0
    xidu.clock.advance(101 * DAY)
    xidu.tokens.clear()
    xidu.act("shen", xidu.report("citizen"), "ask_back", {"message": "请补充位置"})
    assert pruned(house) >= 1
    assert count(xidu, "message") == told, "they wait for their delivery"
    assert count(xidu, "notice WHERE fanned_at IS NOT NULL") == 0
    assert count(xidu, "notice") > 0
    done: Any = "UPDATE message SET delivery = 'kept', next_at = NULL"
    xidu.database.acting(lambda transaction: transaction.run(done))
    pruned(house)
    assert count(xidu, "message") == 0


def test_keys_and_receipts_that_are_over_go(xidu: Town, house: Application) -> None:
    street = Browser(xidu)
    form = street.go("/g/xd-g").form("/g/xd-g")
    street.send(form, {"description": "井盖"}, {"before_photos": jpeg(scene(9))})
    assert (count(xidu, "receipt"), count(xidu, "idempotency_key")) == (1, 1)
    xidu.clock.advance(91 * DAY)
    assert pruned(house) == 1
    assert (count(xidu, "receipt"), count(xidu, "idempotency_key")) == (1, 0), "the ticket is still handled"
    settled = "UPDATE ticket SET settled_at = head_at"
    xidu.database.acting(lambda transaction: transaction.run(settled))
    xidu.clock.advance(receipts.KEPT)
    assert pruned(house) == 1
    assert count(xidu, "receipt") == 0
