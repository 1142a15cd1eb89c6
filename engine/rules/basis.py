"""May this unit be asked this? A task to a bound unit rests on a list or on an admission in force. Pure."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any

from engine.clock import Instant
from engine.definitions.model import Title
from engine.errors import NotAdmitted, Place
from engine.rules.likeness import class_of, item_of


@dataclass(frozen=True, slots=True, kw_only=True)
class Duty:
    """A row of a list: a matter that bound units are to do, or to help with."""

    register: str
    #: The list it stands on.
    list: Title
    code: str
    matter: str
    #: Codes of catalogue items, of their standards, classes or kinds.
    items: frozenset[str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Permit:
    """An admission that was given for a unit, whether it is in force or over."""

    number: str
    #: The ticket that admitted it.
    ticket_id: int
    case_no: str
    matter: str
    items: frozenset[str]
    #: The last day, YYYY-MM-DD.
    until: str
    #: Ended before that day: revoked, finished, or expired by the clock.
    over: bool

    def in_force(self, today: str) -> bool:
        """Whether it counts on a day."""
        return not self.over and today <= self.until


@dataclass(frozen=True, slots=True, kw_only=True)
class Bound:
    """A bound unit with everything that it may be asked, or might once."""

    name: str
    today: str
    #: The lists that were looked at.
    lists: tuple[Title, ...]
    duties: tuple[Duty, ...]
    permits: tuple[Permit, ...]


@dataclass(frozen=True, slots=True)
class Basis:
    """What a task rests on: a row of a list, or an admission."""

    duty: Duty | None = None
    permit: Permit | None = None

    def facts(self, task: int) -> dict[str, Any]:
        """The line that stands in the event's facts."""
        if self.duty is not None:
            where = {"list": self.duty.list.zh, "register": self.duty.register, "row": self.duty.code}
            return {"task": task, "matter": self.duty.matter, **where}
        permit = self.permit
        return {"task": task, "matter": permit.matter, "admission": permit.number} if permit else {"task": task}

    def said(self) -> Title:
        """The same in words."""
        return said(self.facts(0))


@dataclass(frozen=True, slots=True, kw_only=True)
class Granted:
    """An admission that an act gives: a row that is never changed."""

    number: str
    prefix: str
    year: int
    serial: int
    #: Key of the loop that admits.
    workflow: str
    matter: str
    items: tuple[str, ...]
    until: str
    since: Instant
    #: Ids of the units that may be asked.
    units: tuple[int, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Ended:
    """The end of an admission, by the action that brought it."""

    number: str
    at: Instant
    action: str


def said(facts: Mapping[str, Any]) -> Title:
    """A line of facts in words."""
    matter = facts.get("matter", "")
    if "admission" in facts:
        return Title(f"准入 {facts['admission']}：{matter}", f"admission {facts['admission']}: {matter}")
    return Title(
        f"{facts.get('list', '')}：{matter}（{facts.get('row', '')}）",
        f"{facts.get('list', '')}: {matter} ({facts.get('row', '')})",
    )


def covers(items: Collection[str], item: str | None) -> bool:
    """Whether codes cover an item or standard: its own code, or that of its item, class or kind."""
    if not item:
        return False
    exact = item_of(item)
    return any(code in items for code in (item, exact, class_of(exact), exact.partition("-")[0]))


def basis(bound: Bound, item: str | None, named: Collection[int] = ()) -> Basis | None:
    """What carries a task about this item: a list first, then an admission that the act names, then one by the item.

    `named` are ids of tickets that the act names: an admission that is named counts whatever the item.
    """
    for duty in bound.duties:
        if covers(duty.items, item):
            return Basis(duty=duty)
    there = [permit for permit in bound.permits if permit.in_force(bound.today)]
    for permit in sorted(there, key=lambda one: one.ticket_id not in named):
        if permit.ticket_id in named or covers(permit.items, item):
            return Basis(permit=permit)
    return None


def refusal(bound: Bound, item: str | None, matter: str, field: str, named: Collection[int] = ()) -> NotAdmitted:
    """The refusal: which unit, which matter, which lists were looked at, and the admission that is over, if any."""
    former = [one for one in bound.permits if covers(one.items, item) or one.ticket_id in named]
    newest = max(former, key=lambda one: one.until, default=None)
    over = ("", "")
    if newest is not None:
        when = (
            (f"已于 {newest.until} 到期", f"ran until {newest.until}")
            if newest.until < bound.today
            else ("已退出或取消", "is over or was revoked")
        )
        over = (f"；原准入 {newest.number} {when[0]}", f"; admission {newest.number} {when[1]}")
    zh = "、".join(f"《{one.zh}》" for one in bound.lists)
    en = ", ".join(one.en for one in bound.lists)
    return NotAdmitted(
        f"不能派给“{bound.name}”：“{matter}”不在{zh}内，也没有有效的准入{over[0]}；请先申请准入",
        f"'{bound.name}' cannot be sent this: '{matter}' is on none of the lists ({en}) nor admitted{over[1]}; "
        "apply for admission first",
        place=Place(field=field), unit=bound.name, item=item or "", former=newest.number if newest else "",
    )  # fmt: skip
