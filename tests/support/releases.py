"""Released schemas with data in them, as `tests/fixtures/releases/VERSION`: a backup, its schema, its figures.

`python -m tests.support.releases` records the version that this checkout is, from a small world with tickets in many
states. Until the first release, whoever rewrites the first migration records it again; what was released is never
touched.
"""

import json
import shutil
import sys
import tempfile
from contextlib import closing
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Any

from engine.background.facts import fold_facts
from engine.background.relay import relay
from engine.background.sweep import sweep
from engine.clock import DAY, HOUR, Instant, SetClock
from engine.database import Database
from engine.definitions.indicator_file import discover
from engine.exchange import backup_manifest
from engine.exchange.backup import back_up
from engine.records import releases, schema
from engine.records.indicators import Asked, figures, formula
from engine.records.structure import Structure
from engine.records.verify import verify
from engine.store import FileStore
from tests.support import server
from tests.support.cases import MONDAY
from tests.support.databases import Cluster, Run
from tests.support.door import World

FOLDER = Path(__file__).resolve().parents[1] / "fixtures" / "releases"
#: As of when figures are counted.
AS_OF = Instant(MONDAY + 30 * DAY)


@dataclass(frozen=True, slots=True)
class Release:
    """What was recorded of a release."""

    version: str
    #: Dialect → the schema as that database describes it.
    schemas: dict[str, Structure]
    #: `table.column` that its program no longer used.
    retired: tuple[str, ...]
    #: Indicator and its formula → numerator, denominator; "" → how many tickets and events.
    figures: dict[str, list[int]]

    @property
    def place(self) -> FileStore:
        """Where its backup is."""
        return FileStore.of(str(FOLDER / self.version / "backup"), FOLDER)

    @property
    def manifest(self) -> backup_manifest.Manifest:
        return backup_manifest.load(self.place, None)


def recorded() -> list[Release]:
    """Every recorded release, the oldest first."""
    found = []
    for folder in FOLDER.iterdir():
        told = json.loads((folder / "release.json").read_text(encoding="utf-8"))
        schemas = {name: {table: tuple(lines) for table, lines in one.items()} for name, one in told["schemas"].items()}
        found.append(Release(folder.name, schemas, tuple(told["retired"]), told["figures"]))
    return sorted(found, key=lambda one: [int(part) for part in one.version.split(".")])


def counted(database: Database) -> dict[str, list[int]]:
    """Figures of a district, which are the same after every upgrade as long as their formula is."""
    indicators = discover()
    asked = Asked(since=MONDAY, until=Instant(MONDAY + 60 * DAY), as_of=AS_OF)
    with database.looking() as transaction:
        found = figures(transaction, indicators.values(), asked)
    verdict = verify(database)
    return {
        "": [verdict.tickets, verdict.events],
        **{
            f"{name}: {formula(indicators[name])}": [one.numerator, one.denominator]
            for name, one in sorted(found.items())
        },
    }


def record(folder: Path) -> None:
    """Record this checkout's schema, with data, into a folder."""
    shutil.rmtree(folder, ignore_errors=True)
    with tempfile.TemporaryDirectory() as work, closing(Database(f"sqlite:///{work}/huying.db")) as database:
        schema.migrate(database)
        clock = SetClock(MONDAY)
        files = FileStore.of(str(Path(work) / "uploads"), Path(work))
        _live(World(database, clock))
        back_up(database, files, FileStore.of(str(folder / "backup"), folder), clock.now(), Path(work), _silent)
        told: dict[str, Any] = {"figures": counted(database), "retired": sorted(releases.RETIRED)}
        told["schemas"] = {"postgresql": _on_postgresql(), "sqlite": schema.catalogue(database)}
    text = json.dumps(told, ensure_ascii=False, indent=1, sort_keys=True)
    (folder / "release.json").write_text(text + "\n", encoding="utf-8")


def _live(world: World) -> None:
    """Tickets on their way, at their end, sent back, overdue, asked about, and their facts."""
    world.ticket().closed()
    world.ticket().called("urban", "water")
    world.ticket().reported()
    world.later(HOUR)
    world.ticket("multi-grid-in-one").reported()
    world.later(20 * DAY)
    sweep(world.door, world.database, world.clock)
    relay(world.database)
    fold_facts(world.database, world.versions)


def _on_postgresql() -> Structure:
    if server.installation() is None:
        raise SystemExit(f"{server.WHEEL} is not installed")
    with (
        Run.begin() as run,
        Cluster(run, run.server()) as cluster,
        cluster.empty() as url,
        closing(Database(url)) as database,
    ):
        schema.migrate(database)
        return schema.catalogue(database)


def _silent(what: str, done: int, total: int) -> None:
    """Nobody looks."""


if __name__ == "__main__":
    target = FOLDER / version("huying")
    record(target)
    size = sum(one.stat().st_size for one in target.rglob("*") if one.is_file())
    sys.stdout.write(f"{target.relative_to(FOLDER.parents[2])}: {size:,} bytes\n")
