"""What a board is asked for: whose part of the tree, which tickets, which stretch of time; and how its pages link.

Everything stands in the address, so that any view can be sent to somebody, who then sees what their own posts reach.
"""

import re
from dataclasses import dataclass, fields, replace
from datetime import date, datetime, timedelta
from typing import Annotated
from urllib.parse import urlencode

from fastapi import Depends, Query

from engine.clock import CIVIL_ZONE, Instant, instant, moment
from engine.database import Transaction
from engine.errors import Malformed, NotPermitted, Place
from engine.records import standing
from engine.records.access import Viewer
from engine.records.areas import Area, area_by_code, chain
from engine.records.asking import among
from engine.records.departments import Department, department_by_code
from engine.records.standing import Scope
from web.masking import LEADERS, overseen

_CODE = Query(max_length=64, pattern=r"^[\w./-]*$")
_WORD = Query(max_length=64, pattern=r"^[\w.-]*$")
_MONTH = re.compile(r"(\d{4})-(0[1-9]|1[0-2])")
#: Years that a period may lie in.
_YEARS = range(2000, 2101)


@dataclass(frozen=True, slots=True, kw_only=True)
class Chosen:
    """What stands in the address; "" for what is not limited."""

    area: str = ""
    department: str = ""
    item: str = ""
    channel: str = ""
    workflow: str = ""
    #: `YYYY-MM`; or two days, both of which count.
    month: str = ""
    since: str = ""
    until: str = ""
    #: By what the figures stand side by side, and which one is drawn.
    by: str = ""
    show: str = ""

    def query(self, **changes: str) -> str:
        """The address's parameters with some of them changed, without empty ones."""
        there = {one.name: getattr(self, one.name) for one in fields(self)} | changes
        return urlencode({name: value for name, value in there.items() if value})

    def at(self, path: str = "/board", **changes: str) -> str:
        """A page of the board with the same choices but these."""
        query = self.query(**changes)
        return f"{path}?{query}" if query else path


@dataclass(frozen=True, slots=True, kw_only=True)
class Period:
    """From this moment on and before that one, whole local days."""

    since: Instant
    until: Instant
    #: `YYYY-MM` for a whole month, else "".
    month: str

    @property
    def first(self) -> date:
        return moment(self.since).date()

    @property
    def last(self) -> date:
        """The last day that counts."""
        return moment(self.until).date() - timedelta(days=1)

    @property
    def said(self) -> str:
        return self.month or f"{self.first} – {self.last}"


@dataclass(frozen=True, slots=True, kw_only=True)
class View:
    """A board's part of the tree, resolved: what is counted, and the way down to it."""

    scope: Scope
    area: Area | None
    department: Department | None
    #: Code and name from the reader's own top down to what is shown.
    areas: tuple[tuple[str, str], ...]
    departments: tuple[tuple[str, str], ...]
    chosen: Chosen


def chosen(
    area: Annotated[str, _CODE] = "",
    department: Annotated[str, _CODE] = "",
    item: Annotated[str, _CODE] = "",
    channel: Annotated[str, _WORD] = "",
    workflow: Annotated[str, _WORD] = "",
    month: Annotated[str, Query(max_length=7)] = "",
    since: Annotated[str, Query(max_length=10)] = "",
    until: Annotated[str, Query(max_length=10)] = "",
    by: Annotated[str, _WORD] = "",
    show: Annotated[str, _WORD] = "",
) -> Chosen:
    """The choices of an address."""
    return Chosen(
        area=area, department=department, item=item, channel=channel, workflow=workflow, month=month, since=since,
        until=until, by=by, show=show,
    )  # fmt: skip


Choices = Annotated[Chosen, Depends(chosen)]


def period(given: Chosen, now: Instant) -> Period:
    """The stretch of time; this month unless something else is asked. Errors: `Malformed`."""
    if given.since or given.until:
        first, last = _day("since", given.since or given.until), _day("until", given.until or given.since)
        if last < first:
            raise Malformed("截止日期早于开始日期", "the period ends before it begins", place=Place(field="until"))
        return Period(since=_begin(first), until=_begin(last + timedelta(days=1)), month="")
    return of_month(given.month or moment(now).strftime("%Y-%m"))


def of_month(word: str) -> Period:
    """A whole month. Errors: `Malformed`."""
    found = _MONTH.fullmatch(word)
    if found is None or int(found[1]) not in _YEARS:
        raise Malformed(f"“{word[:20]}”不是月份", f"'{word[:20]}' is no month", place=Place(field="month"))
    return Period(since=_begin(_first(word)), until=_begin(_first(months_later(word, 1))), month=word)


def months_later(word: str, count: int) -> str:
    """The month so many months later, or earlier."""
    year, month = divmod(int(word[:4]) * 12 + int(word[5:]) - 1 + count, 12)
    return f"{year:04}-{month + 1:02}"


def view(transaction: Transaction, viewer: Viewer, given: Chosen) -> View:
    """What somebody sees of what they ask for; their own part where they ask for none.

    Errors: `NotPermitted` for whoever neither leads nor watches, and for a part of the tree that is not theirs;
    `NotFound` for an area or a department that was never there.
    """
    units = overseen(viewer)
    own_areas = {held.area_id for held in viewer.posts if held.post in LEADERS and held.area_id is not None}
    own_units = {held.department_id for held in viewer.posts if held.post in LEADERS and held.department_id is not None}
    everywhere = units is None
    code = given.area or _only(transaction, "area", own_areas, everywhere)
    area = area_by_code(transaction, code) if code else None
    # Whoever leads an area looks at it, not at the office they also sit in.
    code = given.department or _only(transaction, "department", set() if own_areas else own_units, everywhere)
    department = department_by_code(transaction, code) if code else None
    areas = _way(area, None if everywhere or not own_areas else own_areas)
    line = _line(transaction, department, None if everywhere or own_areas else own_units)
    below = standing.below(transaction, department.id or 0) if department else None
    if units is not None and ((area and own_areas) or (below and {f"d{number}" for number in below} <= set(units))):
        # All of it is theirs, and what few may know of is in no count: rows need not be asked whom they reach.
        units = None
    resolved = replace(given, area=area.code if area else "", department=department.code if department else "")
    return View(
        scope=Scope(
            units=units,
            area=area.id if area else None,
            departments=below,
            department=department.id if department else None,
            workflow=given.workflow, channel=given.channel,
            items=standing.items_of(transaction, given.item) if given.item else None,
        ),
        area=area,
        department=department,
        areas=_named(transaction, areas),
        departments=line,
        chosen=resolved,
    )  # fmt: skip


def _only(transaction: Transaction, table: str, ids: set[int], everywhere: bool) -> str:
    """The code of the one that somebody leads; "" with several: they look at all of them."""
    if everywhere or len(ids) != 1:
        return ""
    match, parameters = among(transaction, ids)
    ((code,),) = transaction.rows(f"SELECT code FROM {table} WHERE id {match}", parameters)  # noqa: S608
    return str(code)


def _way(area: Area | None, own: set[int] | None) -> list[int]:
    """From the top that is the reader's (None: the root) down to the area. Errors: `NotPermitted`."""
    if area is None:
        return []
    down = [link.id for link in reversed(chain(area.lineage))]
    if own is None:
        return down
    begins = next((place for place, number in enumerate(down) if number in own), None)
    if begins is None:
        raise NotPermitted(action="board", roles=sorted(LEADERS))
    return down[begins:]


def _line(transaction: Transaction, unit: Department | None, own: set[int] | None) -> tuple[tuple[str, str], ...]:
    """Likewise for a department."""
    if unit is None:
        return ()
    rows = {row[0]: row for row in transaction.rows("SELECT id, code, name, parent_id FROM department")}
    up: list[int] = []
    number = unit.id
    while number is not None and number not in up:
        up.append(number)
        number = rows[number][3]
    if own is not None:
        mine = [place for place, number in enumerate(up) if number in own]
        if not mine:
            raise NotPermitted(action="board", roles=sorted(LEADERS))
        up = up[: mine[-1] + 1]
    return tuple((rows[number][1], rows[number][2]) for number in reversed(up))


def _named(transaction: Transaction, ids: list[int]) -> tuple[tuple[str, str], ...]:
    match, parameters = among(transaction, ids)
    rows = transaction.rows(f"SELECT id, code, name FROM area WHERE id {match}", parameters) if ids else []  # noqa: S608
    called = {int(number): (code, name) for number, code, name in rows}
    return tuple(called[number] for number in ids)


def _day(field: str, text: str) -> date:
    try:
        found = date.fromisoformat(text)
    except ValueError:
        found = date.min
    if found.year not in _YEARS:
        raise Malformed(f"“{text[:20]}”不是日期", f"'{text[:20]}' is no date", place=Place(field=field))
    return found


def _first(month: str) -> date:
    return date(int(month[:4]), int(month[5:]), 1)


def _begin(day: date) -> Instant:
    return instant(datetime(day.year, day.month, day.day, tzinfo=CIVIL_ZONE))
