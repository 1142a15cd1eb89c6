"""Accounting periods: units see their own lines and object, supervisors rule and make final, anybody may check."""

import json
from collections.abc import Callable
from typing import Annotated

from fastapi import APIRouter, Path, Query, Request
from starlette.responses import Response

from engine.application import Application
from engine.clock import Instant
from engine.database import Transaction
from engine.definitions.score import Of
from engine.errors import HuyingError, Malformed, NotPermitted, Place
from engine.exchange.period_check import findings
from engine.records import cohorts, period_lines, periods, score_sheets
from engine.records.access import Viewer
from engine.records.period_lines import Whose
from engine.records.period_rows import State
from engine.records.periods import Period
from engine.rules import cut_off, roll
from engine.rules.roll import Ground, Head, Judgement
from engine.stages import accounting
from engine.stages import accounting_rights as rights
from engine.stages.accounting import By
from web import rolls, scoring
from web.dependencies import House
from web.rendering import go, page
from web.sessions import At, Form, Posted, Sitting

router = APIRouter(include_in_schema=False, prefix="/periods")

Number = Annotated[int, Path(ge=1, lt=2**62)]
After = Annotated[int, Query(ge=0, lt=2**62)]
Word = Annotated[str, Query(max_length=64)]

#: Results of a period that is not final are worked out for the page only up to so many lines.
_WORKED_OUT = 20_000
_RECENT = 6


@router.get("")
def listed(request: Request, house: House, here: At) -> Response:
    """The periods that somebody supervises, or that have lines of theirs."""
    return _list(request, house, here)


@router.post("")
def draft(request: Request, house: House, here: At, form: Form) -> Response:
    """Draft a period that is over."""
    try:
        number = accounting.draft(
            house.database, house.clock, form.first("sheet"), form.first("area"), form.first("label"), By(here.viewer)
        )
    except HuyingError as error:
        return _list(request, house, here, error)
    return go(request, f"/periods/{number}")


@router.get("/{number}")
def one(
    request: Request, house: House, here: At, number: Number, indicator: Word = "", show: Word = "", after: After = 0
) -> Response:
    """One period. Errors: `NotFound`, `NotPermitted` for whoever has nothing in it."""
    return _one(request, house, here, number, indicator=indicator, show=show, after=after)


@router.post("/{number}/{act}")
def act(request: Request, house: House, here: At, form: Form, number: Number, act: str) -> Response:
    """Open the window, close it, make it final, restate it, object to a line, rule on an objection."""
    try:
        _ACTS.get(act, _unknown)(house, here, number, form)
    except HuyingError as error:
        return _one(request, house, here, number, error=error)
    return go(request, f"/periods/{number}")


@router.get("/{number}/document")
def document(house: House, here: At, number: Number) -> Response:
    """The document of a final period, for whoever supervises or audits it. Errors: `NotFound`, `NotPermitted`."""
    with house.database.looking() as transaction:
        period = periods.period(transaction, number)
        if not rights.reads(transaction, here.viewer, period.area_id):
            raise NotPermitted(action="accounting period", roles=[rights.SUPERVISOR, rights.AUDITOR])
        if period.state is not State.FINAL:
            raise Malformed("此周期尚未定稿", "the period is not final")
        body = "".join(f"{line}\n" for line in accounting.document(transaction, period))
    name = f"period-{period.sheet}-{period.area}-{period.label}.jsonl"
    headers = {"Content-Disposition": f'attachment; filename="{name.encode("ascii", "replace").decode()}"'}
    return Response(body, media_type="application/x-ndjson", headers=headers)


def _list(request: Request, house: Application, here: Sitting, error: HuyingError | None = None) -> Response:
    viewer, now = here.viewer, house.clock.now()
    with house.database.looking() as transaction:
        sheets = score_sheets.in_force(transaction)
        found = [
            one
            for one in periods.listed(transaction, _mine(transaction, viewer))
            if _concerns(transaction, viewer, one)
        ]
        areas = _supervised(transaction, viewer)
    over = {label for one in sheets.values() for label in cut_off.ended(now, one.sheet.cut_off, _RECENT)}
    titles = {name: one.sheet.title for name, one in sheets.items()}
    return page(
        request, "periods.html", status=error.status if error else 200, here=here, found=found, titles=titles,
        areas=areas, labels=sorted(over, reverse=True), error=error,
    )  # fmt: skip


def _one(
    request: Request, house: Application, here: Sitting, number: int, *, indicator: str = "", show: str = "",
    after: int = 0, error: HuyingError | None = None,
) -> Response:  # fmt: skip
    viewer = here.viewer
    with house.database.looking() as transaction:
        period = periods.period(transaction, number)
        reads = rights.reads(transaction, viewer, period.area_id)
        whose = Whose() if reads else period_lines.own(transaction, viewer, period)
        if not reads and not period_lines.page(transaction, period, whose, most=1):
            raise NotPermitted("这个周期中没有您单位的案卷", "nothing in this period is your unit's", roles=[])
        out = {"in": False, "out": True}.get(show)
        lines = period_lines.page(transaction, period, whose, indicator=indicator, out=out, after=after)
        hidden = cohorts.confidential(transaction, {line.ticket_id for line in lines})
        objections = [
            one for one in periods.objections(transaction, number)
            if one.line.ticket_id not in hidden and (reads or getattr(one.line, whose.column) in (whose.codes or ()))
        ]  # fmt: skip
        head = cohorts.head_of(period)
        shown = rolls.read(
            head, _objecting(period, house.clock.now()), lines, objections, rights.owner(transaction, viewer, period)
        )
        context = {
            "supervises": rights.supervises(transaction, viewer, period.area_id),
            "counts": period_lines.counts(transaction, period, whose),
            "results": _results(transaction, period, reads, whose),
            "restatements": _restatements(transaction, period, head) if reads else [],
            "acts": periods.acts(transaction, number),
            "faults": findings(transaction, number) if reads and period.lines <= _WORKED_OUT else None,
        }  # fmt: skip
    more = lines[-1].number if len(lines) == periods.MOST else 0
    return page(
        request, "period.html", status=error.status if error else 200, here=here, period=period, reads=reads,
        head=head, formulas=head.formulas, shown=shown, objections=objections, indicator=indicator, show=show,
        more=more, error=error, scoring=scoring, rolls=rolls, grounds=rolls.GROUNDS, **context,
    )  # fmt: skip


def _results(transaction: Transaction, period: Period, reads: bool, whose: Whose) -> list[dict[str, object]]:
    """Each unit's result, the best first; of a draft as it would be now. A unit sees its own."""
    if period.results:
        text = period.results
    elif period.lines <= _WORKED_OUT:
        excluded = periods.excluded(transaction, period.id)
        text = roll.results(cohorts.head_of(period), periods.lines(transaction, period.id), excluded)
    else:
        return []
    found: list[dict[str, object]] = json.loads(text)[1]
    if not reads:
        found = [one for one in found if one["unit"] in (whose.codes or ())]
    return sorted(found, key=lambda one: (one["rank"] or 1 << 30, -int(str(one["points"] or 0)), str(one["unit"])))


def _objecting(period: Period, now: Instant) -> bool:
    return period.state is State.OBJECTING and period.window_until is not None and now < period.window_until


def _restatements(
    transaction: Transaction, period: Period, head: Head
) -> list[tuple[int, Instant, list[rolls.Moved], str]]:
    found = []
    for seq, at, text, digest in periods.restatements(transaction, period.id):
        told = json.loads(text)["differences"]
        hidden = cohorts.confidential(transaction, {one["ticket_id"] for one in told})
        found.append((seq, at, rolls.differences(head, told, hidden), digest))
    return found


def _mine(transaction: Transaction, viewer: Viewer) -> periods.Mine | None:
    """What a list of periods is limited to; None for whoever audits the whole installation."""
    if rights.audits(viewer):
        return None
    trees = cohorts.trees(transaction)
    held = cohorts.codes_of(transaction, "area", viewer.areas)
    units = cohorts.codes_of(transaction, "department", viewer.departments)
    supervised = {code for code, _ in _supervised(transaction, viewer)}
    return periods.Mine(
        areas=frozenset(code for code in trees.areas if supervised.intersection(trees.above(Of.AREA, code))),
        departments=frozenset(
            code for code in trees.departments if units.intersection(trees.above(Of.DEPARTMENT, code))
        ),
        places=frozenset(code for code in trees.areas if held.intersection(trees.above(Of.AREA, code))),
        login=viewer.login,
    )


def _concerns(transaction: Transaction, viewer: Viewer, period: Period) -> bool:
    return rights.reads(transaction, viewer, period.area_id) or period_lines.concerns(transaction, viewer, period)


def _supervised(transaction: Transaction, viewer: Viewer) -> list[tuple[str, str]]:
    """Code and name of the areas that somebody supervises."""
    trees = cohorts.trees(transaction)
    codes = cohorts.codes_of(
        transaction,
        "area",
        [one.area_id for one in viewer.posts if one.post == rights.SUPERVISOR and one.area_id is not None],
    )
    return [(code, trees.areas[code][0]) for code in sorted(codes)]


def _object(house: Application, here: Sitting, number: int, form: Posted) -> None:
    line, ground = form.number("line"), form.first("ground")
    if line is None or ground not in {one.value for one in Ground}:
        raise Malformed("请选择异议的理由", "choose the ground", place=Place(field="ground"))
    accounting.object_to(house.database, house.clock, number, line, here.viewer, Ground(ground), form.first("words"))


def _rule(house: Application, here: Sitting, number: int, form: Posted) -> None:
    objection, verdict = form.number("objection"), form.first("verdict")
    if objection is None or verdict not in {one.value for one in Judgement}:
        raise Malformed("请选择维持或剔除", "choose to keep it or to take it out", place=Place(field="verdict"))
    accounting.rule(house.door, number, objection, By(here.viewer), Judgement(verdict), form.first("words"))


def _unknown(house: Application, here: Sitting, number: int, form: Posted) -> None:
    raise Malformed("没有这种办理", "there is no such act")


_ACTS: dict[str, Callable[[Application, Sitting, int, Posted], object]] = {
    "open": lambda house, here, number, form: accounting.open_window(
        house.database, house.clock, number, By(here.viewer)
    ),
    "close": lambda house, here, number, form: accounting.close_window(
        house.database, house.clock, number, By(here.viewer)
    ),
    "finalise": lambda house, here, number, form: accounting.finalise(
        house.database, house.clock, number, By(here.viewer)
    ),
    "restate": lambda house, here, number, form: accounting.restate(
        house.database, house.clock, number, By(here.viewer)
    ),
    "object": _object,
    "rule": _rule,
}
