"""Precedents to search, and what comes too often."""

from typing import Annotated
from urllib.parse import urlencode

from fastapi import APIRouter, Query, Request
from starlette.responses import Response

from engine.clock import Instant
from engine.definitions import thresholds
from engine.definitions.model import Origin, Title
from engine.records import precedents as rulings
from engine.records import registers
from engine.records.frequent import Busy, busy
from engine.rules.frequent import said
from web.dependencies import House
from web.forms import FILL
from web.pages.report import starts_for
from web.rendering import page
from web.sessions import At

router = APIRouter(include_in_schema=False)


@router.get("/precedents")
def precedents(
    request: Request,
    house: House,
    here: At,
    q: Annotated[str, Query(max_length=100, pattern=r"^[^\x00-\x1f\x7f]*$")] = "",
    before: Annotated[int | None, Query(ge=0, le=2**62)] = None,
) -> Response:
    """Rulings on tickets that the reader's posts reach, the newest first."""
    bound = None if before is None else Instant(before)
    with house.database.looking() as transaction:
        found = rulings.search(transaction, here.viewer.official_units, q, bound)
        items = registers.item_names(transaction, {one.item for one in found if one.item})
    more = found[-1].at if len(found) == rulings.MOST else None
    return page(request, "precedents.html", here=here, found=found, items=items, query=q, more=more)


@router.get("/frequent")
def frequent(request: Request, house: House, here: At) -> Response:
    """Items that come more often than they used to, where the reader's posts reach."""
    rules = thresholds.shipped().frequent
    with house.database.looking() as transaction:
        found = busy(transaction, here.viewer.official_units, house.clock.now(), rules)
        loops = [house.versions.active(transaction, key) for key in registers.active_keys(transaction)]
    starts = [
        (loop, start) for loop in loops for start in starts_for(loop, here.viewer) if start.origin is Origin.FREQUENT
    ]
    listed = [(one, figures := said(one.standout, rules.days), _filling(one, figures)) for one in found]
    return page(request, "frequent.html", here=here, found=listed, starts=starts)


def _filling(one: Busy, figures: Title) -> str:
    """What a link fills into the form of a start: the item, the area, and the figures as the matter."""
    matter = f"{one.area_name} {one.item_name}：{figures.zh}"
    return urlencode({f"{FILL}{name}": value for name, value in (
        ("item", one.item), ("place", one.area), ("description", matter)
    )})  # fmt: skip
