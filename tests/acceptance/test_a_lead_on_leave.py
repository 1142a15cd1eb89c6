"""A lead on leave whose deputy acts: what the deputy may, what nobody may, who is told, and how the leave ends."""

from collections.abc import Iterator
from contextlib import closing

import pytest

from engine.background.fan_out import fan_out
from engine.clock import DAY, HOUR, Instant
from engine.database import Database
from engine.definitions.rhythm import DEPARTMENT, Recipient
from engine.errors import HuyingError, Malformed, NotFound, NotPermitted
from engine.records.deputies import NewDeputy, end_deputy, name_deputy
from engine.records.rhythm_recipients import addressees
from tests.support.door import BLOCK_CALLS, Told, World


@pytest.fixture
def world(database_url: str) -> Iterator[World]:
    with closing(Database(database_url)) as database:
        yield World(database)


def on_leave(world: World, login: str, deputy: str, days: int = 5, by: str | None = None) -> int:
    """This person goes on leave now; the deputyship's id."""
    ((holding,),) = world.rows("SELECT h.id FROM holding h WHERE h.person_id = ?", world.people[login])
    now = world.clock.now()
    new = NewDeputy(holding_id=holding, login=deputy, since=now, until=Instant(now + days * DAY), reason="年休假")
    who = world.people[by] if by else None
    return world.database.acting(lambda transaction: name_deputy(transaction, new, now, by=who))


def refused_leave(world: World, login: str, deputy: str, days: int = 5) -> HuyingError:
    with pytest.raises((Malformed, NotFound)) as refusal:
        on_leave(world, login, deputy, days)
    return refusal.value


def last_line(told: Told) -> tuple[str, str, str, str | None]:
    """Who did the newest thing, by which post and in whose place."""
    ((*found,),) = told.world.rows(
        "SELECT e.action, p.login, e.post, o.login FROM event e JOIN person p ON p.id = e.person_id "
        "LEFT JOIN person o ON o.id = e.behalf_of WHERE e.ticket_id = ? ORDER BY e.seq DESC LIMIT 1",
        told.id,
    )
    action, login, post, owner = found
    return action, login, post, owner


def inbox(world: World, login: str, action: str) -> list[tuple[int | None, int | None, str]]:
    """What somebody was told of an action: in whose place, who is told in theirs, how far it has come."""
    fan_out(world.database, world.clock)
    return world.rows(
        "SELECT m.behalf_of, m.deputy_id, m.delivery FROM message m JOIN event e ON e.ticket_id = m.ticket_id "
        "AND e.seq = m.event_seq WHERE m.person_id = ? AND e.action = ?",
        world.people[login], action,
    )  # fmt: skip


def test_the_deputy_of_a_lead_asks_for_an_extension_and_the_deputy_of_the_desk_grants_it(world: World) -> None:
    told = world.ticket(BLOCK_CALLS).called("urban").signed("urban")
    assert isinstance(told.refused("chen", "extension", of="urban"), NotPermitted)
    on_leave(world, "chen-lead", "chen")
    told.do("chen", "extension", of="urban")
    assert last_line(told) == ("extension", "chen", "lead", "chen-lead")
    asked = told.ask("extension").seq
    assert isinstance(told.refused("gu", "grant_extension", request=asked), NotPermitted)
    on_leave(world, "shen", "gu")
    told.do("gu", "grant_extension", request=asked)
    assert last_line(told) == ("grant_extension", "gu", "coordinator", "shen")
    assert world.verdict().sound
    assert world.differences(told.id) == []


def test_neither_the_deputy_nor_whom_they_stand_for_checks_what_the_other_handled(world: World) -> None:
    """刘 settles a matter on the spot. 沈 stands in for 刘, and may no more check it than 刘 may."""
    told = world.ticket("multi-grid-in-one").reported("wang")
    told.do("liu", "solve")
    assert isinstance(told.refused("liu", "check"), NotPermitted)
    on_leave(world, "liu", "shen")
    assert isinstance(told.refused("shen", "check"), NotPermitted)
    told.do("zhou", "check")
    assert last_line(told) == ("check", "zhou", "grid_worker", None)


def test_what_a_deputy_handled_is_checked_by_neither(world: World) -> None:
    told = world.ticket("multi-grid-in-one").reported("wang")
    on_leave(world, "liu", "shen")
    told.do("shen", "solve")
    assert last_line(told) == ("solve", "shen", "grid_leader", "liu")
    assert "check" in told.sees("zhou")
    assert "check" not in told.sees("liu")
    assert "check" not in told.sees("shen")
    world.later(6 * DAY)
    assert "check" not in told.sees("liu"), "being back changes nothing about what was done in one's place"
    assert world.differences(told.id) == []


def test_both_are_told_and_the_one_on_leave_is_not_rung_up(world: World) -> None:
    on_leave(world, "chen-lead", "chen")
    told = world.ticket(BLOCK_CALLS).called("urban").signed("urban")
    told.do("shen", "urge")
    owner, deputy = world.people["chen-lead"], world.people["chen"]
    assert inbox(world, "chen", "urge") == [(owner, None, "waiting")]
    assert inbox(world, "chen-lead", "urge") == [(None, deputy, "kept")]


def test_when_the_leave_ends_the_deputy_may_no_more(world: World) -> None:
    told = world.ticket(BLOCK_CALLS).called("urban").signed("urban")
    on_leave(world, "chen-lead", "chen", days=1)
    assert "hand_over" in told.sees("chen")
    world.later(DAY)
    assert "hand_over" not in told.sees("chen")
    assert "hand_over" in told.sees("chen-lead")
    told.do("shen", "urge")
    assert inbox(world, "chen", "urge") == []
    assert inbox(world, "chen-lead", "urge") == [(None, None, "waiting")]


def test_whoever_comes_back_early_ends_it(world: World) -> None:
    told = world.ticket(BLOCK_CALLS).called("urban").signed("urban")
    number = on_leave(world, "chen-lead", "chen", by="chen-lead")
    world.later(HOUR)
    now, stranger = world.clock.now(), world.people["stranger"]
    with pytest.raises(NotFound):
        world.database.acting(lambda transaction: end_deputy(transaction, number, now, by=stranger))
    assert "extension" in told.sees("chen")
    owner = world.people["chen-lead"]
    world.database.acting(lambda transaction: end_deputy(transaction, number, now, by=owner))
    assert "extension" not in told.sees("chen")


def test_a_deputy_is_of_the_unit_or_above_it_and_for_ninety_days_at_most(world: World) -> None:
    assert "本单位" in refused_leave(world, "chen-lead", "lu").zh
    assert "90" in refused_leave(world, "chen-lead", "chen", days=91).zh
    assert "另选" in refused_leave(world, "chen-lead", "chen-lead").zh
    assert "没有账号" in refused_leave(world, "chen-lead", "nobody").zh
    on_leave(world, "chen-lead", "chen", days=90)
    assert "已有代理人" in refused_leave(world, "chen-lead", "chen").zh


def test_whoever_is_away_is_nobodys_deputy(world: World) -> None:
    on_leave(world, "chen-lead", "chen")
    on_leave(world, "shen", "gu")
    assert "也在请假" in refused_leave(world, "liu", "shen").zh


def test_the_lists_of_a_post_come_to_the_deputy_too(world: World) -> None:
    leads = [Recipient(posts=("lead",), of=DEPARTMENT)]

    def addressed() -> set[int]:
        with world.database.looking() as transaction:
            found = addressees(transaction, leads, world.clock.now())
        return {person for one in found if one.id == world.departments["urban"] for person in one.people}

    assert addressed() == {world.people["chen-lead"]}
    on_leave(world, "chen-lead", "chen", days=1)
    assert addressed() == {world.people["chen-lead"], world.people["chen"]}
    world.later(DAY)
    assert addressed() == {world.people["chen-lead"]}
