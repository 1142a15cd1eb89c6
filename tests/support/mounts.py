"""A disk of a few megabytes that is really full: a mount of its own, where root is at hand."""

import os
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from errno import ENOSPC
from pathlib import Path

import pytest

#: `required` where a mount can be had: then a test that is skipped all the same is a failure.
ASKED = "HUYING_TEST_MOUNTS"
_NONE = "不能挂载小盘（需要 root）/ no small disk can be mounted (that takes root)"


@contextmanager
def small_disk(folder: Path, megabytes: int) -> Iterator[Path]:
    """A file system in memory of so many megabytes at this folder; the test is skipped where none can be had."""
    folder.mkdir()
    words = ["mount", "-t", "tmpfs", "-o", f"size={megabytes}m", "huying-test", str(folder)]
    if os.geteuid() != 0 or subprocess.run(words, capture_output=True, check=False).returncode != 0:
        if os.environ.get(ASKED) == "required":
            pytest.fail(_NONE)
        pytest.skip(_NONE)
    try:
        yield folder
    finally:
        # Lazily: a process that was killed a moment ago may still hold a file.
        subprocess.run(["umount", "--lazy", str(folder)], check=True)


def fill(folder: Path) -> Path:
    """Take the last byte of a disk; the file that is to be deleted for room again."""
    taken = folder / "taken"
    with taken.open("wb", buffering=0) as file:
        for size in (1 << 20, 4096, 1):
            try:
                while True:
                    file.write(b"\0" * size)
            except OSError as full:
                if full.errno != ENOSPC:
                    raise
    return taken
