"""Uploads: a file first, then the form that names it."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Annotated

from fastapi import APIRouter, Depends, Request
from fastapi import Path as InPath
from fastapi.responses import FileResponse
from starlette.datastructures import UploadFile

from engine.errors import Malformed, NotFound, NotSignedIn, Place, TooLarge
from engine.records import uploads
from engine.records.uploads import Stored, UnknownFile
from web.api import shapes
from web.dependencies import House, Me
from web.problems import documented

router = APIRouter(prefix="/uploads", tags=["文件 / Uploads"])

_BODY = {
    "requestBody": {
        "required": True,
        "content": {
            "multipart/form-data": {
                "schema": {
                    "type": "object",
                    "required": ["file"],
                    "properties": {"file": {"type": "string", "format": "binary"}},
                }
            }
        },
    }
}

#: Shown by a browser, a stored file may run nothing.
HEADERS = {"Content-Security-Policy": "default-src 'none'; sandbox", "Cache-Control": "private, max-age=86400"}


async def _sent(request: Request, me: Me) -> AsyncIterator[UploadFile]:
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
        yield file


@router.post(
    "",
    operation_id="upload",
    summary="上传 / Upload",
    status_code=201,
    openapi_extra=_BODY,
    responses=documented(NotSignedIn, TooLarge, UnknownFile),
)
def upload(house: House, me: Me, file: Annotated[UploadFile, Depends(_sent)]) -> shapes.UploadOut:
    """Keep a picture (JPEG, PNG, WebP, GIF) or a PDF of at most 20 MB; forms name it by its `sha256`."""
    stored = uploads.store(house.database, house.settings.data, file.file, me.person_id, house.clock.now())
    return shapes.UploadOut(sha256=stored.sha256, media_type=stored.media_type, size=stored.size)


@router.get(
    "/{sha256}",
    operation_id="download",
    summary="下载 / Download",
    response_class=FileResponse,
    responses=documented(NotSignedIn, NotFound)
    | {200: {"description": "The file", "content": {"image/*": {}, "application/pdf": {}}}},
)
def download(house: House, me: Me, sha256: Annotated[str, InPath(pattern="^[0-9a-f]{64}$")]) -> FileResponse:
    """The file itself, for whoever sent it or may see a ticket that uses it."""
    with house.database.looking() as transaction:
        stored, path = uploads.look(transaction, house.settings.data, me, sha256)
    return served(stored, path)


def served(stored: Stored, path: Path) -> FileResponse:
    """Pictures are shown, documents are saved."""
    if stored.media_type.startswith("image/"):
        return FileResponse(path, media_type=stored.media_type, headers=HEADERS)
    name = f"{stored.sha256[:12]}.pdf"
    return FileResponse(path, media_type=stored.media_type, headers=HEADERS, filename=name)
