"""What an act over HTTP costs beside the act itself: threads gone to, and journeys to the database."""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import anyio.to_thread
import pytest

import engine.database
from engine.clock import SetClock
from engine.database import Database
from engine.journey import Answer, Statement, travel
from tests.support.town import Town, town

#: The token and the ticket's sight; what the act reads; what it writes, with its COMMIT.
JOURNEYS = 4
#: Whose token and which ticket are remembered: both are proven in the journey in which the act reads.
SHORT = 2
#: A dispatch keeps who was proposed: duties and rulings, how tickets ended, names.
DISPATCH = SHORT + 3


@pytest.fixture
def xidu(postgresql_database: Database, clock: SetClock, tmp_path: Path) -> Iterator[Town]:
    with town(postgresql_database, clock, tmp_path / "data") as served:
        yield served


def watched(monkeypatch: pytest.MonkeyPatch) -> list[list[str]]:
    """The first word of each statement of each journey that begins from now on."""
    journeys: list[list[str]] = []

    def seen(connection: Any, statements: Sequence[Statement], *, keep: bool = True) -> list[Answer]:
        journeys.append([sql.split()[0] for sql, _ in statements])
        return travel(connection, statements, keep=keep)

    monkeypatch.setattr(engine.database, "travel", seen)
    return journeys


def test_an_act_goes_to_one_thread_and_four_times_to_the_database(xidu: Town, monkeypatch: pytest.MonkeyPatch) -> None:
    case_no = xidu.report()
    xidu.token("shen")
    threads = []
    there = anyio.to_thread.run_sync

    async def counted(work: Any, *rest: Any, **options: Any) -> Any:
        threads.append(work)
        return await there(work, *rest, **options)

    monkeypatch.setattr(anyio.to_thread, "run_sync", counted)
    journeys = watched(monkeypatch)

    xidu.act("shen", case_no, "accept", {"item": "part-01-01/1", "urgency": "normal"})

    assert len(threads) == 1
    assert len(journeys) == JOURNEYS, journeys


def test_an_act_goes_twice_where_token_and_ticket_are_remembered(xidu: Town, monkeypatch: pytest.MonkeyPatch) -> None:
    xidu.act("shen", xidu.report(), "accept", {"item": "part-01-01/1", "urgency": "normal"})
    case_no = xidu.report()
    journeys = watched(monkeypatch)

    xidu.act("shen", case_no, "accept", {"item": "part-01-01/1", "urgency": "normal"})

    assert len(journeys) == SHORT, journeys
    journeys.clear()

    xidu.act("shen", case_no, "call", {"kind": "appeal", "lead": "urban"})

    assert SHORT < len(journeys) <= DISPATCH, journeys


def test_who_is_asking_is_looked_up_without_a_journey_to_end_it(xidu: Town, monkeypatch: pytest.MonkeyPatch) -> None:
    xidu.token("shen")
    journeys = watched(monkeypatch)

    assert xidu.ask("shen", "GET", "/api/tickets/20990101-000001/actions").status_code == 404

    assert journeys == [["SELECT", "SELECT", "COMMIT"], ["SELECT"]]
