"""Clients that send and read at a crawl: they hold no transaction, hold up nobody, and keep no server from stopping."""

import socket
import sqlite3
import time
from collections.abc import Iterator
from contextlib import ExitStack, closing

import pytest
from PIL import Image

from tests.support.drill import Drill
from tests.support.hindered import Hindrance
from tests.support.pictures import jpeg
from tests.support.serving import Server, token

pytestmark = pytest.mark.slow

#: More than there are threads that answer.
SENDERS, READERS = 60, 30
#: Seconds that anybody else's request may take at most beside them.
AT_MOST = 5.0


@pytest.fixture
def server(drill: Drill) -> Server:
    return Server.start(drill, Hindrance(leave=1))


def opened(server: Server, request: bytes) -> socket.socket:
    """A client that has sent so much and now stands still."""
    client = socket.create_connection(("127.0.0.1", server.port))
    # What has been sent and is not read waits in the server, not in the kernel.
    client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1 << 16)
    client.sendall(request)
    return client


@pytest.fixture
def crawling(drill: Drill, server: Server) -> Iterator[tuple[list[socket.socket], bytes]]:
    headers = token(drill, "citizen")
    content = jpeg(Image.effect_noise((1800, 1800), 100), quality=100)
    assert len(content) > 2 * 1024 * 1024, "more than a connection holds on its way"
    sent = server.ask("POST", "/api/uploads", files={"file": ("p.jpg", content, "image/jpeg")}, headers=headers)
    assert sent.status_code == 201, sent.text
    common = f"Host: x\r\nAuthorization: {headers['Authorization']}\r\n"
    upload = (
        f"POST /api/uploads HTTP/1.1\r\n{common}Content-Type: multipart/form-data; boundary=b\r\n"
        'Content-Length: 3000000\r\n\r\n--b\r\nContent-Disposition: form-data; name="file"; filename="a.png"\r\n\r\nabc'
    )
    act = (
        f"POST /api/tickets HTTP/1.1\r\n{common}Content-Type: application/json\r\nContent-Length: 3000\r\n\r\n"
        '{"workflow": "drill", '
    )
    download = f"GET /api/uploads/{sent.json()['sha256']} HTTP/1.1\r\n{common}\r\n"
    with ExitStack() as stack:
        requests = [upload] * (SENDERS // 2) + [act] * (SENDERS // 2) + [download] * READERS
        clients = [stack.enter_context(closing(opened(server, one.encode()))) for one in requests]
        time.sleep(1)
        yield clients, content


def nobody_holds_anything(drill: Drill) -> bool:
    """Whether no transaction is open, as far as the database knows."""
    if drill.world.database.dialect == "sqlite":
        with closing(sqlite3.connect(str(drill.world.database.url.database), timeout=5, isolation_level=None)) as file:
            # Nobody reads an old state of it, so the whole log can be taken over.
            return bool(file.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()[0] == 0)
    return drill.world.rows(
        "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid() "
        "AND xact_start IS NOT NULL"
    ) == [(0,)]


def test_they_hold_no_transaction_and_hold_up_nobody(
    drill: Drill, server: Server, crawling: tuple[list[socket.socket], bytes]
) -> None:
    clients, content = crawling
    (told,) = drill.reported(1)
    shen = token(drill, "shen")
    assert nobody_holds_anything(drill)
    for _ in range(10):
        begun = time.monotonic()
        body = {"action": "remark", "form": {"note": "已催办"}}
        assert server.ask("POST", f"/api/tickets/{told.case_no}/acts", json=body, headers=shen).status_code == 200
        assert server.ask("GET", f"/api/tickets/{told.case_no}", headers=shen).status_code == 200
        assert time.monotonic() - begun < AT_MOST
    assert nobody_holds_anything(drill)
    # They have not been hung up on: one that reads on gets the whole file.
    reader = clients[-1]
    came, until = b"", time.monotonic() + 60
    while not came.endswith(content[-20:]):
        assert time.monotonic() < until
        came += reader.recv(1 << 20)
    assert came.startswith(b"HTTP/1.1 200")
    begun = time.monotonic()
    assert server.process.stop(30) == 0
    assert time.monotonic() - begun < 20, "it does not wait for them for ever"
    assert drill.audit() == []
