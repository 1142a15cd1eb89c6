"""The allow-list: the fields every file may use without declaring them, and the fixed words of the grammar.

Nothing outside these tables and the file's own declarations can be named in a workflow file. Each word may be
written in Chinese as well; the Chinese spelling means the same word.
"""

from engine.definitions.model import (
    CLOCK,
    RULE,
    Appraisal,
    AreaScope,
    DepartmentScope,
    Field,
    FieldType,
    Once,
    Origin,
    Owner,
    PersonScope,
    Ruling,
    TaskSet,
    Title,
)
from engine.definitions.sentences import RESERVED as CONDITION_WORDS
from engine.definitions.spans import Counting
from engine.vocabulary import STAGE_TITLES, Stage, StateType

#: The end that every kind of task has: taken off by the ticket, by a new round, or by leaving the state.
WITHDRAWN = "withdrawn"
WITHDRAWN_TITLE = Title("已撤下", "Withdrawn")

#: The field that makes the lead when `sends` names it, and the word that means who acts.
LEAD_FIELD = "lead"
ME = "me"

#: Where the posts of a seat are held, besides at a level: for the body's own area, or for one below it.
HERE, WITHIN = "here", "within"

#: The two choices of a yes/no field, as conditions read and events store them.
YES_NO = {"yes": Title("是", "Yes"), "no": Title("否", "No")}


def _field(name: str, zh: str, en: str, type_: FieldType, **choices: str) -> Field:
    of = {key: Title(*text.split(" / ")) for key, text in choices.items()}
    return Field(name=name, title=Title(zh, en), type=type_, of=of, personal=name in _PERSONAL)


#: What a citizen says or what says who a citizen is. `reason` and `note` are here because citizens fill them too
#: (why they withdraw, what they think of the result), `reply` because it addresses them. Officials' own words
#: (`message`, `result`, `clause`) are facts of the case and stay.
_PERSONAL = frozenset({"description", "address", "contact_name", "contact_phone", "reason", "note", "reply"})

#: Fields that every file may ask for; a file can't declare one of these names again.
STANDARD_FIELDS: dict[str, Field] = {
    field.name: field
    for field in (
        _field("description", "问题描述", "Description", FieldType.TEXT),
        _field("place", "地点", "Place", FieldType.PLACE),
        _field("address", "详细地址", "Address", FieldType.TEXT),
        _field("contact_name", "联系人", "Contact", FieldType.TEXT),
        _field("contact_phone", "联系电话", "Phone", FieldType.TEXT),
        _field("before_photos", "处置前照片", "Photos before", FieldType.PHOTO),
        _field("after_photos", "处置后照片", "Photos after", FieldType.PHOTO),
        _field("check_photos", "核查照片", "Photos of the check", FieldType.PHOTO),
        _field("evidence", "佐证材料", "Evidence", FieldType.FILE),
        _field("item", "立案事项", "Catalogue item", FieldType.ITEM),
        _field(
            "urgency",
            "紧急程度",
            "Urgency",
            FieldType.CHOICE,
            normal="一般 / Normal",
            urgent="紧急 / Urgent",
            emergency="应急 / Emergency",
        ),
        _field("reason", "理由", "Reason", FieldType.TEXT),
        _field("note", "说明", "Note", FieldType.TEXT),
        _field("message", "交办要求", "Instructions", FieldType.TEXT),
        _field("result", "办理结果", "Result", FieldType.TEXT),
        _field("reply", "答复意见", "Reply to the citizen", FieldType.TEXT),
        _field("clause", "依据条款", "Clause relied on", FieldType.TEXT),
        _field(LEAD_FIELD, "主办部门", "Lead department", FieldType.DEPARTMENT),
        _field("co", "协办部门", "Co-handlers", FieldType.DEPARTMENT),
        _field("department", "部门", "Department", FieldType.DEPARTMENT),
        _field("person", "人员", "Person", FieldType.PERSON),
        _field("area", "区域", "Area", FieldType.AREA),
        _field("ticket", "主案", "Main ticket", FieldType.TICKET),
        _field("meeting", "会议", "Meeting", FieldType.MEETING),
        _field("until", "恢复日期", "Resume on", FieldType.DATE),
        _field("due", "办结期限", "Due date", FieldType.DATE),
        _field("stars", "评分", "Stars", FieldType.STARS),
        _field(
            "resolved",
            "解决情况",
            "Resolved",
            FieldType.CHOICE,
            solved="实际解决 / Solved",
            explained="解释说明 / Explained",
            unsolved="未解决 / Not solved",
        ),
        _field(
            "satisfaction",
            "满意度",
            "Satisfaction",
            FieldType.CHOICE,
            very_satisfied="非常满意 / Very satisfied",
            satisfied="满意 / Satisfied",
            fair="基本满意 / Fairly satisfied",
            dissatisfied="不满意 / Dissatisfied",
            very_dissatisfied="非常不满意 / Very dissatisfied",
        ),
        _field(
            "reached",
            "联系情况",
            "Reached",
            FieldType.CHOICE,
            reached="已接通 / Reached",
            no_answer="未接通 / No answer",
            declined="拒绝回访 / Declined",
        ),
    )
}

#: How an action rules on who is to handle a matter.
RULINGS: dict[Ruling, Title] = {
    Ruling.DESIGNATE: Title("指定承办", "designated"),
    Ruling.AGREE: Title("会商一致", "agreed in consultation"),
    Ruling.UPHOLD: Title("维持派遣", "upheld the dispatch"),
    Ruling.REDISPATCH: Title("准退并改派", "accepted the return and re-dispatched"),
    Ruling.RELEASE: Title("准予退单", "accepted the return"),
}

#: What a loop may call by words of its own, and what it is called where the file says nothing.
LOOP_WORDS: dict[str, Title] = {
    "ticket": Title("案卷", "ticket"),
    "main": Title("主案", "main ticket"),
    "closed": Title("办结", "closed"),
    "lead": Title("主办", "lead"),
    "co": Title("协办", "co"),
}

#: What an action says of either side.
APPRAISALS: dict[Appraisal, Title] = {
    Appraisal.CALL: Title("呼叫", "a call"),
    Appraisal.INVALID: Title("无效呼叫", "an invalid call"),
    Appraisal.SCORE: Title("直评", "a score"),
}

#: Chinese spelling → standard field; the title is the spelling.
FIELD_ALIASES: dict[str, str] = {field.title.zh: name for name, field in STANDARD_FIELDS.items()} | {
    "描述": "description",
    "事项": "item",
    "主办": "lead",
    "协办": "co",
    "要求": "message",
    "结果": "result",
    "佐证": "evidence",
}

#: Chinese spelling → choice of a standard field, or of a yes/no field.
CHOICE_ALIASES: dict[str, str] = {
    title.zh: choice for field in STANDARD_FIELDS.values() for choice, title in field.of.items()
} | {title.zh: choice for choice, title in YES_NO.items()}

#: The closed vocabularies of the grammar: vocabulary → Chinese spelling → word.
WORDS: dict[str, dict[str, str]] = {
    "actor": {"时钟": CLOCK, "到期": CLOCK, "规则": RULE, "自动": RULE},
    "stage": {STAGE_TITLES[stage][0]: stage.value for stage in Stage},
    "state type": {
        "待办": StateType.WAITING,
        "办理": StateType.WORKING,
        "挂起": StateType.SUSPENDED,
        "并案": StateType.JOINED,
        "办结": StateType.CLOSED,
        "作废": StateType.VOID,
    },
    "field type": {
        "文本": FieldType.TEXT,
        "选项": FieldType.CHOICE,
        "日期": FieldType.DATE,
        "数字": FieldType.NUMBER,
        "评分": FieldType.STARS,
        "是否": FieldType.YES_NO,
        "人员": FieldType.PERSON,
        "部门": FieldType.DEPARTMENT,
        "区域": FieldType.AREA,
        "工单": FieldType.TICKET,
        "会议": FieldType.MEETING,
        "地点": FieldType.PLACE,
        "照片": FieldType.PHOTO,
        "文件": FieldType.FILE,
        "事项": FieldType.ITEM,
        "名册": FieldType.ROW,
    },
    "owner": {"部门": Owner.DEPARTMENT, "个人": Owner.PERSON},
    "department scope": {
        "承办": DepartmentScope.TASK,
        "被呼": DepartmentScope.CALLED,
        "主办": DepartmentScope.LEAD,
        "主办上级": DepartmentScope.ABOVE_LEAD,
        "发起": DepartmentScope.CREATOR,
    },
    "field class": {"敏感": "sensitive", "敏感个人信息": "sensitive"},
    "person scope": {"上报人": PersonScope.REPORTER, "认领人": PersonScope.TASK},
    "area scope": {"本案": AreaScope.TICKET},
    "seat area": {"本区": HERE, "区内": WITHIN},
    "once": {"本案": Once.TICKET, "本任务": Once.TASK, "每人": Once.PERSON, "每部门": Once.DEPARTMENT},
    "origin": {"高频": Origin.FREQUENT, "高频事项": Origin.FREQUENT},
    "ruling": {title.zh: ruling for ruling, title in RULINGS.items()},
    "appraisal": {title.zh: appraisal for appraisal, title in APPRAISALS.items()},
    "task set": {"未结": TaskSet.OPEN, "全部": TaskSet.ALL},
    "counting": {"按日": Counting.DAYS, "按时": Counting.MINUTES},
    "join": {"全部": "all", "任一": "any", "主办": "lead"},
    "yes": {"是": "true"},
    "me": {"本人": ME},
    "within": {"按目录": "catalogue"},
}

#: Names that no counter, mark, field, kind of task or request may have, because conditions use them.
RESERVED: frozenset[str] = CONDITION_WORDS
#: Names that no role may have.
RESERVED_ROLES = frozenset({CLOCK, RULE, *WORDS["actor"]})


def word(vocabulary: str, text: str) -> str:
    """The grammar's own word for one that may be written in Chinese; anything else comes back as it is."""
    return str(WORDS[vocabulary].get(text, text))


def words_of(vocabulary: str) -> tuple[str, ...]:
    """The words of a closed vocabulary, without their Chinese spellings."""
    return tuple(dict.fromkeys(str(value) for value in WORDS[vocabulary].values()))
