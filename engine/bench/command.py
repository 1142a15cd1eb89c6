"""What `huying bench` runs, and how it prints it."""

import shutil
import sqlite3
import statistics
import tempfile
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psycopg
from rich.table import Table
from sqlalchemy.engine import make_url

from engine.bench import world
from engine.bench.figures import figures_timed
from engine.bench.life import Liver, Through, Yard, conninfo, reference
from engine.bench.lists import lists
from engine.bench.replay import record, replay
from engine.bench.run import interleave, ratios
from engine.bench.servers import postgresql
from engine.bench.sizes import sizes
from engine.bench.sweeps import sweeps
from engine.bench.webs import webs
from engine.clock import SystemClock
from engine.database import Database
from engine.records import schema
from engine.records.calendar_book import CalendarBook
from engine.records.versions import Versions
from engine.stages.door import Door

DIALECTS = ("sqlite", "postgresql")
CONNECTIONS = (1, 4)
#: Lives whose statements are written down and replayed.
REPLAYED = 60


def shown_as_table(results: dict[str, Any]) -> Table:
    """The figures for people; `--json` has all of them."""
    table = Table("", "连接 / connections", "acts/s", "lives/s", "p50 ms", "p95 ms", "p99 ms", "÷ 基准 / yardstick")
    for dialect in (name for name in DIALECTS if "act" in results.get(name, {})):
        for count in CONNECTIONS:
            figures = results[dialect][f"connections_{count}"]
            for who in ("yardstick", "door"):
                row = figures[who]
                ratio = f"{figures['act']['ratio']}" if who == "door" else ""
                cells = (row[key] for key in ("acts_per_s", "lives_per_s", "p50_ms", "p95_ms", "p99_ms"))
                table.add_row(f"{dialect} {who}", str(count), *map(str, cells), ratio)
        own = results[dialect]["own_statements"]
        table.add_row(f"{dialect} ÷ own statements", "1", "", "", "", "", "", f"{own['ratio']}")
    return table


def sweeps_as_table(results: dict[str, Any]) -> Table:
    """The figures of the sweep for people."""
    table = Table(
        "",
        "在走 / running",
        "到期 / due",
        "候选 ms / candidates",
        "÷ 小表 / small",
        "级/秒 / rungs/s",
        "acts/s",
        "÷ 门 / door",
    )
    for dialect in (name for name in DIALECTS if "time" in results.get(name, {})):
        figures = results[dialect]["time"]
        found, swept = figures["candidates"], figures["sweep"]
        cells = (
            figures["running"], figures["due"], found["large_ms"], found["ratio"], swept["rungs_per_s"],
            swept["door_acts_per_s"], f"{swept['ratio']} ({swept['least']}–{swept['most']})",
        )  # fmt: skip
        table.add_row(dialect, *map(str, cells))
    return table


def lists_as_table(results: dict[str, Any]) -> Table:
    """How long people wait for lists."""
    table = Table("", "案卷 / tickets", "谁 / who", "页面 / page", "p50 ms", "p95 ms")
    for dialect in (name for name in DIALECTS if "lists" in results.get(name, {})):
        figures = results[dialect]["lists"]
        for row in figures["pages"]:
            cells = (f"{figures['tickets']:,}", row["who"], row["path"], row["p50_ms"], row["p95_ms"])
            table.add_row(dialect, *map(str, cells))
    return table


def figures_as_table(results: dict[str, Any]) -> Table:
    """How long people wait for figures, from rollups and from facts."""
    table = Table("", "案卷 / tickets", "问题 / question", "p50 ms", "p95 ms", "事实 ms / facts", "÷")
    for dialect in (name for name in DIALECTS if "figures" in results.get(name, {})):
        figures = results[dialect]["figures"]
        count = f"{figures['tickets']:,}"
        for row in figures["questions"]:
            cells = (row["question"], row["p50_ms"], row["p95_ms"], row["facts_ms"] or "", row["ratio"] or "")
            table.add_row(dialect, count, *map(str, cells))
        for row in figures["pages"]:
            table.add_row(dialect, count, row["path"], str(row["p50_ms"]), str(row["p95_ms"]), "", "")
        table.add_section()
        kept = f"{figures['counting_s']} s · {figures['round_s']} s · {figures['folded_per_s']}/s"
        table.add_row(dialect, count, f"汇总、一轮、折算 / counting, round, fold: {kept}", "", "", "", "")
    return table


@dataclass(frozen=True, slots=True, kw_only=True)
class Size:
    """How much is timed."""

    #: Ticket lives per slice and connection, and slices of each contestant; no lives: only the sweep is timed.
    lives: int = 20
    slices: int = 15
    #: Running deadlines, and how many of them are due; none: the sweep is not timed.
    running: int = 1_000_000
    due: int = 10_000
    #: Tickets among which lists are timed; none: they are not.
    listed: int = 0
    #: Tickets among which figures are timed; none: they are not.
    figures: int = 0
    #: Tickets of districts that are alike but for their past, the first of them what others are held against.
    sizes: tuple[int, ...] = ()
    #: How many web processes serve one database, on PostgreSQL.
    servers: tuple[int, ...] = ()


def bench(
    size: Size,
    *,
    postgresql_url: str | None,
    dialects: tuple[str, ...],
    tell: Callable[[str], None] = lambda step: None,
) -> dict[str, Any]:
    """Run everything; nested figures under `sqlite`, `postgresql`.

    `act.ratio` and `own_statements.ratio` of the door, `time.candidates.ratio` and `time.sweep.ratio` of the sweep.
    `tell` hears what is being timed.
    """
    results: dict[str, Any] = {"lives_per_slice": size.lives, "slices": size.slices}
    if "sqlite" in dialects:
        with _sqlite_databases() as fresh:
            results["sqlite"] = _all(fresh, size, "sqlite", tell)
    if "postgresql" in dialects:
        with postgresql(postgresql_url) as url, _postgresql_databases(url) as fresh:
            results["postgresql"] = _all(fresh, size, "postgresql", tell)
    return results


def _all(fresh: "Fresh", size: Size, dialect: str, tell: Callable[[str], None]) -> dict[str, Any]:
    figures: dict[str, Any] = {}
    if size.lives:
        tell(f"{dialect}: 门与基准 / the door beside its yardstick")
        figures |= _both(fresh, size.lives, size.slices)
    if size.running:
        tell(f"{dialect}: {size.running:,} 个在走的时限，{size.due:,} 个到级 / running deadlines, so many due")
        database, door, built = fresh.database()
        figures["time"] = sweeps(database, door, built, running=size.running, due=size.due)
    if size.listed:
        tell(f"{dialect}: {size.listed:,} 件案卷中的列表 / lists among tickets")
        database, door, built = fresh.database()
        figures["lists"] = lists(database, door, built, count=size.listed, tell=tell)
    if size.figures:
        tell(f"{dialect}: {size.figures:,} 件案卷的指标 / figures of tickets")
        database, door, built = fresh.database()
        figures["figures"] = figures_timed(database, door, built, count=size.figures, tell=tell)
    if size.sizes:
        tell(f"{dialect}: {', '.join(f'{count:,}' for count in size.sizes)} 件案卷 / tickets")
        figures["sizes"] = sizes(fresh.database, size.sizes, tell)
    if size.servers and dialect == "postgresql":
        tell(f"{dialect}: {', '.join(map(str, size.servers))} 个网页进程 / web processes")
        database, _, built = fresh.database()
        figures["servers"] = webs(
            database, built, size.servers, lives=max(4, size.lives // 4), slices=size.slices, tell=tell
        )
    return figures


class Fresh:
    """Makes databases that are all alike."""

    def __init__(self, url: Any, stack: ExitStack) -> None:
        self._url, self._stack, self._count = url, stack, 0

    def database(self) -> tuple[Database, Door, world.World]:
        """A migrated database with the small district in it, and the door into it."""
        self._count += 1
        database = Database(self._url(self._count), pool=4)
        self._stack.callback(database.close)
        schema.migrate(database)
        clock = SystemClock()
        built = world.build(database, clock.now())
        return database, Door(database, clock, Versions(CalendarBook(database))), built


def _both(fresh: Fresh, lives: int, slices: int) -> dict[str, Any]:
    database, door, built = fresh.database()
    yards = reference()
    results: dict[str, Any] = {}
    prepared = False
    for count in CONNECTIONS:
        yard = _yards(yards, database, count, prepare=not prepared)
        prepared = True
        contestants: dict[str, list[Liver]] = {
            "yardstick": yard,
            "door": [Through(door, built) for _ in range(count)],
        }
        figures = interleave(contestants, lives=max(4, lives // count), slices=slices)
        for liver in yard:
            liver.close()
        results[f"connections_{count}"] = {
            **{name: figure.to_json() for name, figure in figures.items()},
            "act": ratios(figures, "door", "yardstick"),
        }
    results["act"] = results["connections_1"]["act"]
    results["own_statements"] = _own_statements(fresh)
    return results


def _own_statements(fresh: Fresh) -> dict[str, float]:
    """The door against the bare driver running the door's own statements, in turns of ten lives.

    Three databases alike: one that the door is timed on, one whose statements are written down, one they are replayed
    on, where the identities come out the same because the same lives are lived in the same order.
    """
    (_, door, built), (written, its_door, its_world), (replayed, _, _) = (fresh.database() for _ in range(3))
    timed, source = Through(door, built), Through(its_door, its_world)
    driver = _bare(replayed)
    rates: list[float] = []
    statements: list[int] = []
    for turn in range(REPLAYED // 10):
        acts = record(written, source, 10)
        bare = replay(driver, acts)
        measured = interleave({"door": [timed]}, lives=10, slices=1)["door"]
        statements += [len(act) for act in acts]
        if turn:  # the first prepares statements
            rates.append(measured.rates[0] * sum(bare) / len(bare))
    driver.close()
    return {"ratio": round(statistics.median(rates), 3), "statements_per_act": round(statistics.mean(statements), 1)}


def _bare(database: Database) -> Any:
    """The bare driver, durable as the door is."""
    if database.dialect == "postgresql":
        return psycopg.connect(conninfo(database.url.render_as_string(hide_password=False)), prepare_threshold=None)
    connection = sqlite3.connect(str(database.url.database), isolation_level=None)
    for pragma in ("synchronous=FULL", "foreign_keys=ON", "cache_size=-65536"):
        connection.execute(f"PRAGMA {pragma}")
    return connection


def _yards(module: Any, database: Database, count: int, *, prepare: bool) -> list[Liver]:
    at = SystemClock().now()
    if database.dialect == "sqlite":
        path = str(database.url.database)
        yard_path = path + ".yard"
        if prepare:
            module.prepare_sqlite(yard_path)
        return [Yard(module.SqliteYard(yard_path), at) for _ in range(count)]
    info = conninfo(database.url.render_as_string(hide_password=False))
    if prepare:
        module.prepare_postgresql(info)
    return [Yard(module.PostgresqlYard(info), at) for _ in range(count)]


@contextmanager
def _sqlite_databases() -> Iterator[Fresh]:
    folder = Path(tempfile.mkdtemp(prefix="huying-bench-"))
    try:
        with ExitStack() as stack:
            yield Fresh(lambda number: f"sqlite:///{folder / f'{number}.db'}", stack)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@contextmanager
def _postgresql_databases(url: str) -> Iterator[Fresh]:
    base = make_url(url)
    made: list[str] = []

    def create(number: int) -> str:
        name = f"huying_bench_{number}"
        with psycopg.connect(conninfo(url), autocommit=True) as connection:
            connection.execute(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')
            connection.execute(f'CREATE DATABASE "{name}"')
        made.append(name)
        return base.set(database=name).render_as_string(hide_password=False)

    try:
        with ExitStack() as stack:
            yield Fresh(create, stack)
    finally:
        with psycopg.connect(conninfo(url), autocommit=True) as connection:
            for name in made:
                connection.execute(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')
