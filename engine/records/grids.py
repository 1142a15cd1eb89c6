"""Grids as whoever stands in one meets them: by the code on a poster."""

import json
from collections.abc import Collection
from dataclasses import dataclass

from engine.database import Transaction
from engine.errors import NotFound
from engine.records.asking import among, marks

#: The level of areas that has posters, with all below it: a street or a district is nobody's spot.
LEVEL = "grid"
#: Grids of one list.
MOST = 500

_COLUMNS = "a.id, a.code, a.name, a.lineage"


@dataclass(frozen=True, slots=True, kw_only=True)
class Grid:
    """A grid, or an area inside one, that is there now."""

    id: int
    code: str
    name: str
    #: Ids from its own up to the root.
    chain: tuple[int, ...]
    #: Names of the areas above it, the nearest first.
    above: tuple[str, ...] = ()


def grid(transaction: Transaction, code: str) -> Grid:
    """The grid of a code. Errors: `NotFound` for an area that is none, is no more, or never was."""
    mark, *_ = marks(transaction, 1)
    rows = transaction.rows(
        f"SELECT {_COLUMNS} FROM area a WHERE a.code = {mark} AND a.valid_to IS NULL",  # noqa: S608 (constant words)
        (code[:64],),
    )
    found = _grids(transaction, rows)
    if not found:
        raise NotFound("没有这个网格码，或已停用", "no grid has this code (any more)")
    return found[0]


def grids_within(transaction: Transaction, roots: Collection[int]) -> list[Grid]:
    """The grids at or below these areas, by code; at most `MOST`."""
    if not roots:
        return []
    rows = transaction.rows(f"SELECT {_COLUMNS} FROM area a WHERE a.valid_to IS NULL ORDER BY a.code")  # noqa: S608
    wanted = set(roots)
    below = [row for row in rows if wanted & {link for link, _ in json.loads(row[3])}]
    return _grids(transaction, below)[:MOST]


def _grids(transaction: Transaction, rows: Collection[tuple[int, str, str, str]]) -> list[Grid]:
    chains = {row[0]: json.loads(row[3]) for row in rows}
    inside = [row for row in rows if any(level == LEVEL for _, level in chains[row[0]])]
    names = _names(transaction, {link for row in inside for link, _ in chains[row[0]]})
    return [
        Grid(
            id=own, code=code, name=name, chain=tuple(link for link, _ in chains[own]),
            above=tuple(names[link] for link, _ in chains[own][1:]),
        )
        for own, code, name, _ in inside
    ]  # fmt: skip


def _names(transaction: Transaction, ids: Collection[int]) -> dict[int, str]:
    match, parameters = among(transaction, sorted(ids))
    return dict(transaction.rows(f"SELECT id, name FROM area WHERE id {match}", parameters)) if ids else {}  # noqa: S608
