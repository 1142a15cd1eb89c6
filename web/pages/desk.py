"""The desk's day: the queue by urgency and light, and the next ticket taken in hand."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated

from fastapi import APIRouter, Query, Request
from starlette.responses import Response

from engine.application import Application
from engine.clock import Instant
from engine.database import Transaction
from engine.definitions.model import Title
from engine.definitions.names import STANDARD_FIELDS
from engine.definitions.words import shipped
from engine.records import lists, queues, reservations
from engine.records import sheet as sheets
from engine.records.access import Viewer
from engine.records.lists import Wanted
from engine.records.queues import Waiting
from engine.records.turns import On
from web.contexts import Listed, listed
from web.dependencies import CaseNo, House
from web.rendering import go, page
from web.sessions import At, Form

router = APIRouter(include_in_schema=False)

#: Tickets of one page of the queue.
PAGE = 50
#: In an address, the light of what shows none.
_NO_LIGHT = "none"

Degree = Annotated[str, Query(max_length=64, pattern=r"^\w*$")]


@dataclass(frozen=True, slots=True, kw_only=True)
class Pile:
    """What waits with one urgency and one light."""

    urgency: str
    urgency_title: Title
    #: The light as an address says it.
    light: str
    light_title: Title
    #: The light as the style sheet knows it.
    colour: str
    count: int


@router.get("/queue")
def queue(
    request: Request,
    house: House,
    here: At,
    urgency: Degree = "",
    light: Degree = "",
    on: Degree = "",
    start: Annotated[int, Query(ge=0, le=queues.MOST)] = 0,
) -> Response:
    """Everything that waits for me, the most pressing first; or one pile of it; or the requests I am to answer."""
    now, me = house.clock.now(), here.viewer
    only = On.REQUEST if on == On.REQUEST else None
    with house.database.looking() as transaction:
        found = queues.queue(transaction, house.versions, me, now, only)
        asked = found if only else queues.queue(transaction, house.versions, me, now, On.REQUEST)
        chosen = [
            one for one in found.waiting if urgency in ("", one.urgency) and light in ("", one.light or _NO_LIGHT)
        ]
        rows = rows_of(house, transaction, me, chosen[start : start + PAGE], now)
    return page(
        request,
        "queue.html",
        here=here,
        queue=found,
        piles=piles(found.counts()),
        rows=rows,
        chosen={"urgency": urgency, "light": light, "on": only or ""},
        asked=len(asked.waiting),
        total=len(chosen),
        start=start,
        size=PAGE,
    )


@router.post("/next")
def take_next(request: Request, house: House, here: At, form: Form) -> Response:
    """The ticket that needs me most, in my hands for some minutes; what I held and pass over is given back first."""
    now, me = house.clock.now(), here.viewer
    passed = form.first("pass")
    if passed:
        _release(house, me, passed, now)
    case_no = queues.take_next(house.database, house.versions, me, now)
    return go(request, f"/tickets/{case_no}" if case_no else "/?none=1")


@router.post("/tickets/{case_no}/release")
def release(request: Request, house: House, here: At, case_no: CaseNo, form: Form) -> Response:
    """Give a ticket back before the minutes are over."""
    _release(house, here.viewer, case_no, house.clock.now())
    return go(request, "/")


def _release(house: Application, viewer: Viewer, case_no: str, now: Instant) -> None:
    with house.database.looking() as transaction:
        seen = sheets.sight(transaction, viewer, case_no)
    house.database.acting(lambda transaction: reservations.give_back(transaction, viewer, seen.ticket_id, now))


def rows_of(
    house: Application, transaction: Transaction, viewer: Viewer, waiting: list[Waiting], now: Instant
) -> list[Listed]:
    """Tickets of the queue as lists show them, in the order of the queue."""
    ids = [one.ticket_id for one in waiting]
    found = lists.page(transaction, house.versions, viewer, Wanted(ids=ids), now=now, limit=PAGE)
    rows = {row.ticket_id: row for row in found.rows}
    return [
        listed(rows[one], house.versions.definition(transaction, rows[one].workflow_id)) for one in ids if one in rows
    ]


def piles(counts: Mapping[tuple[str, str], int]) -> list[Pile]:
    """What waits by urgency and light, the gravest first."""
    words = shipped().lights
    return [
        Pile(
            urgency=urgency,
            urgency_title=STANDARD_FIELDS["urgency"].of[urgency],
            light=light or _NO_LIGHT,
            light_title=words.get(light, Title("未亮灯", "no light")),
            colour=light,
            count=counts[urgency, light],
        )
        for urgency in reversed(queues.URGENCIES)
        for light in reversed(queues.lights())
        if counts.get((urgency, light))
    ]
