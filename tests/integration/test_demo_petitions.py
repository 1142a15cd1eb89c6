"""The demo's petitions: one in every state, built once, and kept from whoever may not know."""

from pathlib import Path

import pytest

from engine.application import Application
from engine.clock import DAY, SetClock
from engine.definitions.loader import discover
from engine.exchange.demo import build_demo
from engine.exchange.demo.petitions import STORIES, build_petitions
from engine.settings import Settings
from tests.integration.test_demo import NOON
from tests.support.loops import put_in_force

PETITIONS = len([story for story in STORIES if not story.continues])


@pytest.fixture
def house(sqlite_url: str, tmp_path: Path) -> Application:
    application = Application.of(Settings(database_url=sqlite_url, data=tmp_path), SetClock(NOON))
    build_demo(application.database, NOON)
    put_in_force(application.database, discover(), NOON)
    return application


def _states(house: Application) -> list[str]:
    with house.database.looking() as transaction:
        rows = transaction.rows(
            "SELECT t.state FROM ticket t JOIN workflow_version w ON w.id = t.workflow_id WHERE w.key = 'petitions'"
        )
    return [state for (state,) in rows]


def test_there_is_one_in_every_state_and_building_again_adds_none(house: Application) -> None:
    build_petitions(house)
    (loop,) = (one for one in discover() if one.key == "petitions")
    found = _states(house)
    # What is answered with its main petition waits for that one's answer.
    assert {*loop.states} - {*found} == {"answered"}
    assert len(found) == PETITIONS
    assert isinstance(house.clock, SetClock)
    house.clock.advance(30 * DAY)
    assert build_petitions(house)
    assert len(_states(house)) == PETITIONS
    house.close()
