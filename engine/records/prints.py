"""Perceptual hashes: a picture is found again that was recompressed, made smaller or slightly cropped.

A print is 64 bits of the coarse shape of a picture (pHash). The whole picture and its middle without a small margin
have one each, so that a crop lies near one of them. Measured on generated scenes: recompressed at quality 40 and
halved at most 4 bits apart, 3 % cropped at each side at most 6 with these margins (18 without them), 5 % at most 6,
different scenes at least 14.

Quick among many: a print is cut into four bands of 16 bits. Two prints at most 7 bits apart differ in some band by at
most one bit, so that it is enough to look for the bands and for each of them with one bit turned.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import imagehash
from PIL import Image, ImageOps, ImageStat
from sqlalchemy import Index
from sqlmodel import SQLModel

from engine.database import Transaction
from engine.records.asking import among, marks
from engine.records.columns import ONE_TREE, key_part, number, word

#: Bits by which two prints of one picture may differ.
NEAR = 7
#: Parts of width and height left out at each side.
_MARGINS = (0.0, 0.02, 0.04)
#: Pictures that one picture is taken to be like; a wall of equal ones is no news.
MOST_ALIKE = 50
#: A picture smaller than this, or flatter (standard deviation of its grey, of 255), shows nothing to compare.
_SMALLEST, _FLATTEST = 32, 4.0
_BANDS, _WIDTH = 4, 16


class UploadPrint(SQLModel, table=True):
    """One print of one upload, once in each of its bands' buckets."""

    __tablename__ = "upload_print"
    __table_args__ = (Index("ix_upload_print_sha256", "sha256"), ONE_TREE)

    #: Which band, above its 16 bits.
    bucket: int = key_part()
    sha256: str = word(key=True)
    #: 16 hexadecimal digits.
    print: str = word(key=True, length=16)


class UploadAlike(SQLModel, table=True):
    """Two uploads that show the same picture, once from each side."""

    __tablename__ = "upload_alike"
    __table_args__ = ONE_TREE

    sha256: str = word(key=True)
    other: str = word(key=True)
    #: By how many bits their nearest prints differ.
    bits: int = number()


@dataclass(frozen=True, slots=True)
class Alike:
    """An upload that shows the same picture."""

    sha256: str
    bits: int


def prints_of(picture: Image.Image) -> tuple[int, ...]:
    """The prints of a decoded picture, the whole one's first; none for one that is too small or flat."""
    if min(picture.size) < _SMALLEST:
        return ()
    # What a camera held sideways is turned upright by whoever recompresses it.
    upright = ImageOps.exif_transpose(picture).convert("L")
    upright.thumbnail((512, 512))
    if ImageStat.Stat(upright.resize((32, 32))).stddev[0] < _FLATTEST:
        return ()
    return tuple(int(str(imagehash.phash(_middle(upright, margin))), 16) for margin in _MARGINS)


def keep(transaction: Transaction, sha256: str, prints: Sequence[int]) -> None:
    """Make an upload findable by its prints."""
    listed = ", ".join(marks(transaction, 3))
    transaction.run_many(
        f"INSERT INTO upload_print (bucket, sha256, print) VALUES ({listed}) ON CONFLICT DO NOTHING",  # noqa: S608
        [(bucket, sha256, f"{one:016x}") for one in sorted(set(prints)) for bucket in _buckets(one)],
    )


def note_alike(transaction: Transaction, sha256: str, prints: Sequence[int]) -> tuple[Alike, ...]:
    """Find the uploads that show the same picture, and note it on both sides.

    Done after `keep` was committed: of two that come at once, the later then sees the other.
    """
    found = near(transaction, prints, besides=sha256)
    listed = ", ".join(marks(transaction, 3))
    transaction.run_many(
        f"INSERT INTO upload_alike (sha256, other, bits) VALUES ({listed}) ON CONFLICT DO NOTHING",  # noqa: S608
        [row for one in found for row in ((sha256, one.sha256, one.bits), (one.sha256, sha256, one.bits))],
    )
    return found


def near(transaction: Transaction, prints: Sequence[int], *, besides: str = "") -> tuple[Alike, ...]:
    """The uploads with a print within `NEAR` bits, the nearest first, at most `MOST_ALIKE`."""
    wanted = {probe for one in prints for bucket in _buckets(one) for probe in _probes(bucket)}
    if not wanted:
        return ()
    match, parameters = among(transaction, wanted)
    rows = transaction.rows(
        f"SELECT DISTINCT sha256, print FROM upload_print WHERE bucket {match}",  # noqa: S608
        parameters,
    )
    found: dict[str, int] = {}
    for sha256, text in rows:
        bits = min((int(text, 16) ^ one).bit_count() for one in prints)
        if bits <= min(NEAR, found.get(sha256, NEAR)) and sha256 != besides:
            found[sha256] = bits
    nearest = sorted(found.items(), key=lambda one: (one[1], one[0]))[:MOST_ALIKE]
    return tuple(Alike(sha256, bits) for sha256, bits in nearest)


def _middle(picture: Image.Image, margin: float) -> Image.Image:
    width, height = picture.size
    box = (round(width * margin), round(height * margin), round(width * (1 - margin)), round(height * (1 - margin)))
    return picture.crop(box)


def _buckets(one: int) -> Iterator[int]:
    for band in range(_BANDS):
        yield band << _WIDTH | one >> band * _WIDTH & (1 << _WIDTH) - 1


def _probes(bucket: int) -> Iterator[int]:
    yield bucket
    yield from (bucket ^ 1 << bit for bit in range(_WIDTH))
