"""Headers that tell a browser what a page may do: nothing inline, nothing from elsewhere but the pinned files."""

import re
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
}
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
        self.app, self.policy, self.drawn = app, policy(settings), policy(settings, " 'unsafe-inline'")
        source = tile_source(settings)
        self.mapped = policy(settings, pictures=f" {source}") if source else self.policy

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return

        async def sending(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                secret = _OF_SECRET if scope["path"].startswith(_SECRET) else {}
                for name, value in {**_FIXED, **secret}.items():
                    headers.setdefault(name, value)
                headers.setdefault("Content-Security-Policy", self._policy(scope["path"]))
                if not scope["path"].startswith("/static/"):
                    headers.setdefault("Cache-Control", "private, no-store")
            await send(message)

        await self.app(scope, receive, sending)

    def _policy(self, path: str) -> str:
        if DRAWN.fullmatch(path):
            return self.drawn
        return self.mapped if path.startswith(_MAPPED) else self.policy


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
