"""What proposals and appraisals rest on, kept up with the feed, and made again from what it was made of."""

from collections.abc import Callable
from functools import partial
from typing import Any

from engine.background.relapses import find_relapses
from engine.clock import Clock
from engine.database import Database, Transaction
from engine.records import appraisals, precedents, relapses, shadows
from engine.stages.door import Door


def fold_precedents(database: Database) -> int:
    """Fold the rulings that the feed holds since the last round; how many."""
    return _folded(database, precedents.fold)


def fold_appraisals(database: Database) -> int:
    """Fold what the feed says of callers and of the called since the last round; how many lines."""
    return _folded(database, appraisals.fold)


def _folded(database: Database, fold: Callable[[Transaction], tuple[int, bool]]) -> int:
    folded, more = 0, True
    while more:
        count, more = database.acting(fold)
        folded += count
    return folded


def keep_up(door: Door, database: Database, clock: Clock) -> int:
    """Appraisals, precedents and relapses of what has happened since the last round; how many of the latter two."""
    fold_appraisals(database)
    return fold_precedents(database) + find_relapses(door, database, clock)


def rebuild(database: Database, progress: Callable[[int], Any] | None = None) -> dict[str, int]:
    """Make places, words, precedents and relapse links again from histories and particulars; how many of each.

    A page of tickets at a time, each page locked: acts go on meanwhile.
    """
    counts = {"tickets": 0, "places": 0, "texts": 0}
    after = 0
    while True:
        page = database.acting(partial(shadows.rebuild_some, after=after))
        if page.last is None:
            break
        after = page.last
        for name in counts:
            counts[name] += getattr(page, name)
        if progress:
            progress(counts["tickets"])
    database.acting(precedents.forget_all)
    counts["precedents"] = fold_precedents(database)
    database.acting(appraisals.forget_all)
    counts["appraisals"] = fold_appraisals(database)
    counts["relapses"] = database.acting(relapses.refold)
    return counts
