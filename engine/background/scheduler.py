"""APScheduler wiring, and nothing else: it wakes, the tables remember.

Four beats: commands between tickets, positions for the feed, rounds opened by the clock, the lists of rhythms. Any
number of processes may run them.
"""

import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from apscheduler.schedulers.background import BackgroundScheduler

from engine.application import Application
from engine.background.commands import run_commands
from engine.background.relay import relay
from engine.background.rhythms import run_rhythms
from engine.background.rounds import open_rounds

_LOG = logging.getLogger(__name__)

#: Seconds between two rounds.
COMMANDS_EVERY = 1
RELAY_EVERY = 1
ROUNDS_EVERY = 60
RHYTHMS_EVERY = 60


@contextmanager
def scheduled(application: Application) -> Iterator[BackgroundScheduler]:
    """Run the beats while the block lasts; a round that is under way is finished before it ends."""
    scheduler = BackgroundScheduler(timezone="UTC")
    _add(
        scheduler,
        "commands",
        COMMANDS_EVERY,
        lambda: run_commands(application.door, application.database, application.clock),
    )
    _add(
        scheduler,
        "rounds",
        ROUNDS_EVERY,
        lambda: open_rounds(application.door, application.database, application.versions, application.clock),
    )
    _add(
        scheduler,
        "rhythms",
        RHYTHMS_EVERY,
        lambda: run_rhythms(
            application.database, application.versions, application.settings.rhythms, application.clock
        ),
    )
    _add(scheduler, "relay", RELAY_EVERY, lambda: relay(application.database))
    scheduler.start()
    try:
        yield scheduler
    finally:
        scheduler.shutdown(wait=True)


def _add(scheduler: BackgroundScheduler, name: str, seconds: int, work: Callable[[], object]) -> None:
    def rounds() -> None:
        try:
            work()
        except Exception:
            # The next round comes anyway and finds the same rows; what failed must be seen by whoever operates this.
            _LOG.exception("background round %s failed", name)

    # One round at a time, and rounds missed in a long one are not made up for: the tables hold what is left to do.
    scheduler.add_job(rounds, "interval", seconds=seconds, id=name, max_instances=1, coalesce=True)
