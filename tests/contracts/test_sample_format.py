"""What workflows/samples/README.md promises is what the reader reads, and what is wrong in a file is named."""

import re

import pytest

from engine import resources
from engine.definitions import loader
from engine.definitions.sample_file import GRAMMAR, discover, fits, loads, table
from engine.errors import DefinitionError

FOLDER = resources.workflows() / "samples"
README = (FOLDER / "README.md").read_text(encoding="utf-8")
(EXAMPLE,) = re.findall(r"```yaml\n(.*?)```", README, flags=re.DOTALL)
LOOPS = {loop.key: loop for loop in loader.discover()}


@pytest.mark.parametrize("place", GRAMMAR)
def test_every_place_of_the_grammar_is_in_the_readme_as_it_is_read(place: str) -> None:
    assert f"<!-- table: {place} -->\n{table(place)}\n" in README


def test_the_example_of_the_readme_is_a_sample_and_what_it_opens_is_there() -> None:
    sample = loads(EXAMPLE, file="README.md").samples["callbacks"]
    fits(sample, "README.md", LOOPS.__getitem__)


def test_every_shipped_sample_opens_what_is_there() -> None:
    for sample, file in discover().values():
        assert f"`{file.file}`" in README
        fits(sample, file.file, LOOPS.__getitem__)


def test_a_file_in_chinese_means_the_same() -> None:
    chinese = """
格式: 1
抽样:
  callbacks:
    标题: 抽样回访 / Callbacks by sample
    每: 每月
    统计口径时间: first_closed
    不计: joined or void
    比例: 10
    分层: [街镇, 部门]
    另列: self_handled
    开启: {流程: sample-checks, 发起: callback, 另列发起: onsite}
"""
    one, other = loads(chinese).samples["callbacks"], loads(EXAMPLE).samples["callbacks"]
    assert (one.every, one.by, one.percent, one.start, one.apart_start) == (
        other.every, other.by, other.percent, other.start, other.apart_start
    )  # fmt: skip


@pytest.mark.parametrize(
    ("old", "new", "line", "said"),
    [
        ("percent: 10", "percent: 9", 7, "between 10 and 100"),
        ("every: month", "every: moon", 4, "moon"),
        ("by: [street, department]", "by: [street, depart]", 8, "depart"),
        ("without: joined or void", "without: joined and", 6, "without"),
        ("cohort: first_closed", "rows: monitoring-points", 6, "rows know no condition"),
        (", apart: onsite", "", 2, "go together"),
        ("    percent: 10\n", "", 3, "percent"),
    ],
)
def test_what_is_wrong_is_named_with_its_line(old: str, new: str, line: int, said: str) -> None:
    assert old in EXAMPLE
    with pytest.raises(DefinitionError) as refused:
        loads(EXAMPLE.replace(old, new), file="mine.yaml")
    assert said in str(refused.value.details["all"])
    assert f"mine.yaml:{line}" in str(refused.value.details["all"])


def test_a_start_that_is_no_rule_s_is_refused() -> None:
    sample = loads(EXAMPLE.replace("start: callback", "start: reached")).samples["callbacks"]
    with pytest.raises(DefinitionError, match="start by rule"):
        fits(sample, "mine.yaml", LOOPS.__getitem__)
