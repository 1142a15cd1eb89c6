"""Erasures 个人信息删除: what is to be erased on somebody's request, item by item, and how far that has come.

No name and no phone stands in these rows: whoever goes on after a crash needs none, because the items were found and
counted in the transaction that began the erasure.
"""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from sqlalchemy import Index
from sqlmodel import SQLModel

from engine.clock import Instant
from engine.database import Transaction
from engine.definitions.model import Title
from engine.errors import NotFound
from engine.records.asking import marks
from engine.records.columns import (
    ONE_TREE,
    big_id,
    instant,
    key_part,
    maybe_instant,
    maybe_link,
    one_of,
    text,
    where,
    word,
    yes_no,
)

#: Erasures of one list.
MOST = 50


class ErasureGround(StrEnum):
    """Why personal data is erased (个人信息保护法 art. 47)."""

    PURPOSE_DONE = "purpose_done"  #: what it was kept for is done, or it is needed no more
    KEPT_LONG_ENOUGH = "kept_long_enough"  #: the time of keeping is over
    WITHDRAWN = "withdrawn"  #: the citizen withdraws their consent
    UNLAWFUL = "unlawful"  #: it was collected against a law or an agreement


GROUNDS: dict[ErasureGround, Title] = {
    ErasureGround.PURPOSE_DONE: Title("处理目的已实现或不再必要", "Its purpose is done, or it is needed no more"),
    ErasureGround.KEPT_LONG_ENOUGH: Title("保存期限已届满", "The time of keeping is over"),
    ErasureGround.WITHDRAWN: Title("个人撤回同意", "Consent was withdrawn"),
    ErasureGround.UNLAWFUL: Title("违反法律法规或约定处理", "It was collected against a law or an agreement"),
}


class ErasedThing(StrEnum):
    """What one item of an erasure is."""

    TICKET = "ticket"
    REGISTER = "register"  #: a row of a register, in all of its versions
    ACCOUNT = "account"  #: a citizen's account


class Erasure(SQLModel, table=True):
    """One request that was granted. Never changed but for its end."""

    __tablename__ = "erasure"
    __table_args__ = (
        one_of("ground", ErasureGround),
        Index("ix_erasure_open", "id", **where("ended_at IS NULL")),
    )

    id: int | None = big_id()
    at: int = instant()
    #: Who ruled; None for whoever sat at the machine itself.
    person_id: int | None = maybe_link("person.id")
    ground: str = word()
    #: Whether pictures of officials go too, not only those that came with the report.
    pictures: bool = yes_no()
    #: JSON: kind of trace → how many there were.
    counts: str = text()
    ended_at: int | None = maybe_instant()


class ErasureItem(SQLModel, table=True):
    """One thing of an erasure, and the files that are still to be deleted once its rows are gone."""

    __tablename__ = "erasure_item"
    __table_args__ = (one_of("thing", ErasedThing), ONE_TREE)

    erasure_id: int = key_part("erasure.id")
    thing: str = word(key=True)
    #: The ticket's or the person's id, or `REGISTER/CODE`.
    subject: str = word(key=True, length=160)
    #: JSON: digests of uploads and keys of reports; [] when there are none (any more).
    files: str = text()
    #: When its rows were gone, and when its files were.
    erased_at: int | None = maybe_instant()
    done_at: int | None = maybe_instant()


@dataclass(frozen=True, slots=True)
class Item:
    """An item that is not done."""

    erasure_id: int
    thing: ErasedThing
    subject: str
    erased: bool
    files: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Erased:
    """An erasure as it is read."""

    id: int
    at: Instant
    by: str
    ground: Title
    pictures: bool
    counts: Mapping[str, int]
    ended_at: Instant | None


def begin(
    transaction: Transaction,
    person_id: int | None,
    ground: ErasureGround,
    items: Iterable[tuple[ErasedThing, str]],
    counts: Mapping[str, int],
    now: Instant,
    *,
    pictures: bool,
    files: Sequence[str] = (),
) -> int:
    """Write down what is to be erased, and files that go with the first of it; the erasure's number."""
    listed = ", ".join(marks(transaction, 5))
    said = json.dumps(dict(counts), sort_keys=True)
    rows = transaction.rows(
        f"INSERT INTO erasure (at, person_id, ground, pictures, counts) VALUES ({listed}) RETURNING id",  # noqa: S608
        (now, person_id, ground.value, pictures, said),
    )
    number = int(rows[0][0])
    listed = ", ".join(marks(transaction, 4))
    transaction.run_many(
        f"INSERT INTO erasure_item (erasure_id, thing, subject, files) VALUES ({listed})",  # noqa: S608
        [
            (number, thing.value, subject, json.dumps([] if later else list(files)))
            for later, (thing, subject) in enumerate(items)
        ],
    )
    return number


def waiting(transaction: Transaction, number: int | None = None) -> list[Item]:
    """What is left to do, of one erasure or of all."""
    mark, *_ = marks(transaction, 1)
    only, parameters = (f" AND i.erasure_id = {mark}", (number,)) if number is not None else ("", ())
    rows = transaction.rows(
        "SELECT i.erasure_id, i.thing, i.subject, i.erased_at, i.files FROM erasure e "  # noqa: S608
        f"JOIN erasure_item i ON i.erasure_id = e.id WHERE e.ended_at IS NULL AND i.done_at IS NULL{only} "
        "ORDER BY i.erasure_id, i.thing, i.subject",
        parameters,
    )
    return [Item(int(row[0]), ErasedThing(row[1]), row[2], row[3] is not None, _files(row[4])) for row in rows]


def erased(transaction: Transaction, item: Item, files: Sequence[str], now: Instant) -> bool:
    """The rows of an item are gone in this transaction; False when somebody else was first."""
    return _item(transaction, item, "files = {0}, erased_at = {0}", "erased_at IS NULL", (json.dumps(list(files)), now))


def done(transaction: Transaction, item: Item, now: Instant) -> bool:
    """The files of an item are gone too."""
    return _item(transaction, item, "files = '[]', done_at = {0}", "done_at IS NULL", (now,))


def _item(transaction: Transaction, item: Item, sets: str, where_: str, values: tuple[Any, ...]) -> bool:
    mark, *_ = marks(transaction, 1)
    changed = transaction.run(
        f"UPDATE erasure_item SET {sets.format(mark)} "  # noqa: S608 (constant words)
        f"WHERE erasure_id = {mark} AND thing = {mark} AND subject = {mark} AND {where_}",
        (*values, item.erasure_id, item.thing.value, item.subject),
    )
    return changed == 1


def end(transaction: Transaction, now: Instant) -> int:
    """End the erasures of which nothing is left; how many."""
    mark, *_ = marks(transaction, 1)
    return transaction.run(
        f"UPDATE erasure SET ended_at = {mark} WHERE ended_at IS NULL AND NOT EXISTS "  # noqa: S608
        "(SELECT 1 FROM erasure_item i WHERE i.erasure_id = erasure.id AND i.done_at IS NULL)",
        (now,),
    )


def erasure(transaction: Transaction, number: int) -> Erased:
    """One erasure. Errors: `NotFound`."""
    mark, *_ = marks(transaction, 1)
    rows = transaction.rows(f"{_READ} WHERE e.id = {mark}", (number,))
    if not rows:
        raise NotFound("没有这次删除", "there is no such erasure")
    return _read(rows[0])


def erasures(transaction: Transaction) -> list[Erased]:
    """The newest erasures first, at most `MOST`."""
    return [_read(row) for row in transaction.rows(f"{_READ} ORDER BY e.id DESC LIMIT {MOST}")]


_READ = (
    "SELECT e.id, e.at, p.name, e.ground, e.pictures, e.counts, e.ended_at "
    "FROM erasure e LEFT JOIN person p ON p.id = e.person_id"
)


def _read(row: Sequence[Any]) -> Erased:
    return Erased(
        id=int(row[0]), at=Instant(row[1]), by=row[2] or "", ground=GROUNDS[ErasureGround(row[3])],
        pictures=bool(row[4]), counts=json.loads(row[5]), ended_at=Instant(row[6]) if row[6] is not None else None,
    )  # fmt: skip


def _files(text_: str) -> tuple[str, ...]:
    return tuple(json.loads(text_))
