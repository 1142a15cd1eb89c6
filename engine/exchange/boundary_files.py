"""Boundaries come in as GeoJSON: a collection of features, each naming its area by code."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from engine.clock import Instant
from engine.database import Database, Transaction
from engine.errors import HuyingError, Malformed, Place, TooLarge
from engine.exchange.refusals import Refusal
from engine.records.areas import area_by_code, redraw_area
from engine.records.boundaries import boundary
from engine.records.places import Finding, check_tiling

#: Bytes of a file.
LARGEST = 200_000_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Drawn:
    """What a file of boundaries has changed."""

    file: str
    #: Codes of areas with another boundary than before.
    changed: tuple[str, ...]
    unchanged: int
    #: Row is the how manieth feature.
    refused: tuple[Refusal, ...]
    #: Gaps, overlaps and overhangs around the areas of the file, as they are now.
    findings: tuple[Finding, ...]


def apply_boundaries(
    database: Database, path: Path, now: Instant, *, code: str = "code", datum: str = "wgs84"
) -> Drawn:
    """Draw the boundaries of a GeoJSON file; `code` names the property that holds the area's code.

    A feature that is wrong is refused, the others are drawn, in one transaction.
    Errors: `Malformed` for a file that is no collection of features; `TooLarge`.
    """
    features = _features(path)

    def act(transaction: Transaction) -> Drawn:
        changed, unchanged, refused = [], 0, []
        for number, feature in enumerate(features, 1):
            area = str(_properties(feature).get(code, ""))
            try:
                if redraw_area(transaction, area, boundary(feature, datum=datum), now):
                    changed.append(area)
                else:
                    unchanged += 1
            except HuyingError as error:
                refused.append(Refusal(row=number, field=code, value=area, zh=error.zh, en=error.en))
        return Drawn(
            file=path.name,
            changed=tuple(changed),
            unchanged=unchanged,
            refused=tuple(refused),
            findings=tuple(_findings(transaction, changed)),
        )

    return database.acting(act)


def _features(path: Path) -> list[Mapping[str, Any]]:
    place = Place(file=path.name)
    try:
        if path.stat().st_size > LARGEST:
            raise TooLarge(place=place)
        found = json.loads(path.read_text(encoding="utf-8-sig"))
    except OSError as error:
        raise Malformed(
            f"无法读取文件：{error.strerror}", f"cannot read the file: {error.strerror}", place=place
        ) from error
    except (ValueError, RecursionError) as error:
        raise Malformed("不是 GeoJSON 文件", f"is no GeoJSON file: {error}", place=place) from error
    features = found.get("features") if isinstance(found, Mapping) else None
    if not isinstance(features, list) or not all(isinstance(one, Mapping) for one in features):
        raise Malformed("文件应为 FeatureCollection", "the file must be a FeatureCollection", place=place)
    return features


def _properties(feature: Mapping[str, Any]) -> Mapping[str, Any]:
    properties = feature.get("properties")
    return properties if isinstance(properties, Mapping) else {}


def _findings(transaction: Transaction, changed: list[str]) -> Iterator[Finding]:
    """Around every changed area, each parent asked once."""
    areas = [area_by_code(transaction, code) for code in changed]
    parents = {area.parent_id for area in areas if area.parent_id is not None}
    around = {row[0] for row in transaction.rows("SELECT code, id FROM area") if row[1] in parents}
    for code in sorted(around | set(changed)):
        yield from check_tiling(transaction, code)
