"""`huying handover` and `huying roster`, as an administrator types them."""

from pathlib import Path

import pytest

from engine import cli
from engine.clock import DAY, Instant, SetClock, SystemClock, moment
from engine.database import Database
from tests.support.door import Told, World


@pytest.fixture
def world(database: Database, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> World:
    monkeypatch.setenv("HUYING_DATABASE", database.url.render_as_string(hide_password=False))
    monkeypatch.setenv("HUYING_DATA", str(tmp_path))
    return World(database, SetClock(SystemClock().now()))


def assigned(world: World) -> Told:
    told = world.ticket().called("urban").signed("urban")
    told.do("chen-lead", "hand_over", of="urban", form={"person": "chen"})
    return told


def said(capsys: pytest.CaptureFixture[str]) -> str:
    captured = capsys.readouterr()
    return captured.out + captured.err


def test_a_post_and_its_work_pass_in_one_command_which_may_be_repeated(
    world: World, capsys: pytest.CaptureFixture[str]
) -> None:
    told = assigned(world)
    command = ["handover", "chen", "lu", "--post", "handler", "--reason", "调岗"]
    assert cli.main(command) == 0
    assert "1 件案卷" in said(capsys)
    assert told.task_of("urban").person_id == world.people["lu"]
    assert cli.main(command) == 0
    assert "0 件案卷" in said(capsys)
    assert told.actions.count("handed_over") == 1
    assert cli.main(["roster", "who", "handler", "--department", "urban"]) == 0
    held = said(capsys)
    assert "陆经办" in held
    assert "陈经办" not in held
    assert cli.main(["verify", "--rows"]) == 0


def test_what_would_leave_the_department_is_refused_and_nothing_is_half_done(
    world: World, capsys: pytest.CaptureFixture[str]
) -> None:
    told = assigned(world)
    assert cli.main(["handover", "chen", "lu"]) == 1
    assert "城管中队" in said(capsys)
    assert told.task_of("urban").person_id == world.people["chen"]
    assert cli.main(["handover", "chen", "nobody"]) == 1
    assert cli.main(["handover", "chen", "chen"]) == 1
    assert cli.main(["handover", "chen", "lu", "--post", "handler", "--at", "2999-01-01"]) == 1
    assert cli.main(["roster", "who", "handler", "--department", "urban", "--at", "昨天"]) == 1
    assert "时刻" in said(capsys)


def test_an_administrator_enters_a_leave(world: World, capsys: pytest.CaptureFixture[str]) -> None:
    told = world.ticket().called("urban").signed("urban")
    day = moment(Instant(SystemClock().now() + 3 * DAY)).date().isoformat()
    assert cli.main(["roster", "leave", "chen-lead", "chen", "--post", "lead", "--until", day]) == 0
    world.clock.advance(DAY)
    assert "hand_over" in told.sees("chen")
    assert cli.main(["roster", "leave", "chen-lead", "chen", "--post", "supervisor", "--until", day]) == 1
    assert "不任" in said(capsys)


def test_a_roster_comes_in_and_is_shown(world: World, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "roster.csv"
    rows = ("账号,岗位,区域,开始,结束", "wang,网格员,micro,2999-01-01 08:00,2999-01-01 20:00", "liu,网格员,micro,x,y")
    path.write_text("\n".join(rows), "utf-8")
    assert cli.main(["roster", "import", str(path), "--preview"]) == 0
    assert "第 3 行" in said(capsys)
    assert cli.main(["roster", "show"]) == 0
    assert "值班表为空" in said(capsys)
    assert cli.main(["roster", "import", str(path), "--refused", str(tmp_path / "refused.csv")]) == 0
    assert (tmp_path / "refused.csv").exists()
    assert cli.main(["roster", "show", "--days", "400000"]) == 0
    assert "王网格员" in said(capsys)
