"""What one bound unit may be asked now, and the figures of all: for the page and for the API alike."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date

from engine.application import Application
from engine.clock import Instant
from engine.database import Transaction
from engine.definitions import admission_rules
from engine.definitions.admission_rules import AdmissionRules
from engine.definitions.model import Title
from engine.errors import NotFound
from engine.records import admission_figures, admissions
from engine.records.access import Viewer
from engine.records.admission_figures import Figures
from engine.records.admissions import Unit
from engine.records.asking import among
from engine.records.registers import item_names
from engine.rules.basis import Duty, Permit

#: Figures by name, in the order in which they are shown.
SHOWN: dict[str, Title] = {
    "live": Title("有效", "In force"),
    "admitted": Title("已准入", "Admitted"),
    "refused": Title("不予准入", "Refused"),
    "on_time": Title("按时审定", "On time"),
    "late": Title("逾期审定", "Late"),
    "stopped": Title("责令停止", "Stopped"),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Admitted:
    """An admission as it is listed."""

    permit: Permit
    #: Who applied for it.
    applicant: str
    #: Days until the end of its last day, that one included; 0 when it is over.
    days_left: int
    #: Whether the reader may open its ticket.
    known: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """What one unit may be asked."""

    unit: Unit
    #: List → its rows for this unit.
    lists: tuple[tuple[Title, tuple[Duty, ...]], ...]
    live: tuple[Admitted, ...]
    over: tuple[Admitted, ...]
    #: Code → what the catalogue calls it; one that is missing there is shown as it is.
    items: dict[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Table:
    """The figures of the units that a reader looks at."""

    rows: tuple[tuple[Unit, Figures], ...]
    #: Of all of these units together: each ticket once.
    total: dict[str, list[str]]


def units_of(transaction: Transaction, viewer: Viewer) -> list[Unit]:
    """The bound units of a reader: those in which a post is held, those within the areas of posts; else all."""
    every = admissions.units(transaction, admission_rules.shipped())
    areas, own = set(viewer.areas), set(viewer.departments)
    return [unit for unit in every if unit.id in own or areas & set(unit.area)] or every


def chosen(units: Sequence[Unit], viewer: Viewer, code: str) -> Unit | None:
    """The unit that is asked for, else the reader's own. Errors: `NotFound` for a code of none of them."""
    if code:
        found = next((unit for unit in units if unit.code == code), None)
        if found is None:
            raise NotFound("没有这个居村组织，或不在您的辖区", "there is no such village in your areas")
        return found
    own = [unit for unit in units if unit.id in viewer.departments]
    return own[0] if own else units[0] if len(units) == 1 else None


def asked(house: Application, transaction: Transaction, viewer: Viewer, unit: Unit) -> Asked:
    """Everything that a unit may be asked now, and the admissions that are over."""
    rules, now = admission_rules.shipped(), house.clock.now()
    bound = admissions.bounds(transaction, rules, [unit], now)[unit.id]
    lists = tuple((title, tuple(one for one in bound.duties if one.list == title)) for title in bound.lists)
    known = _known(transaction, viewer, [one.ticket_id for one in bound.permits])
    applicants = _applicants(transaction, bound.permits)
    told = [
        Admitted(
            permit=one,
            applicant=applicants.get(one.ticket_id, ""),
            days_left=_days_left(one, bound.today),
            known=one.ticket_id in known,
        )
        for one in bound.permits
    ]
    codes = {code for duty in bound.duties for code in duty.items}
    codes |= {code for permit in bound.permits for code in permit.items}
    return Asked(
        unit=unit,
        lists=lists,
        live=tuple(one for one in told if one.permit.in_force(bound.today)),
        over=tuple(one for one in told if not one.permit.in_force(bound.today)),
        items=item_names(transaction, codes),
    )


def table(house: Application, transaction: Transaction, viewer: Viewer, units: Sequence[Unit], now: Instant) -> Table:
    """The figures of units over the tickets that the reader may see."""
    rules: AdmissionRules = admission_rules.shipped()
    found = admission_figures.figures(transaction, house.versions, rules, units, viewer.units, now)
    total = {
        name: sorted({case_no for own in found.values() for case_no in getattr(own, name)}, reverse=True)
        for name in SHOWN
    }
    return Table(rows=tuple((unit, found[unit.code]) for unit in units), total=total)


def _days_left(permit: Permit, today: str) -> int:
    if not permit.in_force(today):
        return 0
    return (date.fromisoformat(permit.until) - date.fromisoformat(today)).days + 1


def _known(transaction: Transaction, viewer: Viewer, ids: Collection[int]) -> set[int]:
    tickets, first = among(transaction, ids)
    units, second = among(transaction, viewer.units)
    rows = transaction.rows(
        "SELECT t.id FROM ticket t JOIN reach r ON r.sort_key = t.opened_at AND r.ticket_id = t.id "  # noqa: S608
        f"WHERE t.id {tickets} AND r.unit {units}",
        (*first, *second),
    )
    return {int(row[0]) for row in rows}


def _applicants(transaction: Transaction, permits: Collection[Permit]) -> dict[int, str]:
    """Ticket → the name of the department that applied."""
    tickets, parameters = among(transaction, {one.ticket_id for one in permits})
    rows = transaction.rows(
        "SELECT t.id, d.name FROM ticket t JOIN department d ON d.id = t.creator_department_id "  # noqa: S608
        f"WHERE t.id {tickets}",
        parameters,
    )
    return {int(ticket): name for ticket, name in rows}
