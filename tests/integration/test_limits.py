"""How often: windows that end when they said they would, shared by all processes, and gone when they are over."""

import pytest

from engine.clock import MINUTE, Instant
from engine.database import Database
from engine.errors import TooOften
from engine.records import limits
from engine.records.limits import Limit

THREE = Limit(most=3, window=10 * MINUTE)
START = Instant(1_772_416_800_000_000)


def counted(database: Database, key: str, at: int) -> None:
    database.acting(lambda transaction: limits.count(transaction, key, THREE, Instant(START + at)))


def rows(database: Database) -> list[tuple[str, int]]:
    with database.looking() as transaction:
        return [tuple(row) for row in transaction.rows("SELECT key, acts FROM rate_window ORDER BY key")]


def test_the_fourth_is_refused_until_the_time_that_it_is_told(database: Database) -> None:
    for minute in (0, 1, 2):
        counted(database, "a", minute * MINUTE)
    for at, seconds, words in (
        (3 * MINUTE, 420, "7 分钟后"),
        (9 * MINUTE, 60, "1 分钟后"),
        (10 * MINUTE - 1, 1, "in 1 minute"),
    ):
        with pytest.raises(TooOften) as refused:
            counted(database, "a", at)
        assert refused.value.details["retry_after"] == seconds
        assert words in refused.value.message
    counted(database, "b", 3 * MINUTE)
    counted(database, "a", 10 * MINUTE)
    assert rows(database) == [("a", 1), ("b", 1)]


def test_a_window_that_is_over_is_taken_away_by_the_next_one(database: Database) -> None:
    for key in ("a", "b"):
        counted(database, key, 0)
    counted(database, "c", 10 * MINUTE)
    assert rows(database) == [("c", 1)]
