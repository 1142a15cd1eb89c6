"""Both sides appraised, and what the indicators leave out."""

from typing import Annotated

from fastapi import APIRouter, Query
from pydantic import BaseModel, Field

from engine.clock import iso
from engine.errors import NotSignedIn
from engine.records import appraisals as both_sides
from engine.records import exemptions as left_out
from web.api import shapes, views
from web.dependencies import House, Me
from web.problems import documented

router = APIRouter(tags=["考评 / Appraisal"])

Word = Annotated[str, Query(max_length=64, pattern=r"^[\w.-]*$")]


class CallerOut(BaseModel):
    """One caller's account."""

    area: str = Field(description="The area that the caller's post is held for.")
    area_name: str
    login: str
    name: str
    calls: int
    invalid: int


class CalledOut(BaseModel):
    """One department's account."""

    department: shapes.NamedOut
    scores: int = Field(description="Tickets with a score that counts: the newest of each.")
    mean: float | None = Field(description="Of the scores that count, 1 to 5.")
    exempted: int


class AlwaysFullOut(BaseModel):
    """A block that has never given a department less than full marks."""

    area_name: str
    department_name: str
    scores: int
    mutual: bool = Field(description="And the department's own area likewise the other way round.")


class AppraisalsOut(BaseModel):
    """Both sides, over the tickets that your posts reach."""

    callers: list[CallerOut]
    called: list[CalledOut]
    always_full: list[AlwaysFullOut]


class ExemptionOut(BaseModel):
    """One line: an indicator leaves something out from here on, or counts it again."""

    case_no: str
    event: int = Field(description="The event of the ticket's history that says so.")
    indicator: str
    title: shapes.TitleOut
    department: shapes.NamedOut | None = Field(description="Whose part; null for the whole ticket.")
    restored: bool = Field(description="True: counted again.")
    stands: bool = Field(description="It is left out, and no later line counts it again.")
    by: str
    ground: str
    at: str


class ExemptionsOut(BaseModel):
    """Lines, the newest first."""

    items: list[ExemptionOut]
    next: str | None = Field(description="Send it as `before` for what is older.")


@router.get(
    "/appraisals", operation_id="get_appraisals", summary="双考核 / Both sides", responses=documented(NotSignedIn)
)
def appraisals(house: House, me: Me) -> AppraisalsOut:
    """Callers with their calls and invalid calls, departments with their scores, and pairs with always full marks."""
    with house.database.looking() as transaction:
        found = both_sides.account(transaction, me.official_units)
    return AppraisalsOut(
        callers=[
            CallerOut(
                area=one.area, area_name=one.area_name, login=one.login, name=one.name, calls=one.calls,
                invalid=one.invalid,
            )
            for one in found.callers
        ],
        called=[
            CalledOut(
                department=shapes.NamedOut(code=one.department, name=one.name), scores=one.scores, mean=one.mean,
                exempted=one.exempted,
            )
            for one in found.called
        ],
        always_full=[
            AlwaysFullOut(
                area_name=one.area_name, department_name=one.department_name, scores=one.scores, mutual=one.mutual
            )
            for one in found.always_full
        ],
    )  # fmt: skip


@router.get(
    "/exemptions", operation_id="list_exemptions", summary="剔除 / Exemptions", responses=documented(NotSignedIn)
)
def exemptions(
    house: House,
    me: Me,
    indicator: Word = "",
    department: Word = "",
    ticket: Annotated[str, Query(max_length=40, pattern=r"^[\w.-]*$", description="A case number")] = "",
    before: Annotated[str, Query(max_length=80, pattern=f"^(|{left_out.CURSOR})$")] = "",
) -> ExemptionsOut:
    """Exemptions on tickets that your posts reach, the newest first."""
    with house.database.looking() as transaction:
        found = left_out.listed(
            transaction,
            house.versions,
            me.official_units,
            indicator=indicator,
            department=department,
            case_no=ticket,
            before=left_out.read_cursor(before),
        )
    return ExemptionsOut(
        items=[_line(one) for one in found], next=found[-1].cursor if len(found) == left_out.MOST else None
    )


def _line(one: left_out.ExemptionLine) -> ExemptionOut:
    return ExemptionOut(
        case_no=one.case_no,
        event=one.event_seq,
        indicator=one.indicator,
        title=views.title(one.title),
        department=shapes.NamedOut(code=one.department, name=one.department_name) if one.department else None,
        restored=one.restored,
        stands=one.stands,
        by=one.by,
        ground=one.ground,
        at=iso(one.at),
    )
