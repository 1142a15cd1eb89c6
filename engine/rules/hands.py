"""In whose hands a ticket was, from each event of its history to the next: pure, told by its tasks and requests."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from engine.clock import Instant
from engine.definitions.model import RULE, State
from engine.rules.calendars import WorkCalendar
from engine.rules.case import Ask, Case, Task
from engine.vocabulary import SETTLED, StateType

#: Where nobody is waited for.
_OVER = (*SETTLED, StateType.JOINED)


@dataclass(frozen=True, slots=True)
class Moment:
    """An event, and the ticket's state after it."""

    seq: int
    at: Instant
    state: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Stretch:
    """From one event to the next, or to now."""

    #: The event it begins with.
    seq: int
    since: Instant
    until: Instant
    #: Names of roles for whoever's move it is; `d<id>` and `p<id>` for the owners of open tasks. Empty for nobody.
    holders: tuple[str, ...]
    #: Working time of the ticket's calendar.
    worked: int
    #: Nothing has happened since.
    ongoing: bool

    @property
    def span(self) -> int:
        return self.until - self.since


def stretches(case: Case, moments: Sequence[Moment], now: Instant, calendar: WorkCalendar) -> Iterator[Stretch]:
    """The history as stretches, the oldest first; the time after a ticket is settled is in no hands and left out."""
    for number, moment in enumerate(moments):
        later = moments[number + 1] if number + 1 < len(moments) else None
        until = max(moment.at, later.at if later else now)
        holders = tuple(dict.fromkeys(_holders(case, moment, later)))
        if until > moment.at and (holders or case.definition.states[moment.state].type not in _OVER):
            yield Stretch(
                seq=moment.seq,
                since=moment.at,
                until=until,
                holders=holders,
                worked=calendar.measure(moment.at, until),
                ongoing=later is None,
            )


def _holders(case: Case, moment: Moment, later: Moment | None) -> Iterator[str]:
    """Whose move the state is, then the owners of the tasks that were open."""
    # Seqs are given in order: what an act opened comes before the next act's event.
    end = later.seq if later else case.ticket.last_seq + 1
    asks = [ask for ask in case.asks.values() if ask.seq < end and _lasts(ask.settled_at, moment)]
    state = case.definition.states[moment.state]
    waited = _answering(case, asks, None)
    yield from waited or (() if _waits_for_tasks(state) else state.turn)
    for task in case.tasks.values():
        if task.seq < end and _lasts(task.settled_at, moment):
            yield from _answering(case, asks, task) or [_owner(task)]


def _lasts(settled_at: Instant | None, moment: Moment) -> bool:
    return settled_at is None or settled_at > moment.at


def _answering(case: Case, asks: Sequence[Ask], task: Task | None) -> list[str]:
    """Who must answer what was asked of it: while its clock stands for that, it is not in its owner's hands."""
    requests = case.scope(task).requests
    return [
        role
        for ask in asks
        if ask.task_seq == (task.seq if task else None) and requests[ask.name].pauses
        for answer in requests[ask.name].answers.values()
        for role in sorted(answer.by_people())
    ]


def _owner(task: Task) -> str:
    return f"d{task.department_id}" if task.department_id is not None else f"p{task.person_id}"


def _waits_for_tasks(state: State) -> bool:
    """A state that a rule leaves when its tasks are done is nobody's move but theirs."""
    return bool(state.tasks) and any(RULE in action.by for action in state.actions.values())
