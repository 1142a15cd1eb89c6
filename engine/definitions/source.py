"""A workflow file as text with lines: YAML 1.2 read strictly, before anything in it means something.

Only mappings, lists and scalars come out, each with its line. What could surprise an official or hide a trick
is refused: a key given twice, anchors, tags, bombs, signs nobody sees. Nothing is guessed as YAML 1.1 did: ``18:00``
stays text, ``no`` is the word no.
"""

import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeAlias

from ruamel.yaml import YAML
from ruamel.yaml.error import MarkedYAMLError, YAMLError
from ruamel.yaml.events import (
    AliasEvent,
    DocumentStartEvent,
    MappingEndEvent,
    MappingStartEvent,
    ScalarEvent,
    SequenceEndEvent,
    SequenceStartEvent,
)

from engine.errors import DefinitionError, Place

#: Bytes; a workflow that no official can read is no workflow.
LARGEST = 1_000_000
DEEPEST = 20
LONGEST_SCALAR = 2_000  # characters
MOST_NODES = 50_000

_DIRECTIVES = ("%YAML 1.2",)


class Line(int):
    """The number of a line, from 1, that also remembers the column: whoever passes lines on passes it on unasked."""

    column: int

    @classmethod
    def of(cls, mark: Any) -> "Line":
        """Where the parser's mark stands."""
        line = cls(mark.line + 1)
        line.column = mark.column + 1
        return line


def column_of(line: int) -> int:
    """The column, from 1, of a line that came out of a file; 0 where only the line is known."""
    return line.column if isinstance(line, Line) else 0


@dataclass(frozen=True, slots=True)
class Scalar:
    """One word or sentence, exactly as written; `plain` when it stood without quotes."""

    text: str
    line: int
    plain: bool = True

    @property
    def empty(self) -> bool:
        """Nothing was written: ``key:`` with nothing behind it, ``~`` or ``null``."""
        return self.plain and self.text in ("", "~", "null")


@dataclass(frozen=True, slots=True)
class Items:
    """A list."""

    items: tuple["Node", ...]
    line: int


@dataclass(frozen=True, slots=True)
class Entry:
    """One key of a mapping with its value."""

    key: str
    line: int
    value: "Node"


@dataclass(frozen=True, slots=True)
class Mapping:
    """Keys and values in the file's order; keys are unique."""

    entries: tuple[Entry, ...]
    line: int


Node: TypeAlias = Scalar | Items | Mapping


def read_file(path: Path) -> bytes:
    """The bytes of a workflow file; the size is asked before anything is read.

    Errors: `DefinitionError` for a file that is missing, no file, or over `LARGEST` bytes.
    """
    place = Place(file=path.name)
    try:
        if not path.is_file():  # a folder, a pipe, a device that never ends
            raise DefinitionError(f"没有文件“{path.name}”", f"there is no file '{path.name}'", place=place)
        if path.stat().st_size > LARGEST:
            raise _too_large(path.stat().st_size, place)
        with path.open("rb") as file:
            data = file.read(LARGEST + 1)
    except OSError as error:
        raise DefinitionError(
            f"无法读取文件“{path.name}”：{error.strerror}",
            f"cannot read the file '{path.name}': {error.strerror}",
            place=place,
        ) from error
    if len(data) > LARGEST:  # it grew meanwhile
        raise _too_large(len(data), place)
    return data


def decode(data: bytes, *, file: str) -> str:
    """The text of a workflow file. Errors: `DefinitionError` unless it is UTF-8 within `LARGEST` bytes."""
    if len(data) > LARGEST:
        raise _too_large(len(data), Place(file=file))
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError as error:
        before = data[: error.start].split(b"\n")
        raise DefinitionError(
            "文件不是 UTF-8 编码，请在编辑器中“另存为 UTF-8”",
            "the file is not UTF-8: save it as UTF-8 in your editor",
            place=Place(file=file, line=len(before), column=len(before[-1].decode("utf-8", "replace")) + 1),
        ) from error


def compose(text: str, *, file: str) -> Mapping:
    """The tree of a workflow file.

    Errors: `DefinitionError` with file and line for anything but one document of mappings, lists and scalars.
    """
    text = text.removeprefix("\ufeff")  # what Notepad puts before UTF-8
    _refuse_hidden_signs(text, file)
    _refuse_directives(text, file)
    composer = _Composer(_events(text, file), file)
    node = composer.document()
    if not isinstance(node, Mapping):
        hint = "；冒号请用英文冒号加空格，不用中文冒号" if "：" in text else ""
        raise DefinitionError(
            f"流程文件应由“键: 值”组成{hint}",
            "a workflow file consists of 'key: value' lines",
            place=Place(file=file, line=1),
        )
    return node


def _too_large(size: int, place: Place) -> DefinitionError:
    return DefinitionError(
        f"文件过大（{size:,} 字节），最多 {LARGEST:,} 字节",
        f"the file is too large ({size:,} bytes); the most is {LARGEST:,}",
        place=place,
    )


def _refuse_hidden_signs(text: str, file: str) -> None:
    """Refuse what an editor doesn't show: control characters, zero-width signs, reversals of direction."""
    for number, line in enumerate(text.split("\n"), 1):
        body = line.removesuffix("\r")
        if body.isascii() and body.isprintable():
            continue
        for column, sign in enumerate(body, 1):
            if sign != "\t" and unicodedata.category(sign) in ("Cc", "Cf", "Cs", "Zl", "Zp"):
                raise DefinitionError(
                    f"第 {number} 行含有看不见的控制字符（U+{ord(sign):04X}），请删除后重新输入",
                    f"line {number} holds an invisible control character (U+{ord(sign):04X}): retype it",
                    place=Place(file=file, line=number, column=column),
                )


def _refuse_directives(text: str, file: str) -> None:
    for number, line in enumerate(text.splitlines(), 1):
        if line.startswith("%") and line.strip() not in _DIRECTIVES:
            raise DefinitionError(
                f"不支持的指令“{line.strip()[:40]}”，本系统只按 YAML 1.2 读取",
                f"'{line.strip()[:40]}' is not accepted: files are read as YAML 1.2",
                place=Place(file=file, line=number),
            )


def _events(text: str, file: str) -> Iterator[Any]:
    try:
        yield from YAML(typ="safe", pure=True).parse(text)
    except MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        raise _not_yaml(
            error.problem or "", text, mark.line if mark else 0, file, mark.column if mark else -1
        ) from error
    except (YAMLError, ValueError, RecursionError) as error:
        raise _not_yaml(str(error).splitlines()[0] if str(error) else "", text, 0, file) from error


def _not_yaml(problem: str, text: str, index: int, file: str, column: int = -1) -> DefinitionError:
    """Say what the parser found, and the likely cause in the words of somebody who types Chinese."""
    lines = text.splitlines()
    # The parser reports where it gave up; a key without a colon stands on the line before.
    if "could not find expected ':'" in problem and index:
        index, column = index - 1, -1
    shown = lines[index].strip()[:60] if index < len(lines) else ""
    hint_zh, hint_en = _hint(shown, problem)
    return DefinitionError(
        f"这里不是合法的 YAML：“{shown}”（{problem}）{hint_zh}",
        f"this is not YAML: '{shown}' ({problem}){hint_en}",
        place=Place(file=file, line=index + 1, column=column + 1),
    )


def _hint(shown: str, problem: str) -> tuple[str, str]:
    if "：" in shown and ":" not in shown:
        return (
            "；请把中文冒号“：”换成英文冒号加空格“: ”",
            "; write an English colon and a space instead of '：'",
        )
    if "\\t" in problem or "\t" in shown:
        return "；缩进请用空格，不用 Tab", "; indent with spaces, not with tabs"
    if "mapping values are not allowed" in problem:
        return "；值中含“: ”时请加引号", "; quote a value that holds ': '"
    if "，" in shown and "[" in shown:
        return "；列表中请用英文逗号", "; separate the items of a list by English commas"
    return "", ""


class _Composer:
    """Builds the tree out of events, refusing as early as the event that offends."""

    def __init__(self, events: Iterator[Any], file: str) -> None:
        self._events, self._file, self._nodes = events, file, 0

    def document(self) -> Node | None:
        tree: Node | None = None
        for event in self._events:
            if not isinstance(event, DocumentStartEvent):
                continue
            if tree is not None:
                raise self._refuse(
                    event, "一个文件只能有一个文档（多余的“---”）", "one document per file (a second '---')"
                )
            tree = self._node(next(self._events), 1)
        return tree

    def _node(self, event: Any, depth: int) -> Node:
        self._examine(event, depth)
        if isinstance(event, ScalarEvent):
            return self._scalar(event)
        line = Line.of(event.start_mark)
        if isinstance(event, SequenceStartEvent):
            return Items(tuple(self._items(depth)), line)
        if isinstance(event, MappingStartEvent):
            return Mapping(tuple(self._entries(depth, flow=bool(event.flow_style))), line)
        raise self._refuse(event, "读不懂这里的内容", "cannot read this")

    def _items(self, depth: int) -> Iterator[Node]:
        while not isinstance(event := next(self._events), SequenceEndEvent):
            yield self._node(event, depth + 1)

    def _entries(self, depth: int, *, flow: bool) -> Iterator[Entry]:
        seen: dict[str, int] = {}
        while not isinstance(event := next(self._events), MappingEndEvent):
            key = self._key(event, depth)
            value = self._node(next(self._events), depth + 1)
            if key.text in seen:
                raise self._refuse(
                    event,
                    f"“{key.text}”在第 {seen[key.text]} 行已经写过，不能重复",
                    f"'{key.text}' was already given in line {seen[key.text]}",
                )
            if flow and key.plain and isinstance(value, Scalar) and value.plain and not value.text:
                raise self._refuse(
                    event,
                    f"“{key.text}”后面没有冒号。花括号里的文字含英文逗号时请加引号，或改用中文逗号",
                    f"'{key.text}' has no colon: quote a text that holds an English comma inside {{…}}",
                )
            seen[key.text] = key.line
            yield Entry(key.text, key.line, value)

    def _key(self, event: Any, depth: int) -> Scalar:
        node = self._node(event, depth + 1) if isinstance(event, ScalarEvent) else None
        if node is None or not isinstance(node, Scalar):
            raise self._refuse(event, "键必须是一个词", "a key must be a word")
        return node

    def _scalar(self, event: Any) -> Scalar:
        text = unicodedata.normalize("NFC", event.value)
        if len(text) > LONGEST_SCALAR:
            raise self._refuse(
                event,
                f"“{text[:20]}…”过长（{len(text):,} 字），最多 {LONGEST_SCALAR:,} 字",
                f"'{text[:20]}…' is too long ({len(text):,} characters); the most is {LONGEST_SCALAR:,}",
            )
        return Scalar(text, Line.of(event.start_mark), plain=event.style is None)

    def _examine(self, event: Any, depth: int) -> None:
        self._nodes += 1
        if self._nodes > MOST_NODES:
            raise self._refuse(event, f"内容过多（超过 {MOST_NODES:,} 项）", f"more than {MOST_NODES:,} entries")
        if depth > DEEPEST:
            raise self._refuse(event, f"嵌套超过 {DEEPEST} 层", f"nested more than {DEEPEST} levels deep")
        if isinstance(event, AliasEvent) or getattr(event, "anchor", None):
            raise self._refuse(
                event,
                f"不支持 YAML 的锚点与引用（“{event.anchor}”），请把内容写全",
                f"anchors and aliases ('{event.anchor}') are not accepted: write it out",
            )
        if getattr(event, "tag", None):
            raise self._refuse(event, f"不支持 YAML 标签“{event.tag}”", f"the YAML tag '{event.tag}' is not accepted")

    def _refuse(self, event: Any, zh: str, en: str) -> DefinitionError:
        mark = event.start_mark
        return DefinitionError(zh, en, place=Place(file=self._file, line=mark.line + 1, column=mark.column + 1))
