"""依法删除个人信息：从每一个入口种下独一无二的字，删除之后整个库、整个数据目录都找不到；链与封存照旧成立。

What a citizen said is planted through every entry and looked for everywhere after it was erased.
"""

import json
import shutil
import zipfile
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from engine.application import Application
from engine.background import reports
from engine.background.commands import run_commands
from engine.background.facts import fold_facts, rebuild
from engine.background.fan_out import fan_out
from engine.background.relay import relay
from engine.background.seal import seal
from engine.clock import DAY, SetClock
from engine.database import Database, Transaction
from engine.errors import Malformed, NotFound
from engine.exchange import citizen_copy, seal_check
from engine.exchange.history import import_tickets
from engine.exchange.registers import apply_rows
from engine.records import citizens, periods, uploads
from engine.records.citizens import Who
from engine.records.erasures import ErasureGround
from engine.records.people import NewPerson, create_people
from engine.records.verify import verify
from engine.rules import cut_off
from engine.signing import Key
from engine.stages import accounting, erasing
from engine.stages.erasing import Wish
from engine.stages.retelling import retold
from tests.support import planted
from tests.support.browser import Browser
from tests.support.importing import mapped, written
from tests.support.planted import ADDRESS, FILE, NAME, NOTE, OBJECTION, PHONE, REPLY, SPELLED, WORDS
from tests.support.registers import HEADERS, register, table
from tests.support.town import BLOCK_CALLS, Town, town

MAP = """
source: small
workflow: service-request
id: 编号
times: {zone: Asia/Shanghai, formats: ["%Y-%m-%d %H:%M"]}
department: {column: 编号, default: line, create: true}
area: {column: 编号, create: {level: street}}
steps:
  - {action: report, at: 提出, form: {place: {from: place}, description: {column: 描述}, address: {column: 地址}, contact_name: {column: 姓名}, contact_phone: {column: 电话}}}
"""  # noqa: E501


@pytest.fixture
def xidu(database: Database, clock: SetClock, tmp_path: Path) -> Iterator[Town]:
    with town(database, clock, tmp_path / "data") as served:
        yield served


@pytest.fixture
def house(xidu: Town) -> Application:
    return Application(settings=xidu.settings, database=xidu.database, clock=xidu.clock)


def by_web(xidu: Town) -> str:
    """A report of a citizen with an account, by the form of the pages, with a file that bears a name."""
    new = NewPerson(login="zk-citizen", name=NAME, phone=SPELLED)
    xidu.database.acting(lambda transaction: create_people(transaction, [new]))
    form: dict[str, Any] = {"description": WORDS, "address": ADDRESS, "place": {"area": "xd-m"}}
    files = {"file": (f"{FILE}.jpg", planted.photo(1), "image/jpeg")}
    sent = xidu.ask("zk-citizen", "POST", "/api/uploads", files=files)
    form["before_photos"] = [sent.json()["sha256"]]
    body = {"workflow": BLOCK_CALLS, "action": "report", "form": form}
    answer = xidu.ask("zk-citizen", "POST", "/api/tickets", json=body, headers={"Idempotency-Key": "k-1"})
    assert answer.status_code == 201, answer.text
    return str(answer.json()["case_no"])


def by_passer_by(xidu: Town) -> str:
    """A report by the code of a grid."""
    street = Browser(xidu)
    form = street.go("/g/xd-g").form("/g/xd-g")
    sent = street.send(form, {"description": WORDS, "address": ADDRESS}, {"before_photos": planted.photo(2)})
    assert sent.status == 200, sent.text
    return newest(xidu)


def by_desk(xidu: Town, seed: int = 3) -> str:
    """A call that the desk writes down, answered after a note, by a unit that replies."""
    form = {
        "description": WORDS, "place": {"area": "xd-m"}, "address": ADDRESS, "source": "hotline",
        "contact_name": NAME, "contact_phone": SPELLED, "before_photos": [xidu.photo("shen", planted.photo(seed))],
    }  # fmt: skip
    body = {"workflow": BLOCK_CALLS, "action": "register", "form": form}
    case_no = str(xidu.ask("shen", "POST", "/api/tickets", json=body).json()["case_no"])
    xidu.act("shen", case_no, "accept", {"item": "part-01-01/1", "urgency": "normal"})
    xidu.act("shen", case_no, "call", {"lead": "urban", "kind": "appeal"})
    task = xidu.task_of(case_no, "urban")["task"]
    xidu.act("chen", case_no, "sign", task=task)
    xidu.act("chen", case_no, "progress", {"note": NOTE}, task=task)
    done = {"result": "已修复", "reply": REPLY, "after_photos": [xidu.photo("chen")]}
    xidu.act("chen", case_no, "finish", done, task=task)
    return case_no


def by_import(xidu: Town, house: Application, folder: Path) -> str:
    """A row of an old system."""
    headers = ("编号", "提出", "描述", "地址", "姓名", "电话")
    rows = [("7001", "2025-11-03 09:00", WORDS, ADDRESS, NAME, PHONE)]
    report = import_tickets(house.door, written(folder / "old.csv", headers, rows), mapped(folder, MAP))
    assert report.imported == 1, report
    return newest(xidu)


def by_register(xidu: Town, folder: Path) -> None:
    """Somebody in care, in two versions."""
    for name in (NAME, NAME + "（独居）"):
        file = table(folder / "care.csv", ("fx-9", name, "xd-v", "独居老人", PHONE), headers=HEADERS)
        assert apply_rows(xidu.database, register(), file, xidu.clock.now()).refused == ()
        xidu.clock.advance(DAY)


def by_officials(xidu: Town, case_no: str) -> int:
    """An objection about the ticket, what the shift was told, a ledger, a thumbnail; the period's number."""
    words = f"回电 {SPELLED}，{NAME} 不在家"
    desk = Browser(xidu, "shen")
    page = desk.go("/shifts")
    assert desk.send(page.form("/shifts"), {"words": words}).status == 200
    ask = {"workflow": BLOCK_CALLS, "period": f"{moment_month(xidu)}", "area": "xd"}
    assert desk.send(desk.go("/reports").form("/reports"), ask).status == 200
    house = Application(settings=xidu.settings, database=xidu.database, clock=xidu.clock)
    assert reports.run_reports(house) == 1
    (photo,) = xidu.get("shen", f"/api/tickets/{case_no}/history")["events"][0]["facts"]["form"]["before_photos"]
    assert xidu.ask("shen", "GET", f"/api/uploads/{photo}/thumb?ticket={case_no}").status_code == 200
    label = cut_off.label_at(xidu.clock.now(), None)
    xidu.clock.advance(cut_off.span(label, None)[1] - xidu.clock.now() + DAY)
    behind(xidu, house)
    number = accounting.draft(xidu.database, xidu.clock, "response", "fx", cut_off.ended(xidu.clock.now(), None)[0])
    he, lead = Browser(xidu, "he"), Browser(xidu, "chen-lead")
    he.send(he.go(f"/periods/{number}").form("/open"))
    form = lead.go(f"/periods/{number}?indicator=contacted_first").form("/object")
    assert "已提异议" in lead.send(form, {"ground": "data", "words": f"{OBJECTION} {NAME}"}).text
    ruling = he.go(f"/periods/{number}").form("/rule")
    assert he.send(ruling, {"verdict": "keep", "words": OBJECTION}).status == 200
    return number


def moment_month(xidu: Town) -> str:
    return cut_off.label_at(xidu.clock.now(), None)[:7]


def newest(xidu: Town) -> str:
    with xidu.database.looking() as transaction:
        return str(transaction.rows("SELECT case_no FROM ticket ORDER BY id DESC LIMIT 1")[0][0])


def behind(xidu: Town, house: Application) -> None:
    """What is done behind the acts."""
    run_commands(house.door, xidu.database, xidu.clock)
    relay(xidu.database)
    fan_out(xidu.database, xidu.clock)
    fold_facts(xidu.database, house.versions)


def erase(house: Application, *, pictures: bool = False, **who: str) -> int:
    return erased(house, Who(**who), pictures=pictures)


def erased(house: Application, who: Who, *, pictures: bool = False) -> int:
    wish = Wish(who=who, ground=ErasureGround.WITHDRAWN, running=True, pictures=pictures)
    now = house.clock.now()
    number = house.database.acting(lambda transaction: erasing.begin(transaction, wish, None, now))
    return erasing.go_on(house.door, house.store, house.settings.data, number)


def figures(database: Database) -> dict[str, list[Any]]:
    """Every row that figures, scores and periods are worked out of, but for whose report it was."""
    tables = ("ticket_fact", "task_fact", "stage_span", "agenda_fact", "period_line", "exemption", "card", "deadline",
              "points_line", "appraisal", "accounting_period", "rollup", "relapse")  # fmt: skip
    with database.looking() as transaction:
        if transaction.postgresql:
            names = "SELECT column_name FROM information_schema.columns WHERE table_name = %s ORDER BY ordinal_position"
        else:
            names = "SELECT name FROM pragma_table_info(?)"
        told = {}
        for one in tables:
            columns = [f'"{row[0]}"' for row in transaction.rows(names, (one,)) if row[0] != "reporter_key"]
            told[one] = sorted(map(str, transaction.rows(f"SELECT {', '.join(columns)} FROM {one}")))
        return told


def sound(house: Application) -> bool:
    """Chains, seals, rows."""
    kept = seal_check.kept(house.database)
    assert [str(one) for one in kept.findings] == []
    told = [difference for found in retold(house.database, house.versions) for difference in found]
    assert told == []
    return verify(house.database).sound


def test_nothing_of_it_is_left_anywhere_and_everything_still_verifies(
    xidu: Town, house: Application, tmp_path: Path
) -> None:
    outside = tmp_path / "outside"
    outside.mkdir()
    by_register(xidu, outside)
    web, passer, desk = by_web(xidu), by_passer_by(xidu), by_desk(xidu)
    by_import(xidu, house, outside)
    period = by_officials(xidu, desk)
    behind(xidu, house)
    seal(xidu.database, xidu.clock, Key.make(tmp_path / "seal.key"), "sha256")
    before, figured = planted.in_tables(xidu.database), figures(xidu.database)
    data = planted.in_files(xidu.settings.data)
    assert {one.word for one in before} == {*planted.SAID} - {planted.EXIF, FILE}, "all of it was there"
    assert {"particulars", "personal", "ticket_text", "register_row", "shift_handover", "period_objection",
            "period_ruling", "person"} <= {one.place for one in before}  # fmt: skip
    assert {planted.EXIF, WORDS} <= {one.word for one in data}, "pictures, and the ledger with its descriptions"
    assert list((xidu.settings.data / "thumbs").rglob("*.jpg"))

    assert erase(house, phone=PHONE) == 3, "the call, the import, the row of the register"
    assert erase(house, login="zk-citizen") == 2, "the report and the account"
    assert erase(house, case_no=passer) == 1

    behind(xidu, house)
    assert planted.in_tables(xidu.database) == set()
    assert not list((xidu.settings.data / "thumbs").rglob("*.jpg"))
    erasing.tidy(xidu.database, xidu.settings.data)
    xidu.database.close()
    shutil.rmtree(outside)
    assert planted.in_files(tmp_path) == set(), "the data folder, and on SQLite the very bytes of the database"
    again = Application.of(xidu.settings, xidu.clock)
    assert sound(again)
    assert figures(again.database) == figured
    rebuild(again.database, again.versions)
    assert figures(again.database) == figured
    with again.database.looking() as transaction:
        assert periods.period(transaction, period).lines > 0
        lines = transaction.rows("SELECT facts, actor FROM event WHERE action = 'erased' ORDER BY ticket_id")
    assert len(lines) == 4
    assert {actor for _, actor in lines} == {"rule"}, "the line names nobody"
    assert json.loads(lines[0][0])["events"]
    assert web
    again.close()


def rows(xidu: Town, sql: str) -> list[tuple[Any, ...]]:
    with xidu.database.looking() as transaction:
        return [tuple(row) for row in transaction.rows(sql)]


def test_whoever_is_interrupted_goes_on_without_knowing_the_phone(
    xidu: Town, house: Application, monkeypatch: pytest.MonkeyPatch
) -> None:
    by_desk(xidu)
    by_desk(xidu, 4)
    dropped: list[str] = []

    def interrupted(store: Any, data: Path, key: str) -> None:
        dropped.append(key)
        raise KeyboardInterrupt

    monkeypatch.setattr(erasing, "_drop", interrupted)
    with pytest.raises(KeyboardInterrupt):
        erase(house, phone=PHONE)
    monkeypatch.undo()
    assert {one.place for one in planted.in_tables(xidu.database)} >= {"personal"}, "the second is still there"
    assert house.store.has(dropped[0])
    assert erasing.go_on(house.door, house.store, house.settings.data) == 2
    assert planted.in_tables(xidu.database) == set()
    assert not house.store.has(dropped[0])
    assert rows(xidu, "SELECT count(*) FROM event WHERE action = 'erased'") == [(2,)], "each once"
    assert rows(xidu, "SELECT count(*) FROM erasure WHERE ended_at IS NULL") == [(0,)]
    assert erasing.go_on(house.door, house.store, house.settings.data) == 0


def test_who_is_meant_must_be_clear(xidu: Town, house: Application) -> None:
    by_desk(xidu)
    for who, kind in (
        ({"name": NAME}, Malformed), ({"phone": "12"}, Malformed), ({"login": "wang"}, Malformed),
        ({"login": "nobody"}, NotFound), ({"case_no": "20200101-000001"}, NotFound), ({"phone": "13000000"}, NotFound),
        ({"phone": PHONE, "name": "别人"}, NotFound),
    ):  # fmt: skip
        with pytest.raises(kind):
            erased(house, Who(**who))
    assert rows(xidu, "SELECT count(*) FROM erasure") == [(0,)]
    with xidu.database.looking() as transaction:
        found = citizens.find(transaction, Who(phone=f"+86 {SPELLED}", name=NAME))
    assert len(found.tickets) == 1


def test_pictures_of_officials_and_tickets_still_handled_stay_unless_asked_for(xidu: Town, house: Application) -> None:
    case_no = by_desk(xidu)
    wish = Wish(who=Who(phone=PHONE), ground=ErasureGround.PURPOSE_DONE)
    with xidu.database.looking() as transaction:
        found = erasing.preview(transaction, wish)
    assert (found.left_out, found.held.tickets) == ((case_no,), [])
    assert erase(house, phone=PHONE) == 1
    kept = rows(xidu, "SELECT DISTINCT sha256 FROM attachment")
    assert len(kept) == 1, "what the handler photographed"
    assert house.store.has(uploads.key_of(kept[0][0]))
    assert erase(house, case_no=case_no, pictures=True) == 1
    assert not house.store.has(uploads.key_of(kept[0][0]))


def test_a_picture_that_another_ticket_shows_stays_there(xidu: Town, house: Application) -> None:
    shared = xidu.photo("shen", planted.photo(5))
    numbers = []
    for phone in (PHONE, "13000000001"):
        form = {"description": WORDS, "place": {"area": "xd-m"}, "source": "hotline", "contact_phone": phone}
        body = {"workflow": BLOCK_CALLS, "action": "register", "form": form | {"before_photos": [shared]}}
        numbers.append(xidu.ask("shen", "POST", "/api/tickets", json=body).json()["case_no"])
    erase(house, phone=PHONE)
    assert house.store.has(uploads.key_of(shared))
    erase(house, phone="13000000001")
    assert not house.store.has(uploads.key_of(shared))


def test_a_report_that_is_sent_again_after_the_erasure_makes_no_second_one(xidu: Town, house: Application) -> None:
    case_no = by_web(xidu)
    erase(house, login="zk-citizen", case_no=case_no)
    assert rows(xidu, "SELECT DISTINCT fingerprint FROM idempotency_key WHERE key = 'k-1'") == [("",)]


def test_a_copy_holds_what_is_kept_and_who_was_shown_it(xidu: Town, house: Application, tmp_path: Path) -> None:
    by_register(xidu, tmp_path)
    case_no = by_desk(xidu)
    assert xidu.ask("shen", "POST", f"/api/tickets/{case_no}/contact", json={"purpose": "reach"}).status_code == 200
    path, now = tmp_path / "copy.zip", xidu.clock.now()
    who = Who(phone=PHONE)
    copied = citizen_copy.write(xidu.database, house.versions, house.store, who, path, None, now)
    assert (copied.tickets, copied.pictures) == (1, 1)
    with zipfile.ZipFile(path) as archive:
        told = json.loads(archive.read("data.json"))
        page = archive.read("index.html").decode()
        (picture,) = [name for name in archive.namelist() if name.startswith("pictures/")]
        assert archive.read(picture) == planted.photo(3)
    (ticket,) = told["tickets"]
    assert [one["purpose"] for one in ticket["accesses"]] == [
        "联系诉求人 / Reach who reported", "应本人要求提供副本 / A copy for the citizen",
    ]  # fmt: skip
    for word in (NAME, SPELLED, WORDS, ADDRESS, NOTE, REPLY, "沈静"):
        assert word in page
    assert told["registers"][0]["events"][1]["words"]["name"].startswith(NAME)
    assert rows(xidu, "SELECT page, field, person_id FROM unmasking ORDER BY id")[1] == ("copy", "everything", None)


def test_rows_of_the_access_log_cannot_be_changed_or_taken_away_unseen(
    xidu: Town, house: Application, tmp_path: Path
) -> None:
    case_no = by_desk(xidu)
    for purpose in ("reach", "verify", "deliver"):
        xidu.ask("shen", "POST", f"/api/tickets/{case_no}/contact", json={"purpose": purpose})
    seal(xidu.database, xidu.clock, Key.make(tmp_path / "seal.key"), "sha256")
    assert sound(house)
    kept = rows(xidu, "SELECT * FROM unmasking ORDER BY id")
    for sql, chain in (
        ("UPDATE unmasking SET purpose = 'deliver' WHERE id = 2", False),
        ("DELETE FROM unmasking WHERE id = 2", False),
        ("DELETE FROM unmasking WHERE id = 3", True),
    ):
        xidu.database.acting(partial(Transaction.run, sql=sql))
        assert verify(xidu.database).sound is chain
        assert next(one.kind for one in seal_check.kept(xidu.database).findings).value == "access_log"
        _restore(xidu, kept)
        assert sound(house)


def _restore(xidu: Town, kept: list[tuple[Any, ...]]) -> None:
    mark = "%s" if xidu.database.dialect == "postgresql" else "?"

    def work(transaction: Any) -> None:
        transaction.run("DELETE FROM unmasking")
        values = ", ".join([mark] * len(kept[0]))
        transaction.run_many(f"INSERT INTO unmasking VALUES ({values})", kept)

    xidu.database.acting(work)
