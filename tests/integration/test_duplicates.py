"""Likely duplicates and relapses: found among the tickets nearby, for whoever may see them."""

import json
from typing import Any

import pytest

from engine.background.proposals import keep_up, rebuild
from engine.background.relay import relay
from engine.clock import DAY, HOUR, MINUTE
from engine.database import Database
from engine.definitions import thresholds
from engine.records import relapses, ticket_places
from engine.records.datums import from_wgs84
from engine.records.ticket_places import forget
from engine.stages.triage import Duplicate, duplicates
from tests.support.door import Told, World

#: Some 11 metres to the north, in degrees.
STEP = 0.0001
LAMP = "路灯不亮，晚上看不清路"


@pytest.fixture
def world(database: Database) -> World:
    return World(database)


def spot(north: float = 0, *, datum: str = "WGS-84", accuracy: int | None = 5, area: str = "micro") -> dict[str, Any]:
    """A place some steps north of the crossing where the stories happen."""
    lon, lat = from_wgs84((121.4567, 30.9 + north * STEP), datum.lower().replace("-", ""))
    return {"lon": lon, "lat": lat, "datum": datum, "accuracy": accuracy, "area": area}


def report(world: World, place: dict[str, Any], text: str = LAMP, by: str = "wang") -> Told:
    told = world.ticket()
    told.do(by, "report", form={"place": place, "description": text})
    return told


def found(world: World, told: Told, login: str = "shen") -> list[Duplicate]:
    units = {"shen": [world.unit("street")], "liu": [world.unit("grid")], "stranger": [world.unit("street-2")]}[login]
    with world.database.looking() as transaction:
        return list(duplicates(transaction, told.id, units, thresholds.shipped().duplicates))


class TestDuplicates:
    def test_two_reports_of_one_lamp_are_found_with_their_reasons(self, world: World) -> None:
        first = report(world, spot())
        world.clock.advance(35 * MINUTE)
        second = report(world, spot(2), "路灯不亮")
        (only,) = found(world, second)
        assert only.near.case_no == first.case_no
        assert only.likeness.metres == 22
        reasons = "；".join(reason.zh for reason in only.likeness.reasons)
        assert "相距 22 米（精度 ±10 米）" in reasons
        assert "相隔 35 分钟" in reasons
        assert "文字相似" in reasons

    def test_whoever_looks_from_either_side_finds_the_other(self, world: World) -> None:
        first, second = report(world, spot()), report(world, spot(1))
        ((one,), (other,)) = found(world, first), found(world, second)
        assert (one.near.case_no, other.near.case_no) == (second.case_no, first.case_no)
        assert one.likeness == other.likeness

    @pytest.mark.parametrize("datum", ["GCJ-02", "BD-09", "CGCS2000"])
    def test_the_same_lamp_on_another_map_is_the_same_lamp(self, world: World, datum: str) -> None:
        report(world, spot())
        (only,) = found(world, report(world, spot(datum=datum)))
        assert only.likeness.metres <= 1

    def test_far_away_or_long_ago_is_another_matter(self, world: World) -> None:
        report(world, spot(30))
        report(world, spot())
        world.clock.advance(25 * HOUR)
        assert found(world, report(world, spot())) == []

    def test_a_bad_fix_widens_the_circle_but_not_without_end(self, world: World) -> None:
        report(world, spot(10))
        assert found(world, report(world, spot(accuracy=5))) == []
        report(world, spot(60), "占道堆物")
        wide = report(world, spot(accuracy=90_000))
        assert {one.likeness.metres for one in found(world, wide)} <= {0, 111}
        assert "占道堆物" not in {one.near.description for one in found(world, wide)}

    def test_what_a_reader_may_not_see_is_no_hint(self, world: World) -> None:
        report(world, spot())
        second = report(world, spot(area="grid-2"), by="neighbour")
        assert len(found(world, second, "shen")) == 1
        assert found(world, second, "liu") != []
        assert found(world, report(world, spot()), "stranger") == []

    def test_a_joined_ticket_names_the_one_that_carries_it(self, world: World) -> None:
        main, joined = report(world, spot()), report(world, spot())
        joined.joined_to(main)
        third = report(world, spot())
        assert {(one.near.case_no, one.near.main) for one in found(world, third)} == {
            (main.case_no, None),
            (joined.case_no, main.case_no),
        }

    def test_a_void_ticket_is_no_hint(self, world: World) -> None:
        report(world, spot()).do("shen", "refuse")
        assert found(world, report(world, spot())) == []

    def test_where_a_handler_arrived_is_not_where_the_ticket_lies(self, world: World) -> None:
        told = report(world, spot())
        told.do("shen", "accept", form={"item": "part-01-01"})
        told.do("shen", "call", form={"lead": "urban"})
        told.signed("urban").do("chen", "arrive", of="urban", form={"place": spot(500)})
        ((lat,),) = world.rows("SELECT lat_e7 FROM ticket_place")
        assert lat == 309_000_000

    def test_a_ticket_without_a_point_has_none(self, world: World) -> None:
        report(world, spot())
        assert found(world, world.ticket().reported()) == []


class TestShadows:
    def test_places_and_words_are_made_again_as_they_were(self, world: World) -> None:
        for north in range(3):
            report(world, spot(north, datum="GCJ-02"), f"第{north}根路灯不亮")
        world.ticket().reported()
        before = [world.rows(f"SELECT * FROM {table} ORDER BY ticket_id") for table in ("ticket_place", "ticket_text")]
        assert len(before[0]) == 3
        world.change("DELETE FROM ticket_place")
        world.change("UPDATE ticket_text SET bigrams = 'x'")
        counts = rebuild(world.database)
        assert (counts["tickets"], counts["places"]) == (4, 3)
        after = [world.rows(f"SELECT * FROM {table} ORDER BY ticket_id") for table in ("ticket_place", "ticket_text")]
        assert after == before

    def test_erased_words_leave_no_shadow(self, world: World) -> None:
        told = report(world, spot())
        world.change("UPDATE particulars SET description = '' WHERE ticket_id = ?", told.id)
        world.database.acting(lambda transaction: forget(transaction, told.id))
        assert world.rows("SELECT * FROM ticket_text") == []
        assert rebuild(world.database)["texts"] == 0

    def test_near_tickets_are_found_by_the_index(self, world: World) -> None:
        if world.database.dialect != "sqlite":
            pytest.skip("PostgreSQL plans small tables by scanning them")
        plan = world.rows(
            "EXPLAIN QUERY PLAN SELECT ticket_id FROM ticket_place p WHERE p.cell IN (SELECT value FROM json_each(?)) "
            "AND p.opened_at BETWEEN ? AND ?", "[1, 2]", 0, 1,
        )  # fmt: skip
        assert any("ix_ticket_place_cell (cell=? AND opened_at>? AND opened_at<?)" in row[-1] for row in plan)
        assert ticket_places.TicketPlace.__tablename__ == "ticket_place"


def closed(world: World, place: dict[str, Any], item: str = "part-01-01") -> Told:
    told = report(world, place)
    told.do("shen", "accept", form={"item": item})
    told.do("shen", "call", form={"lead": "urban"})
    return told.signed("urban").finished("urban").scored()


def look(world: World) -> int:
    relay(world.database)
    return keep_up(world.door, world.database, world.clock)


class TestRelapse:
    def test_the_same_cover_broken_again_is_a_relapse(self, world: World) -> None:
        earlier = closed(world, spot())
        assert look(world) == 0
        world.clock.advance(20 * DAY)
        again = report(world, spot(1))
        assert look(world) == 0, "nobody knows yet under which standard it falls"
        again.do("shen", "accept", form={"item": "part-01-01/1"})
        assert look(world) == 1
        assert look(world) == 0
        assert again.actions[-1] == "relapsed"
        ((facts,),) = world.rows("SELECT facts FROM event WHERE action = 'relapsed'")
        assert json.loads(facts) == {"metres": 11, "relapse_of": earlier.case_no}
        with world.database.looking() as transaction:
            assert relapses.links(transaction, again.id, [world.unit("street")]) == (earlier.case_no, ())
            assert relapses.links(transaction, earlier.id, [world.unit("street")]) == (None, (again.case_no,))
            assert relapses.links(transaction, earlier.id, [world.unit("street-2")]) == (None, ())
        assert world.verdict().sound
        assert world.differences(again.id) == []

    @pytest.mark.parametrize(
        ("item", "north", "days"), [("event-02-03", 0, 20), ("part-01-01", 40, 20), ("part-01-01", 0, 100)]
    )
    def test_another_standard_another_place_or_long_after_is_none(
        self, world: World, item: str, north: int, days: int
    ) -> None:
        closed(world, spot())
        world.clock.advance(days * DAY)
        report(world, spot(north)).do("shen", "accept", form={"item": item})
        assert look(world) == 0

    def test_links_are_made_again_from_the_histories(self, world: World) -> None:
        closed(world, spot())
        report(world, spot()).do("shen", "accept", form={"item": "part-01-01"})
        assert look(world) == 1
        before = world.rows("SELECT * FROM relapse")
        assert len(before) == 1
        assert rebuild(world.database)["relapses"] == 1
        assert world.rows("SELECT * FROM relapse") == before
