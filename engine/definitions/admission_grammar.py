"""The keys of the rules of admission, their Chinese spellings, and what they mean: for reader and tables."""

from engine.definitions.grammar import Key, Shape


def _key(name: str, zh: str, shape: Shape, about: str, *, of: str = "", required: bool = True) -> Key:
    chinese, english = about.split(" / ")
    return Key(name=name, zh=tuple(zh.split()), shape=shape, of=of, required=required, about=(chinese, english))


#: Place → its keys, in the order in which a file is best written.
GRAMMAR: dict[str, tuple[Key, ...]] = {
    "rules": (
        _key("admission", "准入", Shape.TITLE, "名称 / What officials read"),
        _key("format", "格式", Shape.NUMBER, "文件格式，现为 1 / The format of the file, now 1", required=False),
        _key("binds", "约束", Shape.NAMES, "受约束的单位类别 / Kinds of unit that are bound"),
        _key("lists", "清单", Shape.MAP, "写明可派事项的名册 / Registers of what they may be asked", of="listing"),
        _key("admitted_by", "准入流程", Shape.NAMES, "哪些流程的准入有效 / Loops whose admissions count"),
        _key("refusing", "可拒办", Shape.NAMES, "单位内哪些岗位可退回 / Posts in the unit that may hand back"),
        _key("report", "举报", Shape.ONE, "退回时另开的案卷 / The ticket that a hand-back opens", of="report"),
        _key("figures", "统计", Shape.ONE, "统计口径 / What the figures count", of="figures"),
    ),
    "listing": (
        _key("items", "事项", Shape.NAME, "写明立案事项编码的文本字段 / The text field with codes of catalogue items"),
        _key("list", "清单", Shape.NAME, "写明属于哪张清单的选项字段 / Which of several lists", required=False),
    ),
    "report": (
        _key("workflow", "流程", Shape.KEY, "流程的标识 / The key of the workflow"),
        _key("start", "发起", Shape.NAME, "如何发起 / Which of its starts"),
        _key("matter", "事由", Shape.NAME, "填写事项名称的字段 / The field that names the matter"),
    ),
    "figures": (
        _key("refused", "不予准入", Shape.NAMES, "不予准入的状态 / States that mean refused"),
        _key("stopped", "责令停止", Shape.NAMES, "责令停止的状态 / States that mean stopped"),
        _key("decide", "审定时限", Shape.NAMES, "审定的时限 / The deadlines of the decision"),
    ),
}


def table(place: str) -> str:
    """The keys of one place as a Markdown table."""
    rows = ["| key | 中文 | value | meaning |", "|---|---|---|---|"]
    for key in GRAMMAR[place]:
        name = f"**`{key.name}`**" if key.required else f"`{key.name}`"
        value = f"name → {key.of}" if key.shape is Shape.MAP else key.of if key.shape is Shape.ONE else str(key.shape)
        rows.append(f"| {name} | {'、'.join(key.zh)} | {value} | {key.about[0]} / {key.about[1]} |")
    return "\n".join(rows)
