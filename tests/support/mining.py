"""What the standards of process mining ask of a file, and the program of others that reads one."""

import json
import os
import subprocess
import xml.etree.ElementTree as ET
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).resolve().parents[2]
#: Made by `make mining-venv`; set to `required` where it is known to be there.
PYTHON = ROOT / ".venv-pm4py" / "bin" / "python"
REQUIRED = "HUYING_TEST_PM4PY"

_XES = "{http://www.xes-standard.org/}"
_TYPES = ("string", "date", "int", "float", "boolean", "id", "list", "container")
#: Order of the parts of a log, as the schema of IEEE 1849 has them.
_PARTS = {"extension": 0, "global": 1, "classifier": 2, **dict.fromkeys(_TYPES, 3), "trace": 4, "event": 5}
_ASKS = {"extension": {"name", "prefix", "uri"}, "global": {"scope"}, "classifier": {"name", "keys"}}

_NAMED = {"type": "object", "required": ["name", "type"], "properties": {
    "name": {"type": "string"},
    "type": {"enum": ["string", "time", "integer", "float", "boolean"]},
}}  # fmt: skip
_KIND = {"type": "object", "required": ["name", "attributes"], "properties": {
    "name": {"type": "string"}, "attributes": {"type": "array", "items": _NAMED},
}}  # fmt: skip
_VALUE = {"type": ["string", "number", "boolean"]}
_LEADS = {"type": "array", "items": {
    "type": "object", "required": ["objectId", "qualifier"],
    "properties": {"objectId": {"type": "string"}, "qualifier": {"type": "string"}},
}}  # fmt: skip
_OBJECT = {"type": "object", "required": ["id", "type"], "properties": {
    "id": {"type": "string"}, "type": {"type": "string"}, "relationships": _LEADS,
    "attributes": {"type": "array", "items": {
        "type": "object", "required": ["name", "time", "value"],
        "properties": {"name": {"type": "string"}, "time": {"type": "string", "format": "date-time"}, "value": _VALUE},
    }},
}}  # fmt: skip
_EVENT = {"type": "object", "required": ["id", "type", "time"], "properties": {
    "id": {"type": "string"}, "type": {"type": "string"}, "time": {"type": "string", "format": "date-time"},
    "relationships": _LEADS,
    "attributes": {"type": "array", "items": {
        "type": "object", "required": ["name", "value"],
        "properties": {"name": {"type": "string"}, "value": _VALUE},
    }},
}}  # fmt: skip
#: OCEL 2.0 in JSON.
OCEL = {
    "type": "object",
    "required": ["objectTypes", "eventTypes", "objects", "events"],
    "properties": {
        "objectTypes": {"type": "array", "items": _KIND}, "eventTypes": {"type": "array", "items": _KIND},
        "objects": {"type": "array", "items": _OBJECT}, "events": {"type": "array", "items": _EVENT},
    },
}  # fmt: skip


def said_by_pm4py(made: str, path: Path) -> dict[str, Any]:
    """What pm4py counts in a file; without it the test is skipped with a reason, or fails if it is required."""
    if not PYTHON.exists():
        reason = "no pm4py: make mining-venv"
        if os.environ.get(REQUIRED) == "required":
            pytest.fail(reason)
        pytest.skip(reason)
    script = Path(__file__).with_name("mined_by_others.py")
    done = subprocess.run([PYTHON, script, made, path], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    said: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return said


def traces(text: str) -> dict[str, list[str]]:
    """Trace → its activities, in a text of XES."""
    found = {}
    for trace in _log(text).iter(f"{_XES}trace"):
        found[_value(trace, "concept:name")] = [_value(event, "concept:name") for event in trace.iter(f"{_XES}event")]
    return found


def _log(text: str) -> ET.Element:
    return ET.fromstring(text)  # noqa: S314 (our own)


def _value(of: ET.Element, key: str) -> str:
    (value,) = (one.get("value", "") for one in of if one.get("key") == key)
    return value


def xes_faults(text: str) -> Iterator[str]:
    """What the schema of IEEE 1849, the extensions and the log's own globals would not have."""
    log = _log(text)
    if log.tag != f"{_XES}log" or not float(log.get("xes.version", "")):
        yield "no log of a version"
    order = [_PARTS[part.tag.removeprefix(_XES)] for part in log]
    if order != sorted(order):
        yield "parts are not in their order"
    prefixes = {part.get("prefix") for part in log.iter(f"{_XES}extension")}
    asked: dict[str, dict[str, str]] = {"trace": {}, "event": {}}
    for part in log:
        name = part.tag.removeprefix(_XES)
        if _ASKS.get(name, set()) - set(part.keys()):
            yield f"{name} lacks an attribute"
        if name == "global":
            asked[part.get("scope", "")] = {one.get("key", ""): one.tag for one in part}
    for kind, promised in asked.items():
        for number, one in enumerate(log.iter(f"{_XES}{kind}")):
            said = [(inner.get("key", ""), inner.tag) for inner in one if inner.get("key") is not None]
            if promised.items() - set(said):
                yield f"{kind} {number} lacks {promised.items() - set(said)}"
            if len(dict(said)) != len(said):
                yield f"{kind} {number} says something twice"
    yield from _value_faults(log, prefixes)


def _value_faults(log: ET.Element, prefixes: set[str | None]) -> Iterator[str]:
    for one in log.iter():
        name, key, value = one.tag.removeprefix(_XES), one.get("key"), one.get("value")
        if name not in _TYPES:
            continue
        if key is None or value is None:
            yield f"{name} without key or value"
        elif ":" in key and key.split(":")[0] not in prefixes:
            yield f"{key} is of no extension"
        elif name == "int" and not value.lstrip("-").isdigit():
            yield f"{value} is no whole number"
        elif name == "date" and datetime.fromisoformat(value).tzinfo is None:
            yield f"{value} has no zone"
