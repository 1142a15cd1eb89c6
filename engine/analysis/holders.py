"""In which stage and in whose hands a ticket lies, event by event: spans for the facts. Pure."""

from collections.abc import Iterator
from dataclasses import dataclass

from engine.clock import Instant
from engine.definitions.model import RULE, State
from engine.rules.case import Case, Task
from engine.vocabulary import SETTLED, StateType

#: Where nobody is waited for.
_OVER = frozenset({*SETTLED, StateType.JOINED})
#: A stage and a department; None for the block and the desk.
_Hold = tuple[str, int | None]


@dataclass(slots=True)
class Span:
    """A ticket lay in a stage, in somebody's hands."""

    stage: str
    #: None for the block and the desk.
    department_id: int | None
    since_at: Instant
    until_at: Instant | None = None


class Spans:
    """Gathers spans; what goes on as it was is one span, however many events it holds."""

    def __init__(self) -> None:
        self._all: list[Span] = []
        self._open: dict[_Hold, Span] = {}

    def book(self, department: int | None, since: Instant, at: Instant) -> None:
        """Book a department's time to the desk: a return that is let go says that it never was its own."""
        booked: list[Span] = []
        for span in self._all:
            end = at if span.until_at is None else span.until_at
            if span.department_id == department and end > since:
                booked.append(Span(span.stage, None, max(since, span.since_at), end))
                span.until_at = max(since, span.since_at)
        self._open = {hold: span for hold, span in self._open.items() if span.until_at is None}
        self._all = [span for span in (*self._all, *booked) if span.until_at is None or span.until_at > span.since_at]

    def add(self, case: Case, at: Instant) -> list[Span]:
        """The ticket after an event; every span so far, in the order in which they began."""
        now = dict.fromkeys(_holds(case))
        for hold in [hold for hold in self._open if hold not in now]:
            self._open.pop(hold).until_at = at
        for stage, department in now:
            if (stage, department) not in self._open:
                span = self._open[stage, department] = Span(stage, department, at)
                self._all.append(span)
        # What came and went in one moment was in nobody's hands.
        self._all = [span for span in self._all if span.until_at is None or span.until_at > span.since_at]
        self._all.sort(key=lambda span: span.since_at)
        return self._all


def _holds(case: Case) -> Iterator[_Hold]:
    """Each department that has an open task, unless an answer is owed to it; the desk where the move is its own."""
    state = case.definition.states[case.ticket.state]
    if state.type in _OVER or case.ticket.main_id is not None:
        return
    stage = state.stage.value if state.stage else ""
    working = [task for task in case.tasks.values() if task.open and task.department_id is not None]
    theirs = [task.department_id for task in working if not _answered_elsewhere(case, task)]
    yield from ((stage, department) for department in theirs)
    if len(theirs) < len(working) or not theirs or not _waits_for_tasks(state):
        yield stage, None


def _answered_elsewhere(case: Case, task: Task) -> bool:
    """Whether its clock stands until somebody else answers: a return that waits for a ruling."""
    requests = case.scope(task).requests
    return any(requests[ask.name].pauses for ask in case.open_asks(task_seq=task.seq))


def _waits_for_tasks(state: State) -> bool:
    """A state that a rule leaves when its tasks are done is nobody's move but theirs."""
    return bool(state.tasks) and any(RULE in action.by for action in state.actions.values())
