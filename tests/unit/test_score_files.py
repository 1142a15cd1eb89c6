"""Every way in which a score sheet can be wrong, and what its author is told."""

from fractions import Fraction

import pytest

from engine.definitions import indicator_file
from engine.definitions.indicator import CHOICES, FLAGS, MOMENTS, Counted
from engine.definitions.indicator_conditions import parse
from engine.definitions.indicator_words import read_as, said
from engine.definitions.score_file import loads, reweighted
from engine.errors import DefinitionError

INDICATORS = indicator_file.discover()
FILE = """\
sheets:
  department:
    title: 部门考核 / Departments
    of: department
    cut_off: 25
    parts:
      closed:
        indicator: closure_unit
        weight: 62.5
      scored:
        indicator: score
        weight: 37.5
    steps:
      reworks: {indicator: reworked, each: 0.2, later: {3: 0.5}}
    grades: {A: 90, B: 60, E: 0}
"""
_OF_AGENDAS = next(name for name, one in INDICATORS.items() if one.unit is Counted.AGENDA_ITEM)
WRONG = {
    "a key nobody knows": ("cut_off:", "cutoff:", 5, "是否想写“cut_off”"),
    "a unit nobody is": ("of: department", "of: departments", 4, "是否想写“department”"),
    "a day that February lacks": ("cut_off: 25", "cut_off: 30", 5, "至多 28"),
    "an indicator nobody knows": ("closure_unit", "closure_units", 8, "是否想写“closure_unit”"),
    "an indicator of the area": ("closure_unit", "closure_area", 8, "归区域，不能考核部门"),
    "weights that are not 100": ("weight: 62.5", "weight: 62", 2, "权重合计应为 100，现为 99.5"),
    "evaluation over 70": ("weight: 62.5", "weight: 29.5", 12, "最多 70"),
    "a weight with three decimals": ("62.5", "62.505", 9, "至多两位小数"),
    "grades the wrong way round": ("{A: 90, B: 60, E: 0}", "{E: 0, A: 90}", 15, "末级从 0 起"),
    "no lowest grade": ("{A: 90, B: 60, E: 0}", "{A: 90, B: 60}", 15, "末级从 0 起"),
    "no grades": ("    grades: {A: 90, B: 60, E: 0}\n", "", 2, "缺少“等级”（grades）"),
    "points off for a mean": ("indicator: reworked", "indicator: score", 14, "均值指标不能用来扣分"),
    "a step from the first": ("{3: 0.5}", "{1: 0.5}", 14, "2 以上的整数"),
    "a level of departments": ("    cut_off", "    level: street\n    cut_off", 5, "只有区域表、岗位表写层级"),
    "a post without its name": ("of: department", "of: post", 4, "岗位表须写岗位"),
    "a person nobody counts by": ("of: department", "of: person", 8, "没有个人口径"),
    "items of agendas": ("closure_unit", "DECIDED", 8, "数的是议题"),
    "a count of nothing known": ("indicator: closure_unit", "indicator: handled\n        measure: count", 7, "取数的"),
    "no room between": ("indicator: closure_unit", "indicator: closure_unit\n        zero: 100", 7, "零分应低于满分"),
    "worse bands worth more": (
        "weight: 62.5", "weight: 62.5\n        bands: {90: 50, 80: 60}", 10, "越好的档得分应越高",
    ),
}  # fmt: skip


@pytest.mark.parametrize("case", WRONG)
def test_a_wrong_file_is_refused_at_its_line(case: str) -> None:
    was, becomes, line, zh = WRONG[case]
    assert was in FILE
    text = FILE.replace(was, becomes.replace("DECIDED", _OF_AGENDAS))
    if case == "evaluation over 70":
        text = text.replace("37.5", "70.5")
    with pytest.raises(DefinitionError) as refused:
        loads(text, INDICATORS, file="own.yaml")
    every = refused.value.details["all"]
    assert isinstance(every, tuple)
    told = [one for one in every if zh in one]
    assert told, every
    assert told[0].startswith(f"own.yaml:{line}"), told


def test_chinese_keys_say_the_same() -> None:
    text = FILE
    for key, zh in (
        ("sheets", "考核表"), ("title", "名称"), ("of", "对象"), ("cut_off", "截止日"), ("parts", "得分项"),
        ("indicator", "指标"), ("weight", "权重"), ("steps", "扣分项"), ("each", "每次"), ("later", "自第几次"),
        ("grades", "等级"),
    ):  # fmt: skip
        text = text.replace(f"{key}:", f"{zh}:")
    assert loads(text.replace(": department", ": 部门"), INDICATORS) == loads(FILE, INDICATORS)


def test_weights_are_changed_where_they_stand_and_nothing_else() -> None:
    sheet = loads(FILE, INDICATORS)["department"]
    text = reweighted(FILE, sheet, {"closed": "30", "scored": "70"})
    changed = loads(text, INDICATORS)["department"]
    assert [part.weight for part in changed.parts.values()] == [Fraction(30), Fraction(70)]
    assert text.replace("weight: 30", "weight: 62.5").replace("weight: 70", "weight: 37.5") == FILE


def test_a_reason_is_told_in_words_and_read_again_as_what_it_means() -> None:
    for one in INDICATORS.values():
        if one.without is not None:
            text = said(one.without.wanted, one.unit)
            assert parse(text, one.unit) == one.without.wanted
            assert read_as(one.without.wanted, one.unit).zh
    for unit in MOMENTS:
        for name in (*MOMENTS[unit], *FLAGS[unit]):
            assert read_as(parse(name, unit), unit).zh.isascii() is False, name
        for name in CHOICES[unit]:
            assert read_as(parse(f"{name} given", unit), unit).zh
