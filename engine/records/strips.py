"""A deadline as a strip of time: from its beginning to its due time and beyond, with its rungs and its pauses on it."""

from dataclasses import dataclass

from engine.clock import Instant
from engine.definitions.model import Step, TaskKind, Title, Workflow
from engine.definitions.words import shipped
from engine.rules import rungs, worktime
from engine.rules.case import Run, Timer
from engine.rules.worktime import WorkCalendar


@dataclass(frozen=True, slots=True, kw_only=True)
class Mark:
    """A rung on the strip."""

    at: Instant
    #: Where the file puts it, and what comes with it.
    place: Title
    brings: tuple[Title, ...]
    light: str
    card: str
    #: Whether it has been dealt with.
    come: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Strip:
    """From `begun` to `until`, all moments between them; a stretch that stood still is a gap."""

    begun: Instant
    due: Instant
    until: Instant
    now: Instant
    marks: tuple[Mark, ...]
    gaps: tuple[tuple[Instant, Instant], ...]

    def share(self, at: Instant) -> float:
        """How far along the strip a moment lies, 0 to 1."""
        return min(1.0, max(0.0, (at - self.begun) / max(1, self.until - self.begun)))


def strip(timer: Timer, definition: Workflow, calendar: WorkCalendar, now: Instant) -> Strip:
    """The strip of a deadline. While it stands still it is drawn as it would go on now."""
    way = rungs.climb(definition, definition.deadlines[timer.name])
    marks = tuple(
        _mark(definition, step, rungs.comes(timer, way, rung, calendar), bool(timer.handled >> rung & 1), way.then)
        for rung in range(len(way))
        for step in (way.step(rung),)
    )
    begun = timer.ran[0][0] if timer.ran else timer.started_at
    last = max([timer.due_at, *(mark.at for mark in marks)])
    return Strip(
        begun=begun,
        due=timer.due_at,
        until=Instant(last + max(1, last - begun) // 40),
        now=now,
        marks=tuple(sorted(marks, key=lambda mark: mark.at)),
        gaps=_gaps(timer, now),
    )


def _gaps(timer: Timer, now: Instant) -> tuple[tuple[Instant, Instant], ...]:
    goes_on = [*(a for a, _ in timer.ran[1:]), timer.started_at]
    past = [(until, then) for (_, until), then in zip(timer.ran, goes_on, strict=False)]
    if timer.run is Run.PAUSED and timer.paused_at is not None:
        past.append((timer.paused_at, max(now, timer.paused_at)))
    return tuple(past)


def _mark(definition: Workflow, step: Step | None, at: Instant, come: bool, then: str | None) -> Mark:
    if step is None:
        does = _action(definition, then or "")
        return Mark(at=at, place=Title("到期", "when due"), brings=(does,), light="", card="", come=come)
    words = shipped()
    levels = {**words.levels, **definition.levels}
    brings = tuple(
        title
        for title in (
            words.lights.get(step.light or ""),
            words.cards.get(step.card or ""),
            Title(f"升至{levels[step.level].zh}", f"rises to {levels[step.level].en}") if step.level else None,
            _action(definition, step.do) if step.do else None,
        )
        if title is not None
    )
    place = Title(step.at.zh, step.at.en)
    return Mark(at=at, place=place, brings=brings, light=step.light or "", card=step.card or "", come=come)


def _action(definition: Workflow, name: str) -> Title:
    """The title of what the clock does, wherever the file declares it."""
    scopes: list[Workflow | TaskKind] = [definition, *definition.tasks.values()]
    for scope in scopes:
        for state in scope.states.values():
            if name in state.actions:
                return state.actions[name].title
        for request in scope.requests.values():
            if name in request.answers:
                return request.answers[name].title
    return Title(name, name)


def left(timer: Timer, calendar: WorkCalendar, now: Instant) -> tuple[int, bool]:
    """Microseconds left until the due time, negative when overdue, and whether they are working time."""
    limit = rungs.limit_of(timer.limit)
    since = timer.paused_at if timer.run is Run.PAUSED and timer.paused_at is not None else now
    if limit is None:
        return timer.due_at - since, False
    return worktime.remaining(since, timer.due_at, limit, calendar), limit.unit.working
