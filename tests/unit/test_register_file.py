"""A register file is read whole, in either language, or refused with the line of every problem."""

from pathlib import Path

import pytest

from engine.definitions.model import FieldType
from engine.definitions.register_file import discover, load, loads
from engine.errors import DefinitionError

FILE = """register: mediators
title: 调解员 / Mediators
keeper: {post: coordinator, level: street}
name: name
area: area
fields:
  name: {title: 姓名 / Name, type: text}
  area: {title: 居村 / Village, type: area}
  rank: {title: 等级 / Rank, type: choice, of: {one: 一级 / One, two: 二级 / Two}}
  phone: {title: 电话 / Phone, type: text, personal: true}
required: [rank]
"""
CHINESE = """名册: mediators
标题: 调解员 / Mediators
维护: {岗位: 城运受理派遣员, 层级: 街镇}
名称字段: name
区域字段: area
字段:
  name: {标题: 姓名 / Name, 类型: 文本}
  area: {标题: 居村 / Village, 类型: 区域}
  rank: {标题: 等级 / Rank, 类型: 选项, 选项: {one: 一级 / One, two: 二级 / Two}}
  phone: {标题: 电话 / Phone, 类型: 文本, 个人信息: true}
必填: [rank]
"""


def test_a_register_says_what_its_rows_hold_and_who_keeps_them() -> None:
    found = loads(FILE)
    assert [(item.name, item.required) for item in found.form] == [
        ("name", True), ("area", True), ("rank", True), ("phone", False),
    ]  # fmt: skip
    assert (found.posts, found.level) == (frozenset({"coordinator"}), "street")
    assert found.fields["phone"].personal
    assert found.fields["area"].type is FieldType.AREA


def test_both_languages_mean_the_same() -> None:
    assert loads(FILE) == loads(CHINESE)


@pytest.mark.parametrize(
    ("was", "becomes", "line", "zh"),
    [
        ("register: mediators", "register: 1 2", 1, "标识"),
        ("title: 调解员 / Mediators\n", "", 1, "缺少"),
        ("post: coordinator", "post: king", 3, "岗位“king”没有声明"),
        ("level: street", "level: planet", 3, "区域层级“planet”没有声明"),
        ("name: name\n", "name: nobody\n", 4, "字段“nobody”没有声明"),
        ("name: name\n", "name: rank\n", 4, "类型应为 text"),
        ("area: area\n", "area: name\n", 5, "类型应为 area"),
        ("title: 居村 / Village, type: area", "title: 居村 / Village, type: area, personal: true", 5, "不能是个人信息"),
        ("type: text}", "type: photo}", 7, "不能是 photo"),
        ("of: {one: 一级 / One, two: 二级 / Two}", "register: other", 9, "没有“register”"),
        ("  phone:", "  code:", 10, "自有的列"),
        ("required: [rank]", "required: [rank, fax]", 11, "字段“fax”没有声明"),
        ("required: [rank]", "format: 9", 11, "文件格式应为 1"),
        ("required: [rank]", "colour: red", 11, "没有“colour”"),
    ],
)
def test_what_is_wrong_is_named_with_its_line(was: str, becomes: str, line: int, zh: str) -> None:
    assert was in FILE
    with pytest.raises(DefinitionError) as refusal:
        loads(FILE.replace(was, becomes, 1))
    problems = [one for one in refusal.value.details["all"] if f":{line}" in one or f"第 {line} 行" in one]  # type: ignore[attr-defined]
    assert any(zh in one for one in problems), refusal.value.details["all"]


def test_every_shipped_register_is_called_by_its_key() -> None:
    folder = Path(__file__).resolve().parents[2] / "workflows" / "registers"
    assert [load(path).key for path in sorted(folder.glob("*.yaml"))] == [p.stem for p in sorted(folder.glob("*.yaml"))]


def test_two_files_of_one_key_are_refused(tmp_path: Path) -> None:
    for name in ("a.yaml", "b.yaml"):
        (tmp_path / name).write_text(FILE, encoding="utf-8")
    with pytest.raises(DefinitionError, match=r"b\.yaml"):
        discover(tmp_path)


def test_an_edited_file_counts_at_once(tmp_path: Path) -> None:
    path = tmp_path / "mediators.yaml"
    path.write_text(FILE, encoding="utf-8")
    assert discover(tmp_path)["mediators"].title.zh == "调解员"
    path.write_text(FILE.replace("调解员 /", "人民调解员 /"), encoding="utf-8")
    assert discover(tmp_path)["mediators"].title.zh == "人民调解员"
