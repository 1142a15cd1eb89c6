"""What a list asks of a ticket: keys that must all hold, `any:` for alternatives; never code."""

from collections.abc import Iterable, Mapping

from engine.definitions.rhythm import AllOf, AnyOf, Atom, Wanted
from engine.definitions.rhythm_reader import RhythmReader, spelt, titled
from engine.definitions.source import Entry, Items, Node
from engine.definitions.spans import parse_limit

_TRUE = ("open", "overdue", "carded", "provisional", "suspended")
_SPANS = ("due_within", "idle_for")
_GROUPS = ("any", "all")
#: Word of the closed vocabularies → its key there, and how it is called.
_CLOSED = {
    "stage": ("stages", "阶段", "stage"),
    "state_type": ("state types", "未结状态的性质", "type of an open state"),
    "urgency": ("urgencies", "紧急程度", "urgency"),
}


def condition(reader: RhythmReader, node: Node) -> AllOf:
    """Every key of a mapping holds; a mapping without keys is refused, because `open: true` says it aloud."""
    entries = reader.keys(node, "list")
    if not entries:
        reader.refuse(
            node.line, "名单没有条件；要列全部未结案卷请写 open: true", "no condition: for all write `open: true`"
        )
    return AllOf(tuple(_parts(reader, entries)))


def _parts(reader: RhythmReader, entries: Mapping[str, Entry]) -> Iterable[Wanted]:
    for name, entry in entries.items():
        found = _group(reader, name, entry.value) if name in _GROUPS else _atom(reader, name, entry.value)
        if found is not None:
            yield found


def _group(reader: RhythmReader, name: str, node: Node) -> Wanted:
    """Under `any` and `all` stand the keys of a mapping, or a list of mappings."""
    if isinstance(node, Items):
        parts: tuple[Wanted, ...] = tuple(condition(reader, item) for item in node.items)
    else:
        parts = condition(reader, node).parts
    if isinstance(node, Items) and not parts:
        reader.refuse(node.line, f"“{name}”下没有条件", f"there is no condition below '{name}'")
    return AnyOf(parts) if name == "any" else AllOf(parts)


def _atom(reader: RhythmReader, name: str, node: Node) -> Atom | None:
    if name in _TRUE:
        return Atom(name=name) if reader.yes(node) else None
    if name in _SPANS:
        span = reader.parsed(node, parse_limit)
        return Atom(name=name, span=span) if span else None
    words = _words(reader, name, node)
    return Atom(name=name, words=words) if words else None


def _words(reader: RhythmReader, name: str, node: Node) -> tuple[str, ...]:
    if name in _CLOSED:
        vocabulary, zh, en = _CLOSED[name]
        return reader.some_of(node, spelt(vocabulary), zh, en)
    installation = reader.installation
    if name == "workflow":
        return reader.some_of(node, {key: key for key in installation.workflows}, "流程", "workflow")
    if name == "state":
        states = {state for each in installation.workflows.values() for state in each}
        return reader.some_of(node, {state: state for state in sorted(states)}, "未结状态", "open state")
    lights = name == "light"
    words = installation.words.lights if lights else installation.words.cards
    return reader.some_of(node, titled(words), "灯色" if lights else "牌色", name)
