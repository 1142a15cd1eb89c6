"""Delivery in tests: a sender that remembers, a real endpoint that can fail and hang, and hands that can be killed.

Run as `python -m tests.support.delivering URL NOW PATIENCE [before]`: a process that delivers what is due at a moment;
with `before` it dies when it is about to send.
"""

import json
import os
import signal
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from functools import partial
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from engine.background.deliver import Deliverer
from engine.background.senders import AppriseSender, NotSent, Sender, Text
from engine.clock import Instant, SetClock
from engine.database import Database, Transaction
from engine.records import wishes
from engine.records.calendar_book import CalendarBook
from engine.records.messages import MessageKind, NewMessage, post
from engine.records.versions import Versions
from engine.rules.chain import canonical
from engine.rules.wishes import QuietHours, Wishes, quiet_hours
from tests.support.door import World

QUIET = quiet_hours("21:30-07:30")


class Remembering:
    """A sender that keeps what it was given; whoever is in `broken` takes nothing."""

    sends = True

    def __init__(self) -> None:
        self.sent: list[tuple[str, Text]] = []
        self.broken: set[str] = set()
        self.before: Callable[[str], None] = lambda url: None

    def send(self, url: str, text: Text) -> None:
        self.before(url)
        if url in self.broken:
            raise NotSent("坏了", "broken")
        self.sent.append((url, text))

    @property
    def titles(self) -> list[str]:
        return [text.title for _, text in self.sent]

    def to(self, login: str) -> list[Text]:
        return [text for url, text in self.sent if url == address(login)]


class Gate:
    """Holds up what is sent to some addresses (or to all) until it is opened."""

    def __init__(self, *urls: str) -> None:
        self.urls = urls
        #: What came to it.
        self.begun: list[str] = []
        self.opened = threading.Event()

    def __call__(self, url: str) -> None:
        self.begun.append(url)
        if not self.urls or url in self.urls:
            self.opened.wait(30)


def address(login: str) -> str:
    return f"test://{login}"


def deliverer(
    world: World, sender: Sender, *, quiet: QuietHours = QUIET, slots: int = 4, patience: float = 5.0, base: str = ""
) -> Deliverer:
    return Deliverer(
        database=world.database, versions=world.versions, clock=world.clock, sender=sender, quiet=quiet, base=base,
        slots=slots, patience=patience,
    )  # fmt: skip


def reachable(world: World, *logins: str, url: Callable[[str], str] = address) -> None:
    """Give these people a destination each."""
    for login in logins:
        world.database.acting(partial(_reach, world, login, url(login)))


def _reach(world: World, login: str, url: str, transaction: Transaction) -> None:
    wishes.set_goals(transaction, world.people[login], [("Test", url)], world.clock.now())


def wish(world: World, login: str, **wished: Any) -> None:
    world.database.acting(lambda t: wishes.wish(t, world.people[login], Wishes(**wished), world.clock.now()))


def told(world: World, login: str, number: int = 1, *, urgent: bool = False, at: Instant | None = None) -> None:
    """A message that a rhythm posted."""
    body = canonical(
        {"title": {"zh": f"清单 {number}", "en": f"List {number}"}, "period": "p", "count": 0, "tickets": []}
    )
    when = world.clock.now() if at is None else at
    one = NewMessage(
        person_id=world.people[login], origin=f"r:test:{number}", kind=MessageKind.LIST, at=when, urgent=urgent,
        body=body,
    )  # fmt: skip
    world.database.acting(lambda t: post(t, [one]))


def states(world: World, login: str) -> list[tuple[str, int, str | None]]:
    """Delivery, tries and error of somebody's messages."""
    return world.rows(
        "SELECT delivery, attempts, error FROM message WHERE person_id = ? ORDER BY at, origin", world.people[login]
    )


class Endpoint(ThreadingHTTPServer):
    """A webhook on this machine."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        #: What came in, by path.
        self.received: list[tuple[str, dict[str, Any]]] = []
        self.lock = threading.Lock()
        #: Path → the status to answer.
        self.status: dict[str, int] = {}
        #: Paths that are never answered, until `let_go`.
        self.hangs: set[str] = set()
        self.let_go = threading.Event()
        #: Done when something has come in, before it is answered.
        self.on_arrival: Callable[[], None] = lambda: None

    def url(self, name: str, secret: str = "") -> str:
        """The address of apprise for one path."""
        port = self.server_address[1]
        return f"json://{secret}127.0.0.1:{port}/{name}"

    def at(self, name: str) -> list[dict[str, Any]]:
        with self.lock:
            return [body for path, body in self.received if path == f"/{name}"]


class _Handler(BaseHTTPRequestHandler):
    server: Endpoint

    def do_POST(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        with self.server.lock:
            self.server.received.append((self.path, body))
        self.server.on_arrival()
        if self.path in self.server.hangs:
            self.server.let_go.wait(30)
        self.send_response(self.server.status.get(self.path, 200))
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *_: object) -> None:
        """Nothing."""


@contextmanager
def endpoint() -> Iterator[Endpoint]:
    server = Endpoint()
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield server
    finally:
        server.let_go.set()
        server.shutdown()
        thread.join()
        server.server_close()


class _Dying(AppriseSender):
    def send(self, url: str, text: Text) -> None:
        os.kill(os.getpid(), signal.SIGKILL)


def main(url: str, now: str, patience: str, when: str = "") -> None:
    sender = _Dying() if when == "before" else AppriseSender()
    with closing(Database(url)) as database:
        clock = SetClock(Instant(int(now)))
        hand = Deliverer(
            database=database, versions=Versions(CalendarBook(database)), clock=clock, sender=sender, quiet=QUIET,
            patience=float(patience),
        )  # fmt: skip
        hand.deliver()
        hand.close()


if __name__ == "__main__":
    main(*sys.argv[1:])
