"""The state space of a file on a finite abstraction, walked through breadth first by `decide` itself.

So the first way to a case is a shortest one, in acts. Cases that differ in the counters, marks and choices of their
ticket alone are looked at together: each act is done once for all of them that answer alike what it asks.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

from engine.analysis.acting import Acts, Move, Place, Reading
from engine.analysis.grounds import Ground, Grounds
from engine.analysis.heeding import Book, Values
from engine.analysis.sketch import View, unborn
from engine.analysis.slicing import Reads, conditions_of
from engine.definitions.model import CLOCK, RULE, Action, Workflow
from engine.rules.case import Case

#: Cases that are walked through at most.
MOST = 30_000
#: Tasks of one kind that are at work or finished in one round at most, unless its join asks for more.
TASKS = 2


@dataclass(slots=True)
class Spot:
    """One case, how it was reached first, and where it leads."""

    number: int
    ground: Ground
    values: Values
    before: int | None
    #: The numbers of tasks and requests in it are those of the case where it was done first: see `Space.way`.
    move: Move | None
    #: Acts that lead elsewhere, or back here.
    onward: list[tuple[Move, int]] = field(default_factory=list)
    _case: Case | None = None

    @property
    def one(self) -> Case:
        """A case like it in all but the ticket's values."""
        return self.ground.case

    def now(self) -> Case:
        """The case."""
        if self._case is None:
            self._case = self.ground.with_values(self.values)
        return self._case

    @property
    def busy(self) -> int | None:
        return self.ground.busy


class Common:
    """What several spaces of one file share: acts are done once for all whose reading of them is the same.

    It is a file of which each of them is a part, or that bounds people otherwise: rules, deadlines and what the clock
    does are the same in all.
    """

    def __init__(self, workflow: Workflow, *, tasks: int, roughly: bool = False, heard: bool = False) -> None:
        self.workflow, self.tasks, self.roughly = workflow, tasks, roughly
        self.reads = Reads.of(conditions_of(workflow))
        self.view = View.of(workflow, self.reads, roughly=roughly, heard=heard)
        bounds = {kind.name: _bound(kind.join, tasks) for kind in workflow.tasks.values()}
        self.book = Book()
        self.acts = Acts(workflow, self.reads, self.view, self.book, bounds)
        self.grounds = Grounds(self.acts, self.view, self.book)
        self._declared = dict(_declared(workflow))
        #: Where an action is declared → all that it is in some space, so that equal ones are one.
        self._variants: dict[tuple[str, str, str], list[Action]] = {}
        self._readings: list[Reading] = []

    def reading(self, workflow: Workflow) -> Reading | None:
        """The actions of a part of the file; None for a file in which rules or the clock ask something else."""
        own, found = dict(_declared(workflow)), dict[int, Action]()
        for place, action in self._declared.items():
            mine = own.get(place)
            if action.by & {CLOCK, RULE} and mine is not None and mine.when != action.when:
                return None
            if mine is not None:
                found[id(action)] = self._same(place, mine)
        self._readings.append(found)
        return found

    def _same(self, place: tuple[str, str, str], action: Action) -> Action:
        known = self._variants.setdefault(place, [])
        same = next((one for one in known if one == action), None)
        if same is None:
            known.append(action)
        return same or action


class Space:
    """Everything that a sliced file can come to, with at most so many tasks of a kind at once.

    It may begin with some spots of another space instead (`since`), and not look further than `within`.
    """

    def __init__(
        self,
        workflow: Workflow,
        *,
        tasks: int = TASKS,
        most: int = MOST,
        roughly: bool = False,
        heard: bool = False,
        until: frozenset[int] = frozenset(),
        common: Common | None = None,
        since: "tuple[Space, list[int]] | None" = None,
        within: Callable[[Ground], bool] | None = None,
    ) -> None:
        self.workflow = workflow
        #: Lines of acts: once all of them were done, nothing more is asked.
        self.until = until
        reading = common.reading(workflow) if common is not None and common.tasks == tasks else None
        if common is None or reading is None:
            common = Common(workflow, tasks=tasks, roughly=roughly, heard=heard)
            reading = common.reading(workflow) or {}
        self.common, self._reading = common, reading
        self.view = View.of(workflow, Reads.of(conditions_of(workflow)), roughly=roughly, heard=heard)
        self.spots: list[Spot] = []
        #: Actions that were possible somewhere.
        self.done: set[Place] = set()
        #: Acts that ended in a fault of the file: where from, and the act.
        self.faults: list[tuple[int, Move]] = []
        self.too_many = False
        #: Lines of acts whose conditions were let free: that they were done proves nothing of them.
        self.unproven: frozenset[int] = frozenset()
        self._known: dict[tuple[Ground, Values], int] = {}
        self._fitting: dict[tuple[Values, str], Values] = {}
        #: Spot → the act that leads there and the case that it makes, done after all those before it.
        self._walked: dict[int, tuple[Move | None, Case]] = {}
        #: Another space of the file and the numbers there of the spots that this one begins with; none: before a start.
        self._since = since
        #: Where nobody looks further than to spots that are not within.
        self._within = within
        self._beyond: set[int] = set()
        self._walked_through = 0
        self._begin()
        self.go_on(most)

    def _begin(self) -> None:
        if self._since is None:
            self._reach(*self.common.grounds.of(unborn(self.common.workflow), None), None, None)
            return
        before, numbers = self._since
        #: What it begins with → the same spot there.
        self._origins: dict[int, int] = {}
        for number in numbers:
            ground, values = self.common.grounds.of(before.spots[number].now(), None)
            values = self._fit(values, ground.state)
            if (ground, values) not in self._known:
                self._origins[self._reach(ground, values, None, None)] = number

    def go_on(self, most: int) -> None:
        """Walk further, until there are more cases than this."""
        self.most, self.too_many = most, False
        self._walk()
        if self.common.workflow is self.workflow and not self.too_many:
            self.common.grounds.forget()

    @property
    def unwalked(self) -> set[int]:
        """Spots of which nobody has looked where they lead: some where the walk did not come to its end."""
        return self._beyond.union(range(self._walked_through, len(self.spots)))

    def way(self, number: int, last: Move | None = None) -> list[Move]:
        """The acts that lead there first, and `last`, which was found possible there.

        Each is done anew on the case that those before it have made, so that all speak of the same tasks and requests.
        """
        there = [number]
        while (before := self.spots[there[-1]].before) is not None:
            there.append(before)
        moves = self._since[0].way(self._origins[there[-1]]) if self._since is not None else []
        moves += [move for one in reversed(there) if (move := self._again(one)[0]) is not None]
        if last is not None:
            moves.append(next(move for move, _ in self._possible(number) if _alike(move, last)))
        return moves

    def _again(self, number: int) -> tuple[Move | None, Case]:
        """The act that leads to a spot first and the case there, with those of all spots before it."""
        found = self._walked.get(number)
        if found is None:
            spot = self.spots[number]
            if spot.before is None:
                return None, self._since[0]._again(self._origins[number])[1] if self._since else spot.now()
            wanted = (spot.ground, spot.values)
            outcomes = ((move, case) for move, case in self._possible(spot.before) if case is not None)
            found = next(one for one in outcomes if self.told_apart(*one) == wanted)
            self._walked[number] = found
        return found

    def _possible(self, number: int) -> Iterator[tuple[Move, Case | None]]:
        move, case = self._again(number)
        return self.anew(case, _busy(move))

    def anew(self, case: Case, busy: int | None) -> Iterator[tuple[Move, Case | None]]:
        """All that comes of everything that may be tried in a case, each act done there and then."""
        return self.common.acts.all(case, busy, self._reading)

    def told_apart(self, move: Move, case: Case) -> tuple[Ground, Values]:
        """What a case that an act has made is told apart by."""
        ground, values = self.common.grounds.of(case, _busy(move))
        return ground, self._fit(values, case.ticket.state)

    def _walk(self) -> None:
        comes, fitting, known = self.common.grounds.comes, self._fitting, self._known
        while (here := self._walked_through) < len(self.spots):
            if len(self.spots) > self.most:
                self.too_many = True
                return
            if self.until and self.until <= {line for _, line, _ in self.done}:
                return
            spot = self.spots[here]
            if self._within is not None and not self._within(spot.ground):
                self._beyond.add(here)
                self._walked_through += 1
                continue
            values, onward = spot.values, spot.onward
            for heed, (come, places) in comes(spot.ground, values, spot.now, self._reading, self.done):
                self.done |= places
                for one in come:
                    if one.ground is None:
                        self.faults.append((spot.number, one.move))
                        continue
                    after = one.after if one.before is values else heed.carried(values, one.after)
                    after = fitting.get((after, one.ground.state)) or self._fit(after, one.ground.state)
                    number = known.get((one.ground, after))
                    if number is None:
                        number = self._reach(one.ground, after, spot.number, one.move)
                    onward.append((one.move, number))
            self._walked_through += 1

    def _fit(self, values: Values, state: str) -> Values:
        """What of these values still matters in a state, as far as anything can tell."""
        found = self._fitting.get((values, state))
        if found is None:
            live, steps = self.view.bearing.live[state], self.view.steps
            found = self._fitting[values, state] = self.common.book.one(
                {name: min(value, steps[name][-1]) for name, value in values.counters.items() if name in live},
                values.marks & live,
                {name: value for name, value in values.choices.items() if name in live},
            )
        return found

    def _reach(self, ground: Ground, values: Values, before: int | None, move: Move | None) -> int:
        number = self._known[(ground, values)] = len(self.spots)
        self.spots.append(Spot(number, ground, values, before, move))
        return number


def _declared(workflow: Workflow) -> Iterator[tuple[tuple[str, str, str], Action]]:
    """Every action with where it is declared: the kind of task, the state or request, its name."""
    yield from ((("", "", start.name), start) for start in workflow.starts.values())
    for kind in (None, *workflow.tasks):
        scope = workflow.scope(kind)
        for state in scope.states.values():
            yield from (((kind or "", state.name, one.name), one) for one in state.actions.values())
        for request in scope.requests.values():
            acts = (request.ask, *request.answers.values())
            yield from (((kind or "", f"request {request.name}", one.name), one) for one in acts)


def _busy(move: Move | None) -> int | None:
    return move.task if move is not None and move.own else None


def _alike(one: Move, other: Move) -> bool:
    """Whether two acts are the same but for the numbers of what they are about."""
    return (one.action, one.line, one.by, one.kind, one.lines, type(one.fault)) == (
        other.action, other.line, other.by, other.kind, other.lines, type(other.fault),
    )  # fmt: skip


def _bound(join: Any, tasks: int) -> int:
    """How many tasks of a kind are needed to see its join hold while some are still at work."""
    if join.count is not None:
        return max(tasks, int(join.count) + 1)
    return max(tasks, int(join.share[1])) if join.share is not None and join.share[0] != join.share[1] else tasks
