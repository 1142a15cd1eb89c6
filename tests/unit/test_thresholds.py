"""The thresholds of proposals: what is wrong is told with its file and line."""

from pathlib import Path

import pytest

from engine import resources
from engine.definitions.thresholds import FILE, read, shipped
from engine.errors import DefinitionError

TEXT = (resources.workflows() / FILE).read_text(encoding="utf-8")


def test_the_shipped_file_reads() -> None:
    assert shipped().duplicates.metres == 50
    assert shipped().duplicates.hours == 24
    assert shipped().frequent.past == 365


@pytest.mark.parametrize(
    ("old", "new", "line", "said"),
    [
        ("  hours: 24 ", "  hours: -1 ", 6, "“hours”应为 1 至 720 的整数"),
        ("  hours: 24 ", "  hours: 2.5 ", 6, "“hours”应为 1 至 720 的整数"),
        ("  hours: 24 ", "  hours: [24] ", 6, "“hours”应为 1 至 720 的整数"),
        ("  hours: 24 ", "  hour: 24 ", 6, "hour"),
        ("relapse:  ", "relapses: ", 9, "relapses"),
        ("  days: 90", "  # days: 90", 9, "缺少“days”"),
    ],
)
def test_what_is_wrong_is_told_with_its_line(tmp_path: Path, old: str, new: str, line: int, said: str) -> None:
    assert old in TEXT
    path = tmp_path / "thresholds.yaml"
    path.write_text(TEXT.replace(old, new, 1), encoding="utf-8")
    with pytest.raises(DefinitionError) as refused:
        read(path)
    problems = refused.value.details["all"]
    assert isinstance(problems, tuple)
    assert any(f"thresholds.yaml:{line}" in one and said in one for one in problems), problems
