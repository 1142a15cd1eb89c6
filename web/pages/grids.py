"""The grids of those who look after them: what goes on there, and a QR code by which whoever passes by reports."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Annotated
from urllib.parse import quote

import segno
from fastapi import APIRouter, Path, Request
from starlette.responses import Response

from engine.clock import Instant
from engine.database import Transaction
from engine.definitions.model import Workflow
from engine.errors import NotFound
from engine.records import lists, registers
from engine.records.grids import grid, grids_within
from engine.records.lists import Wanted
from engine.records.my_grids import Glance, glances, problems
from engine.records.post_words import posts_there
from engine.rules.sittings import SittingState
from web import passers_by
from web.addresses import whole_address
from web.contexts import Listed, listed
from web.dependencies import House
from web.gathering import around, meeting_of
from web.rendering import page
from web.sessions import At, Sitting

router = APIRouter(prefix="/grids", include_in_schema=False)


#: Sittings that are still to come or under way.
_AHEAD = (SittingState.CALLED, SittingState.IN_SESSION)
#: Problems of one list, and sittings.
_PROBLEMS, _SITTINGS = 8, 5


@dataclass(frozen=True, slots=True, kw_only=True)
class Problems:
    """The open tickets of a loop whose matters are decided together."""

    workflow: Workflow
    rows: tuple[Listed, ...]
    more: bool


@router.get("")
def mine(request: Request, house: House, here: At) -> Response:
    """My grids: what is open, what is overdue, who is there; the problem list; the next sittings; posters."""
    now, me = house.clock.now(), here.viewer
    with house.database.looking() as transaction:
        grids = grids_within(transaction, me.areas)
        found = glances(transaction, me, grids, now)
        listed_problems = list(_problems(house, transaction, here, found, now))
        ahead = [held for held in around(house, transaction, me) if held.state in _AHEAD] if found else []
        ahead.sort(key=lambda one: one.planned_at)
        sittings = [(held, meeting_of(house, transaction, held)[1].title) for held in ahead[:_SITTINGS]]
        posts = posts_there(transaction)
    return page(
        request,
        "grids.html",
        here=here,
        glances=found,
        problems=listed_problems,
        sittings=sittings,
        posts=posts,
    )


def _problems(
    house: House, transaction: Transaction, here: Sitting, found: Sequence[Glance], now: Instant
) -> Iterator[Problems]:
    """The problem list: of each loop that has a meeting, what is open in these grids."""
    for key in registers.active_keys(transaction):
        definition = house.versions.active(transaction, key)
        ids = problems(transaction, here.viewer, found, key, _PROBLEMS + 1) if definition.meetings else []
        if ids:
            wanted = Wanted(ids=ids[:_PROBLEMS])
            rows = lists.page(transaction, house.versions, here.viewer, wanted, now=now, limit=_PROBLEMS).rows
            shown = (listed(row, house.versions.definition(transaction, row.workflow_id)) for row in rows)
            yield Problems(workflow=definition, rows=tuple(shown), more=len(ids) > _PROBLEMS)


@router.get("/{code}/poster")
def poster(request: Request, house: House, here: At, code: Annotated[str, Path(max_length=64)]) -> Response:
    """One poster, to be printed. Errors: `NotFound` for a grid outside one's own areas, too."""
    with house.database.looking() as transaction:
        found = grid(transaction, code)
        passers_by.opened(house, transaction)
    if not {*found.chain} & {*here.viewer.areas}:
        raise NotFound("没有这个网格码，或已停用", "no grid has this code (any more)")
    url = whole_address(house, request, f"/g/{quote(found.code, safe='')}")
    # A quarter of it may be scratched or wet.
    code_drawn = segno.make(url, error="q", micro=False)
    return page(
        request, "poster.html", here=here, grid=found, url=url, drawn=code_drawn.svg_data_uri(scale=8, border=2)
    )
