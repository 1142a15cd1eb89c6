"""What villages may be asked, and handing back what was not admitted."""

from typing import Annotated

from fastapi import APIRouter, Path

from engine.errors import NotAllowedNow, NotFound, NotPermitted, NotSignedIn
from engine.records import sheet as sheets
from engine.records.admission_figures import Figures
from engine.stages.calls import Caller
from engine.stages.refusals import refuse
from web.admitted import SHOWN, Admitted, asked, chosen, table, units_of
from web.api import admission_shapes as shapes
from web.api import views
from web.api.shapes import NamedOut
from web.dependencies import CaseNo, House, Me
from web.problems import documented

router = APIRouter(tags=["居村准入 / Admission"])

Code = Annotated[str, Path(max_length=64, pattern=r"^[^\x00-\x1f\x7f]+$")]


@router.get(
    "/admissions", operation_id="list_admissions", summary="居村准入统计 / Figures of admission",
    responses=documented(NotSignedIn),
)  # fmt: skip
def villages(house: House, me: Me) -> shapes.VillagesOut:
    """The figures of each village in your areas, each with the case numbers behind it."""
    with house.database.looking() as transaction:
        units = units_of(transaction, me)
        found = table(house, transaction, me, units, house.clock.now())
    return shapes.VillagesOut(
        items=[
            shapes.VillageRowOut(unit=NamedOut(code=unit.code, name=unit.name), figures=_figures(own))
            for unit, own in found.rows
        ]
    )


@router.get(
    "/admissions/{unit}", operation_id="read_admissions", summary="居村能做什么 / What a village may be asked",
    responses=documented(NotSignedIn, NotFound),
)  # fmt: skip
def village(house: House, me: Me, unit: Code) -> shapes.VillageOut:
    """The lists and admissions that a task to this village may rest on today."""
    with house.database.looking() as transaction:
        one = chosen(units_of(transaction, me), me, unit)
        if one is None:
            raise NotFound("没有这个居村组织", "there is no such village")
        told = asked(house, transaction, me, one)
        ((_, own),) = table(house, transaction, me, [one], house.clock.now()).rows
    return shapes.VillageOut(
        unit=NamedOut(code=one.code, name=one.name),
        duties=[
            shapes.DutyOut(
                on=views.title(title), register_key=duty.register, code=duty.code, matter=duty.matter,
                items=sorted(duty.items),
            )
            for title, duties in told.lists
            for duty in duties
        ],
        admissions=[_admission(each) for each in (*told.live, *told.over)],
        figures=_figures(own),
    )  # fmt: skip


@router.post(
    "/tickets/{case_no}/tasks/{task}/hand-back", operation_id="hand_back_task", status_code=201,
    summary="未经准入，拒办 / Hand back what was not admitted",
    responses=documented(NotSignedIn, NotFound, NotPermitted, NotAllowedNow),
)  # fmt: skip
def hand_back(
    house: House, me: Me, case_no: CaseNo, task: Annotated[int, Path(ge=1, le=2**31 - 1)]
) -> shapes.HandedBackOut:
    """Hand back a task of your village that stands on no list and rests on no admission; a report opens."""
    with house.database.looking() as transaction:
        seen = sheets.sight(transaction, me, case_no)
    report = refuse(house.door, Caller(person_id=me.person_id), seen.ticket_id, task)
    return shapes.HandedBackOut(case_no=report.case_no, state=report.state)


def _admission(one: Admitted) -> shapes.AdmissionOut:
    return shapes.AdmissionOut(
        number=one.permit.number,
        matter=one.permit.matter,
        items=sorted(one.permit.items),
        until=one.permit.until,
        in_force=one.days_left > 0,
        days_left=one.days_left,
        applicant=one.applicant,
        case_no=one.permit.case_no if one.known else None,
    )


def _figures(own: Figures) -> shapes.FiguresOut:
    return shapes.FiguresOut(**{name: getattr(own, name) for name in SHOWN})
