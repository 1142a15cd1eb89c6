"""The published format of rhythm files cannot lie: tables, example and shipped file agree with the reader."""

import io
import re
from typing import Any

import pytest
from ruamel.yaml import YAML

from engine import resources
from engine.definitions import source
from engine.definitions.rhythm import Every
from engine.definitions.rhythm_days import parse_day
from engine.definitions.rhythm_file import load, loads
from engine.definitions.rhythm_grammar import GRAMMAR, MOST_DAYS, MOST_WORKDAYS, VOCABULARIES, table, words_table
from engine.definitions.source import Items, Mapping, Node, Scalar
from engine.definitions.words import shipped
from engine.errors import Malformed
from engine.records import rhythm_where
from tests.support.rhythms import known

FOLDER = resources.workflows() / "rhythms"
README = (FOLDER / "README.md").read_text(encoding="utf-8")
SHIPPED = sorted(FOLDER.glob("*.yaml"))
#: Key → the vocabulary of its words, for those that have one.
_OF = {"every": "period", "stage": "stages", "state_type": "state types", "urgency": "urgencies", "of": "level"}
#: Key → what stands below it.
_BELOW = {"list": "list", "any": "list", "all": "list", "to": "recipient"}


@pytest.mark.parametrize("place", GRAMMAR)
def test_every_place_of_the_grammar_is_in_the_readme_as_it_is_read(place: str) -> None:
    assert table(place) in README


def test_every_word_is_in_the_readme_with_its_chinese() -> None:
    assert words_table() in README


def test_the_example_of_the_readme_is_a_rhythm() -> None:
    (example,) = re.findall(r"^```yaml\n(.*?)^```$", README, flags=re.M | re.S)
    assert loads(example, known()).jobs


@pytest.mark.parametrize("path", SHIPPED, ids=lambda path: path.stem)
def test_a_shipped_file_is_called_by_its_key_and_says_the_same_in_chinese(path: Any) -> None:
    rhythm = load(path, known())
    assert rhythm.key == path.stem
    text = path.read_text(encoding="utf-8")
    chinese = in_chinese(text)
    assert loads(chinese, known()) == rhythm
    assert not re.search(r"\b(every|jobs|overdue|idle_for|handler|workday|monday)\b", chinese)


def test_the_days_that_the_readme_promises_are_read_and_the_next_is_not() -> None:
    for every, last in MOST_DAYS.items():
        for number, reads in ((last, True), (last + 1, False)):
            assert _reads(str(number), every) is reads
    for every, last in MOST_WORKDAYS.items():
        for number, reads in ((last, True), (last + 1, False)):
            assert _reads(f"workday {number}", every) is reads
    told = dict(re.findall(r"^\| `(ten days|month)` [^|]*\| 1–([0-9]+), `workday` 1–[0-9]+", README, flags=re.M))
    assert told == {str(every): str(MOST_DAYS[every]) for every in (Every.TEN_DAYS, Every.MONTH)}


def _reads(text: str, every: Every) -> bool:
    try:
        parse_day(text, every)
    except Malformed:
        return False
    return True


def test_every_condition_can_be_asked_of_the_database() -> None:
    names = {key.name for key in GRAMMAR["list"]} - {"any", "all"}
    assert names == set(rhythm_where._ATOMS)


def test_every_key_and_word_has_one_meaning_in_its_place() -> None:
    for place, keys in GRAMMAR.items():
        spelt = [text for key in keys for text in (key.name, *key.zh)]
        assert len(spelt) == len(set(spelt)), place


def in_chinese(text: str) -> str:
    """The same rhythm, keys and words in Chinese."""
    out = io.StringIO()
    yaml = YAML(pure=True)
    yaml.width = 10_000
    yaml.dump(_place(source.compose(text, file="x.yaml"), "rhythm"), out)
    return out.getvalue()


def _place(node: Node, place: str) -> Any:
    assert isinstance(node, Mapping)
    keys = {key.name: key.zh[-1] for key in GRAMMAR[place]}
    return {keys[entry.key]: _value(entry.value, entry.key) for entry in node.entries}


def _value(node: Node, key: str) -> Any:
    if isinstance(node, Items):
        return [_value(item, key) for item in node.items]
    if key == "jobs":
        assert isinstance(node, Mapping)
        return {entry.key: _place(entry.value, "job") for entry in node.entries}
    if isinstance(node, Mapping):
        return _place(node, _BELOW[key])
    return _word(node, key)


def _word(node: Scalar, key: str) -> str | int:
    if key == "most":
        return int(node.text)
    words = shipped()
    titles = {"post": words.posts, "light": words.lights, "card": words.cards, "of": words.levels}.get(key, {})
    chinese = {word: title.zh for word, title in titles.items()}
    chinese |= {str(word): zh for zh, word in VOCABULARIES.get(_OF.get(key, key), {}).items()}
    if key in ("due_within", "idle_for"):
        return node.text.replace(" workdays", "个工作日").replace(" workday", "个工作日")
    if key == "on":
        days = {"monday": "周一", "friday": "星期五", "first workday": "首个工作日", "last workday": "最后一个工作日"}
        return days[node.text]
    return {"true": "是"}.get(node.text, chinese.get(node.text, node.text))
