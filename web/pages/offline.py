"""What phones need where there is no signal: a worker that keeps pages, the list of what waits, and how to install."""

from pathlib import Path

from fastapi import APIRouter, Request
from starlette.responses import FileResponse, JSONResponse, Response

from web.dependencies import House
from web.headers import worker_policy
from web.rendering import page
from web.sessions import At

router = APIRouter(include_in_schema=False)

_WORKER = Path(__file__).parents[1] / "static" / "sw.js"


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
