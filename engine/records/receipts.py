"""Receipts 回执: the way back for a reporter without an account, each to the one ticket that was reported.

The secret is drawn with the empty form and sent with it, so that a report which comes twice has one receipt; only its
sha256 is stored. What is unknown, over, or of a ticket that turned confidential gets one answer.
"""

import hashlib
import re
import secrets
from dataclasses import dataclass

from sqlmodel import SQLModel

from engine.clock import DAY, MINUTE, Instant
from engine.database import Transaction
from engine.errors import NotFound
from engine.records.asking import Question, marks
from engine.records.columns import ONE_TREE, instant, link, word
from engine.records.limits import Limit
from engine.rules.case import Actor, ActorKind

#: What a receipt shows is over so long after its ticket was settled.
KEPT = 90 * DAY
#: What a receipt may do: more than any reporter needs.
ACTS = Limit(most=40, window=10 * MINUTE)

_SECRET = re.compile(r"[\w-]{43}", re.ASCII)
_OPEN = "NOT t.confidential AND (t.settled_at IS NULL OR t.settled_at > {0})"


class Receipt(SQLModel, table=True):
    """One receipt for one ticket."""

    __tablename__ = "receipt"
    __table_args__ = ONE_TREE

    #: sha256 of the secret, hex.
    digest: str = word(key=True)
    ticket_id: int = link()
    made_at: int = instant()


@dataclass(frozen=True, slots=True, kw_only=True)
class Held:
    """What a secret shows."""

    digest: str
    ticket_id: int


def nothing_here() -> NotFound:
    """Whether it never was, is over, or may not be known: one answer."""
    return NotFound("回执无效或已过期", "this receipt shows nothing (any more)")


def new_secret() -> str:
    return secrets.token_urlsafe(32)


def is_secret(text: str) -> bool:
    """Whether a text has the shape of a secret of ours; what a browser sends may have any."""
    return _SECRET.fullmatch(text) is not None


def digest_of(secret: str) -> str:
    return hashlib.sha256(secret[:100].encode("utf-8", "replace")).hexdigest()


def held(transaction: Transaction, secret: str, now: Instant) -> Held:
    """What a secret shows. Errors: `NotFound`."""
    digest = digest_of(secret)
    rows = transaction.rows(*_asked(transaction, digest, now))
    if not rows:
        raise nothing_here()
    return Held(digest=digest, ticket_id=int(rows[0][0]))


def known(transaction: Transaction, digest: str) -> bool:
    """Whether there is a receipt of this digest, over or not."""
    mark, *_ = marks(transaction, 1)
    return bool(transaction.rows(f"SELECT 1 FROM receipt WHERE digest = {mark}", (digest,)))  # noqa: S608


def asked_actor(transaction: Transaction, digest: str, now: Instant) -> Question[Actor]:
    """Whoever holds this receipt, for the door: asked in the transaction of the act. Errors: `NotFound`."""
    rows = yield _asked(transaction, digest, now)
    if not rows:
        raise nothing_here()
    return Actor(kind=ActorKind.PUBLIC, name=rows[0][1], reported=int(rows[0][0]))


def _asked(transaction: Transaction, digest: str, now: Instant) -> tuple[str, tuple[str, Instant]]:
    mark, since = marks(transaction, 2)
    sql = (
        "SELECT r.ticket_id, e.actor FROM receipt r JOIN ticket t ON t.id = r.ticket_id "  # noqa: S608 (constant words)
        f"JOIN event e ON e.ticket_id = t.id AND e.seq = 1 WHERE r.digest = {mark} AND {_OPEN.format(since)}"
    )
    return sql, (digest, Instant(now - KEPT))
