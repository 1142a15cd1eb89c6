"""Both loops from the command line, by the demo's cast, on both databases, through all five stages."""

import argparse
import io
import json
from collections.abc import Callable
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from engine import cli
from engine.cli import main
from engine.clock import Instant
from engine.console.printing import adder
from engine.database import Database
from engine.records import uploads
from engine.serving import prepare_demo
from engine.settings import Settings
from engine.store import FileStore

Huying = Callable[..., Any]
PLACE = 'place={"area": "31012000100101"}'
#: The comprehensive grid that it lies in.
GRID = "ZH31012000101"


@pytest.fixture
def huying(
    database_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Huying:
    """The command, on a demo district; answers the JSON or the text it prints."""
    monkeypatch.setenv("HUYING_DATABASE", database_url)
    monkeypatch.setenv("HUYING_DATA", str(tmp_path))
    prepare_demo(Settings.from_environment())
    capsys.readouterr()

    def run(*words: str, fails: bool = False) -> Any:
        code = main(words)
        printed = capsys.readouterr()
        assert bool(code) is fails, printed.err
        return json.loads(printed.out) if printed.out.startswith("{") else printed.out + printed.err

    return run


@pytest.fixture
def photo(database_url: str, tmp_path: Path) -> str:
    """A photo that is there already."""
    picture = io.BytesIO()
    Image.new("RGB", (8, 8), "red").save(picture, "PNG")
    picture.seek(0)
    database = Database(database_url)
    try:
        return uploads.store(database, FileStore.of("", tmp_path), picture, 1, Instant(1)).sha256
    finally:
        database.close()


def act(huying: Huying, case: str, who: str, action: str, *form: str, **options: Any) -> Any:
    named = [part for name, value in options.items() for part in (f"--{name}", str(value))]
    filled = ["--form", *form] if form else []
    return huying("act", case, action, "--as", who, *named, *filled)


def test_a_block_calls_and_a_line_responds(huying: Huying, photo: str) -> None:
    report = ("report", "block-calls-line-responds", "report", "--as", "wang.worker", "--key", "lamp")
    form = ("--form", "description=小区东门路灯不亮", PLACE, f'before_photos=["{photo}"]')
    case = huying(*report, *form)["case_no"]
    assert huying(*report, *form)["case_no"] == case, "a repeated key is a second answer, not a second ticket"

    refusal = huying("act", case, "accept", "--as", "liu.handler", fails=True)
    assert "您的岗位无权办理此事" in refusal
    assert "item!" in huying("actions", case, "--as", "chen.desk")
    act(huying, case, "chen.desk", "accept", "item=part-01-01/1", "urgency=normal")
    called = act(huying, case, "chen.desk", "call", "kind=appeal", "lead=cg-001", 'co=["sw-001"]')
    lead, co = called["created"][:2]
    act(huying, case, "liu.handler", "sign", task=lead)
    act(huying, case, "he.water", "sign", task=co)
    act(huying, case, "he.water", "finish", "result=已疏通", f'after_photos=["{photo}"]', task=co)
    assert (
        act(huying, case, "liu.handler", "finish", "result=已更换", f'after_photos=["{photo}"]', task=lead)["state"]
        == "checking"
    )
    assert act(huying, case, "zhao.checker", "check", f'check_photos=["{photo}"]')["state"] == "scoring"
    stars = json.dumps({str(task): {"stars": 5, "resolved": "solved"} for task in (lead, co)})
    assert act(huying, case, "li.village", "pass", each=stars)["state"] == "published"

    shown = huying("show", case)
    for stage in ("report", "triage", "dispatch", "resolve", "review"):
        assert stage in shown
    assert "完好 / sound" in huying("verify")


def test_many_grids_crack_a_problem_at_the_joint_meeting(huying: Huying) -> None:
    case = huying(
        "report", "multi-grid-in-one", "report", "--as", "wang.worker", "--form", "description=两村断头路", PLACE
    )["case_no"]
    act(huying, case, "sun.grid", "accept", "item=part-01-01/1", "urgency=normal")
    offered = huying("actions", case, "--as", "sun.grid")
    assert "list (" in offered
    act(
        huying, case, "sun.grid", "list", "raised_by=village", "cross=department", "lead_department=cg-001",
        "leader_in_charge=xu.chief", "measures=先清障后硬化", "milestones=十二月完成", "due=2027-03-31",
        "reason=权属不清",
    )  # fmt: skip
    sitting = huying("meeting", "call", "multi-grid-in-one", "joint", GRID, "--in", "3", "--as", "sun.grid").split()[-1]
    act(huying, case, "sun.grid", "table", f"meeting={sitting}")
    huying("meeting", "open", sitting, "--as", "sun.grid")
    members = [line.split()[0] for line in huying("meeting", "show", sitting).splitlines() if "awaited" in line]
    huying("meeting", "attend", sitting, *members, "--as", "sun.grid")
    decided = act(
        huying, case, "sun.grid", "assign", "lead=cg-001", 'co=["sw-001"]', "due=2027-03-31", "ruling=由城管牵头",
        'attended=["cg-001", "sw-001"]',
    )  # fmt: skip
    huying("meeting", "close", sitting, "--as", "sun.grid")
    assert "sha256" in huying("meeting", "sign", sitting, "--as", "sun.grid")
    assert "由城管牵头" in huying("meeting", "minutes", sitting)
    assert decided["state"] == "tackling"
    lead, co = decided["created"][:2]
    act(huying, case, "he.water", "finish", "result=管道已改线", task=co)
    act(huying, case, "liu.handler", "finish", "result=路面已贯通", task=lead)
    assert act(huying, case, "zheng.lead", "propose", "result=申请销号")["state"] == "clearing"
    stars = json.dumps({str(task): {"stars": 5, "resolved": "solved"} for task in (lead, co)})
    assert act(huying, case, "sun.grid", "confirm", each=stars)["state"] == "rating"
    shown = huying("show", case)
    for stage in ("report", "triage", "dispatch", "resolve", "review"):
        assert stage in shown
    assert "完好 / sound" in huying("verify")


def test_a_database_that_does_not_answer_is_one_clear_line_without_the_password(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("HUYING_DATABASE", "postgresql://huying:very-secret@127.0.0.1:1/none")
    assert main(["schedule"]) == 1
    said = capsys.readouterr().err
    assert "数据库没有应答" in said
    assert len(said.strip().splitlines()) <= 3
    assert "very-secret" not in said


@pytest.mark.parametrize("module", cli.MODULES)
def test_every_command_is_found_in_the_module_that_is_loaded_for_it(module: str) -> None:
    commands = argparse.ArgumentParser().add_subparsers()
    import_module(f"engine.console.{module}").add(adder(commands))
    assert list(commands.choices) == cli.MODULES[module].split()
