"""The ledger of points: lines are added and never changed; a balance is their sum."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass

from sqlalchemy import Index
from sqlmodel import SQLModel

from engine.clock import Instant
from engine.database import Transaction
from engine.definitions.model import Title
from engine.definitions.walk import every_action
from engine.records.asking import marks
from engine.records.columns import ONE_TREE, instant, key_part, link, number, word
from engine.records.versions import Versions


class PointsLine(SQLModel, table=True):
    """Points that one event gave to somebody, or took back. Its key names the event, which says the same."""

    __tablename__ = "points_line"
    __table_args__ = (Index("ix_points_line_person", "person_id", "at"), ONE_TREE)

    ticket_id: int = key_part()
    event_seq: int = key_part()
    #: Which of the event's lines, from 0.
    part: int = key_part()
    person_id: int = link()
    #: Below zero for points taken back.
    points: int = number()
    #: The action that gives, or gave, them.
    reason: str = word()
    #: When the event was recorded, whatever time it claims: else the bound of a day could be talked around.
    at: int = instant()


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """A line as its owner sees it."""

    case_no: str
    #: The stored version of the workflow it was given under.
    workflow_id: int
    event_seq: int
    points: int
    reason: str
    at: Instant


def balance(transaction: Transaction, person_id: int) -> int:
    """The sum of somebody's lines."""
    mark = marks(transaction, 1)[0]
    rows = transaction.rows(f"SELECT sum(points) FROM points_line WHERE person_id = {mark}", (person_id,))  # noqa: S608
    return int(rows[0][0] or 0)


def lines(transaction: Transaction, person_id: int, limit: int = 200) -> list[Line]:
    """Somebody's newest lines, the newest first."""
    person, most = marks(transaction, 2)
    rows = transaction.rows(
        "SELECT t.case_no, t.workflow_id, p.event_seq, p.points, p.reason, p.at FROM points_line p "  # noqa: S608
        f"JOIN ticket t ON t.id = p.ticket_id WHERE p.person_id = {person} "
        f"ORDER BY p.at DESC, p.ticket_id DESC, p.event_seq DESC, p.part DESC LIMIT {most}",
        (person_id, limit),
    )
    return [
        Line(case_no=case_no, workflow_id=workflow, event_seq=seq, points=points, reason=reason, at=at)
        for case_no, workflow, seq, points, reason, at in rows
    ]


def titles(transaction: Transaction, versions: Versions, lines: Iterable[Line]) -> dict[tuple[int, str], Title]:
    """Workflow and action → what officials call it."""
    found = {}
    for workflow, reason in {(line.workflow_id, line.reason) for line in lines}:
        actions = every_action(versions.definition(transaction, workflow))
        found[workflow, reason] = next((one.title for one in actions if one.name == reason), Title(reason, reason))
    return found


def given_since(transaction: Transaction, people: Collection[int], since: Instant) -> dict[int, int]:
    """Person → points given since a moment, what was taken back left out."""
    found = {}
    person, at = marks(transaction, 2)
    for one in sorted(people):
        ((total,),) = transaction.rows(
            f"SELECT sum(points) FROM points_line WHERE person_id = {person} AND at >= {at} AND points > 0",  # noqa: S608
            (one, since),
        )
        found[one] = int(total or 0)
    return found


def balances(transaction: Transaction, limit: int = 1000) -> list[tuple[str, str, int]]:
    """Login, name and balance of everybody with lines, the highest first."""
    most = marks(transaction, 1)[0]
    rows = transaction.rows(
        "SELECT p.login, p.name, sum(l.points) AS total FROM points_line l JOIN person p ON p.id = l.person_id "  # noqa: S608
        f"GROUP BY p.login, p.name ORDER BY total DESC, p.login LIMIT {most}",
        (limit,),
    )
    return [(login, name, int(total)) for login, name, total in rows]
