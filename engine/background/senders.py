"""Senders: by which way a text leaves the house. The one that sends nothing is the default: the inbox is all there is.

An address of apprise holds keys, and the libraries that use it speak of addresses in logs and errors. So nothing they
say is let through: what went wrong is told in words of our own.
"""

import logging
import re
import threading
from dataclasses import dataclass
from typing import Protocol

from apprise import Apprise, AppriseAsset
from apprise.common import NotifyFormat, PersistentStoreMode
from apprise.plugins.base import NotifyBase

from engine.errors import Malformed, Place
from engine.settings import Settings

#: What apprise is built on, and whose log lines may hold addresses.
_TALKATIVE = ("urllib3", "requests")
_STATUS = re.compile(r"error=([1-5][0-9]{2})\b")


@dataclass(frozen=True, slots=True, kw_only=True)
class Text:
    """What is sent: plain text, in which nothing is markup for anybody."""

    title: str
    body: str


class NotSent(Exception):
    """没有送达 / It was not taken"""

    def __init__(self, zh: str, en: str) -> None:
        super().__init__(f"{zh} / {en}")


class Sender(Protocol):
    """Something that can send a text to an address."""

    #: Whether anything leaves the house.
    sends: bool

    def send(self, url: str, text: Text) -> None:
        """Send it, once. Errors: `NotSent`, which never quotes the address."""


class NullSender:
    """Sends nothing."""

    sends = False

    def send(self, url: str, text: Text) -> None:
        raise NotSent("本系统不向外发送", "this installation sends nothing")


class AppriseSender:
    """Sends by apprise: WeCom, DingTalk, Feishu, mail, webhooks and whatever else it knows."""

    sends = True

    def __init__(self) -> None:
        self._said = _hush()
        # Nothing of it is kept on disk.
        self._asset = AppriseAsset(
            app_id="Huying", app_desc="呼应 Huying", app_url="", storage_mode=PersistentStoreMode.MEMORY
        )

    def kind(self, url: str) -> str:
        """What people may see of an address, e.g. `WeCom Bot`. Errors: `Malformed`, which quotes its scheme at most."""
        return str(self._service(url).service_name)

    def send(self, url: str, text: Text) -> None:
        # The service itself, not apprise's own dispatch: that would wait in one pool for all that hang.
        service = self._service(url)
        self._said.lines = []
        try:
            taken = service.notify(title=text.title, body=text.body, body_format=NotifyFormat.TEXT)
        except Exception as failure:
            # Its words may quote the address.
            raise NotSent(
                f"发送出错（{type(failure).__name__}）", f"sending failed: {type(failure).__name__}"
            ) from None
        if not taken:
            raise self._why()

    def _service(self, url: str) -> NotifyBase:
        service = Apprise.instantiate(url, asset=self._asset)
        if service is None:
            scheme, sign, _ = url.partition("://")
            named = scheme[:20] if sign and re.fullmatch(r"[a-zA-Z0-9]+", scheme) else "?"
            raise Malformed(
                f"无法识别的送达地址（{named}://…）",
                f"this destination is not understood ({named}://…)",
                place=Place(field="url"),
            )
        return service

    def _why(self) -> NotSent:
        said = "\n".join(self._said.lines)
        if found := _STATUS.search(said):
            return NotSent(f"对方拒收，HTTP {found[1]}", f"refused with HTTP {found[1]}")
        if "onnection" in said:
            return NotSent("无法连接", "no connection")
        return NotSent("对方没有接收", "it was not taken")


def sender_of(settings: Settings) -> Sender:
    """The sender that an installation has chosen."""
    return AppriseSender() if settings.notify == "apprise" else NullSender()


class _Said(logging.Filter, threading.local):
    """Keeps what apprise says in this thread, for whoever wants to know what went wrong, and lets nothing through."""

    lines: list[str]

    def filter(self, record: logging.LogRecord) -> bool:
        self.lines = [*getattr(self, "lines", ()), record.getMessage()][-20:]
        return False


_SAID = _Said()


def _hush() -> _Said:
    """Let these libraries speak to us alone: not even a log at its most talkative shows an address."""
    ours = logging.getLogger("apprise")
    ours.setLevel(logging.WARNING)
    ours.addFilter(_SAID)
    for name in _TALKATIVE:
        logging.getLogger(name).setLevel(logging.CRITICAL + 1)
    return _SAID
