"""Time with real processes: any number of `huying schedule` on one database, and no rung missed or doubled."""

from typing import Any

import pytest

from engine.clock import DAY, HOUR, MINUTE, Instant
from tests.support.drill import Drill, SharedClock
from tests.support.hindered import Hindrance

pytestmark = pytest.mark.slow

QUICK = Hindrance(every=0.1, batch=20)


def rungs(drill: Drill) -> int:
    ((count,),) = drill.world.rows("SELECT count(*) FROM rung")
    return int(count)


def test_three_schedulers_bring_every_rung_once_as_time_leaps_on(drill: Drill) -> None:
    drill.schedule(count=3)
    drill.reported(150)
    drill.called(20)
    for leap in (HOUR, 20 * DAY):
        drill.clock.advance(leap)
        drill.quiet()
    stopped = drill.stop()
    assert drill.audit(stopped) == []
    assert rungs(drill) > 170 * 5


def test_schedulers_share_the_work(drill: Drill) -> None:
    """In small batches and with pauses, so that one cannot have done all before the others look."""
    drill.reported(120)
    drill.clock.advance(HOUR)
    for seed in range(3):
        drill.schedule(Hindrance(pause=2, seed=seed))
    drill.quiet()
    assert drill.audit(drill.stop()) == []
    took = drill.world.rows("SELECT recorded_at, count(DISTINCT ticket_id) FROM event WHERE action = 'rung' GROUP BY 1")
    assert sum(count for _, count in took) == 120
    assert len(took) >= 120 / 5, "no transaction took more than its batch"


class TestAClockThatStepsBack:
    def test_an_hour_back_and_forth_doubles_nothing_and_misses_nothing(self, drill: Drill) -> None:
        drill.reported(60)
        drill.called(10)
        drill.schedule(QUICK, count=3)
        for leap in (35 * MINUTE, -HOUR, HOUR, 2 * HOUR, -HOUR, 90 * MINUTE, DAY):
            drill.clock.advance(leap)
            drill.quiet()
        assert drill.audit(drill.stop()) == []

    def test_while_a_sweep_is_under_way(self, drill: Drill) -> None:
        drill.reported(50)
        for seed in range(3):
            drill.schedule(Hindrance(pause=3, seed=seed))
        drill.clock.advance(4 * HOUR)
        drill.until(lambda: drill.clock.now() if rungs(drill) else None)
        drill.clock.advance(-HOUR)
        begun = rungs(drill)
        drill.quiet()
        drill.clock.advance(HOUR)
        drill.quiet()
        assert drill.audit(drill.stop()) == []
        assert begun < rungs(drill), "it stepped back in the middle"

    def test_the_machines_own_clock_steps_back_and_work_goes_on(self, drill: Drill) -> None:
        """APScheduler asks the machine when the next round is due: it must not sleep for the hour twice."""
        drill.schedule(Hindrance(machine_clock=True))
        drill.reported(5)
        drill.clock.advance(11 * MINUTE)
        drill.quiet()
        drill.clock.advance(-HOUR)
        drill.reported(5)
        drill.clock.advance(11 * MINUTE)
        assert drill.audit(drill.quiet(patience=20)) == []

    def test_the_pulse_is_that_of_the_clock_as_it_is_now(self, drill: Drill) -> None:
        drill.schedule(QUICK)
        drill.reported(1)
        drill.clock.advance(HOUR)
        drill.quiet()
        drill.clock.advance(-HOUR)
        drill.clock.advance(11 * MINUTE)
        drill.reported(1)
        drill.clock.advance(11 * MINUTE)
        drill.quiet()
        drill.stop()
        assert _beaten(drill) <= drill.clock.now(), "else nobody would notice for an hour that it has stopped"


def _beaten(drill: Drill) -> int:
    ((at,),) = drill.world.rows("SELECT at FROM heartbeat WHERE job = 'sweep'")
    return int(at)


def test_a_process_whose_clock_is_an_hour_behind_does_no_harm_beside_one_that_is_right(drill: Drill) -> None:
    behind = SharedClock(drill.folder / "behind", Instant(drill.clock.now() - HOUR))
    drill.reported(60)
    drill.start("schedule", how=QUICK, clock=behind.file)
    drill.clock.advance(95 * MINUTE)
    behind.advance(95 * MINUTE)
    drill.until(lambda: behind.now() if not drill.unswept(behind.now()) else None)
    assert drill.audit(behind.now()) == [], "what has come by its own clock"
    drill.schedule(QUICK)
    for leap in (0, HOUR, 3 * HOUR, DAY):
        drill.clock.advance(leap)
        behind.advance(leap)
        drill.quiet()
    assert drill.audit(drill.stop()) == []


class TestAWeekWithoutAScheduler:
    def test_three_that_start_at_once_make_up_for_it_in_one_act_per_ticket(self, drill: Drill) -> None:
        told = [*drill.reported(60), *drill.called(20)]
        before = {one.id: _acts(drill, one.id) for one in told}
        drill.clock.advance(9 * DAY)
        drill.schedule(QUICK, count=3)
        drill.quiet()
        assert drill.audit(drill.stop()) == []
        for one in told:
            (act,) = [act for act in _acts(drill, one.id) if act not in before[one.id]]
            events = [row for row in _history(drill, one.id) if act[0] <= row[0] <= act[1]]
            assert len(events) >= 4
            assert len({recorded for _, _, recorded in events}) == 1
            at = [at for _, at, _ in events]
            assert at == sorted(at)
            assert at[0] < events[0][2] - 8 * DAY, "each event happened when its rung came, not when it was made up for"


def _acts(drill: Drill, ticket: int) -> list[Any]:
    waiting = drill.world.rows("SELECT seq, last_seq FROM outbox WHERE ticket_id = ?", ticket)
    return sorted([*waiting, *drill.world.rows("SELECT seq, last_seq FROM feed WHERE ticket_id = ?", ticket)])


def _history(drill: Drill, ticket: int) -> list[Any]:
    return drill.world.rows("SELECT seq, at, recorded_at FROM event WHERE ticket_id = ? ORDER BY seq", ticket)
