"""Who and what a code means: areas, departments and people as a decision reads them, in one question each."""

from collections.abc import Collection, Sequence

from sqlmodel import col, select

from engine.clock import Instant
from engine.database import Transaction
from engine.errors import NotFound
from engine.records.areas import Area, FormerArea, chain
from engine.records.asking import Question, among_keys, ask_one, marks
from engine.rules.case import AreaLink, AreaRef, DepartmentRef, Held, PersonRef


def lookup_areas(transaction: Transaction, codes: Collection[str]) -> dict[str, AreaRef]:
    """The areas of these codes that are still there; what isn't found is missing from the answer."""
    return ask_one(transaction, asked_areas(transaction, codes))


def asked_areas(transaction: Transaction, codes: Collection[str]) -> Question[dict[str, AreaRef]]:
    """The question of `lookup_areas`."""
    match, parameters = among_keys(transaction, codes)
    rows = yield (
        f"SELECT code, lineage FROM area WHERE valid_to IS NULL AND code {match}",  # noqa: S608 (constant words)
        parameters,
    )
    return {code: AreaRef(code, chain(lineage)) for code, lineage in rows}


def lookup_departments(transaction: Transaction, codes: Collection[str]) -> dict[str, DepartmentRef]:
    """The departments of these codes that are still there."""
    return ask_one(transaction, asked_departments(transaction, codes))


def asked_departments(transaction: Transaction, codes: Collection[str]) -> Question[dict[str, DepartmentRef]]:
    """The question of `lookup_departments`."""
    match, parameters = among_keys(transaction, codes)
    rows = yield (
        f"SELECT id, code, parent_id, name, kind FROM department WHERE valid_to IS NULL AND code {match}",  # noqa: S608
        parameters,
    )
    return {code: DepartmentRef(number, code, above, name, kind) for number, code, above, name, kind in rows}


def lookup_people(transaction: Transaction, logins: Collection[str], at: Instant) -> dict[str, PersonRef]:
    """The active people of these logins, with the departments in which they hold a post at `at`."""
    return ask_one(transaction, asked_people(transaction, logins, at))


def asked_people(transaction: Transaction, logins: Collection[str], at: Instant) -> Question[dict[str, PersonRef]]:
    """The question of `lookup_people`."""
    match, parameters = among_keys(transaction, logins)
    since, until = marks(transaction, 2)
    sql = (
        "SELECT p.id, p.login, h.department_id FROM person p LEFT JOIN holding h ON h.person_id = p.id "  # noqa: S608
        f"AND h.valid_from <= {since} AND (h.valid_to IS NULL OR h.valid_to > {until}) "
        f"WHERE p.active AND p.login {match}"
    )
    rows = yield sql, [at, at, *parameters]
    departments: dict[str, set[int]] = {}
    ids: dict[str, int] = {}
    for number, login, department in rows:
        ids[login] = number
        departments.setdefault(login, set()).update([] if department is None else [department])
    return {login: PersonRef(number, login, frozenset(departments[login])) for login, number in ids.items()}


def holdings_of(transaction: Transaction, person_id: int, at: Instant) -> tuple[Held, ...]:
    """The posts somebody holds at `at`, the oldest first."""
    person, since, until = marks(transaction, 3)
    rows = transaction.rows(
        f"SELECT post, area_id, department_id FROM holding WHERE person_id = {person} AND valid_from <= {since} "  # noqa: S608
        f"AND (valid_to IS NULL OR valid_to > {until}) ORDER BY valid_from, id",
        (person_id, at, at),
    )
    return tuple(Held(post, area_id, department_id) for post, area_id, department_id in rows)


def home_area(transaction: Transaction, posts: Sequence[Held]) -> tuple[AreaLink, ...] | None:
    """Where somebody with these posts is at home: the smallest area of a post, else where a department is stationed."""
    areas = {held.area_id for held in posts if held.area_id is not None}
    return _smallest(transaction, areas) or _smallest(transaction, _stations(transaction, posts))


def area_at(transaction: Transaction, area_id: int, at: Instant) -> Area:
    """The area as it was at `at`: its name, boundary and way up to the root.

    Errors: `NotFound` when it was not there then.
    """
    row = transaction.connection.execute(select(Area).where(col(Area.id) == area_id)).mappings().first()
    if row is None:
        raise NotFound("没有这个区域", "there is no such area")
    if row["valid_from"] is None or row["valid_from"] <= at:
        return Area(**row)
    former = (
        transaction.connection.execute(
            select(FormerArea)
            .where(col(FormerArea.area_id) == area_id, col(FormerArea.valid_to) > at)
            .order_by(col(FormerArea.valid_to))
            .limit(1)
        )
        .mappings()
        .first()
    )
    if former is None or (former["valid_from"] is not None and former["valid_from"] > at):
        raise NotFound(f"“{row['name']}”当时还没有", f"'{row['name']}' was not there then")
    return Area(**{**row, **{name: value for name, value in former.items() if name != "area_id"}})


def _stations(transaction: Transaction, posts: Sequence[Held]) -> set[int]:
    departments = sorted({held.department_id for held in posts if held.department_id is not None})
    if not departments:
        return set()
    listed = ", ".join(marks(transaction, len(departments)))
    rows = transaction.rows(
        f"SELECT area_id FROM department WHERE area_id IS NOT NULL AND id IN ({listed})",  # noqa: S608
        departments,
    )
    return {row[0] for row in rows}


def _smallest(transaction: Transaction, areas: set[int]) -> tuple[AreaLink, ...] | None:
    if not areas:
        return None
    listed = ", ".join(marks(transaction, len(areas)))
    rows = transaction.rows(
        f"SELECT lineage FROM area WHERE valid_to IS NULL AND id IN ({listed})",  # noqa: S608
        sorted(areas),
    )
    # Two posts at the same depth: the older area, so that the answer is always the same.
    chains = sorted((chain(row[0]) for row in rows), key=lambda links: (-len(links), links[0].id))
    return chains[0] if chains else None
