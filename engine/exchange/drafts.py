"""Files on their way in: uploaded, looked at, and not applied yet. Only whoever uploaded one sees it."""

import hashlib
import re
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

from engine.errors import Malformed, NotFound, Place, TooLarge
from engine.records.uploads import MOST_BYTES
from engine.store import FileStore

#: Drafts of one person; the oldest make room. They may hold telephone numbers, and nobody would tidy them away.
MOST = 10

_CHUNK = 64 * 1024
_SHA256 = re.compile(r"[0-9a-f]{64}")
_FIELD = Place(field="file")


def keep(store: FileStore, person_id: int, stream: BinaryIO) -> str:
    """Keep a draft of somebody's; its sha256.

    Errors: `TooLarge` past `uploads.MOST_BYTES`, `Malformed` for an empty file, `StoreUnreachable`.
    """
    digest, size = hashlib.sha256(), 0
    with tempfile.TemporaryDirectory(prefix="huying-") as folder:
        path = Path(folder) / "coming"
        with path.open("wb") as coming:
            while chunk := stream.read(_CHUNK):
                size += len(chunk)
                if size > MOST_BYTES:
                    most = MOST_BYTES // 1024 // 1024
                    raise TooLarge(f"文件超过 {most} MB", f"the file is larger than {most} MB", place=_FIELD)
                digest.update(chunk)
                coming.write(chunk)
        if not size:
            raise Malformed("文件是空的", "the file is empty", place=_FIELD)
        sha256 = digest.hexdigest()
        store.keep(_key(person_id, sha256), path)
    for old in store.kept(_folder(person_id))[MOST:]:
        store.drop(_key(person_id, old.name))
    return sha256


@contextmanager
def opened(store: FileStore, person_id: int, sha256: str) -> Iterator[Path]:
    """Somebody's draft as a file of this machine, while it is open. Errors: `NotFound`, `StoreUnreachable`."""
    if not _SHA256.fullmatch(sha256):
        raise _missing()
    try:
        chunks = store.chunks(_key(person_id, sha256))
    except FileNotFoundError:
        raise _missing() from None
    with tempfile.TemporaryDirectory(prefix="huying-") as folder:
        path = Path(folder) / "draft"
        with path.open("wb") as file:
            file.writelines(chunks)
        yield path


def drop(store: FileStore, person_id: int, sha256: str) -> None:
    """A draft that is done with. Errors: `StoreUnreachable`."""
    store.drop(_key(person_id, sha256))


def _folder(person_id: int) -> str:
    return f"drafts/{person_id}/tables"


def _key(person_id: int, sha256: str) -> str:
    return f"{_folder(person_id)}/{sha256}"


def _missing() -> NotFound:
    return NotFound("没有这份待导入的文件，请重新上传", "there is no such file to be imported: upload it again")
