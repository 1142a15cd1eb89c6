"""Hand-over of all open work of a person, through the door, some tickets at a time."""

import os
from collections.abc import Callable, Sequence
from typing import Any

from engine.clock import Clock, Instant
from engine.database import Database, Transaction
from engine.errors import Busy, Malformed, Place
from engine.records import load, write
from engine.records.asking import marks
from engine.records.knowledge import within
from engine.rules.case import THE_RULE
from engine.rules.handing_over import Successor, hand_over
from engine.stages.door import MOST_TRIES, Door

#: Tickets of one transaction.
AT_ONCE = 100

#: `area` or `department`, and an id; where a post is held.
Unit = tuple[str, int | None]


def waiting(database: Database, one: Successor, units: Sequence[Unit] | None = None) -> int:
    """How many tickets hold work that `move_work` would move."""
    with database.looking() as transaction:
        return len(_page(transaction, one.from_id, units, 0, 2**31))


def refuse_strangers(
    transaction: Transaction, one: Successor, now: Instant, units: Sequence[Unit] | None = None
) -> None:
    """Work of a department goes to nobody outside of it. Errors: `Malformed` naming the departments."""
    mark, *_ = marks(transaction, 1)
    where, parameters = _of(transaction, one.from_id, units)
    rows = transaction.rows(
        f"SELECT DISTINCT d.name FROM task t JOIN department d ON d.id = t.department_id WHERE {where} "  # noqa: S608
        f"AND NOT EXISTS (SELECT 1 FROM holding h WHERE h.person_id = {mark} AND h.department_id = t.department_id "
        f"AND h.valid_from <= {mark} AND (h.valid_to IS NULL OR h.valid_to > {mark})) ORDER BY d.name",
        (*parameters, one.to_id, now, now),
    )
    if rows:
        names = "、".join(name for (name,) in rows)
        raise Malformed(
            f"接任者不在承办部门任职：{names}",
            f"the successor holds no post in: {', '.join(name for (name,) in rows)}",
            place=Place(field="to"),
        )


def move_work(
    door: Door,
    database: Database,
    clock: Clock,
    one: Successor,
    units: Sequence[Unit] | None = None,
    *,
    tell: Callable[[int], None] = lambda count: None,
) -> int:
    """Every open task of the old person becomes the new one's, a line of history per ticket; how many tickets moved.

    Whether a ticket still holds such work is asked once it is locked: begun again after a crash, or twice at a time, it
    goes on where work is left, and no ticket gets a second line. `units` bounds it to where a post was held.
    """
    moved = after = 0
    while True:
        with database.looking() as transaction:
            ids = _page(transaction, one.from_id, units, after, AT_ONCE)
        if not ids:
            return moved
        moved += _move_some(door, database, clock, one, ids)
        after = ids[-1]
        tell(moved)


def _move_some(door: Door, database: Database, clock: Clock, one: Successor, ids: Sequence[int]) -> int:
    def work(transaction: Transaction) -> int:
        now, almanac = clock.now(), door.versions.almanac()
        cases = load.load(transaction, ids, door.versions.definition, lock=True)
        batch, count = write.Batch(), 0
        for case in cases.values():
            how = {"salt": os.urandom(32), "algorithm": door.algorithm}
            decision = hand_over(case, THE_RULE, one, now, almanac, **how)
            if decision is not None:
                door.add_to(batch, decision, case.definition, now)
                count += 1
        write.write(transaction, batch)
        return count

    for _ in range(MOST_TRIES):
        try:
            return database.acting(work)
        except write.LostRace:
            continue
    raise Busy


def _page(transaction: Transaction, person: int, units: Sequence[Unit] | None, after: int, limit: int) -> list[int]:
    where, parameters = _of(transaction, person, units)
    mark, *_ = marks(transaction, 1)
    rows = transaction.rows(
        f"SELECT DISTINCT t.ticket_id FROM task t WHERE {where} AND t.ticket_id > {mark} "  # noqa: S608
        f"ORDER BY t.ticket_id LIMIT {mark}",
        (*parameters, after, limit),
    )
    return [int(row[0]) for row in rows]


def _of(transaction: Transaction, person: int, units: Sequence[Unit] | None) -> tuple[str, list[Any]]:
    """The open tasks of a person: all, or those of departments and areas in which a post is held."""
    mark, *_ = marks(transaction, 1)
    where = f"t.person_id = {mark} AND t.state_type NOT IN ('closed', 'void')"
    parameters: list[Any] = [person]
    if units is None or ("department", None) in units:
        return where, parameters
    parts = []
    for of, number in units:
        if number is None:
            continue
        parameters += [number] if of == "department" else within(number)
        parts.append(
            f"t.department_id = {mark}"
            if of == "department"
            else f"EXISTS (SELECT 1 FROM reach r WHERE r.ticket_id = t.ticket_id AND r.unit IN ({mark}, {mark}))"  # noqa: S608
        )
    return f"{where} AND ({' OR '.join(parts)})", parameters
