"""Phrases 常用语: texts that somebody, or everybody of a unit, keeps at hand for the forms they fill again and again.

Whose a phrase is stands in it as `reach` names readers: `p7` a person's own, `a3` and `d5` shared in an area's or a
department's office by whoever holds a post there.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from sqlmodel import SQLModel

from engine.clock import Instant
from engine.database import Transaction
from engine.errors import NotFound
from engine.records.access import Viewer
from engine.records.asking import among, marks, wrong
from engine.records.columns import big_id, instant, link, text, word
from engine.records.names import names

#: Characters of one phrase, and phrases of one person or unit.
LONGEST, MOST = 500, 50


class PhraseRow(SQLModel, table=True):
    """One phrase of a person or a unit."""

    __tablename__ = "phrase"

    id: int | None = big_id()
    unit: str = word(index=True)
    words: str = text()
    entered_by: int = link("person.id")
    entered_at: int = instant()


@dataclass(frozen=True, slots=True, kw_only=True)
class Phrase:
    """A phrase as its readers see it."""

    id: int
    unit: str
    words: str


def shelves(transaction: Transaction, viewer: Viewer) -> Mapping[str, str]:
    """Where this person may keep phrases: the unit, and its name; their own first, with no name."""
    called = names(transaction, areas=viewer.areas, departments=viewer.departments)
    areas = {f"a{key}": named.name for key, named in called.areas.items()}
    return {f"p{viewer.person_id}": "", **areas, **{f"d{key}": one.name for key, one in called.departments.items()}}


def phrases(transaction: Transaction, viewer: Viewer) -> list[Phrase]:
    """What this person has at hand: their own first, then what is shared with them, the oldest first."""
    match, units = among(transaction, viewer.units)
    rows = transaction.rows(f"SELECT id, unit, words FROM phrase WHERE unit {match} ORDER BY id", units)  # noqa: S608
    found = [Phrase(id=row[0], unit=row[1], words=row[2]) for row in rows]
    return sorted(found, key=lambda one: (one.unit != f"p{viewer.person_id}", one.unit))


def keep(transaction: Transaction, viewer: Viewer, unit: str, words: str, now: Instant) -> None:
    """Put one more phrase at hand. Errors: `Malformed` naming the field."""
    said = words.strip().replace("\r\n", "\n")
    if not said or len(said) > LONGEST:
        raise wrong("words", f"请填写常用语（{LONGEST} 字以内）", f"write a phrase of at most {LONGEST} characters")
    if unit not in shelves(transaction, viewer):
        raise wrong("unit", "只能存为自己的，或本单位、本辖区共用的", "keep it for yourself or for a unit of yours")
    there = [one.words for one in phrases(transaction, viewer) if one.unit == unit]
    if said in there:
        raise wrong("words", "已有这条常用语", "this phrase is there already")
    if len(there) >= MOST:
        raise wrong("words", f"最多 {MOST} 条，请先删去不用的", f"there are {MOST} already; remove one first")
    listed = ", ".join(marks(transaction, 4))
    transaction.run(
        f"INSERT INTO phrase (unit, words, entered_by, entered_at) VALUES ({listed})",  # noqa: S608
        (unit, said, viewer.person_id, now),
    )


def remove(transaction: Transaction, viewer: Viewer, phrase: int) -> None:
    """Take a phrase away, one's own or a shared one. Errors: `NotFound`."""
    mark, *_ = marks(transaction, 1)
    match, units = among(transaction, viewer.units)
    if not transaction.run(f"DELETE FROM phrase WHERE id = {mark} AND unit {match}", (phrase, *units)):  # noqa: S608
        raise NotFound("没有这条常用语", "there is no such phrase")
