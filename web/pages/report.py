"""A new report: which loop and which start, then the start's form."""

import secrets
from collections.abc import Iterator
from typing import Annotated

from fastapi import APIRouter, Path, Request
from starlette.responses import Response

from engine.application import Application
from engine.database import Transaction
from engine.definitions.model import Action, PersonScope, Workflow
from engine.errors import HuyingError, NotFound
from engine.records import phrases, registers
from engine.records.access import Viewer
from engine.stages.calls import Call, Caller
from web import forms
from web.dependencies import House
from web.forms import Drawing, Typed
from web.rendering import acted, page, wants_data
from web.sessions import At, Form, Posted, Sitting

router = APIRouter(include_in_schema=False)

Word = Annotated[str, Path(pattern=r"^[\w.-]{1,64}$")]


@router.get("/report")
def choose(request: Request, house: House, here: At) -> Response:
    """The starts that this person's posts allow."""
    with house.database.looking() as transaction:
        workflows = [house.versions.active(transaction, key) for key in registers.active_keys(transaction)]
    choices = [(workflow, starts) for workflow in workflows if (starts := list(starts_for(workflow, here.viewer)))]
    return page(request, "report.html", here=here, choices=choices)


@router.get("/report/{workflow}/{start}")
def empty(request: Request, house: House, here: At, workflow: Word, start: Word) -> Response:
    """The form of one start; what a proposal's link says is filled in, to be looked at."""
    return _form(request, house, here, workflow, start, forms.filled(request.query_params.multi_items()))


@router.post("/report/{workflow}/{start}")
def send(request: Request, house: House, here: At, workflow: Word, start: Word, form: Form) -> Response:
    """Report; the new ticket's page answers. What is refused comes back with everything that was typed."""
    with house.database.looking() as transaction:
        _, action = _start(house, transaction, workflow, start)
    typed = Typed(values=form.fields)
    if form.first("look"):
        return _form(request, house, here, workflow, start, forms.with_phrase(typed, form.first("look")))
    try:
        typed = forms.keep_files(house, here.viewer.person_id, action.form, form)
        outcome = house.door.act(_call(here, workflow, start, action, typed, form))
    except HuyingError as error:
        if wants_data(request):
            raise
        return _form(request, house, here, workflow, start, typed, error)
    return acted(request, outcome.case_no, f"/tickets/{outcome.case_no}?done={start}")


def _call(here: Sitting, workflow: str, start: str, action: Action, typed: Typed, form: Posted) -> Call:
    return Call(
        caller=Caller(person_id=here.viewer.person_id),
        workflow=workflow,
        action=start,
        form=forms.read(action.form, typed),
        key=form.first("key")[:64] or None,
        channel="web",
    )


def _form(
    request: Request,
    house: Application,
    here: Sitting,
    workflow: str,
    start: str,
    typed: Typed,
    error: HuyingError | None = None,
) -> Response:
    with house.database.looking() as transaction:
        definition, action = _start(house, transaction, workflow, start)
        drawing = Drawing(
            transaction=transaction,
            viewer=here.viewer,
            now=house.clock.now(),
            typed=typed,
            error=error,
            phrases=tuple(one.words for one in phrases.phrases(transaction, here.viewer)),
        )
        widgets = drawing.widgets(action.form)
    return page(
        request,
        "report_form.html",
        status=error.status if error else 200,
        here=here,
        workflow=definition,
        action=action,
        widgets=widgets,
        error=error,
        key=next(iter(typed.of("key")), "") or secrets.token_urlsafe(16),
    )


def _start(house: Application, transaction: Transaction, workflow: str, start: str) -> tuple[Workflow, Action]:
    definition = house.versions.active(transaction, workflow)
    action = definition.starts.get(start)
    if action is None:
        raise NotFound(f"流程中没有“{start}”这种上报", f"the workflow has no start '{start}'")
    return definition, action


def starts_for(workflow: Workflow, viewer: Viewer) -> Iterator[Action]:
    """Starts of a role by post that is held, or of a role that anyone becomes by reporting."""
    held = {post.post for post in viewer.posts}
    for start in workflow.starts.values():
        roles = [workflow.roles[name] for name in start.by_people()]
        if any(role.person is PersonScope.REPORTER or role.posts & held for role in roles):
            yield start
