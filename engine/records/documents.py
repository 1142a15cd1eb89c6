"""Documents that were issued: numbered, their text frozen. Printed again, one has the same number and the same digest.

What an act of the history has numbered keeps that number; else it is drawn here, one sequence per issuing organisation,
prefix and civil year, without gaps: on PostgreSQL whoever draws holds the sequence until the commit, SQLite has one
writer anyway.
"""

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from sqlalchemy import Index
from sqlmodel import SQLModel

from engine.clock import Instant, moment
from engine.database import Transaction
from engine.errors import NotFound
from engine.records.asking import marks
from engine.records.columns import (
    big_id,
    instant,
    link,
    maybe_link,
    maybe_number,
    one_of,
    only_where,
    text,
    title,
    word,
)
from engine.rules.chain import canonical

#: Documents of one list.
MOST = 50


class DocumentKind(StrEnum):
    """What is issued."""

    BULLETIN = "bulletin"  #: 月度通报
    LETTER = "letter"  #: what an act of supervision sends: 督办单, 提醒函
    SLIP = "slip"  #: 交办单, one task of a department
    MINUTES = "minutes"  #: 会议纪要


class DocumentRow(SQLModel, table=True):
    """One document. Rows are added, and never changed but when a citizen's data is erased (`records.reissuing`)."""

    __tablename__ = "document"
    __table_args__ = (
        one_of("kind", [kind.value for kind in DocumentKind]),
        Index("uq_document_serial", "unit", "prefix", "year", "serial", unique=True, **only_where("serial")),
        Index("ix_document_ticket", "ticket_id", **only_where("ticket_id")),
    )

    id: int | None = big_id()
    kind: str = word()
    #: What it is about, once only: `e:<ticket>:<event>`, `t:<ticket>:<task>`, `m:<sitting>`, `b:<bulletin>`.
    subject: str = word(unique=True, length=80)
    #: As it is printed: 交〔2026〕12号.
    number: str = title()
    #: The organisation that issues it: `a<area id>`, `d<department id>`, or "" for a number that was there.
    unit: str = word()
    prefix: str = word()
    year: int | None = maybe_number()
    serial: int | None = maybe_number()
    ticket_id: int | None = maybe_link()
    #: Canonical JSON of everything that is printed.
    data: str = text()
    #: sha256 of `data`.
    digest: str = word()
    person_id: int = link("person.id")
    at: int = instant()


@dataclass(frozen=True, slots=True, kw_only=True)
class NewDocument:
    """A document about to be issued."""

    kind: DocumentKind
    subject: str
    unit: str
    prefix: str
    data: Mapping[str, Any]
    person_id: int
    #: The number it has by an act; "" for one that is drawn now.
    number: str = ""
    ticket_id: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Document:
    """A document as it was issued."""

    id: int
    kind: DocumentKind
    subject: str
    number: str
    ticket_id: int | None
    data: Mapping[str, Any]
    digest: str
    person_id: int
    at: Instant


def issue(transaction: Transaction, new: NewDocument, now: Instant) -> Document:
    """Issue it, or answer the one that was issued about this subject before."""
    if transaction.postgresql:
        transaction.rows("SELECT pg_advisory_xact_lock(hashtext(%s))", (f"huying/document/{new.unit}/{new.prefix}",))
    found = of_subject(transaction, new.subject)
    if found is not None:
        return found
    year, serial = (None, None) if new.number else (moment(now).year, _next(transaction, new, moment(now).year))
    number = new.number or f"{new.prefix}〔{year}〕{serial}号"
    data = canonical({**new.data, "number": number})
    digest = hashlib.sha256(data.encode()).hexdigest()
    ((made,),) = transaction.rows(
        "INSERT INTO document (kind, subject, number, unit, prefix, year, serial, ticket_id, data, digest, person_id, "  # noqa: S608
        f"at) VALUES ({', '.join(marks(transaction, 12))}) RETURNING id",
        (new.kind.value, new.subject, number, new.unit, new.prefix, year, serial, new.ticket_id, data, digest,
         new.person_id, now),
    )  # fmt: skip
    return by_id(transaction, int(made))


def by_id(transaction: Transaction, number: int) -> Document:
    """A document. Errors: `NotFound`."""
    found = _read(transaction, "id = @", (number,))
    if not found:
        raise NotFound("没有这份文书", "there is no such document")
    return found[0]


def of_subject(transaction: Transaction, subject: str) -> Document | None:
    """The document about something, if it was issued."""
    return next(iter(_read(transaction, "subject = @", (subject,))), None)


def of_ticket(transaction: Transaction, ticket_id: int) -> list[Document]:
    """The documents about a ticket, the newest first."""
    return _read(transaction, "ticket_id = @", (ticket_id,))


def of_kind(transaction: Transaction, kind: DocumentKind) -> list[Document]:
    """The newest documents of a kind, at most `MOST`."""
    return _read(transaction, "kind = @", (kind.value,))


def _next(transaction: Transaction, new: NewDocument, year: int) -> int:
    mark, *_ = marks(transaction, 1)
    ((last,),) = transaction.rows(
        f"SELECT max(serial) FROM document WHERE unit = {mark} AND prefix = {mark} AND year = {mark}",  # noqa: S608
        (new.unit, new.prefix, year),
    )
    return int(last or 0) + 1


def _read(transaction: Transaction, where: str, values: Sequence[Any]) -> list[Document]:
    mark, *_ = marks(transaction, 1)
    rows = transaction.rows(
        "SELECT id, kind, subject, number, ticket_id, data, digest, person_id, at FROM document "  # noqa: S608
        f"WHERE {where.replace('@', mark)} ORDER BY id DESC LIMIT {MOST}",
        values,
    )
    return [
        Document(
            id=int(row[0]), kind=DocumentKind(row[1]), subject=row[2], number=row[3], ticket_id=row[4],
            data=json.loads(row[5]), digest=row[6], person_id=int(row[7]), at=Instant(row[8]),
        )
        for row in rows
    ]  # fmt: skip
