"""Writes a workflow file in Chinese: every key, fixed word, standard field, span and condition."""

import io
from typing import Any

from ruamel.yaml import YAML

from engine.definitions import source
from engine.definitions.grammar import GRAMMAR, Key, Shape
from engine.definitions.names import CHOICE_ALIASES, FIELD_ALIASES, STANDARD_FIELDS, WORDS
from engine.definitions.sentences import CHINESE
from engine.definitions.source import Items, Mapping, Node, Scalar
from engine.definitions.spans import parse_limit, parse_rung
from engine.definitions.words import shipped

_FIELDS = {name: chinese for chinese, name in reversed(FIELD_ALIASES.items())}
_CHOICES = {name: chinese for chinese, name in CHOICE_ALIASES.items()}
_KEYWORDS = {word: chinese for chinese, word in reversed(CHINESE.items())}
_VOCABULARIES = {
    Shape.STATE_TYPE: "state type",
    Shape.FIELD_TYPE: "field type",
    Shape.OWNER: "owner",
    Shape.DEPARTMENT_SCOPE: "department scope",
    Shape.PERSON_SCOPE: "person scope",
    Shape.COUNTING: "counting",
    Shape.ONCE: "once",
    Shape.JOIN: "join",
    Shape.TRUE: "yes",
}
#: Names that aren't the author's own, by the key under which they stand.
_BY_KEY = {
    "by": {word: chinese for chinese, word in reversed(WORDS["actor"].items())},
    "post": {name: title.zh for name, title in shipped().posts.items()},
    "area": {name: title.zh for name, title in shipped().levels.items()} | {"ticket": "本案"},
    "light": {name: title.zh for name, title in shipped().lights.items()},
    "card": {name: title.zh for name, title in shipped().cards.items()},
    "withdraws": {word: chinese for chinese, word in WORDS["task set"].items()},
    "sends": _FIELDS | {"me": "本人"},
    "suspends": _FIELDS,
    "joins": _FIELDS,
}


def in_chinese(text: str) -> str:
    """The same workflow, keys and words in Chinese; the author's own names stay."""
    tree = _place(source.compose(text, file="x.yaml"), "workflow")
    out = io.StringIO()
    yaml = YAML(pure=True)
    yaml.width = 10_000
    yaml.dump(tree, out)
    return out.getvalue()


def _place(node: Node, place: str) -> Any:
    if isinstance(node, Scalar):
        return None
    assert isinstance(node, Mapping)
    keys = {key.name: key for key in GRAMMAR[place]}
    return {keys[e.key].zh[-1]: _value(e.value, keys[e.key]) for e in node.entries}


def _value(node: Node, key: Key) -> Any:
    if key.shape is Shape.ONE:
        return _place(node, key.of)
    if key.shape is not Shape.MAP:
        return _plain(node, key.shape, key.name)
    if isinstance(node, Scalar):
        return None
    assert isinstance(node, Mapping)
    return {entry.key: _member(entry.value, key) for entry in node.entries}


def _member(node: Node, key: Key) -> Any:
    if key.of in GRAMMAR:
        return _place(node, key.of)
    if key.of == "ladder":
        assert isinstance(node, Items)
        return [_place(item, "step") for item in node.items]
    return _plain(node, Shape(key.of), key.name)


def _plain(node: Node, shape: Shape, key: str) -> Any:
    if isinstance(node, Items):
        return [_plain(item, shape, key) for item in node.items]
    assert isinstance(node, Scalar)
    text = node.text
    if shape in _VOCABULARIES:
        words = {word: chinese for chinese, word in reversed(WORDS[_VOCABULARIES[shape]].items())}
        return words.get(text, text)
    if shape is Shape.NUMBER:
        return int(text)
    if shape is Shape.FORM:
        name = text.rstrip("!*+")
        return _FIELDS.get(name, name) + text.removeprefix(name).translate(str.maketrans("!*+", "！＊＋"))
    if shape is Shape.CONDITION:
        return _condition(text)
    if shape is Shape.RUNG:
        return parse_rung(text).zh
    if shape is Shape.LIMIT or (shape is Shape.WITHIN and text[0].isdigit()):
        return parse_limit(text).zh
    if shape is Shape.WITHIN:
        field = text.removeprefix("until ")
        return f"至 {_FIELDS.get(field, field)}" if field != text else "按目录"
    return _BY_KEY.get(key, {}).get(text, text)


def _condition(text: str) -> str:
    """Word by word; what follows `in`, a kind or `is` is a name and stays, but for choices of standard fields."""
    spaced = text.replace("(", "（ ").replace(")", " ）").replace(">=", "≥").replace("<=", "≤").split()
    spaced = text.replace("(", "（ ").replace(")", " ）").replace(">=", "≥").replace("<=", "≤").split()
    words, before = [], ""
    for word, after in zip(spaced, [*spaced[1:], ""], strict=True):
        name = before in ("in", "some", "all", "no") and word != "sub"
        field = after in ("given", "is") and word in STANDARD_FIELDS
        known = _FIELDS if field else _CHOICES if before == "is" else {} if name else _KEYWORDS
        words.append(known.get(word, word))
        before = word
    return " ".join(words)
