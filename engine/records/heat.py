"""Figures of every area of one level below another, for a map: grids of a district, not its streets."""

from collections.abc import Sequence

from engine.database import Transaction
from engine.definitions.indicator import Indicator
from engine.records.asking import Asking, marks
from engine.records.breakdowns import Group
from engine.records.indicator_sql import TABLES, Asked, scope, source
from engine.records.indicators import Figure, counts, read, together


def of_level(
    transaction: Transaction, indicators: Sequence[Indicator], asked: Asked, level: str
) -> dict[str, list[Group]]:
    """Per indicator a group for each area of the level that holds something, each with everything below it.

    An area belongs where it lay as of filing. Errors: `NotFound` as `figure`.
    """
    mark, *_ = marks(transaction, 1)
    rows = transaction.rows(f"SELECT id, code, name FROM area WHERE level = {mark}", (level,))  # noqa: S608
    areas = {str(number): (code, name) for number, code, name in rows}
    found: dict[str, dict[str, Figure]] = {one.name: {} for one in indicators}
    for unit, cohort, some in together(indicators):
        asking, way = Asking(transaction), f"{TABLES[unit]}.area_path"
        columns = ", ".join(counts(one, asked, asking) for one in some)
        where = scope(transaction, asked, asking, unit, cohort)
        for path, *row in transaction.rows(
            f"SELECT {way}, {columns} FROM {source(unit, tickets=asked.units is not None)} "  # noqa: S608
            f"WHERE {where} GROUP BY {way}",
            asking.parameters,
        ):
            area = next((step for step in path.split("/") if step in areas), None)
            if area is not None:
                for name, figure in read(some, row).items():
                    found[name][area] = found[name][area] + figure if area in found[name] else figure
    return {
        name: [Group(*areas[area], figure) for area, figure in sorted(some.items(), key=lambda one: areas[one[0]])]
        for name, some in found.items()
    }
