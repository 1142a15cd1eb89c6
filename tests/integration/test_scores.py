"""Live scores are what the lines of a roll give, and every number on their pages leads to its list."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from engine.background.facts import fold_facts
from engine.background.relay import relay
from engine.clock import DAY, SetClock
from engine.database import Database
from engine.records import cohorts, score_sheets, scores
from engine.records.indicators import Asked
from engine.rules import cut_off, roll
from tests.support.browser import Browser
from tests.support.door import Told, World
from tests.support.town import Town, town


def test_live_scores_are_those_of_the_lines_for_every_sheet(database: Database) -> None:
    world = World(database)
    Told(world).closed()
    Told(world).closed().do("wang", "redo", form={"satisfaction": "dissatisfied"})
    Told(world).called("urban", "water").signed("water")
    world.later(20 * DAY)
    relay(database)
    fold_facts(database, world.versions)
    since, until = cut_off.span("2026-03", None)
    asked = Asked(since=since, until=until, as_of=world.clock.now(), area="district")
    with database.looking() as transaction:
        trees = cohorts.trees(transaction)
        for formulas in score_sheets.shipped().values():
            sheet = formulas.sheet
            found = scores.scored(transaction, formulas, asked)
            lines = cohorts.explained(transaction, scores.indicators_of(formulas), asked)
            seats = cohorts.seats(transaction, sheet, trees, "district", asked)
            told = roll.scores(sheet, trees, seats, lines)
            for unit, one in found.scores.items():
                assert one == told[unit], (sheet.name, unit)
                _, alone = scores.of_unit(transaction, formulas, asked, unit)
                assert alone == one
            assert found.scores, sheet.name
            assert all(
                told[unit].points is None for unit in told.keys() - found.scores.keys() if unit not in trees.departments
            )


@pytest.fixture
def xidu(database: Database, clock: SetClock, tmp_path: Path) -> Iterator[Town]:
    with town(database, clock, tmp_path / "data") as served:
        yield served


def test_weights_are_tried_out_before_they_count(xidu: Town) -> None:
    xidu.report("citizen")
    he = Browser(xidu, "he")
    assert "部门月考核" in he.go("/scores").text
    assert "没有可计的" in he.go("/scores/department").text
    form = he.go("/scores/department/weights").form("/weights")
    fields = {"weight.closed": "50", "weight.on_time": "20", "weight.satisfied": "20", "weight.volume": "20"}
    wrong = he.send(form, fields)
    assert (wrong.status, "现为 110" in wrong.text) == (422, True)
    assert "应为数" in he.send(form, fields | {"weight.volume": "a b"}).text
    tried = he.send(form, fields | {"weight.volume": "10"})
    assert "试算" in tried.text
    assert "启用这个版本" in tried.text
    with xidu.database.looking() as transaction:
        assert score_sheets.of(transaction, "department").sheet.parts["closed"].weight == 30, "nothing counts yet"
    assert "启用" in he.send(tried.form("/activate")).text
    with xidu.database.looking() as transaction:
        assert score_sheets.of(transaction, "department").sheet.parts["closed"].weight == 50
    assert he.send(tried.form("/activate")).status == 409, "what was shown is not in force any more"


def test_only_watchers_see_scores_and_only_supervisors_change_weights(xidu: Town) -> None:
    for login in ("chen", "shen", "citizen"):
        browser = Browser(xidu, login)
        for path in ("/scores", "/scores/department", "/scores/department/weights", "/scores/department/urban"):
            assert browser.go(path).status == 403
    he = Browser(xidu, "he")
    assert he.go("/scores/nothing").status == 404
    assert he.go("/scores/department/nobody").status == 404
    assert he.go("/scores/department/urban").status == 200
