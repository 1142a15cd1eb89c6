"""A map of what is open within one's reach, and the outlines of grids that maps are drawn on."""

from typing import Annotated

from fastapi import APIRouter, Query, Request
from starlette.responses import JSONResponse, Response

from engine.application import Application
from engine.clock import Instant
from engine.database import Transaction
from engine.errors import Malformed
from engine.records import lists, map_points, outlines
from engine.records.access import Viewer
from engine.records.areas import chain
from engine.records.asking import among
from engine.records.grids import LEVEL
from engine.records.lists import Wanted
from engine.records.names import names
from engine.records.outlines import Box
from engine.rules.ground import DEGREE
from web import maps
from web.contexts import Listed, listed
from web.dependencies import House
from web.rendering import page
from web.sessions import At

router = APIRouter(prefix="/map", include_in_schema=False)

#: Outlines change rarely; a browser asks again after an hour.
_KEPT = "private, max-age=3600"


@router.get("")
def show(request: Request, house: House, here: At) -> Response:
    """The newest open tickets of my reach that have a point, coloured and shaped by light."""
    now, me = house.clock.now(), here.viewer
    with house.database.looking() as transaction:
        points = map_points.newest(transaction, me, now)
        rows = _rows(house, transaction, me, list(points.spots), now)
        drawn = maps.of_tickets(_in_grids(transaction, rows), points.spots, house.settings)
    return page(request, "map.html", here=here, drawn=drawn, more=points.more, most=map_points.MOST)


@router.get("/grids")
def grids(house: House, here: At, box: Annotated[str, Query(max_length=80)]) -> Response:
    """Outlines of the grids in a box of degrees × 10⁷, in the datum that maps are drawn in. Errors: `Malformed`."""
    with house.database.looking() as transaction:
        found = outlines.outlines(transaction, _box(box), maps.shown_datum(house.settings))
    return JSONResponse(found, headers={"Cache-Control": _KEPT})


def _rows(house: Application, transaction: Transaction, me: Viewer, ids: list[int], now: Instant) -> list[Listed]:
    """Tickets as lists show them, as many as a list takes at once."""
    found: list[Listed] = []
    for start in range(0, len(ids), lists.MOST):
        wanted = Wanted(ids=ids[start : start + lists.MOST])
        part = lists.page(transaction, house.versions, me, wanted, now=now, limit=lists.MOST)
        found += [listed(row, house.versions.definition(transaction, row.workflow_id)) for row in part.rows]
    return found


def _in_grids(transaction: Transaction, rows: list[Listed]) -> list[tuple[Listed, str]]:
    """Each with the name of its grid; of its own area where it lies in none."""
    match, parameters = among(transaction, {one.row.area_code for one in rows})
    lineages = dict(transaction.rows(f"SELECT code, lineage FROM area WHERE code {match}", parameters))  # noqa: S608
    above = {
        code: next((link.id for link in chain(lineage) if link.level == LEVEL), None)
        for code, lineage in lineages.items()
    }
    called = names(transaction, areas=above.values()).areas
    return [
        (one, called[grid].name if (grid := above.get(one.row.area_code)) is not None else one.row.area_name)
        for one in rows
    ]


def _box(text: str) -> Box:
    try:
        west, south, east, north = (int(part) for part in text.split(","))
    except ValueError as failure:
        raise _no_box() from failure
    if not (-180 * DEGREE <= west <= east <= 180 * DEGREE and -90 * DEGREE <= south <= north <= 90 * DEGREE):
        raise _no_box()
    return west, south, east, north


def _no_box() -> Malformed:
    return Malformed("地图范围有误", "that is no box on the earth")
