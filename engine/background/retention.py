"""What is kept for a while only: messages and notices, uploads that no ticket uses, keys and receipts that are over.

A stretch of each kind at a time, so that nobody waits long; what is left goes with the next round.
"""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from engine.clock import DAY, Clock, Instant
from engine.database import Database, Transaction
from engine.records import forgetting, thumbs, uploads
from engine.records.asking import marks
from engine.records.messages import Delivery
from engine.records.receipts import KEPT as RECEIPTS_KEPT
from engine.store import FileStore

#: Rows of one kind in one transaction.
MOST = 1_000


@dataclass(frozen=True, slots=True)
class Kept:
    """How many days something is kept."""

    messages: int
    uploads: int


def prune(database: Database, files: FileStore, data: Path, clock: Clock, kept: Kept) -> int:
    """Delete what is past its time; how many rows. Errors: `StoreUnreachable`, before which rows may be gone: their
    files are found by `huying personal tidy`."""
    now = clock.now()
    told = Instant(now - kept.messages * DAY)
    done = sum(
        _repeated(database, sql, values)
        for sql, values in (
            # What still waits to be delivered is nobody's past.
            (f"message WHERE at < @ AND next_at IS NULL AND delivery <> '{Delivery.WAITING.value}'", (told,)),
            ("notice WHERE at < @ AND fanned_at IS NOT NULL", (told,)),
            ("idempotency_key WHERE expires_at < @", (now,)),
            (
                "receipt WHERE EXISTS (SELECT 1 FROM ticket t WHERE t.id = receipt.ticket_id AND t.settled_at < @)",
                (Instant(now - RECEIPTS_KEPT),),
            ),
        )
    )
    return done + _unused(database, files, data, Instant(now - kept.uploads * DAY))


#: What names a row of each of these tables.
_KEYS = {
    "message": "person_id, origin", "notice": "ticket_id, seq", "idempotency_key": "actor, key", "receipt": "digest",
}  # fmt: skip


def _repeated(database: Database, where: str, values: tuple[Instant, ...]) -> int:
    table, key = where.split()[0], _KEYS[where.split()[0]]
    done = 0
    while True:

        def work(transaction: Transaction) -> int:
            mark, *_ = marks(transaction, 1)
            rows = f"SELECT {key} FROM {where.replace('@', mark)} LIMIT {MOST}"  # noqa: S608 (constant words)
            return transaction.run(f"DELETE FROM {table} WHERE ({key}) IN ({rows})", values)  # noqa: S608

        gone = database.acting(work)
        done += gone
        if gone < MOST:
            return done


def _unused(database: Database, files: FileStore, data: Path, before: Instant) -> int:
    """Uploads of then that no ticket shows, nor is the original of a picture that one shows: pictures of a report
    that was refused, or never sent."""
    done = 0
    while True:
        gone = database.acting(_forgetting(before))
        for digest in gone:
            files.drop(uploads.key_of(digest))
            thumbs.drop(data, uploads.key_of(digest))
        done += len(gone)
        if not gone:
            return done


def _forgetting(before: Instant) -> Callable[[Transaction], list[str]]:
    def work(transaction: Transaction) -> list[str]:
        mark, *_ = marks(transaction, 1)
        rows = transaction.rows(
            f"SELECT u.sha256 FROM upload u WHERE u.uploaded_at < {mark} "  # noqa: S608 (constant words)
            "AND NOT EXISTS (SELECT 1 FROM attachment a WHERE a.sha256 = u.sha256) AND NOT EXISTS (SELECT 1 FROM "
            "original o JOIN attachment a ON a.sha256 = o.sha256 WHERE o.original = u.sha256) "
            f"ORDER BY u.uploaded_at LIMIT {MOST}",
            (before,),
        )
        return forgetting.forget_uploads(transaction, [row[0] for row in rows])

    return work
