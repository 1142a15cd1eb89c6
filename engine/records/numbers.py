"""The book of letters: numbers such as 督〔2026〕12号, one sequence per issuing organisation, prefix and civil year.

A number is drawn in the transaction of the act that sends the letter, so that one which fails leaves no gap. On
PostgreSQL whoever draws holds the sequence until the commit; SQLite has one writer anyway. The key lets nobody have a
number twice.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass

from sqlalchemy import Index
from sqlmodel import SQLModel

from engine.clock import Instant, moment
from engine.database import Transaction
from engine.records.asking import among, marks
from engine.records.columns import ONE_TREE, instant, key_part, link, number, word
from engine.rules.case import Number

#: Letters on one page.
MOST = 100


class LetterRow(SQLModel, table=True):
    """A letter that was sent. It names the event that sent it, which says the same; rows are added, never changed."""

    __tablename__ = "letter"
    __table_args__ = (Index("ix_letter_event", "ticket_id", "event_seq"), Index("ix_letter_at", "at"), ONE_TREE)

    #: The organisation that issues it: `a<area id>` or `d<department id>`.
    unit: str = word(key=True)
    #: What the number begins with, e.g. 督.
    prefix: str = word(key=True)
    #: The civil year.
    year: int = key_part()
    #: 1, 2, 3 … without gaps.
    serial: int = key_part()
    ticket_id: int = link()
    event_seq: int = number()
    #: When the event was recorded.
    at: int = instant()


@dataclass(frozen=True, slots=True, kw_only=True)
class Letter:
    """A letter as lists show it."""

    #: 督〔2026〕12号
    number: str
    unit: str
    #: Name of the issuing organisation.
    issuer: str
    ticket_id: int
    case_no: str
    event_seq: int
    #: The action that sent it, and the kind of task it is about; "" for the ticket.
    action: str
    scope: str
    #: The stored version of the ticket's workflow.
    workflow_id: int
    at: Instant


def next_number(transaction: Transaction, unit: str, prefix: str, now: Instant) -> Number:
    """The number that this organisation's next letter gets; on PostgreSQL nobody else draws before the commit."""
    year = moment(now).year
    if transaction.postgresql:
        transaction.rows("SELECT pg_advisory_xact_lock(hashtext(%s))", (f"huying/letter/{unit}/{prefix}/{year}",))
    one, two, three = marks(transaction, 3)
    ((last,),) = transaction.rows(
        f"SELECT max(serial) FROM letter WHERE unit = {one} AND prefix = {two} AND year = {three}",  # noqa: S608
        (unit, prefix, year),
    )
    return Number(prefix=prefix, year=year, serial=int(last or 0) + 1)


def letters(
    transaction: Transaction, units: Collection[str] | None, since: Instant, until: Instant, limit: int = MOST
) -> list[Letter]:
    """Letters sent in `since <= at < until` about tickets that these units reach (None: all), the newest first."""
    first, second, most = marks(transaction, 3)
    reached, parameters = _reached(transaction, units)
    return _read(
        transaction, f"l.at >= {first} AND l.at < {second}{reached}", (since, until, *parameters), most, limit
    )  # fmt: skip


def of_ticket(transaction: Transaction, ticket_id: int) -> list[Letter]:
    """Every letter about a ticket, the newest first."""
    mark, most = marks(transaction, 2)
    return _read(transaction, f"l.ticket_id = {mark}", (ticket_id,), most, MOST)


def _reached(transaction: Transaction, units: Collection[str] | None) -> tuple[str, Sequence[object]]:
    if units is None:
        return "", ()
    match, parameters = among(transaction, units)
    exists = "SELECT 1 FROM reach r WHERE r.ticket_id = t.id AND r.sort_key = t.opened_at AND r.unit"
    return f" AND EXISTS ({exists} {match})", parameters


def _read(transaction: Transaction, where: str, parameters: Sequence[object], most: str, limit: int) -> list[Letter]:
    rows = transaction.rows(
        "SELECT l.unit, l.prefix, l.year, l.serial, coalesce(a.name, d.name, ''), l.ticket_id, t.case_no, "  # noqa: S608
        "l.event_seq, e.action, e.scope, t.workflow_id, l.at FROM letter l JOIN ticket t ON t.id = l.ticket_id "
        "JOIN event e ON e.ticket_id = l.ticket_id AND e.seq = l.event_seq "
        "LEFT JOIN area a ON l.unit = 'a' || a.id LEFT JOIN department d ON l.unit = 'd' || d.id "
        f"WHERE {where} ORDER BY l.at DESC, l.prefix, l.serial DESC LIMIT {most}",
        (*parameters, limit),
    )
    return [
        Letter(
            number=Number(prefix=prefix, year=year, serial=serial).text, unit=unit, issuer=issuer,
            ticket_id=int(ticket), case_no=case_no, event_seq=seq, action=action, scope=scope, workflow_id=workflow,
            at=Instant(at),
        )
        for unit, prefix, year, serial, issuer, ticket, case_no, seq, action, scope, workflow, at in rows
    ]  # fmt: skip
