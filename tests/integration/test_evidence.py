"""Photos over HTTP on both databases: where they were taken, where else they were shown, what is asked for anew."""

import io
import random
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from engine.clock import SetClock, iso, moment
from engine.database import Database, Transaction
from engine.records import prints, reuse
from engine.records.uploads import key_of
from tests.support.pictures import cropped, exif, halved, jpeg, scene
from tests.support.town import BLOCK_CALLS, Town, png, town

#: Where the manhole lies, and a spot 30 km away.
HERE, AFAR = (121.44, 31.05), (121.75, 31.05)


@pytest.fixture
def xidu(database: Database, clock: SetClock, tmp_path: Path) -> Iterator[Town]:
    with town(database, clock, tmp_path / "data") as served:
        yield served


def upload(xidu: Town, login: str, content: bytes, name: str = "IMG_0001.jpg", **said: str) -> Any:
    return xidu.ask(login, "POST", "/api/uploads", files={"file": (name, content, "image/jpeg")}, data=said)


def sent(xidu: Town, login: str, content: bytes, **said: str) -> str:
    answer = upload(xidu, login, content, **said)
    assert answer.status_code == 201, answer.text
    return str(answer.json()["sha256"])


def reported(xidu: Town, photo: str, login: str = "wang") -> str:
    place = {"area": "xd-m", "lon": HERE[0], "lat": HERE[1], "datum": "WGS-84", "accuracy_m": 10}
    form = {"description": "窨井盖破损", "place": place, "before_photos": [photo]}
    body = {"workflow": BLOCK_CALLS, "action": "report", "form": form}
    answer = xidu.ask(login, "POST", "/api/tickets", json=body)
    assert answer.status_code == 201, answer.text
    return str(answer.json()["case_no"])


def evidence(xidu: Town, case_no: str, action: str, login: str = "shen") -> list[dict[str, Any]]:
    lines = xidu.get(login, f"/api/tickets/{case_no}/history")["events"]
    found: list[dict[str, Any]] = [line for line in lines if line["action"] == action][-1]["facts"].get("evidence", [])
    return found


def called(xidu: Town, photo: str) -> str:
    """A ticket whose task 城管中队 has signed."""
    case_no = reported(xidu, photo)
    xidu.act("shen", case_no, "accept", {"item": "part-01-01/2", "urgency": "normal"})
    xidu.act("shen", case_no, "call", {"kind": "appeal", "lead": "urban"})
    xidu.act("chen", case_no, "sign", task=xidu.task_of(case_no, "urban")["task"])
    return case_no


def finished(xidu: Town, case_no: str, photo: str) -> None:
    form = {"result": "已更换井盖", "after_photos": [photo]}
    xidu.act("chen", case_no, "finish", form, task=xidu.task_of(case_no, "urban")["task"])


def camera(xidu: Town, seed: int, spot: tuple[float, float], ago: timedelta = timedelta()) -> bytes:
    taken = moment(xidu.clock.now()) - ago
    return jpeg(scene(seed), exif=exif(taken, "+08:00", *spot))


def test_a_photo_taken_on_the_spot_is_confirmed_and_one_from_elsewhere_contradicted(xidu: Town) -> None:
    good = evidence(xidu, reported(xidu, sent(xidu, "wang", camera(xidu, 1, HERE))), "report")
    assert [(one["time"], one["place"]) for one in good] == [("confirmed", "confirmed")]
    bad = evidence(xidu, reported(xidu, sent(xidu, "wang", camera(xidu, 2, AFAR, timedelta(days=9)))), "report")
    assert [(one["time"], one["place"]) for one in bad] == [("contradicted", "contradicted")]
    assert 29_000 < bad[0]["distance_m"] < 31_000


def test_a_photo_that_a_messenger_emptied_is_unknown_and_the_page_may_speak_for_it(xidu: Town) -> None:
    silent = evidence(xidu, reported(xidu, sent(xidu, "wang", jpeg(scene(3)))), "report")
    assert silent == [{"photo": silent[0]["photo"], "time": "unknown", "place": "unknown"}]
    said = {"taken_at": iso(xidu.clock.now()), "lon": str(HERE[0]), "lat": str(HERE[1]), "accuracy_m": "15"}
    spoken = evidence(xidu, reported(xidu, sent(xidu, "wang", jpeg(scene(4)), **said)), "report")
    assert (spoken[0]["time"], spoken[0]["place"]) == ("confirmed", "confirmed")
    wrong = upload(xidu, "wang", jpeg(scene(5)), taken_at="yesterday")
    assert (wrong.status_code, wrong.json()["code"]) == (422, "malformed")


def test_work_is_not_proven_by_a_photo_from_before_the_task(xidu: Town) -> None:
    before = sent(xidu, "wang", camera(xidu, 6, HERE))
    xidu.clock.advance(0)
    case_no = called(xidu, before)
    finished(xidu, case_no, sent(xidu, "chen", camera(xidu, 7, HERE, timedelta(hours=2))))
    assert evidence(xidu, case_no, "finish")[0]["time"] == "contradicted"


def test_a_photo_recompressed_halved_and_cropped_is_found_in_the_other_ticket(xidu: Town) -> None:
    picture = scene(11)
    first = reported(xidu, sent(xidu, "wang", jpeg(picture)))
    for changed in (jpeg(picture, 40), jpeg(halved(picture)), jpeg(cropped(picture, 0.03))):
        again = evidence(xidu, reported(xidu, sent(xidu, "zhou", changed), "zhou"), "report")
        assert again[0]["same_as"][0] == first
    other = evidence(xidu, reported(xidu, sent(xidu, "wang", jpeg(scene(12)))), "report")
    assert "same_as" not in other[0]


def test_an_after_photo_that_is_the_before_photo_is_flagged_and_not_refused(xidu: Town) -> None:
    picture = scene(13)
    case_no = called(xidu, sent(xidu, "wang", jpeg(picture)))
    finished(xidu, case_no, sent(xidu, "chen", jpeg(halved(picture), 40)))
    assert evidence(xidu, case_no, "finish")[0]["again"] == [1]
    assert xidu.get("shen", f"/api/tickets/{case_no}")["state"]["code"] == "checking"


def test_among_many_prints_the_near_ones_are_found_and_no_other(xidu: Town) -> None:
    chance = random.Random(1)
    many = {f"{number:064x}": chance.getrandbits(64) for number in range(3_000)}

    def fill(transaction: Transaction) -> None:
        for sha256, one in many.items():
            prints.keep(transaction, sha256, [one])

    xidu.database.acting(fill)
    wanted, one = next(iter(many.items()))
    turned = sum(1 << bit for bit in (0, 9, 18, 27, 36, 45, 54))
    with xidu.database.looking() as transaction:
        assert prints.near(transaction, [one ^ turned]) == (prints.Alike(wanted, 7),)
        assert prints.near(transaction, [one ^ turned ^ 1 << 63]) == ()
        assert prints.near(transaction, [one], besides=wanted) == ()
        assert prints.near(transaction, []) == ()


def test_the_same_file_is_found_however_little_it_shows(xidu: Town) -> None:
    photo = sent(xidu, "wang", jpeg(Image.new("RGB", (64, 64), "black")))
    first = reported(xidu, photo)
    assert evidence(xidu, reported(xidu, photo), "report")[0]["same_as"] == [first]


def test_a_picture_that_was_shown_ten_thousand_times_is_looked_up_as_one_that_was_shown_once(
    postgresql_database: Database, clock: SetClock, tmp_path: Path
) -> None:
    with town(postgresql_database, clock, tmp_path / "data") as xidu:
        photo = sent(xidu, "wang", jpeg(scene(17)))
        first, _ = reported(xidu, photo), reported(xidu, photo)
        shown = "INSERT INTO attachment (ticket_id, event_seq, field, sha256) SELECT t.id, 100 + n, 'x', %s "
        postgresql_database.acting(
            lambda transaction: transaction.run(f"{shown} FROM ticket t, generate_series(1, 5000) n", (photo,))
        )
        postgresql_database.vacuum()
        postgresql_database.acting(lambda transaction: transaction.run("ANALYZE"))
        with postgresql_database.looking() as transaction:
            sql, parameters = next(reuse._uses(transaction, [photo], 0, (0, 0, 0)))
            ((plan,),) = transaction.rows(f"EXPLAIN (ANALYZE, FORMAT JSON) {sql}", parameters)

        assert evidence(xidu, reported(xidu, photo), "report")[0]["same_as"] == [first]
    read = [node["Actual Rows"] for node in nodes(plan[0]["Plan"]) if node.get("Relation Name") == "attachment"]
    assert read
    assert max(read) <= 1


def nodes(plan: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """The steps of a plan."""
    yield plan
    for below in plan.get("Plans", ()):
        yield from nodes(below)


def test_what_is_held_against_a_photo_is_not_told_to_its_citizen(xidu: Town) -> None:
    photo = sent(xidu, "citizen", jpeg(scene(14)))
    reported(xidu, photo, "citizen")
    again = reported(xidu, photo, "citizen")
    assert evidence(xidu, again, "report", "citizen") == []
    assert evidence(xidu, again, "report", "shen") != []


def test_a_desk_asks_for_new_photos_of_finished_work_and_the_department_is_told(xidu: Town) -> None:
    case_no = called(xidu, sent(xidu, "wang", jpeg(scene(15))))
    finished(xidu, case_no, sent(xidu, "chen", jpeg(scene(15), 40)))
    told = xidu.act("shen", case_no, "evidence_again", {"message": "照片与上报时相同，请补拍现场"})
    assert told["state"]["code"] == "handling"
    task = xidu.task_of(case_no, "urban")
    assert task["state"]["code"] == "proving"
    refused = xidu.refused("chen", case_no, "prove", {}, task=task["task"])
    assert refused["where"] == {"field": "after_photos"}
    xidu.clock.advance(60_000_000)
    fresh = sent(xidu, "chen", camera(xidu, 16, HERE))
    xidu.act("chen", case_no, "prove", {"after_photos": [fresh]}, task=task["task"])
    assert evidence(xidu, case_no, "prove") == [
        {
            "photo": fresh, "time": "confirmed", "place": "confirmed", "distance_m": 0,
            "taken_at": evidence(xidu, case_no, "prove")[0]["taken_at"],
        }
    ]  # fmt: skip
    assert xidu.get("shen", f"/api/tickets/{case_no}")["state"]["code"] == "checking"
    with xidu.database.looking() as transaction:
        mark = "%s" if transaction.postgresql else "?"
        notices = transaction.rows(
            f"SELECT role FROM notice n JOIN event e ON e.ticket_id = n.ticket_id AND e.seq = n.event_seq WHERE e.action = {mark}",  # noqa: E501
            ("evidence_again",),
        )
    assert [role for (role,) in notices] == ["called"]


def test_a_thumbnail_is_marked_small_and_says_nothing_of_its_camera(xidu: Town) -> None:
    original = camera(xidu, 17, HERE)
    photo = sent(xidu, "wang", original)
    case_no = reported(xidu, photo)
    answer = xidu.ask("shen", "GET", f"/api/uploads/{photo}/thumb", params={"ticket": case_no})
    assert (answer.status_code, answer.headers["content-type"]) == (200, "image/jpeg")
    small = Image.open(io.BytesIO(answer.content))
    assert max(small.size) == 320
    assert dict(small.getexif()) == {}
    large = xidu.ask("shen", "GET", f"/api/uploads/{photo}/thumb", params={"ticket": case_no, "size": "large"})
    assert Image.open(io.BytesIO(large.content)).size == (640, 480)
    assert (xidu.settings.data / "uploads" / key_of(photo)).read_bytes() == original
    assert xidu.ask("shen", "GET", f"/api/uploads/{photo}").content == original


def test_a_thumbnail_is_for_whoever_may_see_the_ticket_that_shows_it(xidu: Town) -> None:
    photo = sent(xidu, "wang", jpeg(scene(18)))
    other = reported(xidu, sent(xidu, "wang", jpeg(scene(19))))
    path = f"/api/uploads/{photo}/thumb"
    assert xidu.ask("wang", "GET", path).status_code == 200
    assert xidu.ask("zhou", "GET", path).status_code == 404
    assert xidu.ask("shen", "GET", path, params={"ticket": other}).status_code == 404
    case_no = reported(xidu, photo)
    assert xidu.ask("shen", "GET", path, params={"ticket": case_no}).status_code == 200
    assert xidu.ask("qian", "GET", path, params={"ticket": case_no}).status_code == 404
    document = upload(xidu, "wang", b"%PDF-1.7\n", "a.pdf").json()["sha256"]
    assert xidu.ask("wang", "GET", f"/api/uploads/{document}/thumb").status_code == 404


def test_an_upload_of_old_stays_what_it_was_when_it_comes_again(xidu: Town) -> None:
    first = upload(xidu, "wang", png(3), "p.png")
    again = upload(xidu, "zhou", png(3), "p.png", taken_at=iso(xidu.clock.now()))
    assert first.json() == again.json()
    with xidu.database.looking() as transaction:
        rows = transaction.rows("SELECT taken_at FROM upload")
    assert [taken for (taken,) in rows] == [None]


def test_a_taken_time_is_kept_to_the_second(xidu: Town) -> None:
    taken = datetime(2026, 3, 2, 0, 59, 58, tzinfo=UTC)
    facts = evidence(xidu, reported(xidu, sent(xidu, "wang", jpeg(scene(20)), taken_at=taken.isoformat())), "report")
    assert facts[0]["taken_at"] == int(taken.timestamp()) * 1_000_000
