"""Which ways tickets really took through their file: the path of one, and what many of them come to.

A path is the sequence of a ticket's own moves, as (from, action, to). What happens to its tasks, or leaves it in its
state, is no part of it. Loops are folded for reading only: two tickets are of one path if every move is the same.
"""

import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum

from engine.clock import Instant
from engine.definitions.machine import BEFORE, Machine
from engine.definitions.model import Workflow
from engine.rules.acts import Event, Source
from engine.rules.case import Case
from engine.rules.moves import Move, Taken
from engine.vocabulary import StateType

#: Where a path ends once a ticket is in a state of such a type; it goes on if the ticket leaves it again.
_ENDS = frozenset({StateType.CLOSED, StateType.VOID})
_DIGEST = 16  # bytes


@dataclass(slots=True)
class Path:
    """The path of one ticket so far."""

    moves: list[Move] = field(default_factory=list)
    #: Microseconds that it stood in the state before, for each move; 0 for the first.
    waits: list[int] = field(default_factory=list)
    began_at: Instant = Instant(0)
    #: Since when it is closed or void; None while it is neither.
    ended_at: Instant | None = None
    area_id: int = 0
    channel: str = ""
    item: str | None = None
    #: Who had the lead last.
    department_id: int | None = None


def path_of(steps: Iterable[tuple[Event, Case]]) -> Path:
    """The path of a ticket from each of its events with the ticket as it left it. Errors: as `steps` raises them."""
    path, entered = Path(), Instant(0)
    for event, case in steps:
        at = Instant(event.at if event.source == Source.IMPORT else event.recorded_at)
        ticket = case.ticket
        path.area_id, path.channel, path.item = ticket.area[0].id, ticket.channel, ticket.item
        for task in case.tasks.values():
            if task.lead and task.department_id is not None:
                path.department_id = task.department_id
        if event.scope or (path.moves and event.state_from == event.state_to):
            continue
        path.began_at = path.began_at or at
        path.waits.append(max(0, at - entered) if path.moves else 0)
        path.moves.append((event.state_from or BEFORE, event.action, event.state_to))
        entered, path.ended_at = at, at if case.state_type in _ENDS else None
    return path


def digest(workflow: str, version: int, moves: Sequence[Move]) -> str:
    """What one path is known by: the same for all tickets of a version that made the same moves. Hex."""
    text = json.dumps([workflow, version, [list(move) for move in moves]], ensure_ascii=False, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()[: 2 * _DIGEST]


@dataclass(frozen=True, slots=True)
class Part:
    """Some moves, made one or more times in a row."""

    moves: tuple[Move, ...]
    times: int


def folded(moves: Sequence[Move]) -> tuple[Part, ...]:
    """The path with what is repeated in a row said once and counted: the shortest loop first, from the beginning."""
    parts: list[Part] = []
    at = 0
    while at < len(moves):
        length, times = _loop(moves, at)
        parts.append(Part(tuple(moves[at : at + length]), times))
        at += length * times
    return tuple(parts)


def _loop(moves: Sequence[Move], at: int) -> tuple[int, int]:
    for length in range(1, (len(moves) - at) // 2 + 1):
        unit, times = moves[at : at + length], 1
        while moves[at + times * length : at + (times + 1) * length] == unit:
            times += 1
        if times > 1:
            return length, times
    return 1, 1


def quantile(values: Iterable[tuple[int, float]], share: float) -> int | None:
    """The smallest value up to which that share of the weight lies; None of nothing. Values come with weights."""
    ordered = sorted(values)
    wanted, reached = share * sum(weight for _, weight in ordered), 0.0
    for value, weight in ordered:
        reached += weight
        if reached >= wanted:
            return value
    return None


class Use(StrEnum):
    """How an edge of the diagram stands to what tickets did."""

    USED = "used"
    NEVER = "never"  #: in the file, and no ticket took it
    FORMER = "former"  #: taken, but the present version of the file does not have it


@dataclass(frozen=True, slots=True, kw_only=True)
class Flow:
    """One move of a file, and how often it was made."""

    move: Move
    use: Use
    #: How many times, and by how many tickets.
    passes: int = 0
    tickets: int = 0
    #: Microseconds in the state before: half of the moves took no longer, nine of ten took no longer.
    median: int | None = None
    most: int | None = None


def flows(definition: Workflow, taken: Iterable[Taken]) -> list[Flow]:
    """Every move of the present file and every other that was made: the file's first, in its order."""
    passes: dict[Move, int] = {}
    tickets: dict[Move, int] = {}
    waits: dict[Move, list[tuple[int, float]]] = {}
    for one in taken:
        for move in one.moves:
            passes[move] = passes.get(move, 0) + one.tickets
        for move in set(one.moves):
            tickets[move] = tickets.get(move, 0) + one.tickets
        # Few of a large path speak for all of it.
        weight = one.tickets / len(one.waits) if one.waits else 0.0
        for row in one.waits:
            for move, wait in zip(one.moves, row, strict=True):
                waits.setdefault(move, []).append((wait, weight))
    known = dict.fromkeys(moves_of(definition))
    listed = [*known, *sorted(move for move in passes if move not in known)]
    return [
        Flow(
            move=move,
            use=Use.FORMER if move not in known else Use.USED if move in passes else Use.NEVER,
            passes=passes.get(move, 0),
            tickets=tickets.get(move, 0),
            median=quantile(waits.get(move, ()), 0.5),
            most=quantile(waits.get(move, ()), 0.9),
        )
        for move in listed
    ]


def moves_of(definition: Workflow) -> list[Move]:
    """Every move of a ticket that a file allows, in its order."""
    edges = Machine.of(definition).edges()
    return [(edge.source, edge.action.name, edge.target) for edge in edges if edge.target not in (None, edge.source)]


def titles(definition: Workflow) -> Mapping[str, str]:
    """Action → its Chinese title, for printing; an action that the file does not have is said by its name."""
    return {edge.action.name: edge.action.title.zh for edge in Machine.of(definition).edges()}
