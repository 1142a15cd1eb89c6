"""How often: what comes without an account is counted, in the database because several processes serve.

A window begins with the first act that is counted and is over `window` later, whatever is refused meanwhile: whoever
was refused is told when to come again, and that holds.
"""

from dataclasses import dataclass

from sqlmodel import SQLModel

from engine.clock import MINUTE, Instant
from engine.database import Transaction
from engine.errors import TooOften
from engine.records.asking import Question, ask_one, marks
from engine.records.columns import ONE_TREE, instant, number, word

_SECOND = MINUTE // 60
#: Windows that are over, taken away by each new one: the table stays as small as what goes on.
_MOST_SWEPT = 50


class RateWindow(SQLModel, table=True):
    """What was counted under one key since its window began."""

    __tablename__ = "rate_window"
    __table_args__ = ONE_TREE

    #: Whose: `link:…`, `receipt:…`, `login:…` (digests), `area:…`; `from:…`, `signin:…`, `views:…`, `missed:…`,
    #: `token:…` (digests of addresses); `again:…:…` (of an address and what it sent).
    key: str = word(key=True)
    ends_at: int = instant(index=True)
    acts: int = number()


@dataclass(frozen=True, slots=True, kw_only=True)
class Limit:
    """So many in so long."""

    most: int
    #: Microseconds.
    window: int


def count(transaction: Transaction, key: str, limit: Limit, now: Instant) -> int:
    """One more under this key; how many that makes. Errors: `TooOften` past the limit, `retry_after` in seconds."""
    mark, *_ = marks(transaction, 1)
    acts, ends_at = transaction.rows(
        f"INSERT INTO rate_window (key, ends_at, acts) VALUES ({mark}, {mark}, 1) ON CONFLICT (key) DO UPDATE SET "  # noqa: S608
        f"acts = CASE WHEN rate_window.ends_at > {mark} THEN rate_window.acts + 1 ELSE 1 END, "
        f"ends_at = CASE WHEN rate_window.ends_at > {mark} THEN rate_window.ends_at ELSE excluded.ends_at END "
        "RETURNING acts, ends_at",
        (key, now + limit.window, now, now),
    )[0]
    if acts > limit.most:
        raise _too_often(int(ends_at) - now)
    if acts == 1:
        _sweep(transaction, now)
    return int(acts)


def expect_room(transaction: Transaction, key: str, limit: Limit, now: Instant) -> None:
    """Count nothing, but refuse like `count` where the limit is reached. Errors: `TooOften`."""
    ask_one(transaction, asked_room(transaction, key, limit, now))


def asked_room(transaction: Transaction, key: str, limit: Limit, now: Instant) -> Question[None]:
    """Like `expect_room`, for whoever asks more in the same journey."""
    mark, *_ = marks(transaction, 1)
    sql = f"SELECT ends_at FROM rate_window WHERE key = {mark} AND ends_at > {mark} AND acts >= {mark}"  # noqa: S608
    rows = yield sql, (key, now, limit.most)
    if rows:
        raise _too_often(int(rows[0][0]) - now)


def forget(transaction: Transaction, key: str) -> None:
    """What was counted under this key counts no more."""
    mark, *_ = marks(transaction, 1)
    transaction.run(f"DELETE FROM rate_window WHERE key = {mark}", (key,))  # noqa: S608


def take_back(transaction: Transaction, key: str) -> None:
    """One less under this key; its window stays."""
    mark, *_ = marks(transaction, 1)
    transaction.run(f"UPDATE rate_window SET acts = acts - 1 WHERE key = {mark} AND acts > 0", (key,))  # noqa: S608


def _sweep(transaction: Transaction, now: Instant) -> None:
    mark, *_ = marks(transaction, 1)
    # ▸ Whoever waits for a row that another process takes away, while that one waits for ours, would wait for ever.
    free = " FOR UPDATE SKIP LOCKED" if transaction.postgresql else ""
    transaction.run(
        "DELETE FROM rate_window WHERE key IN "  # noqa: S608 (constant words)
        f"(SELECT key FROM rate_window WHERE ends_at <= {mark} LIMIT {_MOST_SWEPT}{free})",
        (now,),
    )


def _too_often(left: int) -> TooOften:
    seconds = max(-(-left // _SECOND), 1)
    minutes = -(-seconds // 60)
    unit = "minute" if minutes == 1 else "minutes"
    return TooOften(
        f"操作过于频繁，请 {minutes} 分钟后再试", f"too often; try again in {minutes} {unit}", retry_after=seconds
    )
