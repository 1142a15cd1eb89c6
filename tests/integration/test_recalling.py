"""What a process remembers of tokens and tickets lets nobody in: everything is proven again in the act itself."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from starlette.testclient import TestClient

from engine.clock import DAY, SetClock
from engine.database import Database, Transaction
from engine.records import access
from tests.support.town import Town, town
from web import recalling
from web.app import create_app
from web.guarding import TOKENS

ACCEPT = {"action": "accept", "form": {"item": "part-01-01/1", "urgency": "normal"}}


@pytest.fixture
def xidu(postgresql_database: Database, clock: SetClock, tmp_path: Path) -> Iterator[Town]:
    with town(postgresql_database, clock, tmp_path / "data") as served:
        yield served


def remembered(xidu: Town) -> str:
    """A ticket that waits for Shen, of whom and of which the process remembers everything."""
    xidu.act("shen", xidu.report(), "accept", {"item": "part-01-01/1", "urgency": "normal"})
    return xidu.report()


def accept(xidu: Town, case_no: str, **more: Any) -> Any:
    return xidu.ask("shen", "POST", f"/api/tickets/{case_no}/acts", json={**ACCEPT, **more})


def events(xidu: Town, case_no: str) -> int:
    with xidu.database.looking() as transaction:
        sql = "SELECT t.last_seq FROM ticket t JOIN case_number c ON c.ticket_id = t.id WHERE c.number = %s"
        return int(transaction.rows(sql, (case_no,))[0][0])


def change(xidu: Town, sql: str, *parameters: Any) -> None:
    def work(transaction: Transaction) -> None:
        assert transaction.run(sql, parameters)

    xidu.database.acting(work)


def test_a_revoked_token_does_nothing_and_counts_as_a_guess(xidu: Town) -> None:
    case_no = remembered(xidu)
    access.revoke(xidu.database, xidu.token("shen"), xidu.clock.now())
    before = events(xidu, case_no)

    assert accept(xidu, case_no).json()["code"] == "not_signed_in"

    assert events(xidu, case_no) == before
    with xidu.database.looking() as transaction:
        assert transaction.rows("SELECT acts FROM rate_window WHERE key LIKE 'token:%%'") == [(1,)]


def test_an_expired_token_does_nothing(xidu: Town) -> None:
    case_no = remembered(xidu)
    xidu.clock.advance(31 * DAY)

    assert accept(xidu, case_no).status_code == 401


def test_a_token_is_not_looked_at_where_too_many_were_guessed(xidu: Town) -> None:
    case_no = remembered(xidu)
    for number in range(TOKENS.most):
        xidu.client.get("/api/tickets", headers={"Authorization": f"Bearer wrong-{number}"})

    assert accept(xidu, case_no).status_code == 429


def test_whoever_lost_the_post_finds_no_ticket(xidu: Town) -> None:
    case_no = remembered(xidu)
    change(
        xidu,
        "UPDATE holding SET valid_to = %s WHERE person_id = (SELECT id FROM person WHERE login = 'shen')",
        xidu.clock.now() - 1,
    )
    before = events(xidu, case_no)

    assert accept(xidu, case_no).status_code == 404
    assert events(xidu, case_no) == before


def test_whoever_came_to_see_the_ticket_since_may_act(xidu: Town) -> None:
    """The units that are remembered reach nothing; those of this moment do."""
    case_no = remembered(xidu)
    recall = xidu.client.app.state.recall  # type: ignore[attr-defined]
    digest = access.digest_of(xidu.token("shen"))
    recall._people[digest] = recall._people[access.digest_of(xidu.token("wang"))]

    assert accept(xidu, case_no).status_code == 200


def test_a_ticket_that_may_not_be_seen_is_not_there_though_it_is_remembered(xidu: Town) -> None:
    case_no = remembered(xidu)
    recall = xidu.client.app.state.recall  # type: ignore[attr-defined]
    with xidu.database.looking() as transaction:
        whose = access.asked_token(transaction, xidu.token("chen"), xidu.clock.now())
        sql, parameters = next(whose)
        rows = transaction.rows(sql, parameters)
        viewer = access._viewer(rows)
    recall._people[access.digest_of(xidu.token("chen"))] = viewer

    answer = xidu.ask("chen", "POST", f"/api/tickets/{case_no}/acts", json=ACCEPT)

    assert (answer.status_code, answer.json()["code"]) == (404, "not_found")


def test_a_case_number_that_is_remembered_wrongly_is_looked_up_again(xidu: Town) -> None:
    case_no, other = remembered(xidu), xidu.report()
    recall = xidu.client.app.state.recall  # type: ignore[attr-defined]
    recall._tickets[case_no] = recall._tickets[other]

    answer = accept(xidu, case_no)

    assert (answer.status_code, answer.json()["case_no"]) == (200, case_no)


def test_what_cannot_be_is_heard_after_who_asks(xidu: Town) -> None:
    """A wrong moment of a device is told to whoever may act, and nobody else."""
    case_no = remembered(xidu)
    wrong = {"claimed_at": "2199-01-01T00:00:00+08:00", "source": "device"}
    assert accept(xidu, case_no, **wrong).status_code == 422
    access.revoke(xidu.database, xidu.token("shen"), xidu.clock.now())

    assert accept(xidu, case_no, **wrong).status_code == 401


def test_a_key_answers_the_same_by_the_short_way(xidu: Town) -> None:
    case_no = remembered(xidu)
    path, headers = f"/api/tickets/{case_no}/acts", {"Idempotency-Key": "once"}

    first, second = (xidu.ask("shen", "POST", path, json=ACCEPT, headers=headers).json() for _ in range(2))

    assert (first["seq"], first["repeated"], second["repeated"]) == (second["seq"], False, True)


def test_what_is_remembered_is_bounded(xidu: Town, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(recalling, "MOST", 2)
    recall = recalling.Recall()

    for number in range(5):
        recall.keep_ticket(f"2026-{number}", number)

    assert len(recall._tickets) <= 2


def test_another_process_remembers_nothing_and_does_the_same(xidu: Town) -> None:
    case_no = remembered(xidu)
    with TestClient(create_app(xidu.settings, xidu.database, xidu.clock)) as client:
        headers = {"Authorization": f"Bearer {xidu.token('shen')}"}
        answer = client.post(f"/api/tickets/{case_no}/acts", json=ACCEPT, headers=headers)

    assert answer.status_code == 200, answer.text
