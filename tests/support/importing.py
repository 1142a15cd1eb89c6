"""Small installations for old systems to arrive in."""

import csv
import os
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from engine import resources
from engine.clock import Clock
from engine.database import Database
from engine.definitions.loader import load
from engine.definitions.words import shipped as shipped_words
from engine.exchange.catalogue import apply_catalogue
from engine.exchange.history_reading import read_map
from engine.exchange.limit_units import read_units, shipped
from engine.records import versions
from engine.records.areas import NewArea, create_areas, set_levels
from engine.records.calendar_book import CalendarBook
from engine.records.versions import Versions
from engine.stages.door import Door
from tests.support.old_systems import CATALOGUE, STREETS

#: Where real data may lie that is not part of the project.
_SHARED = Path(os.environ.get("HUYING_SHARED_DATA") or Path(__file__).resolve().parents[3] / "shared" / "data")


def shared(name: str) -> Path | None:
    """A file of real data, or None where there is none."""
    path = _SHARED / name
    return path if path.is_file() else None


def empty_house(database: Database, clock: Clock, workflow: str = "service-request") -> Door:
    """An installation with one active workflow and nothing else."""
    definition = load(resources.workflows() / f"{workflow}.yaml")
    database.acting(lambda transaction: versions.store(transaction, definition, clock.now(), activate=True))
    return Door(database, clock, Versions(CalendarBook(database)))


def city(database: Database, clock: Clock, folder: Path) -> Door:
    """An installation with a district, its streets and a catalogue."""
    door = empty_house(database, clock)

    def areas(transaction: Any) -> None:
        set_levels(transaction, shipped_words().levels)
        above = [
            NewArea(code="31", level="city", name="上海市"),
            NewArea(code="310120", level="district", name="奉贤区", parent="31"),
        ]
        streets = [
            NewArea(code=f"310120{number}", level="street", name=name, parent="310120")
            for number, name in enumerate(STREETS, 101)
        ]
        create_areas(transaction, [*above, *streets], clock.now())

    database.acting(areas)
    table = folder / "catalogue.csv"
    header = ("类别", "大类代码", "大类名称", "小类代码", "小类名称", "立案条件", "结案条件", "处置时限")
    written(table, header, CATALOGUE)
    applied = apply_catalogue(database, table, read_units(shipped()), clock.now())
    assert not applied.preview.refused
    return door


def written(path: Path, header: Sequence[str], rows: Iterable[Sequence[str]]) -> Path:
    """A CSV file."""
    with path.open("w", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows([header, *rows])
    return path


def table(path: Path) -> list[dict[str, str]]:
    """The rows of a CSV file."""
    with path.open(encoding="utf-8-sig", newline="") as file:
        return list(csv.DictReader(file))


def mapped(folder: Path, text: str) -> Any:
    """A MAP file of that text, read."""
    path = folder / "map.yaml"
    path.write_text(text, encoding="utf-8")
    return read_map(path)


def count(database: Database, table: str, where: str = "1 = 1") -> int:
    """Rows of a table."""
    with database.looking() as transaction:
        return int(transaction.rows(f"SELECT count(*) FROM {table} WHERE {where}")[0][0])


def everything(database: Database) -> Mapping[str, int]:
    """How many rows there are of all that an import may write."""
    names = ("ticket", "case_number", "particulars", "task", "deadline", "event", "personal", "notice", "command",
             "reach", "outbox", "idempotency_key", "department", "area", "level", "item")  # fmt: skip
    return {name: count(database, name) for name in names}
