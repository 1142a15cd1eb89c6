"""Which ticket is the return of which closed one 复发, as the histories' own lines say, kept to be counted."""

import json
from collections.abc import Iterable

from sqlalchemy import Index
from sqlmodel import SQLModel

from engine.clock import Instant
from engine.database import Transaction
from engine.records.asking import among, marks
from engine.records.columns import instant, key_part, link, number

#: The line of history that says so.
RELAPSED = "relapsed"


class RelapseRow(SQLModel, table=True):
    """A ticket, and the closed one that has come back with it."""

    __tablename__ = "relapse"
    __table_args__ = (Index("ix_relapse_of", "of_id"),)

    ticket_id: int = key_part()
    of_id: int = link()
    found_at: int = instant()
    #: How far apart they are.
    metres: int = number()


def keep(transaction: Transaction, ticket_id: int, of_id: int, metres: int, now: Instant) -> bool:
    """Link the two; False when the ticket is linked already."""
    listed = ", ".join(marks(transaction, 4))
    changed = transaction.run(
        f"INSERT INTO relapse (ticket_id, of_id, found_at, metres) VALUES ({listed}) ON CONFLICT DO NOTHING",  # noqa: S608
        (ticket_id, of_id, now, metres),
    )
    return changed == 1


def links(transaction: Transaction, ticket_id: int, units: Iterable[str]) -> tuple[str | None, tuple[str, ...]]:
    """The case number that a ticket is the return of, and those of its own returns; only what these units reach."""
    mark, *_ = marks(transaction, 1)
    reached, parameters = among(transaction, units)
    rows = transaction.rows(
        "SELECT t.case_no, l.back FROM ("  # noqa: S608
        f"SELECT of_id AS other, 1 AS back FROM relapse WHERE ticket_id = {mark} UNION ALL "
        f"SELECT ticket_id, 0 FROM relapse WHERE of_id = {mark}) l JOIN ticket t ON t.id = l.other "
        "WHERE EXISTS (SELECT 1 FROM reach r WHERE r.sort_key = t.opened_at AND r.ticket_id = t.id "
        f"AND r.unit {reached}) ORDER BY t.opened_at DESC LIMIT 50",
        (ticket_id, ticket_id, *parameters),
    )
    earlier = next((case_no for case_no, back in rows if back), None)
    return earlier, tuple(case_no for case_no, back in rows if not back)


def refold(transaction: Transaction) -> int:
    """Make the links again from the histories; how many there are."""
    transaction.run("DELETE FROM relapse")
    mark, *_ = marks(transaction, 1)
    rows = transaction.rows(
        f"SELECT ticket_id, recorded_at, facts FROM event WHERE action = {mark}",  # noqa: S608
        (RELAPSED,),
    )
    count = 0
    for ticket_id, at, facts in rows:
        said = json.loads(facts)
        found = transaction.rows(
            f"SELECT ticket_id FROM case_number WHERE number = {mark}",  # noqa: S608
            (said["relapse_of"],),
        )
        count += bool(found) and keep(transaction, int(ticket_id), int(found[0][0]), said["metres"], at)
    return count
