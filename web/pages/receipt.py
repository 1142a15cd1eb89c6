"""The page of a receipt: how far one's report is, and what its reporter may do; no account, a secret address."""

from typing import Annotated

from fastapi import APIRouter, Path, Query, Request
from starlette.responses import Response

from engine.application import Application
from engine.database import Transaction
from engine.definitions.model import FormItem
from engine.definitions.walk import actions_of
from engine.errors import HuyingError, NotAllowedNow
from engine.records import limits, receipts
from engine.records.receipts import Held
from engine.rules.case import Case
from engine.stages.calls import Call, Caller, Offer
from web import forms
from web.addresses import whole_address
from web.dependencies import House, ReceiptSecret, Visit
from web.forms import Drawing, Typed
from web.passers_by import CALLER
from web.receipts import progress, stand_in
from web.rendering import go, page
from web.sessions import Posted, ReceiptForm, token_of

router = APIRouter(prefix="/r", include_in_schema=False, dependencies=[Visit])

Word = Annotated[str, Path(pattern=r"^[\w.-]{1,64}$")]
Flag = Annotated[str, Query(max_length=1)]


@router.get("/{secret}")
def show(request: Request, house: House, secret: ReceiptSecret, new: Flag = "", done: Flag = "") -> Response:
    """How far it is."""
    with house.database.looking() as transaction:
        case, offers = _seen(house, transaction, _held(house, transaction, secret))
        context = progress(transaction, house.versions, case, house.clock.now())
    return page(
        request,
        "receipt.html",
        here=None,
        page=context,
        secret=secret,
        offers=offers,
        new=bool(new),
        done=bool(done),
        address=whole_address(house, request, f"/r/{secret}"),
    )


@router.get("/{secret}/do/{action}")
def ask(request: Request, house: House, secret: ReceiptSecret, action: Word) -> Response:
    """The form of one act."""
    return _form(request, house, secret, action, Typed(), None)


@router.post("/{secret}/do/{action}")
def do(request: Request, house: House, secret: ReceiptSecret, action: Word, form: ReceiptForm) -> Response:
    """Do it. What is refused comes back with everything that was typed; what is sent twice is done once."""
    typed = Typed(values=form.fields)
    try:
        digest, now = receipts.digest_of(secret), house.clock.now()
        house.database.acting(
            lambda transaction: limits.count(transaction, f"receipt:{digest[:32]}", receipts.ACTS, now)
        )
        with house.database.looking() as transaction:
            held = _held(house, transaction, secret)
            declared = _items(*_seen(house, transaction, held), action)
        typed = forms.keep_files(house, None, declared, form)
        house.door.act(_call(held, action, forms.read(declared, typed), form))
    except HuyingError as error:
        return _form(request, house, secret, action, typed, error)
    return go(request, f"/r/{secret}?done=1")


def _held(house: Application, transaction: Transaction, secret: str) -> Held:
    return receipts.held(transaction, secret, house.clock.now())


def _seen(house: Application, transaction: Transaction, held: Held) -> tuple[Case, list[Offer]]:
    """The ticket, and what its reporter can do now."""
    offers = house.door.offers(transaction, held.ticket_id, Caller(name=CALLER, receipt=held.digest))
    possible = [offer for offer in offers if offer.possible and offer.task is None and offer.request is None]
    return house.door.case(transaction, held.ticket_id), possible


def _items(case: Case, offers: list[Offer], action: str) -> tuple[FormItem, ...]:
    """The form of an act; once it is no more possible the one it had: what is sent twice must be read alike."""
    now = (offer.form for offer in offers if offer.name == action)
    ever = (one.form for one in actions_of(case.definition.states, case.definition.requests) if one.name == action)
    return next(now, None) or next(ever, ())


def _call(held: Held, action: str, values: dict[str, object], form: Posted) -> Call:
    return Call(
        caller=Caller(name=CALLER, receipt=held.digest),
        ticket_id=held.ticket_id,
        action=action,
        form=values,
        expected=form.number("expected"),
        key=form.first("key")[:64] or None,
    )


def _form(
    request: Request, house: Application, secret: str, action: str, typed: Typed, error: HuyingError | None
) -> Response:
    with house.database.looking() as transaction:
        case, offers = _seen(house, transaction, _held(house, transaction, secret))
        offer = next((offer for offer in offers if offer.name == action), None)
        if offer is None and error is None:
            error = NotAllowedNow("事情已有进展，现在不能这样做", "the matter has moved on: this is not possible now")
        drawing = Drawing(
            transaction=transaction, viewer=stand_in(case), now=house.clock.now(), typed=typed, error=error,
        )  # fmt: skip
        widgets = drawing.widgets(offer.form) if offer else []
    return page(
        request,
        "receipt_act.html",
        status=error.status if error else 200,
        here=None,
        case_no=case.ticket.case_no,
        secret=secret,
        csrf=token_of(secret),
        offer=offer,
        widgets=widgets,
        error=error,
        key=next(iter(typed.of("key")), ""),
        no_preview=True,
    )
