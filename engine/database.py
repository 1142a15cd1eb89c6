"""The connection, and the two scopes everything runs in: `reading()` and `acting()`, the only commit.

SQLite has one writer at a time; a transaction that reads and then writes fails at once when another wrote in between,
whatever the timeout. So on SQLite `acting` hands its closure to one writer thread per process, which begins with
BEGIN IMMEDIATE and answers after the commit; closures that wait together are committed together.
"""

import queue
import sqlite3
import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TypeVar

from psycopg.errors import DivisionByZero
from sqlalchemy import Connection, Engine, MetaData, create_engine, event
from sqlalchemy.engine import make_url
from sqlalchemy.pool import ConnectionPoolEntry
from sqlmodel import Session, SQLModel

T = TypeVar("T")

SQLITE = "sqlite"
POSTGRESQL = "postgresql"

#: Closures that one commit may carry on SQLite.
MOST_PER_COMMIT = 60
#: Milliseconds that SQLite waits for another process's writer.
BUSY_MS = 30_000
#: The advisory lock of PostgreSQL that a migration holds; any number that nothing else uses.
MIGRATING = 0x4875_7969


def metadata() -> MetaData:
    """All tables that have been imported."""
    return SQLModel.metadata


class Transaction:
    """One transaction, while it lasts. Hot paths use `rows` and `run` on the driver; the rest uses `connection`."""

    __slots__ = ("_last", "connection", "dialect", "driver")

    def __init__(self, connection: Connection) -> None:
        self._last: tuple[str, Sequence[Any], type[Exception]] | None = None
        self.connection = connection
        self.driver: Any = connection.connection.driver_connection
        self.dialect = connection.dialect.name

    def rows(self, sql: str, parameters: Sequence[Any] = ()) -> list[Any]:
        """Rows of one statement, straight from the driver."""
        self.flush()
        return self.driver.execute(sql, parameters).fetchall()  # type: ignore[no-any-return]

    def together(self, statements: Sequence[tuple[str, Sequence[Any]]]) -> list[list[Any]]:
        """Rows of several statements, on PostgreSQL in one journey to the server."""
        self.flush()
        if not self.postgresql or len(statements) == 1:
            return [self.driver.execute(sql, parameters).fetchall() for sql, parameters in statements]
        with self.driver.pipeline():
            cursors = [self.driver.execute(sql, parameters) for sql, parameters in statements]
        return [cursor.fetchall() for cursor in cursors]

    def last(self, sql: str, parameters: Sequence[Any], lost: type[Exception]) -> None:
        """The statement that ends a transaction: `acting` sends it together with the COMMIT.

        A division by zero in it says that its guard failed: then `lost` is raised and nothing is committed. A second
        one in the same transaction sends the first on its way.
        """
        self.flush()
        self._last = (sql, parameters, lost)

    def flush(self) -> None:
        """Execute what waits for the commit, for whoever reads on in the same transaction."""
        if self._last is None:
            return
        (sql, parameters, lost), self._last = self._last, None
        try:
            self.driver.execute(sql, parameters)
        except DivisionByZero as failure:
            raise lost from failure

    def commit(self) -> None:
        """Commit, with the last statement in the same journey."""
        if self._last is not None:
            (sql, parameters, lost), self._last = self._last, None
            try:
                with self.driver.pipeline():
                    self.driver.execute(sql, parameters)
                    self.driver.commit()
            except DivisionByZero as failure:
                self.driver.rollback()
                raise lost from failure
        self.connection.commit()

    def run(self, sql: str, parameters: Sequence[Any] = ()) -> int:
        """Execute one statement; how many rows it changed."""
        self.flush()
        return self.driver.execute(sql, parameters).rowcount  # type: ignore[no-any-return]

    def run_many(self, sql: str, rows: Sequence[Sequence[Any]]) -> None:
        """Execute one statement per row."""
        self.flush()
        with_cursor = self.driver.cursor()
        with_cursor.executemany(sql, rows)
        with_cursor.close()

    @property
    def postgresql(self) -> bool:
        return self.dialect == POSTGRESQL


class Database:
    """A database of either kind. Safe to share between threads; not between processes."""

    def __init__(self, url: str, *, pool: int = 4) -> None:
        self.url = make_url(url)
        self.dialect = self.url.get_backend_name()
        if self.dialect == SQLITE and self.url.database not in (None, "", ":memory:"):
            Path(str(self.url.database)).parent.mkdir(parents=True, exist_ok=True)
        self.db_engine = _engine(url, self.dialect, pool)
        if self.dialect == SQLITE:
            event.listen(self.db_engine, "begin", lambda connection: connection.exec_driver_sql("BEGIN"))
        self._writer: _Writer | None = None
        self._lock = threading.Lock()

    @contextmanager
    def reading(self) -> Iterator[Session]:
        """A session that sees one consistent state and changes nothing.

        It ends with COMMIT, because psycopg forgets its prepared statements on ROLLBACK.
        """
        with Session(self.db_engine, autoflush=False, expire_on_commit=False) as session:
            yield session
            session.commit()

    @contextmanager
    def looking(self) -> Iterator[Transaction]:
        """Like `reading`, for hot paths: a transaction on the driver that changes nothing."""
        with self.db_engine.connect() as connection:
            yield Transaction(connection)
            connection.commit()

    def acting(self, work: Callable[[Transaction], T]) -> T:
        """Run `work` in a transaction and commit it; the only place that commits.

        `work` may be run again from the start if its transaction could not be had; it must not do anything outside.
        """
        if self.dialect == SQLITE:
            return self._the_writer().do(work)
        with self.db_engine.connect() as connection:
            transaction = Transaction(connection)
            result = work(transaction)
            transaction.commit()
            return result

    @contextmanager
    def migrating(self) -> Iterator[Connection]:
        """A connection that changes the schema, alone with the database until it commits; other migrators wait.

        SQLite changes a table by copying it, so its foreign keys rest meanwhile and are checked at the end.
        """
        db_engine = _engine(self.url.render_as_string(hide_password=False), self.dialect, 1)
        try:
            with db_engine.connect() as connection:
                if self.dialect == SQLITE:
                    connection.exec_driver_sql("PRAGMA foreign_keys=OFF")
                    connection.commit()
                    connection.exec_driver_sql("BEGIN IMMEDIATE")
                else:
                    connection.exec_driver_sql(f"SELECT pg_advisory_xact_lock({MIGRATING})")
                yield connection
                if self.dialect == SQLITE and connection.exec_driver_sql("PRAGMA foreign_key_check").first():
                    raise RuntimeError("the migration leaves rows whose foreign key points nowhere")
                connection.commit()
        finally:
            db_engine.dispose()

    def close(self) -> None:
        """Stop the writer after what it has, and close every connection."""
        with self._lock:
            if self._writer is not None:
                self._writer.stop()
                self._writer = None
        self.db_engine.dispose()

    def _the_writer(self) -> "_Writer":
        if self._writer is None:
            with self._lock:
                if self._writer is None:
                    self._writer = _Writer(_engine(self.url.render_as_string(hide_password=False), SQLITE, 1))
        return self._writer


def _engine(url: str, dialect: str, pool: int) -> Engine:
    if dialect == SQLITE:
        # The driver never begins by itself: readers begin here, the writer begins IMMEDIATE.
        db_engine = create_engine(url, connect_args={"isolation_level": None, "timeout": BUSY_MS / 1000})
        event.listen(db_engine, "connect", _prepare_sqlite)
        return db_engine
    return create_engine(
        url,
        pool_size=pool,
        max_overflow=pool,
        pool_timeout=30,
        pool_pre_ping=False,
        connect_args={"application_name": "huying", "prepare_threshold": 2},
    )


def _prepare_sqlite(connection: sqlite3.Connection, _: ConnectionPoolEntry) -> None:
    for pragma in (
        "journal_mode=WAL",
        "synchronous=FULL",
        f"busy_timeout={BUSY_MS}",
        "foreign_keys=ON",
        "cache_size=-65536",
        "temp_store=MEMORY",
    ):
        connection.execute(f"PRAGMA {pragma}")


_Job = tuple[Callable[[Transaction], Any], "Future[Any]"]


class _Writer:
    """The one thread that writes to SQLite."""

    def __init__(self, db_engine: Engine) -> None:
        self._engine = db_engine
        self._jobs: queue.SimpleQueue[_Job | None] = queue.SimpleQueue()
        self._thread = threading.Thread(target=self._serve, name="sqlite-writer", daemon=True)
        self._thread.start()

    def do(self, work: Callable[[Transaction], T]) -> T:
        if threading.current_thread() is self._thread:
            raise RuntimeError("acting() inside acting(): one act is one transaction")
        answer: Future[T] = Future()
        self._jobs.put((work, answer))
        return answer.result()

    def stop(self) -> None:
        self._jobs.put(None)
        self._thread.join()

    def _serve(self) -> None:
        with self._engine.connect() as connection:
            transaction = Transaction(connection)
            while (job := self._jobs.get()) is not None:
                batch, last = self._waiting(job)
                _commit_together(transaction, batch)
                if last:
                    break
        self._engine.dispose()

    def _waiting(self, first: _Job) -> tuple[list[_Job], bool]:
        """What waits already, up to `MOST_PER_COMMIT`, and whether the end was asked for."""
        batch = [first]
        while len(batch) < MOST_PER_COMMIT:
            try:
                job = self._jobs.get_nowait()
            except queue.Empty:
                break
            if job is None:
                return batch, True
            batch.append(job)
        return batch, False


def _commit_together(transaction: Transaction, batch: list[_Job]) -> None:
    """Run each closure in a savepoint of its own and answer them all after one commit."""
    run = transaction.driver.execute
    answers: list[tuple[Future[Any], Any]] = []
    try:
        run("BEGIN IMMEDIATE")
        for work, answer in batch:
            if len(batch) > 1:
                run("SAVEPOINT one")
            try:
                answers.append((answer, work(transaction)))
            except BaseException as failure:
                run("ROLLBACK TO one" if len(batch) > 1 else "ROLLBACK")
                answer.set_exception(failure)
            if len(batch) > 1:
                run("RELEASE one")
        if transaction.driver.in_transaction:
            run("COMMIT")
    except BaseException as failure:
        _give_up(transaction, batch, failure)
        return
    for answer, result in answers:
        answer.set_result(result)


def _give_up(transaction: Transaction, batch: list[_Job], failure: BaseException) -> None:
    """The transaction itself failed (disk full, locked for too long): nobody's work is in."""
    if transaction.driver.in_transaction:
        transaction.driver.execute("ROLLBACK")
    for _, answer in batch:
        if not answer.done():
            answer.set_exception(failure)
