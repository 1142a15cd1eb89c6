"""Interleaved slices of both contestants, their percentiles and their ratio."""

import statistics
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from engine.bench.life import ACTS, Liver


@dataclass(slots=True)
class Figures:
    """What one contestant did over all of its slices."""

    #: Acts per second of each slice.
    rates: list[float] = field(default_factory=list)
    #: Seconds of each act.
    acts: list[float] = field(default_factory=list)

    def to_json(self) -> dict[str, float]:
        """Medians over slices; latencies in milliseconds over all acts."""
        ordered = sorted(self.acts)
        rate = statistics.median(self.rates)
        return {
            "acts_per_s": round(rate, 1),
            "lives_per_s": round(rate / ACTS, 1),
            "p50_ms": percentile(ordered, 50),
            "p95_ms": percentile(ordered, 95),
            "p99_ms": percentile(ordered, 99),
        }


def percentile(ordered: Sequence[float], percent: int) -> float:
    """A percentile of seconds that are in order, in milliseconds."""
    at = min(len(ordered) - 1, len(ordered) * percent // 100)
    return round(ordered[at] * 1000, 3)


def interleave(
    contestants: Mapping[str, Sequence[Liver]], *, lives: int, slices: int, tick: Callable[[], None] = lambda: None
) -> dict[str, Figures]:
    """Run `slices` slices of each contestant in turn; in a slice each of its connections lives `lives` lives."""
    figures = {name: Figures() for name in contestants}
    for livers in contestants.values():
        _slice(livers, max(3, lives // 4), Figures())  # prepared statements, caches
        tick()
    for _ in range(slices):
        for name, livers in contestants.items():
            _slice(livers, lives, figures[name])
            tick()
    return figures


def ratios(figures: dict[str, Figures], over: str, under: str) -> dict[str, float]:
    """The ratio of rates slice by slice: its median, least and greatest; noise that hits both leaves it alone."""
    pairs = [a / b for a, b in zip(figures[over].rates, figures[under].rates, strict=True)]
    return {
        "ratio": round(statistics.median(pairs), 3),
        "least": round(min(pairs), 3),
        "most": round(max(pairs), 3),
    }


def _slice(livers: Sequence[Liver], lives: int, figures: Figures) -> None:
    spent: list[list[float]] = [[] for _ in livers]
    failures: list[BaseException] = []

    def work(liver: Liver, times: list[float]) -> None:
        try:
            for _ in range(lives):
                _live(liver, times)
        except BaseException as failure:
            failures.append(failure)

    threads = [threading.Thread(target=work, args=pair) for pair in zip(livers, spent, strict=True)]
    begun = time.perf_counter()
    if len(threads) == 1:
        work(livers[0], spent[0])
    else:
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    if failures:
        raise failures[0]
    figures.rates.append(len(livers) * lives * ACTS / (time.perf_counter() - begun))
    for times in spent:
        figures.acts.extend(times)


def _live(liver: Liver, times: list[float]) -> None:
    life: Any = liver.start()
    for number in range(ACTS):
        begun = time.perf_counter()
        life = liver.act(life, number)
        times.append(time.perf_counter() - begun)
