"""What the clock does to a ticket: rungs of its ladders, forced actions, suspensions that are over. Pure.

A rung that fires an action does so as the actor `clock`, through the same `examine` and `perform` as everybody. Rungs
missed while nobody looked are made up for in order of time, in one act: each event happened (`at`) at its rung's time,
a forced action is done only if it is still allowed, and whoever is told is told once.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from engine.clock import Instant
from engine.definitions.model import Step
from engine.errors import Endless, HuyingError
from engine.rules import cards, deadlines, rungs
from engine.rules.acts import Act, Decision, Reached
from engine.rules.almanac import Almanac
from engine.rules.case import THE_CLOCK, Case, Run, Task, Timer
from engine.rules.decide import Target, examine, perform, settle
from engine.rules.draft import Draft
from engine.rules.effects import tell_roles
from engine.rules.facts import CaseFacts
from engine.rules.forms import Filled
from engine.rules.permissions import Standing

#: Events that the engine writes by itself: a rung was reached, a suspension is over, a calendar's new version counts.
RUNG, RESUMED, RECOUNTED = "rung", "resumed", "recounted"
#: Rungs and resumptions of one act; a file that needs more leads in a circle.
MOST_STEPS = 200

_CAPACITY = Standing(THE_CLOCK.name)


@dataclass(frozen=True, slots=True, order=True)
class _Come:
    """Something of a deadline that has come."""

    at: Instant
    seq: int
    #: Which rung; -1 for the end of a suspension.
    rung: int


def escalate(case: Case, act: Act, now: Instant, almanac: Almanac) -> Decision | None:
    """Everything that has come for a ticket by `now`; None when nothing has.

    1. count again what an older version of its calendar counted
    2. take the earliest rung that has come, or suspension that is over; at one moment in the file's order
    3. mark it dealt with; write its event at its own time, its card, its level, its notices
    4. do what it forces, if that is still allowed, and what rules demand then
    5. go on from 2 until nothing is left
    The decision may hold no event: then only what the rows remember was brought up to date.
    Errors: raises the refusal of a rule, and `Endless`: faults of the file.
    """
    draft = Draft(case, act, now, almanac)
    _recount(draft)
    for _ in range(MOST_STEPS):
        come = _next(draft, now)
        if come is None:
            break
        draft.act = replace(act, claimed_at=come.at)
        if come.rung < 0:
            _resume(draft, come)
        else:
            _climb(draft, come)
    else:
        raise Endless("时钟的办理没有尽头", "what the clock does never ends", ticket=case.ticket.case_no)
    if not draft.decision.events and not draft.touched:
        return None
    return draft.finish()


def clock_act(salt: bytes = b"", algorithm: str = "sha256") -> Act:
    """The act of the clock: no form, no key."""
    return Act(action=RUNG, actor=THE_CLOCK, salt=salt, algorithm=algorithm)


def _next(draft: Draft, now: Instant) -> _Come | None:
    found: _Come | None = None
    for timer in list(draft.timers.values()):
        if timer.next_at is None or timer.next_at > now:
            continue
        come = _of(draft, timer)
        if come is None or come.at > now:
            # The row remembered a moment that is not the next any more: put right, or every sweep would come back.
            deadlines.look(draft.timer(timer.seq), draft.definition, draft.calendar_of(timer.name))
        elif found is None or come < found:
            found = come
    return found


def _of(draft: Draft, timer: Timer) -> _Come | None:
    if timer.run is Run.PAUSED:
        return _Come(timer.resumes_at, timer.seq, -1) if timer.resumes_at is not None else None
    way = rungs.climb(draft.definition, draft.definition.deadlines[timer.name])
    coming = rungs.first(timer, way, draft.calendar_of(timer.name))
    return _Come(coming[0], timer.seq, coming[1]) if coming else None


def _recount(draft: Draft) -> None:
    moved = deadlines.recalendar(draft)
    if not moved:
        return
    said = [
        {"deadline": after.name, "timer": after.seq, "generation": after.generation, "was": before.due_at,
         "due": after.due_at, "provisional": after.provisional}
        for before, after in moved
    ]  # fmt: skip
    _write(draft, RECOUNTED, None, None, {"deadlines": said})


def _resume(draft: Draft, come: _Come) -> None:
    """A suspension is over: everything of the ticket that was suspended to this moment goes on from then."""
    timer = draft.timers[come.seq]
    task = draft.tasks[timer.task_seq] if timer.task_seq is not None else None
    over = [
        other.seq
        for other in draft.timers.values()
        if (other.run, other.resumes_at, other.task_seq) == (Run.PAUSED, come.at, timer.task_seq)
    ]
    event_seq = draft.seq()
    for seq in over:
        if _still_paused(draft, draft.timers[seq]):
            deadlines.wait(draft, seq)
        else:
            deadlines.resume(draft, seq, come.at)
    said = [
        {
            "deadline": other.name,
            "timer": seq,
            "generation": other.generation,
            "due": other.due_at,
            "provisional": other.provisional,
            "run": other.run.value,
        }
        for seq in over
        for other in (draft.timers[seq],)
    ]
    _write(draft, RESUMED, task, event_seq, {"deadlines": said})


def _still_paused(draft: Draft, timer: Timer) -> bool:
    """Whether an open request keeps it standing still beyond the end of its suspension."""
    scope = draft.scope(draft.tasks[timer.task_seq] if timer.task_seq is not None else None)
    return any(
        timer.name in scope.requests[ask.name].pauses
        for ask in draft.open_asks()
        if ask.task_seq == timer.task_seq and timer.request_seq is None
    )


def fire(draft: Draft, seq: int, rung: int, at: Instant) -> None:
    """One rung of one deadline as if it had come at that moment: what a check of a file asks, which knows no time.

    Errors: raises the refusal of a rule, and `Endless`: faults of the file.
    """
    _climb(draft, _Come(at, seq, rung))


def _climb(draft: Draft, come: _Come) -> None:
    timer = draft.timer(come.seq)
    way = rungs.climb(draft.definition, draft.definition.deadlines[timer.name])
    timer.handled |= 1 << come.rung
    deadlines.look(timer, draft.definition, draft.calendar_of(timer.name))
    task = draft.tasks[timer.task_seq] if timer.task_seq is not None else None
    step = way.step(come.rung)
    because: dict[str, Any] = {
        "deadline": timer.name,
        "timer": timer.seq,
        "generation": timer.generation,
        "rung": come.rung,
    }
    if timer.provisional:
        because["provisional"] = True
    event_seq = draft.ticket.last_seq + 1
    draft.decision.reached.append(
        Reached(
            deadline_seq=timer.seq, generation=timer.generation, rung=come.rung, at=come.at, event_seq=event_seq
        )
    )  # fmt: skip
    if step is None:
        _then(draft, timer, task, way.then or "", because)
    else:
        _step(draft, timer, task, step, because)


def _then(draft: Draft, timer: Timer, task: Task | None, name: str, because: Mapping[str, Any]) -> None:
    """What the clock does when a deadline has passed; if it may not do it any more, the history says so."""
    target = target_of(draft, timer, task, name)
    if target is None:
        _write(draft, RUNG, task, None, {**because, "due": timer.due_at, "do": name, "moot": "action"})
        return
    _force(draft, target, because)


def _step(draft: Draft, timer: Timer, task: Task | None, step: Step, because: Mapping[str, Any]) -> None:
    said: dict[str, Any] = {**because, "step": str(step.at), "due": timer.due_at}
    if step.when is not None and not step.when.holds(CaseFacts(draft, task)):
        _write(draft, RUNG, task, None, {**said, "moot": "when"})
        return
    target = target_of(draft, timer, task, step.do) if step.do is not None else None
    event_seq = draft.seq()
    if step.light is not None:
        said["light"] = step.light
    if step.card is not None:
        given = cards.give(draft, task, step.card, _CAPACITY, event_seq)
        said["card" if given else "card_stands"] = step.card
    if step.level is not None and _rises(draft, step.level):
        draft.ticket.level = said["level"] = step.level
    if step.do is not None:
        said["do"] = step.do
        if target is None:
            said["moot"] = "action"
    _write(draft, RUNG, task, event_seq, said)
    tell_roles(draft, step.tells, task, event_seq)
    if target is not None:
        _force(draft, target, because)


def _rises(draft: Draft, level: str) -> bool:
    ranks = draft.definition.ranks
    return ranks.get(level, 0) > ranks.get(draft.ticket.level, 0)


def _force(draft: Draft, target: Target, because: Mapping[str, Any]) -> None:
    """Do it as the clock, and what rules demand then."""
    error = perform(draft, target, THE_CLOCK, _CAPACITY, Filled(), {}, because) or settle(draft)
    if error is not None:
        raise error


def target_of(draft: Draft, timer: Timer, task: Task | None, name: str) -> Target | None:
    """The action meant, if it may be done: an answer to the request, else one of the task, else one of the ticket."""
    for target in _meant(draft, timer, task, name):
        if not isinstance(examine(draft, target, THE_CLOCK, draft.now), HuyingError):
            return target
    return None


def _meant(draft: Draft, timer: Timer, task: Task | None, name: str) -> list[Target]:
    found: list[Target] = []
    if timer.request_seq is not None:
        ask = draft.asks.get(timer.request_seq)
        answer = draft.scope(task).requests[ask.name].answers.get(name) if ask else None
        if ask is not None and answer is not None:
            found.append(Target(answer, task, answered=ask))
    if task is not None and task.open:
        action = draft.scope(task).states[task.state].actions.get(name)
        if action is not None:
            found.append(Target(action, task))
    action = draft.definition.states[draft.ticket.state].actions.get(name)
    if action is not None:
        found.append(Target(action))
    return found


def _write(draft: Draft, action: str, task: Task | None, seq: int | None, facts: Mapping[str, Any]) -> None:
    """A line of the clock's own, which moves nothing."""
    state = draft.definition.states[draft.ticket.state]
    here = task.state if task else state.name
    draft.record(
        seq=draft.seq() if seq is None else seq, action=action, scope=task.kind if task else "",
        task_seq=task.seq if task else None, request_seq=None, actor=THE_CLOCK, standing=_CAPACITY,
        moved=(here, here), stage=state.stage.value if state.stage else "", facts={"role": _CAPACITY.role, **facts},
        personal={},
    )  # fmt: skip
