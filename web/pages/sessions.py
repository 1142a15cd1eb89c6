"""My sessions: where I am signed in, which programs have a token of mine, and how to end any of it."""

from typing import Annotated

from fastapi import APIRouter, Query, Request
from starlette.responses import Response

from engine.clock import MINUTE
from engine.records import sessions
from web.dependencies import House
from web.rendering import go, page
from web.sessions import At, Form

router = APIRouter(prefix="/sessions", include_in_schema=False)

#: What the button for all others sends in place of a name.
OTHERS = "others"


@router.get("")
def show(request: Request, house: House, here: At, done: Annotated[str, Query(max_length=1)] = "") -> Response:
    """Everything of mine that opens something now."""
    with house.database.looking() as transaction:
        found = sessions.open_keys(
            transaction, here.viewer.person_id, house.clock.now(), house.settings.idle * MINUTE
        )  # fmt: skip
    return page(
        request, "sessions.html", here=here, mine=sessions.name_of(here.secret), done=bool(done), others=OTHERS,
        browsers=[one for one in found if one.session], programs=[one for one in found if not one.session],
    )  # fmt: skip


@router.post("/end")
def end(request: Request, house: House, here: At, form: Form) -> Response:
    """End one of them, or every other session. Errors: `NotFound`."""
    name, now, me = form.first("session"), house.clock.now(), here.viewer.person_id
    if name == OTHERS:
        sessions.end_others(house.database, me, here.secret, now)
    else:
        sessions.end(house.database, me, name, now)
    return go(request, "/sessions?done=1")
