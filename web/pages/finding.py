"""Searching while a form is filled, and the pictures that pages show."""

from typing import Annotated, Literal

from fastapi import APIRouter, Path, Query, Request
from fastapi.responses import FileResponse
from starlette.responses import Response

from engine.records import uploads
from web.api.uploads import served
from web.dependencies import House
from web.forms import find
from web.rendering import fragment
from web.sessions import At

router = APIRouter(include_in_schema=False)

Name = Annotated[str, Query(max_length=100, pattern=r"^[\w.]*$")]


@router.get("/find/{register}")
def search(
    request: Request,
    house: House,
    here: At,
    register: Literal["item", "area", "person"],
    name: Name,
    many: Name = "",
) -> Response:
    """What the text in the search field finds, as choices of the form's field `name`."""
    text = request.query_params.get(f"find.{name}", "")[:100].replace("\0", "")
    with house.database.looking() as transaction:
        options = find(transaction, register, text, (), house.clock.now())
    return fragment(request, "found.html", name=name, many=bool(many), options=options, values=(), query=text)


@router.get("/uploads/{sha256}")
def picture(house: House, here: At, sha256: Annotated[str, Path(pattern="^[0-9a-f]{64}$")]) -> FileResponse:
    """A picture or file, for whoever may see it."""
    with house.database.looking() as transaction:
        stored, path = uploads.look(transaction, house.settings.data, here.viewer, sha256)
    return served(stored, path)
