"""From an act to a phone: a served installation tells whoever should know, and stops when it is asked to."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from engine.clock import SetClock, SystemClock
from engine.database import Database
from tests.support.delivering import Endpoint, endpoint, reachable, states
from tests.support.door import World

ROOT = Path(__file__).resolve().parents[2]
PATIENCE = 40


@pytest.fixture
def hook() -> Iterator[Endpoint]:
    with endpoint() as server:
        yield server


@pytest.fixture
def world(database_url: str) -> Iterator[World]:
    with closing(Database(database_url)) as database:
        yield World(database, SetClock(SystemClock().now()))


@pytest.fixture
def served(database_url: str, world: World, tmp_path: Path) -> Iterator["subprocess.Popen[str]"]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith("HUYING_")}
    settings = {
        "HUYING_DATABASE": database_url, "HUYING_DATA": str(tmp_path), "HUYING_NOTIFY": "apprise",
        "HUYING_URL": "https://huying.example.cn", "HUYING_QUIET": "none",
    }  # fmt: skip
    command = [sys.executable, "-m", "engine.cli", "serve", "--port", "0", "--scheduler", "inside"]
    process = subprocess.Popen(command, cwd=ROOT, env=kept | settings, stderr=subprocess.PIPE, text=True)
    yield process
    process.kill()
    process.communicate()


def wait_for(hook: Endpoint, name: str, count: int = 1) -> None:
    until = time.monotonic() + PATIENCE
    while len(hook.at(name)) < count and time.monotonic() < until:
        time.sleep(0.1)
    assert len(hook.at(name)) == count


@pytest.mark.slow
def test_what_happens_in_one_burst_reaches_its_reporter_as_one_text_and_the_server_stops_when_asked(
    world: World, hook: Endpoint, served: "subprocess.Popen[str]"
) -> None:
    reachable(world, "wang", "zhou", url=hook.url)
    hook.hangs = {"/zhou"}
    first, second = world.ticket().filed(), world.ticket().called("urban")
    wait_for(hook, "wang")
    (body,) = hook.at("wang")
    assert body["title"] == "呼应：3 条消息 / Huying: 3 messages"
    for told in (first, second):
        assert f"https://huying.example.cn/tickets/{told.case_no}" in body["message"]
    until = time.monotonic() + PATIENCE
    while {state for state, _, _ in states(world, "wang")} != {"sent"} and time.monotonic() < until:
        time.sleep(0.1)
    assert states(world, "wang") == [("sent", 1, None)] * 3
    world.ticket().reported("zhou").do("shen", "accept")
    wait_for(hook, "zhou")
    asked = time.monotonic()
    served.send_signal(signal.SIGTERM)
    assert served.wait(timeout=PATIENCE) in (0, -signal.SIGTERM)
    assert time.monotonic() - asked < 25, "a destination that hangs does not keep the server from stopping"
    ((state, tries, error),) = states(world, "zhou")
    assert (state, tries) == ("waiting", 1)
    assert error is not None, "what was under way is marked before the end"
