"""A real PgBouncer in front of a test's database: a server's connection is lent for one transaction at a time."""

import os
import pwd
import shutil
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg
from sqlalchemy import make_url

#: Where packages put it, which is not on everybody's path.
_PROGRAM = shutil.which("pgbouncer", path=f"{os.environ.get('PATH', '')}:/usr/sbin")
#: It listens on a socket in its folder; the port is part of the socket's name.
_PORT = 6432
#: Seconds until it answers.
_PATIENCE = 30


def possible() -> bool:
    """Whether there is a PgBouncer here."""
    return _PROGRAM is not None


@contextmanager
def pooler(url: str, servers: int) -> Iterator[str]:
    """The URL by which the database is reached through a pooler that keeps so many connections to the server."""
    folder = Path(tempfile.mkdtemp(prefix="huying-pooler-"))
    folder.chmod(0o755)
    try:
        # As root it does not run at all.
        user = pwd.getpwnam("nobody").pw_name if os.geteuid() == 0 else None
        if user is not None:
            shutil.chown(folder, user)
        (folder / "pgbouncer.ini").write_text(_settings(url, folder, servers))
        command = [str(_PROGRAM), str(folder / "pgbouncer.ini")]
        with (folder / "log").open("wb") as log:
            process = subprocess.Popen(command, user=user, cwd=folder, stdin=subprocess.DEVNULL, stdout=log, stderr=log)
        through = make_url(url).set(query={"host": str(folder), "port": str(_PORT)}, host=None, port=None)
        try:
            _wait(process, through.set(drivername="postgresql").render_as_string(hide_password=False), folder)
            yield through.render_as_string(hide_password=False)
        finally:
            process.kill()
            process.wait()
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _settings(url: str, folder: Path, servers: int) -> str:
    there = make_url(url)
    host = there.host or there.query.get("host", "")
    secret = f" password={there.password}" if there.password else ""
    return f"""
[databases]
{there.database} = host={host} port={there.port or 5432} user={there.username}{secret}

[pgbouncer]
pool_mode = transaction
default_pool_size = {servers}
max_client_conn = 200
auth_type = any
listen_addr =
listen_port = {_PORT}
unix_socket_dir = {folder}
# A test waits no two minutes for a connection that never comes free.
query_wait_timeout = 20
"""


def _wait(process: "subprocess.Popen[bytes]", conninfo: str, folder: Path) -> None:
    until = time.monotonic() + _PATIENCE
    while process.poll() is None and time.monotonic() < until:
        try:
            psycopg.connect(conninfo, connect_timeout=5).close()
        except psycopg.OperationalError:
            time.sleep(0.02)
        else:
            return
    raise RuntimeError(f"PgBouncer did not start: {(folder / 'log').read_text(errors='replace')[-2000:]}")
