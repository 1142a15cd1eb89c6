"""Acts of supervision are letters: numbered once per organisation and year, answered within a limit, told to whom they
are about."""

import threading

import pytest

from engine.background.commands import run_commands
from engine.background.sweep import sweep
from engine.clock import DAY, Instant
from engine.database import Database
from engine.errors import HuyingError
from engine.records import numbers
from engine.records.people import Appointment, appoint
from tests.support.door import Told, World


@pytest.fixture
def world(database: Database) -> World:
    return World(database)


def supervised(world: World, told: Told, message: str = "三日内办结") -> str:
    """The number of a written demand to the department at work."""
    told.do("he", "supervise", of="urban", form={"message": message})
    with world.database.looking() as transaction:
        return numbers.of_ticket(transaction, told.id)[0].number


def waits(world: World) -> None:
    sweep(world.door, world.database, world.clock)


class TestNumbers:
    def test_each_letter_gets_the_next_number_of_its_organisation_and_year(self, world: World) -> None:
        first, second = world.ticket().called("urban"), world.ticket().called("urban")
        assert [supervised(world, first), supervised(world, second)] == ["督〔2026〕1号", "督〔2026〕2号"]
        world.later(310 * DAY)
        assert supervised(world, world.ticket().called("urban")) == "督〔2027〕1号"
        assert not world.differences(first.id)
        assert world.verdict().sound

    def test_a_refused_letter_leaves_no_gap(self, world: World) -> None:
        told = world.ticket().called("urban")
        told.refused("shen", "supervise", of="urban")
        told.refused("he", "supervise", of="urban", form={"message": ""})
        assert supervised(world, told) == "督〔2026〕1号"

    def test_two_organisations_count_for_themselves(self, world: World) -> None:
        supervised(world, world.ticket().called("urban"))
        own, other = world.unit("district"), world.unit("city")
        with world.database.looking() as transaction:
            drawn = [numbers.next_number(transaction, unit, "督", world.clock.now()).serial for unit in (own, other)]
        assert drawn == [2, 1]

    def test_letters_sent_at_once_have_different_numbers_without_a_gap(self, world: World) -> None:
        tickets = [world.ticket().called("urban") for _ in range(6)]
        failures: list[HuyingError] = []

        def send(told: Told) -> None:
            try:
                told.do("he", "supervise", of="urban", form={"message": "限期办结"})
            except HuyingError as failure:
                failures.append(failure)

        hands = [threading.Thread(target=send, args=(told,)) for told in tickets]
        for hand in hands:
            hand.start()
        for hand in hands:
            hand.join()
        assert not failures
        assert [row[0] for row in world.rows("SELECT serial FROM letter ORDER BY serial")] == [1, 2, 3, 4, 5, 6]

    def test_a_changed_number_is_found_by_the_history(self, world: World) -> None:
        told = world.ticket().called("urban")
        supervised(world, told)
        world.change("UPDATE letter SET serial = 7")
        assert "letter" in "".join(world.differences(told.id))


class TestWrittenSupervision:
    def test_the_unit_answers_in_writing(self, world: World) -> None:
        told = world.ticket().called("urban")
        supervised(world, told)
        assert "supervise" in told.told_to(world.unit("urban"))
        told.refused("chen", "answer_supervision", request=told.ask("supervise").seq)
        told.do("chen-lead", "answer_supervision", request=told.ask("supervise").seq)
        world.later(20 * DAY)
        waits(world)
        assert not [row for row in world.rows("SELECT facts FROM event WHERE action = 'rung'") if "respond" in row[0]]

    def test_a_demand_left_unanswered_gives_a_yellow_and_then_a_red_card(self, world: World) -> None:
        told = world.ticket("service-request")
        told.do("shen", "report", form={"place": {"area": "micro"}})
        told.do("shen", "accept")
        told.do("shen", "dispatch", form={"lead": "urban"})
        told.do("he", "supervise", of="urban")
        world.later(2 * DAY + 1)
        waits(world)
        assert world.rows("SELECT card, ended_at FROM card") == [("yellow", None)]
        world.later(DAY)
        waits(world)
        assert world.rows("SELECT card FROM card WHERE ended_at IS NULL") == [("red",)]
        told.do("he", "lift_card", of="urban")
        assert not world.rows("SELECT card FROM card WHERE ended_at IS NULL")

    def test_finished_work_needs_no_answer_any_more(self, world: World) -> None:
        told = world.ticket().called("urban").signed("urban")
        supervised(world, told)
        told.finished("urban")
        assert not list(told.case.open_asks("supervise"))


class TestNoticesToHeads:
    def noticed(self, world: World, *about: Told) -> Told:
        chief = [
            Appointment(login="stranger", post="supervisor", area="district", department=None, since=Instant(0)),
            Appointment(login="jin", post="chief", area="district", department=None, since=Instant(0)),
        ]
        world.database.acting(lambda transaction: appoint(transaction, chief))
        numbers_ = [one.case_no for one in about]
        letter = world.ticket("supervision")
        letter.do("he", "draft", form={"area": "district", "cause": "unanswered", "about": numbers_})
        letter.refused("he", "approve")
        letter.do("stranger", "approve")
        letter.do("he", "send", form={"lead": "urban", "about": numbers_})
        return letter

    def test_it_is_checked_sent_answered_and_confirmed(self, world: World) -> None:
        letter = self.noticed(world, world.ticket().called("urban"))
        assert letter.sees("chen-lead") >= {"read", "answer"}
        assert not letter.sees("chen") & {"read", "answer"}
        letter.do("chen-lead", "answer", of="urban")
        assert letter.state == "answered"
        letter.do("he", "confirm")
        assert letter.state == "settled"

    def test_the_tickets_it_is_about_say_so_once(self, world: World) -> None:
        about = [world.ticket().called("urban"), world.ticket().closed()]
        letter = self.noticed(world, *about)
        for _ in range(2):
            run_commands(world.door, world.database, world.clock)
        assert [one.actions.count("mentioned") for one in about] == [1, 1]
        ((facts,),) = world.rows("SELECT facts FROM event WHERE action = 'mentioned' AND ticket_id = ?", about[0].id)
        assert letter.case_no in facts
        assert "提醒〔2026〕1号" in facts
        assert world.verdict().sound
        assert not [line for one in (*about, letter) for line in world.differences(one.id)]

    def test_a_second_hand_or_a_crash_before_the_command_is_done_writes_nothing_twice(self, world: World) -> None:
        about = world.ticket().called("urban")
        self.noticed(world, about)
        hands = [threading.Thread(target=run_commands, args=(world.door, world.database, world.clock)) for _ in "ab"]
        for hand in hands:
            hand.start()
        for hand in hands:
            hand.join()
        run_commands(world.door, world.database, world.clock)
        assert about.actions.count("mentioned") == 1

    def test_left_unanswered_it_gives_cards_and_rises_to_the_leader(self, world: World) -> None:
        letter = self.noticed(world, world.ticket().called("urban"))
        world.later(12 * DAY)
        waits(world)
        assert letter.state == "raised"
        assert world.rows("SELECT card FROM card WHERE ticket_id = ? AND ended_at IS NULL", letter.id) == [("red",)]
        letter.do("jin", "talked")
        assert letter.state == "settled"
