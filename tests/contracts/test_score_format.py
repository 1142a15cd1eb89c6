"""What workflows/scores/README.md promises is what the reader reads."""

import re

import pytest

from engine import resources
from engine.definitions.indicator_file import discover as indicators
from engine.definitions.score_file import GRAMMAR, discover, loads, table

FOLDER = resources.workflows() / "scores"
README = (FOLDER / "README.md").read_text(encoding="utf-8")


@pytest.mark.parametrize("place", GRAMMAR)
def test_every_place_of_the_grammar_is_in_the_readme_as_it_is_read(place: str) -> None:
    assert f"<!-- table: {place} -->\n{table(place)}\n" in README


def test_the_example_of_the_readme_is_a_sheet() -> None:
    (example,) = re.findall(r"```yaml\n(.*?)```", README, flags=re.DOTALL)
    assert loads(example, indicators(), file="README.md").keys() == {"department"}


def test_the_readme_names_every_file_of_the_folder() -> None:
    for path in FOLDER.glob("*.yaml"):
        assert f"`{path.name}`" in README


def test_every_key_has_one_meaning_in_its_place_and_can_be_written_in_chinese() -> None:
    for place, keys in GRAMMAR.items():
        spellings = [spelling for key in keys for spelling in (key.name, *key.zh)]
        assert len(spellings) == len(set(spellings)), place
        assert all(key.zh and key.about[0] and key.about[1] for key in keys)


def test_there_is_a_sheet_for_each_kind_of_unit() -> None:
    assert {sheet.of.value for sheet, _ in discover(indicators()).values()} == {"department", "area", "post", "person"}
