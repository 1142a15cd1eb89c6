"""The switch between languages: a cookie, for whoever is signed in or not."""

from typing import Annotated, Literal

from fastapi import APIRouter, Query, Request
from starlette.responses import RedirectResponse, Response

from web import language
from web.pages.signin import safe

router = APIRouter(include_in_schema=False)

_YEAR = 365 * 24 * 3600


@router.get("/language")
def switch(
    request: Request, say: Literal["zh", "en", "both"] = "both", to: Annotated[str, Query(max_length=500)] = "/"
) -> Response:
    """Speak so from now on in this browser, and go back to where one was."""
    response = RedirectResponse(safe(to), status_code=303)
    response.set_cookie(
        language.COOKIE, say, max_age=_YEAR, samesite="lax", httponly=True, secure=request.url.scheme == "https"
    )
    return response
