"""Web servers, schedulers and the database killed while people work: what was acknowledged is there, once, and whole.

`HUYING_TEST_KILLS` makes the soak longer than the few kills of every run; `HUYING_TEST_SEED` repeats a run that failed.
"""

import os
import random
import signal
import time
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from engine.clock import DAY, HOUR, MINUTE
from tests.support.drill import Drill
from tests.support.hindered import Hindrance
from tests.support.load import Load
from tests.support.own_server import OwnServer
from tests.support.processes import Keeper, Process
from tests.support.serving import Server

pytestmark = pytest.mark.slow

KILLS = int(os.environ.get("HUYING_TEST_KILLS", "6"))
SEED = int(os.environ.get("HUYING_TEST_SEED", random.SystemRandom().randrange(10**6)))
CLIENTS = 4
#: After so many kills everything is looked through, while the load rests.
LOOK = 25


@pytest.fixture
def own_drill(own_server: OwnServer, tmp_path: Path, keeper: Keeper) -> Iterator[Drill]:
    with Drill.begin(own_server.fresh(), tmp_path, keeper) as drill:
        yield drill


class Processes:
    """Two web servers and two schedulers, each of which another follows when it is killed."""

    def __init__(self, drill: Drill, chance: random.Random) -> None:
        self.drill, self.chance = drill, chance
        self.servers = [Server.start(drill), Server.start(drill)]
        self.schedulers = [self._scheduler(), self._scheduler()]
        self.killed: Counter[str] = Counter()
        self.ended_at_start = 0

    def kill_a_server(self) -> None:
        victim = self.servers.pop(0)
        self.servers.append(victim)
        # One that is killed before it has answered anybody proves nothing.
        self.drill.until(victim.answers)
        time.sleep(self.chance.uniform(0, 0.3))
        self._gone(victim.process)
        victim.restart()
        self.killed["web"] += 1

    def kill_a_scheduler(self) -> None:
        victim = self.schedulers.pop(self.chance.randrange(len(self.schedulers)))
        self._gone(victim)
        self.schedulers.append(self._scheduler())
        self.killed["schedulers"] += 1

    def look_after(self) -> None:
        """What systemd does: one that found no database when it started, and said so and ended, is started again."""
        for server in self.servers:
            if self._found_none(server.process):
                server.restart()
        running = [one for one in self.schedulers if not self._found_none(one)]
        self.schedulers = running + [self._scheduler() for _ in range(len(self.schedulers) - len(running))]

    def _found_none(self, process: Process) -> bool:
        if process.status is None:
            return False
        assert process.status in (1, 3), process.said[-3000:]
        assert "database" in process.said, process.said[-3000:]
        self.ended_at_start += 1
        return True

    @staticmethod
    def _gone(victim: Process) -> None:
        victim.kill()
        assert victim.status in (-signal.SIGKILL, 1, 3), victim.said

    def _scheduler(self) -> Process:
        how = Hindrance(pause=1, every=0.1, batch=self.chance.randint(1, 8), seed=self.chance.randrange(10**6))
        return self.drill.schedule(how)[0]


def run(drill: Drill, strikes: Callable[[Processes, random.Random], None]) -> None:
    """Strike again and again while clients work and time passes; nothing may be lost, doubled or half there."""
    print(f"HUYING_TEST_SEED={SEED}")
    chance = random.Random(SEED)
    processes = Processes(drill, chance)
    begun = time.monotonic()
    load = Load(drill, processes.servers, clients=CLIENTS, seed=SEED)
    for number in range(1, KILLS + 1):
        time.sleep(chance.uniform(0.05, 0.4))
        if chance.random() < 0.5:
            drill.clock.advance(chance.choice([11 * MINUTE, 31 * MINUTE, 95 * MINUTE, 3 * HOUR]))
        strikes(processes, chance)
        processes.look_after()
        load.check()
        if number % LOOK == 0:
            assert drill.audit() == []
    time.sleep(0.5)
    processes.look_after()
    load.stop()
    drill.clock.advance(DAY)
    drill.quiet()
    assert drill.audit(drill.stop()) == []
    assert load.lost(drill) == []
    assert sum(client.unanswered for client in load.clients), "every kill came when nobody worked"
    killed = ", ".join(f"{count} {what}" for what, count in sorted(processes.killed.items()))
    ((rungs,), (notices,)) = (drill.world.rows(f"SELECT count(*) FROM {table}")[0] for table in ("rung", "notice"))
    print(
        f"{drill.world.database.dialect}: killed {killed} in {time.monotonic() - begun:.0f} s; {load.figures}; "
        f"{rungs} rungs and {notices} notices, each once; every chain sound"
    )


def test_web_servers_and_schedulers_are_killed(drill: Drill) -> None:
    def strike(processes: Processes, chance: random.Random) -> None:
        (processes.kill_a_server if chance.random() < 0.6 else processes.kill_a_scheduler)()

    run(drill, strike)


def test_the_database_is_killed_too(own_drill: Drill, own_server: OwnServer) -> None:
    """One backend, upon which PostgreSQL ends all others; or the postmaster itself, upon which somebody starts it."""

    def strike(processes: Processes, chance: random.Random) -> None:
        what = chance.choice(("web", "schedulers", "backends", "postmasters", "restarts"))
        own_drill.forget_connections()
        if what == "web":
            processes.kill_a_server()
        elif what == "schedulers":
            processes.kill_a_scheduler()
        elif what == "backends":
            processes.killed[what] += own_server.kill_backend(own_drill.url)
        else:
            (own_server.kill if what == "postmasters" else own_server.stop)()
            time.sleep(chance.uniform(0, 0.3))
            own_server.start()
            processes.killed[what] += 1
        own_drill.until(own_server.answers)

    run(own_drill, strike)
