"""Samples: drawn once from what a period closed, by a seed nobody could choose, and each drawn one gets its check."""

from pathlib import Path
from typing import Any

import pytest

from engine.background import samples as drawing
from engine.background.commands import run_commands
from engine.background.facts import fold_facts
from engine.background.relay import relay
from engine.background.seal import seal
from engine.clock import DAY, HOUR
from engine.database import Database
from engine.errors import NotFound
from engine.records import samples
from engine.rules import sampling
from engine.signing import Key
from tests.support.door import Told, World


@pytest.fixture
def world(database: Database) -> World:
    return World(database)


@pytest.fixture
def key(tmp_path: Path) -> Key:
    return Key.make(tmp_path / "seal.key")


def folded(world: World) -> None:
    while relay(world.database):
        pass
    fold_facts(world.database, world.versions, stopping=lambda: False)


def closed(world: World, count: int) -> list[Told]:
    """So many tickets that the desk answered at once."""
    found = []
    for _ in range(count):
        told = world.ticket().filed()
        told.do("shen", "answer")
        found.append(told)
    return found


def over(world: World, key: Key) -> None:
    """The month is over, sealed, and its facts are folded."""
    world.later(31 * DAY)
    folded(world)
    seal(world.database, world.clock, key, "sha256")


def round_(world: World) -> int:
    return drawing.draw_samples(world.door, world.database, world.versions, None, world.clock)


def lots(world: World, name: str = "callbacks") -> list[samples.KeptLot]:
    with world.database.looking() as transaction:
        return samples.lots(transaction, name, "2026-03", None)


def check_of(world: World) -> Told:
    """The check of the first that was drawn."""
    check = Told(world, "sample-checks")
    check.case_no = lots(world)[0].check
    ((check.id,),) = world.rows("SELECT id FROM ticket WHERE case_no = ?", check.case_no)
    return check


def draw_of(world: World, name: str = "callbacks") -> samples.Draw:
    with world.database.looking() as transaction:
        return samples.draws(transaction, name)[0]


def again(world: World) -> drawing.Compared:
    with world.database.looking() as transaction:
        return drawing.again(transaction, "callbacks", "2026-03")


def test_a_month_is_drawn_when_it_is_over_and_sealed_and_each_drawn_one_gets_its_check(world: World, key: Key) -> None:
    closed(world, 12)
    apart = world.ticket().reported()
    apart.do("wang", "handle_on_the_spot")
    folded(world)
    assert round_(world) == 0, "the month is not over"
    world.later(31 * DAY)
    folded(world)
    waits = {one.sample.name: str(one.waits) for one in drawing.standings(world.database, None, world.clock.now())}
    assert waits["callbacks"].startswith("待")
    assert round_(world) == 0, "nobody may draw before the seal"
    seal(world.database, world.clock, key, "sha256")
    # Two samples are drawn; two of twelve, and the one that stands apart, get their checks.
    assert round_(world) == 2 + 3
    draw = draw_of(world)
    assert (draw.total, draw.drawn) == (13, 3)
    assert sorted((one.apart, one.total, one.drawn) for one in draw.strata) == [(False, 12, 2), (True, 1, 1)]
    assert {one.code for one in lots(world) if one.apart} == {apart.case_no}
    assert {one.state for one in lots(world)} == {"to_call", "to_look"}
    opened = world.rows("SELECT id FROM ticket WHERE channel = 'sample'")
    assert [line for (one,) in opened for line in world.differences(one)] == [], "told again they are the same"
    assert round_(world) == 0
    assert again(world).sound
    assert again(world).same_candidates


def test_the_drawn_ticket_says_so_in_its_history_once(world: World, key: Key) -> None:
    told = closed(world, 1)[0]
    over(world, key)
    round_(world)
    for _ in range(2):
        run_commands(world.door, world.database, world.clock)
    assert told.actions.count("mentioned") == 1
    assert not world.differences(told.id)


def test_three_tries_at_different_hours_and_then_it_is_over(world: World, key: Key) -> None:
    closed(world, 1)
    over(world, key)
    round_(world)
    check = check_of(world)
    check.do("shen", "no_answer")
    assert check.refused("shen", "no_answer").status == 409
    for _ in range(2):
        world.later(3 * HOUR)
        check.do("shen", "no_answer")
    assert check.state == "not_reached"


def test_what_was_not_so_is_put_right_and_looked_at_again(world: World, key: Key) -> None:
    closed(world, 1)
    over(world, key)
    round_(world)
    check = check_of(world)
    check.do("shen", "reached", form={"resolved": "unsolved"})
    check.do("he", "put_right", form={"lead": "urban"})
    check.do("chen", "done", of="urban")
    check.do("liu", "right")
    assert (check.state, lots(world)[0].done) == ("corrected", True)


def test_a_crash_between_the_draw_and_the_checks_repeats_nothing(
    world: World, key: Key, monkeypatch: pytest.MonkeyPatch
) -> None:
    closed(world, 25)
    over(world, key)
    real = world.door.act_together
    acts: list[Any] = []

    def dies(*arguments: Any) -> Any:
        if len(acts) == 1:
            raise RuntimeError("the machine is gone")
        acts.append(arguments)
        return real(*arguments)

    monkeypatch.setattr(world.door, "act_together", dies)
    with pytest.raises(RuntimeError):
        round_(world)
    monkeypatch.undo()
    drawn = {one.code: one.check for one in lots(world)}
    assert sum(check != "" for check in drawn.values()) == 1
    round_(world)
    round_(world)
    after = {one.code: one.check for one in lots(world)}
    assert after.keys() == drawn.keys()
    assert all(after.values())
    assert all(after[code] == check for code, check in drawn.items() if check)
    checks = world.rows("SELECT count(*) FROM ticket WHERE channel = 'sample'")
    assert checks == [(len(drawn),)]


def test_a_check_that_two_hands_open_at_once_is_opened_once(world: World, key: Key) -> None:
    closed(world, 1)
    over(world, key)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(drawing, "open_checks", lambda *_: 0)
        round_(world)
    with world.database.looking() as transaction:
        (waiting,) = samples.waiting(transaction, 10)
    opened = [drawing._open(world.door, world.database, world.versions, waiting, world.clock.now()) for _ in "ab"]
    assert opened == [True, False]


def test_a_changed_lot_or_seed_is_found_when_the_draw_is_done_again(world: World, key: Key) -> None:
    closed(world, 12)
    over(world, key)
    round_(world)
    drawn = [lot.code for lot in lots(world)]
    one = drawn[0]
    other = next(told for (told,) in world.rows("SELECT case_no FROM ticket ORDER BY id") if told not in drawn)
    world.change("UPDATE sample_lot SET code = ? WHERE code = ?", other, one)
    compared = again(world)
    assert not compared.sound
    assert compared.extra == (one,)
    world.change("UPDATE sample_draw SET seed = ?", "0" * 64)
    assert not again(world).true_seed
    with world.database.looking() as transaction, pytest.raises(NotFound):
        drawing.again(transaction, "callbacks", "2020-01")


def test_a_month_that_was_missed_is_drawn_too(world: World, key: Key) -> None:
    closed(world, 1)
    over(world, key)
    round_(world)
    closed(world, 1)
    world.later(61 * DAY)
    folded(world)
    seal(world.database, world.clock, key, "sha256")
    for _ in range(3):
        round_(world)
    with world.database.looking() as transaction:
        assert [one.period for one in samples.draws(transaction, "callbacks")] == ["2026-05", "2026-04", "2026-03"]


class TestTheDraw:
    def drawn(self, codes: list[str], percent: int = 10, seed: str = "ab") -> set[str]:
        found = sampling.draw([sampling.Candidate(code=code) for code in codes], percent, seed, "callbacks", "2026-03")
        return {lot.candidate.code for lot in found.lots}

    def test_one_more_ticket_moves_no_other(self) -> None:
        codes = [f"20260302-{number:06d}" for number in range(1, 101)]
        before, after = self.drawn(codes), self.drawn([*codes, "20260302-000101"])
        assert len(before) == 10
        assert len(after) == 11
        assert len(before - after) <= 1
        ranks = {code: sampling.rank("ab", "callbacks", "2026-03", code) for code in codes}
        assert before == set(sorted(codes, key=lambda code: ranks[code])[:10])

    def test_the_seed_and_the_period_change_it_and_the_order_given_does_not(self) -> None:
        codes = [f"c{number}" for number in range(200)]
        assert self.drawn(codes) == self.drawn(codes[::-1])
        assert self.drawn(codes) != self.drawn(codes, seed="cd")

    def test_shares_are_rounded_up_in_each_stratum(self) -> None:
        found = sampling.draw(
            [sampling.Candidate(code=f"{one}{number}", stratum=(one,)) for one in "ab" for number in range(11)],
            10, "ab", "callbacks", "2026-03",
        )  # fmt: skip
        assert [(one.codes, one.total, one.drawn) for one in found.strata] == [(("a",), 11, 2), (("b",), 11, 2)]
