"""In which areas rows of the rollups stand that answer a question, and what they have to be cut by."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from engine.database import Transaction
from engine.definitions.indicator import Indicator
from engine.records import areas
from engine.records.asking import Asking
from engine.records.indicator_sql import Asked
from engine.records.rollups import (
    CUTS,
    DIMENSIONS,
    DIVIDED,
    Cut,
    Depths,
    Grain,
    cut_at,
    depth_of,
    person_cut,
    person_in_department_cut,
    with_department,
)

#: What is asked for besides the names of cuts: the smallest areas as they stand.
WAYS = "ways"


@dataclass(frozen=True, slots=True)
class Place:
    """Which rows are asked for."""

    #: What they say that they are cut by; of those by person, before it is known of which milestone, the name alone.
    cut: str
    #: `above` and `way` of the rows; no way: all of them.
    rows: tuple[tuple[str, str | None], ...]
    #: How deep the ways of these rows are.
    depth: int
    #: Instead, what lies directly in any area whose way is in these ranges.
    ranges: tuple[tuple[str, str], ...] = ()
    #: How deep ways matter there; 0 for all of it.
    deep: int = 0
    #: Whether rows have to say for which department, and whether channel or workflow.
    departments: bool = False
    channels: bool = False

    def of(self, indicators: Sequence[Indicator]) -> "Place | None":
        """The same for these indicators; None where no rows are of the people that all of them ask for."""
        if self.cut != Cut.PERSON:
            return self
        milestone, *others = {one.person for one in indicators}
        if not milestone or others:
            return None
        if not self.departments or with_department(indicators[0].unit):
            return replace(self, cut=person_cut(milestone))
        return None if self.channels else replace(self, cut=person_in_department_cut(milestone))

    def fits(self, depths: Depths) -> bool:
        """Whether there are such rows when they are cut at those depths."""
        if self.cut == Cut.FACT:
            return False
        deepest = depths.of(self.cut)
        if deepest is None:
            return True
        return self.depth <= deepest and (not self.ranges or 0 < self.deep <= deepest)

    def where(self, asking: Asking, depths: Depths) -> str:
        """The condition on the rows `r`."""
        parts = [
            f"(r.above = {asking(above)}" + (f" AND r.way = {asking(way)})" if way is not None else ")")
            for above, way in self.rows
        ]
        # Rows end at the depth to which they are cut, or where what they count lies.
        ends, deepest = "r.above = r.way", depths.of(self.cut)
        if deepest is not None:
            ends = f"({ends} OR length(r.way) - length(replace(r.way, '/', '')) = {deepest + 1})"
        parts += [f"({ends} AND r.way >= {asking(first)} AND r.way < {asking(last)})" for first, last in self.ranges]
        return f"({' OR '.join(parts)})"


def _cut(asked: Asked, by: str, grain: Grain) -> tuple[str | None, set[Cut]]:
    """What rows have to be cut by, None where none are; and by which dimensions."""
    asked_by = {Cut.DEPARTMENT: asked.department, Cut.ITEM: asked.item, Cut.CHANNEL: asked.channel}
    asked_by[Cut.WORKFLOW] = asked.workflow
    used = {cut for cut, value in asked_by.items() if value} | {cut for cut in DIMENSIONS if cut.value == by}
    if by == Cut.PERSON.value or asked.person:
        return None if Cut.ITEM in used or grain is Grain.DAY else Cut.PERSON, used
    cut = next((cut for cut in CUTS[grain] if used <= set(DIVIDED[cut])), None)
    return cut or Cut.FACT, used


def placed(where: "Place", asked: Asked, by: str, grain: Grain) -> "Place | None":
    """Where the rows of a grain stand; None where there are none."""
    cut, used = _cut(asked, by, grain)
    if cut is None:
        return None
    return replace(
        where, cut=cut, departments=Cut.DEPARTMENT in used, channels=bool(used & {Cut.CHANNEL, Cut.WORKFLOW})
    )


def lies_at(transaction: Transaction, asked: Asked) -> int:
    """How deep the area asked for lies; 0 for all of them."""
    return max(map(depth_of, areas.ways_of(transaction, asked.area))) if asked.area else 0


def places(transaction: Transaction, asked: Asked, by: str, deepest: int) -> Place:
    """In which areas the rows stand, whatever they are cut by."""
    starts = areas.ways_of(transaction, asked.area) if asked.area else ["/"]
    depth = max(map(depth_of, starts))
    if asked.area and asked.area_alone:
        return Place("", tuple((start, start) for start in starts), depth + 1)
    if by == WAYS:
        # "0" is the sign after "/".
        return Place("", (), depth, tuple((start, f"{start[:-1]}0") for start in starts), deepest)
    if by == Cut.AREA.value:
        return Place("", tuple((start, None) for start in starts), depth + 1)
    if not asked.area:
        return Place("", (("/", None),), 1)
    return Place("", tuple((cut_at(start, depth_of(start) - 1), start) for start in starts), depth)
