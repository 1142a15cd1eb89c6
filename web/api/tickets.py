"""Tickets: report, list, read, see what can be done, do it, read the history."""

from collections.abc import Mapping
from datetime import date, datetime, time
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Query, Response
from pydantic import BaseModel, ConfigDict

from engine.application import Application
from engine.clock import CIVIL_ZONE, DAY, MINUTE, Instant, instant
from engine.database import Transaction
from engine.definitions.model import Workflow
from engine.errors import (
    Endless,
    KeyReused,
    NoRoom,
    NotAllowedNow,
    NotFound,
    NotPermitted,
    NotSignedIn,
    Stale,
    TooLarge,
)
from engine.records import lists, search, sheet
from engine.records.access import Viewer
from engine.records.asking import wrong
from engine.records.lists import Wanted
from engine.records.turns import turns
from engine.rules.acts import Source
from engine.stages.calls import Call, Caller, Outcome
from engine.vocabulary import Stage, StateType
from web.api import shapes, views
from web.dependencies import CaseNo, House, Key, Me, Token
from web.direct import Direct
from web.problems import documented
from web.recalling import Recalled, done

router = APIRouter(prefix="/tickets", tags=["案卷 / Tickets"], route_class=Direct)

#: How far ahead of ours a device's clock may be.
_SKEW = 5 * MINUTE
#: The longest that a device may have been offline; idempotency keys are kept as long.
_OFFLINE = 90 * DAY

_DAY = "日期或带时区的时间，不含终点 / A day like 2026-03-01 or a moment with its zone; the end is not included"
_TEXT = (
    "描述或地址中的词，中文至少两个字；或案卷号 "
    "/ Words of description or address, Chinese of two characters and more; or a case number"
)

_SEEN = documented(NotSignedIn, NotFound)
_ACTED = documented(NotSignedIn, NotFound, NotPermitted, NotAllowedNow, Stale, Endless, KeyReused, TooLarge, NoRoom)


_REPEATED: dict[int | str, dict[str, Any]] = {
    200: {"model": shapes.OutcomeOut, "description": "同一幂等键的既有结果 / The key's earlier outcome"}
}


class Filters(BaseModel):
    """What the list is limited to."""

    model_config = ConfigDict(extra="forbid")

    workflow: shapes.Word | None = None
    stage: Stage | None = None
    state: shapes.Word | None = None
    state_type: StateType | None = None
    area: shapes.Word | None = None
    department: shapes.Word | None = None
    item: shapes.Word | None = None
    text: Annotated[str, Query(max_length=search.LONGEST, description=_TEXT)] = ""
    reporter: Literal["me"] | None = None
    mine: Literal["true", "1"] | None = None
    opened_from: Annotated[str | None, Query(max_length=40, description=_DAY)] = None
    opened_to: Annotated[str | None, Query(max_length=40, description=_DAY)] = None
    cursor: Annotated[str | None, Query(max_length=200)] = None
    limit: Annotated[int, Query(ge=1, le=lists.MOST)] = 50


@router.post(
    "",
    operation_id="report",
    summary="上报 / Report",
    status_code=201,
    response_model=shapes.OutcomeOut,
    responses=documented(NotSignedIn, NotFound, NotPermitted, KeyReused, TooLarge, NoRoom) | _REPEATED,
)
def report(house: House, known: Recalled, token: Token, body: shapes.ReportIn, key: Key) -> Response:
    """Start a ticket: the form that the workflow's start asks for, place or area included.

    With an `Idempotency-Key` a lost connection is harmless: the same request answers the same case number.
    """

    def call_of(person_id: int, _: int | None) -> Call:
        return Call(
            caller=Caller(person_id=person_id), action=body.action, workflow=body.workflow, form=body.form,
            key=key, claimed_at=_claimed(body.claimed_at, body.source, house.clock.now()), source=Source(body.source),
            channel=body.channel,
        )  # fmt: skip

    outcome = done(house, known, token, call_of)
    where = {"Location": f"/api/tickets/{outcome.case_no}"}
    return _told(house, outcome, 200 if outcome.repeated else 201, where)


@router.get("", operation_id="list_tickets", summary="案卷列表 / List", responses=documented(NotSignedIn, NotFound))
def list_tickets(house: House, me: Me, filters: Annotated[Filters, Query()]) -> shapes.PageOut:
    """Tickets that the posts you hold reach, newest first.

    Hand `next` back as `cursor`: whatever is reported meanwhile, nothing is shown twice and nothing left out.
    `mine` keeps what waits for your move; `item` finds its standards too; `area` includes everything below it.
    """
    now = house.clock.now()
    with house.database.looking() as transaction:
        page = lists.page(
            transaction,
            house.versions,
            me,
            _wanted(house, transaction, me, filters),
            now=now,
            cursor=filters.cursor,
            limit=filters.limit,
        )
        rows = [views.row(row, house.versions.definition(transaction, row.workflow_id)) for row in page.rows]
    return shapes.PageOut(items=rows, next=page.cursor)


@router.get("/{case_no}", operation_id="read_ticket", summary="案卷 / Read", responses=_SEEN)
def read(house: House, me: Me, case_no: CaseNo) -> shapes.TicketOut:
    """The ticket as it is now. One that you may not see is not there."""
    now = house.clock.now()
    with house.database.looking() as transaction:
        seen = sheet.sight(transaction, me, case_no)
        case = house.door.case(transaction, seen.ticket_id)
        return views.ticket(sheet.sheet(transaction, house.versions, me, seen, case, now))


@router.get("/{case_no}/actions", operation_id="list_actions", summary="可办理的操作 / Actions", responses=_SEEN)
def actions(house: House, me: Me, case_no: CaseNo) -> shapes.OffersOut:
    """Everything the present states declare: what you may do, with its form, and what not, with the reason."""
    with house.database.looking() as transaction:
        seen = sheet.sight(transaction, me, case_no)
        case = house.door.case(transaction, seen.ticket_id)
        offers = house.door.offers(transaction, seen.ticket_id, Caller(person_id=me.person_id))
    return shapes.OffersOut(
        case_no=seen.case_no,
        state_version=case.ticket.state_version,
        actions=[views.offer(offer) for offer in offers],
    )


@router.post(
    "/{case_no}/acts", operation_id="act", summary="办理 / Act", response_model=shapes.OutcomeOut, responses=_ACTED
)
def act(house: House, known: Recalled, token: Token, case_no: CaseNo, body: shapes.ActIn, key: Key) -> Response:
    """Do one act, as `actions` offers it.

    Send `expected` as it was offered: if somebody acted in between you get `stale` and nothing is done.
    """

    def call_of(person_id: int, ticket_id: int | None) -> Call:
        return Call(
            caller=Caller(person_id=person_id), ticket_id=ticket_id, action=body.action, task=body.task,
            request=body.request, form=body.form, each={int(seq): form for seq, form in body.each.items()},
            expected=body.expected, key=key, source=Source(body.source),
            claimed_at=_claimed(body.claimed_at, body.source, house.clock.now()),
        )  # fmt: skip

    return _told(house, done(house, known, token, call_of, case_no))


@router.get("/{case_no}/history", operation_id="read_history", summary="办理过程 / History", responses=_SEEN)
def history(
    house: House,
    me: Me,
    case_no: CaseNo,
    after: Annotated[int, Query(ge=0, le=2**31 - 1)] = 0,
    limit: Annotated[int, Query(ge=1, le=sheet.MOST_EVENTS)] = sheet.MOST_EVENTS,
) -> shapes.HistoryOut:
    """Events, the oldest first: facts as they were hashed, and personal words where you may read them."""
    with house.database.looking() as transaction:
        seen = sheet.sight(transaction, me, case_no)
        case = house.door.case(transaction, seen.ticket_id)
        return views.history(seen.case_no, sheet.history(transaction, me, seen, case, after=after, limit=limit))


def _wanted(house: Application, transaction: Transaction, me: Viewer, filters: Filters) -> Wanted:
    given: dict[str, Any] = {
        name: getattr(filters, name) for name in ("workflow", "state", "area", "department", "item", "text")
    }
    return Wanted(
        **given,
        stage=filters.stage.value if filters.stage else None,
        state_type=filters.state_type.value if filters.state_type else None,
        reporter_id=me.person_id if filters.reporter else None,
        opened_from=_day_or_moment("opened_from", filters.opened_from),
        opened_to=_day_or_moment("opened_to", filters.opened_to),
        turns=turns(transaction, house.versions, me) if filters.mine else None,
    )


def _day_or_moment(name: str, given: str | None) -> Instant | None:
    """A day begins at midnight of the place; a moment needs its zone, which would else be a guess."""
    if given is None:
        return None
    try:
        is_day = len(given) == len("2026-03-01")
        read = (
            datetime.combine(date.fromisoformat(given), time(), CIVIL_ZONE) if is_day else datetime.fromisoformat(given)
        )
    except ValueError as failure:
        raise wrong(name, f"应为{_DAY.split(' / ')[0]}", "must be a day or a moment with its zone") from failure
    if read.tzinfo is None:
        raise wrong(name, "时间须带时区", "a moment needs its time zone")
    if not 1970 <= read.year <= 2200:
        raise wrong(name, f"年份不合理：{read.year}", f"the year is out of range: {read.year}")
    return instant(read)


_CLAIM = "claimed_at"


def _claimed(at: datetime | None, source: str, now: Instant) -> Instant | None:
    """The claimed moment of a device, drawn back to now if its clock is a little ahead."""
    if (at is None) != (source != Source.DEVICE):
        raise wrong(_CLAIM, "claimed_at 与 source=device 须同时给出", "claimed_at and source=device go together")
    if at is None:
        return None
    if not 1970 <= at.year <= 2200:
        raise wrong(_CLAIM, f"年份不合理：{at.year}", f"the year is out of range: {at.year}")
    claimed = instant(at)
    if claimed > now + _SKEW:
        raise wrong(_CLAIM, "发生时间不能晚于现在", "an act cannot have happened ahead of now")
    if claimed < now - _OFFLINE:
        days = _OFFLINE // DAY
        raise wrong(_CLAIM, f"发生时间不能早于 {days} 天前", f"an act cannot be claimed from more than {days} days ago")
    return min(claimed, now)


def _told(
    house: Application, outcome: Outcome, status: int = 200, headers: Mapping[str, str] | None = None
) -> Response:
    """What came of an act, put into JSON here: the framework would check it again, in another thread."""
    definition = outcome.definition or _definition(house, outcome)
    content = views.outcome(outcome, definition).model_dump_json()
    return Response(content, status, headers, "application/json")


def _definition(house: Application, outcome: Outcome) -> Workflow:
    """The workflow of an outcome that was kept under a key."""
    with house.database.looking() as transaction:
        return house.door.case(transaction, outcome.ticket_id).definition
