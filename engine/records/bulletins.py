"""Monthly bulletins on their way: the figures as they were counted, what a person adds, and how far it is.

An issued one is a document (`records.documents`): its text is frozen there, and the draft changes no more.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Index
from sqlmodel import SQLModel

from engine.clock import Instant
from engine.database import Transaction
from engine.errors import NotAllowedNow, NotFound, Stale
from engine.records.asking import marks
from engine.records.columns import big_id, instant, link, maybe_link, maybe_text, number, text, word
from engine.rules.chain import canonical

#: Bulletins of one list.
MOST = 24


class BulletinRow(SQLModel, table=True):
    """One bulletin."""

    __tablename__ = "bulletin"
    __table_args__ = (Index("ix_bulletin_person", "person_id", "id"),)

    id: int | None = big_id()
    #: 2026-10
    period: str = word()
    #: Code of the area it is about; "" for everything that its author watches over.
    area: str = word()
    person_id: int = link("person.id")
    made_at: int = instant()
    version: int = number()
    #: Canonical JSON of its figures; none while they are counted for the first time.
    data: str | None = maybe_text()
    #: Canonical JSON of what its author added: typical cases and remarks.
    added: str = text()
    document_id: int | None = maybe_link()
    #: The report job that made, or makes, its files last.
    job_id: int | None = maybe_link()


@dataclass(frozen=True, slots=True, kw_only=True)
class Bulletin:
    """A bulletin as it stands."""

    id: int
    period: str
    area: str
    person_id: int
    made_at: Instant
    version: int
    data: Mapping[str, Any] | None
    added: Mapping[str, Any]
    document_id: int | None
    job_id: int | None


def begin(transaction: Transaction, period: str, area: str, person_id: int, now: Instant) -> int:
    """A new draft; its number."""
    rows = transaction.rows(
        "INSERT INTO bulletin (period, area, person_id, made_at, version, added) "  # noqa: S608
        f"VALUES ({', '.join(marks(transaction, 4))}, 1, '{{}}') RETURNING id",
        (period, area, person_id, now),
    )
    return int(rows[0][0])


def bulletin(transaction: Transaction, number: int, person_id: int, *, lock: bool = False) -> Bulletin:
    """A bulletin of somebody's own. Errors: `NotFound`, for everybody else's too."""
    found = _read(transaction, "id = @ AND person_id = @", (number, person_id), lock=lock)
    if not found:
        raise NotFound("没有这份通报", "there is no such bulletin")
    return found[0]


def of_person(transaction: Transaction, person_id: int) -> list[Bulletin]:
    """Somebody's bulletins, the newest first, at most `MOST`."""
    return _read(transaction, "person_id = @", (person_id,))


def count(transaction: Transaction, number: int, data: Mapping[str, Any]) -> bool:
    """Put in what was counted; False when it was issued meanwhile."""
    mark, *_ = marks(transaction, 1)
    return (
        transaction.run(
            f"UPDATE bulletin SET data = {mark}, version = version + 1 "  # noqa: S608
            f"WHERE id = {mark} AND document_id IS NULL",
            (canonical(data), number),
        )
        == 1
    )


def add(transaction: Transaction, one: Bulletin, added: Mapping[str, Any], expected: int) -> None:
    """Keep what its author adds. Errors: `Stale`, `NotAllowedNow` for one that was issued."""
    expect_draft(one)
    if one.version != expected:
        raise Stale(expected=expected, present=one.version)
    mark, *_ = marks(transaction, 1)
    transaction.run(
        f"UPDATE bulletin SET added = {mark}, version = version + 1 WHERE id = {mark}",  # noqa: S608
        (canonical(added), one.id),
    )


def making(transaction: Transaction, number: int, job_id: int | None) -> None:
    """This job makes its files."""
    mark, *_ = marks(transaction, 1)
    transaction.run(f"UPDATE bulletin SET job_id = {mark} WHERE id = {mark}", (job_id, number))  # noqa: S608


def issued_as(transaction: Transaction, document_id: int) -> Bulletin:
    """The bulletin that was issued as this document. Errors: `NotFound`."""
    found = _read(transaction, "document_id = @", (document_id,))
    if not found:
        raise NotFound("没有这份通报", "there is no such bulletin")
    return found[0]


def settle(transaction: Transaction, one: Bulletin, document_id: int) -> None:
    """It is issued as this document."""
    mark, *_ = marks(transaction, 1)
    transaction.run(f"UPDATE bulletin SET document_id = {mark} WHERE id = {mark}", (document_id, one.id))  # noqa: S608


def expect_draft(one: Bulletin) -> None:
    """Errors: `NotAllowedNow` for a bulletin that was issued."""
    if one.document_id is not None:
        raise NotAllowedNow("通报已签发，不能再改", "the bulletin was issued and changes no more")


def _read(transaction: Transaction, where: str, values: Sequence[Any], *, lock: bool = False) -> list[Bulletin]:
    mark, *_ = marks(transaction, 1)
    held = " FOR UPDATE" if lock and transaction.postgresql else ""
    rows = transaction.rows(
        "SELECT id, period, area, person_id, made_at, version, data, added, document_id, job_id FROM "  # noqa: S608
        "bulletin "
        f"WHERE {where.replace('@', mark)} ORDER BY id DESC LIMIT {MOST}{held}",
        values,
    )
    return [
        Bulletin(
            id=int(row[0]), period=row[1], area=row[2], person_id=int(row[3]), made_at=Instant(row[4]), version=row[5],
            data=json.loads(row[6]) if row[6] else None, added=json.loads(row[7]), document_id=row[8],
            job_id=row[9],
        )
        for row in rows
    ]  # fmt: skip
