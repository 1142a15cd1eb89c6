"""Bodies come together: who is there, what is on the agenda, what was decided; and the minutes to print."""

from dataclasses import dataclass
from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Path, Request
from starlette.responses import Response

from engine.application import Application
from engine.clock import CIVIL_ZONE, Instant, instant
from engine.database import Transaction
from engine.definitions.model import Meeting, Title
from engine.errors import HuyingError, Malformed, NotFound, Place
from engine.records import bodies, registers, sittings
from engine.records.access import Viewer
from engine.records.names import names
from engine.records.sittings import Held
from engine.rules.sittings import ItemOutcome, Presence, Quorum, SittingState, quorum_of
from engine.stages import minutes
from engine.stages.calls import Caller, Offer
from engine.stages.meetings import Meetings, Said
from web.dependencies import House
from web.gathering import around, meeting_of, seen
from web.rendering import go, page
from web.sessions import At, Form, Posted, Sitting

router = APIRouter(include_in_schema=False)

Code = Annotated[str, Path(pattern=r"^[\w-]{1,64}$")]


@dataclass(frozen=True, slots=True, kw_only=True)
class Listed:
    """A sitting in a list."""

    held: Held
    body: Title
    state: Title


@dataclass(frozen=True, slots=True, kw_only=True)
class Convened:
    """A body that this person may call."""

    workflow: str
    meeting: str
    area: str
    title: Title
    area_name: str


@router.get("/meetings")
def meetings(request: Request, house: House, here: At) -> Response:
    """The sittings of the bodies around me, the latest first, and those that I may call."""
    return _list(request, house, here)


@router.post("/meetings")
def call(request: Request, house: House, here: At, form: Form) -> Response:
    """Call an extraordinary sitting. What is wrong is said on the page."""
    try:
        workflow, meeting, area = [*form.first("body").split("|"), "", ""][:3]
        at = _moment(form.first("at"))
        code = Meetings(house.door).call(here.viewer, workflow, meeting, area, at, form.first("place")[:200])
    except HuyingError as error:
        return _list(request, house, here, error)
    return go(request, f"/meetings/{code}")


@router.get("/meetings/{code}")
def sitting(request: Request, house: House, here: At, code: Code) -> Response:
    """One sitting: attendance, agenda, decisions. Errors: `NotFound` for whoever has nothing to do with the body."""
    return _sitting(request, house, here, code)


@router.get("/meetings/{code}/minutes")
def printed(request: Request, house: House, here: At, code: Code) -> Response:
    """The signed minutes, word for word, to be printed. Errors: as `sitting`."""
    with house.database.looking() as transaction:
        held, _, meeting = seen(house, transaction, here.viewer, code)
    return page(request, "minutes.html", here=here, held=held, title=meeting.title)


@router.post("/meetings/{code}/{act}")
def do(request: Request, house: House, here: At, code: Code, act: Code, form: Form) -> Response:
    """Prepare it, open it, say who is there, close it, sign. What is refused is said on the page."""
    with house.database.looking() as transaction:
        seen(house, transaction, here.viewer, code)
    try:
        _do(house, here.viewer, code, act, form)
    except HuyingError as error:
        return _sitting(request, house, here, code, error)
    return go(request, f"/meetings/{code}")


def _do(house: Application, viewer: Viewer, code: str, act: str, form: Posted) -> None:
    acts, reason, ticket = Meetings(house.door), form.first("reason")[:2000], form.first("ticket")[:40]
    match act:
        case "open":
            acts.open(viewer, code)
        case "close":
            acts.close(viewer, code)
        case "sign":
            acts.sign(viewer, code, form.first("remarks")[:5000])
        case "cancel":
            acts.cancel(viewer, code, reason)
        case "move":
            acts.move(viewer, code, _moment(form.first("at")), form.first("place")[:200], reason)
        case "put":
            acts.put(viewer, code, ticket)
        case "first":
            acts.first(viewer, code, ticket)
        case "off":
            acts.take_off(viewer, code, ticket, reason)
        case "attendance":
            acts.attend(viewer, code, _said(form))
        case _:
            raise NotFound("没有这个操作", "there is no such act")


def _said(form: Posted) -> dict[str, Said]:
    """`seat.LOGIN` = presence, or `for:LOGIN` of a deputy who came."""
    found = {}
    for name, values in form.fields.items():
        word = next(iter(values), "")
        if not name.startswith("seat.") or not word:
            continue
        login, deputy = name.removeprefix("seat."), word.removeprefix("for:")
        if word.startswith("for:"):
            found[login] = Said(presence=Presence.PRESENT, stand_in=deputy)
        elif word in Presence.__members__.values():
            found[login] = Said(presence=Presence(word))
    return found


def _moment(text: str) -> Instant:
    """What a field of date and time holds, by the wall clock of the place. Errors: `Malformed`."""
    try:
        return instant(datetime.fromisoformat(text).replace(tzinfo=CIVIL_ZONE))
    except ValueError as failure:
        raise Malformed("请填写时间", "give a time", place=Place(field="at")) from failure


def _list(request: Request, house: Application, here: Sitting, error: HuyingError | None = None) -> Response:
    now = house.clock.now()
    with house.database.looking() as transaction:
        found = [
            Listed(held=held, body=meeting_of(house, transaction, held)[1].title, state=minutes.STATES[held.state])
            for held in around(house, transaction, here.viewer)
        ]
        mine = list(_mine(house, transaction, here.viewer))
    coming = [one for one in found if one.held.state in (SittingState.CALLED, SittingState.IN_SESSION)]
    past = [one for one in found if one not in coming]
    return page(
        request, "meetings.html", status=error.status if error else 200, here=here, coming=coming[::-1], past=past,
        mine=mine, error=error, now=now,
    )  # fmt: skip


def _mine(house: Application, transaction: Transaction, viewer: Viewer) -> list[Convened]:
    found = []
    for key in registers.active_keys(transaction):
        loop = house.versions.active(transaction, key)
        for meeting in loop.meetings.values():
            for _, code, name, way in bodies.areas_of(transaction, meeting.per):
                if bodies.standing(transaction, loop, meeting, way, viewer.posts, meeting.convenes):
                    found.append(
                        Convened(workflow=key, meeting=meeting.name, area=code, title=meeting.title, area_name=name)
                    )
    return found


def _sitting(
    request: Request, house: Application, here: Sitting, code: str, error: HuyingError | None = None
) -> Response:
    now, me = house.clock.now(), here.viewer
    with house.database.looking() as transaction:
        held, loop, meeting = seen(house, transaction, me, code)
        told = minutes.gather(transaction, house.versions, meeting, held)
        seats = sittings.seats(transaction, held.id)
        called = names(transaction, people=[one.person_id for one in seats]).people
        logins = {number: one.code for number, one in called.items()}
        deputies = {one.person_id: one.deputies for one in bodies.members(transaction, meeting, held.area, now)}
        members = [] if seats else bodies.members(transaction, meeting, held.area, now)
        convenes = bodies.standing(transaction, loop, meeting, held.area, me.posts, meeting.convenes) is not None
        presides = bodies.standing(transaction, loop, meeting, held.area, me.posts, (meeting.chair,)) is not None
        decisions = {
            one.item.ticket_id: _decisions(house, transaction, one.item.ticket_id, meeting, me)
            for one in told.items
            if one.item.outcome is ItemOutcome.OPEN and held.state is SittingState.IN_SESSION
        }
    quorum: Quorum | None = quorum_of(meeting, [one.presence for one in seats]) if seats else None
    return page(
        request, "meeting.html", status=error.status if error else 200, here=here, held=held, told=told, error=error,
        state=minutes.STATES[held.state], presences=minutes.PRESENCES, outcomes=minutes.OUTCOMES, logins=logins,
        deputies=deputies, members=members, seats=meeting.seats, convenes=convenes, presides=presides,
        decisions=decisions, quorum=quorum, number=minutes.number_of(held),
    )  # fmt: skip


def _decisions(
    house: Application, transaction: Transaction, ticket_id: int, meeting: Meeting, viewer: Viewer
) -> list[Offer]:
    """What may be decided of an item, or not and why."""
    offers = house.door.offers(transaction, ticket_id, Caller(person_id=viewer.person_id))
    return [one for one in offers if one.meeting == meeting.name]
