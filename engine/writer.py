"""The one writer of a process to SQLite.

Whoever waits for it meanwhile is committed together: a commit waits for the disk, and one wait serves them all.
"""

import sqlite3
import threading
from collections import deque
from collections.abc import Callable
from typing import Any, TypeVar

from sqlalchemy import Connection, Engine

from engine.errors import Busy
from engine.outage import is_taken

T = TypeVar("T")

#: Closures that one commit may carry.
MOST_PER_COMMIT = 60

NESTED = "acting() inside acting(): one act is one transaction"
CLOSED = "the database is closed"


class Escaped(RuntimeError):
    """An act neither commits nor rolls back by itself."""


class _Job:
    """A closure on its way, and later its answer."""

    __slots__ = ("answered", "failure", "result", "work")

    def __init__(self, work: Callable[[Connection], Any]) -> None:
        self.work = work
        self.answered = False
        self.result: Any = None
        self.failure: BaseException | None = None

    def give(self, result: Any) -> None:
        self.result, self.answered = result, True

    def fail(self, failure: BaseException) -> None:
        self.failure, self.answered = failure, True


class Writer:
    """Runs closures one after the other, commits, and then answers.

    Callers queue up; whoever gets the turn does the work of everybody who waits by then. ▸ A thread of its own would
    hand every act over twice, which costs about as much as the act's statements.
    """

    def __init__(self, db_engine: Engine) -> None:
        """`db_engine` begins with BEGIN IMMEDIATE. Errors: as `Engine.connect`, when the file can't be opened."""
        self._engine = db_engine
        self._connection = db_engine.connect()
        self._jobs: deque[_Job] = deque()
        self._turn = threading.Lock()
        self._holder = 0
        self._stopped = False

    def do(self, work: Callable[[Connection], T]) -> T:
        """What `work` returned, once it is committed; or what it raised, once it is undone."""
        if self._holder == threading.get_ident():
            raise RuntimeError(NESTED)
        job = _Job(work)
        self._jobs.append(job)
        with self._turn:
            if not job.answered:
                self._work()
        if job.failure is not None:
            raise job.failure
        result: T = job.result
        return result

    def waiting(self) -> int:
        """Closures that nobody has begun yet."""
        return len(self._jobs)

    def stop(self) -> None:
        """Do what waits already, then end."""
        with self._turn:
            self._work()
            if not self._stopped:
                self._stopped = True
                self._connection.close()
                self._engine.dispose()

    def _work(self) -> None:
        """Everything that waits, in commits of at most `MOST_PER_COMMIT`; the turn's holder calls it."""
        self._holder = threading.get_ident()
        try:
            while self._jobs:
                batch = [self._jobs.popleft() for _ in range(min(len(self._jobs), MOST_PER_COMMIT))]
                if self._stopped:
                    for job in batch:
                        job.fail(RuntimeError(CLOSED))
                else:
                    _commit_together(self._connection, batch)
        finally:
            self._holder = 0


def _commit_together(connection: Connection, batch: list[_Job]) -> None:
    """Run each closure in a savepoint of its own and answer them all after one commit.

    Where the transaction as a whole failed, nobody's work is in; then each is tried alone and answers for itself.
    """
    results: list[tuple[_Job, Any]] = []
    try:
        connection.begin()
        for job in batch:
            if len(batch) == 1:
                results.append((job, _run(connection, job.work)))
                continue
            run = _driver(connection).execute
            run("SAVEPOINT one")
            try:
                results.append((job, _run(connection, job.work)))
            except Exception as failure:
                if not _driver(connection).in_transaction:
                    raise
                run("ROLLBACK TO one")
                job.fail(failure)
            run("RELEASE one")
        connection.commit()
    except BaseException as failure:
        _undo(connection)
        _answer_each(connection, batch, failure)
        return
    for job, result in results:
        job.give(result)


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
    for job in batch:
        if job.answered:
            continue
        if taken:
            busy = Busy()
            busy.__cause__ = failure
            job.fail(busy)
        elif len(batch) == 1 or isinstance(failure, Escaped):
            job.fail(failure)
        else:
            _commit_together(connection, [job])


def _driver(connection: Connection) -> sqlite3.Connection:
    driver = connection.connection.driver_connection
    assert isinstance(driver, sqlite3.Connection)  # noqa: S101 - the engine is SQLite's
    return driver
