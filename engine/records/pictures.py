"""What an upload is, by what it contains: decoded with limits before anything else is done with it.

A name says nothing about a content and a content may be two things at once, so everything here looks at the bytes.
"""

import re
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from pi_heif import register_heif_opener
from PIL import Image, UnidentifiedImageError

from engine.errors import HuyingError, Malformed, Place, TooLarge
from engine.records import pdfs
from engine.records.capture import NOTHING, Capture, of_exif
from engine.records.prints import prints_of

#: Pixels of one picture: decoded they take three bytes each.
MOST_PIXELS = 50_000_000
#: Names in an office file; a real one has some hundred.
_MOST_PARTS = 20_000

_PICTURES = {
    "JPEG": "image/jpeg", "PNG": "image/png", "WEBP": "image/webp", "GIF": "image/gif", "HEIF": "image/heic",
}  # fmt: skip
_PDF = "application/pdf"
_OFFICE = {
    "word/": "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
    "xl/": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    "ppt/": "application/vnd.openxmlformats-officedocument.presentationml.presentation",
}
#: Word, Excel and PowerPoint before 2007.
_OLD_OFFICE = "application/x-ole-storage"
_OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
#: The endings that a file of a type may have; the first is given to it when it is saved.
_ENDINGS = {
    _PDF: ("pdf",),
    _OLD_OFFICE: ("doc", "xls", "ppt", "wps", "et", "dps"),
    **dict(zip(_OFFICE.values(), (("docx",), ("xlsx",), ("pptx",)), strict=True)),
}
_PICTURE_ENDINGS = ("jpg", "jpeg", "jfif", "png", "webp", "gif", "heic", "heif")
#: What makes a picture something else as well. Long enough not to stand in compressed bytes by chance; phones put a
#: film or further pictures behind a picture, and that is no fault.
_HIDDEN = re.compile(rb"<script|<!doctype|<html[ >]|<\?php|<svg[ >]|Rar!\x1a\x07|7z\xbc\xaf\x27\x1c|%PDF-1\.", re.I)
_ZIP = (b"PK\x03\x04", b"PK\x05\x06")
_FILE = Place(field="file")

register_heif_opener()


class UnknownFile(Malformed):
    """只收照片（JPEG、PNG、WebP、GIF、HEIC）、PDF 和 Office 文件 / Only pictures (JPEG, PNG, WebP, GIF, HEIC), PDF and office files are taken"""  # noqa: E501

    code = "unknown_file"
    status = 415


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """What a file was seen to be."""

    media_type: str
    #: When and where the picture itself says it was taken.
    capture: Capture = NOTHING
    #: Perceptual hashes, see `prints`; none for what is no picture or shows nothing.
    prints: tuple[int, ...] = ()


def look_at(path: Path, name: str) -> Seen:
    """What a file is, whatever its name says; `name` is what its sender calls it, "" if nothing.

    Errors: `UnknownFile`, `TooLarge` past `MOST_PIXELS`, `Malformed` for a name that is a path or belongs to another
    kind of file, and for a picture that is something else as well; those of `pdfs.refuse_running`.
    """
    ending = _ending(name)
    seen = _document(path) or _picture(path)
    allowed = _PICTURE_ENDINGS if seen.media_type.startswith("image/") else _ENDINGS[seen.media_type]
    if ending and ending not in allowed:
        raise Malformed(
            f"文件内容与扩展名“.{ending}”不符",
            f"the content does not belong to a name that ends in '.{ending}'",
            place=_FILE,
        )
    return seen


def ending_of(media_type: str) -> str:
    """The ending of a name under which a file of this type is saved, without the dot."""
    return _ENDINGS[media_type][0] if media_type in _ENDINGS else media_type.rpartition("/")[2]


def _ending(name: str) -> str:
    if "/" in name or "\\" in name or not name.isprintable() or len(name) > 255:
        raise Malformed(
            "文件名不能含路径或控制字符", "a file's name has no path and no control characters", place=_FILE
        )
    return name.rpartition(".")[2].lower() if "." in name else ""


def _document(path: Path) -> Seen | None:
    """A document by the bytes it begins with; it is never shown, and opened no further than to see what it runs."""
    with path.open("rb") as content:
        head = content.read(8)
    if head.startswith(b"%PDF-"):
        pdfs.refuse_running(path)
        return Seen(media_type=_PDF)
    if head == _OLE:
        return Seen(media_type=_OLD_OFFICE)
    return Seen(media_type=_office(path)) if head.startswith(_ZIP[0]) else None


def _office(path: Path) -> str:
    """Which office file an archive is, by its table of contents; nothing in it is unpacked."""
    try:
        with zipfile.ZipFile(path) as archive:
            names = archive.namelist()
    except (zipfile.BadZipFile, ValueError, OSError, NotImplementedError) as failure:
        raise UnknownFile(place=_FILE) from failure
    if "[Content_Types].xml" not in names or len(names) > _MOST_PARTS:
        raise UnknownFile(place=_FILE)
    if any(name.lower().endswith("vbaproject.bin") for name in names):
        raise Malformed("不收含宏的文件", "a file with macros is not taken", place=_FILE)
    for part, media_type in _OFFICE.items():
        if any(name.startswith(part) for name in names):
            return media_type
    raise UnknownFile(place=_FILE)


@contextmanager
def opened(path: Path) -> Iterator[Image.Image]:
    """A picture of a known kind and size, not decoded yet.

    Errors: `UnknownFile`, also when decoding inside fails; `TooLarge` past `MOST_PIXELS`.
    """
    refusal: HuyingError
    try:
        with Image.open(path, formats=tuple(_PICTURES)) as picture:
            if picture.width * picture.height <= MOST_PIXELS:
                yield picture
                return
            refusal = _too_many_pixels()
    except (Image.DecompressionBombError, Image.DecompressionBombWarning):
        refusal = _too_many_pixels()
    except (UnidentifiedImageError, OSError, SyntaxError, ValueError, EOFError, RuntimeError) as failure:
        # A truncated or lying picture fails while it is decoded, in whichever way its decoder has.
        raise UnknownFile(place=_FILE) from failure
    raise refusal


def _picture(path: Path) -> Seen:
    with opened(path) as picture:
        picture.load()
        media_type = _PICTURES[str(picture.format)]
        capture, prints = of_exif(picture), prints_of(picture)
    _refuse_two_faced(path)
    return Seen(media_type=media_type, capture=capture, prints=prints)


def _refuse_two_faced(path: Path) -> None:
    """Refuse a picture that another program takes for an archive, a page or a document."""
    content = path.read_bytes()
    archive = all(sign in content for sign in _ZIP) and zipfile.is_zipfile(path)
    if archive or _HIDDEN.search(content):
        raise Malformed(
            "照片中夹带了其他内容（压缩包、网页或文档），不予接收",
            "the picture carries something else (an archive, a page or a document) and is not taken",
            place=_FILE,
        )


def _too_many_pixels() -> TooLarge:
    megapixels = MOST_PIXELS // 1_000_000
    return TooLarge(
        f"照片超过 {megapixels} 百万像素", f"the picture has more than {megapixels} megapixels", place=_FILE
    )
