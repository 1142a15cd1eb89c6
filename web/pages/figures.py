"""Figures: every indicator of a period, and one of them with its formula, its groups and the exact lists behind it."""

from dataclasses import replace
from itertools import groupby
from typing import Annotated, Literal

from fastapi import APIRouter, Path, Query, Request
from starlette.responses import Response

from engine.definitions.indicator_file import discover
from engine.definitions.model import Title
from engine.records.breakdowns import By, breakdown, divides
from engine.records.indicators import Side, apart, figure, figures, formula, listed, read_cursor
from web import figures as shown
from web.dependencies import House
from web.rendering import page
from web.sessions import At

router = APIRouter(include_in_schema=False)

Name = Annotated[str, Path(pattern=r"^[a-z0-9_]{1,64}$")]
#: Lines of a list on one page.
_MOST = 200
#: Groups on one page.
_GROUPS = 200
#: What a breakdown is called.
_BYS: dict[By, Title] = {
    By.AREA: Title("区域", "Area"),
    By.DEPARTMENT: Title("单位", "Unit"),
    By.ITEM: Title("事项", "Item"),
    By.CHANNEL: Title("渠道", "Channel"),
    By.WORKFLOW: Title("流程", "Workflow"),
    By.PERSON: Title("个人", "Person"),
    By.MONTH: Title("月份", "Month"),
}
_SIDES: dict[Side, Title] = {
    Side.NUMERATOR: Title("分子", "Numerator"),
    Side.REST: Title("差额", "The rest"),
    Side.DENOMINATOR: Title("分母", "Denominator"),
    Side.IMMATURE: Title("未到期", "Not due yet"),
    Side.EXCLUDED: Title("不计", "Left out"),
}
#: What the keys of a formula are called.
_KEYS = {
    "unit": Title("单位", "Unit"),
    "cohort": Title("统计口径时间", "Cohort date"),
    "attribution": Title("归属", "Attribution"),
    "among": Title("分母", "Denominator"),
    "matures": Title("到期才计", "Counted once"),
    "without": Title("不计", "Left out"),
    "counts": Title("分子", "Numerator"),
    "exempt": Title("剔除", "Exemptions"),
}


@router.get("/figures")
def every(request: Request, house: House, here: At, given: shown.Choices) -> Response:
    """All indicators for a period, over what the reader oversees. Errors: `NotPermitted`."""
    known = list(discover().values())
    given, asked = shown.asked(here.viewer, given, shown.moment_of(house))
    with house.boards.looking() as transaction:
        found = figures(transaction, known, asked)
        chips = shown.chips(transaction, given, "")
    groups = [(group, list(some)) for group, some in groupby(known, key=lambda one: one.group)]
    return page(
        request, "figures.html", here=here, given=given, groups=groups, found=found, chips=chips, as_of=asked.as_of,
        shown=shown,
    )  # fmt: skip


@router.get("/figures/{name}")
def one(
    request: Request,
    house: House,
    here: At,
    name: Name,
    given: shown.Choices,
    by: Literal["", "area", "department", "item", "channel", "workflow", "person", "month"] = "",
    side: Annotated[Side | Literal[""], Query()] = "",
    after: shown.After = "",
    start: Annotated[int, Query(ge=0, le=100_000, description="So many groups are skipped")] = 0,
) -> Response:
    """One indicator: value, formula, comparison, groups and lists. Errors: `NotPermitted`, `NotFound`."""
    indicator = shown.named(name)
    given, asked = shown.asked(here.viewer, replace(given, by=by, side=side), shown.moment_of(house))
    then = [shown.before(given, months=1), shown.before(given, months=12)]
    with house.boards.looking() as transaction:
        found = figure(transaction, indicator, asked)
        left = apart(transaction, indicator, asked)
        earlier = [(one, figure(transaction, indicator, shown.asked(here.viewer, one, asked.as_of)[1])) for one in then]
        groups = breakdown(transaction, [indicator], asked, By(by))[name] if by else []
        shown_side = Side(side) if side else Side.DENOMINATOR
        part = listed(transaction, indicator, asked, shown_side, after=read_cursor(transaction, after), most=_MOST)
        chips = shown.chips(transaction, given, name)
    counts = {
        Side.NUMERATOR: found.numerator,
        Side.REST: found.denominator - found.numerator,
        Side.DENOMINATOR: found.denominator,
        Side.IMMATURE: left.immature,
        Side.EXCLUDED: left.excluded,
    }
    if indicator.mean:
        del counts[Side.NUMERATOR], counts[Side.REST]
    bys = {key: title for key, title in _BYS.items() if divides(indicator, key)}
    part_of = slice(start, start + _GROUPS)
    table = shown.ranked(groups, indicator, given, By(by), house.settings.rank_from, part_of) if by else shown.Table()
    return page(
        request, "figure.html", here=here, given=given, indicator=indicator, figure=found, earlier=earlier,
        formula=[(_KEYS[key], text) for key, text in formula(indicator)], counts=counts, sides=_SIDES,
        listed=shown_side,
        lines=part.lines, more=part.following, bys=bys, by=by,
        table=table, further=part_of.stop, least=house.settings.rank_from, chips=chips,
        as_of=asked.as_of, shown=shown,
    )  # fmt: skip
