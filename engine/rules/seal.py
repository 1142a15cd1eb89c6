"""The daily seal: one hash over the newest lines of many tickets, chained to the seal before it.

    leaf = H(00 ‖ "huying/leaf/1" ‖ canonical [ticket, case number, seq, count, head])
    node = H(01 ‖ left ‖ right)
    seal = H("huying/seal/1" ‖ canonical statement)

A leaf and a node begin with different bytes, so that no node can be passed off as a leaf. A row of nodes with an odd
end is never filled up by repeating that end: two lists of leaves with one root would be the result.
"""

import hashlib
import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, fields
from typing import Any

from engine.clock import Instant
from engine.errors import Malformed
from engine.rules.chain import canonical, canonical_row
from engine.vocabulary import ALGORITHMS

FORMAT = "huying/seal/1"

_LEAF = b"\x00huying/leaf/1"
_NODE = b"\x01"
_SEAL = b"huying/seal/1"


@dataclass(frozen=True, slots=True)
class Leaf:
    """How far a ticket's history goes at the moment of a seal."""

    ticket_id: int
    #: "" where only some may know that there is such a ticket: a sealed file leaves the house.
    case_no: str
    #: Seq of the newest event.
    seq: int
    #: Events up to there.
    count: int
    #: Hash of the newest event, hex.
    head: str

    def row(self) -> tuple[int, str, int, int, str]:
        return self.ticket_id, self.case_no, self.seq, self.count, self.head


@dataclass(frozen=True, slots=True, kw_only=True)
class Statement:
    """What a seal says; its canonical text is what is hashed and signed."""

    #: 1, 2, 3 … without gaps.
    number: int
    #: The civil day on which it was made, like 2026-03-02.
    day: str
    algorithm: str
    #: Hash of the seal before; "" for the first.
    previous: str
    #: Root of the tree over the leaves, hex.
    root: str
    #: Leaves: tickets that have moved since they were last sealed.
    tickets: int
    #: Events that the histories of these tickets hold.
    events: int
    #: Rows of the access log, and the hash of the newest, hex; "" while there is none.
    accesses: int
    access: str
    made_at: Instant
    #: The public key that its signature is checked with, base64.
    key: str

    @property
    def text(self) -> str:
        """Canonical JSON."""
        return canonical({"format": FORMAT, **{field.name: getattr(self, field.name) for field in fields(self)}})

    @property
    def hash(self) -> str:
        """The hash that the next seal names, hex."""
        return _new(self.algorithm, _SEAL + self.text.encode()).hex()

    @classmethod
    def read(cls, text: str) -> "Statement":
        """A statement from its canonical text. Errors: `Malformed` for any other text."""
        try:
            said = json.loads(text)
            if said.pop("format") != FORMAT or said["algorithm"] not in ALGORITHMS:
                raise ValueError(text)
            known = {field.name: field.type for field in fields(cls)}
            if any(isinstance(said[name], str) != (kind is str) for name, kind in known.items()):
                raise ValueError(text)
            made = cls(**said)
            if made.text != text:
                raise ValueError(text)
        except (ValueError, TypeError, KeyError, AttributeError) as failure:
            raise Malformed("不是封存说明", "this is not what a seal says") from failure
        return made


class Tree:
    """A Merkle tree that takes its leaves one by one and keeps only one node for each of its heights."""

    def __init__(self, algorithm: str) -> None:
        self.algorithm = algorithm
        self.leaves = self.events = 0
        #: Roots of full trees that stand side by side, with how many leaves each has; each is larger than the next.
        self._full: list[tuple[int, bytes]] = []

    def add(self, leaf: Leaf) -> None:
        self.leaves += 1
        self.events += leaf.count
        size, digest = 1, leaf_hash(self.algorithm, leaf)
        while self._full and self._full[-1][0] == size:
            size, digest = size * 2, node_hash(self.algorithm, self._full.pop()[1], digest)
        self._full.append((size, digest))

    def root(self) -> str:
        """Hex; of no leaves it is the hash of nothing."""
        if not self._full:
            return _new(self.algorithm, b"").hex()
        digest = self._full[-1][1]
        for _, left in reversed(self._full[:-1]):
            digest = node_hash(self.algorithm, left, digest)
        return digest.hex()


@dataclass(frozen=True, slots=True)
class Step:
    """A neighbour on the way from a leaf to the root."""

    hash: str
    #: Whether it stands to the left.
    left: bool


def leaf_hash(algorithm: str, leaf: Leaf) -> bytes:
    return _new(algorithm, _LEAF + canonical_row(leaf.row()).encode())


def node_hash(algorithm: str, left: bytes, right: bytes) -> bytes:
    return _new(algorithm, _NODE + left + right)


def root(algorithm: str, leaves: Iterable[Leaf]) -> str:
    """The root over leaves in their order, hex."""
    tree = Tree(algorithm)
    for leaf in leaves:
        tree.add(leaf)
    return tree.root()


def proof(algorithm: str, leaves: Sequence[Leaf], index: int) -> list[Step]:
    """The neighbours by which whoever has one leaf and the root sees that the leaf is among those sealed."""
    return _way([leaf_hash(algorithm, leaf) for leaf in leaves], algorithm, index)


def proven(algorithm: str, leaf: Leaf, steps: Iterable[Step]) -> str:
    """The root to which a leaf and its neighbours lead, hex; to be compared with the sealed one."""
    digest = leaf_hash(algorithm, leaf)
    for step in steps:
        other = bytes.fromhex(step.hash)
        digest = node_hash(algorithm, other, digest) if step.left else node_hash(algorithm, digest, other)
    return digest.hex()


def _way(row: list[bytes], algorithm: str, index: int) -> list[Step]:
    steps: list[Step] = []
    while len(row) > 1:
        beside = index ^ 1
        if beside < len(row):
            steps.append(Step(row[beside].hex(), left=beside < index))
        pairs = [row[at : at + 2] for at in range(0, len(row), 2)]
        row = [node_hash(algorithm, *pair) if len(pair) > 1 else pair[0] for pair in pairs]
        index //= 2
    return steps


def _new(algorithm: str, data: bytes) -> bytes:
    if algorithm not in ALGORITHMS:
        raise ValueError(f"unknown hash algorithm {algorithm!r}")
    made: Any = hashlib.new(algorithm, data)
    return bytes(made.digest())
