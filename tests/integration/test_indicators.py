"""Figures are right, and every number is the length of the list behind it."""

from dataclasses import replace
from pathlib import Path

import pytest

from engine.application import Application
from engine.background.facts import fold_facts, rebuild
from engine.background.relay import relay
from engine.clock import DAY, HOUR, MINUTE, Instant
from engine.database import Database, Transaction
from engine.definitions.indicator import Indicator
from engine.definitions.indicator_file import discover, loads
from engine.errors import NotFound
from engine.records.breakdowns import By, breakdown
from engine.records.indicators import MOST, Asked, Side, behind, figure
from engine.serving import prepare_demo
from engine.settings import Settings
from tests.support.cases import MONDAY
from tests.support.door import Told, World
from tests.support.facts import rows

INDICATORS = discover()


@pytest.fixture
def world(database: Database) -> World:
    return World(database)


def _month(world: World, **more: object) -> Asked:
    asked = Asked(since=MONDAY, until=Instant(MONDAY + 60 * DAY), as_of=world.clock.now())
    return replace(asked, **more)  # type: ignore[arg-type]


def _counted(world: World, name: str, **more: object) -> tuple[int, int]:
    """Numerator and denominator."""
    relay(world.database)
    fold_facts(world.database, world.versions)
    with world.database.looking() as transaction:
        found = figure(transaction, INDICATORS[name], _month(world, **more))
    return found.numerator, found.denominator


def _listed(world: World, name: str, side: Side, **more: object) -> list[str]:
    with world.database.looking() as transaction:
        return [line.case_no for line in behind(transaction, INDICATORS[name], _month(world, **more), side)]


def test_what_is_not_yet_due_is_outside_and_what_is_overdue_is_in_the_base(world: World) -> None:
    closed, running = Told(world).closed(), Told(world).called("urban")
    assert _counted(world, "closure_area") == (1, 1), "the other is not due yet"
    world.later(20 * DAY)
    assert _counted(world, "closure_area") == (1, 2)
    assert _listed(world, "closure_area", Side.DENOMINATOR) == [closed.case_no, running.case_no]
    assert _listed(world, "closure_area", Side.NUMERATOR) == [closed.case_no]
    assert _counted(world, "closure_area", as_of=MONDAY + HOUR) == (1, 1), "as of then it was not due"


def test_joined_and_void_tickets_are_in_no_closure_rate(world: World) -> None:
    main = Told(world).closed()
    Told(world).filed().joined_to(Told(world).called("water"))
    called = Told(world).called("urban")
    called.do("shen", "call_off")
    world.later(20 * DAY)
    assert _counted(world, "closure_area") == (1, 2)
    assert main.case_no in _listed(world, "closure_area", Side.NUMERATOR)
    assert called.case_no not in _listed(world, "closure_area", Side.DENOMINATOR)


def test_each_department_answers_for_its_own_signing(world: World) -> None:
    told = Told(world).called("urban", "water")
    world.later(HOUR)
    told.signed("urban")
    world.later(3 * HOUR)
    told.signed("water")
    assert _counted(world, "signed_on_time") == (1, 2)
    assert _counted(world, "signed_on_time", department="urban") == (1, 1)
    assert _counted(world, "signed_on_time", department="water") == (0, 1)
    assert _counted(world, "signed_on_time", department="bureau") == (1, 2), "both stand below it"
    assert _counted(world, "signed_on_time", department="gas") == (0, 0)


def test_dispatching_late_is_the_areas_and_only_of_those_that_had_to_be_dispatched(world: World) -> None:
    late = Told(world).filed()
    world.later(30 * MINUTE)
    late.do("shen", "call", form={"lead": "urban"})
    answered = Told(world).filed()
    answered.do("shen", "answer")
    waiting = Told(world).filed()
    world.later(DAY)
    assert _counted(world, "dispatched_on_time") == (0, 2)
    assert answered.case_no not in _listed(world, "dispatched_on_time", Side.DENOMINATOR)
    assert waiting.case_no in _listed(world, "dispatched_on_time", Side.DENOMINATOR)


def test_a_return_that_is_let_go_is_a_wrong_dispatch(world: World) -> None:
    told = Told(world).called("urban", "water")
    told.do("chen-lead", "return", of="urban")
    (ask,) = told.case.open_asks("return")
    told.do("shen", "redispatch", request=ask.seq, form={"department": "power"})
    assert _counted(world, "returned") == (1, 3)
    assert _counted(world, "redispatched") == (1, 1)
    assert _counted(world, "dispatched_rightly") == (2, 3)


def test_scores_are_averaged_and_an_exempted_one_is_left_out_until_it_is_restored(world: World) -> None:
    told = Told(world).called("urban").signed("urban").finished("urban")
    told.do("zhou", "check")
    seq = told.task_of("urban").seq
    told.do("liu", "pass", each={seq: {"stars": 2, "resolved": "unsolved", "reason": "又复原"}})
    Told(world).closed()
    relay(world.database)
    fold_facts(world.database, world.versions)
    with world.database.looking() as transaction:
        found = figure(transaction, INDICATORS["score"], _month(world))
    assert (found.denominator, found.total, found.value) == (2, found.total, (found.total or 0) / 2)
    told.do("chen-lead", "appeal")
    (ask,) = told.case.open_asks("appeal")
    told.do("he", "exempt", request=ask.seq, form={"excused": ["score"], "reason": "非本队权属"})
    assert _counted(world, "score") == (1, 1)
    told.do("he", "restore", form={"excused": ["score"], "reason": "复核后恢复"})
    assert _counted(world, "score") == (2, 2)


def test_a_closed_ticket_that_is_handled_again_counts_against_closure_and_for_rehandling(world: World) -> None:
    told = Told(world).closed()
    told.do("wang", "redo", form={"satisfaction": "dissatisfied"})
    world.later(20 * DAY)
    assert _counted(world, "closure_area") == (0, 1)
    assert _counted(world, "rehandled") == (1, 1)
    assert _counted(world, "satisfied") == (0, 1)


def test_an_area_counts_what_lies_below_it_and_a_reader_what_he_reaches(world: World) -> None:
    Told(world).closed()
    area = world.rows("SELECT a.code FROM area a JOIN ticket t ON t.area_id = a.id")[0][0]
    assert _counted(world, "closure_area", area=area) == (1, 1)
    others = [code for code in world.areas if code != area]
    told = {code: _counted(world, "closure_area", area=code) for code in others}
    assert set(told.values()) == {(0, 0), (1, 1)}
    assert _counted(world, "closure_area", units=()) == (0, 0)
    with pytest.raises(NotFound):
        _counted(world, "closure_area", area="nowhere")


def test_a_stock_holds_what_came_before_the_period_and_says_how_long_ago(world: World) -> None:
    Told(world).reported()
    aged = loads(_AGED)["aged"]
    relay(world.database)
    fold_facts(world.database, world.versions)
    for days, numerator in ((1, 0), (3, 1)):
        now = Instant(MONDAY + days * DAY)
        asked = Asked(since=Instant(now - HOUR), until=Instant(now + HOUR), as_of=now)
        with world.database.looking() as transaction:
            found = figure(transaction, aged, asked)
            assert (found.numerator, found.denominator) == (numerator, 1)
            assert breakdown(transaction, [aged], asked, By.MONTH)["aged"] == []


_AGED = """
indicators:
  aged:
    title: 超两天 / Over two days
    formula: 满两天的 ÷ 未结的 / for two days ÷ open
    unit: ticket
    cohort: reported
    standing: true
    without: closed or void
    counts: reported for 2 days
    attribution: area
"""


def test_a_list_goes_on_behind_the_last_line_of_a_page(world: World) -> None:
    for _ in range(5):
        Told(world).filed()
    Told(world).called("urban", "water")
    relay(world.database)
    fold_facts(world.database, world.versions)
    for name in ("filed_rightly", "returned"):
        with world.database.looking() as transaction:
            whole = behind(transaction, INDICATORS[name], _month(world), Side.DENOMINATOR)
            assert _paged(transaction, INDICATORS[name], _month(world), Side.DENOMINATOR, 1) == len(whole) > 1


def _paged(transaction: Transaction, indicator: Indicator, asked: Asked, side: Side, most: int) -> int:
    """How many lines all pages have together; none twice."""
    seen: set[tuple[int, int]] = set()
    after = None
    while lines := behind(transaction, indicator, asked, side, after=after, most=most):
        assert not seen & {(line.ticket_id, line.seq) for line in lines}
        seen |= {(line.ticket_id, line.seq) for line in lines}
        after = (lines[-1].cohort_at, lines[-1].ticket_id, lines[-1].seq)
    return len(seen)


def test_in_the_demo_every_number_is_the_length_of_its_list_and_a_rebuild_is_the_same(
    database_url: str, tmp_path: Path
) -> None:
    demo = prepare_demo(replace(Settings.from_environment(), database_url=database_url, data=tmp_path))
    application = Application.of(demo)
    try:
        relay(application.database)
        fold_facts(application.database, application.versions)
        kept = rows(application.database)
        assert all(kept.values()), "every table of facts holds something"
        rebuild(application.database, application.versions)
        assert rows(application.database) == kept
        for later in (0, 60 * DAY):
            assert _hold(application, later) > 50, "the demo is lively"
    finally:
        application.close()


def _hold(application: Application, later: int) -> int:
    """Every indicator, everywhere: how many figures were more than nothing."""
    now = application.clock.now()
    more = 0
    with application.database.looking() as transaction:
        # Only where something lies: elsewhere there is nothing to count, and the demo has many areas.
        areas = [
            row[0]
            for row in transaction.rows(
                "SELECT code FROM area a WHERE EXISTS "
                "(SELECT 1 FROM ticket_fact k WHERE k.area_path LIKE '%%/' || a.id || '/%%')".replace(
                    "%%", "%%" if transaction.postgresql else "%"
                )
            )
        ]
        units = [
            row[0]
            for row in transaction.rows(
                "SELECT code FROM department d WHERE EXISTS (SELECT 1 FROM task_fact s WHERE s.department_id = d.id)"
            )
        ]
        whole = Asked(since=Instant(now - 400 * DAY), until=Instant(now + DAY), as_of=Instant(now + later))
        scopes = [whole, *(replace(whole, area=code) for code in areas)]
        scopes += [replace(whole, department=code) for code in units]
        for indicator in INDICATORS.values():
            for asked in scopes:
                found = figure(transaction, indicator, asked)
                assert len(behind(transaction, indicator, asked, Side.DENOMINATOR)) == found.denominator < MOST
                assert len(behind(transaction, indicator, asked, Side.NUMERATOR)) == found.numerator
                assert 0 <= found.numerator <= found.denominator
                more += bool(found.numerator)
    return more
