"""Many tickets whose time has come, walked through the door in one transaction.

Each is decided in its own try: one that cannot be decided is left out with an error record and holds up nobody; what
was decided for the others is written set by set.
"""

import os
from collections.abc import Sequence
from dataclasses import dataclass, field

from engine.clock import MINUTE, SECOND, Instant
from engine.database import Transaction
from engine.records import load, write
from engine.rules.escalate import clock_act, escalate
from engine.stages.door import Door

#: The first and the longest wait before a ticket that could not be decided is tried again.
FIRST_WAIT, LONGEST_WAIT = 30 * SECOND, 60 * MINUTE


@dataclass(slots=True)
class Swept:
    """What a sweep did."""

    #: Tickets written, those of them whose history got a line, and the rungs that came on them.
    tickets: int = 0
    moved: int = 0
    rungs: int = 0
    #: Tickets that could not be decided, with the error.
    failures: dict[int, BaseException] = field(default_factory=dict)

    def add(self, other: "Swept") -> None:
        self.tickets += other.tickets
        self.moved += other.moved
        self.rungs += other.rungs
        self.failures |= other.failures


def sweep_together(door: Door, transaction: Transaction, ids: Sequence[int], now: Instant) -> Swept:
    """Everything that has come for these tickets; those that somebody else works on are left to them.

    1. lock what is free (on SQLite the writer has locked everything), load it all in one journey
    2. decide each ticket in its own try
    3. write the decisions together; keep a record of each failure
    Errors: whatever the database says to the write; then nothing of it stays.
    """
    cases = load.lock_free(transaction, ids, door.versions.definition)
    almanac = door.versions.almanac()
    swept, batch = Swept(), write.Batch()
    for ticket_id, case in cases.items():
        try:
            decision = escalate(case, clock_act(os.urandom(32), door.algorithm), now, almanac)
        except Exception as failure:
            swept.failures[ticket_id] = failure
            continue
        if decision is not None:
            door.add_to(batch, decision, case.definition, now)
            swept.tickets += 1
            swept.moved += bool(decision.events)
            swept.rungs += len(decision.reached)
    write.write(transaction, batch)
    for ticket_id, fault in swept.failures.items():
        leave_out(transaction, ticket_id, fault, now)
    _forget(transaction, [ticket_id for ticket_id in cases if ticket_id not in swept.failures])
    return swept


def leave_out(transaction: Transaction, ticket_id: int, failure: BaseException, now: Instant) -> None:
    """Leave a ticket out of the sweep for a while, twice as long each time, and keep what went wrong.

    Whoever failed on it at the same time as another changes nothing: it waits already.
    """
    mark = "%s" if transaction.postgresql else "?"
    rows = transaction.rows(
        f"SELECT attempts, retry_at FROM sweep_failure WHERE ticket_id = {mark}",  # noqa: S608
        (ticket_id,),
    )
    if rows and rows[0][1] > now:
        return
    attempts = int(rows[0][0]) + 1 if rows else 1
    wait = min(LONGEST_WAIT, FIRST_WAIT << min(attempts - 1, 20))
    transaction.run(
        "INSERT INTO sweep_failure (ticket_id, attempts, at, retry_at, error) "  # noqa: S608 (constant words)
        f"VALUES ({mark}, {mark}, {mark}, {mark}, {mark}) ON CONFLICT (ticket_id) DO UPDATE SET "
        "attempts = excluded.attempts, at = excluded.at, retry_at = excluded.retry_at, error = excluded.error",
        (ticket_id, attempts, now, now + wait, f"{type(failure).__name__}: {failure}"[:2000]),
    )


def _forget(transaction: Transaction, ids: Sequence[int]) -> None:
    """What could be decided now failed for the last time."""
    there = {int(row[0]) for row in transaction.rows("SELECT ticket_id FROM sweep_failure ORDER BY at LIMIT 1000")}
    mark = "%s" if transaction.postgresql else "?"
    gone = [(ticket_id,) for ticket_id in ids if ticket_id in there]
    if gone:
        transaction.run_many(f"DELETE FROM sweep_failure WHERE ticket_id = {mark}", gone)  # noqa: S608
