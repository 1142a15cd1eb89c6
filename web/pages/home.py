"""What needs doing now, and lists of tickets."""

from typing import Annotated, Any

from fastapi import APIRouter, Query, Request
from starlette.responses import Response

from engine.application import Application
from engine.clock import Instant
from engine.database import Transaction
from engine.records import lists, queues, registers, shift_handovers
from engine.records.access import Viewer
from engine.records.lists import Wanted
from engine.records.turns import turns
from engine.vocabulary import Stage, StateType
from web.contexts import Listed, listed
from web.dependencies import House
from web.pages import tasks as task_pages
from web.pages.desk import piles, rows_of
from web.rendering import fragment, is_partial, page
from web.sessions import At

router = APIRouter(include_in_schema=False)

#: Tickets of one section of the home page, and of one page of a list.
_SECTION, _PAGE = 8, 30

Word = Annotated[str, Query(max_length=64, pattern=r"^[\w.:/-]*$")]


@router.get("/")
def home(request: Request, house: House, here: At, none: Annotated[str, Query(max_length=1)] = "") -> Response:
    """What waits for me first, the most pressing on top; then what I reported and what is new around me."""
    now, me = house.clock.now(), here.viewer
    with house.database.looking() as transaction:
        queue = queues.queue(transaction, house.versions, me, now)
        tasks = task_pages.first(house, transaction, me, now)
        # What stands among the tasks already is not shown twice: one screen holds what needs doing now.
        shown = {row.ticket_id for row in tasks.rows} if tasks else set()
        rest = [one for one in queue.waiting if one.ticket_id not in shown]
        rows = rows_of(house, transaction, me, rest[: _SECTION - len(shown)], now)
        reported, _ = _listed(house, transaction, me, Wanted(reporter_id=me.person_id), now, limit=_SECTION)
        newest, _ = _listed(house, transaction, me, Wanted(), now, limit=_SECTION)
        desk = shift_handovers.desks(transaction, house.versions, me)
        untaken = shift_handovers.untaken(transaction, me, desk)
    return page(
        request,
        "home.html",
        here=here,
        queue=queue,
        rows=rows,
        piles=piles(queue.counts()),
        in_hand=queues.own(queue.waiting, me),
        nothing_left=bool(none),
        tasks=tasks,
        reported=reported,
        newest=newest if me.posts else [],
        desk=desk,
        untaken=untaken,
    )


@router.get("/tickets")
def tickets(
    request: Request,
    house: House,
    here: At,
    q: Annotated[str, Query(max_length=200)] = "",
    mine: Word = "",
    reporter: Word = "",
    stage: Word = "",
    state_type: Word = "",
    workflow: Word = "",
    area: Word = "",
    cursor: Annotated[str, Query(max_length=200)] = "",
) -> Response:
    """A list with filters; without JavaScript each part is a page of its own."""
    now, me = house.clock.now(), here.viewer
    with house.database.looking() as transaction:
        wanted = Wanted(
            turns=turns(transaction, house.versions, me) if mine else None,
            reporter_id=me.person_id if reporter else None,
            stage=stage if stage in Stage.__members__.values() else None,
            state_type=state_type if state_type in StateType.__members__.values() else None,
            workflow=workflow or None,
            area=area or None,
            text=q.replace("\0", ""),
        )
        rows, after = _listed(house, transaction, me, wanted, now, limit=_PAGE, cursor=cursor or None)
        workflows = [house.versions.active(transaction, key) for key in registers.active_keys(transaction)]
    chosen = {
        "q": q,
        "mine": mine,
        "reporter": reporter,
        "stage": stage,
        "state_type": state_type,
        "workflow": workflow,
        "area": area,
    }
    context: dict[str, Any] = {
        "here": here,
        "ticking": bool(me.posts),
        "rows": rows,
        "next": after,
        "chosen": {name: value for name, value in chosen.items() if value},
    }
    if is_partial(request):
        return fragment(request, "rows.html", **context)
    return page(request, "tickets.html", workflows=workflows, **context)


def _listed(
    house: Application,
    transaction: Transaction,
    me: Viewer,
    wanted: Wanted,
    now: Instant,
    *,
    limit: int,
    cursor: str | None = None,
) -> tuple[list[Listed], str | None]:
    found = lists.page(transaction, house.versions, me, wanted, now=now, cursor=cursor, limit=limit)
    return [listed(row, house.versions.definition(transaction, row.workflow_id)) for row in found.rows], found.cursor
