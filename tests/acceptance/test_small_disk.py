"""A disk that is really full, no limit in its place: what `docs/outages.md` says of one, on a mount of its own."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from PIL import Image

from engine.clock import MINUTE
from tests.acceptance.test_no_room import has_no_room
from tests.support.databases import Files
from tests.support.drill import Drill
from tests.support.mounts import fill, small_disk
from tests.support.pictures import jpeg
from tests.support.processes import Keeper
from tests.support.serving import Server, token

pytestmark = pytest.mark.slow

#: Acts that may still find room in a log that is there already, before one is refused.
MOST = 400


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[Path]:
    with small_disk(tmp_path / "disk", 32) as folder:
        yield folder


@pytest.fixture
def drill(disk: Path, files: Files, tmp_path: Path, keeper: Keeper) -> Iterator[Drill]:
    """The database and all uploads lie on the small disk; what processes say does not."""
    (disk / "uploads").mkdir()
    (tmp_path / "uploads").symlink_to(disk / "uploads")
    with Drill.begin(files.fresh(disk), tmp_path, keeper) as drill:
        yield drill


def kept(disk: Path) -> list[Path]:
    return sorted(path for path in (disk / "uploads").rglob("*") if path.is_file())


def test_acts_and_uploads_are_refused_whole_readers_go_on_and_room_is_all_it_takes(drill: Drill, disk: Path) -> None:
    tickets = drill.reported(3)
    server = Server.start(drill)
    shen, citizen = token(drill, "shen"), token(drill, "citizen")
    ticket, picture = tickets[1], jpeg(Image.effect_noise((600, 600), 100))

    def remark(number: int) -> httpx.Response:
        body: dict[str, Any] = {"action": "remark", "form": {"note": f"第{number}次催办"}}
        headers = {**shen, "Idempotency-Key": f"k-{number}"}
        return server.ask("POST", f"/api/tickets/{ticket.case_no}/acts", json=body, headers=headers)

    def sent() -> httpx.Response:
        return server.ask("POST", "/api/uploads", files={"file": ("p.jpg", picture, "image/jpeg")}, headers=citizen)

    taken = fill(disk)
    answers = [remark(0)]
    while answers[-1].status_code == 200 and len(answers) < MOST:
        answers.append(remark(len(answers)))
    done = len(answers) - 1
    has_no_room(answers[-1])
    has_no_room(remark(done))
    has_no_room(sent())
    assert kept(disk) == [], "no half file"
    for path in (f"/api/tickets/{ticket.case_no}", "/api/tickets", "/api/health"):
        assert server.ask("GET", path, headers=shen).status_code == 200, path
    assert server.ask("GET", "/api/health").json()["database"] == "ok"
    assert ticket.actions.count("remark") == done, "what was answered is there, what was refused is not"

    taken.unlink()
    again = remark(done)
    assert (again.status_code, again.json()["repeated"]) == (200, False), "nothing of it was there"
    assert (sent().status_code, len(kept(disk))) == (201, 1)
    assert ticket.actions.count("remark") == done + 1
    drill.schedule()
    drill.clock.advance(11 * MINUTE)
    drill.quiet()
    assert drill.audit(drill.stop()) == []
