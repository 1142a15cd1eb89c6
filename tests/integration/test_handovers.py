"""Hand-over: posts that pass, open work that moves with a line of history, and who held what when."""

import pytest

from engine.clock import DAY, HOUR, Instant
from engine.database import Database, Transaction
from engine.errors import Malformed, NotFound
from engine.records.deputies import NewDeputy, name_deputy
from engine.records.people import Appointment, NewPerson, appoint, create_people
from engine.records.tenure import Tenure, pass_post, posts_of, who_held
from engine.rules.handing_over import HANDED_OVER, Successor
from engine.stages import handovers
from engine.stages.handovers import Unit, move_work, refuse_strangers, waiting
from tests.support.cases import MONDAY
from tests.support.door import MULTI_GRID, Told, World


@pytest.fixture
def world(database: Database) -> World:
    world = World(database)
    world.people |= database.acting(
        lambda transaction: create_people(transaction, [NewPerson(login="fang", name="方经办")])
    )
    return world


def appointed(world: World, login: str = "fang", department: str = "urban", post: str = "handler") -> None:
    since = world.clock.now()
    one = Appointment(login=login, post=post, department=department, since=since)
    world.database.acting(lambda transaction: appoint(transaction, [one]))


def successor(world: World, old: str = "chen", new: str = "fang") -> Successor:
    return Successor(
        from_id=world.people[old], from_login=old, to_id=world.people[new], to_login=new, post="handler", reason="调岗"
    )


def assigned(world: World, login: str = "chen") -> Told:
    """A ticket whose task the lead gave to this person."""
    told = world.ticket().called("urban").signed("urban")
    told.do("chen-lead", "hand_over", of="urban", form={"person": login})
    return told


def moved(world: World, one: Successor, units: list[Unit] | None = None) -> int:
    return move_work(world.door, world.database, world.clock, one, units)


def looked(world: World, post: str, at: int, **unit: str) -> list[Tenure]:
    with world.database.looking() as transaction:
        return who_held(transaction, post, Instant(at), **unit)


def test_open_work_goes_to_the_successor_with_one_line_per_ticket(world: World) -> None:
    appointed(world)
    first, second, other = assigned(world), assigned(world), world.ticket().called("urban")
    world.later()
    assert waiting(world.database, successor(world)) == 2
    assert moved(world, successor(world)) == 2
    for told in (first, second):
        assert told.actions[-1] == HANDED_OVER
        assert told.task_of("urban").person_id == world.people["fang"]
        assert told.sees("fang") >= {"contact", "finish"}
    assert HANDED_OVER not in other.actions
    ((facts,),) = world.rows("SELECT facts FROM event WHERE ticket_id = ? AND action = 'handed_over'", first.id)
    task = first.task_of("urban").seq
    assert facts == f'{{"from":"chen","post":"handler","reason":"调岗","tasks":[{task}],"to":"fang"}}'


def test_done_twice_it_moves_nothing_more(world: World) -> None:
    appointed(world)
    told = assigned(world)
    assert [moved(world, successor(world)), moved(world, successor(world))] == [1, 0]
    assert told.actions.count(HANDED_OVER) == 1


def test_a_hand_over_cut_off_in_the_middle_goes_on_where_work_is_left(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    appointed(world)
    told = [assigned(world) for _ in range(3)]
    monkeypatch.setattr(handovers, "AT_ONCE", 1)

    def cut_off(done: int) -> None:
        if done == 2:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        move_work(world.door, world.database, world.clock, successor(world), tell=cut_off)
    assert waiting(world.database, successor(world)) == 1
    assert moved(world, successor(world)) == 1
    assert [one.actions.count(HANDED_OVER) for one in told] == [1, 1, 1]


def test_finished_work_stays_with_whoever_did_it(world: World) -> None:
    appointed(world)
    told = assigned(world).finished("urban")
    assert moved(world, successor(world)) == 0
    assert told.task_of("urban").person_id == world.people["chen"]


def test_the_history_alone_tells_the_same_ticket_after_a_hand_over(world: World) -> None:
    appointed(world)
    told = assigned(world)
    claimed = world.ticket(MULTI_GRID).filed()
    moved(world, successor(world))
    told.do("fang", "finish", of="urban")
    told.do("zhou", "check")
    assert world.differences(told.id) == []
    assert world.differences(claimed.id) == []
    assert world.verdict().sound


def test_a_hand_over_that_was_edited_is_found(world: World) -> None:
    appointed(world)
    told = assigned(world)
    moved(world, successor(world))
    world.change("UPDATE task SET person_id = ? WHERE ticket_id = ?", world.people["chen"], told.id)
    assert any("person_id" in one for one in world.differences(told.id))


def test_the_successor_is_told_and_may_know_of_the_ticket(world: World) -> None:
    appointed(world)
    told = assigned(world)
    moved(world, successor(world))
    assert told.told_to(world.unit("fang")) == {HANDED_OVER}
    assert world.rows("SELECT count(*) FROM reach WHERE unit = ?", world.unit("fang")) == [(1,)]


def test_work_of_a_department_goes_to_nobody_outside_of_it(world: World) -> None:
    assigned(world)

    def asked(transaction: Transaction) -> None:
        refuse_strangers(transaction, successor(world, new="lu"), world.clock.now())

    with pytest.raises(Malformed) as refusal:
        world.database.acting(asked)
    assert "城管中队" in refusal.value.zh
    appointed(world, "lu")
    world.database.acting(asked)


def test_only_the_work_of_the_units_of_the_post_moves(world: World) -> None:
    appointed(world)
    told = assigned(world)
    water: list[Unit] = [("department", world.departments["water"])]
    assert moved(world, successor(world), water) == 0
    street: list[Unit] = [("area", world.areas["street"])]
    assert moved(world, successor(world), street) == 1
    assert told.actions[-1] == HANDED_OVER


def test_a_post_passes_once_and_who_held_it_stays_answerable(world: World) -> None:
    world.later(DAY)
    at = world.clock.now()
    for _ in range(2):
        units = world.database.acting(lambda transaction: pass_post(transaction, "chen", "fang", "handler", at))
        assert units == [("department", world.departments["urban"])]
        world.later(HOUR)
    assert [one.login for one in looked(world, "handler", at - 1, department="urban")] == ["chen"]
    assert [one.login for one in looked(world, "handler", at, department="urban")] == ["fang"]
    assert looked(world, "handler", MONDAY - 2 * DAY, department="urban") == []
    with world.database.looking() as transaction:
        ((one),) = posts_of(transaction, "chen")
    assert (one.post, one.unit, one.until) == ("handler", "urban", at)


def test_a_post_never_held_passes_to_nobody(world: World) -> None:
    with pytest.raises(NotFound):
        world.database.acting(
            lambda transaction: pass_post(transaction, "chen", "fang", "supervisor", world.clock.now())
        )


def test_who_held_a_post_names_the_deputy_too(world: World) -> None:
    ((holding,),) = world.rows("SELECT id FROM holding WHERE person_id = ?", world.people["chen-lead"])
    now = world.clock.now()
    new = NewDeputy(holding_id=holding, login="chen", since=now, until=Instant(now + DAY))
    world.database.acting(lambda transaction: name_deputy(transaction, new, now))
    held = looked(world, "lead", now + HOUR, department="urban")
    assert [(one.login, one.behalf_of) for one in held] == [("chen-lead", ""), ("chen", "陈队长")]
    assert [one.login for one in looked(world, "lead", now + DAY, department="urban")] == ["chen-lead"]


def test_an_unknown_unit_is_named(world: World) -> None:
    with pytest.raises(Malformed) as refusal:
        looked(world, "lead", world.clock.now(), department="nowhere")
    assert refusal.value.place.field == "department"
