"""Time with real processes that are killed: wherever it strikes, no act is half there, none is lost, none is doubled.

`HUYING_TEST_KILLS` makes the soak longer than the few kills of every run; `HUYING_TEST_SEED` repeats a run that failed.
"""

import os
import random
import signal
import time

import pytest

from engine.clock import DAY, HOUR, MINUTE
from tests.support.drill import Drill
from tests.support.hindered import AFTER_COMMIT, BEFORE_COMMIT, Hindrance

pytestmark = pytest.mark.slow

KILLS = int(os.environ.get("HUYING_TEST_KILLS", "8"))
SEED = int(os.environ.get("HUYING_TEST_SEED", random.SystemRandom().randrange(10**6)))


def swept(drill: Drill) -> int:
    """Tickets on which a rung has come."""
    ((count,),) = drill.world.rows("SELECT count(DISTINCT ticket_id) FROM rung")
    return int(count)


def test_kill_9_at_any_moment_loses_nothing_and_doubles_nothing(drill: Drill) -> None:
    print(f"HUYING_TEST_SEED={SEED}")
    chance = random.Random(SEED)

    def scheduler() -> Hindrance:
        return Hindrance(pause=2, every=0.05, batch=chance.randint(1, 8), seed=chance.randrange(10**6))

    drill.reported(40)
    drill.called(10)
    running = [drill.schedule(scheduler())[0] for _ in range(3)]
    struck = 0
    for _ in range(KILLS):
        if drill.at_rest():
            drill.reported(3)
            drill.clock.advance(chance.choice([11 * MINUTE, 31 * MINUTE, 95 * MINUTE, 3 * HOUR]))
        time.sleep(chance.uniform(0.005, 0.2))
        struck += not drill.at_rest()
        victim = running.pop(chance.randrange(3))
        victim.kill()
        assert victim.status == -signal.SIGKILL, victim.said
        assert drill.audit() == []
        running.append(drill.schedule(scheduler())[0])
    drill.clock.advance(2 * DAY)
    drill.quiet()
    assert drill.audit(drill.stop()) == []
    assert struck, "every kill came when nobody worked"


class TestKilledAtOnePoint:
    def test_before_the_commit_the_batch_was_not_done(self, drill: Drill) -> None:
        drill.reported(20)
        drill.clock.advance(35 * MINUTE)
        (victim,) = drill.schedule(Hindrance(struck=BEFORE_COMMIT, after=2))
        assert victim.ended() == -signal.SIGKILL
        assert drill.audit() == []
        assert swept(drill) == 5
        drill.schedule(Hindrance())
        assert drill.audit(drill.quiet()) == []

    def test_after_the_commit_the_batch_was_done(self, drill: Drill) -> None:
        drill.reported(20)
        drill.clock.advance(35 * MINUTE)
        (victim,) = drill.schedule(Hindrance(struck=AFTER_COMMIT, after=2))
        assert victim.ended() == -signal.SIGKILL
        assert drill.audit() == []
        assert swept(drill) == 10
        drill.schedule(Hindrance())
        assert drill.audit(drill.quiet()) == []
