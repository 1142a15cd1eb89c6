"""Who sits in a body now, and who may call it: posts held against the body's area, deputies included."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from engine.clock import Instant
from engine.database import Transaction
from engine.definitions.model import AreaScope, Meeting, Workflow
from engine.definitions.names import HERE, WITHIN
from engine.records.areas import chain
from engine.records.asking import among, marks
from engine.rules.case import AreaLink, Held

#: The way up to the root from an area, its own link first.
Way = Sequence[AreaLink]


@dataclass(frozen=True, slots=True, kw_only=True)
class Member:
    """Somebody with a seat, by the first seat of the file that they have."""

    person_id: int
    login: str
    name: str
    seat: str
    post: str
    area_id: int
    area_name: str
    #: Id, login and name of those who stand in for the member now.
    deputies: tuple[tuple[int, str, str], ...] = ()


def members(transaction: Transaction, meeting: Meeting, area: Way, now: Instant) -> list[Member]:
    """Everybody who has a seat at that moment, each once, in the order of the seats."""
    posts = sorted({post for seat in meeting.seats.values() for post in seat.posts})
    held, listed = among(transaction, posts)
    mark, *_ = marks(transaction, 1)
    rows = transaction.rows(
        "SELECT p.id, p.login, p.name, h.post, h.id, a.id, a.name, a.lineage FROM holding h "  # noqa: S608
        f"JOIN person p ON p.id = h.person_id JOIN area a ON a.id = h.area_id WHERE h.post {held} AND p.active "
        f"AND h.valid_from <= {mark} AND (h.valid_to IS NULL OR h.valid_to > {mark}) ORDER BY a.id, h.id",
        (*listed, now, now),
    )
    away = _deputies(transaction, [row[4] for row in rows], now)
    found: dict[int, Member] = {}
    for seat in meeting.seats.values():
        for row in rows:
            if row[3] in seat.posts and row[0] not in found and _sits(seat.area, area, chain(row[7])):
                found[row[0]] = Member(
                    person_id=row[0], login=row[1], name=row[2], seat=seat.name, post=row[3], area_id=row[5],
                    area_name=row[6], deputies=tuple(away.get(row[4], ())),
                )  # fmt: skip
    return list(found.values())


def _deputies(transaction: Transaction, holdings: Iterable[int], now: Instant) -> dict[int, list[Any]]:
    match, listed = among(transaction, set(holdings))
    mark, *_ = marks(transaction, 1)
    rows = transaction.rows(
        "SELECT y.holding_id, p.id, p.login, p.name FROM deputy y JOIN person p ON p.id = y.deputy_id "  # noqa: S608
        f"WHERE y.holding_id {match} AND y.valid_from <= {mark} AND y.valid_to > {mark} AND p.active ORDER BY y.id",
        (*listed, now, now),
    )
    found: dict[int, list[Any]] = {}
    for holding, *person in rows:
        found.setdefault(holding, []).append(tuple(person))
    return found


def _sits(where: str, body: Way, post: Way) -> bool:
    """Whether a post held for an area (by its way up) has a seat in the body of another."""
    if where == HERE:
        return post[0].id == body[0].id
    if where == WITHIN:
        return any(link.id == body[0].id for link in post[1:])
    return any(link.id == post[0].id and link.level == where for link in body)


def standing(
    transaction: Transaction, definition: Workflow, meeting: Meeting, area: Way, posts: Sequence[Held],
    names: Iterable[str],
) -> Held | None:  # fmt: skip
    """The first of these posts by which somebody has one of these seats or roles of a body; their own come first."""
    ways = _ways(transaction, posts)
    for held in sorted(posts, key=lambda one: one.behalf_of is not None):
        way = ways.get(held.area_id or 0)
        if way is not None and any(_stands(definition, meeting, area, held, way, name) for name in names):
            return held
    return None


def _stands(definition: Workflow, meeting: Meeting, area: Way, held: Held, way: Way, name: str) -> bool:
    seat = meeting.seats.get(name)
    if seat is not None:
        return held.post in seat.posts and _sits(seat.area, area, way)
    role = definition.roles[name]
    if held.post not in role.posts or (role.duty and not held.on_duty):
        return False
    if role.area == AreaScope.TICKET:
        return any(link.id == way[0].id for link in area)
    return _sits(role.area or "", area, way)


def _ways(transaction: Transaction, posts: Sequence[Held]) -> Mapping[int, Way]:
    match, listed = among(transaction, {held.area_id for held in posts if held.area_id is not None})
    rows = transaction.rows(f"SELECT id, lineage FROM area WHERE id {match}", listed)  # noqa: S608
    return {number: chain(lineage) for number, lineage in rows}


def areas_of(transaction: Transaction, level: str) -> list[tuple[int, str, str, Way]]:
    """Id, code, name and way up of every area of a level that is there, by code."""
    mark, *_ = marks(transaction, 1)
    rows = transaction.rows(
        f"SELECT id, code, name, lineage FROM area WHERE level = {mark} AND valid_to IS NULL ORDER BY code",  # noqa: S608
        (level,),
    )
    return [(number, code, name, chain(lineage)) for number, code, name, lineage in rows]
