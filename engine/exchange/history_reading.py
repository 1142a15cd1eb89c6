"""Reads a MAP file: strict, keys in English or Chinese, every problem at its line and in the author's words."""

import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TypeVar
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from engine import resources
from engine.definitions.names import FIELD_ALIASES
from engine.definitions.reading import Reader
from engine.definitions.source import Entry, Node, Scalar, compose, decode, read_file
from engine.definitions.source import Mapping as Section
from engine.definitions.words import shipped as shipped_words
from engine.exchange.history_grammar import Grammar
from engine.exchange.history_map import (
    Above,
    Create,
    Items,
    Lookup,
    Named,
    Noun,
    Point,
    Step,
    Template,
    TicketMap,
    Times,
    Units,
    Value,
)
from engine.records.columns import TITLE, WORD
from engine.records.datums import DATUMS, known
from engine.records.departments import KINDS

#: Characters of a source, so that whoever acts in its name can be called by it.
LONGEST_SOURCE = 50
#: The cell in a template of codes and names.
VALUE = "value"
#: What `strptime` may be asked for; %c, %x and %X mean something else on every machine.
_DIRECTIVES = frozenset("YymdHIMSfpbBaAjzZ%")
_FILE_NAME = re.compile(r"[\w-]{1,60}")

T = TypeVar("T")


def folder() -> Path:
    """Where the maps live that come with the product."""
    return resources.workflows() / "imports"


def read_map(path: Path) -> TicketMap:
    """Read a MAP file; a bare name means one that comes with the product.

    Errors: `DefinitionError` with file and line, all problems in ``details["all"]``.
    """
    ours = folder() / f"{path}.yaml"
    if _FILE_NAME.fullmatch(str(path)) and not path.exists() and ours.is_file():
        path = ours
    return _Reading(path.name).whole(compose(decode(read_file(path), file=path.name), file=path.name))


class _Reading:
    """One file being read."""

    def __init__(self, file: str) -> None:
        self.file, self.reader = file, Reader(file)
        self.grammar = Grammar(self.reader)

    def whole(self, tree: Section) -> TicketMap:
        parts = self.grammar.section(tree, "map")
        self.reader.finish()
        made = TicketMap(
            file=self.file,
            source=self._source(parts["source"].value),
            workflow=self.reader.key(parts["workflow"].value),
            id=self.reader.text(parts["id"].value),
            times=self._times(parts["times"].value),
            steps=tuple(self._step(node) for node in self.reader.listed(parts["steps"].value)),
            sheet=self.reader.text(parts["sheet"].value) if "sheet" in parts else "",
            blank=frozenset(word.text for word in self.reader.words(parts["blank"].value))
            if "blank" in parts
            else frozenset(),
            department=self._units(parts.get("department"), "create department"),
            area=self._units(parts.get("area"), "create area"),
            item=self._item(parts.get("item")),
            place=self._place(parts.get("place")),
            status=self._status(parts.get("status")),
            channel=self.grammar.value(parts["channel"].value) if "channel" in parts else None,
        )
        self._agree(made, parts)
        self.reader.finish()
        return made

    def _source(self, node: Node) -> str:
        text = self.reader.key(node)
        if len(text) > LONGEST_SOURCE:
            self.reader.refuse(
                node.line,
                f"来源“{text}”过长，最多 {LONGEST_SOURCE} 字",
                f"the source '{text}' has more than {LONGEST_SOURCE} characters",
            )
        return text

    # -- the sections ------------------------------------------------------------------------------------------------

    def _times(self, node: Node) -> Times:
        parts = self.grammar.section(node, "times")
        formats = self._formats(parts["formats"].value) if "formats" in parts else ()
        columns = self.reader.entries(parts["columns"].value) if "columns" in parts else ()
        return Times(
            zone=self._zone(parts["zone"].value) if "zone" in parts else ZoneInfo("UTC"),
            formats=formats,
            columns={entry.key: self._formats(entry.value) for entry in columns},
        )

    def _zone(self, node: Node) -> ZoneInfo:
        text = self.reader.text(node)
        try:
            return ZoneInfo(text or "UTC")
        except (ZoneInfoNotFoundError, ValueError, OSError):
            self.reader.refuse(
                node.line, f"没有时区“{text}”，如 Asia/Shanghai", f"there is no time zone '{text}', e.g. Asia/Shanghai"
            )
            return ZoneInfo("UTC")

    def _formats(self, node: Node) -> tuple[str, ...]:
        words = self.reader.words(node)
        for word in words:
            asked = re.findall(r"%(.?)", word.text)
            if not asked or not set(asked) <= _DIRECTIVES or not _names_a_day(asked):
                self.reader.refuse(
                    word.line,
                    f"“{word.text}”不是时间格式，应写出年月日，如 %Y-%m-%d %H:%M:%S",
                    f"'{word.text}' is no format of a moment: it names year, month and day, like %Y-%m-%d %H:%M:%S",
                )
        return tuple(word.text for word in words)

    def _units(self, entry: Entry | None, creating: str) -> Units | None:
        if entry is None:
            return None
        parts = self.grammar.section(entry.value, "units")
        return Units(
            column=self.reader.text(parts["column"].value) if "column" in parts else "",
            values=self._codes(parts.get("values")),
            default=self._named(parts["default"].value) if "default" in parts else None,
            create=self._create(parts["create"], creating) if "create" in parts else None,
        )

    def _codes(self, entry: Entry | None) -> dict[str, Named]:
        entries = self.reader.entries(entry.value) if entry is not None else ()
        return {one.key: self._named(one.value, one.key) for one in entries}

    def _named(self, node: Node, name: str = "") -> Named:
        if not isinstance(node, Section):
            code = self.grammar.short(node, WORD)
            return Named(code, name or code, node.line)
        parts = self.grammar.section(node, "named")
        code = self.grammar.short(parts["code"].value, WORD) if "code" in parts else ""
        return Named(
            code, self.grammar.short(parts["name"].value, TITLE) if "name" in parts else name or code, node.line
        )

    def _create(self, entry: Entry, place: str) -> Create:
        """`true`, or a mapping that says how."""
        node = entry.value
        if isinstance(node, Scalar):
            self.reader.yes(node)
            node = Section((), entry.line)
        parts = self.grammar.section(node, place)
        return Create(
            kind=self._level(parts.get("level")) if place == "create area" else self._kind(parts.get("kind")),
            code=self.grammar.template(parts["code"].value, (VALUE,)) if "code" in parts else Template((("", VALUE),)),
            name=self.grammar.template(parts["name"].value, (VALUE,)) if "name" in parts else Template((("", VALUE),)),
            under=self._above(parts.get("under")),
            line=entry.line,
        )

    def _kind(self, entry: Entry | None) -> str:
        text = self.reader.text(entry.value) if entry is not None else "bureau"
        if entry is not None and text not in KINDS:
            self.reader.unknown(text, entry.line, "单位类别", "kind of department", KINDS)
        return text

    def _level(self, entry: Entry | None) -> str:
        levels = {title.zh: name for name, title in shipped_words().levels.items()}
        text = self.reader.text(entry.value) if entry is not None else ""
        return levels.get(text, text)

    def _above(self, entry: Entry | None) -> tuple[Above, ...]:
        made = []
        for node in self.reader.listed(entry.value) if entry is not None else ():
            parts = self.grammar.section(node, "above")
            if parts.keys() >= {"code", "name", "level"}:
                code, name = (
                    self.grammar.short(parts["code"].value, WORD),
                    self.grammar.short(parts["name"].value, TITLE),
                )
                made.append(Above(code=code, name=name, level=self._level(parts["level"])))
        return tuple(made)

    def _item(self, entry: Entry | None) -> Items | None:
        if entry is None:
            return None
        parts = self.grammar.section(entry.value, "item")
        columns = {key: self.reader.text(parts[key].value) for key in ("column", "filing", "limit") if key in parts}
        return Items(
            column=columns.get("column", ""),
            values=self._codes(parts.get("values")),
            default=self._named(parts["default"].value) if "default" in parts else None,
            filing=columns.get("filing", ""),
            limit=columns.get("limit", ""),
        )

    def _place(self, entry: Entry | None) -> Point | None:
        if entry is None:
            return None
        parts = self.grammar.section(entry.value, "place")
        datum = self.reader.text(parts["datum"].value) if "datum" in parts else ""
        if datum and known(datum) is None:
            self.reader.unknown(datum, parts["datum"].line, "坐标系", "datum", DATUMS.values())
        columns = {key: self.reader.text(parts[key].value) for key in ("lon", "lat") if key in parts}
        return Point(lon=columns.get("lon", ""), lat=columns.get("lat", ""), datum=datum)

    def _status(self, entry: Entry | None) -> Lookup | None:
        return (
            self.grammar.lookup(self.grammar.section(entry.value, "status"), entry.line) if entry is not None else None
        )

    # -- the steps ---------------------------------------------------------------------------------------------------

    def _step(self, node: Node) -> Step:
        parts = self.grammar.section(node, "step")
        return Step(
            action=self.reader.text(parts["action"].value) if "action" in parts else "",
            task=self.reader.text(parts["task"].value) if "task" in parts else "",
            at=tuple(word.text for word in self.reader.words(parts["at"].value)) if "at" in parts else (),
            when=frozenset(word.text for word in self.reader.words(parts["when"].value)) if "when" in parts else None,
            form=self._form(parts.get("form")),
            line=node.line,
        )

    def _form(self, entry: Entry | None) -> dict[str, Value]:
        form: dict[str, Value] = {}
        for one in self.reader.entries(entry.value) if entry is not None else ():
            name = FIELD_ALIASES.get(one.key, one.key)
            if name in form:
                self.reader.refuse(one.line, f"字段“{one.key}”写了两次", f"the field '{one.key}' is given twice")
            form[name] = self.grammar.value(one.value)
        return form

    def _agree(self, made: TicketMap, parts: Mapping[str, Entry]) -> None:
        """The sections that steps take from are there, and every status that they ask for."""
        there = {noun for noun in Noun if getattr(made, noun.value) is not None}
        there |= {Noun.PLACE} if made.area is not None else set()
        words = set(made.status.values.values()) if made.status and made.status.values else set()
        if made.status and made.status.default:
            words.add(made.status.default)
        for step in made.steps:
            for value in step.form.values():
                if isinstance(value, Noun) and value not in there:
                    self.reader.refuse(
                        step.line, f"没有“{value.value}”这一节", f"there is no section '{value.value}' to take it from"
                    )
            for status in step.when or ():
                if status not in words:
                    self.reader.unknown(status, step.line, "状态", "status", words)
        for key in made.times.columns:
            if all(key not in step.at for step in made.steps):
                self.reader.refuse(
                    parts["times"].line, f"没有步骤用到时间列“{key}”", f"no step takes its time from '{key}'"
                )


def _names_a_day(asked: Sequence[str]) -> bool:
    directives = set(asked)
    return bool(directives & {"Y", "y"}) and (
        "j" in directives or (bool(directives & {"m", "b", "B"}) and "d" in directives)
    )
