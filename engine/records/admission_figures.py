"""Figures of admission per unit, each with the tickets behind it: live, admitted, refused, decided on time, stopped."""

import json
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

from engine.clock import Instant
from engine.database import Transaction
from engine.definitions.admission_rules import AdmissionRules
from engine.records.admissions import Unit, day_of
from engine.records.asking import among, marks
from engine.records.versions import Versions
from engine.rules.case import Run
from engine.rules.memory import Memory

#: Tickets of the admitting loops that are counted, the newest first.
MOST = 5_000


@dataclass(slots=True, kw_only=True)
class Figures:
    """Case numbers behind each figure of one unit."""

    #: In force now.
    live: list[str] = field(default_factory=list)
    #: Ever given.
    admitted: list[str] = field(default_factory=list)
    refused: list[str] = field(default_factory=list)
    #: Decided, or due to be: within the limit, and beyond it. What is not due yet is in neither.
    on_time: list[str] = field(default_factory=list)
    late: list[str] = field(default_factory=list)
    stopped: list[str] = field(default_factory=list)

    @property
    def any(self) -> bool:
        """Whether there is a ticket behind any of them."""
        return bool(self.live or self.admitted or self.refused or self.on_time or self.late or self.stopped)


@dataclass(frozen=True, slots=True)
class _Ticket:
    """A ticket of a loop that admits, as far as figures ask."""

    id: int
    case_no: str
    state: str
    area_id: int
    creator: int | None
    #: Codes of the units it is for.
    units: tuple[str, ...]


def figures(
    transaction: Transaction, versions: Versions, rules: AdmissionRules, units: Iterable[Unit],
    reach: Collection[str], now: Instant,
) -> dict[str, Figures]:  # fmt: skip
    """The figures of these units by code, over the tickets that a reader's units reach."""
    wanted = list(units)
    found = {unit.code: Figures() for unit in wanted}
    tickets = _tickets(transaction, versions, rules, reach)
    given, live = _given(transaction, [ticket.id for ticket in tickets], now)
    timely = _timely(transaction, rules, [ticket.id for ticket in tickets], now)
    for ticket in tickets:
        for code in _whose(ticket, wanted):
            own = found.get(code)
            if own is None:
                continue
            if ticket.state in rules.figures.stopped:
                own.stopped.append(ticket.case_no)
                continue
            if ticket.id in given:
                own.admitted.append(ticket.case_no)
            if ticket.id in live:
                own.live.append(ticket.case_no)
            if ticket.state in rules.figures.refused:
                own.refused.append(ticket.case_no)
            if ticket.id in timely:
                (own.on_time if timely[ticket.id] else own.late).append(ticket.case_no)
    return found


def _whose(ticket: _Ticket, units: Sequence[Unit]) -> Iterable[str]:
    """The units a ticket counts for: those it names; a report counts for whose unit or area it came from."""
    if ticket.units:
        return ticket.units
    return [
        unit.code
        for unit in units
        if unit.id == ticket.creator or (ticket.creator is None and unit.area[:1] == (ticket.area_id,))
    ]


def _tickets(
    transaction: Transaction, versions: Versions, rules: AdmissionRules, reach: Collection[str]
) -> list[_Ticket]:
    workflows, first = among(transaction, rules.admitted_by)
    units, second = among(transaction, reach)
    rows = transaction.rows(
        "SELECT t.id, t.case_no, t.state, t.area_id, t.creator_department_id, t.workflow_id, t.memory "  # noqa: S608
        f"FROM ticket t JOIN workflow_version w ON w.id = t.workflow_id WHERE w.key {workflows} AND EXISTS "
        f"(SELECT 1 FROM reach r WHERE r.sort_key = t.opened_at AND r.ticket_id = t.id AND r.unit {units}) "
        f"ORDER BY t.opened_at DESC, t.id DESC LIMIT {MOST}",
        (*first, *second),
    )
    return [_ticket(transaction, versions, row) for row in rows]


def _ticket(transaction: Transaction, versions: Versions, row: Sequence[Any]) -> _Ticket:
    number, case_no, state, area_id, creator, workflow_id, memory = row
    admits = versions.definition(transaction, workflow_id).admits
    kept = Memory.from_json(json.loads(memory)).kept.get(admits.units, []) if admits else []
    return _Ticket(number, case_no, state, area_id, creator, (kept,) if isinstance(kept, str) else tuple(kept))


def _given(transaction: Transaction, ids: Sequence[int], now: Instant) -> tuple[set[int], set[int]]:
    """Which tickets ever admitted, and which do now."""
    match, parameters = among(transaction, ids)
    rows = transaction.rows(
        "SELECT a.ticket_id, a.until, e.number FROM admission a "  # noqa: S608
        f"LEFT JOIN admission_end e ON e.number = a.number WHERE a.ticket_id {match}",
        parameters,
    )
    today = day_of(now)
    return {int(row[0]) for row in rows}, {int(row[0]) for row in rows if row[2] is None and row[1] >= today}


def _timely(transaction: Transaction, rules: AdmissionRules, ids: Sequence[int], now: Instant) -> dict[int, bool]:
    """Whether each application that is decided, or overdue, kept its limit."""
    match, parameters = among(transaction, ids)
    names, more = among(transaction, rules.figures.decide)
    mark = marks(transaction, 1)[0]
    rows = transaction.rows(
        "SELECT ticket_id, ended_at, due_at FROM deadline "  # noqa: S608
        f"WHERE ticket_id {match} AND name {names} AND (run = '{Run.MET.value}' "
        f"OR (run = '{Run.RUNNING.value}' AND due_at < {mark}))",
        (*parameters, *more, now),
    )
    return {int(ticket): ended is not None and ended <= due for ticket, ended, due in rows}
