"""The web application: routers, errors in one shape, bounded bodies, headers that browsers obey."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.openapi.utils import get_openapi
from fastapi.staticfiles import StaticFiles
from starlette.exceptions import HTTPException
from starlette.responses import Response
from starlette.types import ASGIApp, Scope

from engine.application import Application
from engine.clock import Clock
from engine.database import Database
from engine.errors import HuyingError, NotSignedIn
from engine.settings import Settings
from web import problems
from web.api import (
    admissions,
    appraisals,
    calendars,
    contacts,
    figures,
    inbox,
    meetings,
    people,
    proposals,
    registers,
    rows,
    task_links,
    tickets,
    uploads,
    workflows,
)
from web.bodies import Guard
from web.headers import Headers, add
from web.pages import (
    admin,
    admin_accounts,
    admin_tables,
    admin_templates,
    board,
    bulk,
    bulletins,
    by_link,
    desk,
    documents,
    finding,
    grids,
    home,
    languages,
    links,
    maps,
    messages,
    offline,
    passer_by,
    password,
    paths,
    periods,
    personal,
    phrases,
    posts,
    receipt,
    report,
    reports,
    rhythms,
    samples,
    sandboxes,
    scores,
    seals,
    sessions,
    shifts,
    signin,
    supervision,
    tasks,
    ticket,
)
from web.pages import admissions as admission_pages
from web.pages import appraisals as appraisal_pages
from web.pages import calendars as calendar_pages
from web.pages import contacts as contact_pages
from web.pages import figures as figure_pages
from web.pages import meetings as meeting_pages
from web.pages import proposals as proposal_pages
from web.pages import registers as register_pages
from web.pages import workflow_files as workflow_file_pages
from web.pages import workflow_rules as workflow_rule_pages
from web.pages import workflow_vacancies as workflow_vacancy_pages
from web.pages import workflows as workflow_pages
from web.pages.signin import to_signin
from web.recalling import Recall
from web.rendering import go, page, wants_data

API = "/api"
_STATIC = Path(__file__).parent / "static"

_DESCRIPTION = """
块呼条应、多格合一：上报 → 受理研判 → 派遣 → 处置 → 核查评价。

Every operation passes the same door as the pages do. A refusal is a problem (`application/problem+json`, RFC 9457) with
a stable `code`, both languages and the place of the fault. A ticket that you may not see is not there (404). Moments
are ISO 8601. Text is kept in NFC; JSON with NaN, equal keys, or numbers past 64 bits is refused.
"""

_APIS = (
    tickets,
    proposals,
    inbox,
    workflows,
    calendars,
    uploads,
    registers,
    rows,
    people,
    admissions,
    task_links,
    meetings,
    appraisals,
    contacts,
    figures,
)
_PAGES = (
    signin,
    languages,
    home,
    desk,
    tasks,
    maps,
    bulk,
    report,
    ticket,
    messages,
    offline,
    workflow_pages,
    workflow_file_pages,
    workflow_rule_pages,
    workflow_vacancy_pages,
    sandboxes,
    board,
    paths,
    rhythms,
    calendar_pages,
    register_pages,
    proposal_pages,
    meeting_pages,
    finding,
    phrases,
    shifts,
    posts,
    admission_pages,
    appraisal_pages,
    contact_pages,
    figure_pages,
    links,
    by_link,
    grids,
    passer_by,
    receipt,
    admin,
    admin_accounts,
    admin_tables,
    admin_templates,
    password,
    sessions,
    seals,
    scores,
    periods,
    personal,
    supervision,
    samples,
    reports,
    bulletins,
    documents,
)


def create_app(settings: Settings, database: Database, clock: Clock) -> FastAPI:
    """The application on one database. Whoever made the database closes it."""
    app = FastAPI(
        title="呼应 Huying",
        version="1",
        description=_DESCRIPTION,
        openapi_url=f"{API}/openapi.json",
        docs_url=None,
        redoc_url=None,
        redirect_slashes=False,
        separate_input_output_schemas=False,
    )
    app.state.house = Application(settings=settings, database=database, clock=clock)
    app.state.recall = Recall()
    for api in _APIS:
        app.include_router(api.router, prefix=API)
    for pages in _PAGES:
        app.include_router(pages.router)
    app.mount("/static", StaticFiles(directory=_STATIC), name="static")
    for kind in (HuyingError, RequestValidationError, HTTPException, Exception):
        app.add_exception_handler(kind, _failed)
    app.add_middleware(Guard, answer=_refused)
    app.add_middleware(Headers, settings=settings)
    app.openapi = lambda: _openapi(app)  # type: ignore[method-assign]  # FastAPI's own way of changing it
    return app


def _failed(request: Request, failure: Exception) -> Response:
    """A problem for programs; for people a page, or the way to sign in."""
    error, headers = problems.translate(failure)
    answer = _told(request, error, headers)
    if error.status >= 500:
        # What nobody expected is answered outside of everything that adds headers.
        house: Application = request.app.state.house
        add(answer.headers, request.scope, house.settings)
    return answer


def _told(request: Request, error: HuyingError, headers: Mapping[str, str]) -> Response:
    if request.url.path.startswith((f"{API}/", "/static/")) or wants_data(request):
        return problems.response(error, headers)
    if isinstance(error, NotSignedIn):
        return go(request, to_signin(request.url.path if request.method == "GET" else "/"))
    return page(request, "error.html", status=error.status, error=error, here=None)


def _refused(scope: Scope, error: HuyingError) -> ASGIApp:
    """The answer to a body that is never read."""
    if scope["path"].startswith(f"{API}/"):
        return problems.response(error)
    return page(Request(scope), "error.html", status=error.status, error=error, here=None)


def _openapi(app: FastAPI) -> dict[str, Any]:
    """The description of the API, with the one error shape in place of the framework's."""
    if app.openapi_schema is None:
        schema = get_openapi(title=app.title, version=app.version, description=app.description, routes=_api_routes(app))
        components = schema.setdefault("components", {}).setdefault("schemas", {})
        for unused in ("HTTPValidationError", "ValidationError"):
            components.pop(unused, None)
        problem = problems.Problem.model_json_schema(ref_template="#/components/schemas/{model}")
        components.update(problem.pop("$defs"))
        components["Problem"] = problem
        app.openapi_schema = schema
    return app.openapi_schema


def _api_routes(app: FastAPI) -> list[Any]:
    return [route for route in app.routes if getattr(route, "path", API).startswith(API)]
