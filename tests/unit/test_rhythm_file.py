"""Rhythm files: both languages mean the same, and what is wrong is refused with its line and what was meant."""

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine import resources
from engine.definitions.rhythm import (
    LAST,
    AllOf,
    AnyOf,
    Atom,
    Empty,
    Every,
    Moves,
    On,
    Recipient,
    Sort,
    Wanted,
    When,
    atoms,
)
from engine.definitions.rhythm_file import discover, load, loads
from engine.definitions.rhythm_saying import recipient_said, when_said
from engine.definitions.spans import parse_limit
from engine.definitions.words import shipped
from engine.errors import DefinitionError
from tests.support.rhythms import SMALL, changed, known, read

FOLDER = resources.workflows() / "rhythms"

CHINESE = """
节奏: morning
标题: 早间 / Morning
日历: cn-mainland
例行:
  late:
    标题: 超期 / Overdue
    每: 工作日
    时刻: "０８：３０"
    名单: {超期: 是}
    发给: [{岗位: [承办人, 部门负责人], 所属: 部门}]
"""


def asked(text: str) -> Wanted:
    return read(list=text).jobs["late"].list


def at_days(every: str, on: str, **more: str) -> When:
    return read(every=every, on=on, **more).jobs["late"].when


def refusal(text: str) -> DefinitionError:
    with pytest.raises(DefinitionError) as refused:
        loads(text, known(), file="morning.yaml")
    return refused.value


class TestReading:
    def test_chinese_and_english_mean_the_same(self) -> None:
        assert loads(CHINESE, known()) == read()

    def test_what_is_not_written_is_the_usual(self) -> None:
        job = read().jobs["late"]
        assert (job.sort, job.most, job.empty, job.when.moves) == (Sort.DUE, 200, Empty.SKIP, Moves.NEXT)
        assert job.to == (Recipient(posts=("handler", "lead"), of="department"),)
        assert job.when == When(every=Every.WORKDAY, at=8 * 60 + 30)

    def test_everything_that_can_be_written_is_read(self) -> None:
        job = read(
            every="周", on="周一", moves="提前", sort="停滞", most="50", empty="照发", to="{岗位: 督查员, 所属: 区}"
        ).jobs["late"]
        assert (job.sort, job.most, job.empty, job.when.moves) == (Sort.IDLE, 50, Empty.SEND, Moves.PREVIOUS)
        assert job.to == (Recipient(posts=("supervisor",), of="district"),)

    @pytest.mark.parametrize(
        ("every", "on", "expected"),
        [
            ("week", "monday", On(day=1)),
            ("week", "星期日", On(day=7)),
            ("ten days", "8", On(day=8)),
            ("旬", "首个工作日", On(day=1, workdays=True)),
            ("旬", "last day", On(day=LAST)),
            ("month", "15", On(day=15)),
            ("month", "15日", On(day=15)),
            ("month", "last workday", On(day=LAST, workdays=True)),
            ("月", "第３个工作日", On(day=3, workdays=True)),
            ("month", "workday 10", On(day=10, workdays=True)),
            ("quarter", "first workday", On(day=1, workdays=True)),
            ("季度", "第2个月15日", On(day=15, month=2)),
            ("quarter", "month 3 day 28", On(day=28, month=3)),
        ],
    )
    def test_days_are_read_as_officials_write_them(self, every: str, on: str, expected: On) -> None:
        assert at_days(every, on).on == expected

    def test_conditions_side_by_side_must_all_hold_and_those_below_any_need_not(self) -> None:
        found = asked("{stage: [resolve, 派遣], any: {overdue: true, idle_for: 5 workdays, light: 红灯}}")
        assert found == AllOf(
            (
                Atom(name="stage", words=("resolve", "dispatch")),
                AnyOf(
                    (
                        Atom(name="overdue"),
                        Atom(name="idle_for", span=parse_limit("5 workdays")),
                        Atom(name="light", words=("red",)),
                    )
                ),
            )
        )

    def test_any_of_a_list_of_mappings_joins_each_by_and(self) -> None:
        found = asked("{any: [{紧急程度: 应急, 将到期: 2小时}, {所有: 是}]}".replace("所有", "有牌"))
        assert found == AllOf(
            (
                AnyOf(
                    (
                        AllOf(
                            (
                                Atom(name="urgency", words=("emergency",)),
                                Atom(name="due_within", span=parse_limit("2 hours")),
                            )
                        ),
                        AllOf((Atom(name="carded"),)),
                    )
                ),
            )
        )

    def test_a_state_and_a_workflow_are_known_by_their_files(self) -> None:
        found = atoms(asked("{workflow: multi-grid-in-one, state: listed, state_type: 挂起}"))
        assert [atom.words for atom in found] == [("multi-grid-in-one",), ("listed",), ("suspended",)]


#: What is wrong → the text that is put in, the line, and words that the refusal must hold.
WRONG: dict[str, tuple[dict[str, str], int, str]] = {
    "an unknown key": ({"evry": "week"}, 12, "every"),
    "an unknown period": ({"every": "fortnight"}, 8, "fortnight"),
    "a period like another": ({"every": "mont", "on": "1"}, 8, "month"),
    "no day of the week": ({"every": "week"}, 8, "on"),
    "a day where every day is one": ({"on": "monday"}, 12, "on"),
    "a weekday of a month": ({"every": "month", "on": "monday"}, 12, "every: week"),
    "a day that not every month has": ({"every": "month", "on": "31"}, 12, "last day"),
    "a day that no month has": ({"every": "month", "on": "32"}, 12, "28"),
    "a day of nought": ({"every": "month", "on": "0"}, 12, "1"),
    "a ninth day of ten days": ({"every": "ten days", "on": "9"}, 12, "last day"),
    "a workday that not every month has": ({"every": "month", "on": "workday 20"}, 12, "last workday"),
    "a month outside the quarter": ({"every": "quarter", "on": "month 4 day 1"}, 12, "quarter"),
    "a month of a month": ({"every": "month", "on": "month 2 day 1"}, 12, "quarter"),
    "a day nobody can read": ({"every": "month", "on": "the ides"}, 12, "first workday"),
    "a time past midnight": ({"at": '"24:00"'}, 9, "23:59"),
    "a minute that no clock shows": ({"at": '"08:60"'}, 9, "08:60"),
    "a time in words": ({"at": "早上"}, 9, "08:30"),
    "a span in ISO 8601": ({"list": "{idle_for: P1D}"}, 10, "ISO 8601"),
    "a span that may mean two things": ({"list": "{idle_for: 5天}"}, 10, "工作日"),
    "a span of nought": ({"list": "{due_within: 0 workdays}"}, 10, "zero"),
    "a condition that is none": ({"list": "{overdu: true}"}, 10, "overdue"),
    "a condition that is denied": ({"list": "{overdue: false}"}, 10, "true"),
    "a list without conditions": ({"list": "{}"}, 10, "open: true"),
    "alternatives without any": ({"list": "{any: []}"}, 10, "any"),
    "a state of tickets that are done": ({"list": "{state_type: closed}"}, 10, "closed"),
    "an end": ({"list": "{state: refused}"}, 10, "refused"),
    "an unknown workflow": ({"list": "{workflow: multi-grid}"}, 10, "multi-grid-in-one"),
    "an unknown light": ({"list": "{light: 紫灯}"}, 10, "黄灯"),
    "an unknown card": ({"list": "{card: green}"}, 10, "green"),
    "an unknown stage": ({"list": "{stage: resolved}"}, 10, "resolve"),
    "an unknown urgency": ({"list": "{urgency: now}"}, 10, "now"),
    "an unknown post": ({"to": "[{post: handlr, of: department}]"}, 11, "handler"),
    "an unknown level": ({"to": "[{post: handler, of: planet}]"}, 11, "planet"),
    "a recipient without post": ({"to": "[{of: street}]"}, 11, "post"),
    "nobody": ({"to": "[]"}, 11, "nobody"),
    "more than anybody reads": ({"most": "501"}, 12, "500"),
    "no number": ({"most": "-3"}, 12, "-3"),
    "an order that is none": ({"sort": "random"}, 12, "random"),
    "a workday that moves": ({"moves": "next"}, 12, "moves"),
    "a workday of a month that moves": ({"every": "month", "on": "last workday", "moves": "skip"}, 13, "moves"),
    "one that never comes": ({"every": "week", "on": "sunday", "moves": "skip"}, 13, "never come"),
    "no time": ({"at": ""}, 7, "at"),
    "no list": ({"list": ""}, 6, "list"),
    "nobody named": ({"to": ""}, 7, "to"),
}


class TestRefusals:
    @pytest.mark.parametrize("name", WRONG)
    def test_what_is_wrong_is_refused_with_its_line(self, name: str) -> None:
        changes, line, word = WRONG[name]
        refused = refusal(changed(**changes))
        assert (refused.place.file, refused.place.line) == ("morning.yaml", line), str(refused)
        assert word in refused.message
        assert refused.zh
        assert refused.en

    @pytest.mark.parametrize(
        ("was", "becomes", "line", "word"),
        [
            ("cn-mainland", "cn-mainlnd", 4, "cn-mainland"),
            ("jobs:", "jbs:", 2, "jobs"),
            ("  late:", "  2late:", 6, "2late"),
            ("rhythm: morning", "rhythm: morning\nformat: 2", 3, "1"),
            ("title: 早间 / Morning", "title: 早间\n标题: 早间", 4, "title"),
            ("    at:", "    at: '8:30'\n    at:", 10, "at"),
            ("rhythm: morning", "rhythm: [morning]", 2, "word"),
        ],
    )
    def test_the_head_of_a_file_is_read_as_strictly(self, was: str, becomes: str, line: int, word: str) -> None:
        refused = refusal(SMALL.replace(was, becomes, 1))
        assert word in refused.message
        assert refused.place.line == line

    def test_a_file_without_jobs_is_refused(self) -> None:
        assert "one job" in refusal(SMALL.split("  late:")[0]).message

    def test_every_problem_of_a_file_is_told_at_once(self) -> None:
        refused = refusal(changed(every="fortnight", list="{overdu: true}", to="[{post: handlr, of: planet}]"))
        told = refused.details["all"]
        assert isinstance(told, tuple)
        assert [str(problem).split(" ")[0] for problem in told] == [
            "morning.yaml:8:",
            "morning.yaml:10:",
            "morning.yaml:10:",
            "morning.yaml:11:",
            "morning.yaml:11:",
        ]

    def test_two_files_of_one_key_are_refused(self, tmp_path: Path) -> None:
        for name in ("a.yaml", "b.yaml"):
            (tmp_path / name).write_text(SMALL, encoding="utf-8")
        with pytest.raises(DefinitionError, match="another file"):
            discover(tmp_path, known())

    @settings(max_examples=200)
    @given(
        line=st.integers(0, len(SMALL.splitlines())),
        bit=st.sampled_from(
            ["", "x", ": ", "}", "[]", "1", "true", "~", "，", "title: 甲", "- a", "18:00", "{}", "every: week"]
        ),
        column=st.integers(0, 12),
    )
    def test_whatever_is_written_the_answer_is_a_rhythm_or_a_refusal_with_its_line(
        self, line: int, bit: str, column: int
    ) -> None:
        lines = SMALL.splitlines()
        lines.insert(line, " " * column + bit)
        assert _jobs_or_line("\n".join(lines)) > 0


def _jobs_or_line(text: str) -> int:
    """How many jobs were read, or the line of the refusal."""
    try:
        return len(loads(text, known()).jobs)
    except DefinitionError as refused:
        return refused.place.line


class TestSaying:
    @pytest.mark.parametrize(
        ("changes", "said"),
        [
            ({}, "每个工作日 08:30 / every workday 08:30"),
            ({"every": "week", "on": "monday"}, "每周一 08:30 / every Monday 08:30"),
            (
                {"every": "week", "on": "friday", "moves": "previous"},
                "每周五 08:30，遇休提前 / every Friday 08:30, earlier before a day off",
            ),
            ({"every": "month", "on": "15"}, "每月第15日 08:30 / every month on the 15th day 08:30"),
            ({"every": "month", "on": "22"}, "每月第22日 08:30 / every month on the 22nd day 08:30"),
            ({"every": "month", "on": "last day"}, "每月最后一日 08:30 / every month on the last day 08:30"),
            (
                {"every": "ten days", "on": "workday 3"},
                "每旬第3个工作日 08:30 / every ten days on the 3rd workday 08:30",
            ),
            (
                {"every": "quarter", "on": "month 2 day 15"},
                "每季第2个月15日 08:30 / every quarter on the 15th day, month 2 08:30",
            ),
        ],
    )
    def test_when_a_job_comes_is_said_in_both_languages(self, changes: dict[str, str], said: str) -> None:
        assert str(when_said(read(**changes).jobs["late"].when)) == said

    def test_who_gets_it_is_said_by_the_titles_of_posts(self) -> None:
        said = recipient_said(Recipient(posts=("handler", "lead"), of="department"), shipped())
        assert str(said) == "部门 · 承办人、部门负责人 / department: Handler, Department lead"


class TestShipped:
    def test_the_shipped_rhythm_says_what_the_districts_supervision_needs(self) -> None:
        rhythm = load(FOLDER / "supervision.yaml", known())
        titles = {job.title.zh for job in rhythm.jobs.values()}
        assert titles >= {"滞后提醒", "明日到期", "周督查", "旬研商", "月研判", "季观摩"}
        assert [rhythm] == discover(FOLDER, known())
