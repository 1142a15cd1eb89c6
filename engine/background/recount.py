"""A calendar has a new version: deadlines counted by an older one are counted again, each with a line of history where
its due time moved or stopped being provisional."""

from collections.abc import Callable, Iterator

from engine.background.sweep import AT_ONCE, sweep_some
from engine.clock import Clock
from engine.database import Database, Transaction
from engine.records.knowledge import within
from engine.stages.door import Door
from engine.stages.sweeping import Swept

#: The versions that running deadlines were counted by, hopping through the index from one to the next.
_VERSIONS = """
    WITH RECURSIVE v (name) AS (
        SELECT min(calendar) FROM deadline WHERE ended_at IS NULL
        UNION ALL
        SELECT (SELECT min(calendar) FROM deadline WHERE ended_at IS NULL AND calendar > v.name)
        FROM v WHERE v.name IS NOT NULL)
    SELECT name FROM v WHERE name IS NOT NULL"""
_COUNTED_BY = """
    SELECT DISTINCT ticket_id FROM deadline WHERE ended_at IS NULL AND calendar = {0} AND ticket_id > {0}
    ORDER BY ticket_id LIMIT {0}"""
_STANDS_IN = """
    SELECT DISTINCT d.ticket_id FROM reach r JOIN deadline d ON d.ticket_id = r.ticket_id
    WHERE r.unit IN ({0}, {0}) AND d.ended_at IS NULL AND d.calendar = {0} AND d.ticket_id > {0}
    ORDER BY d.ticket_id LIMIT {0}"""


def recount(
    door: Door,
    database: Database,
    clock: Clock,
    *,
    tell: Callable[[int], None] = lambda count: None,
    stopping: Callable[[], bool] = lambda: False,
) -> Swept:
    """Count again what an older version of a calendar counted; `tell` hears how many tickets are done.

    Errors: as `sweep`.
    """
    done = Swept()
    for statement, parameters in _stale(door, database):
        after = 0
        while not stopping():
            ids = _page(database, statement, (*parameters, after, AT_ONCE[database.dialect]))
            if not ids:
                break
            done.add(sweep_some(door, database, ids, clock.now()))
            after = ids[-1]
            tell(done.tickets)
    return done


def waiting(door: Door, database: Database) -> int:
    """How many tickets `recount` would look at."""
    return sum(
        len(_page(database, statement, (*parameters, 0, 2**31))) for statement, parameters in _stale(door, database)
    )


def _stale(door: Door, database: Database) -> Iterator[tuple[str, tuple[object, ...]]]:
    """What to ask for: versions that count no more, and areas where another calendar stands in now."""
    almanac = door.versions.almanac()
    current = {calendar.version for calendar in almanac.calendars.values()}
    with database.looking() as transaction:
        counted_by = [str(row[0]) for row in transaction.rows(_VERSIONS)]
    yield from ((_COUNTED_BY, (name,)) for name in counted_by if name not in current)
    for area, instead in almanac.local.items():
        for key in instead:
            if key in almanac.calendars:
                yield _STANDS_IN, (*within(area), almanac.calendars[key].version)


def _page(database: Database, statement: str, parameters: tuple[object, ...]) -> list[int]:
    with database.looking() as transaction:
        return [int(row[0]) for row in transaction.rows(_marked(transaction, statement), parameters)]


def _marked(transaction: Transaction, statement: str) -> str:
    return statement.format("%s" if transaction.postgresql else "?")
