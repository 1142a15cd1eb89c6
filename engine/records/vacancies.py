"""Vacancies: for whom a workflow file waits in vain, because nobody holds the post in some area or unit today.

Posts that somebody holds while on leave count as held, and so do those of a deputy. Whether a file is sound says
nothing of this: it is about the people of this installation, so whoever puts the file in force is asked. Units in which
nobody has ever held a post work without accounts, by task links or by what the desk records, and are not asked about.
"""

import hashlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from engine.clock import Instant
from engine.database import Transaction
from engine.definitions.model import AreaScope, DepartmentScope, FieldType, Title, Workflow
from engine.definitions.walk import every_action, items_of
from engine.definitions.words import shipped
from engine.errors import HuyingError
from engine.records import posts
from engine.records.areas import chain
from engine.records.asking import marks
from engine.vocabulary import UNIT_KINDS

#: Units that are named at once; the whole list has a page and a command.
FEW = 5


class Unacknowledged(HuyingError):
    """有的岗位无人任职，请看过并确认后再启用 / Nobody holds some of the posts: look at them, acknowledge, activate"""

    code = "vacancies"
    status = 409


@dataclass(frozen=True, slots=True, kw_only=True)
class Vacancy:
    """One role or seat of a file, and the areas or units in which nobody has it."""

    #: The role or seat, and the posts any one of which would do.
    title: Title
    posts: tuple[Title, ...]
    #: What the units are: a level, units of the line; "" where nobody has it anywhere.
    where: Title
    #: Code and name of each; empty where nobody has it anywhere.
    units: tuple[tuple[str, str], ...] = ()

    @property
    def few(self) -> tuple[tuple[str, str], ...]:
        """The first of them."""
        return self.units[:FEW]


@dataclass(frozen=True, slots=True)
class _Unit:
    """An area with the ids from itself up to the root, or a department with the one above it."""

    id: int
    code: str
    name: str
    #: The level of an area, the kind of a department.
    sort: str
    above: tuple[int, ...]


@dataclass(slots=True)
class _Roster:
    """Who is there today, as far as it is asked."""

    areas: Mapping[int, _Unit]
    departments: Mapping[int, _Unit]
    #: Post → ids of areas and of departments where somebody holds it.
    in_areas: Mapping[str, set[int]] = field(default_factory=dict)
    in_departments: Mapping[str, set[int]] = field(default_factory=dict)
    #: Units in which somebody holds a post or has held one.
    staffed: set[int] = field(default_factory=set)
    #: Posts that somebody holds, wherever.
    held: set[str] = field(default_factory=set)

    def areas_of(self, wanted: Iterable[str]) -> set[int]:
        return set().union(*(self.in_areas.get(post, set()) for post in wanted))

    def departments_of(self, wanted: Iterable[str]) -> set[int]:
        return set().union(*(self.in_departments.get(post, set()) for post in wanted))


def vacancies(transaction: Transaction, workflow: Workflow, now: Instant) -> tuple[Vacancy, ...]:
    """What is to be asked before a file goes live, in the order of the file: none where everybody is there.

    An installation in which nobody holds anything yet is asked nothing: there is no roster to ask about.
    """
    roster = _roster(transaction, now)
    if not roster.held:
        return ()
    return (*_nowhere(workflow, roster), *_roles(workflow, roster), *_seats(workflow, roster))


def must_be_acknowledged(transaction: Transaction, workflow: Workflow, now: Instant, acknowledged: str) -> None:
    """Errors: `Unacknowledged` unless `acknowledged` is the digest of what is vacant now."""
    if digest(vacancies(transaction, workflow, now)) not in ("", acknowledged):
        raise Unacknowledged


def digest(found: Sequence[Vacancy]) -> str:
    """What an acknowledgement acknowledges: these vacancies and no others; "" for none."""
    if not found:
        return ""
    said = [f"{one.title}|{one.where}|{','.join(code for code, _ in one.units)}" for one in found]
    return hashlib.sha256("\n".join(said).encode()).hexdigest()


def _nowhere(workflow: Workflow, roster: _Roster) -> Iterator[Vacancy]:
    """Posts that the file names and nobody holds at all."""
    named = [post for role in workflow.roles.values() for post in sorted(role.posts)]
    named += [
        post for body in workflow.meetings.values() for seat in body.seats.values() for post in sorted(seat.posts)
    ]
    for post in dict.fromkeys(named):
        if post not in roster.held:
            title = _post(workflow, post)
            yield Vacancy(title=title, posts=(title,), where=Title("", ""))


def _roles(workflow: Workflow, roster: _Roster) -> Iterator[Vacancy]:
    sendable = _sendable(workflow, roster)
    for role in (role for role in workflow.roles.values() if role.posts & roster.held):
        if role.department in (DepartmentScope.TASK, DepartmentScope.CALLED, DepartmentScope.LEAD):
            there = roster.departments_of(role.posts)
            lacking = [unit for unit in sendable if unit.id not in there]
            yield from _by_kind(workflow, role.title, role.posts, lacking)
        elif role.department is DepartmentScope.ABOVE_LEAD:
            there = roster.departments_of(role.posts)
            above = dict.fromkeys(number for unit in sendable for number in unit.above)
            lacking = [roster.departments[number] for number in above if number in roster.staffed - there]
            yield from _by_kind(workflow, role.title, role.posts, lacking)
        elif role.area == AreaScope.TICKET:
            yield from _asked(workflow, role.title, role.posts, _ANY_AREA, _uncovered(roster, role.posts))
        elif role.area is not None:
            yield from _of_level(workflow, roster, role.title, role.posts, role.area)


def _seats(workflow: Workflow, roster: _Roster) -> Iterator[Vacancy]:
    for body in workflow.meetings.values():
        for seat in (seat for seat in body.seats.values() if seat.posts & roster.held):
            title = Title(f"{body.title.zh}·{seat.title.zh}", f"{body.title.en}: {seat.title.en}")
            if seat.area == "within":
                inside = {up for number in roster.areas_of(seat.posts) for up in roster.areas[number].above}
                lacking = [one for one in roster.areas.values() if one.sort == body.per and one.id not in inside]
                yield from _asked(workflow, title, seat.posts, _level(workflow, body.per), lacking)
            else:
                level = body.per if seat.area == "here" else seat.area
                yield from _of_level(workflow, roster, title, seat.posts, level)


def _of_level(
    workflow: Workflow, roster: _Roster, title: Title, wanted: Iterable[str], level: str
) -> Iterator[Vacancy]:
    """Areas of a level without anybody; a level without areas is a vacancy itself."""
    named, there = tuple(wanted), roster.areas_of(wanted)
    areas = [unit for unit in roster.areas.values() if unit.sort == level]
    called = _level(workflow, level)
    if not areas:
        none = Title(f"没有{called.zh}一级的区域", f"there is no area of the level {called.en}")
        yield Vacancy(title=title, posts=_posts(workflow, named), where=none)
    yield from _asked(workflow, title, named, called, [unit for unit in areas if unit.id not in there])


def _asked(
    workflow: Workflow, title: Title, wanted: Iterable[str], where: Title, lacking: Sequence[_Unit]
) -> Iterator[Vacancy]:
    if lacking:
        units = tuple((unit.code, unit.name) for unit in lacking)
        yield Vacancy(title=title, posts=_posts(workflow, wanted), where=where, units=units)


def _by_kind(workflow: Workflow, title: Title, wanted: Iterable[str], lacking: Sequence[_Unit]) -> Iterator[Vacancy]:
    """Units of the line, apart by kind: that no village has a lead is another matter than that no bureau has."""
    named = tuple(wanted)
    for kind, zh in UNIT_KINDS.items():
        where = Title(zh, kind.replace("_", " "))
        yield from _asked(workflow, title, named, where, [unit for unit in lacking if unit.sort == kind])


def _uncovered(roster: _Roster, wanted: Iterable[str]) -> list[_Unit]:
    """The largest areas in which no place has anybody, neither there nor above.

    Tickets lie in the smallest areas, so those are asked; where all of an area's are without, the area is named.
    """
    there = roster.areas_of(wanted)
    parents = {unit.above[1] for unit in roster.areas.values() if len(unit.above) > 1}
    leaves = [unit for unit in roster.areas.values() if unit.id not in parents]
    without = [unit for unit in leaves if not there.intersection(unit.above)]
    reached = {up for unit in leaves if there.intersection(unit.above) for up in unit.above}
    named = dict.fromkeys(next(up for up in reversed(unit.above) if up not in reached) for unit in without)
    return [roster.areas[number] for number in named if number in roster.areas]


def _sendable(workflow: Workflow, roster: _Roster) -> list[_Unit]:
    """The units that the file can send a task to: of the kinds that its fields may name, or any."""
    sent = {name for action in every_action(workflow) for names in action.sends.values() for name in names}
    named = (item.field for action in every_action(workflow) for item in items_of(action) if item.name in sent)
    fields = [one for one in named if one.type is FieldType.DEPARTMENT]
    if not fields:
        return []
    kinds = {kind for one in fields for kind in one.kinds} if all(one.kinds for one in fields) else set()
    known = (roster.departments[number] for number in roster.departments if number in roster.staffed)
    return [unit for unit in known if not kinds or unit.sort in kinds]


_ANY_AREA = Title("区域", "areas")


def _level(workflow: Workflow, level: str) -> Title:
    return {**shipped().levels, **workflow.levels}.get(level, Title(level, level))


def _post(workflow: Workflow, post: str) -> Title:
    return {**shipped().posts, **workflow.posts}.get(post, Title(post, post))


def _posts(workflow: Workflow, wanted: Iterable[str]) -> tuple[Title, ...]:
    return tuple(_post(workflow, post) for post in sorted(wanted))


def _roster(transaction: Transaction, now: Instant) -> _Roster:
    mark, *_ = marks(transaction, 1)
    there = f"({{0}}.valid_to IS NULL OR {{0}}.valid_to > {mark})"
    areas = transaction.rows(
        f"SELECT a.id, a.code, a.name, a.level, a.lineage FROM area a WHERE {there.format('a')} ORDER BY a.code",  # noqa: S608
        (now,),
    )
    units = transaction.rows(
        "SELECT d.id, d.code, d.name, d.kind, d.parent_id FROM department d "  # noqa: S608
        f"WHERE {there.format('d')} ORDER BY d.code",
        (now,),
    )
    roster = _Roster(
        {row[0]: _unit(row, tuple(link.id for link in chain(row[4]))) for row in areas},
        {row[0]: _unit(row, (row[4],) if row[4] is not None else ()) for row in units},
    )
    ever = "SELECT DISTINCT department_id FROM holding WHERE department_id IS NOT NULL"
    roster.staffed = roster.departments.keys() & {int(number) for (number,) in transaction.rows(ever)}
    in_areas: dict[str, set[int]] = {}
    in_departments: dict[str, set[int]] = {}
    for post, area, department in transaction.rows(posts.present(mark), posts.present_parameters(now)):
        roster.held.add(post)
        if area in roster.areas:
            in_areas.setdefault(post, set()).add(area)
        if department in roster.departments:
            in_departments.setdefault(post, set()).add(department)
    roster.in_areas, roster.in_departments = in_areas, in_departments
    return roster


def _unit(row: Sequence[Any], above: tuple[int, ...]) -> _Unit:
    number, code, name, sort, _ = row
    return _Unit(number, code, name, sort, above)
