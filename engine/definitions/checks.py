"""What can only be said of a compiled file as a whole."""

from collections.abc import Iterable, Iterator, Mapping

from engine.definitions.model import (
    CLOCK,
    RULE,
    Action,
    FormItem,
    Request,
    State,
    TaskKind,
    Workflow,
)
from engine.definitions.reading import Reader
from engine.definitions.scopes import Book, Scope
from engine.errors import DefinitionError, Place
from engine.vocabulary import StateType

_CHANGES = (
    "sends",
    "withdraws",
    "reopens",
    "counts",
    "clears",
    "sets",
    "opens",
    "meets",
    "extends",
    "splits",
)


def actions_of(*parts: Mapping[str, object]) -> Iterator[Action]:
    """Every action in mappings of actions, states, requests and kinds of task."""
    for part in parts:
        for value in part.values():
            if isinstance(value, Action):
                yield value
            elif isinstance(value, State):
                yield from value.actions.values()
            elif isinstance(value, Request):
                yield value.ask
                yield from value.answers.values()
            elif isinstance(value, TaskKind):
                yield from actions_of(value.states, value.requests)


def items_of(action: Action) -> Iterator[FormItem]:
    """Every field an action asks for."""
    yield from action.form
    for items in action.each.values():
        yield from items


def every_action(workflow: Workflow) -> Iterator[Action]:
    """Every action of a workflow, of its starts, states, requests and tasks."""
    return actions_of(workflow.starts, workflow.states, workflow.requests, workflow.tasks)


def opened_exist(workflow: Workflow, known: Mapping[str, Workflow]) -> None:
    """Errors: `DefinitionError` when an `opens` names a workflow that isn't there, or no start of it."""
    for action in every_action(workflow):
        opens = action.opens
        if opens is not None and (opens.workflow not in known or opens.start not in known[opens.workflow].starts):
            raise DefinitionError(
                f"“{action.name}”要衍生的“{opens.workflow}·{opens.start}”不存在",
                f"'{action.name}' opens '{opens.workflow}: {opens.start}', which does not exist",
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
    for kind in (None, *workflow.tasks):
        _Clocks(reader, workflow, kind).examine()
        _endless_rules(reader, workflow.scope(kind).states)
        _asks_and_actions(reader, workflow.scope(kind))
    _clock_is_heard(reader, workflow)
    for kind_name, task in workflow.tasks.items():
        if not task.first:
            reader.refuse(
                task.line,
                f"任务“{kind_name}”没有办理状态",
                f"the task '{kind_name}' has no state to begin in",
            )


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
    if RULE in action.by and action.to is None and not any(getattr(action, name) for name in _CHANGES):
        reader.refuse(
            action.line,
            f"规则动作“{action.name}”既不移动也不改变任何内容",
            f"the rule action '{action.name}' neither moves nor changes anything",
        )


def _joins(reader: Reader, workflow: Workflow) -> None:
    for action in every_action(workflow):
        if action.joins is None:
            continue
        target = workflow.states.get(action.to or "")
        if target is None or target.type is not StateType.JOINED:
            reader.refuse(
                action.line,
                f"并案动作“{action.name}”应去往类型为 joined 的状态",
                f"'{action.name}' joins and must move to a state of type joined",
            )


def _sent_where_they_work(reader: Reader, workflow: Workflow) -> None:
    """Tasks sent into a state that doesn't list their kind would be withdrawn at once."""
    for state in workflow.states.values():
        for action in state.actions.values():
            _lands(reader, workflow, action, (action.to or state.name,))
    for start in workflow.starts.values():
        _lands(reader, workflow, start, (start.to or "",))
    for request in workflow.requests.values():
        for answer in request.answers.values():
            _lands(reader, workflow, answer, (answer.to,) if answer.to else tuple(sorted(request.states)))


def _lands(reader: Reader, workflow: Workflow, action: Action, states: tuple[str, ...]) -> None:
    for kind in (*action.sends, *action.reopens):
        for state in states:
            if state in workflow.states and kind not in workflow.states[state].tasks:
                reader.refuse(
                    action.line,
                    f"“{action.name}”派出的“{kind}”不能在状态“{state}”办理（该状态的 tasks 没有列出）",
                    f"'{action.name}' sends '{kind}' to '{state}', whose `tasks` don't list it",
                )


class _Clocks:
    """What deadlines and ladders make the clock do must be possible where they run."""

    def __init__(self, reader: Reader, workflow: Workflow, kind: str | None) -> None:
        self._reader, self._workflow = reader, workflow
        self._scope = workflow.scope(kind)

    def examine(self) -> None:
        for state in self._scope.states.values():
            for name in state.deadlines:
                self._then(name, state.actions, f"状态“{state.name}”", f"the state '{state.name}'")
                self._rungs(name, {})
        for request in self._scope.requests.values():
            for name in request.deadlines:
                self._then(name, request.answers, f"申请“{request.name}”", f"the request '{request.name}'")
                self._rungs(name, request.answers)

    def _then(self, name: str, actions: Mapping[str, Action], where_zh: str, where_en: str) -> None:
        deadline = self._workflow.deadlines[name]
        if deadline.then is None or _clock_may(actions.values(), deadline.then):
            return
        self._reader.refuse(
            deadline.line,
            f"时限“{name}”到期要由时钟办理“{deadline.then}”，但{where_zh}没有这个由 clock 办理的动作",
            f"'{name}' makes the clock do '{deadline.then}', but {where_en} has no such action by clock",
        )

    def _rungs(self, name: str, answers: Mapping[str, Action]) -> None:
        deadline = self._workflow.deadlines[name]
        if deadline.ladder is None:
            return
        if deadline.ladder not in self._workflow.ladders:
            self._reader.unknown(deadline.ladder, deadline.line, "阶梯", "ladder", self._workflow.ladders)
            return
        possible = [*answers.values(), *actions_of(self._scope.states, self._workflow.states)]
        for step in self._workflow.ladders[deadline.ladder]:
            if step.do is not None and not _clock_may(possible, step.do):
                self._reader.refuse(
                    step.line,
                    f"梯级要由时钟办理“{step.do}”，但没有任何状态有这个由 clock 办理的动作",
                    f"the rung makes the clock do '{step.do}', but no state has such an action by clock",
                )


def _clock_may(actions: Iterable[Action], name: str) -> bool:
    return any(action.name == name and CLOCK in action.by for action in actions)


def _clock_is_heard(reader: Reader, workflow: Workflow) -> None:
    """An action by clock that neither deadline nor ladder names would never happen."""
    fired = {deadline.then for deadline in workflow.deadlines.values()}
    fired |= {step.do for ladder in workflow.ladders.values() for step in ladder}
    for deadline in workflow.deadlines.values():
        if deadline.ladder is not None and deadline.ladder not in workflow.ladders:
            reader.unknown(deadline.ladder, deadline.line, "阶梯", "ladder", workflow.ladders)
    for action in actions_of(workflow.states, workflow.requests, workflow.tasks):
        if CLOCK in action.by and action.name not in fired:
            reader.refuse(
                action.line,
                f"“{action.name}”由时钟办理，但没有时限或阶梯触发它",
                f"'{action.name}' is done by the clock, but no deadline or ladder makes it",
            )


def _endless_rules(reader: Reader, states: Mapping[str, State]) -> None:
    """Rules without conditions that lead in a circle would never come to rest."""
    free: dict[str, list[Action]] = {
        name: [action for action in state.actions.values() if RULE in action.by and action.when is None]
        for name, state in states.items()
    }
    for name in states:
        path, here = [name], name
        while free.get(here):
            action = free[here][0]
            here = action.to or here
            if here in path:
                if here == name:
                    way = " → ".join([*path, here])
                    reader.refuse(
                        action.line,
                        f"自动流转没有尽头：{way}（规则“{action.name}”没有条件）",
                        f"automatic transitions without end: {way} ('{action.name}' has no condition)",
                    )
                break
            path.append(here)
