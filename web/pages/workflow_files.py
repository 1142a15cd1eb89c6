"""Workflow files for administrators: what is in force, drafts examined and compared, and what goes live."""

from typing import Annotated

from fastapi import APIRouter, Path, Query, Request
from starlette.responses import Response

from engine.analysis.diagram import Language, mermaid
from engine.application import Application
from engine.database import Transaction
from engine.definitions.loader import loads
from engine.definitions.machine import BEFORE
from engine.definitions.model import Workflow
from engine.definitions.source import decode
from engine.errors import HuyingError, NotFound
from engine.records import activations
from engine.records.activations import Loop
from engine.records.vacancies import digest, must_be_acknowledged, vacancies
from engine.records.versions import By
from engine.records.workflows import Via
from engine.stages import going_live
from web import examining, filing, language
from web.dependencies import House
from web.examining import Examined, Unsound
from web.pages.workflows import Kind, Word
from web.rendering import go, page
from web.sessions import At, Form, Posted, Sitting

router = APIRouter(include_in_schema=False, prefix="/admin/workflows")

Sha256 = Annotated[str, Path(pattern=r"^[0-9a-f]{64}$")]
Number = Annotated[int, Path(ge=1, lt=10_000_000)]
#: The number of a version in a query; 0 for the one in force.
Chosen = Annotated[int, Query(ge=0, lt=10_000_000)]
Finding = Annotated[int, Query(ge=0, le=1000)]


@router.get("")
def files(request: Request, house: House, here: At) -> Response:
    """Every workflow with the version in force, and one's own drafts."""
    filing.must_read(here.viewer)
    return _files(request, house, here)


@router.post("")
def upload(request: Request, house: House, here: At, form: Form) -> Response:
    """Keep a file as a draft, and show what is to be said of it."""
    filing.must_keep(here.viewer)
    try:
        sha256 = filing.keep(house, here.viewer, next(iter(form.files.get("file", ())), None))
    except HuyingError as error:
        return _files(request, house, here, error)
    return go(request, f"/admin/workflows/drafts/{sha256}")


def _files(request: Request, house: Application, here: Sitting, error: HuyingError | None = None) -> Response:
    with house.database.looking() as transaction:
        loops = activations.loops(transaction)
    keeps = filing.keeps(here.viewer)
    return page(
        request, "workflow_files.html", status=error.status if error else 200, here=here, loops=loops, keeps=keeps,
        drafts=filing.drafts(house, here.viewer) if keeps else [], error=error,
    )  # fmt: skip


@router.get("/drafts/{sha256}")
def draft(request: Request, house: House, here: At, sha256: Sha256, task: Kind = "", trace: Finding = 0) -> Response:
    """One's own draft: what is wrong with it, its diagram, and what it changes."""
    filing.must_keep(here.viewer)
    return _draft(request, house, here, sha256, task=task, trace=trace)


@router.post("/drafts/{sha256}/activate")
def activate_draft(request: Request, house: House, here: At, form: Form, sha256: Sha256) -> Response:
    """Start new tickets on one's own draft."""
    filing.must_keep(here.viewer)
    data = filing.read(house, here.viewer, sha256)
    try:
        definition = loads(decode(data, file="draft.yaml"), file="draft.yaml")
        _activate(house, here, form, definition)
    except HuyingError as error:
        return _draft(request, house, here, sha256, error=error)
    return go(request, f"/admin/workflows/loops/{definition.key}?done={definition.version}")


@router.post("/drafts/{sha256}/drop")
def drop_draft(request: Request, house: House, here: At, form: Form, sha256: Sha256) -> Response:
    """Keep one's own draft no longer."""
    filing.must_keep(here.viewer)
    filing.drop(house, here.viewer, sha256)
    return go(request, "/admin/workflows")


def _draft(
    request: Request, house: Application, here: Sitting, sha256: str, *, task: str = "", trace: int = 0,
    error: HuyingError | None = None,
) -> Response:  # fmt: skip
    data = filing.read(house, here.viewer, sha256)
    with house.database.looking() as transaction:
        examined = examining.examine(house, transaction, data)
        loop = _loop(transaction, examined.definition.key) if examined.definition else None
        running = examining.running_of(house, transaction, loop)
        definition = examined.definition
        vacant = vacancies(transaction, definition, house.clock.now()) if definition else ()
    shown = _chosen(examined, task, trace)
    task = (shown.finding.kind or "") if shown else task
    return page(
        request, "workflow_draft.html", status=error.status if error else 200, here=here, sha256=sha256,
        running=running[0] if running else None, examined=examined, one=definition, error=error, task=task, shown=shown,
        vacant=vacant, vacancy_digest=digest(vacant),
        diagram=_diagram(request, definition, task, shown) if definition else "",
        compared=examining.against(running[1] if running else None, definition) if definition else None,
    )  # fmt: skip


@router.get("/loops/{key}")
def loop(request: Request, house: House, here: At, key: Word, done: Chosen = 0) -> Response:
    """The versions of a workflow, what still runs on them, and every time that one was put in force."""
    filing.must_read(here.viewer)
    with house.database.looking() as transaction:
        found = activations.loop(transaction, key)
    return page(request, "workflow_loop.html", here=here, lineage=found, done=done)


@router.get("/loops/{key}/compare")
def compare(request: Request, house: House, here: At, key: Word, before: Chosen = 0, after: Chosen = 0) -> Response:
    """What one version changes of another."""
    filing.must_read(here.viewer)
    with house.database.looking() as transaction:
        found = activations.loop(transaction, key)
        now = found.running.version if found.running else found.versions[0].version
        chosen = [found.numbered(number or now) for number in (before, after)]
        old, new = (house.versions.definition(transaction, one.id) for one in chosen)
    return page(
        request, "workflow_compare.html", here=here, lineage=found, before=chosen[0], after=chosen[1],
        compared=examining.against(old, new),
    )  # fmt: skip


@router.get("/loops/{key}/{version}")
def version(request: Request, house: House, here: At, key: Word, version: Number, task: Kind = "") -> Response:
    """One version: its diagram and its text."""
    filing.must_read(here.viewer)
    return _version(request, house, here, key, version, task=task)


@router.post("/loops/{key}/{version}/activate")
def activate_version(request: Request, house: House, here: At, form: Form, key: Word, version: Number) -> Response:
    """Go back to a version that is stored."""
    filing.must_keep(here.viewer)
    with house.database.looking() as transaction:
        stored = activations.loop(transaction, key).numbered(version)
        definition = house.versions.definition(transaction, stored.id)
    try:
        _activate(house, here, form, definition)
    except HuyingError as error:
        return _version(request, house, here, key, version, error=error)
    return go(request, f"/admin/workflows/loops/{key}?done={version}")


def _version(
    request: Request, house: Application, here: Sitting, key: str, number: int, *, task: str = "",
    error: HuyingError | None = None,
) -> Response:  # fmt: skip
    with house.database.looking() as transaction:
        found = activations.loop(transaction, key)
        stored = found.numbered(number)
        definition = house.versions.definition(transaction, stored.id)
        vacant = vacancies(transaction, definition, house.clock.now())
    return page(
        request, "workflow_version.html", status=error.status if error else 200, here=here, lineage=found,
        stored=stored, one=definition, task=task, diagram=_diagram(request, definition, task),
        keeps=filing.keeps(here.viewer), error=error, vacant=vacant, vacancy_digest=digest(vacant),
    )  # fmt: skip


def _activate(house: Application, here: Sitting, form: Posted, definition: Workflow) -> None:
    by = By(person_id=here.viewer.person_id, via=Via.PAGE)
    now = house.clock.now()
    with house.database.looking() as transaction:
        if activations.in_force(transaction).get(definition.key, (0, ""))[1] != definition.sha256:
            must_be_acknowledged(transaction, definition, now, form.first("acknowledged"))
    going_live.activate(house.database, house.versions, [definition], now, by, seen=form.first("seen"))


def _chosen(examined: Examined, task: str, trace: int) -> Unsound | None:
    """The finding whose way is drawn: the one asked for, else the first of the diagram that is shown."""
    if trace:
        return next(iter(examined.unsound[trace - 1 :]), None)
    return next((one for one in examined.unsound if (one.finding.kind or "") == task), None)


def _loop(transaction: Transaction, key: str) -> Loop | None:
    try:
        return activations.loop(transaction, key)
    except NotFound:
        return None


def _diagram(request: Request, definition: Workflow, task: str, shown: Unsound | None = None) -> str:
    """The diagram of the ticket or of a kind of task, with the way to what was found marked."""
    if task and task not in definition.tasks:
        raise NotFound(f"没有任务种类“{task}”", f"there is no kind of task '{task}'")
    steps = shown.finding.trace if shown else ()
    states = {name for step in steps for name in (step.source, step.target)} - {BEFORE}
    return mermaid(
        definition,
        task or None,
        language=Language.EN if language.chosen(request) == "en" else Language.ZH,
        here={shown.finding.state} - {BEFORE} if shown else (),
        visited=states - ({shown.finding.state} if shown else set()),
    )
