"""Confidential tickets in what works through reach: local calendars, hand-overs, lives brought together."""

from typing import Any

import pytest

from engine import resources
from engine.background.recount import recount, waiting
from engine.clock import DAY, Instant
from engine.database import Database, Transaction
from engine.exchange.calendar_apply import apply_calendar
from engine.exchange.calendar_order import Order
from engine.rules.acts import Source
from engine.rules.calendar_file import read_calendar
from engine.rules.handing_over import Successor
from engine.stages import handovers
from engine.stages.calls import Call, Caller
from engine.stages.lives import Lives
from tests.support.door import Told, World
from tests.support.petitions import PETITIONS, petition, staffed

OFFICE = """title: 区机关 / District offices
zone: Asia/Shanghai
daily: ["09:00-11:30", "13:30-17:30"]
weekly: {monday-friday: daily}
statutory: none
of: cn-mainland
areas: [district]
"""


@pytest.fixture
def world(database: Database) -> World:
    return staffed(World(database))


def _secret(world: World) -> Told:
    return petition(world, demand="accusation", accused=["gas"])


def _reach(world: World, ticket_id: int) -> set[str]:
    return {unit for (unit,) in world.rows("SELECT unit FROM reach WHERE ticket_id = ?", ticket_id)}


def test_a_calendar_that_stands_in_counts_a_confidential_ticket_again(world: World) -> None:
    told = _secret(world)
    order: dict[str, Any] = {"now": world.clock.now(), "by": "gu", "decree": None}
    mainland = read_calendar(_mainland(), key="cn-mainland", file="cn-mainland.yaml")
    apply_calendar(world.database, Order(key="cn-mainland", file=mainland, **order))
    apply_calendar(
        world.database, Order(key="office", file=read_calendar(OFFICE, key="office", file="office.yaml"), **order)
    )
    world.versions.book.look_again()
    assert waiting(world.door, world.database) == 1
    recount(world.door, world.database, world.clock)
    assert {timer.calendar.partition("@")[0] for timer in told.case.timers.values()} == {"office"}


def _mainland() -> str:
    return (resources.workflows() / "calendars" / "cn-mainland.yaml").read_text(encoding="utf-8")


def test_who_takes_over_a_task_knows_and_who_left_it_knows_no_more(world: World) -> None:
    """The table of readers follows the person of the task, whose post says nothing of it."""
    told = _secret(world)
    told.do("qu", "pass_on", form={"lead": "water"})
    task = told.task_of("water")
    world.change("UPDATE task SET person_id = ? WHERE ticket_id = ? AND seq = ?", world.people["lu"], told.id, task.seq)
    told.do("qu", "urge")
    assert world.unit("lu") in _reach(world, told.id)
    one = Successor(
        from_id=world.people["lu"], from_login="lu", to_id=world.people["lu-lead"], to_login="lu-lead", reason="调岗"
    )
    assert handovers.move_work(world.door, world.database, world.clock, one, [("area", world.areas["street"])]) == 1
    found = _reach(world, told.id)
    assert (world.unit("lu") in found, world.unit("lu-lead") in found) == (False, True)


def test_a_life_brought_at_once_is_known_to_whom_it_would_be_act_by_act(world: World) -> None:
    """Open, turned confidential, passed on, passed on again."""
    acts: tuple[tuple[str, dict[str, Any]], ...] = (
        ("conceal", {"keep_secret": True, "reason": "信访人要求"}),
        ("pass_on", {"lead": "urban"}),
    )  # fmt: skip

    def call(number: int, action: str, form: dict[str, Any], **where: Any) -> Call:
        return Call(
            caller=Caller(name="import:old"), action=action, form=form, source=Source.IMPORT,
            claimed_at=Instant(world.clock.now() - DAY + number), **where,
        )  # fmt: skip

    form = {"description": "旧系统来信", "channel": "letter", "demand": "redress", "area": "street"}
    born = world.door.act(call(0, "register", form, workflow=PETITIONS, key="one"))
    for number, (action, said) in enumerate(acts, 1):
        world.door.act(call(number, action, said, ticket_id=born.ticket_id))

    def work(transaction: Transaction) -> int:
        lives = Lives(world.door, transaction, world.clock.now(), [("import:old", "two")])
        life = lives.begin(call(0, "register", form, workflow=PETITIONS, key="two"))
        assert life is not None
        for number, (action, said) in enumerate(acts, 1):
            lives.act(life, call(number, action, said, ticket_id=life.outcome.ticket_id))
        lives.keep(life)
        lives.write()
        return life.outcome.ticket_id

    brought = world.database.acting(work)
    assert _reach(world, brought) == _reach(world, born.ticket_id)
    assert f"{world.unit('district')}/petition_officer" in _reach(world, brought)
    assert world.unit("district") not in _reach(world, brought)
