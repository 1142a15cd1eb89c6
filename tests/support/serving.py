"""Servers of a drill, and how tests talk to them over HTTP."""

import ssl
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx

from engine.records.access import issue_token
from tests.support.drill import Drill
from tests.support.hindered import Hindrance
from tests.support.processes import Process, free_port

#: Whom to believe over HTTPS: it is not spoken here, and to read the list of those takes longer than a request.
_NOBODY = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
_NOT_AT_ALL = Hindrance()


@dataclass
class Server:
    """One `huying serve`, which may be killed and come back at the same port."""

    drill: Drill
    port: int
    process: Process
    # A connection for each request: one that was kept would be of a process that has been killed since.
    _client: httpx.Client = field(
        default_factory=lambda: httpx.Client(verify=_NOBODY, limits=httpx.Limits(max_keepalive_connections=0))
    )

    @classmethod
    def start(cls, drill: Drill, how: Hindrance = _NOT_AT_ALL, clock: Path | None = None) -> "Server":
        """One that answers, with a clock of its own if `clock` names one. The background work is left to others."""
        port = free_port()
        server = cls(drill, port, _started(drill, port, how, clock))
        drill.until(server.answers)
        return server

    def restart(self) -> None:
        """Another process at the same port, which may not answer yet."""
        self.process = _started(self.drill, self.port, _NOT_AT_ALL, None)

    def ask(self, method: str, path: str, *, patience: float = 60, **options: Any) -> httpx.Response:
        """One request of a client that keeps no connection. Errors: httpx's."""
        return self._client.request(method, f"http://127.0.0.1:{self.port}{path}", timeout=patience, **options)

    def answers(self) -> bool | None:
        """True once it answers anything, None before."""
        try:
            self.ask("GET", "/api/health")
        except httpx.TransportError:
            assert self.process.status is None, self.process.said
            return None
        return True


def _started(drill: Drill, port: int, how: Hindrance, clock: Path | None) -> Process:
    words = ("serve", "--port", str(port), "--scheduler", "apart")
    return drill.start(*words, how=how, clock=clock)


def token(drill: Drill, login: str) -> dict[str, str]:
    """The header of somebody's requests."""
    issued = issue_token(drill.world.database, login, "drill", drill.clock.now(), 90)
    return {"Authorization": f"Bearer {issued}"}
