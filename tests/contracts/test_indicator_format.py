"""What workflows/indicators/README.md promises is what the reader reads."""

import re

import pytest

from engine import resources
from engine.definitions.indicator_file import GRAMMAR, loads, table, words_table

FOLDER = resources.workflows() / "indicators"
README = (FOLDER / "README.md").read_text(encoding="utf-8")


@pytest.mark.parametrize("place", GRAMMAR)
def test_every_place_of_the_grammar_is_in_the_readme_as_it_is_read(place: str) -> None:
    assert f"<!-- table: {place} -->\n{table(place)}\n" in README


def test_every_word_is_in_the_readme() -> None:
    assert f"<!-- table: words -->\n{words_table()}\n" in README


def test_the_example_of_the_readme_is_an_indicator() -> None:
    (example,) = re.findall(r"```yaml\n(.*?)```", README, flags=re.DOTALL)
    assert loads(example, file="README.md").keys() == {"filed_on_time"}


def test_the_readme_names_every_file_of_the_folder() -> None:
    for path in FOLDER.glob("*.yaml"):
        assert f"`{path.name}`" in README


def test_every_key_has_one_meaning_in_its_place_and_can_be_written_in_chinese() -> None:
    for place, keys in GRAMMAR.items():
        spellings = [spelling for key in keys for spelling in (key.name, *key.zh)]
        assert len(spellings) == len(set(spellings)), place
        assert all(key.zh and key.about[0] and key.about[1] for key in keys)
