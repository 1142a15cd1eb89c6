"""A backup made while people act and send photos, and the copy that comes of it."""

import io
import threading
import time
import uuid
from contextlib import closing
from pathlib import Path

import httpx
import pytest
from PIL import Image

from engine.cli import main
from engine.database import Database
from engine.records.access import issue_token
from engine.records.uploads import key_of
from engine.records.verify import verify
from tests.support.door import Told
from tests.support.drill import Drill
from tests.support.processes import free_port

pytestmark = pytest.mark.slow


class Hand(threading.Thread):
    """Somebody who remarks and sends photos until told to stop, and remembers what was acknowledged."""

    def __init__(self, client: httpx.Client, told: Told, number: int, ends: threading.Event) -> None:
        super().__init__()
        self.client, self.told, self.number, self.ends = client, told, number, ends
        self.acts = 0
        self.photos: list[str] = []
        self.failure: BaseException | None = None

    def run(self) -> None:
        try:
            while not self.ends.is_set():
                body = {"action": "remark", "form": {"note": "已催办"}}
                key = {"Idempotency-Key": uuid.uuid4().hex}
                self.client.post(f"/tickets/{self.told.case_no}/acts", json=body, headers=key).raise_for_status()
                self.acts += 1
                self.photos.append(self._photo())
                # Enough of a load to be in the midst of things, and the machine has others to serve.
                time.sleep(0.05)
        except BaseException as failure:
            self.failure = failure

    def _photo(self) -> str:
        content = io.BytesIO()
        Image.new("RGB", (8, 8), (self.number, len(self.photos) % 256, len(self.photos) // 256)).save(content, "PNG")
        answer = self.client.post("/uploads", files={"file": ("photo.png", content.getvalue())})
        answer.raise_for_status()
        return str(answer.json()["sha256"])


def test_a_backup_under_load_holds_all_that_was_acknowledged_before_and_every_file_it_speaks_of(
    drill: Drill, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    tickets, port = drill.reported(2), free_port()
    drill.world.database.acting(lambda transaction: transaction.run("DELETE FROM upload"))
    token = issue_token(drill.world.database, "shen", "drill", drill.clock.now(), 90)
    drill.start("serve", "--port", str(port), "--scheduler", "inside")
    ends = threading.Event()
    headers = {"Authorization": f"Bearer {token}"}
    with httpx.Client(base_url=f"http://127.0.0.1:{port}/api", headers=headers, timeout=60) as client:
        drill.until(lambda: _answers(client))
        hands = [Hand(client, told, number, ends) for number, told in enumerate(tickets)]
        for hand in hands:
            hand.start()
        drill.until(lambda: all(hand.acts > 3 or hand.failure for hand in hands) or None)
        before = {hand.told.id: hand.acts for hand in hands}
        photos = [photo for hand in hands for photo in list(hand.photos)]
        place = tmp_path.parent / f"{tmp_path.name}-backups"
        made = drill.start("backup", str(place))
        assert made.ended() == 0, made.said
        after = {hand.told.id: hand.acts for hand in hands}
        ends.set()
        for hand in hands:
            hand.join(60)
            assert hand.failure is None, repr(hand.failure)
    assert all(after[one] > before[one] for one in before), "nobody acted meanwhile"

    copy = tmp_path / "copy"
    monkeypatch.setenv("HUYING_DATA", str(copy))
    monkeypatch.setenv("HUYING_DATABASE", f"sqlite:///{copy / 'huying.db'}")
    assert main(["restore", str(place)]) == 0
    assert main(["verify", "--rows"]) == 0, capsys.readouterr().err
    with closing(Database(f"sqlite:///{copy / 'huying.db'}")) as restored:
        assert verify(restored).tickets == len(tickets)
        with restored.looking() as transaction:
            remarks = dict(
                transaction.rows("SELECT ticket_id, count(*) FROM event WHERE action = 'remark' GROUP BY ticket_id")
            )
            kept = {row[0] for row in transaction.rows("SELECT sha256 FROM upload")}
    assert all(before[one] <= remarks[one] for one in before)
    assert set(photos) <= kept
    assert [one for one in kept if not (copy / "uploads" / key_of(one)).is_file()] == []


def _answers(client: httpx.Client) -> bool | None:
    try:
        return client.get("/health").status_code == 200 or None
    except httpx.TransportError:
        return None
