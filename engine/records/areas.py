"""Areas: the tree of the block. Levels are data; boundaries change, and history keeps the tree as it was."""

import json
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from sqlalchemy import Index, insert, update
from sqlmodel import SQLModel, col, select

from engine.clock import Instant
from engine.database import Transaction
from engine.definitions.model import Title
from engine.errors import NotFound
from engine.records.asking import among, marks, wrong
from engine.records.columns import (
    big_id,
    big_number,
    key_part,
    maybe_instant,
    maybe_link,
    maybe_text,
    number,
    text,
    title,
    word,
)
from engine.rules.case import AreaLink, AreaRef

_NAMES = "SELECT id, code, name FROM area WHERE id "


class Level(SQLModel, table=True):
    """A level of the tree, e.g. district, street, grid, village, micro_grid."""

    __tablename__ = "level"

    word: str = word(key=True)
    title_zh: str = title()
    title_en: str = title()
    #: 0 for the root.
    depth: int = number()


class Area(SQLModel, table=True):
    """One area, as it is from `valid_from` on; `valid_to` says that it is no more."""

    __tablename__ = "area"
    # A point asks the boxes without reading the outlines beside them.
    __table_args__ = (Index("ix_area_box", "west", "east", "south", "north"),)

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


class FormerArea(SQLModel, table=True):
    """What an area was until `valid_to`: before it was renamed, moved or drawn anew."""

    __tablename__ = "former_area"

    area_id: int = key_part("area.id")
    valid_to: int = key_part()
    valid_from: int | None = maybe_instant()
    name: str = title()
    parent_id: int | None = maybe_link("area.id")
    lineage: str = text()
    boundary: str | None = maybe_text()


@dataclass(frozen=True, slots=True, kw_only=True)
class Boundary:
    """A checked boundary (see `boundaries`): canonical GeoJSON in WGS-84, and its box in degrees × 10⁷."""

    geojson: str
    west: int
    south: int
    east: int
    north: int


@dataclass(frozen=True, slots=True, kw_only=True)
class NewArea:
    """An area that is to be."""

    code: str
    level: str
    name: str
    #: The code of the area above; None for the root.
    parent: str | None = None
    boundary: Boundary | None = None


@lru_cache(maxsize=16_384)
def chain(lineage: str) -> tuple[AreaLink, ...]:
    """The stored way up to the root."""
    return tuple(AreaLink(area_id, level) for area_id, level in json.loads(lineage))


def way(lineage: str) -> str:
    """The stored way up to the root, turned round: `/1/4/9/` from the root down."""
    return f"/{'/'.join(str(link.id) for link in reversed(chain(lineage)))}/"


def steps(transaction: Transaction, area: Area) -> list[tuple[str, str]]:
    """Code and name from the root down to an area, itself included."""
    match, parameters = among(transaction, [link.id for link in chain(area.lineage)])
    rows = {row[0]: (row[1], row[2]) for row in transaction.rows(_NAMES + match, parameters)}
    return [rows[link.id] for link in reversed(chain(area.lineage))]


def ways(transaction: Transaction, area: Area) -> list[str]:
    """Every way on which an area ever lay, now and before it was moved: what lay below it begins with one of them."""
    mark, *_ = marks(transaction, 1)
    former = transaction.rows(f"SELECT lineage FROM former_area WHERE area_id = {mark}", (area.id,))  # noqa: S608
    return sorted({way(lineage) for lineage in (area.lineage, *(row[0] for row in former))})


def ways_of(transaction: Transaction, code: str) -> list[str]:
    """Those of the area of that code. Errors: `NotFound`."""
    return transaction.once((ways_of, code), lambda: ways(transaction, area_by_code(transaction, code)))


def area_by_code(transaction: Transaction, code: str) -> Area:
    """The area of that code, also one that is no more.

    Errors: `NotFound`.
    """
    row = transaction.connection.execute(select(Area).where(col(Area.code) == code)).mappings().first()
    if row is None:
        raise NotFound(f"没有编码为“{code[:60]}”的区域", f"no area has the code '{code[:60]}'")
    return Area(**row)


def own_and_next(transaction: Transaction, ids: Collection[int]) -> list[tuple[str, str]]:
    """Code and name of these areas and of those right below them that are still there."""
    match, parameters = among(transaction, ids)
    rows = transaction.rows(
        f"SELECT code, name FROM area WHERE (id {match} OR parent_id {match}) AND valid_to IS NULL "  # noqa: S608
        "ORDER BY code",
        (*parameters, *parameters),
    )
    return [(code, name) for code, name in rows]


def set_levels(transaction: Transaction, levels: Mapping[str, Title]) -> None:
    """Declare the levels of the tree, from the largest to the smallest; a level that is there gets the new title."""
    there = set(transaction.connection.execute(select(Level.word)).scalars())
    for depth, (name, shown) in enumerate(levels.items()):
        values = {"title_zh": shown.zh, "title_en": shown.en, "depth": depth}
        if name in there:
            transaction.connection.execute(update(Level).where(col(Level.word) == name).values(**values))
        else:
            transaction.connection.execute(insert(Level).values(word=name, **values))


def create_areas(transaction: Transaction, news: Iterable[NewArea], now: Instant) -> dict[str, int]:
    """Create areas, in any order as long as every parent is there or among them; answers code → id.

    Errors: `Malformed` for a code given twice or taken, an unknown level or parent, a level not below its parent's.
    """
    waiting = _by_code(news)
    depths = _depths(transaction)
    lineages = _lineages(transaction, {new.parent for new in waiting.values() if new.parent})
    _refuse_taken(transaction, waiting)
    created: dict[str, int] = {}
    while waiting:
        ready = [new for new in waiting.values() if new.parent is None or new.parent in lineages]
        if not ready:
            lost = next(iter(waiting.values()))
            raise wrong("parent", f"没有上级区域“{lost.parent}”", f"there is no area '{lost.parent}' above")
        for new in ready:
            _refuse_wrong_level(new, lineages, depths)
        ids = _insert(transaction, ready, lineages, now)
        created |= ids
        for new in ready:
            del waiting[new.code]
            above = lineages[new.parent] if new.parent else []
            lineages[new.code] = [[ids[new.code], new.level], *above]
    return created


def rename_area(transaction: Transaction, code: str, name: str, now: Instant) -> None:
    """Give an area another name. Errors: `NotFound`."""
    _change(transaction, area_by_code(transaction, code), now, name=name)


def redraw_area(transaction: Transaction, code: str, new: Boundary | None, now: Instant) -> bool:
    """Give an area another boundary; whether that changed anything. Errors: `NotFound`."""
    return _change(transaction, area_by_code(transaction, code), now, **_outline(new))


def move_area(transaction: Transaction, code: str, parent: str, now: Instant) -> None:
    """Put an area, with all below it, under another one.

    Errors: `NotFound`; `Malformed` when that would turn the tree round or break the order of its levels.
    """
    area, above = area_by_code(transaction, code), area_by_code(transaction, parent)
    if any(link.id == area.id for link in chain(above.lineage)):
        raise wrong("parent", f"“{above.name}”在“{area.name}”之内", f"'{above.name}' lies inside '{area.name}'")
    depths = _depths(transaction)
    _refuse_wrong_level(
        NewArea(code=code, level=area.level, name=area.name, parent=parent),
        {parent: json.loads(above.lineage)},
        depths,
    )
    _change(
        transaction,
        area,
        now,
        parent_id=above.id,
        lineage=_json([[area.id, area.level], *json.loads(above.lineage)]),
    )
    _renew_below(transaction, area_by_code(transaction, code), now)


def end_area(transaction: Transaction, code: str, now: Instant) -> None:
    """An area is no more; its rows stay for the history.

    Errors: `NotFound`; `Malformed` while areas below it are still there.
    """
    area = area_by_code(transaction, code)
    if any(child.valid_to is None for child in _children(transaction, area)):
        raise wrong(
            "code",
            f"“{area.name}”之下还有区域，请先移走或撤销",
            f"'{area.name}' still has areas below it: move or end them first",
        )
    transaction.connection.execute(update(Area).where(col(Area.id) == area.id).values(valid_to=now))


def _by_code(news: Iterable[NewArea]) -> dict[str, NewArea]:
    found: dict[str, NewArea] = {}
    for new in news:
        if new.code in found:
            raise wrong("code", f"编码“{new.code}”写了两次", f"the code '{new.code}' is given twice")
        found[new.code] = new
    return found


def _refuse_taken(transaction: Transaction, codes: Iterable[str]) -> None:
    taken = _lineages(transaction, codes)
    if taken:
        code = min(taken)
        raise wrong("code", f"编码“{code}”已被使用", f"the code '{code}' is taken")


def _refuse_wrong_level(new: NewArea, lineages: Mapping[str, list[list[Any]]], depths: Mapping[str, int]) -> None:
    if new.level not in depths:
        raise wrong("level", f"没有层级“{new.level}”", f"there is no level '{new.level}'")
    if new.parent is None:
        return
    above = str(lineages[new.parent][0][1])
    if depths[new.level] <= depths[above]:
        raise wrong(
            "level",
            f"“{new.name}”的层级 {new.level} 不在上级的层级 {above} 之下",
            f"the level {new.level} of '{new.name}' is not below its parent's, {above}",
        )


def _depths(transaction: Transaction) -> dict[str, int]:
    rows = transaction.connection.execute(select(Level.word, Level.depth))
    return {str(name): int(depth) for name, depth in rows}


def _lineages(transaction: Transaction, codes: Iterable[str]) -> dict[str, list[list[Any]]]:
    match, parameters = among(transaction, codes)
    rows = transaction.rows(f"SELECT code, lineage FROM area WHERE code {match}", parameters)  # noqa: S608
    return {code: json.loads(lineage) for code, lineage in rows}


def _insert(
    transaction: Transaction,
    ready: Sequence[NewArea],
    lineages: Mapping[str, list[list[Any]]],
    now: Instant,
) -> dict[str, int]:
    rows = [
        {
            "code": new.code,
            "level": new.level,
            "name": new.name,
            "parent_id": lineages[new.parent][0][0] if new.parent else None,
            "lineage": "[]",
            "valid_from": now,
            **_outline(new.boundary),
        }
        for new in ready
    ]
    returned = transaction.connection.execute(insert(Area).returning(col(Area.code), col(Area.id)), rows)
    ids = {code: int(area_id) for code, area_id in returned if area_id is not None}
    mark, _ = marks(transaction, 2)
    # An area's own id stands in its lineage, so that can only be written once the id is known.
    transaction.run_many(
        f"UPDATE area SET lineage = {mark} WHERE id = {mark}",  # noqa: S608 (constant words)
        [
            (
                _json([[ids[new.code], new.level], *(lineages[new.parent] if new.parent else [])]),
                ids[new.code],
            )
            for new in ready
        ],
    )
    return ids


def _change(transaction: Transaction, area: Area, now: Instant, **values: Any) -> bool:
    """Write what is new about an area and keep what it was, unless it was that for no time at all."""
    if all(getattr(area, name) == value for name, value in values.items()):
        return False
    if area.valid_from != now:
        was = {name: getattr(area, name) for name in ("valid_from", "name", "parent_id", "lineage", "boundary")}
        transaction.connection.execute(insert(FormerArea).values(area_id=area.id, valid_to=now, **was))
    transaction.connection.execute(update(Area).where(col(Area.id) == area.id).values(valid_from=now, **values))
    return True


def _renew_below(transaction: Transaction, area: Area, now: Instant) -> None:
    for child in _children(transaction, area):
        lineage = _json([[child.id, child.level], *json.loads(area.lineage)])
        _change(transaction, child, now, lineage=lineage)
        _renew_below(transaction, Area(**{**child.model_dump(), "lineage": lineage}), now)


def _children(transaction: Transaction, area: Area) -> list[Area]:
    rows = transaction.connection.execute(select(Area).where(col(Area.parent_id) == area.id)).mappings()
    return [Area(**row) for row in rows]


def _outline(new: Boundary | None) -> dict[str, Any]:
    if new is None:
        return {"boundary": None, "west": 0, "south": 0, "east": 0, "north": 0}
    return {
        "boundary": new.geojson,
        "west": new.west,
        "south": new.south,
        "east": new.east,
        "north": new.north,
    }


def _json(lineage: list[list[Any]]) -> str:
    return json.dumps(lineage, separators=(",", ":"))
