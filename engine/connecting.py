"""How connections of either kind are made: what each is told once, and what it may do.

Behind a pooler that lends a server's connection for one transaction at a time, nothing may outlive a transaction, so no
statement is kept prepared there. ▸ Nothing else would: isolation and READ ONLY are said in BEGIN, locks end with their
transaction, nothing is SET, nothing listens, no table is temporary.
"""

import select
import sqlite3
import time
from typing import Any, Literal

import psycopg
from sqlalchemy import URL, Connection, Engine, create_engine, event
from sqlalchemy.engine import make_url
from sqlalchemy.exc import ArgumentError, InvalidatePoolError

from engine.errors import Malformed, Place
from engine.journey import never_prepare
from engine.outage import is_taken

SQLITE = "sqlite"
POSTGRESQL = "postgresql"

#: Milliseconds that SQLite waits for another process's writer.
BUSY_MS = 30_000
#: Seconds to wait for a connection that comes free.
POOL_SECONDS = 30
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


def checked(url: str) -> URL:
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


def on_postgresql(
    url: URL, pool: int, isolation: Literal["READ COMMITTED", "REPEATABLE READ"], *, keeps: bool = True
) -> Engine:
    """Connections to PostgreSQL; `keeps` says whether a statement may be kept prepared on them.

    psycopg prepares nothing by itself: `journey` does, and keeps it through a ROLLBACK.
    """
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
    if not keeps:
        event.listen(db_engine, "connect", never_prepare)
    return db_engine


def _still_there(driver: "psycopg.Connection[Any]", *_: object) -> None:
    """A server that went while nobody asked has said so, or hung up: then all that the pool holds is as dead."""
    asked = select.poll()
    asked.register(driver.pgconn.socket, select.POLLIN | select.POLLRDHUP)
    if asked.poll(0):
        raise InvalidatePoolError


def read_only(driver: "psycopg.Connection[Any]", _: object) -> None:
    driver.read_only = True


def on_sqlite(url: URL, begin: str, pool: int, pragma: str) -> Engine:
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
