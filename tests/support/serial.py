"""Whether what many clients saw at once could have come about one after the other.

After Elle (Kingsbury and Alvaro, VLDB 2020): every act appends to lists, every read returns whole lists, so each read
says itself after which appends it came. Three dependencies between two operations follow from that: one wrote right
behind the other (ww), one read what the other wrote last (wr), one read what the other then wrote behind (rw). A fourth
is of the clock on the wall (rt): one had been answered before the other was asked. A cycle has no serial order.
"""

from collections import defaultdict
from collections.abc import Hashable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from graphlib import CycleError, TopologicalSorter
from itertools import pairwise
from math import inf
from typing import NamedTuple

Key = Hashable
Element = Hashable


@dataclass(frozen=True, eq=False, slots=True)
class Op:
    """One operation that was done: everything in it at one moment, or there is no serial order."""

    name: str
    #: What it appended to which lists, and which lists it read as what. A read in the same operation comes first.
    appends: Mapping[Key, Sequence[Element]] = field(default_factory=dict)
    reads: Mapping[Key, Sequence[Element]] = field(default_factory=dict)
    #: Seconds by one clock between which it was done, as far as its client knows.
    began: float = -inf
    ended: float = inf


class Edge(NamedTuple):
    """One operation came before another, and why."""

    before: Hashable
    after: Hashable
    why: str


#: Dependencies that a cycle may be made of, the gravest first, and what it is called.
_LEVELS = (
    (("ww",), "G0"), (("ww", "wr"), "G1c"), (("ww", "wr", "rw"), "G2"), (("ww", "wr", "rw", "rt"), "stale"),
)  # fmt: skip


def anomalies(ops: Sequence[Op], final: Mapping[Key, Sequence[Element]]) -> list[str]:
    """What admits no serial order, each by the name of its kind; nothing, if there is one.

    `final` are the lists as they are in the end; whatever stands in them belongs to one of the operations.
    `lost`, `doubled`: an append that was answered is not there once. `G1a`: somebody read what was never kept.
    `G1b`: somebody read half of an operation. `reordered`: two do not agree in which order things came. `G0`, `G1c`,
    `G-single` (lost updates, fractured reads), `G2` (write skew): cycles. `stale`: a cycle only by the clock on the
    wall, such as a read that does not see what was answered before.
    """
    found = [*_miscounted(ops, final)]
    owners = {(key, element): op for op in ops for key, those in op.appends.items() for element in those}
    edges = [*_written(owners, final), *_times(ops)]
    for op in ops:
        for key, read in op.reads.items():
            wrong = _misread(op, key, read, final.get(key, ()), owners)
            found += [f"{wrong}: {op.name} read {key}"] if wrong else []
            edges += [] if wrong else _seen(op, key, read, final.get(key, ()), owners)
    return [*found, *_first_cycle(edges)]


Owners = Mapping[tuple[Key, Element], Op]


def _miscounted(ops: Sequence[Op], final: Mapping[Key, Sequence[Element]]) -> Iterator[str]:
    """Each append once in its list, and in nobody else's name."""
    claimed: dict[tuple[Key, Element], list[str]] = defaultdict(list)
    for op in ops:
        for key, elements in op.appends.items():
            for element in elements:
                claimed[key, element].append(op.name)
    there = [(key, element) for key, elements in final.items() for element in elements]
    for slot, names in claimed.items():
        count = there.count(slot) if len(names) == 1 else 0
        if len(names) > 1:
            yield f"lost: {slot} was answered to {' and '.join(names)}"
        elif count != 1:
            yield f"{'doubled' if count else 'lost'}: {slot} of {names[0]}"
    yield from (f"nobody's: {slot}" for slot in there if slot not in claimed)


def _misread(op: Op, key: Key, read: Sequence[Element], order: Sequence[Element], owners: Owners) -> str:
    """The kind of a read that no moment explains; "" for one that is a beginning of the list."""
    if any(element not in order for element in read):
        return "G1a"
    if list(read) != list(order[: len(read)]):
        return "reordered"
    last = owners.get((key, read[-1])) if read else None
    following = owners.get((key, order[len(read)])) if len(read) < len(order) else None
    return "G1b" if last is not None and last is following and last is not op else ""


def _written(owners: Owners, final: Mapping[Key, Sequence[Element]]) -> Iterator[Edge]:
    for key, order in final.items():
        writers = [owners[key, element] for element in order if (key, element) in owners]
        yield from (Edge(one, other, "ww") for one, other in pairwise(writers) if one is not other)


def _seen(op: Op, key: Key, read: Sequence[Element], order: Sequence[Element], owners: Owners) -> Iterator[Edge]:
    last = owners.get((key, read[-1])) if read else None
    following = owners.get((key, order[len(read)])) if len(read) < len(order) else None
    if last is not None and last is not op:
        yield Edge(last, op, "wr")
    if following is not None and following is not op:
        yield Edge(op, following, "rw")


def _times(ops: Sequence[Op]) -> Iterator[Edge]:
    """Moments in a row, each behind what had been answered by then and before what was asked later."""
    moments = sorted({op.ended for op in ops if op.ended < inf})
    yield from (Edge(one, other, "rt") for one, other in pairwise(moments))
    yield from (Edge(op, op.ended, "rt") for op in ops if op.ended < inf)
    asked = sorted(ops, key=lambda op: op.began)
    at = -1
    for op in asked:
        while at + 1 < len(moments) and moments[at + 1] < op.began:
            at += 1
        if at >= 0:
            yield Edge(moments[at], op, "rt")


def _first_cycle(edges: Sequence[Edge]) -> Iterator[str]:
    """A cycle of the gravest kind that there is, as short as it can be."""
    for kinds, called in _LEVELS:
        after: dict[Hashable, dict[Hashable, str]] = defaultdict(dict)
        for edge in edges:
            if edge.why in kinds:
                after[edge.before].setdefault(edge.after, edge.why)
        try:
            TopologicalSorter({before: list(those) for before, those in after.items()}).prepare()
        except CycleError as failure:
            ways = [_way_back(node, after) for node in failure.args[1][:-1]]
            way = min((way for way in ways if way), key=len)
            reasons = [after[one][other] for one, other in pairwise(way)]
            name = "G-single" if called == "G2" and reasons.count("rw") == 1 else called
            said = "".join(f"{getattr(one, 'name', one)} -{why}-> " for one, why in zip(way, reasons, strict=False))
            yield f"{name}: {said}{getattr(way[-1], 'name', way[-1])}"
            return


def _way_back(start: Hashable, after: Mapping[Hashable, Mapping[Hashable, str]]) -> list[Hashable]:
    """The shortest way from an operation to itself."""
    came_from: dict[Hashable, Hashable] = {}
    front = [start]
    while front:
        reached = []
        for node in front:
            for other in after.get(node, {}):
                if other == start:
                    way = [start, node]
                    while way[-1] != start:
                        way.append(came_from[way[-1]])
                    return way[::-1] if node != start else [start, start]
                if other not in came_from:
                    came_from[other] = node
                    reached.append(other)
        front = reached
    return []
