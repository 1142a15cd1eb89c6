"""Fresh, migrated databases for tests: made once per run as a template, copied for each test.

All worker processes of a run share one folder; what is made once is made by whoever needs it first.
"""

import fcntl
import os
import secrets
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from itertools import count
from pathlib import Path

import psycopg
from psycopg.sql import SQL, Identifier
from sqlalchemy import URL, make_url

from engine.database import Database
from engine.records import schema
from tests.support import server

#: Names a server to use instead of the one in the wheel; its user must be allowed to create databases.
ELSEWHERE = "HUYING_TEST_POSTGRESQL"
_CHECKOUT = Path(__file__).resolve().parents[2]


class Run:
    """What all processes of one test run share."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.name = folder.name.rpartition("-")[2]

    @classmethod
    @contextmanager
    def begin(cls) -> Iterator["Run"]:
        """A run, in the process that starts and ends it."""
        folder = Path(tempfile.gettempdir()) / f"huying-test-{secrets.token_hex(4)}"
        folder.mkdir()
        # The server is another user's where root runs the tests.
        folder.chmod(0o755)
        os.mkfifo(folder / "alive")
        # Only this process holds the pipe open; when it goes, however it goes, the server follows.
        alive = os.open(folder / "alive", os.O_RDWR)
        run = cls(folder)
        try:
            yield run
        finally:
            run._forget()
            os.close(alive)
            run._gone()

    def once(self, what: str, make: Callable[[], None]) -> None:
        """Make something the first time any process of the run asks for it."""
        with (self.folder / "lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            done = self.folder / f"{what}.done"
            if not done.exists():
                make()
                done.touch()

    def server(self) -> str:
        """The URL of this run's PostgreSQL, started if it is not running."""
        elsewhere = os.environ.get(ELSEWHERE)
        if elsewhere:
            return elsewhere
        self.once("server", self._start)
        return server.address(self.folder / "server")

    def _start(self) -> None:
        home = self.folder / "server"
        home.mkdir()
        alive = os.open(self.folder / "alive", os.O_RDONLY | os.O_NONBLOCK)
        os.set_blocking(alive, True)
        command = [sys.executable, "-m", "tests.support.server", str(home)]
        keeper = subprocess.Popen(command, stdin=alive, cwd=_CHECKOUT, start_new_session=True)
        os.close(alive)
        _KEEPERS.append(keeper)
        while not (home / "ready").exists():
            if keeper.poll() is not None:
                raise RuntimeError("PostgreSQL did not start; its log stands on the standard error")
            time.sleep(0.01)

    def _forget(self) -> None:
        """Drop what this run left on a server that stays."""
        elsewhere = os.environ.get(ELSEWHERE)
        if elsewhere and (self.folder / "postgresql.done").exists():
            with Cluster(self, elsewhere) as cluster:
                cluster.drop_all()

    def _gone(self) -> None:
        for keeper in _KEEPERS:
            keeper.wait()
        until = time.monotonic() + server.PATIENCE
        while (self.folder / "server").exists() and time.monotonic() < until:
            time.sleep(0.02)
        shutil.rmtree(self.folder, ignore_errors=True)


_KEEPERS: "list[subprocess.Popen[bytes]]" = []


class Files:
    """Fresh SQLite files."""

    def __init__(self, run: Run) -> None:
        self._template = run.folder / "template.db"
        run.once("sqlite", lambda: _migrate(f"sqlite:///{self._template}"))

    def fresh(self, folder: Path) -> str:
        """The URL of a migrated database in a folder."""
        copy = shutil.copyfile(self._template, folder / "huying.db")
        return f"sqlite:///{copy}"


#: What is not as in the template once a test has changed more than rows: such a database is not used again.
_SHAPE = """
SELECT (SELECT count(*) || ' ' || sum(oid::bigint) || ' ' || sum(reltuples) FROM pg_class WHERE relnamespace = 2200),
    (SELECT count(*) FROM pg_attribute), (SELECT count(*) FROM pg_proc),
    (SELECT count(*) || ' ' || coalesce(sum(oid::bigint), 0) FROM pg_constraint WHERE connamespace = 2200),
    (SELECT count(*) || ' ' || count(*) FILTER (WHERE tgenabled = 'O') FROM pg_trigger),
    (SELECT count(*) FROM pg_statistic), (SELECT count(*) FROM pg_db_role_setting),
    (SELECT string_agg(version_num, ' ') FROM alembic_version)
"""
_TABLES = "SELECT relname FROM pg_class WHERE relkind = 'r' AND relnamespace = 2200 AND relname <> 'alembic_version'"
_COUNTED = "SELECT quote_ident(sequencename) FROM pg_sequences WHERE schemaname = 'public' AND last_value IS NOT NULL"


class Cluster:
    """Fresh databases on a PostgreSQL server.

    Copying a template and dropping the copy cost the server far more than emptying it, so on a server of our own a
    copy is emptied and used again, as long as only its rows were changed.
    """

    def __init__(self, run: Run, address: str) -> None:
        self._url = make_url(address)
        self._mark = f"huying_test_{run.name}"
        self._numbers = count(1)
        self._connection = psycopg.connect(_conninfo(self._url), autocommit=True)
        #: A server of our own has nothing to lose, so a copy of files is quickest.
        self._quick = "" if os.environ.get(ELSEWHERE) else " STRATEGY FILE_COPY"
        #: Copies that are as the template is, and what that looks like.
        self._clean: list[str] = []
        self._shape: object = None

    def __enter__(self) -> "Cluster":
        return self

    def __exit__(self, *_: object) -> None:
        self._connection.close()

    def prepare(self, run: Run) -> None:
        """Make the template from which `fresh` copies."""
        run.once("postgresql", self._make_template)

    @contextmanager
    def fresh(self) -> Iterator[str]:
        """The URL of a migrated database that goes at the end."""
        name = self._clean.pop() if self._clean else self._make(f"TEMPLATE {self._mark}{self._quick}")
        try:
            yield self._at(name)
        finally:
            if self._quick and self._emptied(name):
                self._clean.append(name)
            else:
                self._drop(name)

    @contextmanager
    def empty(self) -> Iterator[str]:
        """The URL of a database without tables that goes at the end."""
        name = self._make(f"TEMPLATE template0{self._quick}")
        try:
            yield self._at(name)
        finally:
            self._drop(name)

    def drop_all(self) -> None:
        """Drop every database of this run."""
        found = self._connection.execute("SELECT datname FROM pg_database WHERE datname LIKE %s", (f"{self._mark}%",))
        for (name,) in found.fetchall():
            self._drop(name)

    def _make(self, how: str) -> str:
        name = f"{self._mark}_{os.getpid()}_{next(self._numbers)}"
        self._connection.execute(SQL("CREATE DATABASE {} " + how).format(Identifier(name)))
        return name

    def _make_template(self) -> None:
        self._connection.execute(SQL("CREATE DATABASE {}").format(Identifier(self._mark)))
        _migrate(self._at(self._mark))

    def _emptied(self, name: str) -> bool:
        """Take every row out of a copy and count from 1 again; False where more than rows was changed."""
        others = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = %s"
        while self._connection.execute(others, (name,)).fetchone():
            time.sleep(0.002)
        with psycopg.connect(_conninfo(make_url(self._at(name))), autocommit=True) as copy:
            shape = copy.execute(_SHAPE).fetchone()
            if self._shape is None:
                with psycopg.connect(_conninfo(make_url(self._at(self._mark))), autocommit=True) as template:
                    self._shape = template.execute(_SHAPE).fetchone()
            if shape != self._shape:
                return False
            tables = [row[0] for row in copy.execute(_TABLES)]
            held = " UNION ALL ".join(f"(SELECT '{table}' FROM \"{table}\" LIMIT 1)" for table in tables)
            filled = [row[0] for row in copy.execute(held)]
            counted = [row[0] for row in copy.execute(_COUNTED)]
            # Rows go without asking what refers to them: all of them go.
            copy.execute("SET session_replication_role = replica")
            statements = [f'DELETE FROM "{table}"' for table in filled]
            statements += [f"SELECT setval('{sequence}', 1, false)" for sequence in counted]
            if statements:
                copy.execute("; ".join(statements))
        return True

    def _drop(self, name: str) -> None:
        self._connection.execute(SQL("DROP DATABASE {} WITH (FORCE)").format(Identifier(name)))

    def _at(self, name: str) -> str:
        return self._url.set(database=name).render_as_string(hide_password=False)


def _conninfo(url: URL) -> str:
    return url.set(drivername="postgresql").render_as_string(hide_password=False)


def _migrate(url: str) -> None:
    database = Database(url)
    schema.migrate(database)
    database.close()
