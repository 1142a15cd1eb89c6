"""Task links for the programs of a desk: made, looked at, revoked."""

from typing import Annotated

from fastapi import APIRouter, Request
from fastapi import Path as InPath
from pydantic import BaseModel, Field

from engine.application import Application
from engine.clock import DAY, iso
from engine.errors import NotAllowedNow, NotFound, NotPermitted, NotSignedIn
from engine.records import sheet
from engine.records.access import Viewer
from engine.stages import links
from web.dependencies import CaseNo, House, Me
from web.problems import documented

router = APIRouter(prefix="/tickets", tags=["任务链接 / Task links"])

Seq = Annotated[int, InPath(ge=1, le=2**31 - 1, description="任务 / The task")]
_SEEN = documented(NotSignedIn, NotFound)
_ACTED = documented(NotSignedIn, NotFound, NotPermitted, NotAllowedNow)
_PATH = "/{case_no}/tasks/{task}/link"


class LinkOut(BaseModel):
    """The newest link of a task; its secret is not known any more."""

    made_at: str
    expires_at: str
    revoked_at: str | None
    sent_at: str | None = Field(description="When it was sent to the unit's contact address.")
    live: bool = Field(description="Whether it opens the task now.")


class LinksOut(BaseModel):
    """How it stands with the link of a task whose unit has no accounts."""

    contact: str = Field(description="What kind of contact address the unit has; empty for none.")
    link: LinkOut | None


class NewLinkOut(BaseModel):
    """A new link, answered this once."""

    url: str
    expires_at: str


@router.get(_PATH, operation_id="read_task_link", summary="任务链接 / Task link", responses=_SEEN)
def read(house: House, me: Me, case_no: CaseNo, task: Seq) -> LinksOut:
    """The link of a task that you hand out."""
    now = house.clock.now()
    with house.database.looking() as transaction:
        seen = sheet.sight(transaction, me, case_no)
        case = house.door.case(transaction, seen.ticket_id)
        desk = links.handed_out(transaction, house.door, case, me.person_id, now).get(task)
    if desk is None:
        raise NotFound("这项任务没有任务链接", "this task has no link of yours to hand out")
    state = desk.state
    return LinksOut(
        contact=desk.contact,
        link=LinkOut(
            made_at=iso(state.made_at),
            expires_at=iso(state.expires_at),
            revoked_at=iso(state.revoked_at) if state.revoked_at is not None else None,
            sent_at=iso(state.sent_at) if state.sent_at is not None else None,
            live=state.live(now),
        )
        if state
        else None,
    )


@router.post(_PATH, operation_id="make_task_link", summary="生成 / Make", status_code=201, responses=_ACTED)
def make(request: Request, house: House, me: Me, case_no: CaseNo, task: Seq) -> NewLinkOut:
    """A new link in place of those before. Its secret is in this answer and nowhere else."""
    lasts = house.settings.link_days * DAY
    handed = links.make(house.door, _ticket(house, me, case_no), task, me.person_id, house.clock.now(), lasts)
    base = house.settings.url or str(request.base_url).rstrip("/")
    return NewLinkOut(url=f"{base}/t/{handed.secret}", expires_at=iso(handed.expires_at))


@router.delete(_PATH, operation_id="revoke_task_link", summary="撤销 / Revoke", status_code=204, responses=_ACTED)
def revoke(house: House, me: Me, case_no: CaseNo, task: Seq) -> None:
    """The links of this task open nothing any more."""
    links.revoke(house.door, _ticket(house, me, case_no), task, me.person_id, house.clock.now())


def _ticket(house: Application, me: Viewer, case_no: str) -> int:
    with house.database.looking() as transaction:
        return sheet.sight(transaction, me, case_no).ticket_id
