"""A real PostgreSQL 18 for one test run, from a wheel: no root, no package manager, no port, half a second.

Run as `python -m tests.support.server FOLDER`: it starts the server in the folder, writes `ready`, and stays
until its standard input ends. That is a pipe which only the test run holds open, so the server goes however the
run ends. Each line of the input is an order that is answered with a line when it has been done: `stop` ends the
server as an operator does, `kill` as no operator should, `start` brings it back. With `durable` behind the folder a
commit that was answered outlives the processes of the server (not the machine); with an address and a password it
also answers at that address, to whoever has the password (SCRAM).
"""

import shutil
import signal
import sys
import time
from collections.abc import Mapping
from pathlib import Path

from engine.bench.servers import PATIENCE, WHEEL, Installed, address, installation
from engine.errors import NotFound

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


class Served:
    """The server in a folder, which may be stopped, killed and started again."""

    def __init__(self, folder: Path, options: Mapping[str, str], listen: str = "", password: str = "") -> None:
        """Initialise it; with an address it also answers there, to whoever has the password."""
        self._installed = Installed.in_folder(folder)
        self._options = {**options, "listen_addresses": listen}
        self._log = (folder / "log").open("wb")
        secret = folder / "password"
        if listen:
            secret.write_text(password)
        known = ["--auth-local=trust", "--auth-host=scram-sha-256", f"--pwfile={secret}"] if listen else []
        self._installed.initialise(self._log.fileno(), "--no-sync", *known)
        if listen:
            with (folder / "data" / "pg_hba.conf").open("a") as allowed:
                allowed.write(f"host all all {listen}/24 scram-sha-256\n")

    def start(self) -> None:
        """Until it answers; what a server that was killed has left behind may keep it from coming up at first."""
        until = time.monotonic() + PATIENCE
        while True:
            self._server = self._installed.start(self._options, self._log.fileno())
            try:
                self._installed.wait(self._server)
            except NotFound:
                if time.monotonic() > until:
                    raise
                time.sleep(0.1)
            else:
                return

    def stop(self) -> None:
        self._server.send_signal(signal.SIGINT)
        self._server.wait()

    def kill(self) -> None:
        self._server.kill()
        self._server.wait()


def serve(folder: Path, *, durable: bool = False, listen: str = "", password: str = "") -> None:
    """Start, say `ready`, do what is ordered until the run ends, leave nothing behind."""
    options = {**OPTIONS, "synchronous_commit": "on"} if durable else OPTIONS
    served = Served(folder, options, listen, password)
    served.start()
    try:
        (folder / "ready").touch()
        for order in sys.stdin:
            {"start": served.start, "stop": served.stop, "kill": served.kill}[order.strip()]()
            print("done", flush=True)
    finally:
        served.stop()
        shutil.rmtree(folder.parent, ignore_errors=True)


if __name__ == "__main__":
    home, *more = sys.argv[1:]
    if more == ["durable"]:
        serve(Path(home), durable=True)
    elif more:
        serve(Path(home), listen=more[0], password=more[1])
    else:
        serve(Path(home))
