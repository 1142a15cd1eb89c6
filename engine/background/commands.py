"""Commands: what an act of one ticket means for another, walked through the door exactly once.

A command is written in the transaction of the act that caused it. Whoever takes it does the work and marks it done; the
work itself is such that doing it twice changes nothing (rules that no longer hold, a key already used), so a crash or a
second hand between the two costs a repetition and no effect.
"""

import json
from dataclasses import dataclass

from engine.background import opening
from engine.background.opening import Opening
from engine.clock import MINUTE, SECOND, Clock, Instant
from engine.database import Database, Transaction
from engine.errors import Busy, HuyingError
from engine.rules.acts import CommandKind
from engine.stages.door import Door

#: Commands taken in one round.
AT_ONCE = 100
#: The longest wait before a failed command is tried again.
LONGEST_WAIT = 60 * MINUTE


def run_commands(door: Door, database: Database, clock: Clock) -> int:
    """Do the commands that are due; how many were done. A refusal becomes a line in the source's history.

    A command that fails for another reason waits, longer each time, and does not hold up the others.
    Errors: raises the first such failure after the round, so that somebody sees it.
    """
    done, failures = 0, []
    for row in _due(database, clock.now()):
        try:
            done += _walk(door, database, clock, row)
        except Exception as failure:
            _put_off(database, row, clock.now(), f"{type(failure).__name__}: {failure}")
            failures.append(failure)
    if failures:
        raise failures[0]
    return done


def _walk(door: Door, database: Database, clock: Clock, row: "_Row") -> bool:
    """Do one command and mark it done; whether it was not refused."""
    try:
        _do(door, database, row)
    except Busy:
        raise
    except HuyingError as refusal:
        said = {"command": row.kind.value, "seq": row.seq, "reason": refusal.message}
        settling = _Settling(row, clock.now(), refusal.message)
        door.reconsider(row.source, first=settling, said=("command_refused", said))
        return False
    settling = _Settling(row, clock.now(), None)
    if row.kind is CommandKind.MENTION and row.target is not None:
        # The line and the mark that the command is done are one transaction: the line is there once.
        door.reconsider(row.target, first=settling, said=("mentioned", json.loads(row.payload)))
        return True
    if row.kind is CommandKind.OPEN:
        # What is opened counts as open until its command is done: then whoever waits for it asks its rules again.
        door.reconsider(row.source, first=settling)
    else:
        database.acting(settling)
    return True


@dataclass(frozen=True, slots=True)
class _Row:
    """A command that is due."""

    source: int
    seq: int
    kind: CommandKind
    target: int | None
    payload: str


@dataclass(frozen=True, slots=True)
class _Settling:
    """Marks a command done, once: whoever finds it done already has nothing left to do."""

    row: _Row
    now: Instant
    error: str | None

    def __call__(self, transaction: Transaction) -> bool:
        mark = "%s" if transaction.postgresql else "?"
        changed = transaction.run(
            f"UPDATE command SET done_at = {mark}, next_at = NULL, attempts = attempts + 1, error = {mark} "  # noqa: S608
            f"WHERE ticket_id = {mark} AND seq = {mark} AND done_at IS NULL",
            (self.now, self.error, self.row.source, self.row.seq),
        )
        return changed == 1


def _due(database: Database, now: Instant) -> list[_Row]:
    """What nobody has tried yet, and what has waited long enough.

    A new command is due whatever its time says: the clock may have stepped back since it was written.
    """
    with database.looking() as transaction:
        mark = "%s" if transaction.postgresql else "?"
        rows = transaction.rows(
            "SELECT ticket_id, seq, kind, target_id, payload FROM command "  # noqa: S608 (constant words)
            f"WHERE next_at IS NOT NULL AND (next_at <= {mark} OR attempts = 0) "
            f"ORDER BY next_at, ticket_id, seq LIMIT {mark}",
            (now, AT_ONCE),
        )
        return [_Row(source, seq, CommandKind(kind), target, payload) for source, seq, kind, target, payload in rows]


def _do(door: Door, database: Database, row: _Row) -> None:
    if row.kind is CommandKind.MAIN_MOVED:
        _follow(door, database, row.source)
    elif row.kind is CommandKind.SUB_SETTLED and row.target is not None:
        door.reconsider(row.target)
    elif row.kind is CommandKind.OPEN:
        _open(door, database, row)


def _follow(door: Door, database: Database, main: int) -> None:
    """Every ticket joined to the main one asks its rules; one that cannot does not keep the others from it."""
    failures = []
    for joined in _joined_to(database, main):
        try:
            door.reconsider(joined)
        except HuyingError as failure:
            failures.append(failure)
    if failures:
        # A database that was away is no refusal: the command waits, and every ticket is asked again.
        raise next((failure for failure in failures if isinstance(failure, Busy)), failures[0])


def _open(door: Door, database: Database, row: _Row) -> None:
    """Give birth to the ticket."""
    asked = Opening(**json.loads(row.payload), source=row.source)
    with database.looking() as transaction:
        call = opening.call(
            transaction, door.versions.active(transaction, asked.workflow), asked, f"{row.source}:{row.seq}"
        )
    door.act(call)


def _joined_to(database: Database, main: int) -> list[int]:
    with database.looking() as transaction:
        mark = "%s" if transaction.postgresql else "?"
        rows = transaction.rows(f"SELECT id FROM ticket WHERE main_id = {mark} ORDER BY id", (main,))  # noqa: S608
        return [int(row[0]) for row in rows]


def _put_off(database: Database, row: _Row, now: Instant, error: str) -> None:
    """A failure that is no refusal: wait twice as long each time, and keep what it said."""

    def work(transaction: Transaction) -> None:
        mark = "%s" if transaction.postgresql else "?"
        ((attempts,),) = transaction.rows(
            f"SELECT attempts FROM command WHERE ticket_id = {mark} AND seq = {mark}",  # noqa: S608
            (row.source, row.seq),
        )
        wait = min(LONGEST_WAIT, SECOND << min(int(attempts), 30))
        transaction.run(
            f"UPDATE command SET attempts = attempts + 1, next_at = {mark}, error = {mark} "  # noqa: S608
            f"WHERE ticket_id = {mark} AND seq = {mark} AND done_at IS NULL",
            (now + wait, error[:2000], row.source, row.seq),
        )

    database.acting(work)
