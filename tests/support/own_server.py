"""A PostgreSQL of a test's own, that may be stopped, killed and started again while others work on it."""

import os
import secrets
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from itertools import count
from pathlib import Path

import psycopg
from sqlalchemy import make_url

from engine.database import Database
from engine.records import schema
from tests.support import server

_CHECKOUT = Path(__file__).resolve().parents[2]


class OwnServer:
    """The server, and fresh databases on it. What it has acknowledged outlives its processes."""

    def __init__(self, keeper: "subprocess.Popen[str]", folder: Path) -> None:
        self._keeper, self._folder = keeper, folder
        self._numbers = count(1)

    @classmethod
    @contextmanager
    def begin(cls) -> Iterator["OwnServer"]:
        """A server that is gone at the end."""
        folder = Path(tempfile.gettempdir()) / f"huying-own-{secrets.token_hex(4)}" / "server"
        folder.mkdir(parents=True)
        # The server is another user's where root runs the tests.
        folder.parent.chmod(0o755)
        command = [sys.executable, "-m", "tests.support.server", str(folder), "durable"]
        with subprocess.Popen(
            command, cwd=_CHECKOUT, text=True, stdin=subprocess.PIPE, stdout=subprocess.PIPE
        ) as keeper:
            while not (folder / "ready").exists():
                if keeper.poll() is not None:
                    raise RuntimeError("PostgreSQL did not start; its log stands on the standard error")
                time.sleep(0.01)
            yield cls(keeper, folder)

    def fresh(self) -> str:
        """The URL of a new, migrated database; they stay until the server goes."""
        name = f"own_{next(self._numbers)}"
        with psycopg.connect(self._conninfo("postgres"), autocommit=True) as connection:
            if name == "own_1":
                connection.execute("CREATE DATABASE migrated")
                with closing(Database(self._url("migrated"))) as database:
                    schema.migrate(database)
            connection.execute(f"CREATE DATABASE {name} TEMPLATE migrated STRATEGY FILE_COPY".encode())
        return self._url(name)

    def stop(self) -> None:
        """As an operator stops it: who is connected is cut off."""
        self._order("stop")

    def kill(self) -> None:
        """kill −9 of the postmaster; its backends notice and go."""
        self._order("kill")

    def start(self) -> None:
        """Start it again, and wait until it has recovered and answers."""
        self._order("start")

    def kill_backend(self, url: str) -> bool:
        """kill −9 of one that is at work on this database, if there is one: the server ends all others and recovers."""
        database = make_url(url).database
        try:
            with psycopg.connect(self._conninfo("postgres"), autocommit=True) as connection:
                rows = connection.execute(
                    "SELECT pid FROM pg_stat_activity WHERE datname = %s ORDER BY state = 'active' DESC, random()",
                    (database,),
                ).fetchall()
                if rows:
                    os.kill(rows[0][0], signal.SIGKILL)
                return bool(rows)
        except (psycopg.OperationalError, ProcessLookupError):
            return False

    def answers(self) -> bool | None:
        """True once it takes connections, None before."""
        try:
            psycopg.connect(self._conninfo("postgres")).close()
        except psycopg.OperationalError:
            return None
        return True

    def _order(self, what: str) -> None:
        assert self._keeper.stdin is not None
        assert self._keeper.stdout is not None
        self._keeper.stdin.write(what + "\n")
        self._keeper.stdin.flush()
        assert self._keeper.stdout.readline() == "done\n", "the server did not do it; see its log"

    def _url(self, database: str) -> str:
        return make_url(server.address(self._folder)).set(database=database).render_as_string(hide_password=False)

    def _conninfo(self, database: str) -> str:
        return make_url(self._url(database)).set(drivername="postgresql").render_as_string(hide_password=False)
