"""The desk changes hands: who is on duty, what the last shift says, and handing over one's own."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated

from fastapi import APIRouter, Query, Request
from starlette.responses import Response

from engine.clock import DAY, Instant
from engine.database import Transaction
from engine.errors import HuyingError
from engine.records import lists, queues, shift_handovers, shifts
from engine.records import sheet as sheets
from engine.records.lists import Wanted
from engine.records.post_words import posts_there
from engine.records.queues import Queue, Waiting
from engine.records.shift_handovers import HandedOver
from web.contexts import Listed, listed
from web.dependencies import House
from web.pages.desk import Pile, piles, rows_of
from web.rendering import go, page
from web.sessions import At, Form, Sitting

router = APIRouter(include_in_schema=False)

#: Tickets of the queue that are offered to be pointed to: what shines or is in hand comes first.
_OFFERED = 20


@dataclass(frozen=True, slots=True, kw_only=True)
class Handed:
    """A line with the tickets that this reader may see."""

    line: HandedOver
    piles: tuple[Pile, ...]
    rows: tuple[Listed, ...]
    #: Tickets that it points to and this reader does not reach.
    hidden: int
    mine: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Written:
    """What was typed, to be shown again when it is refused."""

    unit: str = ""
    words: str = ""
    tickets: tuple[str, ...] = ()


@router.get("/shifts")
def show(request: Request, house: House, here: At, done: Annotated[str, Query(max_length=1)] = "") -> Response:
    """Who is on duty, the last hand-overs, and a form for one's own."""
    return _page(request, house, here, Written(), done=done)


@router.post("/shifts")
def hand_over(request: Request, house: House, here: At, form: Form) -> Response:
    """Hand one's shift over. What is refused comes back as it was typed."""
    now, me = house.clock.now(), here.viewer
    written = Written(
        unit=form.first("unit")[:64],
        words=form.first("words"),
        tickets=tuple(form.fields.get("ticket", ()))[: shift_handovers.MOST_TICKETS + 1],
    )

    def work(transaction: Transaction) -> None:
        desk = shift_handovers.desks(transaction, house.versions, me)
        tickets = [sheets.sight(transaction, me, one).ticket_id for one in written.tickets]
        counts = queues.queue(transaction, house.versions, me, now).counts()
        waiting = [(urgency, light, count) for (urgency, light), count in sorted(counts.items())]
        shift_handovers.hand_over(transaction, me, desk, written.unit, written.words, tickets, waiting, now)

    try:
        house.database.acting(work)
    except HuyingError as error:
        return _page(request, house, here, written, error=error)
    return go(request, "/shifts?done=1")


@router.post("/shifts/{number}/take")
def take_over(request: Request, house: House, here: At, number: int, form: Form) -> Response:
    """Say that one has taken a shift over."""
    now, me = house.clock.now(), here.viewer

    def work(transaction: Transaction) -> None:
        desk = shift_handovers.desks(transaction, house.versions, me)
        shift_handovers.take_over(transaction, me, desk, number, now)

    try:
        house.database.acting(work)
    except HuyingError as error:
        return _page(request, house, here, Written(), error=error)
    return go(request, "/shifts?done=2")


def _page(
    request: Request, house: House, here: Sitting, written: Written, *, done: str = "", error: HuyingError | None = None
) -> Response:
    now, me = house.clock.now(), here.viewer
    with house.database.looking() as transaction:
        desk = shift_handovers.desks(transaction, house.versions, me)
        lines = shift_handovers.recent(transaction, desk)
        queue = queues.queue(transaction, house.versions, me, now)
        shown = {number for line in lines for number in line.tickets}
        rows = {one.row.ticket_id: one for one in _rows(house, transaction, here, sorted(shown), now)}
        offered = rows_of(house, transaction, me, _offered(queue, here), now) if desk else []
        on_duty = shifts.roster(transaction, now, Instant(now + DAY), list(desk)) if desk else []
        posts = posts_there(transaction)
    return page(
        request,
        "shifts.html",
        status=error.status if error else 200,
        here=here,
        desk=desk,
        handed=[_handed(line, rows, here) for line in lines],
        offered=offered,
        on_duty=on_duty,
        now=now,
        posts=posts,
        longest=shift_handovers.LONGEST,
        written=written,
        done=done,
        error=error,
    )


def _handed(line: HandedOver, rows: Mapping[int, Listed], here: Sitting) -> Handed:
    found = tuple(rows[one] for one in line.tickets if one in rows)
    return Handed(
        line=line,
        piles=tuple(piles({(urgency, light): count for urgency, light, count in line.waiting})),
        rows=found,
        hidden=len(line.tickets) - len(found),
        mine=line.written_by == here.viewer.person_id,
    )


def _offered(queue: Queue, here: Sitting) -> list[Waiting]:
    """What the next shift should most likely know of: what is in hand, then what shines, most pressing first."""
    held = {one.ticket_id for one in queues.own(queue.waiting, here.viewer)}
    likely = sorted(queue.waiting, key=lambda one: (one.ticket_id not in held, not one.light))
    return likely[:_OFFERED]


def _rows(house: House, transaction: Transaction, here: Sitting, ids: list[int], now: Instant) -> list[Listed]:
    """Those of these tickets that the reader reaches."""
    found = [
        row
        for start in range(0, len(ids), lists.MOST)
        for row in lists.page(
            transaction,
            house.versions,
            here.viewer,
            Wanted(ids=ids[start : start + lists.MOST]),
            now=now,
            limit=lists.MOST,
        ).rows
    ]
    return [listed(row, house.versions.definition(transaction, row.workflow_id)) for row in found]
