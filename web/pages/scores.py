"""Score sheets: who stands where and why, and what other weights would have done before they count."""

from typing import Annotated

from fastapi import APIRouter, Path, Query, Request
from starlette.responses import Response

from engine.application import Application
from engine.clock import Instant
from engine.database import Transaction
from engine.definitions import score_file, source
from engine.definitions.source import LARGEST
from engine.errors import HuyingError, Malformed, NotPermitted, Place
from engine.records import score_sheets, scores
from engine.records.access import Viewer
from engine.records.indicators import Asked
from engine.rules import cut_off
from engine.rules.roll import Formulas
from engine.stages.accounting_rights import supervises_all
from web import scoring
from web.dependencies import House
from web.figures import moment_of
from web.filing import keeps
from web.masking import watched
from web.rendering import go, page
from web.sessions import At, Form, Posted, Sitting

router = APIRouter(include_in_schema=False, prefix="/scores")

Name = Annotated[str, Path(min_length=1, max_length=60)]
Number = Annotated[int, Path(ge=1, lt=2**62)]
Label = Annotated[str, Query(max_length=10)]
Code = Annotated[str, Query(max_length=64)]

#: Who may change weights, besides looking on.
_CHANGE = ("supervisor", "system_admin")
#: Periods that are shown under other weights, and that can be chosen.
_SHOWN, _CHOSEN = 3, 12


@router.get("")
def sheets(request: Request, house: House, here: At) -> Response:
    """Every sheet in force. Errors: `NotPermitted` for whoever watches over nothing."""
    _looks(here.viewer)
    with house.database.looking() as transaction:
        known = score_sheets.in_force(transaction)
        changes = _changes(house, transaction, here.viewer)
    return page(request, "scores.html", here=here, sheets=known.values(), changes=changes, error=None, scoring=scoring)


@router.get("/{sheet}")
def ranking(request: Request, house: House, here: At, sheet: Name, period: Label = "", area: Code = "") -> Response:
    """The units of a sheet with grades and places, with and without exemptions. Errors: `NotPermitted`, `NotFound`."""
    units = _looks(here.viewer)
    with house.database.looking() as transaction:
        formulas = score_sheets.of(transaction, sheet)
        label, asked = _asked(house, formulas, period, area, units)
        found = scores.scored(transaction, formulas, asked)
        whole = scores.scored(transaction, formulas, asked, exempt=False)
        changes = _changes(house, transaction, here.viewer)
    return page(
        request, "score_sheet.html", here=here, formulas=formulas, found=found, whole=whole, asked=asked, label=label,
        labels=_labels(house, formulas), area=area, groups=scoring.groups(found),
        changes=changes, scoring=scoring,
    )  # fmt: skip


@router.get("/{sheet}/weights")
def weights(request: Request, house: House, here: At, sheet: Name) -> Response:
    """The weights, to be tried out, and every version that was stored. Errors: `NotPermitted`, `NotFound`."""
    _must_change(house, here.viewer)
    return _weights(request, house, here, sheet)


@router.post("/{sheet}/weights")
def reweigh(request: Request, house: House, here: At, form: Form, sheet: Name) -> Response:
    """Keep other weights as a version, and show what they would have done."""
    _must_change(house, here.viewer)
    try:
        number = _store(house, here, form, sheet)
    except HuyingError as error:
        return _weights(request, house, here, sheet, error)
    return go(request, f"/scores/{sheet}/versions/{number}")


@router.get("/{sheet}/versions/{number}")
def version(request: Request, house: House, here: At, sheet: Name, number: Number) -> Response:
    """What a version would have done to the last periods. Errors: `NotPermitted`, `NotFound`."""
    _must_change(house, here.viewer)
    return _version(request, house, here, sheet, number)


@router.post("/{sheet}/versions/{number}/activate")
def activate(request: Request, house: House, here: At, form: Form, sheet: Name, number: Number) -> Response:
    """Put a version in force."""
    _must_change(house, here.viewer)
    now, seen = house.clock.now(), form.first("seen")
    try:
        house.database.acting(
            lambda transaction: score_sheets.activate(transaction, number, seen, here.viewer.person_id, now)
        )
    except HuyingError as error:
        return _version(request, house, here, sheet, number, error)
    return go(request, f"/scores/{sheet}/weights")


@router.get("/{sheet}/{unit}")
def of_unit(
    request: Request, house: House, here: At, sheet: Name, unit: Name, period: Label = "", area: Code = ""
) -> Response:
    """One unit's sheet, line by line. Errors: `NotPermitted`, `NotFound`."""
    units = _looks(here.viewer)
    with house.database.looking() as transaction:
        formulas = score_sheets.of(transaction, sheet)
        label, asked = _asked(house, formulas, period, area, units)
        name, found = scores.of_unit(transaction, formulas, asked, unit)
        _, whole = scores.of_unit(transaction, formulas, asked, unit, exempt=False)
    return page(
        request, "score_unit.html", here=here, formulas=formulas, unit=unit, name=name, found=found, whole=whole,
        asked=asked, label=label, area=area, scoring=scoring,
    )  # fmt: skip


def _weights(
    request: Request, house: Application, here: Sitting, sheet: str, error: HuyingError | None = None
) -> Response:
    with house.database.looking() as transaction:
        formulas = score_sheets.of(transaction, sheet)
        versions = score_sheets.versions(transaction, sheet)
    return page(
        request, "score_weights.html", status=error.status if error else 200, here=here, formulas=formulas,
        versions=versions, error=error, scoring=scoring,
    )  # fmt: skip


def _store(house: Application, here: Sitting, form: Posted, sheet: str) -> int:
    """Other weights, or a whole file, as a version. Errors: `DefinitionError`, `Malformed` for an empty file."""
    upload = next(iter(form.files.get("file", ())), None)
    with house.database.looking() as transaction:
        formulas = score_sheets.of(transaction, sheet)
    if upload is not None:
        data = upload.file.read(LARGEST + 1)
        text = source.decode(data, file=f"{sheet}.yaml")
    else:
        wanted = {name: form.first(f"weight.{name}").strip() for name in formulas.sheet.parts}
        text = score_file.reweighted(formulas.sheet_text, formulas.sheet, wanted)
    known = score_file.loads(text, score_sheets.indicators(), file=f"{sheet}.yaml")
    if sheet not in known:
        raise Malformed(f"文件中没有考核表“{sheet}”", f"the file holds no sheet '{sheet}'", place=Place(field="file"))
    now = house.clock.now()
    return house.database.acting(
        lambda transaction: score_sheets.store(transaction, sheet, text, here.viewer.person_id, now)
    )


def _version(
    request: Request, house: Application, here: Sitting, sheet: str, number: int, error: HuyingError | None = None
) -> Response:
    units = _units(here.viewer)
    with house.database.looking() as transaction:
        running, found = score_sheets.of(transaction, sheet), score_sheets.version(transaction, number)
        tried = found.formulas
        compared = [
            (label, _compared(transaction, running, tried, _span(house, running, label, "", units)))
            for label in cut_off.ended(house.clock.now(), running.sheet.cut_off, _SHOWN)
        ]
    return page(
        request, "score_version.html", status=error.status if error else 200, here=here, running=running, tried=tried,
        stored=found, compared=compared, error=error, scoring=scoring,
    )  # fmt: skip


def _compared(transaction: Transaction, running: Formulas, tried: Formulas, asked: Asked) -> list[scoring.Changed]:
    before, after = (scores.scored(transaction, one, asked) for one in (running, tried))
    return scoring.compared(before, after)


def _asked(
    house: Application, formulas: Formulas, period: str, area: str, units: tuple[str, ...] | None
) -> tuple[str, Asked]:
    label = period or _labels(house, formulas)[0]
    return label, _span(house, formulas, label, area, units)


def _span(house: Application, formulas: Formulas, label: str, area: str, units: tuple[str, ...] | None) -> Asked:
    since, until = cut_off.span(label, formulas.sheet.cut_off)
    return Asked(since=since, until=until, as_of=moment_of(house), area=area, units=units)


def _labels(house: Application, formulas: Formulas) -> list[str]:
    """The running period and those before it."""
    now: Instant = house.clock.now()
    return [cut_off.label_at(now, formulas.sheet.cut_off), *cut_off.ended(now, formulas.sheet.cut_off, _CHOSEN)]


def _looks(viewer: Viewer) -> tuple[str, ...] | None:
    return watched(viewer)


def _units(viewer: Viewer) -> tuple[str, ...] | None:
    """Whose tickets are counted: a system administrator without another post sees the whole installation's numbers,
    in which no ticket can be told."""
    return watched(viewer) if any(held.post in ("supervisor", "audit_admin") for held in viewer.posts) else None


def _changes(house: Application, transaction: Transaction, viewer: Viewer) -> bool:
    """Supervisors and the system administrator, of the whole installation: one sheet ranks all of it."""
    return keeps(viewer) or supervises_all(transaction, viewer, house.clock.now())


def _must_change(house: Application, viewer: Viewer) -> None:
    with house.database.looking() as transaction:
        changes = _changes(house, transaction, viewer)
    if not changes:
        raise NotPermitted(
            "考核表全系统共用，只有分管全部区域的督查员和系统管理员可以改权重",
            "sheets are of the whole installation: only its supervisors and its system administrator change weights",
            action="score sheets", roles=list(_CHANGE),
        )  # fmt: skip
