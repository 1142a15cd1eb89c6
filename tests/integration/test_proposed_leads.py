"""Proposed leads: from the list, from rulings, from how alike tickets ended; what was proposed and taken is kept."""

import json
from typing import Any

import pytest
from sqlalchemy import insert

from engine.background.proposals import fold_precedents, keep_up, rebuild
from engine.background.relay import relay
from engine.clock import DAY, HOUR
from engine.database import Database, Transaction
from engine.definitions import thresholds
from engine.records import precedents
from engine.records.catalogue import Responsibility
from engine.stages.dispatch import Lead, leads
from tests.support.door import MULTI_GRID, Told, World


@pytest.fixture
def world(database: Database) -> World:
    return World(database)


def responsible(
    world: World, lead: str, *, item: str = "part-01-01", area: str = "district", co: tuple[str, ...] = ()
) -> None:
    """A line of the responsibilities."""

    def work(transaction: Transaction) -> None:
        values = {
            "item_code": item, "area_id": world.areas[area], "lead_id": world.departments[lead],
            "co": json.dumps(list(co)), "basis": "权责清单第1项", "active": True,
        }  # fmt: skip
        transaction.connection.execute(insert(Responsibility).values(**values))

    world.database.acting(work)


def proposed(world: World, told: Told) -> list[Lead]:
    with world.database.looking() as transaction:
        case = world.door.case(transaction, told.id)
        rules = thresholds.shipped().proposals
        return list(leads(transaction, world.versions.almanac(), case, world.clock.now(), rules))


def codes(world: World, told: Told) -> list[str]:
    return [one.code for one in proposed(world, told)]


def folded(world: World) -> int:
    relay(world.database)
    return fold_precedents(world.database)


def facts(world: World, told: Told, action: str) -> dict[str, Any]:
    rows = world.rows("SELECT facts FROM event WHERE ticket_id = ? AND action = ? ORDER BY seq", told.id, action)
    return dict(json.loads(rows[-1][0]))


def returned_and_redispatched(world: World) -> Told:
    """Urban management gives a ticket back with a clause; the desk sends it to the water company."""
    told = world.ticket().called("urban")
    told.do("chen-lead", "return", of="urban", form={"clause": "市政条例第三条", "suggested": "water"})
    (ask,) = told.case.open_asks()
    told.do("shen", "redispatch", request=ask.seq, form={"department": "water"})
    return told


class TestFromTheList:
    def test_the_nearest_area_and_the_most_exact_item_win(self, world: World) -> None:
        responsible(world, "gas", item="part")
        responsible(world, "power", item="part-01", co=("water",))
        responsible(world, "urban", area="city")
        told = world.ticket().filed()
        assert codes(world, told) == ["power", "gas", "urban"]
        assert list(proposed(world, told)[0].co) == ["water"]
        assert "权责清单第1项" in proposed(world, told)[0].reasons[0].zh

    def test_what_holds_elsewhere_or_for_other_items_is_nothing(self, world: World) -> None:
        responsible(world, "gas", area="street-2")
        responsible(world, "power", item="event")
        assert proposed(world, world.ticket().filed()) == []

    def test_without_an_item_nobody_is_proposed(self, world: World) -> None:
        responsible(world, "gas", item="part")
        assert proposed(world, world.ticket().reported()) == []

    def test_a_unit_that_is_no_more_is_not_proposed(self, world: World) -> None:
        responsible(world, "gas")
        responsible(world, "power", item="part")
        world.change("UPDATE department SET valid_to = ? WHERE code = ?", 1, "gas")
        assert codes(world, world.ticket().filed()) == ["power"]


class TestFromRulings:
    def test_a_return_that_was_accepted_speaks_for_one_and_against_the_other(self, world: World) -> None:
        responsible(world, "urban")
        ruled = returned_and_redispatched(world)
        assert folded(world) == 1
        first, second, *_ = proposed(world, world.ticket().filed())
        assert (first.code, second.code) == ("water", "urban")
        assert f"先例 {ruled.case_no}" in first.reasons[0].zh
        assert "沈受理员准予退单" not in first.reasons[0].zh
        assert "沈受理员准退并改派，由其承办，依据市政条例第三条" in first.reasons[0].zh
        assert any("不由其承办" in reason.zh for reason in second.against)

    def test_a_return_that_was_refused_speaks_for_who_has_it(self, world: World) -> None:
        told = world.ticket().called("urban")
        told.do("chen-lead", "return", of="urban")
        (ask,) = told.case.open_asks()
        told.do("shen", "uphold", request=ask.seq)
        assert folded(world) == 1
        with world.database.looking() as transaction:
            (only,) = precedents.search(transaction, [world.unit("street")], "", None)
        assert (only.kind, only.winner, only.loser, only.by) == ("uphold", "urban", "", "沈受理员")
        assert codes(world, world.ticket().filed()) == ["urban"]

    def test_a_designation_binds_and_names_who_lost(self, world: World) -> None:
        told = world.ticket().called("urban")
        told.do("shen", "raise")
        told.do("gu", "designate", form={"lead": "gas", "co": ["water"], "ruling": "管线归燃气公司"})
        assert folded(world) == 1
        with world.database.looking() as transaction:
            (only,) = precedents.search(transaction, [world.unit("district")], "", None)
        assert (only.kind, only.winner, only.loser, only.binding) == ("designate", "gas", "urban", True)
        assert (only.words, only.by, only.item) == ("管线归燃气公司", "顾区受理员", "part-01-01")

    def test_an_agreement_of_the_other_loop_is_a_precedent_too(self, world: World) -> None:
        told = world.ticket(MULTI_GRID).called("urban")
        told.do("chen-lead", "dispute", of="urban")
        told.do("shen", "agree", form={"lead": "power"})
        assert folded(world) == 1
        assert "power" in codes(world, world.ticket().filed())

    def test_rulings_are_found_by_words_and_only_where_one_may_look(self, world: World) -> None:
        returned_and_redispatched(world)
        folded(world)
        with world.database.looking() as transaction:

            def found(unit: str, text: str) -> int:
                return len(precedents.search(transaction, [world.unit(unit)], text, None))

            assert [found("street", text) for text in ("", "市政条例", "自来水", "城管", "part-01", "没有")] == [
                1,
                1,
                1,
                1,
                1,
                0,
            ]
            assert found("street-2", "") == 0
            assert precedents.search(transaction, [world.unit("street")], "", world.clock.now()) == []

    def test_precedents_are_folded_once_and_again_from_the_feed(self, world: World) -> None:
        returned_and_redispatched(world)
        assert (folded(world), folded(world)) == (1, 0)
        before = world.rows("SELECT * FROM precedent")
        world.change("UPDATE precedent SET clause = 'x'")
        assert rebuild(world.database)["precedents"] == 1
        assert world.rows("SELECT * FROM precedent") == before

    def test_a_round_of_the_background_folds_them(self, world: World) -> None:
        returned_and_redispatched(world)
        relay(world.database)
        assert keep_up(world.door, world.database, world.clock) == 1


class TestFromOutcomes:
    def test_who_finished_alike_tickets_is_proposed_with_the_working_time(self, world: World) -> None:
        done = world.ticket().called("water")
        world.later(2 * HOUR)
        done.signed("water").finished("water")
        (only,) = proposed(world, world.ticket().filed())
        assert only.code == "water"
        assert only.reasons[0].zh == "同类案卷办结 1 件，退回 0%，办理中位数 2.0 工作小时"

    def test_old_outcomes_are_forgotten(self, world: World) -> None:
        world.ticket().called("water").signed("water").finished("water")
        world.later(400 * DAY)
        assert proposed(world, world.ticket().filed()) == []


class TestWhatWasTaken:
    @pytest.mark.parametrize(("chosen", "taken"), [("power", 1), ("gas", 2), ("water", 0)])
    def test_the_event_keeps_what_was_proposed_and_what_was_taken(self, world: World, chosen: str, taken: int) -> None:
        responsible(world, "power")
        responsible(world, "gas", item="part")
        told = world.ticket().called(chosen)
        said = facts(world, told, "call")
        assert (said["proposed"], said["taken"]) == (["power", "gas"], taken)
        assert world.verdict().sound
        assert world.differences(told.id) == []

    def test_where_nothing_was_proposed_nothing_is_kept(self, world: World) -> None:
        said = facts(world, world.ticket().called("water"), "call")
        assert "proposed" not in said
        assert "taken" not in said
