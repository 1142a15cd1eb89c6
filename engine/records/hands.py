"""A ticket's way through states, read from its whole history with little of each event."""

from collections.abc import Mapping
from dataclasses import dataclass

from engine.clock import Instant
from engine.database import Transaction
from engine.records.asking import marks
from engine.rules.case import Case
from engine.rules.hands import Moment

#: Events that are looked at; a ticket with more has lost its way long before.
_MOST = 5_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Way:
    """Where a ticket and its tasks have been."""

    moments: tuple[Moment, ...]
    #: Kind of task, "" for the ticket → the states that were entered.
    visited: Mapping[str, frozenset[str]]


def way(transaction: Transaction, case: Case) -> Way:
    """The way of a ticket that its reader may see."""
    mark, *_ = marks(transaction, 1)
    rows = transaction.rows(
        f"SELECT seq, at, scope, state_to FROM event WHERE ticket_id = {mark} ORDER BY seq LIMIT {_MOST}",  # noqa: S608
        (case.ticket.id,),
    )
    states = case.definition.states
    moments, visited, state = [], dict[str, set[str]](), case.ticket.state
    for seq, at, scope, entered in rows:
        if entered:
            visited.setdefault(scope, set()).add(entered)
        if scope == "" and entered in states:
            state = entered
        moments.append(Moment(seq, Instant(at), state))
    return Way(moments=tuple(moments), visited={scope: frozenset(names) for scope, names in visited.items()})
