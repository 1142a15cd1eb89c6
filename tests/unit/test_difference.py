"""What changes between two versions, in words and line by line."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.analysis import lines
from engine.analysis.difference import Sort, compare
from engine.analysis.lines import Sign, differing
from engine.definitions.loader import discover, loads
from engine.definitions.model import Workflow
from tests.support.loops import SMALL


def told(new: str, old: str = SMALL) -> list[str]:
    """Every change as one line: chapter, sort, name, details."""
    found = []
    for part in compare(loads(old), loads(new)):
        for change in part.changes:
            details = [
                f"{one.label.zh} {one.before.zh if one.before else '无'}→{one.after.zh if one.after else '无'}"
                for one in change.details
            ]
            found.append(" ".join([part.title.zh, change.sort.value, change.name.zh, *details]))
    return found


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ("within: 3 workdays, then", "within: 5 workdays, then", ["时限 changed 核查 时限 3个工作日→5个工作日"]),
        (
            "{at: +1 workday, card: yellow, tells: [desk]}",
            "{at: +1 workday, card: red, tells: [desk]}",
            ["预警阶梯 changed desk 到期后1个工作日 亮牌 黄牌、告知 受理员→亮牌 红牌、告知 受理员"],
        ),
        ("worker: {title: 网格员", "worker: {title: 巡查员", ["角色 changed 巡查员 标题 网格员→巡查员"]),
        (
            "seen, once: person}",
            "seen, once: ticket}",
            ["动作 changed 已立案：看一看 限一次 每人→本案"],
        ),
        (
            "when: reworks < 2",
            "when: reworks < 3",
            ["动作 changed 待核查：返工 条件 返工 < 2→返工 < 3"],
        ),
        ("join: all\n    marks", "join: 2/3\n    marks", ["任务 changed 条线任务 汇合 全部→2/3"]),
        (
            "          sign: {title: 签收 / Sign, by: line, to: signed}",
            "          sign: {title: 签收 / Sign, by: line, to: done}",
            ["动作 changed 条线任务·待签收：签收 至 处置中→已办结"],
        ),
        (
            "        stop: {title: 停办 / Stop, by: desk, to: refused, form: [reason!], withdraws: {line: all}}\n",
            "",
            ["动作 removed 处置中：停办"],
        ),
    ],
)
def test_a_change_is_said_in_the_words_of_officials(old: str, new: str, words: list[str]) -> None:
    assert SMALL.count(old) == 1
    assert told(SMALL.replace(old, new)) == words


def test_what_is_new_is_told_with_all_it_says() -> None:
    more = "        look: {title: 看一看"
    text = SMALL.replace(
        more, "        peek: {title: 瞥 / Peek, by: [desk, worker], to: refused, form: [reason!]}\n" + more
    )
    added = next(line for line in told(text) if "瞥" in line)
    assert added == "动作 added 已立案：瞥 由 无→受理员、网格员 至 无→不予受理 表单 无→理由!"


@pytest.mark.parametrize("workflow", discover(), ids=lambda workflow: workflow.key)
def test_a_first_version_is_new_throughout_and_the_same_one_differs_nowhere(workflow: Workflow) -> None:
    assert compare(workflow, loads(workflow.source)) == ()
    parts = compare(None, workflow)
    assert {change.sort for part in parts for change in part.changes} == {Sort.ADDED}
    named = [detail.after for part in parts for change in part.changes for detail in change.details]
    assert [word for word in named if word is None or not word.zh or "(" in word.zh] == []


TEXTS = st.lists(st.sampled_from(["a", "b", "c", "d", ""]), max_size=30).map("\n".join)


@given(TEXTS, TEXTS)
def test_the_passages_hold_every_difference_and_their_numbers_are_right(before: str, after: str) -> None:
    old, new = before.splitlines(), after.splitlines()
    passages = differing(before, after)
    gone = {line.before for passage in passages for line in passage if line.sign is Sign.GONE}
    come = {line.after for passage in passages for line in passage if line.sign is Sign.NEW}
    kept = [line for number, line in enumerate(old, 1) if number not in gone]
    assert kept == [line for number, line in enumerate(new, 1) if number not in come]
    seen: list[int] = []
    for line in (line for passage in passages for line in passage):
        assert line.before is None or old[line.before - 1] == line.text
        assert line.after is None or new[line.after - 1] == line.text
        seen += [line.after] if line.after else []
    assert seen == sorted(set(seen)), "no line is shown twice"
    assert bool(passages) == (old != new)


def test_very_long_texts_are_replaced_as_a_whole(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lines, "MOST", 2)
    (passage,) = differing("x\n1\n2\n3\n4\ny", "x\na\n2\nb\n4\ny")
    assert [line.sign.value + line.text for line in passage] == [" x", "-1", "-2", "-3", "+a", "+2", "+b", " 4", " y"]
