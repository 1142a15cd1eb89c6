"""What proposals go by: ``workflows/proposals/thresholds.yaml``, whole numbers only."""

from dataclasses import dataclass
from functools import cache
from pathlib import Path

from engine import resources
from engine.definitions import source
from engine.definitions.reading import Reader
from engine.definitions.source import Entry, Scalar

FILE = "proposals/thresholds.yaml"

#: Section → key → smallest and largest allowed value.
_BOUNDS = {
    "duplicates": {
        "metres": (0, 500),
        "accuracy": (0, 500),
        "hours": (1, 24 * 30),
        "least": (0, 100),
        "most": (1, 50),
    },
    "relapse": {"metres": (0, 500), "accuracy": (0, 500), "days": (1, 3650)},
    "proposals": {"days": (1, 3650), "tickets": (1, 2000), "most": (1, 20)},
    "frequent": {
        "days": (1, 366),
        "past": (1, 3650),
        "least": (1, 10_000),
        "floor": (1, 10_000),
        "chance": (2, 1_000_000_000),
    },
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Duplicates:
    """When two tickets may be one matter."""

    #: Apart at most, beside the accuracy of both, of which at most `accuracy` metres count each.
    metres: int
    accuracy: int
    hours: int
    #: Points of 100.
    least: int
    #: Shown at most.
    most: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Relapses:
    """When a ticket is the return of one that was closed."""

    metres: int
    accuracy: int
    #: After the earlier one was closed.
    days: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcomes:
    """How far back a proposed lead looks."""

    days: int
    tickets: int
    most: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Frequent:
    """When a count stands out against its own past."""

    days: int
    past: int
    least: int
    #: The expected count is at least so many hundredths.
    floor: int
    #: Rarer than one in so many.
    chance: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Thresholds:
    """Everything that proposals go by."""

    duplicates: Duplicates
    relapse: Relapses
    proposals: Outcomes
    frequent: Frequent


@cache
def shipped() -> Thresholds:
    """The thresholds of this installation. Errors: `DefinitionError` with file and line."""
    return read(resources.workflows() / FILE)


def read(path: Path) -> Thresholds:
    """Read such a file. Errors: `DefinitionError`, every problem with its line."""
    reader = Reader(path.name)
    tree = source.compose(source.decode(source.read_file(path), file=path.name), file=path.name)
    sections = {entry.key: entry for entry in reader.entries(tree)}
    for key in sections.keys() - _BOUNDS.keys():
        reader.unknown(key, sections[key].line, "口径", "section", tuple(_BOUNDS))
    for key in _BOUNDS.keys() - sections.keys():
        reader.refuse(tree.line, f"缺少“{key}”", f"'{key}' is missing")
    reader.finish()
    found = {key: _section(reader, key, sections[key]) for key in _BOUNDS}
    reader.finish()
    return Thresholds(
        duplicates=Duplicates(**found["duplicates"]),
        relapse=Relapses(**found["relapse"]),
        proposals=Outcomes(**found["proposals"]),
        frequent=Frequent(**found["frequent"]),
    )


def _section(reader: Reader, name: str, section: Entry) -> dict[str, int]:
    bounds = _BOUNDS[name]
    entries = {entry.key: entry for entry in reader.entries(section.value)}
    for key in entries.keys() - bounds.keys():
        reader.unknown(key, entries[key].line, "口径", "threshold", tuple(bounds))
    for key in bounds.keys() - entries.keys():
        reader.refuse(section.line, f"“{name}”缺少“{key}”", f"'{name}' lacks '{key}'")
    return {key: _number(reader, entries[key], *bounds[key]) for key in bounds.keys() & entries.keys()}


def _number(reader: Reader, entry: Entry, least: int, most: int) -> int:
    text = entry.value.text if isinstance(entry.value, Scalar) else ""
    number = int(text) if text.isascii() and text.isdecimal() and len(text) < 12 else -1
    if not least <= number <= most:
        reader.refuse(
            entry.line,
            f"“{entry.key}”应为 {least} 至 {most} 的整数",
            f"'{entry.key}' must be a whole number from {least} to {most}",
        )
    return number
