"""Daily seals, for those who watch over the history, and their files for the second organisation."""

from typing import IO, Annotated

from fastapi import APIRouter, Path, Query, Request
from starlette.responses import Response

from engine.errors import NotPermitted
from engine.exchange import seal_file
from engine.records import seals
from engine.signing import key_id
from web.dependencies import House
from web.masking import WATCHERS, watched
from web.rendering import page
from web.sessions import At
from web.spooled import spooled

router = APIRouter(include_in_schema=False)


@router.get("/seals")
def listed(
    request: Request, house: House, here: At, before: Annotated[int | None, Query(ge=1, le=2**62)] = None
) -> Response:
    """The newest seals. Errors: `NotPermitted` for whoever watches over nothing."""
    everywhere = watched(here.viewer) is None
    with house.database.looking() as transaction:
        found = [one.statement for one in seals.newest(transaction, before)]
    more = found[-1].number if len(found) == seals.MOST else None
    lacking = not house.settings.seal_key_file.exists()
    return page(
        request, "seals.html", here=here, found=found, more=more, everywhere=everywhere, lacking=lacking, key_id=key_id
    )


@router.get("/seals/{number}/file")
def download(house: House, here: At, number: Annotated[int, Path(ge=1, le=2**62)]) -> Response:
    """The file of a seal. It names tickets of the whole installation, so it is for whoever audits all of it.

    Errors: `NotPermitted`, `NotFound`.
    """
    if watched(here.viewer) is not None:
        raise NotPermitted(action="seals", roles=sorted(WATCHERS))

    def write(file: IO[bytes]) -> None:
        with house.database.looking() as transaction:
            file.writelines(line.encode() for line in seal_file.lines(transaction, number))

    return spooled(write, name=f"seal-{number}.jsonl", media_type="application/x-ndjson")
