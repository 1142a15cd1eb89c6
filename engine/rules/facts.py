"""What a case answers to the conditions of its file."""

from engine.rules.case import Case, Task
from engine.rules.memory import Memory
from engine.vocabulary import StateType

_DONE = ("done", "closed")


class CaseFacts:
    """Answers a condition about a ticket, or about one of its tasks (whose counters and marks come first)."""

    __slots__ = ("_case", "_task")

    def __init__(self, case: Case, task: Task | None = None) -> None:
        self._case, self._task = case, task

    def _memory(self, name: str, declared: str) -> Memory:
        task = self._task
        if task is not None and name in getattr(self._case.definition.tasks[task.kind], declared):
            return task.memory
        return self._case.ticket.memory

    def counter(self, name: str) -> int:
        return self._memory(name, "counters").counters.get(name, 0)

    def mark(self, name: str) -> bool:
        return name in self._memory(name, "marks").marks

    def choice(self, field: str) -> str | None:
        return self._case.ticket.memory.choices.get(field)

    def given(self, field: str) -> bool:
        if field == "item":
            return self._case.ticket.item is not None
        if field == "urgency":
            return self._case.ticket.urgency is not None
        return field in self._case.ticket.memory.choices

    def in_state(self, state: str) -> bool:
        return self._case.ticket.state == state

    def is_lead(self) -> bool:
        return self._task is not None and self._task.lead

    def main_is(self, state_type: str) -> bool:
        return self._case.ticket.main_type == state_type

    def open_subs(self) -> int:
        return self._case.ticket.open_subs

    def open_requests(self, name: str) -> int:
        return sum(
            1 for ask in self._case.open_asks(name) if self._task is None or ask.task_seq in (None, self._task.seq)
        )

    def joined(self, kind: str) -> bool:
        """An empty set never satisfies a join."""
        live = [task for task in self._case.round_of(kind) if task.live]
        join = self._case.definition.tasks[kind].join
        if join.lead:
            return any(task.lead and task.type is StateType.CLOSED for task in live)
        closed = sum(1 for task in live if task.type is StateType.CLOSED)
        return bool(live) and closed >= join.needed(len(live))

    def tasks(self, kind: str, word: str) -> tuple[int, int]:
        # A void task is one of all only where void ones are asked for.
        void = word == "void" or _means_void(self._case, kind, word)
        asked = [task for task in self._case.round_of(kind) if task.live or void]
        return sum(1 for task in asked if _is(task, word)), len(asked)


def _means_void(case: Case, kind: str, word: str) -> bool:
    state = case.definition.tasks[kind].states.get(word)
    return state is not None and state.type is StateType.VOID


def _is(task: Task, word: str) -> bool:
    if word == "any":
        return task.live
    if word == "open":
        return task.open
    if word in _DONE:
        return task.type is StateType.CLOSED or task.state == word
    return task.type is StateType.VOID if word == "void" else task.state == word
