"""Bodies that decide over many tickets: their sittings, from the call to the signed minutes."""

from typing import Annotated

from fastapi import APIRouter, Path

from engine.application import Application
from engine.clock import instant, iso
from engine.database import Transaction
from engine.definitions.model import Meeting
from engine.errors import Malformed, NotAllowedNow, NotFound, NotPermitted, NotSignedIn, Place
from engine.records import sittings
from engine.records.access import Viewer
from engine.records.names import names
from engine.records.sittings import Held
from engine.rules.sittings import Presence, quorum_of
from engine.stages import minutes
from engine.stages.meetings import Meetings, Said
from web.api import meeting_shapes as shapes
from web.api import views
from web.api.shapes import CodeOut, NamedOut, PersonOut
from web.dependencies import House, Me
from web.gathering import around, meeting_of, seen
from web.problems import documented

router = APIRouter(prefix="/meetings", tags=["会议 / Meetings"])

Code = Annotated[str, Path(pattern=r"^[\w-]{1,64}$")]
_SEEN = documented(NotSignedIn, NotFound)
_ACTED = documented(NotSignedIn, NotFound, NotPermitted, NotAllowedNow, Malformed)


@router.get("", operation_id="list_sittings", summary="会议场次 / Sittings", responses=documented(NotSignedIn))
def listed(house: House, me: Me) -> shapes.SittingsOut:
    """The sittings of the bodies around you, the latest first."""
    with house.database.looking() as transaction:
        found = around(house, transaction, me)
        return shapes.SittingsOut(
            items=[_row(transaction, one, meeting_of(house, transaction, one)[1]) for one in found]
        )


@router.post("", operation_id="call_sitting", summary="通知会议 / Call", status_code=201, responses=_ACTED)
def call(house: House, me: Me, body: shapes.CallIn) -> shapes.SittingOut:
    """Call an extraordinary sitting; its members are told, and what waits for the body is put on its agenda."""
    acts = Meetings(house.door)
    code = acts.call(me, body.workflow, body.meeting, body.area, instant(body.at), body.place)
    return _sitting(house, me, code)


@router.get("/{code}", operation_id="read_sitting", summary="会议场次 / Read", responses=_SEEN)
def read(house: House, me: Me, code: Code) -> shapes.SittingOut:
    """One sitting: who is there, what is on the agenda, what was decided. Decisions are acts on the tickets."""
    return _sitting(house, me, code)


@router.post("/{code}/acts", operation_id="act_on_sitting", summary="办理会议 / Act", responses=_ACTED)
def act(house: House, me: Me, code: Code, body: shapes.SittingActIn) -> shapes.SittingOut:
    """Open, attend, close, sign, move, cancel, or change the agenda; answers the sitting as it is then."""
    with house.database.looking() as transaction:
        seen(house, transaction, me, code)
    _do(Meetings(house.door), me, code, body)
    return _sitting(house, me, code)


def _do(acts: Meetings, me: Viewer, code: str, body: shapes.SittingActIn) -> None:
    match body.act:
        case "open":
            acts.open(me, code)
        case "close":
            acts.close(me, code)
        case "sign":
            acts.sign(me, code, body.remarks)
        case "cancel":
            acts.cancel(me, code, body.reason)
        case "move":
            if body.at is None:
                raise Malformed("请填写时间", "give a time", place=Place(field="at"))
            acts.move(me, code, instant(body.at), body.place, body.reason)
        case "put":
            acts.put(me, code, body.ticket)
        case "first":
            acts.first(me, code, body.ticket)
        case "off":
            acts.take_off(me, code, body.ticket, body.reason)
        case "attend":
            said = {login: Said(presence=Presence.EXCUSED) for login in body.excused}
            acts.attend(me, code, said | {login: Said(presence=Presence.PRESENT) for login in body.present})


def _row(transaction: Transaction, held: Held, meeting: Meeting) -> shapes.SittingRowOut:
    area = held.area[0].id
    return shapes.SittingRowOut(
        code=held.code,
        workflow=held.workflow,
        meeting=held.meeting,
        title=views.title(meeting.title),
        area=NamedOut(code=names(transaction, areas=[area]).areas[area].code, name=held.area_name),
        state=CodeOut(code=held.state.value, title=views.title(minutes.STATES[held.state])),
        number=minutes.number_of(held),
        planned_at=iso(held.planned_at),
        place=held.place,
    )


def _sitting(house: Application, me: Viewer, code: str) -> shapes.SittingOut:
    with house.database.looking() as transaction:
        held, _, meeting = seen(house, transaction, me, code)
        told = minutes.gather(transaction, house.versions, meeting, held)
        rows = sittings.seats(transaction, held.id)
        return shapes.SittingOut(
            **_row(transaction, held, meeting).model_dump(),
            quorum=_quorum(meeting, [one.presence for one in rows]) if rows else None,
            seats=_seats(transaction, told),
            agenda=[_item(one) for one in told.items],
            minutes=held.minutes,
        )


def _quorum(meeting: Meeting, presences: list[Presence]) -> shapes.QuorumOut:
    found = quorum_of(meeting, presences)
    return shapes.QuorumOut(
        present=found.present, needed=found.needed, members=found.members, reached=found.reached
    )  # fmt: skip


def _seats(transaction: Transaction, told: minutes.Told) -> list[shapes.SeatOut]:
    called = names(transaction, people=[one.person_id for one in told.members]).people
    return [
        shapes.SeatOut(
            member=PersonOut(login=called[one.person_id].code, name=one.name),
            seat=views.title(one.seat),
            presence=CodeOut(code=one.presence.value, title=views.title(minutes.PRESENCES[one.presence])),
            stand_in=one.stand_in,
        )
        for one in told.members
    ]


def _item(one: minutes.Decided) -> shapes.AgendaItemOut:
    return shapes.AgendaItemOut(
        case_no=one.item.case_no,
        carried=one.item.carried,
        outcome=CodeOut(code=one.item.outcome.value, title=views.title(minutes.OUTCOMES[one.item.outcome])),
        decision=views.title(one.decision) if one.decision else None,
        decided_by=one.item.event_seq,
    )
