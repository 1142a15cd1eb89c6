"""The demo district's people: somebody in every post of every area and unit, the cast first, all names invented."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import count
from math import gcd

from engine.clock import DAY, Instant
from engine.exchange.demo.files import CastMember, District
from engine.exchange.demo.units import WITHOUT_ACCOUNTS, village
from engine.records.areas import NewArea
from engine.records.departments import NewDepartment
from engine.records.people import Appointment, NewPerson

#: How many hold which post in an area of each level.
BY_LEVEL: dict[str, dict[str, int]] = {
    "city": {"coordinator": 2, "chief": 1, "supervisor": 1, "petition_officer": 1},
    "district": {
        "coordinator": 3, "shift_leader": 1, "caller_back": 2, "supervisor": 2, "chief": 2, "petition_officer": 2,
    },
    "street": {"coordinator": 2, "shift_leader": 1, "caller_back": 1, "chief": 2, "courier": 1},
    "grid": {"grid_leader": 1, "deputy_grid_leader": 1, "grid_worker": 2, "volunteer": 2},
    "village": {"village_head": 1},
    "block": {"village_head": 1},
    "building": {"village_head": 1},
    "park": {"village_head": 1},
    "micro_grid": {"grid_worker": 1},
}  # fmt: skip
#: How many hold which post in a unit of each kind.
BY_KIND: dict[str, dict[str, int]] = {
    "government": {"lead": 1, "handler": 2},
    "bureau": {"lead": 1, "handler": 2},
    "field_office": {"lead": 1, "handler": 2},
    "utility": {"lead": 1, "handler": 2},
    "body": {"lead": 1, "handler": 1},
    "property": {"lead": 1, "handler": 1},
    "contractor": {"lead": 1, "handler": 1, "contractor": 2},
    "village": {"handler": 1},
}
#: Whoever may report without a post.
CITIZENS = 5

_HELD_FOR = 400 * DAY
#: One micro-grid changed hands this long ago, so that the history has a post that ended.
_CHANGED_HANDS = 120 * DAY
_FORMER = "former.worker"


@dataclass(frozen=True, slots=True, kw_only=True)
class _Slot:
    """A post to be filled."""

    post: str
    area: str | None = None
    department: str | None = None
    #: The how manieth of this post in this place.
    number: int = 1

    @property
    def login(self) -> str:
        place = (self.area or self.department or "").lower()
        return f"{self.post.replace('_', '-')}.{place}.{self.number}"


def staff(
    district: District,
    areas: Sequence[NewArea],
    units: Sequence[NewDepartment],
    cast: Sequence[CastMember],
    now: Instant,
) -> tuple[list[NewPerson], list[Appointment]]:
    """Everybody, and what they hold since more than a year before `now`.

    Errors: `ValueError` if the cast names a post that no slot of the district has.
    """
    played = {member.name for member in cast}
    names = (name for name in _names(district) if name not in played)
    since = Instant(now - _HELD_FOR)
    waiting = list(cast)
    people: list[NewPerson] = []
    posts: list[Appointment] = []
    for slot in _slots(areas, units):
        member = next((one for one in waiting if _fits(one, slot)), None)
        if member is not None:
            waiting.remove(member)
        login = member.login if member else slot.login
        people.append(NewPerson(login=login, name=member.name if member else next(names), phone=_phone(len(people))))
        begins = Instant(now - _CHANGED_HANDS) if member and slot.area and _is_first_micro(slot, areas) else since
        posts.append(Appointment(login=login, post=slot.post, area=slot.area, department=slot.department, since=begins))
    people += _without_slots(waiting, names, len(people))
    posts += [Appointment(login=one.login, post=one.post, since=since) for one in waiting if one.post]
    people.append(NewPerson(login=_FORMER, name=next(names)))
    first = next(area for area in areas if area.level == "micro_grid")
    ended = Instant(now - _CHANGED_HANDS)
    posts.append(Appointment(login=_FORMER, post="grid_worker", area=first.code, since=since, until=ended))
    posts += _second_posts(district, posts, since)
    posts += _secretaries(posts, since)
    return people, posts


def _slots(areas: Sequence[NewArea], units: Sequence[NewDepartment]) -> Iterator[_Slot]:
    for area in areas:
        for post, many in BY_LEVEL[area.level].items():
            yield from (_Slot(post=post, area=area.code, number=number + 1) for number in range(many))
    for unit in units:
        if unit.code.partition("-")[0] == WITHOUT_ACCOUNTS:
            continue
        for post, many in BY_KIND[unit.kind].items():
            yield from (_Slot(post=post, department=unit.code, number=number + 1) for number in range(many))


def _fits(member: CastMember, slot: _Slot) -> bool:
    return (member.post, member.area, member.department) == (slot.post, slot.area, slot.department)


def _is_first_micro(slot: _Slot, areas: Sequence[NewArea]) -> bool:
    return slot.area == next(area.code for area in areas if area.level == "micro_grid")


def _without_slots(members: Sequence[CastMember], names: Iterator[str], so_far: int) -> list[NewPerson]:
    """The cast whose post belongs to no place, the citizens among them, and some more citizens."""
    astray = [member.login for member in members if member.area or member.department]
    if astray:
        raise ValueError(f"no post in the district for {', '.join(astray)}")
    people = [
        NewPerson(login=member.login, name=member.name, phone=_phone(so_far + number))
        for number, member in enumerate(members)
    ]
    return people + [NewPerson(login=f"citizen.{number + 1}", name=next(names)) for number in range(CITIZENS)]


def _second_posts(district: District, posts: Sequence[Appointment], since: Instant) -> Iterator[Appointment]:
    """The second leader of a street also leads its last grid: one person, two posts."""
    for street in district.streets:
        leaders = [post.login for post in posts if post.post == "chief" and post.area == street.code]
        last = f"ZH{street.code}{street.grids:02}"
        yield Appointment(login=leaders[-1], post="grid_leader", area=last, since=since)


def _secretaries(posts: Sequence[Appointment], since: Instant) -> list[Appointment]:
    """The secretary of a village also leads its organisation, which tasks are sent to."""
    handled = {post.department for post in posts if post.department and post.post == "handler"}
    return [
        Appointment(login=post.login, post="lead", department=village(post.area), since=since)
        for post in posts
        if post.post == "village_head" and post.area and village(post.area) in handled
    ]


def _names(district: District) -> Iterator[str]:
    """Invented names, none twice: a step that shares no divisor with their number visits each once."""
    families, (first, second) = district.families, district.given
    total = len(families) * len(first) * len(second)
    step = next(step for step in count(total * 5 // 8) if gcd(step, total) == 1)
    for number in range(total):
        family, rest = divmod(number * step % total, len(first) * len(second))
        yield families[family] + first[rest // len(second)] + second[rest % len(second)]


def _phone(number: int) -> str:
    """A telephone number that is nobody's: no exchange begins with 0."""
    return f"021-0{number // 10000:03}-{number % 10000:04}"
