"""The rules of admission, and `admits` of a loop, are read whole or refused with the line of every problem."""

from pathlib import Path

import pytest

from engine import resources
from engine.definitions.admission_rules import FILE, read
from engine.definitions.loader import loads
from engine.errors import DefinitionError

RULES = (resources.workflows() / FILE).read_text(encoding="utf-8")
LOOP = (resources.workflows() / "village-task-admission.yaml").read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("was", "becomes", "zh"),
    [
        ("village-duties:", "village-duty:", "名册“village-duty”没有声明，是否想写“village-duties”？"),
        ("items: items", "items: item", "字段“item”没有声明"),
        ("items: items", "items: list", "字段“list”的类型应为 text"),
        ("list: list", "list: basis", "字段“basis”的类型应为 choice"),
        ("binds: [village]", "bind: [village]", "缺少“约束”"),
        ("binds: [village]", "binds: [vilage]", "单位类别“vilage”没有声明，是否想写“village”？"),
        ("format: 1", "format: 2", "文件格式应为 1"),
        ("start: report_unadmitted, ", "", "缺少“发起”"),
    ],
)
def test_wrong_rules_are_refused_with_the_place(tmp_path: Path, was: str, becomes: str, zh: str) -> None:
    assert was in RULES
    path = tmp_path / "rules.yaml"
    path.write_text(RULES.replace(was, becomes, 1), encoding="utf-8")
    with pytest.raises(DefinitionError) as caught:
        read(path)
    problems = caught.value.details["all"]
    assert isinstance(problems, tuple)
    assert any(zh in problem and problem.startswith("rules.yaml:") for problem in problems)


@pytest.mark.parametrize(
    ("was", "becomes", "zh"),
    [
        ("in: [admitted, questioned]", "in: [admited, questioned]", "状态“admited”没有声明，是否想写“admitted”？"),
        ("  units: villages", "  units: nobody", "字段“nobody”没有声明"),
        ("  until: end_day", "  until: task_name", "“until”所指的字段“task_name”应为 date"),
        ("  matter: task_name", "  matter: description", "且不是个人信息"),
        ("  number: 奉村准\n", "", "缺少“编号”"),
        ("kinds: village}", "kinds: town}", "单位类别“town”没有声明"),
        ("type: text}\n  items:", "type: text, kinds: village}\n  items:", "只有部门可限单位类别"),
        ("Admit, by: panel,", "Admit, by: [panel, clock],", "“admit”去往准入的状态“admitted”，只能由人办理"),
        ("  matter: task_name", "  matter: spare", "但没有表单填写它"),
    ],
)
def test_a_loop_that_admits_wrongly_is_refused_with_the_place(was: str, becomes: str, zh: str) -> None:
    assert was in LOOP
    text = LOOP.replace(was, becomes, 1).replace(
        "fields:\n", "fields:\n  spare: {title: 备用 / Spare, type: text}\n", 1
    )
    with pytest.raises(DefinitionError) as caught:
        loads(text, file="loop.yaml")
    problems = caught.value.details["all"]
    assert isinstance(problems, tuple)
    assert any(zh in problem and problem.startswith("loop.yaml:") for problem in problems)
