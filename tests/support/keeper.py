"""Starts the processes of a drill and ends them, however the test that asked for them ends.

Run as `python -m tests.support.keeper`. It reads one order per line as JSON and answers each with one line. When its
input ends, it kills whatever it started that still runs. A process is started in one of two ways:

*fresh* — an interpreter of its own runs `python -m engine.cli …`, as an operator does; that takes a second or two.
*forked* — a child of this process, which has imported the engine already, runs the same `main`; that takes some
milliseconds, so that hundreds of kills do not wait for imports. Only such a child can be hindered (`hindered`).
"""

import json
import os
import signal
import subprocess
import sys
import traceback
from typing import Any

import web.serve  # noqa: F401 (so that a forked server does not wait for it)
from engine.cli import main
from tests.support.hindered import Hindrance, hinder
from tests.support.hosts import enter

#: What a child exits with when `main` raised.
CRASHED = 70


def keep() -> None:
    """Do what the orders say until they end."""
    running: dict[int, int | None] = {}
    try:
        for line in sys.stdin:
            order = json.loads(line)
            if order["do"] == "start":
                pid = _start(order)
                running[pid] = None
                _answer({"pid": pid})
            else:
                _answer({"status": _ended(running, order["pid"])})
    finally:
        for pid, status in running.items():
            if status is None and _ended(running, pid) is None:
                os.kill(pid, signal.SIGKILL)


def _answer(said: dict[str, Any]) -> None:
    print(json.dumps(said), flush=True)


def _ended(running: dict[int, int | None], pid: int) -> int | None:
    """The exit code of a process, negative for a signal; None while it runs. It is nobody's number until asked."""
    if running[pid] is None:
        ended, status = os.waitpid(pid, os.WNOHANG)
        running[pid] = os.waitstatus_to_exitcode(status) if ended else None
    return running[pid]


def _start(order: dict[str, Any]) -> int:
    with open(order["output"], "ab") as output:
        if order["hindrance"] is None:
            there = ["ip", "netns", "exec", order["host"]] if order["host"] else []
            command = [*there, sys.executable, "-m", "engine.cli", *order["words"]]
            process = subprocess.Popen(
                command, stdin=subprocess.DEVNULL, stdout=output, stderr=output, env=order["environment"]
            )
            # Whoever drops a Popen waits for its process; here `_ended` does.
            process.returncode = 0
            return process.pid
        pid = os.fork()
        if pid == 0:
            _be(order, output.fileno())
    return pid


def _be(order: dict[str, Any], output: int) -> None:
    """The child: the command, and nothing of the keeper's."""
    code = CRASHED
    try:
        with open(os.devnull, "rb") as nothing:
            os.dup2(nothing.fileno(), 0)
        os.dup2(output, 1)
        os.dup2(output, 2)
        if order["host"]:
            enter(order["host"])
        os.environ.clear()
        os.environ.update(order["environment"])
        hinder(Hindrance(**order["hindrance"]))
        code = main(order["words"])
    except SystemExit as leaving:
        code = int(leaving.code or 0)
    except BaseException:
        traceback.print_exc()
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(code)


if __name__ == "__main__":
    keep()
