"""Whatever the rollups answer is what the facts say; what they cannot know they leave to the facts."""

import itertools
import random
from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any

import pytest

from engine.background import rollups as keeping
from engine.background.facts import fold_facts, rebuild
from engine.background.relay import relay
from engine.background.rollups import refresh
from engine.clock import DAY, HOUR, Instant, SetClock
from engine.database import Database, Transaction
from engine.definitions.indicator import Counted, Indicator
from engine.definitions.indicator_file import discover, loads
from engine.records import counted_facts, indicators, rollups, span_rollups
from engine.records.breakdowns import By, breakdown
from engine.records.indicator_sql import NONE, Asked, Shared
from engine.records.indicators import Figure, Side, apart, figures
from engine.records.rollup_answers import Answered, Book, parts
from engine.records.rollups import Grain
from engine.records.spans import spans
from tests.support.cases import MONDAY
from tests.support.door import Told, World

INDICATORS = list(discover().values())
FIRST = rollups.month_of(MONDAY)
#: What a figure may be cut by: every dimension alone and some together.
SCOPES: tuple[dict[str, Any], ...] = (
    {},
    {"department": "urban"},
    {"department": "bureau"},
    {"item": "part-01-01"},
    {"channel": "grid"},
    {"workflow": "block-calls-line-responds"},
    {"department": "urban", "item": "part"},
    {"department": "bureau", "department_alone": True},
    {"department": NONE},
    {"item": NONE},
    {"person": "shen"},
    {"person": "shen", "channel": "grid"},
    {"person": NONE},
    {"person": "shen", "item": "part-01-01"},
    {"person": "chen", "department": "urban"},
    {"item": "part", "channel": "grid"},
    {"item": "part-01", "channel": "grid", "department": "urban"},
    {"department": "urban", "channel": "grid", "workflow": "block-calls-line-responds"},
)


@pytest.fixture
def world(database: Database) -> World:
    return World(database)


def _fold(world: World) -> int:
    """Fold, and keep the rollups; how many months were counted."""
    relay(world.database)
    fold_facts(world.database, world.versions)
    return refresh(world.database, world.clock, world.versions, INDICATORS)


def _asked(world: World, **more: Any) -> Asked:
    until = Instant(rollups.next_month(world.clock.now()))
    return replace(Asked(since=FIRST, until=until, as_of=world.clock.now()), **more)


def _answers(world: World, asked: Asked, by: By | None, level: str = "") -> object:
    with world.database.looking() as transaction:
        if by is not None:
            return breakdown(transaction, INDICATORS, asked, by, level=level)
        left = [apart(transaction, one, asked) for one in INDICATORS[:: len(INDICATORS) // 5]]
        return figures(transaction, INDICATORS, asked), left


def _figure(world: World, name: str) -> Figure:
    with world.database.looking() as transaction:
        return figures(transaction, INDICATORS, _asked(world))[name]


def _questions(world: World) -> Iterator[tuple[Asked, By | None, str]]:
    areas = ["", *world.areas]
    for scope in SCOPES:
        for area in areas:
            for by in (None, *By):
                yield _asked(world, area=area, **scope), by, ""
            yield _asked(world, area=area, **scope), By.AREA, "grid"
            yield _asked(world, area=area, area_alone=True, **scope), By.MONTH, ""


def _same(world: World, monkeypatch: pytest.MonkeyPatch, questions: Sequence[tuple[Asked, By | None, str]]) -> int:
    """Each question is answered alike with and without rollups; how many the rollups knew of."""
    known = 0
    whole = Book._answered
    for asked, by, level in questions:
        answered: list[Answered] = []

        def noted(*given: Any, into: list[Answered] = answered) -> Answered:
            into.append(whole(*given))
            return into[-1]

        with monkeypatch.context() as patch:
            patch.setattr(Book, "_answered", noted)
            quick = _answers(world, asked, by, level)
            patch.setattr(Book, "_answered", lambda book, *_: Answered([], [book.asked]))
            slow = _answers(world, asked, by, level)
        assert quick == slow, f"{asked} {by} {level}"
        known += any(not one.rest for one in answered)
    return known


def _life(world: World, dice: random.Random) -> Told:
    """A ticket that goes some of the way."""
    told = Told(world).reported()
    if dice.random() < 0.1:
        return told
    told.do("shen", "accept", form={"item": "part-01-01"})
    world.later(dice.randrange(2) * HOUR)
    if dice.random() < 0.1:
        return told
    units = dice.choice((("urban",), ("water",), ("urban", "water")))
    told.do("shen", "call", form={"lead": units[0], "co": list(units[1:])})
    if dice.random() < 0.7:
        told.signed(*units)
        world.later(dice.choice((HOUR, 3 * DAY)))
        if dice.random() < 0.7:
            told.finished(*units)
            if dice.random() < 0.7:
                told.scored()
    return told


def test_every_figure_is_the_same_from_rollups_and_from_facts_while_histories_grow_and_due_times_pass(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    dice = random.Random(6)
    for _ in range(2):
        for _ in range(6):
            _life(world, dice)
            world.later(dice.randrange(3) * DAY)
        _fold(world)
        assert _same(world, monkeypatch, dice.sample(list(_questions(world)), 40)) > 10
        world.later(12 * DAY)


#: Stretches of days: of one month, over the end of one, and around a whole one; days after 1 March.
STRETCHES = ((0, 10), (1, 5), (9, 12), (20, 45), (25, 55), (27, 29), (10, 70))


def _in_days(world: World, dice: random.Random) -> Iterator[tuple[Asked, By | None, str]]:
    for asked, by, level in dice.sample(list(_questions(world)), 40):
        first, last = dice.choice(STRETCHES)
        yield replace(asked, since=Instant(FIRST + first * DAY), until=Instant(FIRST + last * DAY)), by, level


def test_every_figure_of_some_days_is_the_same_from_rollups_and_from_facts(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(keeping, "WORTH", 1)
    dice = random.Random(11)
    for _ in range(3):
        for _ in range(5):
            _life(world, dice)
            world.later(dice.randrange(5) * DAY)
        _fold(world)
        assert _same(world, monkeypatch, list(_in_days(world, dice))) > 5
        world.later(9 * DAY)


def test_some_days_are_answered_by_rollups_in_the_ways_that_boards_ask(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(keeping, "WORTH", 1)
    Told(world).closed()
    world.later(40 * DAY)
    Told(world).closed()
    _fold(world)
    with world.database.looking() as transaction:
        (closure,) = (one for one in INDICATORS if one.name == "closure_area")
        for scope, by in (
            ({}, ""), ({}, "area"), ({}, "department"), ({}, "item"), ({}, "channel"), ({}, "workflow"), ({}, "month"),
            ({"channel": "grid"}, "area"), ({"department": "urban"}, "channel"), ({"area": "street"}, "department"),
            ({"channel": "grid", "department": "urban"}, "workflow"), ({"item": "part"}, ""),
            ({"item": "part", "department": "urban"}, "area"), ({"item": "part", "channel": "grid"}, "department"),
            ({"item": "part", "channel": "grid", "department": "urban"}, "month"),
        ):  # fmt: skip
            for first, last in STRETCHES:
                asked = _asked(world, since=Instant(FIRST + first * DAY), until=Instant(FIRST + last * DAY), **scope)
                rest = Book(transaction, asked, by).answer(Shared.of(closure), [closure]).rest
                for left in rest:
                    within = f"filed_at >= {left.since} AND filed_at < {left.until}"
                    held = world.rows(f"SELECT count(*) FROM ticket_fact WHERE {within}")
                    assert held == [(0,)], (scope, by, first, last, left)


def _counted(world: World) -> list[list[Any]]:
    """All that is counted, as it stands."""
    return [
        world.rows("SELECT * FROM rollup ORDER BY 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11"),
        world.rows("SELECT * FROM counted_fact ORDER BY 1, 2, 3, 4"),
        world.rows("SELECT series, since, many, days FROM rollup_bucket ORDER BY 1, 2"),
        world.rows("SELECT * FROM span_rollup ORDER BY 1, 2, 3, 4, 5, 6, 7, 8, 9"),
    ]


def _anew(world: World) -> list[list[Any]]:
    """The same when every month is counted anew at the same moment."""
    world.database.acting(rollups.touch_all)
    assert _refreshed(world, INDICATORS) > 0
    return _counted(world)


@pytest.mark.parametrize("worth", [1, 4, keeping.WORTH])
def test_what_rounds_took_away_and_added_is_what_counting_anew_brings(
    world: World, monkeypatch: pytest.MonkeyPatch, worth: int
) -> None:
    monkeypatch.setattr(keeping, "WORTH", worth)
    dice = random.Random(13)
    for _ in range(3):
        for _ in range(4):
            _life(world, dice)
            _fold(world)
            world.later(dice.choice((HOUR, DAY, 9 * DAY)))
            _fold(world)
        before = _counted(world)
        assert all(before)
        assert world.rows("SELECT count(*) FROM counted_change") == [(0,)]
        assert _anew(world) == before
        world.later(20 * DAY)


def test_what_is_told_while_a_round_counts_is_counted_by_the_next(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    tickets = [Told(world).called("urban") for _ in range(3)]
    _fold(world)
    tickets[0].signed("urban")
    relay(world.database)
    fold_facts(world.database, world.versions)
    whole, acts = counted_facts.of_tickets, iter(tickets)

    def meanwhile(*given: Any) -> Any:
        """Some series are counted before, some after what happens."""
        if (told := next(acts, None)) is not None:
            if told is tickets[0]:
                told.finished("urban")
            else:
                told.signed("urban")
            relay(world.database)
            fold_facts(world.database, world.versions)
        return whole(*given)

    with monkeypatch.context() as patch:
        patch.setattr(counted_facts, "of_tickets", meanwhile)
        _refreshed(world, INDICATORS)
    assert next(acts, None) is None
    assert world.rows("SELECT count(*) FROM rollup_waiting") != [(0,)]
    world.later(HOUR)
    _refreshed(world, INDICATORS)
    assert world.rows("SELECT count(*) FROM rollup_waiting") == [(0,)]
    before = _counted(world)
    assert _anew(world) == before


def test_what_a_clock_that_is_ahead_told_waits_until_the_moment_has_come(world: World) -> None:
    told = Told(world).called("urban")
    _fold(world)
    behind = SetClock(world.clock.now())
    world.later(HOUR)
    told.signed("urban")
    relay(world.database)
    fold_facts(world.database, world.versions)
    for clock, waits in ((behind, True), (world.clock, False)):
        refresh(world.database, clock, world.versions, INDICATORS)
        for table in ("rollup_waiting", "span_waiting"):
            assert (world.rows(f"SELECT count(*) FROM {table}") != [(0,)]) == waits
    before = _counted(world)
    assert _anew(world) == before


@pytest.mark.parametrize("jobs", [0, 1, 20])
def test_a_round_that_was_stopped_on_its_way_is_done_again(world: World, jobs: int) -> None:
    for _ in range(3):
        Told(world).closed()
        world.later(35 * DAY)
    last = Told(world).called("urban")
    _fold(world)
    last.signed("urban")
    relay(world.database)
    fold_facts(world.database, world.versions)
    world.database.acting(rollups.touch_all)
    done: list[int] = []
    refresh(
        world.database, world.clock, world.versions, INDICATORS,
        stopping=lambda: bool(jobs == 0 and world.rows("SELECT 1 FROM rollup_bucket WHERE anew < 0"))
        or len(done) >= jobs > 0,
        hear=lambda one, _: done.append(one),
    )  # fmt: skip
    assert len(done) == jobs
    assert world.rows("SELECT count(*) FROM span_waiting") != [(0,)]
    world.later(HOUR)
    _refreshed(world, INDICATORS)
    assert world.rows("SELECT count(*) FROM span_waiting") == [(0,)]
    before = _counted(world)
    assert _anew(world) == before


def test_too_much_to_go_through_one_by_one_is_counted_anew(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    Told(world).closed()
    _fold(world)
    Told(world).closed()
    Told(world).called("urban")
    monkeypatch.setattr(keeping, "_MOST", 1)
    _fold(world)
    assert world.rows("SELECT count(*) FROM rollup_waiting") == [(0,)]
    before = _counted(world)
    assert _anew(world) == before


def test_days_are_asked_by_months_also_from_the_last_of_a_long_one() -> None:
    last, april = Instant(FIRST + 30 * DAY), rollups.next_month(FIRST)
    asked = Asked(since=last, until=Instant(april + 29 * DAY), as_of=Instant(april + 90 * DAY))
    assert list(parts(asked)) == [(Grain.DAY, last, april), (Grain.DAY, april, asked.until)]


def test_days_of_a_month_that_holds_little_are_left_to_the_facts(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(keeping, "WORTH", 3)
    asked = _asked(world, since=Instant(FIRST + DAY), until=Instant(FIRST + 20 * DAY))
    for tickets in (2, 3):
        Told(world).closed()
        if tickets == 2:
            Told(world).closed()
        _fold(world)
        counted = world.rows("SELECT count(*) FROM rollup WHERE grain = 'day' AND series = 'ticket.filed.0'")
        assert (counted == [(0,)]) == (tickets < 3)
        with world.database.looking() as transaction:
            left = _rest(transaction, INDICATORS[:1], replace(asked, as_of=world.clock.now()))
        assert bool(left) == (tickets < 3)


def test_a_due_time_that_passes_is_counted_without_any_event(world: World) -> None:
    Told(world).called("urban")
    _fold(world)
    assert _fold(world) == 0, "nothing happened, no time passed"
    world.later(20 * DAY)
    assert _fold(world) > 0
    found = _figure(world, "closure_area")
    assert (found.numerator, found.denominator) == (0, 1)


def test_an_exemption_and_its_end_reach_the_rollups(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    told = Told(world).closed()
    _fold(world)
    before = _figure(world, "score")
    told.do("chen-lead", "appeal")
    (ask,) = told.case.open_asks("appeal")
    told.do("he", "exempt", request=ask.seq, form={"excused": ["score"], "reason": "非本队权属"})
    _fold(world)
    assert _figure(world, "score").denominator == before.denominator - 1
    _same(world, monkeypatch, [(_asked(world), None, "")])
    told.do("he", "restore", form={"excused": ["score"], "reason": "复核后恢复"})
    _fold(world)
    assert _figure(world, "score") == before


def test_a_changed_indicator_is_counted_anew_and_until_then_by_the_facts(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    Told(world).closed()
    _fold(world)
    text = (
        "format: 1\nindicators:\n  closure_area:\n    title: 结案率 / Closure\n    formula: 结案 / closed\n"
        "    unit: ticket\n    cohort: filed\n    counts: not closed\n    attribution: area\n"
    )
    (changed,) = loads(text).values()
    asked = _asked(world)
    with world.database.looking() as transaction:
        assert figures(transaction, [changed], asked)["closure_area"].numerator == 0
        assert _rest(transaction, [changed], asked) == [asked]
    _refreshed(world, [changed])
    with world.database.looking() as transaction:
        assert not _rest(transaction, [changed], asked)
        assert figures(transaction, [changed], asked)["closure_area"].numerator == 0
    assert world.rows("SELECT count(*) FROM rollup WHERE series LIKE 'task.%'") == [(0,)], "no other is left"


def _refreshed(world: World, those: list[Indicator]) -> int:
    return refresh(world.database, world.clock, world.versions, those)


def test_facts_that_were_dropped_and_folded_anew_make_the_same_rollups(world: World) -> None:
    dice = random.Random(7)
    for _ in range(4):
        _life(world, dice)
    _fold(world)
    before = world.rows("SELECT * FROM rollup ORDER BY 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11")
    assert before
    rebuild(world.database, world.versions)
    assert _fold(world) > 0, "every month is counted again"
    assert world.rows("SELECT * FROM rollup ORDER BY 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11") == before


def test_another_moment_a_part_of_a_month_and_a_reader_of_some_units_are_answered_by_the_facts(world: World) -> None:
    Told(world).closed()
    world.later(40 * DAY)
    Told(world).closed()
    _fold(world)
    with world.database.looking() as transaction:
        for asked in (
            _asked(world, as_of=Instant(world.clock.now() + 1)),
            _asked(world, units=("a",)),
            _asked(world, person="shen", item="part"),
        ):
            assert _rest(transaction, INDICATORS[:1], asked) == [asked]
        (rest,) = _rest(transaction, INDICATORS[:1], _asked(world, since=Instant(FIRST + DAY)))
        assert (rest.since, rest.until) == (FIRST + DAY, rollups.next_month(FIRST)), "the rest of the first month"


def test_what_one_person_did_is_counted_beforehand_of_every_milestone(world: World) -> None:
    for _ in range(3):
        Told(world).closed()
    _fold(world)
    of_person = [one for one in INDICATORS if one.person and not one.standing]
    assert len({one.person for one in of_person}) > 5
    with world.database.looking() as transaction:
        for one in of_person:
            for scope in ({}, {"channel": "grid"}, {"workflow": "block-calls-line-responds"}):
                asked = _asked(world, **scope)
                assert not Book(transaction, asked, "person").answer(Shared.of(one), [one]).rest, (one.name, scope)
                assert not _rest(transaction, [one], replace(asked, person="shen")), (one.name, scope)
            of_tickets = one.unit is Counted.TICKET
            whole = _asked(world, department="urban", person="chen")
            assert not _rest(transaction, [one], whole), one.name
            whole = replace(whole, channel="grid")
            assert bool(_rest(transaction, [one], whole)) == of_tickets, "a worker's tickets go to many departments"
        mixed = [next(one for one in of_person if one.person == name) for name in ("filed", "signed")]
        assert _rest(transaction, mixed, _asked(world, person="shen")), "two milestones are two people"
    (filed,) = (one for one in of_person if one.name == "filed_on_time")
    with world.database.looking() as transaction:
        groups = breakdown(transaction, [filed], _asked(world), By.PERSON)[filed.name]
    assert [(group.key, group.figure.denominator) for group in groups] == [("shen", 3)]


@pytest.mark.parametrize("worth", [1, keeping.WORTH])
def test_a_list_is_the_same_whether_stretches_are_left_out_or_not(
    world: World, monkeypatch: pytest.MonkeyPatch, worth: int
) -> None:
    monkeypatch.setattr(keeping, "WORTH", worth)
    dice = random.Random(9)
    for _ in range(8):
        _life(world, dice)
        world.later(dice.choice((1, 10, 35)) * DAY)
    _fold(world)
    monkeypatch.setattr(indicators, "_LOOKED", 0)
    found = 0
    with world.database.looking() as transaction:
        for since, scope in itertools.product(
            (FIRST, Instant(FIRST + 9 * DAY)), ({}, {"item": "part"}, {"item": "part", "area": "village"})
        ):
            asked = _asked(world, since=since, **scope)
            for indicator in INDICATORS:
                stretches = Book(transaction, asked, "month").stretches(Shared.of(indicator), indicator)
                assert indicator.standing or stretches is not None
                for side in Side:
                    whole = indicators.behind(transaction, indicator, asked, side)
                    assert list(_walked(transaction, indicator, asked, side)) == whole
                    found += len(whole)
    assert found > 100


def _walked(transaction: Transaction, indicator: Indicator, asked: Asked, side: Side) -> Iterator[indicators.Line]:
    """A list in its parts, each of which says truly whether more comes."""
    after, more = None, True
    while more:
        part = indicators.listed(transaction, indicator, asked, side, after=after, most=2)
        assert part.lines or not part.more
        yield from part.lines
        after, more = indicators.read_cursor(transaction, part.following), part.more


def test_months_in_which_nothing_stands_are_not_looked_through(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    for _ in range(3):
        Told(world).closed()
        world.later(40 * DAY)
    _fold(world)
    asked: list[Asked] = []

    def noted(*given: Any, **_: Any) -> list[indicators.Line]:
        asked.append(given[2])
        return []

    monkeypatch.setattr(indicators, "behind", noted)
    # Else months that follow upon each other are asked at once.
    monkeypatch.setattr(indicators, "_LOOKED", 0)
    with world.database.looking() as transaction:
        (closure,) = (one for one in INDICATORS if one.name == "closure_area")
        for side, months in ((Side.DENOMINATOR, 3), (Side.REST, 0), (Side.EXCLUDED, 0)):
            asked.clear()
            indicators.listed(transaction, closure, _asked(world), side)
            assert len(asked) == months, side


@pytest.mark.parametrize("days", [False, True])
def test_time_per_stage_and_holder_is_the_same_from_rollups_and_from_spans(
    world: World, monkeypatch: pytest.MonkeyPatch, days: bool
) -> None:
    monkeypatch.setattr(keeping, "WORTH", 1 if days else keeping.WORTH)
    dice = random.Random(7)
    scopes: list[dict[str, Any]] = [
        {"area": area, "department": department}
        for area in ("", *world.areas)
        for department in ("", "urban", "bureau")
    ]
    scopes += [{"area": "village", "area_alone": True}, {"department": "bureau", "department_alone": True}]
    scopes += [
        {"area": area, **more}
        for area in ("", "street")
        for more in ({"channel": "grid"}, {"item": "part"}, {"workflow": "block-calls-line-responds"}, {"item": NONE})
    ]
    scopes.append({"channel": "grid", "item": "part", "workflow": "block-calls-line-responds", "department": "urban"})
    for _ in range(2):
        for _ in range(4):
            _life(world, dice)
            world.later(dice.randrange(3) * DAY)
        _fold(world)
        with world.database.looking() as transaction:
            for scope in scopes:
                asked = _asked(world, **scope)
                assert not span_rollups.ended(transaction, asked)[1], scope
                assert span_rollups.lasting(transaction, asked) is not None, scope
                quick = spans(transaction, asked)
                with monkeypatch.context() as patch:
                    patch.setattr(span_rollups, "ended", lambda _, asked: ({}, [asked]))
                    patch.setattr(span_rollups, "lasting", lambda *_: None)
                    assert quick == spans(transaction, asked), scope
            assert any(one.ended for one in spans(transaction, _asked(world)))
            assert any(one.lasting and one.age for one in spans(transaction, _asked(world)))
            for scope in (
                {"area": "micro", "area_alone": True, "channel": "grid", "item": "part"},
                {"as_of": Instant(world.clock.now() + 1)},
                {"since": Instant(FIRST + DAY // 2)},
            ):
                assert span_rollups.ended(transaction, _asked(world, **scope))[1], scope
        world.later(12 * DAY)


def _rest(transaction: Transaction, those: list[Indicator], asked: Asked) -> list[Asked]:
    """What is left to the facts."""
    return Book(transaction, asked).answer(Shared.of(those[0]), those).rest


def test_figures_are_asked_as_of_the_rollups_while_somebody_keeps_them(world: World) -> None:
    Told(world).closed()
    _fold(world)
    at = world.clock.now()
    with world.database.looking() as transaction:
        assert rollups.newest(transaction, Instant(at + HOUR // 60)) == at
        assert rollups.newest(transaction, Instant(at + HOUR)) == at + HOUR
