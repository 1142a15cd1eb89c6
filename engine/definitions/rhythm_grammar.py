"""The keys and words of a rhythm file, in both languages; the reader and the tables of its README come from here."""

from dataclasses import dataclass

from engine.definitions.model import Title
from engine.definitions.names import CHOICE_ALIASES, STANDARD_FIELDS, WORDS
from engine.definitions.rhythm import DEPARTMENT, Empty, Every, Moves, Reported, Sort
from engine.vocabulary import StateType

#: Tickets of one list at most, so that a message stays one that somebody reads.
MOST = 500
#: A numbered workday of a period: more than these are not in every one.
MOST_WORKDAYS = {Every.TEN_DAYS: 3, Every.MONTH: 10, Every.QUARTER: 10}
#: A numbered day: every period has it.
MOST_DAYS = {Every.TEN_DAYS: 8, Every.MONTH: 28, Every.QUARTER: 28}
#: State types of tickets that a list can hold: the others are done, or carried by another ticket.
OPEN = (StateType.WAITING, StateType.WORKING, StateType.SUSPENDED)


@dataclass(frozen=True, slots=True, kw_only=True)
class Key:
    """One key: its Chinese spellings, the usual one first, what stands behind it, and what it means."""

    name: str
    zh: tuple[str, ...]
    value: str
    about: Title
    required: bool = False


def _key(name: str, zh: str, value: str, about: str, *, required: bool = False) -> Key:
    return Key(name=name, zh=tuple(zh.split()), value=value, about=Title(*about.split(" / ")), required=required)


#: Place → its keys, in the order in which a file is best written.
GRAMMAR: dict[str, tuple[Key, ...]] = {
    "rhythm": (
        _key("rhythm", "节奏", "key", "节奏的标识 / The key of the rhythm", required=True),
        _key("format", "格式", "number", "文件格式，现为 1 / The format of the file, now 1"),
        _key("title", "标题 名称", "title", "名称 / What officials read", required=True),
        _key("calendar", "日历", "key", "工作日历 / The working calendar", required=True),
        _key("jobs", "例行", "name → job", "例行名单 / The lists that come again and again", required=True),
    ),
    "job": (
        _key("title", "标题 名称", "title", "名称 / What its readers see", required=True),
        _key("every", "每", "period", "多久一次 / How often", required=True),
        _key("on", "逢", "day", "哪一天 / Which day of the period"),
        _key("at", "时刻", "time", "几点，按日历的时区 / The time of day, in the calendar's zone", required=True),
        _key(
            "moves",
            "遇休",
            "moves",
            "遇休息日怎么办，默认 next / What becomes of a day off, `next` by default",
        ),
        _key("list", "名单", "list", "列哪些案卷；与 report 二者取一 / Which tickets; either this or `report`"),
        _key("report", "报表", "report", "生成上一期的哪种报表 / Which report of the period before is made"),
        _key("workflow", "流程", "key", "台账属哪个流程 / The workflow of a ledger"),
        _key("sort", "排序", "sort", "先列什么，默认 due / What comes first, `due` by default"),
        _key(
            "most",
            "最多",
            "number",
            f"最多列几件，默认 200，至多 {MOST} / Most tickets, 200 by default, {MOST} at most",
        ),
        _key(
            "empty",
            "空单",
            "empty",
            "无案卷时：skip 不发（默认）、send 照发 / With no ticket: `skip` (default), `send`",
        ),
        _key("to", "发给", "list of recipient", "发给谁 / Who gets it", required=True),
    ),
    "recipient": (
        _key("post", "岗位", "posts", "任一岗位 / Any one of these posts", required=True),
        _key("of", "所属", "level", "department 部门，或区域层级 / `department`, or a level of areas", required=True),
    ),
    "list": (
        _key("open", "未结", "true", "未结的都列 / Every open ticket"),
        _key("overdue", "超期", "true", "有在走的时限已过 / A running deadline has passed"),
        _key(
            "due_within",
            "将到期",
            "limit",
            "有在走的时限在此期间到期 / A running deadline ends within this span",
        ),
        _key("light", "亮灯", "lights", "有在走的时限亮此灯 / A running deadline shows this light"),
        _key("carded", "有牌", "true", "有未摘的牌 / A card stands"),
        _key("card", "亮牌", "cards", "有未摘的此牌 / This card stands"),
        _key("idle_for", "停滞", "limit", "此期间无人办理 / Nobody has acted for so long"),
        _key("provisional", "暂定", "true", "有暂定的时限 / A running deadline is provisional"),
        _key("suspended", "挂账", "true", "案卷或任务挂起 / The ticket or a task is suspended"),
        _key("stage", "阶段", "stages", "所在阶段 / The stage"),
        _key("state", "状态", "names", "案卷的状态 / The ticket's state"),
        _key("state_type", "状态性质", "state types", "状态的性质 / What the state means"),
        _key("workflow", "流程", "keys", "流程 / The workflow"),
        _key("urgency", "紧急程度", "urgencies", "紧急程度 / The urgency"),
        _key("any", "任一", "list", "其中任一成立 / At least one of these holds"),
        _key("all", "同时", "list", "其中各项同时成立 / All of these hold"),
    ),
}

#: Vocabulary → Chinese spelling → word.
VOCABULARIES: dict[str, dict[str, str]] = {
    "period": {
        "工作日": Every.WORKDAY,
        "日": Every.DAY,
        "周": Every.WEEK,
        "旬": Every.TEN_DAYS,
        "月": Every.MONTH,
        "季": Every.QUARTER,
        "季度": Every.QUARTER,
    },
    "moves": {"顺延": Moves.NEXT, "提前": Moves.PREVIOUS, "不发": Moves.SKIP},
    "sort": {"到期": Sort.DUE, "发起": Sort.OPENED, "停滞": Sort.IDLE, "紧急": Sort.URGENCY},
    "report": {"台账": Reported.LEDGER, "通报": Reported.BULLETIN},
    "empty": {"不发": Empty.SKIP, "照发": Empty.SEND},
    "stages": WORDS["stage"],
    "state types": {zh: word for zh, word in WORDS["state type"].items() if word in OPEN},
    "urgencies": {zh: word for zh, word in CHOICE_ALIASES.items() if word in STANDARD_FIELDS["urgency"].of},
    "level": {"部门": DEPARTMENT},
}


def spellings(place: str) -> dict[str, str]:
    """Every accepted spelling of the keys of a place → the key's own name."""
    return {text: key.name for key in GRAMMAR[place] for text in (key.name, *key.zh)}


def table(place: str) -> str:
    """The keys of one place as a Markdown table."""
    rows = ["| key | 中文 | value | meaning |", "|---|---|---|---|"]
    for key in GRAMMAR[place]:
        name = f"**`{key.name}`**" if key.required else f"`{key.name}`"
        rows.append(f"| {name} | {'、'.join(key.zh)} | {key.value} | {key.about.zh} / {key.about.en} |")
    return "\n".join(rows)


def words_table() -> str:
    """The closed vocabularies as a Markdown table."""
    rows = ["| vocabulary | words |", "|---|---|"]
    for name, words in VOCABULARIES.items():
        spelt: dict[str, list[str]] = {}
        for chinese, word in words.items():
            spelt.setdefault(str(word), []).append(chinese)
        shown = (f"`{word}` {'、'.join(zh)}" for word, zh in spelt.items())
        rows.append(f"| {name} | {' · '.join(shown)} |")
    return "\n".join(rows)
