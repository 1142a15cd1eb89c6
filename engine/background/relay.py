"""The relay: committed acts get positions without gaps.

▸ Ids and timestamps are not in commit order, so a reader who pages by them loses rows for ever. Each act leaves one
line in the outbox; one relay at a time moves the lines it can see into the feed and numbers them. A line that commits
later is numbered later, whatever its time says.
"""

from engine.database import Database, Transaction

#: Lines moved in one transaction.
AT_ONCE = 1_000
#: The key of the advisory lock on PostgreSQL; any number that nobody else uses.
_LOCK = 0x48755965


def relay(database: Database) -> int:
    """Move what waits in the outbox into the feed; how many acts got a position.

    Any number of relays may run: on PostgreSQL all but one find the lock taken and move nothing, on SQLite they are
    lined up by the writer.
    """
    moved = 0
    while True:
        count = database.acting(_move_some)
        moved += count
        if count < AT_ONCE:
            return moved


def _move_some(transaction: Transaction) -> int:
    if transaction.postgresql:
        ((mine,),) = transaction.rows("SELECT pg_try_advisory_xact_lock(%s)", (_LOCK,))
        if not mine:
            return 0
    mark = "%s" if transaction.postgresql else "?"
    lines = transaction.rows(
        f"SELECT ticket_id, seq, last_seq, at FROM outbox ORDER BY at, ticket_id, seq LIMIT {mark}",  # noqa: S608
        (AT_ONCE,),
    )
    if not lines:
        return 0
    ((last,),) = transaction.rows("SELECT coalesce(max(position), 0) FROM feed")
    transaction.run_many(
        f"INSERT INTO feed (position, ticket_id, seq, last_seq, at) VALUES ({', '.join([mark] * 5)})",  # noqa: S608
        [(last + number, *line) for number, line in enumerate(lines, start=1)],
    )
    transaction.run_many(
        f"DELETE FROM outbox WHERE ticket_id = {mark} AND seq = {mark}",  # noqa: S608
        [(ticket_id, seq) for ticket_id, seq, _, _ in lines],
    )
    return len(lines)
