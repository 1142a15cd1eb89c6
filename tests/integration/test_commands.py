"""Commands: what an act of one ticket means for another comes true exactly once, whatever crashes."""

import json
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import pytest

from engine.background import commands
from engine.background.commands import LONGEST_WAIT, run_commands
from engine.clock import HOUR, SECOND
from engine.database import Database, Transaction
from engine.errors import Busy, Endless
from engine.records import write
from engine.stages.door import Door
from tests.support.cases import small
from tests.support.door import BLOCK_CALLS, Told, World

_PARENT = """
roles:
  anyone: {title: 上报人 / Reporter, person: reporter}
  desk:   {title: 受理员 / Desk, post: coordinator, area: street}
starts:
  report: {title: 上报 / Report, by: anyone, to: filed, form: [place!, urgency]}
  born:   {title: 衍生 / Born, by: rule, to: filed, form: [urgency]}
stages:
  triage:
    filed:
      title: 待办 / Filed
      actions:
        spawn:
          title: 衍生 / Spawn
          by: desk
          to: waiting
          form: [urgency!, message]
          opens: {workflow: small, start: OPENED}
        finish: {title: 办结 / Finish, by: desk, to: closed}
    waiting:
      title: 等待衍生案件 / Waiting for what was opened
      actions: {back: {title: 衍生案件已结 / Settled, by: rule, when: no sub open, to: filed}}
ends: {closed: {title: 办结 / Closed, type: closed}}
"""


@pytest.fixture
def world(database: Database) -> World:
    return World(database)


def _run(world: World) -> int:
    return run_commands(world.door, world.database, world.clock)


def _joined(world: World) -> tuple[Told, Told]:
    """A main ticket that has been closed, and one that was joined to it."""
    main, follower = world.ticket().called("urban"), world.ticket().reported("citizen")
    follower.joined_to(main)
    main.signed("urban").finished("urban").scored()
    return main, follower


def _parent(world: World, opened: str = "born") -> Told:
    world.activate(small(_PARENT.replace("OPENED", opened)))
    told = world.ticket("small")
    told.do("citizen", "report")
    told.do("shen", "spawn", form={"urgency": "urgent", "message": "请核实"})
    return told


def _left(world: World) -> list[tuple[int, int]]:
    return world.rows("SELECT ticket_id, seq FROM command WHERE done_at IS NULL ORDER BY ticket_id, seq")


class TestFollowing:
    def test_a_joined_ticket_follows_its_main_once(self, world: World) -> None:
        _, follower = _joined(world)
        assert follower.state == "joined"
        assert _run(world) == 1
        assert follower.state == "answered"
        assert _run(world) == 0
        assert follower.actions.count("follow") == 1
        assert world.verdict().sound

    def test_every_ticket_joined_to_it_follows(self, world: World) -> None:
        main = world.ticket().filed()
        followers = [world.ticket().reported().joined_to(main) for _ in range(3)]
        main.do("shen", "answer")
        _run(world)
        assert [told.state for told in followers] == ["answered"] * 3

    def test_a_chain_of_joined_tickets_follows_from_the_root_to_the_last(self, world: World) -> None:
        root, middle, leaf = world.ticket().filed(), world.ticket().reported(), world.ticket().reported()
        leaf.joined_to(middle)
        middle.joined_to(root)
        root.do("shen", "answer")
        while _run(world):
            pass
        assert [told.state for told in (root, middle, leaf)] == ["answered"] * 3

    def test_a_main_ticket_that_is_void_lets_those_joined_to_it_go(self, world: World) -> None:
        main, follower = world.ticket().filed(), world.ticket().reported("citizen")
        follower.joined_to(main)
        main.do("shen", "annul")
        _run(world)
        assert (follower.state, follower.case.ticket.main_id) == ("filed", None)

    def test_one_split_off_before_its_main_closes_does_not_follow(self, world: World) -> None:
        main, follower = world.ticket().filed(), world.ticket().reported()
        follower.joined_to(main)
        follower.do("shen", "split")
        main.do("shen", "answer")
        _run(world)
        assert follower.state == "filed"

    def test_one_split_off_after_its_main_closed_and_before_the_command_does_not_follow(self, world: World) -> None:
        _, follower = _joined(world)
        follower.do("shen", "split")
        _run(world)
        assert follower.state == "filed"
        assert "follow" not in follower.actions

    def test_killed_between_the_act_and_its_mark_it_follows_once(
        self, world: World, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        _, follower = _joined(world)
        with monkeypatch.context() as patched:
            patched.setattr(commands, "_Settling", _killed)
            with pytest.raises(KeyboardInterrupt):
                _run(world)
        assert follower.state == "answered"
        assert _left(world)
        assert _run(world) == 1
        assert follower.actions.count("follow") == 1
        assert not _left(world)

    def test_killed_before_the_act_it_follows_with_the_next_round(
        self, world: World, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        _, follower = _joined(world)
        with monkeypatch.context() as patched:
            patched.setattr(Door, "reconsider", _killed)
            with pytest.raises(KeyboardInterrupt):
                _run(world)
        assert follower.state == "joined"
        _run(world)
        assert follower.state == "answered"

    def test_two_rounds_at_once_let_it_follow_once(self, world: World) -> None:
        followers = [_joined(world)[1] for _ in range(3)]
        with ThreadPoolExecutor(4) as pool:
            list(pool.map(lambda _: _run(world), range(4)))
        assert [told.actions.count("follow") for told in followers] == [1, 1, 1]
        assert not _left(world)
        assert world.verdict().sound

    def test_one_that_cannot_follow_does_not_keep_the_others_from_it(
        self, world: World, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        main = world.ticket().filed()
        broken, sound = (world.ticket().reported().joined_to(main) for _ in range(2))
        main.do("shen", "answer")
        monkeypatch.setattr(Door, "reconsider", _failing(Door.reconsider, broken.id, Endless("循环", "a loop")))
        _run(world)
        assert sound.state == "answered"
        assert main.actions[-1] == "command_refused"
        assert not _left(world)

    def test_a_race_that_was_lost_too_often_is_tried_again_and_is_no_refusal(
        self, world: World, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        main, follower = _joined(world)
        with monkeypatch.context() as patched:
            patched.setattr(Door, "reconsider", _failing(Door.reconsider, follower.id, Busy()))
            with pytest.raises(Busy):
                _run(world)
        assert "command_refused" not in main.actions
        world.later(2 * SECOND)
        assert _run(world) == 1
        assert follower.state == "answered"


class TestOpening:
    def test_a_ticket_is_born_of_another_where_that_lies_with_what_that_said(self, world: World) -> None:
        parent = _parent(world)
        assert _run(world) == 1
        (child,) = world.rows("SELECT id, state, urgency, area_id FROM ticket WHERE parent_id = ?", parent.id)
        assert child[1:] == ("filed", "urgent", world.areas["micro"])
        assert world.verdict().sound

    def test_whoever_waits_for_it_waits_from_the_act_that_opens_it_until_it_is_settled(self, world: World) -> None:
        parent = _parent(world)
        assert (parent.state, parent.case.ticket.open_subs) == ("waiting", 1)
        _run(world)
        assert (parent.state, parent.case.ticket.open_subs) == ("waiting", 1)
        _child(world, parent).do("shen", "finish")
        assert parent.state == "waiting"
        _run(world)
        assert parent.state == "filed"

    def test_killed_between_the_birth_and_its_mark_one_is_born(
        self, world: World, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        parent = _parent(world)
        with monkeypatch.context() as patched:
            patched.setattr(commands, "_Settling", _killed)
            with pytest.raises(KeyboardInterrupt):
                _run(world)
        assert len(world.rows("SELECT id FROM ticket WHERE parent_id = ?", parent.id)) == 1
        _run(world)
        assert len(world.rows("SELECT id FROM ticket WHERE parent_id = ?", parent.id)) == 1
        assert parent.case.ticket.open_subs == 1

    def test_settled_before_its_birth_was_marked_it_is_not_waited_for_for_ever(
        self, world: World, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        parent = _parent(world)
        with monkeypatch.context() as patched:
            patched.setattr(commands, "_Settling", _killed)
            with pytest.raises(KeyboardInterrupt):
                _run(world)
        _child(world, parent).do("shen", "finish")
        world.later()
        while _run(world):
            pass
        assert parent.state == "filed"

    def test_two_rounds_at_once_bear_one(self, world: World) -> None:
        parent = _parent(world)
        with ThreadPoolExecutor(4) as pool:
            list(pool.map(lambda _: _run(world), range(4)))
        assert len(world.rows("SELECT id FROM ticket WHERE parent_id = ?", parent.id)) == 1

    def test_one_that_cannot_be_born_is_a_line_in_the_source_and_nobody_waits_for_it(self, world: World) -> None:
        parent = _parent(world, opened="report")
        assert _run(world) == 0
        assert parent.actions[-2:] == ["command_refused", "back"]
        (facts,) = world.rows("SELECT facts FROM event WHERE action = 'command_refused'")
        assert json.loads(facts[0])["command"] == "open"
        assert parent.state == "filed"
        assert _run(world) == 0
        assert parent.actions.count("command_refused") == 1
        assert world.verdict().sound

    def test_refused_in_two_rounds_at_once_it_is_one_line(self, world: World) -> None:
        parent = _parent(world, opened="report")
        with ThreadPoolExecutor(4) as pool:
            list(pool.map(lambda _: _run(world), range(4)))
        assert parent.actions.count("command_refused") == 1


class TestFailing:
    def test_what_fails_waits_longer_each_time_and_keeps_what_it_said(
        self, world: World, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        _joined(world)
        monkeypatch.setattr(Door, "reconsider", _broken)
        waits = []
        for _ in range(14):
            ((next_at,),) = world.rows("SELECT next_at FROM command WHERE done_at IS NULL")
            world.clock.at = max(next_at, world.clock.at)
            with pytest.raises(OSError, match="disk"):
                _run(world)
            ((then, error),) = world.rows("SELECT next_at, error FROM command WHERE done_at IS NULL")
            waits.append(then - world.clock.at)
            assert error == "OSError: disk"
        assert waits[:4] == [SECOND, 2 * SECOND, 4 * SECOND, 8 * SECOND]
        assert waits[-1] == LONGEST_WAIT

    def test_what_fails_does_not_hold_up_the_others_of_its_round(
        self, world: World, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        _, first = _joined(world)
        _, second = _joined(world)
        with monkeypatch.context() as patched:
            patched.setattr(Door, "reconsider", _failing(Door.reconsider, first.id, OSError("disk")))
            with pytest.raises(OSError, match="disk"):
                _run(world)
        assert (first.state, second.state) == ("joined", "answered")
        world.later()
        _run(world)
        assert first.state == "answered"

    def test_what_is_done_stays_done_however_late_another_hand_fails(self, world: World) -> None:
        _joined(world)
        (row,) = commands._due(world.database, world.clock.now())
        _run(world)
        commands._put_off(world.database, row, world.clock.now(), "late")
        assert _run(world) == 0
        assert not _left(world)


def test_a_command_is_written_with_its_act_or_not_at_all(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    main, follower = world.ticket().filed(), world.ticket().reported()
    follower.joined_to(main)
    written = write.write

    def interrupted(transaction: Transaction, batch: write.Batch) -> None:
        written(transaction, batch)
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr(write, "write", interrupted)
        with pytest.raises(KeyboardInterrupt):
            main.do("shen", "answer")
    assert not _left(world)
    main.do("shen", "answer")
    assert len(_left(world)) == 1


def test_a_joined_report_of_another_loop_follows_too(world: World) -> None:
    main = world.ticket(BLOCK_CALLS).filed()
    other = world.ticket("multi-grid-in-one").reported("citizen")
    other.joined_to(main)
    main.do("shen", "answer")
    world.later(HOUR)
    _run(world)
    assert other.state == "answered"


def _child(world: World, parent: Told) -> Told:
    ((child, case_no),) = world.rows("SELECT id, case_no FROM ticket WHERE parent_id = ?", parent.id)
    return Told(world, "small", child, case_no)


def _killed(*_: object, **__: object) -> bool:
    raise KeyboardInterrupt


def _broken(*_: object, **__: object) -> bool:
    raise OSError("disk")


def _failing(whole: Callable[..., bool], ticket_id: int, failure: Exception) -> Callable[..., bool]:
    """The door as it is, but for one ticket."""

    def reconsider(door: Door, asked: int, **options: object) -> bool:
        if asked == ticket_id:
            raise failure
        return whole(door, asked, **options)

    return reconsider
