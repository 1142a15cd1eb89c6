"""What workflows/registers/README.md promises is what the reader reads."""

import re
from pathlib import Path

import pytest

from engine.definitions.register_file import loads
from engine.definitions.register_grammar import GRAMMAR, table

FOLDER = Path(__file__).resolve().parents[2] / "workflows" / "registers"
README = (FOLDER / "README.md").read_text(encoding="utf-8")


@pytest.mark.parametrize("place", GRAMMAR)
def test_every_place_of_the_grammar_is_in_the_readme_as_it_is_read(place: str) -> None:
    assert f"<!-- table: {place} -->\n{table(place)}\n" in README


def test_the_example_of_the_readme_is_a_register() -> None:
    (example,) = re.findall(r"```yaml\n(.*?)```", README, flags=re.DOTALL)
    assert loads(example, file="README.md").key == "mediators"


def test_the_readme_names_every_file_of_the_folder() -> None:
    for path in FOLDER.glob("*.yaml"):
        assert f"`{path.name}`" in README


def test_every_key_has_one_meaning_in_its_place_and_can_be_written_in_chinese() -> None:
    for place, keys in GRAMMAR.items():
        spellings = [spelling for key in keys for spelling in (key.name, *key.zh)]
        assert len(spellings) == len(set(spellings)), place
        assert all(key.zh and key.about[0] and key.about[1] for key in keys)
