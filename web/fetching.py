"""`make assets`: the pinned files of others, for installations whose people cannot reach a CDN.

Each package is taken by npm, each file checked against its digest before it is put in place. With `--testing` also what
tests alone need.
"""

import base64
import hashlib
import subprocess
import sys
import tarfile
import tempfile
from collections.abc import Sequence
from pathlib import Path

from web.assets import ALL, TESTING, VENDOR, Asset

_FOLDER = Path(__file__).parent / "static" / VENDOR


def fetch(folder: Path = _FOLDER, wanted: Sequence[Asset] = ALL) -> list[str]:
    """Fetch what is missing; the names of the files fetched.

    Errors: `ValueError` for a file whose digest is not the pinned one, `CalledProcessError` when npm fails.
    """
    folder.mkdir(parents=True, exist_ok=True)
    fetched = []
    for asset in wanted:
        target = folder / asset.file
        if target.is_file() and _digest(target.read_bytes()) == asset.integrity:
            continue
        data = _of_package(asset)
        if _digest(data) != asset.integrity:
            raise ValueError(f"{asset.address}: 校验失败 / not the pinned file")
        target.write_bytes(data)
        fetched.append(asset.file)
    return fetched


def _digest(data: bytes) -> str:
    return "sha384-" + base64.b64encode(hashlib.sha384(data).digest()).decode()


def _of_package(asset: Asset) -> bytes:
    with tempfile.TemporaryDirectory() as folder:
        # A program of the machine, with names of this project's.
        subprocess.run(  # noqa: S603
            ["npm", "pack", "--silent", f"{asset.package}@{asset.version}"],  # noqa: S607
            cwd=folder,
            check=True,
            stdout=subprocess.DEVNULL,
        )
        (archive,) = Path(folder).glob("*.tgz")
        with tarfile.open(archive) as package:
            file = package.extractfile(f"package/{asset.path}")
            if file is None:
                raise ValueError(f"{asset.address} is no file")
            return file.read()


if __name__ == "__main__":
    for name in fetch(wanted=(*ALL, *TESTING) if sys.argv[1:] == ["--testing"] else ALL):
        sys.stdout.write(f"{name}\n")
