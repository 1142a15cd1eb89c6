"""A real browser, and a town on a port of this machine for it to visit."""

import os
import shutil
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NoReturn

import pytest
import uvicorn
from playwright.sync_api import sync_playwright

from engine.records.access import open_session, person_of_login
from tests.support.town import Town
from web import assets
from web.sessions import COOKIE

#: Any that is installed.
NAMES = ("chromium", "chromium-browser", "google-chrome")
#: Set to `required` where browser and files are known to be there.
REQUIRED = "HUYING_TEST_BROWSER"
VENDOR = Path(assets.__file__).parent / "static" / "vendor"


@contextmanager
def on_a_port(town: Town) -> Iterator[str]:
    """The address of the town while it is served."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        port = int(listening.getsockname()[1])
    server = uvicorn.Server(uvicorn.Config(town.client.app, port=port, log_level="error", lifespan="off"))
    thread = threading.Thread(target=server.run)
    thread.start()
    until = time.monotonic() + 20
    while not server.started and time.monotonic() < until:
        time.sleep(0.02)
    yield f"http://127.0.0.1:{port}"
    server.should_exit = True
    thread.join()


@contextmanager
def chromium() -> Iterator[Any]:
    """The browser; where there is none the test is skipped with a reason, or fails if it is required."""
    found = next(filter(None, map(shutil.which, NAMES)), None)
    if found is None:
        without("no Chromium on this machine")
    if not (VENDOR / assets.HTMX.file).exists():
        without("no files of others on the disk: make assets")
    with sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=found, args=["--no-sandbox"])
        yield browser
        browser.close()


def without(reason: str) -> NoReturn:
    """Skip for a reason, or fail where browser and files are known to be there."""
    if os.environ.get(REQUIRED) == "required":
        pytest.fail(f"{reason}, and {REQUIRED} asks for it")
    pytest.skip(reason)


def sign_in(context: Any, town: Town, address: str, login: str) -> None:
    """Give the browser somebody's cookie."""
    secret = open_session(town.database, person_of_login(town.database, login), town.clock.now())
    context.add_cookies([{"name": COOKIE, "value": secret, "url": address}])
