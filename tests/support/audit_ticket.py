"""One ticket of a drill, checked line by line against what its rungs must have brought."""

from collections import Counter, defaultdict
from collections.abc import Iterator
from dataclasses import dataclass

from engine.clock import Instant
from engine.definitions.model import Step
from engine.rules.calendars import WorkCalendar
from tests.support.door import World
from tests.support.kept import Event, File, Line, Rung
from tests.support.rung_times import Way, way_of


@dataclass
class Check:
    """One ticket under the lens."""

    file: File
    calendar: WorkCalendar
    now: Instant
    swept_until: Instant | None

    def complaints(self, world: World) -> Iterator[str]:
        yield from self._acts()
        yield from self._belongings()
        for line in self.file.lines:
            yield from self._line(line)
        yield from self._causes()
        if self.file.definition.key == "drill":
            yield from self._told(world)

    def _acts(self) -> Iterator[str]:
        """Every event belongs to exactly one act."""
        for event in self.file.events:
            within = sum(first <= event.seq <= last for first, last in self.file.acts)
            if within != 1:
                yield f"event {event.seq} is in {within} acts"
        known = {event.seq for event in self.file.events}
        yield from (f"act {act} without its events" for act in self.file.acts if not known.issuperset(act))

    def _belongings(self) -> Iterator[str]:
        """What hangs on an event has it; each recipient once per act; one standing card."""
        known = {event.seq for event in self.file.events}
        hanging = [notice.event for notice in self.file.notices] + [rung.event for rung in self.file.rungs]
        hanging += [card[0] for card in self.file.cards]
        yield from (f"something hangs on event {seq}, which is not there" for seq in hanging if seq not in known)
        for first, last in self.file.acts:
            told = Counter((one.unit, one.posts) for one in self.file.notices if first <= one.event <= last)
            yield from (f"act {first} told {who} {times} times" for who, times in told.items() if times > 1)
        standing = Counter(task for _, task, ended in self.file.cards if ended is None)
        yield from (f"{count} cards stand on task {task}" for task, count in standing.items() if count > 1)
        highest = max([event.seq for event in self.file.events] + [one.seq for one in self.file.notices])
        if highest > self.file.last_seq:
            yield f"seq {highest} was given, the counter says {self.file.last_seq}"

    def _line(self, line: Line) -> Iterator[str]:
        """A deadline, the rungs it must have, those it may have."""
        assert line.generation == 1, "no drill moves a due time"
        way = way_of(self.file.definition, line.name, line.limit, line.started_at, self.calendar)
        if way.due != line.due_at:
            yield f"{line.name} ends at {line.due_at}, not at {way.due}"
        came = {rung.rung: rung for rung in self.file.rungs if rung.deadline == line.seq}
        must, may = self._expected(line, way)
        yield from (f"{line.name} #{line.seq}: rung {rung} is missing" for rung in must - came.keys())
        yield from (f"{line.name} #{line.seq}: rung {rung} must not have come" for rung in came.keys() - may)
        for rung in came.values():
            if rung.generation != 1 or rung.at != way.rungs.get(rung.rung):
                yield f"{line.name} #{line.seq}: {rung} is not at {way.rungs.get(rung.rung)}"
        if line.ended_at is None:
            coming = min((at for rung, at in way.rungs.items() if rung not in came), default=None)
            if line.next_at != coming:
                yield f"{line.name} #{line.seq}: next at {line.next_at}, not {coming}"
            if sum(1 << rung for rung in came) & ~line.handled:
                yield f"{line.name} #{line.seq}: came {sorted(came)}, handled {line.handled:b}"
        elif line.next_at is not None:
            yield f"{line.name} #{line.seq} has ended and would be looked at"

    def _expected(self, line: Line, way: Way) -> tuple[set[int], set[int]]:
        """The rungs that must have come, and those that may have."""
        until = -1 if self.swept_until is None else self.swept_until
        if line.ended_at is None:
            must = {rung for rung, at in way.rungs.items() if at <= until}
            return must, {rung for rung, at in way.rungs.items() if at <= self.now}
        ending = self._ending(line)
        if ending is None or ending.cause is None:
            # Somebody ended it: what had come by then may not have been swept yet. By another clock, or by this one
            # before it stepped back, more had come.
            before = {
                rung.rung
                for rung in self.file.rungs
                if ending is not None and rung.deadline == line.seq and rung.event < ending.seq and rung.at <= self.now
            }
            return set(), before | {rung for rung, at in way.rungs.items() if at <= line.ended_at}
        seq, _, last = ending.cause
        at = next(rung.at for rung in self.file.rungs if (rung.deadline, rung.rung) == (seq, last))
        must = {rung for rung, when in way.rungs.items() if (when, line.seq, rung) <= (at, seq, last)}
        return must, must

    def _ending(self, line: Line) -> Event | None:
        """What ended a deadline."""
        for event in self.file.events:
            states = self.file.definition.states
            left = event.state_to not in states or line.name not in states[event.state_to].deadlines
            if event.recorded_at == line.ended_at and event.state_from != event.state_to and left:
                return event
        return None

    def _causes(self) -> Iterator[str]:
        """Each rung has its line of history, and did what it had to do once, or said why not."""
        by_cause: dict[tuple[int, int, int], list[Event]] = defaultdict(list)
        for event in self.file.events:
            if event.cause is not None:
                by_cause[event.cause].append(event)
        there = {(rung.deadline, rung.generation, rung.rung): rung for rung in self.file.rungs}
        yield from (f"events without their rung: {cause}" for cause in by_cause.keys() - there.keys())
        for cause, rung in there.items():
            events = by_cause[cause]
            wanted = self._deeds(rung)
            if [event.action for event in events] != wanted:
                yield f"{rung} brought {[event.action for event in events]}, not {wanted}"
            elif events[0].seq != rung.event:
                yield f"{rung} says that its event is another than {events[0].seq}"
            for event in events:
                before = max((one.at for one in self.file.events if one.seq < event.seq), default=0)
                if (event.at, event.actor) != (max(rung.at, before), "clock") or event.recorded_at < rung.at:
                    yield f"event {event.seq} of {rung} happened at {event.at}, by {event.actor}"

    def _deeds(self, rung: Rung) -> list[str]:
        """The actions of the events that a rung must have brought."""
        line = next(line for line in self.file.lines if line.seq == rung.deadline)
        step, forced = self._means(line, rung.rung)
        state = self.file.state_before(rung.event)
        if step is not None and step.when is not None and not self._holds(str(step.when), state, rung.event):
            return ["rung"]
        if forced is not None and not self._allowed(forced, state, rung.event):
            return ["rung"]
        return ["rung"] * (step is not None) + [forced] * (forced is not None)  # type: ignore[list-item]

    def _means(self, line: Line, rung: int) -> tuple[Step | None, str | None]:
        deadline = self.file.definition.deadlines[line.name]
        steps = self.file.definition.ladders[deadline.ladder] if deadline.ladder else ()
        step = steps[rung] if rung < len(steps) else None
        return step, step.do if step else deadline.then

    def _allowed(self, name: str, state: str, seq: int) -> bool:
        action = self.file.definition.states[state].actions.get(name)
        if action is None or "clock" not in action.by:
            return False
        return action.when is None or self._holds(str(action.when), state, seq)

    def _holds(self, condition: str, state: str, seq: int) -> bool:
        """`in a or in b`, or `counter >= n`."""
        if " >= " in condition:
            counter, least = condition.split(" >= ")
            counting = {
                action.name
                for one in self.file.definition.states.values()
                for action in one.actions.values()
                if counter in action.counts
            }
            return sum(event.action in counting for event in self.file.events if event.seq < seq) >= int(least)
        return state in [word.removeprefix("in ") for word in condition.split(" or ")]

    def _told(self, world: World) -> Iterator[str]:
        """In the drill's own loop: exactly those were told whom the rungs of an act tell."""
        offices = {"desk": (world.unit("street"), "coordinator"), "chief": (world.unit("district"), "coordinator")}
        for first, last in self.file.acts:
            wanted = {offices[role] for role in self._tells(first, last)}
            told = {(one.unit, one.posts) for one in self.file.notices if first <= one.event <= last}
            if told != wanted:
                yield f"act {first} told {told}, not {wanted}"

    def _tells(self, first: int, last: int) -> Iterator[str]:
        for event in self.file.events:
            if not first <= event.seq <= last:
                continue
            if event.action != "rung":
                actions = self.file.definition.states.get(event.state_from)
                yield from actions.actions[event.action].tells if actions else ()
            elif event.facts.get("moot") != "when" and event.cause is not None:
                line = next(line for line in self.file.lines if line.seq == event.cause[0])
                step, _ = self._means(line, event.cause[2])
                yield from step.tells if step else ()
