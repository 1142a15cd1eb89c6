"""A stable draw in strata: whoever draws again from the same seed and the same things draws the same.

    rank = SHA-256("huying/sample/1" ‖ seed ‖ sample ‖ period ‖ code)

Of each stratum the smallest ranks are drawn, its share rounded up. A rank depends on nothing but its own code, so one
thing more moves no other; the seed is the root of a seal that did not exist while the period lasted.
"""

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass

_DOMAIN = "huying/sample/1"


@dataclass(frozen=True, slots=True, kw_only=True)
class Candidate:
    """Something that may be drawn."""

    #: Case number, or code of a row.
    code: str
    #: Codes of its stratum, in the order of the sample's `by`.
    stratum: tuple[str, ...] = ()
    #: Stands in a stratum of its own kind: self-reported and self-closed.
    apart: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Lot:
    """Something that was drawn."""

    candidate: Candidate
    #: Hex; the smallest of a stratum are drawn.
    rank: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Stratum:
    """How much of one stratum was drawn."""

    codes: tuple[str, ...]
    apart: bool
    total: int
    drawn: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Drawn:
    """The result of a draw."""

    lots: tuple[Lot, ...]
    strata: tuple[Stratum, ...]
    #: Of how many.
    total: int
    #: SHA-256 over all codes that took part, with their strata, sorted: whether another draw saw the same things.
    digest: str


def rank(seed: str, sample: str, period: str, code: str) -> str:
    """What ranks a code in a draw, hex."""
    said = "\x00".join((_DOMAIN, seed, sample, period, code))
    return hashlib.sha256(said.encode()).hexdigest()


def draw(candidates: Iterable[Candidate], percent: int, seed: str, sample: str, period: str) -> Drawn:
    """Draw `percent` of each stratum, rounded up. Strata and lots are in the order of their codes."""
    strata: dict[tuple[bool, tuple[str, ...]], list[Candidate]] = {}
    whole = hashlib.sha256()
    total = 0
    for one in sorted(candidates, key=lambda one: one.code):
        strata.setdefault((one.apart, one.stratum), []).append(one)
        whole.update("\x00".join((one.code, str(one.apart), *one.stratum)).encode() + b"\n")
        total += 1
    lots, counted = list[Lot](), list[Stratum]()
    for (apart, codes), members in sorted(strata.items()):
        ranked = sorted((rank(seed, sample, period, one.code), one.code, one) for one in members)
        most = -(-len(ranked) * percent // 100)
        lots += [Lot(candidate=one, rank=order) for order, _, one in ranked[:most]]
        counted.append(Stratum(codes=codes, apart=apart, total=len(ranked), drawn=most))
    lots.sort(key=lambda lot: lot.candidate.code)
    return Drawn(lots=tuple(lots), strata=tuple(counted), total=total, digest=whole.hexdigest())
