"""Rows as PostgreSQL's COPY writes them: one line each, tabs between columns, `\\N` for nothing.

PostgreSQL reads and writes it by itself at its own speed; for SQLite it is written and read here. So a backup of one
database can be restored into the other, and by hand with `psql` alone.
"""

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from enum import StrEnum
from typing import Any

NOTHING = b"\\N"


class Cell(StrEnum):
    """What a column holds."""

    WHOLE = "whole"
    TRUTH = "truth"
    BYTES = "bytes"
    TEXT = "text"


_ESCAPES = {"\\": "\\\\", "\b": "\\b", "\f": "\\f", "\n": "\\n", "\r": "\\r", "\t": "\\t", "\v": "\\v"}
_TABLE = str.maketrans(_ESCAPES)
_PLAIN = {escaped.encode(): plain.encode() for plain, escaped in _ESCAPES.items()}
_ESCAPED = re.compile(rb"\\[\\bfnrtv]")


def _text(value: Any) -> bytes:
    return str(value).translate(_TABLE).encode()


def _bytes(value: Any) -> bytes:
    return b"\\\\x" + bytes(value).hex().encode()


_WRITE: dict[Cell, Callable[[Any], bytes]] = {
    Cell.WHOLE: lambda value: b"%d" % value,
    Cell.TRUTH: lambda value: b"t" if value else b"f",
    Cell.BYTES: _bytes,
    Cell.TEXT: _text,
}


def _plain(field: bytes) -> bytes:
    return _ESCAPED.sub(lambda found: _PLAIN[found[0]], field) if b"\\" in field else field


_READ: dict[Cell, Callable[[bytes], Any]] = {
    Cell.WHOLE: int,
    Cell.TRUTH: lambda field: int(field == b"t"),
    Cell.BYTES: lambda field: bytes.fromhex(_plain(field)[2:].decode()),
    Cell.TEXT: lambda field: _plain(field).decode(),
}


def written(rows: Iterable[Sequence[Any]], cells: Sequence[Cell]) -> Iterator[bytes]:
    """Rows of a driver as lines."""
    write = [_WRITE[cell] for cell in cells]
    for row in rows:
        yield (
            b"\t".join(NOTHING if value is None else each(value) for each, value in zip(write, row, strict=True))
            + b"\n"
        )


def read(lines: Iterable[bytes], cells: Sequence[Cell]) -> Iterator[list[Any]]:
    """Lines as rows for a driver of SQLite. Errors: `ValueError` for a line that is none."""
    read_ = [_READ[cell] for cell in cells]
    for line in lines:
        fields = line.removesuffix(b"\n").split(b"\t")
        yield [None if field == NOTHING else each(field) for each, field in zip(read_, fields, strict=True)]
