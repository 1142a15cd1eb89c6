"""Does a photo fit the act that it proves? Three answers: it does, nobody knows, it does not.

To know nothing is usual: messengers and browsers take out what a camera wrote. So only a contradiction flags, and
nothing here refuses an act: a person looks at it.
"""

from dataclasses import dataclass
from enum import StrEnum
from math import asin, cos, radians, sin, sqrt
from typing import Any

from engine.clock import DAY, HOUR, MINUTE, Instant

#: Metres beyond both accuracies up to which a photo is of the place.
NEAR_M = 200
#: Metres beyond both accuracies from which it is of another. Some phones write GCJ-02 where WGS-84 belongs, which is
#: up to 700 metres beside it.
FAR_M = 1_000
#: How long before a report its photos may have been taken.
BEFORE_REPORT = 3 * DAY
#: How long before its task, or its ticket, a photo of the work may have been taken: clocks differ.
BEFORE_WORK = 1 * HOUR
#: How far ahead of the act a camera's clock may run.
AHEAD = 10 * MINUTE
#: Metres assumed where a place names a point and not how exact it is.
USUAL_ACCURACY = 50
#: Other tickets, and steps of the same one, that are named.
MOST_NAMED = 5

_EARTH_M = 6_371_009
_DEGREE = 10_000_000


class Proof(StrEnum):
    """Whether a photo fits."""

    CONFIRMED = "confirmed"
    UNKNOWN = "unknown"
    CONTRADICTED = "contradicted"


@dataclass(frozen=True, slots=True, kw_only=True)
class Spot:
    """A point: WGS-84, degrees × 10⁷, with metres of accuracy."""

    lon_e7: int
    lat_e7: int
    accuracy_m: int = USUAL_ACCURACY


@dataclass(frozen=True, slots=True, kw_only=True)
class Photo:
    """What is known of an upload that a form names."""

    taken_at: Instant | None = None
    spot: Spot | None = None
    #: Case numbers of other tickets that show the same picture, and the steps of this one that do.
    elsewhere: tuple[str, ...] = ()
    earlier: tuple[int, ...] = ()
    #: The digest of the original, where this is a smaller picture of it.
    original: str = ""


def judge(photo: Photo, *, since: Instant, until: Instant, spot: Spot | None) -> dict[str, Any]:
    """The facts of one photo: `time` and `place` as verdicts, with what they rest on, and where else it was shown."""
    facts: dict[str, Any] = {"time": of_time(photo, since, until).value}
    if photo.taken_at is not None:
        facts["taken_at"] = photo.taken_at
    metres = distance_m(photo.spot, spot) if photo.spot and spot else None
    facts["place"] = of_place(photo, spot).value
    if metres is not None:
        facts["distance_m"] = metres
    if photo.elsewhere:
        facts["same_as"] = list(photo.elsewhere[:MOST_NAMED])
    if photo.earlier:
        facts["again"] = list(photo.earlier[:MOST_NAMED])
    if photo.original:
        # Within the event's hash: what comes later is the original, or it is not.
        facts["original"] = photo.original
    return facts


def of_time(photo: Photo, since: Instant, until: Instant) -> Proof:
    """Whether it was taken between these moments, both included."""
    if photo.taken_at is None:
        return Proof.UNKNOWN
    return Proof.CONFIRMED if since <= photo.taken_at <= until else Proof.CONTRADICTED


def of_place(photo: Photo, spot: Spot | None) -> Proof:
    """Whether it was taken near a spot; what lies between near and far proves nothing."""
    if photo.spot is None or spot is None:
        return Proof.UNKNOWN
    beyond = distance_m(photo.spot, spot) - photo.spot.accuracy_m - spot.accuracy_m
    if beyond <= NEAR_M:
        return Proof.CONFIRMED if photo.spot.accuracy_m <= FAR_M else Proof.UNKNOWN
    return Proof.CONTRADICTED if beyond > FAR_M else Proof.UNKNOWN


def distance_m(one: Spot, other: Spot) -> int:
    """Metres between two spots along the ground."""
    lon, lat = (radians((getattr(other, name) - getattr(one, name)) / _DEGREE) for name in ("lon_e7", "lat_e7"))
    along = cos(radians(one.lat_e7 / _DEGREE)) * cos(radians(other.lat_e7 / _DEGREE))
    half = sin(lat / 2) ** 2 + along * sin(lon / 2) ** 2
    return round(2 * _EARTH_M * asin(min(1.0, sqrt(half))))
