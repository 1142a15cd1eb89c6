"""What grid leaders did in a month, for whoever supervises them."""

import time

import pytest

from engine.clock import DAY, Instant
from engine.database import Database
from engine.errors import Malformed, NotPermitted
from engine.records import registers
from engine.records.access import viewer_of
from engine.records.activity import Activity, Kinds, activity, month, supervised
from engine.records.deputies import NewDeputy, name_deputy
from tests.support.door import MULTI_GRID, World


@pytest.fixture
def world(database: Database) -> World:
    return World(database)


def looked(world: World, login: str = "he", of: str = "2026-03") -> dict[str, Activity]:
    since, until = month(of)
    with world.database.looking() as transaction:
        viewer = viewer_of(transaction, world.people[login], world.clock.now())
        active = [world.versions.active(transaction, key) for key in registers.active_keys(transaction)]
        found = activity(transaction, Kinds.of(active), supervised(viewer), since, until)
    return {one.login: one for one in found}


def test_a_months_acts_are_counted_by_what_they_are(world: World) -> None:
    world.ticket().filed(by="liu").do("liu", "call", form={"lead": "urban"})
    world.ticket().closed()
    told = world.ticket(MULTI_GRID).filed()
    told.do("liu", "list")
    liu = looked(world)["liu"]
    assert (liu.reports, liu.calls, liu.evaluations, liu.listed) == (1, 1, 1, 1)
    assert liu.acts == 4
    assert liu.grids == ("grid",)
    assert liu.last_seen == world.clock.now()


def test_a_month_without_acts_is_there_and_says_when_somebody_was_last_seen(world: World) -> None:
    world.ticket().reported("liu")
    seen = world.clock.now()
    world.later(40 * DAY)
    liu = looked(world, of="2026-04")["liu"]
    assert (liu.acts, liu.last_seen) == (0, seen)
    assert looked(world, of="2026-01") == {}


def test_what_a_deputy_did_is_the_deputys(world: World) -> None:
    ((holding,),) = world.rows("SELECT id FROM holding WHERE person_id = ?", world.people["liu"])
    now = world.clock.now()
    new = NewDeputy(holding_id=holding, login="shen", since=now, until=Instant(now + DAY))
    world.database.acting(lambda transaction: name_deputy(transaction, new, now))
    world.ticket(MULTI_GRID).reported("wang").do("shen", "solve")
    assert looked(world)["liu"].acts == 0


def test_each_sees_the_leaders_under_their_own_areas_and_others_see_none(world: World) -> None:
    assert set(looked(world, "he")) == set(looked(world, "shen")) == {"liu"}
    assert looked(world, "stranger") == {}
    for login in ("wang", "chen-lead", "citizen"):
        with pytest.raises(NotPermitted):
            looked(world, login)


@pytest.mark.parametrize("wrong", ["2026", "2026-13", "", "昨天", "9999-12"])
def test_what_is_no_month_is_refused(wrong: str) -> None:
    with pytest.raises(Malformed):
        month(wrong)


def test_a_hundred_thousand_events_of_others_do_not_slow_it_down(world: World) -> None:
    told = world.ticket().reported("liu")
    columns = "at, recorded_at, source, action, scope, actor, post, state_from, state_to, stage, facts, personal_digest"
    columns += ", algorithm, hash"
    world.change(
        "WITH RECURSIVE n(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM n WHERE x < 100000) "
        f"INSERT INTO event (ticket_id, seq, person_id, {columns}) SELECT ticket_id, 1000 + x, ?, {columns} "
        "FROM event, n WHERE ticket_id = ? AND seq = 1",
        world.people["wang"], told.id,
    )  # fmt: skip
    if world.database.dialect == "postgresql":
        world.change("ANALYZE event")
    started = time.monotonic()
    assert looked(world)["liu"].acts == 1
    assert time.monotonic() - started < 1
