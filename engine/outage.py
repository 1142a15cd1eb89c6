"""What a failure of the driver or of the machine means for whoever asked: taken, away, or no room left.

None of it is anybody's mistake: the same request is fine a while later, and nothing of it has been kept.
"""

import errno
import re
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager

import psycopg
from psycopg.errors import DeadlockDetected, DiskFull, SerializationFailure
from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from engine.errors import Busy, DatabaseAway, NoRoom

#: A full disk, a quota, a limit on the size of files.
_NO_ROOM = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG})
#: SQLite says FULL of a full disk alone; of a quota it says that it could not write.
_SQLITE_NO_ROOM = frozenset({sqlite3.SQLITE_FULL, sqlite3.SQLITE_IOERR_WRITE, sqlite3.SQLITE_IOERR_SHMSIZE})
#: How a library in Rust ends what the system said.
_OS_ERROR = re.compile(r"\(os error (\d+)\)")


@contextmanager
def told() -> Iterator[None]:
    """Raise what is known of a failure in its place. Errors: `Busy`, `DatabaseAway`, `NoRoom`; others as they are."""
    try:
        yield
    except (sqlite3.Error, psycopg.Error, DBAPIError, PoolTimeout) as failure:
        known = known_as(failure)
        if known is None:
            raise
        raise known from failure


def known_as(failure: BaseException) -> Busy | None:
    """The failure in our words; None where it is of another kind."""
    cause = failure.orig if isinstance(failure, DBAPIError) else failure
    if isinstance(cause, PoolTimeout | DeadlockDetected | SerializationFailure) or is_taken(failure):
        return Busy()
    if has_no_room(failure):
        return NoRoom()
    return DatabaseAway() if isinstance(cause, psycopg.OperationalError) else None


def is_taken(failure: BaseException) -> bool:
    """Whether another process kept a SQLite file to itself for all of the patience we have."""
    return _sqlite_code(failure) & 0xFF == sqlite3.SQLITE_BUSY


def has_no_room(failure: BaseException) -> bool:
    """Whether a disk, a quota or a limit of the machine left no room for what was to be written."""
    cause = failure.orig if isinstance(failure, DBAPIError) else failure
    if isinstance(cause, OSError):
        return cause.errno in _NO_ROOM
    return isinstance(cause, DiskFull) or _sqlite_code(failure) in _SQLITE_NO_ROOM


def says_no_room(said: str) -> bool:
    """The same, of a library that passes on what the system said as text alone."""
    found = _OS_ERROR.search(said)
    return found is not None and int(found[1]) in _NO_ROOM


def _sqlite_code(failure: BaseException) -> int:
    cause = failure.orig if isinstance(failure, DBAPIError) else failure
    # One that the driver raises by itself has no code.
    return getattr(cause, "sqlite_errorcode", 0) if isinstance(cause, sqlite3.Error) else 0
