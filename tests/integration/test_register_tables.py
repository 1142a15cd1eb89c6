"""Rows of a register come in as a table, are refused by row, change by versions, and go out again."""

from pathlib import Path

import pytest

from engine.clock import DAY, Instant
from engine.database import Database
from engine.errors import HuyingError, NotFound, NotPermitted
from engine.exchange.registers import apply_rows, export_rows, preview_rows
from engine.records import register_keeping, register_rows
from engine.records.access import viewer_of
from engine.records.register_keeping import Put
from tests.support import registers
from tests.support.cases import MONDAY
from tests.support.door import World
from tests.support.registers import CARE, in_care, register, table

WU = ("fx-001", "吴阿婆", "village", "独居老人", "13800000001")


@pytest.fixture
def world(database: Database) -> World:
    return World(database)


def versions(world: World, code: str = "fx-001") -> list[register_rows.Row]:
    with world.database.looking() as transaction:
        return register_rows.history(transaction, CARE, code)


def test_a_preview_says_what_an_import_does_and_writes_nothing(world: World, tmp_path: Path) -> None:
    file = table(tmp_path / "people.xlsx", WU, ("fx-002", "孙阿公", "village", "alone", ""))
    before = preview_rows(world.database, register(), file, MONDAY)
    assert versions(world) == []
    after = apply_rows(world.database, register(), file, MONDAY)
    assert before == after
    assert after.new == ("fx-001", "fx-002")
    (row,) = versions(world)
    assert (row.facts, row.personal) == (
        {"area": "village", "kind": "alone"},
        {"name": "吴阿婆", "phone": "13800000001"},
    )


def test_bad_rows_are_named_by_number_and_field_and_the_others_are_taken(world: World, tmp_path: Path) -> None:
    file = table(
        tmp_path / "people.csv",
        WU,
        ("fx-002", "孙阿公", "nowhere", "独居老人", ""),
        ("fx-003", "孙阿公", "village", "富人", ""),
        ("fx-001", "又一人", "village", "独居老人", ""),
        ("fx-004", "", "village", "独居老人", ""),
        ("", "无编码", "village", "独居老人", ""),
    )
    outcome = apply_rows(world.database, register(), file, MONDAY)
    assert [(one.row, one.field) for one in outcome.refused] == [
        (3, "area"), (4, "kind"), (5, "code"), (6, "name"), (7, "code"),
    ]  # fmt: skip
    assert outcome.new == ("fx-001",)


def test_a_change_is_a_new_version_and_the_same_again_is_none(world: World, tmp_path: Path) -> None:
    apply_rows(world.database, register(), table(tmp_path / "a.csv", WU), MONDAY)
    again = apply_rows(world.database, register(), table(tmp_path / "a.csv", WU), Instant(MONDAY + DAY))
    assert (again.unchanged, again.changed) == (1, ())
    moved = (*WU[:4], "13800000002")
    outcome = apply_rows(world.database, register(), table(tmp_path / "b.csv", moved), Instant(MONDAY + 2 * DAY))
    assert outcome.changed[0].fields == {"phone": ("13800000001", "13800000002")}
    first, second = versions(world)
    assert (first.get("phone"), second.get("phone")) == ("13800000001", "13800000002")
    assert (first.version, second.version) == (1, 2)


def test_what_goes_out_can_come_in_again(world: World, tmp_path: Path) -> None:
    apply_rows(world.database, register(), table(tmp_path / "a.csv", WU), MONDAY)
    later = Instant(MONDAY + DAY)
    assert export_rows(world.database, register(), tmp_path / "out.xlsx", later) == 1
    assert apply_rows(world.database, register(), tmp_path / "out.xlsx", later).refused == ()
    assert [row.get("name") for row in versions(world)] == ["吴阿婆"] * len(versions(world))


def test_the_personal_part_can_be_erased_in_every_version(world: World) -> None:
    in_care(world, phone="1")
    in_care(world, phone="2", at=MONDAY)
    assert world.database.acting(lambda transaction: register_keeping.erase(transaction, CARE, "fx-001")) == 2
    assert [(row.personal, row.facts["kind"]) for row in versions(world)] == [({}, "alone")] * 2
    with pytest.raises(NotFound):
        world.database.acting(lambda transaction: register_keeping.erase(transaction, CARE, "nobody"))


def test_a_register_said_what_it_said_then(world: World) -> None:
    in_care(world)
    in_care(world, "fx-002", at=MONDAY)
    with world.database.looking() as transaction:
        then = register_rows.as_of(transaction, CARE, Instant(MONDAY - DAY))
        now = register_rows.as_of(transaction, CARE, MONDAY)
    assert [row.code for row in then] == ["fx-001"]
    assert [row.code for row in now] == ["fx-001", "fx-002"]


def test_rows_are_seen_within_ones_areas_and_kept_by_their_keepers(world: World) -> None:
    in_care(world)
    with world.database.looking() as transaction:
        seen = {
            login: len(
                register_rows.listed(transaction, CARE, MONDAY, within=viewer_of(transaction, number, MONDAY).areas)
            )
            for login, number in world.people.items()
            if login in ("tang", "shen", "neighbour", "stranger")
        }
        (row,) = register_rows.listed(transaction, CARE, MONDAY)
        area = register_rows.area_of(transaction, row)
        for login, keeps in (("tang", True), ("shen", False), ("wang", False), ("stranger", False)):
            viewer = viewer_of(transaction, world.people[login], MONDAY)
            try:
                register_keeping.expect_keeper(transaction, register(), viewer, area)
            except NotPermitted:
                assert not keeps, login
            else:
                assert keeps, login
    assert seen == {"tang": 1, "shen": 1, "neighbour": 0, "stranger": 0}


@pytest.mark.parametrize("code", ["", "x" * 65, "a/b", "a\nb"])
def test_a_code_that_cannot_be_kept_is_refused(world: World, code: str) -> None:
    with pytest.raises(HuyingError) as refusal:
        in_care(world, code)
    assert refusal.value.place.field == "code"


def test_putting_a_row_in_twice_changes_nothing(world: World) -> None:
    assert (in_care(world), in_care(world), in_care(world, name="吴婆婆")) == (Put.NEW, Put.SAME, Put.CHANGED)


def test_a_form_names_a_row_of_its_register_within_the_tickets_area(world: World) -> None:
    in_care(world)
    registers.point(world)
    registers.put(world, "nq-001", {"name": "钱奶奶", "area": "grid-2", "kind": "poor"})
    told = world.ticket("four-hundred-visits")
    assert told.refused("tang", "found", form={"care": "jd-001"}).place.field == "care"
    assert "不在本案所在区域" in told.refused("tang", "found", form={"care": "nq-001"}).zh
    told.do("tang", "found", form={"care": "fx-001"})
    assert '"care":"fx-001"' in world.rows("SELECT facts FROM event")[0][0]
