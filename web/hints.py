"""What the engine proposes beside a ticket: likely duplicates, relapses, who should lead. It never chooses."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from urllib.parse import urlencode

from engine.application import Application
from engine.database import Transaction
from engine.definitions import thresholds
from engine.definitions.model import Action, Title, Workflow
from engine.records import relapses
from engine.records.access import Viewer
from engine.records.near import matter_of
from engine.records.sheet import Sheet
from engine.rules.case import Case
from engine.rules.ground import Spot, metres
from engine.rules.sending import LEAD
from engine.stages.calls import Offer
from engine.stages.dispatch import Lead, leads, sends_a_lead
from engine.stages.triage import Duplicate, duplicates
from engine.vocabulary import SETTLED
from web import maps
from web.forms import FILL
from web.maps import Drawn


@dataclass(frozen=True, slots=True, kw_only=True)
class Alike:
    """A likely duplicate, and how to join this ticket to it."""

    duplicate: Duplicate
    #: The case number it would be joined to.
    main: str
    #: The offer whose form only asks for that ticket, and its field; None when a form has to be filled first.
    offer: Offer | None
    field: str
    #: The form with the ticket filled in; empty when it can't be joined now.
    url: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Suggestion:
    """A proposed lead, and the form with it filled in."""

    lead: Lead
    url: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Hints:
    """Everything proposed beside a ticket."""

    alike: tuple[Alike, ...] = ()
    leads: tuple[Suggestion, ...] = ()
    relapse_of: str | None = None
    relapses: tuple[str, ...] = ()
    #: The ticket in the middle of those that are likely the same matter.
    drawn: Drawn | None = None


def hints(house: Application, transaction: Transaction, viewer: Viewer, sheet: Sheet, offers: Sequence[Offer]) -> Hints:
    """What to propose to whoever may act on it; nothing to whoever sees the ticket as a person only."""
    if not sheet.sight.official:
        return Hints()
    rules, case = thresholds.shipped(), sheet.case
    possible = {
        offer.name: offer for offer in offers if offer.possible and offer.task is None and offer.request is None
    }
    actions = _actions(case.definition, case)
    joining = next((possible[name] for name, action in actions.items() if action.joins and name in possible), None)
    calling = next(
        (possible[name] for name, action in actions.items() if sends_a_lead(action) and name in possible), None
    )
    earlier, later = relapses.links(transaction, sheet.sight.ticket_id, viewer.units)
    found = duplicates(transaction, sheet.sight.ticket_id, viewer.units, rules.duplicates) if joining else ()
    proposed = leads(transaction, house.versions.almanac(), case, house.clock.now(), rules.proposals) if calling else ()
    return Hints(
        drawn=_map(house, transaction, sheet, found) if found else None,
        alike=tuple(_alike(sheet, one, joining, actions[joining.name].joins or "") for one in found if joining),
        leads=tuple(_suggestion(sheet, one, calling) for one in proposed if calling),
        relapse_of=earlier,
        relapses=later,
    )


def _map(house: Application, transaction: Transaction, sheet: Sheet, found: Sequence[Duplicate]) -> Drawn | None:
    """Where the ticket lies and where the others do, each with its distance; None without a point."""
    own = matter_of(transaction, sheet.sight.ticket_id)
    if own is None:
        return None
    others = [
        (one.near.case_no, one.near.description or one.near.case_no, _apart(own.spot, one.near.matter.spot),
         one.near.matter.spot)
        for one in found
    ]  # fmt: skip
    words = sheet.description or sheet.address or sheet.area_path[0]
    return maps.beside(sheet.sight.case_no, words, own.spot, others, house.settings)


def _apart(one: Spot, other: Spot) -> Title:
    away = round(metres(one, other))
    return Title(f"相距 {away} 米", f"{away} m away")


def _actions(definition: Workflow, case: Case) -> Mapping[str, Action]:
    return definition.states[case.ticket.state].actions


def _alike(sheet: Sheet, one: Duplicate, offer: Offer, field: str) -> Alike:
    main = one.near.main or one.near.case_no
    joinable = one.near.state_type not in SETTLED and main != sheet.sight.case_no
    alone = [item.name for item in offer.form if item.required] == [field]
    return Alike(
        duplicate=one,
        main=main,
        offer=offer if joinable and alone else None,
        field=field,
        url=_url(sheet, offer, [(field, main)]) if joinable else "",
    )


def _suggestion(sheet: Sheet, lead: Lead, offer: Offer) -> Suggestion:
    named = {item.name for item in offer.form}
    co = [("co", code) for code in lead.co] if "co" in named else []
    return Suggestion(lead=lead, url=_url(sheet, offer, [(LEAD, lead.code), *co]))


def _url(sheet: Sheet, offer: Offer, filled: Sequence[tuple[str, str]]) -> str:
    query = urlencode([(FILL + name, value) for name, value in filled])
    return f"/tickets/{sheet.sight.case_no}/do/{offer.name}?{query}"
