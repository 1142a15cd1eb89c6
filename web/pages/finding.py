"""Searching while a form is filled, and the pictures that pages show."""

from typing import Annotated, Literal

from fastapi import APIRouter, Path, Query, Request
from starlette.responses import Response

from engine.errors import NotFound
from engine.records import uploads
from engine.records.thumbs import Size
from web.api.uploads import served, small
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
    """What the text in the search field finds, as choices of the form's field `name`.

    Errors: `NotFound` for people, for whoever holds no post: who works here is no business of the public's.
    """
    if register == "person" and not here.viewer.posts:
        raise NotFound("没有这个地址", "there is nothing at this address")
    text = request.query_params.get(f"find.{name}", "")[:100].replace("\0", "")
    with house.database.looking() as transaction:
        options = find(transaction, register, text, (), house.clock.now())
    return fragment(request, "found.html", name=name, many=bool(many), options=options, values=(), query=text)


@router.get("/uploads/{sha256}")
def picture(house: House, here: At, sha256: Annotated[str, Path(pattern="^[0-9a-f]{64}$")]) -> Response:
    """A picture or file, for whoever may see it."""
    with house.database.looking() as transaction:
        stored = uploads.look(transaction, here.viewer, sha256)
    return served(house, stored)


@router.get("/uploads/{sha256}/thumb")
def thumbnail(
    house: House,
    here: At,
    sha256: Annotated[str, Path(pattern="^[0-9a-f]{64}$")],
    ticket: Annotated[str, Query(max_length=64, pattern=r"^[\w-]*$")] = "",
    size: Literal["small", "large"] = "small",
) -> Response:
    """A picture as pages show it: smaller, and marked with time, place and case number."""
    return small(house, here.viewer, sha256, ticket, Size[size.upper()])
