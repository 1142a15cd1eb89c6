"""The organisation as administrators look it up: areas, units and people within what their posts reach."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Any

from engine.clock import Instant
from engine.database import Transaction
from engine.definitions.model import Title
from engine.errors import NotFound
from engine.records.areas import chain
from engine.records.asking import among, marks
from engine.records.names import names

#: Rows of one page.
MOST = 50
#: The areas for which {1}, with all below them.
_BELOW = "{0}(id) AS (SELECT id FROM area WHERE {1} UNION SELECT a.id FROM area a JOIN {0} b ON a.parent_id = b.id)"
_RUNNING = "h.valid_from <= ? AND (h.valid_to IS NULL OR h.valid_to > ?)"
#: Areas with somebody in a post, and all below them.
_COVERED = (
    f"covered(id) AS (SELECT h.area_id FROM holding h WHERE h.post = ? AND h.area_id IS NOT NULL AND {_RUNNING} "  # noqa: S608 (constant words)
    "UNION SELECT a.id FROM area a JOIN covered c ON a.parent_id = c.id)"
)
_PERSON = (
    "SELECT p.id, p.login, p.name, p.phone, p.active, CASE WHEN p.password_hash IS NULL THEN 0 ELSE 1 END FROM person p"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Reach:
    """Whose organisation is looked at: that of areas with all below them, or the whole installation's."""

    #: Ids; None for everything.
    roots: tuple[int, ...] | None = None
    now: Instant


@dataclass(frozen=True, slots=True, kw_only=True)
class AreaLine:
    """An area in a list."""

    code: str
    name: str
    level: Title
    #: Code and name of the area above it.
    parent: str
    parent_name: str
    #: Areas right below it, and people who hold a post for it or below it.
    below: int
    people: int


@dataclass(frozen=True, slots=True, kw_only=True)
class UnitLine:
    """A unit in a list."""

    code: str
    name: str
    kind: str
    #: Code and name of the unit above it.
    parent: str
    parent_name: str
    #: The name of where it is stationed.
    area: str
    #: Units right below it, and people who hold a post in it or below it.
    below: int
    people: int


@dataclass(frozen=True, slots=True, kw_only=True)
class HeldLine:
    """A post in a list of people."""

    post: str
    unit: str
    since: Instant
    until: Instant | None


@dataclass(frozen=True, slots=True, kw_only=True)
class PersonLine:
    """Somebody in a list."""

    id: int
    login: str
    name: str
    phone: str
    active: bool
    #: Whether there is a password to sign in by.
    keyed: bool
    posts: tuple[HeldLine, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """What a list of areas or people is narrowed to; what is empty narrows nothing."""

    text: str = ""
    #: Codes: right below this area (for areas), at or below it (for people); in this unit.
    area: str = ""
    department: str = ""
    post: str = ""
    #: Areas of this level without anybody in that post, for them or for an area above them.
    lacking: tuple[str, str] | None = None
    #: Units without anybody in them, people without any post.
    idle: bool = False
    #: Only these areas; None for any.
    codes: tuple[str, ...] | None = None
    #: Behind this code or login.
    after: str = ""


class _Query:
    """A statement with conditions; every `?` in it stands for a value, in the order in which they come."""

    def __init__(self, transaction: Transaction, reach: Reach) -> None:
        self._transaction, self._reach = transaction, reach
        self._tables, self._table_values = list[str](), list[Any]()
        self._conditions, self._values = list[str](), list[Any]()
        if reach.roots is not None:
            match, values = among(transaction, reach.roots)
            self.table(_BELOW.format("below", f"id {match}"), *values)

    def table(self, sql: str, *values: Any) -> None:
        """A table of ids that the statement makes for itself."""
        self._tables.append(sql)
        self._table_values.extend(values)

    def add(self, condition: str, *values: Any) -> None:
        self._conditions.append(f"({condition})")
        self._values.extend(values)

    def within(self, condition: str) -> None:
        """A condition on the table `below`, for whoever doesn't look at everything."""
        if self._reach.roots is not None:
            self.add(condition)

    def has(self, columns: Sequence[str], text: str) -> None:
        """Any of the columns holds the text, whatever its case."""
        find = "strpos(lower({}), ?) > 0" if self._transaction.postgresql else "instr(lower({}), ?) > 0"
        self.add(" OR ".join(find.format(column) for column in columns), *[text.lower()] * len(columns))

    def rows(self, select: str, rest: str = "") -> list[Any]:
        (mark,) = marks(self._transaction, 1)
        tables = f"WITH RECURSIVE {', '.join(self._tables)} " if self._tables else ""
        sql = f"{tables}{select} WHERE {' AND '.join(self._conditions) or '1 = 1'} {rest}"
        return self._transaction.rows(sql.replace("?", mark), [*self._table_values, *self._values])


def areas(transaction: Transaction, reach: Reach, wanted: Wanted, limit: int = MOST) -> list[AreaLine]:
    """Areas that are there, by code: those right below `wanted.area`, or wherever they are if it is empty."""
    query = _areas(transaction, reach, wanted)
    rows = query.rows(
        "SELECT a.id, a.code, a.name, l.title_zh, l.title_en, coalesce(u.code, ''), coalesce(u.name, ''), "
        "(SELECT count(*) FROM area c WHERE c.parent_id = a.id AND c.valid_to IS NULL) "
        "FROM area a JOIN level l ON l.word = a.level LEFT JOIN area u ON u.id = a.parent_id",
        f"ORDER BY a.code LIMIT {limit}",
    )
    people = _people_below(transaction, "area", [row[0] for row in rows], reach.now)
    return [
        AreaLine(
            code=row[1], name=row[2], level=Title(row[3], row[4]), parent=row[5], parent_name=row[6], below=row[7],
            people=people.get(row[0], 0),
        )
        for row in rows
    ]  # fmt: skip


def tops(transaction: Transaction, reach: Reach) -> list[str]:
    """The codes of the areas with which a tree begins: those reached, or those with nothing above them."""
    if reach.roots is None:
        rows = transaction.rows("SELECT code FROM area WHERE valid_to IS NULL AND parent_id IS NULL ORDER BY code")
    else:
        match, values = among(transaction, reach.roots)
        rows = transaction.rows(
            f"SELECT code FROM area WHERE valid_to IS NULL AND id {match} ORDER BY code",  # noqa: S608 (constant words)
            values,
        )
    return [row[0] for row in rows]


def way(transaction: Transaction, reach: Reach, code: str) -> list[tuple[str, str]]:
    """Code and name of an area and of those above it as far as one reaches, the highest first.

    Errors: `NotFound` for one that isn't there or isn't reached.
    """
    query = _Query(transaction, reach)
    query.add("a.code = ?", code)
    query.within("a.id IN (SELECT id FROM below)")
    found = query.rows("SELECT a.lineage FROM area a")
    if not found:
        raise NotFound("没有这个区域，或不在您的管理范围", "there is no such area within your reach")
    ids = [link.id for link in chain(found[0][0])]
    called = names(transaction, areas=ids).areas
    first = next((at for at, one in enumerate(ids) if one in (reach.roots or ())), len(ids) - 1)
    return [(called[one].code, called[one].name) for one in reversed(ids[: first + 1])]


def units(transaction: Transaction, reach: Reach, wanted: Wanted, limit: int = MOST) -> list[UnitLine]:
    """Units that are there, by code: those right below `wanted.department`, or all of them if it is empty."""
    query = _units(transaction, reach, wanted)
    rows = query.rows(
        "SELECT d.id, d.code, d.name, d.kind, coalesce(u.code, ''), coalesce(u.name, ''), coalesce(a.name, ''), "
        "(SELECT count(*) FROM department c WHERE c.parent_id = d.id AND c.valid_to IS NULL) "
        "FROM department d LEFT JOIN department u ON u.id = d.parent_id LEFT JOIN area a ON a.id = d.area_id",
        f"ORDER BY d.code LIMIT {limit}",
    )
    people = _people_below(transaction, "department", [row[0] for row in rows], reach.now)
    return [
        UnitLine(
            code=row[1], name=row[2], kind=row[3], parent=row[4], parent_name=row[5], area=row[6], below=row[7],
            people=people.get(row[0], 0),
        )
        for row in rows
    ]  # fmt: skip


def people(transaction: Transaction, reach: Reach, wanted: Wanted, limit: int = MOST) -> list[PersonLine]:
    """People by login, with the posts that they hold now or will."""
    query = _people(transaction, reach, wanted)
    rows = query.rows(
        _PERSON,
        f"ORDER BY p.login LIMIT {limit}",
    )
    return _lines(transaction, rows, reach.now)


def person(transaction: Transaction, reach: Reach, login: str) -> PersonLine:
    """One of them. Errors: `NotFound` for somebody who isn't there or isn't reached."""
    query = _people(transaction, reach, Wanted())
    query.add("p.login = ?", login)
    rows = query.rows(_PERSON)
    if not rows:
        raise NotFound("没有这个账号，或不在您的管理范围", "there is no such account within your reach")
    return _lines(transaction, rows, reach.now)[0]


def count_areas(transaction: Transaction, reach: Reach, wanted: Wanted) -> int:
    """How many `areas` there would be without a limit."""
    counted = "SELECT count(*) FROM area a LEFT JOIN area u ON u.id = a.parent_id"
    return int(_areas(transaction, reach, wanted).rows(counted)[0][0])


def count_units(transaction: Transaction, reach: Reach, wanted: Wanted) -> int:
    """How many `units` there would be without a limit."""
    counted = "SELECT count(*) FROM department d LEFT JOIN department u ON u.id = d.parent_id"
    return int(_units(transaction, reach, wanted).rows(counted)[0][0])


def count_people(transaction: Transaction, reach: Reach, wanted: Wanted) -> int:
    """How many `people` there would be without a limit."""
    return int(_people(transaction, reach, wanted).rows("SELECT count(*) FROM person p")[0][0])


def count_rules(transaction: Transaction) -> dict[str, int]:
    """How many items, standards and responsibilities are in force."""
    (row,) = transaction.rows(
        "SELECT (SELECT count(*) FROM item WHERE active), (SELECT count(*) FROM standard WHERE active), "
        "(SELECT count(*) FROM responsibility WHERE active)"
    )
    return dict(zip(("catalogue", "standards", "responsibilities"), row, strict=True))


def _areas(transaction: Transaction, reach: Reach, wanted: Wanted) -> _Query:
    query = _Query(transaction, reach)
    query.add("a.valid_to IS NULL")
    query.within("a.id IN (SELECT id FROM below)")
    if wanted.area:
        query.add("u.code = ?", wanted.area)
    if wanted.codes is not None:
        match, values = among(transaction, wanted.codes)
        query.add(f"a.code {match}", *values)
    if wanted.text:
        query.has(("a.code", "a.name"), wanted.text)
    if wanted.lacking is not None:
        level, post = wanted.lacking
        query.table(_COVERED, post, reach.now, reach.now)
        query.add("a.level = ? AND a.id NOT IN (SELECT id FROM covered)", level)
    if wanted.after:
        query.add("a.code > ?", wanted.after)
    return query


def _units(transaction: Transaction, reach: Reach, wanted: Wanted) -> _Query:
    query = _Query(transaction, reach)
    query.add("d.valid_to IS NULL")
    query.within("d.area_id IN (SELECT id FROM below)")
    if wanted.department:
        query.add("u.code = ?", wanted.department)
    if wanted.text:
        query.has(("d.code", "d.name"), wanted.text)
    if wanted.idle:
        somebody = f"SELECT 1 FROM holding h WHERE h.department_id = d.id AND {_RUNNING}"  # noqa: S608
        query.add(f"NOT EXISTS ({somebody})", reach.now, reach.now)
    if wanted.after:
        query.add("d.code > ?", wanted.after)
    return query


def _people(transaction: Transaction, reach: Reach, wanted: Wanted) -> _Query:
    query, now = _Query(transaction, reach), reach.now
    query.within(
        "EXISTS (SELECT 1 FROM holding h LEFT JOIN department d ON d.id = h.department_id WHERE h.person_id = p.id "
        "AND coalesce(h.area_id, d.area_id) IN (SELECT id FROM below))"
    )
    if wanted.text:
        query.has(("p.login", "p.name", "p.phone"), wanted.text)
    holds = list[str]()
    values = list[Any]()
    if wanted.post:
        holds.append("h.post = ?")
        values.append(wanted.post)
    if wanted.area:
        query.table(_BELOW.format("there", "code = ?"), wanted.area)
        holds.append("h.area_id IN (SELECT id FROM there)")
    if wanted.department:
        holds.append("h.department_id = (SELECT id FROM department WHERE code = ?)")
        values.append(wanted.department)
    if holds:
        query.add(
            f"EXISTS (SELECT 1 FROM holding h WHERE h.person_id = p.id AND {_RUNNING} AND {' AND '.join(holds)})",  # noqa: S608
            now, now, *values,
        )  # fmt: skip
    if wanted.idle:
        query.add(
            "p.active AND NOT EXISTS (SELECT 1 FROM holding h WHERE h.person_id = p.id "
            "AND (h.valid_to IS NULL OR h.valid_to > ?))",
            now,
        )
    if wanted.after:
        query.add("p.login > ?", wanted.after)
    return query


def _lines(transaction: Transaction, rows: Sequence[Any], now: Instant) -> list[PersonLine]:
    held = _held(transaction, [row[0] for row in rows], now)
    return [
        PersonLine(
            id=row[0], login=row[1], name=row[2], phone=row[3], active=bool(row[4]), keyed=bool(row[5]),
            posts=tuple(held.get(row[0], ())),
        )
        for row in rows
    ]  # fmt: skip


def _held(transaction: Transaction, ids: Collection[int], now: Instant) -> dict[int, list[HeldLine]]:
    match, values = among(transaction, ids)
    (mark,) = marks(transaction, 1)
    rows = transaction.rows(
        "SELECT h.person_id, h.post, coalesce(a.name, d.name, ''), h.valid_from, h.valid_to FROM holding h "  # noqa: S608
        "LEFT JOIN area a ON a.id = h.area_id LEFT JOIN department d ON d.id = h.department_id "
        f"WHERE h.person_id {match} AND (h.valid_to IS NULL OR h.valid_to > {mark}) ORDER BY h.valid_from, h.id",
        [*values, now],
    )
    found: dict[int, list[HeldLine]] = {}
    for number, post, unit, since, until in rows:
        found.setdefault(number, []).append(HeldLine(post=post, unit=unit, since=since, until=until))
    return found


def _people_below(transaction: Transaction, table: str, ids: Collection[int], now: Instant) -> dict[int, int]:
    """How many people hold a post in each of these areas or units, or below."""
    match, values = among(transaction, ids)
    (mark,) = marks(transaction, 1)
    rows = transaction.rows(
        f"WITH RECURSIVE below(top, id) AS (SELECT id, id FROM {table} WHERE id {match} UNION "  # noqa: S608
        f"SELECT b.top, t.id FROM {table} t JOIN below b ON t.parent_id = b.id) "
        f"SELECT b.top, count(DISTINCT h.person_id) FROM below b JOIN holding h ON h.{table}_id = b.id "
        f"WHERE {_RUNNING.replace('?', mark)} GROUP BY b.top",
        [*values, now, now],
    )
    return {int(top): int(count) for top, count in rows}
