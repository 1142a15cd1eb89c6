"""A district of twelve streets with grids, departments and years of tickets: what figures are timed on.

Some thousands of tickets come through the door, as an old system's history brings them: each in its own micro-grid, of
its own item and channel, kept in time, late, reworked, on its way or forgotten. All others are copies of these with
their events and their facts, moved back in time in the order in which they would have been born.
"""

import random
import zlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from engine.background.facts import tell_facts
from engine.bench.crowd import columns_of
from engine.bench.world import PHOTO, World, bureaus, grids, items, people
from engine.clock import DAY, HOUR, MINUTE, Instant
from engine.database import Database, Transaction
from engine.records import facts, rollups
from engine.records.asking import among
from engine.rules.acts import Source
from engine.stages.calls import Call, Caller
from engine.stages.door import Door
from engine.stages.lives import Life, Lives

LOOP = "block-calls-line-responds"
#: Years over which the copies lie.
YEARS = 3
#: Microseconds for which what is on its way lies behind: older copies of it do not exist.
_RECENT = 20 * DAY
#: Ids of the copies begin here.
_FAR = 1_000_000_000
_CALLER = Caller(name="import:bench")
_CHANNELS = ("hotline", "hotline", "hotline", "grid", "grid", "sensor", "passer_by")
#: How a ticket goes, so many in a hundred: closed in time, closed late, reworked, forgotten, on its way.
_WAYS = {"kept": 68, "late": 14, "reworked": 6, "forgotten": 2, "running": 10}
#: The tables that are copied, and the column by which a row belongs to its ticket.
_TABLES = {
    "ticket": "id", "event": "ticket_id", "ticket_fact": "ticket_id", "task_fact": "ticket_id",
    "stage_span": "ticket_id",
}  # fmt: skip
#: Tables of which else only the rows of open tickets are copied: what stands now is counted by them.
_OF_OPEN = {"reach": "ticket_id", "deadline": "ticket_id", "task": "ticket_id", "card": "ticket_id"}
#: What lists and acts read beside them.
_LISTED = {
    "case_number": "ticket_id", "particulars": "ticket_id", "ticket_text": "ticket_id", "reach": "ticket_id",
    "task": "ticket_id", "deadline": "ticket_id",
}  # fmt: skip
#: Copies that are on their way, however many are done with: a district that grows old, not one that grows.
_RUNNING = 2_000
#: Columns of these tables that hold moments.
_MOMENTS = frozenset({"at", "recorded_at", "sort_key"})
#: Who does the work of the district.
_PEOPLE = 1_200
#: A copied deadline comes so long after now, in microseconds: nobody sweeps copies.
_AHEAD = 90 * DAY
_NUMBERS = {
    "sqlite": "WITH RECURSIVE n (i) AS (SELECT {last} UNION ALL SELECT i - 1 FROM n WHERE i > {first}) ",
    "postgresql": "WITH n (i) AS (SELECT generate_series({last}::bigint, {first}, -1)) ",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Shape:
    """How large the district is."""

    streets: int = 12
    #: Grids of a street; each has two micro-grids.
    grids: int = 8
    items: int = 40
    #: Bureaus, and offices of each.
    bureaus: int = 4
    offices: int = 4
    #: Tickets that come through the door in each micro-grid.
    lives: int = 12


#: A ticket that came through the door, its number among them, and how often it is copied; None for every time.
_Original = tuple[int, int, int | None]


@dataclass(slots=True)
class _Born:
    """Tickets that came through the door, by whether they are on their way or done with."""

    running: list[int] = field(default_factory=list)
    past: list[int] = field(default_factory=list)
    #: Of the past ones, those that never ended.
    forgotten: set[int] = field(default_factory=set)


def populate(
    database: Database,
    door: Door,
    world: World,
    now: Instant,
    count: int,
    shape: Shape | None = None,
    tick: Callable[[int], None] = lambda _: None,
    *,
    events: bool = True,
    listed: bool = False,
) -> int:
    """Fill the district with about `count` tickets and their facts, with `events` also these; how many there are.

    `listed`: with everything that lists read, and some 2,000 tickets on their way whatever `count` is. `tick` is told
    how many were added.
    """
    shape = shape or Shape()
    tables = {name: key for name, key in _TABLES.items() if events or name != "event"}
    tables |= _LISTED if listed else _OF_OPEN
    # What nobody ever works on would grow with the years, and with it every queue.
    aside = frozenset({"running", "forgotten"} if listed else {"running"})
    born = database.acting(partial(_born, door=door, world=world, now=now, shape=shape, aside=aside))
    whose = database.acting(partial(people, count=_PEOPLE))
    done = len(born.running) + len(born.past)
    database.acting(partial(_told, door=door, ids=[*born.running, *born.past]))
    tick(done)
    times = max(0, count - done) // len(born.past)
    step = YEARS * 365 * DAY // max(times, 1)
    chunk = max(1, 100_000 // len(born.past))
    indexes = database.acting(partial(_without_indexes, tables=tables))
    rows: list[tuple[int, int | None]] = [(one, None) for one in born.past]
    if not listed:
        rows += [(one, max(1, _RECENT // step)) for one in born.running]
    standing = None if listed else frozenset((*born.running, *born.forgotten))
    copying = _Copying(tables, rows, step, now, whose, standing)
    for last in range(times, 0, -chunk):
        first = max(1, last - chunk + 1)
        added = database.acting(partial(_copied, copying=copying, first=first, last=last))
        done += added
        tick(added)
    if listed:
        copies = max(1, _RUNNING // max(1, len(born.running)))
        running = _Copying(
            tables, [(one, None) for one in born.running], _RECENT // copies, now, whose, None, 2 * _FAR, "R"
        )
        done += database.acting(partial(_copied, copying=running, first=1, last=copies))
    _ready(database, indexes, now)
    return done


def _ready(database: Database, indexes: Sequence[str], now: Instant) -> None:
    """After the last copy: the indexes back, every month to be counted, and what the planner knows."""
    for index in indexes:
        database.acting(partial(Transaction.run, sql=index))
    months = {rollups.month_of(now - day * DAY) for day in range(YEARS * 365 + 40)}
    database.acting(lambda writing: rollups.touch_months(writing, months))
    database.acting(lambda writing: writing.run("ANALYZE"))


# -- what comes through the door -------------------------------------------------------------------------------------


def _born(
    transaction: Transaction, door: Door, world: World, now: Instant, shape: Shape, aside: frozenset[str]
) -> _Born:
    places = list(grids(transaction, shape.streets, shape.grids))
    units = list(bureaus(transaction, shape.bureaus, shape.offices))
    things = list(items(transaction, shape.items))
    # The same district every time.
    dice = random.Random(20261126)  # noqa: S311 (no secret)
    lives = Lives(door, transaction, now, [("", str(number)) for number in range(len(places) * shape.lives)])
    found = _Born()
    for place in places:
        for _ in range(shape.lives):
            way = dice.choices(list(_WAYS), list(_WAYS.values()))[0]
            story = _Story(lives, dice, now, place, dice.choice(things), dice.choice(units))
            story.go(way)
            lives.keep(story.life)
            (found.running if way in aside else found.past).append(story.life.outcome.ticket_id)
            if way == "forgotten":
                found.forgotten.add(story.life.outcome.ticket_id)
    lives.write()
    if not found.past:
        raise RuntimeError("a district without settled tickets has nothing to copy")
    return found


class _Story:
    """One ticket, act by act, at the times that its old system claims."""

    def __init__(self, lives: Lives, dice: random.Random, now: Instant, place: str, item: str, unit: str) -> None:
        self._lives, self._dice, self._now, self._item, self._unit = lives, dice, now, item, unit
        self._at = Instant(now - 25 * DAY - dice.randrange(5 * DAY))
        self._place = place
        self.life: Life

    def go(self, way: str) -> None:
        """Live it to its end, or as far as it comes."""
        if way == "running":
            self._at = Instant(self._now - self._dice.randrange(3 * DAY))
        self._report()
        steps = self._dice.randrange(4) if way == "running" else 9
        for step in (self._accept, self._call, self._sign)[:steps]:
            step()
        if way in ("running", "forgotten"):
            return
        self._finish(late=way == "late")
        self._act("check", MINUTE)
        if way == "reworked":
            self._act("rework", MINUTE, {"reason": "未恢复原状"})
            self._finish(late=False)
            self._act("check", MINUTE)
        self._pass()

    def _report(self) -> None:
        form = {
            "description": "路灯不亮，夜间出行不便", "address": f"{self._place} 8 号",
            "place": {"area": self._place}, "before_photos": [PHOTO],
        }  # fmt: skip
        call = Call(
            caller=_CALLER, action="report", workflow=LOOP, form=form, source=Source.IMPORT, claimed_at=self._at,
            channel=self._dice.choice(_CHANNELS),
        )  # fmt: skip
        life = self._lives.begin(call)
        if life is None:
            raise RuntimeError("a life without a key was answered before")
        self.life = life

    def _accept(self) -> None:
        self._act("accept", 10 * MINUTE, {"item": self._item, "urgency": "normal"})

    def _call(self) -> None:
        self._act("call", 5 * MINUTE, {"kind": "appeal", "lead": self._unit})

    def _sign(self) -> None:
        self._act("sign", 20 * MINUTE, task=self._task())

    def _finish(self, *, late: bool) -> None:
        wait = (6 * DAY if late else HOUR) + self._dice.randrange(HOUR)
        self._act("finish", wait, {"result": "已办理", "after_photos": [PHOTO]}, task=self._task())

    def _pass(self) -> None:
        stars = self._dice.choice((2, 3, 4, 4, 5, 5))
        done = [task.seq for task in self.life.case.tasks.values() if not task.open and task.live]
        said = {"stars": stars, "resolved": "solved" if stars > 2 else "unsolved", "reason": "现场复看"}
        self._act("pass", HOUR, each={max(done): said})

    def _task(self) -> int:
        return self.life.open_tasks("line")[-1].seq

    def _act(
        self,
        action: str,
        wait: int,
        form: Mapping[str, Any] | None = None,
        *,
        task: int | None = None,
        each: Mapping[int, Mapping[str, Any]] | None = None,
    ) -> None:
        self._at = min(Instant(self._at + wait), self._now)
        call = Call(
            caller=_CALLER, action=action, form=form or {}, task=task, each=each or {}, source=Source.IMPORT,
            claimed_at=self._at,
        )  # fmt: skip
        self._lives.act(self.life, call)


def _told(transaction: Transaction, door: Door, ids: list[int]) -> None:
    """Their facts, by the very fold."""
    for first in range(0, len(ids), 500):
        facts.write(transaction, tell_facts(transaction, door.versions, ids[first : first + 500]))


# -- copies ----------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Copying:
    """Of which tickets copies are made, and how far apart they lie."""

    tables: Mapping[str, str]
    #: Original, and how many copies of it there are at most.
    rows: Sequence[tuple[int, int | None]]
    #: Microseconds between two copies of one ticket.
    step: int
    now: Instant
    #: Whose the milestones are.
    people: range
    #: Those of which alone rows of `_OF_OPEN` are copied; None for all.
    standing: frozenset[int] | None
    far: int = _FAR
    #: What the copies' case numbers begin with.
    letter: str = "B"


def _copied(transaction: Transaction, copying: _Copying, first: int, last: int) -> int:
    """The copies number `first` to `last` of every ticket, the oldest first; how many tickets these are."""
    numbers = _NUMBERS[transaction.dialect].format(first=first, last=last)
    for table, key in copying.tables.items():
        columns = columns_of(transaction, table)
        wanted = copying.standing if table in _OF_OPEN else None
        parts = enumerate(copying.rows)
        chosen = [(one, part, most) for part, (one, most) in parts if wanted is None or one in wanted]
        _originals(transaction, table, key, chosen)
        values = ", ".join(_value(copying, name, key) for name in columns)
        listed = ", ".join(f'"{name}"' for name in columns)
        overriding = "OVERRIDING SYSTEM VALUE " if transaction.postgresql and table == "ticket" else ""
        transaction.run(
            f"{numbers}INSERT INTO {table} ({listed}) {overriding}"  # noqa: S608 (constant words and numbers)
            f"SELECT {values} FROM n CROSS JOIN bench_{table} x WHERE x.bench_most IS NULL OR n.i <= x.bench_most "
            "ORDER BY n.i DESC, x.bench_part"
        )
    return sum(max(0, min(last, last if most is None else most) - first + 1) for _, most in copying.rows)


def _without_indexes(transaction: Transaction, tables: Mapping[str, str]) -> list[str]:
    """Drop the indexes of the tables that are copied, made faster afterwards; the statements that make them."""
    match, parameters = among(transaction, list(tables))
    sql = (
        f"SELECT indexname, indexdef FROM pg_indexes WHERE schemaname = current_schema() AND tablename {match}"  # noqa: S608
        if transaction.postgresql
        else f"SELECT name, sql FROM sqlite_master WHERE type = 'index' AND tbl_name {match}"  # noqa: S608
    )
    found = [(name, sql) for name, sql in transaction.rows(sql, parameters) if name.startswith("ix_")]
    for name, _ in found:
        transaction.run(f'DROP INDEX "{name}"')
    return [str(sql) for _, sql in found]


def _originals(transaction: Transaction, table: str, key: str, rows: Sequence[tuple[int, int, int | None]]) -> None:
    """The rows of the tickets that came through the door, apart: the table itself soon holds millions."""
    mark = "%s" if transaction.postgresql else "?"
    transaction.run(
        "CREATE TEMPORARY TABLE IF NOT EXISTS bench_born (id BIGINT PRIMARY KEY, part INTEGER, most BIGINT)"
    )
    transaction.run("DELETE FROM bench_born")
    transaction.run_many(
        f"INSERT INTO bench_born (id, part, most) VALUES ({mark}, {mark}, {mark})",  # noqa: S608
        rows,
    )
    transaction.run(f"DROP TABLE IF EXISTS bench_{table}")
    transaction.run(
        f"CREATE TEMPORARY TABLE bench_{table} AS SELECT x.*, b.part AS bench_part, b.most AS bench_most "  # noqa: S608
        f"FROM {table} x JOIN bench_born b ON b.id = x.{key} WHERE x.{key} < {_FAR // 10}"
    )


def _value(copying: _Copying, name: str, key: str) -> str:
    """What a copy has in one column. Later copies are older, and so have lower numbers."""
    if name == key:
        return f"{copying.far} - n.i * {len(copying.rows)} + x.bench_part"
    if name in ("case_no", "number"):
        return f"'{copying.letter}' || x.bench_part || '-' || n.i"
    if name == "next_at":
        return f'CASE WHEN x."{name}" IS NULL THEN NULL ELSE {copying.now + _AHEAD} + n.i END'
    if name.endswith("_by"):
        return _whose(copying, name)
    moves = name in _MOMENTS or name.endswith(("_at", "_due"))
    return f'x."{name}" - n.i * {copying.step}' if moves else f'x."{name}"'


def _whose(copying: _Copying, name: str) -> str:
    """Old systems name nobody with an account: each milestone of a copy is somebody's who stays with that place."""
    turn = zlib.crc32(name.encode()) % len(copying.people)
    whose = f"{copying.people[0]} + (x.bench_part + {turn}) % {len(copying.people)}"
    return f'CASE WHEN x."{name[:-3]}_at" IS NOT NULL THEN {whose} END'


def spread(transaction: Transaction) -> Iterator[tuple[str, str]]:
    """Level and code of one street, one grid and one micro-grid: what figures are asked of."""
    for level in ("street", "grid", "micro_grid"):
        rows = transaction.rows(
            f"SELECT code FROM area WHERE level = {'%s' if transaction.postgresql else '?'} ORDER BY id DESC LIMIT 1",  # noqa: S608
            (level,),
        )
        yield level, str(rows[0][0])
