"""`huying schedule`: the background work alone, as many processes as you like on one database."""

import argparse
import signal
import threading
from types import FrameType

from engine.application import Application
from engine.background.scheduler import scheduled
from engine.console.printing import OUT, Add


def add(command: Add) -> None:
    """The command that runs the background work."""
    command("schedule", _schedule)


def _schedule(application: Application, given: argparse.Namespace) -> int:
    """Sweep deadlines, walk commands, deliver notices, until a signal says stop; what is under way is finished."""
    stop = threading.Event()

    def stopping(_: int, __: FrameType | None) -> None:
        stop.set()

    for signalled in (signal.SIGTERM, signal.SIGINT):
        signal.signal(signalled, stopping)
    # Before the jobs hold connections of their own: the calendars are read with one of them.
    application.versions.book.look_again()
    with scheduled(application):
        OUT.print("调度已启动 / The scheduler runs", style="bold green")
        stop.wait()
        OUT.print("正在收尾 / Finishing what is under way")
    OUT.print("调度已停止 / The scheduler has stopped")
    return 0
