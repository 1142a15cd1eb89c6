"""What a backup says of itself: its parts with their sha256, the schema it is of, how far the counters had come.

A place of backups holds any number of them. The rows of each lie apart; uploaded files lie once for all of them, by
their content: `manifests/NAME.json`, `rows/NAME/TABLE.gz`, `files/ab/cdef…`. The manifest comes last: what has none is
no backup.
"""

import hashlib
import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

from engine.errors import HuyingError, Malformed, NotFound
from engine.exchange.copy_text import Cell
from engine.store import FileStore

#: The shape of manifests; a reader refuses others.
FORMAT = 1
_FOLDER = "manifests"
#: Where uploaded files lie, once for all backups.
FILES_FOLDER = "files"


class Damaged(HuyingError):
    """备份有损坏 / The backup is damaged"""

    code = "backup_damaged"
    status = 422


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """A file that a backup consists of."""

    key: str
    #: Bytes.
    size: int
    sha256: str


@dataclass(frozen=True, slots=True, kw_only=True)
class TablePart:
    """The rows of one table."""

    name: str
    columns: tuple[tuple[str, Cell], ...]
    rows: int
    #: None of a table without rows.
    part: Part | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Manifest:
    """One backup."""

    name: str
    #: The version of the program that made it, and the revision of its schema.
    huying: str
    revision: str
    dialect: str
    #: When the rows were read, in microseconds.
    made_at: int
    #: Parents before what refers to them.
    tables: tuple[TablePart, ...]
    #: How far each counter had come: `case`, and tables with identities.
    counters: dict[str, int]
    #: The list of files, one per line: sha256, bytes, key in the store.
    files: Part
    file_count: int
    #: Files of which a row speaks and that were not to be had.
    missing: tuple[str, ...]


def key_of_rows(name: str, table: str) -> str:
    """Where the rows of a table lie."""
    return f"rows/{name}/{table}.gz"


def key_of_list(name: str) -> str:
    """Where the list of files lies."""
    return f"rows/{name}/files.gz"


def key_of_file(sha256: str) -> str:
    """Where a file lies, once for all backups."""
    return f"{FILES_FOLDER}/{sha256[:2]}/{sha256[2:]}"


def store(place: FileStore, manifest: Manifest) -> str:
    """Write the manifest, which makes a backup of its parts; its sha256."""
    content = json.dumps({"format": FORMAT, **asdict(manifest)}, ensure_ascii=False, indent=1).encode() + b"\n"
    place.keep(f"{_FOLDER}/{manifest.name}.json", content)
    return hashlib.sha256(content).hexdigest()


def names(place: FileStore) -> list[str]:
    """The backups of a place, the newest first."""
    return sorted((one.name.removesuffix(".json") for one in place.kept(_FOLDER)), reverse=True)


def load(place: FileStore, name: str | None) -> Manifest:
    """A backup by its name, or the newest. Errors: `NotFound`, `Damaged`, `Malformed` for another format."""
    found = names(place)
    if not found or name not in (None, *found):
        raise NotFound(
            f"没有备份 {name}" if name else "这里没有备份",
            f"there is no backup {name}" if name else "there is no backup here",
        )
    wanted = name or found[0]
    try:
        told = json.loads(place.read(f"{_FOLDER}/{wanted}.json"))
        if told.get("format") != FORMAT:
            raise Malformed(
                f"备份 {wanted} 的格式是 {told.get('format')}，本程序认得 {FORMAT}",
                f"backup {wanted} is of format {told.get('format')}, this program knows {FORMAT}",
            )
        return _manifest(told)
    except (ValueError, TypeError, KeyError, AttributeError) as failure:
        raise Damaged(f"备份 {wanted} 的清单已损坏", f"the manifest of backup {wanted} is damaged") from failure


def _manifest(told: dict[str, Any]) -> Manifest:
    return Manifest(
        name=str(told["name"]),
        huying=str(told["huying"]),
        revision=str(told["revision"]),
        dialect=str(told["dialect"]),
        made_at=int(told["made_at"]),
        tables=tuple(_table(one) for one in told["tables"]),
        counters={str(name): int(value) for name, value in told["counters"].items()},
        files=Part(**told["files"]),
        file_count=int(told["file_count"]),
        missing=tuple(told["missing"]),
    )


def _table(told: dict[str, Any]) -> TablePart:
    columns: Sequence[Sequence[str]] = told["columns"]
    return TablePart(
        name=str(told["name"]),
        columns=tuple((str(name), Cell(cell)) for name, cell in columns),
        rows=int(told["rows"]),
        part=Part(**told["part"]) if told["part"] else None,
    )
