"""A stable random draw: whoever draws, whenever, draws the same, and an auditor can draw again.

Every row has a ticket in the lottery: the SHA-256 of the draw's seed and the row's code. The smallest win. Nobody who
keeps the register can choose a code after the seed is known without its version saying when that was.
"""

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass

from engine.definitions.model import Draw


@dataclass(frozen=True, slots=True, kw_only=True)
class Lot:
    """A row in a draw."""

    code: str
    #: Hex of the hash that ranks it, the smallest first.
    rank: str
    drawn: bool


def seed_of(workflow: str, start: str, period: str) -> str:
    """What a draw is seeded by: nothing that anybody could choose after seeing its result."""
    return f"{workflow}/{start}/{period}"


def draw(how: Draw, seed: str, codes: Iterable[str]) -> list[Lot]:
    """Every row with its rank, the drawn ones first."""
    ranked = sorted((hashlib.sha256(f"{seed}/{code}".encode()).hexdigest(), code) for code in set(codes))
    most = how.of(len(ranked))
    return [Lot(code=code, rank=rank, drawn=number < most) for number, (rank, code) in enumerate(ranked)]
