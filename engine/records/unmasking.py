"""Citizens' names and phones: masked for everybody else, and shown for a purpose that is recorded.

The access log 查阅记录 is a chain: each row has the hash of the one before it, `huying verify` walks it, and each daily
seal holds how far it went, so that nobody takes rows away from its end either once they are sealed.
"""

import hashlib
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from sqlmodel import SQLModel

from engine.clock import Instant
from engine.database import Transaction
from engine.definitions.model import Title
from engine.records.asking import among, marks
from engine.records.columns import instant, key_part, link, maybe_link, one_of, title, word
from engine.rules.chain import canonical_row

#: Fields of a form that say who a citizen is and how to reach them.
CONTACT = ("contact_name", "contact_phone")
#: What the log calls the contact, and everything that is held on a citizen.
CONTACT_FIELD, EVERYTHING = "contact", "everything"
MOST = 50
#: What stands in the place of a sensitive value.
MASK = "＊＊＊"
_LABEL = "huying/access/1"
#: Rows of one reading of the log.
_PAGE = 1_000


class Purpose(StrEnum):
    """Why somebody wants to know whom a ticket comes from."""

    REACH = "reach"  #: to ask or tell who reported
    VERIFY = "verify"  #: to make sure of the facts on the spot
    CALL_BACK = "call_back"  #: to ask how it went
    DELIVER = "deliver"  #: to deliver a reply
    COPY = "copy"  #: to give a citizen a copy of what is held on them (个人信息保护法 art. 45)
    STATED = "stated"  #: as stated in words, for sensitive fields


PURPOSES: dict[Purpose, Title] = {
    Purpose.REACH: Title("联系诉求人", "Reach who reported"),
    Purpose.VERIFY: Title("核实情况", "Verify the facts"),
    Purpose.CALL_BACK: Title("回访", "Call back"),
    Purpose.DELIVER: Title("送达答复", "Deliver the reply"),
}


#: All of them, as the log says them.
SAID: dict[Purpose, Title] = {
    **PURPOSES,
    Purpose.COPY: Title("应本人要求提供副本", "A copy for the citizen"),
    Purpose.STATED: Title("所述用途", "As stated"),
}


class Unmasking(SQLModel, table=True):
    """Somebody was shown personal data of a ticket. Rows are added, never changed; none of the data is in them."""

    __tablename__ = "unmasking"
    __table_args__ = (one_of("purpose", Purpose),)

    #: 1, 2, 3 … without gaps.
    id: int = key_part()
    ticket_id: int = link(index=True)
    #: None for whoever sat at the machine itself.
    person_id: int | None = maybe_link(index=True)
    purpose: str = word()
    #: `contact`, `everything`, or the name of a sensitive field.
    field: str = word()
    #: Where it was shown: `ticket` (its page), `api`, `copy`.
    page: str = word()
    #: The purpose in words, where one is asked for.
    note: str = title()
    at: int = instant(index=True)
    #: Over the row and the hash before it, hex.
    hash: str = word()


@dataclass(frozen=True, slots=True, kw_only=True)
class NewAccess:
    """Somebody is about to be shown something."""

    ticket_id: int
    person_id: int | None
    purpose: Purpose
    field: str = CONTACT_FIELD
    page: str = "ticket"
    note: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """A row as those who watch over it read it."""

    id: int
    case_no: str
    login: str
    name: str
    purpose: Title
    field: str
    page: str
    note: str
    at: Instant


def masked_name(name: str) -> str:
    """A name of which the family name is left: 王**."""
    return name[:1] + "*" * (len(name) - 1)


def masked_phone(phone: str) -> str:
    """A number of which the last four signs are left, the rest being as many stars."""
    return "*" * max(len(phone) - 4, 0) + phone[-4:] if len(phone) > 4 else "*" * len(phone)


def masked_words(words: Mapping[str, Any], secret: Collection[str] = ()) -> dict[str, Any]:
    """Words of an event with its contact masked, and what stands in the `secret` fields, wherever they are."""
    ways = dict(zip(CONTACT, (masked_name, masked_phone), strict=True))
    told: dict[str, Any] = {name: ways[name](str(value)) if name in ways else value for name, value in words.items()}
    told |= dict.fromkeys(told.keys() & {*secret}, MASK)
    if "each" in told:
        told["each"] = {seq: masked_words(answers, secret) for seq, answers in told["each"].items()}
    return told


def record(transaction: Transaction, new: NewAccess, now: Instant) -> None:
    """Write down that somebody is shown something, chained to what was shown before; one at a time."""
    if transaction.postgresql:
        transaction.rows("SELECT pg_advisory_xact_lock(hashtext('unmasking'))")
    number, previous = head(transaction)
    row = (number + 1, new.ticket_id, new.person_id, new.purpose.value, new.field, new.page, new.note[:200], now)
    transaction.run(
        "INSERT INTO unmasking (id, ticket_id, person_id, purpose, field, page, note, at, hash) "  # noqa: S608
        f"VALUES ({', '.join(marks(transaction, 9))})",
        (*row, _hash(previous, row)),
    )


def head(transaction: Transaction) -> tuple[int, str]:
    """How many rows the log has, and the hash of the newest; 0 and "" for none."""
    rows = transaction.rows("SELECT id, hash FROM unmasking ORDER BY id DESC LIMIT 1")
    return (int(rows[0][0]), rows[0][1]) if rows else (0, "")


def hash_at(transaction: Transaction, number: int) -> str:
    """The hash of a row; "" if there is none."""
    mark, *_ = marks(transaction, 1)
    rows = transaction.rows(f"SELECT hash FROM unmasking WHERE id = {mark}", (number,))  # noqa: S608
    return rows[0][0] if rows else ""


def faults(transaction: Transaction) -> Iterator[tuple[int, tuple[str, str]]]:
    """The first row that does not follow from the one before it: its number and what is wrong with it."""
    mark, *_ = marks(transaction, 1)
    number, previous = 0, ""
    while True:
        rows = transaction.rows(
            f"SELECT id, ticket_id, person_id, purpose, field, page, note, at, hash FROM unmasking "  # noqa: S608
            f"WHERE id > {mark} ORDER BY id LIMIT {_PAGE}",
            (number,),
        )
        for *row, digest in rows:
            number += 1
            if row[0] != number or _hash(previous, row) != digest:
                yield number, ("查阅记录被改动或缺失", "the access log was changed here, or a row is missing")
                return
            previous = digest
        if len(rows) < _PAGE:
            return


def _hash(previous: str, row: Sequence[int | str | None]) -> str:
    return hashlib.sha256(canonical_row((_LABEL, previous, *row)).encode()).hexdigest()


def listed(
    transaction: Transaction, units: Iterable[str] | None, before: int | None = None, limit: int = MOST
) -> list[Shown]:
    """Who was shown what, on tickets that these units reach; the newest first, at most `limit`.

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
        f"{_READ} WHERE {where} ORDER BY u.id DESC LIMIT {limit}",
        parameters,
    )
    return [_shown(row) for row in rows]


def of_tickets(transaction: Transaction, ticket_ids: Iterable[int]) -> list[Shown]:
    """Who was shown what of these tickets, the oldest first."""
    match, parameters = among(transaction, ticket_ids)
    rows = transaction.rows(f"{_READ} WHERE u.ticket_id {match} ORDER BY u.id", parameters)
    return [_shown(row) for row in rows]


_READ = (
    "SELECT u.id, t.case_no, p.login, p.name, u.purpose, u.field, u.page, u.note, u.at FROM unmasking u "
    "JOIN ticket t ON t.id = u.ticket_id LEFT JOIN person p ON p.id = u.person_id"
)


def _shown(row: Sequence[Any]) -> Shown:
    return Shown(
        id=int(row[0]), case_no=row[1], login=row[2] or "", name=row[3] or "", purpose=SAID[Purpose(row[4])],
        field=row[5], page=row[6], note=row[7], at=Instant(row[8]),
    )  # fmt: skip
