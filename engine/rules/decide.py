"""The heart: may this be done now, and what does it bring about? Pure, and the only copy of the semantics.

`available_actions`, the check of a file, replay, simulation and the door all call `examine` and `decide`, so that none
of them can drift from the others.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from engine.clock import Instant
from engine.definitions.machine import BEFORE, move
from engine.definitions.model import RULE, Action, Once, Request
from engine.definitions.said import said
from engine.errors import Endless, HuyingError, NotAllowedNow, NotPermitted, Stale
from engine.rules import cards, dates, effects, exempting
from engine.rules.acts import Act, Decision, ExemptionEntry, Source
from engine.rules.almanac import Almanac
from engine.rules.apart import note_moment, too_soon
from engine.rules.arriving import enter_task, enter_ticket
from engine.rules.case import THE_RULE, Actor, ActorKind, Ask, Case, RequestState, Run, Task
from engine.rules.doing import Doing
from engine.rules.draft import Draft, binding
from engine.rules.facts import CaseFacts
from engine.rules.forms import Filled, fill, shown
from engine.rules.memory import Deed
from engine.rules.permissions import Standing, standing
from engine.rules.sittings import SittingRef, outside

#: Automatic follow-ups of one act; a file that needs more has a loop.
MOST_FOLLOW_UPS = 32


@dataclass(frozen=True, slots=True)
class Target:
    """What an action acts on: the ticket, one of its tasks, or a request that waits; and the declared action."""

    action: Action
    task: Task | None = None
    #: The request being answered.
    answered: Ask | None = None
    #: The request being asked.
    asked: Request | None = None


def decide(case: Case, act: Act, now: Instant, almanac: Almanac) -> Decision | HuyingError:
    """Decide one act on one ticket; nothing of `case` is changed.

    1. is what the actor saw still so? Asked first: what is gone since then is not the actor's mistake
    2. find the action in the present state
    3. permitted? once, before, conditions?
    4. form and evidence complete?
    5. effects, move, deadlines, event, notices
    6. automatic follow-ups to a fixed point, at most `MOST_FOLLOW_UPS`
    Returns the decision, or the refusal, which is an answer and not an accident.
    """
    target = stale(case, act) or find(case, act)
    if isinstance(target, HuyingError):
        return target
    moment = binding(case, act, now)
    capacity = examine(case, target, act.actor, moment, act.references.sittings)
    if isinstance(capacity, HuyingError):
        return capacity
    evidence = act.source is not Source.IMPORT
    filled = fill(target.action.form, act.form, act.references, moment, evidence=evidence)
    if isinstance(filled, HuyingError):
        return filled
    # What an old system took is past; its dates are facts, not wishes.
    beyond = dates.out_of_bounds(target.action.form, filled, case, moment, almanac) if evidence else None
    if beyond is not None:
        return beyond
    answers = effects.fill_each(case, target.action, act, moment, evidence=evidence)
    if isinstance(answers, HuyingError):
        return answers
    draft = Draft(case, act, now, almanac)
    error = perform(draft, target, act.actor, capacity, filled, answers, act.noted) or settle(draft)
    return error or draft.finish()


def find(case: Case, act: Act) -> Target | HuyingError:
    """The action an act means, in the state its target is in now."""
    if not case.ticket.last_seq:
        start = case.definition.starts.get(act.action)
        return Target(start) if start else _nowhere(case, act.action, None)
    if act.request is not None:
        ask = case.asks.get(act.request)
        return _answer(case, act.action, ask)
    task = case.tasks.get(act.task) if act.task is not None else None
    if act.task is not None and task is None:
        return NotAllowedNow("本案没有这项任务", "this ticket has no such task")
    scope = case.scope(task)
    state = scope.states[task.state if task else case.ticket.state]
    action = state.actions.get(act.action)
    if action is not None:
        return Target(action, task)
    request = scope.requests.get(act.action)
    if request is not None and state.name in request.states:
        return Target(request.ask, task, asked=request)
    return _nowhere(case, act.action, task)


def _answer(case: Case, name: str, ask: Ask | None) -> Target | HuyingError:
    if ask is None or ask.state is not RequestState.OPEN:
        return NotAllowedNow("这项申请已经答复或失效", "this request has been answered or has lapsed")
    task = case.tasks[ask.task_seq] if ask.task_seq is not None else None
    answer = case.scope(task).requests[ask.name].answers.get(name)
    return Target(answer, task, answered=ask) if answer else _nowhere(case, name, task)


def _nowhere(case: Case, name: str, task: Task | None) -> NotAllowedNow:
    if not case.ticket.last_seq:
        return NotAllowedNow(f"流程中没有“{shown(name)}”这种上报", f"the workflow has no start '{shown(name)}'")
    state = case.scope(task).states[task.state if task else case.ticket.state]
    return NotAllowedNow(
        f"“{state.title.zh}”状态下没有“{shown(name)}”这一操作",
        f"there is no action '{shown(name)}' in the state '{state.title.en}'",
        action=shown(name),
        state=state.name,
    )


def stale(case: Case, act: Act) -> Stale | None:
    """A task action carries that task's version, a ticket action the ticket's state version.

    An answer needs none: a request that is no longer open says so itself.
    """
    task = case.tasks.get(act.task) if act.task is not None else None
    present = task.version if task else case.ticket.state_version
    if act.expected in (None, present) or act.request is not None:
        return None
    return Stale(expected=act.expected, present=present, state=case.ticket.state)


def examine(
    case: Case, target: Target, actor: Actor, now: Instant, sittings: Mapping[str, SittingRef] | None = None
) -> Standing | HuyingError:
    """Everything but the form: permission first, so that nobody learns more than their post allows.

    `sittings` are those that have the ticket on their agenda, by the names of the bodies.
    """
    action, task = target.action, target.task
    capacity = standing(action, actor, case, task)
    if capacity is None:
        return NotPermitted(action=action.name, roles=sorted(action.by_people()))
    return (
        _too_late(case, target, now)
        or _already(case, target, actor, capacity)
        or _condition_fails(case, target)
        or too_soon(case, target.action, task, now)
        or _card_stands(case, target, capacity)
        or _nothing_exempt(case, target)
        or _outside(case, target, actor, sittings or {})
        or capacity
    )


def _too_late(case: Case, target: Target, now: Instant) -> NotAllowedNow | None:
    """`before: DEADLINE`: only while it runs or pauses and has not passed."""
    name = target.action.before
    if name is None:
        return None
    task_seq = target.task.seq if target.task else None
    for timer in case.timers.values():
        runs = timer.name == name and timer.ended_at is None and timer.task_seq in (task_seq, None)
        if runs and (timer.run is Run.PAUSED or now <= timer.due_at):
            return None
    title = case.definition.deadlines[name].title
    return NotAllowedNow(f"已过“{title.zh}”，不能再办", f"'{title.en}' has passed")


def _already(case: Case, target: Target, actor: Actor, capacity: Standing) -> NotAllowedNow | None:
    once = target.action.once
    if target.asked is not None and _still_open(case, target, capacity):
        return NotAllowedNow("同一申请正在等待答复", "the same request is waiting for an answer")
    if once is None:
        return None
    name, task_seq = target.action.name, target.task.seq if target.task else None
    visit = case.ticket.visit
    for deed in case.ticket.memory.deeds:
        if deed.action != name:
            continue
        same = {
            Once.TICKET: True,
            Once.TASK: deed.task_seq == task_seq,
            Once.PERSON: _same_hand(deed, actor, capacity) and deed.seq > visit,
            Once.DEPARTMENT: deed.department_id == capacity.department_id and deed.seq > visit,
        }[once]
        if same:
            return NotAllowedNow(
                f"“{target.action.title.zh}”只能办一次", f"'{target.action.title.en}' can be done once only"
            )
    return None


def _same_hand(deed: Deed, actor: Actor, capacity: Standing) -> bool:
    """Who acts did it, or whoever they act for: being away gives nobody a second turn."""
    return deed.person_id == actor.person_id or deed.of(actor.person_id, capacity.behalf_of)


def _still_open(case: Case, target: Target, capacity: Standing) -> bool:
    """One open request of a name per task; on the ticket itself one per asking department."""
    task_seq = target.task.seq if target.task else None
    return any(
        ask.task_seq == task_seq and (task_seq is not None or ask.department_id == capacity.department_id)
        for ask in case.open_asks(target.action.name)
    )


def _condition_fails(case: Case, target: Target) -> NotAllowedNow | None:
    when = target.action.when
    if when is None or when.holds(CaseFacts(case, target.task)):
        return None
    words = said(when, case.definition, target.task.kind if target.task else None)
    return NotAllowedNow(
        f"“{target.action.title.zh}”须满足：{words.zh}",
        f"'{target.action.title.en}' is possible only if: {words.en}",
        condition=str(when),
    )


def _card_stands(case: Case, target: Target, capacity: Standing) -> NotAllowedNow | None:
    action, task = target.action, target.task
    if action.lifts:
        return cards.may_lift(case, task, capacity)
    return cards.may_give(case, task, action.card) if action.card is not None else None


def _nothing_exempt(case: Case, target: Target) -> NotAllowedNow | None:
    ask = target.answered
    owner = target.task.department_id if target.task else ask.department_id if ask else None
    return exempting.none_stands(case, target.action, owner)


def _outside(
    case: Case, target: Target, actor: Actor, sittings: Mapping[str, SittingRef]
) -> NotAllowedNow | None:  # fmt: skip
    """What a body decides is done in its sitting; the sittings of an old system are past."""
    if actor.kind is ActorKind.IMPORT:
        return None
    return outside(case.definition, target.action, actor.person_id, sittings)


def targets(case: Case) -> Iterator[Target]:
    """Everything that is declared for the present states, whoever may do it."""
    for task in (None, *(task for task in case.tasks.values() if task.open)):
        scope = case.scope(task)
        state = scope.states[task.state if task else case.ticket.state]
        for action in state.actions.values():
            yield Target(action, task)
        for request in scope.requests.values():
            if state.name in request.states:
                yield Target(request.ask, task, asked=request)
    for ask in case.open_asks():
        owner = case.tasks[ask.task_seq] if ask.task_seq is not None else None
        for answer in case.scope(owner).requests[ask.name].answers.values():
            yield Target(answer, owner, answered=ask)


def perform(
    draft: Draft,
    target: Target,
    actor: Actor,
    capacity: Standing,
    filled: Filled,
    answers: dict[int, Filled],
    because: Mapping[str, Any] | None = None,
) -> HuyingError | None:
    """One action: its event's number first, then what the file says it does, then the event.

    `because` is what made the clock act, or what was proposed to whoever acts; it stands in the event's facts.
    """
    action = target.action
    task = draft.task(target.task.seq) if target.task else None
    event_seq = draft.seq()
    doing = Doing(
        draft=draft, action=action, task=task, actor=actor, capacity=capacity, filled=filled, answers=answers,
        event_seq=event_seq, answered=target.answered, asked=target.asked, facts=dict(because or {}),
    )  # fmt: skip
    first = event_seq == 1
    before = "" if first else (task.state if task else draft.ticket.state)
    error = effects.apply(doing)
    if error is not None:
        return error
    if action.to is not None:
        _move(draft, task, action, doing, first=first)
    _remember(draft, action, event_seq, actor, capacity, task)
    after = task.state if task else draft.ticket.state
    stage = draft.definition.states[draft.ticket.state].stage
    draft.record(
        seq=event_seq, action=action.name, scope=task.kind if task else "", task_seq=task.seq if task else None,
        request_seq=doing.request_seq, actor=actor, standing=capacity, moved=(before, after),
        stage=stage.value if stage else "", facts=doing.facts, personal=doing.personal,
    )  # fmt: skip
    effects.tell(doing)
    return None


def _move(draft: Draft, task: Task | None, action: Action, doing: Doing, *, first: bool) -> None:
    """Move as the compiled table says; a start moves from before the first state."""
    request = doing.answered.name if doing.answered else None
    if task is not None:
        enter_task(doing, task, move(draft.definition, task.kind, task.state, action.name, request=request))
        return
    present = BEFORE if first else draft.ticket.state
    enter_ticket(doing, move(draft.definition, None, present, action.name, request=request))


def _remember(draft: Draft, action: Action, seq: int, actor: Actor, capacity: Standing, task: Task | None) -> None:
    note_moment(draft, action, task)
    if action.name not in draft.definition.remembered:
        return
    task_seq = task.seq if task else None
    deed = Deed(action.name, seq, actor.person_id, capacity.department_id, task_seq, capacity.behalf_of)
    draft.ticket.memory.deeds = (*draft.ticket.memory.deeds, deed)


def settle(draft: Draft) -> HuyingError | None:
    """Do what the rules demand until none holds; the tasks' rules first, then the ticket's, in the file's order."""
    done: list[str] = []
    while (target := _next_rule(draft)) is not None:
        if len(done) == MOST_FOLLOW_UPS:
            loop = " → ".join(dict.fromkeys(done))
            return Endless(f"自动流转没有尽头：{loop}", f"the automatic transitions never end: {loop}", loop=loop)
        error = perform(draft, target, THE_RULE, Standing(RULE), Filled(), {})
        if error is not None:
            return error
        done.append(target.action.name)
    return None


def _next_rule(draft: Draft) -> Target | None:
    for task in (*draft.tasks.values(), None):
        if task is not None and not task.open:
            continue
        state = draft.scope(task).states[task.state if task else draft.ticket.state]
        for action in state.actions.values():
            if RULE in action.by and (action.when is None or action.when.holds(CaseFacts(draft, task))):
                return Target(action, task)
    return None


def reconsider(
    case: Case, act: Act, now: Instant, almanac: Almanac, facts: Mapping[str, Any] | None = None
) -> Decision | None:
    """Ask the rules again because another ticket moved, behind a line that says so if there are `facts`.

    Returns None when nothing was said and no rule holds.
    Errors: raises the refusal of a rule, which is a fault of the file.
    """
    draft = Draft(case, act, now, almanac)
    if facts is not None:
        _line(draft, facts)
    error = settle(draft)
    if error is not None:
        raise error
    return draft.finish() if draft.decision.events else None


def remark(case: Case, act: Act, now: Instant, almanac: Almanac, facts: Mapping[str, Any]) -> Decision:
    """A line of history that moves nothing but matters to a reader: a ticket was joined to this one, or split off."""
    draft = Draft(case, act, now, almanac)
    draft.ticket.state_version += 1
    _line(draft, facts)
    return draft.finish()


def _line(draft: Draft, facts: Mapping[str, Any]) -> None:
    act, state = draft.act, draft.definition.states[draft.ticket.state]
    draft.record(
        seq=draft.seq(), action=act.action, scope="", task_seq=None, request_seq=None, actor=act.actor,
        standing=Standing(act.actor.kind.value), moved=(state.name, state.name),
        stage=state.stage.value if state.stage else "", facts=dict(facts), personal={},
    )  # fmt: skip
    seq, lines = draft.decision.events[-1].seq, facts.get("exempts", ())
    draft.decision.exemptions += [
        ExemptionEntry(event_seq=seq, part=part, indicator=word, department_id=unit, restored=False, at=draft.now)
        for part, (word, unit) in enumerate(lines)
    ]
