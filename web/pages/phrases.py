"""The phrases that somebody keeps at hand, and those shared in their units."""

from typing import Annotated

from fastapi import APIRouter, Query, Request
from starlette.responses import Response

from engine.errors import HuyingError
from engine.records import phrases
from web.dependencies import House
from web.rendering import go, page
from web.sessions import At, Form, Sitting

router = APIRouter(include_in_schema=False)


@router.get("/phrases")
def show(request: Request, house: House, here: At, done: Annotated[str, Query(max_length=1)] = "") -> Response:
    """All phrases that I have at hand, and a form for one more."""
    return _page(request, house, here, done=bool(done))


@router.post("/phrases")
def keep(request: Request, house: House, here: At, form: Form) -> Response:
    """One more phrase. What is refused comes back as it was typed."""
    unit, words = form.first("unit")[:64], form.first("words")
    try:
        house.database.acting(
            lambda transaction: phrases.keep(transaction, here.viewer, unit, words, house.clock.now())
        )
    except HuyingError as error:
        return _page(request, house, here, unit=unit, words=words[: phrases.LONGEST], error=error)
    return go(request, "/phrases?done=1")


@router.post("/phrases/remove")
def remove(request: Request, house: House, here: At, form: Form) -> Response:
    """One phrase fewer; one that somebody else removed a moment ago is gone as well."""
    number = form.number("phrase") or 0
    try:
        house.database.acting(lambda transaction: phrases.remove(transaction, here.viewer, number))
    except HuyingError as error:
        return _page(request, house, here, error=error)
    return go(request, "/phrases?done=1")


def _page(
    request: Request,
    house: House,
    here: Sitting,
    *,
    unit: str = "",
    words: str = "",
    done: bool = False,
    error: HuyingError | None = None,
) -> Response:
    with house.database.looking() as transaction:
        shelves = phrases.shelves(transaction, here.viewer)
        kept = phrases.phrases(transaction, here.viewer)
    return page(
        request,
        "phrases.html",
        status=error.status if error else 200,
        here=here,
        shelves=shelves,
        phrases=kept,
        longest=phrases.LONGEST,
        unit=unit,
        words=words,
        done=done,
        error=error,
    )
