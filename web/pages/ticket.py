"""A ticket's page: where it stands, what can be done and by which form, and everything that happened."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Annotated

from fastapi import APIRouter, Path, Query, Request
from starlette.responses import Response

from engine.application import Application
from engine.database import Transaction
from engine.definitions.model import FormItem
from engine.errors import HuyingError, NotAllowedNow, Stale
from engine.records import callers, exemptions, lists, phrases, reservations, seals
from engine.records import hands as ways
from engine.records import sheet as sheets
from engine.records.hands import Way
from engine.records.lists import Wanted
from engine.records.sheet import Sheet
from engine.records.unmasking import PURPOSES, masked_phone
from engine.rules.hands import stretches
from engine.stages.calls import Call, Caller, Offer
from engine.stages.links import handed_out
from web import bases, before_after, forms
from web.contexts import Listed, deed, listed, ticket_page
from web.dependencies import CaseNo, House
from web.forms import Drawing, Typed, Widget
from web.hands import Hands, hands
from web.hints import hints
from web.rendering import acted, is_partial, page, wants_data
from web.sensitive import secret_fields
from web.sessions import At, Form, Posted, Sitting
from web.telling import Told, about, changed_since, typed_before

router = APIRouter(include_in_schema=False)

Word = Annotated[str, Path(pattern=r"^[\w.-]{1,64}$")]
Done = Annotated[str, Query(max_length=64, pattern=r"^[\w.-]*$")]
_END = 2**31 - 1
Before = Annotated[int, Query(ge=1, le=_END)]
Seq = Annotated[int | None, Query(ge=1, le=2**31 - 1)]


@dataclass(frozen=True, slots=True, kw_only=True)
class Named:
    """Which act on a ticket is meant."""

    action: str
    task: int | None
    request: int | None

    def among(self, offers: list[Offer]) -> Offer | None:
        """The offer of this act, if the ticket's present state has one."""
        for offer in offers:
            on = offer.request == self.request if self.request or offer.request else offer.task == self.task
            if on and offer.name == self.action:
                return offer
        return None


@router.get("/tickets/{case_no}")
def show(request: Request, house: House, here: At, case_no: CaseNo, done: Done = "", before: Before = _END) -> Response:
    """The whole page, or its fragment; with `before` the part of the history before that event."""
    return _ticket(request, house, here, case_no, done, before)


@router.get("/tickets/{case_no}/do/{action}")
def ask(
    request: Request,
    house: House,
    here: At,
    case_no: CaseNo,
    action: Word,
    task: Seq = None,
    answered: Annotated[int | None, Query(alias="request", ge=1, le=2**31 - 1)] = None,
) -> Response:
    """The form of one act; what a proposal's link says, and what was applied for, is filled in, to be looked at."""
    return _act(
        request,
        house,
        here,
        case_no,
        Named(action=action, task=task, request=answered),
        forms.filled(request.query_params.multi_items()),
        None,
    )


@router.post("/tickets/{case_no}/do/{action}")
def do(request: Request, house: House, here: At, case_no: CaseNo, action: Word, form: Form) -> Response:
    """Do it, and show the ticket as it is then. What is refused comes back with everything that was typed."""
    named = Named(action=action, task=form.number("task"), request=form.number("request"))
    typed = Typed(values=form.fields)
    if form.first("look"):
        return _act(request, house, here, case_no, named, forms.with_phrase(typed, form.first("look")), None)
    with house.database.looking() as transaction:
        sheet, offers = _seen(house, here, transaction, case_no)
    offer = named.among(offers)
    try:
        typed = _with_files(house, here, offer, typed, form)
        house.door.act(_call(here, sheet, named, offer, typed, form))
    except HuyingError as error:
        if wants_data(request):
            raise
        return _act(request, house, here, case_no, named, typed, error)
    if is_partial(request):
        return _ticket(request, house, here, case_no, action)
    return acted(request, case_no, f"/tickets/{case_no}?done={action}")


def _seen(house: Application, here: Sitting, transaction: Transaction, case_no: str) -> tuple[Sheet, list[Offer]]:
    """The ticket, if this person may know of it, and what its present states offer."""
    seen = sheets.sight(transaction, here.viewer, case_no)
    case = house.door.case(transaction, seen.ticket_id)
    sheet = sheets.sheet(transaction, house.versions, here.viewer, seen, case, house.clock.now())
    return sheet, house.door.offers(transaction, seen.ticket_id, Caller(person_id=here.viewer.person_id))


def whole(
    request: Request, house: Application, here: Sitting, case_no: str, *, contact: bool = False, secret: str = ""
) -> Response:
    """The whole page; with `contact` whom the ticket comes from, with the name of a sensitive field what that holds:
    both are masked else."""
    return _ticket(request, house, here, case_no, "", contact=contact, secret=secret)


def _ticket(
    request: Request,
    house: Application,
    here: Sitting,
    case_no: str,
    done: str,
    before: int = _END,
    *,
    contact: bool = False,
    secret: str = "",
) -> Response:
    with house.database.looking() as transaction:
        sheet, offers = _seen(house, here, transaction, case_no)
        history = sheets.recent(transaction, here.viewer, sheet.sight, sheet.case, before=before)
        context = ticket_page(transaction, sheet, history, offers)
        proposed = hints(house, transaction, here.viewer, sheet, offers)
        rests = bases.rests(house, transaction, here.viewer, sheet)
        left_out = (
            exemptions.of_ticket(transaction, house.versions, sheet.sight.ticket_id) if sheet.sight.official else ()
        )
        held = reservations.reserved(transaction, here.viewer, [sheet.sight.ticket_id], house.clock.now())
        called = _called_before(house, transaction, here, sheet)
        links = handed_out(transaction, house.door, sheet.case, here.viewer.person_id, house.clock.now())
        way = ways.way(transaction, sheet.case)
        held_by = _hands(house, sheet, way)
        sealed = seals.holding(transaction, sheet.sight.ticket_id)
        secrets = secret_fields(transaction, here, sheet.case, secret)
        pictured = sheets.pictured(transaction, here.viewer, sheet.sight, sheet.case, before_after.FIELDS)
    title = next((line.title for line in reversed(history.lines) if line.action == done), None)
    earlier = history.lines[0].seq if history.more else None
    return page(
        request,
        "ticket.html",
        here=here,
        page=context,
        hints=proposed,
        links=links,
        left_out=left_out,
        called=called,
        phone=masked_phone(sheet.contact_phone),
        contact=contact,
        secrets=secrets,
        purposes=PURPOSES,
        reserved=held.get(sheet.sight.ticket_id),
        done=title,
        earlier=earlier,
        rests=rests,
        hands=held_by,
        sealed=sealed,
        pictures=before_after.columns(sheet, pictured),
    )


def _hands(house: Application, sheet: Sheet, way: Way) -> Hands:
    """Who held the ticket how long, over its whole history."""
    case = sheet.case
    calendar = house.versions.almanac().of(case.definition.calendar, case.ticket.area)
    return hands(sheet, stretches(case, way.moments, house.clock.now(), calendar))


def _called_before(house: Application, transaction: Transaction, here: Sitting, sheet: Sheet) -> list[Listed]:
    """Other tickets of whoever called, as lists show them."""
    ids = callers.others(transaction, here.viewer, sheet)
    if not ids:
        return []
    found = lists.page(transaction, house.versions, here.viewer, Wanted(ids=ids), now=house.clock.now())
    return [listed(row, house.versions.definition(transaction, row.workflow_id)) for row in found.rows]


def parts_of(offer: Offer | None) -> Iterator[tuple[str, tuple[FormItem, ...]]]:
    """The forms of an act: its own, and one per finished task, with what their fields' names begin with."""
    if offer is not None:
        yield "", offer.form
        yield from ((f"each.{seq}.", items) for seq, items in offer.each.items())


def _with_files(house: Application, here: Sitting, offer: Offer | None, typed: Typed, form: Posted) -> Typed:
    for prefix, items in parts_of(offer):
        kept = forms.keep_files(house, here.viewer.person_id, items, form, prefix)
        own = {prefix + item.name for item in items}
        typed = Typed(values={**typed.values, **{name: given for name, given in kept.values.items() if name in own}})
    return typed


def _call(here: Sitting, sheet: Sheet, named: Named, offer: Offer | None, typed: Typed, form: Posted) -> Call:
    each = offer.each.items() if offer else ()
    return Call(
        caller=Caller(person_id=here.viewer.person_id),
        ticket_id=sheet.sight.ticket_id,
        action=named.action,
        task=named.task if named.request is None else None,
        request=named.request,
        form=forms.read(offer.form, typed) if offer else {},
        each={seq: forms.read(items, typed, f"each.{seq}.") for seq, items in each},
        expected=form.number("expected"),
        key=form.first("key")[:64] or None,
    )


def _act(
    request: Request,
    house: Application,
    here: Sitting,
    case_no: str,
    named: Named,
    typed: Typed,
    error: HuyingError | None,
) -> Response:
    """One act's form; with an error, what was typed and, if others were quicker, what they did."""
    with house.database.looking() as transaction:
        sheet, offers = _seen(house, here, transaction, case_no)
        offer = named.among(offers)
        if error is None and (offer is None or not offer.possible):
            error = _not_now(offer)
        if request.method == "GET":
            typed = forms.kept(offer.form if offer else (), sheet.case.ticket.memory.kept, typed)
        groups = _drawn(house, transaction, here, sheet, offer, typed, error)
        changed = _overtaken(transaction, here, sheet, typed, error)
        if offer is None and changed:
            error = Stale(
                "此件已被他人办理，现在没有这一操作", "someone has acted on this: there is no such action now"
            )
        lost = typed_before(transaction, sheet, typed.values) if offer is None else ()
    response = page(
        request,
        "act.html",
        status=error.status if error else 200,
        here=here,
        sheet=sheet,
        offer=offer,
        deed=deed(sheet, offer) if offer else None,
        groups=groups,
        error=error,
        changed=changed,
        lost=lost,
        key=next(iter(typed.of("key")), ""),
    )
    if is_partial(request):
        # The form stays where it is; only an act that was done replaces the ticket.
        response.headers["HX-Retarget"], response.headers["HX-Reswap"] = "#act", "innerHTML show:top"
    return response


def _drawn(
    house: Application,
    transaction: Transaction,
    here: Sitting,
    sheet: Sheet,
    offer: Offer | None,
    typed: Typed,
    error: HuyingError | None,
) -> list[tuple[str, list[Widget]]]:
    """The fields of an act, with what they are about: the ticket, or each finished task."""
    drawing = Drawing(
        transaction=transaction,
        viewer=here.viewer,
        now=house.clock.now(),
        typed=typed,
        error=error,
        area_codes=tuple(sheet.names.areas[link.id].code for link in sheet.case.ticket.area),
        department_id=_department(sheet, offer),
        phrases=tuple(one.words for one in phrases.phrases(transaction, here.viewer)),
    )
    return [
        (about(sheet, int(prefix.split(".")[1])) if prefix else "", drawing.widgets(items, prefix))
        for prefix, items in parts_of(offer)
    ]


def _not_now(offer: Offer | None) -> NotAllowedNow:
    if offer is None:
        return NotAllowedNow("案卷已有变化，现在没有这一操作", "the ticket has moved on: there is no such action now")
    zh, _, en = offer.reason.partition(" / ")
    return NotAllowedNow(zh, en)


def _overtaken(
    transaction: Transaction, here: Sitting, sheet: Sheet, typed: Typed, error: HuyingError | None
) -> tuple[Told, ...]:
    """What happened since the form was drawn, for whoever is refused because of it."""
    seen = next(iter(typed.of("seen")), "")
    if not isinstance(error, Stale | NotAllowedNow) or not (seen.isascii() and seen.isdecimal() and len(seen) < 10):
        return ()
    lines = sheets.history(transaction, here.viewer, sheet.sight, sheet.case, after=int(seen))
    return changed_since(transaction, sheet, lines)


def _department(sheet: Sheet, offer: Offer | None) -> int | None:
    """The department whose people an assignment names."""
    task = sheet.case.tasks.get(offer.task) if offer and offer.task is not None else None
    return task.department_id if task else None
