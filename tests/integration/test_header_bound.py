"""A request whose headers never end is ended: nobody fills a server's memory before saying who they are."""

import socket
from urllib.parse import urlsplit

from engine.bench.lists import serving
from engine.database import Database

#: Sent at most; the server takes 64 KiB, and what is on its way when it says no is gone.
MOST = 64 * 1024 * 1024


def test_headers_without_end_are_refused(sqlite_database: Database) -> None:
    with serving(sqlite_database) as address:
        parts = urlsplit(address)
        sent = 0
        with socket.create_connection((str(parts.hostname), int(parts.port or 0)), 30) as client:
            client.sendall(b"GET / HTTP/1.1\r\nHost: here\r\n")
            try:
                while sent < MOST:
                    client.sendall(b"X-%d: " % sent + b"a" * 65_536 + b"\r\n")
                    sent += 65_536
            except OSError:
                pass

    assert sent < MOST
