"""The sweep beside the door, in turns: rungs per second against acts per second, and what finding candidates costs."""

import statistics
import time
from typing import Any

from engine.background.sweep import AT_ONCE, candidates, sweep_some
from engine.bench.crowd import due_tickets, idle_deadlines
from engine.bench.life import Through
from engine.bench.run import interleave
from engine.bench.world import World
from engine.clock import Instant, SystemClock
from engine.database import Database
from engine.stages.door import Door

#: How often the candidate query is timed.
_TRIES = 41
#: Slices of sweep and door in turns.
_SLICES = 10


def sweeps(database: Database, door: Door, world: World, *, running: int, due: int) -> dict[str, Any]:
    """Figures of a sweep with so many running deadlines, `due` of which are.

    `candidates.ratio`: the query among all of them over the query among `due` alone. `sweep.ratio`: rungs swept per
    second over acts per second of the door, one ticket at a time, slice by slice in turns.
    """
    clock = SystemClock()
    due_tickets(door, database, world, clock.now(), due)
    small = _ask(database, clock.now())
    idle_deadlines(database, clock.now(), running - due)
    large = _ask(database, clock.now())
    ratios, rates, acts = _turns(database, door, world, due)
    return {
        "running": running,
        "due": due,
        "candidates": {"small_ms": small, "large_ms": large, "ratio": round(large / small, 3)},
        "sweep": {
            "rungs_per_s": round(statistics.median(rates), 1),
            "door_acts_per_s": round(statistics.median(acts), 1),
            "ratio": round(statistics.median(ratios), 3),
            "least": round(min(ratios), 3),
            "most": round(max(ratios), 3),
            "whole_seconds": round(due / statistics.median(rates), 2),
        },
    }


def _ask(database: Database, now: Instant) -> float:
    """Milliseconds of the candidate query, the median of many."""
    spent = []
    for _ in range(_TRIES):
        begun = time.perf_counter()
        candidates(database, now, AT_ONCE[database.dialect])
        spent.append(time.perf_counter() - begun)
    return round(statistics.median(spent) * 1000, 3)


def _turns(database: Database, door: Door, world: World, due: int) -> tuple[list[float], list[float], list[float]]:
    through = Through(door, world)
    rates, acts = [], []
    for _ in range(_SLICES):
        acts.append(interleave({"door": [through]}, lives=20, slices=1)["door"].rates[0])
        begun, rungs = time.perf_counter(), 0
        while (left := due // _SLICES - rungs) > 0:
            now = SystemClock().now()
            ids = candidates(database, now, min(left, AT_ONCE[database.dialect]))
            swept = sweep_some(door, database, ids, now)
            if swept.failures or not swept.tickets:
                raise RuntimeError(f"the sweep did not get on: {swept}")
            rungs += swept.rungs
        rates.append(rungs / (time.perf_counter() - begun))
    return [rate / act for rate, act in zip(rates, acts, strict=True)], rates, acts
