"""The made town of a sandbox: one street with its grid and village, two departments, somebody in every post needed.

Nobody in it is anybody: names say what the post is. Where a role leaves out whoever did something, there are two.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import count, cycle

from sqlalchemy import insert
from sqlmodel import col

from engine.clock import Instant
from engine.database import Transaction
from engine.definitions import register_file
from engine.definitions.model import AreaScope, FieldType, Title, Workflow
from engine.definitions.register import Register
from engine.definitions.walk import every_action, items_of
from engine.definitions.words import shipped
from engine.records import register_keeping
from engine.records.areas import NewArea, create_areas, set_levels
from engine.records.catalogue import Item, Standard
from engine.records.departments import NewDepartment, create_departments
from engine.records.people import Appointment, NewPerson, appoint, create_people
from engine.records.register_keeping import NewRow
from engine.records.sounds import initials

#: Level, code and name, each below the one before; the other levels lie in the grid.
_WAY = (
    ("city", "sb-c", "示例市"),
    ("district", "sb-d", "示例区"),
    ("street", "sb-s", "示例街道"),
    ("grid", "sb-g", "示例综合网格"),
    ("village", "sb-v", "示例居委"),
    ("micro_grid", "sb-m", "示例微网格"),
)
#: Where a matter lies unless the form says otherwise.
HERE = "sb-m"
_BESIDE = {"block": "示例街区", "building": "示例楼宇", "park": "示例园区"}
#: Where a post is held whose role only asks for the ticket's area, from near to far; other posts at the street.
_NEAR = {
    "grid_worker": ("micro_grid", "grid"), "volunteer": ("grid",), "grid_leader": ("grid",),
    "deputy_grid_leader": ("grid",), "village_head": ("village",),
}  # fmt: skip
_UNITS = (
    NewDepartment(code="sb-bureau", name="示例主管局", kind="bureau", area="sb-d"),
    NewDepartment(code="sb-one", name="示例执法队", kind="field_office", parent="sb-bureau", area="sb-s"),
    NewDepartment(code="sb-two", name="示例管理所", kind="field_office", parent="sb-bureau", area="sb-s"),
)
_FAMILIES = "赵钱孙李周吴郑王冯陈褚卫蒋沈韩杨朱秦尤许何吕施张孔曹严华金魏陶姜"
_CITIZENS = 2
#: Code, name, filing condition, limit.
_ITEMS = (
    ("part-01-01", "井盖", "破损", "4 working hours"),
    ("part-01-02", "路灯", "不亮", "1 workday"),
    ("event-02-01", "占道堆物", "影响通行", "2 workdays"),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Member:
    """Somebody of the cast."""

    login: str
    name: str
    #: "" for a citizen without a post.
    post: str
    title: Title
    area: str = ""
    department: str = ""
    #: Name of the area or department.
    place: str = ""


def build(transaction: Transaction, loops: Sequence[Workflow], now: Instant) -> None:
    """Make the town in an empty database."""
    levels = {**shipped().levels, **{name: title for loop in loops for name, title in loop.levels.items()}}
    set_levels(transaction, levels)
    create_areas(transaction, _areas(loops), now)
    create_departments(transaction, _units(loops))
    members = cast(loops)
    create_people(transaction, [NewPerson(login=one.login, name=one.name) for one in members])
    appoint(
        transaction,
        [
            Appointment(
                login=one.login, post=one.post, area=one.area or None, department=one.department or None,
                since=Instant(0),
            )
            for one in members
            if one.post
        ],
    )  # fmt: skip
    for code, name, filing, limit in _ITEMS:
        _item(transaction, code, name, filing, limit)
    for register in _registers(loops):
        _row(transaction, register, now)


def cast(loops: Sequence[Workflow]) -> tuple[Member, ...]:
    """Everybody, in the order of the file's roles, then citizens."""
    posts = {**shipped().posts, **{name: title for loop in loops for name, title in loop.posts.items()}}
    families, numbers = cycle(_FAMILIES), count(1)
    members = []
    for post, area, department, place in dict.fromkeys(_slots(loops)):
        for _ in range(2 if _twice(loops, post) else 1):
            members.append(
                Member(
                    login=f"sb.{next(numbers)}", name=f"{next(families)}{posts[post].zh}", post=post,
                    title=posts[post], area=area, department=department, place=place,
                )
            )  # fmt: skip
    citizen = posts["citizen"]
    for _ in range(_CITIZENS):
        name = f"{next(families)}{citizen.zh}"
        members.append(Member(login=f"sb.{next(numbers)}", name=name, post="", title=citizen))
    return tuple(members)


def _slots(loops: Sequence[Workflow]) -> Iterator[tuple[str, str, str, str]]:
    """Post, area, department and place that the roles and seats of these files need somebody in."""
    places = {area.level: area for area in _areas(loops)}
    for loop in loops:
        for role in loop.roles.values():
            for post in sorted(role.posts):
                if role.department is not None:
                    yield from ((post, "", unit.code, unit.name) for unit in _units(loops))
                elif role.area == AreaScope.TICKET or role.area is None:
                    yield from (_at(post, places[level]) for level in _NEAR.get(post, ("street",)))
                elif role.area in places:
                    yield _at(post, places[role.area])
        for body in loop.meetings.values():
            for seat in body.seats.values():
                level = {"here": body.per, "within": "village"}.get(seat.area, seat.area)
                yield from (_at(post, places[level]) for post in sorted(seat.posts) if level in places)


def _at(post: str, area: NewArea) -> tuple[str, str, str, str]:
    return post, area.code, "", area.name


def _twice(loops: Sequence[Workflow], post: str) -> bool:
    """Whether whoever did something may have to be left out of this post."""
    return any(role.not_who and post in role.posts for loop in loops for role in loop.roles.values())


def _areas(loops: Sequence[Workflow]) -> list[NewArea]:
    above: str | None = None
    found = []
    for level, code, name in _WAY:
        found.append(NewArea(code=code, level=level, name=name, parent=above))
        above = code
    found += [NewArea(code=f"sb-{level}", level=level, name=name, parent="sb-g") for level, name in _BESIDE.items()]
    own = {level: title for loop in loops for level, title in loop.levels.items()}
    return [*found, *(NewArea(code=f"sb-{level}", level=level, name=f"示例{title.zh}", parent="sb-s")
                      for level, title in own.items() if level not in shipped().levels)]  # fmt: skip


def _units(loops: Sequence[Workflow]) -> list[NewDepartment]:
    """Two departments under a bureau, and one of every further kind that a form asks for."""
    items = [item for loop in loops for action in every_action(loop) for item in items_of(action)]
    kinds = {kind for item in items if item.field.type is FieldType.DEPARTMENT for kind in item.field.kinds}
    more = sorted(kinds - {unit.kind for unit in _UNITS})
    return [*_UNITS, *(NewDepartment(code=f"sb-{kind}", name=_KINDS[kind], kind=kind, area="sb-v") for kind in more)]


_KINDS = {
    "government": "示例街道办事处", "utility": "示例供电公司", "body": "示例社区医院", "property": "示例物业公司",
    "contractor": "示例养护公司", "village": "示例居民委员会",
}  # fmt: skip


def _item(transaction: Transaction, code: str, name: str, filing: str, limit: str) -> None:
    kind, class_code, number = code.split("-")
    values = {
        "code": code, "kind": kind, "class_code": class_code, "class_name": "示例类", "item_code": number,
        "name": name, "initials": initials(name), "active": True,
    }  # fmt: skip
    item_id = transaction.connection.execute(insert(Item).values(values).returning(col(Item.id))).scalar_one()
    standard = {
        "item_id": item_id, "ordinal": 1, "filing_condition": filing, "closing_condition": "恢复", "limit": limit,
        "limit_source": limit, "first_limit": "", "active": True,
    }  # fmt: skip
    transaction.connection.execute(insert(Standard), [standard])


def _registers(loops: Sequence[Workflow]) -> list[Register]:
    """The registers that forms or births of these files name."""
    named = {field.register for loop in loops for field in loop.fields.values() if field.register}
    named |= {start.birth.register for loop in loops for start in loop.starts.values() if start.birth is not None}
    return [register for key, register in register_file.discover().items() if key in named]


def _row(transaction: Transaction, register: Register, now: Instant) -> None:
    """One row of a register, with something in every field that it must have."""
    form = {name: _value(register, name) for name in (*register.required, register.name, register.area)}
    new = NewRow(code="sb-1", form=form, valid_from=Instant(0))
    checked = register_keeping.check(transaction, register, new, now)
    register_keeping.put(transaction, register, checked, "sandbox", now)


def _value(register: Register, name: str) -> object:
    declared = register.fields[name]
    chosen: dict[FieldType, object] = {
        FieldType.AREA: "sb-v", FieldType.DEPARTMENT: "sb-one", FieldType.NUMBER: 30, FieldType.YES_NO: True,
        FieldType.PERSON: "sb.1", FieldType.DATE: "2026-01-01",
    }  # fmt: skip
    return next(iter(declared.of), None) or chosen.get(declared.type, f"示例{declared.title.zh}")
