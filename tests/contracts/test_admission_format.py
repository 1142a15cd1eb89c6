"""What workflows/admission/README.md promises is what the reader reads, and the rules fit the files they name."""

import re
from pathlib import Path

import pytest

from engine.definitions.admission_grammar import GRAMMAR, table
from engine.definitions.admission_rules import read, shipped
from engine.definitions.loader import discover
from engine.definitions.model import FieldType
from engine.records.departments import KINDS

FOLDER = Path(__file__).resolve().parents[2] / "workflows" / "admission"
README = (FOLDER / "README.md").read_text(encoding="utf-8")


@pytest.mark.parametrize("place", GRAMMAR)
def test_every_place_of_the_grammar_is_in_the_readme_as_it_is_read(place: str) -> None:
    assert f"<!-- table: {place} -->\n{table(place)}\n" in README


def test_the_examples_of_the_readme_are_rules_and_mean_the_same_in_both_languages(tmp_path: Path) -> None:
    found = []
    for number, example in enumerate(re.findall(r"```yaml\n(.*?)```", README, flags=re.DOTALL)):
        path = tmp_path / f"{number}.yaml"
        path.write_text(example, encoding="utf-8")
        found.append(read(path))
    english, chinese = found
    assert english == shipped()
    assert (chinese.binds, chinese.listings, chinese.report) == (english.binds, english.listings, english.report)


def test_every_key_has_one_meaning_in_its_place_and_can_be_written_in_chinese() -> None:
    for place, keys in GRAMMAR.items():
        spellings = [spelling for key in keys for spelling in (key.name, *key.zh)]
        assert len(spellings) == len(set(spellings)), place
        assert all(key.zh and key.about[0] and key.about[1] for key in keys)


def test_the_shipped_rules_name_what_is_there() -> None:
    rules, loops = shipped(), {loop.key: loop for loop in discover()}
    assert rules.binds <= set(KINDS)
    for key in rules.admitted_by:
        loop = loops[key]
        assert loop.admits is not None
        assert rules.figures.refused | rules.figures.stopped <= loop.states.keys()
        assert rules.figures.decide <= loop.deadlines.keys()
    start = loops[rules.report.workflow].starts[rules.report.start]
    asked = {item.name: item for item in start.form}
    assert asked[rules.report.matter].field.type is FieldType.TEXT
    assert {name for name, item in asked.items() if item.required} <= {rules.report.matter, "description"}
