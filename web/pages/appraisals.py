"""Both sides appraised, and what the indicators leave out."""

from typing import Annotated

from fastapi import APIRouter, Query, Request
from starlette.responses import Response

from engine.records import appraisals as both_sides
from engine.records import exemptions as left_out
from web.dependencies import House
from web.rendering import page
from web.sessions import At

router = APIRouter(include_in_schema=False)

Word = Annotated[str, Query(max_length=64, pattern=r"^[\w.-]*$")]


@router.get("/appraisals")
def appraisals(request: Request, house: House, here: At) -> Response:
    """Callers and the called, over the tickets that the reader's posts reach."""
    with house.database.looking() as transaction:
        found = both_sides.account(transaction, here.viewer.official_units)
    return page(request, "appraisals.html", here=here, found=found, least=both_sides.ALWAYS_FULL)


@router.get("/exemptions")
def exemptions(
    request: Request,
    house: House,
    here: At,
    indicator: Word = "",
    department: Word = "",
    before: Annotated[str, Query(max_length=80, pattern=f"^(|{left_out.CURSOR})$")] = "",
) -> Response:
    """Exemptions on tickets that the reader's posts reach, the newest first."""
    with house.database.looking() as transaction:
        found = left_out.listed(
            transaction,
            house.versions,
            here.viewer.official_units,
            indicator=indicator,
            department=department,
            before=left_out.read_cursor(before),
        )
    more = found[-1].cursor if len(found) == left_out.MOST else None
    return page(
        request, "exemptions.html", here=here, found=found, indicator=indicator, department=department, more=more
    )
