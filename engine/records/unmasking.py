"""Citizens' names and phones: masked for everybody else, and shown for a purpose that is recorded."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from sqlmodel import SQLModel

from engine.clock import Instant
from engine.database import Transaction
from engine.definitions.model import Title
from engine.records.asking import among, marks
from engine.records.columns import big_id, instant, link, one_of, word

#: Fields of a form that say who a citizen is and how to reach them.
CONTACT = ("contact_name", "contact_phone")
MOST = 50


class Purpose(StrEnum):
    """Why somebody wants to know whom a ticket comes from."""

    REACH = "reach"  #: to ask or tell who reported
    VERIFY = "verify"  #: to make sure of the facts on the spot
    CALL_BACK = "call_back"  #: to ask how it went
    DELIVER = "deliver"  #: to deliver a reply


PURPOSES: dict[Purpose, Title] = {
    Purpose.REACH: Title("联系诉求人", "Reach who reported"),
    Purpose.VERIFY: Title("核实情况", "Verify the facts"),
    Purpose.CALL_BACK: Title("回访", "Call back"),
    Purpose.DELIVER: Title("送达答复", "Deliver the reply"),
}


class Unmasking(SQLModel, table=True):
    """Somebody was shown a ticket's contact. Rows are added and never changed; no name or phone stands in them."""

    __tablename__ = "unmasking"
    __table_args__ = (one_of("purpose", Purpose),)

    id: int | None = big_id()
    ticket_id: int = link(index=True)
    person_id: int = link(index=True)
    purpose: str = word()
    at: int = instant(index=True)


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """A row as those who watch over it read it."""

    id: int
    case_no: str
    login: str
    name: str
    purpose: Title
    at: Instant


def masked_name(name: str) -> str:
    """A name of which the family name is left: 王**."""
    return name[:1] + "*" * (len(name) - 1)


def masked_phone(phone: str) -> str:
    """A number of which the last four signs are left, the rest being as many stars."""
    return "*" * max(len(phone) - 4, 0) + phone[-4:] if len(phone) > 4 else "*" * len(phone)


def masked_words(words: Mapping[str, Any]) -> dict[str, Any]:
    """Words of an event with its contact masked."""
    ways = dict(zip(CONTACT, (masked_name, masked_phone), strict=True))
    return {name: ways[name](str(value)) if name in ways else value for name, value in words.items()}


def record(transaction: Transaction, ticket_id: int, person_id: int, purpose: Purpose, now: Instant) -> None:
    """Write down that somebody is shown a ticket's contact."""
    values = (ticket_id, person_id, purpose.value, now)
    transaction.run(
        f"INSERT INTO unmasking (ticket_id, person_id, purpose, at) VALUES ({', '.join(marks(transaction, 4))})",  # noqa: S608
        values,
    )


def listed(transaction: Transaction, units: Iterable[str] | None, before: int | None = None) -> list[Shown]:
    """Who was shown what, on tickets that these units reach; the newest first, at most `MOST`.

    None is the whole installation but for confidential tickets, of which only those named in their file may know.
    """
    mark, *_ = marks(transaction, 1)
    where, parameters = "NOT t.confidential", list[Any]()
    if units is not None:
        reached, parameters[:] = among(transaction, units)
        where = (
            "EXISTS (SELECT 1 FROM reach r WHERE r.sort_key = t.opened_at AND r.ticket_id = t.id "  # noqa: S608
            f"AND r.unit {reached})"
        )
    if before is not None:
        where += f" AND u.id < {mark}"
        parameters.append(before)
    rows = transaction.rows(
        "SELECT u.id, t.case_no, p.login, p.name, u.purpose, u.at FROM unmasking u "  # noqa: S608
        "JOIN ticket t ON t.id = u.ticket_id JOIN person p ON p.id = u.person_id "
        f"WHERE {where} ORDER BY u.id DESC LIMIT {MOST}",
        parameters,
    )
    return [
        Shown(
            id=row[0], case_no=row[1], login=row[2], name=row[3], purpose=PURPOSES[Purpose(row[4])], at=Instant(row[5])
        )
        for row in rows
    ]
