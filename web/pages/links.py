"""Task links as the desk hands them out: made and shown once, renewed, revoked."""

from typing import Annotated

import segno
from fastapi import APIRouter, Path, Request
from starlette.responses import Response

from engine.application import Application
from engine.clock import DAY
from engine.errors import HuyingError, NotFound
from engine.records import sheet
from engine.stages import links
from engine.stages.links import Handed
from web.addresses import whole_address
from web.dependencies import CaseNo, House
from web.rendering import go, page
from web.sessions import At, Form, Sitting

router = APIRouter(include_in_schema=False)

Seq = Annotated[int, Path(ge=1, le=2**31 - 1)]
_LINK = "/tickets/{case_no}/tasks/{task}/link"


@router.get(_LINK)
def show(request: Request, house: House, here: At, case_no: CaseNo, task: Seq) -> Response:
    """How it stands with a task's link. Errors: `NotFound` for whoever does not hand it out."""
    return _page(request, house, here, case_no, task)


@router.post(_LINK)
def make(request: Request, house: House, here: At, case_no: CaseNo, task: Seq, form: Form) -> Response:
    """A new link in place of those before, on this page and never again."""
    with house.database.looking() as transaction:
        ticket_id = sheet.sight(transaction, here.viewer, case_no).ticket_id
    lasts = house.settings.link_days * DAY
    try:
        handed = links.make(house.door, ticket_id, task, here.viewer.person_id, house.clock.now(), lasts)
    except HuyingError as error:
        return _page(request, house, here, case_no, task, error=error)
    return _page(request, house, here, case_no, task, handed=handed)


@router.post(_LINK + "/revoke")
def revoke(request: Request, house: House, here: At, case_no: CaseNo, task: Seq, form: Form) -> Response:
    """The link opens nothing any more."""
    with house.database.looking() as transaction:
        ticket_id = sheet.sight(transaction, here.viewer, case_no).ticket_id
    try:
        links.revoke(house.door, ticket_id, task, here.viewer.person_id, house.clock.now())
    except HuyingError as error:
        return _page(request, house, here, case_no, task, error=error)
    return go(request, f"/tickets/{case_no}/tasks/{task}/link")


def _page(
    request: Request,
    house: Application,
    here: Sitting,
    case_no: str,
    task: int,
    *,
    handed: Handed | None = None,
    error: HuyingError | None = None,
) -> Response:
    now = house.clock.now()
    with house.database.looking() as transaction:
        seen = sheet.sight(transaction, here.viewer, case_no)
        case = house.door.case(transaction, seen.ticket_id)
        desk = links.handed_out(transaction, house.door, case, here.viewer.person_id, now).get(task)
        whole = sheet.sheet(transaction, house.versions, here.viewer, seen, case, now)
    if desk is None:
        raise error or NotFound("这项任务没有任务链接", "this task has no link of yours to hand out")
    url = whole_address(house, request, f"/t/{handed.secret}") if handed else ""
    return page(
        request,
        "link.html",
        status=error.status if error else 200,
        here=here,
        sheet=whole,
        desk=desk,
        unit=whole.names.departments[desk.task.department_id or 0].name,
        live=desk.state is not None and desk.state.live(now),
        url=url,
        code=segno.make(url, error="m").svg_data_uri(scale=5, border=2) if url else "",
        until=handed.expires_at if handed else None,
        error=error,
        days=house.settings.link_days,
    )
