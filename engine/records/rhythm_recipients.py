"""Who gets lists: the holders of posts, by the department or area for which each post is held."""

from collections.abc import Iterable
from dataclasses import dataclass

from engine.clock import Instant
from engine.database import Transaction
from engine.definitions.rhythm import DEPARTMENT, Recipient
from engine.records.rhythm_where import Asking


@dataclass(frozen=True, slots=True, kw_only=True)
class Addressee:
    """A unit and whoever gets its list."""

    #: `a<area id>` or `d<department id>`, as `reach` and notices name units.
    unit: str
    id: int
    #: An area; else a department.
    area: bool
    #: Ids of people, each once.
    people: tuple[int, ...]


def addressees(transaction: Transaction, to: Iterable[Recipient], now: Instant) -> list[Addressee]:
    """The units of these recipients as posts are held at `now`, in an order that stays the same."""
    found: dict[tuple[bool, int], set[int]] = {}
    for recipient in to:
        for unit, person in _holders(transaction, recipient, now):
            found.setdefault((recipient.of != DEPARTMENT, unit), set()).add(person)
    return [
        Addressee(unit=f"{'a' if area else 'd'}{unit}", id=unit, area=area, people=tuple(sorted(people)))
        for (area, unit), people in sorted(found.items())
    ]


def _holders(transaction: Transaction, recipient: Recipient, now: Instant) -> list[tuple[int, int]]:
    """Unit and person of everybody who holds such a post in a unit that is still there."""
    asking = Asking(transaction)
    table = "department" if recipient.of == DEPARTMENT else "area"
    away = f"y.valid_from <= {asking(now)} AND y.valid_to > {asking(now)}"
    where = [
        f"h.post {asking.among(recipient.posts)}",
        f"h.valid_from <= {asking(now)}",
        f"(h.valid_to IS NULL OR h.valid_to > {asking(now)})",
        "p.active",
        f"(u.valid_to IS NULL OR u.valid_to > {asking(now)})",
    ]
    if table == "area":
        where.append(f"u.level = {asking(recipient.of)}")
    rows = transaction.rows(
        # A deputy gets the lists of the post as well; whoever is on leave keeps getting them.
        f"SELECT u.id, p.id FROM holding h JOIN (SELECT id AS holding_id, person_id FROM holding UNION ALL "  # noqa: S608
        f"SELECT y.holding_id, y.deputy_id FROM deputy y WHERE {away}) w ON w.holding_id = h.id "
        "JOIN person p ON p.id = w.person_id "
        f"JOIN {table} u ON u.id = h.{table}_id WHERE {' AND '.join(where)}",
        asking.parameters,
    )
    return [(int(unit), int(person)) for unit, person in rows]


def names_of(transaction: Transaction, to: Iterable[Addressee]) -> dict[str, str]:
    """Unit → the name of the area or department, for whoever reads about them."""
    found: dict[str, str] = {}
    for area in (True, False):
        ids = [one.id for one in to if one.area is area]
        asking = Asking(transaction)
        rows = transaction.rows(
            f"SELECT id, name FROM {'area' if area else 'department'} WHERE id {asking.among(ids)}",  # noqa: S608
            asking.parameters,
        )
        found |= {f"{'a' if area else 'd'}{number}": name for number, name in rows}
    return found


def people_named(transaction: Transaction, ids: Iterable[int]) -> dict[int, str]:
    """The names of people by id."""
    asking = Asking(transaction)
    rows = transaction.rows(
        f"SELECT id, name FROM person WHERE id {asking.among(set(ids))}",  # noqa: S608
        asking.parameters,
    )
    return {int(number): name for number, name in rows}
