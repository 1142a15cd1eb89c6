"""Showing a citizen's contact for a purpose, and who was shown one."""

from typing import Annotated

from fastapi import APIRouter, Query, Request
from starlette.responses import Response

from engine.errors import Malformed, Place
from engine.records import sheet as sheets
from engine.records import unmasking
from engine.records.unmasking import PURPOSES, Purpose
from web.dependencies import CaseNo, House
from web.masking import shown_for, watched
from web.pages import ticket
from web.rendering import page
from web.sessions import At, Form

router = APIRouter(include_in_schema=False)


@router.post("/tickets/{case_no}/contact")
def show(request: Request, house: House, here: At, case_no: CaseNo, form: Form) -> Response:
    """Show a ticket's contact once, on the page that answers; that it was shown is written down first."""
    given = form.first("purpose")
    if given not in PURPOSES:
        raise Malformed("请选择用途", "choose a purpose", place=Place(field="purpose"))
    with house.database.looking() as transaction:
        seen = sheets.sight(transaction, here.viewer, case_no)
    shown_for(house, here.viewer, seen, Purpose(given), "ticket")
    return ticket.whole(request, house, here, case_no, contact=True)


@router.get("/unmaskings")
def unmaskings(
    request: Request, house: House, here: At, before: Annotated[int | None, Query(ge=1, le=2**62)] = None
) -> Response:
    """Who was shown which contact, for those who watch over it, where their posts reach."""
    units = watched(here.viewer)
    with house.database.looking() as transaction:
        found = unmasking.listed(transaction, units, before)
    more = found[-1].id if len(found) == unmasking.MOST else None
    return page(request, "unmaskings.html", here=here, found=found, more=more)
