"""The tree under a seal, and what a seal says."""

import hashlib
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.clock import Instant
from engine.errors import Malformed
from engine.rules.seal import Leaf, Statement, leaf_hash, node_hash, proof, proven, root
from engine.signing import key_id, public_keys, signed
from engine.vocabulary import ALGORITHMS

STATEMENT = Statement(
    number=2, day="2026-03-02", algorithm="sha256", previous="a" * 64, root="b" * 64, tickets=3, events=9,
    accesses=0, access="", made_at=Instant(1), key="cHVibGlj",
)  # fmt: skip


def _leaves(count: int) -> list[Leaf]:
    return [Leaf(number, f"HY-{number}", number * 2, number, f"{number:064x}") for number in range(1, count + 1)]


@pytest.mark.parametrize("algorithm", ALGORITHMS)
def test_a_root_is_made_of_leaves_and_nodes_that_begin_differently(algorithm: str) -> None:
    one, two, three = _leaves(3)

    def new(data: bytes) -> bytes:
        return hashlib.new(algorithm, data).digest()

    first = new(b'\x00huying/leaf/1[1,"HY-1",2,1,"' + one.head.encode() + b'"]')
    assert leaf_hash(algorithm, one) == first
    left = new(b"\x01" + first + leaf_hash(algorithm, two))
    assert root(algorithm, [one, two, three]) == node_hash(algorithm, left, leaf_hash(algorithm, three)).hex()
    assert root(algorithm, [one]) == first.hex()
    assert root(algorithm, []) == new(b"").hex()


def test_a_row_with_an_odd_end_is_not_filled_up() -> None:
    leaves = _leaves(3)
    assert root("sha256", leaves) != root("sha256", [*leaves, leaves[-1]])


@given(st.integers(1, 70), st.data(), st.sampled_from(ALGORITHMS))
def test_whoever_has_one_leaf_and_the_root_sees_that_it_was_sealed(
    count: int, data: st.DataObject, algorithm: str
) -> None:
    leaves = _leaves(count)
    index = data.draw(st.integers(0, count - 1))
    steps, whole = proof(algorithm, leaves, index), root(algorithm, leaves)
    assert proven(algorithm, leaves[index], steps) == whole
    assert proven(algorithm, replace(leaves[index], head="f" * 64), steps) != whole
    assert len(steps) <= count.bit_length()


@given(st.integers(2, 40), st.data())
def test_no_leaf_can_be_changed_moved_or_left_out(count: int, data: st.DataObject) -> None:
    leaves = _leaves(count)
    at = data.draw(st.integers(0, count - 2))
    changed = [*leaves[:at], replace(leaves[at], count=999), *leaves[at + 1 :]]
    moved = [*leaves[:at], leaves[at + 1], leaves[at], *leaves[at + 2 :]]
    fewer = [*leaves[:at], *leaves[at + 1 :]]
    assert len({root("sha256", each) for each in (leaves, changed, moved, fewer)}) == 4


def test_a_statement_is_read_from_its_canonical_text_and_from_no_other() -> None:
    text = STATEMENT.text
    assert Statement.read(text) == STATEMENT
    assert STATEMENT.hash != replace(STATEMENT, tickets=4).hash
    for other in (
        "", "[]", "{}", text + " ", text.replace('"tickets":3', '"tickets":"3"'), text.replace("seal/1", "seal/2"),
        text.replace("sha256", "md5"), text.replace('"tickets":3', '"tickets":3,"unknown":1'),
    ):  # fmt: skip
        with pytest.raises(Malformed):
            Statement.read(other)


def test_public_keys_stand_one_on_a_line_as_its_last_word() -> None:
    key = "A" * 43 + "="
    assert public_keys([f"{key_id(key)} {key}", "", "# 旧钥 / old"]) == {key}
    with pytest.raises(Malformed, match="row 1"):
        public_keys(["not a key"])
    assert not signed(key, "text", "nonsense")
    assert not signed("nonsense", "text", key)
