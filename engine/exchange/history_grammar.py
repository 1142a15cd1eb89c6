"""The keys of a MAP file, in both languages."""

from collections.abc import Mapping

from engine.definitions.reading import Reader
from engine.definitions.source import Entry, Node

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


class Grammar:
    """Finds the keys of one place of a file."""

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
