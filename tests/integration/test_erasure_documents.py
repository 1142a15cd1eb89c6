"""An erasure finds the papers that were issued: letters and bulletins are printed anew, signed minutes are named."""

import hashlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from engine.application import Application
from engine.background import reports
from engine.clock import SetClock
from engine.database import Database, Transaction
from engine.records import bulletins, documents, report_jobs
from engine.records.access import person_of_login, viewer_of
from engine.records.citizens import Who
from engine.records.documents import Document
from engine.records.erasures import ErasureGround
from engine.records.report_jobs import JobState
from engine.records.unmasking import NewAccess, Purpose, record
from engine.records.verify import verify
from engine.reports import issuing
from engine.reports.issuing import Case
from engine.rules.chain import canonical
from engine.stages import erasing
from engine.stages.erasing import Preview, Wish
from tests.support import planted
from tests.support.administrators import administered
from tests.support.browser import Browser
from tests.support.planted import NAME, PHONE, SPELLED, WORDS
from tests.support.town import BLOCK_CALLS, Town, town

MESSAGE, REMARKS = f"请联系 {NAME}，{SPELLED}，勿泄露", f"感谢 {NAME} 反映，回电 {PHONE}"
WISH = Wish(who=Who(phone=PHONE), ground=ErasureGround.WITHDRAWN, running=True)


@pytest.fixture
def xidu(database: Database, clock: SetClock, tmp_path: Path) -> Iterator[Town]:
    with town(database, clock, tmp_path / "data") as served:
        yield administered(served)


@pytest.fixture
def house(xidu: Town) -> Application:
    return Application(settings=xidu.settings, database=xidu.database, clock=xidu.clock)


def called(xidu: Town) -> str:
    """A call in whose dispatch the desk wrote a name and a phone, and the slip of it that was issued."""
    form = {
        "description": WORDS, "place": {"area": "xd-m"}, "source": "hotline", "contact_name": NAME,
        "contact_phone": SPELLED, "before_photos": [xidu.photo("shen", planted.photo(1))],
    }  # fmt: skip
    body = {"workflow": BLOCK_CALLS, "action": "register", "form": form}
    case_no = str(xidu.ask("shen", "POST", "/api/tickets", json=body).json()["case_no"])
    xidu.act("shen", case_no, "accept", {"item": "part-01-01/1", "urgency": "normal"})
    xidu.act("shen", case_no, "call", {"lead": "urban", "kind": "appeal", "message": MESSAGE})
    desk = Browser(xidu, "shen")
    slip = next(one for one in desk.go(f"/tickets/{case_no}/letters").forms if "task" in one.values)
    assert NAME in desk.send(slip).text
    return case_no


def issued(xidu: Town, house: Application, case_no: str) -> int:
    """A bulletin that tells of the case by name, with its files; its number."""
    now = house.clock.now()

    def work(transaction: Transaction) -> int:
        he = viewer_of(transaction, person_of_login(xidu.database, "he"), now)
        return issuing.begin(transaction, he, "2026-03", "fx", now)

    number = house.database.acting(work)
    assert reports.run_reports(house) == 1

    def sign(transaction: Transaction) -> Document:
        he = viewer_of(transaction, person_of_login(xidu.database, "he"), now)
        one = bulletins.bulletin(transaction, number, he.person_id)
        issuing.add(transaction, he, number, [Case(case_no, REMARKS)], "", one.version)
        return issuing.issue(transaction, he, number, one.version + 1, now)

    document = house.database.acting(sign)
    assert reports.run_reports(house) == 1
    return document.id


def erased(house: Application) -> Preview:
    now = house.clock.now()
    with house.database.looking() as transaction:
        found = erasing.preview(transaction, WISH)
    number = house.database.acting(lambda transaction: erasing.begin(transaction, WISH, None, now))
    erasing.go_on(house.door, house.store, house.settings.data, number)
    return found


def told(house: Application) -> dict[int, Document]:
    with house.database.looking() as transaction:
        found = [row[0] for row in transaction.rows("SELECT id FROM document")]
        return {int(one): documents.by_id(transaction, int(one)) for one in found}


def words_in(data: Any) -> set[str]:
    text = canonical(data)
    return {word for word in (NAME, PHONE, SPELLED) if word in text}


def test_letters_and_bulletins_are_printed_anew_under_their_numbers(xidu: Town, house: Application) -> None:
    case_no = called(xidu)
    bulletin = issued(xidu, house, case_no)
    before = told(house)
    assert [bool(words_in(one.data)) for one in before.values()] == [True, True]
    found = erased(house)
    assert (found.counts["documents"], found.counts["bulletins"]) == (2, 2), "the draft's files and the issued ones"
    after = told(house)
    for number, one in after.items():
        assert words_in(one.data) == set()
        assert "依法删除个人信息后重印" in canonical(one.data)
        assert (one.number, one.subject, one.at) == (before[number].number, before[number].subject, before[number].at)
        assert one.digest == hashlib.sha256(canonical(one.data).encode()).hexdigest() != before[number].digest
    page = Browser(xidu, "shen").go(f"/documents/{next(one for one in after if one != bulletin)}")
    assert "请联系 〔已删除〕" in page.text
    assert "依法删除个人信息后重印" in page.text
    assert verify(house.database).sound


def files(house: Application) -> list[str]:
    """The keys of the files of bulletins."""
    with house.database.looking() as transaction:
        jobs = report_jobs.of_person(transaction, person_of_login(house.database, "he"))
    return [file.key for job in jobs for file in job.files]


def test_files_of_bulletins_go_at_once_and_come_again_without_what_was_erased(
    xidu: Town, house: Application, tmp_path: Path
) -> None:
    bulletin = issued(xidu, house, called(xidu))
    he, path, kept = Browser(xidu, "he"), f"/documents/{bulletin}/files/docx", files(house)
    (tmp_path / "before").mkdir()
    (tmp_path / "before" / "a.docx").write_bytes(he.client.get(path).content)
    assert {NAME, PHONE} <= {one.word for one in planted.in_files(tmp_path / "before")}
    erased(house)
    assert len(kept) == 4, "of the draft and of what was issued, as Word and as Excel"
    assert [key for key in kept if house.store.has(key)] == []
    assert he.client.get(path).status_code == 404
    assert reports.run_reports(house) == 1, "the issued one; who wants the draft's counts it again"
    again = he.client.get(path)
    assert again.status_code == 200
    (tmp_path / "after").mkdir()
    (tmp_path / "after" / "a.docx").write_bytes(again.content)
    assert planted.in_files(tmp_path / "after") == set()
    with house.database.looking() as transaction:
        jobs = report_jobs.of_person(transaction, person_of_login(house.database, "he"))
    assert [one.state for one in jobs] == [JobState.DONE, JobState.GONE]


def test_whoever_is_interrupted_drops_the_files_of_bulletins_later(xidu: Town, house: Application) -> None:
    issued(xidu, house, called(xidu))
    kept, now = files(house), house.clock.now()
    house.database.acting(lambda transaction: erasing.begin(transaction, WISH, None, now))
    assert reports.run_reports(house) == 0, "nothing is made anew while the old files are there"
    assert [key for key in kept if not house.store.has(key)] == []
    erasing.go_on(house.door, house.store, house.settings.data)
    assert [key for key in kept if house.store.has(key)] == []
    assert reports.run_reports(house) == 1


def test_what_is_signed_or_chained_is_named_and_stays(xidu: Town, house: Application) -> None:
    case_no = called(xidu)
    now = house.clock.now()

    def log(transaction: Transaction) -> None:
        ((ticket,),) = transaction.rows("SELECT id FROM ticket")
        person = person_of_login(house.database, "shen")
        record(transaction, NewAccess(ticket_id=ticket, person_id=person, purpose=Purpose.STATED, field="x",
                                      page="ticket", note=f"给 {NAME} 回电"), now)  # fmt: skip

    house.database.acting(log)
    security = Browser(xidu, "jiang")
    form = security.go("/admin/personal").form("/look")
    shown = security.send(form, {"ground": "withdrawn", "phone": PHONE, "running": "yes"})
    assert "Access log 1 " in shown.text.partition("须由人处理")[2]
    found = erased(house)
    assert [(title.zh, name) for title, name in found.by_hand] == [("查阅记录", "1")]
    assert found.counts["by_hand"] == 1
    assert [number for number, _ in found.remains] == [case_no]
    assert verify(house.database).sound, "the access log is chained, too"
