"""The published form of the grammar: the JSON Schema that editors use, and the tables of ``workflows/README.md``.

Both are generated from the tables that the loader reads by; the schema says what a file looks like, never what it
means, so the loader refuses everything the schema refuses and much more. ``python -m engine.definitions.schema``
prints the schema as it is committed.
"""

import json
import sys
from collections.abc import Callable
from typing import Any

from engine.definitions.grammar import GRAMMAR, Key, Shape
from engine.definitions.names import STANDARD_FIELDS, WORDS, words_of
from engine.definitions.reading import KEY, LONGEST_TITLE, NAME
from engine.definitions.sentences import CHINESE
from engine.definitions.source import LONGEST_SCALAR

#: Places that share the grammar of actions.
_VARIANTS = {
    "common": "`common` of the ticket",
    "task_action": "a state of a task",
    "task_common": "`common` of a task",
    "ask": "an ask",
    "answer": "an answer about the ticket",
    "task_answer": "an answer about a task",
}
_FORM_ITEM = NAME.removesuffix("$") + "[!*+！＊＋]?$"
_TEXT = {"type": "string", "minLength": 1, "maxLength": LONGEST_SCALAR}


def schema() -> dict[str, Any]:
    """The JSON Schema (draft 2020-12) of a workflow file."""
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$id": "urn:huying:workflow:1",
        "title": "呼应流程文件 / Huying workflow file",
        "description": "键可用英文或中文书写，见 workflows/README.md / Keys may be English or Chinese",
        "$ref": "#/$defs/workflow",
        "$defs": {place: _place(place) for place in GRAMMAR}
        | {"ladder": _ladder()}
        | {_definition(shape): shown() for shape, shown in _SHAPES.items()},
    }


def published() -> str:
    """The schema's text as it stands in the repository."""
    return json.dumps(schema(), ensure_ascii=False, indent=1) + "\n"


def table(place: str) -> str:
    """The keys of one place of the grammar as a Markdown table."""
    rows = ["| key | 中文 | value | meaning |", "|---|---|---|---|"]
    for key in GRAMMAR[place]:
        name = f"**`{key.name}`**" if key.required else f"`{key.name}`"
        rows.append(f"| {name} | {'、'.join(key.zh)} | {_value(key)} | {key.about[0]} / {key.about[1]} |")
    return "\n".join(rows)


def variants_table() -> str:
    """Where the grammar of actions is narrower or wider than in a state of the ticket."""
    rows = ["| where | also | without |", "|---|---|---|"]
    usual = {key.name for key in GRAMMAR["action"]}
    for place, title in _VARIANTS.items():
        here = {key.name for key in GRAMMAR[place]}
        more = ", ".join(f"`{key.name}`" for key in GRAMMAR[place] if key.name not in usual)
        less = ", ".join(f"`{key.name}`" for key in GRAMMAR["action"] if key.name not in here)
        rows.append(f"| {title} | {more} | {less} |")
    return "\n".join(rows)


def fields_table() -> str:
    """The standard fields as a Markdown table."""
    rows = ["| field | 中文 | English | type | personal |", "|---|---|---|---|---|"]
    for field in STANDARD_FIELDS.values():
        choices = f" ({', '.join(field.of)})" if field.of else ""
        mark = "✓" if field.personal else ""
        rows.append(f"| `{field.name}` | {field.title.zh} | {field.title.en} | {field.type}{choices} | {mark} |")
    return "\n".join(rows)


def conditions_table() -> str:
    """The words of conditions with their Chinese spellings as a Markdown table."""
    spelt: dict[str, list[str]] = {}
    for chinese, word in CHINESE.items():
        spelt.setdefault(word, []).append(chinese)
    return "\n".join(["| word | 中文 |", "|---|---|", *(f"| `{w}` | {'、'.join(zh)} |" for w, zh in spelt.items())])


def words_table() -> str:
    """The closed vocabularies with their Chinese spellings as a Markdown table."""
    rows = ["| vocabulary | words |", "|---|---|"]
    for vocabulary in WORDS:
        words = (f"`{word}` {'、'.join(_spellings(vocabulary, word))}" for word in words_of(vocabulary))
        rows.append(f"| {vocabulary} | {' · '.join(words)} |")
    return "\n".join(rows)


def _spellings(vocabulary: str, word: str) -> list[str]:
    return [chinese for chinese, meant in WORDS[vocabulary].items() if meant == word]


def _value(key: Key) -> str:
    if key.shape is Shape.MAP:
        return f"name → {key.of.replace('_', ' ')}"
    return key.of if key.shape is Shape.ONE else str(key.shape)


def _place(place: str) -> dict[str, Any]:
    keys = GRAMMAR[place]
    properties: dict[str, Any] = {key.name: _shape(key) | {"description": " / ".join(key.about)} for key in keys}
    for key in keys:
        properties |= {spelling: {"$ref": f"#/$defs/{place}/properties/{key.name}"} for spelling in key.zh}
    found: dict[str, Any] = {"type": "object", "additionalProperties": False, "properties": properties}
    required = [[{"required": [spelling]} for spelling in (key.name, *key.zh)] for key in keys if key.required]
    if required:
        found["allOf"] = [{"anyOf": each} for each in required]
    return found


def _ladder() -> dict[str, Any]:
    return {"type": "array", "items": {"$ref": "#/$defs/step"}}


def _shape(key: Key) -> dict[str, Any]:
    if key.shape is Shape.ONE:
        return {"$ref": f"#/$defs/{key.of}"}
    if key.shape is Shape.MAP:
        return _named(key.of)
    return {"$ref": f"#/$defs/{_definition(key.shape)}"}


def _definition(shape: Shape) -> str:
    return shape.value.replace(" ", "_")


def _named(of: str) -> dict[str, Any]:
    """A mapping whose keys the author names; nothing written counts as empty."""
    return {
        "type": ["object", "null"],
        "propertyNames": {"pattern": NAME},
        "additionalProperties": {"$ref": f"#/$defs/{of}"},
    }


def _one_or_many(item: dict[str, Any]) -> dict[str, Any]:
    return {"anyOf": [item, {"type": "array", "items": item}]}


def _words(vocabulary: str) -> Callable[[], dict[str, Any]]:
    return lambda: {"enum": [*words_of(vocabulary), *WORDS[vocabulary]]}


def _name() -> dict[str, Any]:
    return {"type": "string", "pattern": NAME}


_SHAPES: dict[Shape, Callable[[], dict[str, Any]]] = {
    Shape.TITLE: lambda: {"type": "string", "minLength": 1, "maxLength": LONGEST_TITLE},
    Shape.KEY: lambda: {"type": "string", "pattern": KEY},
    Shape.NAME: _name,
    Shape.NAMES: lambda: _one_or_many(_name()),
    Shape.NUMBER: lambda: {"type": "integer", "minimum": 1},
    Shape.TRUE: lambda: {"enum": [True, *WORDS["yes"]]},
    Shape.CONDITION: lambda: dict(_TEXT),
    Shape.FORM: lambda: _one_or_many({"type": "string", "pattern": _FORM_ITEM}),
    Shape.LIMIT: lambda: dict(_TEXT),
    Shape.WITHIN: lambda: dict(_TEXT),
    Shape.INTERVAL: lambda: dict(_TEXT),
    Shape.CIVIL_DAY: lambda: dict(_TEXT),
    Shape.TIME: lambda: dict(_TEXT),
    Shape.DRAW: lambda: {"anyOf": [{"type": "string", "minLength": 1}, {"type": "integer", "minimum": 1}]},
    Shape.DAY: lambda: dict(_TEXT),
    Shape.RUNG: lambda: dict(_TEXT),
    Shape.JOIN: lambda: {"anyOf": [{"type": "string", "minLength": 1}, {"type": "integer", "minimum": 1}]},
    Shape.STATE_TYPE: _words("state type"),
    Shape.FIELD_TYPE: _words("field type"),
    Shape.FIELD_CLASS: _words("field class"),
    Shape.OWNER: _words("owner"),
    Shape.DEPARTMENT_SCOPE: _words("department scope"),
    Shape.PERSON_SCOPE: _words("person scope"),
    Shape.COUNTING: _words("counting"),
    Shape.ONCE: _words("once"),
    Shape.RULING: _words("ruling"),
    Shape.APPRAISAL: _words("appraisal"),
    Shape.ORIGIN: _words("origin"),
}


if __name__ == "__main__":
    sys.stdout.write(published())
