"""Where refused rows wait, however many, until the whole table was read; then they become a table of their own."""

import json
import os
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path
from types import TracebackType
from typing import IO

from engine.errors import Malformed, Place
from engine.exchange.refusals import Wrong
from engine.exchange.spreadsheet import Row, write_table

#: What stands ahead of the row's own columns; the same map reads such a file again once its rows are mended.
HEADERS = ("行 / Row", "编号 / Identifier", "原因", "Reason")


def refused_path(path: Path) -> Path:
    """Beside the table, `old.xlsx` → `old.refused.csv`; where that folder can't be written, in the present one."""
    beside = path.with_name(f"{path.stem}.refused.csv")
    return beside if _open_to_writing(beside.parent) else Path(beside.name)


def _open_to_writing(folder: Path) -> bool:
    """Also as root, who may write anywhere: a folder that nobody is meant to write is left alone."""
    return os.access(folder, os.W_OK) and bool(folder.stat().st_mode & 0o222)


class RefusedRows:
    """The refused rows of one table, on disk."""

    def __init__(self, target: Path, headers: Sequence[str]) -> None:
        """Errors: `Malformed` when nothing can be written there; better now than after an hour."""
        if not os.access(target.parent, os.W_OK) or target.is_dir():
            raise Malformed(
                f"无法写入“{target}”，请用 --refused 另选文件",
                f"'{target}' cannot be written: choose another file with --refused",
                place=Place(file=target.name),
            )
        # A file refused before has these columns already.
        self.target, self.headers = target, [header for header in headers if header not in HEADERS]
        self._count = 0
        self._spool: IO[str] = tempfile.TemporaryFile("w+", encoding="utf-8")  # noqa: SIM115 - closed by __exit__

    def __enter__(self) -> "RefusedRows":
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._spool.close()

    def add(self, row: Row, identifier: str, wrong: Wrong) -> None:
        """Keep a row with the reason why it was refused."""
        self._count += 1
        zh, en = (f"{wrong.field}：{wrong.zh}", f"{wrong.field}: {wrong.en}") if wrong.field else (wrong.zh, wrong.en)
        own = [row.cells[header] for header in self.headers]
        self._spool.write(json.dumps([str(row.number), identifier, zh, en, *own, *row.surplus]) + "\n")

    def write(self) -> Path | None:
        """The table of all that was kept; None, and no file, when there was nothing."""
        if not self._count:
            return None
        write_table(self.target, (*HEADERS, *self.headers), self._rows())
        return self.target

    def _rows(self) -> Iterator[list[str]]:
        self._spool.seek(0)
        for line in self._spool:
            yield [_shown(cell) for cell in json.loads(line)]


def _shown(cell: str) -> str:
    """What a file can hold: halves of a character, which a damaged workbook may have, become question marks."""
    return cell.encode("utf-8", "replace").decode("utf-8")
