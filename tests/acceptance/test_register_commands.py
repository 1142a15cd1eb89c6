"""`huying register`, `huying draw explain` and `huying points` in the demo district, on both databases."""

from collections.abc import Callable
from pathlib import Path

import pytest

from engine.cli import main
from engine.serving import prepare_demo
from engine.settings import Settings

Huying = Callable[..., str]


@pytest.fixture
def huying(
    database_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Huying:
    """The command on a demo district; answers what it prints."""
    monkeypatch.setenv("HUYING_DATABASE", database_url)
    monkeypatch.setenv("HUYING_DATA", str(tmp_path))
    monkeypatch.setenv("COLUMNS", "250")
    monkeypatch.chdir(tmp_path)
    prepare_demo(Settings.from_environment())
    prepare_demo(Settings.from_environment())
    capsys.readouterr()

    def run(*words: str, fails: bool = False) -> str:
        code = main(words)
        printed = capsys.readouterr()
        assert bool(code) is fails, printed.out + printed.err
        return printed.out + printed.err

    return run


def test_a_registers_life_on_the_command_line(huying: Huying, tmp_path: Path) -> None:
    listed = huying("register", "list")
    assert "特殊关怀人群 / People in special care · 7 行" in listed
    assert "减负监测点 / Burden monitoring points · 3 行" in listed
    assert "吴秀珍" in huying("register", "show", "special-care")
    assert "没有名册" in huying("register", "show", "nothing", fails=True)
    assert "没有“fx-999”" in huying("register", "show", "special-care", "fx-999", fails=True)

    file = tmp_path / "people.csv"
    assert "7 行" in huying("register", "export", "special-care", str(file))
    text = file.read_text(encoding="utf-8-sig")
    file.write_text(text.replace("13900000001", "13911111111").replace("困境儿童", "神童"), encoding="utf-8")
    preview = huying("register", "import", "special-care", str(file), "--preview")
    assert "神童" in preview
    assert "第 4 行" in preview
    assert "13911111111" not in huying("register", "show", "special-care", "fx-001")
    huying("register", "import", "special-care", str(file))
    assert "神童" in (tmp_path / "people.refused.csv").read_text(encoding="utf-8-sig")
    history = huying("register", "show", "special-care", "fx-001")
    assert "13900000001" in history
    assert "13911111111" in history
    assert "2 个版本" in huying("register", "erase", "special-care", "fx-001")
    assert "139" not in huying("register", "show", "special-care", "fx-001")


def test_the_visits_of_the_demo_stand_in_every_state_and_are_told_the_same(huying: Huying) -> None:
    assert "一致 / the same" in huying("verify", "--rows")
    points = huying("points")
    assert "li.village" in points
    assert "走访登记" in huying("points", "li.village")
    assert "合计 / balance 10" in huying("points", "li.village")
    explained = huying("draw", "explain", "four-hundred-visits", "drawn")
    assert explained.count("✓") == 1
    assert explained == huying("draw", "explain", "four-hundred-visits", "drawn")
    assert "没有抽取" in huying("draw", "explain", "four-hundred-visits", "care", fails=True)
    assert "0 件按册开启" in huying("work")


def test_a_register_file_is_checked_without_a_database(huying: Huying, tmp_path: Path) -> None:
    wrong = tmp_path / "wrong.yaml"
    wrong.write_text("register: wrong\ntitle: 错 / Wrong\n", encoding="utf-8")
    assert "缺少“维护”" in huying("register", "check", str(wrong), fails=True)


def test_what_a_village_may_be_asked_on_the_command_line(huying: Huying, tmp_path: Path) -> None:
    assert "可以读取" in huying("admission", "check")
    wrong = tmp_path / "rules.yaml"
    wrong.write_text("admission: 准入 / Admission\nbinds: [vilage]\n", encoding="utf-8")
    refused = huying("admission", "check", str(wrong), fails=True)
    assert "rules.yaml:" in refused
    assert "village" in refused
    told = huying("admission", "show", "jw-310120001001")
    assert "依法协助事项清单 · xz-02 协助发现和报告群租（event-04-02）" in told
    assert "窨井盖安全排查" in told
    assert "液化气" not in told, "what was revoked is not among them"
    assert "没有编码为“nobody”" in huying("admission", "show", "nobody", fails=True)
