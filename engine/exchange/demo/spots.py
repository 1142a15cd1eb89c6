"""Where the demo's matters lie: points inside the neighbourhood of the cast, the same every time."""

from typing import Any
from zlib import crc32

#: The micro-grid that the cast lives in, and a box well inside it: west, south, east, north in degrees.
AREA = "31012000100101"
_BOX = (121.3870, 30.9480, 121.4030, 30.9535)
_ACCURACY = 8


def place(words: str, at: tuple[float, float] | None = None, area: str = AREA) -> dict[str, Any]:
    """The place of a matter as a form holds it; where nobody says, its words draw the point."""
    return {"area": area, **_point(at or (_drawn(words) if area == AREA else None))}


def _point(at: tuple[float, float] | None) -> dict[str, Any]:
    return {"lon": at[0], "lat": at[1], "datum": "WGS-84", "accuracy": _ACCURACY} if at else {}


def _drawn(words: str) -> tuple[float, float]:
    west, south, east, north = _BOX
    number = crc32(words.encode())
    across, up = number % 997 / 996, number // 997 % 991 / 990
    return round(west + (east - west) * across, 6), round(south + (north - south) * up, 6)
