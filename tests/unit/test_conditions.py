"""Conditions are words, not code."""

from collections.abc import Mapping
from dataclasses import dataclass, field

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from engine.definitions.conditions import (
    Condition,
    Counter,
    Either,
    Every,
    Not,
)
from engine.definitions.sentences import CHINESE, RESERVED, Names, Unparsable, parse

NAMES = Names(
    counters=frozenset({"returns", "退单"}),
    marks=frozenset({"designated", "指定"}),
    choices={"level": frozenset({"easy", "hard"}), "urgency": frozenset({"urgent", "normal"})},
    fields=frozenset({"level", "urgency", "item", "lead", "note_of_desk"}),
    states=frozenset({"called", "handling", "joined", "closed", "处置中"}),
    requests=frozenset({"appeal", "return"}),
    kinds={"line": frozenset({"sent", "signed", "done", "已签收"}), "条线": frozenset({"sent"})},
    in_task=True,
    personal=frozenset({"reason"}),
    spelt={"立案事项": "item", "紧急程度": "urgency", "紧急": "urgent", "主办部门": "lead"},
)


@dataclass
class Known:
    """What a ticket answers, said outright."""

    counters: Mapping[str, int] = field(default_factory=dict)
    marks: frozenset[str] = frozenset()
    choices: Mapping[str, str] = field(default_factory=dict)
    state: str = "called"
    lead: bool = False
    main: str = ""
    subs: int = 0
    asked: Mapping[str, int] = field(default_factory=dict)
    all_joined: frozenset[str] = frozenset()
    #: (kind, word) → how many; the whole under "any".
    counted: Mapping[tuple[str, str], int] = field(default_factory=dict)

    def counter(self, name: str) -> int:
        return self.counters.get(name, 0)

    def mark(self, name: str) -> bool:
        return name in self.marks

    def choice(self, field: str) -> str | None:
        return self.choices.get(field)

    def given(self, field: str) -> bool:
        return field in self.choices

    def in_state(self, state: str) -> bool:
        return state == self.state

    def is_lead(self) -> bool:
        return self.lead

    def main_is(self, state_type: str) -> bool:
        return state_type == self.main

    def open_subs(self) -> int:
        return self.subs

    def open_requests(self, name: str) -> int:
        return self.asked.get(name, 0)

    def joined(self, kind: str) -> bool:
        return kind in self.all_joined

    def tasks(self, kind: str, word: str) -> tuple[int, int]:
        return self.counted.get((kind, word), 0), self.counted.get((kind, "any"), 0)


HALF = Known(counted={("line", "any"): 2, ("line", "done"): 1})


def read(text: str) -> Condition:
    return parse(text, NAMES)


def read_or_refuse(text: str) -> Condition | Unparsable:
    try:
        return read(text)
    except Unparsable as refusal:
        return refusal


@pytest.mark.parametrize(
    ("text", "true", "false"),
    [
        ("returns >= 3", Known(counters={"returns": 3}), Known(counters={"returns": 2})),
        ("returns <= 3", Known(counters={"returns": 3}), Known(counters={"returns": 4})),
        ("returns > 0", Known(counters={"returns": 1}), Known()),
        ("returns < 1", Known(), Known(counters={"returns": 1})),
        ("returns = 2", Known(counters={"returns": 2}), Known(counters={"returns": 3})),
        ("designated", Known(marks=frozenset({"designated"})), Known()),
        ("not designated", Known(), Known(marks=frozenset({"designated"}))),
        ("level is easy", Known(choices={"level": "easy"}), Known(choices={"level": "hard"})),
        ("level is easy", Known(choices={"level": "easy"}), Known()),
        ("item given", Known(choices={"item": "x"}), Known()),
        ("lead given", Known(choices={"lead": "x"}), Known(lead=True)),
        ("lead", Known(lead=True), Known()),
        ("in handling", Known(state="handling"), Known()),
        ("in joined", Known(state="joined"), Known(all_joined=frozenset({"line"}))),
        ("line joined", Known(all_joined=frozenset({"line"})), Known(state="joined")),
        ("line none", Known(), Known(counted={("line", "any"): 1})),
        ("all line done", Known(counted={("line", "any"): 2, ("line", "done"): 2}), HALF),
        ("all line done", Known(counted={("line", "any"): 1, ("line", "done"): 1}), Known()),
        ("some line signed", Known(counted={("line", "signed"): 1}), Known()),
        ("no line open", Known(), Known(counted={("line", "open"): 1})),
        ("no appeal open", Known(), Known(asked={"appeal": 1})),
        ("some return open", Known(asked={"return": 1}), Known()),
        ("no sub open", Known(), Known(subs=1)),
        ("some sub open", Known(subs=2), Known()),
        ("main closed", Known(main="closed"), Known(main="void")),
        ("main void", Known(main="void"), Known()),
        ("not (designated or lead)", Known(), Known(lead=True)),
        ("designated and lead or in handling", Known(state="handling"), Known(lead=True)),
    ],
)  # fmt: skip
def test_a_condition_says_what_it_says(text: str, true: Known, false: Known) -> None:
    assert read(text).holds(true)
    assert not read(text).holds(false)


def test_and_binds_tighter_than_or() -> None:
    condition = read("designated or lead and in handling")
    assert isinstance(condition, Either)
    assert isinstance(condition.parts[1], Every)


@pytest.mark.parametrize(
    ("chinese", "english"),
    [
        ("退单 ≥ 3", "退单 >= 3"),
        ("退单＞＝３", "退单 >= 3"),
        ("非 指定", "not 指定"),
        ("未 designated", "not designated"),
        ("紧急程度 是 紧急", "urgency is urgent"),
        ("立案事项 已填", "item given"),
        ("主办部门 已填", "lead given"),
        ("在 处置中", "in 处置中"),
        ("条线 已汇合", "条线 joined"),
        ("条线 无人", "条线 none"),
        ("全部 line 完成", "all line done"),
        ("有 line 已签收", "some line 已签收"),
        ("无 line 未结", "no line open"),
        ("无 appeal 未结", "no appeal open"),
        ("无 子案 未结", "no sub open"),
        ("主案 办结", "main closed"),
        ("主案 作废", "main void"),
        ("主办", "lead"),
        ("退单 >= 3 或 （非 指定 且 主办）", "退单 >= 3 or (not 指定 and lead)"),
    ],
)
def test_a_condition_may_be_chinese(chinese: str, english: str) -> None:
    assert read(chinese) == read(english)


@pytest.mark.parametrize(
    ("text", "zh", "en"),
    [
        ("__import__('os')", "不能使用“'”", "words, not code"),
        ("returns.__class__", "不能使用“.”", "words, not code"),
        ("open('/etc/passwd')", "不能使用", "words, not code"),
        ("exec", "“exec”没有声明", "not a declared word"),
        ("designated()", "在“(”处读不懂", "cannot read"),
        ("returns >= returns", "与一个数比较", "compared with a number"),
        ("returns", "与一个数比较", "compared with a number"),
        ("returns >= 101", "数过大", "too large"),
        ("returns >= " + "9" * 400, "数过大", "too large"),
        ("returns >= -1", "不能使用“-”", "words, not code"),
        ("level", "只能问是否填写", "can only be asked"),
        ("level is simple", "选项“simple”没有声明（可用：easy、hard）", "there are: easy, hard"),
        ("item is x", "只能问是否填写", "can only be asked"),
        ("reason given", "不能读取个人信息", "personal"),
        ("line", "任务“line”可写 line joined", "line joined"),
        ("line open", "任务“line”可写", "line joined"),
        ("all appeal open", "任务种类“appeal”没有声明", "kind of task"),
        ("some line asleep", "任务状态“asleep”没有声明", "state of the task"),
        ("no appeal closed", "读不懂", "cannot read"),
        ("in nowhere", "状态“nowhere”没有声明", "state"),
        ("in", "没有写完", "ends where"),
        ("", "没有写完", "ends where"),
        ("main joined", "主案状态“joined”没有声明", "main ticket"),
        ("designated designated", "读不懂", "cannot read"),
        ("designated and", "没有写完", "ends where"),
        ("(designated", "缺少右括号", "bracket"),
        ("designated)", "读不懂", "cannot read"),
        ("is easy", "读不懂", "cannot read"),
        ("not " * 11 + "lead", "套得太深", "nested"),
        ("(" * 400, "套得太深", "nested"),
        ("lead or " * 100 + "lead", "条件过长", "too long"),
        ("a, b", "不能使用“,”", "words, not code"),
        ("a: b", "不能使用“:”", "words, not code"),
    ],
)
def test_what_is_no_condition_is_refused_in_both_languages(text: str, zh: str, en: str) -> None:
    with pytest.raises(Unparsable) as caught:
        read(text)
    assert zh in caught.value.zh
    assert en in caught.value.en


def test_lead_means_nothing_outside_a_task() -> None:
    names = Names(**{name: getattr(NAMES, name) for name in NAMES.__slots__ if name != "in_task"}, in_task=False)
    with pytest.raises(Unparsable, match="只能用在任务"):
        parse("lead", names)


def test_its_atoms_are_what_it_reads() -> None:
    atoms = list(read("not (returns >= 3 or level is easy) and line joined").atoms())
    assert [str(atom) for atom in atoms] == ["returns >= 3", "level is easy", "line joined"]


def test_every_chinese_word_is_reserved_with_its_meaning() -> None:
    assert set(CHINESE) <= RESERVED
    assert {word for word in CHINESE.values() if word not in RESERVED} <= {"done", "closed", "void"}


_ATOMS = st.sampled_from(
    ["returns >= 3", "designated", "lead", "level is easy", "item given", "line joined", "some line done", "in called"]
)
_CONDITIONS = st.recursive(
    _ATOMS,
    lambda inner: st.one_of(
        inner.map(lambda text: f"not ({text})"),
        st.tuples(inner, st.sampled_from(["and", "or"]), inner).map(lambda parts: "({}) {} ({})".format(*parts)),
    ),
    max_leaves=6,
)


@settings(deadline=None)
@given(_CONDITIONS)
def test_what_is_written_out_reads_back_as_the_same(text: str) -> None:
    condition = read_or_refuse(text)
    if isinstance(condition, Unparsable):
        assert "套得太深" in condition.zh
    else:
        assert read(str(condition)) == condition


@settings(deadline=None)
@given(st.text(max_size=60))
def test_no_text_brings_anything_but_a_condition_or_a_refusal(text: str) -> None:
    condition = read_or_refuse(text)
    if isinstance(condition, Unparsable):
        assert condition.zh
        assert condition.en
    else:
        assert condition.holds(Known()) in (True, False)


@settings(deadline=None)
@given(_CONDITIONS)
def test_not_turns_a_condition_round(text: str) -> None:
    condition = read_or_refuse(text)
    assume(not isinstance(condition, Unparsable))
    assert not isinstance(condition, Unparsable)
    assert Not(condition).holds(Known()) is not condition.holds(Known())


def test_a_counter_is_compared_with_its_constant() -> None:
    assert read("returns >= 100") == Counter("returns", ">=", 100)
