"""A workflow file becomes a compiled definition, or is refused with every problem it has.

load(path) → Workflow · loads(text, file="…") → Workflow · discover(folder) → every workflow there
"""

import hashlib
from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path

from engine import resources
from engine.definitions import (
    admits,
    checks,
    linked,
    meetings,
    milestones,
    opening,
    register_file,
    sensitive,
    source,
    words,
)
from engine.definitions.actions import Compiler, Spot
from engine.definitions.conditions import Choice, Condition, Counter, Given
from engine.definitions.confidential import confidential
from engine.definitions.declarations import declare
from engine.definitions.heads import task_scopes, ticket_scope
from engine.definitions.ladders import add_conditions, compile_ladders
from engine.definitions.model import (
    Action,
    Field,
    Join,
    Owner,
    PersonScope,
    Request,
    State,
    TaskKind,
    Title,
    Workflow,
)
from engine.definitions.reading import Reader, Word
from engine.definitions.scopes import Book, Keys, RequestHead, Scope, StateHead
from engine.definitions.source import Entry
from engine.definitions.walk import actions_of, items_of
from engine.errors import DefinitionError, Place
from engine.vocabulary import StateType

#: The format of files that this engine writes of; it goes on reading every earlier one.
FORMAT = 1


def load(path: Path) -> Workflow:
    """Compile a workflow file.

    Errors: `DefinitionError` with file and line; ``details["all"]`` holds every problem found.
    """
    data = source.read_file(path)
    return _compile(source.decode(data, file=path.name), file=path.name)


def loads(text: str, *, file: str = "workflow.yaml") -> Workflow:
    """Compile the text of a workflow file; `file` is what refusals call it. Errors: as `load`."""
    source.decode(text.encode("utf-8", "surrogatepass"), file=file)
    return _compile(text, file=file)


def discover(folder: Path | None = None) -> list[Workflow]:
    """Compile every workflow file of a folder (by default the shipped ones), by file name.

    Errors: `DefinitionError` of the first file that is wrong, for a key used by two files, and for an `opens`
    that names no start of any of them.
    """
    where = folder or resources.workflows()
    found: dict[str, Workflow] = {}
    for path in sorted(where.glob("*.yaml")):
        if path.name == words.FILE:
            continue
        workflow = load(path)
        if workflow.key in found:
            raise DefinitionError(
                f"流程标识“{workflow.key}”已被另一文件使用",
                f"another file is called '{workflow.key}' too",
                place=Place(file=path.name, line=1),
            )
        found[workflow.key] = workflow
    for workflow in found.values():
        opening.opened_exist(workflow, found)
        checks.registers_exist(workflow, register_file.discover(where / "registers"))
    return list(found.values())


# A definition is made of its text alone and never changes, so whoever asks for the same text may have the same one.
@lru_cache(maxsize=64)
def _compile(text: str, *, file: str) -> Workflow:
    """Compile a text in six steps; the first two may stop at once, the others gather problems.

    1. Text to tree: what is no strict YAML ends here.
    2. The keys of the file; an unknown format ends here.
    3. Declarations: posts, roles, fields, counters, deadlines.
    4. Heads: the names of all states, requests and tasks, so that anything may name anything.
    5. Actions, requests and ladders are compiled against those names.
    6. The whole is checked.
    """
    reader = Reader(file)
    tree = source.compose(text, file=file)
    top = reader.section(tree, "workflow")
    if "format" in top and reader.number(top["format"].value) != FORMAT:
        raise DefinitionError(
            f"文件格式应为 {FORMAT}",
            f"the format must be {FORMAT}",
            place=Place(file=file, line=top["format"].line),
        )
    book = Book(words=words.shipped())
    declare(reader, book, top)
    ticket_scope(reader, book, top)
    task_scopes(reader, book, top)
    meetings.declare(reader, book, top)
    compiler = Compiler(reader, book)
    workflow = _assemble(compiler, top, text)
    checks.examine(reader, book, workflow)
    meetings.examine(reader, workflow)
    sensitive.examine(reader, workflow)
    reader.finish()
    return workflow


def _assemble(compiler: Compiler, top: Mapping[str, Entry], text: str) -> Workflow:
    reader, book = compiler.reader, compiler.book
    starts = {
        name: compiler.action(name, keys, Spot(scope=book.ticket, states=()), _line(keys, 1))
        for name, keys in book.ticket.starts.items()
    }
    states = _states(compiler, book.ticket)
    requests = _requests(compiler, book.ticket)
    kinds = {name: _kind(compiler, scope) for name, scope in book.kinds.items()}
    add_conditions(compiler)
    ladders = compile_ladders(compiler)
    secret = confidential(compiler, top.get("confidential"))
    return Workflow(
        key=reader.key(top["workflow"].value) if "workflow" in top else "",
        version=reader.number(top["version"].value) if "version" in top else 0,
        title=reader.title(top["title"].value) if "title" in top else Title("", ""),
        calendar=reader.key(top["calendar"].value) if "calendar" in top else "",
        roles=book.roles,
        fields=_fields(book, starts, states, requests, kinds),
        counters=book.ticket.counters,
        marks=book.ticket.marks,
        deadlines=book.deadlines,
        ladders=ladders,
        starts=starts,
        states=states,
        requests=requests,
        tasks=kinds,
        tracked=frozenset(_tracked(compiler.conditions)),
        remembered=_remembered(book, starts, states, requests, kinds),
        caps=_caps(compiler.conditions),
        meetings=book.meetings,
        daily_points=reader.number(top["daily_points"].value) if "daily_points" in top else None,
        admits=admits.compiled(reader, book, top.get("admits")),
        confidential=secret,
        milestones=milestones.compiled(reader, book, top.get("facts")),
        words=book.own_words,
        posts=book.posts,
        levels=book.levels,
        ranks={name: rank for rank, name in enumerate(reversed([*book.words.levels]), start=1)},
        gravity={name: grave for grave, name in enumerate(book.words.cards, start=1)},
        source=text,
        sha256=hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest(),
    )


def _line(keys: Keys, otherwise: int) -> int:
    return min((entry.line for entry in keys.values()), default=otherwise)


def _kind(compiler: Compiler, scope: Scope) -> TaskKind:
    states = _states(compiler, scope)
    return TaskKind(
        name=scope.kind or "",
        title=scope.title,
        of=scope.of or Owner.DEPARTMENT,
        join=scope.join or Join("all"),
        states=states,
        first=next((name for name, state in states.items() if not state.final), ""),
        counters=scope.counters,
        marks=scope.marks,
        requests=_requests(compiler, scope),
        quota=scope.quota,
        links=linked.handed_out_by(compiler.reader, compiler.book, scope),
        line=scope.line,
    )


def _states(compiler: Compiler, scope: Scope) -> dict[str, State]:
    """The states of a scope with their own and their common actions, ends last."""
    actions = {head.name: _actions(compiler, scope, head) for head in scope.states.values()}
    joined = {action.to for found in actions.values() for action in found.values() if action.joins}
    heads = sorted(scope.states.values(), key=lambda head: head.final)
    return {head.name: _state(compiler, head, actions[head.name], joined) for head in heads}


def _actions(compiler: Compiler, scope: Scope, head: StateHead) -> dict[str, Action]:
    written = {name: (keys, _line(keys, head.line)) for name, keys in head.actions.items()}
    for name, (states, keys) in scope.common.items():
        here = next((word for word in states if word.text == head.name), None)
        if here is not None and name in written:
            compiler.reader.refuse(
                here.line,
                f"动作“{name}”在状态“{head.name}”中已经写过",
                f"the state '{head.name}' already has an action '{name}'",
            )
        elif here is not None:
            written[name] = (keys, _line(keys, head.line))
    running = frozenset(compiler.book.running(scope, head.name))
    spot = Spot(scope=scope, states=(head.name,), always=running, sometimes=running)
    return {name: compiler.action(name, keys, spot, line) for name, (keys, line) in written.items()}


def _state(compiler: Compiler, head: StateHead, actions: dict[str, Action], joined: set[str | None]) -> State:
    reader, book = compiler.reader, compiler.book
    tasks = tuple(word.text for word in head.tasks if reader.known(word, book.kinds, "任务种类", "kind of task"))
    default = StateType.JOINED if head.name in joined else StateType.WORKING if tasks else StateType.WAITING
    return State(
        name=head.name,
        title=head.title,
        type=head.type or default,
        stage=head.stage,
        final=head.final,
        tasks=tasks,
        deadlines=_deadlines(compiler, head.deadlines),
        actions=actions,
        turn=_turn(compiler, head, actions),
        line=head.line,
    )


def _turn(compiler: Compiler, head: StateHead, actions: dict[str, Action]) -> tuple[str, ...]:
    """Whose move it is: what the file says, else the people with a moving action, the reporter left out."""
    roles = compiler.book.roles
    if head.turn is not None:
        return tuple(word.text for word in head.turn if compiler.reader.known(word, roles, "角色", "role"))
    moving = {role for action in actions.values() if action.to for role in action.by_people()}
    return tuple(name for name, role in roles.items() if name in moving and role.person is not PersonScope.REPORTER)


def _deadlines(compiler: Compiler, given: tuple[Word, ...]) -> tuple[str, ...]:
    known = compiler.book.deadlines
    return tuple(word.text for word in given if compiler.reader.known(word, known, "时限", "deadline"))


def _requests(compiler: Compiler, scope: Scope) -> dict[str, Request]:
    return {name: _request(compiler, scope, head) for name, head in scope.requests.items()}


def _request(compiler: Compiler, scope: Scope, head: RequestHead) -> Request:
    book = compiler.book
    states = tuple(word.text for word in head.states)
    each = [book.running(scope, state) for state in states]
    always = frozenset(set.intersection(*each) if each else set())
    sometimes = frozenset(set().union(*each))
    ask = compiler.action(
        head.name, head.ask, Spot(scope=scope, states=states, always=always, sometimes=sometimes), head.line
    )
    spot = Spot(
        scope=scope,
        states=states,
        always=always,
        sometimes=sometimes | {word.text for word in head.deadlines},
        asked=ask.form,
    )
    pauses = tuple(
        word.text
        for word in head.pauses
        if compiler.reader.known(word, sorted(sometimes), "此处在走的时限", "deadline that runs here")
    )
    return Request(
        name=head.name,
        title=head.title,
        ask=ask,
        states=frozenset(states),
        answers={
            name: compiler.action(name, keys, spot, _line(keys, head.line)) for name, keys in head.answers.items()
        },
        pauses=pauses,
        deadlines=_deadlines(compiler, head.deadlines),
        line=head.line,
    )


def _fields(book: Book, *parts: Mapping[str, object]) -> dict[str, Field]:
    """The fields of every form, and those declared; in the order of the standard list, then the file's."""
    used = {item.name for action in actions_of(*parts) for item in items_of(action)}
    return {name: found for name, found in book.fields.items() if name in used or name in book.declared_fields}


def _tracked(conditions: list[Condition]) -> set[str]:
    atoms = [atom for condition in conditions for atom in condition.atoms()]
    return {atom.field for atom in atoms if isinstance(atom, Choice | Given)}


def _remembered(book: Book, *parts: Mapping[str, object]) -> frozenset[str]:
    excluded = {name for role in book.roles.values() for name in role.not_who}
    return frozenset(excluded | {action.name for action in actions_of(*parts) if action.once})


def _caps(conditions: list[Condition]) -> dict[str, int]:
    caps: dict[str, int] = {}
    for atom in (atom for condition in conditions for atom in condition.atoms()):
        if isinstance(atom, Counter):
            caps[atom.name] = max(caps.get(atom.name, 0), atom.value)
    return caps
