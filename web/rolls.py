"""Lines of accounting periods for readers: where each stands, why, and what may be done about it."""

from collections.abc import Callable, Container, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from engine.definitions.indicator import Indicator
from engine.definitions.indicator_conditions import Unreadable, parse
from engine.definitions.indicator_words import read_as
from engine.definitions.model import Title
from engine.records.periods import Objection
from engine.rules.roll import EXEMPT, NOT_DUE, RULED, Ground, Head, Judgement, Line, Tally

GROUNDS = {
    Ground.DUTY: Title("非本单位职责", "not this unit's duty"),
    Ground.DATA: Title("记录与事实不符", "the record is wrong"),
    Ground.FORCE: Title("不可抗力", "nobody could have done it"),
    Ground.OTHER: Title("其他", "other"),
}
VERDICTS = {Judgement.KEEP: Title("维持", "kept"), Judgement.EXCLUDE: Title("剔除", "taken out")}
STANDINGS = {
    Tally.NUMERATOR: Title("计入分子", "in the numerator"),
    Tally.DENOMINATOR: Title("只计入分母", "in the base only"),
    Tally.OUT: Title("未计入", "left out"),
}
ACTS = {
    "draft": Title("生成初稿", "drafted"),
    "open": Title("开放异议", "opened to objections"),
    "object": Title("提出异议", "objected"),
    "rule": Title("裁定", "ruled"),
    "close": Title("异议期结束", "window closed"),
    "finalise": Title("定稿", "made final"),
    "restate": Title("重述", "restated"),
}
_WHY = {
    NOT_DUE: Title("未到期", "not due yet"),
    EXEMPT: Title("已剔除", "exempted"),
    RULED: Title("周期裁定剔除", "taken out by ruling"),
    "": Title("", ""),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """A line as its reader sees it."""

    line: Line
    indicator: Title
    standing: Title
    why: Title
    unit: str
    objection: Objection | None
    #: Whether this reader may object to it now.
    open: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Moved:
    """A ticket that stands elsewhere since a period became final."""

    case_no: str
    indicator: Title
    before: Title
    after: Title


def read(
    head: Head,
    objecting: bool,
    lines: Iterable[Line],
    objections: Sequence[Objection],
    owner: Callable[[Line], object | None],
) -> list[Shown]:
    """Lines with their words."""
    formulas, trees = head.formulas, head.trees
    contested = {one.line.number: one for one in objections}
    found = []
    for line in lines:
        indicator, objection = formulas.indicators[line.indicator], contested.get(line.number)
        unit = trees.departments.get(line.department, ("", "", ""))[0] or trees.areas.get(line.area, ("", "", ""))[0]
        counted = line.standing is not Tally.OUT and objection is None
        found.append(
            Shown(
                line=line, indicator=indicator.title, standing=STANDINGS[line.standing], why=why(indicator, line.why),
                unit=unit, objection=objection, open=objecting and counted and owner(line) is not None,
            )
        )  # fmt: skip
    return found


def why(indicator: Indicator, reason: str) -> Title:
    """Why a line is left out, in words."""
    if reason in _WHY:
        return _WHY[reason]
    try:
        return read_as(parse(reason, indicator.unit), indicator.unit)
    except Unreadable:
        return Title(reason, reason)


def differences(head: Head, told: Iterable[Mapping[str, Any]], hidden: Container[int]) -> list[Moved]:
    """What a restatement says of each ticket that is not hidden by now."""
    indicators = head.formulas.indicators
    return [
        Moved(
            case_no=one["case_no"], indicator=indicators[one["indicator"]].title,
            before=_stood(indicators[one["indicator"]], one["before"]),
            after=_stood(indicators[one["indicator"]], one["after"]),
        )
        for one in told
        if one["ticket_id"] not in hidden
    ]  # fmt: skip


def _stood(indicator: Indicator, stood: Sequence[str]) -> Title:
    standing, reason, *_ = stood
    if standing == "absent":
        return Title("不在周期内", "not in the period")
    told, because = STANDINGS[Tally(standing)], why(indicator, reason)
    return Title(f"{told.zh}（{because.zh}）", f"{told.en} ({because.en})") if because.zh else told
