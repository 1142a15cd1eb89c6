"""The board: what stands now, for whoever leads or watches: lists behind every count, and the loops."""

from collections.abc import Sequence
from typing import Annotated

from fastapi import APIRouter, Query, Request
from starlette.responses import JSONResponse, Response

from engine.analysis.diagram import Language, mermaid
from engine.application import Application
from engine.clock import Instant
from engine.database import Transaction
from engine.definitions.words import shipped
from engine.records import outlines, registers, standing, standing_counts, standing_lists
from engine.records.rollups import newest
from engine.records.standing import Tally
from engine.records.standing_lists import CardLine, Cursor, DueLine, OpenLine
from web import board as figures
from web import board_flow, language, maps
from web.board_scope import Choices, View, months_later, period, view
from web.dependencies import House
from web.rendering import page
from web.sessions import At

router = APIRouter(prefix="/board", include_in_schema=False)

#: Outlines change rarely; a browser asks again after an hour.
_KEPT = "private, max-age=3600"
After = Annotated[str, Query(max_length=64, pattern=r"^(\d{1,18}~\d{1,18}~\d{1,9})?$")]
Name = Annotated[str, Query(max_length=64, pattern=r"^[\w.-]*$")]


@router.get("")
def show(request: Request, house: House, here: At, chosen: Choices) -> Response:
    """Figures of a part of the block or of a department, and what stands there now. Errors: as `view`, `period`."""
    now = house.clock.now()
    asked = period(chosen, now)
    with house.boards.looking() as transaction:
        seen = view(transaction, here.viewer, chosen)
        as_of = newest(transaction, now)
        found = figures.board(transaction, seen, asked, as_of, house.settings.rank_from)
        tally = _tally(house, transaction, seen, as_of, now)
        loops = [house.versions.active(transaction, one) for one in registers.active_keys(transaction)]
        items = registers.item_names(transaction, [chosen.item] if chosen.item else [])
    return page(
        request, "board.html", here=here, seen=seen, chosen=seen.chosen, period=asked, board=found, as_of=as_of,
        tally=tally, loops=loops, items=items, channels=figures.CHANNELS, cards=shipped().cards,
        enough=house.settings.rank_from,
        months=[months_later(asked.month or f"{asked.last:%Y-%m}", step) for step in (-1, 1)],
    )  # fmt: skip


@router.get("/outlines")
def outlined(house: House, here: At, chosen: Choices, level: Name = "") -> Response:
    """Outlines of the areas that the board's map colours. Errors: as `view`."""
    with house.boards.looking() as transaction:
        seen = view(transaction, here.viewer, chosen)
        found = outlines.below(transaction, seen.scope.area, level, maps.shown_datum(house.settings))
    return JSONResponse(found, headers={"Cache-Control": _KEPT})


@router.get("/overdue")
def overdue(request: Request, house: House, here: At, chosen: Choices, after: After = "") -> Response:
    """Deadlines that have passed, the oldest first: in whose hands, how long. Errors: as `view`."""
    now = house.clock.now()
    with house.boards.looking() as transaction:
        seen = view(transaction, here.viewer, chosen)
        skip = standing.passed_windows(transaction, house.versions)
        lines = standing_lists.due(
            transaction, house.versions, seen.scope, skip, now=now, until=now, after=_cursor(after)
        )
    return _listed(request, here, seen, "overdue", lines)


@router.get("/tomorrow")
def coming(request: Request, house: House, here: At, chosen: Choices, after: After = "") -> Response:
    """Deadlines that end before the next workday does, the nearest first. Errors: as `view`."""
    now = house.clock.now()
    until = standing.tomorrow(house.versions, now)
    with house.boards.looking() as transaction:
        seen = view(transaction, here.viewer, chosen)
        skip = standing.passed_windows(transaction, house.versions)
        lines = standing_lists.due(
            transaction,
            house.versions,
            seen.scope,
            skip,
            now=now,
            since=now,
            until=Instant(until + 1),
            after=_cursor(after),
        )
    return _listed(request, here, seen, "tomorrow", lines, until=until)


@router.get("/cards")
def cards(
    request: Request, house: House, here: At, chosen: Choices, card: Name = "", ended: bool = False, after: After = ""
) -> Response:
    """Cards that stand, or that have ended: given when and by whom. Errors: as `view`."""
    with house.boards.looking() as transaction:
        seen = view(transaction, here.viewer, chosen)
        lines = standing_lists.cards(
            transaction, house.versions, seen.scope, card=card, ended=ended, after=_cursor(after)
        )
    return _listed(request, here, seen, "cards", lines, card=card, ended=ended, words={"": None, **shipped().cards})


@router.get("/open")
def opened(request: Request, house: House, here: At, chosen: Choices, state: Name = "", after: After = "") -> Response:
    """Open tickets, or those in a state of a loop, the longest in it first. Errors: as `view`, `NotFound`."""
    now = house.clock.now()
    title = None
    with house.boards.looking() as transaction:
        seen = view(transaction, here.viewer, chosen)
        if state:
            title = board_flow.state_title(house, transaction, chosen.workflow, state)
        skip = standing.passed_windows(transaction, house.versions)
        lines = standing_lists.opened(
            transaction, house.versions, seen.scope, skip, now=now, state=state, after=_cursor(after)
        )
    return _listed(request, here, seen, "open", lines, state=state, title=title, now=now)


@router.get("/flow")
def flow(request: Request, house: House, here: At, chosen: Choices) -> Response:
    """A loop's diagram with how many tickets are in each state now; as a fragment, the counts alone.

    Errors: as `view`, `NotFound` for a loop that is not in force.
    """
    with house.boards.looking() as transaction:
        seen = view(transaction, here.viewer, chosen)
        keys = registers.active_keys(transaction)
        key = chosen.workflow or (keys[0] if keys else "")
        shown = board_flow.live(house, transaction, seen, house.versions.active(transaction, key))
        loops = [house.versions.active(transaction, one) for one in keys]
    spoken = Language.EN if language.chosen(request) == "en" else Language.ZH
    return page(
        request, "board_flow.html", here=here, seen=seen, chosen=seen.chosen, flow=shown, loops=loops,
        diagram=mermaid(shown.workflow, language=spoken),
    )  # fmt: skip


def _tally(house: Application, transaction: Transaction, seen: View, as_of: Instant, now: Instant) -> Tally:
    """What stands, as counted at the moment of the figures where it was; else now."""
    known = standing_counts.tally(transaction, seen.scope, as_of, standing.tomorrow(house.versions, as_of))
    if known is not None:
        return known
    skip = standing.passed_windows(transaction, house.versions)
    return standing.tally(transaction, seen.scope, skip, now, standing.tomorrow(house.versions, now))


def _listed(
    request: Request,
    here: At,
    seen: View,
    which: str,
    lines: Sequence[DueLine] | Sequence[CardLine] | Sequence[OpenLine],
    **more: object,
) -> Response:
    """One of the lists; `more` says what else limits it."""
    full = len(lines) == standing_lists.MOST
    following = "~".join(str(part) for part in lines[-1].key) if full else ""
    return page(
        request, "board_list.html", here=here, seen=seen, chosen=seen.chosen, which=which, lines=lines,
        next=following, more={"title": None, "state": "", "card": "", "ended": False, **more},
    )  # fmt: skip


def _cursor(text: str) -> Cursor | None:
    if not text:
        return None
    # No part is longer than its pattern allows, so none is too large for the databases.
    at, ticket, seq = (int(part) for part in text.split("~"))
    return at, ticket, seq
