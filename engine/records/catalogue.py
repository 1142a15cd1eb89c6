"""The catalogue: item → standards → limits, and who is responsible for what, where."""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass

from sqlalchemy import Index, UniqueConstraint
from sqlmodel import SQLModel

from engine.database import Transaction
from engine.records.asking import Question, among, among_keys, ask_one
from engine.records.columns import (
    big_id,
    link,
    maybe_link,
    maybe_word,
    number,
    one_of,
    text,
    title,
    word,
    yes_no,
)
from engine.rules.case import ItemRef

#: 部件 and 事件 (GB/T 30428).
KINDS = ("part", "event")


class Item(SQLModel, table=True):
    """One item of the catalogue: class (2 digits) and item (2 digits) of a kind."""

    __tablename__ = "item"
    __table_args__ = (one_of("kind", KINDS),)

    id: int | None = big_id()
    #: E.g. `part-01-02`.
    code: str = word(unique=True)
    kind: str = word()
    class_code: str = word()
    class_name: str = title()
    item_code: str = word()
    name: str = title()
    #: Initials of the name's sounds, to be found by.
    initials: str = title()
    active: bool = yes_no()


class Standard(SQLModel, table=True):
    """When a case of an item is filed, when it is closed, and how long that may take."""

    __tablename__ = "standard"
    __table_args__ = (UniqueConstraint("item_id", "ordinal"),)

    id: int | None = big_id()
    item_id: int = link("item.id", index=True)
    #: 1, 2, … within the item; the code of a standard is `<item code>/<ordinal>`.
    ordinal: int = number()
    filing_condition: str = text()
    closing_condition: str = text()
    #: The limit as the source writes it.
    limit_source: str = title()
    #: The limit as a workflow file writes it, on a named clock; empty if the item sets none.
    limit: str = title()
    #: The first step of a limit in two steps (制止, then 处置); empty if there is one step.
    first_limit: str = title()
    active: bool = yes_no()


class Responsibility(SQLModel, table=True):
    """Who leads and who joins in, by item × area × level. The nearest area and the most exact item win."""

    __tablename__ = "responsibility"
    __table_args__ = (Index("ix_responsibility_item_area", "item_code", "area_id"),)

    id: int | None = big_id()
    #: An item's code, or a class (`part-01`), or a kind (`part`).
    item_code: str = word()
    area_id: int = link("area.id")
    #: The level at which it is handled, e.g. street or district; none for any.
    level: str | None = maybe_word()
    lead_id: int = link("department.id")
    #: JSON list of department codes that join in.
    co: str = text()
    #: The rule it stands in (三定 or 权责清单), shown with a proposal.
    basis: str = title()
    active: bool = yes_no()


class Duty(SQLModel, table=True):
    """What a residents' organisation may be asked for: 依法履职 and 依法协助 lists."""

    __tablename__ = "duty"

    id: int | None = big_id()
    item_code: str = word(index=True)
    #: statutory (依法履职) or assisting (依法协助).
    list_word: str = word()
    area_id: int | None = maybe_link("area.id")
    basis: str = title()


def lookup_items(transaction: Transaction, codes: Collection[str]) -> dict[str, ItemRef]:
    """The items (`part-01-02`) and standards (`part-01-02/3`) of these codes that are in force.

    A standard's limit is its own; an item's is that of its standards if they all agree, else "" - nobody may guess
    which of them a case falls under. What isn't found is missing from the answer.
    """
    return ask_one(transaction, asked_items(transaction, codes))


def asked_items(transaction: Transaction, codes: Collection[str]) -> Question[dict[str, ItemRef]]:
    """The question of `lookup_items`."""
    match, parameters = among_keys(transaction, {code.partition("/")[0] for code in codes})
    sql = (
        'SELECT i.code, s.ordinal, s."limit" FROM item i LEFT JOIN standard s ON s.item_id = i.id AND s.active '  # noqa: S608
        f"WHERE i.active AND i.code {match}"
    )
    rows = yield sql, parameters
    limits: dict[str, set[str]] = {}
    known: dict[str, str] = {}
    for item, ordinal, limit in rows:
        limits.setdefault(item, set())
        if ordinal is not None:
            limits[item].add(limit)
            known[f"{item}/{ordinal}"] = limit
    for item, found in limits.items():
        known[item] = found.pop() if len(found) == 1 else ""
    return {code: ItemRef(code, known[code]) for code in codes if code in known}


@dataclass(frozen=True, slots=True, kw_only=True)
class Classed:
    """An item as lists group by it."""

    name: str
    #: Kind and class, e.g. `part-01`.
    class_code: str
    class_name: str
    #: Code of a standard → its filing condition.
    standards: Mapping[str, str]


def classed(transaction: Transaction, codes: Iterable[str]) -> dict[str, Classed]:
    """Items by code, with class and standards; also those that are no more. What isn't there is missing."""
    match, parameters = among(transaction, {code.partition("/")[0] for code in codes})
    rows = transaction.rows(
        "SELECT i.code, i.name, i.kind, i.class_code, i.class_name, s.ordinal, s.filing_condition FROM item i "  # noqa: S608
        f"LEFT JOIN standard s ON s.item_id = i.id WHERE i.code {match} ORDER BY i.code, s.ordinal",
        parameters,
    )
    standards: dict[str, dict[str, str]] = {}
    for row in rows:
        if row[5] is not None:
            standards.setdefault(row[0], {})[f"{row[0]}/{row[5]}"] = row[6]
    return {
        code: Classed(
            name=name, class_code=f"{kind}-{number}", class_name=title, standards=standards.get(code, {}),
        )
        for code, name, kind, number, title, *_ in rows
    }  # fmt: skip
