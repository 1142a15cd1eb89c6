"""What the engine proposes and people decide: duplicates, leads, precedents, what comes too often."""

from typing import Annotated

from fastapi import APIRouter, Query
from pydantic import BaseModel, Field

from engine.clock import Instant, iso
from engine.definitions import thresholds
from engine.errors import NotFound, NotSignedIn
from engine.records import precedents as rulings
from engine.records import relapses, sheet
from engine.records.frequent import busy
from engine.rules.frequent import said
from engine.stages.dispatch import leads
from engine.stages.triage import duplicates as likely
from web.api import shapes, views
from web.dependencies import CaseNo, House, Me
from web.problems import documented

router = APIRouter(tags=["提示 / Proposals"])


class DuplicateOut(BaseModel):
    """A ticket that is likely the same matter."""

    case_no: str
    main: str | None = Field(description="The ticket that carries it, if it was joined.")
    state_type: str
    points: int = Field(description="Of 100.")
    metres: int
    reasons: list[shapes.TitleOut]


class DuplicatesOut(BaseModel):
    """Likely duplicates, and what came back."""

    items: list[DuplicateOut]
    relapse_of: str | None = Field(description="The closed ticket that has come back with this one.")
    relapses: list[str] = Field(description="Tickets that are the return of this one.")


class LeadOut(BaseModel):
    """A department that is proposed to lead."""

    lead: shapes.NamedOut
    co: list[str] = Field(description="Codes of departments that should join in.")
    reasons: list[shapes.TitleOut]
    against: list[shapes.TitleOut] = Field(description="Why not, in spite of the reasons.")


class LeadsOut(BaseModel):
    """Proposed leads, the best first; nothing is chosen."""

    items: list[LeadOut]


class PrecedentOut(BaseModel):
    """A ruling on who handles something."""

    case_no: str
    seq: int
    at: str
    ruling: shapes.CodeOut
    item: str
    winner: shapes.NamedOut | None = Field(description="Who is to handle it.")
    loser: shapes.NamedOut | None = Field(description="Who is not.")
    by: str
    binding: bool
    clause: str
    words: str


class PrecedentsOut(BaseModel):
    """Rulings, the newest first."""

    items: list[PrecedentOut]


class FrequentOut(BaseModel):
    """An item that comes more often than it used to."""

    item: shapes.NamedOut
    area: shapes.NamedOut
    one_place: bool = Field(description="At one place in the area, not in all of it.")
    recent: int
    past: int
    past_days: int
    expected: float
    chance: float = Field(description="How probable so many or more would be if nothing had changed.")
    figures: shapes.TitleOut
    tickets: list[str]


class FrequentsOut(BaseModel):
    """What stands out, the least probable first."""

    days: int = Field(description="The recent days that were counted.")
    items: list[FrequentOut]


_SEEN = documented(NotSignedIn, NotFound)


@router.get(
    "/tickets/{case_no}/duplicates",
    operation_id="list_duplicates",
    summary="疑似重复与复发 / Likely duplicates and relapses",
    responses=_SEEN,
)
def duplicates(house: House, me: Me, case_no: CaseNo) -> DuplicatesOut:
    """Tickets that are likely the same matter by place, time, item and words; only those that you may see."""
    with house.database.looking() as transaction:
        seen = sheet.sight(transaction, me, case_no)
        found = likely(transaction, seen.ticket_id, me.units, thresholds.shipped().duplicates)
        earlier, later = relapses.links(transaction, seen.ticket_id, me.units)
    return DuplicatesOut(
        items=[
            DuplicateOut(
                case_no=one.near.case_no,
                main=one.near.main,
                state_type=one.near.state_type.value,
                points=one.likeness.points,
                metres=one.likeness.metres,
                reasons=[views.title(reason) for reason in one.likeness.reasons],
            )
            for one in found
        ],
        relapse_of=earlier,
        relapses=list(later),
    )


@router.get(
    "/tickets/{case_no}/proposals",
    operation_id="list_proposals",
    summary="建议主办 / Proposed leads",
    responses=_SEEN,
)
def proposals(house: House, me: Me, case_no: CaseNo) -> LeadsOut:
    """Who should lead, from responsibilities, rulings and how alike tickets ended; for officials only."""
    now = house.clock.now()
    with house.database.looking() as transaction:
        seen = sheet.sight(transaction, me, case_no)
        case = house.door.case(transaction, seen.ticket_id)
        rules = thresholds.shipped().proposals
        found = leads(transaction, house.versions.almanac(), case, now, rules) if seen.official else ()
    return LeadsOut(
        items=[
            LeadOut(
                lead=shapes.NamedOut(code=one.code, name=one.name),
                co=list(one.co),
                reasons=[views.title(reason) for reason in one.reasons],
                against=[views.title(reason) for reason in one.against],
            )
            for one in found
        ]
    )


@router.get(
    "/precedents",
    operation_id="find_precedents",
    summary="裁定先例 / Precedents",
    responses=documented(NotSignedIn),
)
def precedents(
    house: House,
    me: Me,
    q: Annotated[str, Query(max_length=100, pattern=r"^[^\x00-\x1f\x7f]*$")] = "",
    before: Annotated[int | None, Query(ge=0, le=2**62, description="Microseconds since 1970")] = None,
) -> PrecedentsOut:
    """Rulings on tickets that your posts reach, the newest first; `q` searches item, departments, clause and words."""
    bound = None if before is None else Instant(before)
    with house.database.looking() as transaction:
        found = rulings.search(transaction, me.official_units, q, bound)
    return PrecedentsOut(items=[_precedent(one) for one in found])


@router.get(
    "/frequent", operation_id="list_frequent", summary="高频事项 / High frequency", responses=documented(NotSignedIn)
)
def frequent(house: House, me: Me) -> FrequentsOut:
    """Items at places and in areas that come more often than they used to, as candidates for the problem list."""
    rules = thresholds.shipped().frequent
    with house.database.looking() as transaction:
        found = busy(transaction, me.official_units, house.clock.now(), rules)
    return FrequentsOut(
        days=rules.days,
        items=[
            FrequentOut(
                item=shapes.NamedOut(code=one.item, name=one.item_name),
                area=shapes.NamedOut(code=one.area, name=one.area_name),
                one_place=one.cell is not None,
                recent=one.standout.counted.recent,
                past=one.standout.counted.past,
                past_days=one.standout.counted.past_days,
                expected=one.standout.expected,
                chance=one.standout.chance,
                figures=views.title(said(one.standout, rules.days)),
                tickets=list(one.tickets),
            )
            for one in found
        ],
    )


def _precedent(one: rulings.Precedent) -> PrecedentOut:
    return PrecedentOut(
        case_no=one.case_no,
        seq=one.seq,
        at=iso(one.at),
        ruling=shapes.CodeOut(code=one.kind, title=views.title(one.title)),
        item=one.item,
        winner=shapes.NamedOut(code=one.winner, name=one.winner_name) if one.winner else None,
        loser=shapes.NamedOut(code=one.loser, name=one.loser_name) if one.loser else None,
        by=one.by,
        binding=one.binding,
        clause=one.clause,
        words=one.words,
    )
