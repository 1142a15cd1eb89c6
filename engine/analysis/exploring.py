"""The state space of a file on a finite abstraction, walked through breadth first by `decide` itself.

Every act is one that `examine` allows to somebody, or that the clock does because a deadline runs; what it brings about
is what `perform` and the rules behind it make of it. Forms are filled in with the choices that some condition asks for
and with a bounded number of units. So the first way to a case is a shortest one, in acts.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from itertools import product
from typing import Any

from engine.analysis.sketch import AHEAD, ALMANAC, HANDS, MAIN, NOW, REFERENCES, Line, Sketch, View, anybody, unborn
from engine.analysis.slicing import Reads, conditions_of, is_idle
from engine.definitions.model import RULE, Action, FieldType, FormItem, Owner, Workflow
from engine.definitions.walk import every_action
from engine.errors import HuyingError
from engine.rules import decide, escalate, refusing, rungs
from engine.rules.acts import Act
from engine.rules.case import THE_CLOCK, THE_RULE, Actor, Case, Run, Timer
from engine.rules.decide import Target
from engine.rules.forms import Filled
from engine.rules.permissions import Standing
from engine.rules.sending import ME
from engine.vocabulary import SETTLED, StateType

#: Cases that are walked through at most.
MOST = 30_000
#: Tasks of one kind that are at work or finished in one round at most, unless its join asks for more.
TASKS = 2

#: Steps of other tickets, and the hand-back of a task by a unit that nobody may send to: acts that no file declares.
MAIN_CLOSED, MAIN_VOID, SUB_SETTLED, HANDED_BACK = "main closed", "main void", "sub settled", "handed back"


@dataclass(frozen=True, slots=True, kw_only=True)
class Move:
    """One act, as it may be done again elsewhere."""

    action: str
    #: Where the file says so; 0 for what another ticket does.
    line: int
    #: `person`, `clock`, or what another ticket does.
    by: str
    roles: frozenset[str] = frozenset()
    #: The state of the ticket before it.
    state: str = ""
    #: The task and the request acted on, by the numbers of the case before it.
    task: int | None = None
    request: int | None = None
    kind: str | None = None
    form: dict[str, Any] = field(default_factory=dict)
    #: The number of the person who acts.
    person: int = 1
    #: Tasks with their kinds, and the request, that came of it, by their numbers in the case after it.
    made: tuple[tuple[int, str], ...] = ()
    asked: int | None = None
    #: Everything that came of it, automatic follow-ups included.
    lines: tuple[Line, ...] = ()
    #: Whether a run may count on it: what must be done before a deadline passes it may not.
    sure: bool = True
    #: Which act of all it is: outcomes of one act, of which nobody chooses, have one number.
    act: int = 0
    #: Whether it is a task's own step, which nothing outside of it can tell.
    own: bool = False
    #: The fault with which the rules stopped, if they did.
    fault: HuyingError | None = None


@dataclass(slots=True)
class Spot:
    """One case, how it was reached first, and where it leads."""

    number: int
    case: Case
    before: int | None
    move: Move | None
    #: The task whose own steps are under way; nobody else acts before they show.
    busy: int | None = None
    #: Acts that lead elsewhere, or back here.
    onward: list[tuple[Move, int]] = field(default_factory=list)


#: An action by where it is declared: kind of task, state or request, line and name.
Place = tuple[str | None, int, str]


class Space:
    """Everything that a sliced file can come to, with at most so many tasks of a kind at once."""

    def __init__(
        self,
        workflow: Workflow,
        *,
        tasks: int = TASKS,
        most: int = MOST,
        roughly: bool = False,
        until: frozenset[int] = frozenset(),
    ) -> None:
        self.workflow, self.most, self.roughly = workflow, most, roughly
        #: Lines of acts: once all of them were done, nothing more is asked.
        self.until = until
        self.reads = Reads.of(conditions_of(workflow))
        self.view = View.of(workflow, self.reads, roughly=roughly)
        self.bounds = {kind.name: _bound(kind.join, tasks) for kind in workflow.tasks.values()}
        self.spots: list[Spot] = []
        #: Actions that were possible somewhere.
        self.done: set[Place] = set()
        #: Acts that ended in a fault of the file: where from, and the act.
        self.faults: list[tuple[int, Move]] = []
        self.too_many = False
        #: Lines of acts whose conditions were let free: that they were done proves nothing of them.
        self.unproven: frozenset[int] = frozenset()
        self._known: dict[Any, int] = {}
        self._acts = 0
        self._by_rule = {name for one in every_action(workflow) if RULE in one.by for name in one.counts}
        self._fills: dict[int, tuple[dict[str, Any], ...]] = {}
        self._walk()

    def way(self, number: int) -> list[Move]:
        """The acts that lead there first."""
        moves: list[Move] = []
        here: int | None = number
        while here is not None:
            spot = self.spots[here]
            if spot.move is not None:
                moves.append(spot.move)
            here = spot.before
        return moves[::-1]

    def _walk(self) -> None:
        self._reach(unborn(self.workflow), None, None, None)
        here = 0
        while here < len(self.spots):
            if len(self.spots) > self.most:
                self.too_many = True
                return
            if self.until and self.until <= {line for _, line, _ in self.done}:
                return
            spot = self.spots[here]
            for move, after in self._moves(spot.case, spot.busy):
                if move.fault is not None or any(line.moot == "action" for line in move.lines):
                    self.faults.append((here, move))
                elif after is not None:
                    busy = move.task if move.own else None
                    spot.onward.append((move, self._reach(after, here, move, busy)))
            here += 1

    def _reach(self, case: Case, before: int | None, move: Move | None, busy: int | None) -> int:
        key = self.view.key(case)
        if busy is not None:
            key = (*key, self.view.signature(case, case.tasks[busy]))
        number = self._known.get(key)
        if number is None:
            number = self._known[key] = len(self.spots)
            self.spots.append(Spot(number, case, before, move, busy))
        return number

    # -- what may happen ---------------------------------------------------------------------------------------------

    def _moves(self, case: Case, busy: int | None) -> Iterator[tuple[Move, Case | None]]:
        if not case.ticket.last_seq:
            for start in self.workflow.starts.values():
                yield from self._people(case, Target(start))
            return
        if self.workflow.states[case.ticket.state].final:
            return
        told: set[Any] = set()
        unheard = self.view.bearing.unheard[case.ticket.state]
        for target in decide.targets(case):
            if target.task is not None and target.task.kind in unheard:
                continue
            if busy is not None and (target.task is None or target.task.seq != busy):
                continue
            if self._is_new(case, target, told) and target.action.by_people():
                yield from self._people(case, target)
        yield from self._clock(case, busy)
        if busy is None:
            yield from self._others(case)
            yield from self._handed_back(case)

    def _is_new(self, case: Case, target: Target, told: set[Any]) -> bool:
        """Of tasks that are alike one acts for all."""
        if target.task is None:
            return True
        key = (
            self.view.signature(case, target.task), target.action.line, target.action.name,
            target.answered.name if target.answered else "",
        )  # fmt: skip
        new = key not in told
        told.add(key)
        return new

    def _people(self, case: Case, target: Target) -> Iterator[tuple[Move, Case | None]]:
        action = target.action
        place = place_of(target)
        idle = is_idle(action) and target.asked is None and target.answered is None
        if idle and place in self.done:
            return
        person = _unused(case)
        capacity = decide.examine(case, target, anybody(person), NOW)
        if isinstance(capacity, HuyingError):
            return
        if idle:
            self.done.add(place)
            return
        for form in self._forms(action):
            cases = self._meant(case, target)
            move = self._move(case, target, "person", form, person)
            for meant in cases:
                yield from self._performed(meant, target, move, anybody(person), capacity)

    def _meant(self, case: Case, target: Target) -> list[Case]:
        """Every outcome of one act has its number: which of them comes, nobody chooses."""
        self._acts += 1
        return self.view.meant(case, target.task, {*target.action.counts, *self._by_rule})

    def _performed(
        self, case: Case, target: Target, move: Move, actor: Actor, capacity: Standing
    ) -> Iterator[tuple[Move, Case | None]]:
        draft = Sketch(case, Act(action=move.action, actor=actor, references=REFERENCES), NOW, ALMANAC)
        move = replace(move, form=self._named(case, target, move.form))
        filled = Filled(facts=dict(move.form))
        error = decide.perform(draft, target, actor, capacity, filled, {})
        if error is not None:
            # A unit too many, or one that has its task already: with other units it may be done.
            return
        error = decide.settle(draft)
        if error is None:
            self.done.add(place_of(target))
        yield self._settled(draft, case, move, error)

    def _settled(self, draft: Sketch, case: Case, move: Move, error: HuyingError | None) -> tuple[Move, Case | None]:
        """The act with all that came of it, and the case it leads to; none beyond the bound of tasks."""
        made = tuple((seq, task.kind) for seq, task in draft.tasks.items() if seq not in case.tasks)
        asked = next((seq for seq in draft.asks if seq not in case.asks), None)
        move = replace(move, lines=draft.lines, fault=error, made=made, asked=asked)
        if error is not None:
            return move, None
        for kind, bound in self.bounds.items():
            if sum(1 for task in draft.round_of(kind) if task.live) > bound:
                return move, None
        after = self.view.trimmed(draft)
        if self.roughly and move.task is not None and self._is_own(draft, case, after, move.task):
            move = replace(move, own=True)
        return move, after

    def _is_own(self, draft: Sketch, before: Case, after: Case, seq: int) -> bool:
        """Whether an act was a task's own step, which nothing outside of it can tell."""
        old, new = before.tasks[seq], after.tasks.get(seq)
        if new is None or not new.open or len(draft.lines) != 1 or {one.seq for one in draft.finish().tasks} != {seq}:
            return False
        if {(new.kind, old.state), (new.kind, new.state)} & self.reads.words:
            return False
        asked = {ask.name for case in (before, after) for ask in case.asks.values() if ask.task_seq == seq}
        if asked & self.reads.requests or new.round != old.round:
            return False
        return self.view.key(before)[:-1] == self.view.key(after)[:-1]

    def _clock(self, case: Case, busy: int | None) -> Iterator[tuple[Move, Case | None]]:
        for timer in case.timers.values():
            if busy not in (None, timer.task_seq):
                continue
            of = case.tasks[timer.task_seq].kind if timer.task_seq is not None else ""
            if timer.run is not Run.RUNNING or of in self.view.bearing.unheard[case.ticket.state]:
                continue
            way = rungs.climb(self.workflow, self.workflow.deadlines[timer.name])
            for rung in range(len(way)):
                if not timer.handled >> rung & 1:
                    step = way.step(rung)
                    self._acts += 1
                    yield from self._fired(case, timer, rung, (step.do if step else way.then) or "")
        here = case.ticket.state
        if busy is not None:
            return
        for meeting in self.workflow.meetings.values():
            action = self.workflow.states[here].actions.get(meeting.carry or "")
            if here in meeting.agenda and action is not None:
                target = Target(action)
                capacity = decide.examine(case, target, THE_CLOCK, NOW)
                if not isinstance(capacity, HuyingError):
                    cases = self._meant(case, target)
                    move = self._move(case, target, "clock", {}, 0)
                    for meant in cases:
                        yield from self._performed(meant, target, move, THE_CLOCK, capacity)

    def _fired(self, case: Case, timer: Timer, rung: int, name: str) -> Iterator[tuple[Move, Case | None]]:
        task = case.tasks[timer.task_seq] if timer.task_seq is not None else None
        target = escalate.target_of(Sketch(case, escalate.clock_act(), NOW, ALMANAC), timer, task, name)
        line = self.workflow.deadlines[timer.name].line
        move = Move(
            action=name, line=line, by="clock", task=timer.task_seq, kind=task.kind if task else None, act=self._acts,
            state=case.ticket.state,
        )  # fmt: skip
        if target is not None:
            move = self._move(case, target, "clock", {}, 0)
        for meant in self.view.meant(case, target.task, target.action.counts) if target is not None else (case,):
            yield self._come(meant, timer, rung, move, target)

    def _come(
        self, case: Case, timer: Timer, rung: int, move: Move, target: Target | None
    ) -> tuple[Move, Case | None]:  # fmt: skip
        draft = Sketch(case, escalate.clock_act(), NOW, ALMANAC)
        error: HuyingError | None = None
        try:
            escalate.fire(draft, timer.seq, rung, NOW)
        except HuyingError as refusal:
            error = refusal
        if target is not None and any(line.action == target.action.name for line in draft.lines):
            self.done.add(place_of(target))
        if error is None and all(line.moot for line in draft.lines):
            # It may come at another time as well: no case of its own.
            return replace(move, lines=draft.lines), None
        if self.roughly and draft.timers[timer.seq].ended_at is None and _moved(draft.lines):
            # Its deadline goes on elsewhere. That it has come before is forgotten, so nobody may count on it.
            draft.timer(timer.seq).handled = timer.handled
            move = replace(move, sure=False)
        return self._settled(draft, case, move, error)

    def _others(self, case: Case) -> Iterator[tuple[Move, Case | None]]:
        """What other tickets do: the main one ends, the last that this one opened is settled."""
        ticket = case.ticket
        steps: list[tuple[str, StateType | None]] = []
        if ticket.main_id is not None and ticket.main_type not in SETTLED:
            steps = [(MAIN_CLOSED, StateType.CLOSED), (MAIN_VOID, StateType.VOID)]
        if ticket.open_subs:
            steps.append((SUB_SETTLED, None))
        for by, ends in steps:
            draft = Sketch(case, Act(action="", actor=THE_RULE), NOW, ALMANAC)
            if ends is None:
                draft.ticket.open_subs = 0
            else:
                draft.ticket.main_type = ends
            self._acts += 1
            yield self._settled(
                draft, case, Move(action="", line=0, by=by, act=self._acts, state=ticket.state), decide.settle(draft)
            )

    def _handed_back(self, case: Case) -> Iterator[tuple[Move, Case | None]]:
        """A unit gives a task back that rests on nothing; looked at where the file asks what is to be then."""
        told: set[Any] = set()
        for task in case.tasks.values():
            if not task.open or task.kind not in self.reads.empty or self.workflow.tasks[task.kind].of is Owner.PERSON:
                continue
            key = self.view.signature(case, task)
            if key in told or task.kind in self.view.bearing.unheard[case.ticket.state]:
                continue
            told.add(key)
            draft = Sketch(case, Act(action=refusing.HANDED_BACK, actor=THE_RULE, task=task.seq), NOW, ALMANAC)
            refusing.retell(draft, task.seq, draft.seq())
            self._acts += 1
            move = Move(
                action="", line=0, by=HANDED_BACK, act=self._acts, state=case.ticket.state, task=task.seq,
                kind=task.kind, sure=False,
            )  # fmt: skip
            yield self._settled(draft, case, move, decide.settle(draft))

    # -- forms -------------------------------------------------------------------------------------------------------

    def _forms(self, action: Action) -> tuple[dict[str, Any], ...]:
        """Every way to fill a form in that may make a difference; units by how many they are."""
        found = self._fills.get(id(action))
        if found is None:
            sent = {name: kind for kind, names in action.sends.items() for name in names}
            items = [(item.name, self._values(item, sent)) for item in action.form]
            ways = product(*(values for _, values in items))
            found = tuple(
                {name: value for (name, _), value in zip(items, way, strict=True) if value not in (None, 0)}
                for way in ways
            )
            self._fills[id(action)] = found
        return found

    def _values(self, item: FormItem, sent: dict[str, str]) -> list[Any]:
        least = 1 if item.required else 0
        if item.name in sent:
            return list(range(least, (self.bounds[sent[item.name]] if item.many else 1) + 1))
        given: list[Any]
        if item.field.type is FieldType.TICKET:
            return [MAIN]
        if item.field.type in (FieldType.CHOICE, FieldType.YES_NO):
            known = [*item.field.of] if item.field.type is FieldType.CHOICE else ["yes", "no"]
            asked = self.reads.choices.get(item.name, set())
            other = [value for value in known if value not in asked]
            given = [value for value in known if value in asked] + other[:1]
        elif item.field.type in (FieldType.DATE, FieldType.MEETING):
            given = [AHEAD]
        else:
            given = ["item" if item.name == "item" else "given"]
        values = [[value] for value in given] if item.many else given
        return values if item.required else [None, *values]

    def _named(self, case: Case, target: Target, form: dict[str, Any]) -> dict[str, Any]:
        """A form with units of its own in place of their number: none that has a task already."""
        sent = {name: kind for kind, names in target.action.sends.items() for name in names}
        taken = {task.department_id or task.person_id for task in case.tasks.values()}
        free = iter(number for number in range(1, HANDS) if number not in taken)
        filled = dict(form)
        for name, kind in sent.items():
            if name == ME or name not in form:
                continue
            letter = "d" if self.workflow.tasks[kind].of is Owner.DEPARTMENT else "p"
            codes = [f"{letter}{next(free)}" for _ in range(form[name])]
            item = next(item for item in target.action.form if item.name == name)
            filled[name] = codes if item.many else codes[0]
        return filled

    def _move(self, case: Case, target: Target, by: str, form: dict[str, Any], person: int) -> Move:
        action = target.action
        return Move(
            action=action.name, line=int(action.line), by=by, roles=action.by_people(), state=case.ticket.state,
            task=target.task.seq if target.task else None, kind=target.task.kind if target.task else None,
            request=target.answered.seq if target.answered else None, form=form, person=person,
            sure=action.before is None, act=self._acts,
        )  # fmt: skip


def place_of(target: Target) -> Place:
    """Where an action is declared."""
    return (target.task.kind if target.task else None, int(target.action.line), target.action.name)


def _moved(lines: tuple[Line, ...]) -> bool:
    return any(line.source != line.target for line in lines)


def _unused(case: Case) -> int:
    taken = {task.person_id for task in case.tasks.values()}
    return next(number for number in range(1, HANDS) if number not in taken)


def _bound(join: Any, tasks: int) -> int:
    """How many tasks of a kind are needed to see its join hold while some are still at work."""
    if join.count is not None:
        return max(tasks, int(join.count) + 1)
    return max(tasks, int(join.share[1])) if join.share is not None and join.share[0] != join.share[1] else tasks
