"""Files for process mining: which format, where they go, and that there is never half of one."""

import gzip
import io
from collections.abc import Callable, Iterator
from enum import StrEnum
from pathlib import Path
from typing import IO

from engine.database import Transaction
from engine.errors import Malformed, Place
from engine.exchange import ocel, xes
from engine.records.mined import Selected

Tell = Callable[[int], None]

#: A file that is sent is packed fast rather than small.
_EFFORT = 5


class Format(StrEnum):
    """The formats that programs for process mining read."""

    XES = "xes"  #: IEEE 1849, a trace per ticket
    OCEL = "ocel"  #: OCEL 2.0, in JSON

    @property
    def ending(self) -> str:
        """What the names of its files end with."""
        return "xes" if self is Format.XES else "ocel.json"

    @property
    def passes(self) -> int:
        """How many times it tells of each ticket."""
        return 1 if self is Format.XES else 2


def texts(transaction: Transaction, made: Format, selected: Selected, tell: Tell = lambda done: None) -> Iterator[str]:
    """The log in pieces of text. Errors: `NotFound` for an area."""
    made_by = xes.lines if made is Format.XES else ocel.pieces
    return made_by(transaction, selected, tell)


def pack(transaction: Transaction, made: Format, selected: Selected, file: IO[bytes]) -> None:
    """The log, packed by gzip, into an open file. Errors: as `texts`."""
    with gzip.GzipFile(fileobj=file, mode="wb", compresslevel=_EFFORT, mtime=0) as packed:
        _pour(texts(transaction, made, selected), packed)  # type: ignore[arg-type]


def write(
    transaction: Transaction, made: Format, selected: Selected, path: Path, tell: Tell = lambda done: None
) -> None:
    """Write the log, packed where the name ends in `.gz`; what stood there is replaced by the whole or not at all.

    Errors: as `texts`, and `Malformed` if the path cannot be written.
    """
    new = path.with_name(f"{path.name}.new")
    try:
        with gzip.open(new, "wb", compresslevel=_EFFORT) if path.suffix == ".gz" else new.open("wb") as file:
            _pour(texts(transaction, made, selected, tell), file)  # type: ignore[arg-type]
        new.replace(path)
    except OSError as failure:
        raise Malformed("无法写入", f"it cannot be written: {failure}", place=Place(file=str(path))) from failure
    finally:
        new.unlink(missing_ok=True)


def _pour(pieces: Iterator[str], file: IO[bytes]) -> None:
    with io.TextIOWrapper(file, encoding="utf-8", newline="\n", write_through=False) as text:
        text.writelines(pieces)
