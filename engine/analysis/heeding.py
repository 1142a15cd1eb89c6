"""Which counters, marks and choices of its ticket an act heeds, with everything that may follow from it.

What of these it neither asks for nor writes stays as it is and decides nothing: so an act is done once for all cases
that differ in nothing else, and what it brings about is carried over to each of them (`docs/soundness.md`).
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from engine.analysis.slicing import Reads
from engine.definitions.conditions import Asked, Choice, Condition, Counter, Given, Joined, Mark, Nobody, Tasks
from engine.definitions.model import RULE, Action, State, Step, TaskSet, Workflow
from engine.definitions.walk import actions_of, every_action
from engine.rules.case import Case
from engine.rules.facts import CaseFacts
from engine.rules.memory import Memory

#: What `given` asks of the ticket's own row.
_OWN_ROW = ("item", "urgency")


@dataclass(frozen=True, slots=True, eq=False)
class Values:
    """The counters, marks and choices of a ticket. Of equal ones there is one in a `Book`, so they compare fast."""

    counters: Mapping[str, int]
    marks: frozenset[str]
    choices: Mapping[str, str]

    def of(self, name: str) -> tuple[Any, ...]:
        """All that is known by a name."""
        return (self.counters.get(name), name in self.marks, str(self.choices.get(name)))


class Book:
    """Every combination of values that was met."""

    def __init__(self) -> None:
        self._known: dict[tuple[Any, ...], Values] = {}

    def of(self, memory: Memory) -> Values:
        """The values that a ticket remembers."""
        return self.one(memory.counters, memory.marks, memory.choices)

    def one(self, counters: Mapping[str, int], marks: frozenset[str], choices: Mapping[str, str]) -> Values:
        key = (
            frozenset(counters.items()), marks, frozenset((name, str(value)) for name, value in choices.items()),
        )  # fmt: skip
        found = self._known.get(key)
        if found is None:
            found = self._known[key] = Values(dict(counters), marks, dict(choices))
        return found


@dataclass(frozen=True, slots=True, eq=False)
class Heed:
    """What one act heeds of its ticket's values."""

    book: Book
    #: What is asked of values that are not written.
    asked: tuple[Condition, ...]
    written: tuple[str, ...]
    #: Kinds of task with their states that are asked for.
    words: frozenset[tuple[str, str]]
    #: Requests that are asked about.
    requests: frozenset[str]
    #: Of what is written, all that is not cleared before anything asks for it.
    told: tuple[str, ...]
    #: Kinds of task whose round it ends before anything asks for them.
    over: frozenset[str]
    _seen: dict[Values, tuple[Any, ...]] = field(default_factory=dict)
    _after: dict[tuple[Values, Values], Values] = field(default_factory=dict)

    def sees(self, values: Values, case: Callable[[], Case]) -> tuple[Any, ...]:
        """All that the act can tell of these values; of a case that has them the answers are taken."""
        found = self._seen.get(values)
        if found is None:
            facts = CaseFacts(case())
            found = (*(atom.holds(facts) for atom in self.asked), *(values.of(name) for name in self.told))
            self._seen[values] = found
        return found

    def carried(self, before: Values, after: Values) -> Values:
        """The values that an act leaves which has left `after` elsewhere, where it saw the same."""
        found = self._after.get((before, after))
        if found is None:
            found = self._after[before, after] = self._merged(before, after)
        return found

    def _merged(self, before: Values, after: Values) -> Values:
        written = set(self.written)

        def kept(mine: Mapping[str, Any], theirs: Mapping[str, Any]) -> dict[str, Any]:
            own = {name: value for name, value in mine.items() if name not in written}
            return own | {name: value for name, value in theirs.items() if name in written}

        marks = frozenset((before.marks - written) | (after.marks & written))
        return self.book.one(kept(before.counters, after.counters), marks, kept(before.choices, after.choices))


class Heeds:
    """What the acts of a file heed: by the state in which they are done, rather too much than too little."""

    def __init__(self, workflow: Workflow, book: Book, always: Iterable[str] = ()) -> None:
        self.workflow, self.book = workflow, book
        self._always = frozenset(always)
        tasks = [one for kind in workflow.tasks.values() for one in actions_of(kind.states) if RULE in one.by]
        starting = [deadline.when for deadline in workflow.deadlines.values()]
        #: What may follow anywhere: rules of tasks, and deadlines that start.
        self._anywhere = (tuple(tasks), tuple(starting))
        #: Whether tasks may move of themselves as something else is done.
        self.tasks_move = bool(tasks)
        #: Whether anything asks who has the lead among other tasks.
        self.leads = any(kind.join.lead for kind in workflow.tasks.values())
        self._known: dict[tuple[Any, ...], Heed] = {}
        self._made: dict[tuple[Any, ...], Heed] = {}

    def of(self, state: str, action: Action | None, *, of_task: bool = False) -> Heed:
        """What is heeded as an action, or nothing but what rules demand, is done with the ticket in a state."""
        key = (state, id(action))
        found = self._known.get(key)
        if found is None:
            over, cleared = _ended(action) if action is not None and not of_task else (frozenset(), frozenset())
            acts = (action,) if action is not None else ()
            found = self._known[key] = self._of(state, acts, (), cleared - self._always, over)
        return found

    def named(self, state: str, name: str, step: Step | None) -> Heed:
        """The same for whatever is called so, wherever it is declared: what a rung makes the clock do."""
        key = (state, name, id(step))
        found = self._known.get(key)
        if found is None:
            acts = tuple(action for action in every_action(self.workflow) if action.name == name)
            asked = (step.when,) if step is not None else ()
            found = self._known[key] = self._of(state, acts, asked, frozenset(), frozenset())
        return found

    def _of(
        self, state: str, actions: tuple[Action, ...], more: tuple[Condition | None, ...], cleared: frozenset[str],
        over: frozenset[str],
    ) -> Heed:  # fmt: skip
        rules, starting = self._anywhere
        begun = {state, *(action.to for action in actions if action.to)}
        acts = [*actions, *rules, *(rule for one in self._beyond(begun) for rule in _rules(one))]
        written = self._always.union(*(_writes(action) for action in acts))
        conditions = (*(action.when for action in acts), *starting, *more)
        atoms = dict.fromkeys(atom for one in conditions if one is not None for atom in one.atoms())
        asked = tuple(atom for atom in atoms if _is_of_values(atom) and not Reads.of([atom]).names & written)
        words = {(atom.kind, atom.word) for atom in atoms if isinstance(atom, Tasks)}
        requests = {atom.request for atom in atoms if isinstance(atom, Asked)}
        made = (frozenset(asked), written, frozenset(words), frozenset(requests), cleared, over)
        if made not in self._made:
            told = tuple(sorted(written - cleared))
            self._made[made] = Heed(self.book, asked, tuple(sorted(written)), made[2], made[3], told, over)
        return self._made[made]

    def _beyond(self, begun: set[str]) -> Iterator[State]:
        """The states to which rules may lead from these, with themselves."""
        there, waiting = set(begun), list(begun)
        while waiting:
            state = self.workflow.states.get(waiting.pop())
            if state is None:
                continue
            yield state
            further = {rule.to for rule in _rules(state) if rule.to} - there
            there |= further
            waiting += further


def _ended(action: Action) -> tuple[frozenset[str], frozenset[str]]:
    """Kinds of task whose round a ticket's action ends, and what it clears, that its own condition does not ask for."""
    atoms = list(action.when.atoms()) if action.when is not None else []
    kinds = {atom.kind for atom in atoms if isinstance(atom, Tasks | Joined | Nobody)}
    over = {kind for kind, which in action.withdraws.items() if which is TaskSet.ALL and kind not in action.reopens}
    return frozenset(over - kinds), frozenset(set(action.clears) - Reads.of([action.when]).names - {*action.counts})


def _is_of_values(atom: Condition) -> bool:
    if isinstance(atom, Given):
        return atom.field not in _OWN_ROW
    return isinstance(atom, Counter | Mark | Choice)


def _rules(state: State) -> list[Action]:
    return [action for action in state.actions.values() if RULE in action.by]


def _writes(action: Action) -> set[str]:
    return {*action.counts, *action.clears, *action.sets, *(item.name for item in action.form)}
