"""The states, requests and titles of the ticket and of each kind of task; their actions come later."""

from collections.abc import Iterator

from engine.definitions.declarations import counted, join_rule, refuse_reserved
from engine.definitions.model import Owner, Quota, Title
from engine.definitions.names import WITHDRAWN, WITHDRAWN_TITLE
from engine.definitions.reading import Reader, Word
from engine.definitions.scopes import Book, Keys, RequestHead, Scope, StateHead
from engine.definitions.source import Entry, Node
from engine.vocabulary import SETTLED, STAGE_TITLES, Stage, StateType

#: A condition names a state only where nothing else can stand, so few words confuse.
_RESERVED_STATES = frozenset({"and", "or", "not", "且", "或", "非"})
#: What these words mean of any task; a state of that name must mean the same.
_TASK_WORDS = {"done": StateType.CLOSED, "closed": StateType.CLOSED, "void": StateType.VOID}


def ticket_scope(reader: Reader, book: Book, top: dict[str, Entry]) -> None:
    """Read what the ticket itself consists of."""
    scope = book.ticket
    for entry in reader.named(_value(top, "starts"), "发起", "start"):
        scope.starts[entry.key] = reader.section(entry.value, "start")
    for stage, entry in _stages(reader, top):
        for state in reader.named(entry.value, "状态", "state"):
            _add_state(reader, scope, state, "state", stage=stage)
    _ends(reader, scope, _value(top, "ends"))
    _common(reader, scope, _value(top, "common"), "common")
    _requests(reader, scope, _value(top, "requests"), "request")
    _titles(reader, scope)


def task_scopes(reader: Reader, book: Book, top: dict[str, Entry]) -> None:
    """Read what each kind of task consists of."""
    for entry in reader.named(_value(top, "tasks"), "任务种类", "kind of task"):
        refuse_reserved(reader, entry, "任务种类", "kind of task")
        keys = reader.section(entry.value, "task")
        scope = Scope(kind=entry.key, line=entry.line)
        scope.title = reader.title(keys["title"].value) if "title" in keys else Title("", "")
        owner = reader.choice(keys["of"].value, "owner", "归属", "owner") if "of" in keys else None
        scope.of = Owner(owner) if owner else Owner.DEPARTMENT
        scope.join = join_rule(reader, _value(keys, "join"))
        scope.quota = _quota(reader, scope.of, keys.get("quota"))
        scope.links = reader.words(_value(keys, "links"))
        counted(reader, scope, keys)
        for state in reader.named(_value(keys, "states"), "状态", "state"):
            _add_state(reader, scope, state, "task_state")
        _ends(reader, scope, _value(keys, "ends"))
        _built_in_end(reader, scope)
        _common(reader, scope, _value(keys, "common"), "task_common")
        _requests(reader, scope, _value(keys, "requests"), "task_request")
        _titles(reader, scope)
        book.kinds[entry.key] = scope


def _quota(reader: Reader, of: Owner, entry: Entry | None) -> Quota | None:
    """How many a person may claim; only people claim."""
    if entry is None:
        return None
    if of is not Owner.PERSON:
        reader.refuse(entry.line, "限额只用于个人任务（of: person）", "`quota` belongs to a kind of task of a person")
    keys = reader.section(entry.value, "quota")
    if not keys:
        reader.refuse(entry.line, "限额应写未结（open）或每周（week）", "a quota says `open` or `week`")
    found = {name: reader.number(one.value) for name, one in keys.items()}
    return Quota(open=found.get("open"), week=found.get("week"))


def _value(keys: dict[str, Entry], name: str) -> Node | None:
    return keys[name].value if name in keys else None


def _stages(reader: Reader, top: dict[str, Entry]) -> Iterator[tuple[Stage, Entry]]:
    if "stages" not in top:
        return
    keys = reader.section(top["stages"].value, "stages")
    order = [Stage(name) for name in keys]
    if order != sorted(order, key=list(Stage).index):
        wanted = "、".join(STAGE_TITLES[stage][0] for stage in Stage)
        reader.refuse(
            top["stages"].line,
            f"阶段的顺序应为：{wanted}",
            f"the stages stand in this order: {', '.join(Stage)}",
        )
    if not order:
        reader.refuse(top["stages"].line, "没有写任何阶段", "there is no stage")
    for name, entry in keys.items():
        yield Stage(name), entry


def _add_state(
    reader: Reader, scope: Scope, entry: Entry, place: str, *, stage: Stage | None = None, final: bool = False
) -> None:
    _refuse_name(reader, scope, entry)
    if entry.key in scope.states:
        return
    head = StateHead(name=entry.key, title=Title("", ""), line=entry.line, stage=stage, final=final)
    scope.states[entry.key] = head
    if final and any(key.key in ("actions", "动作") for key in reader.entries(entry.value)):
        reader.refuse(
            entry.line,
            f"终态“{entry.key}”不能有动作；还要办理的请写成 type: closed 的状态",
            f"the end '{entry.key}' can't have actions: make it a state of `type: closed`",
        )
        return
    keys = reader.section(entry.value, place)
    found = reader.choice(keys["type"].value, "state type", "状态类型", "type of state") if "type" in keys else None
    head.title = reader.title(keys["title"].value) if "title" in keys else Title("", "")
    head.type = StateType(found) if found else None
    head.tasks = reader.words(_value(keys, "tasks"))
    head.deadlines = reader.words(_value(keys, "deadlines"))
    head.turn = reader.words(keys["turn"].value) if "turn" in keys else None
    for action in reader.named(_value(keys, "actions"), "动作", "action"):
        head.actions[action.key] = reader.section(action.value, "task_action" if scope.kind else "action")
    _refuse_meaning(reader, scope, head)


def _refuse_name(reader: Reader, scope: Scope, entry: Entry) -> None:
    if entry.key in _RESERVED_STATES or (scope.kind and entry.key == "open"):
        reader.refuse(
            entry.line,
            f"“{entry.key}”是条件语言的保留词，不能作状态名称",
            f"'{entry.key}' is a word of the condition language and can't name a state",
        )
    if entry.key in scope.states:
        line = scope.states[entry.key].line
        reader.refuse(
            entry.line,
            f"状态“{entry.key}”在第 {line} 行已经写过",
            f"the state '{entry.key}' was already given in line {line}",
        )


def _refuse_meaning(reader: Reader, scope: Scope, head: StateHead) -> None:
    meaning = _TASK_WORDS.get(head.name) if scope.kind else None
    if meaning is not None and not (head.final and head.type is meaning):
        reader.refuse(
            head.line,
            f"任务状态“{head.name}”只能是 type: {meaning.value} 的终态",
            f"a task's state called '{head.name}' must be an end of `type: {meaning.value}`",
        )


def _ends(reader: Reader, scope: Scope, node: Node | None) -> None:
    for entry in reader.named(node, "终态", "end"):
        name = WITHDRAWN if scope.kind and entry.key == WITHDRAWN_TITLE.zh else entry.key
        stage = None if scope.kind else Stage.REVIEW
        _add_state(reader, scope, Entry(name, entry.line, entry.value), "end", stage=stage, final=True)
        head = scope.states[name]
        if head.final and head.type is not None and head.type not in SETTLED:
            reader.refuse(
                entry.line,
                f"终态“{entry.key}”的类型应为 closed 或 void",
                f"the end '{entry.key}' must be of type closed or void",
            )


def _built_in_end(reader: Reader, scope: Scope) -> None:
    declared = scope.states.get(WITHDRAWN)
    if declared is None:
        scope.states[WITHDRAWN] = StateHead(
            name=WITHDRAWN, title=WITHDRAWN_TITLE, line=scope.line, type=StateType.VOID, final=True
        )
    elif not declared.final or declared.type is not StateType.VOID:
        reader.refuse(
            declared.line,
            f"“{WITHDRAWN}”是任务被撤下时的终态，类型应为 void",
            f"'{WITHDRAWN}' is where withdrawn tasks end: it must be an end of type void",
        )


def _common(reader: Reader, scope: Scope, node: Node | None, place: str) -> None:
    for entry in reader.named(node, "动作", "action"):
        keys = reader.section(entry.value, place)
        scope.common[entry.key] = (_open_states(reader, scope, keys), keys)


def _open_states(reader: Reader, scope: Scope, keys: Keys) -> tuple[Word, ...]:
    names = [state.name for state in scope.states.values() if not state.final]
    given = reader.words(keys["in"].value) if "in" in keys else ()
    return tuple(each for each in given if reader.known(each, names, "状态", "state"))


def _requests(reader: Reader, scope: Scope, node: Node | None, place: str) -> None:
    for entry in reader.named(node, "申请", "request"):
        refuse_reserved(reader, entry, "申请", "request")
        keys = reader.section(entry.value, place)
        ask = reader.section(keys["ask"].value, "ask") if "ask" in keys else {}
        answer = "task_answer" if scope.kind else "answer"
        answers = {
            each.key: reader.section(each.value, answer)
            for each in reader.named(_value(keys, "answers"), "答复", "answer")
        }
        if "answers" in keys and not answers:
            reader.refuse(entry.line, f"申请“{entry.key}”没有答复", f"the request '{entry.key}' has no answer")
        scope.requests[entry.key] = RequestHead(
            name=entry.key,
            title=reader.title(keys["title"].value) if "title" in keys else Title("", ""),
            line=entry.line,
            ask=ask,
            states=_open_states(reader, scope, ask),
            answers=answers,
            pauses=reader.words(_value(keys, "pauses")),
            deadlines=reader.words(_value(keys, "deadlines")),
        )


def _titles(reader: Reader, scope: Scope) -> None:
    """Titles once per name: given anywhere in the scope, never twice differently."""
    lines: dict[str, int] = {}
    for name, keys in scope.actions():
        lines.setdefault(name, next(iter(keys.values())).line if keys else scope.line)
        if "title" not in keys:
            continue
        title = reader.title(keys["title"].value)
        known, line = scope.titles.setdefault(name, (title, keys["title"].line))
        if known != title:
            reader.refuse(
                keys["title"].line,
                f"动作“{name}”在第 {line} 行的标题是“{known}”，这里却是“{title}”",
                f"the action '{name}' is titled '{known}' in line {line}, but '{title}' here",
            )
    for request in scope.requests.values():
        scope.titles.setdefault(request.name, (request.title, request.line))
    for name, line in lines.items():
        if name not in scope.titles:
            reader.refuse(line, f"动作“{name}”没有标题", f"the action '{name}' has no title")
