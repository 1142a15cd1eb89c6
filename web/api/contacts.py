"""A citizen's contact for a purpose, and who was shown one."""

from typing import Annotated

from fastapi import APIRouter, Query
from pydantic import BaseModel, ConfigDict, Field

from engine.clock import iso
from engine.errors import Malformed, NotFound, NotPermitted, NotSignedIn, Place
from engine.records import sheet, unmasking
from engine.records.unmasking import PURPOSES, Purpose
from web.api import shapes, views
from web.dependencies import CaseNo, House, Me
from web.masking import shown_for, watched
from web.problems import documented
from web.sensitive import show as show_field

router = APIRouter(tags=["联系方式 / Contacts"])


class PurposeIn(BaseModel):
    """Why the contact is wanted."""

    model_config = ConfigDict(extra="forbid")

    purpose: Purpose


class ContactOut(BaseModel):
    """Whom a ticket comes from."""

    contact_name: str
    contact_phone: str


class UnmaskingOut(BaseModel):
    """Somebody was shown a contact."""

    id: int = Field(description="Send it as `before` for what is older.")
    case_no: str
    person: shapes.PersonOut
    purpose: shapes.TitleOut
    field: str = Field(description="`contact`, `everything`, or a sensitive field.")
    page: str = Field(description="Where: `ticket`, `api`, `copy`.")
    note: str = Field(description="The purpose in words, where one is asked for.")
    at: str


class UnmaskingsOut(BaseModel):
    """Rows, the newest first."""

    items: list[UnmaskingOut]


@router.post(
    "/tickets/{case_no}/contact",
    operation_id="show_contact",
    summary="查看联系方式 / Show the contact",
    responses=documented(NotSignedIn, NotFound, NotPermitted),
)
def contact(house: House, me: Me, case_no: CaseNo, body: PurposeIn) -> ContactOut:
    """Name and phone, which are masked everywhere else. That you were shown them, and why, is written down."""
    with house.database.looking() as transaction:
        seen = sheet.sight(transaction, me, case_no)
    if body.purpose not in PURPOSES:
        raise Malformed("请选择用途", "choose a purpose", place=Place(field="purpose"))
    shown_for(house, me, seen, body.purpose, "api")
    with house.database.looking() as transaction:
        case = house.door.case(transaction, seen.ticket_id)
        found = sheet.sheet(transaction, house.versions, me, seen, case, house.clock.now())
    return ContactOut(contact_name=found.contact_name, contact_phone=found.contact_phone)


class SensitiveIn(BaseModel):
    """Which sensitive field is wanted, and what for."""

    model_config = ConfigDict(extra="forbid")

    field: str = Field(max_length=64)
    purpose: str = Field(max_length=400, description="In words; it is kept in the access log.")


class SensitiveOut(BaseModel):
    """What a sensitive field holds."""

    field: str
    value: str


@router.post(
    "/tickets/{case_no}/sensitive",
    operation_id="show_sensitive",
    summary="查看敏感个人信息 / Show sensitive data",
    responses=documented(NotSignedIn, NotFound, NotPermitted),
)
def sensitive(house: House, me: Me, case_no: CaseNo, body: SensitiveIn) -> SensitiveOut:
    """One field, for whoever holds a post that the workflow file names for it. That you were shown it is logged."""
    with house.database.looking() as transaction:
        seen = sheet.sight(transaction, me, case_no)
    return SensitiveOut(field=body.field, value=show_field(house, me, seen, body.field, body.purpose, "api"))


@router.get(
    "/unmaskings",
    operation_id="list_unmaskings",
    summary="查看联系方式记录 / Contacts that were shown",
    responses=documented(NotSignedIn, NotPermitted),
)
def unmaskings(house: House, me: Me, before: Annotated[int | None, Query(ge=1, le=2**62)] = None) -> UnmaskingsOut:
    """Who was shown which contact, for those who watch over it, where their posts reach."""
    units = watched(me)
    with house.database.looking() as transaction:
        found = unmasking.listed(transaction, units, before)
    return UnmaskingsOut(
        items=[
            UnmaskingOut(
                id=one.id,
                case_no=one.case_no,
                person=shapes.PersonOut(login=one.login, name=one.name),
                purpose=views.title(one.purpose),
                field=one.field,
                page=one.page,
                note=one.note,
                at=iso(one.at),
            )
            for one in found
        ]
    )
