"""What can only be said of a compiled file as a whole."""

from collections.abc import Mapping

from engine.definitions import admits, clocks, confidential
from engine.definitions.model import (
    CLOCK,
    RULE,
    STREET,
    Action,
    FieldType,
    State,
    TaskKind,
    Workflow,
)
from engine.definitions.reading import Reader
from engine.definitions.register import Register
from engine.definitions.scopes import Book, Scope
from engine.definitions.walk import actions_of, every_action, items_of
from engine.errors import DefinitionError, Place
from engine.vocabulary import StateType

_CHANGES = (
    "sends",
    "withdraws",
    "reopens",
    "urges",
    "counts",
    "clears",
    "sets",
    "opens",
    "meets",
    "extends",
    "splits",
)


def registers_exist(workflow: Workflow, known: Mapping[str, Register]) -> None:
    """Errors: `DefinitionError` when a row field or a birth names a register, or a field of one, that isn't there."""
    for action in every_action(workflow):
        named = {item.field.register for item in items_of(action)} | (
            {action.birth.register} if action.birth else set()
        )
        for key in sorted(named - {""} - known.keys()):
            raise DefinitionError(
                f"“{action.name}”所取的名册“{key}”不存在，现有：{'、'.join(sorted(known))}",
                f"'{action.name}' names the register '{key}'; there are {', '.join(sorted(known))}",
                place=Place(file=workflow.key, line=action.line),
            )
        interval = action.birth.interval if action.birth else ""
        fields = known[action.birth.register].fields if action.birth and interval else {}
        if interval and (interval not in fields or fields[interval].type is not FieldType.NUMBER):
            raise DefinitionError(
                f"“{action.name}”的间隔字段“{interval}”不是该名册的数字字段",
                f"'{action.name}': the interval '{interval}' is no number field of that register",
                place=Place(file=workflow.key, line=action.line),
            )


def examine(reader: Reader, book: Book, workflow: Workflow) -> None:
    """Note every problem of the whole with the reader."""
    _different_heads(reader, book)
    _excluded_exist(reader, book)
    _until_is_asked(reader, workflow)
    for action in every_action(workflow):
        _by_machines(reader, action)
    _joins(reader, workflow)
    _sent_where_they_work(reader, workflow)
    _passers_by_know(reader, workflow)
    for kind in (None, *workflow.tasks):
        _endless_rules(reader, workflow.scope(kind).states)
        _asks_and_actions(reader, workflow.scope(kind))
    clocks.examine(reader, workflow)
    admits.examine(reader, workflow)
    confidential.examine(reader, workflow)
    for task in workflow.tasks.values():
        _can_work(reader, workflow, task)


def _different_heads(reader: Reader, book: Book) -> None:
    """Words that begin a condition must each mean one thing; a task sees its ticket's words as well."""
    everywhere = {name: ("选项字段", "choice field") for name in book.fields if book.fields[name].of}
    kinds = {name: kind.line for name, kind in book.kinds.items()}
    _claim(reader, everywhere, kinds, "任务种类", "kind of task")
    _claim_heads(reader, everywhere, book.ticket)
    for scope in book.kinds.values():
        _claim_heads(reader, dict(everywhere), scope)


def _claim_heads(reader: Reader, taken: dict[str, tuple[str, str]], scope: Scope) -> None:
    _claim(reader, taken, {name: scope.lines[name] for name in scope.counters}, "计数", "counter")
    _claim(reader, taken, {name: scope.lines[name] for name in scope.marks}, "标记", "mark")
    requests = {name: request.line for name, request in scope.requests.items()}
    _claim(reader, taken, requests, "申请", "request")


def _claim(reader: Reader, taken: dict[str, tuple[str, str]], names: Mapping[str, int], zh: str, en: str) -> None:
    for name, line in names.items():
        if name in taken:
            other_zh, other_en = taken[name]
            reader.refuse(
                line,
                f"“{name}”既是{other_zh}又是{zh}，条件无法区分，请另取名",
                f"'{name}' is both a {other_en} and a {en}: conditions can't tell them apart",
            )
        taken[name] = (zh, en)


def _asks_and_actions(reader: Reader, scope: Workflow | TaskKind) -> None:
    """What is asked and what is done in one state can't have one name."""
    for request in scope.requests.values():
        for name in sorted(request.states):
            if name in scope.states and request.name in scope.states[name].actions:
                reader.refuse(
                    request.line,
                    f"状态“{name}”已有动作“{request.name}”，申请请另取名",
                    f"the state '{name}' has an action '{request.name}' already: name the request otherwise",
                )


def _excluded_exist(reader: Reader, book: Book) -> None:
    names = book.action_names()
    for word in book.excluded:
        reader.known(word, sorted(names), "动作", "action")


def _until_is_asked(reader: Reader, workflow: Workflow) -> None:
    asked = {item.name for action in every_action(workflow) for item in items_of(action)}
    for deadline in workflow.deadlines.values():
        if deadline.until is not None and deadline.until not in asked:
            reader.refuse(
                deadline.line,
                f"时限“{deadline.name}”截至字段“{deadline.until}”，但没有表单填写它",
                f"the deadline '{deadline.name}' runs until '{deadline.until}', which no form asks for",
            )


def _by_machines(reader: Reader, action: Action) -> None:
    """Neither clock nor rule fills in a form, and a rule that changes nothing would never stop."""
    if action.by & {CLOCK, RULE}:
        required = [item.name for item in items_of(action) if item.required]
        if required:
            reader.refuse(
                action.line,
                f"“{action.name}”可由时钟或规则办理，必填项“{required[0]}”无人填写，请去掉“!”或“+”",
                f"'{action.name}' is done by clock or rule, who don't fill '{required[0]}': make it optional",
            )
    if (action.every is not None or action.birth is not None) and CLOCK not in action.by:
        reader.refuse(
            action.line,
            f"“{action.name}”写了每隔多久，但不由时钟发起",
            f"'{action.name}' comes at an interval, but not by the clock",
        )
    if action.points and action.by & {CLOCK, RULE}:
        reader.refuse(
            action.line,
            f"“{action.name}”由时钟或规则办理，不能记分",
            f"'{action.name}' is done by clock or rule and gives no points",
        )
    if RULE in action.by and action.to is None and not any(getattr(action, name) for name in _CHANGES):
        reader.refuse(
            action.line,
            f"规则动作“{action.name}”既不移动也不改变任何内容",
            f"the rule action '{action.name}' neither moves nor changes anything",
        )


def _can_work(reader: Reader, workflow: Workflow, task: TaskKind) -> None:
    """A kind of task begins somewhere, and some state of the ticket lets it work; so does what it sends."""
    if not task.first:
        zh, en = f"任务“{task.name}”没有办理状态", f"the task '{task.name}' has no state to begin in"
        reader.refuse(task.line, zh, en)
    hosts = [state for state in workflow.states.values() if task.name in state.tasks]
    if not hosts:
        reader.refuse(
            task.line,
            f"没有任何状态列出任务“{task.name}”（tasks），它无处可办",
            f"no state lists the task '{task.name}' in its `tasks`, so it can work nowhere",
        )
    for action in actions_of(task.states, task.requests):
        for kind in action.sends:
            if hosts and not any(kind in host.tasks for host in hosts):
                reader.refuse(
                    action.line,
                    f"“{action.name}”派出的“{kind}”不能在任何列出“{task.name}”的状态办理",
                    f"'{action.name}' sends '{kind}', which no state that lists '{task.name}' lists too",
                )


def _joins(reader: Reader, workflow: Workflow) -> None:
    """Joining leads to a state of type joined, and nothing else does: a ticket that lies there has a main ticket."""
    for action in actions_of(workflow.starts, workflow.states, workflow.requests):
        target = workflow.states.get(action.to or "")
        if action.joins is not None and (target is None or target.type is not StateType.JOINED):
            reader.refuse(
                action.line,
                f"并案动作“{action.name}”应去往类型为 joined 的状态",
                f"'{action.name}' joins and must move to a state of type joined",
            )
        if action.joins is None and target is not None and target.type is StateType.JOINED:
            reader.refuse(
                action.line,
                f"“{target.name}”是并案后的状态，只有并案动作才能去往，“{action.name}”不是",
                f"'{target.name}' is for joined tickets: only what `joins` may move there, not '{action.name}'",
            )


def _sent_where_they_work(reader: Reader, workflow: Workflow) -> None:
    """Tasks sent into a state that doesn't list their kind would be withdrawn at once."""
    for state in workflow.states.values():
        for action in state.actions.values():
            _lands(reader, workflow, action, (action.to or state.name,))
    for start in workflow.starts.values():
        if start.birth is not None:
            _row_is_kept(reader, workflow, start)
        elif CLOCK in start.by and (start.every is None or start.per is None):
            reader.refuse(
                start.line,
                f"“{start.name}”由时钟发起，须写明每隔多久（every）、逐哪一级（per）",
                f"'{start.name}' is started by the clock: say how often (`every`) and for which areas (`per`)",
            )
        _lands(reader, workflow, start, (start.to or "",))
    for request in workflow.requests.values():
        for answer in request.answers.values():
            _lands(reader, workflow, answer, (answer.to,) if answer.to else tuple(sorted(request.states)))


def _passers_by_know(reader: Reader, workflow: Workflow) -> None:
    """What a public start must be told, somebody in the street knows: nobody there has the catalogue or the units."""
    for start in workflow.starts.values():
        for item in start.form if start.public else ():
            if item.required and item.field.type not in STREET:
                reader.refuse(
                    start.line,
                    f"公开的上报“{start.name}”不能必填“{item.field.title.zh}”，路人无从知道",
                    f"the public start '{start.name}' can't require '{item.name}': no passer-by knows it",
                )


def _row_is_kept(reader: Reader, workflow: Workflow, start: Action) -> None:
    """A ticket born for a row remembers it in a field of its start, so that forms, lists and auditors find it."""
    register = start.birth.register if start.birth else ""
    if register and row_field(start) is None:
        reader.refuse(
            start.line,
            f"“{start.name}”逐行开启，表单须有取自名册“{register}”的 row 字段",
            f"'{start.name}' comes per row: its form needs a field of type row of the register '{register}'",
        )


def row_field(start: Action) -> str | None:
    """The field of a start that names the row it is born for."""
    register = start.birth.register if start.birth else ""
    return next((item.name for item in start.form if register and item.field.register == register), None)


def _lands(reader: Reader, workflow: Workflow, action: Action, states: tuple[str, ...]) -> None:
    for kind in (*action.sends, *action.reopens):
        for state in states:
            if state in workflow.states and kind not in workflow.states[state].tasks:
                reader.refuse(
                    action.line,
                    f"“{action.name}”派出的“{kind}”不能在状态“{state}”办理（该状态的 tasks 没有列出）",
                    f"'{action.name}' sends '{kind}' to '{state}', whose `tasks` don't list it",
                )


def _endless_rules(reader: Reader, states: Mapping[str, State]) -> None:
    """Rules without conditions that lead in a circle would never come to rest."""
    free: dict[str, list[Action]] = {
        name: [action for action in state.actions.values() if RULE in action.by and action.when is None]
        for name, state in states.items()
    }
    told: set[frozenset[str]] = set()
    for name in states:
        path, here = [name], name
        while free.get(here):
            action = free[here][0]
            here = action.to or here
            if here in path:
                if here == name and frozenset(path) not in told:
                    told.add(frozenset(path))
                    way = " → ".join([*path, here])
                    reader.refuse(
                        action.line,
                        f"自动流转没有尽头：{way}（规则“{action.name}”没有条件）",
                        f"automatic transitions without end: {way} ('{action.name}' has no condition)",
                    )
                break
            path.append(here)
