"""The sweep: what time brings, each rung exactly once, whatever crashes and however many processes sweep.

`Deadline.next_at` remembers when a ticket must be looked at; a partial index finds what has come as quickly among ten
million running deadlines as among ten thousand. A batch of tickets is one short transaction. What it did is in the rows
of the tickets themselves (`Deadline.handled`, the table `rung`): a process that dies before its commit did nothing, one
that dies after it leaves nothing to do.
"""

import random
import sqlite3
from collections.abc import Callable, Sequence

import psycopg
from sqlalchemy.exc import OperationalError

from engine.clock import Clock, Instant
from engine.database import Database, Transaction
from engine.errors import Busy
from engine.stages.door import Door
from engine.stages.sweeping import Swept, leave_out, sweep_together

#: Tickets of one transaction. On SQLite everybody else's acts wait for its end.
AT_ONCE = {"sqlite": 100, "postgresql": 200}
#: Candidates looked at for each ticket taken, so that several sweepers seldom want the same ones.
WINDOW = 4
#: What no ticket is to blame for: the database is away, full or taken.
_NOT_THE_TICKETS = (psycopg.OperationalError, sqlite3.OperationalError, OperationalError, Busy)

_CANDIDATES = """
    SELECT d.ticket_id FROM deadline d WHERE d.next_at IS NOT NULL AND d.next_at <= {0}
        AND NOT EXISTS (SELECT 1 FROM sweep_failure f WHERE f.ticket_id = d.ticket_id AND f.retry_at > {0})
    ORDER BY d.next_at LIMIT {0}"""


def sweep(door: Door, database: Database, clock: Clock, *, stopping: Callable[[], bool] = lambda: False) -> Swept:
    """Everything that has come by now, ticket by ticket in the order of time; what was done.

    `stopping` is asked between two transactions. Errors: those of a database that is away.
    """
    done = Swept()
    size = AT_ONCE[database.dialect]
    while not stopping():
        now = clock.now()
        found = candidates(database, now, size * WINDOW)
        if not found:
            break
        taken = found if len(found) <= size else random.sample(found, size)
        once = sweep_some(door, database, taken, now)
        done.add(once)
        if not once.tickets and not once.failures:
            # Others have all of them in hand.
            break
    return done


def candidates(database: Database, now: Instant, most: int) -> list[int]:
    """Tickets for which something has come, the longest waiting first; none is locked or read."""
    with database.looking() as transaction:
        rows = transaction.rows(_CANDIDATES.format("%s" if transaction.postgresql else "?"), (now, now, most))
    return list(dict.fromkeys(int(row[0]) for row in rows))


def sweep_some(door: Door, database: Database, ids: Sequence[int], now: Instant) -> Swept:
    """These tickets in one transaction; if the database refuses that, in halves, until the one at fault is found."""

    def work(transaction: Transaction) -> Swept:
        return sweep_together(door, transaction, ids, now)

    door.versions.almanac()  # as the door does before an act
    try:
        return database.acting(work)
    except _NOT_THE_TICKETS:
        raise
    except Exception as failure:
        if len(ids) == 1:
            at_fault, fault = ids[0], failure
            database.acting(lambda transaction: leave_out(transaction, at_fault, fault, now))
            return Swept(failures={at_fault: fault})
    half = len(ids) // 2
    done = sweep_some(door, database, ids[:half], now)
    done.add(sweep_some(door, database, ids[half:], now))
    return done
