"""Every way in which a file of indicators can be wrong, and what its author is told."""

import pytest

from engine.definitions.indicator import (
    CHOICES,
    FLAGS,
    MOMENTS,
    AllOf,
    AnyOf,
    Counted,
    Flag,
    How,
    Moment,
    Not,
    Repeated,
)
from engine.definitions.indicator_conditions import parse
from engine.definitions.indicator_file import discover, loads
from engine.errors import DefinitionError
from engine.records.facts import TaskFact, TicketFact, columns

FILE = """\
indicators:
  filed_on_time:
    title: 按时立案率 / Filed on time
    formula: 按时立案数 ÷ 立案数 / filed on time ÷ filed
    unit: ticket
    cohort: filed
    among: filed timed
    without: joined or void
    counts: filed on time
    attribution: area
"""
WRONG = {
    "a key nobody knows": ("cohort:", "cohorts:", 6, "是否想写“cohort”"),
    "no attribution": ("    attribution: area\n", "", 3, "缺少“归属”（attribution）"),
    "a unit nobody counts": ("unit: ticket", "unit: tickets", 5, "是否想写“ticket”"),
    "a cohort that is no moment": ("cohort: filed", "cohort: field", 6, "时间“field”没有声明"),
    "a fact nobody knows": ("joined or void", "joined or vod", 8, "第 11 字：没有“vod”这个事实"),
    "a due time that isn't there": ("joined or void", "joined due", 8, "第 8 字：“joined”没有时限"),
    "an open parenthesis": ("joined or void", "( joined or void", 8, "第 17 字：缺少右括号"),
    "nothing after or": ("joined or void", "joined or", 8, "第 10 字：这里缺一个词"),
    "two facts without a word between": ("joined or void", "joined void", 8, "第 8 字：“void”不能接在这里"),
    "code": ("joined or void", "joined; drop", 8, "第 7 字：“;”不能接在这里"),
    "a word of tasks among tickets": ("joined or void", "signed", 8, "没有“signed”这个事实"),
    "days without a number": ("joined or void", "listed for long", 8, "for 之后应为 1 至 3650 的天数"),
    "a number without days": ("joined or void", "listed for 90", 8, "天数之后应为 days"),
    "a repeat without its days": ("joined or void", "repeated", 8, "这里应为 within"),
    "a repeat of a task": (
        "unit: ticket\n    cohort: filed\n    among: filed timed\n    without: joined or void",
        "unit: task\n    cohort: sent\n    without: repeated",
        7,
        "没有“repeated”这个事实",
    ),
    "more days than anybody waits": ("joined or void", "listed for 99999 days", 8, "for 之后应为 1 至 3650 的天数"),
    "a step that nobody does": (
        "attribution: area",
        "attribution: area\n    person: closed",
        11,
        "步骤“closed”没有声明",
    ),
    "a choice without a value": ("joined or void", "urgency is", 8, "is 之后缺一个值"),
    "neither numerator nor mean": ("    counts: filed on time\n", "", 2, "写且只写一个"),
    "a mean of tickets": ("counts: filed on time", "mean: true", 2, "均值的单位应为 task"),
    "tickets for each department": ("attribution: area", "attribution: each", 2, "单位应为 task"),
}


@pytest.mark.parametrize("case", WRONG)
def test_a_wrong_file_is_refused_at_its_line(case: str) -> None:
    was, becomes, line, zh = WRONG[case]
    assert was in FILE
    with pytest.raises(DefinitionError) as refused:
        loads(FILE.replace(was, becomes), file="own.yaml")
    every = refused.value.details["all"]
    assert isinstance(every, tuple)
    told = [text for text in every if zh in text]
    assert told, every
    assert told[0].startswith(f"own.yaml:{line}"), told


def test_not_binds_before_and_and_and_before_or() -> None:
    void, joined, filed = (Moment(Counted.TICKET, name) for name in ("void", "joined", "filed"))
    assert parse("void or not joined and filed", Counted.TICKET) == AnyOf((void, AllOf((Not(joined), filed))))
    assert parse("( void or joined ) and filed", Counted.TICKET) == AllOf((AnyOf((void, joined)), filed))
    assert parse("lead and ticket void and handled on time", Counted.TASK) == AllOf(
        (Flag(Counted.TASK, "lead"), void, Moment(Counted.TASK, "handled", How.ON_TIME))
    )


def test_every_word_is_a_column_of_the_facts() -> None:
    for unit, table in ((Counted.TICKET, TicketFact), (Counted.TASK, TaskFact)):
        there = set(columns(table))
        moments = {name.removesuffix("_at") for name in there if name.endswith("_at")}
        timed = {name.removesuffix("_due") for name in there if name.endswith("_due")}
        assert MOMENTS[unit].keys() == moments
        assert {name for name, due in MOMENTS[unit].items() if due} == timed
        assert {*CHOICES[unit], *FLAGS[unit]} <= there


def test_chinese_keys_say_the_same() -> None:
    pairs = {
        "indicators": "指标", "title": "名称", "formula": "公式", "unit": "单位", "cohort": "统计口径时间",
        "among": "其中", "without": "不计", "counts": "计", "attribution": "归属",
    }  # fmt: skip
    text = FILE
    for key, zh in pairs.items():
        text = text.replace(f"{key}:", f"{zh}:", 1)
    ours, theirs = loads(FILE), loads(text.replace(": ticket", ": 案卷").replace(": area", ": 区域"))
    assert ours == theirs


def test_every_shipped_indicator_leaves_out_joined_duplicates_but_the_one_that_counts_them() -> None:
    silent = {
        name
        for name, one in discover().items()
        if one.without is None or "joined" not in one.without.text.replace("ticket ", "")
    }
    assert silent == {"duplicates"}


def test_days_count_back_from_the_moment_asked_and_decided_items_may_ask_of_their_ticket() -> None:
    assert parse("not repeated within 30 days", Counted.TICKET) == Not(Repeated(30))
    assert parse("ticket repeated within 7 days", Counted.TASK) == Repeated(7)
    assert parse("listed for 90 days", Counted.TICKET) == Moment(Counted.TICKET, "listed", How.LASTED, 90)
    assert parse("superseded or ticket joined", Counted.AGENDA_ITEM) == AnyOf(
        (Moment(Counted.AGENDA_ITEM, "superseded"), Moment(Counted.TICKET, "joined"))
    )
