"""The keys of a workflow file: which there are, where each may stand, its Chinese spelling, what it means.

The loader, the published JSON Schema and the tables of workflows/README.md all come from here, so they can't
differ.
"""

from dataclasses import dataclass, replace
from enum import StrEnum

from engine.definitions.milestone_words import MILESTONES
from engine.definitions.names import LOOP_WORDS


class Shape(StrEnum):
    """What a value looks like."""

    TITLE = "title"  #: `中文 / English`
    KEY = "key"  #: a workflow's key: letters, digits, hyphens
    NAME = "name"
    NAMES = "names"  #: one name or a list of them
    NUMBER = "number"  #: a whole number from 1
    TRUE = "true"
    CONDITION = "condition"
    FORM = "form"  #: a list of fields with their marks
    LIMIT = "limit"  #: `5 workdays`
    WITHIN = "within"  #: a limit, `catalogue`, or `until FIELD`
    INTERVAL = "interval"  #: a limit, or `field NAME` for the days that a row says
    CIVIL_DAY = "civil day"  #: `month first workday`, `week monday`
    TIME = "time"  #: `14:00`
    DRAW = "draw"  #: `10%`, `3`
    DAY = "day"  #: `2026-03-01`
    RUNG = "rung"  #: `70%`, `+8 workdays`
    JOIN = "join"
    STATE_TYPE = "state type"
    FIELD_TYPE = "field type"
    FIELD_CLASS = "field class"
    OWNER = "owner"
    DEPARTMENT_SCOPE = "department scope"
    PERSON_SCOPE = "person scope"
    COUNTING = "counting"
    ONCE = "once"
    RULING = "ruling"
    APPRAISAL = "appraisal"
    ORIGIN = "origin"
    MAP = "map"  #: name → whatever `of` says
    ONE = "one"  #: one of the place `of`


@dataclass(frozen=True, slots=True, kw_only=True)
class Key:
    """One key of the grammar."""

    name: str
    #: Chinese spellings, the usual one first.
    zh: tuple[str, ...]
    shape: Shape
    #: For a map or list: the place or shape of its members.
    of: str = ""
    required: bool = False
    #: What it means, Chinese and English.
    about: tuple[str, str] = ("", "")


def _key(name: str, zh: str, shape: Shape, about: str, *, of: str = "", required: bool = False) -> Key:
    chinese, english = about.split(" / ")
    return Key(name=name, zh=tuple(zh.split()), shape=shape, of=of, required=required, about=(chinese, english))


_TITLE = _key("title", "标题 名称", Shape.TITLE, "名称 / What officials read", required=True)
_OPTIONAL_TITLE = replace(_TITLE, required=False, about=("名称，同名动作写一次即可", "Given once per name of action"))

_ACTOR = (
    _key("by", "由", Shape.NAMES, "谁可办理：角色、clock、rule / Who: roles, `clock` or `rule`", required=True),
    _key("when", "条件 当", Shape.CONDITION, "条件 / Only if this holds"),
    _key("form", "表单", Shape.FORM, "要填的字段 / The fields asked for"),
)
_TO = _key("to", "至", Shape.NAME, "去往的状态，不写则不动 / The state moved to; none stays")
_EFFECTS = (
    _key("sends", "派出", Shape.MAP, "按字段派出任务 / Kind of task → fields naming whom", of="names"),
    _key("counts", "计数", Shape.NAMES, "计数加一 / Counters to add one to"),
    _key("clears", "清除 清零", Shape.NAMES, "计数清零、标记取消 / Counters and marks to clear"),
    _key("sets", "标记", Shape.NAMES, "作标记 / Marks to set"),
    _key(
        "points", "积分", Shape.MAP, "给谁记多少分：角色或 me / Who gets how many points: a role, or `me`", of="number"
    ),
    _key("reverses", "收回", Shape.NAMES, "收回这些动作所记的分 / Actions whose points are taken back"),
    _key("opens", "衍生", Shape.ONE, "另开一案 / Opens a ticket of another workflow", of="opens"),
    _key("ruling", "裁定", Shape.RULING, "对由谁承办的裁定，成为先例 / Rules on who is to handle it: a precedent"),
    _key("appraises", "考评", Shape.APPRAISAL, "计入双考核：呼叫、无效呼叫、直评 / Counts for or against either side"),
    _key("letter", "文号", Shape.NAME, "编文号，写字头，如 督 / Numbers it as a letter: what the number begins with"),
    _key("mentions", "记入", Shape.NAME, "此字段所指案卷各记一行 / A line in the history of each ticket in this field"),
    _key("tells", "告知", Shape.NAMES, "通知的角色 / Roles that get a notice"),
)
_ON_DEADLINES = (
    _key("meets", "达成", Shape.NAMES, "视为完成的时限 / Deadlines met by this"),
    _key("extends", "延长", Shape.NAME, "延长的时限 / The deadline extended by its own limit"),
    _key("suspends", "挂起", Shape.NAME, "挂起至该日期字段 / Suspended to the date in this field"),
)
_CARDS = (
    _key("card", "亮牌", Shape.NAME, "亮牌，只升不降 / Gives a card, never a milder one"),
    _key("lifts", "撤牌", Shape.TRUE, "撤下牌，同级或上级才可 / Lifts the card, by the same or a higher organisation"),
)
_EXEMPTIONS = (
    _key("exempts", "剔除", Shape.NAME, "此字段所选的指标不再计入 / Indicators chosen in this field leave it out"),
    _key("restores", "恢复计入", Shape.NAME, "此字段所选的指标恢复计入 / Indicators in this field count it again"),
)
_ON_TASKS = (
    _key("each", "逐项", Shape.MAP, "每个已完成任务各填一次 / Asked once per finished task", of="form"),
    _key(
        "withdraws",
        "撤下",
        Shape.MAP,
        "撤下任务：open 或 all / Stops the open tasks, or the round",
        of="name",
    ),
    _key("urges", "催办", Shape.NAMES, "催办未完成的任务 / Reminds the open tasks of these kinds"),
    _key("reopens", "重开", Shape.MAP, "已完成任务退回的状态 / Finished tasks go back to this state", of="name"),
)
_ON_TICKETS = (
    _key("joins", "并入", Shape.NAME, "并入该字段所指主案 / Joins the ticket in this field"),
    _key("splits", "拆出", Shape.TRUE, "从主案拆出 / Splits off the main ticket"),
    _key("meeting", "会议", Shape.NAME, "只能在该会议的会上办理 / Only in a sitting of this body"),
)
_LIMITS = (
    _key("once", "限一次", Shape.ONCE, "只可一次 / Only once per ticket, task, person or department"),
    _key(
        "apart",
        "间隔",
        Shape.LIMIT,
        "两次之间至少相隔 / At least so long since the last time",
    ),
    _key("before", "须在期内", Shape.NAME, "该时限未过时才可 / Only while this deadline has not passed"),
)
_IN = _key("in", "在", Shape.NAMES, "适用的状态 / The states where this may be done", required=True)

_TASK_ACTION = (_OPTIONAL_TITLE, *_ACTOR, _TO, *_LIMITS, *_EFFECTS, *_ON_DEADLINES, *_CARDS, *_EXEMPTIONS)
_ACTION = (*_TASK_ACTION, *_ON_TASKS, *_ON_TICKETS)
_ASK = (
    _OPTIONAL_TITLE,
    _IN,
    *_ACTOR,
    *_LIMITS,
    *(key for key in _EFFECTS if key.name not in ("sends", "opens", "ruling", "appraises")),
)


def _answer(keys: tuple[Key, ...]) -> tuple[Key, ...]:
    return tuple(key for key in keys if key not in _LIMITS and key not in _ON_TICKETS)


def _request(answer: str) -> tuple[Key, ...]:
    return (
        _TITLE,
        _key("ask", "申请", Shape.ONE, "如何申请 / How it is asked", of="ask", required=True),
        _key("pauses", "暂停", Shape.NAMES, "等待答复时停走的时限 / Deadlines that stand still meanwhile"),
        _key("deadlines", "时限", Shape.NAMES, "答复的时限 / Deadlines of the answer"),
        _key("answers", "答复", Shape.MAP, "可作的答复 / The possible answers", of=answer, required=True),
    )


_STATE = (
    _TITLE,
    _key("type", "类型", Shape.STATE_TYPE, "状态的性质 / What the state means to clocks and indicators"),
    _key("deadlines", "时限", Shape.NAMES, "在此状态走的时限 / Deadlines that run here"),
    _key("turn", "轮到", Shape.NAMES, "轮到谁办 / Whose move it is"),
)
_END = (
    _TITLE,
    _key("type", "类型", Shape.STATE_TYPE, "closed 办结或 void 作废 / `closed` or `void`", required=True),
)

#: Place → its keys, in the order in which a file is best written.
GRAMMAR: dict[str, tuple[Key, ...]] = {
    "workflow": (
        _key("workflow", "流程", Shape.KEY, "流程的标识 / The key of the workflow", required=True),
        _key("version", "版本", Shape.NUMBER, "版本号 / The version", required=True),
        _key("format", "格式", Shape.NUMBER, "文件格式，现为 1 / The format of the file, now 1"),
        _TITLE,
        _key("calendar", "日历", Shape.KEY, "工作日历 / The working calendar", required=True),
        _key(
            "words",
            "用词",
            Shape.MAP,
            "本流程怎么称呼 / What this loop calls things: " + "、".join(LOOP_WORDS),
            of="title",
        ),
        _key("posts", "岗位", Shape.MAP, "本流程自有的岗位 / Posts of its own", of="title"),
        _key("levels", "层级", Shape.MAP, "本流程自有的区域层级 / Levels of areas of its own", of="title"),
        _key("roles", "角色", Shape.MAP, "谁可办理 / Who may act", of="role", required=True),
        _key("fields", "字段", Shape.MAP, "标准字段之外的字段 / Fields beyond the standard ones", of="field"),
        _key("counters", "计数", Shape.MAP, "案件的计数 / Counters of the ticket", of="title"),
        _key("marks", "标记", Shape.MAP, "案件的标记 / Marks of the ticket", of="title"),
        _key(
            "daily_points", "每日积分", Shape.NUMBER, "每人每日至多记几分 / Points that a person gets in a day at most"
        ),
        _key("confidential", "保密", Shape.ONE, "谁才可知道有此案 / Who alone may know of it", of="confidential"),
        _key("deadlines", "时限", Shape.MAP, "时限 / Deadlines", of="deadline"),
        _key("ladders", "阶梯", Shape.MAP, "预警升级阶梯 / Ladders of escalation", of="ladder"),
        _key("starts", "发起", Shape.MAP, "如何发起 / How a ticket begins", of="start", required=True),
        _key(
            "stages",
            "阶段",
            Shape.ONE,
            "五个阶段及其状态 / The five stages and their states",
            of="stages",
            required=True,
        ),
        _key("common", "共用", Shape.MAP, "多个状态共用的动作 / Actions shared by several states", of="common"),
        _key("ends", "终态", Shape.MAP, "终态 / Ends", of="end", required=True),
        _key("requests", "申请", Shape.MAP, "对案件的申请 / What may be asked of the ticket", of="request"),
        _key("meetings", "会议", Shape.MAP, "议事的会议 / Bodies that decide over many tickets", of="meeting"),
        _key("tasks", "任务", Shape.MAP, "任务种类 / Kinds of task", of="task"),
        _key("admits", "准入", Shape.ONE, "哪些状态即为准入 / Which states admit a matter to bound units", of="admits"),
        _key("facts", "口径", Shape.ONE, "指标所依的里程碑 / The milestones that indicators count by", of="facts"),
    ),
    "facts": tuple(
        _key(name, one.zh, Shape.ONE, f"{one.about_zh} / {one.about_en}", of="fact") for name, one in MILESTONES.items()
    ),
    "fact": (
        _key("by", "由", Shape.NAMES, "做了这些动作之一即达成 / Reached when one of these actions is done"),
        _key("field", "字段", Shape.NAME, "此是非字段为是才算 / Only if this yes-or-no field says yes"),
        _key("deadline", "时限", Shape.NAMES, "按此时限看是否按时 / The deadline it is on time by"),
        _key("of", "任务", Shape.NAMES, "handled：算承办的任务种类 / `handled`: the kinds of task that handle"),
    ),
    "role": (
        _TITLE,
        _key("post", "岗位", Shape.NAMES, "任一岗位 / Any one of these posts"),
        _key("area", "区域", Shape.NAME, "ticket 或层级 / `ticket`, or a level of the ticket's own areas"),
        _key("department", "部门", Shape.DEPARTMENT_SCOPE, "哪个部门 / Which department the post belongs to"),
        _key("person", "人", Shape.PERSON_SCOPE, "哪一个人 / Which single person"),
        _key("not", "回避", Shape.NAMES, "办过这些动作者回避 / Nobody who did one of these actions"),
        _key("duty", "值班", Shape.TRUE, "只限值班表上当班者 / Only whoever is on the duty roster now"),
        _key(
            "link", "链接", Shape.TRUE, "凭任务链接办理的无账号单位 / A unit without accounts, by the link of its task"
        ),
    ),
    "field": (
        _TITLE,
        _key("type", "类型", Shape.FIELD_TYPE, "字段类型 / What it holds", required=True),
        _key("of", "选项", Shape.MAP, "可选项 / The choices of a choice field", of="title"),
        _key("register", "名册", Shape.KEY, "row 字段取哪个名册 / The register that a row field names"),
        _key("kinds", "单位类别", Shape.NAMES, "部门只限这些类别 / A department must be of one of these kinds"),
        _key("after", "至少提前", Shape.LIMIT, "日期至少在多久之后 / A date must lie at least this far ahead"),
        _key("latest", "至迟", Shape.LIMIT, "日期至迟在多久之内 / A date may lie at most this far ahead"),
        _key(
            "personal",
            "个人信息",
            Shape.TRUE,
            "个人信息，可依法删除 / Personal data, erasable, never read by a rule",
        ),
        _key("class", "信息类别", Shape.FIELD_CLASS, "sensitive 敏感个人信息 / `sensitive` data (PIPL art. 28)"),
        _key("purpose", "处理目的", Shape.TITLE, "敏感信息为何必要 / Why sensitive data is needed"),
        _key("seen_by", "可见", Shape.NAMES, "按岗位可查看敏感信息的角色 / Roles by post that may be shown it"),
    ),
    "confidential": (
        _key("when", "条件 当", Shape.CONDITION, "成立时保密，不写则一律保密 / While this holds; left out: always"),
        _key("known_to", "知悉", Shape.NAMES, "可知悉的角色 / Roles that may know", required=True),
        _key("not_about", "回避", Shape.NAME, "被反映单位的字段，其永不知悉 / The field whose departments never know"),
    ),
    "deadline": (
        _TITLE,
        _key(
            "within",
            "时限 期限",
            Shape.WITHIN,
            "多久；catalogue；until 字段 / How long; `catalogue`; `until FIELD`",
            required=True,
        ),
        _key("default", "缺省", Shape.LIMIT, "目录没有时限时 / When the catalogue has none"),
        _key("extension", "每次延长", Shape.LIMIT, "准予一次延长多少，不写则再加一倍原时限 / What an extension adds"),
        _key("counting", "计法", Shape.COUNTING, "days 起算日不计 / `days`: the first day is not counted"),
        _key("calendar", "日历", Shape.KEY, "另用的工作日历，如值班 / Another calendar, e.g. of a night desk"),
        _key("when", "条件 当", Shape.CONDITION, "起算时成立才走 / It starts only if this holds then"),
        _key("ladder", "阶梯", Shape.NAME, "预警升级阶梯 / The ladder it climbs"),
        _key("then", "到期则", Shape.NAME, "到期由时钟办理 / What the clock does when it passes"),
    ),
    "step": (
        _key(
            "at",
            "到",
            Shape.RUNG,
            "时限的百分比，或到期前后 / Share of the limit, or before or after the end",
            required=True,
        ),
        _key("light", "亮灯", Shape.NAME, "灯色 / The light shown"),
        _key("card", "亮牌", Shape.NAME, "牌色 / The card given"),
        _key("level", "升至", Shape.NAME, "升至哪一级区域 / The level of areas the matter has risen to"),
        _key("do", "办理", Shape.NAME, "由时钟办理的动作 / What the clock does"),
        _key("when", "条件 当", Shape.CONDITION, "条件 / Only if this holds"),
        _key("tells", "告知", Shape.NAMES, "通知的角色 / Roles that get a notice"),
    ),
    "start": (
        _TITLE,
        *_ACTOR[:1],
        replace(_TO, required=True),
        *_ACTOR[2:],
        *(key for key in _EFFECTS if key.name not in ("clears", "ruling")),
        _key(
            "from",
            "源自",
            Shape.ORIGIN,
            "在何处一并提供，如高频事项 / Where else it is offered, e.g. beside high frequency",
        ),
        _key("public", "公开", Shape.TRUE, "路人无账号可报 / Passers-by without account may do it, by a grid's code"),
        _key("every", "每隔", Shape.INTERVAL, "时钟每隔此时开启一轮 / The clock opens a round at this interval"),
        _key("on", "逢", Shape.CIVIL_DAY, "每期的哪一天 / Which day of every week, month, …"),
        _key("per", "逐级", Shape.NAME, "每个该层级的区域各一轮 / A round for each area of this level"),
        _key("rows", "逐行", Shape.KEY, "名册的每一行各一轮 / A round for each row of this register"),
        _key("draw", "抽取", Shape.DRAW, "每轮随机抽取的份额或行数 / The share or number of rows drawn each round"),
        _key("since", "自", Shape.DAY, "专项从哪天起 / A campaign's first day"),
        _key("until", "至日", Shape.DAY, "专项到哪天止 / A campaign's last day"),
    ),
    "stages": tuple(
        _key(name, zh, Shape.MAP, about, of="state")
        for name, zh, about in (
            ("report", "上报", "发现了什么 / What was seen"),
            ("triage", "受理研判", "是否属实、归谁 / Real, new, ours?"),
            ("dispatch", "派遣", "谁主办、谁协办、何时 / Who leads, who joins, by when"),
            ("resolve", "处置", "办理到任务汇合 / Until the tasks join"),
            ("review", "核查评价", "办好了没有 / Did it work?"),
        )
    ),
    "state": (
        *_STATE[:2],
        _key("tasks", "任务", Shape.NAMES, "可在此办理的任务 / Kinds of task that may work here"),
        *_STATE[2:],
        _key("actions", "动作", Shape.MAP, "可办理的动作 / What can be done", of="action"),
    ),
    "end": _END,
    "action": _ACTION,
    "common": (_OPTIONAL_TITLE, _IN, *_ACTION[1:]),
    "request": _request("answer"),
    "ask": _ASK,
    "answer": _answer(_ACTION),
    "task": (
        _TITLE,
        _key("of", "归属", Shape.OWNER, "交给部门或个人 / Given to a department or a person", required=True),
        _key("quota", "限额", Shape.ONE, "个人任务每人至多认领几件 / How many a person may claim", of="quota"),
        _key("links", "发链接", Shape.NAMES, "谁可生成、重发、撤销任务链接 / Who makes, renews and revokes task links"),
        _key("join", "汇合", Shape.JOIN, "all、any、lead、2、2/3、60% / When the tasks count as joined"),
        _key("counters", "计数", Shape.MAP, "任务的计数 / Counters of the task", of="title"),
        _key("marks", "标记", Shape.MAP, "任务的标记 / Marks of the task", of="title"),
        _key(
            "states",
            "状态",
            Shape.MAP,
            "任务的状态，第一个是起点 / Its states, the first is where it begins",
            of="task_state",
            required=True,
        ),
        _key(
            "common",
            "共用",
            Shape.MAP,
            "多个状态共用的动作 / Actions shared by several states",
            of="task_common",
        ),
        _key("ends", "终态", Shape.MAP, "终态 / Ends", of="end", required=True),
        _key("requests", "申请", Shape.MAP, "对任务的申请 / What may be asked of the task", of="task_request"),
    ),
    "task_state": (
        *_STATE,
        _key("actions", "动作", Shape.MAP, "可办理的动作 / What can be done", of="task_action"),
    ),
    "task_action": _TASK_ACTION,
    "task_common": (_OPTIONAL_TITLE, _IN, *_TASK_ACTION[1:]),
    "task_request": _request("task_answer"),
    "task_answer": _answer(_TASK_ACTION),
    "meeting": (
        _TITLE,
        _key("per", "逐级", Shape.NAME, "每个该层级的区域各一个 / A body for each area of this level", required=True),
        _key("seats", "席位", Shape.MAP, "按岗位设的席位 / Its seats, by post", of="seat", required=True),
        _key("chair", "主持", Shape.NAME, "主持、议决、闭会、签发者的席位 / The seat that presides", required=True),
        _key(
            "convenes", "召集", Shape.NAMES, "召集、排议程、记到会者 / Seats and roles that call it and keep its list"
        ),
        _key(
            "quorum", "法定人数", Shape.JOIN, "人数、分数或 all，缺省 1/2 / A number, a share or `all`; 1/2 if left out"
        ),
        _key("on", "逢", Shape.CIVIL_DAY, "例会在每期的哪一天 / Its regular day of every week, month, …"),
        _key("at", "时刻", Shape.TIME, "例会的时刻，缺省 09:00 / Its regular time; 09:00 if left out"),
        _key(
            "agenda", "议程", Shape.NAMES, "哪些状态的案件上会 / States whose tickets are its business", required=True
        ),
        _key("carry", "结转", Shape.NAME, "未议决者由时钟办理 / What the clock does to what was not decided"),
    ),
    "seat": (
        _TITLE,
        _key("post", "岗位", Shape.NAMES, "任一岗位 / Any one of these posts", required=True),
        _key("area", "区域", Shape.NAME, "here、within 或上级层级 / `here`, `within`, or a level above", required=True),
    ),
    "quota": (
        _key("open", "未结", Shape.NUMBER, "同时未结的至多几件 / At most so many open at once"),
        _key(
            "week", "每周", Shape.NUMBER, "每周（周一起）至多认领几件 / At most so many claimed in a week, from Monday"
        ),
    ),
    "admits": (
        _key(
            "in", "在", Shape.NAMES, "在这些状态即为有效 / In force while the ticket is in these states", required=True
        ),
        _key("number", "编号", Shape.NAME, "编号的字头 / What the number begins with", required=True),
        _key(
            "matter", "事由", Shape.NAME, "填写事项名称的文本字段 / The text field that names the matter", required=True
        ),
        _key("items", "事项", Shape.NAME, "填写立案事项的字段 / The field that holds catalogue items", required=True),
        _key(
            "units",
            "单位",
            Shape.NAME,
            "填写可派单位的部门字段 / The department field of who may be asked",
            required=True,
        ),
        _key("until", "有效至", Shape.NAME, "填写末日的日期字段 / The date field of the last day", required=True),
    ),
    "opens": (
        _key("workflow", "流程", Shape.KEY, "另一流程的标识 / The key of the other workflow", required=True),
        _key("start", "发起", Shape.NAME, "如何发起 / Which of its starts", required=True),
        _key("fills", "填入", Shape.MAP, "新案卷的字段取自本表单 / Its field ← a field of this form", of="name"),
        _key("takes", "沿用", Shape.NAMES, "沿用本案的字段、reporter / Fields taken from this ticket; `reporter`"),
    ),
}
