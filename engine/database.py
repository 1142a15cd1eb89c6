"""The connection, and the two scopes everything runs in: `reading()` and `acting()`, the only commit.

SQLite has one writer at a time; a transaction that reads and then writes fails at once when another wrote in between,
whatever the timeout. So on SQLite `acting` hands its closure to one writer thread per process, which begins with
BEGIN IMMEDIATE and answers after the commit; closures that wait together are committed together.

SQLAlchemy is told of every transaction, also of one that speaks to the driver alone: it would commit nothing that it
did not begin, and its pool would roll it back.
"""

import sqlite3
import threading
from collections.abc import Callable, Hashable, Iterable, Iterator, Sequence
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any, TypeVar

import psycopg
from psycopg.errors import DeadlockDetected, DivisionByZero, SerializationFailure
from sqlalchemy import Connection, Engine, MetaData, event
from sqlalchemy.exc import DBAPIError
from sqlmodel import Session, SQLModel

from engine import outage
from engine.connecting import BUSY_MS, POSTGRESQL, PRAGMAS, SQLITE, checked, on_postgresql, on_sqlite, read_only
from engine.journey import Statement, travel
from engine.writer import CLOSED, NESTED, Escaped, Writer

T = TypeVar("T")

#: How often an act on PostgreSQL may begin: again after a deadlock, or when the server had gone.
MOST_BEGINNINGS = 3
COMMIT: Statement = ("COMMIT", ())
#: The advisory lock of PostgreSQL that a migration holds; any number that nothing else uses.
MIGRATING = 0x4875_7969


def metadata() -> MetaData:
    """All tables that have been imported."""
    return SQLModel.metadata


class Transaction:
    """One transaction, while it lasts. Hot paths use `rows` and `run` on the driver; the rest uses `connection`."""

    __slots__ = ("_ended", "_found", "_keep", "_last", "connection", "dialect", "driver")

    def __init__(self, connection: Connection, *, keep: bool = True, steady: bool = False) -> None:
        self._keep = keep
        #: What was found once; a transaction that may write finds it each time.
        self._found: dict[Hashable, Any] | None = {} if steady else None
        self._last: tuple[Sequence[Statement], type[Exception]] | None = None
        self._ended = False
        self.connection = connection
        self.driver: Any = connection.connection.driver_connection
        self.dialect = connection.dialect.name

    def rows(self, sql: str, parameters: Sequence[Any] = ()) -> list[Any]:
        """Rows of one statement, straight from the driver."""
        return self.together([(sql, parameters)])[0]

    def once(self, what: Hashable, find: Callable[[], T]) -> T:
        """What `find` finds, looked for once in a look, which sees one state; `what` says everything it hangs on."""
        if self._found is None:
            return find()
        if what not in self._found:
            self._found[what] = find()
        found: T = self._found[what]
        return found

    def together(self, statements: Sequence[Statement]) -> list[list[Any]]:
        """Rows of several statements, on PostgreSQL in one journey to the server."""
        self.flush()
        if self.postgresql:
            return [answer.rows for answer in travel(self.driver, statements, keep=self._keep)]
        return [self.driver.execute(sql, parameters).fetchall() for sql, parameters in statements]

    def finally_together(self, statements: Sequence[Statement]) -> list[list[Any]]:
        """Rows of the last statements of a transaction that changes nothing: on PostgreSQL the COMMIT travels along.

        Nothing can be asked after them. Errors: `Escaped` for whoever does.
        """
        self.flush()
        self._ended = True
        if self.postgresql:
            return [answer.rows for answer in travel(self.driver, [*statements, COMMIT])[:-1]]
        return [self.driver.execute(sql, parameters).fetchall() for sql, parameters in statements]

    def last(self, statements: Sequence[Statement], lost: type[Exception]) -> None:
        """The statements that end a transaction: `acting` sends them together with the COMMIT, in one journey.

        A division by zero in them says that a guard failed: then `lost` is raised and nothing is committed. Whoever
        reads or writes on in the same transaction sends them on their way first.
        """
        self.flush()
        if self.postgresql:
            self._last = (statements, lost)
            return
        for sql, parameters in statements:
            self.driver.execute(sql, parameters)

    def flush(self) -> None:
        """Execute what waits for the commit."""
        if self._ended:
            raise Escaped(Escaped.__doc__)
        if self._last is not None:
            self._send(*self._last, commit=False)

    def commit(self) -> None:
        """Commit, with the last statements in the same journey. Errors: `Escaped`, and what `last` was told."""
        if not self.connection.in_transaction():
            raise Escaped(Escaped.__doc__)
        if self._last is not None:
            self._send(*self._last, commit=True)
        self.connection.commit()

    def _send(self, statements: Sequence[Statement], lost: type[Exception], *, commit: bool) -> None:
        self._last = None
        try:
            # COMMIT as a statement, not as a call: the driver's own commit is a journey of its own.
            travel(self.driver, [*statements, COMMIT] if commit else statements)
        except DivisionByZero as failure:
            self.driver.rollback()
            raise lost from failure

    def run(self, sql: str, parameters: Sequence[Any] = ()) -> int:
        """Execute one statement; how many rows it changed."""
        self.flush()
        if self.postgresql:
            return travel(self.driver, [(sql, parameters)])[0].changed
        return self.driver.execute(sql, parameters).rowcount  # type: ignore[no-any-return]

    def run_many(self, sql: str, rows: Sequence[Sequence[Any]]) -> None:
        """Execute one statement per row."""
        self.flush()
        if self.postgresql:
            travel(self.driver, [(sql, row) for row in rows])
        else:
            self.driver.executemany(sql, rows)

    def load(self, table: str, columns: Sequence[str], rows: Iterable[Sequence[Any]]) -> None:
        """Write many rows into a table: COPY on PostgreSQL. The names are words of the caller."""
        self.flush()
        listed = ", ".join(f'"{column}"' for column in columns)
        if self.postgresql:
            with self.driver.cursor() as cursor, cursor.copy(f"COPY {table} ({listed}) FROM STDIN") as copy:
                for row in rows:
                    copy.write_row(row)
        else:
            marks = ", ".join("?" * len(columns))
            self.driver.executemany(f"INSERT INTO {table} ({listed}) VALUES ({marks})", rows)  # noqa: S608

    @property
    def postgresql(self) -> bool:
        return self.dialect == POSTGRESQL

    @property
    def broken(self) -> bool:
        """Whether the server hung up."""
        return self.postgresql and bool(self.driver.closed)


class Database:
    """A database of either kind. Safe to share between threads; not between processes."""

    def __init__(self, url: str, *, pool: int = 4, pooled: bool = False) -> None:
        """`pooled` says that connections lead to a pooler which lends the server's for a transaction at a time.

        Errors: `Malformed` for a URL that is neither a SQLite file nor PostgreSQL.
        """
        self.url = checked(url)
        self.dialect = self.url.get_backend_name()
        if self.dialect == SQLITE:
            Path(str(self.url.database)).parent.mkdir(parents=True, exist_ok=True)
            self.db_engine = self._readers = on_sqlite(self.url, "BEGIN", pool, "query_only=ON")
        else:
            self.db_engine = on_postgresql(self.url, pool, "READ COMMITTED", keeps=not pooled)
            self._readers = on_postgresql(self.url, pool, "REPEATABLE READ", keeps=not pooled)
            event.listen(self._readers, "connect", read_only)
        self._writer: Writer | None = None
        self._lock = threading.Lock()
        self._here = threading.local()
        self._closed = False

    @contextmanager
    def reading(self) -> Iterator[Session]:
        """A session that sees one consistent state and changes nothing.

        It ends with COMMIT; nothing in it can be written.
        Errors: `Busy` if no connection comes free, `DatabaseAway` if the server does not answer.
        """
        with outage.told(), Session(self._readers, autoflush=False, expire_on_commit=False) as session:
            yield session
            session.commit()

    @contextmanager
    def looking(self, *, anew: bool = False) -> Iterator[Transaction]:
        """Like `reading`, for hot paths: a transaction on the driver that changes nothing.

        `anew` is for questions over many rows: PostgreSQL plans each for the values that it comes with, where after
        five times it would take one plan for all of them, which for a month and for a year, for a bureau and for an
        office cannot be the same. Errors: as `reading`.
        """
        with outage.told(), self._transaction(self._readers, keep=not anew, steady=True) as transaction:
            yield transaction
            transaction.commit()

    def acting(self, work: Callable[[Transaction], T]) -> T:
        """Run `work` in a transaction and commit it; the only place that commits.

        `work` may be run again from the start, after a deadlock or when its transaction could not be had; it must not
        do anything outside.
        Errors: whatever `work` raises; `Busy` if the database is taken for too long, `NoRoom` if its disk is full,
        `DatabaseAway` if the server does not answer. Nothing is committed then, but for one case: a server that went
        after it was told to commit may have done it. Whoever repeats an act under its key finds out.
        """
        with outage.told():
            if self.dialect == SQLITE:
                return self._the_writer().do(lambda connection: work(Transaction(connection)))
            if self.in_act:
                raise RuntimeError(NESTED)
            self._here.acting = True
            try:
                return self._act(work)
            finally:
                self._here.acting = False

    @property
    def in_act(self) -> bool:
        """Whether this thread is in the middle of an act and holds a connection to PostgreSQL: whoever asks for another
        one there waits, where connections are few, for those who wait for the same. Always False on SQLite."""
        return bool(getattr(self._here, "acting", False))

    def waiting(self) -> int:
        """Acts that wait for the writer of this process; always 0 on PostgreSQL."""
        return 0 if self._writer is None else self._writer.waiting()

    @contextmanager
    def migrating(self) -> Iterator[Connection]:
        """A connection that changes the schema, alone with the database until it commits; other migrators wait.

        SQLite changes a table by copying it, so its foreign keys rest meanwhile and are checked at the end.
        """
        if self.dialect == POSTGRESQL:
            with self.db_engine.begin() as connection:
                connection.exec_driver_sql(f"SELECT pg_advisory_xact_lock({MIGRATING})")
                yield connection
            return
        db_engine = on_sqlite(self.url, "BEGIN IMMEDIATE", 1, "foreign_keys=OFF")
        try:
            with db_engine.begin() as connection:
                yield connection
                if connection.exec_driver_sql("PRAGMA foreign_key_check").first():
                    raise RuntimeError("the migration leaves rows whose foreign key points nowhere")
        finally:
            db_engine.dispose()

    def settle(self) -> None:
        """Let nothing of what was deleted lie in the log of changes any longer: SQLite copies it into the file and
        empties it, unless somebody still reads from it. PostgreSQL recycles its own."""
        if self.dialect == SQLITE:
            self._alone("PRAGMA wal_checkpoint(TRUNCATE)")

    def vacuum(self) -> None:
        """Write the file, or the tables that were changed, anew without what was deleted. On SQLite nobody writes
        meanwhile."""
        self._alone("VACUUM")
        self.settle()

    def _alone(self, statement: str) -> None:
        """Execute a statement outside any transaction."""
        if self.dialect == POSTGRESQL:
            with self.db_engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
                connection.exec_driver_sql(statement)
            return
        with closing(sqlite3.connect(str(self.url.database), timeout=BUSY_MS / 1000, isolation_level=None)) as driver:
            for each in PRAGMAS:
                driver.execute(f"PRAGMA {each}")
            driver.execute(statement)

    def close(self) -> None:
        """Stop the writer after what it has, and close every connection."""
        with self._lock:
            self._closed = True
            if self._writer is not None:
                self._writer.stop()
        self.db_engine.dispose()
        self._readers.dispose()

    def _act(self, work: Callable[[Transaction], T]) -> T:
        """Begin until the transaction could be had.

        Once COMMIT is on its way to a server that hangs up, nobody knows whether it arrived: then it isn't repeated.
        """
        for left in reversed(range(MOST_BEGINNINGS)):
            transaction, decided = None, False
            try:
                with self._transaction(self.db_engine) as transaction:
                    result = work(transaction)
                    decided = True
                    transaction.commit()
                    return result
            except (psycopg.OperationalError, DBAPIError) as failure:
                hung_up = transaction is not None and transaction.broken and not decided
                if not left or not (hung_up or _undone(failure)):
                    raise
        raise AssertionError

    @contextmanager
    def _transaction(self, db_engine: Engine, *, keep: bool = True, steady: bool = False) -> Iterator[Transaction]:
        with db_engine.connect() as connection:
            connection.begin()
            transaction = Transaction(connection, keep=keep, steady=steady)
            try:
                yield transaction
            except BaseException:
                if transaction.broken:
                    # The server went: the other connections in the pool are as dead as this one.
                    connection.invalidate()
                    self.db_engine.dispose()
                    self._readers.dispose()
                raise

    def _the_writer(self) -> Writer:
        with self._lock:
            if self._closed:
                raise RuntimeError(CLOSED)
            if self._writer is None:
                self._writer = Writer(on_sqlite(self.url, "BEGIN IMMEDIATE", 1, "query_only=OFF"))
            return self._writer


def _undone(failure: BaseException) -> bool:
    """Whether PostgreSQL undid the transaction so that another could go on."""
    cause = failure.orig if isinstance(failure, DBAPIError) else failure
    return isinstance(cause, DeadlockDetected | SerializationFailure)
