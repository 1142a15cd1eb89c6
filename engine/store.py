"""Where files are kept: a folder of this machine or an S3-compatible store, by one library for both.

A file comes whole or not at all: on disk it is written beside its place and renamed, on S3 it is one object.
"""

import os
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import parse_qs, urlsplit

import obstore
from obstore.exceptions import BaseError
from obstore.store import LocalStore, S3Store

from engine.errors import Busy, Malformed, NoRoom, Place
from engine.outage import says_no_room

if TYPE_CHECKING:
    from obstore.store import S3Config  # the library names it for checkers of types alone

#: What an `s3://` address may say behind its question mark.
_WORDS = ("endpoint", "region")
_KEY_FILE = "AWS_SECRET_ACCESS_KEY_FILE"
_CHUNK = 256 * 1024
#: Seconds until a store that doesn't answer is given up.
_PATIENCE = 20


class StoreUnreachable(Busy):
    """文件库暂时无法读写，请稍后再试 / The file store cannot be reached; try again later"""

    code = "store_unreachable"
    again = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class Kept:
    """A file that is there."""

    name: str
    #: Bytes.
    size: int
    at: datetime


class FileStore:
    """Files by key, such as `ab/cdef…`. Where the key is the digest, what is kept never changes; a sandbox's steps are
    kept anew under one key."""

    def __init__(self, store: LocalStore | S3Store, folder: Path | None = None) -> None:
        self._store, self._folder = store, folder

    @classmethod
    def of(cls, address: str, data: Path) -> "FileStore":
        """The store of `HUYING_STORE`: `s3://bucket/prefix?endpoint=…&region=…`, a folder, or `data`/uploads if empty.

        Credentials of S3 come from the environment, as `AWS_ACCESS_KEY_ID` and `AWS_SECRET_ACCESS_KEY` (or the file
        that `AWS_SECRET_ACCESS_KEY_FILE` names).
        Errors: `Malformed` for any other address.
        """
        if address.startswith("s3://"):
            return cls(_s3(address))
        if "://" in address:
            raise _wrong(address)
        folder = Path(address) if address else data / "uploads"
        folder.mkdir(parents=True, exist_ok=True)
        return cls(LocalStore(folder), folder)

    def keep(self, key: str, content: Path | bytes) -> None:
        """Keep bytes, or a copy of the file at a path, under `key`; it is safe when this returns.

        Errors: `StoreUnreachable`, `NoRoom`; then nothing is there.
        """
        try:
            obstore.put(self._store, key, content)
        except (BaseError, OSError) as failure:
            raise (NoRoom if says_no_room(str(failure)) else StoreUnreachable) from failure
        if self._folder is not None:
            # The library renames without waiting for the disk; a row that names the file must not outlive it.
            for place in (self._folder / key, (self._folder / key).parent):
                _settle(place)

    def has(self, key: str) -> bool:
        """Whether there is such a file. Errors: `StoreUnreachable`."""
        try:
            obstore.head(self._store, key)
        except FileNotFoundError:
            return False
        except (BaseError, OSError) as failure:
            raise StoreUnreachable from failure
        return True

    def kept(self, folder: str) -> list[Kept]:
        """What is kept right below a folder, the newest first. Errors: `StoreUnreachable`."""
        try:
            found = obstore.list_with_delimiter(self._store, f"{folder}/")["objects"]
        except (BaseError, OSError) as failure:
            raise StoreUnreachable from failure
        files = [Kept(name=one["path"].rpartition("/")[2], size=one["size"], at=one["last_modified"]) for one in found]
        return sorted(files, key=lambda one: one.at, reverse=True)

    def every(self, folder: str = "") -> Iterator[tuple[str, int]]:
        """Key and bytes of everything kept, of all below a folder if one is named. Errors: `StoreUnreachable`."""
        try:
            for found in obstore.list(self._store, folder or None):
                yield from ((str(one["path"]), int(one["size"])) for one in found)
        except (BaseError, OSError) as failure:
            raise StoreUnreachable from failure

    def drop(self, key: str) -> None:
        """Keep this file no longer; nothing happens where there is none. Errors: `StoreUnreachable`."""
        try:
            obstore.delete(self._store, key)
        except FileNotFoundError:
            return
        except (BaseError, OSError) as failure:
            raise StoreUnreachable from failure

    def chunks(self, key: str) -> Iterator[bytes]:
        """The file piece by piece. Errors: `FileNotFoundError` and `StoreUnreachable`, before the first piece."""
        try:
            coming = obstore.get(self._store, key).stream(min_chunk_size=_CHUNK)
        except FileNotFoundError:
            raise
        except (BaseError, OSError) as failure:
            raise StoreUnreachable from failure
        return (bytes(chunk) for chunk in coming)

    def read(self, key: str) -> bytes:
        """The whole file. Errors: those of `chunks`."""
        return b"".join(self.chunks(key))


def check(address: str) -> str:
    """The address, if it is one that `FileStore.of` takes. Errors: `Malformed` naming the setting."""
    if address.startswith("s3://"):
        _parts(address)
    elif "://" in address:
        raise _wrong(address)
    return address


def _s3(address: str) -> S3Store:
    bucket, prefix, words = _parts(address)
    endpoint, config = words.get("endpoint"), _keys()
    if endpoint:
        config["endpoint"] = endpoint
    # Stores in one's own house are asked by path: `bucket.minio.local` has no address. Amazon is asked by name.
    return S3Store(
        bucket,
        prefix=prefix or None,
        region=words.get("region", "us-east-1"),
        virtual_hosted_style_request=endpoint is None,
        client_options={"allow_http": bool(endpoint and endpoint.startswith("http://")), "timeout": f"{_PATIENCE}s"},
        retry_config={"max_retries": 2, "retry_timeout": timedelta(seconds=_PATIENCE)},
        config=config or None,
    )


def _keys() -> "S3Config":
    """The secret key, where a file holds it. Errors: `Malformed`."""
    path = os.environ.get(_KEY_FILE, "")
    try:
        return {"secret_access_key": Path(path).read_text(encoding="utf-8").strip()} if path else {}
    except (OSError, ValueError) as failure:
        raise Malformed(
            f"{_KEY_FILE} 所指的文件无法读取", f"the file of {_KEY_FILE} cannot be read", place=Place(file=path)
        ) from failure


def _parts(address: str) -> tuple[str, str, dict[str, str]]:
    parts = urlsplit(address)
    try:
        asked = parse_qs(parts.query, strict_parsing=bool(parts.query))
    except ValueError:
        raise _wrong(address) from None
    words = {name: values[-1] for name, values in asked.items()}
    endpoint = words.get("endpoint", "https://")
    if not parts.hostname or parts.username or parts.port or not words.keys() <= {*_WORDS}:
        raise _wrong(address)
    if not endpoint.startswith(("http://", "https://")):
        raise _wrong(address)
    return parts.hostname, parts.path.strip("/"), words


def _settle(place: Path) -> None:
    """Wait until the disk has it."""
    descriptor = os.open(place, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _wrong(address: str) -> Malformed:
    # Whatever stands before an @ may be a password.
    shown = address.rpartition("@")[2][:80]
    return Malformed(
        f"设置 HUYING_STORE 的值“{shown}”无效，应为文件夹或 s3://桶/前缀?endpoint=…",
        f"the setting HUYING_STORE cannot be '{shown}': a folder, or s3://bucket/prefix?endpoint=…",
        place=Place(field="HUYING_STORE"),
    )
