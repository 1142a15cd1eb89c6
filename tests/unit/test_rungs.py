"""Rungs and generations: whatever happens to a deadline, none comes twice in a generation, none is missed.

A small ledger of its own watches: it knows when each rung would come from the deadline's row alone, and what came.
"""

from dataclasses import dataclass, field

from hypothesis import given, settings
from hypothesis import strategies as st

from engine.clock import DAY, HOUR, MINUTE, Instant
from engine.rules import rungs
from engine.rules.case import Run, Timer
from tests.support.cases import Cast, Story, calendar, small

_LOOP = """
roles:
  anyone: {title: 上报人 / Reporter, person: reporter}
  desk:   {title: 受理员 / Desk, post: coordinator, area: street}
deadlines: {work: {title: 办理 / Work, within: LIMIT, ladder: up, then: late}}
ladders:
  up:
    - {at: -90 minutes, light: blue, tells: [desk]}
    - {at: 50%, light: yellow, tells: [desk]}
    - {at: 100%, light: red, tells: [desk]}
    - {at: +3 hours, card: yellow, tells: [desk]}
    - {at: +1 workday, card: red, tells: [desk]}
counters: {laps: 圈数 / Laps}
starts: {report: {title: 上报 / Report, by: anyone, to: one, form: [place!]}}
stages:
  triage:
    one:
      title: 一 / One
      deadlines: [work]
      actions:
        more: {title: 延期 / More, by: desk, extends: work}
        late: {title: 逾期 / Late, by: clock, counts: laps}
        stop: {title: 办结 / Stop, by: desk, to: closed}
ends: {closed: {title: 办结 / Closed, type: closed}}
requests:
  hearing:
    title: 听证 / Hearing
    ask: {title: 申请 / Ask, in: [one], by: desk}
    pauses: [work]
    answers: {held: {title: 已听 / Held, by: desk}}
"""
_RUNGS = 6

#: What may happen, and how long after the last thing.
STEPS = st.lists(
    st.tuples(
        st.sampled_from(["tick", "tick", "tick", "more", "hearing", "held", "back"]),
        st.integers(min_value=0, max_value=9 * HOUR // MINUTE).map(lambda minutes: minutes * MINUTE),
    ),
    max_size=14,
)


@dataclass
class Ledger:
    """What came, in which generation."""

    story: Story
    came: dict[tuple[int, int], Instant] = field(default_factory=dict)
    #: Generation → when it began.
    began: dict[int, Instant] = field(default_factory=dict)

    @property
    def timer(self) -> Timer:
        return self.story.timer("work")

    def due(self, rung: int) -> Instant:
        way = rungs.climb(self.story.definition, self.story.definition.deadlines["work"])
        return rungs.comes(self.timer, way, rung, calendar())

    def tick(self, microseconds: int = 0) -> None:
        decision = self.story.tick(microseconds)
        for one in decision.reached if decision else ():
            assert (one.generation, one.rung) not in self.came, "twice in a generation"
            assert one.at <= self.story.now, "before its time"
            self.came[(one.generation, one.rung)] = one.at

    def look(self) -> None:
        """A new generation begins with the act that moved the due time."""
        self.began.setdefault(self.timer.generation, self.story.now)

    def behind(self, rung: int) -> bool:
        """Whether a rung came in an earlier generation and lay behind as the present one began."""
        came_before = any(number == rung for generation, number in self.came if generation < self.timer.generation)
        return came_before and self.due(rung) <= self.began[self.timer.generation]


def _live(limit: str, steps: list[tuple[str, int]]) -> Ledger:
    ledger = Ledger(Story(small(_LOOP.replace("LIMIT", limit))))
    ledger.story.do(Cast.citizen, "report")
    ledger.look()
    for what, later in steps:
        if what == "tick":
            ledger.tick(later)
            continue
        ledger.story.later(-HOUR if what == "back" else later)
        waits = any(ledger.story.case.open_asks("hearing"))
        if what == "more":
            ledger.story.do(Cast.shen, "more")
        elif what == "hearing" and not waits:
            ledger.story.do(Cast.shen, "hearing")
        elif what == "held" and waits:
            ledger.story.answered(Cast.shen, "held", "hearing")
        ledger.look()
    return ledger


@settings(max_examples=150)
@given(st.sampled_from(["4 hours", "10 hours", "2 workdays", "9 working hours"]), STEPS)
def test_nothing_comes_twice_and_nothing_is_missed(limit: str, steps: list[tuple[str, int]]) -> None:
    ledger = _live(limit, steps)
    if any(ledger.story.case.open_asks("hearing")):
        ledger.story.answered(Cast.shen, "held", "hearing")
    ledger.look()
    ledger.tick(400 * DAY)
    ledger.tick()
    generation = ledger.timer.generation
    for rung in range(_RUNGS):
        assert (generation, rung) in ledger.came or ledger.behind(rung), f"rung {rung} is missed"
    assert ledger.timer.next_at is None


@settings(max_examples=100)
@given(STEPS)
def test_the_moment_to_look_is_that_of_the_next_rung_that_is_left(steps: list[tuple[str, int]]) -> None:
    ledger = _live("10 hours", steps)
    timer = ledger.timer
    left = [ledger.due(rung) for rung in range(_RUNGS) if not timer.handled >> rung & 1]
    assert timer.next_at == (None if timer.run is Run.PAUSED else min(left, default=None))


@settings(max_examples=100)
@given(STEPS)
def test_what_has_run_is_the_sum_of_the_stretches_it_ran(steps: list[tuple[str, int]]) -> None:
    timer = _live("9 working hours", steps).timer
    assert timer.consumed == sum(calendar().measure(a, b) for a, b in timer.ran)
    assert all(a <= b for a, b in timer.ran)
