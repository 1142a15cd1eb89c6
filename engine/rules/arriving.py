"""A ticket or a task arrives in a state: deadlines end and start, requests that no longer fit lapse, tasks stop."""

from typing import Any

from engine.rules import cards, deadlines
from engine.rules.acts import CommandKind
from engine.rules.case import Ask, RequestState, Run, Task
from engine.rules.doing import Doing
from engine.rules.draft import Draft
from engine.vocabulary import SETTLED, StateType

#: The void end that every kind of task has.
WITHDRAWN = "withdrawn"


def enter_task(doing: Doing, task: Task, new: str) -> None:
    """A task arrives in a state: deadlines end and start, requests that no longer fit lapse."""
    draft = doing.draft
    state = draft.definition.tasks[task.kind].states[new]
    task.state, task.type, task.entered_at = new, state.type, draft.at
    task.memory.moments = {}
    task.settled_at = draft.at if state.type in SETTLED else None
    ended = Run.STOPPED if state.type is StateType.VOID else Run.MET
    running = list(draft.timers_of(task))
    deadlines.end(draft, (timer for timer in running if timer.name not in state.deadlines), ended)
    deadlines.start(draft, _not_running(state.deadlines, running), task, None)
    _lapse(doing, task, new)


def enter_ticket(doing: Doing, new: str) -> None:
    """The ticket arrives in a state: tasks that may not work there stop, deadlines end and start, others are told."""
    draft, ticket = doing.draft, doing.draft.ticket
    state = draft.definition.states[new]
    for kind in state.tasks:
        # A round is one visit to the states that list its kind: what a former visit finished joins nothing now.
        if kind not in doing.begun and kind not in doing.working_here():
            doing.next_round(kind)
    ticket.state, ticket.visit, ticket.entered_at = new, doing.event_seq, draft.at
    ticket.memory.moments = {}
    ticket.state_version += 1
    for task in list(draft.tasks.values()):
        if task.open and task.kind not in state.tasks:
            withdraw(doing, task)
    running = list(draft.timers_of(None))
    ended = Run.STOPPED if state.type is StateType.VOID else Run.MET
    deadlines.end(draft, (timer for timer in running if timer.name not in state.deadlines), ended)
    deadlines.start(draft, _not_running(state.deadlines, running), None, None)
    _lapse(doing, None, new)
    if state.type not in SETTLED:
        ticket.settled_at = None
        return
    ticket.level = ""
    if cleared := cards.settle(draft, state.type, doing.event_seq):
        doing.facts["cleared"] = cleared
    ticket.settled_at = ticket.settled_at or draft.at
    if ticket.joined_here:
        draft.command(CommandKind.MAIN_MOVED)
    if ticket.parent_id is not None:
        draft.command(CommandKind.SUB_SETTLED, ticket.parent_id)


def withdraw(doing: Doing, task: Task) -> None:
    """Stop an unfinished task."""
    enter_task(doing, doing.draft.task(task.seq), WITHDRAWN)
    doing.note("withdrawn", task.seq)


def _not_running(names: tuple[str, ...], running: list[Any]) -> tuple[str, ...]:
    """A deadline that both states list runs on."""
    there = {timer.name for timer in running}
    return tuple(name for name in names if name not in there)


def _lapse(doing: Doing, task: Task | None, state: str) -> None:
    draft = doing.draft
    for ask in list(draft.open_asks()):
        if ask.task_seq == (task.seq if task else None) and state not in draft.scope(task).requests[ask.name].states:
            settle_ask(draft, ask, RequestState.LAPSED, None)
            doing.note("lapsed", ask.seq)


def settle_ask(draft: Draft, open_ask: Ask, state: RequestState, answer: str | None) -> None:
    """A request is answered or lapses; what it paused goes on, unless another open one pauses it too."""
    ask = draft.ask(open_ask.seq)
    ask.state, ask.answer, ask.settled_at = state, answer, draft.at
    task = draft.tasks[ask.task_seq] if ask.task_seq is not None else None
    deadlines.end(draft, draft.timers_of(task, ask), Run.MET if answer else Run.STOPPED)
    pauses = draft.scope(task).requests[ask.name].pauses
    still = {
        name
        for other in draft.open_asks()
        if other.task_seq == ask.task_seq
        for name in draft.scope(task).requests[other.name].pauses
    }
    for timer in draft.timers_of(task):
        if timer.name in pauses and timer.name not in still and timer.resumes_at is None:
            deadlines.resume(draft, timer.seq)
