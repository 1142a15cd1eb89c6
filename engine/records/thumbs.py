"""Small pictures for pages: made anew from the original, so that nothing of a camera's notes is left, and marked.

They are made when first asked for and kept under the data folder of this machine; whoever deletes them loses nothing.
The original is never touched.
"""

import hashlib
import os
import tempfile
from collections.abc import Iterator, Sequence
from enum import Enum
from functools import cache
from pathlib import Path

from PIL import Image, ImageDraw, ImageFont, ImageOps

from engine.errors import Malformed, Place
from engine.records.pictures import opened
from engine.store import FileStore

#: A mark as it is written: Chinese, and what stands there where no font has Chinese.
Line = tuple[str, str]

#: Where systems keep fonts with Chinese, the likeliest first.
_FONTS = (
    "/usr/share/fonts/**/NotoSansCJK-Regular.tt[cf]",
    "/usr/share/fonts/**/NotoSansSC-Regular.[ot]t[cf]",
    "/usr/share/fonts/**/SourceHanSans*-Regular.[ot]t[cf]",
    "/usr/share/fonts/**/wqy-*.tt[cf]",
    "/usr/share/fonts/**/DroidSansFallback*.ttf",
    "/System/Library/Fonts/STHeiti Light.ttc",
    "/System/Library/Fonts/PingFang.ttc",
    "/Windows/Fonts/msyh.ttc",
    "/Windows/Fonts/simhei.ttf",
)
_QUALITY = 82
#: Letters are a part of the width, and never smaller than this.
_PART, _SMALLEST = 30, 11
_SHADE = (0, 0, 0, 120)


class Size(Enum):
    """How large a thumbnail is: the longer side in pixels."""

    SMALL = 320
    LARGE = 1280


def thumb(data: Path, files: FileStore, key: str, size: Size, lines: Sequence[Line], font: Path | None) -> Path:
    """The JPEG file of a picture of the store, made if it isn't there yet; `lines` are written into it.

    Errors: `UnknownFile` if it is no picture, `FileNotFoundError`, `StoreUnreachable`, `Malformed` for a font that is
    none.
    """
    chosen = font or chinese_font()
    said = "\n".join(zh if chosen else en for zh, en in lines)
    digest = hashlib.sha256(f"{key}\n{size.value}\n{chosen}\n{said}".encode()).hexdigest()
    place = _folder(data, key) / f"{digest[:32]}.jpg"
    if not place.is_file():
        place.parent.mkdir(parents=True, exist_ok=True)
        _make(files, key, size, said.splitlines(), chosen, place)
    return place


def drop(data: Path, key: str) -> None:
    """Keep no thumbnail of this picture any longer; nothing happens where there is none."""
    folder = _folder(data, key)
    for place in sorted(folder.glob("*.jpg")) if folder.is_dir() else ():
        place.unlink(missing_ok=True)
    if folder.is_dir() and not any(folder.iterdir()):
        folder.rmdir()


def pictured(data: Path) -> Iterator[str]:
    """The keys of the pictures of which thumbnails are kept on this machine."""
    for folder in sorted((data / "thumbs").glob("*/*")):
        yield f"{folder.parent.name}/{folder.name}"


def _folder(data: Path, key: str) -> Path:
    """All thumbnails of one picture lie together, so that they go together."""
    return data / "thumbs" / key


@cache
def chinese_font() -> Path | None:
    """A font of this machine that has Chinese, if there is one."""
    for pattern in _FONTS:
        root, _, rest = pattern.partition("**/")
        found = sorted(Path(root).rglob(rest)) if rest else [Path(pattern)]
        for path in found:
            if path.is_file():
                return path
    return None


def _make(files: FileStore, key: str, size: Size, lines: Sequence[str], font: Path | None, place: Path) -> None:
    with tempfile.TemporaryDirectory(prefix="coming-", dir=place.parent) as folder:
        original = Path(folder) / "original"
        original.write_bytes(files.read(key))
        with opened(original) as picture:
            # A JPEG is read no larger than it is needed.
            picture.draft("RGB", (size.value, size.value))
            small = ImageOps.exif_transpose(picture).convert("RGB")
        small.thumbnail((size.value, size.value))
        coming = Path(folder) / "thumb"
        marked(small, lines, font).save(coming, "JPEG", quality=_QUALITY)
        os.replace(coming, place)


def marked(picture: Image.Image, lines: Sequence[str], font: Path | None) -> Image.Image:
    """A picture with lines written at its foot, on a shade. Errors: `Malformed` for a font that is none."""
    if not lines:
        return picture
    points = max(_SMALLEST, picture.width // _PART)
    letters = _letters(font, points)
    edge, step = points // 2, points + points // 3
    height = step * len(lines) + edge
    sheet = Image.new("RGBA", picture.size, (0, 0, 0, 0))
    pen = ImageDraw.Draw(sheet)
    top = max(0, picture.height - height)
    pen.rectangle((0, top, picture.width, picture.height), fill=_SHADE)
    for row, line in enumerate(lines):
        text = _fitting(line, letters, picture.width - 2 * edge)
        pen.text((edge, top + edge // 2 + row * step), text, font=letters, fill=(255, 255, 255, 235))
    return Image.alpha_composite(picture.convert("RGBA"), sheet).convert("RGB")


def _letters(font: Path | None, points: int) -> ImageFont.FreeTypeFont | ImageFont.ImageFont:
    if font is None:
        return ImageFont.load_default(points)
    try:
        return ImageFont.truetype(str(font), points, index=_face(font))
    except OSError as failure:
        raise Malformed(
            f"字体文件 {font.name} 无法使用",
            f"the font {font.name} cannot be used: {failure}",
            place=Place(field="HUYING_FONT"),
        ) from failure


@cache
def _face(font: Path) -> int:
    """The face of a collection that draws the simplified forms; 0 for a single font."""
    for index in range(10 if font.suffix == ".ttc" else 0):
        try:
            name = str(ImageFont.truetype(str(font), 12, index=index).getname()[0])
        except OSError:  # beyond the last face
            break
        if name.endswith(" SC"):
            return index
    return 0


def _fitting(line: str, letters: ImageFont.FreeTypeFont | ImageFont.ImageFont, width: int) -> str:
    """A line, cut at its end if it is too long."""
    if letters.getlength(line) <= width:
        return line
    while line and letters.getlength(line + "…") > width:
        line = line[:-1]
    return line + "…"
