"""The queue of a desk 待办队列: what waits for somebody's move, the most pressing first; and the next one of it."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial

from engine.clock import Instant
from engine.database import Database, Transaction
from engine.definitions.names import STANDARD_FIELDS
from engine.definitions.words import shipped
from engine.records import lists, reservations
from engine.records.access import Viewer
from engine.records.reservations import Reserved
from engine.records.turns import On, turns
from engine.records.versions import Versions
from engine.records.waiting import waiting as waits

#: Tickets that a queue looks at; the most urgent, and of these what is due first, if more wait.
MOST = 1_000
#: How often somebody who presses "next" may find that others were quicker.
_TRIES = 20

#: Degrees of urgency from mild to grave; what nobody has judged yet counts as the mildest.
URGENCIES: tuple[str, ...] = tuple(STANDARD_FIELDS["urgency"].of)


@dataclass(frozen=True, slots=True, kw_only=True)
class Waiting:
    """A ticket that waits in the queue."""

    ticket_id: int
    case_no: str
    version: int
    #: One of `URGENCIES`.
    urgency: str
    #: "" while no rung of its nearest deadline has come.
    light: str
    due_at: Instant | None
    #: In whose hands it is, the reader's own included.
    reserved: Reserved | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Queue:
    """Everything that waits for one person, the most pressing first."""

    waiting: tuple[Waiting, ...]
    #: Whether more wait than were looked at.
    more: bool

    def counts(self) -> Mapping[tuple[str, str], int]:
        """How many there are, by urgency and light."""
        return Counter((one.urgency, one.light) for one in self.waiting)


def queue(transaction: Transaction, versions: Versions, viewer: Viewer, now: Instant, only: On | None = None) -> Queue:
    """What waits for this person's move and lies within their reach; `only` one kind of move, if it says so."""
    moves = [turn for turn in turns(transaction, versions, viewer) if only in (None, turn.on)]
    rows = waits(transaction, viewer, moves, URGENCIES, MOST + 1)
    shown = rows[:MOST]
    due = lists.dues(transaction, versions, [(row.ticket_id, row.workflow_id) for row in shown], now)
    held = reservations.reserved(transaction, viewer, [row.ticket_id for row in shown], now)
    waiting = [
        Waiting(
            ticket_id=row.ticket_id,
            case_no=row.case_no,
            version=row.version,
            urgency=row.urgency if row.urgency in URGENCIES else URGENCIES[0],
            light=found.light if (found := due.get(row.ticket_id)) else "",
            due_at=found.at if found else None,
            reserved=held.get(row.ticket_id),
        )
        for row in shown
    ]
    return Queue(waiting=tuple(sorted(waiting, key=_pressing)), more=len(rows) > MOST)


def lights() -> tuple[str, ...]:
    """The lights from none to the gravest."""
    return ("", *shipped().lights)


def _pressing(one: Waiting) -> tuple[int, int, bool, int, int]:
    graver = lights()
    light = graver.index(one.light) if one.light in graver else len(graver)
    return -URGENCIES.index(one.urgency), -light, one.due_at is None, one.due_at or 0, one.ticket_id


def take_next(database: Database, versions: Versions, viewer: Viewer, now: Instant) -> str | None:
    """The case number of the ticket that needs this person most, now in their hands; None when there is none.

    1. What is in their hands already comes first: whoever presses twice does not take two.
    2. Then the most pressing that is in nobody's hands; what they gave back a short while ago comes last.
    3. Taking it is one statement in a transaction of its own; whoever was not quick enough tries the one behind it.
    """
    with database.looking() as transaction:
        waiting = queue(transaction, versions, viewer, now).waiting
        behind = reservations.passed_over(transaction, viewer, now)
        before = frozenset(reservations.in_hand(transaction, viewer, now))
    free = [one for one in waiting if one.reserved is None or one.reserved.person_id == viewer.person_id]
    free.sort(key=lambda one: (one.ticket_id not in before, one.ticket_id in behind))
    numbers = {one.ticket_id: one.case_no for one in waiting}
    for one in free[:_TRIES]:
        taken = database.acting(partial(_take, viewer=viewer, one=one, before=before, now=now))
        if taken is not None:
            return numbers.get(taken)
    return None


def _take(
    transaction: Transaction, *, viewer: Viewer, one: Waiting, before: frozenset[int], now: Instant
) -> int | None:
    """Take this one; or what the same person took at another page meanwhile. None if others were quicker."""
    reservations.alone(transaction, viewer)
    meanwhile = [ticket for ticket in reservations.in_hand(transaction, viewer, now) if ticket not in before]
    if meanwhile:
        return meanwhile[0]
    return one.ticket_id if reservations.take(transaction, viewer, one.ticket_id, one.version, now) else None


def own(waiting: Sequence[Waiting], viewer: Viewer) -> list[Waiting]:
    """What is in the reader's own hands."""
    return [one for one in waiting if one.reserved is not None and one.reserved.person_id == viewer.person_id]
