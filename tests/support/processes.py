"""Real processes for tests, that go when the test goes."""

import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from tests.support.hindered import Hindrance

_CHECKOUT = Path(__file__).resolve().parents[2]
#: Seconds that a process may take to start, to answer, to end.
PATIENCE = 60.0


def free_port() -> int:
    """A port of this machine on which nobody listens."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        return int(listening.getsockname()[1])


@dataclass(frozen=True)
class Process:
    """A process that was started."""

    keeper: "Keeper"
    pid: int
    output: Path

    def kill(self) -> None:
        """kill −9, and wait until it is gone."""
        self.signal(signal.SIGKILL)
        self.ended()

    def stop(self, patience: float = PATIENCE) -> int:
        """SIGTERM; its exit code."""
        self.signal(signal.SIGTERM)
        return self.ended(patience)

    def signal(self, number: signal.Signals) -> None:
        if self.status is None:
            os.kill(self.pid, number)

    @property
    def status(self) -> int | None:
        """Its exit code, negative for a signal; None while it runs."""
        return self.keeper.status(self.pid)

    def ended(self, patience: float = PATIENCE) -> int:
        """Its exit code, once it has ended."""
        until = time.monotonic() + patience
        while (status := self.status) is None:
            assert time.monotonic() < until, f"still there after {patience} s: {self.said}"
            time.sleep(0.01)
        return status

    @property
    def said(self) -> str:
        """Everything it has printed."""
        return self.output.read_text(encoding="utf-8")

    def says(self, words: str, patience: float = PATIENCE) -> "Process":
        """Wait until it has printed this."""
        until = time.monotonic() + patience
        while words not in self.said:
            assert self.status is None, self.said
            assert time.monotonic() < until, self.said
            time.sleep(0.01)
        return self


class Keeper:
    """Talks to the process that starts and ends the others; see `keeper`."""

    def __init__(self, process: "subprocess.Popen[str]") -> None:
        self._process = process
        self._ended: dict[int, int] = {}

    @classmethod
    @contextmanager
    def begin(cls) -> Iterator["Keeper"]:
        """A keeper; at the end everything that it started is gone."""
        command = [sys.executable, "-m", "tests.support.keeper"]
        kept = {name: value for name, value in os.environ.items() if not name.startswith("HUYING_")}
        with subprocess.Popen(
            command, cwd=_CHECKOUT, env=kept, text=True, stdin=subprocess.PIPE, stdout=subprocess.PIPE
        ) as process:
            yield cls(process)

    def start(
        self,
        words: tuple[str, ...],
        environment: Mapping[str, str],
        output: Path,
        hindrance: Hindrance | None = None,
        host: str = "",
    ) -> Process:
        """`huying WORDS`, fresh, or forked and hindered; on the host of a namespace, if one is named."""
        kept = {name: value for name, value in os.environ.items() if not name.startswith("HUYING_")}
        answer = self._ask(
            do="start",
            words=words,
            environment={**kept, "PYTHONUNBUFFERED": "1", "PYTHONIOENCODING": "utf-8", **environment},
            output=str(output),
            hindrance=asdict(hindrance) if hindrance else None,
            host=host,
        )
        return Process(self, int(answer["pid"]), output)

    def status(self, pid: int) -> int | None:
        if pid not in self._ended:
            status = self._ask(do="look", pid=pid)["status"]
            if status is None:
                return None
            self._ended[pid] = int(status)
        return self._ended[pid]

    def _ask(self, **order: Any) -> dict[str, Any]:
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(json.dumps(order) + "\n")
        self._process.stdin.flush()
        answer: dict[str, Any] = json.loads(self._process.stdout.readline())
        return answer
