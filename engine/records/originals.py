"""Originals that follow their pictures: a phone stores a picture made smaller and promises the original by its hash.

The promise stands in the event of the act that shows the picture, within its hash; so whatever comes later is proved to
be what was promised then, or is refused. Nobody waits for it: an original that never comes leaves the picture as it is.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, BinaryIO

from sqlalchemy import Index
from sqlmodel import SQLModel

from engine.clock import Instant
from engine.database import Database, Transaction
from engine.errors import Malformed, NotFound, Place
from engine.records import uploads
from engine.records.access import Viewer
from engine.records.asking import among, marks
from engine.records.columns import ONE_TREE, instant, maybe_instant, maybe_link, number, word
from engine.records.uploads import Promise, Stored
from engine.store import FileStore

#: Promises that one answer names.
MOST = 200

_DIGEST = re.compile(r"[0-9a-f]{64}")
_LARGEST = 2**31 - 1


class Original(SQLModel, table=True):
    """What was promised of a picture's original, and whether it has come."""

    __tablename__ = "original"
    __table_args__ = (
        Index("ix_original_original", "original"),
        Index("ix_original_person_id", "person_id"),
        ONE_TREE,
    )

    #: The picture that is stored, and its original.
    sha256: str = word(key=True)
    original: str = word()
    #: Bytes of the original.
    size: int = number()
    #: Who promised it; None for a passer-by or whoever holds a link: nobody can send theirs.
    person_id: int | None = maybe_link()
    promised_at: int = instant()
    received_at: int | None = maybe_instant()


@dataclass(frozen=True, slots=True, kw_only=True)
class Promised:
    """A promise as it stands."""

    original: str
    #: Bytes.
    size: int
    received: bool


def promise_of(given: Mapping[str, Any], field: str) -> Promise | None:
    """What a page says of the original beside the smaller picture it sends: `sha256` and `size`; None if nothing.

    Errors: `Malformed` naming `field` for anything that is there and wrong.
    """
    if not given:
        return None
    digest, size = given.get("sha256"), given.get("size")
    if not (isinstance(digest, str) and _DIGEST.fullmatch(digest)):
        raise _amiss("sha256", field)
    if isinstance(size, bool) or not isinstance(size, int) or not 0 < size <= _LARGEST:
        raise _amiss("size", field)
    return Promise(sha256=digest, size=size)


def of_person(transaction: Transaction, viewer: Viewer) -> dict[str, Promised]:
    """The promises of somebody by the original's digest, the newest `MOST`."""
    mark, *_ = marks(transaction, 1)
    rows = transaction.rows(
        "SELECT original, size, received_at FROM original "  # noqa: S608 (constant words)
        f"WHERE person_id = {mark} ORDER BY promised_at DESC, sha256 LIMIT {MOST}",
        (viewer.person_id,),
    )
    return {row[0]: Promised(original=row[0], size=int(row[1]), received=row[2] is not None) for row in rows}


def of_ticket(transaction: Transaction, ticket_id: int) -> dict[str, Promised]:
    """The promises behind a ticket's pictures, by the digest of the picture that is stored."""
    mark, *_ = marks(transaction, 1)
    rows = transaction.rows(
        "SELECT DISTINCT o.sha256, o.original, o.size, o.received_at FROM attachment a "  # noqa: S608
        f"JOIN original o ON o.sha256 = a.sha256 WHERE a.ticket_id = {mark}",
        (ticket_id,),
    )
    return {row[0]: Promised(original=row[1], size=int(row[2]), received=row[3] is not None) for row in rows}


def receive(
    database: Database, files: FileStore, stream: BinaryIO, viewer: Viewer, original: str, now: Instant, name: str = ""
) -> Stored:
    """Take an original that was promised, from whoever promised it or who holds the same post; twice is once.

    Errors: `NotFound` if nobody the sender may act for promised it, `WrongOriginal`, those of `uploads.take`.
    """
    with database.looking() as transaction:
        promises = _promises(transaction, viewer, original)
    if not promises:
        raise NotFound("没有登记过这张原图", "no such original was promised", place=Place(field="file"))
    stored, seen = uploads.take(files, stream, name, expected=original)

    def note(transaction: Transaction) -> None:
        # No prints: the picture that is stored has them, and an original is no second showing of it.
        uploads.note(transaction, stored, viewer.person_id, now, seen.capture)
        match, listed = among(transaction, promises)
        mark, *_ = marks(transaction, 1)
        transaction.run(
            f"UPDATE original SET received_at = {mark} WHERE received_at IS NULL AND sha256 {match}",  # noqa: S608
            (now, *listed),
        )

    database.acting(note)
    return stored


def _promises(transaction: Transaction, viewer: Viewer, original: str) -> Sequence[str]:
    """The pictures of which this reader may send the original."""
    mark, *_ = marks(transaction, 1)
    rows = transaction.rows(
        "SELECT o.sha256, o.person_id, h.post, h.area_id, h.department_id FROM original o "  # noqa: S608
        f"LEFT JOIN holding h ON h.person_id = o.person_id WHERE o.original = {mark} AND o.person_id IS NOT NULL",
        (original,),
    )
    own = {(held.post, held.area_id, held.department_id) for held in viewer.posts}
    return sorted({row[0] for row in rows if row[1] == viewer.person_id or (row[2], row[3], row[4]) in own})


def _amiss(name: str, field: str) -> Malformed:
    return Malformed(
        f"随照片登记的原图 {name} 不对", f"what was said of the original has a wrong {name}", place=Place(field=field)
    )
