"""The page behind a task link: no sign-in, one task, what the file lets its unit do."""

import re
from collections.abc import Mapping
from typing import Annotated, Any

from fastapi import APIRouter, Path, Query, Request
from starlette.responses import Response

from engine.application import Application
from engine.database import Transaction
from engine.definitions.model import FormItem
from engine.definitions.walk import actions_of
from engine.errors import HuyingError, Malformed, NotAllowedNow, Place
from engine.records import limits, marks, task_links
from engine.records.sheet import Sheet
from engine.records.task_links import Found
from engine.records.thumbs import Size
from engine.rules.forms import LONGEST_NAME, clean_text
from engine.stages.calls import Call, Caller, Offer
from web import forms
from web.api.uploads import drawn
from web.by_link import LinkPage, link_page, seen_by_link, stand_in
from web.dependencies import House, Secret, Visit
from web.forms import Drawing, Typed
from web.rendering import go, page
from web.sessions import LinkForm, Posted, token_of

router = APIRouter(prefix="/t", include_in_schema=False, dependencies=[Visit])

Word = Annotated[str, Path(pattern=r"^[\w.-]{1,64}$")]
Asked = Annotated[int | None, Query(alias="request", ge=1, le=2**31 - 1)]
_PHONE = re.compile(r"\+?[0-9][0-9 ()-]{4,19}")
#: What whoever answers says of themselves.
_NAME, _NUMBER = "by.name", "by.phone"


@router.get("/{secret}")
def show(request: Request, house: House, secret: Secret, done: Annotated[str, Query(max_length=1)] = "") -> Response:
    """The task. A link that opens nothing (any more) is not there, whatever the reason."""
    with house.database.looking() as transaction:
        found, whole, offers = _seen(house, transaction, secret)
        context = link_page(transaction, whole, found)
    return page(request, "by_link.html", here=None, page=context, secret=secret, offers=offers, done=bool(done))


@router.get("/{secret}/do/{action}")
def ask(request: Request, house: House, secret: Secret, action: Word, answered: Asked = None) -> Response:
    """The form of one act."""
    return _form(request, house, secret, action, answered, Typed(), None)


@router.post("/{secret}/do/{action}")
def do(request: Request, house: House, secret: Secret, action: Word, form: LinkForm) -> Response:
    """Do it. What is refused comes back with everything that was typed; what is done twice is answered twice."""
    typed, answered = Typed(values=form.fields), form.number("request")
    try:
        _count(house, secret)
        items = _items(house, secret, action, answered)
        typed = forms.keep_files(house, None, items, form)
        house.door.act(_call(house, secret, action, items, typed, form))
    except HuyingError as error:
        return _form(request, house, secret, action, answered, typed, error)
    with house.database.looking() as transaction:
        found = task_links.found(transaction, secret, house.clock.now(), settled=True)
    if found.open:
        return go(request, f"/t/{secret}?done=1")
    return page(request, "by_link_done.html", here=None)


@router.get("/{secret}/photos/{sha256}")
def photo(
    house: House, secret: Secret, sha256: Annotated[str, Path(pattern="^[0-9a-f]{64}$")], large: bool = False
) -> Response:
    """A picture that the page shows."""
    with house.database.looking() as transaction:
        found, whole, _ = _seen(house, transaction, secret)
        if sha256 not in link_page(transaction, whole, found).pictures:
            raise task_links.nothing_here()
        marked = marks.of_case(transaction, found.ticket_id, whole.sight.case_no, sha256)
    return drawn(house, marked, Size.LARGE if large else Size.SMALL)


def _seen(house: Application, transaction: Transaction, secret: str) -> tuple[Found, Sheet, list[Offer]]:
    """The ticket and what can be done by this link now."""
    now = house.clock.now()
    found = task_links.found(transaction, secret, now)
    case = house.door.case(transaction, found.ticket_id)
    whole = seen_by_link(transaction, house.versions, case, found, now)
    offers = house.door.offers(transaction, found.ticket_id, Caller(link=found.digest))
    return found, whole, [offer for offer in offers if offer.possible]


def _count(house: Application, secret: str) -> None:
    key, now = f"link:{task_links.digest_of(secret)[:32]}", house.clock.now()
    house.database.acting(lambda transaction: limits.count(transaction, key, task_links.ACTS, now))


def _items(house: Application, secret: str, action: str, answered: int | None) -> tuple[FormItem, ...]:
    """The form of an act; once the task is settled, the one it had: what is sent twice must be read alike."""
    with house.database.looking() as transaction:
        found = task_links.found(transaction, secret, house.clock.now(), settled=True)
        if found.open:
            _, _, offers = _seen(house, transaction, secret)
            offer = _among(offers, action, answered)
            return offer.form if offer else ()
        case = house.door.case(transaction, found.ticket_id)
        kind = case.definition.tasks[case.tasks[found.task_seq].kind]
    declared = (one for one in actions_of(kind.states, kind.requests) if one.name == action)
    return next((one.form for one in declared), ())


def _among(offers: list[Offer], action: str, answered: int | None) -> Offer | None:
    return next((offer for offer in offers if (offer.name, offer.request) == (action, answered)), None)


def _call(
    house: Application, secret: str, action: str, items: tuple[FormItem, ...], typed: Typed, form: Posted
) -> Call:
    with house.database.looking() as transaction:
        found = task_links.found(transaction, secret, house.clock.now(), settled=True)
    answered = form.number("request")
    return Call(
        caller=Caller(link=found.digest),
        ticket_id=found.ticket_id,
        action=action,
        task=found.task_seq if answered is None else None,
        request=answered,
        form=forms.read(items, typed),
        expected=form.number("expected"),
        key=form.first("key")[:64] or None,
        given_as=_given_as(form.fields),
    )


def _given_as(fields: Mapping[str, Any]) -> dict[str, str]:
    """Name and phone of whoever answers. Errors: `Malformed` naming the field."""
    name = clean_text(next(iter(fields.get(_NAME, ())), ""))
    phone = clean_text(next(iter(fields.get(_NUMBER, ())), ""))
    if not name or len(name) > LONGEST_NAME or not name.isprintable():
        raise Malformed("请填写您的姓名", "say your name", place=Place(field=_NAME))
    if not _PHONE.fullmatch(phone):
        raise Malformed("请填写您的联系电话", "say your phone number", place=Place(field=_NUMBER))
    return {"name": name, "phone": phone}


def _form(
    request: Request, house: Application, secret: str, action: str, answered: int | None, typed: Typed,
    error: HuyingError | None,
) -> Response:  # fmt: skip
    with house.database.looking() as transaction:
        found, whole, offers = _seen(house, transaction, secret)
        offer = _among(offers, action, answered)
        if offer is None and error is None:
            error = NotAllowedNow(
                "任务已有变化，现在没有这一操作", "the task has moved on: there is no such action now"
            )
        drawing = Drawing(
            transaction=transaction, viewer=stand_in(whole.case), now=house.clock.now(), typed=typed, error=error,
            area_codes=tuple(whole.names.areas[link.id].code for link in whole.case.ticket.area),
        )  # fmt: skip
        widgets = drawing.widgets(offer.form) if offer else []
        context: LinkPage = link_page(transaction, whole, found)
    return page(
        request,
        "by_link_act.html",
        status=error.status if error else 200,
        here=None,
        page=context,
        secret=secret,
        csrf=token_of(secret),
        offer=offer,
        widgets=widgets,
        error=error,
        key=next(iter(typed.of("key")), ""),
        given={name: next(iter(typed.of(name)), "") for name in (_NAME, _NUMBER)},
        no_preview=True,
    )
