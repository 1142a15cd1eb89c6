"""Commands: what an act of one ticket means for another, walked through the door exactly once.

A command is written in the transaction of the act that caused it. Whoever takes it does the work and marks it done; the
work itself is such that doing it twice changes nothing (rules that no longer hold, a key already used), so a crash or a
second hand between the two costs a repetition and no effect.
"""

import json

from engine.clock import MINUTE, SECOND, Clock, Instant
from engine.database import Database, Transaction
from engine.errors import HuyingError
from engine.rules.acts import CommandKind
from engine.rules.case import THE_RULE
from engine.stages.calls import Call, Caller
from engine.stages.door import Door

#: Commands taken in one round.
AT_ONCE = 100
#: The longest wait before a failed command is tried again.
LONGEST_WAIT = 60 * MINUTE


def run_commands(door: Door, database: Database, clock: Clock) -> int:
    """Do the commands that are due; how many were done. A refusal becomes a line in the source's history."""
    done = 0
    for ticket_id, seq, kind, target_id, payload in _due(database, clock.now()):
        try:
            _do(door, database, ticket_id, seq, CommandKind(kind), target_id, payload)
        except HuyingError as refusal:
            door.remark(ticket_id, "command_refused", {"command": kind, "seq": seq, "reason": refusal.message})
            _settle(database, ticket_id, seq, clock.now(), refusal.message)
        except Exception as failure:
            _put_off(database, ticket_id, seq, clock.now(), f"{type(failure).__name__}: {failure}")
            raise
        else:
            _settle(database, ticket_id, seq, clock.now(), None)
            done += 1
    return done


def _due(database: Database, now: Instant) -> list[tuple[int, int, str, int | None, str]]:
    with database.looking() as transaction:
        mark = "%s" if transaction.postgresql else "?"
        return [
            tuple(row)
            for row in transaction.rows(
                "SELECT ticket_id, seq, kind, target_id, payload FROM command "  # noqa: S608 (constant words)
                f"WHERE next_at IS NOT NULL AND next_at <= {mark} ORDER BY next_at, ticket_id, seq LIMIT {mark}",
                (now, AT_ONCE),
            )
        ]


def _do(
    door: Door, database: Database, source: int, seq: int, kind: CommandKind, target: int | None, payload: str
) -> None:
    if kind is CommandKind.MAIN_MOVED:
        for joined in _joined_to(database, source):
            door.reconsider(joined)
    elif kind is CommandKind.SUB_SETTLED and target is not None:
        door.reconsider(target)
    elif kind is CommandKind.OPEN:
        wanted = json.loads(payload)
        door.act(
            Call(
                caller=Caller(name=THE_RULE.name),
                action=wanted["start"],
                workflow=wanted["workflow"],
                form=wanted["form"],
                key=f"{source}:{seq}",
                parent_id=source,
            )
        )


def _joined_to(database: Database, main: int) -> list[int]:
    with database.looking() as transaction:
        mark = "%s" if transaction.postgresql else "?"
        rows = transaction.rows(f"SELECT id FROM ticket WHERE main_id = {mark} ORDER BY id", (main,))  # noqa: S608
        return [int(row[0]) for row in rows]


def _settle(database: Database, ticket_id: int, seq: int, now: Instant, error: str | None) -> None:
    def work(transaction: Transaction) -> None:
        mark = "%s" if transaction.postgresql else "?"
        transaction.run(
            f"UPDATE command SET done_at = {mark}, next_at = NULL, attempts = attempts + 1, error = {mark} "  # noqa: S608
            f"WHERE ticket_id = {mark} AND seq = {mark}",
            (now, error, ticket_id, seq),
        )

    database.acting(work)


def _put_off(database: Database, ticket_id: int, seq: int, now: Instant, error: str) -> None:
    """A failure that is no refusal: wait twice as long each time, and keep what it said."""

    def work(transaction: Transaction) -> None:
        mark = "%s" if transaction.postgresql else "?"
        ((attempts,),) = transaction.rows(
            f"SELECT attempts FROM command WHERE ticket_id = {mark} AND seq = {mark}",  # noqa: S608
            (ticket_id, seq),
        )
        wait = min(LONGEST_WAIT, SECOND << min(int(attempts), 30))
        transaction.run(
            f"UPDATE command SET attempts = attempts + 1, next_at = {mark}, error = {mark} "  # noqa: S608
            f"WHERE ticket_id = {mark} AND seq = {mark}",
            (now + wait, error[:2000], ticket_id, seq),
        )

    database.acting(work)
