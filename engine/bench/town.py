"""A district of twelve streets with as many tickets as wanted: what lists are timed on.

Every ticket is the copy of one that came through the door: of nearly all the matter is settled, of one in a hundred it
is not. Copies are spread over 400 days, those that wait over the last three, and share nothing but their words.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any

from engine.bench.crowd import columns_of
from engine.bench.world import PHOTO, World, street
from engine.clock import DAY, Instant
from engine.database import Database, Transaction
from engine.rules.acts import Source
from engine.stages.calls import Call, Caller
from engine.stages.door import Door
from engine.stages.lives import Life, Lives

#: The loop of what waits, and that of what is settled.
WAITING, SETTLED = "block-calls-line-responds", "service-request"
STREETS = 12
#: One ticket of so many still waits for somebody.
_WAITS = 100
#: Days over which settled tickets are spread, and those that wait.
_PAST, _PRESENT = 400, 3
#: Ids of the copies begin here; those of one original lie so far apart.
_FAR, _APART = 1_000_000_000, 10_000_000
_MATTERS = (
    "窨井盖破损，车辆颠簸", "路灯不亮，夜间出行不便", "垃圾桶满溢，三天没人收", "楼道堆物，消防通道不畅",
    "人行道地砖松动", "行道树枝叶遮挡信号灯", "河道漂浮物，有异味", "占道经营，早高峰拥堵",
)  # fmt: skip
_CALLER = Caller(name="import:bench")
#: The tables a list reads, and the column by which a row belongs to its ticket.
_TABLES = {
    "ticket": "id", "case_number": "ticket_id", "particulars": "ticket_id", "ticket_text": "ticket_id",
    "reach": "ticket_id", "task": "ticket_id", "deadline": "ticket_id",
}  # fmt: skip
#: Moments that move with the ticket.
_MOMENTS = frozenset(
    "opened_at entered_at settled_at sort_key started_at due_at next_at ended_at paused_at resumes_at".split()
)


#: The numbers of the copies as a table.
_NUMBERS = {
    "sqlite": "WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < {copies}) ",
    "postgresql": "WITH n (i) AS (SELECT generate_series(1::bigint, {copies})) ",
}


@dataclass(frozen=True, slots=True)
class _Original:
    """A ticket that came through the door, and whether it waits for somebody."""

    ticket_id: int
    waits: bool


def fill(
    database: Database, door: Door, world: World, now: Instant, count: int, tick: Callable[[int], None] = lambda _: None
) -> int:
    """Fill the district with about `count` tickets; how many there are. `tick` is told how many were added."""

    def streets(transaction: Transaction) -> list[str]:
        return [world.area, *(street(transaction, number) for number in range(1, STREETS))]

    places = database.acting(streets)
    originals = database.acting(lambda writing: list(_originals(writing, door, world, places, now)))
    waiting = [one for one in originals if one.waits]
    settled = [one for one in originals if not one.waits]
    shares = (
        *((one, count // _WAITS // len(waiting), _PRESENT) for one in waiting),
        *((one, (count - count // _WAITS) // len(settled), _PAST) for one in settled),
    )
    total = len(originals)
    for number, (one, copies, days) in enumerate(shares):
        if copies:
            database.acting(partial(_copy, original=one.ticket_id, number=number, copies=copies, days=days))
            total += copies
        tick(copies)
    database.acting(lambda writing: writing.run("ANALYZE"))
    return total


def _originals(
    transaction: Transaction, door: Door, world: World, places: list[str], now: Instant
) -> Iterator[_Original]:
    """In every street: for each matter a ticket that a department has settled; one reported, one filed, one called."""
    lives = Lives(door, transaction, now, [("", str(number)) for number in range(len(places) * (len(_MATTERS) + 3))])
    born = []
    for place in places:
        for matter in _MATTERS:
            life = _begin(lives, SETTLED, matter, place)
            for action, form in (("accept", {"item": world.item}), ("dispatch", {"lead": "urban"})):
                _act(lives, life, action, form)
            (task,) = life.open_tasks("job")
            _act(lives, life, "finish", {"result": "已办理"}, task=task.seq)
            _act(lives, life, "close", {})
            born.append((life, False))
        for steps, matter in enumerate(_MATTERS[:3]):
            life = _begin(lives, WAITING, matter, place)
            acts = (
                ("accept", {"item": world.item, "urgency": "normal"}),
                ("call", {"kind": "appeal", "lead": "urban"}),
            )
            for action, form in acts[:steps]:
                _act(lives, life, action, form)
            born.append((life, True))
    for life, _ in born:
        lives.keep(life)
    lives.write()
    yield from (_Original(life.outcome.ticket_id, waits) for life, waits in born)


def _begin(lives: Lives, workflow: str, matter: str, place: str) -> Life:
    photos = {"before_photos": [PHOTO]}
    form = {"description": matter, "address": f"{place} 8 号", "place": {"area": place}, **photos}
    life = lives.begin(Call(caller=_CALLER, action="report", workflow=workflow, form=form, source=Source.IMPORT))
    if life is None:
        raise RuntimeError("a life without a key was answered before")
    return life


def _act(lives: Lives, life: Life, action: str, form: Mapping[str, Any], task: int | None = None) -> None:
    lives.act(life, Call(caller=_CALLER, action=action, form=form, task=task, source=Source.IMPORT))


def _copy(transaction: Transaction, original: int, number: int, copies: int, days: int) -> None:
    """So many copies of a ticket's rows in all tables that lists read, each some moments older than the one before."""
    first, step = _FAR + number * _APART, days * DAY // copies
    mark = "%s" if transaction.postgresql else "?"
    numbers = _NUMBERS[transaction.dialect].format(copies=copies)
    for table, key in _TABLES.items():
        columns = columns_of(transaction, table)
        told = ", ".join(f'"{name}"' for name in columns)
        values = ", ".join(_value(name, key, number, first, step) for name in columns)
        overriding = "OVERRIDING SYSTEM VALUE " if transaction.postgresql and table == "ticket" else ""
        transaction.run(
            f"{numbers}INSERT INTO {table} ({told}) {overriding}"  # noqa: S608 (constant words and numbers)
            # The original first, whatever an optimizer thinks: `reach` has no index by ticket.
            f"SELECT {values} FROM {table} x CROSS JOIN n WHERE x.{key} = {mark}",
            (original,),
        )


def _value(name: str, key: str, number: int, first: int, step: int) -> str:
    """What a copy has in one column."""
    if name == key:
        return f"{first} + n.i"
    if name in ("case_no", "number"):
        return f"'B{number}-' || n.i"
    return f'x."{name}" - n.i * {step}' if name in _MOMENTS else f'x."{name}"'
