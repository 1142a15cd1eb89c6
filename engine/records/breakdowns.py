"""Figures broken down: one statement per unit and cohort, grouped by what lies nearest to the facts, then gathered.

By area it groups by the way as of filing and gathers by the children of the area asked for, so that one statement
serves every level and a tree that changed since is read as it was. By department it gathers by today's tree.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache
from typing import Any

from engine.clock import CIVIL_ZONE, DAY, Instant, moment
from engine.database import Transaction
from engine.definitions.indicator import Indicator
from engine.records import areas, departments
from engine.records.asking import Asking, among
from engine.records.indicator_sql import NONE, TABLES, Asked, Shared, lifted
from engine.records.indicators import Figure, by_milestone, grouped, together
from engine.records.rollup_answers import Book
from engine.records.rollup_places import WAYS
from engine.records.rollups import depth_of


class By(StrEnum):
    """What figures are broken down by."""

    AREA = "area"
    DEPARTMENT = "department"
    ITEM = "item"
    CHANNEL = "channel"
    WORKFLOW = "workflow"
    PERSON = "person"
    MONTH = "month"


@dataclass(frozen=True, slots=True)
class Group:
    """One line of a breakdown."""

    #: Code of the area or department, code of the item, channel, key of the workflow, login, or `YYYY-MM` in local
    #: time; "" for what has none (no department yet, reached by nobody with an account).
    key: str
    #: To read, bilingual where its title is: `中文 / English`; "" where the key is all there is.
    name: str
    figure: Figure


#: Groups in their order: key → name.
_Names = dict[str, str]
#: How one row's own value is gathered: the key of its group.
_Key = Callable[[Any], str]
_COLUMNS = {By.ITEM: "item", By.CHANNEL: "channel", By.WORKFLOW: "workflow"}


def breakdown(
    transaction: Transaction, indicators: Sequence[Indicator], asked: Asked, by: By, *, level: str = ""
) -> dict[str, list[Group]]:
    """Per indicator its groups; together they are the whole, so their sum is the figure.

    Children of the area or department asked for (the tops for none) stand there also with nothing to count; the
    unit itself has a line for what lies directly in it. With a `level` areas are those of that level instead of the
    children, and what lies above it stands in the line of the area asked for. Of people, what counts nothing has no
    line. Months stand in their order, everything else by its key. `divides` says which have none.

    Errors: `NotFound` as `figure`.
    """
    # Whoever holds one area asks for that one; but what stands side by side stays what was asked for.
    whole = lifted(transaction, asked)
    wanted = [one for one in indicators if divides(one, by)]
    rows = _counted(transaction, wanted, whole, by, WAYS if level and by is By.AREA else by.value, level)
    values = {value for some in rows.values() for value, _ in some}
    names, key = _gathering(transaction, asked, by, values, level)
    groups = {one.name: _groups(rows[one.name], names, key, one.mean) if one.name in rows else [] for one in indicators}
    if by is By.PERSON or asked.person:
        # Of a milestone that many reach, most have reached nothing that this indicator is about.
        return {name: [group for group in some if group.figure.denominator] for name, some in groups.items()}
    return groups


def divides(indicator: Indicator, by: By) -> bool:
    """Whether an indicator has groups: a stock is of no month, and without a step nobody in person answers."""
    return not (by is By.PERSON and not indicator.person) and not (by is By.MONTH and indicator.standing)


def _counted(
    transaction: Transaction, indicators: Sequence[Indicator], asked: Asked, by: By, kept: str, level: str
) -> dict[str, list[tuple[Any, Figure]]]:
    """Indicator → the finest groups: value of the column, figure; `kept` is what the rollups call the column."""
    book = Book(transaction, asked, kept, deep=_depth(transaction, level) if level else 0)
    found: dict[str, list[tuple[Any, Figure]]] = {one.name: [] for one in indicators}
    for shared, some in together(indicators):
        for own in by_milestone(some) if asked.person else [some]:
            for column, same in _columns(shared, own, asked, by):
                found |= grouped(transaction, book, shared, same, column)
    return found


def _depth(transaction: Transaction, level: str) -> int:
    """How deep the areas of a level lie at most."""
    asking = Asking(transaction)
    rows = transaction.rows(f"SELECT lineage FROM area WHERE level = {asking(level)}", asking.parameters)  # noqa: S608
    return max((depth_of(areas.way(lineage)) for (lineage,) in rows), default=0)


def _columns(
    shared: Shared, indicators: list[Indicator], asked: Asked, by: By
) -> Iterator[tuple[str, list[Indicator]]]:
    """What is grouped by; a person's milestone is each indicator's own."""
    alias = TABLES[shared.unit]
    if by is By.PERSON:
        for same in by_milestone(indicators):
            yield f"{alias}.{same[0].person}_by", same
    elif by is By.AREA:
        yield f"{alias}.area_path", indicators
    elif by is By.DEPARTMENT:
        yield f"{alias}.department_id", indicators
    elif by is By.MONTH:
        yield f"({alias}.{shared.cohort}_at + {_offset(asked.since)}) / {DAY}", indicators
    else:
        yield f"k.{_COLUMNS[by]}", indicators


def _offset(at: Instant) -> int:
    """Local time minus universal time, microseconds; the zone has had no summer time since 1991."""
    offset = moment(at, CIVIL_ZONE).utcoffset()
    return int(offset.total_seconds()) * 1_000_000 if offset is not None else 0


def _groups(rows: Sequence[tuple[Any, Figure]], names: Mapping[str, str], key: _Key, mean: bool) -> list[Group]:
    found: dict[str, Figure] = {}
    for value, figure in rows:
        own = key(value)
        found[own] = found[own] + figure if own in found else figure
    nothing = Figure(numerator=0, denominator=0, total=0 if mean else None)
    listed = [*names, *sorted(found.keys() - names.keys())]
    return [Group(one, names.get(one, ""), found.get(one, nothing)) for one in listed]


def _gathering(transaction: Transaction, asked: Asked, by: By, values: set[Any], level: str) -> tuple[_Names, _Key]:
    if by is By.AREA and level:
        return _by_level(transaction, asked.area, values, level)
    if by is By.AREA:
        return _by_area(transaction, asked.area, values)
    if by is By.DEPARTMENT and asked.department == NONE:
        return {}, lambda _: ""
    if by is By.DEPARTMENT:
        return _by_department(transaction, asked.department, values)
    if by is By.MONTH:
        offset = _offset(asked.since)
        return {}, lambda day: _month(int(day) * DAY - offset)
    if by is By.PERSON:
        people = _titles(transaction, "person", "id", "login, name", values)
        names = {str(login): str(name) for login, name in sorted(people.values())}
        return names, lambda number: people[number][0] if number in people else ""
    if by is By.ITEM:
        codes = {_item(value) for value in values if value}
        titles = _titles(transaction, "item", "code", "name", codes)
        return {code: titles[code][0] for code in sorted(titles)}, _item
    if by is By.WORKFLOW:
        titles = _titles(transaction, "workflow_version", "key", "title", values)
        return {key: titles[key][0] for key in sorted(titles)}, lambda key: str(key or "")
    return {}, lambda value: str(value or "")


@lru_cache(maxsize=2048)
def _month(at: int) -> str:
    """The month of a moment, local time; of a trend the same days are asked again and again."""
    return f"{moment(Instant(at)):%Y-%m}"


def _item(value: Any) -> str:
    """A standard counts with its item."""
    return str(value or "").partition("/")[0]


def _titles(
    transaction: Transaction, table: str, key: str, columns: str, values: set[Any]
) -> dict[Any, tuple[str, ...]]:
    match, parameters = among(transaction, {value for value in values if value is not None})
    rows = transaction.rows(
        f"SELECT {key}, {columns} FROM {table} WHERE {key} {match} ORDER BY id",  # noqa: S608 (constant words)
        parameters,
    )
    return {one: tuple(more) for one, *more in rows}


def _by_area(transaction: Transaction, code: str, values: set[str]) -> tuple[_Names, _Key]:
    """The children of an area, or the tops; a way is gathered by its first step below."""
    area = areas.area_by_code(transaction, code) if code else None
    starts = areas.ways(transaction, area) if area is not None else ["/"]
    steps: dict[str, int] = {}
    for way in values:
        start = next((one for one in starts if way.startswith(one)), "/")
        first = way[len(start) :].partition("/")[0]
        if first:
            steps[way] = int(first)
    asking = Asking(transaction)
    above = f"parent_id = {asking(area.id)}" if area is not None else "parent_id IS NULL"
    match, parameters = among(transaction, set(steps.values()))
    rows = transaction.rows(
        f"SELECT id, code, name FROM area WHERE ({above} AND valid_to IS NULL) OR id {match} ORDER BY code",  # noqa: S608
        [*asking.parameters, *parameters],
    )
    codes = {int(number): one for number, one, _ in rows}
    own = {area.code: area.name} if area is not None and values - steps.keys() else {}
    names = own | {one: name for _, one, name in rows}
    return names, lambda way: codes[steps[way]] if way in steps else code


def _by_level(transaction: Transaction, code: str, values: set[str], level: str) -> tuple[_Names, _Key]:
    """The areas of a level below an area, wherever between."""
    area = areas.area_by_code(transaction, code) if code else None
    starts = areas.ways(transaction, area) if area is not None else ["/"]
    asking = Asking(transaction)
    rows = transaction.rows(
        f"SELECT id, code, name, lineage, valid_to FROM area WHERE level = {asking(level)} ORDER BY code",  # noqa: S608
        asking.parameters,
    )
    codes = {str(number): one for number, one, *_ in rows}

    def key(way: str) -> str:
        return next((codes[step] for step in way.split("/") if step in codes), code)

    used = {key(way) for way in values}
    own = {area.code: area.name} if area is not None and area.code in used else {}
    below = {
        one: name
        for _, one, name, lineage, end in rows
        if one in used or (end is None and areas.way(lineage).startswith(tuple(starts)))
    }
    return own | below, key


def _by_department(transaction: Transaction, code: str, values: set[int | None]) -> tuple[_Names, _Key]:
    """The children of a department, or the tops, each with everything below it."""
    unit = departments.department_by_code(transaction, code) if code else None
    rows = transaction.rows("SELECT id, parent_id, code, name, valid_to FROM department ORDER BY code")
    above = {int(number): parent for number, parent, *_ in rows}
    top = unit.id if unit is not None else None

    def child(number: int | None) -> int | None:
        while number is not None and above.get(number) != top:
            number = above.get(number)
        return number

    wanted = {child(value) for value in values} | {
        number for number, parent, _, _, end in rows if end is None and parent == top
    }
    codes = {int(number): one for number, _, one, _, _ in rows}
    own = {code: unit.name} if unit is not None and unit.id in values else {}
    names = own | {one: name for number, _, one, name, _ in rows if number in wanted}

    def key(number: int | None) -> str:
        found = child(number)
        return codes[found] if found is not None else code if number == top else ""

    return names, key
