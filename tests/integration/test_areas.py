"""The tree of areas: created from the top, changed without forgetting what it was."""

import pytest

from engine.clock import DAY, Instant, SetClock
from engine.database import Database, Transaction
from engine.definitions.words import shipped
from engine.errors import HuyingError, Malformed, NotFound
from engine.records.areas import (
    NewArea,
    area_by_code,
    create_areas,
    end_area,
    move_area,
    rename_area,
    set_levels,
)
from engine.records.organisation import area_at, lookup_areas
from engine.rules.case import AreaLink

TREE = [
    NewArea(code="w1", level="micro_grid", name="微网格一", parent="v1"),
    NewArea(code="v1", level="village", name="杨家宅村", parent="g1"),
    NewArea(code="g1", level="grid", name="第一网格", parent="s1"),
    NewArea(code="g2", level="grid", name="第二网格", parent="s1"),
    NewArea(code="s1", level="street", name="西渡街道", parent="d1"),
    NewArea(code="d1", level="district", name="奉贤区"),
]


def build(database: Database, now: Instant, tree: list[NewArea] = TREE) -> dict[str, int]:
    def work(transaction: Transaction) -> dict[str, int]:
        set_levels(transaction, shipped().levels)
        return create_areas(transaction, tree, now)

    return database.acting(work)


def levels_of(database: Database, code: str) -> list[str]:
    with database.looking() as transaction:
        return [link.level for link in lookup_areas(transaction, {code})[code].chain]


def test_every_area_knows_its_way_up_to_the_root_whatever_order_it_came_in(database: Database, clock: SetClock) -> None:
    ids = build(database, clock.now())
    with database.looking() as transaction:
        found = lookup_areas(transaction, {"w1", "d1", "nowhere"})
    assert found.keys() == {"w1", "d1"}
    assert found["d1"].chain == (AreaLink(ids["d1"], "district"),)
    assert [link.id for link in found["w1"].chain] == [ids[code] for code in ("w1", "v1", "g1", "s1", "d1")]
    assert levels_of(database, "w1") == ["micro_grid", "village", "grid", "street", "district"]


def test_a_renamed_area_keeps_its_former_name_for_the_history(database: Database, clock: SetClock) -> None:
    ids = build(database, clock.now())
    before = clock.now()
    later = clock.advance(DAY)
    database.acting(lambda transaction: rename_area(transaction, "s1", "西渡镇", later))
    with database.looking() as transaction:
        assert area_by_code(transaction, "s1").name == "西渡镇"
        assert area_at(transaction, ids["s1"], before).name == "西渡街道"
        assert area_at(transaction, ids["s1"], later).name == "西渡镇"
        with pytest.raises(NotFound):
            area_at(transaction, ids["s1"], Instant(before - 1))


def test_two_changes_at_one_moment_are_one_change(database: Database, clock: SetClock) -> None:
    ids = build(database, clock.now())
    before, later = clock.now(), clock.advance(DAY)
    database.acting(lambda transaction: rename_area(transaction, "s1", "甲", later))
    database.acting(lambda transaction: rename_area(transaction, "s1", "乙", later))
    with database.looking() as transaction:
        assert area_at(transaction, ids["s1"], before).name == "西渡街道"
        assert area_at(transaction, ids["s1"], later).name == "乙"


def test_a_moved_village_takes_everything_below_it_along(database: Database, clock: SetClock) -> None:
    ids = build(database, clock.now())
    before, later = clock.now(), clock.advance(DAY)
    database.acting(lambda transaction: move_area(transaction, "v1", "g2", later))
    with database.looking() as transaction:
        assert [link.id for link in lookup_areas(transaction, {"w1"})["w1"].chain] == [
            ids[code] for code in ("w1", "v1", "g2", "s1", "d1")
        ]
        assert f"[{ids['g1']}," in area_at(transaction, ids["w1"], before).lineage


def test_an_area_cannot_be_moved_below_itself(database: Database, clock: SetClock) -> None:
    build(database, clock.now())
    with pytest.raises(Malformed, match="之内"):
        database.acting(lambda transaction: move_area(transaction, "g1", "w1", clock.now()))


def test_an_ended_area_is_no_longer_found_but_keeps_its_row(database: Database, clock: SetClock) -> None:
    build(database, clock.now())
    database.acting(lambda transaction: end_area(transaction, "w1", clock.now()))
    with database.looking() as transaction:
        assert lookup_areas(transaction, {"w1"}) == {}
        assert area_by_code(transaction, "w1").name == "微网格一"


def test_an_area_with_areas_below_it_cannot_end(database: Database, clock: SetClock) -> None:
    build(database, clock.now())
    with pytest.raises(Malformed, match="之下还有区域"):
        database.acting(lambda transaction: end_area(transaction, "v1", clock.now()))


@pytest.mark.parametrize(
    ("new", "word"),
    [
        (NewArea(code="x", level="street", name="街", parent="nowhere"), "没有上级区域"),
        (NewArea(code="x", level="hamlet", name="屯", parent="d1"), "没有层级"),
        (NewArea(code="x", level="street", name="街", parent="g1"), "不在上级的层级"),
        (NewArea(code="s1", level="street", name="街", parent="d1"), "已被使用"),
    ],
)
def test_an_area_that_does_not_fit_the_tree_is_refused(
    database: Database, clock: SetClock, new: NewArea, word: str
) -> None:
    build(database, clock.now())
    with pytest.raises(Malformed, match=word):
        database.acting(lambda transaction: create_areas(transaction, [new], clock.now()))


def test_two_areas_that_are_each_other_s_parent_are_refused(database: Database, clock: SetClock) -> None:
    ring = [
        NewArea(code="a", level="grid", name="甲", parent="b"),
        NewArea(code="b", level="village", name="乙", parent="a"),
    ]
    with pytest.raises(Malformed, match="没有上级区域"):
        build(database, clock.now(), ring)


def test_a_code_given_twice_is_refused_before_anything_is_written(database: Database, clock: SetClock) -> None:
    twice = [NewArea(code="a", level="city", name="甲"), NewArea(code="a", level="city", name="乙")]
    with pytest.raises(Malformed, match="写了两次"):
        build(database, clock.now(), twice)
    with database.looking() as transaction, pytest.raises(HuyingError):
        area_by_code(transaction, "a")
