"""APScheduler wiring, and nothing else: it wakes, the tables remember.

Any number of processes may run the same jobs: what each has to do lies in rows that are taken under locks. A job that
fails is logged and beats with its error; the next round finds the same rows.
"""

import logging
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import cache

from apscheduler.schedulers.background import BackgroundScheduler

from engine.application import Application
from engine.background.births import open_births
from engine.background.commands import run_commands
from engine.background.deliver import Deliverer
from engine.background.facts import fold_facts
from engine.background.fan_out import fan_out
from engine.background.links import send_links
from engine.background.meetings import carry_over, keep_called
from engine.background.paths import fold_paths
from engine.background.periods import keep_periods
from engine.background.proposals import keep_up
from engine.background.recount import recount
from engine.background.relay import relay
from engine.background.reports import run_reports
from engine.background.retention import Kept, prune
from engine.background.rhythms import run_rhythms
from engine.background.rollups import refresh
from engine.background.rounds import open_rounds
from engine.background.samples import draw_samples
from engine.background.seal import seal_daily
from engine.background.sweep import sweep
from engine.background.watch import watching
from engine.definitions.indicator import Indicator
from engine.definitions.indicator_file import discover
from engine.records.heartbeats import Pulse
from engine.stages.erasing import go_on

_LOG = logging.getLogger(__name__)


@dataclass(slots=True)
class Running:
    """The background work of one process, while it runs."""

    application: Application
    pulse: Pulse
    deliverer: Deliverer
    _stop: threading.Event = field(default_factory=threading.Event)

    def stopping(self) -> bool:
        """Whether a job should end after the transaction it is in."""
        return self._stop.is_set()

    def stop(self) -> None:
        self._stop.set()


@dataclass(frozen=True, slots=True)
class Job:
    """Something done every so many seconds; it answers how much it did."""

    name: str
    seconds: float
    work: Callable[[Running], int]


def _sweep(running: Running) -> int:
    house = running.application
    swept = sweep(house.door, house.database, house.clock, stopping=running.stopping)
    for ticket_id, failure in swept.failures.items():
        _LOG.error("the sweep left out ticket %s: %s", ticket_id, failure, exc_info=failure)
    return swept.tickets


def _recount(running: Running) -> int:
    house = running.application
    return recount(house.door, house.database, house.clock, stopping=running.stopping).tickets


def _commands(running: Running) -> int:
    house = running.application
    return run_commands(house.door, house.database, house.clock)


def _rounds(running: Running) -> int:
    house = running.application
    return open_rounds(house.door, house.database, house.versions, house.clock)


def _births(running: Running) -> int:
    house = running.application
    return open_births(house.door, house.database, house.versions, house.clock)


def _meetings(running: Running) -> int:
    house = running.application
    return keep_called(house.door, house.database, house.versions, house.clock)


def _carried(running: Running) -> int:
    house = running.application
    return carry_over(house.door, house.database, house.clock)


def _rhythms(running: Running) -> int:
    house = running.application
    return run_rhythms(house.database, house.versions, house.settings.rhythms, house.clock)


def _proposals(running: Running) -> int:
    house = running.application
    return keep_up(house.door, house.database, house.clock)


def _samples(running: Running) -> int:
    house = running.application
    return draw_samples(house.door, house.database, house.versions, house.settings.samples, house.clock)


def _facts(running: Running) -> int:
    house = running.application
    return fold_facts(house.database, house.versions, house.reporter_key, stopping=running.stopping)


@cache
def _indicators() -> Mapping[str, Indicator]:
    """The files as they were when this process first asked."""
    return discover()


def _rollups(running: Running) -> int:
    house = running.application
    return refresh(house.database, house.clock, house.versions, _indicators().values(), stopping=running.stopping)


def _paths(running: Running) -> int:
    house = running.application
    return fold_paths(house.database, house.versions, stopping=running.stopping)


def _periods(running: Running) -> int:
    house = running.application
    return keep_periods(house.database, house.clock)


def _reports(running: Running) -> int:
    return run_reports(running.application, stopping=running.stopping)


def _links(running: Running) -> int:
    return send_links(running.application, running.deliverer.sender)


def _seal(running: Running) -> int:
    house = running.application
    wishes = house.settings
    return seal_daily(house.database, house.clock, wishes.seal_key_file, wishes.seal_at, wishes.hash_algorithm)


def _erasures(running: Running) -> int:
    """What somebody began to erase and was kept from finishing."""
    house = running.application
    return go_on(house.door, house.store, house.settings.data)


def _retention(running: Running) -> int:
    house = running.application
    kept = Kept(messages=house.settings.keep_messages, uploads=house.settings.keep_uploads)
    return prune(house.database, house.store, house.settings.data, house.clock, kept)


JOBS = (
    Job("sweep", 2, _sweep),
    Job("recount", 30, _recount),
    Job("commands", 1, _commands),
    Job("rounds", 60, _rounds),
    Job("births", 60, _births),
    Job("meetings", 60, _meetings),
    Job("carried", 2, _carried),
    Job("rhythms", 60, _rhythms),
    Job("proposals", 5, _proposals),
    Job("links", 5, _links),
    Job("seal", 60, _seal),
    Job("facts", 10, _facts),
    Job("rollups", 20, _rollups),
    Job("periods", 60, _periods),
    Job("samples", 60, _samples),
    Job("erasures", 60, _erasures),
    Job("retention", 3600, _retention),
    Job("reports", 2, _reports),
    Job("paths", 30, _paths),
    Job("relay", 1, lambda running: relay(running.application.database)),
    Job("fan_out", 1, lambda running: fan_out(running.application.database, running.application.clock)),
    Job("deliver", 1, lambda running: running.deliverer.round(1)),
)


@contextmanager
def scheduled(application: Application) -> Iterator[BackgroundScheduler]:
    """Run the jobs while the block lasts; at its end each finishes the transaction it is in."""
    # It warns of every round that a long one leaves no room for; the heartbeat says how long a round took.
    logging.getLogger("apscheduler").setLevel(logging.ERROR)
    running = Running(application, Pulse(application.database), Deliverer.of(application))
    scheduler = BackgroundScheduler(timezone="UTC")
    for job in JOBS:
        # One round at a time, and rounds missed in a long one are not made up for: the tables hold what is left to do.
        # A round that begins late is as good as any.
        options = {"max_instances": 1, "coalesce": True, "misfire_grace_time": None}
        scheduler.add_job(_round(job, running), "interval", seconds=job.seconds, id=job.name, **options)
    scheduler.start()
    try:
        with watching(application.clock, lambda: _at_once(scheduler)):
            yield scheduler
    finally:
        running.stop()
        scheduler.shutdown(wait=True)
        running.deliverer.close()


def _at_once(scheduler: BackgroundScheduler) -> None:
    """Every job's next round now. ▸ It is kept as a moment of the machine's clock: after a step back by an hour the
    scheduler would sleep until that moment comes again."""
    for job in scheduler.get_jobs():
        job.modify(next_run_time=datetime.now(UTC))


def _round(job: Job, running: Running) -> Callable[[], None]:
    def run() -> None:
        begun = time.monotonic()
        done, error = 0, None
        try:
            done = job.work(running)
        except Exception as failure:
            # The next round comes anyway; what failed must be seen by whoever operates this.
            _LOG.exception("background job %s failed", job.name)
            error = f"{type(failure).__name__}: {failure}"[:2000]
        try:
            now = running.application.clock.now()
            running.pulse.beat(job.name, now, took=time.monotonic() - begun, done=done, error=error)
        except Exception:
            _LOG.exception("background job %s could not say how it went", job.name)

    return run
