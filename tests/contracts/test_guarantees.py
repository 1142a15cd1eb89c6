"""Every promise of GUARANTEES.md names a test that is there."""

import ast
import re
from collections import Counter
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
TEXT = (ROOT / "GUARANTEES.md").read_text(encoding="utf-8")
#: A promise in English, in Chinese, and its test.
PROMISE = re.compile(r"^- (?P<en>.+)\n  (?P<zh>.+)\n  → `(?P<file>tests/\S+\.py)::(?P<name>\w+)`$", re.M)
PROMISES = list(PROMISE.finditer(TEXT))


def test_every_promise_is_said_in_both_languages_and_names_its_test() -> None:
    assert len(PROMISES) == TEXT.count("\n- ") > 50
    for one in PROMISES:
        assert re.search(r"[\u4e00-\u9fff]", one["zh"]), one["zh"]
        assert not re.search(r"[\u4e00-\u9fff]", one["en"]), one["en"]
    said = Counter(one["en"] for one in PROMISES)
    assert max(said.values()) == 1


@pytest.mark.parametrize("one", PROMISES, ids=lambda one: one["name"])
def test_the_test_is_there(one: re.Match[str]) -> None:
    tree = ast.parse((ROOT / one["file"]).read_text(encoding="utf-8"))
    named = {node.name for node in ast.walk(tree) if isinstance(node, ast.FunctionDef | ast.ClassDef)}
    assert one["name"] in named
