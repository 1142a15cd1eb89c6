"""Proposals of the dispatch: who should lead and who should join in, with reasons; people choose."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from statistics import median_low
from typing import Any

from engine.clock import Instant
from engine.database import Transaction
from engine.definitions import admission_rules, thresholds
from engine.definitions.model import Action, Title
from engine.definitions.thresholds import Outcomes
from engine.records import admissions as bound_units
from engine.records import outcomes, precedents
from engine.records.asking import ask
from engine.records.organisation import lookup_departments
from engine.records.precedents import Precedent
from engine.rules.almanac import Almanac
from engine.rules.calendars import WorkCalendar
from engine.rules.case import Case
from engine.rules.likeness import item_of
from engine.rules.proposals import Ended, Ruled, rank
from engine.rules.sending import LEAD
from engine.stages import admissions


@dataclass(frozen=True, slots=True, kw_only=True)
class Lead:
    """A department that is proposed to lead."""

    code: str
    name: str
    #: Departments that should join in, code → name; those that are gone left out.
    co: dict[str, str]
    reasons: tuple[Title, ...]
    #: What speaks against it.
    against: tuple[Title, ...]


def sends_a_lead(action: Action) -> bool:
    """Whether an action dispatches to a department that its form names as the lead."""
    return any(LEAD in fields for fields in action.sends.values())


def leads(transaction: Transaction, almanac: Almanac, case: Case, now: Instant, rules: Outcomes) -> tuple[Lead, ...]:
    """The proposed leads of a ticket, the best first; none while its item is unknown."""
    item, area = case.ticket.item, case.ticket.area
    if not item:
        return ()
    # Alike is what lies in the same district; where areas have no such level, in the same whole.
    unit = f"a{area[max(len(area) - 2, 0)].id}"
    calendar = almanac.of(case.definition.calendar, area)
    duties, rulings, codes = ask(
        transaction,
        [
            outcomes.asked_duties(transaction, item, area),
            precedents.asked_alike(transaction, item, unit),
            outcomes.asked_codes(transaction, item_of(item)),
        ],
    )
    settled = outcomes.settled(transaction, codes, unit, case.ticket.id, now, rules)
    ranked = rank(duties, _rulings(item, rulings), _ended(settled, calendar))
    if not ranked:
        return ()
    named = [one.department for one in ranked]
    names, bound = ask(
        transaction,
        [
            outcomes.asked_names(transaction, named),
            bound_units.asked_units(transaction, admission_rules.shipped(), named),
        ],
    )
    barred = admissions.against(transaction, case, bound, now)
    joining = sorted({code for one in ranked for code in one.co})
    there = lookup_departments(transaction, joining) if joining else {}
    return tuple(
        Lead(
            code=names[one.department][0],
            name=names[one.department][1],
            co={code: there[code].title for code in one.co if code in there},
            reasons=tuple(one.reasons),
            against=(*one.against, *((barred[one.department],) if one.department in barred else ())),
        )
        for one in sorted(ranked, key=lambda one: one.department in barred)
        if one.department in names
    )[: rules.most]


def noted(
    transaction: Transaction, almanac: Almanac, case: Case, action: Action, form: Mapping[str, Any], now: Instant
) -> dict[str, Any]:
    """What the event of a dispatch keeps, so that proposals can be measured: which departments were proposed, in their
    order, and which of them was taken, from 1; 0 when another one was chosen. Nothing where nothing was proposed."""
    if not case.ticket.last_seq or not sends_a_lead(action) or not isinstance(form.get(LEAD), str):
        return {}
    proposed = [one.code for one in leads(transaction, almanac, case, now, thresholds.shipped().proposals)]
    taken = proposed.index(form[LEAD]) + 1 if form[LEAD] in proposed else 0
    return {"proposed": proposed, "taken": taken} if proposed else {}


def _rulings(item: str, found: Sequence[Precedent]) -> list[Ruled]:
    return [
        Ruled(
            case_no=one.case_no,
            at=one.at,
            title=one.title,
            by=one.by,
            winner=one.winner_id,
            loser=one.loser_id,
            binding=one.binding,
            same_item=item_of(one.item) == item_of(item),
            clause=one.clause,
        )
        for one in found
    ]


def _ended(rows: list[outcomes.Settled], calendar: WorkCalendar) -> list[Ended]:
    found = []
    for department in sorted({row.department for row in rows}):
        own = [row for row in rows if row.department == department]
        took = [calendar.measure(row.opened_at, row.settled_at) for row in own if row.finished]
        found.append(
            Ended(
                department=department,
                finished=len(took),
                returned=len(own) - len(took),
                median=median_low(took) if took else None,
            )
        )
    return found
