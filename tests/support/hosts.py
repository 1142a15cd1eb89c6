"""Several hosts on one machine: network namespaces on a switch of their own, that only talk to one another.

Each has a network of its own, as a machine has: its own addresses, its own loopback, no way to anybody else. They can
be unplugged. Only root may make them.
"""

import ctypes
import os
import subprocess
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

T = TypeVar("T")

_NAMED = Path("/run/netns")
_MARK = "huying-test"
_NEW_NETWORK = 0x40000000
_NETWORK = "10.213.77"
_SWITCH = "switch"


def possible() -> bool:
    """Whether hosts can be made here."""
    if os.geteuid() != 0:
        return False
    name = f"{_MARK}-{os.getpid()}-probe"
    try:
        _ip("netns", "add", name)
        try:
            _ip("-n", name, "link", "add", "one", "type", "veth", "peer", "name", "two")
            _ip("-n", name, "link", "add", "three", "type", "bridge")
        finally:
            _ip("netns", "del", name)
    except (OSError, subprocess.CalledProcessError):
        return False
    return True


def enter(name: str) -> None:
    """From now on this thread, and what it starts, is on that host."""
    with (_NAMED / name).open() as there:
        if ctypes.CDLL(None, use_errno=True).setns(there.fileno(), _NEW_NETWORK) != 0:
            raise OSError(ctypes.get_errno(), f"no way into {name}")


@dataclass(frozen=True)
class Host:
    """A host on the switch."""

    #: Of its namespace.
    name: str
    address: str
    _switch: str
    _plug: str
    _thread: ThreadPoolExecutor

    def does(self, work: Callable[[], T]) -> T:
        """Do something on this host: sockets that it opens are this host's."""
        return self._thread.submit(work).result()

    def unplug(self) -> None:
        _ip("-n", self._switch, "link", "set", self._plug, "down")

    def plug(self) -> None:
        _ip("-n", self._switch, "link", "set", self._plug, "up")


@contextmanager
def hosts(*names: str) -> Iterator[list[Host]]:
    """Hosts on one switch, gone afterwards with all their links."""
    _sweep()
    switch = f"{_MARK}-{os.getpid()}-{_SWITCH}"
    with ExitStack() as stack:
        stack.enter_context(_namespace(switch))
        _ip("-n", switch, "link", "add", _SWITCH, "type", "bridge")
        _ip("-n", switch, "link", "set", _SWITCH, "up")
        made = []
        for number, name in enumerate(names, 1):
            full, plug, address = f"{_MARK}-{os.getpid()}-{name}", f"port{number}", f"{_NETWORK}.{number}"
            stack.enter_context(_namespace(full))
            _ip("-n", switch, "link", "add", plug, "type", "veth", "peer", "name", "eth0", "netns", full)
            _ip("-n", switch, "link", "set", plug, "master", _SWITCH, "up")
            _ip("-n", full, "addr", "add", f"{address}/24", "dev", "eth0")
            _ip("-n", full, "link", "set", "eth0", "up")
            _ip("-n", full, "link", "set", "lo", "up")
            thread = stack.enter_context(ThreadPoolExecutor(1, initializer=enter, initargs=(full,)))
            made.append(Host(full, address, switch, plug, thread))
        yield made


@contextmanager
def _namespace(name: str) -> Iterator[None]:
    _ip("netns", "add", name)
    try:
        yield
    finally:
        _ip("netns", "del", name)


def _sweep() -> None:
    """Take away what a test run left that was killed itself."""
    for one in _NAMED.glob(f"{_MARK}-*"):
        owner = one.name.removeprefix(f"{_MARK}-").partition("-")[0]
        if owner.isdecimal() and not Path(f"/proc/{owner}").exists():
            _ip("netns", "del", one.name)


def _ip(*words: str) -> None:
    subprocess.run(["ip", *words], check=True, capture_output=True)
