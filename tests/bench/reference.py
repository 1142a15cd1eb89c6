"""The yardstick, frozen: one act as a bare driver does it. It never changes when the door does.

Seven statements, prepared by the driver: read the ticket locked, update state and version guarded by the version,
insert a hash-chained event, delete and insert the deadline's row, insert a notice, commit. A life is six acts; the
first inserts the ticket instead of reading it. Same durability as the door: fsync on PostgreSQL, synchronous=FULL on
SQLite.
"""

import hashlib
import json
import sqlite3
from typing import Any, Protocol

import psycopg

ACTS_PER_LIFE = 6

TABLES = (
    """CREATE TABLE yard_ticket (
        id {id}, state VARCHAR(64) NOT NULL, version INTEGER NOT NULL, head VARCHAR(64) NOT NULL, unit BIGINT NOT NULL,
        opened_at BIGINT NOT NULL, changed_at BIGINT NOT NULL, memory TEXT NOT NULL
    )""",
    """CREATE TABLE yard_event (
        ticket_id BIGINT NOT NULL, seq INTEGER NOT NULL, at BIGINT NOT NULL, actor VARCHAR(64) NOT NULL,
        action VARCHAR(64) NOT NULL, facts TEXT NOT NULL, hash VARCHAR(64) NOT NULL, PRIMARY KEY (ticket_id, seq)
    )""",
    """CREATE TABLE yard_deadline (
        ticket_id BIGINT NOT NULL, name VARCHAR(64) NOT NULL, due_at BIGINT NOT NULL, next_at BIGINT,
        PRIMARY KEY (ticket_id, name)
    )""",
    """CREATE TABLE yard_notice (
        ticket_id BIGINT NOT NULL, seq INTEGER NOT NULL, unit BIGINT NOT NULL, at BIGINT NOT NULL,
        PRIMARY KEY (ticket_id, seq)
    )""",
    "CREATE INDEX ix_yard_deadline_next ON yard_deadline (next_at) WHERE next_at IS NOT NULL",
)

STATES = ("reported", "filed", "called", "handling", "checking", "published")

_NEW = (
    "INSERT INTO yard_ticket (state, version, head, unit, opened_at, changed_at, memory) "
    "VALUES (?, ?, ?, ?, ?, ?, ?) RETURNING id"
)
_READ = "SELECT state, version, head, unit, opened_at, memory FROM yard_ticket WHERE id = ?"
_MOVE = (
    "UPDATE yard_ticket SET state = ?, version = ?, head = ?, changed_at = ?, memory = ? WHERE id = ? AND version = ?"
)
_EVENT = "INSERT INTO yard_event (ticket_id, seq, at, actor, action, facts, hash) VALUES (?, ?, ?, ?, ?, ?, ?)"
_NO_DEADLINE = "DELETE FROM yard_deadline WHERE ticket_id = ? AND name = ?"
_DEADLINE = "INSERT INTO yard_deadline (ticket_id, name, due_at, next_at) VALUES (?, ?, ?, ?)"
_NOTICE = "INSERT INTO yard_notice (ticket_id, seq, unit, at) VALUES (?, ?, ?, ?)"


class Yard(Protocol):
    """One connection of the yardstick."""

    def act(self, ticket_id: int | None, number: int, at: int) -> int: ...
    def close(self) -> None: ...


class _Yard:
    read = _READ

    def __init__(self, connection: Any, mark: str) -> None:
        self.connection = connection
        texts = {
            "new": _NEW,
            "read": self.read,
            "move": _MOVE,
            "event": _EVENT,
            "no": _NO_DEADLINE,
            "deadline": _DEADLINE,
            "notice": _NOTICE,
        }
        self.sql = {name: text.replace("?", mark) for name, text in texts.items()}

    def begin(self) -> None:
        """PostgreSQL's driver begins by itself."""

    def act(self, ticket_id: int | None, number: int, at: int) -> int:
        """One act; the number of the ticket."""
        execute, sql = self.connection.execute, self.sql
        self.begin()
        state = STATES[number]
        facts = json.dumps({"form": {"number": number, "result": "x" * 80}, "role": "desk"}, sort_keys=True)
        if ticket_id is None:
            head, version = "", 0
            digest = hashlib.sha256(f"{head}|{number}|{at}|{facts}".encode()).hexdigest()
            ticket_id = execute(sql["new"], (state, 1, digest, 7, at, at, "{}")).fetchone()[0]
        else:
            _, version, head, _, _, memory = execute(sql["read"], (ticket_id,)).fetchone()
            digest = hashlib.sha256(f"{head}|{number}|{at}|{facts}".encode()).hexdigest()
            moved = execute(sql["move"], (state, version + 1, digest, at, memory, ticket_id, version)).rowcount
            if moved != 1:
                raise RuntimeError("the yardstick lost a race on a ticket of its own")
        execute(sql["event"], (ticket_id, number + 1, at, "shen", state, facts, digest))
        execute(sql["no"], (ticket_id, "handle"))
        execute(sql["deadline"], (ticket_id, "handle", at + 1000, at + 700))
        execute(sql["notice"], (ticket_id, number + 1, 7, at))
        self.connection.commit()
        return int(ticket_id)

    def close(self) -> None:
        self.connection.close()


class PostgresqlYard(_Yard):
    read = _READ + " FOR UPDATE"

    def __init__(self, url: str) -> None:
        super().__init__(psycopg.connect(url, prepare_threshold=0), "%s")


class SqliteYard(_Yard):
    def __init__(self, path: str) -> None:
        connection = sqlite3.connect(path, isolation_level=None, timeout=30, check_same_thread=False)
        for pragma in ("journal_mode=WAL", "synchronous=FULL", "cache_size=-65536"):
            connection.execute(f"PRAGMA {pragma}")
        super().__init__(connection, "?")

    def begin(self) -> None:
        self.connection.execute("BEGIN IMMEDIATE")


def prepare_postgresql(url: str) -> None:
    """Create the yardstick's tables."""
    with psycopg.connect(url, autocommit=True) as connection:
        for table in TABLES:
            connection.execute(table.format(id="BIGINT GENERATED BY DEFAULT AS IDENTITY PRIMARY KEY"))


def prepare_sqlite(path: str) -> None:
    """Create the yardstick's tables."""
    connection = sqlite3.connect(path, isolation_level=None)
    connection.execute("PRAGMA journal_mode=WAL")
    for table in TABLES:
        connection.execute(table.format(id="INTEGER PRIMARY KEY"))
    connection.close()
