"""What the door looks up about admission: the next number, and what bound units may be asked."""

from collections.abc import Mapping, Sequence
from typing import Any

from engine.clock import Instant
from engine.database import Transaction
from engine.definitions import admission_rules
from engine.definitions.model import Action, Title
from engine.records import admissions
from engine.records.admissions import Unit
from engine.records.organisation import lookup_departments
from engine.records.registers import item_names
from engine.rules.acts import Source
from engine.rules.basis import basis
from engine.rules.case import Case, References


def look_up(
    transaction: Transaction, action: Action, case: Case, form: Mapping[str, Any], source: Source,
    references: References, now: Instant,
) -> None:  # fmt: skip
    """Add to the references what admission asks about.

    Only loops that admit and acts that send to bound units pay for it. What is imported happened elsewhere: it is bound
    by nothing here.
    """
    if source is Source.IMPORT:
        return
    definition, memory = case.definition, case.ticket.memory
    if definition.admits is not None and not memory.admission:
        references.number = admissions.next_number(transaction, definition.admits.number, now)
        named = memory.kept.get(definition.admits.units, [])
        references.departments |= lookup_departments(transaction, [named] if isinstance(named, str) else named)
    rules = admission_rules.shipped()
    if not action.sends or definition.key in rules.admitted_by:
        return
    ids = {ref.id for ref in references.departments.values() if ref.kind in rules.binds}
    if ids:
        references.bound = admissions.bounds(transaction, rules, admissions.units(transaction, rules, ids), now)
        item = form.get("item") or case.ticket.item
        if isinstance(item, str):
            references.matter = item_names(transaction, [item]).get(item, item)


def against(transaction: Transaction, case: Case, units: Sequence[Unit], now: Instant) -> dict[int, Title]:
    """Which of these bound units may not be sent the ticket's matter, and why: for proposals."""
    rules = admission_rules.shipped()
    if case.definition.key in rules.admitted_by:
        return {}
    bound = admissions.bounds(transaction, rules, units, now)
    return {
        unit: Title(
            "居村组织：此事项不在清单内，也未准入，不能派给它",
            "a village: on no list nor admitted, cannot be sent there",
        )
        for unit, one in bound.items()
        if basis(one, case.ticket.item) is None
    }
