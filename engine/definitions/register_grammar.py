"""The keys of a register file, their Chinese spellings, and what they mean: for the reader and for the tables."""

from dataclasses import replace

from engine.definitions.grammar import GRAMMAR as WORKFLOW
from engine.definitions.grammar import Key, Shape


def _key(name: str, zh: str, shape: Shape, about: str, *, of: str = "", required: bool = True) -> Key:
    chinese, english = about.split(" / ")
    return Key(name=name, zh=tuple(zh.split()), shape=shape, of=of, required=required, about=(chinese, english))


_TITLE = _key("title", "标题 名称", Shape.TITLE, "名称 / What officials read")
#: The keys of a field, as in a workflow; neither another register's row nor a lead time belongs to a row.
_FIELD = tuple(replace(key) for key in WORKFLOW["field"] if key.name in ("title", "type", "of", "personal"))

#: Place → its keys, in the order in which a file is best written.
GRAMMAR: dict[str, tuple[Key, ...]] = {
    "register": (
        _key("register", "名册", Shape.KEY, "名册的标识 / The key of the register"),
        _key("format", "格式", Shape.NUMBER, "文件格式，现为 1 / The format of the file, now 1", required=False),
        _TITLE,
        _key("keeper", "维护", Shape.ONE, "谁维护，各管本区域 / Who keeps it, each within their area", of="keeper"),
        _key("name", "名称字段", Shape.NAME, "哪个字段是名称 / Which field names a row"),
        _key("area", "区域字段", Shape.NAME, "哪个字段是所在区域 / Which field says in which area it lies"),
        _key("fields", "字段", Shape.MAP, "每行的字段 / What a row holds", of="field"),
        _key("required", "必填", Shape.NAMES, "必填的字段 / Fields that every row has", required=False),
    ),
    "keeper": (
        _key("post", "岗位", Shape.NAMES, "任一岗位 / Any one of these posts"),
        _key("level", "层级", Shape.NAME, "任职区域的层级 / The level of the area the post is held for"),
    ),
    "field": _FIELD,
}


def table(place: str) -> str:
    """The keys of one place as a Markdown table."""
    rows = ["| key | 中文 | value | meaning |", "|---|---|---|---|"]
    for key in GRAMMAR[place]:
        name = f"**`{key.name}`**" if key.required else f"`{key.name}`"
        value = f"name → {key.of}" if key.shape is Shape.MAP else key.of if key.shape is Shape.ONE else str(key.shape)
        rows.append(f"| {name} | {'、'.join(key.zh)} | {value} | {key.about[0]} / {key.about[1]} |")
    return "\n".join(rows)
