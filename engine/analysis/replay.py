"""A ticket told again from its history alone: what its rows must be if nobody edited either.

Every event is done once more by the very code that did it first (`decide.perform`, the clock's own steps), with what
the event itself says: who, in which capacity, the form, the times, the versions of the calendars. Nothing is permitted,
asked or judged anew, because the history says what happened, not what may happen. What stands in no event (which
departments and people are behind their codes) is given.
"""

import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from typing import Any

from engine.clock import Instant
from engine.definitions.model import FieldType, Workflow
from engine.errors import HuyingError
from engine.rules import cards, deadlines, escalate, handing_over, refusing
from engine.rules.acts import Act, Event, Source
from engine.rules.almanac import Almanac
from engine.rules.case import (
    THE_CLOCK,
    THE_RULE,
    Actor,
    ActorKind,
    AreaLink,
    Case,
    DepartmentRef,
    ItemRef,
    Number,
    PersonRef,
    References,
    Ticket,
    TicketRef,
)
from engine.rules.decide import Target, find, perform
from engine.rules.draft import Draft
from engine.rules.forms import Filled
from engine.rules.permissions import Standing
from engine.rules.sittings import SittingRef, SittingState
from engine.rules.worktime import WorkCalendar
from engine.vocabulary import StateType

#: Lines of the engine's own that a reader has to know of, and that move nothing.
_REMARKS = frozenset({"joined_by", "split_from", "erased"})
#: Lines that say something and change nothing.
_NOTES = frozenset(
    {"command_refused", "relapsed", "period_ruling", "link_made", "link_sent", "link_revoked", "mentioned"}
)


class Untellable(Exception):
    """An event of the history cannot have happened as it says."""

    def __init__(self, seq: int, why: str) -> None:
        super().__init__(f"#{seq}: {why}")
        self.seq, self.why = seq, why


@dataclass(frozen=True, slots=True, kw_only=True)
class Seed:
    """What a ticket is told from besides its events."""

    id: int
    case_no: str
    area: tuple[AreaLink, ...]
    parent_id: int | None = None
    channel: str = ""
    #: Codes → what they mean.
    departments: Mapping[str, DepartmentRef] = field(default_factory=dict)
    people: Mapping[str, PersonRef] = field(default_factory=dict)
    tickets: Mapping[str, TicketRef] = field(default_factory=dict)
    #: A stored version of a calendar, by its name.
    calendar: Callable[[str], WorkCalendar]


def replay(definition: Workflow, seed: Seed, events: Iterable[Event]) -> Case:
    """The ticket with all its tasks, requests, deadlines and cards, ended ones too, as its history leaves them.

    Errors: `Untellable` names the first event that does not follow from those before it.
    """
    case = _unborn(definition, seed)
    for event in events:
        case = _told(case, seed, event)
    return case


def steps(definition: Workflow, seed: Seed, events: Iterable[Event]) -> Iterator[tuple[Event, Case]]:
    """Each event with the ticket as it leaves it; nothing of an earlier step is changed by a later one.

    Errors: as `replay`.
    """
    case = _unborn(definition, seed)
    for event in events:
        case = _told(case, seed, event)
        yield event, case


def _unborn(definition: Workflow, seed: Seed) -> Case:
    ticket = Ticket(
        id=seed.id, case_no=seed.case_no, state="", version=0, state_version=0, last_seq=0, head="", head_at=Instant(0),
        visit=0, area=seed.area, channel=seed.channel, parent_id=seed.parent_id,
    )  # fmt: skip
    return Case(definition=definition, ticket=ticket)


def _told(case: Case, seed: Seed, event: Event) -> Case:
    facts: dict[str, Any] = json.loads(event.facts)
    almanac = Almanac(calendars={key: seed.calendar(name) for key, name in facts.get("calendars", {}).items()})
    act = _act(case, seed, event, facts)
    draft = Draft(case, act, event.recorded_at, almanac)
    draft.ticket.last_seq = event.seq - 1
    try:
        if event.action in _REMARKS:
            draft.ticket.state_version += 1
        elif event.action == escalate.RESUMED:
            _resumed(draft, facts)
        elif event.action == escalate.RECOUNTED:
            deadlines.recalendar(draft)
        elif event.action == handing_over.HANDED_OVER:
            handing_over.retell(draft, facts, {login: ref.id for login, ref in seed.people.items()})
        elif event.action == refusing.HANDED_BACK:
            refusing.retell(draft, event.task_seq or 0, event.seq)
        elif event.action == escalate.RUNG:
            _rung(draft, event, facts)
        elif event.action not in _NOTES:
            _performed(draft, seed, act, event, facts)
    except HuyingError as failure:
        raise Untellable(event.seq, failure.message) from failure
    ticket = draft.ticket
    ticket.last_seq, ticket.head, ticket.head_at = max(ticket.last_seq, event.seq), event.hash, event.at
    return Case(
        definition=case.definition,
        ticket=ticket,
        tasks=draft.tasks,
        asks=draft.asks,
        timers=draft.timers,
        cards=draft.cards,
    )


def _act(case: Case, seed: Seed, event: Event, facts: Mapping[str, Any]) -> Act:
    """The act as its event remembers it. A request's answer names the request; its ask made the request."""
    answers = event.request_seq if event.request_seq in case.asks else None
    return Act(
        action=event.action,
        actor=_actor(event),
        task=None if answers is not None else event.task_seq,
        request=answers,
        references=_references(case, seed, event, facts),
        claimed_at=facts.get("claimed", event.at),
        source=Source(event.source),
        arm_from=facts.get("arm_from"),
        reporter=facts.get("reporter", ""),
    )


def _actor(event: Event) -> Actor:
    known = {THE_CLOCK.name: THE_CLOCK, THE_RULE.name: THE_RULE}
    if event.person_id is None and event.actor in known:
        return known[event.actor]
    kind = ActorKind.PERSON
    if event.person_id is None and event.actor == ActorKind.LINK.value:
        kind = ActorKind.LINK
    elif event.person_id is None:
        kind = ActorKind.IMPORT if event.actor.startswith(ActorKind.IMPORT.value) else ActorKind.PUBLIC
    return Actor(kind=kind, person_id=event.person_id, name=event.actor)


def _references(case: Case, seed: Seed, event: Event, facts: Mapping[str, Any]) -> References:
    """What the codes of the form meant then: limits by the event itself, people as members of the task's department."""
    item = facts.get("form", {}).get("item")
    task = case.tasks.get(event.task_seq) if event.task_seq is not None else None
    of = frozenset({task.department_id}) if task is not None and task.department_id is not None else frozenset()
    main = seed.tickets.get(facts.get("main", ""))
    given = facts.get("admission")
    return References(
        departments=dict(seed.departments),
        people={login: PersonRef(ref.id, login, ref.departments | of) for login, ref in seed.people.items()},
        tickets={main.case_no: TicketRef(main.id, main.case_no, main.state, StateType.WAITING, None)} if main else {},
        items={item: ItemRef(item, facts.get("limit", ""))} if item is not None else {},
        number=Number(prefix=given["prefix"], year=given["year"], serial=given["serial"]) if given else None,
        letters=_letters(facts),
        sittings=_sat(case, event, facts),
        called={code: _sitting(code, day) for code, day in facts.get("days", {}).items()} or None,
    )


def _letters(facts: Mapping[str, Any]) -> dict[str, Number]:
    said = facts.get("letter")
    return {said["unit"]: Number(prefix=said["prefix"], year=said["year"], serial=said["serial"])} if said else {}


def _sat(case: Case, event: Event, facts: Mapping[str, Any]) -> dict[str, SittingRef]:
    """The sitting in which the event says that it was decided."""
    state = case.definition.states.get(case.ticket.state)
    action = state.actions.get(event.action) if state and "sitting" in facts else None
    if action is None or action.meeting is None:
        return {}
    code, number = facts["sitting"]
    return {action.meeting: replace(_sitting(code, "2000-01-01"), number=number)}


def _sitting(code: str, day: str) -> SittingRef:
    """As much of a sitting as a ticket's history remembers."""
    return SittingRef(id=0, code=code, meeting="", state=SittingState.CALLED, day=date.fromisoformat(day))


def _performed(draft: Draft, seed: Seed, act: Act, event: Event, facts: Mapping[str, Any]) -> None:
    target = find(draft, act)
    if isinstance(target, HuyingError):
        raise target
    _mark_reached(draft, facts)
    draft.ticket.last_seq = event.seq - 1
    filled = Filled(facts=dict(facts.get("form", {})), personal=_words(target, facts))
    answers = {int(seq): Filled(facts=dict(given)) for seq, given in facts.get("each", {}).items()}
    capacity = Standing(facts["role"], event.post, _area(draft, facts), event.department_id, event.behalf_of)
    error = perform(draft, target, act.actor, capacity, filled, answers)
    if error is not None:
        raise error


def _words(target: Target, facts: Mapping[str, Any]) -> dict[str, Any]:
    """Personal words may be erased. Whether a contact was named decides who the reporter is, so the facts say that."""
    if not facts.get("for_another"):
        return {}
    personal = (item.name for item in target.action.form if item.field.type is FieldType.TEXT)
    return dict.fromkeys((name for name in personal if name.startswith("contact_")), "…")


def _area(draft: Draft, facts: Mapping[str, Any]) -> int | None:
    """The area that sent a letter, else one of the ticket that stands as high as the organisation that gave a card."""
    issuer = facts.get("letter", {}).get("unit", "")
    if issuer.startswith("a"):
        return int(issuer[1:])
    rank = facts["card"][2] if isinstance(facts.get("card"), list) else 0
    ranks = draft.definition.ranks
    return next((link.id for link in draft.ticket.area if rank and ranks.get(link.level) == rank), None)


def _resumed(draft: Draft, facts: Mapping[str, Any]) -> None:
    for one in facts["deadlines"]:
        timer = draft.timers[one["timer"]]
        if one["run"] == "paused":
            deadlines.wait(draft, timer.seq)
        else:
            deadlines.resume(draft, timer.seq, timer.resumes_at)


def _rung(draft: Draft, event: Event, facts: Mapping[str, Any]) -> None:
    _mark_reached(draft, facts)
    task = draft.tasks[event.task_seq] if event.task_seq is not None else None
    draft.ticket.last_seq = event.seq
    if "card" in facts:
        cards.give(draft, task, facts["card"], Standing(THE_CLOCK.name), event.seq)
    draft.ticket.level = facts.get("level", draft.ticket.level)


def _mark_reached(draft: Draft, facts: Mapping[str, Any]) -> None:
    """The rung that an event of the clock says it came by."""
    if "rung" not in facts or draft.timers[facts["timer"]].handled >> facts["rung"] & 1:
        return
    timer = draft.timer(facts["timer"])
    timer.handled |= 1 << facts["rung"]
    deadlines.look(timer, draft.definition, draft.calendar_of(timer.name))
