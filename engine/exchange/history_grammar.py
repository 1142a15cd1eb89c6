"""The keys of a MAP file in both languages, and what may stand behind them."""

import re
from collections.abc import Mapping, Sequence

from engine.definitions.reading import Reader
from engine.definitions.source import Entry, Node, Scalar
from engine.exchange.history_map import Lookup, Noun, Template, Value

#: Where in the file → key → its Chinese spelling; those of `REQUIRED` must be there.
KEYS: Mapping[str, Mapping[str, str]] = {
    "map": {
        "source": "来源", "workflow": "流程", "sheet": "工作表", "id": "编号", "blank": "空值", "times": "时间",
        "department": "部门", "area": "区域", "item": "事项", "place": "地点", "status": "状态", "channel": "渠道",
        "steps": "步骤",
    },
    "times": {"zone": "时区", "formats": "格式", "columns": "列"},
    "units": {"column": "列", "values": "对照", "default": "缺省", "create": "新建"},
    "named": {"code": "代码", "name": "名称"},
    "create department": {"kind": "类别", "code": "代码", "name": "名称"},
    "create area": {"level": "层级", "code": "代码", "name": "名称", "under": "上级"},
    "above": {"code": "代码", "name": "名称", "level": "层级"},
    "item": {"column": "列", "values": "对照", "default": "缺省", "filing": "立案条件", "limit": "时限"},
    "place": {"lon": "经度", "lat": "纬度", "datum": "坐标系"},
    "status": {"column": "列", "values": "对照", "default": "缺省"},
    "step": {"action": "动作", "task": "任务", "at": "时间", "when": "当", "form": "表单"},
    "value": {"column": "列", "values": "对照", "default": "缺省", "text": "文字", "from": "取自"},
}  # fmt: skip
REQUIRED: Mapping[str, tuple[str, ...]] = {
    "map": ("source", "workflow", "id", "times", "steps"),
    "times": ("zone", "formats"),
    "units": ("column",),
    "named": ("code",),
    "create area": ("level",),
    "above": ("code", "name", "level"),
    "item": ("column",),
    "place": ("lon", "lat", "datum"),
    "status": ("column", "values"),
    "step": ("action", "at"),
}

_NOUNS = {"部门": Noun.DEPARTMENT, "区域": Noun.AREA, "事项": Noun.ITEM, "地点": Noun.PLACE}
_NOUNS |= {noun.value: noun for noun in Noun}


class Grammar:
    """Reads what several places of a file have in common; what is wrong is noted."""

    def __init__(self, reader: Reader) -> None:
        self.reader = reader

    def section(self, node: Node, place: str) -> dict[str, Entry]:
        """The keys of one place by their English names, whichever language they stand in; what is wrong is noted."""
        spelled = {zh: name for name, zh in KEYS[place].items()} | {name: name for name in KEYS[place]}
        found: dict[str, Entry] = {}
        for entry in self.reader.entries(node):
            name = spelled.get(entry.key)
            if name is None:
                self.reader.unknown(entry.key, entry.line, "键", "key", spelled)
            elif name in found:
                self.reader.refuse(entry.line, f"“{entry.key}”写了两次", f"'{entry.key}' is given twice")
            else:
                found[name] = entry
        for name in REQUIRED.get(place, ()):
            if name not in found:
                self.reader.refuse(node.line, f"缺少“{KEYS[place][name]}”（{name}）", f"'{name}' is missing here")
        return found

    def value(self, node: Node) -> Value:
        """A column; or a mapping: a column translated, words, or one of the sections."""
        if isinstance(node, Scalar):
            return Lookup(column=self.reader.text(node), line=node.line)
        parts = self.section(node, "value")
        kinds = parts.keys() & {"column", "text", "from"}
        if len(kinds) != 1 or (kinds != {"column"} and len(parts) > 1):
            self.reader.refuse(
                node.line,
                "请写一列（column，可加 values、default）、一段文字（text），或取自某一节（from）",
                "write a column (with `values` and `default`, if any), a text, or `from` one of the sections",
            )
            return Template(())
        if "text" in parts:
            return self.template(parts["text"].value, None)
        return self._noun(parts["from"]) if "from" in parts else self.lookup(parts, node.line)

    def _noun(self, entry: Entry) -> Value:
        text = self.reader.text(entry.value)
        if text in _NOUNS:
            return _NOUNS[text]
        self.reader.unknown(text, entry.line, "节", "section", _NOUNS)
        return Template(())

    def lookup(self, parts: Mapping[str, Entry], line: int) -> Lookup:
        """A column with the meaning of its words, if the map gives any."""
        values = None
        if "values" in parts:
            values = {entry.key: self.reader.text(entry.value) for entry in self.reader.entries(parts["values"].value)}
        return Lookup(
            column=self.reader.text(parts["column"].value) if "column" in parts else "",
            values=values,
            default=self.reader.text(parts["default"].value) if "default" in parts else None,
            line=line,
        )

    def template(self, node: Node, allowed: Sequence[str] | None) -> Template:
        """`{column}` in words; `allowed` are the only names, None: any."""
        text = self.reader.text(node)
        found = re.split(r"\{([^{}]+)\}", text)
        parts = tuple(zip(found[::2], (*(name.strip() for name in found[1::2]), ""), strict=True))
        wrong = any(sign in words for words, _ in parts for sign in "{}")
        if wrong or (allowed is not None and not all(name in allowed for _, name in parts if name)):
            names = "、".join(f"{{{name}}}" for name in allowed) if allowed else "{列名}"
            self.reader.refuse(
                node.line, f"“{text}”：花括号里只能写 {names}", f"'{text}': braces may only hold {names}"
            )
        return Template(parts)

    def short(self, node: Node, most: int) -> str:
        """A text that a database column of so many characters can hold."""
        text = self.reader.text(node)
        if len(text) > most:
            self.reader.refuse(
                node.line,
                f"“{text[:40]}…”过长，最多 {most} 字",
                f"'{text[:40]}…' is too long: {most} characters at most",
            )
        return text
