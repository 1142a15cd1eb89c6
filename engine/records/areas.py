"""Areas: the tree of the block. Levels are data; boundaries change, and history keeps the tree as it was."""

import json

from sqlmodel import SQLModel

from engine.records.columns import (
    big_id,
    big_number,
    maybe_instant,
    maybe_link,
    maybe_text,
    number,
    text,
    title,
    word,
)
from engine.rules.case import AreaLink, AreaRef


class Level(SQLModel, table=True):
    """A level of the tree, e.g. district, street, grid, village, micro_grid."""

    __tablename__ = "level"

    word: str = word(key=True)
    title_zh: str = title()
    title_en: str = title()
    #: 0 for the root.
    depth: int = number()


class Area(SQLModel, table=True):
    """One area, as it is from `valid_from` on."""

    __tablename__ = "area"

    id: int | None = big_id()
    #: GB/T 2260 with three digits for the street; below it the grid's own code.
    code: str = word(unique=True)
    level: str = word()
    name: str = title()
    parent_id: int | None = maybe_link("area.id", index=True)
    #: JSON: `[[id, level], …]` from this area up to the root, itself included.
    lineage: str = text()
    #: GeoJSON geometry, WGS-84; none where only the name is known.
    boundary: str | None = maybe_text()
    #: The boundary's box in degrees × 10⁷, so that a point asks few polygons.
    west: int = big_number()
    south: int = big_number()
    east: int = big_number()
    north: int = big_number()
    valid_from: int | None = maybe_instant()
    valid_to: int | None = maybe_instant()

    def ref(self) -> AreaRef:
        """The area as a decision reads it."""
        return AreaRef(self.code, chain(self.lineage))


def chain(lineage: str) -> tuple[AreaLink, ...]:
    """The stored way up to the root."""
    return tuple(AreaLink(area_id, level) for area_id, level in json.loads(lineage))
