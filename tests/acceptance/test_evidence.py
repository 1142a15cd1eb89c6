"""The story of a photo that proves nothing.

王芳 reports a broken manhole cover. 陈刚 of urban management feeds back, and his photo is hers, sent through a
messenger. 沈静 at the desk sees it, asks for new photos, and gets them; nobody had to do the work again.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from engine.clock import HOUR, SetClock, moment
from engine.database import Database
from tests.support.pictures import cropped, exif, halved, jpeg, scene
from tests.support.town import BLOCK_CALLS, Town, town

GATE = (121.4400, 31.0500)


@pytest.fixture
def xidu(database: Database, clock: SetClock, tmp_path: Path) -> Iterator[Town]:
    with town(database, clock, tmp_path / "data") as served:
        yield served


def send(xidu: Town, login: str, content: bytes, name: str) -> str:
    answer = xidu.ask(login, "POST", "/api/uploads", files={"file": (name, content, "image/jpeg")})
    assert answer.status_code == 201, answer.text
    return str(answer.json()["sha256"])


def held(xidu: Town, case_no: str) -> list[dict[str, Any]]:
    """What stands against the photos of the newest act that brought any."""
    events = xidu.get("shen", f"/api/tickets/{case_no}/history")["events"]
    found: list[dict[str, Any]] = [one["facts"]["evidence"] for one in events if "evidence" in one["facts"]][-1]
    return found


def test_a_recompressed_photo_is_noticed_and_new_ones_are_asked_for(xidu: Town) -> None:
    broken, mended = scene(101), scene(102)

    # 王芳 photographs the cover where it lies.
    hers = send(xidu, "wang", jpeg(broken, exif=exif(moment(xidu.clock.now()), "+08:00", *GATE)), "IMG_0001.jpg")
    place = {"area": "xd-m", "lon": GATE[0], "lat": GATE[1], "datum": "WGS-84"}
    form = {"description": "小区东门窨井盖破损", "place": place, "before_photos": [hers]}
    body = {"workflow": BLOCK_CALLS, "action": "report", "form": form}
    case_no = xidu.ask("wang", "POST", "/api/tickets", json=body).json()["case_no"]
    assert [(one["time"], one["place"]) for one in held(xidu, case_no)] == [("confirmed", "confirmed")]

    # The desk calls urban management, and 陈刚 signs.
    xidu.act("shen", case_no, "accept", {"item": "part-01-01/2", "urgency": "normal"})
    xidu.act("shen", case_no, "call", {"kind": "appeal", "lead": "urban"})
    xidu.act("chen", case_no, "sign", task=xidu.task_of(case_no, "urban")["task"])

    # He feeds back with her photo, as it came through a messenger: smaller, cut, at a poor quality.
    xidu.clock.advance(HOUR)
    copied = send(xidu, "chen", jpeg(halved(cropped(broken, 0.03)), 40), "mmexport1772413200.jpg")
    task = xidu.task_of(case_no, "urban")["task"]
    xidu.act("chen", case_no, "finish", {"result": "已更换井盖", "after_photos": [copied]}, task=task)

    # Nothing refused him; but it stands in the history, and 沈静 reads it.
    assert held(xidu, case_no) == [{"photo": copied, "time": "unknown", "place": "unknown", "again": [1]}]
    xidu.act("shen", case_no, "evidence_again", {"message": "照片就是上报时的那张，请补拍"})
    task = xidu.task_of(case_no, "urban")
    assert task["state"]["title"]["zh"] == "补证中"

    # He goes there and sends a photo of the new cover; the ticket waits for its check again.
    xidu.clock.advance(HOUR)
    his = send(xidu, "chen", jpeg(mended, exif=exif(moment(xidu.clock.now()), "+08:00", *GATE)), "IMG_0815.jpg")
    xidu.act("chen", case_no, "prove", {"after_photos": [his]}, task=task["task"])
    assert [(one["time"], one["place"]) for one in held(xidu, case_no)] == [("confirmed", "confirmed")]
    assert xidu.get("shen", f"/api/tickets/{case_no}")["state"]["code"] == "checking"

    # It was no rework: no counter says so.
    assert xidu.get("shen", f"/api/tickets/{case_no}")["counters"].get("reworks", 0) == 0
