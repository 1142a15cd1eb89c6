"""A real PostgreSQL with a streaming replica, made of the wheel: a copy of the stopped primary that follows it."""

import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from pathlib import Path

from engine.bench.servers import Installed, address
from engine.database import Database
from engine.records import schema
from tests.support.server import OPTIONS

_REPLICATES = {**OPTIONS, "wal_level": "replica", "max_wal_senders": "4", "hot_standby": "on"}
#: Seconds until what was written has arrived.
_PATIENCE = 30


class Pair:
    """A primary with the schema in it, and its replica."""

    def __init__(self, folder: Path) -> None:
        self._log = (folder / "log").open("wb")
        self.primary_url, self.copy_url = address(folder / "primary"), address(folder / "copy")
        for name in ("primary", "copy"):
            (folder / name).mkdir(mode=0o755)
        primary = Installed.in_folder(folder / "primary")
        primary.initialise(self._log.fileno(), "--no-sync")
        server = self._started(primary, _REPLICATES)
        with closing(Database(self.primary_url)) as database:
            schema.migrate(database)
        _stop(server, signal.SIGINT)
        shutil.copytree(folder / "primary" / "data", folder / "copy" / "data")
        (folder / "copy" / "data" / "standby.signal").touch()
        # The folder belongs to whom the servers run as once this has been written.
        with (folder / "copy" / "data" / "postgresql.auto.conf").open("a") as settings:
            settings.write(f"primary_conninfo = 'host={folder / 'primary'} user=postgres'\n")
        self._copy = Installed.in_folder(folder / "copy")
        self._primary = self._started(primary, _REPLICATES)
        self.follow()

    def follow(self) -> None:
        """Start the replica."""
        self._follower = self._started(self._copy, _REPLICATES)

    def lose(self) -> None:
        """Kill the replica."""
        _stop(self._follower, signal.SIGKILL)

    def close(self) -> None:
        for server in (self._follower, self._primary):
            _stop(server, signal.SIGINT)
        self._log.close()

    def arrived(self, database: Database) -> None:
        """Wait until all that was written so far has been replayed."""
        with database.looking() as transaction:
            ((written,),) = transaction.rows("SELECT pg_current_wal_insert_lsn()::text")
        until = time.monotonic() + _PATIENCE
        with closing(Database(self.copy_url, pool=1)) as copy:
            while time.monotonic() < until:
                with copy.looking() as transaction:
                    sql = "SELECT pg_last_wal_replay_lsn() >= %s::pg_lsn"
                    ((there,),) = transaction.rows(sql, (written,))
                if there:
                    return
                time.sleep(0.02)
        raise RuntimeError("the replica does not follow")

    def _started(self, installed: Installed, options: Mapping[str, str]) -> "subprocess.Popen[bytes]":
        server = installed.start(options, self._log.fileno())
        installed.wait(server)
        return server


def _stop(server: "subprocess.Popen[bytes]", how: signal.Signals) -> None:
    server.send_signal(how)
    server.wait()


@contextmanager
def pair() -> Iterator[Pair]:
    """A primary and a replica that are gone afterwards."""
    folder = Path(tempfile.mkdtemp(prefix="huying-replica-"))
    folder.chmod(0o755)
    try:
        with closing(Pair(folder)) as both:
            yield both
    finally:
        shutil.rmtree(folder, ignore_errors=True)
