"""Whoever keeps moments of the clock hears of it when the clock steps back, and only then."""

import threading
import time

import pytest

from engine.background import watch
from engine.background.watch import watching
from engine.clock import HOUR, Instant


class Moved:
    """The machine's clock, moved."""

    def __init__(self) -> None:
        self.shift = 0

    def now(self) -> Instant:
        return Instant(time.monotonic_ns() // 1000 + self.shift)


@pytest.fixture(autouse=True)
def _often(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(watch, "EVERY", 0.005)


def test_a_step_back_is_noticed_once() -> None:
    clock, heard, told = Moved(), threading.Event(), list[int]()

    def stepped_back() -> None:
        told.append(clock.shift)
        heard.set()

    with watching(clock, stepped_back):
        clock.shift = -HOUR
        assert heard.wait(10)
        time.sleep(0.05)
    assert told == [-HOUR]


def test_a_clock_that_goes_on_or_leaps_ahead_is_no_matter() -> None:
    clock, told = Moved(), list[int]()
    with watching(clock, lambda: told.append(clock.shift)):
        time.sleep(0.05)
        clock.shift = HOUR
        time.sleep(0.05)
    assert told == []


def test_nobody_watches_any_more_when_the_block_has_ended() -> None:
    with watching(Moved(), lambda: None):
        assert "clock watch" in {thread.name for thread in threading.enumerate()}
    assert "clock watch" not in {thread.name for thread in threading.enumerate()}
