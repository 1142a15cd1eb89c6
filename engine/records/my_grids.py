"""Somebody's grids at a glance: how much is open in each, of what stage, what is overdue, and who is there."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from engine.clock import Instant
from engine.database import Transaction
from engine.records.access import Viewer
from engine.records.asking import among, marks
from engine.records.grids import LEVEL, Grid
from engine.vocabulary import Stage

#: Grids that are counted in one go: more are a district's, whose numbers stand on its board.
MOST = 30
#: People named per grid.
MOST_PEOPLE = 40


@dataclass(frozen=True, slots=True, kw_only=True)
class PersonThere:
    """Somebody with a post in a grid or in an area inside it."""

    name: str
    post: str
    area_name: str


@dataclass(slots=True, kw_only=True)
class Glance:
    """One grid with the areas inside it."""

    grid: Grid
    #: The areas inside it, itself first, for their posters.
    areas: list[Grid]
    #: Open tickets by stage, those that the reader reaches by a post.
    stages: Counter[Stage] = field(default_factory=Counter)
    #: Open tickets of which a running deadline is over.
    overdue: int = 0
    people: list[PersonThere] = field(default_factory=list)

    @property
    def open(self) -> int:
        return sum(self.stages.values())


def glances(transaction: Transaction, viewer: Viewer, grids: Sequence[Grid], now: Instant) -> list[Glance]:
    """The grids of level `grids.LEVEL` among these, by code, each with what lies inside it."""
    found: dict[int, Glance] = {}
    top: dict[int, int] = {}
    inside = _tops(transaction, grids)
    for one in grids:
        number = inside[one.id]
        top[one.id] = number
        if number == one.id:
            found[number] = Glance(grid=one, areas=[one])
    for one in grids:
        home = found.get(top[one.id])
        if home is None:
            # A post for an area inside a grid: the area stands for itself.
            home = found[top[one.id]] = Glance(grid=one, areas=[])
        if one not in home.areas:
            home.areas.append(one)
    shown = list(found.values())[:MOST]
    kept = {one.id: glance for glance in shown for one in glance.areas}
    _count(transaction, viewer, kept, now)
    _people(transaction, kept, now)
    return shown


def _tops(transaction: Transaction, grids: Sequence[Grid]) -> dict[int, int]:
    """Area → the area of level `LEVEL` that it is or lies in, if that is the reader's; else the highest that is."""
    own = {one.id for one in grids}
    match, parameters = among(transaction, sorted({link for one in grids for link in one.chain}))
    mark, *_ = marks(transaction, 1)
    level = {
        int(row[0])
        for row in transaction.rows(
            f"SELECT id FROM area WHERE level = {mark} AND id {match}",  # noqa: S608 (constant words)
            (LEVEL, *parameters),
        )
    }
    tops = {}
    for one in grids:
        inside = [link for link in one.chain if link in own]
        tops[one.id] = next((link for link in inside if link in level), inside[-1])
    return tops


def _count(transaction: Transaction, viewer: Viewer, kept: Mapping[int, Glance], now: Instant) -> None:
    """Open tickets by area, from the index of what is open: settled ones, however many, cost nothing."""
    units = viewer.official_units
    if not kept or not units:
        return
    areas, ids = among(transaction, sorted(kept))
    reached, names = among(transaction, units)
    mark, *_ = marks(transaction, 1)
    rows = transaction.rows(
        "SELECT t.area_id, t.stage, count(*), sum(CASE WHEN EXISTS (SELECT 1 FROM deadline d "  # noqa: S608
        f"WHERE d.ticket_id = t.id AND d.run = 'running' AND d.due_at < {mark}) THEN 1 ELSE 0 END) "
        f"FROM ticket t WHERE t.settled_at IS NULL AND t.area_id {areas} AND EXISTS (SELECT 1 FROM reach r "
        f"WHERE r.sort_key = t.opened_at AND r.ticket_id = t.id AND r.unit {reached}) GROUP BY t.area_id, t.stage",
        (now, *ids, *names),
    )
    for area, stage, count, overdue in rows:
        glance = kept[int(area)]
        if stage:
            glance.stages[Stage(stage)] += int(count)
        glance.overdue += int(overdue)


def _people(transaction: Transaction, kept: Mapping[int, Glance], now: Instant) -> None:
    if not kept:
        return
    areas, ids = among(transaction, sorted(kept))
    mark, *_ = marks(transaction, 1)
    rows = transaction.rows(
        "SELECT h.area_id, p.name, h.post, a.name FROM holding h JOIN person p ON p.id = h.person_id "  # noqa: S608
        f"JOIN area a ON a.id = h.area_id WHERE p.active AND h.area_id {areas} AND h.valid_from <= {mark} "
        f"AND (h.valid_to IS NULL OR h.valid_to > {mark}) ORDER BY a.code, h.post, p.name",
        (*ids, now, now),
    )
    for area, name, post, area_name in rows:
        there = kept[int(area)].people
        if len(there) < MOST_PEOPLE:
            there.append(PersonThere(name=name, post=post, area_name=area_name))


def problems(transaction: Transaction, viewer: Viewer, found: Sequence[Glance], workflow: str, limit: int) -> list[int]:
    """The ids of the open tickets of a workflow in these grids that the reader reaches by a post, the newest first."""
    areas = sorted({one.id for glance in found for one in glance.areas})
    units = viewer.official_units
    if not areas or not units:
        return []
    there, ids = among(transaction, areas)
    reached, names = among(transaction, units)
    mark, *_ = marks(transaction, 1)
    rows = transaction.rows(
        "SELECT t.id FROM ticket t JOIN workflow_version w ON w.id = t.workflow_id "  # noqa: S608 (constant words)
        f"WHERE t.settled_at IS NULL AND t.area_id {there} AND w.key = {mark} AND EXISTS (SELECT 1 FROM reach r "
        f"WHERE r.sort_key = t.opened_at AND r.ticket_id = t.id AND r.unit {reached}) "
        f"ORDER BY t.opened_at DESC, t.id DESC LIMIT {limit}",
        (*ids, workflow, *names),
    )
    return [int(row[0]) for row in rows]
