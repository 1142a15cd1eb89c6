"""Sandboxes for authors of workflow files: one ticket played through, with a clock that is moved by hand."""

from dataclasses import replace
from typing import Annotated

from fastapi import APIRouter, Path, Query, Request
from starlette.responses import Response

from engine.analysis.diagram import Language
from engine.application import Application
from engine.definitions.source import decode
from engine.errors import HuyingError, NotAllowedNow
from engine.records import activations
from engine.records.access import person_of_login, viewer_of
from engine.records.activations import source_of
from engine.records.sheet import Sheet
from engine.sandbox.cast import HERE
from engine.sandbox.clockwork import next_rung
from engine.sandbox.house import played
from engine.sandbox.play import Play, Step
from engine.stages.calls import Caller, Offer
from web import filing, forms, language, sandboxes
from web.dependencies import House
from web.forms import Typed, Widget
from web.pages.ticket import Named, parts_of
from web.pages.workflow_files import Number, Sha256
from web.pages.workflows import Word
from web.rendering import go, page
from web.sandbox_scene import drawing_for, fitted, has_place, member_of, scene, sheet_of, start_offers
from web.sandboxes import Change
from web.sessions import At, Form, Posted, Sitting
from web.telling import about

router = APIRouter(include_in_schema=False, prefix="/admin/workflows")

Name = Annotated[str, Path(pattern=r"^[0-9a-f]{32}$")]
Login = Annotated[str, Query(max_length=12, pattern=r"^(sb\.[0-9]{1,4})?$")]
CaseNo = Annotated[str, Query(max_length=40, pattern=r"^[0-9-]*$")]
Action = Annotated[str, Query(pattern=r"^[\w.-]{1,64}$")]
Seq = Annotated[int | None, Query(ge=1, le=2**31 - 1)]


@router.get("/sandboxes")
def listed(request: Request, house: House, here: At) -> Response:
    """One's own sandboxes."""
    filing.must_keep(here.viewer)
    return page(request, "sandboxes.html", here=here, mine=sandboxes.mine(house, here.viewer))


@router.post("/drafts/{sha256}/sandbox")
def of_draft(request: Request, house: House, here: At, form: Form, sha256: Sha256) -> Response:
    """Begin a sandbox of one's own draft."""
    filing.must_keep(here.viewer)
    text = decode(filing.read(house, here.viewer, sha256), file="draft.yaml")
    return go(request, _address(sandboxes.begin(house, here.viewer, text)))


@router.post("/loops/{key}/{version}/sandbox")
def of_version(request: Request, house: House, here: At, form: Form, key: Word, version: Number) -> Response:
    """Begin a sandbox of a stored version, in force or not."""
    filing.must_keep(here.viewer)
    with house.database.looking() as transaction:
        source = source_of(transaction, activations.loop(transaction, key).numbered(version).id)
    return go(request, _address(sandboxes.begin(house, here.viewer, source)))


@router.get("/sandboxes/{name}")
def show(request: Request, house: House, here: At, name: Name, who: Login = "", case_no: CaseNo = "") -> Response:
    """The sandbox as it stands, seen by one of the cast."""
    filing.must_keep(here.viewer)
    return _show(request, house, here, name, sandboxes.read(house, here.viewer, name), who, case_no)


@router.get("/sandboxes/{name}/act")
def empty(
    request: Request, house: House, here: At, name: Name, action: Action, who: Login = "", case_no: CaseNo = "",
    task: Seq = None, answered: Annotated[int | None, Query(alias="request", ge=1, le=2**31 - 1)] = None,
) -> Response:  # fmt: skip
    """The form of one act."""
    filing.must_keep(here.viewer)
    play = sandboxes.read(house, here.viewer, name)
    step = Step(who=who, action=action, case_no=case_no, task=task, request=answered)
    return _act(request, house, here, name, play, step, None, None)


@router.post("/sandboxes/{name}/act")
def do(request: Request, house: House, here: At, form: Form, name: Name) -> Response:
    """Do it, as one of the cast. What is refused comes back with everything that was typed, and is no step."""
    filing.must_keep(here.viewer)
    play, typed = sandboxes.read(house, here.viewer, name), Typed(values=form.fields)
    step = Step(
        who=form.first("who"), action=form.first("action"), case_no=form.first("case_no"),
        task=form.number("task"), request=form.number("request"),
    )  # fmt: skip
    try:
        sandboxes.must_be_as_seen(play, form.number("steps"))
        with played(play, house.settings) as inside:
            _, __, offer = _offered(inside, play, step)
        then = play.then(_filled(play, step, offer, typed))
        _keep(house, here, name, then)
    except HuyingError as error:
        return _act(request, house, here, name, play, step, typed, error)
    return go(request, f"{_address(name)}?case_no={step.case_no}")


@router.post("/sandboxes/{name}/clock")
def move(request: Request, house: House, here: At, form: Form, name: Name) -> Response:
    """Move the clock on; what comes on the way, comes."""
    filing.must_keep(here.viewer)
    play, who, case_no = sandboxes.read(house, here.viewer, name), form.first("who"), form.first("case_no")
    try:
        sandboxes.must_be_as_seen(play, form.number("steps"))
        with played(play, house.settings) as inside:
            coming = next_rung(inside)
        until = sandboxes.later(house, play, coming, form.first("by"), form.first("until"))
        _keep(house, here, name, play.then(Step(until=until)))
    except HuyingError as error:
        return _show(request, house, here, name, play, who, case_no, error)
    return go(request, f"{_address(name)}?who={who}&case_no={case_no}")


@router.post("/sandboxes/{name}/back")
def back(request: Request, house: House, here: At, form: Form, name: Name) -> Response:
    """Take the last step back."""
    return _changed(request, house, here, form, name, lambda play: play.back)


@router.post("/sandboxes/{name}/reset")
def reset(request: Request, house: House, here: At, form: Form, name: Name) -> Response:
    """Begin anew."""
    return _changed(request, house, here, form, name, lambda play: replace(play, steps=()))


@router.post("/sandboxes/{name}/drop")
def drop(request: Request, house: House, here: At, form: Form, name: Name) -> Response:
    """Keep it no longer."""
    filing.must_keep(here.viewer)
    sandboxes.drop(house, here.viewer, name)
    return go(request, "/admin/workflows/sandboxes")


def _changed(request: Request, house: Application, here: Sitting, form: Posted, name: str, change: Change) -> Response:
    filing.must_keep(here.viewer)
    play = sandboxes.read(house, here.viewer, name)
    try:
        sandboxes.must_be_as_seen(play, form.number("steps"))
        sandboxes.keep(house, here.viewer, name, change(play))
    except HuyingError as error:
        return _show(request, house, here, name, play, "", "", error)
    return go(request, _address(name))


def _keep(house: Application, here: Sitting, name: str, play: Play) -> None:
    """Do the newest step, and keep it only if it was not refused."""
    play.to_json()
    with played(play, house.settings):
        sandboxes.keep(house, here.viewer, name, play)


def _show(
    request: Request, house: Application, here: Sitting, name: str, play: Play, who: str, case_no: str,
    error: HuyingError | None = None,
) -> Response:  # fmt: skip
    spoken = Language.EN if language.chosen(request) == "en" else Language.ZH
    view = None
    try:
        with played(play, house.settings) as inside:
            view = scene(inside, play, _address(name), who, case_no, spoken)
    except HuyingError as failure:
        # A file that cannot go live even here, or steps that an older engine made: there is still a way back.
        error = error or failure
    return page(
        request, "sandbox.html", status=error.status if error else 200, here=here, name=name, play=play, scene=view,
        error=error, sandboxed=True,
    )  # fmt: skip


def _act(
    request: Request, house: Application, here: Sitting, name: str, play: Play, step: Step, typed: Typed | None,
    error: HuyingError | None,
) -> Response:  # fmt: skip
    offer: Offer | None = None
    groups: list[tuple[str, list[Widget]]] = []
    try:
        with played(play, house.settings) as inside:
            person_id, sheet, offer = _offered(inside, play, step)
            groups = _drawn(inside, play, person_id, sheet, offer, typed, error)
    except HuyingError as failure:
        error = error or failure
    return page(
        request, "sandbox_act.html", status=error.status if error else 200, here=here, name=name, play=play, step=step,
        who=member_of(play, step.who), offer=offer, groups=groups, error=error, sandboxed=True,
    )  # fmt: skip


def _offered(inside: Application, play: Play, step: Step) -> tuple[int, Sheet | None, Offer]:
    """Who acts, on which ticket, and the act as it is offered now. Errors: `NotFound`, `NotAllowedNow`."""
    person_id = person_of_login(inside.database, member_of(play, step.who).login)
    with inside.database.looking() as transaction:
        if not step.case_no:
            loop = inside.versions.active(transaction, sandboxes.key_of(play))
            viewer = viewer_of(transaction, person_id, inside.clock.now())
            offers, sheet = start_offers(loop, viewer), None
        else:
            sheet = sheet_of(inside, transaction, person_id, step.case_no)
            offers = inside.door.offers(transaction, sheet.sight.ticket_id, Caller(person_id=person_id))
    offer = Named(action=step.action, task=step.task, request=step.request).among(offers)
    if offer is None:
        raise NotAllowedNow("现在没有这一操作", "there is no such action now")
    return person_id, sheet, offer


def _drawn(
    inside: Application, play: Play, person_id: int, sheet: Sheet | None, offer: Offer, typed: Typed | None,
    error: HuyingError | None,
) -> list[tuple[str, list[Widget]]]:  # fmt: skip
    place = has_place(offer)
    filled = typed or Typed(values={place: [HERE]} if place else {})
    if sheet is not None:
        filled = forms.kept(offer.form, sheet.case.ticket.memory.kept, filled)
    with inside.database.looking() as transaction:
        drawing = replace(drawing_for(inside, transaction, person_id, sheet, offer), typed=filled, error=error)
        now = inside.clock.now()
        return [
            (
                about(sheet, int(prefix.split(".")[1])) if sheet is not None and prefix else "",
                fitted(transaction, drawing.widgets(items, prefix), play, now),
            )
            for prefix, items in parts_of(offer)
        ]


def _filled(play: Play, step: Step, offer: Offer, typed: Typed) -> Step:
    each = {str(seq): forms.read(items, typed, f"each.{seq}.") for seq, items in offer.each.items()}
    workflow = "" if step.case_no else sandboxes.key_of(play)
    return replace(step, workflow=workflow, form=forms.read(offer.form, typed), each=each)


def _address(name: str) -> str:
    return f"/admin/workflows/sandboxes/{name}"
