"""`facts`: which actions and deadlines of a loop are the milestones that indicators count by.

The engine knows by itself when a ticket was reported, called, joined, closed or void and when a task was sent,
returned, extended or suspended. What is "filed" or "first contact" in a loop only its file can say.
"""

from collections.abc import Iterator, Mapping

from engine.definitions.milestone_words import MILESTONES
from engine.definitions.model import FieldType, Milestone, Owner
from engine.definitions.reading import Reader, Word
from engine.definitions.scopes import Book, Scope
from engine.definitions.source import Entry

#: The one milestone that actions do not bring about: a task's end of type closed does.
HANDLED = "handled"


def compiled(reader: Reader, book: Book, entry: Entry | None) -> dict[str, Milestone]:
    """Milestone → what the file says of it; problems are noted with the reader."""
    if entry is None:
        return {}
    keys = reader.section(entry.value, "facts")
    return {name: _milestone(reader, book, name, keys[name]) for name in MILESTONES if name in keys}


def _milestone(reader: Reader, book: Book, name: str, entry: Entry) -> Milestone:
    keys = reader.section(entry.value, "fact")
    given = {key: reader.words(keys[key].value) if key in keys else () for key in ("by", "deadline", "of")}
    scopes = [*book.kinds.values()] if MILESTONES[name].of_task else [book.ticket]
    actions = {action for scope in scopes for action in _actions(scope)}
    kinds = [kind for kind, scope in book.kinds.items() if scope.of is Owner.DEPARTMENT]
    if name == HANDLED:
        _needs(reader, name, entry, given["of"], "of", given["by"], "by")
    else:
        _needs(reader, name, entry, given["by"], "by", given["of"], "of")
    if given["deadline"] and not MILESTONES[name].timed:
        reader.refuse(
            given["deadline"][0].line, f"“{name}”没有按时与否，不写 deadline", f"'{name}' is never late: no `deadline`"
        )
    return Milestone(
        field=_field(reader, book, keys),
        by=frozenset(_known(reader, given["by"], actions, "动作", "action")),
        deadlines=frozenset(_known(reader, given["deadline"], book.deadlines, "时限", "deadline")),
        of=frozenset(_known(reader, given["of"], kinds, "部门任务种类", "kind of task of a department")),
    )


def _field(reader: Reader, book: Book, keys: Mapping[str, Entry]) -> str:
    """The field that must say yes; a mistake is noted with the reader."""
    if "field" not in keys:
        return ""
    name = reader.text(keys["field"].value)
    found = book.fields.get(name)
    if found is None or found.type is not FieldType.YES_NO:
        reader.refuse(keys["field"].line, f"“{name}”不是是非字段", f"'{name}' is no yes-or-no field")
    return name


def _known(reader: Reader, given: tuple[Word, ...], names: object, zh: str, en: str) -> Iterator[str]:
    return (word.text for word in given if reader.known(word, names, zh, en))  # type: ignore[arg-type]


def _needs(
    reader: Reader, name: str, entry: Entry, wanted: object, needs: str, unwanted: tuple[Word, ...], never: str
) -> None:
    if not wanted:
        reader.refuse(entry.line, f"“{name}”要写明 {needs}", f"'{name}' needs `{needs}`")
    if unwanted:
        reader.refuse(unwanted[0].line, f"“{name}”不能写 {never}", f"'{name}' takes no `{never}`")


def _actions(scope: Scope) -> Iterator[str]:
    """The names of everything that can be done in a scope."""
    yield from scope.starts
    yield from scope.common
    for state in scope.states.values():
        yield from state.actions
    for request in scope.requests.values():
        yield request.name
        yield from request.answers
