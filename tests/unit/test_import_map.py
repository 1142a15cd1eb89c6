"""A MAP file says strictly how an old system's table becomes acts; whatever is wrong is named at its line."""

import re
from pathlib import Path

import pytest

from engine import resources
from engine.definitions.loader import load
from engine.definitions.model import Workflow
from engine.errors import DefinitionError
from engine.exchange.history_check import check_map
from engine.exchange.history_grammar import KEYS
from engine.exchange.history_map import Lookup, Noun, Template, TicketMap
from engine.exchange.history_reading import folder, read_map
from tests.support.importing import mapped

GOOD = """source: old
workflow: service-request
id: No
times:
  zone: Asia/Shanghai
  formats: ["%Y-%m-%d %H:%M"]
department: {column: Unit, create: true}
area: {column: Street, create: {level: street}}
status: {column: State, values: {yes it is: done, "no": open}}
steps:
  - action: report
    at: Opened
    form:
      description: {text: "{What} ({Where})"}
      place: {from: place}
  - {action: accept, at: [Taken, Opened]}
  - {action: dispatch, at: Opened, form: {lead: {from: department}}}
  - {action: finish, task: job, at: Closed, when: done}
"""
#: What is written instead of what, in which line that is refused, in which words.
WRONG = {
    "an unknown key": ("id: No", "id: No\nidd: No", 4, "没有声明，是否想写“id”"),
    "a missing key": ("id: No\n", "", 1, "缺少“编号”（id）"),
    "a key given twice": ("id: No", "id: No\n编号: No", 4, "“编号”写了两次"),
    "a source that is no name": ("source: old", "source: old system!", 1, "只能由汉字"),
    "a source without end": ("source: old", f"source: {'o' * 55}", 1, "过长"),
    "an unknown zone": ("Asia/Shanghai", "Asia/Fengxian", 5, "没有时区“Asia/Fengxian”"),
    "a path for a zone": ("Asia/Shanghai", "../../etc/passwd", 5, "没有时区"),
    "a format without a year": ("%Y-%m-%d %H:%M", "%m-%d %H:%M", 6, "不是时间格式"),
    "a format of another machine": ("%Y-%m-%d %H:%M", "%c", 6, "不是时间格式"),
    "a sign that strptime doesn't know": ("%Y-%m-%d %H:%M", "%Y-%m-%d %Q", 6, "不是时间格式"),
    "a mapping that isn't one": ("{column: Unit, create: true}", "Unit", 7, "这里应为“键: 值”"),
    "create: yes": ("{column: Unit, create: true}", "{column: Unit, create: yes}", 7, "这里只能写 true"),
    "an unknown kind of unit": ("create: true", "create: {kind: club}", 7, "单位类别“club”没有声明"),
    "braces around anything else": ("create: true", 'create: {code: "{Unit}"}', 7, "花括号里只能写 {value}"),
    "areas without a level": ("create: {level: street}", "create: true", 8, "缺少“层级”（level）"),
    "a status that no row has": ("when: done", "when: donee", 18, "状态“donee”没有声明，是否想写“done”"),
    "a section that isn't there": ("lead: {from: department}", "lead: {from: item}", 17, "没有“item”这一节"),
    "a section that can't be": ("{from: place}", "{from: plaice}", 15, "节“plaice”没有声明，是否想写“place”"),
    "two sources of one value": ('{text: "{What} ({Where})"}', "{text: a, column: b}", 14, "请写一列"),
    "a brace left open": ("{What} ({Where})", "{What} ({Where)", 14, "花括号里只能写 {列名}"),
    "no list of steps": (GOOD[GOOD.index("steps:") :], "steps: report\n", 10, "这里应为列表"),
    "a time nobody takes": (
        '["%Y-%m-%d %H:%M"]', '["%Y-%m-%d %H:%M"]\n  columns: {Othr: "%Y-%m-%d"}', 4, "没有步骤用到时间列“Othr”",
    ),
}  # fmt: skip
#: What the file itself can't know, but its workflow does.
UNFIT = {
    "an unknown act": ("action: accept", "action: acept", 16, "动作“acept”没有声明，是否想写“accept”"),
    "an act of the rules": ("action: accept", "action: all_done", 16, "动作“all_done”没有声明"),
    "an unknown kind of task": ("task: job", "task: jobb", 18, "任务种类“jobb”没有声明，是否想写“job”"),
    "a report later on": ("action: accept", "action: report", 16, "动作“report”没有声明"),
    "a first step that reports nothing": ("action: report", "action: accept", 11, "动作“accept”没有声明"),
    "a report of some": ("at: Opened\n", "at: Opened\n    when: done\n", 11, "第一步是上报，适用于所有行"),
    "an unknown field": ("description:", "descriptoin:", 11, "字段“descriptoin”没有声明，是否想写“description”"),
    "a required field left out": (", form: {lead: {from: department}}", "", 17, "必须填写“主办部门”（lead）"),
    "a code written as words": ("lead: {from: department}", "lead: Unit", 17, "应写 {from: department}"),
    "a section of another kind": ("lead: {from: department}", "lead: {from: area}", 17, "不能取自“area”"),
    "an unknown choice": (
        "{action: accept, at: [Taken, Opened]}",
        "{action: accept, at: Taken, form: {urgency: {column: How, values: {high: urgnt}}}}", 16,
        "选项“urgnt”没有声明，是否想写“urgent”",
    ),
    "a constant that is no choice": (
        "{action: accept, at: [Taken, Opened]}", "{action: accept, at: Taken, form: {urgency: {text: high}}}", 16,
        "选项“high”没有声明",
    ),
}  # fmt: skip


@pytest.fixture(scope="module")
def workflow() -> Workflow:
    return load(resources.workflows() / "service-request.yaml")


def changed(before: str, after: str) -> str:
    assert before in GOOD
    return GOOD.replace(before, after, 1)


def test_a_good_map_reads_and_fits(tmp_path: Path, workflow: Workflow) -> None:
    mapping = mapped(tmp_path, GOOD)
    check_map(mapping, workflow)
    assert mapping.columns == ("No", "Opened", "What", "Where", "Taken", "Closed", "State", "Unit", "Street")
    assert mapping.status is not None
    assert mapping.status.values == {"yes it is": "done", "no": "open"}
    report, accept, dispatch, finish = mapping.steps
    assert report.form["place"] is Noun.PLACE
    assert accept.at == ("Taken", "Opened")
    assert dispatch.form == {"lead": Noun.DEPARTMENT}
    assert (finish.task, finish.when) == ("job", frozenset({"done"}))


@pytest.mark.parametrize("name", WRONG)
def test_a_wrong_map_is_refused_at_its_line(tmp_path: Path, name: str) -> None:
    before, after, line, words = WRONG[name]
    with pytest.raises(DefinitionError) as refused:
        mapped(tmp_path, changed(before, after))
    assert (refused.value.place.file, refused.value.place.line) == ("map.yaml", line)
    assert words in str(refused.value)


@pytest.mark.parametrize("name", UNFIT)
def test_a_map_that_does_not_fit_its_workflow_is_refused_at_its_line(
    tmp_path: Path, workflow: Workflow, name: str
) -> None:
    before, after, line, words = UNFIT[name]
    mapping = mapped(tmp_path, changed(before, after))
    with pytest.raises(DefinitionError) as refused:
        check_map(mapping, workflow)
    assert refused.value.place.line == line
    every = refused.value.details["all"]
    assert isinstance(every, tuple)
    assert any(words in problem for problem in every), every


def test_all_problems_are_told_at_once(tmp_path: Path) -> None:
    text = changed("Asia/Shanghai", "Nowhere").replace("%Y-%m-%d", "%d").replace("from: place", "from: plaice")
    with pytest.raises(DefinitionError) as refused:
        mapped(tmp_path, text)
    every = refused.value.details["all"]
    assert isinstance(every, tuple)
    assert len(every) == 3


def test_a_map_in_chinese_means_the_same(tmp_path: Path) -> None:
    spelled = {english: chinese for keys in KEYS.values() for english, chinese in keys.items()}
    # One English word may have several spellings, so every section is translated by its own.
    text = GOOD.replace("{text:", "{文字:").replace("from:", "取自:").replace("column:", "列:")
    for word in ("source", "workflow", "id", "zone", "formats", "values", "create", "level", "steps", "action", "task"):
        text = re.sub(rf"(^|[\s{{,-]){word}:", rf"\g<1>{spelled[word]}:", text)
    text = text.replace("at:", "时间:").replace("times:", "时间:").replace("when:", "当:").replace("form:", "表单:")
    text = text.replace("department:", "部门:").replace("area:", "区域:").replace("status:", "状态:")
    text = text.replace("取自: department", "取自: 部门").replace("level", "层级").replace("street", "街镇")
    assert "来源: old" in text
    assert mapped(tmp_path, text) == mapped(tmp_path, GOOD)


@pytest.mark.parametrize("path", sorted(folder().glob("*.yaml")), ids=lambda path: path.stem)
def test_the_maps_that_come_with_the_product_fit_their_workflows(path: Path) -> None:
    mapping = read_map(Path(path.stem))
    check_map(mapping, load(resources.workflows() / f"{mapping.workflow}.yaml"))


def test_a_template_is_empty_where_all_its_columns_are() -> None:
    template = Template((("旧案 ", "No"), (" · ", "What"), ("", "")))
    assert template.fill({"No": "", "What": ""}) == ""
    assert template.fill({"No": "7", "What": ""}) == "旧案 7 · "
    assert Template((("已办结", ""),)).fill({}) == "已办结"


def test_cells_that_hold_a_word_for_nothing_are_empty(tmp_path: Path) -> None:
    mapping = mapped(tmp_path, GOOD + 'blank: ["-", 无]\n')
    assert mapping.clean({"a": "-", "b": "无", "c": "0", "d": "e\u0301"}) == {"a": "", "b": "", "c": "0", "d": "é"}


def test_an_unlisted_word_takes_the_default_if_there_is_one() -> None:
    lookup = Lookup(column="a", values={"x": "1"}, default="2")
    assert [lookup.read({"a": cell}) for cell in ("x", "y", "")] == ["1", "2", "2"]


def test_every_key_stands_in_the_readme() -> None:
    text = (folder() / "README.md").read_text(encoding="utf-8")
    for keys in KEYS.values():
        for english, chinese in keys.items():
            assert re.search(rf"\| `{english}` \| {chinese} \|", text), f"{english} {chinese}"


def test_every_example_of_the_readme_reads(tmp_path: Path) -> None:
    text = (folder() / "README.md").read_text(encoding="utf-8")
    examples = re.findall(r"```yaml\n(.*?)```", text, re.DOTALL)
    assert examples
    for example in examples:
        assert isinstance(mapped(tmp_path, example), TicketMap)
