"""Sessions and tokens as their owner sees them: where I am signed in, since when, and how to end it elsewhere."""

from dataclasses import dataclass

from engine.clock import MINUTE, Instant
from engine.database import Database, Transaction
from engine.errors import NotFound
from engine.records.access import SESSION, digest_of
from engine.records.asking import marks

#: How exactly it is kept when a session was last used: one write a minute at most.
EXACT = MINUTE
#: Characters of a digest by which its owner names one of theirs.
_NAME = 16
#: Rows of the page.
_MOST = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenKey:
    """A session or token that opens something now."""

    name: str
    #: Whether a browser's.
    session: bool
    #: What a token is for; the browser of a session, which may be unknown.
    words: str
    created_at: Instant
    seen_at: Instant
    expires_at: Instant


def name_of(secret: str) -> str:
    """By which name its owner sees the session or token of this secret."""
    return digest_of(secret)[:_NAME]


def use(database: Database, secret: str, seen_at: Instant, now: Instant) -> None:
    """A session was used. A clock that was put back is no reason to call it older."""
    if now < seen_at + EXACT:
        return

    def work(transaction: Transaction) -> None:
        at, digest = marks(transaction, 2)
        transaction.run(f"UPDATE token SET seen_at = {at} WHERE digest = {digest}", (now, digest_of(secret)))  # noqa: S608

    database.acting(work)


def open_keys(transaction: Transaction, person_id: int, now: Instant, idle: int) -> list[OpenKey]:
    """Everything of somebody's that opens something now, what was used last first; at most a hundred.

    `idle` is after how many microseconds without use a session is over.
    """
    mark, *_ = marks(transaction, 1)
    rows = transaction.rows(
        "SELECT digest, purpose, device, created_at, seen_at, expires_at FROM token "  # noqa: S608 (constant words)
        f"WHERE {_open(mark)} ORDER BY seen_at DESC, digest LIMIT {_MOST}",
        (person_id, now, now - idle),
    )
    return [
        OpenKey(
            name=digest[:_NAME], session=purpose == SESSION, words=device if purpose == SESSION else purpose,
            created_at=created, seen_at=seen, expires_at=expires,
        )
        for digest, purpose, device, created, seen, expires in rows
    ]  # fmt: skip


def end(database: Database, person_id: int, name: str, now: Instant) -> None:
    """One of somebody's own sessions or tokens ends. Errors: `NotFound` for what is not theirs, or over."""

    def work(transaction: Transaction) -> int:
        mark, *_ = marks(transaction, 1)
        return transaction.run(
            f"UPDATE token SET revoked_at = {mark} WHERE person_id = {mark} AND revoked_at IS NULL "  # noqa: S608
            f"AND expires_at > {mark} AND substr(digest, 1, {_NAME}) = {mark}",
            (now, person_id, now, name[:_NAME]),
        )

    if not database.acting(work):
        raise NotFound("没有这个登录，或已结束", "there is no such session, or it is over")


def end_others(database: Database, person_id: int, secret: str, now: Instant) -> int:
    """Every session of somebody but this one ends; tokens of programs stay. How many."""

    def work(transaction: Transaction) -> int:
        mark, *_ = marks(transaction, 1)
        return transaction.run(
            f"UPDATE token SET revoked_at = {mark} WHERE person_id = {mark} AND revoked_at IS NULL "  # noqa: S608
            f"AND expires_at > {mark} AND purpose = '{SESSION}' AND digest <> {mark}",
            (now, person_id, now, digest_of(secret)),
        )

    return database.acting(work)


def _open(mark: str) -> str:
    return (
        f"person_id = {mark} AND revoked_at IS NULL AND expires_at > {mark} "
        f"AND (purpose <> '{SESSION}' OR seen_at > {mark})"
    )
