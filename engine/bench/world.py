"""A small district, just large enough for tickets to live in: written by plain inserts, the same on both databases."""

import json
from collections.abc import Iterator
from dataclasses import dataclass

from sqlmodel import SQLModel

from engine.clock import Instant
from engine.database import Database, Transaction
from engine.definitions.loader import discover
from engine.records import versions
from engine.records.areas import Area
from engine.records.catalogue import Item, Standard
from engine.records.departments import Department
from engine.records.feed import Upload
from engine.records.people import Holding, Person

#: The photo that every act of the bench shows.
PHOTO = "0" * 64
LEVELS = ("city", "district", "street", "grid", "village", "micro_grid")
#: Login, post, level of the area (or none), department (or none).
CAST = (
    ("worker", "grid_worker", "micro_grid", None),
    ("checker", "grid_worker", "micro_grid", None),
    ("desk", "coordinator", "street", None),
    ("line", "handler", None, "urban"),
    ("head", "lead", None, "urban"),
    ("centre", "coordinator", "district", None),
)


@dataclass(frozen=True, slots=True)
class World:
    """The people of the small district, by login, its smallest area, and a catalogue item."""

    people: dict[str, int]
    area: str
    item: str


def build(database: Database, now: Instant) -> World:
    """Areas, one department, the cast, the shipped workflows, all active."""
    return database.acting(lambda transaction: _build(transaction, now))


def _build(transaction: Transaction, now: Instant) -> World:
    areas = _areas(transaction, now)
    departments = {"urban": _insert(transaction, Department, code="urban", name="城管执法", kind="bureau")}
    people = {}
    for login, post, level, department in CAST:
        people[login] = _insert(transaction, Person, login=login, name=login, phone="", active=True)
        _insert(
            transaction,
            Holding,
            person_id=people[login],
            post=post,
            area_id=areas[level] if level else None,
            department_id=departments[department] if department else None,
            valid_from=0,
        )
    transaction.connection.execute(
        Upload.__table__.insert().values(sha256=PHOTO, media_type="image/jpeg", size=1, uploaded_at=now)  # type: ignore[attr-defined]
    )
    for definition in discover():
        versions.store(transaction, definition, now, activate=True)
    item = _insert(
        transaction, Item, code="part-01-01", kind="part", class_code="01", class_name="公用设施", item_code="01",
        name="路灯", active=True,
    )  # fmt: skip
    _insert(
        transaction, Standard, item_id=item, ordinal=1, filing_condition="不亮", closing_condition="恢复照明",
        limit_source="4小时", limit="4 working hours", active=True,
    )  # fmt: skip
    return World(people, LEVELS[-1], "part-01-01/1")


def _areas(transaction: Transaction, now: Instant) -> dict[str, int]:
    areas: dict[str, int] = {}
    chain: list[tuple[int, str]] = []
    for level in LEVELS:
        parent = chain[0][0] if chain else None
        area = _insert(
            transaction, Area, code=level, level=level, name=level, parent_id=parent, lineage="[]", valid_from=0
        )
        chain.insert(0, (area, level))
        areas[level] = area
        table = Area.__table__  # type: ignore[attr-defined]
        transaction.connection.execute(table.update().where(table.c.id == area).values(lineage=json.dumps(chain)))
    return areas


def street(transaction: Transaction, number: int) -> str:
    """One more street of the district with its areas down to the smallest; the code of that."""
    chain = _chain_of(transaction, "district")
    code = ""
    for level in LEVELS[LEVELS.index("street") :]:
        code = f"{level}-{number}"
        chain = _below(transaction, chain, level, code)
    return code


def grids(transaction: Transaction, streets: int, each: int) -> Iterator[str]:
    """More streets of the district with so many grids of one village and two micro-grids; the codes of these."""
    for number in range(1, streets + 1):
        street_chain = _below(transaction, _chain_of(transaction, "district"), "street", f"s{number}")
        for part in range(1, each + 1):
            name = f"s{number}-{part}"
            grid = _below(transaction, street_chain, "grid", f"{name}-g")
            village = _below(transaction, grid, "village", f"{name}-v")
            for micro in ("1", "2"):
                _below(transaction, village, "micro_grid", f"{name}-{micro}")
                yield f"{name}-{micro}"


def bureaus(transaction: Transaction, count: int, offices: int) -> Iterator[str]:
    """So many bureaus, each with so many offices below it; the codes of the offices."""
    for number in range(1, count + 1):
        bureau = _insert(transaction, Department, code=f"b{number}", name=f"第{number}局", kind="bureau")
        for part in range(1, offices + 1):
            code = f"b{number}-{part}"
            name = f"第{number}局{part}科"
            _insert(transaction, Department, code=code, name=name, kind="field_office", parent_id=bureau)
            yield code


def items(transaction: Transaction, count: int) -> Iterator[str]:
    """So many items with one standard each; the codes of the standards."""
    for number in range(1, count + 1):
        code = f"part-77-{number:02}"
        item = _insert(
            transaction, Item, code=code, kind="part", class_code="77", class_name="其他设施",
            item_code=f"{number:02}", name=f"设施 {number}", active=True,
        )  # fmt: skip
        _insert(
            transaction, Standard, item_id=item, ordinal=1, filing_condition="损坏", closing_condition="修复",
            limit_source="4小时", limit="4 working hours", active=True,
        )  # fmt: skip
        yield f"{code}/1"


def people(transaction: Transaction, count: int) -> range:
    """So many people with accounts and without posts; their ids."""
    ids = [
        _insert(transaction, Person, login=f"worker-{number}", name=f"员工 {number}", phone="", active=True)
        for number in range(1, count + 1)
    ]
    if ids[-1] - ids[0] != count - 1:
        raise RuntimeError("somebody else is filling the table of people")
    return range(ids[0], ids[-1] + 1)


def _chain_of(transaction: Transaction, code: str) -> list[tuple[int, str]]:
    table = Area.__table__  # type: ignore[attr-defined]
    row = transaction.connection.execute(table.select().where(table.c.code == code)).mappings().one()
    return [(int(link[0]), str(link[1])) for link in json.loads(row["lineage"])]


def _below(transaction: Transaction, above: list[tuple[int, str]], level: str, code: str) -> list[tuple[int, str]]:
    """One more area; its way up to the root."""
    table = Area.__table__  # type: ignore[attr-defined]
    area = _insert(
        transaction, Area, code=code, level=level, name=code, parent_id=above[0][0], lineage="[]", valid_from=0
    )
    chain = [(area, level), *above]
    transaction.connection.execute(table.update().where(table.c.id == area).values(lineage=json.dumps(chain)))
    return chain


def _insert(transaction: Transaction, table: type[SQLModel], **values: object) -> int:
    full = {name: value for name, value in table(**values).model_dump().items() if name != "id"}
    new = table.__table__  # type: ignore[attr-defined]
    row = transaction.connection.execute(new.insert().values(**full).returning(new.c.id))
    return int(row.scalar_one())
