"""What forms choose from: areas, departments, catalogue items, people, workflows; and the feed of acts."""

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from engine.clock import Instant
from engine.database import Transaction
from engine.records.access import Viewer
from engine.records.asking import among, marks
from engine.records.names import Named

#: Rows of one answer.
MOST = 200
#: Items of the catalogue that a phone carries; the published ones have some hundred.
MOST_CARRIED = 5_000


@dataclass(frozen=True, slots=True, kw_only=True)
class AreaRow:
    """An area and the code of the one above it."""

    code: str
    name: str
    level: str
    parent: str | None
    #: Steps below the root.
    depth: int


@dataclass(frozen=True, slots=True, kw_only=True)
class DepartmentRow:
    """A unit, the code of the one above it and of the area it is stationed in."""

    code: str
    name: str
    kind: str
    parent: str | None
    area: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class StandardRow:
    """One standard of an item."""

    code: str
    filing_condition: str
    closing_condition: str
    limit: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ItemRow:
    """A catalogue item with its standards."""

    code: str
    name: str
    kind: str
    class_name: str
    standards: tuple[StandardRow, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class CarriedItem:
    """An item as a phone carries it, to be searched without signal."""

    code: str
    name: str
    initials: str
    class_name: str
    standards: tuple[StandardRow, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class FeedRow:
    """One act in the order of positions."""

    position: int
    case_no: str
    seq: int
    last_seq: int
    at: Instant


@dataclass(frozen=True, slots=True, kw_only=True)
class VersionRow:
    """One stored version of a workflow."""

    version: int
    sha256: str
    stored_at: Instant
    activated_at: Instant | None


class _Where:
    """Conditions and their parameters, in order."""

    def __init__(self, transaction: Transaction, *always: str) -> None:
        self.mark, *_ = marks(transaction, 1)
        self._conditions, self.parameters = list(always), list[Any]()

    def add(self, condition: str, *values: Any) -> None:
        """A condition in which each `?` stands for a value."""
        self._conditions.append(condition.replace("?", self.mark))
        self.parameters.extend(values)

    def has(self, columns: Sequence[str], text: str) -> None:
        """Any of the columns holds the text, whatever its case."""
        lowered = text.lower()
        search = "instr(lower({}), ?) > 0" if self.mark == "?" else "strpos(lower({}), ?) > 0"
        self.add(f"({' OR '.join(search.format(column) for column in columns)})", *([lowered] * len(columns)))

    def __str__(self) -> str:
        return " AND ".join(self._conditions) or "1 = 1"


def areas(
    transaction: Transaction,
    *,
    parent: str | None = None,
    level: str | None = None,
    text: str | None = None,
    after: str | None = None,
    limit: int = MOST,
) -> list[AreaRow]:
    """Areas that are there, by code."""
    where = _Where(transaction, "a.valid_to IS NULL")
    if parent is not None:
        where.add("u.code = ?", parent)
    if level is not None:
        where.add("a.level = ?", level)
    if text:
        where.has(("a.code", "a.name"), text)
    if after is not None:
        where.add("a.code > ?", after)
    rows = transaction.rows(
        "SELECT a.code, a.name, a.level, u.code, a.lineage FROM area a "  # noqa: S608 (constant words)
        f"LEFT JOIN area u ON u.id = a.parent_id WHERE {where} ORDER BY a.code LIMIT {_bounded(limit)}",
        where.parameters,
    )
    return [_area(row) for row in rows]


def areas_within(transaction: Transaction, roots: Iterable[int], limit: int) -> list[AreaRow]:
    """The areas of these ids and all below them, as a tree is read; every area if no root is named."""
    wanted = set(roots)
    rows = transaction.rows(
        "SELECT a.code, a.name, a.level, u.code, a.lineage FROM area a LEFT JOIN area u ON u.id = a.parent_id "
        "WHERE a.valid_to IS NULL"
    )
    paths = {row[0]: [link[0] for link in reversed(json.loads(row[4]))] for row in rows}
    below = [row for row in rows if not wanted or wanted & set(paths[row[0]])]
    return [_area(row) for row in sorted(below, key=lambda row: paths[row[0]])[:limit]]


def departments(
    transaction: Transaction,
    *,
    kind: str | None = None,
    text: str | None = None,
    after: str | None = None,
    limit: int = MOST,
) -> list[DepartmentRow]:
    """Units that are there, by code."""
    where = _Where(transaction, "d.valid_to IS NULL")
    if kind is not None:
        where.add("d.kind = ?", kind)
    if text:
        where.has(("d.code", "d.name"), text)
    if after is not None:
        where.add("d.code > ?", after)
    rows = transaction.rows(
        "SELECT d.code, d.name, d.kind, u.code, a.code FROM department d LEFT JOIN department u ON u.id = d.parent_id "  # noqa: S608
        f"LEFT JOIN area a ON a.id = d.area_id WHERE {where} ORDER BY d.code LIMIT {_bounded(limit)}",
        where.parameters,
    )
    return [DepartmentRow(code=row[0], name=row[1], kind=row[2], parent=row[3], area=row[4]) for row in rows]


def items(transaction: Transaction, *, text: str | None = None, limit: int = 50) -> list[ItemRow]:
    """Active catalogue items whose code, name, class or filing condition holds the text, or whose name sounds so by its
    initials (`jg` 井盖), with all their standards."""
    where = _Where(transaction, "i.active")
    if text:
        where.has(("i.code", "i.name", "i.initials", "i.class_name", "s.filing_condition"), text)
    rows = transaction.rows(
        "SELECT DISTINCT i.id, i.code, i.name, i.kind, i.class_name FROM item i "  # noqa: S608
        f"LEFT JOIN standard s ON s.item_id = i.id AND s.active WHERE {where} ORDER BY i.code LIMIT {_bounded(limit)}",
        where.parameters,
    )
    standards = _standards(transaction, [row[0] for row in rows])
    return [
        ItemRow(code=row[1], name=row[2], kind=row[3], class_name=row[4], standards=tuple(standards.get(row[0], ())))
        for row in rows
    ]


def whole_catalogue(transaction: Transaction) -> list[CarriedItem]:
    """Every active item by code, at most `MOST_CARRIED`, with its standards: everything that `items` searches."""
    rows = transaction.rows(
        f"SELECT id, code, name, initials, class_name FROM item WHERE active ORDER BY code LIMIT {MOST_CARRIED}"  # noqa: S608
    )
    standards = _standards(transaction, [row[0] for row in rows])
    return [
        CarriedItem(
            code=row[1], name=row[2], initials=row[3], class_name=row[4], standards=tuple(standards.get(row[0], ()))
        )
        for row in rows
    ]


def item_names(transaction: Transaction, codes: Iterable[str]) -> dict[str, str]:
    """What items are called; a standard's code is called by its item and its filing condition."""
    wanted = set(codes)
    if not wanted:
        return {}
    match, parameters = among(transaction, {code.partition("/")[0] for code in wanted})
    rows = transaction.rows(
        "SELECT i.code, i.name, s.ordinal, s.filing_condition FROM item i "  # noqa: S608
        f"LEFT JOIN standard s ON s.item_id = i.id WHERE i.code {match}",
        parameters,
    )
    found = {row[0]: row[1] for row in rows}
    found |= {f"{row[0]}/{row[2]}": f"{row[1]} · {row[3]}" for row in rows if row[2] is not None}
    return {code: found[code] for code in wanted if code in found}


def people_in(transaction: Transaction, department_id: int | None, text: str, now: Instant) -> list[Named]:
    """Active people who hold a post now, in one department or anywhere; at most `MOST`."""
    where = _Where(transaction, "p.active")
    where.add("h.valid_from <= ? AND (h.valid_to IS NULL OR h.valid_to > ?)", now, now)
    if department_id is not None:
        where.add("h.department_id = ?", department_id)
    if text:
        where.has(("p.login", "p.name"), text)
    rows = transaction.rows(
        "SELECT DISTINCT p.login, p.name FROM person p JOIN holding h ON h.person_id = p.id "  # noqa: S608
        f"WHERE {where} ORDER BY p.login LIMIT {MOST}",
        where.parameters,
    )
    return [Named(login, name) for login, name in rows]


def feed(transaction: Transaction, viewer: Viewer, after: int, limit: int) -> tuple[list[FeedRow], int]:
    """Acts behind a position that this reader may know of, and the last position looked at."""
    bounded = _bounded(limit)
    mark, *_ = marks(transaction, 1)
    units, parameters = among(transaction, viewer.units)
    rows = transaction.rows(
        "SELECT f.position, t.case_no, f.seq, f.last_seq, f.at, EXISTS (SELECT 1 FROM reach r "  # noqa: S608
        f"WHERE r.sort_key = t.opened_at AND r.ticket_id = t.id AND r.unit {units}) "
        f"FROM feed f JOIN ticket t ON t.id = f.ticket_id WHERE f.position > {mark} "
        f"ORDER BY f.position LIMIT {bounded}",
        (*parameters, after),
    )
    known = [FeedRow(position=row[0], case_no=row[1], seq=row[2], last_seq=row[3], at=row[4]) for row in rows if row[5]]
    return known, int(rows[-1][0]) if rows else after


def active_keys(transaction: Transaction) -> list[str]:
    """Keys of the workflows that new tickets may start on."""
    rows = transaction.rows("SELECT DISTINCT key FROM workflow_version WHERE activated_at IS NOT NULL ORDER BY key")
    return [row[0] for row in rows]


def versions_of(transaction: Transaction, key: str) -> list[VersionRow]:
    """Every stored version of a workflow, the newest first."""
    mark, *_ = marks(transaction, 1)
    rows = transaction.rows(
        "SELECT version, sha256, stored_at, activated_at FROM workflow_version "  # noqa: S608 (constant words)
        f"WHERE key = {mark} ORDER BY version DESC",
        (key,),
    )
    return [VersionRow(version=row[0], sha256=row[1], stored_at=row[2], activated_at=row[3]) for row in rows]


def waiting(transaction: Transaction) -> tuple[int, Instant | None]:
    """How many acts have no position yet, and since when the oldest waits."""
    ((count, oldest),) = transaction.rows("SELECT count(*), min(at) FROM outbox")
    return int(count), oldest


def _area(row: Sequence[Any]) -> AreaRow:
    return AreaRow(code=row[0], name=row[1], level=row[2], parent=row[3], depth=len(json.loads(row[4])) - 1)


def _standards(transaction: Transaction, ids: Sequence[int]) -> dict[int, list[StandardRow]]:
    if not ids:
        return {}
    listed = ", ".join(marks(transaction, len(ids)))
    rows = transaction.rows(
        'SELECT s.item_id, i.code, s.ordinal, s.filing_condition, s.closing_condition, s."limit" FROM standard s '  # noqa: S608
        f"JOIN item i ON i.id = s.item_id WHERE s.active AND s.item_id IN ({listed}) ORDER BY s.item_id, s.ordinal",
        ids,
    )
    found: dict[int, list[StandardRow]] = {}
    for item_id, code, ordinal, filing, closing, limit in rows:
        standard = StandardRow(
            code=f"{code}/{ordinal}", filing_condition=filing, closing_condition=closing, limit=limit
        )
        found.setdefault(item_id, []).append(standard)
    return found


def _bounded(limit: int) -> int:
    return max(1, min(limit, MOST))
