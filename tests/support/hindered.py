"""A process of the engine that is made slow, small and unlucky, so that it can be killed where it hurts.

Nothing of what it does is replaced: it does the same in smaller steps, with pauses between them, and at a chosen point
of its life it is gone, or the server is.
"""

import itertools
import os
import random
import signal
import socket
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta, tzinfo
from pathlib import Path
from typing import Any, Self

import apscheduler.executors.base
import apscheduler.schedulers.base
import apscheduler.triggers.interval
from sqlalchemy import Connection, Engine, event

import engine.background.scheduler
import engine.background.sweep
import engine.database
import engine.serving
from engine.clock import SECOND
from engine.database import Transaction

# Modules whose names are put in the way.
scheduler: Any = engine.background.scheduler
sweep: Any = engine.background.sweep
database: Any = engine.database
serving: Any = engine.serving
_APSCHEDULER: tuple[Any, ...] = (
    apscheduler.schedulers.base,
    apscheduler.executors.base,
    apscheduler.triggers.interval,
)

#: Points at which a process may be struck, each told by `Hindrance.after`.
BEFORE_COMMIT, AFTER_COMMIT, NO_ANSWER = "before commit", "after commit", "no answer"


@dataclass(frozen=True, kw_only=True)
class Hindrance:
    """What is in the way of a process."""

    #: Tickets of one transaction of the sweep.
    batch: int = 5
    #: Seconds between two rounds of every job.
    every: float = 0.1
    #: The longest pause before a statement and around a commit, in milliseconds.
    pause: float = 0.0
    seed: int = 0
    #: Where it is struck, or "" for nowhere.
    struck: str = ""
    #: In which of its transactions that swept anything, counted from 1.
    after: int = 1
    #: The machine's own clock moves with `HUYING_CLOCK_SHIFT`, not the engine's alone.
    machine_clock: bool = False
    #: Seconds for which a web server waits for requests under way when it is told to stop; 0 for as long as it does.
    leave: int = 0


#: What a drill is about; the other jobs keep their pace, or they would eat the machine.
_HURRIED = frozenset({"sweep", "recount", "commands", "relay"})


def hinder(how: Hindrance) -> None:
    """Hinder this process from now on."""
    scheduler.JOBS = tuple(replace(job, seconds=how.every) if job.name in _HURRIED else job for job in scheduler.JOBS)
    sweep.AT_ONCE.update(dict.fromkeys(sweep.AT_ONCE, how.batch))
    if how.pause:
        _slow(how)
    if how.struck:
        _strike(how)
    if how.leave:
        serving._LEAVE_TIME = how.leave
    if how.machine_clock:
        _move_the_machine(Path(os.environ["HUYING_CLOCK_SHIFT"]))


def _slow(how: Hindrance) -> None:
    chance = random.Random(how.seed)

    def pause(*_: object) -> None:
        time.sleep(chance.uniform(0, how.pause / 1000))

    travel, begin = database.travel, Transaction.__init__

    def slow_travel(*given: Any, **options: Any) -> Any:
        pause()
        return travel(*given, **options)

    def slow_begin(self: Transaction, connection: Connection, *, keep: bool = True, steady: bool = False) -> None:
        begin(self, connection, keep=keep, steady=steady)
        if not self.postgresql:
            self.driver = _SlowDriver(self.driver, pause)

    database.travel = slow_travel
    Transaction.__init__ = slow_begin  # type: ignore[method-assign]
    event.listen(Engine, "commit", pause)


class _SlowDriver:
    """SQLite's driver with a pause before each statement."""

    def __init__(self, driver: Any, pause: Callable[[], None]) -> None:
        self._driver, self._pause = driver, pause

    def execute(self, *given: Any) -> Any:
        self._pause()
        return self._driver.execute(*given)

    def executemany(self, *given: Any) -> Any:
        self._pause()
        return self._driver.executemany(*given)


def _strike(how: Hindrance) -> None:
    """Be gone at the point that `how` names."""
    together, some, counted = sweep.sweep_together, sweep.sweep_some, itertools.count(1)
    # The thread that has swept and is about to commit: on SQLite that may be one that does others' work as well.
    due: list[int] = []

    def watched(*given: Any) -> Any:
        done = together(*given)
        if done.tickets and next(counted) == how.after:
            due.append(threading.get_ident())
        return done

    def then(*given: Any) -> Any:
        done = some(*given)
        if due:
            _die()
        return done

    def committing(connection: Connection) -> None:
        if threading.get_ident() not in due:
            return
        due.clear()
        if how.struck == BEFORE_COMMIT:
            _die()
        _commit_and_hang_up(connection)

    sweep.sweep_together = watched
    if how.struck == AFTER_COMMIT:
        sweep.sweep_some = then
    else:
        event.listen(Engine, "commit", committing)


def _die() -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def _commit_and_hang_up(connection: Connection) -> None:
    """The server commits; its answer never arrives."""
    wire = connection.connection.driver_connection.pgconn  # type: ignore[union-attr]
    wire.send_query(b"COMMIT")
    wire.flush()
    time.sleep(0.2)
    with socket.socket(fileno=os.dup(wire.socket)) as line:
        line.shutdown(socket.SHUT_RDWR)


def _move_the_machine(shift: Path) -> None:
    """APScheduler asks the machine's clock: let the file move that one too."""

    class Moved(datetime):
        @classmethod
        def now(cls, tz: tzinfo | None = None) -> Self:
            return super().now(tz) + timedelta(microseconds=round(float(shift.read_text()) * SECOND))

    for module in (*_APSCHEDULER, scheduler):
        module.datetime = Moved
