"""What villages may be asked, the figures of admission, and the one tap that hands back what was not admitted."""

from typing import Annotated, Literal

from fastapi import APIRouter, Path, Query, Request
from starlette.responses import Response

from engine.records import sheet as sheets
from engine.stages.calls import Caller
from engine.stages.refusals import refuse
from web.admitted import SHOWN, asked, chosen, table, units_of
from web.dependencies import CaseNo, House
from web.rendering import go, page
from web.sessions import At, Form

router = APIRouter(include_in_schema=False)

Code = Annotated[str, Query(max_length=64, pattern=r"^[^\x00-\x1f\x7f]*$")]
Show = Literal["", "live", "admitted", "refused", "on_time", "late", "stopped"]


@router.get("/admissions")
def admissions(request: Request, house: House, here: At, unit: Code = "", show: Show = "") -> Response:
    """One's own village or the one that is chosen, then the figures of all of one's villages.

    `show` opens the tickets behind one figure, of the chosen village or of all.
    """
    with house.database.looking() as transaction:
        units = units_of(transaction, here.viewer)
        one = chosen(units, here.viewer, unit)
        told = asked(house, transaction, here.viewer, one) if one else None
        figures = table(house, transaction, here.viewer, units, house.clock.now())
    behind: list[str] = []
    if show:
        own = next((own for there, own in figures.rows if unit and there.code == unit), None)
        behind = getattr(own, show) if own else figures.total[show]
    return page(
        request, "admissions.html", here=here, one=told, units=units, figures=figures, shown=SHOWN, show=show,
        behind=behind, named=unit,
    )  # fmt: skip


@router.post("/tickets/{case_no}/tasks/{task}/hand-back")
def hand_back(
    request: Request,
    house: House,
    here: At,
    form: Form,
    case_no: CaseNo,
    task: Annotated[int, Path(ge=1, le=2**31 - 1)],
) -> Response:
    """Hand back a task that rests on nothing, and show the report that this opened."""
    with house.database.looking() as transaction:
        seen = sheets.sight(transaction, here.viewer, case_no)
    report = refuse(house.door, Caller(person_id=here.viewer.person_id), seen.ticket_id, task)
    return go(request, f"/tickets/{report.case_no}?done=report_unadmitted")
