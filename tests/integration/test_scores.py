"""Live scores are what the lines of a roll give, and every number on their pages leads to its list."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from engine.background.facts import fold_facts
from engine.background.relay import relay
from engine.clock import DAY, Instant, SetClock
from engine.database import Database, Transaction
from engine.records import cohorts, score_sheets, scores
from engine.records.areas import NewArea, create_areas
from engine.records.indicators import Asked
from engine.records.people import Appointment, NewPerson, appoint, create_people
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
        supervising(served, "qi", "sh")
        yield served


def supervising(xidu: Town, login: str, *areas: str | None) -> None:
    """Somebody who supervises these areas, beside whatever they hold."""

    def settle(transaction: Transaction) -> None:
        if not transaction.rows(f"SELECT id FROM person WHERE login = '{login}'"):
            create_people(transaction, [NewPerson(login=login, name=login)])
        appoint(
            transaction,
            [Appointment(login=login, post="supervisor", area=area, since=Instant(0)) for area in areas],
        )

    xidu.database.acting(settle)


def weighs(xidu: Town, login: str) -> bool:
    """Whether somebody is shown the way to other weights, and comes there."""
    browser = Browser(xidu, login)
    found = {
        browser.go("/scores/department/weights").status == 200,
        "/scores/department/weights" in browser.go("/scores").html,
        "/scores/department/weights" in browser.go("/scores/department").html,
    }
    assert len(found) == 1, "who is shown the way may go it"
    return found.pop()


def test_weights_are_tried_out_before_they_count(xidu: Town) -> None:
    xidu.report("citizen")
    qi = Browser(xidu, "qi")
    assert "部门月考核" in qi.go("/scores").text
    assert "没有可计的" in qi.go("/scores/department").text
    form = qi.go("/scores/department/weights").form("/weights")
    fields = {"weight.closed": "50", "weight.on_time": "20", "weight.satisfied": "20", "weight.volume": "20"}
    wrong = qi.send(form, fields)
    assert (wrong.status, "现为 110" in wrong.text) == (422, True)
    assert "应为数" in qi.send(form, fields | {"weight.volume": "a b"}).text
    tried = qi.send(form, fields | {"weight.volume": "10"})
    assert "试算" in tried.text
    assert "启用这个版本" in tried.text
    with xidu.database.looking() as transaction:
        assert score_sheets.of(transaction, "department").sheet.parts["closed"].weight == 30, "nothing counts yet"
    assert "启用" in qi.send(tried.form("/activate")).text
    with xidu.database.looking() as transaction:
        assert score_sheets.of(transaction, "department").sheet.parts["closed"].weight == 50
    assert qi.send(tried.form("/activate")).status == 409, "what was shown is not in force any more"


def test_weights_are_changed_by_who_supervises_the_whole_installation(xidu: Town) -> None:
    assert weighs(xidu, "qi")
    assert not weighs(xidu, "he"), "of one district"
    values = {
        name: box[0]
        for name, box in Browser(xidu, "qi").go("/scores/department/weights").form("/weights").values.items()
    }
    he = Browser(xidu, "he")
    values["csrf"] = he.go("/scores").form("/signout").values["csrf"][0]
    for path in ("weights", "versions/1/activate"):
        assert he.client.post(f"/scores/department/{path}", data=values).status_code == 403, path
    with xidu.database.looking() as transaction:
        assert score_sheets.versions(transaction, "department") == []
    supervising(xidu, "he", None)
    assert weighs(xidu, "he"), "of no area in particular"


def test_where_no_area_is_above_all_others_each_of_the_highest_is_supervised(xidu: Town) -> None:
    xidu.database.acting(
        lambda transaction: create_areas(transaction, [NewArea(code="js", level="city", name="江苏")], Instant(0))
    )
    assert not weighs(xidu, "qi"), "another area has none above it either"
    supervising(xidu, "qi", "js")
    assert weighs(xidu, "qi")
    over = f"UPDATE area SET valid_to = {xidu.clock.now()} WHERE code = 'js'"
    xidu.database.acting(lambda transaction: transaction.run("DELETE FROM holding WHERE area_id IN "
                                                             "(SELECT id FROM area WHERE code = 'js')"))  # fmt: skip
    assert not weighs(xidu, "qi")
    xidu.database.acting(lambda transaction: transaction.run(over))
    assert weighs(xidu, "qi"), "that area is no more"


def test_only_watchers_see_scores_and_only_those_of_the_installation_change_weights(xidu: Town) -> None:
    for login in ("chen", "shen", "citizen"):
        browser = Browser(xidu, login)
        for path in ("/scores", "/scores/department", "/scores/department/weights", "/scores/department/urban"):
            assert browser.go(path).status == 403
    he = Browser(xidu, "he")
    assert he.go("/scores/nothing").status == 404
    assert he.go("/scores/department/nobody").status == 404
    assert he.go("/scores/department/urban").status == 200
