"""What stands now, counted beforehand: a board must not look through every open ticket of a district at every look.

Kept in the rounds of the rollups, as of the same moment, by the very conditions of `standing`; per area and department
with everything below them. What they are not cut by (item, a reader of some units) is asked of the rows.
"""

from collections.abc import Collection, Mapping
from typing import Any

from sqlmodel import SQLModel

from engine.clock import Instant
from engine.database import Transaction
from engine.records import standing
from engine.records.asking import marks
from engine.records.columns import ONE_TREE, key_part, link, word
from engine.records.rhythm_where import OPEN_TICKET, Asking
from engine.records.rollups import counted_at
from engine.records.standing import InState, Scope, Tally

#: What the bucket of these counts is called, and how its rows are made; another way of making them is another layout.
SERIES, LAYOUT = "standing", "1"


class StandingCount(SQLModel, table=True):
    """What stands of one loop in an area and a department: in a state, or under a card."""

    __tablename__ = "standing_count"
    __table_args__ = (ONE_TREE,)

    #: `a12` for an area, "" for everywhere.
    unit: str = word(key=True)
    #: One of which, or of what stands below it, a task is open; whose deadline or card it is. 0 for all.
    department_id: int = key_part()
    workflow: str = word(key=True)
    #: "" with a card.
    state: str = word(key=True)
    #: "" with a state.
    card: str = word(key=True)
    channel: str = word(key=True)
    #: Open tickets, or cards that stand.
    many: int = link()
    #: Of these tickets those with a deadline that has passed.
    late: int = link()
    #: Deadlines that have passed; that end by the end of the next workday.
    overdue: int = link()
    tomorrow: int = link()


_KEYS = ("unit", "department_id", "workflow", "state", "card", "channel")
_COUNTS = ("many", "late", "overdue", "tomorrow")
#: Key → counts.
Rows = Mapping[tuple[Any, ...], tuple[int, ...]]


# -- asking ------------------------------------------------------------------------------------------------------------


def tally(transaction: Transaction, scope: Scope, as_of: Instant, until: Instant) -> Tally | None:
    """As `standing.tally`; None where it was not counted as of then, up to then, for such a scope."""
    rows = _asked(transaction, scope, as_of, until)
    if rows is None:
        return None
    cards: dict[str, int] = {}
    opened = overdue = tomorrow = 0
    for _, card, many, _, late, soon in rows:
        if card:
            cards[card] = cards.get(card, 0) + many
            continue
        opened, overdue, tomorrow = opened + many, overdue + late, tomorrow + soon
    return Tally(open=opened, overdue=overdue, tomorrow=tomorrow, cards=cards)


def states(transaction: Transaction, scope: Scope, as_of: Instant) -> dict[str, InState] | None:
    """As `standing.states`; None where it was not counted as of then for such a scope."""
    rows = _asked(transaction, scope, as_of, None)
    if rows is None:
        return None
    found: dict[str, InState] = {}
    for state, card, many, late, *_ in rows:
        if not card and many:
            before = found.get(state, InState(0, 0))
            found[state] = InState(before.tickets + many, before.overdue + late)
    return found


def overdue(transaction: Transaction, scope: Scope) -> int | None:
    """How many deadlines had passed in a scope when it was counted last, whatever its items, channel and readers are;
    None where nothing is known.
    """
    asking = Asking(transaction)
    ((own, every),) = transaction.rows(
        f"SELECT sum(CASE WHEN unit = {asking(_unit(scope))} AND department_id = {asking(scope.department or 0)} "  # noqa: S608
        "THEN overdue ELSE 0 END), count(*) FROM standing_count",
        asking.parameters,
    )
    return int(own) if every else None


def _unit(scope: Scope) -> str:
    return f"a{scope.area}" if scope.area is not None else ""


def _asked(
    transaction: Transaction, scope: Scope, as_of: Instant, until: Instant | None
) -> list[tuple[Any, ...]] | None:
    if scope.units is not None or scope.items is not None or (scope.departments and not scope.department):
        return None
    if as_of != counted_at(transaction) or not _current(transaction, as_of, until):
        return None
    asking = Asking(transaction)
    parts = [
        f"unit = {asking(_unit(scope))}",
        f"department_id = {asking(scope.department or 0)}",
    ]
    if scope.workflow:
        parts.append(f"workflow = {asking(scope.workflow)}")
    if scope.channel:
        parts.append(f"channel = {asking(scope.channel)}")
    rows = transaction.rows(
        f"SELECT state, card, {', '.join(_COUNTS)} FROM standing_count WHERE {' AND '.join(parts)}",  # noqa: S608
        asking.parameters,
    )
    return [
        (state, card, int(many), int(late), int(passed), int(soon)) for state, card, many, late, passed, soon in rows
    ]


def _current(transaction: Transaction, as_of: Instant, until: Instant | None) -> bool:
    asking = Asking(transaction)
    rows = transaction.rows(
        f"SELECT as_of, next_at, layout FROM rollup_bucket WHERE series = {asking(SERIES)}",  # noqa: S608
        asking.parameters,
    )
    return any(at == as_of and layout == LAYOUT and until in (None, end) for at, end, layout in rows)


# -- counting ----------------------------------------------------------------------------------------------------------


def counted(transaction: Transaction, skip: Collection[str], now: Instant, until: Instant) -> Rows:
    """Everything that stands, counted anew; `until` is the end of the next workday, `skip` as in `standing`."""
    above = _above(transaction)
    found: dict[tuple[Any, ...], list[int]] = {}
    for part in (_of_states, _of_cards):
        asking = Asking(transaction)
        sql = part(asking, skip, now, until)
        for area, *more in transaction.rows(sql, asking.parameters):
            key, counts = more[: len(_KEYS) - 1], more[len(_KEYS) - 1 :]
            for unit in above[area]:
                sums = found.setdefault((unit, *key), [0] * len(_COUNTS))
                for place, value in enumerate(counts):
                    sums[place] += int(value or 0)
    return {key: tuple(sums) for key, sums in found.items()}


def _above(transaction: Transaction) -> dict[int, list[str]]:
    """Area → the units in which it is counted: itself, all above it, everywhere."""
    parents = dict(transaction.rows("SELECT id, parent_id FROM area"))
    found: dict[int, list[str]] = {}
    for area in parents:
        units, at = [""], area
        while at is not None:
            units.append(f"a{at}")
            at = parents[at]
        found[area] = units
    return found


#: Each department with itself and everything above it.
_UP = (
    "up (id, node) AS (SELECT id, id FROM department UNION "
    "SELECT u.id, d.parent_id FROM up u JOIN department d ON d.id = u.node WHERE d.parent_id IS NOT NULL)"
)


def _of_states(asking: Asking, skip: Collection[str], now: Instant, until: Instant) -> str:
    """Tickets and their deadlines; tickets of departments; deadlines of departments."""
    by = "t.area_id, t.workflow, t.state, t.channel"
    late, soon = _passed(asking, now)
    each = (
        f"WITH RECURSIVE {_UP}, o AS (SELECT t.id, t.area_id, t.workflow_id, v.key AS workflow, t.state, t.channel, "  # noqa: S608
        f"{late} AS late, {soon} AS soon FROM ticket t JOIN workflow_version v ON v.id = t.workflow_id "
        f"LEFT JOIN deadline d ON {standing.running(asking, skip)} AND d.due_at <= {asking(until)} "
        f"WHERE {OPEN_TICKET} AND NOT t.confidential "
        "GROUP BY t.id, t.area_id, t.workflow_id, v.key, t.state, t.channel) "
    )
    late, soon = _passed(asking, now)
    of_all = f"count(*), count(CASE WHEN t.late > 0 THEN 1 END), sum(t.late), sum(t.soon) FROM o t GROUP BY {by}"
    of_units = (
        "count(DISTINCT t.id), count(DISTINCT CASE WHEN t.late > 0 THEN t.id END), 0, 0 "
        f"FROM o t JOIN task k ON k.ticket_id = t.id AND k.state_type IN ({standing.OPEN_TASK}) "
        f"JOIN up u ON u.id = k.department_id GROUP BY {by}, u.node"
    )
    own = (
        f"0, 0, {late}, {soon} "
        f"FROM o t JOIN deadline d ON {standing.running(asking, skip)} AND d.due_at <= {asking(until)} "
        "JOIN task k ON k.ticket_id = d.ticket_id AND k.seq = d.task_seq "
        f"JOIN up u ON u.id = k.department_id GROUP BY {by}, u.node"
    )
    parts = (("0", of_all), ("u.node", of_units), ("u.node", own))
    return each + " UNION ALL ".join(
        f"SELECT t.area_id, {node}, t.workflow, t.state, '', t.channel, {rest}" for node, rest in parts
    )


def _passed(asking: Asking, now: Instant) -> tuple[str, str]:
    """How many of the deadlines `d` have passed, and how many will."""
    return (
        f"count(CASE WHEN d.due_at < {asking(now)} THEN 1 END)",
        f"count(CASE WHEN d.due_at >= {asking(now)} THEN 1 END)",
    )


def _of_cards(asking: Asking, skip: Collection[str], now: Instant, until: Instant) -> str:
    """Cards that stand, on tickets open or not."""
    parts = (
        f"SELECT t.area_id, {node}, v.key, '', c.card, t.channel, count(*), 0, 0, 0 FROM {standing.CARDS} "  # noqa: S608
        f"JOIN workflow_version v ON v.id = t.workflow_id {up} "
        f"WHERE c.ended_at IS NULL AND NOT t.confidential GROUP BY t.area_id, v.key, c.card, t.channel{by}"
        for node, up, by in (("0", "", ""), ("u.node", "JOIN up u ON u.id = c.department_id", ", u.node"))
    )
    return f"WITH RECURSIVE {_UP} {' UNION ALL '.join(parts)}"


def keep(transaction: Transaction, rows: Rows) -> None:
    """Write what has changed since it was counted last."""
    listed = ", ".join((*_KEYS, *_COUNTS))
    known = {
        tuple(row[: len(_KEYS)]): tuple(int(count) for count in row[len(_KEYS) :])
        for row in transaction.rows(f"SELECT {listed} FROM standing_count")  # noqa: S608 (constant words)
    }
    mark, *_ = marks(transaction, 1)
    transaction.run_many(
        f"DELETE FROM standing_count WHERE {' AND '.join(f'{key} = {mark}' for key in _KEYS)}",  # noqa: S608
        [key for key, counts in known.items() if rows.get(key) != counts],
    )
    transaction.load(
        "standing_count",
        (*_KEYS, *_COUNTS),
        ((*key, *counts) for key, counts in rows.items() if known.get(key) != counts),
    )
