"""A calendar file as text becomes a calendar; whatever is wrong with it is named by file and line."""

import hashlib
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final, TypeAlias

from engine.definitions.reading import KEY
from engine.definitions.source import Items, Node, Scalar, compose
from engine.definitions.source import Mapping as Section
from engine.errors import Place
from engine.rules.calendar_form import StandIn, calendar_from_mapping, stand_in_from_mapping
from engine.rules.calendars import CalendarError, WorkCalendar

#: Characters of a key, so that `<key>@<number>` fits where deadlines name their version.
LONGEST_KEY: Final = 50

_WHOLE = re.compile(r"0|-?[1-9][0-9]{0,9}")
_TRUTH = {"true": True, "false": False}

_Plain: TypeAlias = "str | int | bool | list[_Plain] | dict[str, _Plain] | None"


@dataclass(frozen=True, slots=True, kw_only=True)
class CalendarFile:
    """What a calendar file says: its hours without any decree."""

    key: str
    #: The name that refusals call it by.
    file: str
    #: The file as it was written.
    text: str
    sha256: str
    calendar: WorkCalendar
    stands_in: StandIn | None
    #: Line of each place in it, by its path: `weekly.monday`, `areas[0]`.
    lines: Mapping[str, int]

    def wrong(self, key: str, zh: str, en: str) -> CalendarError:
        """The refusal of one place of the file, with its line."""
        error = CalendarError(key, zh, en)
        error.at(self.place(key))
        return error

    def place(self, key: str) -> Place:
        """Where something stands in it, or what is around it."""
        return _place(self.file, self.lines, key)


def read_calendar(text: str, *, key: str, file: str) -> CalendarFile:
    """Read the text of a calendar file.

    Errors: `DefinitionError` for what is no strict YAML, `CalendarError` for everything else, with file and line.
    """
    if len(key) > LONGEST_KEY or not re.fullmatch(KEY, key):
        raise CalendarError(
            "",
            f"日历的标识“{key[:60]}”取自文件名，只能由汉字、字母、数字、下划线和连字符组成，最多 {LONGEST_KEY} 字",
            f"the calendar's key '{key[:60]}', its file's name, may hold letters, Chinese characters, digits, _ and -, "
            f"at most {LONGEST_KEY} of them",
        ).at(Place(file=file))
    tree = compose(text, file=file)
    lines: dict[str, int] = {}
    try:
        mapping = {entry.key: _plain(entry.value, entry.key, entry.line, lines) for entry in tree.entries}
        calendar = calendar_from_mapping(mapping)
        stands_in = stand_in_from_mapping(mapping)
        if stands_in is not None and stands_in.of == key:
            raise CalendarError("of", "不能代替自己", "cannot stand in for itself")
    except CalendarError as failure:
        raise failure.at(_place(file, lines, failure.key)) from None
    digest = hashlib.sha256(text.encode()).hexdigest()
    return CalendarFile(
        key=key, file=file, text=text, sha256=digest, calendar=calendar, stands_in=stands_in, lines=lines
    )


def _plain(node: Node, path: str, line: int, lines: dict[str, int]) -> _Plain:
    """A node as plain values; the line of everything in it goes to `lines`."""
    lines[path] = line
    if isinstance(node, Section):
        return {entry.key: _plain(entry.value, f"{path}.{entry.key}", entry.line, lines) for entry in node.entries}
    if isinstance(node, Items):
        return [_plain(item, f"{path}[{n}]", item.line, lines) for n, item in enumerate(node.items)]
    return _value(node)


def _value(scalar: Scalar) -> str | int | bool | None:
    if scalar.empty:
        return None
    if scalar.plain and _WHOLE.fullmatch(scalar.text):
        return int(scalar.text)
    return _TRUTH.get(scalar.text, scalar.text) if scalar.plain else scalar.text


def _place(file: str, lines: Mapping[str, int], key: str) -> Place:
    """Where a key stands: its own line, or that of the nearest thing around it; the first line for what is missing."""
    for path in _around(key):
        if path in lines:
            return Place(file=file, line=lines[path])
    return Place(file=file, line=1)


def _around(key: str) -> Sequence[str]:
    without_index = re.sub(r"\[[0-9]+\]$", "", key)
    return [key, without_index, without_index.partition(".")[0]]
