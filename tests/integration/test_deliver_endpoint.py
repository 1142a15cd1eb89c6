"""Delivery over HTTP by apprise: an endpoint that refuses, hangs and recovers, hands that are killed, secrets."""

import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from engine.background.deliver import PATIENCE, Deliverer
from engine.background.senders import AppriseSender, NotSent, Text
from engine.clock import MINUTE, SECOND
from engine.console.outbox import MOST
from engine.database import Database
from engine.errors import Malformed
from engine.records import wishes
from engine.records.deliveries import LEASE
from tests.support.delivering import Endpoint, deliverer, endpoint, reachable, states, told
from tests.support.door import World

ROOT = Path(__file__).resolve().parents[2]
TEXT = Text(title="标题", body="正文")
SECRET = "pa55word-of-somebody"


@pytest.fixture
def world(database: Database) -> World:
    return World(database)


@pytest.fixture
def hook() -> Iterator[Endpoint]:
    with endpoint() as server:
        yield server


@pytest.fixture
def hand(world: World) -> Iterator[Deliverer]:
    made = deliverer(world, AppriseSender(), patience=1.0, base="https://huying.example.cn")
    yield made
    made.close()


def at_hook(world: World, hook: Endpoint, *logins: str) -> None:
    reachable(world, *logins, url=hook.url)


def test_a_text_arrives_as_it_is(world: World, hook: Endpoint, hand: Deliverer) -> None:
    at_hook(world, hook, "shen")
    told(world, "shen", 1)
    told(world, "shen", 2)
    hand.deliver()
    (body,) = hook.at("shen")
    assert body["title"] == "呼应：2 条消息 / Huying: 2 messages"
    assert body["message"].splitlines()[-1] == "https://huying.example.cn/inbox"
    assert body["message"].startswith("清单 1 p：0 件 https://huying.example.cn/inbox/")


def test_it_refuses_and_then_recovers(world: World, hook: Endpoint, hand: Deliverer) -> None:
    at_hook(world, hook, "shen", "chen")
    hook.status["/shen"] = 503
    told(world, "shen")
    told(world, "chen")
    hand.deliver()
    assert states(world, "shen") == [("waiting", 1, "Test：对方拒收，HTTP 503 / refused with HTTP 503")]
    assert states(world, "chen") == [("sent", 1, None)]
    hook.status.clear()
    world.later(MINUTE)
    hand.deliver()
    assert states(world, "shen") == [("sent", 2, None)]
    assert len(hook.at("shen")) == 2


def test_it_hangs_and_the_others_go_on(world: World, hook: Endpoint, hand: Deliverer) -> None:
    at_hook(world, hook, *list(world.people)[:8])
    hook.hangs = {"/wang"}
    for login in list(world.people)[:8]:
        told(world, login)
    started = time.monotonic()
    hand.deliver()
    assert time.monotonic() - started < 10
    assert states(world, "wang") == [("waiting", 1, "Test：1 秒内无回应 / no answer within 1 seconds")]
    for login in list(world.people)[1:8]:
        assert states(world, login) == [("sent", 1, None)]


def test_one_that_is_full_is_left_alone_longer_each_time_and_holds_up_nobody(world: World, hook: Endpoint) -> None:
    """More people are at the full end than there are slots."""
    full, fine = list(world.people)[:9], list(world.people)[9:15]
    at_hook(world, hook, *full, *fine)
    hand = deliverer(world, AppriseSender(), patience=20.0, slots=4)
    waits = []
    for number in range(1, 4):
        hook.status = {f"/{login}": 429 if number < 3 else 200 for login in full}
        for login in (*full, *fine) if number == 1 else fine:
            told(world, login, number)
        before = len(hook.received)
        hand.deliver()
        assert [states(world, login)[-1][0] for login in fine] == ["sent"] * len(fine)
        if number > 1:
            first = {path for path, _ in hook.received[before : before + 4]}
            assert first <= {f"/{login}" for login in fine}, "nobody waits for the others"
        if number < 3:
            assert {row for login in full for row in states(world, login)} == {
                ("waiting", number, "Test：对方拒收，HTTP 429 / refused with HTTP 429")
            }
            ((soonest, latest),) = world.rows("SELECT min(next_at), max(next_at) FROM message WHERE attempts > 0 "
                                              "AND delivery = 'waiting'")  # fmt: skip
            waits.append((soonest - world.clock.now(), latest - world.clock.now()))
            came = len(hook.received)
            world.clock.advance(soonest - world.clock.now() - SECOND)
            hand.deliver()
            assert len(hook.received) == came, "it is left alone meanwhile"
            world.clock.advance(latest - world.clock.now())
    hand.close()
    assert {states(world, login)[0][0] for login in full} == {"sent"}
    (first, _), (second, _) = waits
    assert first >= 22 * SECOND
    assert second >= 2 * waits[0][1] - 10 * SECOND


def test_nobody_is_there(world: World, hand: Deliverer) -> None:
    with endpoint() as closed:
        url = closed.url("shen")
    reachable(world, "shen", url=lambda _: url)
    told(world, "shen")
    hand.deliver()
    assert states(world, "shen") == [("waiting", 1, "Test：无法连接 / no connection")]


class Hand:
    """Another process that delivers."""

    def __init__(self, world: World, *, when: str = "") -> None:
        url = world.database.url.render_as_string(hide_password=False)
        command = [sys.executable, "-m", "tests.support.delivering", url, str(world.clock.now()), "20", when]
        self.process = subprocess.Popen(command, cwd=ROOT, stderr=subprocess.PIPE, text=True)

    def ends(self) -> tuple[int, str]:
        _, said = self.process.communicate(timeout=60)
        return self.process.returncode, said


KILLED = (-9, "")


def test_killed_between_sending_and_marking_it_sends_again(world: World, hook: Endpoint) -> None:
    at_hook(world, hook, "shen")
    told(world, "shen")
    hand = Hand(world)
    hook.on_arrival = hand.process.kill
    assert hand.ends() == KILLED
    hook.on_arrival = lambda: None
    assert len(hook.at("shen")) == 1
    assert Hand(world).ends() == (0, "")
    assert len(hook.at("shen")) == 1, "whoever claimed it may live"
    world.later(LEASE)
    assert Hand(world).ends() == (0, "")
    assert len(hook.at("shen")) == 2
    assert states(world, "shen") == [("sent", 2, None)]


def test_killed_between_claiming_and_sending_it_sends_later(world: World, hook: Endpoint) -> None:
    at_hook(world, hook, "shen", "chen")
    told(world, "shen")
    assert Hand(world, when="before").ends() == KILLED
    assert hook.received == []
    told(world, "shen", 2)
    told(world, "chen", 2)
    assert Hand(world).ends() == (0, "")
    assert hook.at("shen") == [], "one text at a time, and the first may still come"
    assert len(hook.at("chen")) == 1
    world.later(LEASE)
    assert Hand(world).ends() == (0, "")
    (body,) = hook.at("shen")
    assert body["title"].startswith("呼应：2 条消息")


def test_a_hand_that_dies_each_time_does_not_try_for_ever(world: World, hook: Endpoint) -> None:
    at_hook(world, hook, "shen")
    told(world, "shen")
    world.change("UPDATE message SET attempts = 7")
    assert Hand(world, when="before").ends() == KILLED
    world.later(LEASE)
    assert Hand(world).ends() == (0, "")
    assert states(world, "shen") == [("dead", 8, "中断 / interrupted")]
    assert hook.received == []


def test_several_real_processes_at_once_send_each_text_once(world: World, hook: Endpoint) -> None:
    at_hook(world, hook, *world.people)
    for login in world.people:
        told(world, login, 1)
        told(world, login, 2)
    hands = [Hand(world) for _ in range(3)]
    assert [hand.ends() for hand in hands] == [(0, "")] * 3
    assert sorted(path for path, _ in hook.received) == sorted(f"/{login}" for login in world.people)


class TestSecrets:
    """Nothing that is logged, kept or thrown holds any part of an address, at whatever level somebody listens."""

    @pytest.fixture(autouse=True)
    def _listening(self, caplog: pytest.LogCaptureFixture) -> None:
        # Of the root logger, and given back by the fixture itself: two that give back would do so in the wrong order.
        caplog.set_level(1)

    @pytest.mark.parametrize("status", [200, 401, 500])
    def test_a_webhook(
        self, world: World, hook: Endpoint, hand: Deliverer, caplog: pytest.LogCaptureFixture,
        capfd: pytest.CaptureFixture[str], status: int,
    ) -> None:  # fmt: skip
        url = hook.url(f"hook/{SECRET}?+Authorization={SECRET}&-key={SECRET}", secret=f"user:{SECRET}@")
        reachable(world, "shen", url=lambda _: url)
        hook.status[f"/hook/{SECRET}?key={SECRET}"] = status
        told(world, "shen")
        hand.deliver()
        ((path, _),) = hook.received
        assert SECRET in path
        assert SECRET not in caplog.text
        assert SECRET not in "".join(capfd.readouterr())
        assert SECRET not in str(states(world, "shen"))
        assert SECRET not in str(world.rows("SELECT kind, error FROM destination"))

    @pytest.mark.parametrize(
        "url",
        [
            f"json://user:{SECRET}@127.0.0.1:9/{SECRET}",
            f"mailto://user:{SECRET}@127.0.0.1:9/?from=a@example.cn&to=b@example.cn",
            f"json://{SECRET}.invalid/{SECRET}",
        ],
    )
    def test_what_cannot_be_reached(
        self, url: str, caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]
    ) -> None:
        with pytest.raises(NotSent) as failure:
            AppriseSender().send(url, TEXT)
        self._nowhere(failure, caplog, capfd)

    @pytest.mark.parametrize(
        "url",
        [
            f"nonsense://{SECRET}",
            SECRET,
            f"wecombot://{SECRET}/{SECRET}//",
            f"json://user:{SECRET}@[::",
            f"{SECRET}://x",
            f"tgram://{SECRET}/x",
            "",
        ],
    )
    def test_what_is_no_address(
        self, url: str, caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]
    ) -> None:
        said = ""
        try:
            said = AppriseSender().kind(url)
        except Malformed as failure:
            said = f"{failure} {failure.details} {failure.__cause__}"
        assert said
        assert SECRET not in said
        assert SECRET not in caplog.text
        assert SECRET not in "".join(capfd.readouterr())

    def test_a_goal_that_is_printed_shows_no_address(self, world: World) -> None:
        reachable(world, "shen", url=lambda _: f"json://{SECRET}")
        with world.database.looking() as transaction:
            goals = wishes.goals(transaction, world.people["shen"])
        assert goals[0].url == f"json://{SECRET}"
        assert SECRET not in repr(goals)

    def _nowhere(
        self, failure: "pytest.ExceptionInfo[Any]", caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]
    ) -> None:
        chain, error = "", failure.value
        while error is not None:
            chain, error = f"{chain} {error!r}", error.__cause__
        assert SECRET not in chain
        assert SECRET not in caplog.text
        assert SECRET not in "".join(capfd.readouterr())


def test_apprise_leaves_nothing_on_the_disk(hook: Endpoint, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.chdir(tmp_path)
    AppriseSender().send(hook.url("x"), TEXT)
    assert list(tmp_path.rglob("*")) == []
    assert hook.at("x")[0]["message"] == "正文"


def test_the_kind_of_the_usual_addresses_is_what_people_call_them() -> None:
    sender = AppriseSender()
    known = {
        "wecombot://693a91f6-7xxx-4bc4-97a0-0ec2sifa5aaa": "WeCom Bot",
        "dingtalk://secret@abcdef0123456789": "DingTalk",
        "feishu://abcdef0123456789": "Feishu",
        "mailtos://user:password@example.cn": "E-Mail",
        "json://example.cn/hook": "JSON",
    }
    assert {url: sender.kind(url) for url in known} == known


def test_the_lease_outlives_the_slowest_delivery() -> None:
    assert MOST * PATIENCE * SECOND < LEASE / 2
