"""Signing in and out: a login and a password, or in the demo district one click per member of the cast."""

from typing import Annotated
from urllib.parse import quote

from fastapi import APIRouter, Query, Request
from starlette.responses import RedirectResponse, Response

from engine.application import Application
from engine.errors import HuyingError, NotFound, NotSignedIn, TooOften
from engine.exchange.demo import cast
from engine.records import access
from web import guarding
from web.dependencies import House, Visit
from web.rendering import go, page
from web.sessions import (
    COOKIE,
    VISITOR,
    At,
    Form,
    VisitorForm,
    begin,
    give_cookie,
    take_cookie,
    token_of,
    visitor,
)

router = APIRouter(include_in_schema=False)


def safe(to: str) -> str:
    """An address of this site to go on to, whatever was asked for."""
    return to if to.startswith("/") and not to.startswith(("//", "/\\")) and "\n" not in to else "/"


def to_signin(path: str) -> str:
    """The sign-in page that leads back to a path."""
    return f"/signin?next={quote(path)}"


@router.get("/signin", dependencies=[Visit])
def signin(request: Request, house: House, to: Annotated[str, Query(alias="next", max_length=500)] = "/") -> Response:
    """Who are you?"""
    return _page(request, house, safe(to))


@router.post("/signin")
def enter(request: Request, house: House, form: VisitorForm) -> Response:
    """Come in with a password."""
    login, to = form.first("login").strip(), safe(form.first("next"))
    try:
        person_id = guarding.check(house, request, login, form.first("password"))
    except (NotSignedIn, TooOften) as error:
        return _page(request, house, to, login=login, error=error)
    return _opened(request, house, person_id, to)


@router.post("/signin/as")
def play(request: Request, house: House, form: VisitorForm) -> Response:
    """Come in as a member of the cast; only in the demo district."""
    login = form.first("login")
    if not house.settings.demo or login not in {member.login for member in cast()}:
        raise NotFound("没有这个地址", "there is nothing at this address")
    return _opened(request, house, access.person_of_login(house.database, login), safe(form.first("next")))


@router.post("/signout")
def leave(request: Request, house: House, here: At, form: Form) -> Response:
    """Go out; the session opens nothing any more."""
    access.revoke(house.database, here.secret, house.clock.now())
    response = go(request, "/signin")
    take_cookie(response, request, COOKIE)
    return response


def _page(
    request: Request, house: Application, to: str, *, login: str = "", error: HuyingError | None = None
) -> Response:
    secret = visitor(request)
    response = page(
        request,
        "signin.html",
        status=error.status if error else 200,
        cast=cast() if house.settings.demo else (),
        next=to,
        login=login,
        error=error,
        csrf=token_of(secret),
        here=None,
    )
    give_cookie(response, request, VISITOR, secret)
    return response


def _opened(request: Request, house: Application, person_id: int, to: str) -> Response:
    response = RedirectResponse(to, status_code=303)
    begin(response, request, house, person_id)
    take_cookie(response, request, VISITOR)
    return response
