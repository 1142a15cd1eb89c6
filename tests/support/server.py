"""A real PostgreSQL 18 for one test run, from a wheel: no root, no package manager, no port, half a second.

Run as `python -m tests.support.server FOLDER`: it starts the server in the folder, writes `ready`, and stays
until its standard input ends. That is a pipe which only the test run holds open, so the server goes however the
run ends. With an address and a password it also answers at that address, to whoever has the password (SCRAM).
"""

import shutil
import signal
import sys
from pathlib import Path

from engine.bench.servers import PATIENCE, WHEEL, Installed, address, installation

__all__ = ["PATIENCE", "WHEEL", "address", "installation"]

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


def serve(folder: Path, listen: str = "", password: str = "") -> None:
    """Start, say `ready`, stay until the run ends, leave nothing behind."""
    secret = folder / "password"
    if listen:
        secret.write_text(password)
    installed = Installed.in_folder(folder)
    with (folder / "log").open("wb") as log:
        known = ["--auth-local=trust", "--auth-host=scram-sha-256", f"--pwfile={secret}"] if listen else []
        installed.initialise(log.fileno(), "--no-sync", *known)
        if listen:
            with (folder / "data" / "pg_hba.conf").open("a") as allowed:
                allowed.write(f"host all all {listen}/24 scram-sha-256\n")
        server = installed.start({**OPTIONS, "listen_addresses": listen}, log.fileno())
    try:
        installed.wait(server)
        (folder / "ready").touch()
        sys.stdin.read()
    finally:
        server.send_signal(signal.SIGINT)
        server.wait()
        shutil.rmtree(folder.parent, ignore_errors=True)


if __name__ == "__main__":
    serve(Path(sys.argv[1]), *sys.argv[2:4])
