"""What a reader may know of: the names by which `reach` knows them, and which case numbers are kept from them.

Lists, searches and counts join `reach` and need nothing of this. It is for what names a ticket beside its own row: a
history that was written before the ticket became confidential, a form that names it, a row it was born for.
"""

from collections.abc import Collection, Iterable, Iterator, Mapping
from re import compile as pattern
from typing import Any

from engine.database import Transaction
from engine.records.asking import among
from engine.rules.case import Held

_CASE_NO = pattern(r"[0-9]{8}-[0-9]{6,20}")


def units_of(person_id: int, posts: Iterable[Held]) -> tuple[str, ...]:
    """The areas and departments of the posts, each with and without the post, and the person."""
    units = set[str]()
    for held in posts:
        for letter, number in (("a", held.area_id), ("d", held.department_id)):
            if number is not None:
                units |= {f"{letter}{number}", f"{letter}{number}/{held.post}"}
    return (*sorted(units), f"p{person_id}")


def within(area_id: int) -> tuple[str, str]:
    """The rows of `reach` of every ticket that lies in an area, confidential or not."""
    return f"a{area_id}", f"a{area_id}/"


def hidden(transaction: Transaction, units: Collection[str], numbers: Iterable[str]) -> set[str]:
    """Of these case numbers those of confidential tickets that a reader with these units may not know of."""
    wanted = sorted(set(numbers))
    if not wanted:
        return set()
    match, listed = among(transaction, wanted)
    reached, parameters = among(transaction, units)
    rows = transaction.rows(
        "SELECT c.number FROM case_number c JOIN ticket t ON t.id = c.ticket_id "  # noqa: S608 (constant words)
        f"WHERE c.number {match} AND t.confidential AND NOT EXISTS (SELECT 1 FROM reach r "
        f"WHERE r.sort_key = t.opened_at AND r.ticket_id = t.id AND r.unit {reached})",
        (*listed, *parameters),
    )
    return {number for (number,) in rows}


def numbers_in(facts: Any) -> Iterator[str]:
    """The case numbers that facts name, however deep."""
    if isinstance(facts, str):
        if _CASE_NO.fullmatch(facts):
            yield facts
    elif isinstance(facts, Mapping):
        for value in facts.values():
            yield from numbers_in(value)
    elif isinstance(facts, list):
        for value in facts:
            yield from numbers_in(value)


def without(facts: Mapping[str, Any], kept: Collection[str]) -> dict[str, Any]:
    """The facts without the case numbers that are kept from their reader."""
    return {key: value for key, given in facts.items() if (value := _without(given, kept)) is not None}


def _without(value: Any, kept: Collection[str]) -> Any:
    if isinstance(value, str):
        return None if value in kept else value
    if isinstance(value, Mapping):
        return without(value, kept)
    if isinstance(value, list):
        left = [one for given in value if (one := _without(given, kept)) is not None]
        return left if left or not value else None
    return value
