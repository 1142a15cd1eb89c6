"""A backup of everything while people go on acting: the rows of one moment, and every file that they speak of.

All rows are read in one snapshot, on either database; then the files are copied. A file is kept before the row that
names it and is never changed, so what is copied later holds all that was spoken of earlier.
"""

import gzip
import hashlib
import json
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any

from sqlalchemy import Boolean, Integer, LargeBinary, String, Table
from sqlalchemy.types import TypeEngine

import engine.records  # noqa: F401 - knows every table
from engine.clock import SECOND, Instant
from engine.database import Database, Transaction, metadata
from engine.errors import SchemaMismatch
from engine.exchange import backup_manifest
from engine.exchange.backup_manifest import (
    FILES_FOLDER,
    Manifest,
    Part,
    TablePart,
    key_of_file,
    key_of_list,
    key_of_rows,
)
from engine.exchange.copy_text import Cell, written
from engine.records import report_templates, schema, uploads
from engine.records.releases import SchemaStep
from engine.records.tickets import Serial
from engine.store import FileStore

#: Tables that are no part of a backup: counters go by themselves, migrations tell their own steps.
APART = frozenset({Serial.__tablename__, SchemaStep.__tablename__})
_CHUNK = 1 << 20
#: Rows of SQLite that are written in one go.
_LINES = 2_000
_KINDS: tuple[tuple[type[TypeEngine[Any]], Cell], ...] = (
    (Boolean, Cell.TRUTH),
    (Integer, Cell.WHOLE),
    (LargeBinary, Cell.BYTES),
    (String, Cell.TEXT),
)

#: Is told what is being done, how much of it is done, and how much there is.
Tell = Callable[[str, int, int], None]

ROWS, FILES = "数据 / rows", "文件 / files"


@dataclass(frozen=True, slots=True)
class Wanted:
    """A file that a row speaks of."""

    key: str
    #: Empty where the row does not say.
    sha256: str
    #: Whether it may go while the row still stands.
    passing: bool = False


def back_up(
    database: Database, files: FileStore, place: FileStore, now: Instant, folder: Path, tell: Tell
) -> tuple[Manifest, str]:
    """Make one more backup in a place of backups; its manifest, and the sha256 of that.

    `folder` is where parts are written before they are kept. Files that are not to be had are named in `missing`, and
    everything else is there. Errors: `StoreUnreachable`; `SchemaMismatch` if the database is ahead of this program,
    which then knows only some of its columns; then there is no manifest, and so no backup.
    """
    if schema.expect_current(database) is not None:
        raise SchemaMismatch(
            "数据库比本程序新，请用新版程序备份",
            "the database is ahead of this program, which would leave out what is new: take the newer one",
        )
    name = datetime.fromtimestamp(now / SECOND, UTC).strftime("%Y%m%dT%H%M%S%fZ")
    with tempfile.TemporaryDirectory(prefix="huying-backup-", dir=folder) as work:
        path = Path(work) / "part"
        with database.looking() as transaction:
            tables = tuple(_tables(transaction, place, name, path, tell))
            wanted = list(_wanted(transaction))
            counters = _counters(transaction)
            revision = schema.revision(transaction.connection)
        listed, missing = _files(files, place, wanted, path, tell)
        part = _keep(place, key_of_list(name), path, iter([("".join(f"{line}\n" for line in listed)).encode()]))
    manifest = Manifest(
        name=name, huying=version("huying"), revision=str(revision), dialect=database.dialect, made_at=now,
        tables=tables, counters=counters, files=part, file_count=len(listed), missing=tuple(missing),
    )  # fmt: skip
    return manifest, backup_manifest.store(place, manifest)


# -- rows --------------------------------------------------------------------------------------------------------------


def _tables(transaction: Transaction, place: FileStore, name: str, path: Path, tell: Tell) -> Iterator[TablePart]:
    every = [table for table in metadata().sorted_tables if table.name not in APART]
    counts = {table.name: transaction.rows(f'SELECT count(*) FROM "{table.name}"')[0][0] for table in every}  # noqa: S608
    total, done = sum(counts.values()), 0
    for table in every:
        columns = tuple((column.name, _cell(column.type)) for column in table.columns)
        rows = int(counts[table.name])
        part = None
        if rows:
            part = _keep(place, key_of_rows(name, table.name), path, _lines(transaction, table, columns))
        yield TablePart(name=table.name, columns=columns, rows=rows, part=part)
        done += rows
        tell(ROWS, done, total)


def _cell(kind: TypeEngine[Any]) -> Cell:
    for known, cell in _KINDS:
        if isinstance(kind, known):
            return cell
    raise TypeError(f"a backup does not know columns of {kind!r}")


def _lines(transaction: Transaction, table: Table, columns: tuple[tuple[str, Cell], ...]) -> Iterator[bytes]:
    """All rows of a table as text, in pieces."""
    listed = ", ".join(f'"{name}"' for name, _ in columns)
    if transaction.postgresql:
        with transaction.driver.cursor().copy(f'COPY "{table.name}" ({listed}) TO STDOUT') as copy:
            yield from (bytes(piece) for piece in copy)
        return
    cursor = transaction.driver.execute(f'SELECT {listed} FROM "{table.name}"')  # noqa: S608 (names of the models)
    cells = [cell for _, cell in columns]
    while rows := cursor.fetchmany(_LINES):
        yield b"".join(written(rows, cells))


def _keep(place: FileStore, key: str, path: Path, pieces: Iterator[bytes]) -> Part:
    """Pack the pieces into one part and keep it."""
    # No name and no time in the packed file: the same rows are the same bytes.
    with path.open("wb") as raw, gzip.GzipFile("", "wb", 6, raw, mtime=0) as packed:
        for piece in pieces:
            packed.write(piece)
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while chunk := file.read(_CHUNK):
            digest.update(chunk)
    place.keep(key, path)
    return Part(key=key, size=path.stat().st_size, sha256=digest.hexdigest())


def _counters(transaction: Transaction) -> dict[str, int]:
    """How far identities and case numbers have come; asked after the snapshot began, so never too low."""
    identities = [table for table in metadata().sorted_tables if any(column.identity for column in table.columns)]
    if transaction.postgresql:
        found = {
            table.name: _sequence(transaction, f"pg_get_serial_sequence('\"{table.name}\"', 'id')::regclass")
            for table in identities
        }
        return {"case": _sequence(transaction, f"'{schema.CASE_SERIAL.name}'::regclass"), **found}
    found = {
        table.name: int(transaction.rows(f'SELECT coalesce(max(id), 0) FROM "{table.name}"')[0][0])  # noqa: S608
        for table in identities
    }
    return found | {str(name): int(last) for name, last in transaction.rows("SELECT name, last FROM serial")}


def _sequence(transaction: Transaction, name: str) -> int:
    return int(transaction.rows(f"SELECT coalesce(pg_sequence_last_value({name}), 0)")[0][0])


# -- files -------------------------------------------------------------------------------------------------------------


def _wanted(transaction: Transaction) -> Iterator[Wanted]:
    """Every file of which a row speaks."""
    for (sha256,) in transaction.rows("SELECT sha256 FROM upload ORDER BY sha256"):
        yield Wanted(uploads.key_of(sha256), sha256)
    for (sha256,) in transaction.rows("SELECT DISTINCT sha256 FROM report_template WHERE sha256 <> ''"):
        yield Wanted(report_templates.key(sha256), sha256)
    for (listed,) in transaction.rows("SELECT files FROM report_job WHERE files NOT IN ('', '[]')"):
        yield from (Wanted(file["key"], file["sha256"], passing=True) for file in json.loads(listed))


def _files(
    files: FileStore, place: FileStore, wanted: list[Wanted], path: Path, tell: Tell
) -> tuple[list[str], list[str]]:
    """Copy what the place does not have yet; the lines of the list, and the keys of what is not to be had."""
    there = dict(place.every(FILES_FOLDER))
    listed: list[str] = []
    missing: list[str] = []
    for done, one in enumerate(wanted, 1):
        key = key_of_file(one.sha256)
        if key not in there and (size := _copied(files, place, one, path)) is not None:
            there[key] = size
        if key in there:
            listed.append(f"{one.sha256} {there[key]} {one.key}")
        elif not one.passing:
            missing.append(one.key)
        tell(FILES, done, len(wanted))
    return listed, missing


def _copied(files: FileStore, place: FileStore, one: Wanted, path: Path) -> int | None:
    """How large a file is that was copied; None where it is gone, or is no longer what its row says."""
    try:
        digest, size = save(files, one.key, path)
    except FileNotFoundError:
        return None
    if digest != one.sha256:
        return None
    place.keep(key_of_file(one.sha256), path)
    return size


def save(files: FileStore, key: str, path: Path) -> tuple[str, int]:
    """Write a kept file to a path of this machine; its sha256 and its bytes. Errors: those of `FileStore.chunks`."""
    digest, size = hashlib.sha256(), 0
    with path.open("wb") as coming:
        for chunk in files.chunks(key):
            digest.update(chunk)
            size += len(chunk)
            coming.write(chunk)
    return digest.hexdigest(), size
