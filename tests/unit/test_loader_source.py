"""What a workflow file must be before anything in it is read."""

import os
import time
from pathlib import Path

import pytest

from engine.definitions import source
from engine.definitions.loader import load, loads
from engine.errors import DefinitionError
from tests.support.loops import SMALL, changed, refusal


@pytest.mark.parametrize(
    ("text", "line", "words"),
    [
        ("工单：一\n流程：二\n", 1, "中文冒号"),
        ("just a sentence", 1, "键: 值"),
        ("- a\n- b\n", 1, "键: 值"),
        ("", 1, "键: 值"),
        ("workflow: [1\nversion: 2\n", 2, "不是合法的 YAML"),
        ('workflow: "x\n', 2, "不是合法的 YAML"),
        ("\tworkflow: x\n", 1, "Tab"),
        ("workflow: a: b\n", 1, "加引号"),
        ("workflow: x\nversion: 1\nworkflow: y\n", 3, "“workflow”在第 1 行已经写过"),
        ("workflow: &name x\n", 1, "锚点"),
        ("workflow: x\ntitle: *name\n", 2, "锚点"),
        ("workflow: !!str x\n", 1, "标签"),
        ("workflow: !python/object/apply:os.system [ls]\n", 1, "标签"),
        ("workflow: x\n---\nworkflow: y\n", 2, "一个文档"),
        ("%YAML 1.1\n---\nworkflow: x\n", 1, "%YAML 1.1"),
        ("? [a, b]\n: c\n", 1, "键必须是一个词"),
        ("workflow: x\ntitle: 甲\x07乙\n", 2, "U+0007"),
        ("workflow: x\ntitle: 甲\u200b乙\n", 2, "U+200B"),
        ("workflow: x\ntitle: 甲\u202e乙\n", 2, "U+202E"),
        ("workflow: x\x00\n", 1, "U+0000"),
        ("workflow: " + "[" * 30 + "]" * 30, 1, "嵌套超过 20 层"),
        ("workflow: " + "x" * 2_001, 1, "2,001 字"),
        ("roles: {desk: {title: 受理员, 值班长 / Desk, post: coordinator}}\n", 1, "英文逗号"),
    ],
)
def test_what_is_no_plain_yaml_is_refused_at_its_line(text: str, line: int, words: str) -> None:
    error = refusal(text, file="x.yaml")
    assert error.place.file == "x.yaml"
    assert error.place.line == line
    assert words in error.zh
    assert error.en
    assert error.en != error.zh


def test_every_refusal_reads_chinese_first() -> None:
    assert str(refusal("a: &b 1", file="x.yaml")) == (
        "x.yaml:1: 不支持 YAML 的锚点与引用（“b”），请把内容写全 / "
        "anchors and aliases ('b') are not accepted: write it out"
    )


def test_a_bomb_of_aliases_never_unfolds() -> None:
    bomb = "a: &a [x,x,x]\n" + "".join(f"{c}: &{c} [*{p},*{p}]\n" for p, c in zip("abcdefgh", "bcdefghi", strict=True))
    assert "锚点" in refusal(bomb).zh


def test_a_million_brackets_are_refused_soon() -> None:
    began = time.monotonic()
    assert "20 层" in refusal("a: " + "[" * 900_000).zh
    assert "项" in refusal("a:\n" + " - b\n" * 60_000).zh
    assert time.monotonic() - began < 30


def test_a_file_of_100_megabytes_is_refused_without_reading_it(tmp_path: Path) -> None:
    path = tmp_path / "large.yaml"
    with path.open("wb") as file:
        file.truncate(100_000_000)
    began = time.monotonic()
    with pytest.raises(DefinitionError, match="文件过大（100,000,000 字节）"):
        load(path)
    assert time.monotonic() - began < 0.5


def test_a_text_over_one_megabyte_is_refused_wherever_it_comes_from() -> None:
    assert "文件过大" in refusal("# " + "字" * 400_000).zh


def test_what_is_no_file_is_refused(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.yaml")
    for name in ("missing.yaml", "pipe.yaml", "."):
        with pytest.raises(DefinitionError, match="没有文件"):
            load(tmp_path / name)


def test_another_encoding_is_refused_with_its_line(tmp_path: Path) -> None:
    path = tmp_path / "gbk.yaml"
    path.write_bytes("workflow: x\ntitle: 呼应\n".encode("gbk"))
    with pytest.raises(DefinitionError, match="UTF-8") as caught:
        load(path)
    assert caught.value.place.line == 2


def test_what_notepad_puts_before_a_file_does_no_harm(tmp_path: Path) -> None:
    path = tmp_path / "small.yaml"
    path.write_bytes(b"\xef\xbb\xbf" + SMALL.replace("\n", "\r\n").encode())
    assert load(path).states == loads(SMALL).states


def test_words_that_yaml_once_guessed_stay_words() -> None:
    tree = source.compose("opens: 18:00\nopen: no\nloud: on\nshut: yes\noctal: 010\nday: 2026-01-01\n", file="x")
    values = [entry.value for entry in tree.entries]
    assert [value.text for value in values if isinstance(value, source.Scalar)] == [
        "18:00",
        "no",
        "on",
        "yes",
        "010",
        "2026-01-01",
    ]


def test_a_choice_may_be_called_no() -> None:
    text = SMALL.replace("{easy: 易 / Easy, hard: 难 / Hard}", "{easy: 易 / Easy, no: 否 / No}")
    assert list(loads(text).fields["level"].of) == ["easy", "no"]


def test_a_number_or_date_as_title_must_be_quoted() -> None:
    for value in ("18", "2026-01-01", "true", "1e3"):
        assert "加引号" in refusal(SMALL.replace("title: 小循环 / Small", f"title: {value}")).zh
    assert loads(SMALL.replace("title: 小循环 / Small", 'title: "18"')).title.zh == "18"


@pytest.mark.parametrize(
    ("old", "new", "mark"),
    [
        ("by: desk, to: filed, form", "by: dask, to: filed, form", "dask"),
        ("title: 小循环 / Small", "titel: 小循环 / Small", "titel"),
        ("when: reworks < 2", "when: rework < 2", "rework < 2"),
        ("version: 1", "version: &a 1", "&a"),
    ],
)
def test_a_problem_is_found_at_its_very_column(old: str, new: str, mark: str) -> None:
    text, line = changed(old, new)
    error = refusal(text)
    place = next(one for one in (error.problems or (error,)) if one.place.line == line).place
    assert text.splitlines()[line - 1][place.column - 1 :].startswith(mark)
