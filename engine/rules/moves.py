"""Moves of a ticket through its file, and paths of them, as values."""

from collections.abc import Sequence
from dataclasses import dataclass

#: State before, action, state after.
Move = tuple[str, str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Taken:
    """One path that tickets took."""

    digest: str
    version: int
    moves: tuple[Move, ...]
    tickets: int
    #: Waits of a sample of them, a row per ticket, each as long as the moves.
    waits: Sequence[Sequence[int]] = ()
