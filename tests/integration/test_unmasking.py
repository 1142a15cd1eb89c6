"""A citizen's name and phone: masked everywhere, shown for a purpose, each time written down."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from engine.clock import SetClock
from engine.database import Database
from engine.records.people import Appointment, NewPerson, appoint, create_people
from tests.support.browser import Browser
from tests.support.town import BLOCK_CALLS, Town, town

NAME, PHONE = "赵晓梅", "13812345678"


@pytest.fixture
def xidu(database: Database, clock: SetClock, tmp_path: Path) -> Iterator[Town]:
    with town(database, clock, tmp_path / "data") as served:
        yield served


def _called_in(xidu: Town) -> str:
    form = {
        "description": "楼道灯不亮", "place": {"area": "xd-m"}, "source": "hotline", "contact_name": NAME,
        "contact_phone": PHONE,
    }  # fmt: skip
    body = {"workflow": BLOCK_CALLS, "action": "register", "form": form}
    answer = xidu.ask("shen", "POST", "/api/tickets", json=body)
    assert answer.status_code == 201, answer.text
    return str(answer.json()["case_no"])


def _auditor(xidu: Town, login: str, area: str | None) -> None:
    """Somebody who audits: an area, or the whole installation."""
    post = Appointment(login=login, post="audit_admin", area=area, since=xidu.clock.now())
    xidu.database.acting(lambda transaction: create_people(transaction, [NewPerson(login=login, name="史鉴")]))
    xidu.database.acting(lambda transaction: appoint(transaction, [post]))


def _rows(xidu: Town) -> list[tuple[str, str]]:
    with xidu.database.looking() as transaction:
        return [
            (login, purpose)
            for login, purpose in transaction.rows(
                "SELECT p.login, u.purpose FROM unmasking u JOIN person p ON p.id = u.person_id ORDER BY u.id"
            )
        ]


def test_nothing_that_tells_a_ticket_tells_its_contact(xidu: Town) -> None:
    case_no = _called_in(xidu)
    for login in ("shen", "he", "wang"):
        browser = Browser(xidu, login)
        for address in (f"/tickets/{case_no}", "/tickets", "/", "/queue", f"/tickets?q={case_no}"):
            html = browser.go(address).html
            assert NAME not in html, (login, address)
            assert PHONE not in html, (login, address)
        for address in (f"/api/tickets/{case_no}", f"/api/tickets/{case_no}/history", "/api/tickets"):
            text = xidu.ask(login, "GET", address).text
            assert NAME not in text, (login, address)
            assert PHONE not in text, (login, address)
    told = xidu.get("shen", f"/api/tickets/{case_no}")
    assert (told["contact_name"], told["contact_phone"]) == ("赵**", "*******5678")
    assert _rows(xidu) == []


def test_for_a_purpose_it_is_shown_once_and_written_down(xidu: Town) -> None:
    case_no = _called_in(xidu)
    shen = Browser(xidu, "shen")
    form = shen.go(f"/tickets/{case_no}").form("/contact")
    assert shen.send(form).status == 422
    assert _rows(xidu) == []
    shown = shen.send(form, {"purpose": "reach"})
    assert NAME in shown.text
    assert PHONE in shown.text
    assert _rows(xidu) == [("shen", "reach")]
    assert PHONE not in shen.go(f"/tickets/{case_no}").html
    answer = xidu.ask("wang", "POST", f"/api/tickets/{case_no}/contact", json={"purpose": "verify"})
    assert answer.json() == {"contact_name": NAME, "contact_phone": PHONE}
    assert _rows(xidu) == [("shen", "reach"), ("wang", "verify")]


def test_whoever_may_not_see_the_ticket_is_shown_nothing_and_nothing_is_written(xidu: Town) -> None:
    case_no = _called_in(xidu)
    refused = xidu.ask("qian", "POST", f"/api/tickets/{case_no}/contact", json={"purpose": "reach"})
    assert refused.status_code == 404
    unknown = xidu.ask("shen", "POST", f"/api/tickets/{case_no}/contact", json={"purpose": "curiosity"})
    assert unknown.status_code == 422
    assert _rows(xidu) == []


def test_a_citizen_sees_their_own_and_asks_for_nobody_elses(xidu: Town) -> None:
    case_no = xidu.report("citizen")
    answer = xidu.ask("citizen", "POST", f"/api/tickets/{case_no}/contact", json={"purpose": "reach"})
    assert answer.status_code == 403
    assert "/contact" not in Browser(xidu, "citizen").go(f"/tickets/{case_no}").html
    assert _rows(xidu) == []


def test_those_who_watch_over_it_see_who_was_shown_what_where_they_reach(xidu: Town) -> None:
    case_no = _called_in(xidu)
    xidu.ask("shen", "POST", f"/api/tickets/{case_no}/contact", json={"purpose": "call_back"})
    (row,) = xidu.get("he", "/api/unmaskings")["items"]
    assert (row["case_no"], row["person"]["login"], row["purpose"]["zh"]) == (case_no, "shen", "回访")
    assert xidu.get("he", "/api/unmaskings", before=row["id"])["items"] == []
    for login, area in (("shi", "fx"), ("jian", None), ("nan", "nq")):
        _auditor(xidu, login, area)
        found = [one["case_no"] for one in xidu.get(login, "/api/unmaskings")["items"]]
        assert found == ([] if login == "nan" else [case_no]), login
    he = Browser(xidu, "he")
    page = he.go(he.go("/posts").link("/unmaskings"))
    assert "沈静" in page.text
    assert PHONE not in page.html
    for login in ("shen", "chen", "citizen"):
        assert xidu.ask(login, "GET", "/api/unmaskings").status_code == 403
        assert Browser(xidu, login).go("/unmaskings").status == 403
        assert "/unmaskings" not in Browser(xidu, login).go("/posts").html
