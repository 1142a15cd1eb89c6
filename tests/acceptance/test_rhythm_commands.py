"""`huying rhythm` in the demo district, on both databases."""

import re
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest

from engine.application import Application
from engine.cli import main
from engine.clock import moment
from engine.database import Database
from engine.serving import prepare_demo
from engine.settings import Settings
from tests.support.rhythms import changed

Huying = Callable[..., str]


@pytest.fixture
def huying(
    database_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Huying:
    """The command on a demo district; answers what it prints."""
    monkeypatch.setenv("HUYING_DATABASE", database_url)
    monkeypatch.setenv("HUYING_DATA", str(tmp_path))
    prepare_demo(Settings.from_environment())
    capsys.readouterr()

    def run(*words: str, fails: bool = False) -> str:
        code = main(words)
        printed = capsys.readouterr()
        assert bool(code) is fails, printed.out + printed.err
        return printed.out + printed.err

    return run


def messages(database_url: str) -> int:
    database = Database(database_url)
    try:
        with database.looking() as transaction:
            return int(transaction.rows("SELECT count(*) FROM message")[0][0])
    finally:
        database.close()


def test_the_shipped_rhythm_is_listed_previewed_and_sent(huying: Huying, database_url: str) -> None:
    before = messages(database_url)
    listed = huying("rhythm", "list")
    assert listed.count("→") == 8
    for job in re.findall(r"^    (2026-.*)$", listed, flags=re.M):
        assert len(re.findall(r"\d{4}-\d\d-\d\d 周.", job)) == 5
    assert "滞后提醒 / Lag reminder · 每个工作日 08:30 / every workday 08:30" in listed

    preview = huying("rhythm", "preview", "supervision.quarterly")
    tickets = re.findall(r"^  \d{8}-\d{6} · ", preview, flags=re.M)
    assert len(tickets) == int(re.findall(r"· (\d+) 件", preview)[0]) > 3
    assert messages(database_url) == before, "a preview sends nothing"

    now = moment(Application.of(Settings.from_environment()).clock.now())
    ahead = now.replace(hour=8, minute=30) + timedelta(days=7)
    while ahead.weekday() > 4:
        ahead += timedelta(days=1)
    sent = huying("rhythm", "run", "--at", ahead.strftime("%Y-%m-%dT%H:%M"))
    assert "尚未到来" in sent
    count = messages(database_url)
    assert count - before >= int(re.findall(r"(\d+) 张名单", sent)[0]) > 0
    assert "0 张名单" in huying("rhythm", "run", "--at", ahead.strftime("%Y-%m-%d %H:%M"))
    assert messages(database_url) == count


def test_work_sends_lists_too(huying: Huying) -> None:
    assert re.search(r"\d+ 张名单 / lists", huying("work"))


def test_what_is_wrong_with_a_file_is_told_by_line(huying: Huying, tmp_path: Path) -> None:
    assert "8 项例行 / jobs — 可以读取" in huying("rhythm", "check")
    wrong = tmp_path / "wrong.yaml"
    wrong.write_text(changed(every="fortnight", list="{idle_for: P1D}"), encoding="utf-8")
    said = huying("rhythm", "check", str(wrong), fails=True)
    assert "wrong.yaml:8" in said
    assert "wrong.yaml:10" in said
    assert huying("rhythm", "check", str(tmp_path / "missing.yaml"), fails=True)


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("preview", "lagg"), "supervision.lag"),
        (("preview", "lag", "--at", "yesterday"), "--at"),
        (("run", "--at", "2026-03-02"), "2026-03-02T08:30"),
        ((), "huying rhythm --help"),
    ],
)
def test_a_command_that_cannot_be_done_says_why(huying: Huying, words: tuple[str, ...], said: str) -> None:
    assert said in huying("rhythm", *words, fails=True)


def test_a_preview_of_a_day_takes_the_jobs_own_time(huying: Huying) -> None:
    assert "· 2027-06-01 16:00" in huying("rhythm", "preview", "soon", "--at", "2027-06-01")
    assert "这一天不来" in huying("rhythm", "preview", "weekly", "--at", "2027-06-01T10:00")


def test_files_can_be_checked_before_there_is_a_database(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("HUYING_DATA", str(tmp_path))
    monkeypatch.setenv("HUYING_DATABASE", f"sqlite:///{tmp_path / 'none.db'}")
    assert main(["rhythm", "check"]) == 0
    assert "可以读取" in capsys.readouterr().out
    assert not (tmp_path / "none.db").exists()
