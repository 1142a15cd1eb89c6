"""One ticket as it stands in a list: what it is about, its most pressing deadline, its card.

The title is the catalogue's item and the place, never the citizen's words: a message outlives their erasure.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from engine.clock import Instant
from engine.database import Transaction
from engine.definitions.windows import windows
from engine.definitions.words import shipped
from engine.records import lights
from engine.records.areas import chain
from engine.records.rhythm_where import RUNNING, Asking
from engine.records.standing_cards import StandingCard
from engine.records.versions import Versions
from engine.rules.almanac import Almanac
from engine.rules.case import AreaLink, Run, Timer


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """A ticket in a list."""

    case_no: str
    title: str
    #: The most pressing running deadline, `中文 / English`; "" and None when none runs.
    deadline: str
    due: Instant | None
    #: A year it depends on has no decreed holidays yet.
    provisional: bool
    #: Words; "" for none.
    light: str
    card: str
    state: str

    def to_json(self) -> dict[str, Any]:
        return {name: getattr(self, name) for name in self.__slots__}


@dataclass(frozen=True, slots=True, kw_only=True)
class RunningDeadline:
    """A deadline that runs on an open ticket."""

    ticket_id: int
    #: Whose task it is a deadline of; None for the ticket's own and for those of requests.
    department_id: int | None
    task_seq: int | None
    timer: Timer
    workflow_id: int
    area: tuple[AreaLink, ...]

    def of_task(self) -> bool:
        return self.task_seq is not None and self.timer.request_seq is None


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """Shows tickets: the definitions and calendars that say what their deadlines mean at `now`."""

    transaction: Transaction
    versions: Versions
    almanac: Almanac
    now: Instant
    #: `<workflow id>:<deadline>` of those that are nobody's lag when they pass.
    windows: frozenset[str]

    @classmethod
    def of(cls, transaction: Transaction, versions: Versions, almanac: Almanac, now: Instant) -> "Shown":
        stored = [int(row[0]) for row in transaction.rows("SELECT id FROM workflow_version")]
        found = frozenset(
            f"{number}:{name}" for number in stored for name in windows(versions.definition(transaction, number))
        )
        return cls(transaction=transaction, versions=versions, almanac=almanac, now=now, windows=found)

    def running(self, ids: Collection[int] | None = None) -> list[RunningDeadline]:
        """The running deadlines of these tickets, or of all open ones; the most pressing first."""
        asking = Asking(self.transaction)
        limit = "t.settled_at IS NULL" if ids is None else f"t.id {asking.among(ids)}"
        rows = self.transaction.rows(
            'SELECT t.id, k.department_id, d.task_seq, d.seq, d.name, d.request_seq, d."limit", d.started_at, '  # noqa: S608
            "d.due_at, d.consumed, d.extensions, d.provisional, t.workflow_id, a.lineage "
            # SQLite keeps the order of a CROSS JOIN: first the open tickets, then their deadlines.
            "FROM ticket t CROSS JOIN deadline d JOIN area a ON a.id = t.area_id "
            "LEFT JOIN task k ON k.ticket_id = d.ticket_id AND k.seq = d.task_seq "
            f"WHERE {limit} AND {RUNNING} ORDER BY d.due_at, t.id, d.seq",
            asking.parameters,
        )
        return [one for one in map(_running, rows) if f"{one.workflow_id}:{one.timer.name}" not in self.windows]

    def light(self, one: RunningDeadline) -> str:
        """The word of the light that a deadline shows."""
        definition = self.versions.definition(self.transaction, one.workflow_id)
        key = definition.deadlines[one.timer.name].calendar or definition.calendar
        return lights.light(one.timer, definition, self.almanac.of(key, one.area), self.now)

    def lines(self, ids: Collection[int], cards: Iterable[StandingCard]) -> "Lines":
        """Everything needed to show these tickets, asked once for all of them."""
        asking = Asking(self.transaction)
        rows = self.transaction.rows(
            "SELECT t.id, t.case_no, t.workflow_id, t.state, t.item, a.name FROM ticket t "  # noqa: S608
            f"JOIN area a ON a.id = t.area_id WHERE t.id {asking.among(ids)}",
            asking.parameters,
        )
        items = _items(self.transaction, {_item(row[4]) for row in rows})
        standing: dict[int, list[StandingCard]] = {}
        for card in cards:
            standing.setdefault(card.ticket_id, []).append(card)
        running: dict[int, list[RunningDeadline]] = {}
        for one in self.running(ids):
            running.setdefault(one.ticket_id, []).append(one)
        return Lines(self, {row[0]: row for row in rows}, items, running, standing)


@dataclass(frozen=True, slots=True)
class Lines:
    """Tickets that can be shown, to an area (no department) or to a department."""

    shown: Shown
    rows: Mapping[int, Sequence[Any]]
    items: Mapping[str, str]
    running: Mapping[int, Sequence[RunningDeadline]]
    cards: Mapping[int, Sequence[StandingCard]]

    def line(self, ticket_id: int, department_id: int | None) -> Line:
        """One ticket as this reader sees it."""
        _, case_no, workflow_id, state, item, place = self.rows[ticket_id]
        definition = self.shown.versions.definition(self.shown.transaction, workflow_id)
        pressing = self._pressing(ticket_id, department_id)
        return Line(
            case_no=case_no,
            title=f"{self.items.get(_item(item)) or definition.title.zh} · {place}",
            deadline=str(definition.deadlines[pressing.timer.name].title) if pressing else "",
            due=pressing.timer.due_at if pressing else None,
            provisional=pressing.timer.provisional if pressing else False,
            light=self.shown.light(pressing) if pressing else "",
            card=self._card(ticket_id, department_id),
            state=str(definition.states[state].title),
        )

    def _pressing(self, ticket_id: int, department_id: int | None) -> RunningDeadline | None:
        found = self.running.get(ticket_id, ())
        if department_id is not None:
            found = [one for one in found if one.of_task() and one.department_id == department_id]
        return found[0] if found else None

    def _card(self, ticket_id: int, department_id: int | None) -> str:
        """The gravest card that stands."""
        found = [card.card for card in self.cards.get(ticket_id, ()) if department_id in (None, card.department_id)]
        return max(found, key=list(shipped().cards).index, default="")


def _running(row: Sequence[Any]) -> RunningDeadline:
    (
        ticket_id, department, task, seq, name, request, limit, started, due, consumed, extensions, provisional,
        workflow, lineage,
    ) = row  # fmt: skip
    timer = Timer(
        seq=seq, name=name, task_seq=task, request_seq=request, run=Run.RUNNING, limit=limit, started_at=started,
        due_at=due, next_at=None, consumed=consumed, extensions=extensions,
        provisional=bool(provisional),
    )  # fmt: skip
    return RunningDeadline(
        ticket_id=ticket_id, department_id=department, task_seq=task, timer=timer, workflow_id=workflow,
        area=chain(lineage),
    )  # fmt: skip


def _items(transaction: Transaction, codes: Collection[str]) -> dict[str, str]:
    asking = Asking(transaction)
    rows = transaction.rows(f"SELECT code, name FROM item WHERE code {asking.among(codes)}", asking.parameters)  # noqa: S608
    return dict(rows)


def _item(code: str | None) -> str:
    """The item of a standard `part-01-02/1`."""
    return (code or "").split("/")[0]
