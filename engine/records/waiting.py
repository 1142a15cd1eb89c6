"""Tickets that wait for somebody's move, in SQL: what `turns` says, and the most pressing of it."""

from collections.abc import Sequence
from dataclasses import dataclass

from engine.database import Transaction
from engine.records.access import Viewer
from engine.records.asking import Asking, among
from engine.records.knowledge import within
from engine.records.turns import By, On, Turn
from engine.vocabulary import SETTLED, StateType

_MOST_BIGINT = 2**63 - 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Waits:
    """A ticket that waits for a move, with what says how urgently."""

    ticket_id: int
    case_no: str
    workflow_id: int
    version: int
    urgency: str | None


def waiting(
    transaction: Transaction, viewer: Viewer, turns: Sequence[Turn], urgencies: Sequence[str], limit: int
) -> list[Waits]:
    """What waits for one of these moves within the reader's reach: the gravest first, then what is due next.

    `urgencies` go from mild to grave.
    """
    asking = Asking(transaction)
    waiting = moves(asking, turns)
    units, names = among(transaction, viewer.units)
    asking.parameters += names
    grave = " ".join(f"WHEN {asking(word)} THEN {degree}" for degree, word in enumerate(urgencies))
    rows = transaction.rows(
        f"SELECT t.id, t.case_no, t.workflow_id, t.version, t.urgency FROM ({waiting}) m JOIN ticket t ON t.id = m.id "  # noqa: S608
        f"WHERE EXISTS (SELECT 1 FROM reach r WHERE r.sort_key = t.opened_at AND r.ticket_id = t.id "
        f"AND r.unit {units}) "
        f"ORDER BY CASE t.urgency {grave} ELSE 0 END DESC, coalesce((SELECT min(d.due_at) FROM deadline d "
        f"WHERE d.ticket_id = t.id AND d.ended_at IS NULL AND d.run = 'running'), {_MOST_BIGINT}), t.id LIMIT {limit}",
        asking.parameters,
    )
    return [Waits(ticket_id=row[0], case_no=row[1], workflow_id=row[2], version=row[3], urgency=row[4]) for row in rows]


def moves(asking: Asking, turns: Sequence[Turn]) -> str:
    """The ids of the tickets in which something waits for one of these moves, each once."""
    return " UNION ".join(_turn(asking, turn) for turn in turns) or _NOTHING


_NOTHING = "SELECT 0 AS id"


#: ▸ Named one by one: no database looks up in an index what a type is *not*, so a department with years of finished
#: tasks would read them all.
_OPEN_TASK = "x.state_type IN ({})".format(", ".join(f"'{one.value}'" for one in StateType if one not in SETTLED))
_OF_TICKET = {
    By.AREA: (
        "EXISTS (SELECT 1 FROM reach x WHERE x.ticket_id = y.id AND x.sort_key = y.opened_at AND x.unit IN {units})"
    ),
    By.DEPARTMENT: "EXISTS (SELECT 1 FROM task x WHERE x.ticket_id = y.id AND x.department_id = {who} AND {alive})",
    By.LEAD: (
        "EXISTS (SELECT 1 FROM task x WHERE x.ticket_id = y.id AND x.department_id = {who} AND {alive} AND x.lead)"
    ),
    By.PERSON: "EXISTS (SELECT 1 FROM task x WHERE x.ticket_id = y.id AND x.person_id = {who} AND {alive})",
}


def _turn(asking: Asking, turn: Turn) -> str:
    """The ids of the tickets in which something waits for this move.

    The search begins with what is rarest: the states that wait (few tickets of all that ever were), the requests that
    are open, the unfinished tasks of a department; never with everything that lies in an area. `CROSS JOIN` holds
    SQLite to that order.
    """
    if turn.by is By.REPORTER:
        return _reported(asking, turn)
    if turn.on is On.TASK:
        who = "person_id" if turn.by is By.PERSON else "department_id"
        lead = " AND x.lead" if turn.by is By.LEAD else ""
        return (
            f"SELECT y.id FROM task x CROSS JOIN ticket y WHERE y.id = x.ticket_id AND x.{who} = {asking(turn.who)} "  # noqa: S608
            f"AND {_OPEN_TASK}{lead} AND x.kind = {asking(turn.kind)} AND x.state IN {asking.among(turn.names)} "
            f"AND y.workflow_id = {asking(turn.workflow_id)}"
        )
    if turn.on is On.REQUEST:
        return (
            f"SELECT y.id FROM {_asked(asking, turn)} CROSS JOIN ticket y WHERE y.id = q.ticket_id "  # noqa: S608
            f"AND {_tied(asking, turn)} AND y.workflow_id = {asking(turn.workflow_id)}"
        )
    return (
        f"SELECT y.id FROM ticket y WHERE y.workflow_id = {asking(turn.workflow_id)} "  # noqa: S608
        f"AND y.state IN {asking.among(turn.names)} AND {_tied(asking, turn)}"
    )


def _reported(asking: Asking, turn: Turn) -> str:
    """What waits for whoever reported it: their own tickets are few."""
    tied = f"x.unit = {asking(f'p{turn.who}')} AND y.reporter_id = {asking(turn.who)}"
    if turn.on is On.REQUEST:
        waits = f"y.id IN (SELECT q.ticket_id FROM {_asked(asking, turn)})"  # noqa: S608
    elif turn.on is On.TASK:
        waits = (
            "EXISTS (SELECT 1 FROM task z WHERE z.ticket_id = y.id "  # noqa: S608
            f"AND z.kind = {asking(turn.kind)} AND z.state IN {asking.among(turn.names)})"
        )
    else:
        waits = f"y.state IN {asking.among(turn.names)}"
    return (
        f"SELECT y.id FROM reach x JOIN ticket y ON y.id = x.ticket_id WHERE {tied} AND {waits} "  # noqa: S608
        f"AND y.workflow_id = {asking(turn.workflow_id)}"
    )


def _asked(asking: Asking, turn: Turn) -> str:
    """The open requests of these names."""
    of_task = "IS NOT NULL" if turn.kind else "IS NULL"
    names = asking.among(turn.names)
    return f"(SELECT ticket_id FROM request WHERE state = 'open' AND name IN {names} AND task_seq {of_task}) q"  # noqa: S608


def _tied(asking: Asking, turn: Turn) -> str:
    if turn.by is By.AREA:
        return _OF_TICKET[By.AREA].format(units=asking.among(within(turn.who)))
    # A finished task still makes its department the one that the ticket waits for; a withdrawn one does not.
    alive = "x.state_type <> 'void'" if turn.on is On.TICKET else _OPEN_TASK
    return _OF_TICKET[turn.by].format(who=asking(turn.who), alive=alive)
