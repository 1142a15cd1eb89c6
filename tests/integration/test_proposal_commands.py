"""`huying frequent` and `huying rebuild`, and the places of tickets that came from an old system."""

import json
from pathlib import Path
from typing import Any

import pytest

from engine.background.proposals import rebuild
from engine.cli import main
from engine.clock import DAY, SetClock, SystemClock
from engine.database import Database
from engine.exchange.history import import_tickets
from engine.exchange.history_reading import read_map
from tests.support.door import World
from tests.support.importing import count, empty_house
from tests.support.old_systems import la311

PLACE = {"lon": 121.4567, "lat": 30.9, "datum": "WGS-84", "accuracy": 5, "area": "micro"}


@pytest.fixture
def world(sqlite_database: Database, sqlite_url: str, monkeypatch: pytest.MonkeyPatch) -> World:
    """A small world that commands find by their environment, ten days before the machine's now."""
    monkeypatch.setenv("HUYING_DATABASE", sqlite_url)
    world = World(sqlite_database)
    world.clock.at = SystemClock().now()
    world.clock.advance(-10 * DAY)
    return world


def busy_corner(world: World) -> list[str]:
    numbers = []
    for _ in range(6):
        told = world.ticket()
        told.do("wang", "report", form={"place": PLACE})
        told.do("shen", "accept", form={"item": "event-02-03"})
        numbers.append(told.case_no)
    return numbers


def said(capsys: pytest.CaptureFixture[str], *arguments: str) -> str:
    assert main(arguments) == 0
    return capsys.readouterr().out


def test_a_busy_corner_is_told_with_its_figures(world: World, capsys: pytest.CaptureFixture[str]) -> None:
    assert "没有 / none" in said(capsys, "frequent")
    numbers = busy_corner(world)
    told = said(capsys, "frequent")
    assert "event-02-03" in told
    assert "一处" in told
    ((only,),) = [json.loads(said(capsys, "frequent", "--json"))]
    assert (only["item"], only["area"], only["recent"], only["one_place"]) == ("event-02-03", "micro", 6, True)
    assert sorted(only["tickets"]) == numbers


def test_rebuilding_tells_what_was_made(world: World, capsys: pytest.CaptureFixture[str]) -> None:
    busy_corner(world)
    world.change("DELETE FROM ticket_place")
    assert "没有 / none" not in said(capsys, "rebuild")
    assert count(world.database, "ticket_place") == 6


def test_the_background_done_by_hand_folds_rulings(world: World, capsys: pytest.CaptureFixture[str]) -> None:
    told = world.ticket().called("urban")
    told.do("shen", "raise")
    told.do("gu", "designate", form={"lead": "gas"})
    said(capsys, "work")
    assert count(world.database, "precedent") == 1


def test_an_imported_life_keeps_its_place(database: Database, clock: SetClock, tmp_path: Path) -> None:
    sample = la311(tmp_path / "requests.csv", 60)
    import_tickets(empty_house(database, clock), sample.path, read_map(Path("la311")))
    before = rows(database)
    assert len(before) > 40
    rebuild(database)
    assert rows(database) == before


def rows(database: Database) -> list[Any]:
    with database.looking() as transaction:
        return [tuple(row) for row in transaction.rows("SELECT * FROM ticket_place ORDER BY ticket_id")]
