"""What a rehearsal has seen in batches that it undid, so that it counts repeated rows as the import will."""

import hashlib
import sqlite3


class Rehearsed:
    """Keys and fingerprints of rehearsed rows, in a temporary file of their own."""

    def __init__(self) -> None:
        # A nameless database lives in a file that goes with its connection; the writer's thread asks it too.
        self._seen = sqlite3.connect("", check_same_thread=False, isolation_level=None)
        self._seen.execute("CREATE TABLE seen (key TEXT PRIMARY KEY, fingerprint BLOB) WITHOUT ROWID")

    def add(self, key: str, fingerprint: str) -> None:
        """A row that would have been imported."""
        self._seen.execute("INSERT OR IGNORE INTO seen VALUES (?, ?)", (key, _digest(fingerprint)))

    def same(self, key: str, fingerprint: str) -> bool | None:
        """Whether an earlier row of that key said the same; None if there was none."""
        found = self._seen.execute("SELECT fingerprint FROM seen WHERE key = ?", (key,)).fetchone()
        return None if found is None else bool(found[0] == _digest(fingerprint))

    def close(self) -> None:
        self._seen.close()


def _digest(fingerprint: str) -> bytes:
    return hashlib.sha256(fingerprint.encode()).digest()
