"""The door's own statements, replayed by the bare driver: what is left is the cost of Python deciding.

The statements of some lives are written down on one fresh database and replayed on another one just like it, where the
identities come out the same. Both are timed in the same run.
"""

import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import psycopg
from sqlalchemy import Connection

from engine.bench.life import ACTS, Through
from engine.database import Database, Transaction
from engine.journey import Statement, travel

#: One transaction: its statements, each once or once per row.
Recorded = list[tuple[str, Any, bool]]


class _Recorder:
    """Stands before the driver and writes down what passes."""

    def __init__(self, driver: Any, into: Recorded) -> None:
        self._driver, self._into = driver, into

    def execute(self, sql: str, parameters: Sequence[Any] = ()) -> Any:
        self._into.append((sql, parameters, False))
        return self._driver.execute(sql, parameters)

    def executemany(self, sql: str, rows: Sequence[Any]) -> Any:
        self._into.append((sql, rows, True))
        return self._driver.executemany(sql, rows)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._driver, name)


class _Watched(Transaction):
    """A transaction on PostgreSQL that writes down what it sends; there the driver itself is never asked."""

    __slots__ = ("_into",)

    def __init__(self, connection: Connection, into: Recorded) -> None:
        super().__init__(connection)
        self._into = into

    def together(self, statements: Sequence[Statement]) -> list[list[Any]]:
        self._into.extend((sql, parameters, False) for sql, parameters in statements)
        return super().together(statements)

    def last(self, statements: Sequence[Statement], lost: type[Exception]) -> None:
        self._into.extend((sql, parameters, False) for sql, parameters in statements)
        super().last(statements, lost)


@contextmanager
def recording(database: Database, into: list[Recorded]) -> Iterator[None]:
    """Write down the statements of every act on this database."""
    original = database.acting

    def acting(work: Callable[[Transaction], Any]) -> Any:
        statements: Recorded = []

        def recorded(transaction: Transaction) -> Any:
            if not transaction.postgresql:
                transaction.driver = _Recorder(transaction.driver, statements)
                return work(transaction)
            watched = _Watched(transaction.connection, statements)
            result = work(watched)
            watched.flush()
            return result

        result = original(recorded)
        into.append(statements)
        return result

    database.acting = acting  # type: ignore[method-assign]
    try:
        yield
    finally:
        database.acting = original  # type: ignore[method-assign]


def record(database: Database, through: Through, lives: int) -> list[Recorded]:
    """The statements of so many lives, a list per act."""
    acts: list[Recorded] = []
    with recording(database, acts):
        for _ in range(lives):
            life: Any = through.start()
            for number in range(ACTS):
                life = through.act(life, number)
    return acts


def replay(driver: Any, acts: Sequence[Recorded]) -> list[float]:
    """Seconds of each act, replayed with as few journeys as the door makes."""
    spent = []
    for statements in acts:
        begun = time.perf_counter()
        _replay_one(driver, statements)
        spent.append(time.perf_counter() - begun)
    return spent


def _replay_one(driver: Any, statements: Recorded) -> None:
    if isinstance(driver, psycopg.Connection):
        travel(driver, [*((sql, parameters) for sql, parameters, _ in statements), ("COMMIT", ())])
        return
    driver.execute("BEGIN IMMEDIATE")
    for sql, parameters, many in statements:
        if many:
            driver.executemany(sql, parameters)
        else:
            driver.execute(sql, parameters).fetchall()
    driver.commit()
