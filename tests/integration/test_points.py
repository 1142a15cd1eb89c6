"""Points are bounded by the day and only ever added; claims are bounded by a quota, also when made at once."""

import threading

import pytest

from engine.clock import DAY, Instant
from engine.database import Database
from engine.definitions.loader import loads
from engine.errors import DefinitionError, HuyingError, QuotaReached
from engine.records import points
from engine.rules.acts import Source
from tests.support import registers
from tests.support.door import Told, World
from tests.support.spoiling import everything, mend, spoil

LOOP = """
workflow: errands
version: 1
title: 帮办 / Errands
calendar: cn-mainland
daily_points: 5
roles:
  citizen:   {title: 上报人 / Reporter, person: reporter}
  worker:    {title: 网格员 / Worker, post: grid_worker, area: ticket}
  volunteer: {title: 志愿者 / Volunteer, post: volunteer, area: ticket}
  helper:    {title: 认领人 / Helper, person: task}
starts:
  report: {title: 上报 / Report, by: worker, to: open, form: [place!], points: {me: 3}}
stages:
  dispatch:
    open:
      title: 待认领 / Open
      tasks: [help]
      actions:
        claim: {title: 认领 / Claim, by: volunteer, sends: {help: me}}
        thank: {title: 致谢 / Thank, by: volunteer, points: {citizen: 4}}
        done:  {title: 办结 / Done, by: worker, to: closed, reverses: report}
ends:
  closed: {title: 已办结 / Closed, type: closed}
tasks:
  help:
    title: 帮办 / Help
    of: person
    quota: {week: 2}
    states:
      taken: {title: 已认领 / Taken, actions: {drop: {title: 放弃 / Drop, by: helper, to: dropped}}}
    ends:
      dropped: {title: 已放弃 / Dropped, type: void}
"""


@pytest.fixture
def world(database: Database) -> World:
    made = World(database)
    made.activate(loads(LOOP))
    return made


def _lines(world: World) -> list[int]:
    return [row[0] for row in world.rows("SELECT points FROM points_line ORDER BY ticket_id, event_seq, part")]


def _reported(world: World) -> Told:
    told = world.ticket("errands")
    told.do("wang", "report", form={"place": {"area": "micro"}})
    return told


def test_a_day_gives_no_more_than_its_bound_and_the_next_begins_anew(world: World) -> None:
    for _ in range(3):
        _reported(world)
    assert _lines(world) == [3, 2]
    world.later(DAY)
    _reported(world)
    assert _lines(world) == [3, 2, 3]
    with world.database.looking() as transaction:
        assert points.balance(transaction, world.people["wang"]) == 8
        assert points.balances(transaction) == [("wang", "王网格员", 8)]


def test_an_act_that_claims_an_earlier_day_counts_on_the_day_it_is_recorded(world: World) -> None:
    world.later(3 * DAY)
    for day in range(3):
        told = world.ticket("errands")
        told.do(
            "wang", "report", form={"place": {"area": "micro"}}, claimed_at=Instant(world.clock.now() - day * DAY),
            source=Source.DEVICE,
        )  # fmt: skip
        assert world.differences(told.id) == []
    assert sum(_lines(world)) == 5


def test_what_is_taken_back_is_what_was_really_given(world: World) -> None:
    _reported(world)
    second = _reported(world)
    second.do("zhou", "done")
    assert _lines(world) == [3, 2, -2]
    assert world.differences(second.id) == []


def test_the_reporter_gets_points_for_what_another_does(world: World) -> None:
    told = _reported(world)
    told.do("xu", "thank")
    assert _lines(world) == [3, 2]
    assert world.rows("SELECT DISTINCT person_id FROM points_line") == [(world.people["wang"],)]


def test_a_ledger_that_somebody_edited_is_found_out(world: World) -> None:
    told = _reported(world)
    assert world.differences(told.id) == []
    world.change("UPDATE points_line SET points = 30")
    (difference,) = world.differences(told.id)
    assert "points_line" in difference
    world.change("DELETE FROM points_line")
    assert len(world.differences(told.id)) == 1


def test_the_bound_of_a_day_holds_for_acts_on_several_tickets_at_once(world: World) -> None:
    hands = [threading.Thread(target=_reported, args=(world,)) for _ in range(4)]
    for hand in hands:
        hand.start()
    for hand in hands:
        hand.join()
    assert sum(_lines(world)) == 5


def test_claims_made_at_once_on_several_tickets_keep_the_quota(world: World) -> None:
    tickets = [_reported(world) for _ in range(4)]
    refused: list[HuyingError] = []

    def claim(told: Told) -> None:
        try:
            told.do("xu", "claim")
        except HuyingError as refusal:
            refused.append(refusal)

    hands = [threading.Thread(target=claim, args=(told,)) for told in tickets]
    for hand in hands:
        hand.start()
    for hand in hands:
        hand.join()
    assert [type(one) for one in refused] == [QuotaReached] * 2
    assert "每周至多认领 2 件" in refused[0].zh
    assert world.rows("SELECT count(*) FROM task") == [(2,)]


def test_a_week_counts_from_monday_what_was_dropped_too(world: World) -> None:
    for _ in range(2):
        told = _reported(world)
        told.do("xu", "claim")
        told.do("xu", "drop", task=next(iter(told.case.round_of("help"))).seq)
    third = _reported(world)
    assert isinstance(third.refused("xu", "claim"), QuotaReached)
    third.do("yang", "claim")
    world.later(7 * DAY)
    third.do("xu", "claim")


def test_two_claim_the_last_one_and_one_gets_it(world: World) -> None:
    registers.in_care(world)
    registers.births(world)
    ((ticket_id, case_no),) = world.rows(
        "SELECT t.id, t.case_no FROM ticket t JOIN birth b ON b.ticket_id = t.id WHERE b.start = 'care'"
    )
    told = Told(world, "four-hundred-visits", ticket_id, case_no)
    told.do("tang", "visit", form={"condition": "needs"})
    told.do("liu", "mobilise")
    got: list[str] = []

    def claim(login: str) -> None:
        try:
            world.act(login, "claim", ticket_id=ticket_id)
        except HuyingError:
            return
        got.append(login)

    hands = [threading.Thread(target=claim, args=(login,)) for login in ("xu", "yang")]
    for hand in hands:
        hand.start()
    for hand in hands:
        hand.join()
    assert len(got) == 1
    assert world.rows("SELECT count(*) FROM task") == [(1,)]


@pytest.mark.parametrize(
    ("was", "becomes", "zh"),
    [
        ("points: {me: 3}", "points: {me: 0}", "应为正整数"),
        ("points: {me: 3}", "points: {worker: 3}", "指向一个人"),
        ("reverses: report", "reverses: claim", "记分的动作"),
        ("quota: {week: 2}", "quota: {}", "限额应写"),
        ("of: person\n    quota", "of: department\n    quota", "限额只用于个人任务"),
        ("by: volunteer, points: {citizen: 4}", "by: rule, points: {citizen: 4}", "不能记分"),
    ],
)
def test_points_and_quotas_that_mean_nothing_are_refused(was: str, becomes: str, zh: str) -> None:
    with pytest.raises(DefinitionError) as refusal:
        loads(LOOP.replace(was, becomes))
    assert zh in str(refusal.value.details["all"])


def test_an_act_whose_points_cannot_be_written_does_not_happen(world: World) -> None:
    spoil(world, "points_line")
    before = everything(world)
    with pytest.raises(Exception, match="spoiled"):
        _reported(world)
    assert everything(world) == before
    mend(world, "points_line")
    _reported(world)
    assert _lines(world) == [3]
