"""First walk over a file: what is declared, before any action is compiled.

A *scope* is the ticket itself or one kind of task: each has its own states, counters, marks, requests, actions.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from engine.definitions.model import (
    Deadline,
    Field,
    FieldType,
    Join,
    Meeting,
    Owner,
    Quota,
    Role,
    Title,
)
from engine.definitions.names import CHOICE_ALIASES, FIELD_ALIASES, YES_NO
from engine.definitions.reading import Word
from engine.definitions.sentences import Names
from engine.definitions.source import Entry, Node
from engine.definitions.words import Words
from engine.vocabulary import Stage, StateType

#: The keys of one action, ask or answer, by the grammar's own names.
Keys = Mapping[str, Entry]


@dataclass(slots=True, kw_only=True)
class StateHead:
    """A state before its actions are compiled."""

    name: str
    title: Title
    line: int
    type: StateType | None = None
    stage: Stage | None = None
    final: bool = False
    tasks: tuple[Word, ...] = ()
    deadlines: tuple[Word, ...] = ()
    turn: tuple[Word, ...] | None = None
    actions: dict[str, Keys] = field(default_factory=dict)


@dataclass(slots=True, kw_only=True)
class RequestHead:
    """A request before its ask and answers are compiled."""

    name: str
    title: Title
    line: int
    ask: Keys
    states: tuple[Word, ...]
    answers: Mapping[str, Keys]
    pauses: tuple[Word, ...] = ()
    deadlines: tuple[Word, ...] = ()


@dataclass(slots=True, kw_only=True)
class Scope:
    """The ticket, or one kind of task."""

    kind: str | None
    line: int
    title: Title = field(default_factory=lambda: Title("", ""))
    of: Owner | None = None
    join: Join | None = None
    quota: Quota | None = None
    #: Roles that hand out the links of these tasks.
    links: tuple[Word, ...] = ()
    counters: dict[str, Title] = field(default_factory=dict)
    marks: dict[str, Title] = field(default_factory=dict)
    #: Where the counters and marks are declared.
    lines: dict[str, int] = field(default_factory=dict)
    states: dict[str, StateHead] = field(default_factory=dict)
    starts: dict[str, Keys] = field(default_factory=dict)
    common: dict[str, tuple[tuple[Word, ...], Keys]] = field(default_factory=dict)
    requests: dict[str, RequestHead] = field(default_factory=dict)
    #: Titles once per name of action, with the line where it was given.
    titles: dict[str, tuple[Title, int]] = field(default_factory=dict)

    def actions(self) -> Iterator[tuple[str, Keys]]:
        """Every action, ask and answer written in this scope, by name."""
        yield from self.starts.items()
        for state in self.states.values():
            yield from state.actions.items()
        for name, (_, keys) in self.common.items():
            yield name, keys
        for request in self.requests.values():
            yield request.name, request.ask
            yield from request.answers.items()


@dataclass(slots=True, kw_only=True)
class Book:
    """Everything a file declares."""

    words: Words
    posts: dict[str, Title] = field(default_factory=dict)
    levels: dict[str, Title] = field(default_factory=dict)
    #: What this loop calls things, complete.
    own_words: dict[str, Title] = field(default_factory=dict)
    roles: dict[str, Role] = field(default_factory=dict)
    #: The actions that roles exclude, with their lines.
    excluded: list[Word] = field(default_factory=list)
    #: Standard fields and the file's own.
    fields: dict[str, Field] = field(default_factory=dict)
    declared_fields: set[str] = field(default_factory=set)
    deadlines: dict[str, Deadline] = field(default_factory=dict)
    #: Deadlines that start under a condition only.
    conditional: dict[str, Node] = field(default_factory=dict)
    ladders: dict[str, tuple[Keys, ...]] = field(default_factory=dict)
    meetings: dict[str, Meeting] = field(default_factory=dict)
    ticket: Scope = field(default_factory=lambda: Scope(kind=None, line=1))
    kinds: dict[str, Scope] = field(default_factory=dict)

    def scopes(self) -> Iterator[Scope]:
        yield self.ticket
        yield from self.kinds.values()

    def action_names(self) -> set[str]:
        """Every action of the file."""
        return {name for scope in self.scopes() for name, _ in scope.actions()}

    def hosts(self, kind: str) -> list[StateHead]:
        """The ticket's states in which this kind of task may work."""
        return [state for state in self.ticket.states.values() if any(word.text == kind for word in state.tasks)]

    def running(self, scope: Scope, state: str) -> set[str]:
        """The deadlines that may run in a state: its own, and for a task those of the ticket meanwhile."""
        names = {word.text for word in scope.states[state].deadlines} if state in scope.states else set()
        if scope.kind is not None:
            names |= {word.text for host in self.hosts(scope.kind) for word in host.deadlines}
        return names

    def names(self, scope: Scope) -> Names:
        """The words that a condition in this scope may use; a task sees its ticket's as well."""
        seen = (self.ticket, scope) if scope.kind else (scope,)
        # The ticket hears what is asked of any of its tasks; a task hears what is asked of itself.
        asked = seen if scope.kind else tuple(self.scopes())
        return Names(
            counters=frozenset(name for each in seen for name in each.counters),
            marks=frozenset(name for each in seen for name in each.marks),
            choices={name: frozenset(_choices(found)) for name, found in self.fields.items() if _branches(found)},
            fields=frozenset(name for name, found in self.fields.items() if not found.personal),
            states=frozenset(self.ticket.states),
            requests=frozenset(name for each in asked for name in each.requests),
            kinds={name: frozenset(kind.states) for name, kind in self.kinds.items()},
            in_task=scope.kind is not None,
            personal=frozenset(name for name, found in self.fields.items() if found.personal),
            spelt=FIELD_ALIASES | CHOICE_ALIASES,
        )


def _branches(found: Field) -> bool:
    return found.type in (FieldType.CHOICE, FieldType.YES_NO) and not found.personal


def _choices(found: Field) -> Mapping[str, Title]:
    return YES_NO if found.type is FieldType.YES_NO else found.of
