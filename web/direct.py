"""A short way through the framework for acts: half of what it costs to take one in was resolving four parameters.

The endpoint declares its parameters like every other, and its description is made of them. A request whose parameters
are as they should be is handed over without the framework resolving them; any other goes the framework's way, so that
what is refused is refused in the same order and words.
"""

from collections.abc import Callable, Coroutine
from functools import partial
from typing import Any, get_type_hints

from fastapi import Request
from fastapi.routing import APIRoute
from pydantic import BaseModel, ValidationError
from starlette.concurrency import run_in_threadpool
from starlette.responses import Response

from engine.errors import HuyingError
from web.addresses import address_of
from web.bodies import READ
from web.dependencies import case_number, idempotency_key
from web.guarding import Bearer

#: The parameters of an act; `case_no` too, if its path has one.
_TAKEN = {"house", "known", "token", "body", "key"}
_Handler = Callable[[Request], Coroutine[Any, Any, Response]]


class Direct(APIRoute):
    """A route that is short for an endpoint with just the parameters that an act has; like any other for the rest."""

    def get_route_handler(self) -> _Handler:
        """The short way, with the framework's behind it."""
        whole = super().get_route_handler()
        taken = get_type_hints(self.endpoint)
        if taken.keys() - {"return", "case_no"} != _TAKEN:
            return whole
        shape: type[BaseModel] = taken["body"]
        endpoint: Callable[..., Response] = self.endpoint

        async def handle(request: Request) -> Response:
            try:
                given = await _given(request, shape)
            except (HuyingError, ValidationError):
                given = None
            return await whole(request) if given is None else await run_in_threadpool(partial(endpoint, **given))

        return handle


async def _given(request: Request, shape: type[BaseModel]) -> dict[str, Any] | None:
    """The endpoint's parameters, or None where the framework has to look. Errors: so too."""
    headers = request.headers
    scheme, _, secret = headers.get("authorization", "").partition(" ")
    keys = headers.getlist("idempotency-key")
    if (
        scheme.lower() != "bearer"
        or not secret
        or secret != secret.strip()
        or len(keys) > 1
        or READ not in request.scope
    ):
        return None
    given: dict[str, Any] = {
        "house": request.app.state.house,
        "known": request.app.state.recall,
        "token": Bearer(secret, address_of(request)),
        "body": shape.model_validate(request.scope[READ]),
        "key": await idempotency_key(keys[0] if keys else None),
    }
    if "case_no" in request.path_params:
        given["case_no"] = await case_number(request.path_params["case_no"])
    return given
