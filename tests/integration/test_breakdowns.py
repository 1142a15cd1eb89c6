"""Breakdowns: the groups together are the figure, and each is what its own figure says."""

from dataclasses import replace

import pytest

from engine.background.facts import fold_facts
from engine.background.relay import relay
from engine.clock import DAY, HOUR, Instant
from engine.database import Database
from engine.definitions.indicator_file import discover
from engine.records import areas, indicators
from engine.records.breakdowns import By, Group, breakdown
from engine.records.indicator_sql import NONE, lifted
from engine.records.indicators import Asked, Figure, Side, behind, figure, figures
from engine.records.spans import spans
from tests.support.cases import MONDAY
from tests.support.door import Told, World

INDICATORS = discover()
ALL = tuple(INDICATORS.values())
#: By which code of `Asked` a group is opened.
OPENS = {
    By.AREA: "area", By.DEPARTMENT: "department", By.ITEM: "item", By.CHANNEL: "channel", By.WORKFLOW: "workflow",
    By.PERSON: "person",
}  # fmt: skip


@pytest.fixture
def world(database: Database) -> World:
    """Two tickets that were closed, one that was sent back and forth, one that was never filed."""
    world = World(database)
    Told(world).closed()
    told = Told(world).called("urban", "water")
    world.later(HOUR)
    told.signed("urban")
    world.later(3 * HOUR)
    told.signed("water").finished("urban", "water")
    Told(world).closed()
    Told(world).reported()
    world.later(20 * DAY)
    relay(database)
    fold_facts(database, world.versions)
    return world


def _asked(world: World) -> Asked:
    return Asked(since=Instant(MONDAY - DAY), until=Instant(MONDAY + 60 * DAY), as_of=world.clock.now())


def test_groups_together_are_the_figure_and_each_is_the_figure_of_its_key(world: World) -> None:
    asked = _asked(world)
    with world.database.looking() as transaction:
        whole = figures(transaction, ALL, asked)
        for by in By:
            groups = breakdown(transaction, ALL, asked, by)
            assert groups.keys() == whole.keys()
            for name, some in groups.items():
                if some:
                    assert sum((one.figure for one in some[1:]), some[0].figure) == whole[name], (by, name)
                for one in some:
                    if by in OPENS and one.key and one.figure.denominator:
                        here = replace(asked, **{OPENS[by]: one.key})  # type: ignore[arg-type]
                        own = figure(transaction, INDICATORS[name], here)
                        assert own == one.figure, (by, name, one.key)


def test_an_area_is_broken_down_level_by_level_until_its_own_line(world: World) -> None:
    asked, name = _asked(world), "closure_area"
    with world.database.looking() as transaction:
        steps: list[Group] = []
        while True:
            groups = breakdown(transaction, [INDICATORS[name]], asked, By.AREA)[name]
            (full,) = [one for one in groups if one.figure.denominator]
            steps.append(full)
            if full.key == asked.area:
                break
            asked = replace(asked, area=full.key)
        assert {one.figure.denominator for one in steps} == {3}
        assert len(steps) > 2, "from the root down"
        assert all(one.name for one in steps)


def test_what_was_filed_before_an_area_moved_still_lies_below_it_and_below_where_it_lay(world: World) -> None:
    asked, name = _asked(world), "closure_area"
    with world.database.looking() as transaction:
        before = figure(transaction, INDICATORS[name], replace(asked, area="village"))
        assert before.denominator == 3
    world.database.acting(lambda transaction: areas.move_area(transaction, "village", "grid-2", world.clock.now()))
    with world.database.looking() as transaction:
        assert figure(transaction, INDICATORS[name], replace(asked, area="village")) == before
        assert figure(transaction, INDICATORS[name], replace(asked, area="grid")).denominator == 3
        assert figure(transaction, INDICATORS[name], replace(asked, area="grid-2")).denominator == 0


def test_whoever_holds_an_area_is_answered_as_whoever_sees_everything_below_it(world: World) -> None:
    asked = _asked(world)
    unit = {code: f"a{world.areas[code]}" for code in ("city", "street", "grid", "grid-2")}
    with world.database.looking() as transaction:
        for code in ("street", "grid", "village"):
            limited = replace(asked, area=code, units=(unit["street"], f"a{world.areas['village']}/"))
            assert lifted(transaction, limited) == replace(limited, units=None)
            for by in (None, *By):
                some = [
                    figures(transaction, ALL, one) if by is None else breakdown(transaction, ALL, one, by)
                    for one in (limited, replace(limited, units=None))
                ]
                assert some[0] == some[1], (code, by)
        alone = replace(asked, units=(unit["street"],))
        assert lifted(transaction, alone) == replace(asked, area="street")
        assert figures(transaction, ALL, alone) == figures(transaction, ALL, replace(asked, area="street"))
        for kept in (
            replace(asked, area="city", units=(unit["street"],)),
            replace(asked, area="street", units=(unit["grid-2"],)),
            replace(asked, units=(unit["grid"], unit["grid-2"])),
            replace(asked, department="bureau", units=(f"d{world.departments['bureau']}",)),
            replace(asked, area="village", units=(f"p{world.areas['village']}",)),
            replace(asked, area="village", units=()),
        ):
            assert lifted(transaction, kept) == kept


@pytest.mark.parametrize("department", ["urban", "bureau", NONE])
def test_whoever_holds_one_area_asks_for_it_of_whichever_department(
    world: World, department: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = replace(_asked(world), department=department)
    limited = replace(asked, units=(f"a{world.areas['street']}",))
    with world.database.looking() as transaction:
        assert lifted(transaction, limited) == replace(asked, area="street")
        free = figures(transaction, ALL, limited)
        assert department == NONE or free["signed_on_time"].denominator > 0
        monkeypatch.setattr(indicators, "lifted", lambda _, one: one)
        assert figures(transaction, ALL, limited) == free, "as tickets that reach the area are counted"


def test_whoever_held_the_area_only_since_it_moved_is_limited_by_reach(world: World) -> None:
    """What was filed before lay below another area, and is no business of the new one."""
    world.database.acting(lambda transaction: areas.move_area(transaction, "village", "grid-2", world.clock.now()))
    limited = replace(_asked(world), area="village", units=(f"a{world.areas['grid-2']}",))
    with world.database.looking() as transaction:
        assert lifted(transaction, limited) == limited
        assert figure(transaction, INDICATORS["closure_area"], limited).denominator == 0


def test_a_person_answers_for_the_step_that_the_indicator_names(world: World) -> None:
    asked = _asked(world)
    named = replace(INDICATORS["signed_on_time"], person="signed")
    with world.database.looking() as transaction:
        groups = breakdown(transaction, [named, INDICATORS["closure_area"]], asked, By.PERSON)
        assert groups["closure_area"] == []
        found = {one.key: one.figure for one in groups["signed_on_time"]}
        (late,) = [key for key, one in found.items() if one.numerator < one.denominator]
        listed = behind(transaction, named, replace(asked, person=late), Side.DENOMINATOR)
        assert len(listed) == found[late].denominator
    assert found[late] == Figure(numerator=0, denominator=1)


def test_time_per_stage_and_holder_is_that_of_the_spans_that_ended_and_of_those_that_last(world: World) -> None:
    asked = _asked(world)
    with world.database.looking() as transaction:
        found = spans(transaction, asked)
        early = spans(transaction, replace(asked, department="urban", as_of=Instant(MONDAY + 2 * HOUR)))
        (urban,) = [one for one in early if one.lasting]
        elsewhere = spans(transaction, replace(asked, area="grid-2"))
    rows = world.rows("SELECT stage, since_at, until_at FROM stage_span")
    ended = [until - since for _, since, until in rows if until is not None]
    assert (sum(one.ended for one in found), sum(one.time for one in found)) == (len(ended), sum(ended))
    lasting = [asked.as_of - since for _, since, until in rows if until is None]
    assert (sum(one.lasting for one in found), sum(one.age for one in found)) == (len(lasting), sum(lasting))
    assert (urban.stage, urban.name, urban.lasting, urban.age) == ("resolve", "城管中队", 1, HOUR), "signed an hour ago"
    assert elsewhere == []


@pytest.mark.parametrize(
    ("asked", "items"),
    [
        ("part", ["part-01", "part-01-02", "part-01-02/3", "part-01/1", "part-012"]),
        ("part-01", ["part-01", "part-01-02", "part-01-02/3", "part-01/1"]),
        ("part-01-02", ["part-01-02", "part-01-02/3"]),
        ("part-0", []),
        (NONE, [""]),
    ],
)
def test_what_lies_below_a_code_is_counted_and_what_only_begins_like_it_is_not(
    world: World, asked: str, items: list[str]
) -> None:
    # Those of the fixture have an item of the catalogue.
    world.change("UPDATE ticket_fact SET confidential = ?", True)
    every = ("part-01", "part-01-02", "part-01-02/3", "part-01/1", "part-012", "party-01", "")
    whose = {item: Told(world).called("urban").id for item in every}
    world.later(20 * DAY)
    relay(world.database)
    fold_facts(world.database, world.versions)
    for item, ticket_id in whose.items():
        world.change("UPDATE ticket_fact SET item = ? WHERE ticket_id = ?", item or None, ticket_id)
    with world.database.looking() as transaction:
        found = figure(transaction, INDICATORS["closure_area"], replace(_asked(world), item=asked))
        lines = behind(transaction, INDICATORS["closure_area"], replace(_asked(world), item=asked), Side.DENOMINATOR)
    assert sorted(one.item for one in lines) == sorted(items)
    assert found.denominator == len(items)
