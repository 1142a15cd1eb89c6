"""What a file declares before anything happens: posts, roles, fields, counters, deadlines."""

from collections.abc import Mapping
from dataclasses import replace
from enum import StrEnum
from typing import TypeVar

from engine.definitions import linked
from engine.definitions.model import (
    AreaScope,
    Deadline,
    DepartmentScope,
    Field,
    FieldType,
    Join,
    PersonScope,
    Role,
    Title,
)
from engine.definitions.names import FIELD_ALIASES, LOOP_WORDS, RESERVED, RESERVED_ROLES, STANDARD_FIELDS, word
from engine.definitions.reading import Reader, Word
from engine.definitions.scopes import Book, Keys, Scope
from engine.definitions.sensitive import sensitive
from engine.definitions.source import Entry, Node
from engine.definitions.spans import Counting, Limit, SpanError, parse_limit
from engine.definitions.words import titles
from engine.vocabulary import UNIT_KINDS

_Enum = TypeVar("_Enum", bound=StrEnum)
_UNTIL = ("until ", "至 ", "至")


def declare(reader: Reader, book: Book, top: dict[str, Entry]) -> None:
    """Fill the book with everything declared at the top of a file, ladders and actions left for later."""
    book.posts = _own_words(reader, top.get("posts"), book.words.posts, "岗位", "post")
    book.levels = _own_words(reader, top.get("levels"), book.words.levels, "层级", "level")
    for entry in reader.named(_value(top, "roles"), "角色", "role"):
        book.roles[entry.key] = _role(reader, book, entry)
    _loop_words(reader, book, _value(top, "words"))
    _fields(reader, book, _value(top, "fields"))
    counted(reader, book.ticket, top)
    for entry in reader.named(_value(top, "deadlines"), "时限", "deadline"):
        book.deadlines[entry.key] = _deadline(reader, book, entry)
    for entry in reader.named(_value(top, "ladders"), "阶梯", "ladder"):
        book.ladders[entry.key] = tuple(reader.section(step, "step") for step in reader.listed(entry.value))


def _loop_words(reader: Reader, book: Book, node: Node | None) -> None:
    """What this loop calls things; a word that no page uses would be a mistake that nobody sees."""
    book.own_words = dict(LOOP_WORDS)
    by_title = {title.zh: name for name, title in LOOP_WORDS.items()}
    for entry in reader.entries(node) if node is not None else ():
        given = Word(by_title.get(entry.key, entry.key), entry.line)
        if reader.known(given, LOOP_WORDS, "用词", "word"):
            book.own_words[given.text] = reader.title(entry.value)


def _called_otherwise(words: Mapping[str, Title]) -> dict[str, Field]:
    """Standard fields that are named after a word of the loop."""
    found = {}
    for name, zh, en in (("lead", "部门", " department"), ("co", "部门", " departments")):
        if words[name] != LOOP_WORDS[name]:
            title = Title(words[name].zh + zh, words[name].en + en)
            found[name] = replace(STANDARD_FIELDS[name], title=title)
    if words["main"] != LOOP_WORDS["main"]:
        found["ticket"] = replace(STANDARD_FIELDS["ticket"], title=words["main"])
    return found


def counted(reader: Reader, scope: Scope, keys: Mapping[str, Entry]) -> None:
    """The counters and marks of a scope."""
    for key, names, zh, en in (
        ("counters", scope.counters, "计数", "counter"),
        ("marks", scope.marks, "标记", "mark"),
    ):
        for entry in reader.named(_value(keys, key), zh, en):
            refuse_reserved(reader, entry, zh, en)
            names[entry.key] = reader.title(entry.value)
            scope.lines[entry.key] = entry.line


def refuse_reserved(reader: Reader, entry: Entry, zh: str, en: str) -> None:
    """A name that conditions use for something else can't be given."""
    if entry.key in RESERVED:
        reader.refuse(
            entry.line,
            f"“{entry.key}”是条件语言的保留词，不能作{zh}的名称",
            f"'{entry.key}' is a word of the condition language and can't name a {en}",
        )


def limit(reader: Reader, node: Node, counting: Counting | None = None) -> Limit | None:
    """A time limit with its line."""
    text = reader.text(node)
    if not text:
        return None
    try:
        return parse_limit(text, counting=counting)
    except SpanError as error:
        reader.refuse(node.line, error.zh, error.en)
        return None


def join_rule(reader: Reader, node: Node | None) -> Join:
    """``all``, ``any``, ``lead``, a count, a fraction or a percentage."""
    if node is None:
        return Join("all")
    text = word("join", reader.text(node))
    if text == "all":
        return Join("all")
    if text == "any":
        return Join("any", count=1)
    if text == "lead":
        return Join("lead", lead=True)
    over, slash, under = text.replace("％", "%").partition("%" if text.endswith(("%", "％")) else "/")
    numbers = (over.strip(), "100" if slash == "%" else under.strip() or "1")
    if all(number.isascii() and number.isdecimal() and len(number) <= 4 for number in numbers):
        first, second = int(numbers[0]), int(numbers[1])
        if slash and 0 < first <= second:
            return Join(text, share=(first, second))
        if not slash and first > 0:
            return Join(text, count=first)
    if text:
        reader.refuse(
            node.line,
            f"汇合“{text}”应为 all、any、lead、个数（2）、分数（2/3）或百分比（60%）",
            f"the join '{text}' must be all, any, lead, a number (2), a fraction (2/3) or a percentage (60%)",
        )
    return Join("all")


def field_name(book: Book, text: str) -> str:
    """The name of a field that may be a standard one in Chinese."""
    return text if text in book.fields else FIELD_ALIASES.get(text, text)


def _value(top: Mapping[str, Entry], name: str) -> Node | None:
    return top[name].value if name in top else None


def _own_words(reader: Reader, entry: Entry | None, shipped: Mapping[str, Title], zh: str, en: str) -> dict[str, Title]:
    if entry is None:
        return {}
    for each in reader.entries(entry.value):
        if each.key in shipped:
            reader.refuse(each.line, f"{zh}“{each.key}”已由系统提供", f"the {en} '{each.key}' is shipped already")
    return titles(reader, entry.value)


def _role(reader: Reader, book: Book, entry: Entry) -> Role:
    keys = reader.section(entry.value, "role")
    if entry.key in RESERVED_ROLES:
        reader.refuse(entry.line, f"“{entry.key}”不能作角色名称", f"'{entry.key}' can't name a role")
    posts = {**book.words.posts, **book.posts}
    by_title = {title.zh: name for name, title in posts.items()}
    held = set()
    for given in reader.words(_value(keys, "post")):
        post = Word(by_title.get(given.text, given.text), given.line)
        if reader.known(post, posts, "岗位", "post"):
            held.add(post.text)
    person = _choice(reader, keys, "person", PersonScope, "人", "person")
    department = _choice(reader, keys, "department", DepartmentScope, "部门", "department")
    link = linked.role(reader, entry, keys)
    if not held and person is None and not link and "post" not in keys:
        reader.refuse(
            entry.line,
            f"角色“{entry.key}”应写明岗位、人或链接",
            f"the role '{entry.key}' needs `post`, `person` or `link`",
        )
    if person is not None and "duty" in keys:
        reader.refuse(
            entry.line,
            f"角色“{entry.key}”已指人，不能再限值班",
            f"the role '{entry.key}' is a person, whom no roster puts on duty",
        )
    if person is not None and (held or department is not None or "area" in keys):
        reader.refuse(
            entry.line,
            f"角色“{entry.key}”既已指人，不能再写岗位、区域或部门",
            f"the role '{entry.key}' is a person and takes no post, area or department",
        )
    excluded = reader.words(_value(keys, "not"))
    book.excluded.extend(excluded)
    return Role(
        name=entry.key,
        title=reader.title(keys["title"].value) if "title" in keys else Title("", ""),
        posts=frozenset(held),
        area=_area(reader, book, keys),
        department=department,
        person=person,
        not_who=frozenset(given.text for given in excluded),
        duty="duty" in keys,
        link=link,
    )


def _area(reader: Reader, book: Book, keys: dict[str, Entry]) -> str | None:
    if "area" not in keys:
        return None
    node = keys["area"].value
    levels = {**book.words.levels, **book.levels}
    by_title = {title.zh: name for name, title in levels.items()}
    text = word("area scope", reader.text(node))
    given = Word(by_title.get(text, text), node.line)
    known = {AreaScope.TICKET.value, *levels}
    return given.text if given.text and reader.known(given, sorted(known), "区域层级", "level of areas") else None


def _choice(reader: Reader, keys: Mapping[str, Entry], name: str, enum: type[_Enum], zh: str, en: str) -> _Enum | None:
    if name not in keys:
        return None
    found = reader.choice(keys[name].value, f"{name} scope", zh, en)
    return enum(found) if found else None


def _fields(reader: Reader, book: Book, node: Node | None) -> None:
    book.fields = {**STANDARD_FIELDS, **_called_otherwise(book.own_words)}
    for entry in reader.named(node, "字段", "field"):
        if entry.key in STANDARD_FIELDS or entry.key in FIELD_ALIASES:
            standard = STANDARD_FIELDS[FIELD_ALIASES.get(entry.key, entry.key)]
            reader.refuse(
                entry.line,
                f"“{entry.key}”是标准字段（{standard.title.zh}），不必声明；含义不同请另取名",
                f"'{entry.key}' is a standard field ({standard.title.en}): use it, or name yours otherwise",
            )
            continue
        refuse_reserved(reader, entry, "字段", "field")
        book.fields[entry.key] = declared_field(reader, entry)
        book.declared_fields.add(entry.key)


def declared_field(reader: Reader, entry: Entry) -> Field:
    """One field as a file declares it; problems are noted."""
    keys = reader.section(entry.value, "field")
    found = reader.choice(keys["type"].value, "field type", "字段类型", "type of field") if "type" in keys else None
    kind = FieldType(found) if found else FieldType.TEXT
    choices = titles(reader, keys["of"].value) if "of" in keys else {}
    if (kind is FieldType.CHOICE) != bool(choices):
        reader.refuse(
            entry.line,
            f"字段“{entry.key}”：选项（of）与类型 choice 应同时出现",
            f"the field '{entry.key}': `of` belongs to type choice, and a choice needs it",
        )
    register = reader.key(keys["register"].value) if "register" in keys else ""
    if (kind is FieldType.ROW) != bool(register):
        reader.refuse(
            entry.line,
            f"字段“{entry.key}”：名册（register）与类型 row 应同时出现",
            f"the field '{entry.key}': `register` belongs to type row, and a row needs it",
        )
    after, latest = (_days_ahead(reader, keys, name, kind) for name in ("after", "latest"))
    secret = sensitive(reader, keys, entry, kind)
    kinds = unit_kinds(reader, keys["kinds"].value) if "kinds" in keys else frozenset[str]()
    if kinds and kind is not FieldType.DEPARTMENT:
        reader.refuse(keys["kinds"].line, "只有部门可限单位类别", "`kinds` belongs to a department")
    return Field(
        name=entry.key,
        title=reader.title(keys["title"].value) if "title" in keys else Title("", ""),
        type=kind,
        of=choices,
        after=after,
        latest=latest,
        personal=(reader.yes(keys["personal"].value) if "personal" in keys else False) or secret is not None,
        sensitive=secret,
        register=register,
        kinds=kinds,
    )


def unit_kinds(reader: Reader, node: Node) -> frozenset[str]:
    """Kinds of unit, in either language."""
    by_title = {zh: kind for kind, zh in UNIT_KINDS.items()}
    given = [Word(by_title.get(word.text, word.text), word.line) for word in reader.words(node)]
    return frozenset(word.text for word in given if reader.known(word, UNIT_KINDS, "单位类别", "kind of unit"))


def _days_ahead(reader: Reader, keys: Keys, name: str, kind: FieldType) -> Limit | None:
    """How far ahead a date must or may lie, in days or workdays."""
    found = limit(reader, keys[name].value) if name in keys else None
    if found is None:
        return None
    if kind is not FieldType.DATE:
        reader.refuse(keys[name].line, f"只有日期可写“{name}”", f"`{name}` belongs to a date")
    elif not found.unit.of_days:
        reader.refuse(keys[name].line, f"“{name}”按天计，如 30 workdays", f"`{name}` is in days, like 30 workdays")
    return found


def _deadline(reader: Reader, book: Book, entry: Entry) -> Deadline:
    keys = reader.section(entry.value, "deadline")
    counting = (
        reader.choice(keys["counting"].value, "counting", "计法", "way of counting") if "counting" in keys else None
    )
    convention = Counting(counting) if counting else None
    within, catalogue, until = None, False, None
    if "within" in keys:
        node = keys["within"].value
        text = word("within", reader.text(node))
        start = next((each for each in _UNTIL if text.startswith(each)), None)
        if text == "catalogue":
            catalogue = True
        elif start is not None:
            until = _until(reader, book, Word(text.removeprefix(start).strip(), node.line))
        else:
            within = limit(reader, node, convention)
    if catalogue and "default" not in keys:
        reader.refuse(
            entry.line,
            f"时限“{entry.key}”按目录取值，还应写“缺省”（default），供没有标准的事项使用",
            f"the deadline '{entry.key}' comes from the catalogue and needs a `default` where it has none",
        )
    if "default" in keys:
        if not catalogue:
            reader.refuse(
                keys["default"].line,
                "“缺省”只用于按目录取值的时限",
                "`default` belongs to `within: catalogue`",
            )
        within = limit(reader, keys["default"].value, convention)
    if "when" in keys:
        book.conditional[entry.key] = keys["when"].value
    more = limit(reader, keys["extension"].value, convention) if "extension" in keys else None
    if more is not None and (within is None or catalogue or within.unit is not more.unit):
        reader.refuse(
            keys["extension"].line,
            f"每次延长“{more.zh}”须与固定时限的单位相同",
            f"an extension of {more.en} needs a fixed limit in the same unit",
        )
    if convention is not None and until is not None:
        reader.refuse(keys["counting"].line, "截至某日的时限不用写计法", "`until` a date needs no `counting`")
    return Deadline(
        name=entry.key,
        title=reader.title(keys["title"].value) if "title" in keys else Title("", ""),
        within=within,
        extension=more,
        catalogue=catalogue,
        until=until,
        calendar=reader.key(keys["calendar"].value) if "calendar" in keys else None,
        ladder=reader.text(keys["ladder"].value) if "ladder" in keys else None,
        then=reader.text(keys["then"].value) if "then" in keys else None,
        line=entry.line,
    )


def _until(reader: Reader, book: Book, given: Word) -> str | None:
    name = field_name(book, given.text)
    if not reader.known(Word(name, given.line), book.fields, "字段", "field"):
        return None
    if book.fields[name].type not in (FieldType.DATE, FieldType.MEETING):
        reader.refuse(given.line, f"“{given.text}”不是日期，时限无法截至它", f"'{given.text}' is no date to run until")
    return name
