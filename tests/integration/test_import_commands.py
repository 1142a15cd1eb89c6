"""What the command line says of an import and of the figures that came of it, and how it exits."""

from pathlib import Path

import pytest

from engine.cli import main
from engine.clock import SetClock
from engine.database import Database
from tests.support.importing import count, empty_house
from tests.support.old_systems import Sample, la311


@pytest.fixture
def house(sqlite_database: Database, sqlite_url: str, clock: SetClock, monkeypatch: pytest.MonkeyPatch) -> Database:
    """An installation that commands find by their environment."""
    monkeypatch.setenv("HUYING_DATABASE", sqlite_url)
    empty_house(sqlite_database, clock)
    return sqlite_database


@pytest.fixture
def sample(tmp_path: Path) -> Sample:
    return la311(tmp_path / "requests.csv", 60)


def said(capsys: pytest.CaptureFixture[str], *arguments: object) -> tuple[int, str, str]:
    code = main([str(argument) for argument in arguments])
    return code, *capsys.readouterr()


def test_counts_are_told_and_refusals_alone_are_no_failure(
    house: Database, sample: Sample, capsys: pytest.CaptureFixture[str]
) -> None:
    code, out, _ = said(capsys, "import", "tickets", sample.path, "--map", "la311")
    assert code == 0
    assert "读取 60 行：导入 57，已在库 0，拒绝 3" in out
    assert "60 rows read: 57 imported, 0 already there, 3 refused" in out
    assert str(sample.path.with_name("requests.refused.csv")) in out
    code, out, _ = said(capsys, "import", "tickets", sample.path, "--map", "la311")
    assert code == 0
    assert "导入 0，已在库 57，拒绝 3" in out


def test_a_dry_run_says_that_nothing_is_written(
    house: Database, sample: Sample, capsys: pytest.CaptureFixture[str]
) -> None:
    code, out, _ = said(capsys, "import", "tickets", sample.path, "--map", "la311", "--dry-run")
    assert code == 0
    assert "什么也没有写入" in out
    assert "导入 57" in out
    assert count(house, "ticket") == 0


def test_a_table_of_which_nothing_could_be_taken_is_a_failure(
    house: Database, sample: Sample, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    sample.path.write_text(sample.path.read_text(encoding="utf-8").replace("/2017", "/1917"), encoding="utf-8")
    refused = tmp_path / "elsewhere.csv"
    code, out, _ = said(capsys, "import", "tickets", sample.path, "--map", "la311", "--refused", refused)
    assert code == 1
    assert "拒绝 60" in out
    assert refused.is_file()


@pytest.mark.parametrize(
    ("options", "words"),
    [(["--map", "nowhere.yaml"], "没有文件"), (["--map", "la311", "--arm-from", "soon"], "应为日期")],
)
def test_a_wrong_call_says_what_is_wrong_with_it(
    house: Database, sample: Sample, capsys: pytest.CaptureFixture[str], options: list[str], words: str
) -> None:
    code, _, err = said(capsys, "import", "tickets", sample.path, *options)
    assert code == 1
    assert words in err


def test_a_day_to_arm_from_is_civil_time(house: Database, sample: Sample, capsys: pytest.CaptureFixture[str]) -> None:
    code, _, _ = said(capsys, "import", "tickets", sample.path, "--map", "la311", "--arm-from", "2017-12-29")
    assert code == 0
    assert count(house, "deadline", "next_at < 1514476800000000") == 0
    assert count(house, "deadline", "next_at IS NOT NULL") > 0


def test_figures_stand_in_a_table_for_people_and_in_json_for_programs(
    house: Database, sample: Sample, capsys: pytest.CaptureFixture[str]
) -> None:
    said(capsys, "import", "tickets", sample.path, "--map", "la311")
    code, out, _ = said(capsys, "figures", "--by", "department")
    assert code == 0
    assert all(word in out for word in ("la-bos", "办结", "On time", "合计"))
    code, out, _ = said(capsys, "figures", "--json")
    assert code == 0
    assert '"cancelled": 2' in out
