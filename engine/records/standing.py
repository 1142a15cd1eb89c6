"""What stands now, counted within somebody's reach: open tickets by state, deadlines that passed or soon do, cards.

Figures look back by cohort; this looks at the rows of open tickets as they are at this moment. What few may know of
is in nobody's count.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta

from engine.clock import Instant
from engine.database import Transaction
from engine.definitions.windows import windows
from engine.records.rhythm_where import OPEN_TICKET, Asking
from engine.records.versions import Versions
from engine.vocabulary import SETTLED, StateType

_CALENDAR = "cn-mainland"
OPEN_TASK = ", ".join(f"'{kind.value}'" for kind in StateType if kind not in SETTLED)


@dataclass(frozen=True, slots=True, kw_only=True)
class Scope:
    """Whose tickets are looked at."""

    #: Only what these units reach; None for whoever audits the whole.
    units: tuple[str, ...] | None
    #: An area with everything below it; departments, of which one has an open task, or whose deadline or card it is.
    area: int | None = None
    #: The same as `inside` finds them, where that was asked already.
    areas: tuple[int, ...] | None = None
    departments: tuple[int, ...] | None = None
    #: The one below which all of these stand, itself among them; None where they are no such whole.
    department: int | None = None
    #: Key of a loop.
    workflow: str = ""
    #: Items and standards, as `items_of` finds them; None for all.
    items: tuple[str, ...] | None = None
    channel: str = ""


@dataclass(frozen=True, slots=True)
class InState:
    """How many tickets are in a state, and on how many of them a deadline has passed."""

    tickets: int
    overdue: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Tally:
    """What stands now."""

    open: int
    #: Deadlines that run and have passed; that end by the end of the next workday.
    overdue: int
    tomorrow: int
    #: Word of a card → how many stand.
    cards: Mapping[str, int]


def tomorrow(versions: Versions, now: Instant) -> Instant:
    """The end of the next workday: what is due before it may still be saved."""
    calendar = versions.calendar(_CALENDAR)
    day = calendar.day_of(now) + timedelta(days=1)
    while not calendar.is_workday(day):
        day += timedelta(days=1)
    return calendar.end_of(day)


def passed_windows(transaction: Transaction, versions: Versions) -> frozenset[str]:
    """`<workflow id>:<deadline>` of those that are nobody's lag when they pass."""
    stored = [int(row[0]) for row in transaction.rows("SELECT id FROM workflow_version")]
    return frozenset(
        f"{number}:{name}" for number in stored for name in windows(versions.definition(transaction, number))
    )


def states(transaction: Transaction, scope: Scope, skip: Collection[str], now: Instant) -> dict[str, InState]:
    """State → the open tickets in it, over all versions of the loop."""
    asking = Asking(transaction)
    late = f"SELECT 1 FROM deadline d WHERE {running(asking, skip)} AND d.due_at < {asking(now)}"  # noqa: S608
    where = of_tickets(asking, scope)
    rows = transaction.rows(
        f"SELECT t.state, count(*), sum(CASE WHEN EXISTS ({late}) THEN 1 ELSE 0 END) FROM ticket t "  # noqa: S608
        f"WHERE {where} GROUP BY t.state",
        asking.parameters,
    )
    return {state: InState(int(tickets), int(overdue)) for state, tickets, overdue in rows}


def tally(transaction: Transaction, scope: Scope, skip: Collection[str], now: Instant, until: Instant) -> Tally:
    """Count what stands; `until` is the end of the next workday."""
    asking = Asking(transaction)
    ((number,),) = transaction.rows(
        f"SELECT count(*) FROM ticket t WHERE {of_tickets(asking, scope)}",  # noqa: S608
        asking.parameters,
    )
    asking = Asking(transaction)
    passed = f"sum(CASE WHEN d.due_at < {asking(now)} THEN 1 ELSE 0 END)"
    ((overdue, running),) = transaction.rows(
        f"SELECT {passed}, count(*) FROM {DEADLINES} "  # noqa: S608
        f"WHERE {of_deadlines(asking, scope, skip)} AND d.due_at <= {asking(until)}",
        asking.parameters,
    )
    asking = Asking(transaction)
    rows = transaction.rows(
        f"SELECT c.card, count(*) FROM {CARDS} WHERE c.ended_at IS NULL AND {of_cards(asking, scope)} GROUP BY c.card",  # noqa: S608
        asking.parameters,
    )
    late = int(overdue or 0)
    return Tally(open=int(number), overdue=late, tomorrow=int(running) - late, cards={word: int(n) for word, n in rows})


#: Tables behind the lists: `t` is the ticket, `d` a deadline and `k` its task, `c` a card.
DEADLINES = "ticket t CROSS JOIN deadline d LEFT JOIN task k ON k.ticket_id = d.ticket_id AND k.seq = d.task_seq"
CARDS = "card c JOIN ticket t ON t.id = c.ticket_id"


def of_tickets(asking: Asking, scope: Scope, *, departments: bool = True) -> str:
    """The open tickets of a scope; its parameters go to `asking` in the order of their marks."""
    parts = [OPEN_TICKET, *_limits(asking, scope)]
    if departments and scope.departments is not None:
        parts.append(
            "EXISTS (SELECT 1 FROM task k WHERE k.ticket_id = t.id AND k.department_id "  # noqa: S608
            f"{asking.among(scope.departments)} AND k.state_type IN ({OPEN_TASK}))"
        )
    return " AND ".join(parts)


def of_deadlines(asking: Asking, scope: Scope, skip: Collection[str]) -> str:
    """The deadlines that run on them: of a department those of its own tasks."""
    parts = [of_tickets(asking, scope, departments=False), running(asking, skip)]
    if scope.departments is not None:
        parts.append(f"k.department_id {asking.among(scope.departments)}")
    return " AND ".join(parts)


def of_cards(asking: Asking, scope: Scope) -> str:
    """The cards given on the tickets of a scope, open or not."""
    parts = list(_limits(asking, scope))
    if scope.departments is not None:
        parts.append(f"c.department_id {asking.among(scope.departments)}")
    return " AND ".join(parts)


def below(transaction: Transaction, department: int) -> tuple[int, ...]:
    """A department and all below it, as the tree is now."""
    asking = Asking(transaction)
    rows = transaction.rows(
        f"WITH RECURSIVE below (id) AS (SELECT id FROM department WHERE id = {asking(department)} UNION "  # noqa: S608
        "SELECT d.id FROM department d JOIN below b ON d.parent_id = b.id) SELECT id FROM below",
        asking.parameters,
    )
    return tuple(sorted(int(row[0]) for row in rows))


def inside(transaction: Transaction, scope: Scope) -> Scope:
    """The same scope with the areas that lie in its area by today's tree."""
    if scope.area is None or scope.areas is not None:
        return scope
    asking = Asking(transaction)
    rows = transaction.rows(
        f"WITH RECURSIVE inside (id) AS (SELECT CAST({asking(scope.area)} AS BIGINT) UNION "  # noqa: S608
        "SELECT a.id FROM area a JOIN inside i ON a.parent_id = i.id) SELECT id FROM inside ORDER BY id",
        asking.parameters,
    )
    return replace(scope, areas=tuple(int(row[0]) for row in rows))


def items_of(transaction: Transaction, code: str) -> tuple[str, ...]:
    """What tickets may have of an item, a class or a kind: items and standards; of a standard only itself."""
    asking = Asking(transaction)
    rows = transaction.rows(
        "SELECT i.code, s.ordinal FROM item i LEFT JOIN standard s ON s.item_id = i.id "  # noqa: S608
        f"WHERE i.code = {asking(code)} OR substr(i.code, 1, {len(code) + 1}) = {asking(code + '-')}",
        asking.parameters,
    )
    standards = {f"{item}/{ordinal}" for item, ordinal in rows if ordinal is not None}
    return tuple(sorted({code, *(item for item, _ in rows), *standards}))


def _limits(asking: Asking, scope: Scope) -> list[str]:
    parts = ["NOT t.confidential"]
    if scope.units is not None:
        parts.append(_reached(asking, scope.units))
    if scope.areas is not None:
        parts.append(f"t.area_id {asking.among(scope.areas)}")
    elif scope.area is not None:
        # Where it lies by today's tree, whatever the tree was when it came.
        parts.append(
            f"t.area_id IN (WITH RECURSIVE inside (id) AS (SELECT CAST({asking(scope.area)} AS BIGINT) UNION "  # noqa: S608
            "SELECT a.id FROM area a JOIN inside i ON a.parent_id = i.id) SELECT id FROM inside)"
        )
    if scope.workflow:
        parts.append(
            f"t.workflow_id IN (SELECT id FROM workflow_version WHERE key = {asking(scope.workflow)})"  # noqa: S608
        )
    if scope.items is not None:
        parts.append(f"t.item {asking.among(scope.items)}")
    if scope.channel:
        parts.append(f"t.channel = {asking(scope.channel)}")
    return parts


def _reached(asking: Asking, units: Sequence[str]) -> str:
    return (
        "EXISTS (SELECT 1 FROM reach r WHERE r.sort_key = t.opened_at AND r.ticket_id = t.id "  # noqa: S608
        f"AND r.unit {asking.among(units)})"
    )


def running(asking: Asking, skip: Collection[str]) -> str:
    named = "CAST(t.workflow_id AS TEXT) || ':' || d.name"
    return f"d.ticket_id = t.id AND d.run = 'running' AND d.ended_at IS NULL AND NOT {named} {asking.among(skip)}"
