"""Hosts whose clocks differ, and step: people act on several of them, and nothing is lost, doubled or out of order."""

import os
import random
import time

import pytest

from engine.clock import DAY, HOUR, MINUTE, Instant
from tests.support.drill import Drill, SharedClock
from tests.support.hindered import Hindrance
from tests.support.load import Load
from tests.support.serving import Server

pytestmark = pytest.mark.slow

SEED = int(os.environ.get("HUYING_TEST_SEED", random.SystemRandom().randrange(10**6)))
STEPS = 6


def test_two_hosts_apart_by_minutes_that_step_forward_and_back(drill: Drill) -> None:
    print(f"HUYING_TEST_SEED={SEED}")
    chance = random.Random(SEED)
    behind = SharedClock(drill.folder / "behind", Instant(drill.clock.now() - 7 * MINUTE))
    servers = [Server.start(drill), Server.start(drill, clock=behind.file)]
    drill.schedule(Hindrance(every=0.1))
    drill.start("schedule", how=Hindrance(every=0.1), clock=behind.file)
    load = Load(drill, servers, clients=3, seed=SEED)
    for _ in range(STEPS):
        time.sleep(0.3)
        step = chance.choice((11 * MINUTE, 31 * MINUTE, 2 * HOUR, -20 * MINUTE, -HOUR))
        drill.clock.advance(step)
        behind.advance(step + chance.choice((-MINUTE, 0, MINUTE)))
        load.check()
    load.stop()
    for clock in (drill.clock, behind):
        clock.advance(DAY)
    drill.quiet()
    assert drill.audit(drill.stop()) == []
    assert load.lost(drill) == []
    assert len(load.asked) > STEPS, "they get nothing done"
    for (ticket,) in drill.world.rows("SELECT id FROM ticket"):
        at = [row[0] for row in drill.world.rows("SELECT at FROM event WHERE ticket_id = ? ORDER BY seq", ticket)]
        assert at == sorted(at), "a history never goes back in time"
