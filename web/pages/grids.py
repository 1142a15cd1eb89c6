"""Posters of grids, for those who look after them: a QR code by which whoever passes by reports."""

from typing import Annotated
from urllib.parse import quote

import segno
from fastapi import APIRouter, Path, Request
from starlette.responses import Response

from engine.errors import NotFound
from engine.records.grids import grid, grids_within
from web import passers_by
from web.addresses import whole_address
from web.dependencies import House
from web.rendering import page
from web.sessions import At

router = APIRouter(prefix="/grids", include_in_schema=False)


@router.get("")
def listed(request: Request, house: House, here: At) -> Response:
    """The grids of one's own posts."""
    with house.database.looking() as transaction:
        found = grids_within(transaction, here.viewer.areas)
    return page(request, "grids.html", here=here, grids=found)


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
