"""The facts of one ticket: what indicators count by, folded from its history told again.

A pure function of the events, the workflow's version and the calendars' versions, so that folding again makes the same
rows. Moments are those that limits go by: the engine's clock, for an old system's history the time it claims.
"""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from engine.analysis.holders import Span, Spans
from engine.clock import Instant
from engine.definitions.indicator import PERSONS, Counted
from engine.definitions.milestone_words import MILESTONES
from engine.definitions.milestones import HANDLED
from engine.definitions.model import Appraisal, Milestone, Ruling, Workflow
from engine.definitions.walk import every_action
from engine.rules.acts import Event, Source
from engine.rules.case import Case, Run, Task, Timer
from engine.vocabulary import StateType

#: The line that says that a ticket is a relapse of another.
_RELAPSED = "relapsed"
#: Rulings that let a department go: it had been dispatched wrongly 错派.
_LETS_GO = frozenset({Ruling.RELEASE, Ruling.REDISPATCH})
_RETURNS = _LETS_GO | {Ruling.UPHOLD}
_OF_TICKET = {name for name, one in MILESTONES.items() if not one.of_task}
_OF_TASK = {name for name, one in MILESTONES.items() if one.of_task} - {HANDLED}
_NONE = Milestone()
#: What ends a decided item, the most telling first.
_DONE = ("cleared", HANDLED, "closed")


@dataclass(slots=True)
class TaskFacts:
    """What is counted of one task; values by the names of the table's columns."""

    seq: int
    values: dict[str, Any] = field(default_factory=dict)


@dataclass(slots=True)
class TicketFacts:
    """What is counted of one ticket and of its departments' tasks; values by the names of the tables' columns."""

    values: dict[str, Any] = field(default_factory=dict)
    tasks: dict[int, TaskFacts] = field(default_factory=dict)
    spans: list[Span] = field(default_factory=list)
    #: Decided items of agendas, by the event that decided them.
    agenda: dict[int, dict[str, Any]] = field(default_factory=dict)


def facts_of(definition: Workflow, steps: Iterable[tuple[Event, Case]]) -> TicketFacts:
    """The facts of a ticket, from each of its events with the ticket as it left it."""
    folding = _Folding(definition)
    for event, case in steps:
        folding.add(event, case)
    return folding.facts


class _Folding:
    """Gathers facts event by event; `_before` is the ticket as the event found it."""

    def __init__(self, definition: Workflow) -> None:
        self.facts = TicketFacts()
        self._milestones = definition.milestones
        self._rulings = {action.name: action.ruling for action in every_action(definition) if action.ruling}
        self._meetings = {
            action.name: action.meeting
            for state in definition.states.values()
            for action in state.actions.values()
            if action.meeting
        }
        self._returns = {
            request.name
            for scope in map(definition.scope, (None, *definition.tasks))
            for request in scope.requests.values()
            if any(answer.ruling in _RETURNS for answer in request.answers.values())
        }
        self._before: Case | None = None
        self._who: int | None = None
        self._spans = Spans()
        #: When each return was asked.
        self._asked: dict[int, Instant] = {}
        self._undone: set[str] = set()

    def add(self, event: Event, case: Case) -> None:
        """Fold one event into the facts."""
        at = Instant(event.at if event.source == Source.IMPORT else event.recorded_at)
        said = json.loads(event.facts)
        self._who = event.person_id
        self._tasks(event, case, at)
        self._reach(event, case, at)
        self._appraise(event, case, said, at)
        self._return(event, case, at)
        self._clocks(case, at)
        self._state(event, case, at)
        self._handling(case, at)
        self._agenda(event, at)
        self.facts.spans = self._spans.add(case, at)
        self._before = case

    # -- the ticket ----------------------------------------------------------------------------------------------

    def _first(self, values: dict[str, Any], name: str, at: Instant) -> bool:
        """Note a moment unless it was noted before; whether it is new."""
        if values.get(f"{name}_at") is not None:
            return False
        values[f"{name}_at"] = at
        if name in PERSONS[Counted.TICKET if values is self.facts.values else Counted.TASK]:
            values[f"{name}_by"] = self._who
        return True

    def _while(self, values: dict[str, Any], name: str, holds: bool, at: Instant) -> None:
        """Since when something holds; nothing while it does not."""
        if not holds:
            values[f"{name}_at"] = None
        elif values.get(f"{name}_at") is None:
            values[f"{name}_at"] = at

    def _state(self, event: Event, case: Case, at: Instant) -> None:
        values, ticket, type_ = self.facts.values, case.ticket, case.state_type
        self._first(values, "reported", at)
        if event.action == _RELAPSED:
            self._first(values, "relapsed", at)
        joined = type_ is StateType.JOINED or ticket.main_id is not None
        self._while(values, "joined", joined, at)
        self._while(values, "void", type_ is StateType.VOID, at)
        self._while(values, "closed", type_ is StateType.CLOSED, at)
        if type_ is StateType.CLOSED:
            self._first(values, "first_closed", at)
        values |= {
            "area_id": ticket.area[0].id,
            "channel": ticket.channel,
            "item": ticket.item,
            "urgency": ticket.urgency,
        }

    def _reach(self, event: Event, case: Case, at: Instant) -> None:
        """Milestones that the file names, and the due times of those not reached yet."""
        for name, milestone in self._milestones.items():
            if event.action not in milestone.by or not _said(event, milestone):
                pass
            elif name in _OF_TICKET and event.task_seq is None:
                self._reached(self.facts.values, name, milestone, case, None, at)
                if name == "rated" or name == "called_back":
                    self._hear(json.loads(event.facts).get("form", {}))
            elif name in _OF_TASK and event.task_seq in self.facts.tasks:
                one = self.facts.tasks[event.task_seq]
                self._reached(one.values, name, milestone, case, one.seq, at)
            if name in _OF_TICKET:
                self._await(self.facts.values, name, milestone, case, None)
        for name in ("reworked", "rehandled"):
            if event.task_seq is None and event.action in self._milestones.get(name, _NONE).by:
                self._count(self.facts.values, name)

    def _count(self, values: dict[str, Any], name: str) -> None:
        values[f"{name}_times"] = values.get(f"{name}_times", 0) + 1

    def _hear(self, form: Mapping[str, Any]) -> None:
        """What the reporter said of the result; the newest word stands."""
        for word in ("resolved", "satisfaction"):
            if word in form:
                self.facts.values[word] = form[word]

    def _reached(
        self, values: dict[str, Any], name: str, milestone: Milestone, case: Case, task: int | None, at: Instant
    ) -> None:
        if not self._first(values, name, at) or not milestone.deadlines:
            return
        timer = _timer(case, milestone, task)
        if timer is not None:
            values[f"{name}_due"] = self._due_then(timer, at)

    def _await(self, values: dict[str, Any], name: str, milestone: Milestone, case: Case, task: int | None) -> None:
        """The due time as it stands, while the milestone is not reached; none while the clock stands still."""
        if values.get(f"{name}_at") is None and milestone.deadlines:
            timer = _timer(case, milestone, task)
            values[f"{name}_due"] = timer.due_at if timer is not None and timer.run is not Run.PAUSED else None

    def _due_then(self, timer: Timer, at: Instant) -> Instant:
        """The due time by which it was on time or late; nobody is late while the clock stands still."""
        before = self._before.timers.get(timer.seq) if self._before is not None else None
        paused = before is not None and before.run is Run.PAUSED
        return max(timer.due_at, at) if paused else timer.due_at

    # -- tasks ---------------------------------------------------------------------------------------------------

    def _tasks(self, event: Event, case: Case, at: Instant) -> None:
        handled = self._milestones.get(HANDLED, _NONE)
        for task in case.tasks.values():
            if task.department_id is None:
                continue
            one = self.facts.tasks.get(task.seq) or self._sent(event, case, task, at)
            self._follow(one, task, handled, case, at)
        for name in ("reworked", "rehandled"):
            if event.task_seq is None and event.action in self._milestones.get(name, _NONE).by:
                self._done_again(case, name, at)

    def _sent(self, event: Event, case: Case, task: Task, at: Instant) -> TaskFacts:
        """A task's first line."""
        before = case.tasks.get(task.previous) if task.previous is not None else None
        again = before is not None and before.type is StateType.CLOSED
        values = {"kind": task.kind, "department_id": task.department_id, "again": again}
        one = self.facts.tasks[task.seq] = TaskFacts(task.seq, values)
        self._first(one.values, "sent", at)
        return one

    def _follow(self, one: TaskFacts, task: Task, handled: Milestone, case: Case, at: Instant) -> None:
        values = one.values
        values["lead"] = task.lead
        values["handling"] = task.kind in handled.of
        self._while(values, "void", task.type is StateType.VOID, at)
        if task.type is StateType.CLOSED:
            self._reached(values, HANDLED, handled, case, task.seq, at)
        for name in (*_OF_TASK, HANDLED):
            if name in self._milestones and task.open:
                self._await(values, name, self._milestones[name], case, task.seq)

    def _done_again(self, case: Case, name: str, at: Instant) -> None:
        """The tasks whose work was sent back: those that new ones were opened for."""
        before = self._before.tasks if self._before is not None else {}
        for task in case.tasks.values():
            if task.seq not in before and task.previous in self.facts.tasks:
                self._first(self.facts.tasks[task.previous].values, name, at)

    # -- what both sides say and ask -----------------------------------------------------------------------------

    def _appraise(self, event: Event, case: Case, said: Mapping[str, Any], at: Instant) -> None:
        if "appraises" not in said:
            return
        kind = Appraisal(said["appraises"][0])
        if kind is Appraisal.CALL:
            self._first(self.facts.values, "called", at)
        elif kind is Appraisal.INVALID:
            self._first(self.facts.values, "invalid", at)
        for seq, form in said.get("each", {}).items():
            self._score(int(seq), form, at)
        form = said.get("form", {})
        if kind is Appraisal.SCORE and "stars" in form:
            for seq in self._meant(event, case):
                self._score(seq, form, at)

    def _meant(self, event: Event, case: Case) -> list[int]:
        """The task acted on, or the newest of the department that asked."""
        if event.task_seq is not None:
            return [event.task_seq]
        ask = case.asks.get(event.request_seq) if event.request_seq is not None else None
        if ask is None or ask.task_seq is not None:
            return [ask.task_seq] if ask is not None and ask.task_seq is not None else []
        mine = [task.seq for task in case.tasks.values() if task.department_id == ask.department_id and task.live]
        return [max(mine)] if mine else []

    def _score(self, seq: int, form: Mapping[str, Any], at: Instant) -> None:
        if "stars" not in form or seq not in self.facts.tasks:
            return
        values = self.facts.tasks[seq].values
        self._first(values, "scored", at)
        self._first(self.facts.values, "scored", at)
        values["score"] = int(form["stars"])
        values["resolved"] = form.get("resolved", values.get("resolved"))

    def _return(self, event: Event, case: Case, at: Instant) -> None:
        """A return was asked for, or ruled on."""
        ask = case.asks.get(event.request_seq) if event.request_seq is not None else None
        if ask is None or ask.name not in self._returns or ask.task_seq not in self.facts.tasks:
            return
        values = self.facts.tasks[ask.task_seq].values
        if self._first(values, "returned", at):
            self._count(self.facts.values, "returned")
        since = self._asked.setdefault(ask.seq, at)
        ruling = self._rulings.get(event.action)
        if ruling in _LETS_GO:
            self._first(values, "wrong", at)
            self._spans.book(values["department_id"], since, at)
        if ruling is Ruling.REDISPATCH:
            self._first(values, "redispatched", at)

    def _clocks(self, case: Case, at: Instant) -> None:
        """Extensions and suspensions, by what they did to the clocks."""
        standing = case.state_type is StateType.SUSPENDED
        stopped: set[int] = set()
        for timer in case.timers.values():
            one = self.facts.tasks.get(timer.task_seq) if timer.task_seq is not None else None
            if timer.extensions:
                self._first(self.facts.values, "extended", at)
                if one is not None:
                    self._first(one.values, "extended", at)
            if timer.run is Run.PAUSED and timer.resumes_at is not None:
                standing = True
                stopped.update([timer.task_seq] if one is not None and timer.task_seq is not None else [])
        for seq, one in self.facts.tasks.items():
            self._while(one.values, "waiting", seq in stopped, at)
            if seq in stopped:
                self._first(one.values, "suspended", at)
        self._while(self.facts.values, "waiting", standing, at)
        if standing:
            self._first(self.facts.values, "suspended", at)

    def _agenda(self, event: Event, at: Instant) -> None:
        """A decision in a sitting; and whether what was decided is done: first handled, cleared or closed since."""
        values, agenda = self.facts.values, self.facts.agenda
        if event.task_seq is None and event.action in self._meetings:
            for one in agenda.values():
                if one.get("done_at") is None:
                    one.setdefault("superseded_at", at)
            self._undone = {name for name in _DONE if values.get(f"{name}_at") is None}
            agenda[event.seq] = {
                "seq": event.seq, "meeting": self._meetings[event.action], "action": event.action, "decided_at": at,
                "decided_by": self._who,
            }  # fmt: skip
        for one in agenda.values():
            if one.get("superseded_at") is not None or one.get("done_at") is not None:
                continue
            name = next((name for name in _DONE if self._done(name, one["decided_at"])), "")
            due = [values.get(f"{name}_due") for name in ("cleared", HANDLED)]
            one["done_due"] = values.get(f"{name}_due") if name else next((moment for moment in due if moment), None)
            one["department_id"] = values.get("department_id")
            if name:
                one["done_at"] = at

    def _done(self, name: str, decided: Instant) -> bool:
        """Whether it came after the newest decision, be it in the same moment."""
        at = self.facts.values.get(f"{name}_at")
        return at is not None and (at > decided or name in self._undone)

    def _handling(self, case: Case, at: Instant) -> None:
        """The ticket as a whole is handled while every department of its present round is done."""
        values = self.facts.values
        parts = [task for task in case.present() if task.seq in self.facts.tasks]
        parts = [task for task in parts if self.facts.tasks[task.seq].values["handling"]]
        for task in parts:
            if task.lead:
                values["department_id"] = task.department_id
        if not parts:
            return
        dues = [self.facts.tasks[task.seq].values.get("handled_due") for task in parts]
        self._while(values, HANDLED, all(task.type is StateType.CLOSED for task in parts), at)
        values["handled_due"] = None if None in dues else max(due for due in dues if due is not None)


def _said(event: Event, milestone: Milestone) -> bool:
    """Whether the form says yes, where the milestone asks that."""
    return not milestone.field or json.loads(event.facts).get("form", {}).get(milestone.field) == "yes"


def _timer(case: Case, milestone: Milestone, task: int | None) -> Timer | None:
    """The newest deadline of a milestone: the task's own, else the ticket's."""
    named = [timer for timer in case.timers.values() if timer.name in milestone.deadlines]
    own = [timer for timer in named if timer.task_seq == task]
    found = own or [timer for timer in named if timer.task_seq is None]
    return max(found, key=lambda timer: timer.seq) if found else None
