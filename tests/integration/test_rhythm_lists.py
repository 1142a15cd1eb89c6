"""Which tickets stand in whose list: seen from areas and from departments, on both databases."""

from collections.abc import Sequence
from typing import Any

import pytest

from engine.clock import DAY, HOUR, MINUTE
from engine.database import Database, Transaction
from engine.records.rhythm_files import almanac_of
from engine.records.rhythm_lines import Line
from engine.records.rhythm_lists import UnitList, lists
from engine.records.rhythm_recipients import addressees
from engine.records.standing_cards import standing_cards
from tests.support.door import MULTI_GRID, Told, World
from tests.support.rhythms import read

EVERYBODY = (
    "[{post: [handler, lead], of: department}, {post: grid_leader, of: grid}, {post: coordinator, of: street}, "
    "{post: supervisor, of: district}]"
)


@pytest.fixture
def world(database: Database) -> World:
    return World(database)


def listed(world: World, condition: str, to: str = EVERYBODY, **job: str) -> dict[str, UnitList]:
    """Code of a unit → its list at this moment."""
    wanted = read(list=condition, to=to, **job).jobs["late"]
    almanac, now = almanac_of(world.versions), world.clock.now()
    with world.database.looking() as transaction:
        found = lists(
            transaction,
            world.versions,
            almanac,
            wanted,
            addressees(transaction, wanted.to, now),
            calendar=almanac.of("cn-mainland"),
            now=now,
        )
    codes = {world.unit(code): code for code in (*world.areas, *world.departments)}
    return {codes[unit]: one for unit, one in found.items()}


def cases(world: World, condition: str, **job: str) -> dict[str, list[str]]:
    """Code of a unit → the case numbers on its list, in order."""
    return {unit: [line.case_no for line in one.lines] for unit, one in listed(world, condition, **job).items()}


def line(world: World, condition: str, unit: str) -> Line:
    """The one line of a unit's list."""
    (found,) = listed(world, condition)[unit].lines
    return found


def quick(world: World, *departments: str) -> Told:
    """Called to departments, signed and contacted, so that only the limit for handling runs on."""
    told = world.ticket().called(*departments).signed(*departments)
    for code in departments:
        told.do({"urban": "chen", "water": "lu", "power": "dong"}[code], "contact", of=code)
    return told


class TestParts:
    def test_every_unit_gets_what_lies_in_its_part(self, world: World) -> None:
        told = quick(world, "urban")
        found = cases(world, "{open: true}")
        assert found == {unit: [told.case_no] for unit in ("urban", "grid", "street", "district")}

    def test_an_area_that_the_ticket_does_not_lie_in_has_none(self, world: World) -> None:
        quick(world, "urban")
        assert {"grid-2", "street-2"} & cases(world, "{open: true}").keys() == set()

    def test_a_department_whose_task_is_done_has_it_no_longer(self, world: World) -> None:
        told = quick(world, "urban", "water").finished("water")
        assert cases(world, "{open: true}").keys() == {"urban", "grid", "street", "district"}
        assert told.state == "handling"

    def test_a_ticket_that_is_closed_void_or_carried_by_another_is_on_no_list(self, world: World) -> None:
        world.ticket().closed()
        main = world.ticket().filed()
        world.ticket().reported().joined_to(main)
        world.ticket().filed().do("shen", "annul")
        assert cases(world, "{open: true}")["street"] == [main.case_no]

    def test_a_department_that_leads_and_joins_in_another_round_has_a_ticket_once(self, world: World) -> None:
        told = quick(world, "urban")
        found = listed(world, "{open: true}")["urban"]
        assert (found.count, [one.case_no for one in found.lines]) == (1, [told.case_no])

    def test_a_post_that_has_ended_gets_nothing(self, world: World) -> None:
        quick(world, "urban")
        world.change("UPDATE holding SET valid_to = ? WHERE post IN ('handler', 'lead')", world.clock.now())
        assert cases(world, "{open: true}").keys() == {"grid", "street", "district"}

    def test_somebody_without_an_account_any_more_gets_nothing(self, world: World) -> None:
        quick(world, "urban")
        world.change("UPDATE person SET active = false WHERE login IN ('chen', 'chen-lead')")
        assert "urban" not in cases(world, "{open: true}")

    def test_a_department_that_is_no_more_gets_nothing(self, world: World) -> None:
        quick(world, "urban")
        world.change("UPDATE department SET valid_to = ? WHERE code = 'urban'", world.clock.now())
        assert "urban" not in cases(world, "{open: true}")


class TestConditions:
    def test_overdue_is_what_is_past_its_due_time_and_not_at_it(self, world: World) -> None:
        told = quick(world, "urban")
        (due,) = {timer.due_at for timer in told.case.timers.values() if timer.name == "handle"}
        world.clock.at = due
        assert "urban" not in cases(world, "{overdue: true}")
        world.clock.advance(1)
        assert cases(world, "{overdue: true}")["urban"] == [told.case_no]

    def test_a_window_for_a_return_that_has_passed_is_nobodys_lag(self, world: World) -> None:
        told = quick(world, "urban")
        (window,) = {timer.due_at for timer in told.case.timers.values() if timer.name == "object"}
        world.change("UPDATE deadline SET due_at = due_at + ? WHERE name = 'handle'", 30 * DAY)
        world.clock.at = window
        world.later()
        assert cases(world, "{overdue: true}") == {}
        assert line(world, "{open: true}", "urban").deadline == "处置时限 / Handling"

    def test_a_department_is_late_with_its_own_task_only(self, world: World) -> None:
        told = quick(world, "urban", "water")
        late = told.task_of("water").seq
        world.change("UPDATE deadline SET due_at = due_at + ? WHERE task_seq <> ?", 30 * DAY, late)
        world.later(DAY)
        found = cases(world, "{overdue: true}")
        assert found.keys() == {"water", "grid", "street", "district"}

    def test_a_suspended_task_is_not_late(self, world: World) -> None:
        quick(world, "urban")
        world.change("UPDATE deadline SET run = 'paused'")
        world.later(30 * DAY)
        assert cases(world, "{overdue: true}") == {}

    def test_due_within_a_workday_reaches_to_the_end_of_the_next(self, world: World) -> None:
        told = quick(world, "urban")
        # Monday 09:00; the limit for handling ends on Monday, after four working hours.
        assert cases(world, "{due_within: 5 working hours}")["urban"] == [told.case_no]
        world.change("UPDATE deadline SET due_at = ? WHERE name = 'handle'", world.clock.now() + 38 * HOUR)
        assert cases(world, "{due_within: 1 workday}")["urban"] == [told.case_no]
        world.change("UPDATE deadline SET due_at = ? WHERE name = 'handle'", world.clock.now() + 39 * HOUR + 1)
        assert "urban" not in cases(world, "{due_within: 1 workday}")
        assert cases(world, "{due_within: 2 days}")["urban"] == [told.case_no]

    def test_what_is_overdue_is_not_due_soon(self, world: World) -> None:
        quick(world, "urban")
        world.later(3 * DAY)
        assert cases(world, "{due_within: 1 workday}") == {}

    def test_idle_is_what_nobody_has_touched_for_so_much_working_time(self, world: World) -> None:
        told = quick(world, "urban")
        world.later(7 * DAY - MINUTE)  # Monday 08:59: five workdays have passed
        assert cases(world, "{idle_for: 5 workdays}")["urban"] == [told.case_no]
        told.do("chen", "progress", of="urban")
        assert cases(world, "{idle_for: 1 minutes}") == {}

    def test_what_the_clock_writes_does_not_wake_a_ticket(self, world: World) -> None:
        told = quick(world, "urban")
        world.later(7 * DAY)
        last = world.rows("SELECT max(seq) FROM event")[0][0]
        world.change("UPDATE event SET at = ?, actor = 'clock' WHERE seq = ?", world.clock.now(), last)
        world.change("UPDATE ticket SET head_at = ?", world.clock.now())
        assert cases(world, "{idle_for: 5 workdays}")["street"] == [told.case_no]

    def test_a_department_is_idle_while_others_work_on_the_ticket(self, world: World) -> None:
        told = quick(world, "urban", "water")
        world.later(7 * DAY)
        told.do("chen", "progress", of="urban")
        assert cases(world, "{idle_for: 5 workdays}") == {"water": [told.case_no]}

    def test_a_light_is_the_one_that_a_deadline_shows_now(self, world: World) -> None:
        told = quick(world, "urban")
        assert cases(world, "{light: [yellow, red]}") == {}
        world.later(7 * HOUR)  # past 70 per cent of four working hours
        found = cases(world, "{light: yellow}") | cases(world, "{light: red}")
        assert found["urban"] == found["street"] == [told.case_no]
        assert line(world, "{open: true}", "urban").light in ("yellow", "red")

    @pytest.mark.parametrize(
        ("condition", "holds"),
        [
            ("{stage: resolve}", True),
            ("{stage: [triage, dispatch]}", False),
            ("{state: handling}", True),
            ("{state: filed}", False),
            ("{state_type: working}", True),
            ("{state_type: [waiting, suspended]}", False),
            ("{workflow: block-calls-line-responds}", True),
            (f"{{workflow: {MULTI_GRID}}}", False),
            ("{urgency: [normal, urgent, emergency]}", True),
            ("{provisional: true}", True),
            ("{suspended: true}", False),
            ("{any: {overdue: true, state: handling}}", True),
            ("{overdue: true, state: handling}", False),
            ("{any: [{overdue: true, stage: resolve}, {stage: review}]}", False),
            ("{any: [{all: {open: true, stage: resolve}}, {stage: review}]}", True),
        ],
    )
    def test_each_word_asks_what_it_says(self, world: World, condition: str, holds: bool) -> None:
        told = quick(world, "urban")
        units = ("urban", "grid", "street", "district") if holds else ()
        assert cases(world, condition) == {unit: [told.case_no] for unit in units}

    def test_a_task_put_off_makes_its_ticket_suspended(self, world: World) -> None:
        told = quick(world, "urban", "water")
        seq = told.task_of("water").seq
        world.change("UPDATE task SET state_type = 'suspended' WHERE seq = ?", seq)
        assert cases(world, "{suspended: true}").keys() == {"water", "grid", "street", "district"}


class TestCards:
    def test_a_ticket_without_card_is_on_no_list_of_cards(self, world: World) -> None:
        quick(world, "urban")
        with world.database.looking() as transaction:
            assert [*standing_cards(transaction)] == [*standing_cards(transaction, [1])] == []
        assert cases(world, "{carded: true}") == {}

    def test_a_card_lists_its_ticket_for_areas_and_for_whom_it_was_given(self, world: World) -> None:
        told = quick(world, "urban", "water")
        told.do("he", "warn", of="water")
        assert cases(world, "{carded: true}").keys() == {"water", "grid", "street", "district"}
        assert cases(world, "{card: 黄牌}") == cases(world, "{carded: true}")
        assert cases(world, "{card: red}") == {}
        told.do("he", "censure", of="water")
        assert cases(world, "{card: red}") == cases(world, "{carded: true}")
        assert cases(world, "{card: yellow}") == {}, "the red one took its place"
        told.do("he", "warn", of="urban")
        assert line(world, "{card: yellow}", "street").card == "red", "the gravest is shown"
        told.do("he", "lift_card", of="water")
        told.do("he", "lift_card", of="urban")
        assert cases(world, "{carded: true}") == {}
        assert line(world, "{open: true}", "urban").card == ""


class TestOrder:
    def _three(self, world: World) -> list[str]:
        """Three tickets an hour apart, the last one due first."""
        told = []
        for hours in (72, 48, 24):
            told.append(quick(world, "urban"))
            world.change(
                "UPDATE deadline SET due_at = ? WHERE name = 'handle' AND ticket_id = ?",
                world.clock.now() + hours * HOUR,
                told[-1].id,
            )
            world.later(MINUTE)
        told[0].do("chen", "progress", of="urban")
        return [one.case_no for one in told]

    @pytest.mark.parametrize(
        ("sort", "expected"), [("due", (2, 1, 0)), ("opened", (0, 1, 2)), ("idle", (1, 2, 0)), ("urgency", (2, 1, 0))]
    )
    def test_a_list_is_in_the_order_of_its_job(self, world: World, sort: str, expected: tuple[int, ...]) -> None:
        numbers = self._three(world)
        for found in cases(world, "{open: true}", sort=sort).values():
            assert found == [numbers[place] for place in expected]

    def test_a_long_list_is_cut_and_says_how_long_it_would_be(self, world: World) -> None:
        numbers = self._three(world)
        found = listed(world, "{open: true}", most="2", sort="opened")["street"]
        assert (found.count, [one.case_no for one in found.lines]) == (3, numbers[:2])

    def test_what_is_urgent_comes_first(self, world: World) -> None:
        numbers = self._three(world)
        world.change("UPDATE ticket SET urgency = 'emergency' WHERE case_no = ?", numbers[1])
        assert cases(world, "{open: true}", sort="urgency")["urban"][0] == numbers[1]
        assert cases(world, "{urgency: 应急}")["urban"] == [numbers[1]]


class TestLines:
    def test_a_line_says_what_a_ticket_is_about_without_the_citizens_words(self, world: World) -> None:
        told = quick(world, "urban")
        world.change("UPDATE particulars SET description = '张三家的下水道'")
        shown = line(world, "{open: true}", "urban")
        due = next(timer.due_at for timer in told.case.timers.values() if timer.name == "handle")
        assert shown == Line(
            case_no=told.case_no, title="part-01-01 · micro", deadline="处置时限 / Handling", due=due, light="",
            provisional=True, card="", state="条线处置中 / Lines at work",
        )  # fmt: skip
        assert shown.to_json().keys() == {
            "case_no",
            "title",
            "deadline",
            "due",
            "provisional",
            "light",
            "card",
            "state",
        }

    def test_a_ticket_without_item_is_called_by_its_loop(self, world: World) -> None:
        world.ticket().reported()
        shown = line(world, "{open: true}", "street")
        assert shown.title == "块呼条应·速办直评 · micro"
        assert shown.deadline == "受理时限 / Acceptance"

    def test_a_ticket_on_which_no_deadline_runs_says_so(self, world: World) -> None:
        world.ticket().reported()
        world.change("UPDATE deadline SET run = 'stopped', ended_at = ?", world.clock.now())
        shown = line(world, "{open: true}", "street")
        assert (shown.deadline, shown.due, shown.light) == ("", None, "")


def test_closed_tickets_are_not_read(sqlite_database: Database) -> None:
    """SQLite says by which indexes it goes; whatever it scans whole holds no closed ticket."""
    world = World(sqlite_database)
    quick(world, "urban")
    asked: list[tuple[str, Any]] = []
    original = Transaction.rows

    def spy(self: Transaction, sql: str, parameters: Sequence[Any] = ()) -> list[Any]:
        asked.append((sql, parameters))
        return original(self, sql, parameters)

    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(Transaction, "rows", spy)
        listed(world, "{any: {overdue: true, light: red, idle_for: 5 workdays, suspended: true}}")
    plans = [
        (sql, row[3])
        for sql, parameters in asked
        for row in world.rows(f"EXPLAIN QUERY PLAN {sql}", *parameters)
        if " ticket" in sql
    ]
    assert len(plans) > 8
    scans = [step for _, step in plans if step.startswith("SCAN")]
    assert {step for step in scans if "json_each" not in step and "CONSTANT" not in step} <= {
        "SCAN t USING INDEX ix_ticket_open",
        "SCAN t USING INDEX ix_ticket_entered",
        "SCAN card USING INDEX ix_card_standing",
    }
