"""What a page or the API is asked of figures: the period, whose part, which tickets; and how the pages link.

Everything stands in the address, so that any number can be sent to somebody, who then sees what their own posts reach.
"""

from collections.abc import Sequence
from dataclasses import dataclass, fields, replace
from datetime import date, datetime, time, timedelta
from typing import Annotated, Literal
from urllib.parse import urlencode

from fastapi import Depends, Query

from engine.application import Application
from engine.clock import CIVIL_ZONE, Instant, instant, moment
from engine.database import Transaction
from engine.definitions.indicator import Indicator
from engine.definitions.indicator_file import discover
from engine.errors import Malformed, NotFound, Place
from engine.records import areas
from engine.records.access import Viewer
from engine.records.breakdowns import By, Group
from engine.records.departments import department_by_code
from engine.records.indicator_sql import NONE
from engine.records.indicators import CURSOR, Asked, Figure
from engine.records.rollups import newest
from web.masking import overseen

Day = Annotated[str, Query(max_length=10, pattern=r"^(|\d{4}-\d{2}-\d{2})$", description="2026-11-01, local time")]
Code = Annotated[str, Query(max_length=64, pattern=r"^[\w./-]*$")]
After = Annotated[str, Query(max_length=80, pattern=f"^(|{CURSOR})$")]
#: Years that a period may lie in.
_YEARS = range(2000, 2101)


@dataclass(frozen=True, slots=True, kw_only=True)
class Chosen:
    """What stands in an address; "" for what is not limited."""

    #: From this day on, and before that one.
    since: str = ""
    until: str = ""
    area: str = ""
    department: str = ""
    item: str = ""
    channel: str = ""
    workflow: str = ""
    person: str = ""
    #: "1": the area or the unit itself, without what lies below it.
    area_alone: str = ""
    department_alone: str = ""
    by: str = ""
    side: str = ""
    after: str = ""
    #: So many groups come before the first that is shown.
    start: str = ""

    def at(self, name: str = "", **changes: str) -> str:
        """A page of figures with the same choices but these; without a name the page of all."""
        there = {one.name: getattr(self, one.name) for one in fields(self)} | {"after": "", "start": ""} | changes
        query = urlencode({key: value for key, value in there.items() if value})
        return f"/figures{f'/{name}' if name else ''}{f'?{query}' if query else ''}"


def chosen(
    since: Day = "",
    until: Annotated[Day, Query(description="The first day that does not count")] = "",
    area: Code = "",
    department: Code = "",
    item: Code = "",
    channel: Code = "",
    workflow: Code = "",
    person: Code = "",
    area_alone: Literal["", "1"] = "",
    department_alone: Literal["", "1"] = "",
) -> Chosen:
    """The choices of an address that say what is counted."""
    return Chosen(
        since=since, until=until, area=area, department=department, item=item, channel=channel, workflow=workflow,
        person=person, area_alone=area_alone, department_alone=department_alone,
    )  # fmt: skip


Choices = Annotated[Chosen, Depends(chosen)]


def asked(viewer: Viewer, given: Chosen, now: Instant) -> tuple[Chosen, Asked]:
    """The choices with their period (by default the present month), and what to count of what the reader oversees.

    Errors: `NotPermitted` for whoever oversees nothing; `Malformed` for a day that is none.
    """
    units = overseen(viewer)
    first = _day("since", given.since) if given.since else moment(now).date().replace(day=1)
    end = _day("until", given.until) if given.until else _months(first.replace(day=1), 1)
    if end <= first:
        raise Malformed("截止日期应晚于开始日期", "the period ends before it begins", place=Place(field="until"))
    whole = replace(given, since=str(first), until=str(end))
    return whole, Asked(
        since=_begin(first), until=_begin(end), as_of=now, area=given.area, department=given.department,
        item=given.item, channel=given.channel, workflow=given.workflow, person=given.person,
        area_alone=bool(given.area_alone), department_alone=bool(given.department_alone), units=units,
    )  # fmt: skip


def moment_of(house: Application) -> Instant:
    """As of when figures are shown: when the rollups were counted, while they are kept; else now."""
    with house.boards.looking() as transaction:
        return newest(transaction, house.clock.now())


def named(name: str) -> Indicator:
    """Errors: `NotFound`."""
    known = discover()
    if name not in known:
        raise NotFound("没有这个指标", "there is no such indicator")
    return known[name]


def before(given: Chosen, *, months: int) -> Chosen:
    """The same stretch so many months earlier; a stretch of other days than whole months for 1 the one just before."""
    first, end = date.fromisoformat(given.since), date.fromisoformat(given.until)
    if first.day == end.day or months != 1:
        length = (end.year - first.year) * 12 + end.month - first.month if months == 1 else months
        return replace(given, since=str(_months(first, -length)), until=str(_months(end, -length)))
    return replace(given, since=str(first - (end - first)), until=str(first))


def month_of(key: str, given: Chosen) -> dict[str, str]:
    """The part of a month that lies in the period."""
    first = date.fromisoformat(f"{key}-01")
    return {"since": max(str(first), given.since), "until": min(str(_months(first, 1)), given.until)}


@dataclass(frozen=True, slots=True, kw_only=True)
class Ranked:
    """A line of a breakdown."""

    group: Group
    #: 1, 2, … by value; None where too few are counted to be put in an order.
    rank: int | None
    #: The same figure of this group alone, and of it further down where there is a further down.
    address: str
    #: The same figure of this group, to list a side of.
    alone: Chosen

    def listed(self, name: str, side: str) -> str:
        """The list behind one of its numbers."""
        return f"{self.alone.at(name, side=side)}#list"


@dataclass(frozen=True, slots=True, kw_only=True)
class Table:
    """A part of the lines of a breakdown."""

    rows: Sequence[Ranked] = ()
    #: Whether any line of the whole has a rank, and how many come after this part.
    ordered: bool = False
    rest: int = 0


def ranked(groups: Sequence[Group], indicator: Indicator, given: Chosen, by: By, least: int, part: slice) -> Table:
    """The groups that count anything: those that count enough first and by value, the others as they came."""
    counted = [one for one in groups if one.figure.denominator]
    # Months have an order of their own.
    enough = [one for one in counted if by is not By.MONTH and one.figure.denominator >= least]
    enough.sort(key=lambda one: one.figure.value or 0.0, reverse=indicator.most is None)
    places: dict[int, int] = {}
    for number, one in enumerate(enough):
        same = number and one.figure.value == enough[number - 1].figure.value
        places[id(one)] = places[id(enough[number - 1])] if same else number + 1
    order = sorted(counted, key=lambda one: places.get(id(one), len(counted) + 1))
    rows = [_line(one, places.get(id(one)), indicator, given, by) for one in order[part]]
    return Table(rows=rows, ordered=bool(places), rest=max(0, len(order) - part.stop))


def _line(group: Group, rank: int | None, indicator: Indicator, given: Chosen, by: By) -> Ranked:
    """A group as a line; what lies directly in the unit asked for is that unit alone."""
    own = by in (By.AREA, By.DEPARTMENT) and bool(group.key) and getattr(given, by.value) == group.key
    changes = month_of(group.key, given) if by is By.MONTH else {by.value: group.key or NONE}
    changes |= {f"{by.value}_alone": "1"} if own else {}
    alone = replace(given, **{"by": "", "side": "", "after": "", "start": ""} | changes)
    further = by.value if by in (By.AREA, By.DEPARTMENT) and group.key and not own else ""
    return Ranked(group=group, rank=rank, address=alone.at(indicator.name, by=further), alone=alone)


@dataclass(frozen=True, slots=True, kw_only=True)
class Chip:
    """One limit of what is counted, and the address without it."""

    kind: str
    #: Without what lies below it.
    alone: bool
    #: Steps from the top down: name and address of each; the last is the limit itself.
    steps: tuple[tuple[str, str], ...]
    without: str


def chips(transaction: Transaction, given: Chosen, page: str) -> list[Chip]:
    """What the figures are limited to. Errors: `NotFound` for an area or a department that was never there."""
    found: list[tuple[str, list[tuple[str, str]]]] = []
    if given.area:
        steps = areas.steps(transaction, areas.area_by_code(transaction, given.area))
        found.append(("area", [(name, code) for code, name in steps]))
    if given.department == NONE:
        found.append(("department", [("无单位 / no unit", NONE)]))
    elif given.department:
        unit = department_by_code(transaction, given.department)
        found.append(("department", [(unit.name, unit.code)]))
    for kind in ("item", "channel", "workflow", "person"):
        if code := getattr(given, kind):
            found.append((kind, [("无 / none" if code == NONE else code, code)]))
    return [
        Chip(
            kind=kind, alone=bool(kind in ("area", "department") and getattr(given, f"{kind}_alone")),
            steps=tuple((title, replace(given, **{kind: code} | _below(kind)).at(page)) for title, code in steps),
            without=replace(given, **{kind: ""} | _below(kind)).at(page),
        )
        for kind, steps in found
    ]  # fmt: skip


def _below(kind: str) -> dict[str, str]:
    return {f"{kind}_alone": ""} if kind in ("area", "department") else {}


def value(indicator: Indicator, figure: Figure) -> str:
    """A figure as it is read: `95.0 %`, `4.25`, or a dash where nothing is counted."""
    if figure.value is None:
        return "—"
    return f"{figure.value:.2f}" if indicator.mean else f"{figure.value * 100:.1f} %"


def difference(indicator: Indicator, now: Figure, then: Figure) -> str:
    """What changed: percentage points, or stars; "" where one of both counts nothing."""
    if now.value is None or then.value is None:
        return ""
    return f"{now.value - then.value:+.2f}" if indicator.mean else f"{(now.value - then.value) * 100:+.1f}"


def reached(indicator: Indicator, figure: Figure) -> bool | None:
    """Whether the target is kept; None without one, or without anything counted."""
    if figure.value is None or (indicator.target is indicator.most is None):
        return None
    percent = figure.value * 100
    return (indicator.target is None or percent >= indicator.target) and (
        indicator.most is None or percent <= indicator.most
    )


def _day(field: str, text: str) -> date:
    try:
        day = date.fromisoformat(text)
    except ValueError:
        day = None
    if day is None or day.year not in _YEARS:
        raise Malformed(f"“{text}”不是日期", f"'{text}' is no day", place=Place(field=field))
    return day


def _begin(day: date) -> Instant:
    return instant(datetime.combine(day, time(), CIVIL_ZONE))


def _months(day: date, count: int) -> date:
    """The same day so many months later; the month's last where it has no such day."""
    year, month = divmod(day.year * 12 + day.month - 1 + count, 12)
    first = date(year, month + 1, 1)
    following = date(year + (month == 11), (month + 1) % 12 + 1, 1)
    return min(first + timedelta(days=day.day - 1), following - timedelta(days=1))
