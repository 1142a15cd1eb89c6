"""The check of concurrent histories finds each anomaly that it is made to find, and nothing where there is none."""

import random
from collections.abc import Mapping, Sequence
from typing import Any

import pytest

from tests.support.serial import Element, Key, Op, anomalies


def kinds(ops: list[Op], final: Mapping[Any, Sequence[Element]]) -> list[str]:
    return [found.partition(":")[0] for found in anomalies(ops, final)]


class TestAnomalies:
    def test_a_lost_update(self) -> None:
        """Both read nothing and each wrote what it made of it."""
        both = [Op("a", {"x": [1]}, {"x": []}), Op("b", {"x": [2]}, {"x": []})]
        assert kinds(both, {"x": [1, 2]}) == ["G-single"]

    def test_a_write_skew_across_two_tickets(self) -> None:
        """Each saw that the other ticket was untouched, and touched its own."""
        both = [Op("a", {"x": [1]}, {"x": [], "y": []}), Op("b", {"y": [2]}, {"x": [], "y": []})]
        assert kinds(both, {"x": [1], "y": [2]}) == ["G2"]

    def test_information_that_flows_in_a_circle(self) -> None:
        both = [Op("a", {"x": [1]}, {"y": [2]}), Op("b", {"y": [2]}, {"x": [1]})]
        assert kinds(both, {"x": [1], "y": [2]}) == ["G1c"]

    def test_a_fractured_read(self) -> None:
        """Of an act on two tickets one half was seen and the other was not."""
        ops = [Op("join", {"x": [1], "y": [2]}), Op("read", reads={"x": [1], "y": []})]
        assert kinds(ops, {"x": [1], "y": [2]}) == ["G-single"]

    def test_writes_of_two_that_overtake_each_other(self) -> None:
        ops = [Op("a", {"x": [1], "y": [4]}), Op("b", {"x": [2], "y": [3]})]
        assert kinds(ops, {"x": [1, 2], "y": [3, 4]}) == ["G0"]

    def test_a_read_of_what_was_never_kept(self) -> None:
        assert kinds([Op("read", reads={"x": [7]})], {"x": []}) == ["G1a"]

    def test_a_read_of_half_an_act(self) -> None:
        assert kinds([Op("a", {"x": [1, 2]}), Op("read", reads={"x": [1]})], {"x": [1, 2]}) == ["G1b"]

    def test_two_that_do_not_agree_on_the_order(self) -> None:
        ops = [Op("a", {"x": [1]}), Op("b", {"x": [2]}), Op("read", reads={"x": [2, 1]})]
        assert kinds(ops, {"x": [1, 2]}) == ["reordered"]

    @pytest.mark.parametrize(("final", "kind"), [([], "lost"), ([1, 1], "doubled")])
    def test_an_answered_append_that_is_not_there_once(self, final: list[int], kind: str) -> None:
        assert kind in kinds([Op("a", {"x": [1]})], {"x": final})

    def test_one_place_that_was_answered_to_two(self) -> None:
        assert kinds([Op("a", {"x": [1]}), Op("b", {"x": [1]})], {"x": [1]}) == ["lost"]

    def test_a_place_that_is_nobodys(self) -> None:
        assert kinds([], {"x": [1]}) == ["nobody's"]

    def test_a_read_that_does_not_see_what_was_answered_before_it(self) -> None:
        ops = [Op("a", {"x": [1]}, began=0, ended=1), Op("read", reads={"x": []}, began=2, ended=3)]
        assert kinds(ops, {"x": [1]}) == ["stale"]
        ops[1] = Op("read", reads={"x": []}, began=0.5, ended=3)
        assert kinds(ops, {"x": [1]}) == []

    def test_a_cycle_of_three_says_its_way(self) -> None:
        ops = [
            Op("a", {"x": [1]}, {"z": [3]}),
            Op("b", {"y": [2]}, {"x": [1]}),
            Op("c", {"z": [3]}, {"y": [2]}),
            Op("d", {"v": [4]}),
        ]
        (found,) = anomalies(ops, {"x": [1], "y": [2], "z": [3], "v": [4]})
        assert sorted(found.removeprefix("G1c: ").split(" -wr-> ")[:3]) == ["a", "b", "c"]


class TestWhatWasSerial:
    """A history that was made one after the other is never complained of; with one read made older it is."""

    @staticmethod
    def _history(chance: random.Random) -> tuple[list[Op], dict[Key, list[Element]]]:
        lists: dict[Key, list[Element]] = {key: [] for key in "xyz"}
        ops = []
        for number in range(60):
            keys = chance.sample("xyz", chance.randint(1, 2))
            reads: dict[Key, list[Element]] = {key: list(lists[key]) for key in keys if chance.random() < 0.7}
            appends: dict[Key, list[Element]] = {
                key: [number * 10 + at] for at, key in enumerate(keys) if chance.random() < 0.6
            }
            for key, those in appends.items():
                lists[key] += those
            ops.append(Op(str(number), appends, reads, number - chance.random() * 3, number + chance.random() * 3))
        return ops, lists

    @pytest.mark.parametrize("seed", range(20))
    def test_it_is_in_order(self, seed: int) -> None:
        assert anomalies(*self._history(random.Random(seed))) == []

    @pytest.mark.parametrize("seed", range(20))
    def test_one_stale_read_modify_write_is_found(self, seed: int) -> None:
        ops, lists = self._history(random.Random(seed))
        at = next(at for at, op in enumerate(ops) if at > 20 and any(op.reads.get(key) for key in op.appends))
        key = next(key for key in ops[at].appends if ops[at].reads.get(key))
        older = {**ops[at].reads, key: ops[at].reads[key][:-1]}
        ops[at] = Op(ops[at].name, ops[at].appends, older)
        assert set(kinds(ops, lists)) <= {"G-single", "G2"} != set()
        assert kinds(ops, lists)
