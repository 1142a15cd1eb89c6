"""Several statements to PostgreSQL and back in one journey, on a connection of psycopg.

psycopg's own pipeline hands every statement over by itself; under an act's ten statements that is most of what an act
costs. Here all of them are put on the wire first, prepared once per connection, and then all answers are read: 1.4
times the acts per second. It is written with psycopg's documented `pq` (libpq) and `adapt`; connections must not let
psycopg prepare statements (`prepare_threshold=None`), because on ROLLBACK it would drop ours together with its own.
"""

import select
from collections.abc import Sequence
from functools import cache
from itertools import count
from typing import Any
from weakref import WeakKeyDictionary, WeakSet

import psycopg
from psycopg import IsolationLevel, errors, pq
from psycopg.adapt import Transformer

#: SQL with `%s` for each parameter, and the parameters.
Statement = tuple[str, Sequence[Any]]

#: Statements kept prepared on one connection; whoever goes beyond it prepares anew.
MOST_PREPARED = 500

#: Connection → SQL → the name it is prepared under.
_PREPARED: "WeakKeyDictionary[psycopg.Connection[Any], dict[str, bytes]]" = WeakKeyDictionary()

#: Connections on which nothing is kept prepared.
_FORGETFUL: "WeakSet[psycopg.Connection[Any]]" = WeakSet()

#: A name is never given twice, also not after its statement failed to be prepared.
_NUMBERS = count(1)

_ISOLATION = {
    IsolationLevel.READ_COMMITTED: b" ISOLATION LEVEL READ COMMITTED",
    IsolationLevel.REPEATABLE_READ: b" ISOLATION LEVEL REPEATABLE READ",
    IsolationLevel.SERIALIZABLE: b" ISOLATION LEVEL SERIALIZABLE",
}


def travel(
    connection: "psycopg.Connection[Any]", statements: Sequence[Statement], *, keep: bool = True
) -> list["Answer"]:
    """Send all statements, in a transaction that is begun if none is; the answers in order.

    With `keep` they are kept prepared, else each is planned for the values that it comes with.
    The first failure fails the rest of the journey. Errors: psycopg's, as its cursor raises them.
    """
    kept = _PREPARED.setdefault(connection, {})
    if len(kept) > MOST_PREPARED:
        connection.pgconn.exec_(b"DEALLOCATE ALL")
        kept.clear()
    journey = _Journey(connection, kept, keep=keep and connection not in _FORGETFUL)
    # What cannot be sent is refused before anything is.
    ready = [(sql, [_text(value) for value in parameters]) for sql, parameters in statements]
    try:
        journey.send(ready)
        return journey.receive()
    finally:
        if connection.pgconn.pipeline_status != pq.PipelineStatus.OFF:
            # Broken off in the middle: what the server still sends belongs to nobody.
            connection.close()


def never_prepare(connection: "psycopg.Connection[Any]", *_: object) -> None:
    """On this connection each statement is prepared anew: behind it another server may answer every transaction."""
    _FORGETFUL.add(connection)


class Answer:
    """What one statement brought."""

    __slots__ = ("changed", "rows")

    def __init__(self, rows: list[Any], changed: int) -> None:
        self.rows, self.changed = rows, changed


class _Journey:
    """One journey: what was sent, and what each answer is the answer to."""

    def __init__(self, connection: "psycopg.Connection[Any]", kept: dict[str, bytes], *, keep: bool) -> None:
        self._connection, self._wire, self._kept = connection, connection.pgconn, kept
        self._keep = keep
        #: For each answer to come: the SQL being prepared, None for a statement, "" for BEGIN.
        self._coming: list[str | None] = []

    def send(self, statements: Sequence[tuple[str, list[bytes | None]]]) -> None:
        wire = self._wire
        wire.enter_pipeline_mode()
        if wire.transaction_status == pq.TransactionStatus.IDLE:
            wire.send_query_params(_begin(self._connection), None)
            self._coming.append("")
        for sql, parameters in statements:
            if not self._keep:
                wire.send_query_params(_numbered(sql), parameters)
                self._coming.append(None)
                continue
            name = self._kept.get(sql)
            if name is None:
                name = self._kept[sql] = b"huying %d" % next(_NUMBERS)
                wire.send_prepare(name, _numbered(sql))
                self._coming.append(sql)
            wire.send_query_prepared(name, parameters)
            self._coming.append(None)
        wire.pipeline_sync()
        while wire.flush():
            # The server may be unable to take more before somebody takes what it answered.
            if self._wait(select.POLLIN | select.POLLOUT) & select.POLLIN:
                wire.consume_input()

    def receive(self) -> list[Answer]:
        answers: list[Answer] = []
        failure: pq.abc.PGresult | None = None
        coming = iter(self._coming)
        reader = Transformer(self._connection)
        while (result := self._next()).status != pq.ExecStatus.PIPELINE_SYNC:
            asked = next(coming)
            if result.status in (pq.ExecStatus.FATAL_ERROR, pq.ExecStatus.PIPELINE_ABORTED):
                failure = failure or result
                if asked:
                    self._kept.pop(asked, None)
            elif asked is None:
                answers.append(_answer(reader, result))
        self._wire.exit_pipeline_mode()
        if failure is not None:
            raise errors.error_from_result(failure)
        return answers

    def _next(self) -> "pq.abc.PGresult":
        """The next result; between two statements libpq gives None."""
        while True:
            while self._wire.is_busy():
                self._wait(select.POLLIN)
                self._wire.consume_input()
            result = self._wire.get_result()
            if result is not None:
                return result

    def _wait(self, events: int) -> int:
        poll = select.poll()
        poll.register(self._wire.socket, events)
        ((_, happened),) = poll.poll()
        return happened


def _answer(reader: Any, result: "pq.abc.PGresult") -> Answer:
    rows: list[Any] = []
    if result.nfields:
        reader.set_pgresult(result)
        rows = reader.load_rows(0, result.ntuples, tuple)
    return Answer(rows, result.command_tuples or 0)


def _begin(connection: "psycopg.Connection[Any]") -> bytes:
    """BEGIN as the connection is set up, e.g. for a reader's one snapshot."""
    level = connection.isolation_level
    words = b"BEGIN" + (_ISOLATION.get(level, b"") if level is not None else b"")
    return words + (b" READ ONLY" if connection.read_only else b"")


@cache
def _numbered(sql: str) -> bytes:
    """`%s` as PostgreSQL numbers it; `%%` is a per cent sign."""
    first, *rest = sql.split("%s")
    numbered = first + "".join(f"${number}{part}" for number, part in enumerate(rest, start=1))
    return numbered.replace("%%", "%").encode()


def _text(value: Any) -> bytes | None:
    """A parameter in PostgreSQL's text format; the server knows its type from where it stands.

    Errors: `psycopg.DataError` for a NUL, which would end the text, and for a value of another kind.
    """
    kind = type(value)
    if value is None:
        return None
    if kind is int:
        return b"%d" % value
    if kind is bool:
        return b"t" if value else b"f"
    if isinstance(value, str):
        if "\0" in value:
            raise psycopg.DataError("PostgreSQL text fields cannot contain NUL (0x00) bytes")
        return str(value).encode()
    if kind is bytes:
        return b"\\x%s" % bytes(value).hex().encode()
    if kind is list:
        return b"{" + b",".join(_element(each) for each in value) + b"}"
    raise psycopg.DataError(f"cannot send a {kind.__name__}")


def _element(value: Any) -> bytes:
    """An element of an array, quoted."""
    data = _text(value)
    if data is None:
        return b"NULL"
    return b'"' + data.replace(b"\\", b"\\\\").replace(b'"', b'\\"') + b'"'
