"""What phones need where there is no signal: a worker that keeps pages, the list of what waits, and how to install."""

import hashlib
import json
from pathlib import Path as FilePath
from typing import Annotated

from fastapi import APIRouter, Path, Request
from starlette.responses import FileResponse, JSONResponse, Response

from engine.errors import Malformed, Place
from engine.records import originals, registers
from web.dependencies import House
from web.headers import worker_policy
from web.rendering import page
from web.sessions import At, Form

router = APIRouter(include_in_schema=False)

_WORKER = FilePath(__file__).parents[1] / "static" / "sw.js"


@router.get("/sw.js")
def worker(house: House) -> Response:
    """The service worker: from the root, because a worker reaches only what lies below its address.

    It fetches what pages use, the pinned files of others among them, and nothing else.
    """
    headers = {"Cache-Control": "no-cache", "Content-Security-Policy": worker_policy(house.settings)}
    return FileResponse(_WORKER, media_type="text/javascript", headers=headers)


@router.get("/manifest.webmanifest")
def manifest() -> Response:
    """What a phone asks for to install the pages as an application."""
    return JSONResponse(
        {
            "name": "呼应 Huying",
            "short_name": "呼应",
            "lang": "zh-CN",
            "start_url": "/",
            "display": "standalone",
            "background_color": "#ffffff",
            "theme_color": "#1d4ed8",
            "icons": [{"src": "/static/icon.svg", "sizes": "any", "type": "image/svg+xml", "purpose": "any maskable"}],
        },
        media_type="application/manifest+json",
    )


@router.get("/csrf")
def token(here: At) -> Response:
    """Whose session it is, and the token for what was kept under an older one. Errors: `NotSignedIn`."""
    return JSONResponse({"login": here.viewer.login, "csrf": here.csrf})


@router.get("/unsent")
def unsent(request: Request, here: At) -> Response:
    """The list of what waits on this phone; only the phone knows it."""
    return page(request, "unsent.html", here=here)


@router.get("/originals")
def promised(house: House, here: At) -> Response:
    """Which originals this person has promised: what is still awaited, and what has come."""
    with house.database.looking() as transaction:
        known = originals.of_person(transaction, here.viewer).values()
    return JSONResponse(
        {
            "awaited": [one.original for one in known if not one.received],
            "received": [one.original for one in known if one.received],
        }
    )


@router.post("/originals/{sha256}")
def receive(house: House, here: At, sha256: Annotated[str, Path(pattern="^[0-9a-f]{64}$")], form: Form) -> Response:
    """An original that was promised, once however often it is sent. Errors: those of `originals.receive`."""
    file = next(iter(form.files.get("file", ())), None)
    if file is None:
        raise Malformed("缺少文件", "the file is missing", place=Place(field="file"))
    stored = originals.receive(
        house.database, house.store, file.file, here.viewer, sha256, house.clock.now(), file.filename or ""
    )
    return JSONResponse({"sha256": stored.sha256, "size": stored.size})


@router.get("/catalogue")
def catalogue(request: Request, house: House, here: At) -> Response:
    """The catalogue's items and standards as a phone keeps them; 304 if it has this very catalogue already."""
    with house.database.looking() as transaction:
        items = registers.whole_catalogue(transaction)
    listed = [
        [
            one.code, one.name, one.initials, one.class_name,
            [[each.code, each.filing_condition, each.limit] for each in one.standards],
        ]
        for one in items
    ]  # fmt: skip
    body = json.dumps({"items": listed}, ensure_ascii=False, separators=(",", ":")).encode()
    headers = {"ETag": f'"{hashlib.sha256(body).hexdigest()[:32]}"'}
    if request.headers.get("if-none-match") == headers["ETag"]:
        return Response(status_code=304, headers=headers)
    return Response(body, media_type="application/json", headers=headers)
