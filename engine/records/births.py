"""What the clock has opened for rows and areas: each once in its period, whoever opens it and however late."""

from collections.abc import Collection

from sqlalchemy import Index
from sqlmodel import SQLModel

from engine.clock import Instant
from engine.database import Transaction
from engine.records.asking import among, marks
from engine.records.columns import ONE_TREE, instant, link, word


class Birth(SQLModel, table=True):
    """A ticket born for a row of a register, or for an area. The key lets it happen once."""

    __tablename__ = "birth"
    __table_args__ = (Index("ix_birth_subject", "subject", "ticket_id"), ONE_TREE)

    workflow: str = word(key=True)
    start: str = word(key=True)
    #: `30d:654`, `2026-03`, `2026-03-01/2026-05-31`.
    period: str = word(key=True)
    #: `<register>/<code>`, or the code of an area.
    subject: str = word(key=True, length=130)
    ticket_id: int = link()
    at: int = instant()


def born(transaction: Transaction, workflow: str, start: str, periods: Collection[str]) -> set[tuple[str, str]]:
    """Period and subject of what these periods have opened already."""
    match, parameters = among(transaction, periods)
    first, second = marks(transaction, 2)
    rows = transaction.rows(
        f"SELECT period, subject FROM birth WHERE workflow = {first} AND start = {second} AND period {match}",  # noqa: S608
        (workflow, start, *parameters),
    )
    return {(period, subject) for period, subject in rows}


def remember(
    transaction: Transaction, key: tuple[str, str, str, str], ticket_id: int, now: Instant
) -> None:  # fmt: skip
    """Errors: the database's own, for a birth that somebody else was first with; then its ticket must not stay."""
    listed = ", ".join(marks(transaction, 6))
    transaction.run(
        f"INSERT INTO birth (workflow, start, period, subject, ticket_id, at) VALUES ({listed})",  # noqa: S608
        (*key, ticket_id, now),
    )


def tickets_of(
    transaction: Transaction, register: str, code: str, units: Collection[str], limit: int = 50
) -> list[tuple[str, str, Instant]]:
    """Case number, state and moment of the tickets born for a row, the newest first; confidential ones for those units
    only that may know of them."""
    subject, most = marks(transaction, 2)
    reached, parameters = among(transaction, units)
    rows = transaction.rows(
        "SELECT t.case_no, t.state, b.at FROM birth b JOIN ticket t ON t.id = b.ticket_id "  # noqa: S608
        f"WHERE b.subject = {subject} AND (NOT t.confidential OR EXISTS (SELECT 1 FROM reach r "
        f"WHERE r.sort_key = t.opened_at AND r.ticket_id = t.id AND r.unit {reached})) "
        f"ORDER BY b.at DESC, b.ticket_id DESC LIMIT {most}",
        (f"{register}/{code}", *parameters, limit),
    )
    return [(case_no, state, at) for case_no, state, at in rows]
