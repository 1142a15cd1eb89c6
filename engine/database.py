"""The connection, and the two scopes everything runs in: `reading()` and `acting()`, the only commit.

SQLite has one writer at a time; a transaction that reads and then writes fails at once when another wrote in between,
whatever the timeout. So on SQLite `acting` hands its closure to one writer thread per process, which begins with
BEGIN IMMEDIATE and answers after the commit; closures that wait together are committed together.

SQLAlchemy is told of every transaction, also of one that speaks to the driver alone: it would commit nothing that it
did not begin, and its pool would roll it back.
"""

import select
import sqlite3
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any, Literal, TypeVar

import psycopg
from psycopg.errors import DeadlockDetected, DivisionByZero, SerializationFailure
from sqlalchemy import URL, Connection, Engine, MetaData, create_engine, event
from sqlalchemy.engine import make_url
from sqlalchemy.exc import ArgumentError, DBAPIError, InvalidatePoolError
from sqlmodel import Session, SQLModel

from engine import outage
from engine.errors import Malformed, Place
from engine.journey import Statement, travel
from engine.outage import is_taken
from engine.writer import CLOSED, NESTED, Escaped, Writer

T = TypeVar("T")

SQLITE = "sqlite"
POSTGRESQL = "postgresql"

#: Milliseconds that SQLite waits for another process's writer.
BUSY_MS = 30_000
#: Seconds to wait for a connection that comes free.
POOL_SECONDS = 30
#: How often an act on PostgreSQL may begin: again after a deadlock, or when the server had gone.
MOST_BEGINNINGS = 3
PRAGMAS = (
    "synchronous=FULL",
    "foreign_keys=ON",
    "cache_size=-65536",
    "temp_store=MEMORY",
    # What is deleted is overwritten, not only no longer pointed at.
    "secure_delete=ON",
)
#: How long a server that has vanished from the network is waited for; the database's URL may say otherwise. Without
#: these whoever asks would hang for minutes while connecting, and for hours in the middle of a transaction.
_PATIENCE = {
    "connect_timeout": 10,
    "keepalives_idle": 20,
    "keepalives_interval": 5,
    "keepalives_count": 4,
    "tcp_user_timeout": 40_000,
}
COMMIT: Statement = ("COMMIT", ())
#: The advisory lock of PostgreSQL that a migration holds; any number that nothing else uses.
MIGRATING = 0x4875_7969


def metadata() -> MetaData:
    """All tables that have been imported."""
    return SQLModel.metadata


class Transaction:
    """One transaction, while it lasts. Hot paths use `rows` and `run` on the driver; the rest uses `connection`."""

    __slots__ = ("_ended", "_last", "connection", "dialect", "driver")

    def __init__(self, connection: Connection) -> None:
        self._last: tuple[Sequence[Statement], type[Exception]] | None = None
        self._ended = False
        self.connection = connection
        self.driver: Any = connection.connection.driver_connection
        self.dialect = connection.dialect.name

    def rows(self, sql: str, parameters: Sequence[Any] = ()) -> list[Any]:
        """Rows of one statement, straight from the driver."""
        return self.together([(sql, parameters)])[0]

    def together(self, statements: Sequence[Statement]) -> list[list[Any]]:
        """Rows of several statements, on PostgreSQL in one journey to the server."""
        self.flush()
        if self.postgresql:
            return [answer.rows for answer in travel(self.driver, statements)]
        return [self.driver.execute(sql, parameters).fetchall() for sql, parameters in statements]

    def finally_rows(self, sql: str, parameters: Sequence[Any] = ()) -> list[Any]:
        """Rows of the last statement of a transaction that changes nothing: on PostgreSQL the COMMIT travels along.

        Nothing can be asked after it. Errors: `Escaped` for whoever does.
        """
        self.flush()
        self._ended = True
        if self.postgresql:
            return travel(self.driver, [(sql, parameters), COMMIT])[0].rows
        return self.driver.execute(sql, parameters).fetchall()  # type: ignore[no-any-return]

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

    def __init__(self, url: str, *, pool: int = 4) -> None:
        """Errors: `Malformed` for a URL that is neither a SQLite file nor PostgreSQL."""
        self.url = _checked(url)
        self.dialect = self.url.get_backend_name()
        if self.dialect == SQLITE:
            Path(str(self.url.database)).parent.mkdir(parents=True, exist_ok=True)
            self.db_engine = self._readers = _sqlite(self.url, "BEGIN", pool, "query_only=ON")
        else:
            self.db_engine = _postgresql(self.url, pool, "READ COMMITTED")
            self._readers = _postgresql(self.url, pool, "REPEATABLE READ")
            event.listen(self._readers, "connect", _read_only)
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
    def looking(self) -> Iterator[Transaction]:
        """Like `reading`, for hot paths: a transaction on the driver that changes nothing. Errors: as `reading`."""
        with outage.told(), self._transaction(self._readers) as transaction:
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
            if getattr(self._here, "acting", False):
                raise RuntimeError(NESTED)
            self._here.acting = True
            try:
                return self._act(work)
            finally:
                self._here.acting = False

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
        db_engine = _sqlite(self.url, "BEGIN IMMEDIATE", 1, "foreign_keys=OFF")
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
    def _transaction(self, db_engine: Engine) -> Iterator[Transaction]:
        with db_engine.connect() as connection:
            connection.begin()
            transaction = Transaction(connection)
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
                self._writer = Writer(_sqlite(self.url, "BEGIN IMMEDIATE", 1, "query_only=OFF"))
            return self._writer


def _undone(failure: BaseException) -> bool:
    """Whether PostgreSQL undid the transaction so that another could go on."""
    cause = failure.orig if isinstance(failure, DBAPIError) else failure
    return isinstance(cause, DeadlockDetected | SerializationFailure)


def _checked(url: str) -> URL:
    """A URL that several connections can share, with the driver that this module speaks to."""
    try:
        made = make_url(url)
    except ArgumentError:
        made = URL.create("none")
    if made.get_backend_name() == POSTGRESQL:
        return made.set(drivername="postgresql+psycopg")
    if made.get_backend_name() == SQLITE and made.database not in (None, "", ":memory:"):
        return made
    raise Malformed(
        "数据库地址应为 sqlite:///文件 或 postgresql://主机/库名",
        "the database must be sqlite:///file or postgresql://host/name",
        place=Place(field="HUYING_DATABASE"),
    )


def _postgresql(url: URL, pool: int, isolation: Literal["READ COMMITTED", "REPEATABLE READ"]) -> Engine:
    """psycopg prepares nothing by itself: `journey` does, and keeps it through a ROLLBACK."""
    fixed = {"application_name": "huying", "client_encoding": "utf8", "prepare_threshold": None}
    db_engine = create_engine(
        url,
        pool_size=pool,
        max_overflow=pool,
        pool_timeout=POOL_SECONDS,
        isolation_level=isolation,
        connect_args={**_PATIENCE, **url.query, **fixed},
    )
    event.listen(db_engine, "checkout", _still_there)
    return db_engine


def _still_there(driver: "psycopg.Connection[Any]", *_: object) -> None:
    """A server that went while nobody asked has said so, or hung up: then all that the pool holds is as dead."""
    asked = select.poll()
    asked.register(driver.pgconn.socket, select.POLLIN | select.POLLRDHUP)
    if asked.poll(0):
        raise InvalidatePoolError


def _read_only(driver: "psycopg.Connection[Any]", _: object) -> None:
    driver.read_only = True


def _sqlite(url: URL, begin: str, pool: int, pragma: str) -> Engine:
    """The driver never begins by itself: readers begin with BEGIN, the writer with BEGIN IMMEDIATE."""
    db_engine = create_engine(
        url,
        pool_size=pool,
        max_overflow=pool,
        pool_timeout=POOL_SECONDS,
        connect_args={"isolation_level": None, "timeout": BUSY_MS / 1000},
    )

    def prepare(driver: sqlite3.Connection, _: object) -> None:
        _switch_to_wal(driver)
        for each in (*PRAGMAS, pragma):
            driver.execute(f"PRAGMA {each}")

    def begun(connection: Connection) -> None:
        driver: Any = connection.connection.driver_connection
        driver.execute(begin)

    event.listen(db_engine, "connect", prepare)
    event.listen(db_engine, "begin", begun)
    return db_engine


def _switch_to_wal(driver: sqlite3.Connection) -> None:
    """Only a fresh file has to be switched, but then SQLite does not wait for another process that does it too."""
    until = time.monotonic() + BUSY_MS / 1000
    while True:
        try:
            driver.execute("PRAGMA journal_mode=WAL")
        except sqlite3.OperationalError as failure:
            if not is_taken(failure) or time.monotonic() > until:
                raise
            time.sleep(0.005)
        else:
            return
