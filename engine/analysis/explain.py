"""The rules of a workflow file as a document for signature: prose, tables and diagrams, all from the compiled form.

Nothing here knows a workflow by name, and nothing is said that the definition does not hold: whoever signs the document
signs the file of the digest that stands in it. Renderers (`explain_text`, `explain_page`) choose the language.
"""

from collections.abc import Iterator, Sequence

from engine.analysis import deed_words
from engine.analysis.explain_blocks import Block, Chapter, Drawn, Explanation, Grid, Prose
from engine.analysis.explain_limits import limit, limits
from engine.analysis.properties import Properties, label, listed
from engine.definitions.milestone_words import MILESTONES
from engine.definitions.model import Action, Request, Role, Seat, State, TaskKind, Title, Workflow
from engine.definitions.walk import every_action
from engine.vocabulary import STAGE_TITLES, Stage

_DEED_HEAD = (
    Title("环节", "State"),
    Title("谁", "Who"),
    Title("可办理的动作", "Act"),
    Title("时限", "Limit"),
    Title("后果", "Consequence"),
)
_RULE_HEAD = (Title("项目", "Item"), Title("规定", "Rule"))
_ROLE_HEAD = (Title("角色", "Role"), Title("由谁担任", "Who that is"))
_FIELD_HEAD = (Title("字段", "Field"), Title("填什么", "What it holds"))
_FACT_HEAD = (Title("统计口径", "Milestone"), Title("以什么为准", "Reached by"))
_SIGNED = (
    Title("制定部门", "Owner of the rule"), Title("审核", "Checked by"), Title("批准", "Approved by"),
    Title("日期", "Date"),
)  # fmt: skip
_NOBODY = Title("无人可办（终态）", "nobody: it ends here")
_ASKING = Title("提出", "asking")


def explain(workflow: Workflow) -> Explanation:
    """The document. Every role, field, limit, rung, start, state, action, request, kind of task and body is in it."""
    reading = Properties(workflow, workflow, None)
    chapters = (
        _general(reading),
        _diagrams(workflow),
        _roles(reading),
        Chapter(Title("时限与预警", "Limits and ladders"), limits(workflow)),
        _starts(reading),
        *_stages(reading),
        *_requests(reading),
        *_tasks(workflow),
        *_meetings(reading),
        _fields(reading),
        *_facts(reading),
        _signature(),
    )
    return Explanation(workflow, tuple(chapter for chapter in chapters if chapter.blocks))


def identity(workflow: Workflow) -> tuple[tuple[Title, str], ...]:
    """What says exactly which text is meant: key, version, digest of the file."""
    return (
        (Title("流程", "Workflow"), workflow.key),
        (Title("版本", "Version"), str(workflow.version)),
        (Title("文件 SHA-256", "SHA-256 of the file"), workflow.sha256),
    )


def _general(reading: Properties) -> Chapter:
    said = Title(
        "本文件由流程文件逐条生成，条文与系统执行的规则一致；文件改动一字，上面的 SHA-256 即不同。",
        "This document is made from the workflow file, clause by clause, and says what the engine does. Whatever is "
        "changed in the file, its SHA-256 is another.",
    )
    own = (
        (("posts", "岗位 / posts"), reading.workflow.posts),
        (("levels", "区域层级 / levels"), reading.workflow.levels),
    )
    rows = [((label(name),), (words,)) for name, words in reading.general().items()]
    rows += [((label(name),), (listed(list(titles.values())),)) for (_, name), titles in own if titles]
    return Chapter(
        Title("总则", "General"), (Prose(said), Grid((Title("项目", "Item"), Title("规定", "Rule")), tuple(rows)))
    )


def _diagrams(workflow: Workflow) -> Chapter:
    drawn = [Drawn(workflow.title, None), *(Drawn(kind.title, name) for name, kind in workflow.tasks.items())]
    return Chapter(Title("流程图", "Diagrams"), tuple(drawn))


def _roles(reading: Properties) -> Chapter:
    rows = tuple(((role.title,), _role(reading, role)) for role in reading.workflow.roles.values())
    denied = Title("没有写明可以办理的，一律不得办理。", "Whatever is not granted here is denied.")
    return Chapter(Title("谁可以办理", "Who may act"), (Prose(denied), Grid(_ROLE_HEAD, rows)))


def _role(reading: Properties, role: Role) -> tuple[Title, ...]:
    return tuple(deed_words.said(name, words) for name, words in reading.properties(role).items())


def _named(name: str, words: Title) -> Title:
    key = label(name)
    return Title(f"{key.zh}：{words.zh}", f"{key.en}: {words.en or words.zh}")


def _starts(reading: Properties) -> Chapter:
    rows = [_deed(reading, action, (), ()) for action in reading.workflow.starts.values()]
    return Chapter(Title("怎样发起", "How it starts"), (Grid(_DEED_HEAD, tuple(rows)),))


def _stages(reading: Properties) -> Iterator[Chapter]:
    states = reading.workflow.states.values()
    for stage in Stage:
        inside = [state for state in states if state.stage is stage and not state.final]
        title = Title(*STAGE_TITLES[stage])
        yield Chapter(Title(f"阶段：{title.zh}", f"Stage: {title.en}"), _of_states(reading, inside))
    yield Chapter(Title("终态", "Ends"), _of_states(reading, [state for state in states if state.final]))


def _of_states(reading: Properties, states: Sequence[State]) -> tuple[Block, ...]:
    """A sentence for each state, and one table of who does what there."""
    if not states:
        return ()
    rows = [row for state in states for row in _state_rows(reading, state)]
    return (*(Prose(_state(reading, state)) for state in states), Grid(_DEED_HEAD, tuple(rows)))


def _state(reading: Properties, state: State) -> Title:
    """`“已上报”（类型：待办；时限：受理时限…）。` with everything that the file says of a state."""
    words = reading.properties(state)
    words.pop("stage", None)
    parts = [_named(name, said) for name, said in words.items()]
    own = listed(parts, "；")
    acts = listed([action.title for action in state.actions.values()])
    done = Title(f"可办理：{acts.zh}。", f"what may be done: {acts.en}.") if state.actions else _NOBODY
    return Title(f"“{state.title.zh}”（{own.zh}）：{done.zh}", f"'{state.title.en}' ({own.en}): {done.en}")


def _state_rows(reading: Properties, state: State) -> Iterator[tuple[tuple[Title, ...], ...]]:
    lasts = tuple(limit(reading.workflow, reading.workflow.deadlines[name]) for name in state.deadlines)
    if not state.actions:
        yield (state.title,), (), (), lasts, (_NOBODY,) if state.final else ()
    for number, action in enumerate(state.actions.values()):
        yield _deed(reading, action, () if number else (state.title,), () if number else lasts)


def _deed(
    reading: Properties, action: Action, where: tuple[Title, ...], lasts: tuple[Title, ...]
) -> tuple[tuple[Title, ...], ...]:
    """One action as a row: where, who, what with which form and conditions, by when, and what comes of it."""
    who = reading.properties(action).get("by")
    act = (action.title, *deed_words.asked(reading, action))
    return where, (who,) if who else (), act, lasts, tuple(deed_words.follows(reading, action))


def _requests(reading: Properties) -> Iterator[Chapter]:
    for request in reading.scope.requests.values():
        of = reading.scope.title
        title = Title(f"申请：{of.zh}·{request.title.zh}", f"Request: {of.en}, {request.title.en}")
        yield Chapter(title, _request(reading, request))


def _request(reading: Properties, request: Request) -> tuple[Block, ...]:
    words = {"in": reading.asked_in(request), **reading.properties(request)}
    words.pop("deadlines", None)
    said = listed([_named(name, one) for name, one in words.items()], "；")
    answers = listed([answer.title for answer in request.answers.values()])
    prose = Title(
        f"“{request.title.zh}”（{said.zh}）：提出后待答复，其间办理照常；可答复：{answers.zh}。",
        f"'{request.title.en}' ({said.en}): it waits for an answer while work goes on; answers: {answers.en}.",
    )
    lasts = tuple(limit(reading.workflow, reading.workflow.deadlines[name]) for name in request.deadlines)
    asking = Title(f"{_ASKING.zh}“{request.title.zh}”", f"{_ASKING.en} '{request.title.en}'")
    waiting = Title(f"“{request.title.zh}”待答复", f"'{request.title.en}' waits")
    rows = [_deed(reading, request.ask, (asking,), ())]
    for number, answer in enumerate(request.answers.values()):
        rows.append(_deed(reading, answer, () if number else (waiting,), () if number else lasts))
    return Prose(prose), Grid(_DEED_HEAD, tuple(rows))


def _tasks(workflow: Workflow) -> Iterator[Chapter]:
    for name, kind in workflow.tasks.items():
        reading = Properties(workflow, workflow, name)
        said = listed([_named(key, words) for key, words in _task(reading, kind)], "；")
        prose = Title(f"“{kind.title.zh}”：{said.zh}。", f"'{kind.title.en}': {said.en}.")
        title = Title(f"任务：{kind.title.zh}", f"Task: {kind.title.en}")
        yield Chapter(title, (Prose(prose), *_of_states(reading, list(kind.states.values()))))
        yield from _requests(reading)


def _task(reading: Properties, kind: TaskKind) -> Iterator[tuple[str, Title]]:
    yield from reading.properties(kind).items()
    for name, titles in (("counters", kind.counters), ("marks", kind.marks)):
        if titles:
            yield name, listed(list(titles.values()))


def _meetings(reading: Properties) -> Iterator[Chapter]:
    for body in reading.workflow.meetings.values():
        words = reading.properties(body)
        seats = {name: seat.title for name, seat in body.seats.items()}
        words["chair"] = seats[body.chair]
        words["convenes"] = listed([seats.get(name) or reading.named("convenes", name) for name in body.convenes])
        words["seats"] = listed([_seat(reading, seat) for seat in body.seats.values()], "；")
        rows = tuple(((label(name),), (said,)) for name, said in words.items())
        yield Chapter(Title(f"会议：{body.title.zh}", f"Body: {body.title.en}"), (Grid(_RULE_HEAD, rows),))


def _seat(reading: Properties, seat: Seat) -> Title:
    said = listed([_named(name, one) for name, one in reading.properties(seat).items()])
    return Title(f"{seat.title.zh}（{said.zh}）", f"{seat.title.en} ({said.en})")


def _fields(reading: Properties) -> Chapter:
    rows = tuple(
        ((field.title,), tuple(_named(name, words) for name, words in reading.properties(field).items()))
        for field in reading.workflow.fields.values()
    )
    return Chapter(Title("表单字段", "Fields of forms"), (Grid(_FIELD_HEAD, rows),) if rows else ())


def _facts(reading: Properties) -> Iterator[Chapter]:
    workflow = reading.workflow
    acts = {action.name: action.title for action in every_action(workflow)}
    rows = []
    for name, milestone in workflow.milestones.items():
        word = MILESTONES[name]
        words = dict(reading.properties(milestone))
        if milestone.by:
            words["by"] = listed([acts[one] for one in sorted(milestone.by)])
        if milestone.of:
            words["of"] = listed([workflow.tasks[one].title for one in sorted(milestone.of)])
        if milestone.field:
            words["field"] = workflow.fields[milestone.field].title
        rows.append(((Title(word.about_zh, word.about_en),), tuple(_named(key, one) for key, one in words.items())))
    yield Chapter(Title("考核怎样计", "How indicators count it"), (Grid(_FACT_HEAD, tuple(rows)),) if rows else ())


def _signature() -> Chapter:
    rows = (tuple(() for _ in _SIGNED),)
    return Chapter(Title("签署", "Signature"), (Grid(_SIGNED, rows, blank=True),))
