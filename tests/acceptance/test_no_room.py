"""A disk that is full: whoever writes is told so, nothing is half there, readers go on, and room is all that it takes.

What a full disk says is said here by a limit on the size of files, which the kernel keeps and the test moves.
"""

import resource
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from PIL import Image

from engine.clock import MINUTE
from tests.support.drill import Drill
from tests.support.hindered import Hindrance
from tests.support.pictures import jpeg
from tests.support.processes import Keeper, Process
from tests.support.serving import Server, token
from web.problems import MEDIA_TYPE

pytestmark = pytest.mark.slow


@pytest.fixture
def drill(sqlite_url: str, tmp_path: Path, keeper: Keeper) -> Iterator[Drill]:
    with Drill.begin(sqlite_url, tmp_path, keeper) as drill:
        yield drill


def full(process: Process, most: int = resource.RLIM_INFINITY) -> None:
    """Let no file of a process grow past so many bytes; none for as large as they like."""
    resource.prlimit(process.pid, resource.RLIMIT_FSIZE, (most, resource.RLIM_INFINITY))


def has_no_room(answer: httpx.Response) -> None:
    assert (answer.status_code, answer.headers["content-type"]) == (507, MEDIA_TYPE), answer.text
    assert (answer.json()["code"], answer.headers["retry-after"]) == ("no_room", "60")
    assert answer.json()["detail"].startswith("磁盘已满，这一次没有保存，请告知管理员 / ")


def test_acts_are_refused_whole_and_go_on_when_there_is_room(drill: Drill) -> None:
    tickets = drill.reported(12)
    server, (scheduler,) = Server.start(drill), drill.schedule(Hindrance())
    shen = token(drill, "shen")
    drill.clock.advance(11 * MINUTE)
    drill.quiet()

    def remark(key: str) -> httpx.Response:
        body: dict[str, Any] = {"action": "remark", "form": {"note": "已催办"}}
        path = f"/api/tickets/{tickets[1].case_no}/acts"
        return server.ask("POST", path, json=body, headers={**shen, "Idempotency-Key": key})

    assert remark("before").status_code == 200
    for process in (server.process, scheduler):
        full(process, 32 * 1024)
    drill.clock.advance(31 * MINUTE)
    for _ in range(3):
        has_no_room(remark("meanwhile"))
    assert server.ask("GET", f"/api/tickets/{tickets[1].case_no}", headers=shen).status_code == 200
    assert server.ask("GET", "/api/health").json()["database"] == "ok"
    drill.until(lambda: "NoRoom" in scheduler.said or None)
    assert drill.unswept(), "what it could not write is not marked as done"
    assert drill.audit() == []

    for process in (server.process, scheduler):
        full(process)
    done = remark("meanwhile")
    assert (done.status_code, done.json()["repeated"]) == (200, False), "what was not acknowledged was not there"
    drill.quiet()
    assert tickets[1].actions.count("remark") == 2
    assert drill.audit(drill.stop()) == []


@pytest.mark.parametrize("room", [1000, 64 * 1024], ids=["none at all", "for the smaller half"])
def test_an_upload_is_refused_whole_and_leaves_no_half_file(drill: Drill, room: int) -> None:
    server = Server.start(drill)
    citizen = token(drill, "citizen")
    picture = jpeg(Image.effect_noise((600, 600), 100))
    assert len(picture) > 64 * 1024

    def sent() -> httpx.Response:
        return server.ask("POST", "/api/uploads", files={"file": ("p.jpg", picture, "image/jpeg")}, headers=citizen)

    full(server.process, room)
    has_no_room(sent())
    assert [path for path in (drill.folder / "uploads").rglob("*") if path.is_file()] == []
    assert drill.world.rows("SELECT count(*) FROM upload") == [(3,)], "those of the world alone"
    full(server.process)
    assert sent().status_code == 201
