"""The daily seal: what has moved since the last one, under one root, chained to the seal before and signed.

Once a day at the time of the setting, by whichever process is there first; after an outage at once, and one seal for
all the days that were missed. Without a key nothing is sealed by itself: a seal that nobody signed proves nothing.
"""

from collections.abc import Callable
from datetime import time, timedelta
from pathlib import Path

from engine.clock import Clock, Instant, instant, moment
from engine.database import Database, Transaction
from engine.records import seals, unmasking
from engine.rules.seal import Statement, Tree
from engine.signing import Key

#: The key of the advisory lock on PostgreSQL; any number that nobody else uses.
_LOCK = 0x48755366
#: Tickets between two tellings of how far it is.
_OFTEN = 500


def seal_daily(database: Database, clock: Clock, key_file: Path, at: str, algorithm: str) -> int:
    """Make today's seal if its time, like 02:30 by the local clock, has come and nobody has made it; how many seals.

    Errors: `Malformed` for a key that is there and cannot be used.
    """
    since = _last_time(clock.now(), at)
    with database.looking() as transaction:
        if seals.made_since(transaction, since):
            return 0
    if not key_file.exists():
        return 0
    return int(seal(database, clock, Key.load(key_file), algorithm, since=since) is not None)


def seal(
    database: Database,
    clock: Clock,
    key: Key,
    algorithm: str,
    *,
    since: Instant | None = None,
    tell: Callable[[int], None] = lambda done: None,
) -> Statement | None:
    """Make a seal; None if one was made at `since` or later. `tell` hears how many tickets are under it by now.

    One seal is made at a time: on PostgreSQL the others wait for the lock and then see what was made meanwhile, on
    SQLite they are lined up by the writer.
    """

    def work(transaction: Transaction) -> Statement | None:
        if transaction.postgresql:
            transaction.rows("SELECT pg_advisory_xact_lock(%s)", (_LOCK,))
        if since is not None and seals.made_since(transaction, since):
            return None
        before = seals.last(transaction)
        statement = _statement(transaction, before.statement if before else None, clock.now(), key, algorithm, tell)
        seals.keep(transaction, statement, key.sign(statement.text))
        return statement

    return database.acting(work)


def _statement(
    transaction: Transaction,
    before: Statement | None,
    now: Instant,
    key: Key,
    algorithm: str,
    tell: Callable[[int], None],
) -> Statement:
    number = before.number + 1 if before else 1
    seals.take(transaction, number)
    tree = Tree(algorithm)
    for leaf in seals.leaves(transaction, number):
        tree.add(leaf)
        if tree.leaves % _OFTEN == 0:
            tell(tree.leaves)
    tell(tree.leaves)
    accesses, access = unmasking.head(transaction)
    return Statement(
        number=number,
        day=moment(now).date().isoformat(),
        algorithm=algorithm,
        previous=before.hash if before else "",
        root=tree.root(),
        tickets=tree.leaves,
        events=tree.events,
        accesses=accesses,
        access=access,
        made_at=now,
        key=key.public,
    )


def _last_time(now: Instant, at: str) -> Instant:
    """The newest moment, not after `now`, at which the local clock showed a time."""
    local = moment(now)
    due = local.combine(local.date(), time.fromisoformat(at), local.tzinfo)
    return instant(due if due <= local else due - timedelta(days=1))
