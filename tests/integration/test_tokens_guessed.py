"""Bearer tokens that open nothing are counted by address, by all processes together; what is no guess is not."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from starlette.testclient import TestClient

from engine.clock import DAY, MINUTE, SetClock
from engine.database import Database
from engine.records import access
from engine.records.limits import Limit
from tests.support.town import BLOCK_CALLS, Town, town
from web import guarding
from web.app import create_app

GUESSER, OTHER = "10.7.7.7", "10.7.7.8"


@pytest.fixture
def office(database: Database, clock: SetClock, tmp_path: Path) -> Iterator[Town]:
    with town(database, clock, tmp_path / "data") as served:
        yield served


def asked(office: Town, secret: str, host: str = GUESSER, path: str = "/api/me", app: Any = None) -> Any:
    """What a program at this address is answered that sends this token."""
    client = TestClient(app or office.client.app, client=(host, 50000))
    return client.get(path, headers={"Authorization": f"Bearer {secret}"})


def guessed(office: Town, host: str = GUESSER) -> None:
    """Thirty guesses, half of them at another process, at whatever address of the API."""
    second = create_app(office.settings, office.database, office.clock)
    for number in range(guarding.TOKENS.most):
        app, path = (second, "/api/tickets") if number % 2 else (None, "/api/me")
        assert asked(office, f"huying_{number:0>43}", host, path, app).status_code == 401


def test_after_thirty_guesses_no_token_of_that_address_is_looked_at_for_ten_minutes(office: Town) -> None:
    real = office.token("shen")
    guessed(office)
    refused = [asked(office, secret) for secret in ("x" * 43, real)]
    assert [one.status_code for one in refused] == [429, 429], "the answer tells nothing of a right one"
    assert refused[0].json() == refused[1].json()
    assert refused[0].json()["code"] == "too_often"
    assert 0 < int(refused[0].headers["retry-after"]) <= 600
    assert asked(office, real, OTHER).status_code == 200
    office.clock.advance(10 * MINUTE)
    assert asked(office, real).status_code == 200


def test_what_is_refused_for_too_many_guesses_is_not_done(office: Town) -> None:
    real = office.token("wang")
    guessed(office)
    client = TestClient(office.client.app, client=(GUESSER, 50000))
    form = {"description": "窨井盖破损", "place": {"area": "xd-m"}, "before_photos": [office.photo("wang")]}
    report = {"workflow": BLOCK_CALLS, "action": "report", "form": form}
    for path, sent in (("/api/tickets", {"json": report}), ("/api/uploads", {"files": {"file": ("a.png", b"x")}})):
        answer = client.post(path, headers={"Authorization": f"Bearer {real}"}, **sent)
        assert answer.status_code == 429, path
    assert office.get("wang", "/api/tickets")["items"] == []
    assert office.ask("wang", "POST", "/api/tickets", json=report).status_code == 201, "nothing else was against it"


def test_a_program_whose_token_has_ended_shuts_out_nobody_who_shares_its_address(
    office: Town, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(guarding, "AGAIN", Limit(most=40, window=10 * MINUTE))
    ended = access.issue_token(office.database, "wang", "伙伴系统", office.clock.now(), 1)
    office.clock.advance(2 * DAY)
    real = office.token("shen")
    statuses = [asked(office, ended).status_code for _ in range(42)]
    assert statuses == [401] * 40 + [429] * 2, "it is told to come less often itself"
    assert asked(office, real).status_code == 200
    assert asked(office, "another one").status_code == 401


def test_whoever_sends_no_token_or_a_right_one_is_not_counted(office: Town) -> None:
    real = office.token("shen")
    client = TestClient(office.client.app, client=(GUESSER, 50000))
    for _ in range(guarding.TOKENS.most + 5):
        assert client.get("/api/me").status_code == 401
        assert asked(office, real).status_code == 200
    with office.database.looking() as transaction:
        assert transaction.rows("SELECT key FROM rate_window") == []
