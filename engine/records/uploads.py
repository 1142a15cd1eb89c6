"""Uploads: files that come before their ticket, kept once by what they contain.

A file is streamed to this machine while it is counted and hashed, proved to be what it may be, and only then kept and
noted: what is refused leaves nothing behind, and a crash no more than a temporary file.
"""

import hashlib
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from engine.clock import Instant
from engine.database import Database, Transaction
from engine.errors import Malformed, NotFound, Place, TooLarge
from engine.records import prints
from engine.records.access import Viewer
from engine.records.asking import among, marks
from engine.records.capture import NOTHING, Capture
from engine.records.pictures import Seen, UnknownFile, look_at
from engine.store import FileStore

__all__ = [
    "MOST_BYTES", "Promise", "Stored", "UnknownFile", "WrongOriginal", "key_of", "known", "look", "note", "pieces",
    "store", "take",
]  # fmt: skip

#: Bytes of one upload.
MOST_BYTES = 20 * 1024 * 1024

_CHUNK = 64 * 1024
_FILE = Place(field="file")


class WrongOriginal(Malformed):
    """这不是当时登记的原图：内容与登记的哈希不一致 / This is not the original that was promised: its hash differs"""

    code = "wrong_original"


@dataclass(frozen=True, slots=True, kw_only=True)
class Promise:
    """The original of a picture that was made smaller before it was sent: its digest and its bytes."""

    sha256: str
    size: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Stored:
    """An upload as it is kept; forms refer to it by `sha256`."""

    sha256: str
    media_type: str
    size: int


def store(
    database: Database,
    files: FileStore,
    stream: BinaryIO,
    uploader_id: int | None,
    now: Instant,
    *,
    name: str = "",
    page: Capture = NOTHING,
    original: Promise | None = None,
) -> Stored:
    """Keep a file in the store and in the table; the same content twice is one upload.

    `name` is what its sender calls it; `page` is what the page that sends it says of time and place, where the file
    itself says nothing; `original` is what it promises to send later.
    Errors: `TooLarge` past `MOST_BYTES`, those of `look_at`, `StoreUnreachable`; then nothing is kept.
    """
    stored, seen = take(files, stream, name)
    picture = seen.media_type.startswith("image/")
    capture = seen.capture.or_else(page if picture else NOTHING)

    def keep(transaction: Transaction) -> None:
        note(transaction, stored, uploader_id, now, capture)
        prints.keep(transaction, stored.sha256, seen.prints)
        if original is not None and picture:
            _promise(transaction, stored, original, uploader_id, now)

    database.acting(keep)
    if seen.prints:
        database.acting(lambda transaction: prints.note_alike(transaction, stored.sha256, seen.prints))
    return stored


def take(files: FileStore, stream: BinaryIO, name: str, *, expected: str | None = None) -> tuple[Stored, Seen]:
    """Prove a file to be what it may be and keep it in the store; its row is to be noted.

    `expected` is the digest that it must have.
    Errors: those of `store`, and `WrongOriginal`; then nothing is kept.
    """
    with tempfile.TemporaryDirectory(prefix="huying-") as folder:
        path = Path(folder) / "coming"
        with path.open("wb") as coming:
            sha256, size = _receive(stream, coming)
        if expected not in (None, sha256):
            raise WrongOriginal(place=_FILE, promised=expected, came=sha256)
        seen = look_at(path, name)
        stored = Stored(sha256=sha256, media_type=seen.media_type, size=size)
        if not files.has(key_of(sha256)):
            files.keep(key_of(sha256), path)
    return stored, seen


def key_of(sha256: str) -> str:
    """Where the store keeps an upload."""
    return f"{sha256[:2]}/{sha256[2:]}"


def look(transaction: Transaction, viewer: Viewer, sha256: str) -> Stored:
    """An upload, for whoever sent it or may see a ticket that uses it, or the picture whose original it is.

    Only an original that came as one opens so: to promise the hash of somebody else's file shows nothing of it.
    Errors: `NotFound`.
    """
    mark, *_ = marks(transaction, 1)
    units, reached = among(transaction, viewer.units)
    rows = transaction.rows(
        "SELECT u.media_type, u.size FROM upload u "  # noqa: S608 (constant words)
        f"WHERE u.sha256 = {mark} AND (u.uploader_id = {mark} OR EXISTS (SELECT 1 FROM (SELECT {mark} AS sha256 "
        f"UNION ALL SELECT o.sha256 FROM original o WHERE o.original = {mark} AND o.received_at IS NOT NULL) s "
        "JOIN attachment a ON a.sha256 = s.sha256 JOIN ticket t ON t.id = a.ticket_id "
        "JOIN reach r ON r.sort_key = t.opened_at AND r.ticket_id = t.id "
        f"WHERE r.unit {units}))",
        (sha256, viewer.person_id, sha256, sha256, *reached),
    )
    if not rows:
        raise no_such_file()
    return Stored(sha256=sha256, media_type=rows[0][0], size=int(rows[0][1]))


def pieces(files: FileStore, stored: Stored) -> Iterator[bytes]:
    """The content of an upload. Errors: `NotFound`, `StoreUnreachable`, before the first piece."""
    try:
        return files.chunks(key_of(stored.sha256))
    except FileNotFoundError:
        raise no_such_file() from None


def known(transaction: Transaction, digests: Sequence[str]) -> dict[str, Stored]:
    """The uploads of these digests; what isn't kept is missing."""
    match, parameters = among(transaction, digests)
    rows = transaction.rows(f"SELECT sha256, media_type, size FROM upload WHERE sha256 {match}", parameters)  # noqa: S608
    return {row[0]: Stored(sha256=row[0], media_type=row[1], size=int(row[2])) for row in rows}


def no_such_file() -> NotFound:
    """Whether it isn't there or isn't the reader's to see."""
    return NotFound("没有这个文件", "no such file")


def _receive(stream: BinaryIO, coming: BinaryIO) -> tuple[str, int]:
    digest, size = hashlib.sha256(), 0
    while chunk := stream.read(_CHUNK):
        size += len(chunk)
        if size > MOST_BYTES:
            megabytes = MOST_BYTES // 1024 // 1024
            raise TooLarge(f"文件超过 {megabytes} MB", f"the file is larger than {megabytes} MB", place=_FILE)
        digest.update(chunk)
        coming.write(chunk)
    if not size:
        raise Malformed("文件是空的", "the file is empty", place=_FILE)
    return digest.hexdigest(), size


def note(transaction: Transaction, stored: Stored, uploader_id: int | None, now: Instant, capture: Capture) -> None:
    """The row of a file that is in the store; the first one stays."""
    listed = ", ".join(marks(transaction, 9))
    transaction.run(
        "INSERT INTO upload (sha256, media_type, size, uploader_id, uploaded_at, taken_at, lon_e7, lat_e7, "  # noqa: S608
        f"accuracy_m) VALUES ({listed}) ON CONFLICT (sha256) DO NOTHING",
        (
            stored.sha256, stored.media_type, stored.size, uploader_id, now,
            capture.taken_at, capture.lon_e7, capture.lat_e7, capture.accuracy_m,
        ),
    )  # fmt: skip


def _promise(transaction: Transaction, stored: Stored, original: Promise, person_id: int | None, now: Instant) -> None:
    listed = ", ".join(marks(transaction, 5))
    transaction.run(
        "INSERT INTO original (sha256, original, size, person_id, promised_at) "  # noqa: S608
        f"VALUES ({listed}) ON CONFLICT (sha256) DO NOTHING",
        (stored.sha256, original.sha256, original.size, person_id, now),
    )
