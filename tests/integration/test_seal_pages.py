"""The page of seals: for those who watch over the history; the file for whoever audits the whole installation."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from engine.background.seal import seal
from engine.clock import SetClock
from engine.database import Database
from engine.exchange import seal_check, seal_file
from engine.records.people import Appointment, NewPerson, appoint, create_people
from engine.rules.seal import Statement
from engine.signing import Key, key_id
from tests.support.browser import Browser
from tests.support.town import Town, town


@pytest.fixture
def xidu(database: Database, clock: SetClock, tmp_path: Path) -> Iterator[Town]:
    with town(database, clock, tmp_path / "data") as served:
        yield served


def _auditor(xidu: Town, login: str, area: str | None) -> Browser:
    post = Appointment(login=login, post="audit_admin", area=area, since=xidu.clock.now())
    xidu.database.acting(lambda transaction: create_people(transaction, [NewPerson(login=login, name="史鉴")]))
    xidu.database.acting(lambda transaction: appoint(transaction, [post]))
    return Browser(xidu, login)


def _sealed(xidu: Town) -> Statement:
    made = seal(xidu.database, xidu.clock, Key.make(xidu.settings.seal_key_file), "sha256")
    assert made is not None
    return made


def test_seals_are_listed_and_their_file_is_for_who_audits_everything(xidu: Town, tmp_path: Path) -> None:
    xidu.report("citizen")
    auditor, local = _auditor(xidu, "shi", None), _auditor(xidu, "nan", "fx")
    assert "没有密钥" in auditor.go("/seals").text
    made = _sealed(xidu)
    page = auditor.go(auditor.go("/posts").link("/seals"))
    assert made.root in page.text
    assert key_id(made.key) in page.text
    assert "1 件" in page.text
    assert "没有密钥" not in page.text
    path = tmp_path / "1.seal"
    path.write_text(auditor.go("/seals/1/file").html, encoding="utf-8")
    assert seal_check.against(xidu.database, seal_file.read(path), frozenset({made.key})).findings == []
    assert auditor.go("/seals/2/file").status == 404
    for watcher in (local, Browser(xidu, "he")):
        listed = watcher.go("/seals")
        assert made.root in listed.text
        assert "/seals/1/file" not in listed.html
        assert watcher.go("/seals/1/file").status == 403


def test_nobody_else_sees_them(xidu: Town) -> None:
    _sealed(xidu)
    for login in ("shen", "chen", "citizen"):
        browser = Browser(xidu, login)
        assert browser.go("/seals").status == 403
        assert browser.go("/seals/1/file").status == 403
        assert "/seals" not in browser.go("/posts").html


def test_a_ticket_says_in_which_seal_its_history_is(xidu: Town) -> None:
    case_no = xidu.report()
    desk = Browser(xidu, "shen")
    assert "历史尚未封存" in desk.go(f"/tickets/{case_no}").text
    made = _sealed(xidu)
    assert f"历史已封存：第 1 号（{made.day}）" in desk.go(f"/tickets/{case_no}").text
    assert "此后" not in desk.go(f"/tickets/{case_no}").text
    xidu.act("shen", case_no, "accept", {"item": "part-01-01/1", "urgency": "normal"})
    assert "此后 1 条" in desk.go(f"/tickets/{case_no}").text
