"""The web application: routers, errors in one shape, bounded bodies, headers that browsers obey."""

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
from engine.errors import HuyingError
from engine.settings import Settings
from web import problems
from web.api import registers, tickets, uploads, workflows
from web.bodies import Guard
from web.headers import Headers

API = "/api"
_STATIC = Path(__file__).parent / "static"

_DESCRIPTION = """
块呼条应、多格合一：上报 → 受理研判 → 派遣 → 处置 → 核查评价。

Every operation passes the same door as the pages do. A refusal is a problem (`application/problem+json`, RFC 9457) with
a stable `code`, both languages and the place of the fault. A ticket that you may not see is not there (404). Moments are
ISO 8601. Text is kept in NFC; JSON with NaN, equal keys, or numbers past 64 bits is refused.
"""


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
    for module in (tickets, workflows, uploads, registers):
        app.include_router(module.router, prefix=API)
    app.mount("/static", StaticFiles(directory=_STATIC), name="static")
    for kind in (HuyingError, RequestValidationError, HTTPException, Exception):
        app.add_exception_handler(kind, _failed)
    app.add_middleware(Guard, answer=_refused)
    app.add_middleware(Headers, settings=settings)
    app.openapi = lambda: _openapi(app)  # type: ignore[method-assign]  # FastAPI's own way of changing it
    return app


def _failed(request: Request, failure: Exception) -> Response:
    error, headers = problems.translate(failure)
    return problems.response(error, headers)


def _refused(scope: Scope, error: HuyingError) -> ASGIApp:
    """The answer to a body that is never read."""
    return problems.response(error)


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
