"""The documentation cannot lie: its commands run, its links lead somewhere, both languages say the same."""

import argparse
import os
import re
import shlex
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.error import URLError
from urllib.request import urlopen

import pytest

from engine import cli
from engine.definitions.loader import load, loads
from engine.definitions.model import Action, TaskKind, Workflow
from engine.exchange.demo import cast
from engine.settings import Settings

ROOT = Path(__file__).resolve().parents[2]
ENGLISH, CHINESE = "README.md", "README.zh.md"
DOCUMENTS = (ENGLISH, CHINESE, "GLOSSARY.md", *(f"docs/{path.name}" for path in sorted((ROOT / "docs").glob("*.md"))))
LARGEST_PICTURE = 300_000  # bytes
_FENCE = re.compile(r"^(?:<!-- (?P<mark>[^\n]*) -->\n)?```(?P<language>\w*)\n(?P<text>.*?)^```$", re.M | re.S)
_LINK = re.compile(r"\]\((?P<target>[^)\s]+)\)")
_SETTING = re.compile(r"\bHUYING_[A-Z]+(?:_[A-Z]+)*\b")


@dataclass(frozen=True, slots=True, kw_only=True)
class Block:
    """A fenced block: its language, its text, and the comment right above it."""

    language: str
    text: str
    mark: str

    @property
    def runs(self) -> bool:
        """Whether the reader's commands are also the test's; those that aren't say why."""
        return self.language == "sh" and not self.mark.startswith("not run: ")


def read(document: str) -> str:
    return (ROOT / document).read_text(encoding="utf-8")


def blocks(document: str) -> list[Block]:
    return [
        Block(language=found["language"], text=found["text"], mark=found["mark"] or "")
        for found in _FENCE.finditer(read(document))
    ]


def prose(document: str) -> str:
    """The text without its fenced blocks."""
    return _FENCE.sub("", read(document))


def headings(document: str) -> list[tuple[int, str]]:
    return [(len(marks), text) for marks, text in re.findall(r"^(#+) (.+)$", prose(document), flags=re.M)]


def commands() -> dict[str, argparse.ArgumentParser]:
    """`check`, `import tickets`, …: every command of `huying` and its parser."""
    return dict(_below(cli._parser(), ""))


def _below(parser: argparse.ArgumentParser, before: str) -> Iterator[tuple[str, argparse.ArgumentParser]]:
    for action in parser._actions:
        if isinstance(action, argparse._SubParsersAction):
            for name, inner in action.choices.items():
                yield f"{before}{name}", inner
                yield from _below(inner, f"{before}{name} ")


def calls(text: str) -> list[list[str]]:
    """The arguments of every `huying …` in a script."""
    joined = text.replace("\\\n", " ")
    found = []
    for line in re.findall(r"\bhuying ([a-z][^\n|]*)", joined):
        words = shlex.split(re.sub(r"\)?\"$", "", line.split(" | ")[0].split(" || ")[0]), comments=True)
        found.append(words)
    return found


# --- what the tour says, happens ---


@contextmanager
def serving(folder: Path, port: int) -> Iterator[None]:
    """The demo's server in a folder, as `make demo` leaves it running."""
    server = subprocess.Popen(
        [sys.executable, "-m", "engine.cli", "serve", "--port", str(port)],
        cwd=folder,
        env=_environment(folder) | {"HUYING_DEMO": "1"},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
    )
    try:
        _wait_for(f"http://127.0.0.1:{port}/api/health", server)
        yield
    finally:
        server.terminate()
        server.communicate(timeout=30)


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listening:
        return int(listening.getsockname()[1])


def _wait_for(address: str, server: "subprocess.Popen[bytes]") -> None:
    for _ in range(300):
        assert server.poll() is None, server.stderr.read().decode() if server.stderr else ""
        try:
            with urlopen(address, timeout=5):  # noqa: S310 (an address of this machine)
                return
        except URLError:
            time.sleep(0.1)
    raise AssertionError(f"nobody answers at {address}")


def _environment(folder: Path) -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith("HUYING_")}
    return kept | {
        "PATH": f"{folder / 'bin'}{os.pathsep}{os.environ['PATH']}",
        "PYTHONPATH": str(ROOT),
        "PYTHONIOENCODING": "utf-8",
        "COLUMNS": "120",
    }


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """A folder in which the reader's commands mean what they mean in a checkout, and write nothing into it."""
    for name in ("workflows", "docs"):
        (tmp_path / name).symlink_to(ROOT / name)
    command = tmp_path / "bin" / "huying"
    command.parent.mkdir()
    command.write_text(f'#!/bin/sh\nexec {shlex.quote(sys.executable)} -m engine.cli "$@"\n', encoding="utf-8")
    command.chmod(0o755)
    (tmp_path / "street-lamp.yaml").write_text(example(), encoding="utf-8")
    return tmp_path


def example() -> str:
    (block,) = [block for block in blocks(ENGLISH) if block.language == "yaml"]
    return block.text


@pytest.mark.slow
@pytest.mark.skipif(not shutil.which("bash") or not shutil.which("curl"), reason="the tour is told in bash and curl")
def test_every_command_of_the_tour_works(checkout: Path) -> None:
    port = free_port()
    script = "\n".join(block.text for block in blocks(ENGLISH) if block.runs).replace(":8000", f":{port}")
    prepared = subprocess.run(
        [sys.executable, "-m", "engine.cli", "demo", "--prepare-only"],
        cwd=checkout,
        env=_environment(checkout),
        capture_output=True,
        text=True,
    )
    assert prepared.returncode == 0, prepared.stderr
    with serving(checkout, port):
        told = subprocess.run(
            ["bash", "-xeuo", "pipefail", "-c", script],
            cwd=checkout,
            env=_environment(checkout),
            capture_output=True,
            text=True,
        )
    assert told.returncode == 0, f"{told.stdout[-2000:]}\n{told.stderr[-3000:]}"
    ticket = told.stdout[told.stdout.rindex("块呼条应·速办直评 / Block calls, line responds · 直评公示") :]
    assert "已反馈 / Fed back" in ticket
    assert "已退单 / Returned" in ticket
    # Two walks along the chains, each with the seals kept; and one file of a seal: against the database, and alone.
    assert ticket.count("完好 / sound") == 6
    assert ticket.count("一致 / the same") == 1
    assert "有改动 / broken" in ticket
    assert "有人动过 / somebody touched it" in ticket
    assert '"action":"accept"' in ticket


def test_a_block_that_does_not_run_says_why() -> None:
    marks = [block.mark for document in DOCUMENTS for block in blocks(document) if block.mark]
    assert marks
    assert [mark for mark in marks if not re.fullmatch(r"not run: .{5,}", mark)] == []


def test_the_example_of_the_readme_is_a_workflow() -> None:
    assert loads(example(), file="README.md").states


# --- what exists is told, what is told exists ---


def test_every_command_is_mentioned() -> None:
    told = "\n".join(map(read, (ENGLISH, "docs/operation.md")))
    mentioned = {name for name in commands() if re.search(rf"\bhuying {name}\b", told)}
    # The table of registers names them in one sentence.
    tables = [name for name in ("areas", "departments", "people") if f"`{name}`" in read(ENGLISH)]
    mentioned |= {f"{way} {name}" for way in ("import", "export") for name in tables}
    mentioned |= {name.split()[0] for name in mentioned}
    assert commands().keys() - mentioned == set()


@pytest.mark.parametrize("document", DOCUMENTS)
def test_every_mentioned_command_exists(document: str) -> None:
    known = commands()
    spoken = re.findall(r"`huying ([^`]+)`", prose(document))
    for words in [text.split() for text in spoken] + [call for block in blocks(document) for call in calls(block.text)]:
        assert words[0] in known, words
        nested = [name for name in known if name.startswith(f"{words[0]} ")]
        assert not nested or len(words) == 1 or " ".join(words[:2]) in nested, words


@pytest.mark.parametrize("document", DOCUMENTS)
def test_every_command_line_is_understood(document: str) -> None:
    for block in blocks(document):
        for words in calls(block.text) if block.language == "sh" else ():
            try:
                cli._parser().parse_args(words)
            except SystemExit:
                pytest.fail(f"huying {' '.join(words)}")


def test_every_target_of_make_that_is_told_exists() -> None:
    targets = set(re.findall(r"^([a-z]+):", read("Makefile"), flags=re.M))
    told = {name for document in DOCUMENTS for name in re.findall(r"\bmake ([a-z]+)\b(?= |`|$)", _code(document), re.M)}
    assert {"demo", "test"} <= told
    assert told - targets == set()


def _code(document: str) -> str:
    """Everything in code font."""
    return "\n".join([*(f"`{text}`" for text in re.findall(r"`([^`\n]+)`", prose(document))),
                      *(block.text for block in blocks(document))])  # fmt: skip


def test_every_setting_is_told_and_every_told_one_exists() -> None:
    sources = [path for room in ("engine", "web", "tests") for path in (ROOT / room).rglob("*.py")]
    real = {name for path in sources for name in _SETTING.findall(path.read_text(encoding="utf-8"))}
    from_environment = set(_SETTING.findall(Settings.from_environment.__doc__ or ""))
    assert len(from_environment) >= 6
    for document in (ENGLISH, CHINESE):
        told = set(re.findall(r"^\| `(HUYING_[A-Z_]+)` \|", read(document), flags=re.M))
        assert told == from_environment
    assert {name for document in DOCUMENTS for name in _SETTING.findall(read(document))} <= real


def test_the_defaults_told_are_the_real_ones() -> None:
    settings = Settings.from_environment({})
    rows = dict(re.findall(r"^\| `(HUYING_[A-Z]+)` \| ([^|]+) \|", read(ENGLISH), flags=re.M))
    assert rows["HUYING_DATA"] == f"`{settings.data}`"
    assert rows["HUYING_HASH"] == f"`{settings.hash_algorithm}`"
    assert rows["HUYING_POOL"] == f"`{settings.pool}`"
    assert rows["HUYING_ASSETS"] == f"`{settings.assets}`"
    assert settings.database_url == f"sqlite:///{settings.data / 'huying.db'}"
    assert not settings.demo


def test_every_room_of_the_engine_is_on_the_plan() -> None:
    rooms = {f"engine/{path.parent.name}" for path in (ROOT / "engine").glob("*/__init__.py")}
    told = set(re.findall(r"^\| `(engine/\w+)` \|", read(ENGLISH), flags=re.M))
    assert told == rooms - {"engine/bench"}


# --- links, pictures, languages ---


@pytest.mark.parametrize("document", DOCUMENTS)
def test_every_link_leads_somewhere(document: str) -> None:
    folder = (ROOT / document).parent
    for target in _LINK.findall(prose(document)):
        if target.startswith(("http://", "https://")):
            continue
        path, _, anchor = target.partition("#")
        found = folder / path if path else ROOT / document
        assert found.exists(), target
        assert not anchor or anchor in _anchors(found), target


def _anchors(path: Path) -> set[str]:
    """As the usual hosts make them: lower case, spaces to hyphens, punctuation dropped."""
    titles = re.findall(r"^#+ (.+)$", path.read_text(encoding="utf-8"), flags=re.M)
    return {re.sub(r"[^\w\- ]", "", title.lower()).replace(" ", "-") for title in titles}


def test_pictures_are_small_and_shown() -> None:
    shown = {target for document in DOCUMENTS for target in re.findall(r"!\[[^\]]+\]\(([^)]+)\)", read(document))}
    kept = {f"docs/pictures/{path.name}" for path in (ROOT / "docs" / "pictures").iterdir()}
    assert shown == kept
    assert [path for path in kept if (ROOT / path).stat().st_size > LARGEST_PICTURE] == []


def test_both_readmes_have_the_same_headings_and_the_same_code() -> None:
    assert [level for level, _ in headings(ENGLISH)] == [level for level, _ in headings(CHINESE)]
    assert [(one.language, one.text, bool(one.mark)) for one in blocks(ENGLISH)] == [
        (one.language, one.text, bool(one.mark)) for one in blocks(CHINESE)
    ]


def test_both_readmes_name_the_same_things() -> None:
    for pattern in (r"`[^`\n]+`", r"\]\((?!README)[^)]+\)", r"^\| [^\n]*\|$"):
        ours, theirs = (re.findall(pattern, prose(document), flags=re.M) for document in (ENGLISH, CHINESE))
        if pattern.startswith("^"):
            assert len(ours) == len(theirs)
        else:
            assert sorted(set(ours)) == sorted(set(theirs))


def test_each_readme_links_to_the_other_at_the_top() -> None:
    for document, other in ((ENGLISH, CHINESE), (CHINESE, ENGLISH)):
        assert f"]({other})" in "\n".join(read(document).splitlines()[:4])


def test_the_buttons_that_the_tour_names_are_there() -> None:
    """`→ 立案 Accept`: the title of an action, or a link at the top of every page."""
    loop = load(ROOT / "workflows" / "block-calls-line-responds.yaml")
    scopes: list[Workflow | TaskKind] = [loop, *loop.tasks.values()]
    titles = {f"{one.title.zh} {one.title.en}" for scope in scopes for one in actions_of(scope)}
    links = {f"{zh} {en}" for zh, en in re.findall(r'say\("([^"]+)", "([^"]+)"\)', read("web/templates/base.html"))}
    for document, begins in ((ENGLISH, "In the pages: "), (CHINESE, "页面：")):
        lines = [line for line in read(document).splitlines() if line.startswith(begins)]
        buttons = {name for line in lines for name in re.findall(r"[\u4e00-\u9fff]+ [A-Z][a-z]+(?: [a-z]+)*", line)}
        assert len(lines) == 5
        assert len(buttons) >= 9
        assert {name for name in buttons if not any(name.startswith(real) for real in titles | links)} == set()


def actions_of(scope: Workflow | TaskKind) -> Iterator[Action]:
    """Every action that a button can stand for."""
    for state in scope.states.values():
        yield from state.actions.values()
    for request in scope.requests.values():
        yield request.ask
        yield from request.answers.values()


def test_the_people_that_the_tour_names_are_in_the_cast() -> None:
    members = {member.name: member.login for member in cast()}
    told = {name for row in re.findall(r"^\| [^|]+ \| ([^|]+) \|", _who(), flags=re.M) for name in row.split(", ")}
    assert len(told) >= 12
    assert told <= members.keys()
    assert set(re.findall(r"--as (\S+)", read(ENGLISH))) <= set(members.values())


def _who() -> str:
    section = prose(ENGLISH).split("\n## Who does what today\n")[1].split("\n## ")[0]
    return "\n".join(row for row in section.splitlines() if re.match(r"\| \w+(?: \w+)* [\u4e00-\u9fff]+ \|", row))
