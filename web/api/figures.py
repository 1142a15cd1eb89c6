"""Figures: indicators with their formula, broken down, and the exact lists behind them."""

from typing import Annotated, Any

from fastapi import APIRouter, Path, Query
from pydantic import BaseModel, Field

from engine.clock import iso
from engine.definitions.indicator import Indicator
from engine.definitions.indicator_file import discover
from engine.errors import NotFound, NotPermitted, NotSignedIn
from engine.records.breakdowns import By, breakdown
from engine.records.indicators import MOST, Apart, Asked, Figure, Side, apart, figures, formula, listed, read_cursor
from web import figures as shown
from web.api import shapes, views
from web.dependencies import House, Me
from web.problems import documented

router = APIRouter(tags=["指标 / Figures"])

Name = Annotated[str, Path(pattern=r"^[a-z0-9_]{1,64}$", description="指标 / An indicator")]


class CountOut(BaseModel):
    """What is counted."""

    numerator: int
    denominator: int
    total: int | None = Field(description="Of a mean: the sum of the stars.")
    value: float | None = Field(description="0 to 1, or the mean; null when nothing is counted.")


class GroupOut(CountOut):
    """One group of a breakdown."""

    key: str = Field(description="Code, key, login or YYYY-MM; empty for what has none.")
    name: str


class FigureOut(CountOut):
    """One indicator."""

    name: str
    title: shapes.TitleOut
    formula: shapes.TitleOut
    counted: dict[str, str] = Field(description="The formula as it is counted: key of its file → words.")
    target: int | None = Field(description="Percent that should be reached.")
    most: int | None = Field(description="Percent to keep under.")


class FiguresOut(BaseModel):
    """All indicators of a period."""

    since: str
    until: str = Field(description="The first moment that does not count.")
    as_of: str
    items: list[FigureOut]


class OneFigureOut(FigureOut):
    """One indicator with what is not in it, and its groups."""

    since: str
    until: str
    as_of: str
    immature: int = Field(description="What it is about, but cannot be judged yet.")
    excluded: int = Field(description="What it is about, but is left out by the file or by an exemption.")
    groups: list[GroupOut]


class FigureLineOut(BaseModel):
    """One ticket, or one unit's task, behind a figure."""

    case_no: str
    task: int | None = Field(description="Null for the ticket as a whole.")
    department: str
    at: str = Field(description="The moment that puts it into the period.")


class FigureLinesOut(BaseModel):
    """Lines by that moment."""

    items: list[FigureLineOut]
    next: str | None = Field(description="Send it as `after` for what follows.")


@router.get(
    "/figures", operation_id="get_figures", summary="全部指标 / All indicators",
    responses=documented(NotSignedIn, NotPermitted, NotFound),
)  # fmt: skip
def every(house: House, me: Me, given: shown.Choices) -> FiguresOut:
    """Every indicator for a period (by default this month), over the tickets that you oversee."""
    known = discover()
    _, asked = shown.asked(me, given, shown.moment_of(house))
    with house.boards.looking() as transaction:
        found = figures(transaction, known.values(), asked)
    return FiguresOut(
        since=iso(asked.since), until=iso(asked.until), as_of=iso(asked.as_of),
        items=[FigureOut(**_figure(one, found[name])) for name, one in known.items()],
    )  # fmt: skip


@router.get(
    "/figures/{name}", operation_id="get_figure", summary="一个指标 / One indicator",
    responses=documented(NotSignedIn, NotPermitted, NotFound),
)  # fmt: skip
def one(
    house: House,
    me: Me,
    name: Name,
    given: shown.Choices,
    by: Annotated[By | None, Query(description="Break it down by this")] = None,
) -> OneFigureOut:
    """One indicator, what is not in it and why, and its groups; areas and units by their children."""
    indicator = shown.named(name)
    _, asked = shown.asked(me, given, shown.moment_of(house))
    with house.boards.looking() as transaction:
        found = figures(transaction, [indicator], asked)[name]
        left = apart(transaction, indicator, asked)
        groups = breakdown(transaction, [indicator], asked, by)[name] if by else []
    return _one(indicator, found, left, asked, [GroupOut(key=g.key, name=g.name, **_count(g.figure)) for g in groups])


@router.get(
    "/figures/{name}/tickets", operation_id="list_figure", summary="指标背后的案卷 / What is behind an indicator",
    responses=documented(NotSignedIn, NotPermitted, NotFound),
)  # fmt: skip
def lines(
    house: House,
    me: Me,
    name: Name,
    given: shown.Choices,
    side: Side = Side.DENOMINATOR,
    after: shown.After = "",
    limit: Annotated[int, Query(ge=1, le=MOST)] = MOST,
) -> FigureLinesOut:
    """Exactly what is counted on a side; there are as many lines as the number says."""
    indicator = shown.named(name)
    _, asked = shown.asked(me, given, shown.moment_of(house))
    with house.boards.looking() as transaction:
        found = listed(transaction, indicator, asked, side, after=read_cursor(transaction, after), most=limit)
    return FigureLinesOut(
        items=[
            FigureLineOut(case_no=x.case_no, task=x.seq or None, department=x.department, at=iso(x.cohort_at))
            for x in found.lines
        ],
        next=found.following or None,
    )


def _count(figure: Figure) -> dict[str, Any]:
    return {
        "numerator": figure.numerator, "denominator": figure.denominator, "total": figure.total, "value": figure.value,
    }  # fmt: skip


def _figure(indicator: Indicator, figure: Figure) -> dict[str, Any]:
    return {
        "name": indicator.name, "title": views.title(indicator.title), "formula": views.title(indicator.formula),
        "counted": dict(formula(indicator)), "target": indicator.target, "most": indicator.most, **_count(figure),
    }  # fmt: skip


def _one(indicator: Indicator, figure: Figure, left: Apart, asked: Asked, groups: list[GroupOut]) -> OneFigureOut:
    return OneFigureOut(
        **_figure(indicator, figure), since=iso(asked.since), until=iso(asked.until), as_of=iso(asked.as_of),
        immature=left.immature, excluded=left.excluded, groups=groups,
    )  # fmt: skip
