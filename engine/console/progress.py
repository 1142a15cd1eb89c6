"""An import as people see it: how far it is while it runs, what became of it at the end."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Protocol

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

from engine.exchange.history import Report

#: Seconds between the lines that stand for a bar where there is no terminal.
BETWEEN_LINES = 2.0
#: Departments and areas that are named one by one.
MOST_MADE = 10

_ZIP = b"PK\x03\x04"
_CHUNK = 1 << 20


class Tell(Protocol):
    """Is told how far an import is."""

    def __call__(self, report: Report) -> None: ...


@contextmanager
def telling(console: Console, path: Path) -> Iterator[Tell]:
    """A bar on a terminal, lines anywhere else."""
    if not console.is_terminal:
        yield _Lines(console)
        return
    columns = (
        SpinnerColumn(), TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn(),
        TextColumn("{task.fields[counts]}"),
    )  # fmt: skip
    with Progress(*columns, console=console) as progress:
        bar = progress.add_task(path.name, total=_rows_in(path), counts="")
        yield lambda report: progress.update(bar, completed=report.read, counts=_counts(report))


def print_report(console: Console, report: Report, seconds: float) -> None:
    """What became of a table, in both languages."""
    say = console.print
    say(
        f"读取 {report.read:,} 行：导入 {report.imported:,}，已在库 {report.there:,}，拒绝 {report.refused:,}（"
        f"{seconds:.1f} 秒，每秒 {report.read / max(seconds, 0.001):,.0f} 行）",
        markup=False,
    )
    say(
        f"{report.read:,} rows read: {report.imported:,} imported, {report.there:,} already there, "
        f"{report.refused:,} refused ({seconds:.1f} s, {report.read / max(seconds, 0.001):,.0f} rows/s)",
        markup=False,
    )
    if report.disordered:
        say(f"{report.disordered} 处时间先后颠倒，已顺延并标明 / times out of order, drawn straight and marked")
    if report.made:
        more = f"…（共 {len(report.made)} / in all）" if len(report.made) > MOST_MADE else ""
        say(f"新建 / Made: {'、'.join(report.made[:MOST_MADE])}{more}", markup=False)
    if report.refused_file is not None:
        say(f"被拒绝的行在 / The refused rows are in: {report.refused_file}", markup=False, style="yellow")
    if report.broken is not None:
        say(f"此后无法再读 / It could not be read on: {report.broken}", markup=False, style="red")


class _Lines:
    """Plain lines, now and then."""

    def __init__(self, console: Console) -> None:
        self.console, self._last = console, time.monotonic()

    def __call__(self, report: Report) -> None:
        if time.monotonic() - self._last < BETWEEN_LINES:
            return
        self._last = time.monotonic()
        self.console.print(f"已读 {report.read:,} 行 / rows read · {_counts(report)}", markup=False)


def _counts(report: Report) -> str:
    return (
        f"导入 {report.imported:,} / imported · 已在库 {report.there:,} / already there · "
        f"拒绝 {report.refused:,} / refused"
    )


def _rows_in(path: Path) -> int | None:
    """About how many rows a text has; None for a workbook, which would have to be read to know."""
    lines = 0
    try:
        with path.open("rb") as file:
            start = file.read(len(_ZIP))
            if start == _ZIP:
                return None
            while chunk := file.read(_CHUNK):
                lines += chunk.count(b"\n")
    except OSError:
        return None
    return max(lines - 1, 1)
