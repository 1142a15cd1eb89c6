"""`huying schedule`: the background work alone, as many processes as you like on one database."""

import argparse
import signal
import time
from types import FrameType

from engine.application import Application
from engine.background.scheduler import scheduled
from engine.console.printing import OUT, Add

#: Seconds after which a signal is noticed at the latest; one that reaches the main thread ends its sleep at once.
_LOOK = 0.5


def add(command: Add) -> None:
    """The command that runs the background work."""
    command("schedule", _schedule)


def _schedule(application: Application, given: argparse.Namespace) -> int:
    """Sweep deadlines, walk commands, deliver notices, until a signal says stop; what is under way is finished."""
    asked: list[int] = []

    def stopping(number: int, _: FrameType | None) -> None:
        asked.append(number)

    for signalled in (signal.SIGTERM, signal.SIGINT):
        signal.signal(signalled, stopping)
    # Before the jobs hold connections of their own: the calendars are read with one of them.
    application.versions.book.look_again()
    with scheduled(application):
        OUT.print("调度已启动 / The scheduler runs", style="bold green")
        # ▸ Not an Event: a signal that the system hands to another thread doesn't wake a main thread that waits for a
        # lock, and a handler that comes while the Event's own lock is held would wait for itself.
        while not asked:
            time.sleep(_LOOK)
        OUT.print("正在收尾 / Finishing what is under way")
    OUT.print("调度已停止 / The scheduler has stopped")
    return 0
