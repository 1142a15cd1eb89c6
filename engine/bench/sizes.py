"""What an act, a sweep, a list and the board cost in districts that are alike but for their past.

All districts stand side by side in one run, and each thing is done in all of them in turns: what disturbs the machine
disturbs all of them, and the ratios stay.
"""

import statistics
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from typing import Any
from urllib.request import OpenerDirector

from engine.background.rollups import refresh
from engine.background.sweep import AT_ONCE, candidates, sweep_some
from engine.bench.crowd import due_tickets
from engine.bench.district import Shape, populate
from engine.bench.life import Through
from engine.bench.lists import PASSWORD, get, quoted, serving, signed_in
from engine.bench.run import Figures, interleave, percentile, ratios
from engine.bench.world import World
from engine.clock import Instant, SystemClock
from engine.database import Database
from engine.definitions.indicator_file import discover
from engine.records.access import set_password
from engine.records.people import Appointment, NewPerson, appoint, create_people
from engine.stages.door import Door

#: Lives of a slice; slices of acts, of the sweep; how often a page and the candidate query are asked.
LIVES, SLICES, SWEEPS, ASKED, TRIES = 6, 15, 10, 20, 41
#: Rungs that are due in each district.
DUE = 1_000
SHAPE = Shape()
#: Who looks at what; `office` handles for one of sixteen offices, `centre` coordinates the district.
PAGES = (
    ("centre", "/queue"),
    ("centre", "/tickets"),
    ("centre", "/tickets?stage=dispatch"),
    ("centre", "/tickets?q=路灯"),
    ("centre", "/board"),
    ("office", "/tasks"),
    ("office", "/tickets"),
)


@dataclass(frozen=True, slots=True)
class District:
    """One of the districts."""

    tickets: int
    seconds: float
    megabytes: int
    database: Database
    door: Door
    world: World


def sizes(
    fresh: Callable[[], tuple[Database, Door, World]], counts: Sequence[int], tell: Callable[[str], None]
) -> dict[str, Any]:
    """Figures of districts of so many tickets each; each ratio is a district's cost over that of the first."""
    districts = [_filled(*fresh(), count, tell) for count in counts]
    rows = [*_acts(districts, tell), *_sweeps(districts, tell), *_pages(districts, tell)]
    return {
        "districts": [
            {"tickets": one.tickets, "filled_s": one.seconds, "megabytes": one.megabytes} for one in districts
        ],
        "costs": rows,
        "most": max(row["ratios"][-1] for row in rows),
    }


def _filled(database: Database, door: Door, world: World, count: int, tell: Callable[[str], None]) -> District:
    clock, began = SystemClock(), time.perf_counter()
    total = populate(database, door, world, clock.now(), count, SHAPE, listed=True)
    filled = time.perf_counter() - began
    refresh(database, clock, door.versions, list(discover().values()))
    with database.looking() as transaction:
        ((office,),) = transaction.rows("SELECT min(code) FROM department WHERE code LIKE 'b1-%'")
    database.acting(lambda writing: create_people(writing, [NewPerson(login="office", name="经办")]))
    held = Appointment(login="office", post="handler", department=office, since=Instant(0))
    database.acting(lambda writing: appoint(writing, [held]))
    due_tickets(door, database, world, clock.now(), DUE)
    for login in {login for login, _ in PAGES}:
        set_password(database, login, PASSWORD)
    database.acting(lambda writing: writing.run("ANALYZE"))
    megabytes = _size(database) // 2**20
    tell(
        f"{database.dialect}: {total:,} 件 / tickets, {filled:.0f} s + {time.perf_counter() - began - filled:.0f} s, "
        f"{megabytes:,} MB"
    )
    return District(total, round(filled, 1), megabytes, database, door, world)


def _size(database: Database) -> int:
    sql = (
        "SELECT pg_database_size(current_database())"
        if database.dialect == "postgresql"
        else "SELECT page_count * page_size FROM pragma_page_count, pragma_page_size"
    )
    with database.looking() as transaction:
        return int(transaction.rows(sql)[0][0])


def _acts(districts: Sequence[District], tell: Callable[[str], None]) -> list[dict[str, Any]]:
    """Acts of whole lives through each door, one connection each."""
    contestants = {str(number): [Through(one.door, one.world)] for number, one in enumerate(districts)}
    figures = interleave(contestants, lives=LIVES, slices=SLICES)
    row = {
        "what": "act",
        "p50_ms": [percentile(sorted(one.acts), 50) for one in figures.values()],
        "p95_ms": [percentile(sorted(one.acts), 95) for one in figures.values()],
        "ratios": [_cost(figures, name) for name in figures],
    }
    tell(f"  act: {row['p50_ms']} ms, {row['ratios']}")
    return [row]


def _cost(figures: Mapping[str, Figures], name: str) -> float:
    """What an act costs in one district over what it costs in the first, slice by slice."""
    return ratios(dict(figures), "0", name)["ratio"]


def _sweeps(districts: Sequence[District], tell: Callable[[str], None]) -> list[dict[str, Any]]:
    """Finding what is due, and sweeping it, in turns; milliseconds of a query, and of a rung."""
    asked: list[list[float]] = [[] for _ in districts]
    for _ in range(TRIES):
        for spent, one in zip(asked, districts, strict=True):
            spent.append(_seconds(lambda one=one: _candidates(one)))  # type: ignore[misc]
    swept: list[list[float]] = [[] for _ in districts]
    for _ in range(SWEEPS):
        for spent, one in zip(swept, districts, strict=True):
            spent.append(_rung(one))
    rows = [_row("candidates", asked), _row("rung", swept)]
    for row in rows:
        tell(f"  {row['what']}: {row['p50_ms']} ms, {row['ratios']}")
    return rows


def _candidates(district: District) -> list[int]:
    return candidates(district.database, SystemClock().now(), AT_ONCE[district.database.dialect])


def _rung(district: District) -> float:
    """Seconds of one rung, among a tenth of those that are due."""
    begun, rungs, database = time.perf_counter(), 0, district.database
    while (left := DUE // SWEEPS - rungs) > 0:
        now = SystemClock().now()
        ids = candidates(database, now, min(left, AT_ONCE[database.dialect]))
        done = sweep_some(district.door, database, ids, now)
        if done.failures or not done.tickets:
            raise RuntimeError(f"the sweep did not get on: {done}")
        rungs += done.rungs
    return (time.perf_counter() - begun) / rungs


def _pages(districts: Sequence[District], tell: Callable[[str], None]) -> list[dict[str, Any]]:
    """Pages over HTTP from a server per district, one request at a time, in turns."""
    rows = []
    with ExitStack() as stack:
        sites = [stack.enter_context(serving(one.database)) for one in districts]
        browsers = {
            (site, login): signed_in(site, login) for site in sites for login in sorted({who for who, _ in PAGES})
        }
        for login, path in PAGES:
            spent: list[list[float]] = [[] for _ in sites]
            for turn in range(ASKED + 2):
                # Whoever comes first in a turn is not always the same.
                for number in range(turn, turn + len(sites)):
                    times, site = spent[number % len(sites)], sites[number % len(sites)]
                    seconds = _asked(browsers[site, login], site + quoted(path))
                    if turn > 1:  # the first ones fill caches
                        times.append(seconds)
            rows.append(_row(f"{login} {path}", spent))
            tell(f"  {rows[-1]['what']}: {rows[-1]['p50_ms']} ms, {rows[-1]['ratios']}")
    return rows


def _asked(browser: OpenerDirector, url: str) -> float:
    return _seconds(lambda: get(browser, url))


def _row(what: str, spent: Sequence[Sequence[float]]) -> dict[str, Any]:
    return {
        "what": what,
        "p50_ms": [percentile(sorted(times), 50) for times in spent],
        "p95_ms": [percentile(sorted(times), 95) for times in spent],
        "ratios": [round(statistics.median(a / b for a, b in zip(times, spent[0], strict=True)), 3) for times in spent],
    }


def _seconds(work: Callable[[], object]) -> float:
    begun = time.perf_counter()
    work()
    return time.perf_counter() - begun
