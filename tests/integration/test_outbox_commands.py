"""`huying outbox` and `huying notify`: what waits, what was given up, and where messages go."""

import io
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from engine import cli
from engine.background.fan_out import fan_out
from engine.database import Database
from engine.records import wishes
from engine.records.wishes import Goal
from engine.rules.wishes import Digest, Wishes, quiet_hours
from tests.support.delivering import Endpoint, endpoint, reachable, told
from tests.support.door import World

SECRET = "pa55word-of-somebody"


@pytest.fixture
def world(database: Database, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> World:
    monkeypatch.setenv("HUYING_DATABASE", database.url.render_as_string(hide_password=False))
    monkeypatch.setenv("HUYING_DATA", str(tmp_path))
    return World(database)


@pytest.fixture
def hook() -> Iterator[Endpoint]:
    with endpoint() as server:
        yield server


class Terminal:
    """What a command prints, in one line each."""

    def __init__(self, capfd: pytest.CaptureFixture[str]) -> None:
        self.capfd = capfd

    def __call__(self, *words: str) -> tuple[int, str]:
        code = cli.main(words)
        out, err = self.capfd.readouterr()
        assert SECRET not in out + err
        return code, out + err


@pytest.fixture
def huying(capfd: pytest.CaptureFixture[str]) -> Terminal:
    return Terminal(capfd)


def goals(world: World, login: str) -> list[Goal]:
    with world.database.looking() as transaction:
        return wishes.goals(transaction, world.people[login])


def wished(world: World, login: str) -> Wishes:
    with world.database.looking() as transaction:
        return wishes.wishes_of(transaction, world.people[login])


def test_the_outbox_is_counted(world: World, huying: Terminal) -> None:
    world.ticket().filed()
    fan_out(world.database, world.clock)
    told(world, "shen", 1)
    told(world, "shen", 2)
    told(world, "chen", 3)
    world.change("UPDATE message SET delivery = 'sent', next_at = NULL WHERE origin = 'r:test:1'")
    world.change("UPDATE message SET delivery = 'kept', next_at = NULL WHERE origin = 'r:test:2'")
    world.change("UPDATE message SET delivery = 'dead', next_at = NULL, error = '坏' WHERE origin = 'r:test:3'")
    code, said = huying("outbox")
    counts = [line.split("│")[2].strip() for line in said.splitlines() if line.startswith("│")]
    assert (code, counts) == (0, ["1", "1", "1", "1", "0", "0"])
    code, said = huying("outbox", "dead")
    assert code == 1
    assert "chen" in said
    assert "坏" in said


def test_the_dead_are_sent_again(world: World, huying: Terminal) -> None:
    for login in ("shen", "chen"):
        told(world, login)
    world.change("UPDATE message SET delivery = 'dead', next_at = NULL")
    assert huying("outbox", "retry", "--person", "shen") == (0, "1 条重新待发 / messages wait again\n")
    assert huying("outbox", "retry", "--person", "nobody")[0] == 1
    assert huying("outbox", "retry") == (0, "1 条重新待发 / messages wait again\n")
    assert huying("outbox", "dead")[0] == 0


def test_work_tells_everybody_what_waits(
    world: World, huying: Terminal, hook: Endpoint, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HUYING_NOTIFY", "apprise")
    monkeypatch.setenv("HUYING_QUIET", "none")
    reachable(world, "shen", url=hook.url)
    told(world, "shen")
    code, said = huying("work")
    assert (code, "送达 1 人" in said) == (0, True)
    assert len(hook.at("shen")) == 1


def test_work_sends_nothing_by_default(world: World, huying: Terminal, hook: Endpoint) -> None:
    reachable(world, "shen", url=hook.url)
    told(world, "shen")
    assert huying("work")[0] == 0
    assert hook.received == []
    assert world.rows("SELECT delivery FROM message") == [("kept",)]


def filed(*urls: str) -> str:
    """Destinations in a file, as the command takes them."""
    with tempfile.NamedTemporaryFile("w", suffix=".txt", delete=False) as file:
        file.write("\n".join(urls))
    return f"@{file.name}"


class TestNotify:
    def test_destinations_are_set_shown_by_kind_and_tried(self, world: World, huying: Terminal, hook: Endpoint) -> None:
        url = hook.url(SECRET)
        code, said = huying("notify", "shen", "--url", filed(url), "--test")
        assert code == 0
        assert "1. JSON" in said
        assert "已发 / sent" in said
        assert hook.at(SECRET)[0]["title"].startswith("呼应：测试消息")
        assert [goal.url for goal in goals(world, "shen")] == [url]

    def test_a_destination_that_does_not_work_says_so(self, world: World, huying: Terminal, hook: Endpoint) -> None:
        hook.status[f"/{SECRET}"] = 403
        code, said = huying("notify", "shen", "--url", filed(hook.url(SECRET)), "--test")
        assert code == 1
        assert "HTTP 403" in said

    def test_addresses_come_from_the_standard_input_so_that_no_shell_remembers_them(
        self, world: World, huying: Terminal, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(sys, "stdin", io.StringIO(f"json://a/{SECRET}\n\njson://b/{SECRET}\n"))
        assert huying("notify", "shen", "--url", "-")[0] == 0
        assert [goal.url[:8] for goal in goals(world, "shen")] == ["json://a", "json://b"]

    def test_new_ones_replace_the_old_and_clear_forgets_them(self, world: World, huying: Terminal) -> None:
        huying("notify", "shen", "--url", filed(f"json://a/{SECRET}", f"json://b/{SECRET}"))
        huying("notify", "shen", "--url", filed(f"json://c/{SECRET}"))
        assert [goal.url[:8] for goal in goals(world, "shen")] == ["json://c"]
        huying("notify", "shen", "--quiet", "none")
        assert len(goals(world, "shen")) == 1
        code, said = huying("notify", "shen", "--clear")
        assert (code, goals(world, "shen")) == (0, [])
        assert "只进收件箱" in said

    def test_wishes_are_set_one_by_one(self, world: World, huying: Terminal) -> None:
        huying("notify", "shen", "--quiet", "22:00-06:00")
        huying("notify", "shen", "--digest", "daily@07:45")
        code, said = huying("notify", "shen", "--urgent", "yes")
        assert wished(world, "shen") == Wishes(
            quiet=quiet_hours("22:00-06:00"), digest=Digest.DAILY, digest_at=465, urgent=True
        )
        assert "22:00-06:00 · 汇总 / digest daily@07:45 · 紧急直达 / urgent at once yes" in said
        huying("notify", "shen", "--quiet", "default", "--urgent", "no")
        assert wished(world, "shen") == Wishes(digest=Digest.DAILY, digest_at=465)
        assert code == 0

    @pytest.mark.parametrize(
        ("wrong", "named"),
        [
            (("--url", filed(f"json://ok/{SECRET}", f"nonsense:{SECRET}")), "第 2 行 / row 2 --url"),
            (("--url", filed(f"nosuch://{SECRET}")), "nosuch://…"),
            (("--url", f"json://ok/{SECRET}"), "不能写在命令行里"),
            (("--url", "@/nothing/here"), "/nothing/here"),
            (("--url", ""), "--url"),
            (("--url", filed(*["json://x"] * 6)), "1 至 5"),
            (("--clear", "--url", filed(f"json://x/{SECRET}")), "--clear"),
            (("--quiet", "22-7"), "--quiet: “22-7”"),
            (("--digest", "weekly"), "--digest: “weekly”"),
            (("--url", filed(f"json://ok/{SECRET}"), "--digest", "daily"), "--digest: “daily”"),
        ],
    )
    def test_what_is_wrong_is_named_and_nothing_is_changed(
        self, world: World, huying: Terminal, wrong: tuple[str, ...], named: str
    ) -> None:
        code, said = huying("notify", "shen", *wrong)
        assert code == 1
        assert named in said
        assert (goals(world, "shen"), wished(world, "shen")) == ([], Wishes())

    def test_nobody_is_told_apart_from_somebody(self, world: World, huying: Terminal) -> None:
        assert huying("notify", "nobody", "--quiet", "none")[0] == 1

    def test_a_test_without_a_destination_is_no_success(self, world: World, huying: Terminal) -> None:
        assert huying("notify", "shen", "--test")[0] == 1
