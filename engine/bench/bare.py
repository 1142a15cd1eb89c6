"""The least that a web server can do for one act: a handler that does the yardstick's act, and nothing else.

Run as `python -m engine.bench.bare PORT` with `HUYING_DATABASE` set. `POST /act` takes a ticket's id or null and the
number of the act from 0 to 5, and answers the id. It has neither sessions nor permissions nor forms; connections are as
many as `huying serve` has.
"""

import asyncio
import json
import os
import queue
import sys
import time
from collections.abc import Awaitable, Callable
from typing import Any

import uvicorn

from engine.bench.life import conninfo, reference

Receive = Callable[[], Awaitable[dict[str, Any]]]
Send = Callable[[dict[str, Any]], Awaitable[None]]
#: Connections, as `HUYING_POOL` has them by default.
_CONNECTIONS = 4


class Bare:
    """An ASGI application."""

    def __init__(self, info: str) -> None:
        self._yards: queue.SimpleQueue[Any] = queue.SimpleQueue()
        for _ in range(_CONNECTIONS):
            self._yards.put(reference().PostgresqlYard(info))

    async def __call__(self, scope: dict[str, Any], receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            return await _live(receive, send)
        body = b""
        while True:
            came = await receive()
            body += came.get("body", b"")
            if not came.get("more_body"):
                break
        asked = json.loads(body)
        ticket = await asyncio.to_thread(self._act, asked["ticket"], asked["number"])
        answer = json.dumps({"ticket": ticket}).encode()
        headers = [(b"content-type", b"application/json"), (b"content-length", b"%d" % len(answer))]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        await send({"type": "http.response.body", "body": answer})
        return None

    def _act(self, ticket: int | None, number: int) -> int:
        yard = self._yards.get()
        try:
            return int(yard.act(ticket, number, time.time_ns() // 1000))
        finally:
            self._yards.put(yard)


async def _live(receive: Receive, send: Send) -> None:
    while True:
        said = await receive()
        await send({"type": f"{said['type']}.complete"})
        if said["type"] == "lifespan.shutdown":
            return


if __name__ == "__main__":
    application = Bare(conninfo(os.environ["HUYING_DATABASE"]))
    uvicorn.run(application, host="127.0.0.1", port=int(sys.argv[1]), log_level="warning", server_header=False)
