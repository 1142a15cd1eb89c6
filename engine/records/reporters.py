"""Whose report a ticket is, as a keyed digest: enough to see that one person reports the same again, and no more.

The digest is HMAC-SHA-256 over the digits of the phone, else over the account, under a key that lies outside the
database: whoever copies the database alone cannot try all telephone numbers. It is made when facts are folded, from
what is erased by an erasure; so the next fold after one forgets it, and folding everything anew makes the same again.
"""

import hashlib
import hmac
import os
import secrets
import tempfile
from collections.abc import Iterable
from pathlib import Path

from sqlmodel import SQLModel

from engine.database import Transaction
from engine.errors import Malformed, Place
from engine.records.asking import among, marks
from engine.records.columns import word

_NAME = "reporter"
_BYTES = 32


class KeyCheck(SQLModel, table=True):
    """By which key digests in the database were made: a digest of its own, which says nothing of the key."""

    __tablename__ = "key_check"

    name: str = word(key=True)
    digest: str = word()


def load(path: Path) -> bytes:
    """The key of this installation; made once, readable by its owner alone, if there is none yet.

    Errors: `Malformed` for a file that holds none.
    """
    if not path.exists():
        _make(path)
    try:
        key = bytes.fromhex(path.read_text(encoding="ascii").strip())
    except (ValueError, OSError) as failure:
        raise _wrong(path) from failure
    if len(key) != _BYTES:
        raise _wrong(path)
    return key


def expect(transaction: Transaction, key: bytes | None) -> None:
    """Errors: `Malformed` unless it is the key by which the digests in the database were made, if any were."""
    mark, *_ = marks(transaction, 1)
    rows = transaction.rows(f"SELECT digest FROM key_check WHERE name = {mark}", (_NAME,))  # noqa: S608
    if rows and (key is None or rows[0][0] != _check(key)):
        raise Malformed(
            "诉求人摘要的密钥不是原来那一把：请放回 reporter.key，或运行 huying facts --rebuild 全部重算",
            "the key of reporters is not the one that was used: put reporter.key back, or run huying facts --rebuild",
            place=Place(field="HUYING_REPORTER_KEY"),
        )


def remember(transaction: Transaction, key: bytes, *, anew: bool = False) -> None:
    """Digests are made by this key from now on; `anew` when all of them are."""
    mark, *_ = marks(transaction, 1)
    if anew:
        transaction.run(f"DELETE FROM key_check WHERE name = {mark}", (_NAME,))  # noqa: S608
    transaction.run(
        f"INSERT INTO key_check (name, digest) VALUES ({mark}, {mark}) ON CONFLICT (name) DO NOTHING",  # noqa: S608
        (_NAME, _check(key)),
    )


def keys(transaction: Transaction, key: bytes | None, ticket_ids: Iterable[int]) -> dict[int, str]:
    """The digests of whoever reported these tickets, hex of 128 bits; none for officials who reported as such, for
    reporters without phone or account, for confidential tickets and for what was erased."""
    if key is None:
        return {}
    match, parameters = among(transaction, ticket_ids)
    rows = transaction.rows(
        "SELECT t.id, p.dialled, CASE WHEN e.post = '' THEN t.reporter_id END, "  # noqa: S608 (constant words)
        "EXISTS (SELECT 1 FROM event x WHERE x.ticket_id = t.id AND x.action = 'erased') FROM ticket t "
        "JOIN event e ON e.ticket_id = t.id AND e.seq = 1 JOIN particulars p ON p.ticket_id = t.id "
        f"WHERE NOT t.confidential AND t.id {match}",
        parameters,
    )
    said = {int(ticket): dialled or (f"account {who}" if who and not erased else "") for ticket, dialled, who, erased
            in rows}  # fmt: skip
    return {ticket: _digest(key, who) for ticket, who in said.items() if who}


def _digest(key: bytes, who: str) -> str:
    return hmac.new(key, f"huying/reporter/1 {who}".encode(), hashlib.sha256).hexdigest()[:32]


def _check(key: bytes) -> str:
    return hmac.new(key, b"huying/reporter-key/1", hashlib.sha256).hexdigest()


def _make(path: Path) -> None:
    """Of several processes that make one at once, all use the one that came first."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.NamedTemporaryFile("w", dir=path.parent, encoding="ascii") as coming:
        coming.write(secrets.token_hex(_BYTES) + "\n")
        coming.flush()
        os.fsync(coming.fileno())
        try:
            os.link(coming.name, path)
        except FileExistsError:
            return


def _wrong(path: Path) -> Malformed:
    return Malformed(f"{path.name} 里没有密钥", f"{path.name} holds no key", place=Place(field="HUYING_REPORTER_KEY"))
