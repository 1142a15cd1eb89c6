"""One action being done: what it was given, and what its event will say."""

from dataclasses import dataclass, field
from typing import Any

from engine.definitions.model import Action, Request
from engine.rules.case import Actor, Ask, Task
from engine.rules.draft import Draft
from engine.rules.forms import Filled
from engine.rules.permissions import Standing


@dataclass(slots=True, kw_only=True)
class Doing:
    """One action being done: its inputs, and what its event will say."""

    draft: Draft
    action: Action
    task: Task | None
    actor: Actor
    capacity: Standing
    filled: Filled
    answers: dict[int, Filled]
    event_seq: int
    answered: Ask | None = None
    asked: Request | None = None
    request_seq: int | None = None
    facts: dict[str, Any] = field(default_factory=dict)
    personal: dict[str, Any] = field(default_factory=dict)
    #: Tasks sent by this action.
    sent: list[Task] = field(default_factory=list)
    #: Kinds whose round was begun by this action.
    begun: set[str] = field(default_factory=set)

    def value(self, name: str) -> Any:
        """A field of the form, or, for an answer, of the request it answers."""
        value = self.filled.get(name)
        return self.answered.form.get(name) if value is None and self.answered else value

    def note(self, key: str, value: Any) -> None:
        """Add one line to a list in the event's facts."""
        self.facts.setdefault(key, []).append(value)

    def next_round(self, kind: str) -> int:
        """Begin a round of the kind, once per action."""
        rounds = self.draft.ticket.memory.rounds
        if kind not in self.begun:
            self.begun.add(kind)
            rounds[kind] = rounds.get(kind, 0) + 1
            self.draft.ticket.state_version += 1
        return rounds[kind]

    def working_here(self) -> tuple[str, ...]:
        """The kinds of task that the ticket's present state lists; none before its first."""
        state = self.draft.definition.states.get(self.draft.ticket.state)
        return state.tasks if state else ()
