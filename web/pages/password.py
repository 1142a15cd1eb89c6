"""One's own password: whoever was given a first one makes it theirs."""

from fastapi import APIRouter, Request
from starlette.responses import Response

from engine.application import Application
from engine.errors import HuyingError, Malformed, NotSignedIn, Place, TooOften
from engine.records import access
from web import guarding
from web.dependencies import House
from web.rendering import go, page
from web.sessions import At, Form, Sitting, begin

router = APIRouter(include_in_schema=False)


@router.get("/password")
def show(request: Request, here: At) -> Response:
    """The form."""
    return _page(request, here)


@router.post("/password")
def change(request: Request, house: House, here: At, form: Form) -> Response:
    """Another password, for whoever knows the present one; every other session and token ends."""
    login = here.viewer.login
    try:
        _check(house, request, login, form.first("present"))
        if form.first("new") != form.first("again"):
            raise Malformed(
                "两次输入的新密码不同", "the new password was typed in two ways", place=Place(field="again")
            )
        access.set_password(house.database, login, form.first("new"))
    except (Malformed, TooOften) as error:
        return _page(request, here, error)
    access.revoke_all(house.database, login, house.clock.now())
    response = go(request, "/posts?done=1")
    begin(response, request, house, here.viewer.person_id)
    return response


def _check(house: Application, request: Request, login: str, password: str) -> None:
    """Errors: `Malformed` for a wrong password (401 would ask to sign in), `TooOften` as signing in."""
    try:
        guarding.check(house, request, login, password)
    except NotSignedIn as failure:
        raise Malformed("当前密码不对", "the present password is wrong", place=Place(field="present")) from failure


def _page(request: Request, here: Sitting, error: HuyingError | None = None) -> Response:
    lengths = access.PASSWORD
    return page(
        request, "password.html", status=error.status if error else 200, here=here, error=error,
        shortest=lengths[0], longest=lengths[-1],
    )  # fmt: skip
