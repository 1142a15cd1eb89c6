"""The one thread of a process that writes to SQLite.

Whoever waits for it meanwhile is committed together: a commit waits for the disk, and one wait serves them all.
"""

import queue
import sqlite3
import threading
from collections.abc import Callable
from concurrent.futures import Future
from typing import Any, TypeVar

from sqlalchemy import Connection, Engine
from sqlalchemy.exc import DBAPIError

from engine.errors import Busy

T = TypeVar("T")

#: Closures that one commit may carry.
MOST_PER_COMMIT = 60

NESTED = "acting() inside acting(): one act is one transaction"
CLOSED = "the database is closed"


class Escaped(RuntimeError):
    """An act neither commits nor rolls back by itself."""


_Job = tuple[Callable[[Connection], Any], "Future[Any]"]


class Writer:
    """Runs closures one after the other, commits, and then answers."""

    def __init__(self, db_engine: Engine) -> None:
        """`db_engine` begins with BEGIN IMMEDIATE. Errors: as `Engine.connect`, when the file can't be opened."""
        self._engine = db_engine
        self._connection = db_engine.connect()
        self._jobs: queue.SimpleQueue[_Job | None] = queue.SimpleQueue()
        self._lock = threading.Lock()
        self._stopped = False
        self._thread = threading.Thread(target=self._serve, name="sqlite-writer", daemon=True)
        self._thread.start()

    def do(self, work: Callable[[Connection], T]) -> T:
        """What `work` returned, once it is committed; or what it raised, once it is undone."""
        if threading.current_thread() is self._thread:
            raise RuntimeError(NESTED)
        answer: Future[T] = Future()
        with self._lock:
            if self._stopped:
                raise RuntimeError(CLOSED)
            self._jobs.put((work, answer))
        return answer.result()

    def waiting(self) -> int:
        """Closures that nobody has begun yet."""
        return self._jobs.qsize()

    def stop(self) -> None:
        """Do what waits already, then end."""
        with self._lock:
            if not self._stopped:
                self._stopped = True
                self._jobs.put(None)
        self._thread.join()

    def _serve(self) -> None:
        with self._connection as connection:
            going = True
            while going:
                batch, going = self._next()
                if batch:
                    _commit_together(connection, batch)
        self._engine.dispose()

    def _next(self) -> tuple[list[_Job], bool]:
        """What waits, at least one and up to `MOST_PER_COMMIT`; and whether more may come."""
        batch: list[_Job] = []
        job = self._jobs.get()
        while job is not None:
            batch.append(job)
            if len(batch) == MOST_PER_COMMIT or self._jobs.empty():
                return batch, True
            job = self._jobs.get()
        return batch, False


def _commit_together(connection: Connection, batch: list[_Job]) -> None:
    """Run each closure in a savepoint of its own and answer them all after one commit.

    Where the transaction as a whole failed, nobody's work is in; then each is tried alone and answers for itself.
    """
    answers: list[tuple[Future[Any], Any]] = []
    try:
        connection.begin()
        for work, answer in batch:
            if len(batch) == 1:
                answers.append((answer, _run(connection, work)))
                continue
            run = _driver(connection).execute
            run("SAVEPOINT one")
            try:
                answers.append((answer, _run(connection, work)))
            except Exception as failure:
                if not _driver(connection).in_transaction:
                    raise
                run("ROLLBACK TO one")
                answer.set_exception(failure)
            run("RELEASE one")
        connection.commit()
    except BaseException as failure:
        _undo(connection)
        _answer_each(connection, batch, failure)
        return
    for answer, result in answers:
        answer.set_result(result)


def _run(connection: Connection, work: Callable[[Connection], T]) -> T:
    result = work(connection)
    if not (connection.in_transaction() and _driver(connection).in_transaction):
        raise Escaped(Escaped.__doc__)
    return result


def _undo(connection: Connection) -> None:
    """Back to where nothing has begun, whatever state the failure left behind."""
    try:
        connection.rollback()
        # After a failed COMMIT SQLAlchemy thinks that all is over, while SQLite would still let us try again.
        if _driver(connection).in_transaction:
            _driver(connection).rollback()
    except Exception:
        # The connection itself is of no more use; `begin` opens another.
        connection.invalidate()


def _answer_each(connection: Connection, batch: list[_Job], failure: BaseException) -> None:
    taken = is_taken(failure)
    for work, answer in batch:
        if answer.done():
            continue
        if taken:
            busy = Busy()
            busy.__cause__ = failure
            answer.set_exception(busy)
        elif len(batch) == 1 or isinstance(failure, Escaped):
            answer.set_exception(failure)
        else:
            _commit_together(connection, [(work, answer)])


def is_taken(failure: BaseException) -> bool:
    """Whether another process kept the database to itself for all of the patience we have."""
    cause = failure.orig if isinstance(failure, DBAPIError) else failure
    return isinstance(cause, sqlite3.OperationalError) and cause.sqlite_errorcode & 0xFF == sqlite3.SQLITE_BUSY


def _driver(connection: Connection) -> sqlite3.Connection:
    driver = connection.connection.driver_connection
    assert isinstance(driver, sqlite3.Connection)  # noqa: S101 - the engine is SQLite's
    return driver
