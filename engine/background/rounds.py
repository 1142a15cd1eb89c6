"""Rounds: starts by the clock, one ticket per area and interval, exactly once whoever opens them.

The interval is counted from 1970, so that every process names the same round; its name is the idempotency key of the
start, so that two processes open one ticket.
"""

from collections.abc import Iterator

from engine.clock import Clock
from engine.database import Database, Transaction
from engine.definitions.model import CLOCK, Workflow
from engine.records.asking import among
from engine.records.versions import Versions
from engine.rules.worktime import length
from engine.stages.calls import Call, Caller
from engine.stages.door import Door

#: Tickets opened in one call; the next call goes on.
AT_ONCE = 200
#: How the tickets say by which way they came.
CHANNEL = "round"


def open_rounds(door: Door, database: Database, versions: Versions, clock: Clock) -> int:
    """Open what is due and not open yet, at most `AT_ONCE`; how many tickets that was.

    A round missed while nobody was there is not made up for: the present one counts. Errors: the refusal of a start.
    """
    now = clock.now()
    with database.looking() as transaction:
        due = [call for loop in _active(transaction, versions) for call in _due(transaction, loop, versions, now)]
        there = _open_already(transaction, [call.key or "" for call in due])
    waiting = [call for call in due if call.key not in there][:AT_ONCE]
    for call in waiting:
        door.act(call)
    return len(waiting)


def _active(transaction: Transaction, versions: Versions) -> list[Workflow]:
    rows = transaction.rows("SELECT DISTINCT key FROM workflow_version WHERE activated_at IS NOT NULL ORDER BY key")
    return [versions.active(transaction, key) for (key,) in rows]


def _due(transaction: Transaction, loop: Workflow, versions: Versions, now: int) -> Iterator[Call]:
    for start in loop.starts.values():
        if start.every is None or start.per is None:
            continue
        number = now // length(start.every, versions.calendar(loop.calendar))
        for area in _areas(transaction, start.per):
            yield Call(
                caller=Caller(name=CLOCK),
                action=start.name,
                workflow=loop.key,
                area=area,
                key=f"round:{loop.key}:{start.name}:{area}:{number}",
                channel=CHANNEL,
            )


def _areas(transaction: Transaction, level: str) -> list[str]:
    mark = "%s" if transaction.postgresql else "?"
    rows = transaction.rows(
        f"SELECT code FROM area WHERE level = {mark} AND valid_to IS NULL ORDER BY code",  # noqa: S608
        (level,),
    )
    return [code for (code,) in rows]


def _open_already(transaction: Transaction, keys: list[str]) -> set[str]:
    match, parameters = among(transaction, keys)
    sql = f"SELECT key FROM idempotency_key WHERE actor = '{CLOCK}' AND key {match}"  # noqa: S608 (constant words)
    return {key for (key,) in transaction.rows(sql, parameters)}
