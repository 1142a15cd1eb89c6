"""A workflow drawn for people."""

import re
from dataclasses import replace

import pytest

from engine.analysis.diagram import Language, every, mermaid
from engine.definitions.loader import discover, loads
from engine.definitions.machine import Machine
from engine.definitions.model import Title, Workflow
from tests.support.loops import SMALL

#: The lines of a state diagram that this project draws; no sign with a meaning of its own stands in a text.
_TEXT = r"(?:[^#\"':;{}<>\[\]()`%\\|&*_~-]|\#\d+;)+"
_LINE = re.compile(
    rf"""stateDiagram-v2
    |\s+state\ "{_TEXT}"\ as\ stage_(?:report|triage|dispatch|resolve|review)\ \{{
    |\s+state\ "{_TEXT}"\ as\ s\d+
    |\s+\}}
    |\s+(?:s\d+|\[\*\])\ -->\ (?:s\d+|\[\*\])(?:\ :\ {_TEXT})?
    |\s+classDef\ [a-z]+\ fill:\#[0-9a-f]{{6}},stroke:\#[0-9a-f]{{6}}
    |\s+class\ s\d+(?:,s\d+)*\ [a-z]+""",
    re.VERBOSE,
)


@pytest.fixture(scope="module")
def small() -> Workflow:
    return loads(SMALL)


@pytest.mark.parametrize("language", Language)
@pytest.mark.parametrize("workflow", discover(), ids=lambda workflow: workflow.key)
def test_every_shipped_workflow_is_drawn_in_lines_that_mermaid_reads(workflow: Workflow, language: Language) -> None:
    drawings = every(workflow, language=language)
    assert drawings.keys() == {"", *workflow.tasks}
    for drawing in drawings.values():
        lines = drawing.splitlines()
        assert lines[0] == "stateDiagram-v2"
        for line in lines:
            assert _LINE.fullmatch(line), line
        assert sum(line.endswith("{") for line in lines) == sum(line.strip() == "}" for line in lines)


def test_stages_are_blocks_and_ends_stand_outside(small: Workflow) -> None:
    drawing = mermaid(small, language=Language.ZH)
    assert 'state "上报" as stage_report {\n    state "已上报" as s1\n  }' in drawing
    assert "stage_dispatch" not in drawing
    assert '\n  state "已结案" as s6\n' in drawing
    assert "s6 --> [*]" in drawing


def test_titles_stand_in_the_language_asked_for(small: Workflow) -> None:
    assert "[*] --> s1 : 上报\n" in mermaid(small, language=Language.ZH)
    assert "[*] --> s1 : Report\n" in mermaid(small, language=Language.EN)
    assert "[*] --> s1 : 上报 / Report\n" in mermaid(small)


def test_a_title_without_english_is_drawn_in_chinese(small: Workflow) -> None:
    states = {**small.states, "filed": replace(small.states["filed"], title=Title("已立案", ""))}
    assert '"已立案" as s2' in mermaid(replace(small, states=states), language=Language.EN)


def test_what_no_person_does_is_marked(small: Workflow) -> None:
    drawing = mermaid(small, language=Language.ZH)
    assert "s4 --> s5 : 〔自动〕已反馈" in drawing
    assert "s5 --> s6 : 〔到期〕逾期" in drawing
    assert "s1 --> s2 : 受理" in drawing


def test_every_move_is_drawn_once_and_staying_is_not(small: Workflow) -> None:
    drawing = mermaid(small)
    moves = [line for line in drawing.splitlines() if " : " in line]
    assert len(moves) == len(set(moves)) == len([edge for edge in Machine.of(small).edges() if edge.target])
    assert "催办" not in drawing


def test_a_task_begins_where_its_kind_begins(small: Workflow) -> None:
    drawing = mermaid(small, "line", language=Language.ZH)
    assert "[*] --> s1\n" in drawing
    assert "s1 --> s2 : 签收" in drawing


def test_signs_that_mermaid_means_are_written_as_codes(small: Workflow) -> None:
    nasty = Title('甲"];:{}<b>#%%--> [*] "', "")
    states = {**small.states, "filed": replace(small.states["filed"], title=nasty)}
    drawing = mermaid(replace(small, states=states))
    assert all(_LINE.fullmatch(line) for line in drawing.splitlines())
    assert "<b>" not in drawing


def test_kinds_of_states_are_told_apart(small: Workflow) -> None:
    drawing = mermaid(small)
    assert "class s6 closed" in drawing
    assert "class s7 void" in drawing
    assert "class s3 joined" in drawing
