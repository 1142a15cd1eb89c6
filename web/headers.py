"""Headers that tell a browser what a page may do: nothing inline, nothing from elsewhere but the pinned files."""

import re

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
DRAWN = re.compile(r"/workflows/.*|/admin/workflows/(?:drafts/[0-9a-f]{64}|loops/[^/]+/[0-9]+)")


class Headers:
    """Adds the headers that an answer doesn't set itself."""

    def __init__(self, app: ASGIApp, settings: Settings) -> None:
        self.app, self.policy, self.drawn = app, policy(settings), policy(settings, " 'unsafe-inline'")

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
                drawn = DRAWN.fullmatch(scope["path"]) is not None
                headers.setdefault("Content-Security-Policy", self.drawn if drawn else self.policy)
                if not scope["path"].startswith("/static/"):
                    headers.setdefault("Cache-Control", "private, no-store")
            await send(message)

        await self.app(scope, receive, sending)


def worker_policy(settings: Settings) -> str:
    """The content security policy of the service worker: it fetches from this site, and the pinned files."""
    others = "" if settings.assets == "local" else "".join(f" {assets.CDN}{asset.address}" for asset in assets.ALL)
    return f"default-src 'none'; script-src 'self'; connect-src 'self'{others}"


def policy(settings: Settings, styles: str = "") -> str:
    """The content security policy of a page; `styles` is added to what may set styles."""
    listed = {asset.path.rpartition(".")[2]: "" for asset in assets.ALL}
    if settings.assets != "local":
        for asset in assets.ALL:
            listed[asset.path.rpartition(".")[2]] += f" {assets.CDN}{asset.address}"
    return "; ".join(
        (
            "default-src 'none'",
            f"script-src 'self'{listed['js']}",
            f"style-src 'self'{listed['css']}{styles}",
            "img-src 'self' data: blob:",
            "connect-src 'self'",
            "font-src 'self'",
            "manifest-src 'self'",
            "form-action 'self'",
            "base-uri 'none'",
            "frame-ancestors 'none'",
        )
    )
