"""What is wrong in an explored state space, each thing with the shortest way to where it shows."""

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field

from engine.analysis.acting import HANDED_BACK, MAIN_CLOSED, MAIN_VOID, Move, Place
from engine.analysis.exploring import Space, Spot
from engine.analysis.grounds import Ground
from engine.analysis.soundness import Fault, Finding, Step
from engine.analysis.traces import ANOTHER
from engine.definitions.conditions import Condition, Joined, Nobody, Not, Tasks
from engine.definitions.machine import BEFORE
from engine.definitions.model import CLOCK, RULE, Action, Request, State, Title, Workflow
from engine.definitions.names import WITHDRAWN
from engine.errors import Endless
from engine.rules.case import Case
from engine.rules.decide import targets
from engine.rules.escalate import RUNG
from engine.rules.facts import CaseFacts
from engine.vocabulary import StateType

_OTHERS = {
    MAIN_CLOSED: Title("主案件办结", "the main ticket is closed"),
    MAIN_VOID: Title("主案件作废", "the main ticket is void"),
}
_BACK = Title("单位退回无依据的任务", "the unit gives back a task that rests on nothing")
_SUB = Title("子案件办结", "its sub-tickets are settled")


#: The shortest way to a state of the ticket or of a kind of task; nothing where none leads there.
WayTo = Callable[[str | None, str], tuple[Move, ...]]


def happened(space: Space) -> list[Finding]:
    """What went wrong in a space, whatever else may happen in the file: an act, or a case, is enough to show it."""
    look = _Look(space)
    return [*look.broken(), *look.left(), *look.undone()]


@dataclass(frozen=True, slots=True)
class Doubt:
    """Where, as far as a space goes, something can never come."""

    spots: list[int]
    #: Where it must be looked for whether it can come after all; nothing beyond makes a difference.
    within: Callable[[Ground], bool]
    #: What is to be said of a space that begins with these spots.
    said: Callable[[Space], Iterable[Finding]]


def doubts(space: Space) -> Iterator[Doubt]:
    """Everything that can never come in a space, as far as it goes."""
    look = _Look(space)
    yield Doubt([spot.number for spot in look.lost()], lambda _: True, lambda further: _Look(further).stuck())
    for state, kind in look.joins():
        yield Doubt(
            list(look.vain_in(state, kind)),
            lambda ground, name=state.name: ground.state == name,  # type: ignore[misc]
            lambda further, state=state, kind=kind: _Look(further).vain(state, kind),  # type: ignore[misc]
        )
    for owner, request in look.requests():
        yield Doubt(
            look.unanswered_in(owner, request),
            lambda ground, owner=owner, name=request.name: _asked(ground.case, owner, name),  # type: ignore[misc]
            lambda further, owner=owner, one=request: _Look(further).unanswered(owner, one),  # type: ignore[misc]
        )


def once(found: list[Finding]) -> list[Finding]:
    """Of what is wrong in one place by several signs, that with the shortest way."""
    best: dict[tuple[Fault, str | None, str, int], Finding] = {}
    for one in found:
        key = (one.fault, one.kind, one.state, one.line)
        if key not in best or len(one.way) < len(best[key].way):
            best[key] = one
    return list(best.values())


def doubtful(space: Space) -> list[int]:
    """The spots of which something can never come, as far as this space goes."""
    look = _Look(space)
    found = {spot.number for spot in look.lost()}
    for state, kind in look.joins():
        found.update(look.vain_in(state, kind))
    for owner, request in look.requests():
        found.update(look.unanswered_in(owner, request))
    return sorted(found)


def aside(space: Space) -> list[Finding]:
    """What can be wrong with a group that stands aside, where limits are free: nothing else hangs on it.

    Where no more was looked for than whether its acts are possible, its requests are known to be answered.
    """
    look = _Look(space)
    return [*look.broken(), *(look.all_unanswered() if not space.until else ())]


def examine(space: Space, unsure: frozenset[int] = frozenset()) -> list[Finding]:
    """Everything that is wrong there, the gravest first. Nobody may count on the acts of the `unsure` lines.

    Where a space was not walked to its end, whatever is not known is taken to come out well.
    """
    look = _Look(space, unsure)
    never = once([*look.stuck(), *look.all_vain(), *look.all_unanswered()])
    return [*look.broken(), *never, *look.left(), *look.undone()]


@dataclass(slots=True)
class Seen:
    """What has happened in some spaces of one file, which themselves need not be kept."""

    #: Kinds of task, "" for the ticket, with the states that were reached.
    there: set[tuple[str, str]] = field(default_factory=set)
    #: The same with the actions that were done there.
    happened: set[tuple[str, str, str]] = field(default_factory=set)
    #: The same with the states that were left by an act.
    left: set[tuple[str | None, str]] = field(default_factory=set)
    done: set[Place] = field(default_factory=set)
    cases: int = 0
    #: Whether some space has more cases than are walked through.
    too_many: bool = False

    def add(self, space: Space) -> None:
        self.cases += len(space.spots)
        self.too_many |= space.too_many
        self.done |= {place for place in space.done if place[1] not in space.unproven}
        told = {(id(move.lines), move.line): move for spot in space.spots for move, _ in spot.onward}
        for move in told.values():
            for line in move.lines:
                self.there |= {(line.kind, line.source), (line.kind, line.target)}
                if line.target != line.source:
                    self.left.add((line.kind, line.source))
                if move.line not in space.unproven or line.action != move.action:
                    self.happened.add((line.kind, line.source, line.action))
        for case in {id(spot.ground): spot.one for spot in space.spots}.values():
            self.there |= {(task.kind, task.state) for task in case.tasks.values()}


def impossible(workflow: Workflow, space: Space, seen: Seen, way_there: WayTo) -> list[Finding]:
    """States that nothing has reached, and actions that were never done."""
    there, happened, done = seen.there, seen.happened, seen.done
    main = _Look(space)
    found: list[Finding] = []
    for kind in (None, *workflow.tasks):
        for state in workflow.scope(kind).states.values():
            if (kind or "", state.name) in there or (kind and state.name == WITHDRAWN):
                continue
            zh, en = f"没有任何办法到达{_zh(state)}", f"nothing leads to {_en(state)}"
            found.append(main.found(Fault.UNREACHED, kind, state.name, int(state.line), zh, en))
    told: set[Place] = set()
    for kind, state, action in _declared(workflow):
        place = (kind, int(action.line), action.name)
        if place in done | told or (kind or "", state.name) not in there:
            continue
        if any((kind or "", other, action.name) in happened for other in _standing(workflow, place)):
            continue
        told.add(place)
        why_zh = f"条件“{action.when}”从不成立" if action.when else "规则总是先使它离开"
        why_en = f"'{action.when}' never holds" if action.when else "a rule always moves it on first"
        zh = f"在{_zh(state)}永远办不了“{action.title.zh}”：{why_zh}"
        en = f"'{action.title.en or action.title.zh}' can never be done in {_en(state)}: {why_en}"
        way = way_there(kind, state.name)
        found.append(main.found(Fault.DEAD, kind, state.name, int(action.line), zh, en, way))
    return found


def way_to(space: Space, kind: str | None, state: str) -> tuple[Move, ...]:
    """The shortest way to a state of the ticket or of a kind of task; nothing where none leads there."""
    return tuple(_Look(space).first(lambda spot: _is_in(spot.one, kind, state)))


def _declared(workflow: Workflow) -> Iterator[tuple[str | None, State, Action]]:
    """Every action with a state in which it stands."""
    for kind in (None, *workflow.tasks):
        scope = workflow.scope(kind)
        for state in scope.states.values():
            yield from ((kind, state, action) for action in state.actions.values())
        for request in scope.requests.values():
            for name in scope.states:
                if name in request.states:
                    yield from ((kind, scope.states[name], one) for one in (request.ask, *request.answers.values()))


def _standing(workflow: Workflow, place: Place) -> list[str]:
    """The states in which one declared action stands."""
    return [state.name for kind, state, one in _declared(workflow) if (kind, int(one.line), one.name) == place]


def _is_in(case: Case, kind: str | None, state: str) -> bool:
    if kind is None:
        return case.ticket.state == state
    return any(task.kind == kind and task.state == state for task in case.tasks.values())


class _Look:
    """One space, looked over."""

    def __init__(self, space: Space, unsure: frozenset[int] = frozenset()) -> None:
        self.space, self.workflow, self.unsure = space, space.workflow, unsure
        self._befores: dict[bool, dict[int, list[int]]] = {}
        self._unwalked = space.unwalked

    # -- what stops in a fault ---------------------------------------------------------------------------------------

    def broken(self) -> Iterator[Finding]:
        """Rules without end, rules that fail, rungs that may not do what they are to do."""
        told: set[tuple[str, int, str]] = set()
        for number, move in self.space.faults:
            here = self.space.spots[number].one.ticket.state
            state = self.workflow.states.get(here)
            said = (here, move.line, move.action)
            if said in told:
                continue
            told.add(said)
            way = self.space.way(number, move)
            if move.fault is None:
                zh = f"时限的阶梯要由时钟办理“{move.action}”，但此时不能办理（{_zh(state)}）"
                en = f"a deadline makes the clock do '{move.action}', which may not be done then ({_en(state)})"
                yield self.found(Fault.MOOT, move.kind, here, move.line, zh, en, way)
            elif isinstance(move.fault, Endless):
                round_ = [line.target for line in move.lines[-6:]]
                states = [self.workflow.states[name] for name in dict.fromkeys(round_) if name in self.workflow.states]
                zh = f"自动流转没有尽头：{' → '.join(map(_zh, states))}"
                en = f"automatic transitions without end: {' → '.join(map(_en, states))}"
                yield self.found(Fault.ENDLESS, None, states[0].name if states else here, move.line, zh, en, way)
            else:
                zh, en = f"规则必须办理而不能办理：{move.fault.zh}", f"a rule must act and cannot: {move.fault.en}"
                yield self.found(Fault.FAILS, None, here, move.line, zh, en, way)

    # -- what never ends ---------------------------------------------------------------------------------------------

    def stuck(self) -> Iterator[Finding]:
        """Places without a way to an end: those that nobody leaves, else those that only lead to each other."""
        spots, lost = self.space.spots, self.lost()
        caught = {spot.number for spot in lost}
        while True:
            freed = {
                number for number in caught
                if any(
                    after not in caught or spots[after].one.ticket.state != spots[number].one.ticket.state
                    for _, after in spots[number].onward
                )
            }  # fmt: skip
            if not freed:
                break
            caught -= freed
        traps = [spot for spot in lost if spot.number in caught]
        for name in dict.fromkeys(spot.one.ticket.state for spot in traps):
            yield self._trap(next(spot for spot in traps if spot.one.ticket.state == name))
        leading = self._leading_to(caught)
        around = [spot for spot in lost if spot.number not in leading]
        if around:
            states = [self.workflow.states[name] for name in dict.fromkeys(s.one.ticket.state for s in around)]
            zh = f"{'、'.join(map(_zh, states))}之间来回打转，永远到不了终态"
            en = f"{', '.join(map(_en, states))} only lead to each other, never to an end"
            first = states[0]
            way = self.space.way(around[0].number)
            yield self.found(Fault.CIRCLE, None, first.name, int(first.line), zh, en, way)

    def lost(self) -> list[Spot]:
        """Places without a way to an end."""
        saved = self._saved()
        return [spot for spot in self._begun() if spot.number not in saved and spot.busy is None]

    def _begun(self) -> Iterator[Spot]:
        """All but what is before a start."""
        return (spot for spot in self.space.spots if spot.one.ticket.last_seq)

    def _trap(self, spot: Spot) -> Finding:
        state, way = self.workflow.states[spot.one.ticket.state], self.space.way(spot.number)
        waited = [kind for kind in self._waits(state) if not CaseFacts(spot.one).joined(kind)]
        fault, silent = Fault.TRAP, not any(move.by in ("person", CLOCK) for move, _ in spot.onward)
        zh = f"到了{_zh(state)}就再也出不来：没有人、时钟或规则能使它离开"
        en = f"whatever comes to {_en(state)} stays there: nobody, no clock and no rule can move it on"
        if waited:
            fault, task = Fault.VAIN, self.workflow.tasks[waited[0]]
            zh = f"在{_zh(state)}等待“{task.title.zh}”汇合，但再也汇合不了"
            en = f"{_en(state)} waits for '{task.title.en or task.title.zh}' to join, which it cannot any more"
        elif silent and not self._idle_acts(spot):
            fault = Fault.NOBODY
            zh = f"到了{_zh(state)}，没有任何人能办，也没有时钟在走"
            en = f"in {_en(state)} nobody can do anything and no clock runs"
        return self.found(fault, None, state.name, int(state.line), zh, en, way)

    def _idle_acts(self, spot: Spot) -> bool:
        return any(target.action.by_people() for target in targets(spot.one))

    def _saved(self) -> set[int]:
        """Places from which an end can be reached whatever comes of acts that have several outcomes."""
        spots = self.space.spots
        outcomes: dict[tuple[int, int], set[int]] = {}
        for spot in spots:
            unsure = {move.act for move, _ in spot.onward if not move.sure or move.line in self.unsure}
            for move, after in spot.onward:
                if move.act not in unsure:
                    outcomes.setdefault((spot.number, move.act), set()).add(after)
        before: dict[int, list[tuple[int, int]]] = {}
        for act, afters in outcomes.items():
            for after in afters:
                before.setdefault(after, []).append(act)
        left = {act: len(afters) for act, afters in outcomes.items()}
        saved = {spot.number for spot in spots if self._final(spot)} | self._unwalked
        waiting = deque(saved)
        while waiting:
            for act in before.get(waiting.popleft(), ()):
                left[act] -= 1
                if not left[act] and act[0] not in saved:
                    saved.add(act[0])
                    waiting.append(act[0])
        return saved

    def _leading_to(self, numbers: set[int], *, surely: bool = False) -> set[int]:
        """Places from which one of these may be come to; by acts that may be counted on, if that is asked."""
        before = self._before(surely)
        found, waiting = set(numbers), list(numbers)
        while waiting:
            for number in before.get(waiting.pop(), ()):
                if number not in found:
                    found.add(number)
                    waiting.append(number)
        return found

    def _before(self, surely: bool) -> dict[int, list[int]]:
        found = self._befores.get(surely)
        if found is None:
            found = self._befores[surely] = {}
            for spot in self.space.spots:
                for move, after in spot.onward:
                    if not surely or (move.sure and move.line not in self.unsure):
                        found.setdefault(after, []).append(spot.number)
        return found

    def _final(self, spot: Spot) -> bool:
        state = self.workflow.states.get(spot.one.ticket.state)
        return state is not None and state.final

    # -- joins, requests ---------------------------------------------------------------------------------------------

    def _waits(self, state: State) -> list[str]:
        """Kinds whose join a rule waits for in a state."""
        rules = [action for action in state.actions.values() if RULE in action.by and action.when is not None]
        return list(
            dict.fromkeys(atom.kind for rule in rules for atom in _plain(rule.when) if isinstance(atom, Joined))
        )

    def joins(self) -> Iterator[tuple[State, str]]:
        """States in which a rule waits for the join of a kind."""
        yield from ((state, kind) for state in self.workflow.states.values() for kind in self._waits(state))

    def all_vain(self) -> Iterator[Finding]:
        """Every join that is waited for in vain."""
        return (one for state, kind in self.joins() for one in self.vain(state, kind))

    def vain(self, state: State, kind: str) -> Iterator[Finding]:
        """Waiting for a join that nothing in this state can make hold, and that nothing here asks about otherwise."""
        number = next(iter(self.vain_in(state, kind)), None)
        if number is not None:
            task = self.workflow.tasks[kind]
            zh = f"在{_zh(state)}等待“{task.title.zh}”汇合，但已无人承办，再也汇合不了"
            en = f"{_en(state)} waits for '{task.title.en or task.title.zh}' to join, but nobody is left to do it"
            yield self.found(Fault.VAIN, None, state.name, int(state.line), zh, en, self.space.way(number))

    def vain_in(self, state: State, kind: str) -> Iterator[int]:
        """Where in a state the join of a kind is waited for in vain."""
        here = [spot for spot in self.space.spots if spot.one.ticket.state == state.name]
        rules = {
            action.name for action in state.actions.values()
            if RULE in action.by and any(isinstance(a, Joined) and a.kind == kind for a in _plain(action.when))
        }  # fmt: skip
        numbers = {spot.number for spot in here}
        holds = {
            spot.number for spot in here
            if spot.number in self._unwalked
            or CaseFacts(spot.one).joined(kind)
            or any(line.action in rules and line.source == state.name for move, _ in spot.onward for line in move.lines)
        }  # fmt: skip
        able = self._within(numbers, holds)
        for spot in here:
            if spot.busy is None and spot.number not in able and self._stranded(spot, state, kind):
                yield spot.number

    def _within(self, numbers: set[int], goals: set[int]) -> set[int]:
        """Places among these from which a goal is reached without leaving them."""
        before: dict[int, list[int]] = {}
        for number in numbers:
            for _, after in self.space.spots[number].onward:
                if after in numbers:
                    before.setdefault(after, []).append(number)
        found, waiting = set(goals), list(goals)
        while waiting:
            for number in before.get(waiting.pop(), ()):
                if number not in found:
                    found.add(number)
                    waiting.append(number)
        return found

    def _stranded(self, spot: Spot, state: State, kind: str) -> bool:
        """Whether nobody is left whose work could make the join hold, and no act here asks for just that."""
        case = spot.now()
        live = [task for task in case.round_of(kind) if task.live]
        lead = self.workflow.tasks[kind].join.lead
        if any(task.lead for task in live) if lead else live:
            return False
        facts = CaseFacts(case)
        for action in state.actions.values():
            asks = action.when is not None and any(
                isinstance(atom, Joined | Nobody | Tasks) and atom.kind == kind for atom in action.when.atoms()
            )
            if asks and action.by_people() and action.when is not None and action.when.holds(facts):
                return False
        return True

    def requests(self) -> Iterator[tuple[str | None, Request]]:
        """Every request with the kind of task that it is asked of."""
        for kind in (None, *self.workflow.tasks):
            yield from ((kind, request) for request in self.workflow.scope(kind).requests.values())

    def all_unanswered(self) -> Iterator[Finding]:
        """Every request that is never answered."""
        return (one for kind, request in self.requests() for one in self.unanswered(kind, request))

    def unanswered(self, kind: str | None, request: Request) -> Iterator[Finding]:
        """A request from which nothing leads to a place where it is answered or has lapsed."""
        first = next(iter(self.unanswered_in(kind, request)), None)
        if first is not None:
            zh = f"“{request.title.zh}”提出后再也没有答复"
            en = f"once asked, '{request.title.en or request.title.zh}' is never answered"
            here = self.space.spots[first].one.ticket.state
            yield self.found(Fault.UNANSWERED, kind, here, int(request.line), zh, en, self.space.way(first))

    def unanswered_in(self, kind: str | None, request: Request) -> list[int]:
        """Where a request is open for ever."""
        open_in = {spot.number for spot in self.space.spots if _asked(spot.one, kind, request.name)}
        if not open_in:
            return []
        rest = {spot.number for spot in self.space.spots} - open_in
        able = self._leading_to(rest | self._unwalked, surely=True)
        return [number for number in sorted(open_in - able) if self._heard(number, kind)]

    def _heard(self, number: int, kind: str | None) -> bool:
        spot = self.space.spots[number]
        unheard = self.space.view.bearing.unheard[spot.one.ticket.state]
        return spot.busy is None and not self._final(spot) and kind not in unheard

    # -- what an act leaves behind -----------------------------------------------------------------------------------

    def left(self) -> Iterator[Finding]:
        """Tasks that nobody waits for any more, sub-tickets open at an end, outcomes of a main ticket unheard."""
        told: set[tuple[Fault, str]] = set()
        for spot in self._begun():
            for fault, zh, en in self._left_in(spot):
                state = self.workflow.states[spot.one.ticket.state]
                if (fault, state.name) not in told:
                    told.add((fault, state.name))
                    yield self.found(fault, None, state.name, int(state.line), zh, en, self.space.way(spot.number))

    def _left_in(self, spot: Spot) -> Iterator[tuple[Fault, str, str]]:
        case, state = spot.one, self.workflow.states[spot.one.ticket.state]
        stale = [t for t in case.tasks.values() if t.open and t.round != case.ticket.memory.rounds.get(t.kind, 0)]
        at_work = [task for task in case.tasks.values() if task.open]
        if stale or (state.final and at_work):
            task = self.workflow.tasks[(stale or at_work)[0].kind]
            zh = f"在{_zh(state)}还有“{task.title.zh}”在办，却已无人等待它"
            en = f"in {_en(state)} '{task.title.en or task.title.zh}' is at work and nothing waits for it"
            yield Fault.LEFT, zh, en
        if state.final and state.type is StateType.CLOSED and case.ticket.open_subs:
            yield Fault.SUBS, f"到了{_zh(state)}，还有子案件未办结", f"{_en(state)} is reached with sub-tickets open"
        if spot.move is not None and spot.move.by in _OTHERS and state.type is StateType.JOINED:
            what = _OTHERS[spot.move.by]
            yield (
                Fault.UNHEARD,
                f"{what.zh}后，{_zh(state)}没有规则理会",
                f"no rule of {_en(state)} hears that {what.en}",
            )

    def undone(self) -> Iterator[Finding]:
        """Acts after which a rule at once moves the ticket back to where it was."""
        told: set[tuple[int, str]] = set()
        for spot in self._begun():
            for move, _ in spot.onward:
                first = move.lines[0] if move.lines else None
                if first is None or first.kind or move.kind is not None or first.source == first.target:
                    continue
                back = next((one for one in move.lines[1:] if not one.kind and one.target == first.source), None)
                if back is None or back.actor != RULE or (move.line, move.action) in told:
                    continue
                told.add((move.line, move.action))
                state = self.workflow.states[first.source]
                zh = f"在{_zh(state)}办理“{move.action}”后，规则“{back.action}”立即使它退回"
                en = f"what '{move.action}' does in {_en(state)} the rule '{back.action}' undoes at once"
                way = self.space.way(spot.number, move)
                yield self.found(Fault.UNDONE, None, first.source, move.line, zh, en, way)

    # -- telling -----------------------------------------------------------------------------------------------------

    def first(self, wanted: Callable[[Spot], bool]) -> Iterable[Move]:
        """The way to the first place that is wanted."""
        number = next((spot.number for spot in self.space.spots if spot.one.ticket.last_seq and wanted(spot)), None)
        return self.space.way(number) if number is not None else ()

    def found(
        self, fault: Fault, kind: str | None, state: str, line: int, zh: str, en: str, way: Iterable[Move] = ()
    ) -> Finding:  # fmt: skip
        if kind is not None:
            title = self.workflow.tasks[kind].title
            zh, en = f"任务“{title.zh}”：{zh}", f"the task '{title.en or title.zh}': {en}"
        way = tuple(way)
        return Finding(
            fault=fault, kind=kind, state=state, line=line, zh=zh, en=en, way=way, trace=steps_of(self.workflow, way)
        )  # fmt: skip


def _asked(case: Case, kind: str | None, name: str) -> bool:
    return any(
        ask.name == name and (case.tasks[ask.task_seq].kind if ask.task_seq is not None else None) == kind
        for ask in case.asks.values()
    )


def _plain(condition: Condition | None) -> Iterator[Condition]:
    """What a condition asks to be so, and not to be otherwise."""
    if condition is None or isinstance(condition, Not):
        return
    parts = getattr(condition, "parts", None)
    if parts is None:
        yield condition
    for part in parts or ():
        yield from _plain(part)


def _zh(state: State | None) -> str:
    return f"“{state.title.zh}”" if state else "（开始）"


def _en(state: State | None) -> str:
    return f"'{state.title.en or state.title.zh}'" if state else "(start)"


def steps_of(workflow: Workflow, way: Iterable[Move]) -> tuple[Step, ...]:
    """A way in acts as the steps that are told, each follow-up a step of its own."""
    return tuple(step for move in way for step in _steps(workflow, move))


def _steps(workflow: Workflow, move: Move) -> Iterator[Step]:
    if move.by not in ("person", CLOCK):
        title = _OTHERS.get(move.by) or (_BACK if move.by == HANDED_BACK else _SUB)
        action = Action(name=move.by, title=title, by=frozenset({ANOTHER}))
        state = move.lines[0].source if move.lines else move.state
        yield Step(action=action, source=state, target=state, of="")
    for line in move.lines:
        kind = line.kind or None
        source = line.source or BEFORE
        if line.action == RUNG:
            if line.moot == "action":
                known = workflow.action(kind=None, state=move.state, request=None, name=move.action)
                known = known or Action(name=move.action, title=Title(move.action, move.action), line=move.line)
                said = Action(name=known.name, title=known.title, by=frozenset({CLOCK}), line=move.line)
                yield Step(action=said, source=source, target=line.target, of=line.kind, moot=True)
            continue
        yield Step(
            action=_action(workflow, kind, source, line.request, line.action), source=source, target=line.target,
            request=line.request or None, of=line.kind, kind=kind,
        )  # fmt: skip


def _action(workflow: Workflow, kind: str | None, state: str, request: str, name: str) -> Action:
    scope = workflow.scope(kind)
    if state == BEFORE:
        return workflow.starts[name]
    asked = scope.requests.get(request)
    if asked is not None:
        return asked.answers.get(name, asked.ask)
    return scope.states[state].actions[name]
