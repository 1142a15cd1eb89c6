"""Everything that a drill has stored, ticket by ticket, as plain rows of one moment."""

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from engine.clock import Instant
from engine.database import Transaction
from engine.definitions.model import Workflow
from tests.support.door import World


class Line(NamedTuple):
    """A deadline's row."""

    ticket: int
    seq: int
    name: str
    task: int | None
    request: int | None
    limit: str
    started_at: Instant
    due_at: Instant
    next_at: Instant | None
    generation: int
    ended_at: Instant | None
    handled: int


class Event(NamedTuple):
    """A line of the history."""

    ticket: int
    seq: int
    at: Instant
    recorded_at: Instant
    action: str
    scope: str
    actor: str
    state_from: str
    state_to: str
    facts: dict[str, Any]

    @property
    def cause(self) -> tuple[int, int, int] | None:
        """The deadline's seq, its generation, and the rung that brought it."""
        if "rung" not in self.facts:
            return None
        return self.facts["timer"], self.facts["generation"], self.facts["rung"]


class Rung(NamedTuple):
    """A rung's row."""

    ticket: int
    deadline: int
    generation: int
    rung: int
    at: Instant
    event: int


class Notice(NamedTuple):
    """A notice's row."""

    ticket: int
    seq: int
    event: int
    unit: str
    posts: str


@dataclass
class File:
    """Everything that is kept of one ticket."""

    definition: Workflow
    last_seq: int
    #: The ticket that gave birth to it.
    parent: int | None = None
    events: list[Event] = field(default_factory=list)
    lines: list[Line] = field(default_factory=list)
    rungs: list[Rung] = field(default_factory=list)
    notices: list[Notice] = field(default_factory=list)
    #: First and last event of each act.
    acts: list[tuple[int, int]] = field(default_factory=list)
    cards: list[tuple[int, int | None, int | None]] = field(default_factory=list)

    def event(self, seq: int) -> Event | None:
        return next((event for event in self.events if event.seq == seq), None)

    def state_before(self, seq: int) -> str:
        """The ticket's state as an event began."""
        return next((one.state_to for one in reversed(self.events) if one.seq < seq and not one.scope), "")


@dataclass
class Kept:
    """What is stored."""

    files: dict[int, File]
    #: Positions of the feed, in order.
    positions: list[int]
    #: Source and kind of each command, and whether it is done.
    commands: list[tuple[int, str, bool]]


def kept(world: World) -> Kept:
    """All of it, in one snapshot: processes may be at work meanwhile."""
    with world.database.looking() as transaction:
        files = {
            row[0]: File(world.versions.definition(transaction, row[1]), last_seq=row[2], parent=row[3])
            for row in transaction.rows("SELECT id, workflow_id, last_seq, parent_id FROM ticket")
        }
        for file, row in _rows(transaction, files, _EVENTS):
            file.events.append(Event._make((*row[:-1], json.loads(row[-1]))))
        for file, row in _rows(transaction, files, _LINES):
            file.lines.append(Line(*row))
        for file, row in _rows(transaction, files, _RUNGS):
            file.rungs.append(Rung(*row))
        for file, row in _rows(transaction, files, _NOTICES):
            file.notices.append(Notice(*row))
        for file, row in _rows(transaction, files, _ACTS):
            file.acts.append((row[1], row[2]))
        for file, row in _rows(transaction, files, _CARDS):
            file.cards.append((row[1], row[2], row[3]))
        positions = [row[0] for row in transaction.rows("SELECT position FROM feed ORDER BY position")]
        commands = [(row[0], row[1], row[2] is not None) for row in transaction.rows(_COMMANDS)]
    return Kept(files=files, positions=positions, commands=commands)


_EVENTS = """
    SELECT ticket_id, seq, at, recorded_at, action, scope, actor, state_from, state_to, facts
    FROM event ORDER BY ticket_id, seq"""
_LINES = """
    SELECT ticket_id, seq, name, task_seq, request_seq, "limit", started_at, due_at, next_at, generation, ended_at,
        handled
    FROM deadline ORDER BY ticket_id, seq"""
_RUNGS = "SELECT ticket_id, deadline_seq, generation, rung, at, event_seq FROM rung"
_NOTICES = "SELECT ticket_id, seq, event_seq, unit, posts FROM notice ORDER BY ticket_id, seq"
_ACTS = "SELECT ticket_id, seq, last_seq FROM outbox UNION ALL SELECT ticket_id, seq, last_seq FROM feed"
_CARDS = "SELECT ticket_id, event_seq, task_seq, ended_at FROM card ORDER BY ticket_id, seq"
_COMMANDS = "SELECT ticket_id, kind, done_at FROM command"


def _rows(transaction: Transaction, files: dict[int, File], sql: str) -> Iterator[tuple[File, tuple[Any, ...]]]:
    for row in transaction.rows(sql):
        yield files[row[0]], tuple(row)
