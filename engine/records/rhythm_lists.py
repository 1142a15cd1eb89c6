"""The lists of one job: which tickets lie in the part of each unit, in the job's order, cut to its length.

One statement finds the tickets of all areas, one those of all departments; both read open tickets only, however many
are closed. What is shown of those that are listed is asked once for all lists.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from engine.clock import Instant
from engine.database import Transaction
from engine.definitions.rhythm import Job, Sort, atoms
from engine.records.areas import chain
from engine.records.rhythm_lines import Line, RunningDeadline, Shown
from engine.records.rhythm_recipients import Addressee
from engine.records.rhythm_where import AREA, TASK, Asking, Found, Scope, Where
from engine.records.standing_cards import StandingCard, standing_cards
from engine.records.versions import Versions
from engine.rules.almanac import Almanac
from engine.rules.calendars import WorkCalendar

#: Urgencies from grave to mild.
_URGENCY = {"emergency": 0, "urgent": 1}
_NEVER = 2**63


@dataclass(frozen=True, slots=True, kw_only=True)
class UnitList:
    """What one unit gets."""

    #: Tickets that the job asks for; the lines may be fewer.
    count: int
    lines: tuple[Line, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Hit:
    """A ticket that belongs into a list."""

    ticket_id: int
    due: int
    opened: int
    touched: int
    urgency: int


_ORDERS: dict[Sort, Callable[[_Hit], tuple[int, ...]]] = {
    Sort.DUE: lambda hit: (hit.due, hit.opened, hit.ticket_id),
    Sort.OPENED: lambda hit: (hit.opened, hit.ticket_id),
    Sort.IDLE: lambda hit: (hit.touched, hit.ticket_id),
    Sort.URGENCY: lambda hit: (hit.urgency, hit.due, hit.opened, hit.ticket_id),
}


def lists(
    transaction: Transaction,
    versions: Versions,
    almanac: Almanac,
    job: Job,
    to: Sequence[Addressee],
    *,
    calendar: WorkCalendar,
    now: Instant,
) -> dict[str, UnitList]:
    """Unit → its list, for every unit that has a ticket in it. `calendar` counts the spans of the job's conditions."""
    shown = Shown.of(transaction, versions, almanac, now)
    finding = _Finding(shown, job, calendar)
    hits = finding.of_areas([one.id for one in to if one.area]) | finding.of_departments(
        [one.id for one in to if not one.area]
    )
    order = _ORDERS[job.sort]
    listed = {unit: sorted(found.values(), key=order) for unit, found in hits.items()}
    lines = shown.lines({hit.ticket_id for found in listed.values() for hit in found[: job.most]}, finding.cards)
    department = {one.unit: None if one.area else one.id for one in to}
    return {
        unit: UnitList(
            count=len(found),
            lines=tuple(lines.line(hit.ticket_id, department[unit]) for hit in found[: job.most]),
        )
        for unit, found in listed.items()
    }


#: Unit → ticket → why it is listed; a ticket with two tasks of one department is listed once, by the more pressing.
_Hits = dict[str, dict[int, _Hit]]


class _Finding:
    """Finds the tickets of a job."""

    def __init__(self, shown: Shown, job: Job, calendar: WorkCalendar) -> None:
        self._shown, self._job, self._calendar = shown, job, calendar
        self.cards: Sequence[StandingCard] = standing_cards(shown.transaction)

    @cached_property
    def _lit(self) -> list[tuple[str, RunningDeadline]]:
        """What shows a light, where the job asks for one: computed once for areas and departments."""
        if all(atom.name != "light" for atom in atoms(self._job.list)):
            return []
        return [(self._shown.light(one), one) for one in self._shown.running()]

    def of_areas(self, ids: Sequence[int]) -> _Hits:
        """The tickets that lie in each of these areas, as the tree is now."""
        wanted, found = set(ids), _Hits()
        if not wanted:
            return found
        above = _lineages(self._shown.transaction)
        for area, hit in self._hits(AREA, lambda one: str(one.ticket_id), lambda card: str(card.ticket_id)):
            for unit in above[area] & wanted:
                found.setdefault(f"a{unit}", {})[hit.ticket_id] = hit
        return found

    def of_departments(self, ids: Sequence[int]) -> _Hits:
        """The tickets on which each of these departments has an open task."""
        found = _Hits()
        if not ids:
            return found
        hits = self._hits(
            TASK,
            lambda one: f"{one.ticket_id}:{one.task_seq}" if one.of_task() else "",
            lambda card: f"{card.ticket_id}:{card.department_id}",
            only=lambda asking: f"k.department_id {asking.among(ids)}",
        )
        for department, hit in hits:
            tickets = found.setdefault(f"d{department}", {})
            if hit.ticket_id not in tickets or hit.due < tickets[hit.ticket_id].due:
                tickets[hit.ticket_id] = hit
        return found

    def _hits(
        self,
        scope: Scope,
        lit: Callable[[RunningDeadline], str],
        carded: Callable[[StandingCard], str],
        only: Callable[[Asking], str] = lambda asking: "1 = 1",
    ) -> Iterable[tuple[int, _Hit]]:
        shown, asking = self._shown, Asking(self._shown.transaction)
        found = Found(
            lights=_grouped((word, lit(one)) for word, one in self._lit),
            cards=_grouped((card.card, carded(card)) for card in self.cards),
        )
        where = Where(
            asking=asking, scope=scope, calendar=self._calendar, now=shown.now, found=found, windows=shown.windows
        )  # fmt: skip
        # Parameters go by the order of their marks, so each part is written where it stands.
        rows = shown.transaction.rows(
            f"SELECT {scope.unit}, t.id, (SELECT min(d.due_at) FROM deadline d WHERE {where.running()}), "  # noqa: S608
            f"t.opened_at, t.head_at, t.urgency FROM {scope.tables} "
            f"WHERE {scope.base} AND {only(asking)} AND {where.of(self._job.list)}",
            asking.parameters,
        )
        return ((int(row[0]), _hit(row)) for row in rows)


def _hit(row: Sequence[Any]) -> _Hit:
    _, ticket_id, due, opened, touched, urgency = row
    return _Hit(
        ticket_id=ticket_id,
        due=_NEVER if due is None else due,
        opened=opened,
        touched=touched,
        urgency=_URGENCY.get(urgency or "", len(_URGENCY)),
    )


def _lineages(transaction: Transaction) -> Mapping[int, frozenset[int]]:
    """Area → itself and every one above it."""
    rows = transaction.rows("SELECT id, lineage FROM area")
    return {int(number): frozenset(link.id for link in chain(lineage)) for number, lineage in rows}


def _grouped(pairs: Iterable[tuple[str, str]]) -> dict[str, set[str]]:
    found: dict[str, set[str]] = {}
    for word, key in pairs:
        if word and key:
            found.setdefault(word, set()).add(key)
    return found
