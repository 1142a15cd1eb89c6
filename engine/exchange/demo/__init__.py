"""The demo district: Fengxian with its real streets, and everything below them invented.

`build_demo` fills an empty database, or completes one that was filled before; `cast` lists whom to sign in as.
"""

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from sqlmodel import col, select

from engine.clock import Instant
from engine.database import Database, Transaction
from engine.definitions.words import shipped
from engine.exchange.catalogue import apply_catalogue
from engine.exchange.demo import files
from engine.exchange.demo.areas import areas
from engine.exchange.demo.files import CastMember, District, cast
from engine.exchange.demo.staff import staff
from engine.exchange.demo.units import office, units
from engine.exchange.limit_units import read_units
from engine.exchange.responsibilities import Rule, apply_responsibilities, write_rules
from engine.records import shifts
from engine.records.access import viewer_of
from engine.records.areas import Area, NewArea, create_areas, set_levels
from engine.records.asking import ids_of
from engine.records.catalogue import Responsibility
from engine.records.departments import Department, NewDepartment, create_departments
from engine.records.people import Appointment, Holding, NewPerson, Person, appoint, create_people
from engine.records.shift_handovers import hand_over
from engine.records.shifts import NewShift

__all__ = ["Built", "CastMember", "build_demo", "cast"]


#: What the shift before left behind.
_SAID = "昨夜雷雨，有三处树木倒伏，已请绿化所上午回话；联席会议材料请值班长下午三点前备齐。"


@dataclass(frozen=True, slots=True, kw_only=True)
class Built:
    """How much of each was not there before."""

    areas: int
    departments: int
    people: int
    standards: int
    responsibilities: int


def build_demo(database: Database, now: Instant, progress: Callable[[str], None] | None = None) -> Built:
    """Build the demo district; what is there already is left as it is, so a second call changes nothing.

    `progress` is told each step, 中文 / English. Posts are held since 400 days before `now`.
    """
    tell = progress or (lambda step: None)
    district = files.district()
    tell("区域与边界 / Areas and boundaries")
    ground = areas(district)
    bodies = units(district, ground)
    people, posts = staff(district, ground, bodies, cast(), now)
    tell("单位与人员 / Units and people")
    counts = database.acting(lambda transaction: _organisation(transaction, ground, bodies, people, posts, now))
    database.acting(lambda transaction: _duty(transaction, now))
    tell("立案事项目录 / Catalogue")
    catalogue = apply_catalogue(database, files.path("catalogue.csv"), read_units(files.path("limit-units.yaml")), now)
    tell("权责清单 / Responsibilities")
    rules = apply_responsibilities(database, files.path("responsibilities.csv"))
    local = database.acting(lambda transaction: write_rules(transaction, _in_streets(transaction, district)))
    return Built(
        areas=counts[0],
        departments=counts[1],
        people=counts[2],
        standards=len(catalogue.preview.new),
        responsibilities=len(rules.new) + local,
    )


def _organisation(
    transaction: Transaction,
    ground: Sequence[NewArea],
    bodies: Sequence[NewDepartment],
    people: Sequence[NewPerson],
    posts: Sequence[Appointment],
    now: Instant,
) -> tuple[int, int, int]:
    there = set(transaction.connection.execute(select(Area.code)).scalars())
    set_levels(transaction, shipped().levels)
    new_areas = create_areas(transaction, [area for area in ground if area.code not in there], now)
    there = set(transaction.connection.execute(select(Department.code)).scalars())
    new_units = create_departments(transaction, [unit for unit in bodies if unit.code not in there])
    there = set(transaction.connection.execute(select(Person.login)).scalars())
    new_people = create_people(transaction, [person for person in people if person.login not in there])
    # Whoever was there before keeps the posts they have now, whatever an administrator made of them.
    appoint(transaction, [post for post in posts if post.login in new_people])
    return len(new_areas), len(new_units), len(new_people)


def _duty(transaction: Transaction, now: Instant) -> None:
    """A week of duty for the cast's desk, where nobody has made another roster."""
    desk = next(member for member in cast() if member.post == "coordinator" and member.area)
    (area,) = ids_of(transaction, "area", "code", [str(desk.area)]).values()
    until = Instant(now + shifts.LONGEST)
    if not shifts.roster(transaction, Instant(0), until, [f"a{area}"]):
        shift = NewShift(login=desk.login, post=desk.post, area=desk.area, since=now, until=until)
        shifts.put_on_duty(transaction, shift)
        _last_shift(transaction, area, now)


def _last_shift(transaction: Transaction, area: int, now: Instant) -> None:
    """What the shift leader of the cast's desk said when the shift before ended."""
    holding = select(col(Holding.person_id)).where(col(Holding.post) == "shift_leader", col(Holding.area_id) == area)
    leader = transaction.connection.execute(holding.limit(1)).scalar()
    if leader is not None:
        unit = f"a{area}"
        hand_over(transaction, viewer_of(transaction, leader, now), {unit: ""}, unit, _SAID, [], [], now)


def _in_streets(transaction: Transaction, district: District) -> list[Rule]:
    """What a bureau leads in the district, its field office leads in each street."""
    codes = {number: code for code, number in ids_of(transaction, "department", "code", district.bureaus).items()}
    (area,) = ids_of(transaction, "area", "code", [district.district[0]]).values()
    offices = {code for code, bureau in district.bureaus.items() if bureau.office}
    rules = []
    for row in transaction.connection.execute(select(Responsibility)).mappings():
        lead = codes.get(row["lead_id"])
        if row["area_id"] != area or lead not in offices:
            continue
        for street in district.streets:
            co = tuple(office(code, street) if code in offices else code for code in json.loads(row["co"]))
            rules.append(
                Rule(
                    row=0, item=row["item_code"], area=street.code, level="street", lead=office(lead, street), co=co,
                    basis=row["basis"],
                )
            )  # fmt: skip
    return rules
