"""Many clients act on the same few tickets: what they did and saw admits a serial order, and nobody's act is lost."""

import os
import random
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import pytest

from tests.support.door import Told
from tests.support.drill import Drill
from tests.support.many_clients import LOOP, AtTheDoor, OverHttp, Way, history, work
from tests.support.serial import anomalies
from tests.support.serving import Server, token

pytestmark = pytest.mark.slow

SEED = int(os.environ.get("HUYING_TEST_SEED", random.SystemRandom().randrange(10**6)))
#: How often the clients are let loose; a soak does it more often.
ROUNDS = int(os.environ.get("HUYING_TEST_ROUNDS", "1"))
CLIENTS, EACH, TICKETS, PAIRS = 6, 30, 4, 12


@pytest.fixture(params=["door", "http"])
def way(request: pytest.FixtureRequest, drill: Drill) -> Way:
    """Through the door of this process, or over HTTP to two servers in turn."""
    drill.world.activate(LOOP)
    if request.param == "door":
        return AtTheDoor(drill.world)
    return OverHttp([Server.start(drill), Server.start(drill)], token(drill, "shen"))


def reported(drill: Drill, count: int) -> list[Told]:
    return [drill.world.ticket(LOOP.key).reported("citizen") for _ in range(count)]


def test_what_many_clients_did_and_saw_has_a_serial_order(drill: Drill, way: Way) -> None:
    for number in range(ROUNDS):
        seed = SEED + 1000 * number
        tickets = reported(drill, TICKETS)
        begun = time.monotonic()
        did = work(way, tickets, seed, clients=CLIENTS, each=EACH)
        acts = sum(one.act is not None for one in did)
        assert anomalies(*history(drill.world, tickets, did)) == [], f"HUYING_TEST_SEED={seed}"
        assert acts > CLIENTS * EACH / 8, "they get nothing done"
        print(f"seed {seed}: {acts} acts, {len(did) - acts} reads in {time.monotonic() - begun:.1f} s: a serial order")
    assert drill.world.verdict().sound


def test_of_crossed_joins_one_comes_about(drill: Drill, way: Way) -> None:
    """A into B while B into A: both would wait for ever for each other."""
    for _ in range(PAIRS):
        one, other = reported(drill, 2)
        together = threading.Barrier(2)

        def join(told: Told, main: Told, at_once: Callable[[], int] = together.wait) -> bool:
            at_once()
            return way.act(told, "join", {"ticket": main.case_no}, None) is not None

        with ThreadPoolExecutor(2) as threads:
            done = [threads.submit(join, *those) for those in ((one, other), (other, one))]
            assert [answer.result() for answer in done].count(True) == 1
        assert sorted([one.state, other.state]) == ["joined", "one"]
    assert drill.world.verdict().sound
