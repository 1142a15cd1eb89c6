"""The published format cannot lie: the schema, the README and the shipped files all agree with the loader."""

import json
import re
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from jsonschema import Draft202012Validator
from ruamel.yaml import YAML

from engine import resources
from engine.definitions import schema
from engine.definitions.grammar import GRAMMAR, Shape
from engine.definitions.loader import load, loads
from engine.definitions.words import read, shipped
from engine.errors import DefinitionError
from tests.support.chinese import in_chinese
from tests.support.loops import FOLDER, SHIPPED, SMALL
from tests.unit.test_loader_refusals import WRONG

README = (FOLDER / "README.md").read_text(encoding="utf-8")
VALIDATOR = Draft202012Validator(schema.schema())
_TABLES = {
    "standard fields": schema.fields_table,
    "conditions": schema.conditions_table,
    "variants": schema.variants_table,
    "words": schema.words_table,
}


def parsed(text: str) -> Any:
    """What an editor that reads YAML 1.2 gives to the schema."""
    return YAML(typ="safe", pure=True).load(text)


def valid(text: str) -> bool:
    return bool(VALIDATOR.is_valid(parsed(text)))


def test_the_committed_schema_is_the_generated_one() -> None:
    committed = (FOLDER / "workflow.schema.json").read_text(encoding="utf-8")
    assert committed == schema.published(), "run: python -m engine.definitions.schema > workflows/workflow.schema.json"


def test_the_schema_is_a_schema() -> None:
    Draft202012Validator.check_schema(schema.schema())


def test_every_reference_in_the_schema_leads_somewhere() -> None:
    text = json.dumps(schema.schema(), ensure_ascii=False)
    for place, key in re.findall(r"#/\$defs/(\w+)(?:/properties/(\w+))?\"", text):
        found = schema.schema()["$defs"][place]
        assert not key or key in found["properties"]


@pytest.mark.parametrize("path", SHIPPED, ids=lambda path: path.stem)
def test_every_shipped_file_fits_the_schema_and_names_it(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    assert text.startswith("# yaml-language-server: $schema=workflow.schema.json\n")
    assert not list(VALIDATOR.iter_errors(parsed(text)))
    assert not list(VALIDATOR.iter_errors(parsed(in_chinese(text))))
    assert load(path).key == path.stem


def test_the_small_file_fits_the_schema() -> None:
    assert valid(SMALL)
    assert valid(in_chinese(SMALL))


def test_whatever_the_schema_refuses_the_loader_refuses() -> None:
    texts = [SMALL.replace(old, new) for old, new, _ in WRONG.values()]
    by_the_schema = [text for text in texts if not valid(text)]
    assert len(by_the_schema) > 20
    for text in by_the_schema:
        with pytest.raises(DefinitionError):
            loads(text)


_LINES = SMALL.splitlines(keepends=True)
_BITS = (
    "",
    "x",
    ": ",
    "}",
    "[]",
    "1",
    "true",
    "~",
    "!",
    "，",
    "reason",
    "when: seen",
    "- a",
    "title: 甲",
    "18:00",
    "{}",
)


@settings(deadline=None, max_examples=60)
@given(st.integers(0, len(_LINES) - 1), st.integers(0, 120), st.integers(0, 12), st.sampled_from(_BITS))
def test_no_mutilated_file_passes_the_loader_but_not_the_schema(line: int, at: int, cut: int, bit: str) -> None:
    lines = list(_LINES)
    body = lines[line].rstrip("\n")
    lines[line] = body[:at] + bit + body[at + cut :] + "\n"
    text = "".join(lines)
    try:
        loads(text)
    except DefinitionError:
        return
    assert not list(VALIDATOR.iter_errors(parsed(text)))


def test_every_place_of_the_grammar_is_a_table_or_a_variant_in_the_readme() -> None:
    shown = set(re.findall(r"<!-- table: (.*?) -->", README))
    variants = {"common", "task_common", "task_action", "answer", "task_answer"}
    same = {"task_state": "state", "task_request": "request", "stages": "stages"}
    assert shown >= _TABLES.keys()
    assert GRAMMAR.keys() <= shown | variants | same.keys()


@pytest.mark.parametrize("name", sorted(set(re.findall(r"<!-- table: (.*?) -->", README))))
def test_every_table_of_the_readme_is_the_generated_one(name: str) -> None:
    table = _TABLES[name]() if name in _TABLES else schema.table(name)
    assert f"<!-- table: {name} -->\n{table}\n" in README


def _sections(text: str) -> dict[str, str]:
    """Top-level key → its text, in order."""
    parts = re.split(r"^(?=\S)", text, flags=re.MULTILINE)
    return {part.split(":", 1)[0]: part for part in parts if part.strip() and not part.startswith("#")}


EXAMPLES = re.findall(r"```yaml\n(.*?)```", README, flags=re.DOTALL)


@pytest.mark.parametrize("number", range(len(EXAMPLES)))
def test_every_example_of_the_readme_loads(number: int) -> None:
    example = EXAMPLES[number]
    whole = example.startswith(("workflow:", "流程:"))
    text = example if whole else "".join((_sections(EXAMPLES[0]) | _sections(example)).values())
    assert loads(text, file="README.md").states
    assert valid(text)


def test_the_readme_names_every_file_of_the_folder() -> None:
    for path in FOLDER.iterdir():
        assert path.is_dir() or path.name == "README.md" or f"`{path.name}`" in README


def test_every_key_can_be_written_in_chinese_and_no_spelling_means_two_keys() -> None:
    for place, keys in GRAMMAR.items():
        spellings = [spelling for key in keys for spelling in (key.name, *key.zh)]
        assert len(spellings) == len(set(spellings)), place
        assert all(key.zh and key.about[0] and key.about[1] for key in keys)
        assert all(key.of for key in keys if key.shape in (Shape.MAP, Shape.ONE))


def test_the_shipped_words_have_titles_and_duties() -> None:
    words = shipped()
    assert words.posts.keys() == words.duties.keys()
    for titles in (words.posts, words.levels, words.lights, words.cards, words.duties):
        assert all(title.zh and title.en for title in titles.values())
    assert list(words.levels)[:4] == ["city", "district", "street", "grid"]
    assert {"system_admin", "security_admin", "audit_admin"} <= words.posts.keys()


def test_a_wrong_list_of_words_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "posts.yaml"
    path.write_text("posts: {a: {title: 甲}}\nlevel: {}\nlights: {}\ncards: {}\n", encoding="utf-8")
    with pytest.raises(DefinitionError) as caught:
        read(path)
    assert "是否想写“levels”" in str(caught.value.details["all"])


def test_the_checkout_wins_over_what_a_wheel_carries() -> None:
    assert resources.workflows() == FOLDER
    with pytest.raises(FileNotFoundError):
        resources.folder("no-such-folder")


def test_an_installed_wheel_finds_what_it_carries(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "engine" / "_bundled" / "workflows").mkdir(parents=True)
    (tmp_path / "workflows").mkdir()  # some other package's, beside ours in site-packages
    monkeypatch.setattr(resources, "_CHECKOUT", tmp_path)
    monkeypatch.setattr(resources, "_BUNDLED", tmp_path / "engine" / "_bundled")
    assert resources.workflows() == tmp_path / "engine" / "_bundled" / "workflows"
