"""A drill: a world on a real database, one clock for all, and the engine's own processes at work on it."""

import os
import random
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import TypeVar

from engine.clock import SECOND, Instant, SetClock, ShiftedClock
from engine.database import Database
from tests.support.audit import audit
from tests.support.cases import MONDAY
from tests.support.door import Told, World
from tests.support.drill_loops import BESIDE, DRILL, LOOP
from tests.support.hindered import Hindrance
from tests.support.processes import PATIENCE, Keeper, Process

T = TypeVar("T")

_UNSWEPT = """
    SELECT count(*) FROM deadline d WHERE d.next_at IS NOT NULL AND d.next_at <= ?
        AND NOT EXISTS (SELECT 1 FROM sweep_failure f WHERE f.ticket_id = d.ticket_id)"""


class SharedClock(SetClock):
    """The clock of every process of a drill: it goes by itself, and a file moves it."""

    def __init__(self, file: Path, at: Instant) -> None:
        self.file = file
        self._clock = ShiftedClock(file)
        self._set(at - time.time_ns() // 1000)
        #: The latest moment that it stood at before it was moved.
        self.latest = at
        super().__init__(at)

    def now(self) -> Instant:
        return self._clock.now()

    def advance(self, microseconds: int) -> Instant:
        self.latest = max(self.latest, self.now())
        self._set(round(float(self.file.read_text()) * SECOND) + microseconds)
        return self.now()

    def _set(self, microseconds: int) -> None:
        # Whole or not at all: half a number is a number too.
        new = self.file.with_suffix(".new")
        new.write_text(f"{microseconds / SECOND:.6f}")
        os.replace(new, self.file)


def _is_up(process: Process) -> bool | None:
    """True once a scheduler runs or has ended, None before."""
    return True if process.status is not None or "调度已启动" in process.said else None


@dataclass
class Drill:
    """A world, and the processes that are at work on it."""

    url: str
    folder: Path
    keeper: Keeper
    world: World
    clock: SharedClock
    processes: list[Process] = field(default_factory=list)
    #: Those of them that are `huying schedule`.
    schedulers: list[Process] = field(default_factory=list)

    @classmethod
    @contextmanager
    def begin(cls, url: str, folder: Path, keeper: Keeper) -> Iterator["Drill"]:
        """A drill on a fresh database; its processes are gone at its end."""
        clock = SharedClock(folder / "shift", MONDAY)
        with closing(Database(url)) as database:
            world = World(database, clock)
            for loop in (LOOP, BESIDE):
                world.activate(loop)
            drill = cls(url, folder, keeper, world, clock)
            try:
                yield drill
            finally:
                for process in drill.processes:
                    process.kill()

    # -- processes -----------------------------------------------------------------------------------------------

    def start(self, *words: str, how: Hindrance | None = None, clock: Path | None = None, **settings: str) -> Process:
        """`huying WORDS` on this database; `clock` is the file of a clock of its own."""
        environment = {
            "HUYING_DATABASE": self.url,
            "HUYING_DATA": str(self.folder),
            "HUYING_CLOCK_SHIFT": str(clock or self.clock.file),
            **settings,
        }
        output = self.folder / f"process-{len(self.processes)}.log"
        process = self.keeper.start(words, environment, output, how)
        self.processes.append(process)
        if words[0] == "schedule":
            self.schedulers.append(process)
        return process

    def schedule(self, how: Hindrance | None = None, count: int = 1) -> list[Process]:
        """So many `huying schedule`."""
        return [self.start("schedule", how=how) for _ in range(count)]

    def stop(self) -> Instant:
        """SIGTERM to everything that runs; every exit code must be 0. The time."""
        running = [process for process in self.processes if process.status is None]
        for process in running:
            if process in self.schedulers:
                # One that is still coming up has no answer to a signal yet: it would end as any program does.
                self.until(partial(_is_up, process))
            assert process.stop() == 0, (process.status, process.said[-2000:])
        return self.clock.now()

    # -- time ----------------------------------------------------------------------------------------------------

    def quiet(self, patience: float = PATIENCE) -> Instant:
        """Wait until nothing is left to do: no rung, no command, no act without a position. The time then."""
        return self.until(self.at_rest, patience)

    def at_rest(self) -> Instant | None:
        """The time, if nothing is left to do."""
        now = self.clock.now()
        left = [self.unswept(now)]
        left += [row[0] for row in self.world.rows("SELECT count(*) FROM command WHERE next_at IS NOT NULL")]
        left += [row[0] for row in self.world.rows("SELECT count(*) FROM outbox")]
        return None if any(left) else now

    def unswept(self, now: Instant | None = None) -> int:
        """Rungs that have come and that nobody has swept."""
        ((count,),) = self.world.rows(_UNSWEPT, self.clock.now() if now is None else now)
        return int(count)

    def until(self, asked: Callable[[], T | None], patience: float = PATIENCE) -> T:
        """The first answer that is not None."""
        end = time.monotonic() + patience
        while (answer := asked()) is None:
            assert time.monotonic() < end, "\n".join(process.said[-2000:] for process in self.processes)
            time.sleep(0.05)
        return answer

    def audit(self, swept_until: Instant | None = None) -> list[str]:
        """What is wrong with what is stored; see `audit`."""
        return audit(self.world, swept_until, max(self.clock.latest, self.clock.now()))

    def forget_connections(self) -> None:
        """Let the test's own connections go, before somebody ends all of them."""
        self.world.database.db_engine.dispose()
        self.world.database._readers.dispose()

    # -- tickets -------------------------------------------------------------------------------------------------

    def reported(self, count: int) -> list[Told]:
        """Tickets of the drill's loop; each tenth is put aside, where the clock may do less."""
        told = [self.world.ticket(DRILL).reported("citizen") for _ in range(count)]
        for one in told[::10]:
            one.do("shen", "away")
        return told

    def called(self, count: int) -> list[Told]:
        """Tickets of a shipped loop, with departments at work on them."""
        chance = random.Random(count)
        return [
            self.world.ticket().called(*chance.sample(["urban", "water", "power"], chance.randint(1, 3)))
            for _ in range(count)
        ]
