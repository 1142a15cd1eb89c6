"""Pictures that are made here: scenes as different as streets are, and what happens to them on the way."""

import base64
import io
import random
from datetime import datetime
from fractions import Fraction

from PIL import ExifTags, Image, ImageDraw, ImageFilter

SIZE = (640, 480)

#: A scene of 64 by 48 pixels as an iPhone would send it; what reads such pictures here cannot write them.
HEIC = base64.b64decode(
    "AAAAHGZ0eXBoZWljAAAAAG1pZjFoZWljbWlhZgAAAX1tZXRhAAAAAAAAACFoZGxyAAAAAAAAAABwaWN0AAAAAAAAAAAAAAAAAAAAACJpbG9jAA"
    "AAAERAAAEAAQAAAAABoQABAAAAAAAAAFYAAAAjaWluZgAAAAAAAQAAABVpbmZlAgAAAAABAABodmMxAAAAAA5waXRtAAAAAAABAAAA/WlwcnAA"
    "AADdaXBjbwAAAHZodmNDAQNwAAAAkAAAAAAAHvAA/P34+AAADwNgAAEAGEABDAH//wNwAAADAJAAAAMAAAMAHroCQGEAAQAqQgEBA3AAAAMAkA"
    "AAAwAAAwAeoCCBBZbq5Ka5uAhoMCAAAAMDIAAAAwAhYgABAAZEAcFzwIkAAAATY29scm5jbHgAAQANAAaAAAAAFGlzcGUAAAAAAAAAQAAAAEAA"
    "AAAoY2xhcAAAAEAAAAABAAAAMAAAAAEAAAAAAAAAAv////AAAAACAAAAEHBpeGkAAAAAAwgICAAAABhpcG1hAAAAAAAAAAEAAQWBAgMFhAAAAF"
    "5tZGF0AAAAUigBrwtg+tQv/tEgBY2FStYAGlf1wSv1zEp1Octqas6ZUuQTjdKyh30qzYB1YtxEnYIUgtAvc1zEowvljexOrqJiXgtIT+T1788N"
    "ljmqiaS84YA="
)


def scene(seed: int, size: tuple[int, int] = SIZE) -> Image.Image:
    """A picture of many shapes; another seed is another scene."""
    chance = random.Random(seed)

    def colour() -> tuple[int, int, int]:
        return chance.randrange(256), chance.randrange(256), chance.randrange(256)

    picture = Image.new("RGB", size, colour())
    pen = ImageDraw.Draw(picture)
    for _ in range(chance.randrange(8, 30)):
        x, y = chance.randrange(size[0]), chance.randrange(size[1])
        width, height = chance.randrange(20, 300) // 2, chance.randrange(20, 300) // 2
        shape = chance.choice((pen.rectangle, pen.ellipse))
        shape((x - width, y - height, x + width, y + height), fill=colour())
    return picture.filter(ImageFilter.GaussianBlur(2))


def jpeg(picture: Image.Image, quality: int = 90, exif: Image.Exif | None = None) -> bytes:
    """As a camera or a messenger would send it."""
    coming = io.BytesIO()
    picture.save(coming, "JPEG", quality=quality, **({} if exif is None else {"exif": exif}))
    return coming.getvalue()


def halved(picture: Image.Image) -> Image.Image:
    return picture.resize((picture.width // 2, picture.height // 2))


def cropped(picture: Image.Image, part: float) -> Image.Image:
    """Without that part of width and height at each side."""
    across, down = round(picture.width * part), round(picture.height * part)
    return picture.crop((across, down, picture.width - across, picture.height - down))


def exif(
    taken: datetime | None = None, offset: str = "", lon: float | None = None, lat: float | None = None
) -> Image.Exif:
    """What a camera writes beside a picture; `taken` is its own clock."""
    whole = Image.Exif()
    times, gps = whole.get_ifd(ExifTags.IFD.Exif), whole.get_ifd(ExifTags.IFD.GPSInfo)
    if taken is not None:
        times[ExifTags.Base.DateTimeOriginal] = f"{taken:%Y:%m:%d %H:%M:%S}"
    if offset:
        times[ExifTags.Base.OffsetTimeOriginal] = offset
    if lon is not None and lat is not None:
        gps[ExifTags.GPS.GPSLongitude], gps[ExifTags.GPS.GPSLongitudeRef] = _sexagesimal(lon), "E" if lon >= 0 else "W"
        gps[ExifTags.GPS.GPSLatitude], gps[ExifTags.GPS.GPSLatitudeRef] = _sexagesimal(lat), "N" if lat >= 0 else "S"
    return whole


def _sexagesimal(degrees: float) -> tuple[Fraction, Fraction, Fraction]:
    rest = Fraction(abs(degrees)).limit_denominator(10**7)
    whole, rest = divmod(rest, 1)
    minutes, rest = divmod(rest * 60, 1)
    return Fraction(whole), Fraction(minutes), (rest * 60).limit_denominator(10_000)
