"""Notices that the clock has stepped back: whoever waits for a moment by that clock would wait for it twice."""

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from engine.clock import SECOND, Clock

#: Seconds between two looks at the clock.
EVERY = 1.0


@contextmanager
def watching(clock: Clock, stepped_back: Callable[[], None]) -> Iterator[None]:
    """Call `stepped_back` whenever the clock has gone back by a second or more, while the block lasts."""
    ends = threading.Event()
    thread = threading.Thread(target=_watch, args=(clock, stepped_back, ends), name="clock watch", daemon=True)
    thread.start()
    try:
        yield
    finally:
        ends.set()
        thread.join()


def _watch(clock: Clock, stepped_back: Callable[[], None], ends: threading.Event) -> None:
    ahead = _ahead(clock)
    while not ends.wait(EVERY):
        before, ahead = ahead, _ahead(clock)
        if ahead <= before - SECOND:
            stepped_back()


def _ahead(clock: Clock) -> int:
    """By how many microseconds the clock is ahead of one that never steps."""
    return clock.now() - time.monotonic_ns() // 1000
