"""What is signed says all that the file says: nothing of a definition is missing from its explanation."""

import re
from collections.abc import Iterator
from html import unescape
from pathlib import Path
from xml.etree import ElementTree

import pytest

from engine.analysis.diagram import Language, marks_of, spoken
from engine.analysis.drawing import svg
from engine.analysis.explain import explain
from engine.analysis.explain_page import page
from engine.analysis.explain_text import markdown
from engine.cli import main
from engine.definitions.loader import discover, loads
from engine.definitions.machine import Machine
from engine.definitions.model import Title, Workflow
from engine.definitions.walk import every_action, items_of
from engine.definitions.words import shipped
from tests.support.loops import SMALL

SHIPPED = discover()
ALONE = (Language.ZH, Language.EN)
LIMIT = "within: 30 working minutes"


def names(workflow: Workflow) -> Iterator[tuple[str, Title]]:
    """Everything that a reader of the file could ask for, by what it is."""
    posts = {**shipped().posts, **workflow.posts}
    for role in workflow.roles.values():
        yield "role", role.title
        yield from (("post", posts[post]) for post in role.posts)
    for body in workflow.meetings.values():
        yield "meeting", body.title
        yield from (("post", posts[post]) for seat in body.seats.values() for post in seat.posts)
        yield from (("seat", seat.title) for seat in body.seats.values())
    for action in every_action(workflow):
        yield "action", action.title
        yield from (("field", item.field.title) for item in items_of(action))
    for kind in (None, *workflow.tasks):
        scope = workflow.scope(kind)
        yield "scope", scope.title
        yield from (("state", state.title) for state in scope.states.values())
        yield from (("request", request.title) for request in scope.requests.values())
        yield from (("counter", title) for title in (*scope.counters.values(), *scope.marks.values()))
    for deadline in workflow.deadlines.values():
        yield "deadline", deadline.title
        if deadline.within is not None:
            yield "limit", Title(deadline.within.zh, deadline.within.en)
    for steps in workflow.ladders.values():
        yield from (("rung", Title(step.at.zh, step.at.en)) for step in steps)
    for field in workflow.fields.values():
        yield "field", field.title
        yield from (("choice", title) for title in field.of.values())


def read(html: str) -> str:
    """The words of a page, without marks and drawings."""
    return unescape(re.sub(r"<[^>]+>", " ", re.sub(r"<svg.*?</svg>|<style>.*?</style>", " ", html, flags=re.DOTALL)))


@pytest.mark.parametrize("language", ALONE)
@pytest.mark.parametrize("workflow", SHIPPED, ids=lambda workflow: workflow.key)
def test_everything_in_a_definition_is_named_in_its_explanation(workflow: Workflow, language: Language) -> None:
    explanation = explain(workflow)
    texts = {
        "html": read(page(explanation, language)),
        # Without the diagrams, so that the tables alone must say it.
        "md": re.sub(r"```mermaid.*?```", "", markdown(explanation, language), flags=re.DOTALL).replace("\\", ""),
    }
    for form, text in texts.items():
        missing = {(what, said) for what, title in names(workflow) if (said := spoken(title, language)) not in text}
        assert not missing, (form, missing)
        assert all(value in text for value in (workflow.key, workflow.sha256, f"{workflow.version}"))


@pytest.mark.parametrize("workflow", SHIPPED, ids=lambda workflow: workflow.key)
def test_every_act_stands_beside_who_may_do_it_and_where_it_leads(workflow: Workflow) -> None:
    rows = [
        tuple(unescape(re.sub(r"<[^>]+>", " ", cell)) for cell in re.findall(r"<td>(.*?)</td>", row, re.DOTALL))
        for row in re.findall(r"<tr>(.*?)</tr>", page(explain(workflow), Language.ZH), re.DOTALL)
    ]
    deeds = [row for row in rows if len(row) == 5]
    for kind in (None, *workflow.tasks):
        scope = workflow.scope(kind)
        for edge in Machine.of(workflow, kind).edges():
            target = scope.states[edge.target].title.zh if edge.target else "状态不变"
            who = [workflow.roles[name].title.zh for name in edge.action.by_people()]
            assert any(
                edge.action.title.zh in row[2] and all(one in row[1] for one in who) and target in row[4]
                for row in deeds
            ), edge


@pytest.mark.parametrize("language", ALONE)
@pytest.mark.parametrize("workflow", SHIPPED, ids=lambda workflow: workflow.key)
def test_every_state_and_move_is_drawn_without_script_or_address(workflow: Workflow, language: Language) -> None:
    for kind in (None, *workflow.tasks):
        drawn = svg(workflow, kind, language=language)
        root = ElementTree.fromstring(drawn)  # noqa: S314 (made by ourselves)
        # A text that was cut says all of itself in its title.
        texts = {"".join(one.itertext()) for one in root.iter() if one.tag.endswith("text")}
        for state in workflow.scope(kind).states.values():
            assert any(spoken(state.title, language) in text for text in texts), state
        for edge in Machine.of(workflow, kind).edges():
            marks = "".join(f"〔{spoken(mark, language)}〕" for mark in marks_of(edge))
            said = marks + spoken(edge.action.title, language)
            assert edge.target is None or any(said in text for text in texts), said
        assert not re.search(r"<script|href|style=|url\(|@import", drawn)
        assert set(re.findall(r"https?://[^\"]+", drawn)) == {"http://www.w3.org/2000/svg"}


def test_arrows_lead_to_the_box_they_name() -> None:
    """Each lane ends in the title line of one box, and every act that leads there is on it."""
    workflow = loads(SMALL)
    root = ElementTree.fromstring(svg(workflow))  # noqa: S314 (made by ourselves)
    boxes = {int(one.attrib["y"]): one for one in root.iter() if one.tag.endswith("rect") and one.get("height") == "26"}
    heads = [one.attrib["d"] for one in root.iter() if one.get("stroke-width") is None and one.tag.endswith("path")]
    enters = [int(re.findall(r"\d+", head)[1]) for head in heads]
    reached = {edge.target for edge in Machine.of(workflow, None).edges() if edge.target and edge.target != edge.source}
    assert len(enters) == len(reached)
    assert all(y - 13 in boxes for y in enters)


def test_another_limit_is_another_text_and_another_digest() -> None:
    text = (Path(__file__).resolve().parents[2] / "workflows" / "block-calls-line-responds.yaml").read_text("utf-8")
    before, after = loads(text), loads(text.replace(LIMIT, LIMIT.replace("30", "45"), 1))
    for language, old, new in (
        (Language.ZH, "30个工作分钟", "45个工作分钟"),
        (Language.EN, "30 working", "45 working"),
    ):
        was, now = (markdown(explain(one), language) for one in (before, after))
        assert (old in was, old in now, new in was, new in now) == (True, False, False, True)
        assert (before.sha256 in was, after.sha256 in now, before.sha256 in now) == (True, True, False)


def test_what_a_file_writes_stands_as_words_not_as_marks() -> None:
    odd = loads(SMALL.replace("小循环", "小<b>循环|*", 1))
    assert "小&lt;b&gt;循环|*" in page(explain(odd), Language.ZH)
    assert "小<b>" not in page(explain(odd), Language.ZH)
    assert "小\\<b\\>循环\\|\\*" in markdown(explain(odd), Language.ZH)


def test_the_command_writes_the_whole_document_or_none(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("HUYING_DATA", str(tmp_path))
    file, out = tmp_path / "small.yaml", tmp_path / "small.html"
    file.write_text(SMALL, encoding="utf-8")
    assert main(["explain", str(file)]) == 0
    said = capsys.readouterr().out
    assert said == markdown(explain(loads(SMALL)), Language.BOTH)
    assert said.index("签署") < said.index("Signature"), "Chinese whole before English"
    assert main(["explain", str(file), "--format", "html", "--language", "en", "--out", str(out)]) == 0
    assert out.read_text("utf-8") == page(explain(loads(SMALL)), Language.EN)
    file.write_text(SMALL.replace("title:", "titel:", 1), encoding="utf-8")
    kept = out.read_bytes()
    assert main(["explain", str(file), "--format", "html", "--out", str(out)]) == 1
    assert (out.read_bytes(), sorted(one.name for one in tmp_path.glob("small*"))) == (
        kept,
        ["small.html", "small.yaml"],
    )
