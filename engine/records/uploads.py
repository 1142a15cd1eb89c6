"""Uploads: files that come before their ticket, kept once by what they contain.

A file is streamed beside its place while it is counted and hashed, proved to be what it may be, and moved into place in
one step: a crash leaves a stray temporary file and never half of an upload.
"""

import hashlib
import os
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from PIL import Image, UnidentifiedImageError

from engine.clock import Instant
from engine.database import Database, Transaction
from engine.errors import HuyingError, Malformed, NotFound, Place, TooLarge
from engine.records.access import Viewer
from engine.records.asking import among, marks

#: Bytes of one upload.
MOST_BYTES = 20 * 1024 * 1024
#: Pixels of one picture: decoded they take three bytes each.
MOST_PIXELS = 50_000_000

_CHUNK = 64 * 1024
_PICTURES = {"JPEG": "image/jpeg", "PNG": "image/png", "WEBP": "image/webp", "GIF": "image/gif"}
_PDF = "application/pdf"
#: A reader of PDF accepts the header anywhere in the first bytes.
_HEADER_WITHIN = 1024


class UnknownFile(Malformed):
    """只收照片（JPEG、PNG、WebP、GIF）和 PDF 文件 / Only pictures (JPEG, PNG, WebP, GIF) and PDF files are taken"""

    code = "unknown_file"
    status = 415


@dataclass(frozen=True, slots=True, kw_only=True)
class Stored:
    """An upload as it is kept; forms refer to it by `sha256`."""

    sha256: str
    media_type: str
    size: int


def store(database: Database, data: Path, stream: BinaryIO, uploader_id: int, now: Instant) -> Stored:
    """Keep a file under `data`/uploads and in the table; the same content twice is one upload.

    Errors: `TooLarge` past `MOST_BYTES` or `MOST_PIXELS`, `UnknownFile` for anything but a picture or a PDF.
    """
    folder = data / "uploads"
    folder.mkdir(parents=True, exist_ok=True)
    descriptor, name = tempfile.mkstemp(prefix="coming-", dir=folder)
    try:
        with os.fdopen(descriptor, "wb") as coming:
            sha256, size = _receive(stream, coming)
        stored = Stored(sha256=sha256, media_type=_what(Path(name)), size=size)
        place = _place(data, sha256)
        place.parent.mkdir(exist_ok=True)
        Path(name).replace(place)
    finally:
        Path(name).unlink(missing_ok=True)
    database.acting(lambda transaction: _note(transaction, stored, uploader_id, now))
    return stored


def look(transaction: Transaction, data: Path, viewer: Viewer, sha256: str) -> tuple[Stored, Path]:
    """An upload and its file, for whoever sent it or may see a ticket that uses it. Errors: `NotFound`."""
    digest, person = marks(transaction, 2)
    units, reached = among(transaction, viewer.units)
    rows = transaction.rows(
        "SELECT u.media_type, u.size FROM upload u "  # noqa: S608 (constant words)
        f"WHERE u.sha256 = {digest} AND (u.uploader_id = {person} OR EXISTS ("
        "SELECT 1 FROM attachment a JOIN ticket t ON t.id = a.ticket_id "
        "JOIN reach r ON r.sort_key = t.opened_at AND r.ticket_id = t.id "
        f"WHERE a.sha256 = u.sha256 AND r.unit {units}))",
        (sha256, viewer.person_id, *reached),
    )
    place = _place(data, sha256)
    if not rows or not place.is_file():
        raise NotFound("没有这个文件", "no such file")
    return Stored(sha256=sha256, media_type=rows[0][0], size=int(rows[0][1])), place


def known(transaction: Transaction, digests: Sequence[str]) -> dict[str, Stored]:
    """The uploads of these digests; what isn't kept is missing."""
    match, parameters = among(transaction, digests)
    rows = transaction.rows(f"SELECT sha256, media_type, size FROM upload WHERE sha256 {match}", parameters)  # noqa: S608
    return {row[0]: Stored(sha256=row[0], media_type=row[1], size=int(row[2])) for row in rows}


def _place(data: Path, sha256: str) -> Path:
    return data / "uploads" / sha256[:2] / sha256[2:]


def _receive(stream: BinaryIO, coming: BinaryIO) -> tuple[str, int]:
    digest, size = hashlib.sha256(), 0
    while chunk := stream.read(_CHUNK):
        size += len(chunk)
        if size > MOST_BYTES:
            megabytes = MOST_BYTES // 1024 // 1024
            raise TooLarge(f"文件超过 {megabytes} MB", f"the file is larger than {megabytes} MB", place=_FILE)
        digest.update(chunk)
        coming.write(chunk)
    coming.flush()
    os.fsync(coming.fileno())
    if not size:
        raise Malformed("文件是空的", "the file is empty", place=_FILE)
    return digest.hexdigest(), size


_FILE = Place(field="file")


def _what(path: Path) -> str:
    """The media type that the content proves, whatever its name says."""
    with path.open("rb") as content:
        if b"%PDF-" in content.read(_HEADER_WITHIN):
            return _PDF
    refusal: HuyingError
    try:
        with Image.open(path, formats=tuple(_PICTURES)) as picture:
            if picture.width * picture.height <= MOST_PIXELS:
                picture.load()
                return _PICTURES[str(picture.format)]
            refusal = _too_many_pixels()
    except (Image.DecompressionBombError, Image.DecompressionBombWarning):
        refusal = _too_many_pixels()
    except (UnidentifiedImageError, OSError, SyntaxError, ValueError, EOFError) as failure:
        # A truncated or lying picture fails while it is decoded, in whichever way its decoder has.
        raise UnknownFile(place=_FILE) from failure
    raise refusal


def _too_many_pixels() -> TooLarge:
    megapixels = MOST_PIXELS // 1_000_000
    return TooLarge(
        f"照片超过 {megapixels} 百万像素", f"the picture has more than {megapixels} megapixels", place=_FILE
    )


def _note(transaction: Transaction, stored: Stored, uploader_id: int, now: Instant) -> None:
    listed = ", ".join(marks(transaction, 5))
    transaction.run(
        "INSERT INTO upload (sha256, media_type, size, uploader_id, uploaded_at) "  # noqa: S608
        f"VALUES ({listed}) ON CONFLICT (sha256) DO NOTHING",
        (stored.sha256, stored.media_type, stored.size, uploader_id, now),
    )
