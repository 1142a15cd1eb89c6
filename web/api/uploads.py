"""Uploads: a file first, then the form that names it."""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Annotated, Literal

from fastapi import APIRouter, Depends, Query, Request
from fastapi import Path as InPath
from fastapi.responses import FileResponse, StreamingResponse
from starlette.datastructures import UploadFile

from engine.application import Application
from engine.errors import Malformed, NoRoom, NotFound, NotSignedIn, Place, TooLarge
from engine.records import marks, uploads
from engine.records.access import Viewer
from engine.records.capture import Capture, of_page
from engine.records.marks import Marked
from engine.records.pictures import ending_of
from engine.records.thumbs import Size, thumb
from engine.records.uploads import Stored, UnknownFile
from engine.store import StoreUnreachable
from web.api import shapes
from web.dependencies import House, Me
from web.problems import documented

router = APIRouter(prefix="/uploads", tags=["文件 / Uploads"])

_TEXT = {"type": "string"}
_BODY = {
    "requestBody": {
        "required": True,
        "content": {
            "multipart/form-data": {
                "schema": {
                    "type": "object",
                    "required": ["file"],
                    "properties": {
                        "file": {"type": "string", "format": "binary"},
                        "taken_at": {**_TEXT, "format": "date-time", "description": "When it was taken, with its zone"},
                        "lon": {**_TEXT, "description": "Degrees, WGS-84, where it was taken"},
                        "lat": {**_TEXT, "description": "Degrees, WGS-84"},
                        "accuracy_m": {**_TEXT, "description": "Metres"},
                    },
                }
            }
        },
    }
}

#: Shown by a browser, a stored file may run nothing.
HEADERS = {
    "Content-Security-Policy": "default-src 'none'; sandbox; base-uri 'none'; form-action 'none'; "
    "frame-ancestors 'none'",
    "Cache-Control": "private, max-age=86400",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Sent:
    """A file and what came with it."""

    file: UploadFile
    capture: Capture


async def _sent(request: Request, me: Me) -> AsyncIterator[Sent]:
    """The file in the form; read only after its sender is known."""
    kind = request.headers.get("content-type", "")
    if not kind.lower().startswith("multipart/form-data"):
        raise Malformed(
            "请以 multipart/form-data 上传", "send the file as multipart/form-data", place=Place(field="file")
        )
    async with request.form(max_files=1, max_fields=5) as form:
        file = form.get("file")
        if not isinstance(file, UploadFile):
            raise Malformed("缺少文件", "the file is missing", place=Place(field="file"))
        yield Sent(file=file, capture=of_page(form))


@router.post(
    "",
    operation_id="upload",
    summary="上传 / Upload",
    status_code=201,
    openapi_extra=_BODY,
    responses=documented(NotSignedIn, TooLarge, UnknownFile, StoreUnreachable, NoRoom),
)
def upload(house: House, me: Me, sent: Annotated[Sent, Depends(_sent)]) -> shapes.UploadOut:
    """Keep a picture (JPEG, PNG, WebP, GIF, HEIC), a PDF or an office file of at most 20 MB; forms name it by `sha256`.

    Where the picture itself does not say when and where it was taken, `taken_at`, `lon`, `lat` and `accuracy_m` may.
    """
    stored = uploads.store(
        house.database,
        house.store,
        sent.file.file,
        me.person_id,
        house.clock.now(),
        name=sent.file.filename or "",
        page=sent.capture,
    )
    return shapes.UploadOut(sha256=stored.sha256, media_type=stored.media_type, size=stored.size)


@router.get(
    "/{sha256}",
    operation_id="download",
    summary="下载 / Download",
    response_class=StreamingResponse,
    responses=documented(NotSignedIn, NotFound, StoreUnreachable)
    | {200: {"description": "The file", "content": {"image/*": {}, "application/pdf": {}}}},
)
def download(house: House, me: Me, sha256: Annotated[str, InPath(pattern="^[0-9a-f]{64}$")]) -> StreamingResponse:
    """The file itself, for whoever sent it or may see a ticket that uses it."""
    with house.database.looking() as transaction:
        stored = uploads.look(transaction, me, sha256)
    return served(house, stored)


@router.get(
    "/{sha256}/thumb",
    operation_id="thumbnail",
    summary="缩略图 / Thumbnail",
    response_class=FileResponse,
    responses=documented(NotSignedIn, NotFound, StoreUnreachable)
    | {200: {"description": "The picture, smaller and marked", "content": {"image/jpeg": {}}}},
)
def thumbnail(
    house: House,
    me: Me,
    sha256: Annotated[str, InPath(pattern="^[0-9a-f]{64}$")],
    ticket: Annotated[str, Query(max_length=64, pattern=r"^[\w-]*$")] = "",
    size: Literal["small", "large"] = "small",
) -> FileResponse:
    """A picture of a ticket, marked with time, place and case number, for whoever may see the ticket.

    Without `ticket`: a picture that you sent yourself.
    """
    return small(house, me, sha256, ticket, Size[size.upper()])


def small(house: Application, viewer: Viewer, sha256: str, ticket: str, size: Size) -> FileResponse:
    """The thumbnail, made if need be. Errors: `NotFound`, `StoreUnreachable`."""
    with house.database.looking() as transaction:
        marked = (
            marks.of_ticket(transaction, viewer, sha256, ticket)
            if ticket
            else marks.of_sender(transaction, viewer, sha256)
        )
    return drawn(house, marked, size)


def drawn(house: Application, marked: Marked, size: Size) -> FileResponse:
    """The thumbnail of a picture that may be seen. Errors: `NotFound`, `StoreUnreachable`."""
    try:
        key = uploads.key_of(marked.stored.sha256)
        path = thumb(house.settings.data, house.store, key, size, marked.lines, house.settings.font)
    except FileNotFoundError:
        raise uploads.no_such_file() from None
    return FileResponse(path, media_type="image/jpeg", headers=HEADERS)


def served(house: Application, stored: Stored) -> StreamingResponse:
    """Pictures are shown, documents are saved."""
    headers = {**HEADERS, "Content-Length": str(stored.size)}
    if not stored.media_type.startswith("image/"):
        name = f"{stored.sha256[:12]}.{ending_of(stored.media_type)}"
        headers["Content-Disposition"] = f'attachment; filename="{name}"'
    return StreamingResponse(uploads.pieces(house.store, stored), media_type=stored.media_type, headers=headers)
