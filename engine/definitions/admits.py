"""`admits`: which states of a loop mean that a matter is admitted, and which fields say what, for whom, until when."""

from collections.abc import Mapping

from engine.definitions.model import CLOCK, RULE, Admits, Field, Workflow
from engine.definitions.reading import Reader, Word
from engine.definitions.scopes import Book
from engine.definitions.source import Entry
from engine.definitions.walk import actions_of, every_action, items_of

#: Key → the type of the field it names.
_TYPES = {"matter": "text", "items": "item", "units": "department", "until": "date"}


def compiled(reader: Reader, book: Book, entry: Entry | None) -> Admits | None:
    """What the file says of it; problems are noted with the reader."""
    if entry is None:
        return None
    keys = reader.section(entry.value, "admits")
    given = reader.words(keys["in"].value) if "in" in keys else ()
    states = frozenset(word.text for word in given if reader.known(word, book.ticket.states, "状态", "state"))
    named = {key: _field(reader, book.fields, key, keys[key]) for key in _TYPES if key in keys}
    return Admits(
        states=states,
        number=reader.text(keys["number"].value) if "number" in keys else "",
        line=entry.line,
        **{key: named.get(key, "") for key in _TYPES},
    )


def _field(reader: Reader, fields: Mapping[str, Field], key: str, entry: Entry) -> str:
    name = reader.text(entry.value)
    if not name or not reader.known(Word(name, entry.line), fields, "字段", "field"):
        return ""
    declared = fields[name]
    if declared.type.value != _TYPES[key] or declared.personal:
        reader.refuse(
            entry.line,
            f"“{key}”所指的字段“{name}”应为 {_TYPES[key]}，且不是个人信息",
            f"'{key}' names '{name}', which must be a {_TYPES[key]} and not personal",
        )
    return name


def examine(reader: Reader, workflow: Workflow) -> None:
    """Note every field of `admits` that no form asks for, and whatever but a person's act leads to an admission."""
    if workflow.admits is None:
        return
    _by_people(reader, workflow, workflow.admits)
    asked = {item.name for action in every_action(workflow) for item in items_of(action)}
    for name in sorted(workflow.admits.fields - asked - {""}):
        reader.refuse(
            workflow.admits.line,
            f"准入（admits）用到字段“{name}”，但没有表单填写它",
            f"`admits` needs '{name}', which no form asks for",
        )


def _by_people(reader: Reader, workflow: Workflow, admits: Admits) -> None:
    """An admission is a decision: neither the clock nor a rule makes it, though they may end it."""
    outside = [state for name, state in workflow.states.items() if name not in admits.states]
    answers = [request for request in workflow.requests.values() if not request.states <= admits.states]
    for action in actions_of(workflow.starts, {state.name: state for state in outside}, {r.name: r for r in answers}):
        if action.to in admits.states and action.by & {CLOCK, RULE}:
            reader.refuse(
                action.line,
                f"“{action.name}”去往准入的状态“{action.to}”，只能由人办理，不能由时钟或规则",
                f"'{action.name}' leads to '{action.to}', which admits: people decide that, not clock or rule",
            )
