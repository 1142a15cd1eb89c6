"""People, the posts they hold from–to, and the keys they come in with."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Index, insert, update
from sqlmodel import SQLModel, col, select

from engine.clock import Instant
from engine.database import Transaction
from engine.errors import NotFound
from engine.records.asking import among, ids_of, wrong
from engine.records.columns import (
    big_id,
    instant,
    link,
    maybe_instant,
    maybe_link,
    maybe_text,
    title,
    word,
    yes_no,
)

#: 三员分立: these duties are never held by one person at one time.
SEPARATE = ("system_admin", "security_admin", "audit_admin")


class Person(SQLModel, table=True):
    """Somebody with an account."""

    __tablename__ = "person"

    id: int | None = big_id()
    login: str = word(unique=True)
    name: str = title()
    phone: str = title()
    #: argon2; none until one is set.
    password_hash: str | None = maybe_text()
    active: bool = yes_no()


class Holding(SQLModel, table=True):
    """A post held by a person, for an area or in a department, from–to."""

    __tablename__ = "holding"
    __table_args__ = (Index("ix_holding_person", "person_id", "valid_from"),)

    id: int | None = big_id()
    person_id: int = link("person.id")
    post: str = word(index=True)
    area_id: int | None = maybe_link("area.id", index=True)
    department_id: int | None = maybe_link("department.id", index=True)
    valid_from: int = instant()
    valid_to: int | None = maybe_instant()


class Token(SQLModel, table=True):
    """A bearer token or a browser session: only the digest of its secret is kept."""

    __tablename__ = "token"

    #: sha256 of the secret, hex.
    digest: str = word(key=True)
    person_id: int = link("person.id", index=True)
    #: What it is for, in its owner's words; `session` for a browser's.
    purpose: str = title()
    created_at: int = instant()
    expires_at: int = instant()
    revoked_at: int | None = maybe_instant()
    #: When a session was last used, to the minute.
    seen_at: int = instant()
    #: The browser of a session in two words, so that its owner knows it again; "" for a token.
    device: str = title()


@dataclass(frozen=True, slots=True, kw_only=True)
class NewPerson:
    """Somebody who is to have an account."""

    login: str
    name: str
    phone: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Appointment:
    """A post that somebody is to hold, for an area or in a department (or for the whole installation)."""

    login: str
    post: str
    #: Codes.
    area: str | None = None
    department: str | None = None
    since: Instant
    #: Not any more from this moment on; None is open.
    until: Instant | None = None


def person_by_login(transaction: Transaction, login: str) -> Person:
    """The person of that login, active or not. Errors: `NotFound`."""
    row = transaction.connection.execute(select(Person).where(col(Person.login) == login)).mappings().first()
    if row is None:
        raise NotFound(f"没有账号“{login[:60]}”", f"there is no account '{login[:60]}'")
    return Person(**row)


def create_people(transaction: Transaction, news: Iterable[NewPerson]) -> dict[str, int]:
    """Create accounts, active and without a password; answers login → id.

    Errors: `Malformed` for a login given twice or taken.
    """
    rows: dict[str, dict[str, Any]] = {}
    for new in news:
        if new.login in rows:
            raise wrong("login", f"账号“{new.login}”写了两次", f"the login '{new.login}' is given twice")
        rows[new.login] = {"login": new.login, "name": new.name, "phone": new.phone, "active": True}
    taken = sorted(ids_of(transaction, "person", "login", rows))
    if taken:
        raise wrong("login", f"账号“{taken[0]}”已被使用", f"the login '{taken[0]}' is taken")
    if not rows:
        return {}
    returned = transaction.connection.execute(
        insert(Person).returning(col(Person.login), col(Person.id)), list(rows.values())
    )
    return {login: int(number) for login, number in returned if number is not None}


def alter_person(transaction: Transaction, new: NewPerson) -> None:
    """Give the person of that login another name and telephone number. Errors: `NotFound`."""
    found = person_by_login(transaction, new.login)
    values = {"name": new.name, "phone": new.phone}
    transaction.connection.execute(update(Person).where(col(Person.id) == found.id).values(**values))


def set_active(transaction: Transaction, login: str, active: bool) -> None:
    """Let an account sign in, or not any more; its posts stay. Errors: `NotFound`."""
    found = person_by_login(transaction, login)
    transaction.connection.execute(update(Person).where(col(Person.id) == found.id).values(active=active))


def appoint(transaction: Transaction, appointments: Sequence[Appointment]) -> int:
    """Let people hold posts; how many are new. One that overlaps the same post in the same place is left as it is.

    Errors: `Malformed` for an unknown person, area or department, an end before the beginning, or when one person
    would hold two of the three administrators' duties at a time.
    """
    people = ids_of(transaction, "person", "login", {one.login for one in appointments})
    areas = ids_of(transaction, "area", "code", {one.area for one in appointments if one.area})
    departments = ids_of(transaction, "department", "code", {one.department for one in appointments if one.department})
    held = _held(transaction, people)
    rows = []
    for one in appointments:
        row = _row(one, people, areas, departments)
        theirs = held.setdefault(row["person_id"], [])
        if any(_same(row, other) for other in theirs):
            continue
        _refuse_combined(one, row, theirs)
        theirs.append(row)
        rows.append(row)
    if rows:
        transaction.connection.execute(
            insert(Holding), [{name: row[name] for name in row if name != "behalf_of"} for row in rows]
        )
    return len(rows)


def dismiss(
    transaction: Transaction,
    login: str,
    post: str,
    until: Instant,
    *,
    area: str | None = None,
    department: str | None = None,
) -> int:
    """End a post at `until`, in one place or (without area and department) everywhere; how many holdings ended.

    A holding that would only begin later never comes to be. Errors: `Malformed` as `appoint`.
    """
    probe = Appointment(login=login, post=post, area=area, department=department, since=until)
    row = _row(
        probe,
        ids_of(transaction, "person", "login", {login}),
        ids_of(transaction, "area", "code", {area} if area else ()),
        ids_of(transaction, "department", "code", {department} if department else ()),
    )
    statement = update(Holding).where(
        col(Holding.person_id) == row["person_id"],
        col(Holding.post) == post,
        col(Holding.valid_to).is_(None) | (col(Holding.valid_to) > until),
    )
    for name in ("area_id", "department_id"):
        if row[name] is not None:
            statement = statement.where(getattr(Holding, name) == row[name])
    return transaction.connection.execute(statement.values(valid_to=until)).rowcount


def ends_of(transaction: Transaction, one: Appointment) -> list[tuple[int, Instant | None]]:
    """The holdings of the same post in the same place that overlap this one: their ids and ends.

    Errors: `Malformed` as `appoint`.
    """
    row = _row(
        one,
        ids_of(transaction, "person", "login", {one.login}),
        ids_of(transaction, "area", "code", {one.area} if one.area else ()),
        ids_of(transaction, "department", "code", {one.department} if one.department else ()),
    )
    found = transaction.connection.execute(
        select(Holding).where(col(Holding.person_id) == row["person_id"], col(Holding.post) == one.post)
    )
    return [(int(held["id"]), held["valid_to"]) for held in found.mappings() if _same(row, {**held, "behalf_of": None})]


def end_holding(transaction: Transaction, number: int, until: Instant) -> None:
    """A holding is over at `until`."""
    transaction.connection.execute(update(Holding).where(col(Holding.id) == number).values(valid_to=until))


def _row(
    one: Appointment, people: dict[str, int], areas: dict[str, int], departments: dict[str, int]
) -> dict[str, Any]:
    if one.login not in people:
        raise wrong("login", f"没有账号“{one.login}”", f"there is no account '{one.login}'")
    if one.area and one.area not in areas:
        raise wrong("area", f"没有区域“{one.area}”", f"there is no area '{one.area}'")
    if one.department and one.department not in departments:
        raise wrong("department", f"没有单位“{one.department}”", f"there is no department '{one.department}'")
    if one.until is not None and one.until <= one.since:
        raise wrong("until", "任期的结束不晚于开始", "the post ends no later than it begins")
    return {
        "person_id": people[one.login],
        "post": one.post,
        "area_id": areas[one.area] if one.area else None,
        "department_id": departments[one.department] if one.department else None,
        "valid_from": one.since,
        "valid_to": one.until,
        "behalf_of": None,
    }


def _held(transaction: Transaction, logins: Iterable[str]) -> dict[int, list[dict[str, Any]]]:
    """What they hold at any time, in person or (then with `behalf_of`) as a deputy."""
    names = ("person_id", "post", "area_id", "department_id", "valid_from", "valid_to")
    match, parameters = among(transaction, logins)
    listed = ", ".join("h." + name for name in names)
    rows = transaction.rows(
        f"SELECT {listed}, NULL FROM holding h JOIN person p ON p.id = h.person_id WHERE p.login {match} UNION ALL "  # noqa: S608
        "SELECT y.deputy_id, h.post, h.area_id, h.department_id, y.valid_from, y.valid_to, h.person_id FROM deputy y "
        f"JOIN holding h ON h.id = y.holding_id JOIN person p ON p.id = y.deputy_id WHERE p.login {match}",
        [*parameters, *parameters],
    )
    found: dict[int, list[dict[str, Any]]] = {}
    for row in rows:
        found.setdefault(row[0], []).append(dict(zip((*names, "behalf_of"), row, strict=True)))
    return found


def _same(row: dict[str, Any], other: dict[str, Any]) -> bool:
    """The same post in the same place, held already when this one would begin."""
    same = all(row[name] == other[name] for name in ("post", "area_id", "department_id"))
    return same and other["behalf_of"] is None and _overlap(row, other)


def _refuse_combined(one: Appointment, row: dict[str, Any], theirs: list[dict[str, Any]]) -> None:
    if one.post not in SEPARATE:
        return
    for other in theirs:
        if other["post"] in SEPARATE and other["post"] != one.post and _overlap(row, other):
            raise wrong(
                "post",
                f"三员分立：“{one.login}”已任 {other['post']}，不能同时任 {one.post}",
                f"separate duties: '{one.login}' is {other['post']} and cannot be {one.post} as well",
            )


def _overlap(one: dict[str, Any], other: dict[str, Any]) -> bool:
    return (other["valid_to"] is None or one["valid_from"] < other["valid_to"]) and (
        one["valid_to"] is None or other["valid_from"] < one["valid_to"]
    )
