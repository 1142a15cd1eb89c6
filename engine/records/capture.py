"""When and where a picture was taken, by its own word (EXIF) or by the page that sent it.

▸ Android takes the position out of what a browser uploads, and messengers take out everything: to know nothing is
usual and proves nothing.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

from PIL import ExifTags, Image

from engine.clock import Instant
from engine.errors import Malformed, Place

#: Whose word it is.
EXIF, PAGE = "exif", "page"
#: Metres assumed where a picture names a position and not how exact it is.
EXIF_ACCURACY = 50
#: Metres; what a phone says beyond this says nothing about where it is.
WORST_ACCURACY = 100_000
#: A camera that names no zone means the local clock, and all of the country has one.
_LOCAL = timezone(timedelta(hours=8))
_DEGREE = 10_000_000
#: Before there were such cameras a clock was not set.
_EARLIEST = datetime(2000, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True, kw_only=True)
class Capture:
    """When and where; None for what nobody says."""

    taken_at: Instant | None = None
    #: WGS-84, degrees × 10⁷, both or neither, with metres of accuracy.
    lon_e7: int | None = None
    lat_e7: int | None = None
    accuracy_m: int | None = None

    def or_else(self, other: "Capture") -> "Capture":
        """What this says, and where it is silent what the other says."""
        place = self if self.lon_e7 is not None else other
        return Capture(
            taken_at=other.taken_at if self.taken_at is None else self.taken_at,
            lon_e7=place.lon_e7,
            lat_e7=place.lat_e7,
            accuracy_m=place.accuracy_m,
        )


#: Nobody says anything.
NOTHING = Capture()


def of_exif(picture: Image.Image) -> Capture:
    """What the picture's EXIF says; what cannot be read there is not said."""
    try:
        exif = picture.getexif()
        times, gps = exif.get_ifd(ExifTags.IFD.Exif), exif.get_ifd(ExifTags.IFD.GPSInfo)
    except (ValueError, TypeError, OSError, SyntaxError, KeyError):  # a camera's or a messenger's mistake, not ours
        return Capture()
    lon = _degrees(gps, ExifTags.GPS.GPSLongitude, ExifTags.GPS.GPSLongitudeRef, "W", 180)
    lat = _degrees(gps, ExifTags.GPS.GPSLatitude, ExifTags.GPS.GPSLatitudeRef, "S", 90)
    taken_at = _taken(times)
    # 0, 0 is what a phone writes that has not found itself.
    if lon is None or lat is None or not (lon or lat):
        return Capture(taken_at=taken_at)
    error = _number(gps.get(ExifTags.GPS.GPSHPositioningError))
    accuracy = EXIF_ACCURACY if error is None else min(max(math.ceil(error), 1), WORST_ACCURACY)
    return Capture(taken_at=taken_at, lon_e7=lon, lat_e7=lat, accuracy_m=accuracy)


def of_page(given: Mapping[str, Any], field: str = "file") -> Capture:
    """What a page says beside the file it sends: `taken_at` (ISO 8601 with its zone), `lon`, `lat`, `accuracy_m`.

    Errors: `Malformed` naming `field` for anything that is there and wrong.
    """
    taken = given.get("taken_at") or None
    lon, lat = (_bounded(given, name, bound, field) for name, bound in (("lon", 180), ("lat", 90)))
    accuracy = _bounded(given, "accuracy_m", WORST_ACCURACY, field)
    if (lon is None) != (lat is None) or (accuracy is not None and accuracy < 0):
        raise _amiss("lon, lat, accuracy_m", field)
    moment = None if taken is None else _zoned(str(taken), field)
    if lon is None or lat is None:
        return Capture(taken_at=moment)
    return Capture(
        taken_at=moment,
        lon_e7=round(lon * _DEGREE),
        lat_e7=round(lat * _DEGREE),
        accuracy_m=WORST_ACCURACY if accuracy is None else max(math.ceil(accuracy), 1),
    )


def _zoned(text: str, field: str) -> Instant:
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise _amiss("taken_at", field) from None
    if moment.tzinfo is None or moment < _EARLIEST:
        raise _amiss("taken_at", field)
    return _instant(moment)


def _bounded(given: Mapping[str, Any], name: str, bound: int, field: str) -> float | None:
    value = given.get(name)
    if value in (None, ""):
        return None
    try:
        number = float(value)
    except (TypeError, ValueError):
        raise _amiss(name, field) from None
    if not (math.isfinite(number) and abs(number) <= bound):
        raise _amiss(name, field)
    return number


def _amiss(name: str, field: str) -> Malformed:
    return Malformed(
        f"随照片发送的 {name} 不对", f"what came with the picture has a wrong {name}", place=Place(field=field)
    )


def _instant(moment: datetime) -> Instant:
    return Instant((moment - datetime(1970, 1, 1, tzinfo=UTC)) // timedelta(microseconds=1))


def _taken(times: Mapping[int, Any]) -> Instant | None:
    text = str(times.get(ExifTags.Base.DateTimeOriginal, "")).strip("\0 ")
    zone = str(times.get(ExifTags.Base.OffsetTimeOriginal, "")).strip("\0 ")
    try:
        naive = datetime.strptime(text, "%Y:%m:%d %H:%M:%S")  # noqa: DTZ007 (the zone stands in another tag)
        moment = datetime.fromisoformat(naive.isoformat() + zone) if zone else naive.replace(tzinfo=_LOCAL)
        moment = moment if moment.tzinfo else moment.replace(tzinfo=_LOCAL)
        return _instant(moment) if moment >= _EARLIEST else None
    except (ValueError, OverflowError):
        return None


def _degrees(gps: Mapping[int, Any], name: int, side: int, negative: str, bound: int) -> int | None:
    value = gps.get(name)
    parts = [_number(part) for part in value] if isinstance(value, tuple | list) and len(value) == 3 else [None]
    if any(part is None for part in parts):
        return None
    degrees = sum((part or 0) / 60**power for power, part in enumerate(parts))
    signed = -degrees if str(gps.get(side, "")).strip("\0 ").upper() == negative else degrees
    return round(signed * _DEGREE) if abs(signed) <= bound else None


def _number(value: Any) -> float | None:
    try:
        number = float(value)
    except (TypeError, ValueError, ZeroDivisionError):
        return None
    return number if math.isfinite(number) else None
