"""What people call the things that rows keep by id; asked once per page, never per line."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from engine.database import Transaction
from engine.records.asking import among, marks


@dataclass(frozen=True, slots=True)
class Named:
    """A code and what it is called: a department's, an area's, a person's login and name, an item's."""

    code: str
    name: str


@dataclass(slots=True, kw_only=True)
class Names:
    """Names by id."""

    departments: Mapping[int, Named] = field(default_factory=dict)
    people: Mapping[int, Named] = field(default_factory=dict)
    areas: Mapping[int, Named] = field(default_factory=dict)
    #: Case numbers.
    tickets: Mapping[int, str] = field(default_factory=dict)


def names(
    transaction: Transaction,
    *,
    departments: Iterable[int | None] = (),
    people: Iterable[int | None] = (),
    areas: Iterable[int | None] = (),
    tickets: Iterable[int | None] = (),
) -> Names:
    """The names of these ids; None among them is left out."""
    return Names(
        departments=_named(transaction, "department", "code", departments),
        people=_named(transaction, "person", "login", people),
        areas=_named(transaction, "area", "code", areas),
        tickets={key: named.code for key, named in _named(transaction, "ticket", "case_no", tickets, "state").items()},
    )


def by_code(transaction: Transaction, table: str, code: str, codes: Iterable[str]) -> dict[str, str]:
    """Code → name in one of the tables that have both."""
    wanted = set(codes)
    if not wanted:
        return {}
    match, parameters = among(transaction, wanted)
    return dict(transaction.rows(f"SELECT {code}, name FROM {table} WHERE {code} {match}", parameters))  # noqa: S608


def _named(
    transaction: Transaction, table: str, code: str, ids: Iterable[int | None], name: str = "name"
) -> dict[int, Named]:
    wanted = sorted({one for one in ids if one is not None})
    if not wanted:
        return {}
    listed = ", ".join(marks(transaction, len(wanted)))
    rows = transaction.rows(f"SELECT id, {code}, {name} FROM {table} WHERE id IN ({listed})", wanted)  # noqa: S608
    return {int(number): Named(text, called) for number, text, called in rows}
