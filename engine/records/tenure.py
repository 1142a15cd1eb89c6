"""Who held a post at what time, and how a post passes from one person to another."""

from collections.abc import Sequence
from dataclasses import dataclass

from engine.clock import Instant
from engine.database import Transaction
from engine.errors import NotFound
from engine.records.asking import ids_of, marks, wrong
from engine.records.people import Appointment, appoint, dismiss, person_by_login


@dataclass(frozen=True, slots=True, kw_only=True)
class Tenure:
    """A post in a unit, held from–to by somebody, in person or on somebody's behalf."""

    login: str
    name: str
    post: str
    #: Code and name of the area or department; "" for the whole installation.
    unit: str
    unit_name: str
    since: Instant
    until: Instant | None
    #: Name of the person on leave whose deputy this is; "" for whoever holds the post.
    behalf_of: str = ""


#: `area` or `department`, and the id: where a post is held.
Held = tuple[str, int | None]
#: Codes of area and department, and their ids; one pair of them is None.
Place = tuple[str | None, str | None, int | None, int | None]

_SELECT = (
    "SELECT p.login, p.name, h.post, coalesce(a.code, d.code, ''), coalesce(a.name, d.name, ''), {0} FROM {1} "
    "LEFT JOIN area a ON a.id = h.area_id LEFT JOIN department d ON d.id = h.department_id WHERE {2}"
)
_OWN = "holding h JOIN person p ON p.id = h.person_id"
_DEPUTED = (
    "deputy y JOIN holding h ON h.id = y.holding_id JOIN person p ON p.id = y.deputy_id "
    "JOIN person o ON o.id = h.person_id"
)


def _both(own: str, deputed: str) -> str:
    return (
        _SELECT.format("h.valid_from AS since, h.valid_to, ''", _OWN, own)
        + " UNION ALL "
        + _SELECT.format("y.valid_from, y.valid_to, o.name", _DEPUTED, f"y.valid_to > y.valid_from AND {deputed}")
        + " ORDER BY since, 1"
    )


def who_held(
    transaction: Transaction, post: str, at: Instant, *, area: str | None = None, department: str | None = None
) -> list[Tenure]:
    """Everybody who held the post for that unit at that moment, deputies too. Errors: `Malformed` (unknown unit)."""
    column, code = ("department", department) if department is not None else ("area", area)
    unit = _unit(transaction, column, code)
    mark, *_ = marks(transaction, 1)
    place = f"h.{column}_id = {mark}" if unit is not None else "h.area_id IS NULL AND h.department_id IS NULL"
    there = [unit] if unit is not None else []
    held = f"h.post = {mark} AND {place} AND h.valid_from <= {mark} AND (h.valid_to IS NULL OR h.valid_to > {mark})"
    deputed = f"{held} AND y.valid_from <= {mark} AND y.valid_to > {mark}"
    asked = [post, *there, at, at]
    rows = transaction.rows(_both(held, deputed), [*asked, *asked, at, at])
    return _tenures(rows)


def posts_of(transaction: Transaction, login: str) -> list[Tenure]:
    """Every post somebody has held or holds or will, in person or as a deputy. Errors: `NotFound`."""
    person = person_by_login(transaction, login)
    mark, *_ = marks(transaction, 1)
    rows = transaction.rows(_both(f"h.person_id = {mark}", f"y.deputy_id = {mark}"), [person.id, person.id])
    return _tenures(rows)


def pass_post(transaction: Transaction, old: str, new: str, post: str, at: Instant) -> list[Held]:
    """The post passes at that moment, wherever the old person holds it; the units, as column and id.

    Done again it passes nothing more and answers the units that had passed.
    Errors: `NotFound` if the old person never held the post, `Malformed` as `appoint`.
    """
    units = [one for one in posts_of(transaction, old) if one.post == post and not one.behalf_of]
    running = [one for one in units if one.since <= at and (one.until is None or one.until > at)]
    if not running:
        latest = max((one.until or 0 for one in units), default=0)
        running = [one for one in units if one.until == latest]
    if not running:
        raise NotFound(f"“{old}”没有任过 {post}", f"'{old}' has never been {post}")
    rows = _places(transaction, old, post, [one.since for one in running])
    for area, department, area_id, department_id in rows:
        dismiss(transaction, old, post, at, area=area, department=department)
        if not _holds(transaction, new, post, area_id, department_id, at):
            appoint(transaction, [Appointment(login=new, post=post, area=area, department=department, since=at)])
    return [("area", row[2]) if row[2] is not None else ("department", row[3]) for row in rows]


@dataclass(frozen=True, slots=True, kw_only=True)
class Own:
    """A post somebody holds now."""

    id: int
    post: str
    unit_name: str
    since: Instant
    until: Instant | None


def holdings(transaction: Transaction, person_id: int, at: Instant) -> list[Own]:
    """The posts somebody holds in person at that moment, the oldest first."""
    mark, *_ = marks(transaction, 1)
    rows = transaction.rows(
        "SELECT h.id, h.post, coalesce(a.name, d.name, ''), h.valid_from, h.valid_to FROM holding h "  # noqa: S608
        "LEFT JOIN area a ON a.id = h.area_id LEFT JOIN department d ON d.id = h.department_id "
        f"WHERE h.person_id = {mark} AND h.valid_from <= {mark} AND (h.valid_to IS NULL OR h.valid_to > {mark}) "
        "ORDER BY h.valid_from, h.id",
        (person_id, at, at),
    )
    return [Own(**dict(zip("id post unit_name since until".split(), row, strict=True))) for row in rows]


def running(transaction: Transaction, login: str, post: str, at: Instant) -> list[int]:
    """The holdings by which somebody has a post at that moment. Errors: `NotFound` if there is none."""
    person = person_by_login(transaction, login)
    mark, *_ = marks(transaction, 1)
    rows = transaction.rows(
        f"SELECT id FROM holding WHERE person_id = {mark} AND post = {mark} AND valid_from <= {mark} "  # noqa: S608
        f"AND (valid_to IS NULL OR valid_to > {mark}) ORDER BY id",
        (person.id, post, at, at),
    )
    if not rows:
        raise NotFound(f"“{login}”现在不任 {post}", f"'{login}' is not {post} now")
    return [int(row[0]) for row in rows]


def _places(transaction: Transaction, login: str, post: str, since: Sequence[int]) -> list[Place]:
    mark, *_ = marks(transaction, 1)
    rows = transaction.rows(
        "SELECT a.code, d.code, h.area_id, h.department_id, h.valid_from FROM holding h "  # noqa: S608
        "JOIN person p ON p.id = h.person_id LEFT JOIN area a ON a.id = h.area_id "
        f"LEFT JOIN department d ON d.id = h.department_id WHERE p.login = {mark} AND h.post = {mark} ORDER BY h.id",
        (login, post),
    )
    return [(row[0], row[1], row[2], row[3]) for row in rows if row[4] in since]


def _holds(
    transaction: Transaction, login: str, post: str, area: int | None, department: int | None, at: Instant
) -> bool:
    mark, *_ = marks(transaction, 1)
    rows = transaction.rows(
        "SELECT h.area_id, h.department_id FROM holding h JOIN person p ON p.id = h.person_id "  # noqa: S608
        f"WHERE p.login = {mark} AND h.post = {mark} AND h.valid_from <= {mark} "
        f"AND (h.valid_to IS NULL OR h.valid_to > {mark})",
        (login, post, at, at),
    )
    return (area, department) in {tuple(row) for row in rows}


def _unit(transaction: Transaction, table: str, code: str | None) -> int | None:
    if code is None:
        return None
    found = ids_of(transaction, table, "code", {code})
    if code not in found:
        raise wrong(table, f"没有“{code[:60]}”", f"there is no {table} '{code[:60]}'")
    return found[code]


def _tenures(rows: Sequence[Sequence[object]]) -> list[Tenure]:
    names = "login name post unit unit_name since until behalf_of".split()
    return [Tenure(**dict(zip(names, row, strict=True))) for row in rows]  # type: ignore[arg-type]
