"""Secrets come from the environment, a file or standard input: no argument takes one, no output shows one."""

import argparse
import io
import logging
import re
import sys
from pathlib import Path

import pytest

from engine import cli, store
from engine.clock import SetClock
from engine.database import Database
from engine.errors import HuyingError, Malformed
from engine.records.access import set_password
from engine.settings import Settings
from tests.support.browser import Browser
from tests.support.town import town
from web.sessions import COOKIE

SECRET = "sesame-9f3c1e"
#: What an option that takes a secret would be called, or say of itself.
_SUSPICIOUS = re.compile(r"password|passwd|secret|token|credential|api.?key", re.IGNORECASE)


def options(parser: argparse.ArgumentParser) -> list[tuple[str, argparse.Action]]:
    """Every argument of every command that takes a value, by the command's words."""
    found = []
    for action in parser._actions:
        if isinstance(action, argparse._SubParsersAction):
            for below in action.choices.values():
                found += options(below)
        elif action.nargs != 0:
            found.append((parser.prog, action))
    return found


def test_no_argument_of_a_command_takes_a_secret() -> None:
    found = options(cli._parser())
    assert len(found) > 80
    for prog, action in found:
        names = " ".join((*action.option_strings, action.dest))
        assert not _SUSPICIOUS.search(names), (prog, names)
        # Addresses that hold keys are read from elsewhere.
        if "url" in names:
            assert action.metavar == "-|@FILE", (prog, names)
        if action.metavar == "URL":
            assert "PGPASSFILE" in (action.help or ""), (prog, names)


@pytest.mark.parametrize(
    "words",
    [
        ("notify", "shen", "--url", f"json://host/{SECRET}"),
        ("contact", "wy-001", "--url", f"json://host/{SECRET}"),
        ("bench", "--postgresql", f"postgresql://huying:{SECRET}@host/name"),
    ],
)
def test_a_secret_on_the_command_line_is_refused_and_not_said_again(
    words: tuple[str, ...], sqlite_url: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("HUYING_DATABASE", sqlite_url)
    assert cli.main(words) == 1
    said = capsys.readouterr()
    assert "命令行" in said.out + said.err
    assert SECRET not in said.out + said.err


class TestFiles:
    def test_any_setting_may_stand_in_a_file(self, tmp_path: Path) -> None:
        path = tmp_path / "database"
        path.write_text(f"postgresql+psycopg://huying:{SECRET}@host/name\n", encoding="utf-8")
        settings = Settings.from_environment({"HUYING_DATABASE_FILE": str(path)})
        assert settings.database_url.endswith(f"{SECRET}@host/name")

    def test_a_setting_that_is_given_twice_or_a_file_that_is_not_there_is_refused(self, tmp_path: Path) -> None:
        (tmp_path / "a").write_text("sqlite:///a.db", encoding="utf-8")
        with pytest.raises(Malformed, match="HUYING_DATABASE and HUYING_DATABASE_FILE"):
            Settings.from_environment({"HUYING_DATABASE": "x", "HUYING_DATABASE_FILE": str(tmp_path / "a")})
        with pytest.raises(Malformed, match="HUYING_DATABASE_FILE cannot be read"):
            Settings.from_environment({"HUYING_DATABASE_FILE": str(tmp_path / "b")})

    def test_the_key_of_the_store_may_stand_in_a_file(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        path = tmp_path / "key"
        path.write_text(f"{SECRET}\n", encoding="utf-8")
        monkeypatch.setenv("AWS_SECRET_ACCESS_KEY_FILE", str(path))
        assert store._keys() == {"secret_access_key": SECRET}
        monkeypatch.setenv("AWS_SECRET_ACCESS_KEY_FILE", str(tmp_path / "none"))
        with pytest.raises(HuyingError, match="AWS_SECRET_ACCESS_KEY_FILE"):
            store._keys()


def test_nothing_that_opens_something_stands_in_a_log(
    sqlite_database: Database, clock: SetClock, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    with town(sqlite_database, clock, tmp_path / "data") as served:
        set_password(served.database, "shen", f"{SECRET}-password")
        browser = Browser(served)
        for password in (f"{SECRET}-wrong", f"{SECRET}-password"):
            browser.send(browser.go("/signin").form("/signin"), {"login": "shen", "password": password})
        session = browser.client.cookies[COOKIE]
        token = served.token("wang")
        served.ask("wang", "GET", "/api/me")
        served.ask("wang", "POST", "/api/tickets", content=b"{", headers={"Content-Type": "application/json"})
        browser.go(f"/t/{'s' * 43}")
    said = caplog.text
    assert SECRET not in said
    assert session not in said
    assert token not in said
    # The test's own client says every address it asks; what the server says is another matter.
    assert not [one for one in caplog.records if one.name.startswith(("huying", "uvicorn")) and "s" * 43 in one.message]


def test_a_database_that_does_not_answer_is_named_without_its_password(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("HUYING_DATABASE", f"postgresql+psycopg://huying:{SECRET}@127.0.0.1:1/none")
    assert cli.main(["work"]) == 1
    said = capsys.readouterr()
    assert said.err
    assert SECRET not in said.out + said.err


def test_a_password_is_asked_for_and_not_shown(
    sqlite_url: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("HUYING_DATABASE", sqlite_url)
    monkeypatch.setattr(sys, "stdin", io.StringIO(f"{SECRET}\n"))
    assert cli.main(["password", "nobody"]) == 1
    said = capsys.readouterr()
    assert SECRET not in said.out + said.err
