"""Lists as people wait for them: pages asked of a server over HTTP, signed in, among as many tickets as wanted."""

import os
import re
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from http.cookiejar import CookieJar
from pathlib import Path
from typing import Any
from urllib.parse import urlencode
from urllib.request import HTTPCookieProcessor, OpenerDirector, Request, build_opener

from engine.bench import town
from engine.bench.run import percentile
from engine.bench.world import World
from engine.clock import SystemClock
from engine.database import Database
from engine.records.access import set_password
from engine.stages.door import Door

#: How often each page is asked for, after some times that are not counted.
_TRIES, _WARM = 60, 3
#: Seconds that a server may take to start on a machine that has much else to do.
_STARTING = 180
#: Parts of a list that are walked through before the one that is timed.
_DEEP = 20
PASSWORD = "a long enough secret"  # noqa: S105 (of a district that lives for minutes)
_CSRF = re.compile(r'name="csrf" value="([^"]+)"')
_MORE = re.compile(r'href="(/tickets\?[^"]*cursor=[^"]+)"')
#: Who looks at what.
_LOOKS = (
    (
        "desk",
        (
            "/",
            "/queue",
            "/tickets",
            "/tickets?mine=1",
            "/tickets?q=窨井盖",
            "/tickets?q=窨井盖 street",
            "/grids",
            "/map",
        ),
    ),
    ("line", ("/", "/tasks", "/tasks?by=place", "/tickets", "/tickets?mine=1")),
    ("centre", ("/", "/queue", "/tickets", "/tickets?stage=dispatch", "/tickets?q=河道")),
)


def lists(database: Database, door: Door, world: World, *, count: int, tell: Callable[[str], None]) -> dict[str, Any]:
    """p50 and p95 in milliseconds of the pages that hold lists, among about `count` tickets.

    Time is counted from the request to the last byte of the answer, one request at a time.
    """
    began = time.perf_counter()
    total = town.fill(database, door, world, SystemClock().now(), count)
    tell(f"{database.dialect}: {total:,} 件 / tickets, {time.perf_counter() - began:.0f} s")
    for login, _ in _LOOKS:
        set_password(database, login, PASSWORD)
    rows = []
    with serving(database) as address:
        for login, paths in _LOOKS:
            browser = signed_in(address, login)
            for path in (*paths, _deep(browser, address)):
                page = path.partition("cursor=")[0]
                rows.append({"who": login, "path": page, **timed(browser, address + quoted(path))})
                tell(f"  {login} {page}: {rows[-1]['p95_ms']} ms")
    return {"tickets": total, "pages": rows}


def serving(database: Database) -> AbstractContextManager[str]:
    """A server on this database, in a process of its own; its address."""
    return process(database, ("engine.cli", "serve", "--port", "{port}"))


@contextmanager
def process(database: Database, words: tuple[str, ...]) -> Iterator[str]:
    """A module that serves on this database, in a process of its own; its address. `{port}` is a free one."""
    with socket.socket() as free, tempfile.TemporaryDirectory(prefix="huying-bench-") as data:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
        free.close()
        environment = {
            **os.environ, "HUYING_DATABASE": database.url.render_as_string(hide_password=False), "HUYING_DATA": data,
            "HUYING_ASSETS": "local", "HUYING_SCHEDULER": "apart",
        }  # fmt: skip
        command = [sys.executable, "-m", *(word.format(port=port) for word in words)]
        with (Path(data) / "server.log").open("wb") as log:
            server = subprocess.Popen(command, env=environment, stdout=log, stderr=log)  # noqa: S603 (words of this file)
        try:
            _wait(server, port, Path(data) / "server.log")
            yield f"http://127.0.0.1:{port}"
        finally:
            server.terminate()
            server.wait(60)


def _wait(server: "subprocess.Popen[bytes]", port: int, log: Path) -> None:
    until = time.monotonic() + _STARTING
    while server.poll() is None and time.monotonic() < until:
        try:
            socket.create_connection(("127.0.0.1", port), 1).close()
        except OSError:
            time.sleep(0.1)
        else:
            return
    raise RuntimeError(f"the server did not start: {log.read_text(encoding='utf-8', errors='replace')[-2000:]}")


def signed_in(address: str, login: str) -> OpenerDirector:
    browser = build_opener(HTTPCookieProcessor(CookieJar()))
    found = _CSRF.search(get(browser, f"{address}/signin"))
    form = {"csrf": found[1] if found else "", "login": login, "password": PASSWORD, "next": "/"}
    with browser.open(f"{address}/signin", urlencode(form).encode(), timeout=60) as answer:
        answer.read()
    return browser


def _deep(browser: OpenerDirector, address: str) -> str:
    """The address of a part far down the list of tickets."""
    path = "/tickets"
    for _ in range(_DEEP):
        found = _MORE.search(get(browser, address + path))
        if found is None:
            break
        path = found[1].replace("&amp;", "&")
    return path


def timed(browser: OpenerDirector, url: str) -> dict[str, float]:
    spent = []
    for _ in range(_WARM + _TRIES):
        begun = time.perf_counter()
        get(browser, url)
        spent.append(time.perf_counter() - begun)
    ordered = sorted(spent[_WARM:])
    return {"p50_ms": percentile(ordered, 50), "p95_ms": percentile(ordered, 95)}


def get(browser: OpenerDirector, url: str) -> str:
    """The page, to its last byte. Errors: `RuntimeError` where it asks to sign in."""
    with browser.open(Request(url), timeout=120) as answer:  # noqa: S310 (an address of our own)
        if "/signin" in answer.geturl() and "/signin" not in url:
            raise RuntimeError(f"not signed in at {url}")
        return str(answer.read().decode())


def quoted(path: str) -> str:
    """A path whose query holds Chinese, as it is sent."""
    name, _, query = path.partition("?")
    pairs = [part.partition("=")[::2] for part in query.split("&") if part]
    return path if "cursor=" in query or not pairs else f"{name}?{urlencode(pairs)}"
