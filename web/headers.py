"""Headers that tell a browser what a page may do: nothing inline, nothing from elsewhere but the pinned files."""

import re
from functools import cache
from urllib.parse import urlsplit

from starlette.datastructures import MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from engine.settings import Settings
from web import assets

_FIXED = {
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    # Reports take photos and say where they were taken; nothing else of a phone is asked for.
    "Permissions-Policy": "camera=(self), geolocation=(self), microphone=(), payment=(), usb=(), serial=(), "
    "display-capture=()",
}
#: By https only: a browser asks this host by nothing else for a year.
_BY_HTTPS = {"Strict-Transport-Security": "max-age=31536000"}
#: Pages whose address is a secret: it goes to no other site, and no list of pages names them.
_SECRET = ("/t/", "/r/")
_OF_SECRET = {"Referrer-Policy": "no-referrer", "X-Robots-Tag": "noindex, nofollow"}
#: The pages whose drawing sets styles as it goes.
DRAWN = re.compile(r"/workflows/.*|/paths/.*|/board/flow|/admin/workflows/(?:drafts/[0-9a-f]{64}|loops/[^/]+/[0-9]+)")
#: Pages with a map: the only ones that may ask the server of tiles, if an installation has one.
_MAPPED = ("/map", "/tasks", "/tickets/", "/board")


class Headers:
    """Adds the headers that an answer doesn't set itself."""

    def __init__(self, app: ASGIApp, settings: Settings) -> None:
        self.app, self.settings = app, settings

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return

        async def sending(message: Message) -> None:
            if message["type"] == "http.response.start":
                add(MutableHeaders(scope=message), scope, self.settings)
            await send(message)

        await self.app(scope, receive, sending)


def add(headers: MutableHeaders, scope: Scope, settings: Settings) -> None:
    """Add to an answer's headers what it doesn't set itself."""
    path = scope["path"]
    secret = _OF_SECRET if path.startswith(_SECRET) else {}
    safe = _BY_HTTPS if scope.get("scheme") == "https" else {}
    for name, value in {**_FIXED, **secret, **safe}.items():
        headers.setdefault(name, value)
    headers.setdefault("Content-Security-Policy", _policy_of(path, settings))
    if not path.startswith("/static/"):
        headers.setdefault("Cache-Control", "private, no-store")


def _policy_of(path: str, settings: Settings) -> str:
    if DRAWN.fullmatch(path):
        return policy(settings, " 'unsafe-inline'")
    source = tile_source(settings) if path.startswith(_MAPPED) else ""
    return policy(settings, pictures=f" {source}") if source else policy(settings)


def worker_policy(settings: Settings) -> str:
    """The content security policy of the service worker: it fetches from this site, and the pinned files."""
    others = "" if settings.assets == "local" else "".join(f" {assets.CDN}{asset.address}" for asset in assets.ALL)
    return f"default-src 'none'; script-src 'self'; connect-src 'self'{others}"


def tile_source(settings: Settings) -> str:
    """The origin of the tiles as a policy names it; "" without tiles."""
    if not settings.tiles:
        return ""
    parts = urlsplit(settings.tiles)
    return f"{parts.scheme}://{parts.netloc.replace('{s}', '*')}"


@cache
def policy(settings: Settings, styles: str = "", pictures: str = "") -> str:
    """The content security policy of a page; `styles` and `pictures` are added to where these may come from."""
    listed = {asset.path.rpartition(".")[2]: "" for asset in assets.ALL}
    if settings.assets != "local":
        for asset in assets.ALL:
            listed[asset.path.rpartition(".")[2]] += f" {assets.CDN}{asset.address}"
    return "; ".join(
        (
            "default-src 'none'",
            f"script-src 'self'{listed['js']}",
            f"style-src 'self'{listed['css']}{styles}",
            f"img-src 'self' data: blob:{pictures}",
            "connect-src 'self'",
            "font-src 'self'",
            "manifest-src 'self'",
            "form-action 'self'",
            "base-uri 'none'",
            "frame-ancestors 'none'",
        )
    )
