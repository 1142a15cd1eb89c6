"""The page behind a grid's QR code: a photo, a place, a few words; no account, no script needed."""

from dataclasses import replace
from typing import Annotated

from fastapi import APIRouter, Path, Query, Request
from starlette.responses import Response

from engine.application import Application
from engine.definitions.model import FieldType
from engine.errors import HuyingError, KeyReused
from engine.records import receipts
from engine.records.grids import grid
from web import forms, passers_by
from web.dependencies import House, Visit
from web.forms import Drawing, Typed, Widget
from web.passers_by import ACCURACY, LAT, LON, Open
from web.receipts import PHOTOS
from web.rendering import go, page
from web.sessions import OpenForm, Posted

router = APIRouter(prefix="/g", include_in_schema=False, dependencies=[Visit])

Code = Annotated[str, Path(max_length=64)]
Kind = Annotated[str, Query(max_length=130)]


@router.get("/{code}")
def empty(request: Request, house: House, code: Code, kind: Kind = "") -> Response:
    """The empty form, with a secret of its own that becomes its receipt's."""
    return _form(request, house, code, kind, Typed(), receipts.new_secret())


@router.post("/{code}")
def send(request: Request, house: House, code: Code, form: OpenForm) -> Response:
    """Report; the receipt's page answers. What is refused comes back with everything that was typed."""
    key, kind = form.first("key"), form.first("kind")
    secret = key if receipts.is_secret(key) else receipts.new_secret()
    typed = Typed(values=form.fields)
    try:
        _report(request, house, code, kind, secret, form)
    except _Kept as stopped:
        typed, error = stopped.typed, stopped.error
    except HuyingError as refused:
        error = refused
    else:
        return go(request, f"/r/{secret}?new=1")
    # What was sent already has its receipt; what is sent now instead needs one of its own.
    sent = secret if isinstance(error, KeyReused) else ""
    return _form(request, house, code, kind, typed, receipts.new_secret() if sent else secret, error, sent)


class _Kept(Exception):
    """A refusal after the files were kept: the form names them from now on."""

    def __init__(self, typed: Typed, error: HuyingError) -> None:
        self.typed, self.error = typed, error


def _report(request: Request, house: Application, code: str, kind: str, secret: str, form: Posted) -> None:
    """Errors: `_Kept` once files are kept, before that the refusal itself."""
    with house.database.looking() as transaction:
        here, asked = grid(transaction, code), passers_by.chosen(passers_by.opened(house, transaction), kind)
    passers_by.refuse_too_many(asked, form)
    passers_by.count(house, request, here, secret)
    typed = forms.keep_files(house, None, asked.items, form)
    try:
        with house.database.looking() as transaction:
            call = passers_by.call(transaction, here, asked, typed, secret)
        house.door.act(call)
    except HuyingError as error:
        raise _Kept(typed, error) from error


def _form(
    request: Request,
    house: Application,
    code: str,
    kind: str,
    typed: Typed,
    key: str,
    error: HuyingError | None = None,
    sent: str = "",
) -> Response:
    with house.database.looking() as transaction:
        here, listed = grid(transaction, code), passers_by.opened(house, transaction)
        asked = passers_by.chosen(listed, kind)
        drawing = Drawing(
            transaction=transaction, viewer=passers_by.stand_in(here), now=house.clock.now(), typed=typed, error=error
        )
        widgets = [_plainly(widget) for widget in drawing.widgets(asked.items)]
    return page(
        request,
        "passer_by.html",
        status=error.status if error else 200,
        here=None,
        grid=here,
        asked=asked,
        others=[one for one in listed if one is not asked],
        widgets=widgets,
        asked_names={item.name for item in asked.items},
        places=_places(asked),
        position={name: next(iter(typed.of(name)), "") for name in (LON, LAT, ACCURACY)},
        error=error,
        key=key,
        sent=sent,
        no_preview=True,
    )


def _plainly(widget: Widget) -> Widget:
    """A chooser of pictures is just that; before or after what is nobody's question in the street."""
    return replace(widget, title=PHOTOS) if widget.kind == "upload" else widget


def _places(asked: Open) -> frozenset[str]:
    return frozenset(item.name for item in asked.items if item.field.type is FieldType.PLACE)
