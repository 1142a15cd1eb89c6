"""The fan-out: notices, which name posts, become messages, which name people."""

from functools import partial

from engine.clock import Clock, Instant
from engine.database import Database, Transaction
from engine.records import fan_out as notices

#: Notices taken in one transaction.
AT_ONCE = 500


def fan_out(database: Database, clock: Clock) -> int:
    """Tell the people whom the waiting notices mean; how many notices that was.

    Any number of hands may do it: on PostgreSQL each takes what no other one has locked, on SQLite they are lined up by
    the writer. Whoever dies in the middle has told nobody.
    """
    done = 0
    while True:
        count = database.acting(partial(_fan_some, now=clock.now()))
        done += count
        if count < AT_ONCE:
            return done


def _fan_some(transaction: Transaction, now: Instant) -> int:
    keys = notices.waiting(transaction, AT_ONCE)
    if keys:
        found = notices.meant(transaction, keys, now)
        notices.tell(transaction, found, now)
        notices.mark(transaction, keys, found, now)
    return len(keys)
